//! The smallest node disruption policy that spares a change its reboot.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Action;
use super::Circumstances;
use super::Entry;
use super::How;
use super::Policies;
use super::Support;
use super::actions::Cause;
use super::actions::Reason;
use super::actions::would_reboot;
use super::flags::Changed;
use super::policy::suggestion_for;
use crate::machineconfig::disruption::MOST_ENTRIES;
use crate::machineconfig::unit_name::is_for_policies;

/// What a policy can do for a change.
#[derive(Clone, Debug, PartialEq)]
pub struct SmallestPolicy {
    /// Why no policy avoids the reboot; empty if one does.
    pub cannot: Vec<String>,
    /// What must be added to what was given.
    pub added: Policies,
    /// Entries that were given and say `Reboot`, and without which something milder counts.
    pub removed: Vec<String>,
    /// Entries whose actions are a guess: nobody but the user knows what reads these again.
    pub choices: Vec<String>,
    /// The `MachineConfiguration` to apply: what was given, and what is added.
    pub object: Option<Value>,
}

/// The smallest policy for a change that reboots; nothing if it does not.
pub(super) fn smallest(
    reasons: &[Reason],
    units: &[Changed<'_>],
    around: &Circumstances,
) -> Option<SmallestPolicy> {
    if !reasons.iter().any(|reason| reason.actions.contains(&Action::Reboot)) {
        return None;
    }
    let mut cannot = obstacles(reasons, around);
    let mut choices = Vec::new();
    let mut added = Policies::default();
    let (given, removed) = without_reboots(reasons, around);
    let effective = around.defaults.with(&given);
    files(reasons, &effective, &mut added, &mut choices);
    for reason in reasons {
        match &reason.cause {
            Cause::Unit(name) if needs_entry(reason, effective.of_unit(name)) => {
                let unit = units.iter().find(|unit| unit.name == name);
                added.units.push(unit_entry(name, unit, &mut choices));
            }
            Cause::Users if effective.ssh_key.contains(&Action::Reboot) => {
                added.ssh_key = vec![Action::None];
            }
            _ => {}
        }
    }
    let merged = merged(&given, &added);
    for (kind, count) in [("files", merged.files.len()), ("units", merged.units.len())] {
        if count > MOST_ENTRIES {
            cannot.push(format!(
                "it would need {count} entries for {kind}; a policy has at most {MOST_ENTRIES}"
            ));
        }
    }
    if cannot.is_empty() && would_reboot(reasons, &around.defaults.with(&merged)) {
        cannot.push("no entry can be written that spares it".to_owned());
    }
    let object = cannot.is_empty().then(|| to_object(&merged));
    Some(SmallestPolicy { cannot, added, removed, choices, object })
}

/// What was given, without entries for the very things that change that say `Reboot` where less would be done without.
fn without_reboots(reasons: &[Reason], around: &Circumstances) -> (Policies, Vec<String>) {
    let mut given = around.given.clone();
    let mut removed = Vec::new();
    let reboots = |entry: &Entry| entry.actions.contains(&Action::Reboot);
    let forbids =
        |entries: &[Entry], name: &str| entries.iter().any(|entry| entry.name == name && reboots(entry));
    for reason in reasons {
        let mut less = given.clone();
        let (name, spares) = match &reason.cause {
            Cause::File(path) if forbids(&given.files, path) => {
                less.files.retain(|entry| entry.name != *path);
                let merged = around.defaults.with(&less);
                (path.as_str(), merged.of_file(path).is_some_and(|entry| !reboots(entry)))
            }
            Cause::Unit(unit) if forbids(&given.units, unit) => {
                less.units.retain(|entry| entry.name != *unit);
                let merged = around.defaults.with(&less);
                (unit.as_str(), merged.of_unit(unit).is_some_and(|entry| !reboots(entry)))
            }
            Cause::Users if given.ssh_key.contains(&Action::Reboot) => {
                less.ssh_key.clear();
                ("sshkey", !around.defaults.ssh_key.contains(&Action::Reboot))
            }
            _ => continue,
        };
        if spares {
            given = less;
            removed.push(name.to_owned());
        }
    }
    (given, removed)
}

/// What no policy can help with.
fn obstacles(reasons: &[Reason], around: &Circumstances) -> Vec<String> {
    let mut cannot: Vec<String> = reasons
        .iter()
        .filter(|reason| !reason.cause.is_for_policies())
        .map(|reason| format!("a change of the {} always reboots; policies have no say in it", reason.cause))
        .collect();
    if around.is_layered {
        cannot.push("nodes with an image of their own do not look at policies".to_owned());
    } else if around.support == Support::Absent {
        cannot
            .push(format!("OpenShift {} has no node disruption policies; 4.17 brought them", around.version));
    }
    for reason in reasons {
        if let Cause::Unit(name) = &reason.cause
            && reason.actions.contains(&Action::Reboot)
            && !is_for_policies(name)
        {
            cannot.push(format!(
                "a policy cannot name the unit `{name}`: it takes letters, digits and `:._-` alone"
            ));
        }
    }
    cannot
}

fn needs_entry(reason: &Reason, entry: Option<&Entry>) -> bool {
    reason.cause.is_for_policies() && entry.is_none_or(|entry| entry.actions.contains(&Action::Reboot))
}

/// One entry for each file; one for a folder if several files of it would be given the same.
fn files(reasons: &[Reason], effective: &Policies, added: &mut Policies, choices: &mut Vec<String>) {
    let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for reason in reasons {
        let Cause::File(path) = &reason.cause else { continue };
        let entry = effective.of_file(path);
        if !needs_entry(reason, entry) {
            continue;
        }
        let suggestion = suggestion_for(path);
        let folder = suggestion.and_then(|suggestion| suggestion.path.strip_suffix('/'));
        // What a person said of something deeper would win over the folder.
        let folder = folder.filter(|folder| entry.is_none_or(|entry| entry.name.len() < folder.len()));
        match folder {
            Some(folder) => by_folder.entry(folder).or_default().push(path),
            None => added.files.push(file_entry(path, choices)),
        }
    }
    for (folder, paths) in by_folder {
        match paths.as_slice() {
            [path] => added.files.push(file_entry(path, choices)),
            [path, ..] => added.files.push(Entry { name: folder.to_owned(), ..file_entry(path, choices) }),
            [] => {}
        }
    }
    added.files.sort_by(|one, other| one.name.cmp(&other.name));
}

fn file_entry(path: &str, choices: &mut Vec<String>) -> Entry {
    let actions = match (suggestion_for(path), unit_of_file(path)) {
        (Some(suggestion), _) => suggestion.actions.clone(),
        (None, Some(unit)) => vec![Action::DaemonReload, Action::Restart(unit.to_owned())],
        (None, None) => {
            choices.push(format!(
                "`{path}`: say what must be reloaded or restarted, or leave `None` if nothing reads it again"
            ));
            vec![Action::None]
        }
    };
    Entry { name: path.to_owned(), actions }
}

/// The unit that a file is a drop-in of.
fn unit_of_file(path: &str) -> Option<&str> {
    let (folder, name) = path.strip_prefix("/etc/systemd/system/")?.split_once('/')?;
    let unit = folder.strip_suffix(".d")?;
    (name.ends_with(".conf") && is_for_policies(unit)).then_some(unit)
}

/// A unit is restarted if it is to run: what is gone, masked or disabled cannot or must not be.
fn unit_entry(name: &str, unit: Option<&Changed<'_>>, choices: &mut Vec<String>) -> Entry {
    let is_set = |key: &str, value: bool| {
        unit.and_then(|unit| unit.new).and_then(|unit| unit.get(key)).and_then(Value::as_bool) == Some(value)
    };
    let is_gone = unit.is_some_and(|unit| unit.how() == How::Removed);
    let mut actions = vec![Action::DaemonReload];
    if is_gone || is_set("mask", true) || is_set("enabled", false) {
        choices.push(format!("`{name}`: it is no longer to run, and no action stops it; stop it on the nodes, or let it be until they boot"));
    } else {
        actions.push(Action::Restart(name.to_owned()));
    }
    Entry { name: name.to_owned(), actions }
}

/// What was given, with entries replaced in their place and others behind.
fn merged(given: &Policies, added: &Policies) -> Policies {
    let names: BTreeSet<&str> =
        added.files.iter().chain(&added.units).map(|entry| entry.name.as_str()).collect();
    let put = |given: &[Entry], added: &[Entry]| -> Vec<Entry> {
        let newer = |name: &str| added.iter().find(|entry| entry.name == name);
        let mut entries: Vec<Entry> =
            given.iter().map(|entry| newer(&entry.name).unwrap_or(entry).clone()).collect();
        let is_new = |entry: &&Entry| {
            names.contains(entry.name.as_str()) && !given.iter().any(|known| known.name == entry.name)
        };
        entries.extend(added.iter().filter(is_new).cloned());
        entries
    };
    let ssh_key = if added.ssh_key.is_empty() { &given.ssh_key } else { &added.ssh_key };
    Policies {
        files: put(&given.files, &added.files),
        units: put(&given.units, &added.units),
        ssh_key: ssh_key.clone(),
    }
}

/// The `MachineConfiguration` with these policies.
pub fn to_object(policies: &Policies) -> Value {
    let actions = |actions: &[Action]| actions.iter().map(Action::to_value).collect::<Vec<_>>();
    let entries = |entries: &[Entry], key: &str| {
        entries
            .iter()
            .map(|entry| json!({key: entry.name, "actions": actions(&entry.actions)}))
            .collect::<Vec<_>>()
    };
    let mut policy = Map::new();
    for (list, key, members) in [("files", "path", &policies.files), ("units", "name", &policies.units)] {
        if !members.is_empty() {
            policy.insert(list.to_owned(), entries(members, key).into());
        }
    }
    if !policies.ssh_key.is_empty() {
        policy.insert("sshkey".to_owned(), json!({"actions": actions(&policies.ssh_key)}));
    }
    json!({
        "apiVersion": "operator.openshift.io/v1",
        "kind": "MachineConfiguration",
        "metadata": {"name": "cluster"},
        "spec": {"nodeDisruptionPolicy": policy},
    })
}
