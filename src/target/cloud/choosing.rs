//! What is chosen for the image, and how the payload gets there.

use std::borrow::Cow;

use super::Tables;
use super::parts::Parts;
use crate::cloud::Choice;
use crate::cloud::Format;
use crate::cloud::Needs;
use crate::cloud::Platform;
use crate::cloud::Profiles;
use crate::cloud::Reader;
use crate::cloud::Table;
use crate::cloud::choose;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::spec::Cloud;
use crate::target::Files;

/// The table that holds: the user's rows before the program's own.
pub(super) fn table(cloud: &Cloud, files: &Files, findings: &mut Diagnostics) -> Option<Tables> {
    let Some(file) = &cloud.table else { return Some(Cow::Borrowed(Table::own())) };
    // That it could not be read is a finding already.
    let bytes = files.contents.get(&file.value)?;
    let text = String::from_utf8_lossy(bytes);
    match Table::own().extended(&text) {
        Ok(table) => Some(Cow::Owned(table)),
        Err(error) => {
            let line = text.get(..error.bytes.start).map_or(0, |before| before.lines().count().max(1));
            let origin = Origin { line, length: usize::MAX, ..Origin::of_file(&file.value) };
            findings.error("cloud-table", &origin, error.message, error.help);
            None
        }
    }
}

/// What was chosen, and how the payload gets there.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    /// The format of what does the work, which may ride in a script of another.
    pub(super) payload_format: Format,
    /// What installs cloud-init first.
    pub(super) manager: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Chosen {
    /// Who applies the payload, where nobody else can.
    pub(super) fn by(&self) -> &'static str {
        match self.payload_format {
            Format::CloudConfig | Format::Mime => "cloud-init",
            Format::Ignition => "ignition",
            Format::Script => "",
        }
    }

    /// True if the script that judges the machine has a place in the image: below /usr/local.
    pub(super) fn keeps_judge(&self) -> bool {
        let is_read_only = self.choice.family.as_ref().is_some_and(|family| family.shell.has_read_only_root);
        // CoreOS has /usr/local in /var.
        let is_coreos = self.choice.family.as_ref().is_some_and(|family| {
            family.network == Profiles::NetworkManager && family.readers == [Reader::Ignition]
        });
        !is_read_only || is_coreos
    }
}

/// Chooses for the section, or says what cannot be.
pub(super) fn chosen(
    cloud: &Cloud,
    table: &Table,
    platform: &Platform,
    parts: &Parts,
    findings: &mut Diagnostics,
) -> Option<Chosen> {
    let insisted = cloud.format.as_ref().and_then(|format| format.parse::<Format>().ok());
    let needs = Needs { has_parts: parts.foreign().next().is_some() };
    let image = cloud.image.as_ref().map(|image| image.value.as_str());
    let family = image.and_then(|image| table.family(platform, image));
    let has_cloud_init = family.is_some_and(|family| family.readers.contains(&Reader::CloudInit));
    let is_installed = cloud.install_cloud_init.is_some() && !has_cloud_init;
    let asked_for = if is_installed { Some(Format::Script) } else { insisted };
    let choice = match choose(table, &platform.name, image, asked_for, needs) {
        Ok(choice) => choice,
        Err(refusal) => {
            let of_format = cloud.format.as_ref().map(|format| &format.origin);
            let origin = of_format
                .or(cloud.image.as_ref().map(|image| &image.origin))
                .unwrap_or(&cloud.platform.origin);
            findings.error("cloud-choice", origin, refusal.message, refusal.help);
            return None;
        }
    };
    // What runs on Flatcar besides Ignition knows no `runcmd`.
    if choice.format == Format::CloudConfig && choice.readers == [Reader::CoreosCloudinit] {
        let origin = cloud.format.as_ref().map_or(&cloud.origin, |format| &format.origin);
        let message = "coreos-cloudinit runs no commands of cloud-config";
        findings.error("cloud-choice", origin, message, "leave `format` out, and Ignition does it all");
        return None;
    }
    let mut notes = Vec::new();
    let mut chosen = Chosen { payload_format: choice.format, choice, manager: None, notes: Vec::new() };
    if let Some(origin) = &cloud.install_cloud_init {
        match (is_installed, family.and_then(|family| family.shell.package_manager.clone())) {
            (false, _) => notes.push("the image has cloud-init already, so none is installed".to_owned()),
            (true, Some(manager)) => {
                chosen.payload_format = match insisted {
                    Some(format @ (Format::CloudConfig | Format::Mime)) => format,
                    _ if needs.has_parts => Format::Mime,
                    _ => Format::CloudConfig,
                };
                notes.push(format!("{manager} installs cloud-init, if the image has none"));
                chosen.manager = Some(manager);
            }
            (true, None) => {
                let help = "name an image with a package manager as `cloud.image`, or leave `install_cloud_init` out";
                findings.error(
                    "cloud-install",
                    origin,
                    "nothing is known to install packages in this image",
                    help,
                );
                return None;
            }
        }
    }
    if let Some(url) = &cloud.payload_url {
        // What fetches it is a script, and so is what it fetches.
        match chosen.payload_format {
            Format::Ignition => {}
            _ if needs.has_parts || chosen.manager.is_some() => {
                let message = "what is fetched is a script, and cloud-init's own parts are none";
                findings.error(
                    "cloud-choice",
                    &url.origin,
                    message,
                    "leave `payload_url` out, or those parts",
                );
                return None;
            }
            _ => {
                if chosen.choice.format != Format::Script {
                    let script = choose(table, &platform.name, image, Some(Format::Script), needs);
                    chosen.choice = script.unwrap_or(chosen.choice);
                }
                chosen.payload_format = Format::Script;
            }
        }
        notes.push(format!("`payload` is to be served at {}", url.value));
    }
    chosen.notes = notes;
    Some(chosen)
}
