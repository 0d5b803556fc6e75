//! Fedora CoreOS and what is built like it: a live ISO that installs itself by coreos-installer.

use super::contents;
use super::contents::Files;
use super::expect;
use super::installer;
use super::on_node;
use super::on_node::Place;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition::Config;
use crate::ignition::DropIn;
use crate::ignition::File;
use crate::ignition::Unit;
use crate::ignition::User;
use crate::image::Edit;
use crate::network;
use crate::network::Pin;
use crate::network::Profile;
use crate::plan::Artifact;
use crate::plan::Plan;
use crate::plan::Section;
use crate::spec::After;
use crate::spec::Machine;
use crate::value::FileMode;
use crate::value::KernelArgument;
use crate::value::UserName;
use crate::verify::Expectation;
use crate::verify::Life;
use crate::verify::MANIFEST_SCHEMA;
use crate::verify::Manifest;
use crate::verify::SpecDigest;

/// Plans a machine: what is in the live medium, what is on the disk, and what must be true of both.
///
/// Keyfiles reach the live system through the embed archive and never through the live document: if
/// Ignition writes one, CoreOS drops those (fedora-coreos-config, `coreos-teardown-initramfs`). The
/// installed system gets the complete set from its own document.
pub(super) fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    let mut draft = Draft::default();
    let profiles = match network::profiles(&machine.network, &machine.name.value, &machine.origin) {
        Ok(profiles) => profiles,
        Err(findings) => {
            draft.findings.append(findings);
            Vec::new()
        }
    };
    draft.identity(machine);
    draft.users(machine, files);
    draft.profiles(&profiles);
    draft.names(machine);
    draft.expected.extend(expect::network(&machine.network, &profiles));
    draft.files(machine, files);
    draft.units(machine, files);
    draft.expected.extend(expect::kernel_arguments(machine));
    draft.expected.extend(expect::reach(machine));
    draft.expected.push(expect::ignition_done(machine));
    draft.unique_paths(machine);
    if draft.findings.has_errors() {
        return Err(draft.findings);
    }
    Ok(draft.finish(machine, spec, &profiles))
}

/// A plan being put together.
#[derive(Default)]
struct Draft {
    live: Config,
    destination: Config,
    artifacts: Vec<Artifact>,
    expected: Vec<Expectation>,
    findings: Diagnostics,
}

impl Draft {
    fn identity(&mut self, machine: &Machine) {
        if let Some(name) = &machine.hostname {
            let artifact = Artifact::new(Section::Identity, "host name", &name.origin);
            self.everywhere(artifact, "/etc/hostname", &format!("{}\n", name.value));
        }
        self.expected.extend(expect::identity(machine));
    }

    fn users(&mut self, machine: &Machine, files: &Files) {
        for user in &machine.passwd.users {
            let keys = contents::keys(user, files, &mut self.findings);
            let password = contents::password_hash(user, machine, files, &mut self.findings);
            let written = User {
                name: user.name.to_string(),
                groups: user.groups.iter().map(|group| group.value.to_string()).collect(),
                password_hash: password.as_ref().map(|hash| hash.value.clone()),
                ssh_authorized_keys: keys.iter().map(|key| key.line().to_owned()).collect(),
            };
            self.live.user(written.clone());
            self.destination.user(written);
            let name = user.name.as_str();
            self.artifacts.push(Artifact::new(Section::Users, format!("user {name}"), &user.origin));
            for key in &keys {
                let what = format!("{name}: SSH key {}", key.fingerprint());
                self.artifacts.push(Artifact::new(Section::Users, what, &key.origin));
            }
            if let Some(password) = &password {
                let what = format!("{name}: password");
                self.artifacts.push(Artifact::new(Section::Users, what, &password.origin).secret());
            }
            self.expected.extend(expect::user(user, &keys, password.as_ref()));
        }
    }

    fn profiles(&mut self, profiles: &[Profile]) {
        for profile in profiles {
            let path = profile.path();
            self.destination.file(File::new(&path, FileMode::PRIVATE, profile.text.as_bytes()));
            let what = format!("profile {}", profile.name);
            let artifact =
                Artifact::new(Section::Network, what, &profile.origin).at(path, profile.text.len());
            self.artifacts.push(artifact);
        }
    }

    fn names(&mut self, machine: &Machine) {
        for nic in &machine.network.nics {
            let (mac, name, origin) = (nic.mac.value, &nic.name.value, &nic.name.origin);
            let (link, rule) = match machine.network.pin {
                Pin::Link => (true, false),
                Pin::Rule => (false, true),
                Pin::Both => (true, true),
                Pin::None => (false, false),
            };
            if link {
                let (path, text) = network::link_file(mac, name);
                let artifact = Artifact::new(Section::Network, format!("name {name} by .link"), origin);
                self.everywhere(artifact, &path, &text);
            }
            if rule {
                let (path, text) = network::rule_file(mac, name);
                let artifact = Artifact::new(Section::Network, format!("name {name} by udev rule"), origin);
                self.everywhere(artifact, &path, &text);
            }
        }
    }

    fn files(&mut self, machine: &Machine, files: &Files) {
        for file in &machine.files {
            let Some(bytes) = contents::bytes(&file.contents, files) else { continue };
            let mode = file.mode.as_ref().map_or(FileMode::PUBLIC, |mode| mode.value);
            let owner = |name: &Option<Sourced<UserName>>| name.as_ref().map(|name| name.to_string());
            let path = file.path.as_str();
            let written = File::new(path, mode, bytes).owned_by(owner(&file.user), owner(&file.group));
            self.destination.file(written);
            let artifact = Artifact::new(Section::Files, format!("file {path}"), &file.path.origin)
                .at(path, bytes.len())
                .in_lives(&expect::INSTALLED);
            // What others may not read on the machine, they may not read on the medium.
            let is_private = mode.bits() & 0o077 == 0;
            self.artifacts.push(if is_private { artifact.secret() } else { artifact });
            self.expected.extend(expect::file(file, bytes, mode));
        }
    }

    fn units(&mut self, machine: &Machine, files: &Files) {
        for unit in &machine.units {
            let contents =
                unit.contents.as_ref().and_then(|c| contents::unit_text(c, files, &mut self.findings));
            let dropins = unit.dropins.iter().filter_map(|(name, contents)| {
                let contents = contents::unit_text(contents, files, &mut self.findings)?;
                Some(DropIn { name: name.value.clone(), contents })
            });
            self.destination.unit(Unit {
                name: unit.name.to_string(),
                enabled: unit.enabled.as_ref().map(|enabled| enabled.value),
                mask: unit.mask.as_ref().map(|mask| mask.value),
                dropins: dropins.collect(),
                contents,
            });
            let what = format!("unit {}", unit.name.value);
            let artifact = Artifact::new(Section::Units, what, &unit.name.origin);
            self.artifacts.push(artifact.in_lives(&expect::INSTALLED));
            self.expected.extend(expect::unit(unit));
        }
    }

    /// A file of the user's at a path that cotter writes would make two sources of one truth.
    fn unique_paths(&mut self, machine: &Machine) {
        for file in &machine.files {
            let path = file.path.as_str();
            let ours = self
                .artifacts
                .iter()
                .find(|a| a.section != Section::Files && a.path.as_deref() == Some(path));
            let reserved = path.starts_with("/etc/cotter/") || path == "/usr/local/bin/cotter-verify";
            let whose = match ours {
                Some(artifact) => format!("{} (line {})", artifact.what, artifact.origin.line),
                None if reserved => "cotter's verification".to_owned(),
                None => continue,
            };
            let message = format!("`{path}` is written for {whose} already");
            let help = "leave the file out, or the other thing";
            self.findings.error("path-is-taken", &file.path.origin, message, help);
        }
    }

    fn finish(mut self, machine: &Machine, spec: &SpecDigest, profiles: &[Profile]) -> Plan {
        let manifest = Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            machine: machine.name.value.clone(),
            target: machine.target.value.to_string(),
            spec: spec.clone(),
            patience_seconds: on_node::PATIENCE_SECONDS,
            expectations: std::mem::take(&mut self.expected),
        };
        let in_live = on_node::add(&mut self.live, &manifest, Place::Live);
        for (path, size) in on_node::add(&mut self.destination, &manifest, Place::Installed) {
            let both = in_live.iter().any(|(other, _)| *other == path);
            let lives = if both { &Life::ALL[..] } else { &expect::INSTALLED };
            let artifact = Artifact::new(Section::Verification, path.clone(), &machine.origin);
            self.artifacts.push(artifact.at(path, size).in_lives(lives));
        }
        self.kernel_arguments(machine);
        self.installer(machine);
        let consoles = machine.install.consoles.iter();
        let edit = Edit {
            config: Some(self.live.to_json()),
            network: profiles.iter().map(|p| (p.file_name(), p.text.clone().into_bytes())).collect(),
            append_kernel_arguments: consoles.map(|console| format!("console={}", console.value)).collect(),
            delete_kernel_arguments: Vec::new(),
        };
        Plan {
            machine: machine.name.value.clone(),
            artifacts: self.artifacts,
            live: self.live,
            destination: self.destination,
            edit,
            manifest,
        }
    }

    fn kernel_arguments(&mut self, machine: &Machine) {
        let arguments = &machine.kernel_arguments;
        let installed = |what: String, origin: &Origin| {
            Artifact::new(Section::KernelArguments, what, origin).in_lives(&expect::INSTALLED)
        };
        for argument in arguments.should_exist.iter().chain(&names_for_initramfs(machine)) {
            let what = format!("kernel argument {}", argument.value);
            self.artifacts.push(installed(what, &argument.origin));
        }
        for argument in &arguments.should_not_exist {
            let what = format!("no kernel argument {}", argument.value);
            self.artifacts.push(installed(what, &argument.origin));
        }
        for console in &machine.install.consoles {
            let what = format!("console {}", console.value);
            self.artifacts.push(Artifact::new(Section::KernelArguments, what, &console.origin));
        }
    }

    /// The unattended installation: the destination document, and what coreos-installer does with it.
    fn installer(&mut self, machine: &Machine) {
        let install = &machine.install;
        let values = |arguments: &[Sourced<KernelArgument>]| -> Vec<KernelArgument> {
            arguments.iter().map(|argument| argument.value.clone()).collect()
        };
        let mut append = values(&machine.kernel_arguments.should_exist);
        append.extend(values(&names_for_initramfs(machine)));
        let delete = values(&machine.kernel_arguments.should_not_exist);
        let documents = [
            (installer::DESTINATION_PATH, "destination document".to_owned(), self.destination.to_json()),
            (
                installer::CONFIG_PATH,
                format!("installation to {}", install.device.value),
                installer::config(install, &append, &delete),
            ),
        ];
        for (path, what, bytes) in documents {
            self.live.file(File::new(path, FileMode::PRIVATE, &bytes));
            let artifact = Artifact::new(Section::Install, what, &install.origin).at(path, bytes.len());
            self.artifacts.push(artifact.in_lives(&[Life::Live]));
        }
        if install.after == After::PowerOff {
            let contents =
                "[Service]\nExecStart=\nExecStart=/usr/bin/systemctl --no-block poweroff\n".to_owned();
            self.live.unit(Unit {
                name: "coreos-installer-reboot.service".into(),
                dropins: vec![DropIn { name: "10-cotter-poweroff.conf".into(), contents }],
                ..Unit::default()
            });
            let artifact = Artifact::new(Section::Install, "power off after it", &install.origin);
            self.artifacts.push(artifact.in_lives(&[Life::Live]));
        }
    }

    /// The same file in the live system and on the disk.
    fn everywhere(&mut self, artifact: Artifact, path: &str, text: &str) {
        let file = File::new(path, FileMode::PUBLIC, text.as_bytes());
        self.live.file(file.clone());
        self.destination.file(file);
        self.artifacts.push(artifact.at(path, text.len()));
    }
}

/// `ifname=` for every port, if a kernel argument turns on networking in the initramfs: no `.link` file of
/// ours is there, and a port that was brought up there keeps its name on later boots. Through the
/// installer, since as a live argument it would turn on networking in the live initramfs.
fn names_for_initramfs(machine: &Machine) -> Vec<Sourced<KernelArgument>> {
    let arguments = &machine.kernel_arguments.should_exist;
    let Some(cause) = arguments.iter().find(|argument| argument.turns_on_initramfs_network()) else {
        return Vec::new();
    };
    if machine.network.pin == Pin::None {
        return Vec::new();
    }
    let of = |nic: &network::Nic| {
        let value = format!("ifname={}:{}", nic.name.value, nic.mac.value).parse().ok()?;
        Some(Sourced { value, origin: cause.origin.clone() })
    };
    machine.network.nics.iter().filter_map(of).collect()
}
