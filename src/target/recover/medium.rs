//! The live system that puts things back: its document has the things and the script, and nothing that installs.

use std::fmt::Write as _;

use tera::Context;
use tera::Tera;

use super::Recovery;
use super::is_keyfile;
use super::is_restored;
use crate::document::Origin;
use crate::ignition::Config;
use crate::ignition::File;
use crate::ignition::Unit;
use crate::image::Edit;
use crate::plan::Artifact;
use crate::plan::Carrier;
use crate::plan::Medium;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::plan::Section;
use crate::spec::Disk;
use crate::target::installer;
use crate::value::FileMode;
use crate::verify::Life;

/// The script that puts things back.
pub const SCRIPT: &str = include_str!("../../../templates/files/cotter-recover");
const UNIT: &str = include_str!("../../../templates/files/cotter-recover.service");
const SCRIPT_PATH: &str = "/usr/local/bin/cotter-recover";
/// Where the script finds what it puts back.
const FOLDER: &str = "/etc/cotter/recover";

/// True if kernel arguments make a live system install on its own.
pub fn installs_by_itself(kernel_arguments: &str) -> bool {
    kernel_arguments.split_ascii_whitespace().any(|word| word.starts_with("coreos.inst."))
}

impl Recovery {
    /// What the script reads, by name below its folder.
    pub fn payload(&self) -> Vec<(String, Vec<u8>)> {
        let mut payload: Vec<(String, Vec<u8>)> = Vec::new();
        let (mut files, mut groups, mut users, mut mounts) =
            (String::new(), String::new(), String::new(), String::new());
        for (index, file) in self.files.iter().enumerate() {
            let _ = writeln!(files, "{:o}\t{index}\t{}", file.mode, file.path);
            payload.push((format!("contents/{index}"), file.bytes.clone()));
        }
        for (name, gid) in &self.groups {
            let _ = writeln!(groups, "{name}:{}", gid.map(|gid| gid.to_string()).unwrap_or_default());
        }
        for user in &self.users {
            let _ = writeln!(users, "{}", user.line());
            if let Some(hash) = &user.password_hash {
                payload.push((format!("passwords/{}", user.name), hash.reveal().as_bytes().to_vec()));
            }
            if !user.keys.is_empty() {
                payload.push((
                    format!("keys/{}", user.name),
                    format!("{}\n", user.keys.join("\n")).into_bytes(),
                ));
            }
        }
        for (path, device) in &self.mounts {
            let _ = writeln!(mounts, "{path}\t{device}");
        }
        let disk = match &self.disk {
            Disk::Device(device) if device.moves_between_boots() => format!("moving {}\n", device.value),
            Disk::Device(device) => format!("steady {}\n", device.value),
            Disk::Hints(_) => format!("steady {}\n", installer::CHOSEN_DISK),
        };
        let tables = [
            ("machine", format!("{}\n", self.machine)),
            ("disk", disk),
            ("mounts", mounts),
            ("files", files),
        ];
        let tables = tables.into_iter().chain([("groups", groups), ("users", users)]);
        payload.extend(tables.map(|(name, text)| (name.to_owned(), text.into_bytes())));
        payload
    }

    /// The plan of the recovery medium: of the machine's own plan, only the live network and users are left.
    /// `own` is what its installation medium brings.
    pub fn medium(&self, plan: &Plan, own: &Medium, origin: &Origin) -> Plan {
        let mut live = Config::of_minor(plan.ignition_minor.value);
        let document = own.live.resolved();
        for group in document.list("passwd", "groups") {
            live.group(group.clone());
        }
        for user in document.list("passwd", "users") {
            live.user(user.clone());
        }
        for file in document.list("storage", "files") {
            // Live keyfiles ride in the embed area: one in the document would drop those.
            if file["path"].as_str().is_some_and(|path| is_restored(path) && !is_keyfile(path)) {
                live.add("storage", "files", file.clone());
            }
        }
        for (name, bytes) in self.payload() {
            live.file(File::new(format!("{FOLDER}/{name}"), FileMode::PRIVATE, &bytes));
        }
        live.file(File::new(SCRIPT_PATH, FileMode::PROGRAM, SCRIPT.as_bytes()));
        if let Disk::Hints(hints) = &self.disk {
            let (script, _) = installer::chooser(&hints.value);
            live.file(File::new(installer::CHOOSER_PATH, FileMode::PROGRAM, script.as_bytes()));
        }
        live.unit(Unit {
            name: "cotter-recover.service".into(),
            enabled: Some(true),
            contents: Some(unit(&self.disk)),
            ..Unit::default()
        });
        let live = live.document();
        let edit = Edit {
            config: Some(live.to_json()),
            network: own.edit.network.clone(),
            append_kernel_arguments: own.edit.append_kernel_arguments.clone(),
            ..Edit::default()
        };
        let carrier = Carrier::Medium(Medium { live, edit });
        Plan { artifacts: self.artifacts(plan, origin), carrier, ..plan.clone() }
    }

    fn artifacts(&self, plan: &Plan, origin: &Origin) -> Vec<Artifact> {
        let mut artifacts: Vec<Artifact> = Vec::new();
        let mut add = |artifact: Artifact, secrecy: Secrecy| {
            let artifact = artifact.in_lives(&[Life::Live]);
            artifacts.push(if secrecy == Secrecy::Secret { artifact.secret() } else { artifact });
        };
        for file in &self.files {
            let of_file =
                Artifact::new(Section::Network, format!("what is put back at {}", file.path), origin);
            add(of_file.at(&file.path, &file.bytes), file.secrecy);
        }
        for user in &self.users {
            let secrecy = if user.password_hash.is_some() { Secrecy::Secret } else { Secrecy::Open };
            let of_user = Artifact::new(Section::Users, format!("user {}", user.name), origin);
            add(of_user.holding(user.keys.join("\n").as_bytes()), secrecy);
        }
        // Live users and keyfiles may be others than those on the disk.
        let secrecy = if plan.holds_secrets() { Secrecy::Secret } else { Secrecy::Open };
        add(Artifact::new(Section::Identity, "the live system's own", origin), secrecy);
        artifacts
    }
}

fn unit(disk: &Disk) -> String {
    let mut context = Context::new();
    let finder = if matches!(disk, Disk::Hints(_)) { installer::CHOOSER_PATH } else { "" };
    context.insert("find_disk", finder);
    // The template is part of the program; the test below holds that it renders.
    Tera::one_off(UNIT, &context, false).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::installs_by_itself;
    use super::unit;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::spec::Disk;
    use crate::spec::Hints;
    use crate::systemd::Part;
    use crate::systemd::check;

    #[test]
    fn the_unit_is_sound_and_finds_a_disk_that_is_only_described() {
        let hints = Disk::Hints(Sourced { value: Hints::default(), origin: Origin::of_file("a.yaml") });
        let device = "/dev/disk/by-id/a"
            .parse()
            .map(|value| Disk::Device(Sourced { value, origin: Origin::of_file("a.yaml") }));
        let texts = [unit(&hints), device.map(|device| unit(&device)).unwrap_or_default()];
        for text in &texts {
            assert_eq!(check("cotter-recover.service", text, Part::Whole), []);
            assert!(text.contains("\nExecStart=/usr/local/bin/cotter-recover\n"), "{text}");
        }
        assert!(texts[0].contains("\nExecStartPre=/usr/local/bin/cotter-choose-disk\n"));
        assert!(!texts[1].contains("ExecStartPre"));
    }

    #[test]
    fn knows_a_base_that_would_install() {
        assert!(installs_by_itself("a coreos.inst.install_dev=/dev/sda"));
        assert!(!installs_by_itself("coreos.liveiso=x ignition.firstboot"));
    }
}
