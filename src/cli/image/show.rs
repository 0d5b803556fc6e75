//! `cotter image show`: what an image offers, what is embedded, what it is told to do, and how much room is left.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::network;
use super::open;
use super::secrets_of;
use super::unreadable;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::ignition::Document;
use crate::image;
use crate::image::Archive;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::target::Destination;
use crate::target::Hook;
use crate::target::Installation;
use crate::target::Medium;
use crate::world::Failure;

/// Show what the image offers, what is embedded, what it is told to do, and how much room is left
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    pub(super) iso: PathBuf,
}

/// All that is shown.
struct Shown {
    live: LiveImage,
    used: u64,
    embedded: Result<Archive, ImageError>,
    medium: Medium,
    secrets: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let failed = |cause: ImageError| Failure::image(&arguments.iso, &cause);
    let (mut file, live) = open(&arguments.iso)?;
    let embedded = match image::embedded(&live, &mut file) {
        // The rest can be seen all the same.
        Err(cause @ ImageError::Contents(_)) => Err(cause),
        other => Ok(other.map_err(failed)?),
    };
    let edit = embedded.as_ref().map(Edit::of).unwrap_or_default();
    let arguments_now = live.kernel_arguments.as_ref().map_or("", |areas| areas.current.as_str());
    let secrets = match &embedded {
        Ok(_) => secrets_of(edit.config.as_deref(), &edit.network, arguments_now),
        Err(_) => unreadable(),
    };
    let document = edit.config.as_ref().and_then(|bytes| serde_json::from_slice(bytes).ok());
    let shown = Shown {
        used: image::used(&live, &mut file).map_err(failed)?,
        medium: Medium::of(&Document::new(document.unwrap_or(Value::Null)), &edit.network),
        secrets,
        live,
        embedded,
    };
    match ui.wants_json() {
        true => ui.json(&shown.as_json()),
        false => {
            shown.print(ui);
            network::warn_of_names(&shown.medium.keyfiles, ui);
            let installation = shown.medium.installation.as_ref();
            if installation.is_some_and(|installation| installation.device.is_none()) {
                let message = "the installer is not told to which disk, and fails when the medium boots";
                ui.warning(message, "name one, as `dest-device` of its configuration");
            }
        }
    }
    Ok(if shown.embedded.is_ok() { Exit::Done } else { Exit::Differs })
}

impl Shown {
    fn left(&self) -> u64 {
        self.live.embed.length.saturating_sub(self.used)
    }

    /// Live kernel arguments beside those of the pristine image, and those of it that are not there.
    fn arguments(&self) -> (Vec<&str>, Vec<&str>) {
        let Some(areas) = &self.live.kernel_arguments else { return (Vec::new(), Vec::new()) };
        (only(&areas.current, &areas.default), only(&areas.default, &areas.current))
    }

    fn as_json(&self) -> Value {
        let Self { live, medium, .. } = self;
        let file = |(path, bytes): (&str, &[u8])| json!({"path": path, "size_bytes": bytes.len()});
        let files: Option<Vec<_>> =
            self.embedded.as_ref().ok().map(|archive| archive.files().map(file).collect());
        let arguments = live.kernel_arguments.as_ref().map(|areas| {
            let offsets: Vec<u64> = areas.places.iter().map(|place| place.offset).collect();
            let (added, removed) = self.arguments();
            json!({"default": areas.default, "current": areas.current, "added": added, "removed": removed,
                "offsets": offsets, "length_bytes": areas.length, "left_bytes": areas.left(),
                "described_by": areas.described_by})
        });
        json!({
            "schema": "cotter.dev/image/1",
            "volume_id": live.volume_id,
            "generation": live.generation.as_ref().map(|generation| &generation.name),
            "architecture": live.architecture,
            "length_bytes": live.length,
            "embed_area": {"offset": live.embed.offset, "length_bytes": live.embed.length,
                "used_bytes": self.used, "left_bytes": self.left(), "described_by": live.embed_described_by},
            "embedded": files,
            "embedded_error": self.embedded.as_ref().err().map(ToString::to_string),
            "installation": medium.installation,
            "hooks": medium.hooks,
            "certificate_authorities": medium.authorities,
            "merged_documents": medium.merged,
            "network": medium.keyfiles,
            "secrets": self.secrets,
            "kernel_arguments": arguments,
            "features": live.features,
        })
    }

    fn print(&self, ui: &mut Ui) {
        let Self { live, .. } = self;
        ui.line(format!("volume            {}", shown(&live.volume_id)));
        if let Some(generation) = &live.generation {
            ui.line(format!("generation        {}: {}", generation.name, generation.brings));
        }
        if let Some(architecture) = &live.architecture {
            ui.line(format!("architecture      {architecture}"));
        }
        ui.line(format!("length            {} bytes", live.length));
        let area = live.embed;
        ui.line(format!(
            "embed area        at {}, {} bytes, {} used, {} left",
            area.offset,
            area.length,
            self.used,
            self.left()
        ));
        ui.line(format!("  described by    {}", live.embed_described_by));
        match &self.embedded {
            Ok(archive) => {
                for (path, bytes) in archive.files() {
                    ui.line(format!("  {}  {} bytes", shown(path), bytes.len()));
                }
            }
            Err(cause) => ui.line(format!("  {}", shown(&cause.to_string()))),
        }
        self.print_medium(ui);
        self.print_arguments(ui);
        let features: Vec<String> = live.features.keys().map(|name| shown(name)).collect();
        ui.line(format!("features          {}", features.join(", ")));
        for secret in &self.secrets {
            ui.line(format!("secret            {}", shown(secret)));
        }
    }

    fn print_medium(&self, ui: &mut Ui) {
        let Medium { installation, hooks, authorities, merged, keyfiles, .. } = &self.medium;
        if let Some(installation) = installation {
            print_installation(installation, ui);
        }
        for Hook { when, name, size_bytes, is_enabled } in hooks {
            let never = if *is_enabled { "" } else { ", and never runs: its unit is not enabled" };
            ui.line(format!("{:18}{}, {size_bytes} bytes{never}", when, shown(name)));
        }
        if *merged > 0 {
            ui.line(format!("live document     merges {}", counted(*merged, "document")));
        }
        if *authorities > 0 {
            ui.line(format!("trusts            {} of its own", authorities_of(*authorities)));
        }
        if !keyfiles.is_empty() {
            ui.line("network");
            network::print(keyfiles, "  ", ui);
        }
    }

    fn print_arguments(&self, ui: &mut Ui) {
        let Some(areas) = &self.live.kernel_arguments else {
            ui.line("kernel arguments  cannot be changed");
            return;
        };
        ui.line(format!("kernel arguments  {}", shown(&areas.current)));
        let (added, removed) = self.arguments();
        for (what, words) in [("added", added), ("removed", removed)] {
            if !words.is_empty() {
                ui.line(format!("  {what:16}{}", shown(&words.join(" "))));
            }
        }
        if areas.current != areas.default {
            ui.line(format!("  pristine        {}", shown(&areas.default)));
        }
        ui.line(format!("  room            {} bytes left", areas.left()));
        ui.line(format!("  described by    {}", areas.described_by));
    }
}

/// The words of `these` that `those` does not have.
fn only<'a>(these: &'a str, those: &str) -> Vec<&'a str> {
    these
        .split_ascii_whitespace()
        .filter(|word| !those.split_ascii_whitespace().any(|other| other == *word))
        .collect()
}

fn print_installation(installation: &Installation, ui: &mut Ui) {
    let device = installation.device.as_deref();
    let device = device.map_or("no disk that is named".to_owned(), shown);
    ui.line(format!("installs to       {device}, by itself"));
    for path in &installation.configurations {
        ui.line(format!("  told by         {}", shown(path)));
    }
    if let Some(destination) = &installation.destination {
        print_destination(destination, ui);
    }
    for (what, words) in [
        ("console", &installation.consoles),
        ("adds arguments", &installation.append_kernel_arguments),
        ("drops arguments", &installation.delete_kernel_arguments),
    ] {
        if !words.is_empty() {
            ui.line(format!("  {what:16}{}", shown(&words.join(" "))));
        }
    }
    if installation.copies_network {
        ui.line("  network         of the live system goes to the disk");
    }
    for (key, value) in &installation.others {
        ui.line(format!("  {:16}{}", shown(key), shown(&value.to_string())));
    }
}

fn print_destination(destination: &Destination, ui: &mut Ui) {
    let mut words = vec![shown(&destination.source)];
    words.extend(destination.size_bytes.map(|size| format!("{size} bytes")));
    words.extend(destination.version.as_ref().map(|version| format!("Ignition {}", shown(version))));
    if destination.merged > 0 {
        words.push(format!("merges {}", counted(destination.merged, "document")));
    }
    if destination.authorities > 0 {
        words.push(format!("trusts {} of its own", authorities_of(destination.authorities)));
    }
    ui.line(format!("  document        {}", words.join(", ")));
    if let Some(unknown) = &destination.unknown {
        ui.line(format!("    {}", shown(unknown)));
    }
    for user in &destination.users {
        let password = if user.has_password { "a password" } else { "no password" };
        ui.line(format!("    user {}  {password}, {}", shown(&user.name), counted(user.keys, "SSH key")));
    }
}

fn authorities_of(count: usize) -> String {
    match count {
        1 => "1 certificate authority".to_owned(),
        _ => format!("{count} certificate authorities"),
    }
}
