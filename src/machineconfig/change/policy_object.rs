//! Reads the object that holds a cluster's policies: `MachineConfiguration`, called `cluster`. What is wrong with one
//! that a person wrote, the linter says.

use serde_json::Value;

use super::Action;
use super::Entry;
use super::Policies;
use crate::machineconfig::Object;
use crate::machineconfig::Problem;
use crate::machineconfig::lint::object_problems;

/// The kind of the object, and the group of its API.
pub(super) const KIND: &str = "MachineConfiguration";
const GROUP: &str = "operator.openshift.io";

/// What a `MachineConfiguration` says about changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// The policies that a person gave.
    pub given: Policies,
    /// All policies of the cluster, if its operator has said them.
    pub in_force: Option<Policies>,
    /// Sections of storage that may differ.
    pub allowed: Vec<String>,
}

/// True if an object is one of these.
pub fn is_knobs(object: &Object<'_>) -> bool {
    object.kind == KIND && object.group == GROUP
}

/// Reads it; what is wrong is a problem, each at its place.
pub fn knobs_of(object: &Object<'_>) -> (Knobs, Vec<Problem>) {
    let mut problems = object_problems(object);
    let at = |pointer: &str| object.value.pointer(pointer).filter(|value| !value.is_null());
    let given = at("/spec/nodeDisruptionPolicy").map(|policies| read(policies, &mut Vec::new()));
    let mut unknown = Vec::new();
    let in_force = at("/status/nodeDisruptionPolicyStatus/clusterPolicies");
    let in_force = in_force.map(|policies| read(policies, &mut unknown));
    problems.extend(unknown.into_iter().map(|action| {
        let what = format!("the cluster has a policy with the action `{action}`, which cannot be read");
        let problem = Problem::new(what, "leave `status` out to take the operator's own policies");
        Problem { origin: Some(object.origin.clone()), ..problem }
    }));
    let allowed = at("/spec/irreconcilableValidationOverrides/storage").map(members).unwrap_or_default();
    let allowed = allowed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    (Knobs { given: given.unwrap_or_default(), in_force, allowed }, problems)
}

fn members(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Reads policies; actions that are not known are passed over, and their types are put into `unknown`.
fn read(policies: &Value, unknown: &mut Vec<String>) -> Policies {
    let mut actions = |of: Option<&Value>| {
        let mut known = Vec::new();
        for action in of.and_then(|of| of.get("actions")).map(members).unwrap_or_default() {
            match Action::of(action) {
                Some(action) => known.push(action),
                None => {
                    let word = action.get("type").and_then(Value::as_str).unwrap_or_default();
                    unknown.push(word.to_owned());
                }
            }
        }
        known
    };
    let ssh_key = actions(policies.get("sshkey"));
    let mut entries = |list: &str, known_by: &str| {
        let mut entries = Vec::new();
        for entry in policies.get(list).map(members).unwrap_or_default() {
            let name = entry.get(known_by).and_then(Value::as_str).unwrap_or_default().to_owned();
            entries.push(Entry { name, actions: actions(Some(entry)) });
        }
        entries
    };
    Policies { files: entries("files", "path"), units: entries("units", "name"), ssh_key }
}

#[cfg(test)]
mod tests {
    use super::Knobs;
    use super::knobs_of;
    use crate::machineconfig::Problem;
    use crate::machineconfig::change::Action;
    use crate::machineconfig::each_object;

    fn read(rest: &str) -> (Knobs, Vec<Problem>) {
        let text = format!(
            "apiVersion: operator.openshift.io/v1\nkind: MachineConfiguration\nmetadata: {{name: cluster}}\n{rest}\n"
        );
        let mut read = (Knobs::default(), Vec::new());
        let problems = each_object("a.yaml", &text, &mut |object| read = knobs_of(object));
        assert_eq!(problems, [], "{text}");
        read
    }

    fn read_policy(policy: &str) -> (Knobs, Vec<Problem>) {
        read(&format!("spec:\n  nodeDisruptionPolicy:\n{policy}"))
    }

    #[test]
    fn reads_what_was_given_and_what_is_in_force() {
        let (knobs, problems) = read(
            "spec:
  irreconcilableValidationOverrides: {storage: [Disks]}
  nodeDisruptionPolicy:
    files: [{path: /etc/a, actions: [{type: Restart, restart: {serviceName: a.service}}, {type: Drain}]}]
    sshkey: {actions: [{type: Reboot}]}
status:
  nodeDisruptionPolicyStatus:
    clusterPolicies:
      files: [{path: /etc/containers/registries.conf, actions: [{type: Special}]}]
      units: [{name: a.service, actions: [{type: DaemonReload}]}]",
        );
        assert_eq!((problems, knobs.allowed), (vec![], vec!["Disks".to_owned()]));
        assert_eq!(knobs.given.files[0].actions, [Action::Restart("a.service".into()), Action::Drain]);
        assert_eq!(knobs.given.ssh_key, [Action::Reboot]);
        let in_force = knobs.in_force.unwrap_or_default();
        assert_eq!(in_force.files[0].actions, [Action::Special]);
        assert_eq!(in_force.units[0].name, "a.service");
        let (_, problems) = read(
            "spec: {}\nstatus: {nodeDisruptionPolicyStatus: {clusterPolicies: {sshkey: {actions: [{type: New}]}}}}",
        );
        assert!(problems.len() == 1 && problems[0].what.contains("`New`"), "{problems:?}");
    }

    #[test]
    fn says_what_is_wrong_at_its_place() {
        for (policy, words, next) in [
            ("    file: []", "`file` is not a key", "`files`"),
            ("    files: {}", "not a list", "list"),
            ("    files:\n    - {paht: /a, path: /a, actions: []}", "`paht`", "`path`"),
            ("    files:\n    - {actions: [{type: None}]}", "`path` is missing", "path"),
            ("    files:\n    - {path: etc/a, actions: [{type: None}]}", "`etc/a`", "absolute"),
            ("    files:\n    - {path: /a}", "`actions` is missing", "actions"),
            ("    files:\n    - {path: /a, actions: [{type: Restrat}]}", "`Restrat`", "`Restart`"),
            ("    files:\n    - {path: /a, actions: [{type: Restart}]}", "of what", "serviceName"),
            ("    files:\n    - {path: /a, actions: [{type: Special}]}", "`Special`", "operator's own"),
            (
                "    files:\n    - {path: /a, actions: [{type: None}, {type: Drain}]}",
                "`None` stands",
                "alone",
            ),
            ("    files:\n    - {path: /a, actions: [{type: Drain}, {type: Reboot}]}", "`Reboot`", "alone"),
            (
                "    files:\n    - {path: /a, actions: [{type: Reload, reload: {serviceName: crio}}]}",
                "`crio` is not the name",
                "crio.service",
            ),
            (
                "    units:\n    - {name: a@b.service, actions: [{type: DaemonReload}]}",
                "`a@b.service`",
                "letters",
            ),
            (
                "    files:\n    - {path: /a, actions: [{type: None}]}\n    - {path: /a, actions: [{type: None}]}",
                "twice",
                "one",
            ),
            ("    sshkey: {}", "`actions` is missing", "actions"),
            (
                "    sshkey: {actions: [{type: Drain, restart: {serviceName: a.service}}]}",
                "`restart` says nothing in an action `Drain`",
                "`type: Restart`",
            ),
        ] {
            let (_, problems) = read_policy(policy);
            let is_met =
                problems.len() == 1 && problems[0].what.contains(words) && problems[0].next.contains(next);
            assert!(is_met, "{policy}: {problems:?}");
            assert!(problems[0].origin.as_ref().is_some_and(|origin| origin.line >= 6), "{problems:?}");
        }
        let many: String =
            (0..51).map(|n| format!("    - {{path: /a{n}, actions: [{{type: None}}]}}\n")).collect();
        assert!(read_policy(&format!("    files:\n{many}")).1[0].what.contains("51 members"));
        let many = "{type: Drain}, ".repeat(11);
        assert!(read_policy(&format!("    sshkey: {{actions: [{many}]}}")).1[0].what.contains("11 members"));
    }
}
