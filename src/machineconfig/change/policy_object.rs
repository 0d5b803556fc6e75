//! Reads the object that holds a cluster's policies: `MachineConfiguration`, called `cluster`.
//!
//! Its rules are those of openshift/api, `operator/v1/types_machineconfiguration.go`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Action;
use super::Entry;
use super::Policies;
use crate::document::Origin;
use crate::document::View;
use crate::document::nearest;
use crate::machineconfig::Object;
use crate::machineconfig::Problem;

/// The kind of the object, and the group of its API.
pub(super) const KIND: &str = "MachineConfiguration";
const GROUP: &str = "operator.openshift.io";
/// Its only name.
const NAME: &str = "cluster";
/// The most entries of files, and of units.
pub(super) const MOST_ENTRIES: usize = 50;
/// The most actions of an entry.
const MOST_ACTIONS: usize = 10;
/// The longest name of a unit.
const MOST_OF_NAME: usize = 255;

const TYPES: [&str; 6] = ["Reboot", "Drain", "Reload", "Restart", "DaemonReload", "None"];
const STORAGE: [&str; 3] = ["Disks", "FileSystems", "Raid"];
const UNIT_SUFFIXES: [&str; 12] = [
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
    let mut reader = Reader { problems: Vec::new(), allows_special: false };
    let root = At {
        value: object.value,
        view: object.view.cloned(),
        origin: object.origin.clone(),
        path: String::new(),
    };
    let name = object.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    if name != NAME {
        let place = root.get("metadata").unwrap_or_else(|| root.clone());
        reader.say(
            &place,
            format!("a MachineConfiguration is called `{name}`"),
            format!("call it `{NAME}`; the operator reads no other"),
        );
    }
    let mut knobs = Knobs::default();
    if let Some(spec) = root.get("spec") {
        if let Some(policy) = spec.get("nodeDisruptionPolicy") {
            knobs.given = reader.policies(&policy);
        }
        if let Some(storage) =
            spec.get("irreconcilableValidationOverrides").and_then(|one| one.get("storage"))
        {
            knobs.allowed = reader.storage(&storage);
        }
    }
    let status = root.get("status").and_then(|status| status.get("nodeDisruptionPolicyStatus"));
    if let Some(policies) = status.and_then(|status| status.get("clusterPolicies")) {
        reader.allows_special = true;
        knobs.in_force = Some(reader.policies(&policies));
    }
    (knobs, reader.problems)
}

/// True for a name that a policy can hold.
pub(super) fn is_unit_name(name: &str) -> bool {
    let Some((stem, suffix)) = name.rsplit_once('.') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || ":._-\\".contains(c);
    name.len() <= MOST_OF_NAME
        && !stem.is_empty()
        && stem.chars().all(plain)
        && UNIT_SUFFIXES.contains(&suffix)
}

/// A value with its place.
#[derive(Clone)]
struct At<'a> {
    value: &'a Value,
    view: Option<View<'a>>,
    origin: Origin,
    path: String,
}

impl<'a> At<'a> {
    fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(self.below(value, self.view.as_ref().and_then(|view| view.get(key)), path))
    }

    fn members(&self) -> Option<Vec<Self>> {
        let list = self.value.as_array()?;
        let views = self.view.as_ref().map(View::items).unwrap_or_default();
        let member =
            |(index, value)| self.below(value, views.get(index).cloned(), format!("{}[{index}]", self.path));
        Some(list.iter().enumerate().map(member).collect())
    }

    fn below(&self, value: &'a Value, view: Option<View<'a>>, path: String) -> Self {
        let origin = view.as_ref().map_or_else(|| self.origin.clone(), |view| view.origin().clone());
        Self { value, view, origin, path }
    }
}

struct Reader {
    problems: Vec<Problem>,
    /// What the operator says of itself may hold its own action.
    allows_special: bool,
}

impl Reader {
    fn say(&mut self, at: &At<'_>, what: impl Into<String>, next: impl Into<String>) {
        self.problems.push(Problem { origin: Some(at.origin.clone()), ..Problem::new(what, next) });
    }

    fn keys(&mut self, at: &At<'_>, known: &[&str]) {
        let Some(map) = at.value.as_object() else {
            self.say(
                at,
                format!("`{}` is no mapping", at.path),
                format!("write {} below it", known.join(", ")),
            );
            return;
        };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            let next = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use {}", known.join(", ")),
            };
            let place = at.get(key).unwrap_or_else(|| at.clone());
            self.say(&place, format!("`{key}` is no key of `{}`", at.path), next);
        }
    }

    fn members<'a>(&mut self, at: &At<'a>) -> Vec<At<'a>> {
        at.members().unwrap_or_else(|| {
            self.say(at, format!("`{}` is no list", at.path), "write a list");
            Vec::new()
        })
    }

    fn text(&mut self, at: &At<'_>, key: &str) -> String {
        let text = at.value.get(key).and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() {
            self.say(at, format!("`{}` has no `{key}`", at.path), format!("write `{key}`"));
        }
        text.to_owned()
    }

    fn policies(&mut self, at: &At<'_>) -> Policies {
        self.keys(at, &["files", "units", "sshkey"]);
        let mut policies = Policies {
            files: at.get("files").map(|files| self.entries(&files, "path")).unwrap_or_default(),
            units: at.get("units").map(|units| self.entries(&units, "name")).unwrap_or_default(),
            ssh_key: Vec::new(),
        };
        if let Some(ssh_key) = at.get("sshkey") {
            self.keys(&ssh_key, &["actions"]);
            policies.ssh_key = self.actions(&ssh_key);
        }
        policies
    }

    fn entries(&mut self, at: &At<'_>, key: &str) -> Vec<Entry> {
        let members = self.members(at);
        // The operator's own entries come on top in what it says itself.
        if members.len() > MOST_ENTRIES && !self.allows_special {
            let what =
                format!("`{}` has {} entries; at most {MOST_ENTRIES} are taken", at.path, members.len());
            self.say(at, what, "name a folder instead of its files");
        }
        let mut names = BTreeSet::new();
        let mut entries = Vec::new();
        for member in members {
            self.keys(&member, &[key, "actions"]);
            let name = self.text(&member, key);
            if key == "path" && !name.is_empty() && !name.starts_with('/') {
                self.say(&member, format!("the path `{name}` is relative"), format!("write `/{name}`"));
            }
            if key == "name" && !name.is_empty() {
                self.unit_name(&member, &name);
            }
            if !name.is_empty() && !names.insert(name.clone()) {
                self.say(&member, format!("`{name}` is there twice in `{}`", at.path), "keep one of them");
            }
            let actions = self.actions(&member);
            entries.push(Entry { name, actions });
        }
        entries
    }

    fn unit_name(&mut self, at: &At<'_>, name: &str) {
        if !is_unit_name(name) {
            let what = format!("`{name}` is no name of a unit that a policy takes");
            let next = "write letters, digits and `:._-`, and a suffix as in `chronyd.service`; at most 255 characters";
            self.say(at, what, next);
        }
    }

    fn actions(&mut self, at: &At<'_>) -> Vec<Action> {
        let Some(list) = at.get("actions") else {
            self.say(
                at,
                format!("`{}` has no `actions`", at.path),
                "write `actions: [{type: None}]`, or what is to be done",
            );
            return Vec::new();
        };
        let members = self.members(&list);
        if members.len() > MOST_ACTIONS {
            let what =
                format!("`{}` has {} actions; at most {MOST_ACTIONS} are taken", list.path, members.len());
            self.say(&list, what, "leave some out");
        }
        let actions: Vec<Action> = members.iter().filter_map(|member| self.action(member)).collect();
        for alone in [Action::Reboot, Action::None] {
            if actions.len() > 1 && actions.contains(&alone) {
                let what = format!("`{}` has `{}` among others", list.path, alone.kind());
                self.say(&list, what, format!("`{}` stands alone; leave it or the others out", alone.kind()));
            }
        }
        actions
    }

    fn action(&mut self, at: &At<'_>) -> Option<Action> {
        self.keys(at, &["type", "reload", "restart"]);
        let kind = self.text(at, "type");
        let unit = |reader: &mut Self, key: &str| {
            let Some(service) = at.get(key) else {
                let next = format!("write `{key}: {{serviceName: chronyd.service}}` with your unit");
                reader.say(at, format!("`{}` does not say what to {key}", at.path), next);
                return String::new();
            };
            reader.keys(&service, &["serviceName"]);
            let name = reader.text(&service, "serviceName");
            if !name.is_empty() {
                reader.unit_name(&service, &name);
            }
            name
        };
        for (key, of) in [("reload", "Reload"), ("restart", "Restart")] {
            if kind != of && !kind.is_empty() && at.get(key).is_some() {
                let what = format!("`{}` has `{key}`, and its type is `{kind}`", at.path);
                self.say(at, what, format!("leave `{key}` out, or write `type: {of}`"));
            }
        }
        match kind.as_str() {
            "" => None,
            "Reload" => Some(Action::Reload(unit(self, "reload"))),
            "Restart" => Some(Action::Restart(unit(self, "restart"))),
            "Special" if !self.allows_special => {
                self.say(
                    at,
                    "`Special` is the operator's own action",
                    "use Reload with `crio.service`, or leave the entry to the operator",
                );
                None
            }
            word => match word.parse() {
                Ok(action) => Some(action),
                Err(_) => {
                    let next = match nearest(word, TYPES) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("use {}", TYPES.join(", ")),
                    };
                    self.say(at, format!("`{word}` is no type of action"), next);
                    None
                }
            },
        }
    }

    fn storage(&mut self, at: &At<'_>) -> Vec<String> {
        let mut allowed = Vec::new();
        for member in self.members(at) {
            match member.value.as_str() {
                Some(word) if STORAGE.contains(&word) => allowed.push(word.to_owned()),
                other => {
                    let word = other.unwrap_or_default();
                    let next = match nearest(word, STORAGE) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("use {}", STORAGE.join(", ")),
                    };
                    self.say(&member, format!("`{}` is `{word}`", member.path), next);
                }
            }
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::Knobs;
    use super::is_unit_name;
    use super::knobs_of;
    use crate::machineconfig::Problem;
    use crate::machineconfig::each_object;

    fn read(policy: &str) -> (Knobs, Vec<Problem>) {
        let text = format!(
            "apiVersion: operator.openshift.io/v1\nkind: MachineConfiguration\nmetadata: {{name: cluster}}\nspec:\n  nodeDisruptionPolicy:\n{policy}\n"
        );
        let mut read = (Knobs::default(), Vec::new());
        let problems = each_object("a.yaml", &text, &mut |object| read = knobs_of(object));
        assert_eq!(problems, [], "{text}");
        read
    }

    #[test]
    fn says_what_is_wrong_at_its_place() {
        for (policy, words, next) in [
            ("    file: []", "`file` is no key", "`files`"),
            ("    files: {}", "no list", "list"),
            ("    files:\n    - {paht: /a, path: /a, actions: []}", "`paht`", "`path`"),
            ("    files:\n    - {actions: [{type: None}]}", "no `path`", "path"),
            ("    files:\n    - {path: etc/a, actions: [{type: None}]}", "relative", "`/etc/a`"),
            ("    files:\n    - {path: /a}", "no `actions`", "actions"),
            ("    files:\n    - {path: /a, actions: [{type: Restrat}]}", "`Restrat`", "`Restart`"),
            ("    files:\n    - {path: /a, actions: [{type: Restart}]}", "what to restart", "serviceName"),
            ("    files:\n    - {path: /a, actions: [{type: Special}]}", "operator's own", "crio"),
            (
                "    files:\n    - {path: /a, actions: [{type: None}, {type: Drain}]}",
                "`None` among others",
                "alone",
            ),
            (
                "    files:\n    - {path: /a, actions: [{type: Drain}, {type: Reboot}]}",
                "`Reboot` among",
                "alone",
            ),
            (
                "    files:\n    - {path: /a, actions: [{type: Reload, reload: {serviceName: crio}}]}",
                "`crio` is no name",
                "chronyd.service",
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
            ("    sshkey: {}", "no `actions`", "actions"),
            (
                "    sshkey: {actions: [{type: Drain, restart: {serviceName: a.service}}]}",
                "has `restart`, and its type is `Drain`",
                "`type: Restart`",
            ),
        ] {
            let (_, problems) = read(policy);
            let is_met =
                problems.len() == 1 && problems[0].what.contains(words) && problems[0].next.contains(next);
            assert!(is_met, "{policy}: {problems:?}");
            assert!(problems[0].origin.as_ref().is_some_and(|origin| origin.line >= 6), "{problems:?}");
        }
        let many: String =
            (0..51).map(|n| format!("    - {{path: /a{n}, actions: [{{type: None}}]}}\n")).collect();
        assert!(read(&format!("    files:\n{many}")).1[0].what.contains("51 entries"));
        let many = "{type: Drain}, ".repeat(11);
        assert!(read(&format!("    sshkey: {{actions: [{many}]}}")).1[0].what.contains("11 actions"));
    }

    #[test]
    fn names_of_units() {
        for (name, expected) in [
            ("chronyd.service", true),
            ("a:b_c-d.e.timer", true),
            ("chronyd", false),
            (".service", false),
            ("a@.service", false),
            ("a.conf", false),
        ] {
            assert_eq!(is_unit_name(name), expected, "{name}");
        }
        assert!(!is_unit_name(&format!("{}.service", "a".repeat(255))));
    }
}
