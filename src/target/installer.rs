//! What the medium's own coreos-installer is told: `/etc/coreos/installer.d`, and how the disk is found.

use serde::Serialize;
use tera::Context;
use tera::Tera;

use crate::ignition::Unit;
use crate::spec::Hints;
use crate::spec::Install;
use crate::value::KernelArgument;

/// Where the destination document lies in the live system.
pub(super) const DESTINATION_PATH: &str = "/etc/coreos/dest.ign";

/// Where the installer's configuration lies in the live system.
pub(super) const CONFIG_PATH: &str = "/etc/coreos/installer.d/0000-cotter.yaml";

/// The program that finds the disk that is only described.
pub(super) const CHOOSER_PATH: &str = "/usr/local/bin/cotter-choose-disk";

/// The link that it makes to the disk.
pub(super) const CHOSEN_DISK: &str = "/dev/disk/by-cotter/install";

const CHOOSER: &str = include_str!("../../templates/files/cotter-choose-disk");

/// `coreos-installer install --config-file`: long option names as keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct InstallerConfig<'a> {
    dest_device: &'a str,
    ignition_file: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    console: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    append_karg: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delete_karg: Vec<&'a str>,
}

/// Renders the installer's configuration. It is JSON, which is YAML too.
pub(super) fn config(
    device: &str,
    install: &Install,
    append: &[KernelArgument],
    delete: &[KernelArgument],
) -> Vec<u8> {
    let config = InstallerConfig {
        dest_device: device,
        ignition_file: DESTINATION_PATH,
        console: install.consoles.iter().map(|console| console.as_str()).collect(),
        append_karg: append.iter().map(KernelArgument::as_str).collect(),
        delete_karg: delete.iter().map(KernelArgument::as_str).collect(),
    };
    let mut json = serde_json::to_vec_pretty(&config).unwrap_or_default();
    json.push(b'\n');
    json
}

/// The program that finds the disk, and the unit that runs it before the installer.
pub(super) fn chooser(hints: &Hints) -> (String, Unit) {
    // Between single quotes, only a single quote means something.
    let quoted = |text: &Option<String>| text.as_deref().unwrap_or_default().replace('\'', r"'\''");
    let bytes = |gib: Option<u64>| gib.unwrap_or(0) << 30;
    let mut context = Context::new();
    context.insert("min_bytes", &bytes(hints.min_size_gib));
    context.insert("max_bytes", &bytes(hints.max_size_gib));
    context
        .insert("rotational", &hints.rotational.map_or(String::new(), |turns| u8::from(turns).to_string()));
    context.insert("serial", &quoted(&hints.serial));
    context.insert("wwn", &quoted(&hints.wwn));
    context.insert("model", &quoted(&hints.model));
    context.insert("link", CHOSEN_DISK);
    // The template is part of the program; the test below holds that it renders.
    let script = Tera::one_off(CHOOSER, &context, false).unwrap_or_default();
    let contents = format!(
        "[Unit]\nDescription=Find the disk that the machine file describes\nAfter=coreos-installer-pre.target\nBefore=coreos-installer.service\n\n\
         [Service]\nType=oneshot\nExecStart={CHOOSER_PATH}\nStandardOutput=journal+console\n\n[Install]\nRequiredBy=coreos-installer.service\n"
    );
    let unit = Unit {
        name: "cotter-choose-disk.service".into(),
        enabled: Some(true),
        contents: Some(contents),
        ..Unit::default()
    };
    (script, unit)
}

#[cfg(test)]
mod tests {
    use super::chooser;
    use crate::spec::Hints;
    use crate::systemd::Part;
    use crate::systemd::check;

    #[test]
    fn the_program_holds_what_was_said_and_the_unit_is_sound() {
        let hints = Hints {
            min_size_gib: Some(120),
            rotational: Some(false),
            serial: Some("it's".into()),
            ..Hints::default()
        };
        let (script, unit) = chooser(&hints);
        assert!(script.contains(
            "MIN_BYTES='128849018880'\nMAX_BYTES='0'\nROTATIONAL='0'\nSERIAL='it'\\''s'\nWWN=''\n"
        ));
        assert_eq!(check(&unit.name, &unit.contents.unwrap_or_default(), Part::Whole), []);
    }
}
