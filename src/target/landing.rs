//! What lands on the machine: everything that the documents of a machine say, with the lines that asked for it.

use serde_json::Value;

use super::butane;
use super::butane::path_of;
use super::contents::ChildFile;
use super::contents::Files;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition;
use crate::ignition::Document;
use crate::ignition::NoDocument;
use crate::network::LostNames;
use crate::network::NetworkState;
use crate::spec::Butane;
use crate::spec::ButaneFile;
use crate::spec::Contents;
use crate::spec::LocalFile;
use crate::spec::Machine;
use crate::verify::Life;
use crate::verify::Lives;

/// Everything that lands on a machine.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    /// The sections of the machine's own document.
    pub(super) sections: Value,
    /// The documents that are merged in, by their place in the machine file.
    pub(super) children: Vec<(usize, Value)>,
    /// Each thing, in the order of the documents.
    pub(super) things: Vec<Landing>,
    /// The machine's network, whose files cotter writes.
    pub(super) network: NetworkState,
    /// Files that cotter writes because something was asked for: where, what for, and by which line.
    pub(super) written: Vec<(&'static str, &'static str, Origin)>,
    /// The system that it lands on.
    pub(super) system: System,
    /// What is known to become of names that ports have now.
    pub(super) lost_names: LostNames,
}

/// A system, as far as rules of what lands there differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// CoreOS, installed by a live medium.
    Installed,
    /// An image that cannot be written everywhere.
    ReadOnlyImage,
    /// An image.
    Image,
}

/// One thing that lands on the machine.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    /// What it is.
    pub(super) thing: Thing,
    /// The line that asked for it.
    pub(super) origin: Origin,
    /// Where its text is written.
    pub(super) text: TextAt,
    /// The lives that were asked for, if they were.
    pub(super) lives: Option<Sourced<Lives>>,
    /// Whether it comes from a file that is merged in.
    pub(super) is_child: bool,
}

/// A thing on a machine.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// A file.
    File {
        /// Where.
        path: String,
        /// Permission bits.
        mode: u32,
        /// The owner, as Ignition names it.
        owner: String,
        /// The group, as Ignition names it.
        group: String,
        /// What is in it, if that is known now.
        bytes: Option<Vec<u8>>,
        /// Something is added to what is there.
        is_appended: bool,
    },
    /// A directory.
    Directory {
        /// Where.
        path: String,
    },
    /// A link.
    Link {
        /// Where.
        path: String,
        /// What it points to.
        target: String,
        /// It is another name of the same file.
        is_hard: bool,
    },
    /// A unit.
    Unit {
        /// Its name.
        name: String,
        /// Its text, if there is one.
        text: Option<String>,
        /// Whether it is enabled.
        enabled: Option<bool>,
    },
    /// A drop-in of a unit.
    DropIn {
        /// The unit.
        unit: String,
        /// The drop-in.
        name: String,
        /// Its text.
        text: String,
    },
    /// A user.
    User {
        /// Login name.
        name: String,
    },
}

/// Where the text of a thing is written.
#[derive(Clone, Debug)]
pub(super) enum TextAt {
    /// Nowhere that a line could be named in.
    Nowhere,
    /// In the file itself, and the line that its first line is on, if its lines are lines there.
    Inline(Origin, Option<usize>),
    /// In a local file.
    Local(LocalFile),
}

impl Landing {
    /// The place of a line of the text.
    pub(super) fn line(&self, line: usize) -> Origin {
        match &self.text {
            TextAt::Local(file) if line > 0 => {
                Origin { line, length: usize::MAX, ..Origin::of_file(&file.value) }
            }
            TextAt::Inline(origin, Some(first)) if line > 0 => {
                Origin { line: first + line - 1, column: 1, length: usize::MAX, ..origin.clone() }
            }
            TextAt::Inline(origin, _) => origin.clone(),
            TextAt::Local(file) => file.origin.clone(),
            TextAt::Nowhere => self.origin.clone(),
        }
    }

    /// Where it lies, if it lies at a path.
    pub(super) fn path(&self) -> Option<String> {
        match &self.thing {
            Thing::File { path, .. } | Thing::Directory { path } | Thing::Link { path, .. } => {
                Some(path.clone())
            }
            Thing::Unit { name, text: Some(_), .. } => Some(format!("/etc/systemd/system/{name}")),
            Thing::DropIn { unit, name, .. } => Some(format!("/etc/systemd/system/{unit}.d/{name}")),
            Thing::Unit { .. } | Thing::User { .. } => None,
        }
    }

    /// True if it is there in a life; what says nothing is on the disk alone, but users are everywhere.
    pub(super) fn is_in(&self, life: Life) -> bool {
        match &self.lives {
            Some(lives) => lives.contains(&life),
            None => life != Life::Live || matches!(self.thing, Thing::User { .. }) && !self.is_child,
        }
    }
}

/// Gathers what lands on the machine.
pub(super) fn landed(machine: &Machine, files: &Files, findings: &mut Diagnostics) -> Landed {
    let sections = butane::sections(&machine.butane, files, findings);
    let mut things = things(&sections, &|thing| of_butane(thing, &machine.butane, files));
    let mut children = Vec::new();
    for (index, child) in machine.children.iter().enumerate() {
        let Some(document) = child_document(child, files, findings) else { continue };
        let place = |thing: &Thing| match files.children.get(&child.path.value) {
            Some(ChildFile::Butane(file, files)) => of_butane(thing, &file.butane, files),
            _ => None,
        };
        for mut landing in self::things(&document, &place) {
            landing.is_child = true;
            landing.lives = child.lives.clone();
            // What an Ignition file says has no line of its own here.
            if landing.origin.line == 0 {
                landing.origin = child.path.origin.clone();
            }
            things.push(landing);
        }
        children.push((index, document));
    }
    Landed {
        sections,
        children,
        things,
        network: machine.network.clone(),
        written: written(machine),
        system: System::Installed,
        lost_names: LostNames::new(),
    }
}

fn written(machine: &Machine) -> Vec<(&'static str, &'static str, Origin)> {
    let hostname =
        machine.hostname.as_ref().map(|name| ("/etc/hostname", "the host name", name.origin.clone()));
    let sno = machine.sno.as_ref();
    let hosts =
        sno.and_then(|sno| sno.host_entries.clone()).map(|line| ("/etc/hosts", "the host entries", line));
    let servers = sno.and_then(|sno| sno.ntp_servers.first());
    let chrony = servers.map(|server| ("/etc/chrony.conf", "the time servers", server.origin.clone()));
    let operator = machine.operator.as_ref();
    let asked = operator.and_then(|section| section.chrony.as_ref()).filter(|chrony| !chrony.is_disabled);
    let asked = asked.map(|asked| ("/etc/chrony.conf", "the time servers", asked.origin.clone()));
    let journal = operator.and_then(|section| section.journald.first());
    let journal =
        journal.map(|(_, value)| ("/etc/systemd/journald.conf", "journald's settings", value.origin.clone()));
    hostname.into_iter().chain(hosts).chain(chrony).chain(asked).chain(journal).collect()
}

/// Gathers what lands on a machine that has only a Butane file: it knows nothing of lives.
pub(super) fn landed_alone(file: &ButaneFile, files: &Files, findings: &mut Diagnostics) -> Landed {
    let sections = butane::sections(&file.butane, files, findings);
    let mut things = things(&sections, &|thing| of_butane(thing, &file.butane, files));
    for landing in &mut things {
        landing.lives = Some(Sourced { value: Life::ALL.to_vec(), origin: landing.origin.clone() });
    }
    Landed {
        sections,
        children: Vec::new(),
        things,
        network: NetworkState::default(),
        written: Vec::new(),
        system: System::Installed,
        lost_names: LostNames::new(),
    }
}

/// The Ignition document of a child, if it is one.
fn child_document(child: &crate::spec::Child, files: &Files, findings: &mut Diagnostics) -> Option<Value> {
    let name = &child.path.value;
    if let Some(ChildFile::Butane(file, _)) = files.children.get(name)
        && let Some(openshift) = file.butane.view().get("openshift")
    {
        let message =
            "what `openshift` says is the operator's matter, and does not come with the merged document";
        findings.warning(
            "ignition-child",
            openshift.origin(),
            message,
            "write it as `kernel_arguments` here",
        );
    }
    let mut refuse = |message: String, help: &str| {
        findings.error("ignition-child", &child.path.origin, message, help);
        None
    };
    match files.children.get(name)? {
        ChildFile::Butane(file, files) => Some(butane::ignition(file, files, findings)),
        ChildFile::Ignition(bytes) => match Document::read(bytes) {
            Ok(document) => Some(document.value().clone()),
            Err(cause) => {
                let help = match cause {
                    NoDocument::NoJson(_) => "name an Ignition file, or a Butane file that ends in `.bu`",
                    _ => cause.hint(),
                };
                refuse(format!("`{name}` {cause}"), help)
            }
        },
    }
}

/// Where a thing was asked for, where its text is, and its lives.
type Place = (Origin, TextAt, Option<Sourced<Lives>>);

fn things(document: &Value, place: &dyn Fn(&Thing) -> Option<Place>) -> Vec<Landing> {
    let list = |section: &str, list: &str| document[section][list].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let mut things = Vec::new();
    for user in list("passwd", "users") {
        things.extend(text(&user, "name").map(|name| Thing::User { name }));
    }
    for file in list("storage", "files") {
        things.extend(self::file(&file));
    }
    for directory in list("storage", "directories") {
        things.extend(text(&directory, "path").map(|path| Thing::Directory { path }));
    }
    for link in list("storage", "links") {
        let target = text(&link, "target").unwrap_or_default();
        let is_hard = link["hard"] == true;
        things.extend(text(&link, "path").map(|path| Thing::Link { path, target, is_hard }));
    }
    for unit in list("systemd", "units") {
        let Some(name) = text(&unit, "name") else { continue };
        let dropins = unit["dropins"].as_array().cloned().unwrap_or_default();
        let contents = text(&unit, "contents");
        things.push(Thing::Unit { name: name.clone(), text: contents, enabled: unit["enabled"].as_bool() });
        for dropin in dropins {
            if let (Some(dropin_name), Some(text)) = (text(&dropin, "name"), text(&dropin, "contents")) {
                things.push(Thing::DropIn { unit: name.clone(), name: dropin_name, text });
            }
        }
    }
    let nowhere = Origin { line: 0, ..Origin::of_file("") };
    let landing = |thing: Thing| {
        let (origin, text, lives) = place(&thing).unwrap_or((nowhere.clone(), TextAt::Nowhere, None));
        Landing { thing, origin, text, lives, is_child: false }
    };
    things.into_iter().map(landing).collect()
}

fn file(file: &Value) -> Option<Thing> {
    let contents = &file["contents"];
    let bytes = contents["source"]
        .as_str()
        .and_then(|source| ignition::decode(source, contents["compression"].as_str()));
    let owner = |key: &str| match (&file[key]["name"], &file[key]["id"]) {
        (Value::String(name), _) => name.clone(),
        (_, Value::Number(id)) if id.as_u64() != Some(0) => id.to_string(),
        _ => "root".to_owned(),
    };
    let is_appended = file["append"].as_array().is_some_and(|parts| !parts.is_empty());
    let is_nothing = contents.get("source").is_none() && !is_appended;
    Some(Thing::File {
        path: file["path"].as_str()?.to_owned(),
        mode: file["mode"].as_u64().and_then(|mode| u32::try_from(mode).ok()).unwrap_or(0o644),
        owner: owner("user"),
        group: owner("group"),
        bytes: if is_nothing { Some(Vec::new()) } else { bytes },
        is_appended,
    })
}

/// Looks a thing up among what Butane's words said.
fn of_butane(thing: &Thing, butane: &Butane, files: &Files) -> Option<Place> {
    let text_at = |contents: Option<&Contents>| match contents {
        Some(Contents::Inline(text, first)) => TextAt::Inline(text.origin.clone(), *first),
        Some(Contents::Local(file)) => TextAt::Local(file.clone()),
        _ => TextAt::Nowhere,
    };
    let found = match thing {
        Thing::User { name } => {
            let user = butane.users.iter().find(|user| user.name.as_str() == name)?;
            (user.name.origin.clone(), TextAt::Nowhere, user.lives.clone())
        }
        Thing::File { path, .. } => {
            let Some(file) = butane.files.iter().find(|file| file.path.as_str() == path) else {
                return of_section(butane, "grub", path == "/boot/grub2/user.cfg")
                    .or_else(|| of_tree(path, butane, files));
            };
            (file.path.origin.clone(), text_at(file.contents.as_ref()), file.lives.clone())
        }
        Thing::Directory { path } => {
            match butane.directories.iter().find(|node| node.path.as_str() == path) {
                Some(node) => (node.path.origin.clone(), TextAt::Nowhere, node.lives.clone()),
                None => return of_tree(path, butane, files),
            }
        }
        Thing::Link { path, .. } => match butane.links.iter().find(|node| node.path.as_str() == path) {
            Some(node) => (node.path.origin.clone(), TextAt::Nowhere, node.lives.clone()),
            None => return of_tree(path, butane, files),
        },
        Thing::Unit { name, .. } => match butane.units.iter().find(|unit| unit.name.as_str() == name) {
            Some(unit) => (unit.name.origin.clone(), text_at(unit.contents.as_ref()), unit.lives.clone()),
            // The units of `with_mount_unit`.
            None => {
                let storage = butane.view().at(&["storage", "filesystems"])?;
                (storage.origin().clone(), TextAt::Nowhere, None)
            }
        },
        Thing::DropIn { unit, name, .. } => {
            let unit = butane.units.iter().find(|other| other.name.as_str() == unit)?;
            let (name, contents) = unit.dropins.iter().find(|(other, _)| other.value == *name)?;
            (name.origin.clone(), text_at(contents.as_ref()), unit.lives.clone())
        }
    };
    Some(found)
}

fn of_section(butane: &Butane, section: &str, is_its: bool) -> Option<Place> {
    let view = butane.view().get(section).filter(|_| is_its)?;
    Some((view.origin().clone(), TextAt::Nowhere, None))
}

fn of_tree(path: &str, butane: &Butane, files: &Files) -> Option<Place> {
    let tree = butane
        .trees
        .iter()
        .find(|tree| files.tree(&tree.local).iter().any(|entry| path_of(tree, entry) == path))?;
    Some((tree.local.origin.clone(), TextAt::Nowhere, tree.lives.clone()))
}
