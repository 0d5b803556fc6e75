//! What a rendered MachineConfig may not hold if the operator is to keep it on a running node.
//!
//! Follows the operator's `pkg/controller/common/reconcile.go` and, for what a node cannot read, its
//! `pkg/daemon/on_disk_validation.go`.

use serde_json::Value;

use super::Part;
use super::Problem;
use super::Rendered;
use super::validate::OPERATORS_FILE_MODE;
use super::validate::validate;
use crate::ignition;

/// Makes a node forget what it has; the operator takes it from nobody.
const FORCE_FILE: &str = "/run/machine-config-daemon-force";

/// The only user that the operator changes.
const CORE: &str = "core";

/// What the operator changes of core.
const CHANGED_OF_CORE: [&str; 3] = ["name", "passwordHash", "sshAuthorizedKeys"];

/// Sections that Ignition alone makes, on the first boot, and whether a cluster can allow that they change.
const OF_FIRST_BOOT: [(&str, &str, bool); 7] = [
    ("kernelArguments", "shouldExist", false),
    ("kernelArguments", "shouldNotExist", false),
    ("storage", "disks", true),
    ("storage", "filesystems", true),
    ("storage", "raid", true),
    ("storage", "directories", false),
    ("passwd", "groups", false),
];

/// Says why the operator would refuse to go from `old` to `new`; without `old`, what it could keep of `new`
/// on no node.
pub fn operator_problems(old: Option<&Rendered>, new: &Rendered) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Documents that are right each for itself can come to a whole that is not.
    validate(&new.config, OPERATORS_FILE_MODE, &mut problems);
    problems.extend(new.members("storage", "files").iter().flat_map(|file| of_file(new, file)));
    of_users(old, new, &mut problems);
    if let Some(old) = old {
        of_sections(old, new, &mut problems);
        if old.fips != new.fips {
            let what = format!("`fips` changes from `{}` to `{}`", old.fips, new.fips);
            problems.push(of_part(
                Problem::new(what, "leave it; only a new installation can change it"),
                new,
                &Part::Fips,
            ));
        }
    }
    problems
}

/// The problem, said of the MachineConfig whose word counts for a part.
fn of_part(problem: Problem, rendered: &Rendered, part: &Part) -> Problem {
    match rendered.sources.last(part) {
        Some(name) => problem.of(name, None),
        None => problem,
    }
}

fn of_file(rendered: &Rendered, file: &Value) -> Vec<Problem> {
    let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
    let mut problems = Vec::new();
    if file.get("append").is_some() {
        problems.push(Problem::new(
            format!("`{path}` has `append`, which the operator does not do"),
            "write the whole file, or a file of its own in a folder that is read too",
        ));
    }
    if path == FORCE_FILE {
        problems.push(Problem::new(
            format!("`{path}` is the operator's own, and refused"),
            "create it on the node by hand if a node must forget its state",
        ));
    }
    problems.extend(file.get("contents").and_then(|contents| of_contents(path, contents)));
    let part = Part::Path(path.to_owned());
    problems.into_iter().map(|problem| of_part(problem, rendered, &part)).collect()
}

/// What Ignition fetches and the node cannot read again.
pub(super) fn of_contents(path: &str, contents: &Value) -> Option<Problem> {
    let text = |key: &str| contents.get(key).and_then(Value::as_str);
    let source = text("source").filter(|source| !source.is_empty())?;
    if !source.starts_with("data:") {
        return Some(Problem::new(
            format!("the contents of `{path}` are fetched from elsewhere, which the operator cannot do"),
            "bring them in the document, as in `data:,hello`",
        ));
    }
    let cannot_unpack =
        text("compression") == Some("gzip") && ignition::decode(source, Some("gzip")).is_none();
    cannot_unpack.then(|| {
        Problem::new(
            format!("the contents of `{path}` say `compression: gzip` and cannot be unpacked, or come to more than 64 MiB"),
            "say `compression: \"\"` with plain contents; an earlier MachineConfig's `gzip` is inherited before OpenShift 4.20",
        )
    })
}

fn of_sections(old: &Rendered, new: &Rendered, problems: &mut Vec<Problem>) {
    for (section, list, can_be_allowed) in OF_FIRST_BOOT {
        if old.members(section, list) != new.members(section, list) {
            problems.push(changed(section, list, can_be_allowed));
        }
    }
    // Links may be left behind, so that what older versions wrote can be taken away.
    let links = new.members("storage", "links");
    if !links.is_empty() && old.members("storage", "links") != links {
        problems.push(changed("storage", "links", false));
    }
}

fn changed(section: &str, list: &str, can_be_allowed: bool) -> Problem {
    let next = match can_be_allowed {
        true => {
            "leave it as it is, install the node anew, or see `irreconcilableValidationOverrides` of OpenShift 4.20"
        }
        false => "leave it as it is, or install the node anew",
    };
    Problem::new(format!("`{section}.{list}` changes, which Ignition alone does, on the first boot"), next)
}

/// Without `old` too: the operator would refuse the next change of users, as when a key is rotated.
fn of_users(old: Option<&Rendered>, new: &Rendered, problems: &mut Vec<Problem>) {
    let users = new.members("passwd", "users");
    if old.is_some_and(|old| old.members("passwd", "users") == users) {
        return;
    }
    for user in users {
        let name = user.get("name").and_then(Value::as_str).unwrap_or_default();
        let part = Part::User(name.to_owned());
        problems.extend(of_user(name, user).map(|problem| of_part(problem, new, &part)));
    }
}

/// Why the operator takes no change of users while there is this one.
pub(super) fn of_user(name: &str, user: &Value) -> Option<Problem> {
    if name != CORE {
        return Some(Problem::new(
            format!(
                "the operator takes no change of users while there is `{name}`, and gives its keys to `{CORE}`"
            ),
            format!("leave it out; `{CORE}` is the only user of MachineConfigs"),
        ));
    }
    let keys = user.get("sshAuthorizedKeys").and_then(Value::as_array).map_or(0, Vec::len);
    if keys == 0 && user.get("passwordHash").is_none() {
        return Some(Problem::new(
            format!(
                "the operator takes no change of users while `{CORE}` has neither an SSH key nor a password"
            ),
            "give one, or leave the user out",
        ));
    }
    let others = user.as_object()?.keys().filter(|key| !CHANGED_OF_CORE.contains(&key.as_str()));
    let others: Vec<String> = others.map(|key| format!("`{key}`")).collect();
    (!others.is_empty()).then(|| {
        Problem::new(
            format!("the operator takes no change of users while `{CORE}` has {}", others.join(", ")),
            "give its keys and its password alone",
        )
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::operator_problems;
    use crate::machineconfig::MachineConfig;
    use crate::machineconfig::Rendered;
    use crate::machineconfig::Rules;
    use crate::machineconfig::render;

    /// What comes of MachineConfigs with these sections, called `0`, `1` and so on.
    fn rendered(documents: &[Value]) -> Rendered {
        let mut configs = Vec::new();
        for (index, sections) in documents.iter().enumerate() {
            let mut sections = sections.clone();
            sections["ignition"]["version"] = "3.4.0".into();
            let mut config = MachineConfig::new(index.to_string(), "worker");
            config.spec.config = Some(sections);
            configs.push(config);
        }
        render(&configs, "worker", Rules::of("4.19").unwrap()).unwrap()
    }

    fn files(file: Value) -> Value {
        json!({"storage": {"files": [file]}})
    }

    fn user(user: Value) -> Value {
        json!({"passwd": {"users": [user]}})
    }

    #[test]
    fn says_what_can_be_kept_on_no_node() {
        const PACKED: &str = "data:;base64,H4sIAAAAAAACA6vKLChITeECAKwAOscHAAAA";
        for (documents, words) in [
            (
                vec![files(
                    json!({"path": "/a", "contents": {"source": "data:,a"}, "append": [{"source": "data:,b"}]}),
                )],
                "`append`",
            ),
            (
                vec![files(
                    json!({"path": "/run/machine-config-daemon-force", "contents": {"source": "data:,"}}),
                )],
                "operator's own",
            ),
            (
                vec![files(json!({"path": "/a", "contents": {"source": "https://release.example/a"}}))],
                "elsewhere",
            ),
            (vec![files(json!({"path": "/a"}))], "no contents"),
            (
                vec![
                    files(json!({"path": "/a", "contents": {"source": PACKED, "compression": "gzip"}})),
                    files(json!({"path": "/a", "contents": {"source": "data:,a"}})),
                ],
                "cannot be unpacked",
            ),
            (
                vec![
                    files(json!({"path": "/a/b", "contents": {"source": "data:,a"}})),
                    json!({"storage": {"links": [{"path": "/a", "target": "/c"}]}}),
                ],
                "through the link",
            ),
        ] {
            let new = rendered(&documents);
            let problems = operator_problems(None, &new);
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{words}: {problems:?}");
            assert_eq!(operator_problems(Some(&new), &new), problems, "{words}");
        }
    }

    #[test]
    fn names_the_last_that_wrote_it() {
        let append = json!({"path": "/a", "append": [{"source": "data:,b"}]});
        let plain = json!({"path": "/a", "contents": {"source": "data:,a"}});
        let problems = operator_problems(None, &rendered(&[files(plain), files(append), json!({})]));
        assert_eq!(problems[0].config.as_deref(), Some("1"));
    }

    #[test]
    fn a_first_boot_may_bring_what_a_change_may_not() {
        let nothing = rendered(&[json!({})]);
        for (sections, words) in [
            (json!({"kernelArguments": {"shouldExist": ["a"]}}), "`kernelArguments.shouldExist` changes"),
            (
                json!({"kernelArguments": {"shouldNotExist": ["a"]}}),
                "`kernelArguments.shouldNotExist` changes",
            ),
            (json!({"storage": {"disks": [{"device": "/dev/a"}]}}), "`storage.disks` changes"),
            (json!({"storage": {"filesystems": [{"device": "/dev/a"}]}}), "`storage.filesystems` changes"),
            (
                json!({"storage": {"raid": [{"name": "a", "level": "raid1", "devices": ["/dev/a"]}]}}),
                "`storage.raid` changes",
            ),
            (json!({"storage": {"directories": [{"path": "/a"}]}}), "`storage.directories` changes"),
            (json!({"storage": {"links": [{"path": "/a", "target": "b"}]}}), "`storage.links` changes"),
            (json!({"passwd": {"groups": [{"name": "a"}]}}), "`passwd.groups` changes"),
        ] {
            let new = rendered(&[sections]);
            assert_eq!(operator_problems(None, &new), [], "{words}");
            assert_eq!(operator_problems(Some(&new), &new), [], "{words}");
            let problems = operator_problems(Some(&nothing), &new);
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{words}: {problems:?}");
        }
        let mut fips = nothing.clone();
        fips.fips = true;
        assert!(operator_problems(Some(&nothing), &fips)[0].what.contains("`fips`"));
    }

    #[test]
    fn users_are_core_alone_with_keys_and_a_password() {
        let nothing = rendered(&[json!({})]);
        for (sections, words) in [
            (user(json!({"name": "a", "sshAuthorizedKeys": ["k"]})), "there is `a`"),
            (user(json!({"name": "core"})), "neither an SSH key nor a password"),
            (
                user(json!({"name": "core", "passwordHash": "x", "uid": 5, "shell": "x"})),
                "has `uid`, `shell`",
            ),
        ] {
            let new = rendered(&[json!({}), sections]);
            let problems = operator_problems(None, &new);
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{words}: {problems:?}");
            assert_eq!(problems[0].config.as_deref(), Some("1"), "{words}");
            assert_eq!(operator_problems(Some(&nothing), &new), problems, "{words}");
            assert_eq!(operator_problems(Some(&new), &new), [], "{words}");
        }
    }

    #[test]
    fn a_change_may_bring_files_units_keys_and_take_links_and_users_away() {
        let old = rendered(&[json!({
            "storage": {"links": [{"path": "/a", "target": "b"}]},
            "passwd": {"users": [{"name": "someone"}]},
        })]);
        for sections in [
            json!({}),
            files(json!({"path": "/etc/b", "contents": {"source": "data:,a"}})),
            json!({"systemd": {"units": [{"name": "a.service", "mask": true}]}}),
            json!({"storage": {"luks": [{"name": "a", "device": "/dev/a"}]}}),
            user(json!({"name": "core", "sshAuthorizedKeys": ["k"], "passwordHash": "x"})),
        ] {
            let new = rendered(std::slice::from_ref(&sections));
            assert_eq!(operator_problems(Some(&old), &new), [], "{sections}");
        }
    }
}
