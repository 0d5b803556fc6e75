//! What rides on the machine to judge it after each boot.

use tera::Context;
use tera::Tera;

use crate::ignition::Config;
use crate::ignition::File;
use crate::ignition::Unit;
use crate::value::FileMode;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Wanted;

/// What the script looks for, and the manifest that it is made of: of no use to other users, and no secrets.
const EXPECTATIONS: &str = "/etc/cotter/expectations";
const MANIFEST: &str = "/etc/cotter/manifest.json";

/// The script that looks at a machine after each boot.
pub const SCRIPT: &str = include_str!("../../templates/files/cotter-verify");
/// The beginning of what is sent over ssh: it becomes root, if it may.
pub const AS_ROOT_SCRIPT: &str = include_str!("../../templates/files/cotter-as-root");
/// What lets the script look at a machine over ssh, and sends what it found.
pub const LOOK_SCRIPT: &str = include_str!("../../templates/files/cotter-look");
/// What reboots a machine over ssh.
pub const REBOOT_SCRIPT: &str = include_str!("../../templates/files/cotter-reboot");
const UNIT: &str = include_str!("../../templates/files/cotter-verify.service");
/// What is reached in each boot when all is met, and what holds it back until then.
const COMPLETE: [(&str, &str); 2] = [
    ("cotter-complete.service", include_str!("../../templates/files/cotter-complete.service")),
    ("cotter-complete.target", include_str!("../../templates/files/cotter-complete.target")),
];

/// How long a boot may take to come to what is expected, in seconds.
pub(super) const PATIENCE_SECONDS: u32 = 60;

/// In which system the script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The live medium, under coreos-installer's own units.
    Live,
    /// The live medium of a system that starts as usual, and installs beside that.
    LiveSystem,
    /// The installed system.
    Installed,
}

/// Adds script, expectations, manifest and units to a document; returns what was written where.
pub(super) fn add(config: &mut Config, manifest: &Manifest, place: Place) -> Vec<(String, Vec<u8>)> {
    let lives: &[Life] = match place {
        Place::Live | Place::LiveSystem => &[Life::Live],
        Place::Installed => &[Life::FirstBoot, Life::LaterBoots, Life::AfterMco],
    };
    let files = [
        ("/usr/local/bin/cotter-verify", FileMode::PROGRAM, SCRIPT.as_bytes().to_vec()),
        ("/etc/cotter/machine", FileMode::PUBLIC, format!("{}\n", manifest.machine).into_bytes()),
        (EXPECTATIONS, FileMode::PRIVATE, expectations(manifest, lives).into_bytes()),
        (MANIFEST, FileMode::PRIVATE, manifest.to_json()),
    ];
    let mut written = Vec::new();
    for (path, mode, contents) in files {
        // The live system has the whole manifest in the destination document already.
        if place != Place::Installed && path.ends_with("manifest.json") {
            continue;
        }
        config.file(File::new(path, mode, &contents));
        written.push((path.to_owned(), contents));
    }
    config.unit(Unit {
        name: "cotter-verify.service".into(),
        enabled: Some(true),
        contents: Some(unit(manifest.patience_seconds, place)),
        ..Unit::default()
    });
    for (name, contents) in COMPLETE {
        config.unit(Unit { name: name.into(), contents: Some(contents.into()), ..Unit::default() });
    }
    written
}

/// The expectations as the script reads them: one a line, fields separated by tabs.
pub fn expectations(manifest: &Manifest, lives: &[Life]) -> String {
    let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let mut text = String::new();
    for expectation in &manifest.expectations {
        let in_lives: Vec<&str> =
            expectation.lives.iter().filter(|life| lives.contains(life)).map(|life| life.word()).collect();
        if in_lives.is_empty() {
            continue;
        }
        let wanted = match expectation.wanted {
            Wanted::Has => "has",
            Wanted::Lacks => "lacks",
        };
        let fields = [
            plain(&expectation.subject),
            wanted.to_owned(),
            plain(&expectation.value),
            plain(&expectation.says),
            plain(&expectation.origin.to_string()),
            in_lives.join(","),
        ];
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    text
}

/// The unit's text. Under the installer `multi-user.target` is never reached: there it hangs on
/// `coreos-installer.target`, which the unit that reboots waits for.
fn unit(patience_seconds: u32, place: Place) -> String {
    let (after, wanted_by) = match place {
        Place::Live => ("NetworkManager.service coreos-installer.service", "coreos-installer.target"),
        Place::LiveSystem => ("network.target NetworkManager.service", "multi-user.target"),
        // A reboot right after the record must not find the first boot unfinished.
        Place::Installed => (
            "network.target NetworkManager.service coreos-ignition-firstboot-complete.service",
            "multi-user.target",
        ),
    };
    let mut context = Context::new();
    context.insert("after", after);
    context.insert("wanted_by", wanted_by);
    context.insert("is_awaited", &(place == Place::Live));
    context.insert("patience_seconds", &patience_seconds);
    context.insert("timeout_seconds", &(patience_seconds + 120));
    // The template is part of the program; the test below holds that it renders.
    Tera::one_off(UNIT, &context, false).unwrap_or_default()
}

/// True for files of cotter's own that are private and hold no secret.
pub(super) fn is_of_verification(path: &str) -> bool {
    [EXPECTATIONS, MANIFEST].contains(&path)
}

#[cfg(test)]
mod tests {
    use super::COMPLETE;
    use super::Place;
    use super::SCRIPT;
    use super::unit;
    use crate::systemd::Part;
    use crate::systemd::check;

    #[test]
    fn the_unit_hangs_on_what_each_life_reaches() {
        assert!(unit(60, Place::Live).ends_with("WantedBy=coreos-installer.target\n"));
        for place in [Place::Installed, Place::LiveSystem] {
            assert!(unit(60, place).ends_with("WantedBy=multi-user.target\n"));
        }
    }

    /// The installer reboots when the unit has ended; no other boot waits for it.
    #[test]
    fn only_the_installer_waits_for_the_verdict() {
        let live = unit(60, Place::Live);
        assert!(live.contains("Type=oneshot\n") && live.contains("TimeoutStartSec=180\n"));
        assert!(!live.contains("COTTER_GO_ON"));
        for place in [Place::Installed, Place::LiveSystem] {
            let text = unit(60, place);
            assert!(text.contains("Type=simple\n") && text.contains("COTTER_GO_ON=86400\n"));
            assert!(text.contains("COTTER_PATIENCE=60\n"));
        }
    }

    #[test]
    fn systemd_has_nothing_to_say_of_the_units() {
        let mut texts: Vec<(&str, String)> =
            COMPLETE.into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        for place in [Place::Live, Place::LiveSystem, Place::Installed] {
            texts.push(("cotter-verify.service", unit(60, place)));
        }
        for (name, text) in texts {
            assert_eq!(check(name, &text, Part::Whole), []);
        }
    }

    /// A target has nothing to wait for of its own: whoever requires it would have it at once.
    #[test]
    fn the_target_is_held_back_until_all_is_met() {
        let [(gate, waits), (_, target)] = COMPLETE;
        assert!(target.contains(&format!("Requires={gate}\nAfter={gate}\n")));
        assert!(waits.contains("[ -e /run/cotter/complete ]") && SCRIPT.contains("\"$run/complete\""));
    }
}
