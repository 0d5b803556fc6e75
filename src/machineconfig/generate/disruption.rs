//! Policies of disruption: what a node does after a change, instead of a reboot.

use std::str::FromStr;

use serde_json::Value;
use serde_json::json;

use super::Made;
use super::Pool;
use super::Problem;
use super::operator;
use super::versions::Version;
use super::versions::missing;
use super::words;
use crate::document::Sourced;
use crate::document::nearest;
use crate::value::FilePath;

/// Most entries of one list, and most actions of one entry, by the CRD.
const MAX_ENTRIES: usize = 50;
const MAX_ACTIONS: usize = 10;

/// What a service may end in, by the CRD.
const SUFFIXES: [&str; 12] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "snapshot",
    "slice",
    "scope",
];

/// What a node does after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// It reboots.
    Reboot,
    /// Its pods go elsewhere first.
    Drain,
    /// systemd reads its units again.
    DaemonReload,
    /// A service reads its files again.
    Reload(String),
    /// A service is restarted.
    Restart(String),
}

impl FromStr for Action {
    type Err = (String, String);

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PLAIN: [(&str, Action); 4] = [
            ("none", Action::None),
            ("reboot", Action::Reboot),
            ("drain", Action::Drain),
            ("daemon-reload", Action::DaemonReload),
        ];
        if let Some((_, action)) = PLAIN.into_iter().find(|(word, _)| *word == text) {
            return Ok(action);
        }
        let (word, service) = text.split_once(':').unwrap_or((text, ""));
        let next = "as in `reload:chronyd.service`; the name with its suffix".to_owned();
        match word {
            "reload" | "restart" if !is_service(service) => {
                Err((format!("`{text}` does not name what to {word}"), next))
            }
            "reload" => Ok(Self::Reload(service.to_owned())),
            "restart" => Ok(Self::Restart(service.to_owned())),
            _ => {
                let known = ["none", "reboot", "drain", "daemon-reload", "reload:UNIT", "restart:UNIT"];
                let next =
                    match nearest(word, ["none", "reboot", "drain", "daemon-reload", "reload", "restart"]) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("write one of {}", known.join(", ")),
                    };
                Err((format!("`{text}` is nothing that a node does after a change"), next))
            }
        }
    }
}

impl Action {
    fn to_value(&self) -> Value {
        match self {
            Self::None => json!({"type": "None"}),
            Self::Reboot => json!({"type": "Reboot"}),
            Self::Drain => json!({"type": "Drain"}),
            Self::DaemonReload => json!({"type": "DaemonReload"}),
            Self::Reload(service) => json!({"type": "Reload", "reload": {"serviceName": service}}),
            Self::Restart(service) => json!({"type": "Restart", "restart": {"serviceName": service}}),
        }
    }
}

/// What nodes do after changes of files, units and keys.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// By the path of a file, or of a folder above it.
    pub files: Vec<(Sourced<String>, Vec<Sourced<String>>)>,
    /// By the name of a unit.
    pub units: Vec<(Sourced<String>, Vec<Sourced<String>>)>,
    /// After a change of core's keys or password.
    pub ssh_key: Vec<Sourced<String>>,
}

/// The cluster's MachineConfiguration with a policy.
///
/// # Errors
///
/// Everything that the cluster would refuse.
pub fn disruption_policy(policy: &Policy, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    if !Version::of(pool.rules).disruption_policy {
        problems.push(missing("policies of disruption", pool.rules, |version| version.disruption_policy));
    }
    if policy.files.is_empty() && policy.units.is_empty() && policy.ssh_key.is_empty() {
        let next = "name a file, a unit or the keys, as in `/etc/chrony.conf=restart:chronyd.service`";
        problems.push(Problem::new("the policy says nothing", next));
    }
    let mut written = json!({});
    let is_path = |path: &str| path.parse::<FilePath>().is_ok();
    let files =
        entries("path", &policy.files, is_path, "an absolute path, as in `/etc/chrony.conf`", &mut problems);
    let units =
        entries("name", &policy.units, is_service, "the name of a unit, as in `app.service`", &mut problems);
    for (key, list) in [("files", files), ("units", units)] {
        if !list.is_empty() {
            written[key] = list.into();
        }
    }
    if !policy.ssh_key.is_empty() {
        written["sshkey"] = json!({"actions": actions(&policy.ssh_key, "the SSH keys", &mut problems)});
    }
    let made = operator::cluster_object(json!({"nodeDisruptionPolicy": written}))
        .note("a change of the image, its extensions, the kernel or its arguments reboots all the same")
        .note("an entry of the policy replaces the operator's own for the same path or unit");
    operator::finish_cluster(made, problems)
}

/// The entries of a list, which are told apart by `key`.
fn entries(
    key: &str,
    asked: &[(Sourced<String>, Vec<Sourced<String>>)],
    is_right: fn(&str) -> bool,
    wanted: &str,
    problems: &mut Vec<Problem>,
) -> Vec<Value> {
    let mut written = Vec::new();
    for (index, (name, words)) in asked.iter().enumerate() {
        if !is_right(name) {
            let what = format!("`{}` is not {}", name.value, wanted.split(',').next().unwrap_or(wanted));
            problems.push(words::problem(name, what, format!("write {wanted}")));
        }
        if asked.iter().take(index).any(|(other, _)| other.value == name.value) {
            let what = format!("`{}` has two policies", name.value);
            problems.push(words::problem(name, what, "put all its actions into one"));
        }
        if index == MAX_ENTRIES {
            let what =
                format!("there are {} policies, and a cluster takes {MAX_ENTRIES} of a kind", asked.len());
            problems.push(words::problem(name, what, "name a folder instead of its files"));
        }
        let actions = actions(words, &format!("`{}`", name.value), problems);
        if words.is_empty() {
            let what = format!("nothing is said to be done after a change of `{}`", name.value);
            problems.push(words::problem(name, what, "say what, as in `none`"));
        }
        written.push(json!({(key): name.value, "actions": actions}));
    }
    written
}

fn actions(words: &[Sourced<String>], of: &str, problems: &mut Vec<Problem>) -> Vec<Value> {
    let mut actions = Vec::new();
    for word in words {
        match word.parse::<Action>() {
            Ok(action) => actions.push(action),
            Err((what, next)) => problems.push(words::problem(word, what, next)),
        }
    }
    let Some(first) = words.first() else { return Vec::new() };
    if actions.len() > MAX_ACTIONS {
        let what = format!("{of} has {} actions, and a cluster takes {MAX_ACTIONS}", actions.len());
        problems.push(words::problem(first, what, "say fewer, or `reboot`"));
    }
    if actions.len() > 1 && actions.iter().any(|action| matches!(action, Action::None | Action::Reboot)) {
        let what = format!("`none` and `reboot` go with no other action ({of})");
        problems.push(words::problem(first, what, "keep it alone, or take it out"));
    }
    actions.iter().map(Action::to_value).collect()
}

/// The CRD's rule for names of services.
fn is_service(text: &str) -> bool {
    let is_stem = |stem: &str| {
        !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b":._\\-".contains(&b))
    };
    text.len() <= 255
        && text.rsplit_once('.').is_some_and(|(stem, suffix)| is_stem(stem) && SUFFIXES.contains(&suffix))
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn actions_are_words() {
        for (word, action) in [
            ("none", Some(Action::None)),
            ("daemon-reload", Some(Action::DaemonReload)),
            ("reload:crio.service", Some(Action::Reload("crio.service".into()))),
            ("restart:a@b.service", None),
            ("restart", None),
            ("restart:crio", None),
            ("Reboot", None),
            ("special", None),
        ] {
            assert_eq!(word.parse::<Action>().ok(), action, "{word}");
        }
        let (_, next) = "rebot".parse::<Action>().err().unwrap_or_default();
        assert_eq!(next, "did you mean `reboot`?");
    }
}
