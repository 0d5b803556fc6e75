//! Which MachineConfig supplied which part of a rendered one.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::config::MachineConfig;
use super::lists::NAMED_LISTS;
use super::lists::NamedList;

/// A part of a rendered MachineConfig that one MachineConfig can take from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A file, directory or link, by its path.
    Path(String),
    /// A systemd unit, by its name.
    Unit(String),
    /// A drop-in: the unit's name and its own.
    DropIn(String, String),
    /// A user, by name.
    User(String),
    /// A group, by name.
    Group(String),
    /// A disk, by its device.
    Disk(String),
    /// A file system, by its device.
    FileSystem(String),
    /// A RAID, by its name.
    Raid(String),
    /// An encrypted volume, by its name.
    Luks(String),
    /// A member of the kernel arguments, as it was written.
    KernelArgument(String),
    /// An extension, by name.
    Extension(String),
    /// FIPS mode.
    Fips,
    /// The kind of kernel.
    KernelType,
    /// The image of the operating system.
    OsImageUrl,
    /// The image that extensions come from.
    BaseOsExtensionsContainerImage,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "`{path}`"),
            Self::Unit(name) => write!(f, "unit `{name}`"),
            Self::DropIn(unit, name) => write!(f, "drop-in `{name}` of unit `{unit}`"),
            Self::User(name) => write!(f, "user `{name}`"),
            Self::Group(name) => write!(f, "group `{name}`"),
            Self::Disk(device) => write!(f, "disk `{device}`"),
            Self::FileSystem(device) => write!(f, "file system on `{device}`"),
            Self::Raid(name) => write!(f, "RAID `{name}`"),
            Self::Luks(name) => write!(f, "encrypted volume `{name}`"),
            Self::KernelArgument(argument) => write!(f, "kernel argument `{argument}`"),
            Self::Extension(name) => write!(f, "extension `{name}`"),
            Self::Fips => write!(f, "FIPS mode"),
            Self::KernelType => write!(f, "kernel type"),
            Self::OsImageUrl => write!(f, "operating system image"),
            Self::BaseOsExtensionsContainerImage => write!(f, "extensions image"),
        }
    }
}

/// For each part, all MachineConfigs that set it, in the order they were merged: the last one won.
///
/// A file may have its contents of one and its mode of another; both are in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(BTreeMap<Part, Vec<String>>);

impl Sources {
    /// All that set a part, in the order they were merged.
    pub fn of(&self, part: &Part) -> &[String] {
        self.0.get(part).map(Vec::as_slice).unwrap_or_default()
    }

    /// The one whose word counts: the last that set a part.
    pub fn last(&self, part: &Part) -> Option<&str> {
        self.of(part).last().map(String::as_str)
    }

    /// Every part that was set, with all that set it.
    pub fn iter(&self) -> impl Iterator<Item = (&Part, &[String])> {
        self.0.iter().map(|(part, names)| (part, names.as_slice()))
    }

    /// The parts that more than one MachineConfig sets.
    pub fn contested(&self) -> impl Iterator<Item = (&Part, &[String])> {
        self.iter().filter(|(_, names)| names.len() > 1)
    }

    /// Adds what `config` sets; `document` is its Ignition document as the operator reads it.
    pub(super) fn add(&mut self, config: &MachineConfig, document: Option<&Value>) {
        let mut parts: Vec<Part> = document.map(of_document).unwrap_or_default();
        let spec = &config.spec;
        parts.extend(spec.kernel_arguments.iter().cloned().map(Part::KernelArgument));
        parts.extend(spec.extensions.iter().cloned().map(Part::Extension));
        parts.extend(spec.fips.then_some(Part::Fips));
        for part in parts {
            self.set(part, &config.name);
        }
    }

    /// Adds that the MachineConfig `name` sets a part; one that sets it twice is there once.
    pub(super) fn set(&mut self, part: Part, name: &str) {
        let names = self.0.entry(part).or_default();
        if names.last().is_none_or(|last| last != name) {
            names.push(name.to_owned());
        }
    }
}

/// What the members of a list are here.
fn part_of(list: NamedList) -> fn(String) -> Part {
    match list.key {
        "disks" => Part::Disk,
        "filesystems" => Part::FileSystem,
        "raid" => Part::Raid,
        "luks" => Part::Luks,
        "users" => Part::User,
        "groups" => Part::Group,
        "units" => Part::Unit,
        _ => Part::Path,
    }
}

fn of_document(document: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    let members = |pointer: &str| document.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    for list in NAMED_LISTS {
        let names = list.members(document).iter().filter_map(|member| list.name(member));
        parts.extend(names.map(str::to_owned).map(part_of(list)));
    }
    for unit in members("/systemd/units") {
        let dropins = unit.get("dropins").and_then(Value::as_array).into_iter().flatten();
        for dropin in dropins {
            parts.extend(
                text(unit, "name").zip(text(dropin, "name")).map(|(unit, name)| Part::DropIn(unit, name)),
            );
        }
    }
    parts
}

fn text(member: &Value, key: &str) -> Option<String> {
    member.get(key).and_then(Value::as_str).map(str::to_owned)
}
