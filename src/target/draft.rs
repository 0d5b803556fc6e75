//! A plan being put together: what every target has that a machine file can say.
//!
//! Keyfiles reach the live system through the embed archive and never through the live document: if
//! Ignition writes one, CoreOS drops those (fedora-coreos-config, `coreos-teardown-initramfs`). The
//! installed system gets the complete set from its own document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::contents;
use super::contents::Files;
use super::expect;
use super::fallback;
use super::landing;
use super::landing::Landed;
use super::landing::Landing;
use super::landing::Thing;
use super::on_node;
use super::on_node::Place;
use super::secrets::secrets;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::ignition;
use crate::ignition::Config;
use crate::ignition::File;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::network;
use crate::network::KEYFILE_FOLDER;
use crate::network::Pin;
use crate::network::Profile;
use crate::plan::Artifact;
use crate::plan::Section;
use crate::spec::Install;
use crate::spec::Machine;
use crate::value::Digest;
use crate::value::FileMode;
use crate::value::KernelArgument;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::Lives;
use crate::verify::MANIFEST_SCHEMA;
use crate::verify::Manifest;
use crate::verify::SpecDigest;
use crate::verify::Subject;

/// Who makes the machine's network what it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NetworkBy {
    /// Keyfiles and names, there from the first boot on.
    Files,
    /// The same, written when the system runs already: they act from the next boot on.
    FilesAfterwards,
    /// Somebody else.
    Others,
}

/// A plan being put together.
pub(super) struct Draft {
    pub(super) live: Config,
    pub(super) destination: Config,
    /// Keyfiles of the live system, by file name.
    pub(super) live_keyfiles: BTreeMap<String, Vec<u8>>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) expected: Vec<Expectation>,
    /// What must be true of the cluster that the machine is.
    pub(super) expected_of_cluster: Vec<Expectation>,
    /// Units as they are written, by name.
    units: BTreeMap<String, Vec<u8>>,
    /// The newest minor version of Ignition's spec 3 that is asked of the system.
    pub(super) ignition_minor: Sourced<u8>,
}

impl Draft {
    /// Everything that a machine file says, and how the installation goes; or what is wrong with it.
    pub(super) fn of<'m>(machine: &'m Machine, files: &Files) -> Result<(Self, &'m Install), Diagnostics> {
        let mut draft = Self::of_image(machine, files, NetworkBy::Files)?;
        // That it is not said is a finding already.
        let Some(install) = machine.install.as_ref() else { return Err(Diagnostics::new()) };
        draft.expected.extend(expect::ignition_done(&install.origin));
        Ok((draft, install))
    }

    /// Everything that a machine file says of the system, wherever that comes from; or what is wrong with it.
    pub(super) fn of_image(
        machine: &Machine,
        files: &Files,
        network: NetworkBy,
    ) -> Result<Self, Diagnostics> {
        let mut findings = Diagnostics::new();
        let profiles = match network {
            NetworkBy::Files | NetworkBy::FilesAfterwards => {
                network::profiles(&machine.network, &machine.name.value, &machine.origin)?
            }
            NetworkBy::Others => Vec::new(),
        };
        let landed = landing::landed(machine, files, &mut findings);
        let mut draft = Self::new(machine);
        draft.butane(machine, &landed);
        draft.identity(machine);
        draft.users(machine, &landed, files, &mut findings);
        draft.network(machine, &profiles, network);
        draft.landings(&landed);
        draft.units(machine, &landed);
        draft.children(machine, &landed);
        draft.expected.extend(expect::kernel_arguments(machine));
        draft.expected.extend(expect::reach(machine));
        if findings.has_errors() {
            return Err(findings);
        }
        draft.expected.extend(expect::storage(machine));
        draft.expected.extend(expect::clock(machine));
        Ok(draft)
    }

    fn new(machine: &Machine) -> Self {
        let asked = machine.ignition_version.as_ref().and_then(|version| ignition::minor_of(version));
        let (needed, origin) = machine.butane.ignition_minor();
        let minor = asked.unwrap_or(needed.max(Config::LOWEST_MINOR));
        let origin = machine.ignition_version.as_ref().map(|version| version.origin.clone()).or(origin);
        let ignition_minor =
            Sourced { value: minor, origin: origin.unwrap_or_else(|| machine.origin.clone()) };
        Self {
            live: Config::of_minor(minor),
            destination: Config::of_minor(minor),
            live_keyfiles: BTreeMap::new(),
            artifacts: Vec::new(),
            expected: Vec::new(),
            expected_of_cluster: Vec::new(),
            units: BTreeMap::new(),
            ignition_minor,
        }
    }

    /// What the file says in Butane's words, for the lives that each thing is in.
    fn butane(&mut self, machine: &Machine, landed: &Landed) {
        let mut sections = landed.sections.clone();
        // The installed system's kernel arguments are the installer's matter; users are added one by one.
        for section in ["kernelArguments", "passwd"] {
            if let Some(sections) = sections.as_object_mut() {
                sections.remove(section);
            }
        }
        for file in sections.pointer_mut("/storage/files").and_then(Value::as_array_mut).into_iter().flatten()
        {
            // Butane refuses to replace a file unless told to, and the boot fails; here the file wins.
            if file.get("overwrite").is_none() && file["contents"].get("source").is_some() {
                file["overwrite"] = true.into();
            }
        }
        self.units = units_of(&sections);
        self.live.absorb(in_life(&sections, landed, Life::Live));
        self.destination.absorb(in_life(&sections, landed, Life::FirstBoot));
        self.storage(machine);
    }

    /// Disks and the like, which the installed system's first boot makes.
    fn storage(&mut self, machine: &Machine) {
        let view = machine.butane.view();
        let mut add = |what: String, origin: &Origin, view: &View<'_>| {
            let artifact =
                Artifact::new(Section::Storage, what, origin).holding(view.to_json().to_string().as_bytes());
            self.artifacts.push(artifact.in_lives(&expect::INSTALLED));
        };
        for (list, key, what) in [
            ("disks", "device", "disk"),
            ("raid", "name", "array"),
            ("luks", "name", "volume"),
            ("filesystems", "device", "file system on"),
        ] {
            for entry in view.get("storage").map(|storage| storage.list(list)).unwrap_or_default() {
                if let Some(name) = entry.text_at(key) {
                    add(format!("{what} {}", name.value), &name.origin, &entry);
                }
            }
        }
        for (section, what) in [("boot_device", "boot disk"), ("grub", "users of the boot loader")] {
            if let Some(section) = view.get(section) {
                add(what.to_owned(), section.origin(), &section);
            }
        }
        if let Some(section) = view.get("ignition").filter(|section| {
            ["config", "timeouts", "security", "proxy"].iter().any(|key| section.get(key).is_some())
        }) {
            add("settings of Ignition".to_owned(), section.origin(), &section);
        }
    }

    fn identity(&mut self, machine: &Machine) {
        if let Some(name) = &machine.hostname {
            let artifact = Artifact::new(Section::Identity, "host name", &name.origin);
            self.write(artifact, "/etc/hostname", &format!("{}\n", name.value));
        }
        self.expected.extend(expect::identity(machine));
    }

    fn users(&mut self, machine: &Machine, landed: &Landed, files: &Files, findings: &mut Diagnostics) {
        let written = |list: &str, index: usize| landed.sections["passwd"][list][index].clone();
        for group in &machine.butane.groups {
            let lives = lives_of(group.lives.as_ref());
            self.each(&lives, |config| config.group(written("groups", group.entry.value)));
            let what = format!("group {}", group.name.value);
            let part = Part::new(PartKind::Group, group.name.as_str());
            let artifact = Artifact::new(Section::Users, what, &group.name.origin);
            self.artifacts.push(artifact.as_part(part).in_lives(&lives));
            self.expect(expect::group(group), &lives);
        }
        for user in &machine.butane.users {
            let keys = contents::keys(user, files, findings);
            let password = contents::password_hash(user, machine, files);
            let mut entry = written("users", user.entry.value);
            if let Some(hash) = &password {
                entry["passwordHash"] = hash.value.clone().into();
            }
            let lives = lives_of(user.lives.as_ref());
            self.each(&lives, |config| config.user(entry.clone()));
            let name = user.name.as_str();
            let mut add = |artifact: Artifact| self.artifacts.push(artifact.in_lives(&lives));
            let user_entry = Artifact::new(Section::Users, format!("user {name}"), &user.entry.origin);
            let user_entry = user_entry.as_part(Part::new(PartKind::User, name));
            add(user_entry.holding(written("users", user.entry.value).to_string().as_bytes()));
            for key in &keys {
                let what = format!("{name}: SSH key {}", key.fingerprint());
                add(Artifact::new(Section::Users, what, &key.origin).as_part(Part::key(name, key.line())));
            }
            if let Some(password) = &password {
                let what = format!("{name}: password");
                let part = Part::new(PartKind::Password, name).holding(password.value.as_bytes());
                let artifact = Artifact::new(Section::Users, what, &password.origin).as_part(part);
                add(artifact.holding(password.value.as_bytes()).secret());
            }
            self.expect(expect::user(user, &keys, password.as_ref()), &lives);
        }
    }

    fn network(&mut self, machine: &Machine, profiles: &[Profile], by: NetworkBy) {
        let lives = lives_of(machine.network_lives.as_ref());
        for profile in profiles {
            let path = profile.path();
            if lives.contains(&Life::FirstBoot) {
                self.destination.file(File::new(&path, FileMode::PRIVATE, profile.text.as_bytes()));
            }
            if lives.contains(&Life::Live) {
                self.live_keyfiles.insert(profile.file_name(), profile.text.clone().into_bytes());
            }
            let what = format!("profile {}", profile.name);
            let part = Part::new(PartKind::File, &path).holding(profile.text.as_bytes());
            let artifact = Artifact::new(Section::Network, what, &profile.origin).as_part(part);
            let artifact = artifact.at(path, profile.text.as_bytes());
            let artifact = artifact.in_lives(&lives);
            self.artifacts.push(if profile.has_secret() { artifact.secret() } else { artifact });
        }
        for nic in &machine.network.nics {
            let (mac, name, origin) = (nic.mac.value, &nic.name.value, &nic.name.origin);
            let (link, rule) = match machine.network.pin {
                Pin::Link => (true, false),
                Pin::Rule => (false, true),
                Pin::Both => (true, true),
                Pin::None => (false, false),
            };
            let is_ours = by != NetworkBy::Others;
            if link && is_ours {
                let (path, text) = network::link_file(mac, name);
                let artifact = Artifact::new(Section::Network, format!("name {name} by .link"), origin);
                self.write(artifact.in_lives(&lives), &path, &text);
            }
            if rule && is_ours {
                let (path, text) = network::rule_file(mac, name);
                let artifact = Artifact::new(Section::Network, format!("name {name} by udev rule"), origin);
                self.write(artifact.in_lives(&lives), &path, &text);
            }
        }
        let seen_in = match by {
            NetworkBy::FilesAfterwards => vec![Life::LaterBoots],
            NetworkBy::Files | NetworkBy::Others => lives.clone(),
        };
        self.expect(expect::network(&machine.network, profiles), &seen_in);
        // Where the live system's come from, and what it makes of them, is the image's matter.
        let on_disk: Lives = lives.into_iter().filter(|life| *life != Life::Live).collect();
        self.expect(profiles.iter().map(expect::keyfile).collect(), &on_disk);
        self.fallback(machine, profiles);
    }

    fn fallback(&mut self, machine: &Machine, profiles: &[Profile]) {
        let Some(asked) = &machine.network.fallback else { return };
        for (part, text) in fallback::add(&mut self.destination, asked, &machine.network, profiles) {
            let what = format!("fallback: {} {}", part.kind, part.name);
            let artifact = Artifact::new(Section::Network, what, &asked.origin).holding(text.as_bytes());
            self.artifacts.push(artifact.as_part(part).in_lives(&expect::INSTALLED));
        }
        self.expect(expect::fallback(asked), &expect::INSTALLED);
    }

    /// Files, directories and links.
    fn landings(&mut self, landed: &Landed) {
        for landing in &landed.things {
            let lives: Lives = Life::ALL.into_iter().filter(|life| landing.is_in(*life)).collect();
            self.expected.extend(expect::landing(landing));
            let (kind, path, bytes, mode) = match &landing.thing {
                Thing::File { path, bytes, mode, .. } => (PartKind::File, path, bytes.as_deref(), *mode),
                Thing::Directory { path } => (PartKind::Directory, path, None, 0o755),
                Thing::Link { path, .. } => (PartKind::Link, path, None, 0o777),
                _ => continue,
            };
            let (what, part) = (format!("{kind} {path}"), Part::new(kind, path));
            let part = match bytes {
                Some(bytes) => part.holding(bytes),
                None => part,
            };
            let bytes = bytes.unwrap_or_default();
            if let (true, Some(name)) = (lives.contains(&Life::Live), keyfile_name(path)) {
                self.live_keyfiles.insert(name.to_owned(), bytes.to_vec());
            }
            let artifact = Artifact::new(Section::Files, what, &landing.origin)
                .at(path, bytes)
                .as_part(part)
                .in_lives(&lives);
            // What others may not read on the machine, they may not read on the medium.
            self.artifacts.push(if mode & 0o077 == 0 { artifact.secret() } else { artifact });
        }
    }

    fn units<'l>(&mut self, machine: &Machine, landed: &'l Landed) {
        for unit in &machine.butane.units {
            let lives = unit.lives.as_ref().map_or(expect::INSTALLED.to_vec(), |lives| lives.value.clone());
            let artifact =
                Artifact::new(Section::Units, format!("unit {}", unit.name.value), &unit.name.origin)
                    .as_part(Part::new(PartKind::Unit, unit.name.as_str()))
                    .holding(self.units.get(unit.name.as_str()).map(Vec::as_slice).unwrap_or_default());
            self.artifacts.push(artifact.in_lives(&lives));
            let text = |landing: &'l Landing| match &landing.thing {
                Thing::Unit { name, text, .. } if name == unit.name.as_str() => text.as_deref(),
                Thing::DropIn { unit: of, text, .. } if of == unit.name.as_str() => Some(text.as_str()),
                _ => None,
            };
            let texts: Vec<&str> = landed.things.iter().filter_map(text).collect();
            self.expected.extend(expect::unit(unit, &texts, &lives));
        }
    }

    /// Files that are merged in. Ignition lets them win.
    fn children(&mut self, machine: &Machine, landed: &Landed) {
        for (index, document) in &landed.children {
            let Some(child) = machine.children.get(*index) else { continue };
            let minor = document["ignition"]["version"].as_str().and_then(ignition::minor_of).unwrap_or(0);
            if minor > self.ignition_minor.value {
                self.ignition_minor = Sourced { value: minor, origin: child.path.origin.clone() };
            }
            let bytes = serde_json::to_vec(document).unwrap_or_default();
            let lives = child.lives.as_ref().map_or(expect::INSTALLED.to_vec(), |lives| lives.value.clone());
            self.each(&lives, |config| config.child(&bytes));
            let what = format!("merged {}", child.path.value);
            let artifact = Artifact::new(Section::Files, what, &child.path.origin).holding(&bytes);
            let artifact = artifact.in_lives(&lives);
            let is_open = secrets(Some(document), &BTreeMap::new(), "").is_empty();
            self.artifacts.push(if is_open { artifact } else { artifact.secret() });
        }
    }

    /// Makes the manifest, and adds what judges the machine by it. What is to be there on later boots is to
    /// be there after the operator has taken over too, where one does.
    pub(super) fn verified(
        &mut self,
        machine: &Machine,
        spec: &SpecDigest,
        lives: &'static [Life],
        live_system: Place,
    ) -> Manifest {
        for expectation in &mut self.expected {
            if lives.contains(&Life::AfterMco) && expectation.lives.contains(&Life::LaterBoots) {
                expectation.lives.push(Life::AfterMco);
            }
        }
        let manifest = self.manifest(machine, spec);
        let in_live = on_node::add(&mut self.live, &manifest, live_system);
        for (path, bytes) in on_node::add(&mut self.destination, &manifest, Place::Installed) {
            let both = in_live.iter().find(|(other, _)| *other == path);
            let lives = if both.is_some() { &Life::ALL[..] } else { &expect::INSTALLED };
            let artifact =
                Artifact::new(Section::Verification, path.clone(), &machine.origin).at(&path, &bytes);
            let is_the_same = both.is_none_or(|(_, other)| *other == bytes);
            let part = Part::new(PartKind::File, path);
            let part = if is_the_same { part.holding(&bytes) } else { part };
            self.artifacts.push(artifact.as_part(part).in_lives(lives));
        }
        manifest
    }

    /// Everything that must be true, as it is expected by now.
    pub(super) fn manifest(&mut self, machine: &Machine, spec: &SpecDigest) -> Manifest {
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            machine: machine.name.value.clone(),
            target: machine.target.value.to_string(),
            spec: spec.clone(),
            patience_seconds: on_node::PATIENCE_SECONDS,
            expectations: std::mem::take(&mut self.expected),
            cluster: std::mem::take(&mut self.expected_of_cluster),
        }
    }

    /// Expects a file of cotter's to hold what was written, wherever it is.
    pub(super) fn expect_contents(&mut self, path: &str, bytes: &[u8], origin: &Origin) {
        let subject = Subject::File(path.to_owned(), FileProperty::Sha256);
        let digest = Digest::of(bytes);
        let says = format!("contents of {path}");
        self.expected.push(Expectation::has(&subject, digest.as_str(), says, origin));
    }

    /// Lists the kernel arguments of the installed system, and the consoles of both.
    pub(super) fn kernel_arguments(&mut self, machine: &Machine, install: &Install) {
        self.installed_arguments(machine);
        for console in &install.consoles {
            let what = format!("console {}", console.value);
            self.artifacts.push(Artifact::new(Section::KernelArguments, what, &console.origin));
        }
    }

    /// Lists the kernel arguments of the installed system.
    pub(super) fn installed_arguments(&mut self, machine: &Machine) {
        let arguments = &machine.butane.kernel_arguments;
        let installed = |what: String, origin: &Origin| {
            Artifact::new(Section::KernelArguments, what, origin).in_lives(&expect::INSTALLED)
        };
        for argument in arguments.should_exist.iter().chain(&names_for_initramfs(machine)) {
            let what = format!("kernel argument {}", argument.value);
            let part = Part::new(PartKind::KernelArgument, argument.as_str());
            self.artifacts.push(installed(what, &argument.origin).as_part(part));
        }
        for argument in &arguments.should_not_exist {
            let what = format!("no kernel argument {}", argument.value);
            self.artifacts.push(installed(what, &argument.origin));
        }
    }

    /// Writes a file of cotter's into the documents of its lives.
    pub(super) fn write(&mut self, artifact: Artifact, path: &str, text: &str) {
        let lives = artifact.lives.clone();
        self.each(&lives, |config| config.file(File::new(path, FileMode::PUBLIC, text.as_bytes())));
        let part = Part::new(PartKind::File, path).holding(text.as_bytes());
        self.artifacts.push(artifact.at(path, text.as_bytes()).as_part(part));
    }

    /// Does something to the document of each life; both lives of the disk have one.
    fn each(&mut self, lives: &[Life], mut change: impl FnMut(&mut Config)) {
        if lives.contains(&Life::Live) {
            change(&mut self.live);
        }
        if lives.contains(&Life::FirstBoot) {
            change(&mut self.destination);
        }
    }

    fn expect(&mut self, expected: Vec<Expectation>, lives: &[Life]) {
        self.expected.extend(expected.into_iter().map(|expectation| expectation.in_lives(lives)));
    }
}

/// The units of the sections, by name.
fn units_of(sections: &Value) -> BTreeMap<String, Vec<u8>> {
    let units = sections["systemd"]["units"].as_array().cloned().unwrap_or_default();
    let named = |unit: Value| Some((unit["name"].as_str()?.to_owned(), unit.to_string().into_bytes()));
    units.into_iter().filter_map(named).collect()
}

/// The lives that were asked for, or all.
fn lives_of(said: Option<&Sourced<Lives>>) -> Lives {
    said.map_or_else(|| Life::ALL.to_vec(), |lives| lives.value.clone())
}

/// The name of a keyfile of NetworkManager's.
fn keyfile_name(path: &str) -> Option<&str> {
    path.strip_prefix(KEYFILE_FOLDER)?.strip_prefix('/')
}

/// The part of the sections that is there in a life. Disks and Ignition's settings are the installed system's.
fn in_life(sections: &Value, landed: &Landed, life: Life) -> Value {
    let mut sections = sections.clone();
    if life == Life::Live {
        for (section, lists) in
            [("storage", &["disks", "raid", "luks", "filesystems"][..]), ("ignition", &["config"])]
        {
            if let Some(section) = sections.get_mut(section).and_then(Value::as_object_mut) {
                lists.iter().for_each(|list| drop(section.remove(*list)));
            }
        }
    }
    let is_there = |list: &str, name: &str| {
        // Keyfiles of the live system ride in the embed archive.
        if life == Life::Live && keyfile_name(name).is_some() {
            return false;
        }
        let landing =
            landed.things.iter().filter(|landing| !landing.is_child).find(|landing| match &landing.thing {
                Thing::File { path, .. } => list == "files" && path == name,
                Thing::Directory { path } => list == "directories" && path == name,
                Thing::Link { path, .. } => list == "links" && path == name,
                Thing::Unit { name: unit, .. } => list == "units" && unit == name,
                _ => false,
            });
        landing.is_none_or(|landing| landing.is_in(life))
    };
    for (section, list, key) in [
        ("storage", "files", "path"),
        ("storage", "directories", "path"),
        ("storage", "links", "path"),
        ("systemd", "units", "name"),
    ] {
        if let Some(entries) =
            sections.get_mut(section).and_then(|section| section.get_mut(list)?.as_array_mut())
        {
            entries.retain(|entry| is_there(list, entry[key].as_str().unwrap_or_default()));
        }
    }
    sections
}

/// What coreos-installer is to append to the installed system's kernel arguments, and to delete from them.
pub(super) fn kernel_arguments(machine: &Machine) -> (Vec<KernelArgument>, Vec<KernelArgument>) {
    let values = |arguments: &[Sourced<KernelArgument>]| -> Vec<KernelArgument> {
        arguments.iter().map(|argument| argument.value.clone()).collect()
    };
    let arguments = &machine.butane.kernel_arguments;
    let mut append = values(&arguments.should_exist);
    append.extend(values(&names_for_initramfs(machine)));
    (append, values(&arguments.should_not_exist))
}

/// `ifname=` for every port, if a kernel argument turns on networking in the initramfs: no `.link` file of
/// ours is there, and a port that was brought up there keeps its name on later boots. Through the
/// installer, since as a live argument it would turn on networking in the live initramfs.
fn names_for_initramfs(machine: &Machine) -> Vec<Sourced<KernelArgument>> {
    let arguments = &machine.butane.kernel_arguments.should_exist;
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
