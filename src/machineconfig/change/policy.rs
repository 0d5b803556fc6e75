//! Node disruption policies: what the operator does when a file, a unit or a user changes, if not a reboot.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use super::path::is_below;

static TABLE: LazyLock<Table> =
    // The table is part of the program; a test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("policies.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    preview_since: String,
    policies_since: String,
    overrides_since: String,
    drain_override_until: String,
    changed_units_since: String,
    ssh_key: Vec<Action>,
    files: Vec<FileRow>,
    units: Vec<UnitRow>,
    suggestions: Vec<Suggestion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    path: String,
    since: String,
    actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitRow {
    name: String,
    since: String,
    actions: Vec<Action>,
}

/// What to do when a file changes that the operator has no policy for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suggestion {
    /// A file, or a folder if it ends with `/`.
    pub(super) path: String,
    pub(super) actions: Vec<Action>,
}

/// Something that the operator does after a change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Action {
    /// Boots the node anew; nothing else counts then.
    Reboot,
    /// Drains the node before the change.
    Drain,
    /// Reloads a unit.
    Reload(String),
    /// Restarts a unit.
    Restart(String),
    /// Lets systemd read its units again.
    DaemonReload,
    /// Nothing.
    None,
    /// Reloads CRI-O, and drains the node before if the change of registries needs it. The operator's own.
    Special,
}

impl Action {
    /// Its type, as in a policy.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reboot => "Reboot",
            Self::Drain => "Drain",
            Self::Reload(_) => "Reload",
            Self::Restart(_) => "Restart",
            Self::DaemonReload => "DaemonReload",
            Self::None => "None",
            Self::Special => "Special",
        }
    }

    /// The action as in a policy.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Reload(unit) => json!({"type": "Reload", "reload": {"serviceName": unit}}),
            Self::Restart(unit) => json!({"type": "Restart", "restart": {"serviceName": unit}}),
            other => json!({"type": other.kind()}),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reboot => write!(f, "reboot"),
            Self::Drain => write!(f, "drain"),
            Self::Reload(unit) => write!(f, "reload {unit}"),
            Self::Restart(unit) => write!(f, "restart {unit}"),
            Self::DaemonReload => write!(f, "daemon-reload"),
            Self::None => write!(f, "nothing"),
            Self::Special => write!(f, "reload crio.service (`Special`)"),
        }
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(' ') {
            None => match text {
                "Reboot" => Ok(Self::Reboot),
                "Drain" => Ok(Self::Drain),
                "DaemonReload" => Ok(Self::DaemonReload),
                "None" => Ok(Self::None),
                "Special" => Ok(Self::Special),
                other => Err(format!("`{other}` is no action")),
            },
            Some(("Reload", unit)) => Ok(Self::Reload(unit.to_owned())),
            Some(("Restart", unit)) => Ok(Self::Restart(unit.to_owned())),
            Some((other, _)) => Err(format!("`{other}` is no action")),
        }
    }
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What is done when one thing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path of a file or folder, or the name of a unit.
    pub name: String,
    /// What is done, in order.
    pub actions: Vec<Action>,
}

/// What is done on which change. In what a person wrote, no actions for users mean the operator's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// By path.
    pub files: Vec<Entry>,
    /// By name.
    pub units: Vec<Entry>,
    /// On a change of users.
    pub ssh_key: Vec<Action>,
}

/// Whether an OpenShift version has node disruption policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// No.
    Absent,
    /// Only with preview features.
    Preview,
    /// Yes.
    Full,
}

impl Policies {
    /// What the operator of a version does by itself.
    pub fn of(openshift_version: &str) -> Self {
        let has = |since: &str| is_at_least(openshift_version, since);
        let files = TABLE.files.iter().filter(|row| has(&row.since));
        let units = TABLE.units.iter().filter(|row| has(&row.since));
        Self {
            files: files.map(|row| Entry { name: row.path.clone(), actions: row.actions.clone() }).collect(),
            units: units.map(|row| Entry { name: row.name.clone(), actions: row.actions.clone() }).collect(),
            ssh_key: TABLE.ssh_key.clone(),
        }
    }

    /// These, and what a person gave: the same path or name is replaced in its place, others come after.
    pub fn with(&self, given: &Self) -> Self {
        let ssh_key = if given.ssh_key.is_empty() { &self.ssh_key } else { &given.ssh_key };
        Self {
            files: replaced(&self.files, &given.files),
            units: replaced(&self.units, &given.units),
            ssh_key: ssh_key.clone(),
        }
    }

    /// The entry for a path: the longest that is the path or a folder above it.
    pub fn of_file(&self, path: &str) -> Option<&Entry> {
        let mut longest: Option<&Entry> = None;
        for entry in &self.files {
            let matches = entry.name == path || is_below(&entry.name, path);
            // The first of two that are as long stays, as with the operator.
            if matches && entry.name.len() > longest.map_or(0, |entry| entry.name.len()) {
                longest = Some(entry);
            }
        }
        longest
    }

    /// The entry for a unit, by its very name.
    pub fn of_unit(&self, name: &str) -> Option<&Entry> {
        self.units.iter().find(|entry| entry.name == name)
    }
}

fn replaced(defaults: &[Entry], given: &[Entry]) -> Vec<Entry> {
    let mut entries = defaults.to_vec();
    for entry in given {
        match entries.iter_mut().take(defaults.len()).find(|known| known.name == entry.name) {
            Some(known) => known.clone_from(entry),
            None => entries.push(entry.clone()),
        }
    }
    entries
}

/// Whether a version has node disruption policies.
pub fn support_of(openshift_version: &str) -> Support {
    if is_at_least(openshift_version, &TABLE.policies_since) {
        Support::Full
    } else if is_at_least(openshift_version, &TABLE.preview_since) {
        Support::Preview
    } else {
        Support::Absent
    }
}

/// Whether a version lets a cluster allow changes of disks, file systems and RAIDs.
pub fn has_overrides(openshift_version: &str) -> bool {
    is_at_least(openshift_version, &TABLE.overrides_since)
}

/// Whether a version has the ConfigMap that keeps a change of registries from draining.
pub fn has_drain_override(openshift_version: &str) -> bool {
    number_of(openshift_version) <= number_of(&TABLE.drain_override_until)
}

/// Whether a version writes only the units that change.
pub(super) fn writes_changed_units_only(openshift_version: &str) -> bool {
    is_at_least(openshift_version, &TABLE.changed_units_since)
}

/// The suggestion for a file: the longest path counts.
pub(super) fn suggestion_for(path: &str) -> Option<&'static Suggestion> {
    let matches = |row: &&Suggestion| match row.path.strip_suffix('/') {
        Some(folder) => is_below(folder, path),
        None => row.path == path,
    };
    TABLE.suggestions.iter().filter(matches).max_by_key(|row| row.path.len())
}

fn is_at_least(version: &str, least: &str) -> bool {
    number_of(version) >= number_of(least)
}

fn number_of(version: &str) -> (u32, u32) {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Action;
    use super::Entry;
    use super::Policies;
    use super::Support;
    use super::TABLE;
    use super::has_drain_override;
    use super::has_overrides;
    use super::suggestion_for;
    use super::support_of;

    fn entry(name: &str, action: &str) -> Entry {
        Entry { name: name.into(), actions: vec![action.parse().unwrap()] }
    }

    #[test]
    fn the_table_can_be_read() {
        assert_eq!((TABLE.files.len(), TABLE.units.len()), (13, 1));
        assert!(TABLE.suggestions.len() > 15);
        let special = TABLE.suggestions.iter().flat_map(|row| &row.actions);
        assert!(special.into_iter().all(|action| !matches!(action, Action::Special | Action::Reboot)));
    }

    #[test]
    fn versions_differ_where_the_operator_does() {
        for (version, files, units, support) in [
            ("4.15", 0, 0, Support::Absent),
            ("4.16", 7, 0, Support::Preview),
            ("4.17", 7, 0, Support::Full),
            ("4.18", 8, 0, Support::Full),
            ("4.21.3", 8, 0, Support::Full),
            ("4.22", 13, 1, Support::Full),
            ("5.0", 13, 1, Support::Full),
        ] {
            let policies = Policies::of(version);
            assert_eq!((policies.files.len(), policies.units.len()), (files, units), "{version}");
            assert_eq!((support_of(version), &policies.ssh_key[..]), (support, &[Action::None][..]));
        }
        assert!(!has_overrides("4.19") && has_overrides("4.20") && has_overrides("5.0"));
        assert!(has_drain_override("4.19.7") && !has_drain_override("4.20") && !has_drain_override("5.0"));
    }

    #[test]
    fn the_longest_path_wins_and_a_name_is_no_folder() {
        let policies = Policies {
            files: vec![
                entry("/etc", "Reboot"),
                entry("/etc/pki/", "None"),
                entry("/etc/pk", "Drain"),
                entry("/", "Restart a.service"),
                entry("/etc/crio/x.conf", "DaemonReload"),
            ],
            ..Policies::default()
        };
        for (path, expected) in [
            ("/etc/pki/tls/certs/ca-bundle.crt", Some("/etc/pki/")),
            ("/etc/pk", Some("/etc/pk")),
            ("/etc/pkx", Some("/etc")),
            ("/etc/crio/x.conf", Some("/etc/crio/x.conf")),
            ("/etc/crio/x.conf.d", Some("/etc")),
            // Go's `filepath.Clean` and a slash: the root is above nothing.
            ("/var/a", None),
            ("/etc", Some("/etc")),
        ] {
            assert_eq!(policies.of_file(path).map(|entry| entry.name.as_str()), expected, "{path}");
        }
        let even =
            Policies { files: vec![entry("/a/b", "None"), entry("/a/b", "Reboot")], ..Policies::default() };
        assert_eq!(even.of_file("/a/b/c").unwrap().actions, [Action::None]);
    }

    #[test]
    fn what_a_person_gives_replaces_in_place_or_comes_after() {
        let given = Policies {
            files: vec![entry("/etc/containers/policy.json", "None"), entry("/etc/a", "Drain")],
            units: vec![entry("a.service", "DaemonReload")],
            ssh_key: vec![],
        };
        let defaults = Policies::of("4.19");
        let merged = defaults.with(&given);
        assert_eq!(merged.files.len(), defaults.files.len() + 1);
        assert_eq!(merged.files[2], given.files[0]);
        assert_eq!(merged.files.last(), given.files.last());
        assert_eq!((merged.units, merged.ssh_key), (given.units.clone(), vec![Action::None]));
        let given = Policies { ssh_key: vec![Action::Reboot], ..given };
        assert_eq!(defaults.with(&given).ssh_key, [Action::Reboot]);
    }

    #[test]
    fn suggests_what_is_known() {
        for (path, expected) in [
            ("/etc/chrony.conf", Some("Restart chronyd.service")),
            ("/etc/chrony.conf.d/a", None),
            ("/etc/crio/crio.conf.d/99-a", Some("Restart crio.service")),
            ("/etc/sysctl.d/99-a.conf", Some("Restart systemd-sysctl.service")),
            ("/etc/containers/registries.conf.d/a.conf", Some("Reload crio.service")),
            ("/etc/NetworkManager/system-connections/a.nmconnection", Some("Reload NetworkManager.service")),
            ("/usr/local/bin/a", None),
        ] {
            let found = suggestion_for(path).map(|row| row.actions[0].clone());
            assert_eq!(found, expected.map(|words| words.parse().unwrap()), "{path}");
        }
    }
}
