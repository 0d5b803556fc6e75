//! Policies of disruption: what a node does after a change, instead of a reboot.

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
use crate::machineconfig::disruption::Action;
use crate::machineconfig::disruption::MOST_ACTIONS;
use crate::machineconfig::disruption::MOST_ENTRIES;
use crate::machineconfig::unit_name::is_for_policies;
use crate::value::FilePath;

/// Reads a word that says what a node does after a change, as in `restart:chronyd.service`.
fn action(text: &str) -> Result<Action, (String, String)> {
    let (word, service) = text.split_once(':').unwrap_or((text, ""));
    match text {
        "none" => return Ok(Action::None),
        "reboot" => return Ok(Action::Reboot),
        "drain" => return Ok(Action::Drain),
        "daemon-reload" => return Ok(Action::DaemonReload),
        _ => {}
    }
    match word {
        "reload" | "restart" if !is_for_policies(service) => {
            let next = "as in `reload:chronyd.service`; the name with its suffix";
            Err((format!("`{text}` does not name what to {word}"), next.to_owned()))
        }
        "reload" => Ok(Action::Reload(service.to_owned())),
        "restart" => Ok(Action::Restart(service.to_owned())),
        _ => {
            let known = ["none", "reboot", "drain", "daemon-reload", "reload:UNIT", "restart:UNIT"];
            let near = nearest(word, ["none", "reboot", "drain", "daemon-reload", "reload", "restart"]);
            let next = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", known.join(", ")),
            };
            Err((format!("`{text}` is nothing that a node does after a change"), next))
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
    let units = entries(
        "name",
        &policy.units,
        is_for_policies,
        "the name of a unit, as in `app.service`",
        &mut problems,
    );
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
        if index == MOST_ENTRIES {
            let what =
                format!("there are {} policies, and a cluster takes {MOST_ENTRIES} of a kind", asked.len());
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
        match action(word) {
            Ok(action) => actions.push(action),
            Err((what, next)) => problems.push(words::problem(word, what, next)),
        }
    }
    let Some(first) = words.first() else { return Vec::new() };
    if actions.len() > MOST_ACTIONS {
        let what = format!("{of} has {} actions, and a cluster takes {MOST_ACTIONS}", actions.len());
        problems.push(words::problem(first, what, "say fewer, or `reboot`"));
    }
    if actions.len() > 1 && actions.iter().any(Action::is_alone) {
        let what = format!("`none` and `reboot` go with no other action ({of})");
        problems.push(words::problem(first, what, "keep it alone, or take it out"));
    }
    actions.iter().map(Action::to_value).collect()
}

#[cfg(test)]
mod tests {
    use super::Action;
    use super::action;

    #[test]
    fn actions_are_words() {
        for (word, expected) in [
            ("none", Some(Action::None)),
            ("daemon-reload", Some(Action::DaemonReload)),
            ("reload:crio.service", Some(Action::Reload("crio.service".into()))),
            ("restart:a@b.service", None),
            ("restart", None),
            ("restart:crio", None),
            ("Reboot", None),
            ("special", None),
        ] {
            assert_eq!(action(word).ok(), expected, "{word}");
        }
        let (_, next) = action("rebot").err().unwrap_or_default();
        assert_eq!(next, "did you mean `reboot`?");
    }
}
