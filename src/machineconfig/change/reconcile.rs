//! Why the operator refuses to go from one state to another on a running node.
//!
//! Follows the operator's `pkg/controller/common/reconcile.go` word by word; there the first reason ends the look,
//! here all are said.

use serde_json::Value;

use super::State;
use super::path::is_below;
use super::registries;
use super::registries::REGISTRIES;
use crate::machineconfig::Part;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::operator::of_contents;
use crate::machineconfig::validate::OPERATORS_FILE_MODE;
use crate::machineconfig::validate::validate;

/// Makes a node forget what it has.
const FORCE_FILE: &str = "/run/machine-config-daemon-force";
/// The only user that the operator changes.
const CORE: &str = "core";
/// Where the operator writes; Ignition, on the first boot, writes anywhere.
const WRITABLE: [&str; 4] = ["/etc", "/var", "/opt", "/usr/local"];

/// Sections of storage that the operator does not change, its words for them, and what allows that they differ.
const STORAGE: [(&str, &str, Option<&str>); 4] = [
    ("disks", "ignition disks section contains changes", Some("Disks")),
    ("filesystems", "ignition filesystems section contains changes", Some("FileSystems")),
    ("raid", "ignition raid section contains changes", Some("Raid")),
    ("directories", "ignition directories section contains changes", None),
];

/// A reason to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The operator's words.
    pub words: String,
    /// The MachineConfig that asks for it, if one does.
    pub config: Option<String>,
    /// What to do.
    pub next: String,
}

impl Refusal {
    fn new(words: impl Into<String>, next: impl Into<String>) -> Self {
        Self { words: words.into(), config: None, next: next.into() }
    }

    fn of(self, rendered: &Rendered, part: &Part) -> Self {
        Self { config: rendered.sources.last(part).map(str::to_owned), ..self }
    }
}

/// All reasons, in the order in which the operator looks. `allowed` are the sections that a cluster allows to differ.
pub(super) fn refusals(old: &State, new: &State, allowed: &[String]) -> Vec<Refusal> {
    let mut found = invalid(new);
    of_users(&old.rendered, &new.rendered, &mut found);
    of_sections(&old.rendered, &new.rendered, allowed, &mut found);
    of_files(&new.rendered, &mut found);
    if old.rendered.fips != new.rendered.fips {
        let words = "detected change to FIPS flag; refusing to modify FIPS on a running cluster";
        let next = "leave it as it is; only a new installation can change it";
        found.push(Refusal::new(words, next).of(&new.rendered, &Part::Fips));
    }
    found
}

/// Documents that are right each for itself can come to a whole that is not.
fn invalid(new: &State) -> Vec<Refusal> {
    let mut problems = Vec::new();
    validate(&new.rendered.config, OPERATORS_FILE_MODE, &mut problems);
    let prefix = format!("validating new Ignition config from machineconfig \"{}\" failed", new.name);
    problems
        .into_iter()
        .map(|problem| Refusal {
            config: problem.config,
            ..Refusal::new(format!("{prefix}: {}", problem.what), problem.next)
        })
        .collect()
}

fn of_users(old: &Rendered, new: &Rendered, found: &mut Vec<Refusal>) {
    let prefix = "invalid passwd change(s)";
    if old.members("passwd", "groups") != new.members("passwd", "groups") {
        let words = format!("{prefix}: ignition Passwd Groups section contains changes");
        found.push(Refusal::new(words, "leave groups as they are, or install the node anew"));
    }
    let users = new.members("passwd", "users");
    if old.members("passwd", "users") == users {
        return;
    }
    let name_of = |user: &Value| user.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(other) = users.iter().map(name_of).find(|name| name != CORE) {
        let words =
            format!("{prefix}: ignition passwd user section contains unsupported changes: non-core user");
        let next = format!("leave `{other}` out; `{CORE}` is the only user that the operator changes");
        found.push(Refusal::new(words, next).of(new, &Part::User(other)));
    }
    let Some(last) = users.last() else { return };
    let part = Part::User(name_of(last));
    let keys = last.get("sshAuthorizedKeys").and_then(Value::as_array).map_or(0, Vec::len);
    let is_core = name_of(last) == CORE;
    if is_core && keys == 0 && last.get("passwordHash").is_none() {
        let words = format!(
            "{prefix}: ignition passwd user section contains unsupported changes: user must be core and have 1 or more sshKeys"
        );
        let next = format!("give `{CORE}` an SSH key or a password, or leave the user out");
        found.push(Refusal::new(words, next).of(new, &part));
    } else if is_core {
        let known = ["name", "sshAuthorizedKeys", "passwordHash"];
        let others = last.as_object().into_iter().flat_map(|user| user.keys());
        let others: Vec<String> =
            others.filter(|key| !known.contains(&key.as_str())).map(|key| format!("`{key}`")).collect();
        if !others.is_empty() {
            let words = format!("{prefix}: SSH keys and password hash are not reconcilable");
            let next = format!("leave out {} of `{CORE}`", others.join(", "));
            found.push(Refusal::new(words, next).of(new, &part));
        }
    }
}

fn of_sections(old: &Rendered, new: &Rendered, allowed: &[String], found: &mut Vec<Refusal>) {
    if old.config.get("kernelArguments") != new.config.get("kernelArguments") {
        let next = "write them in `spec.kernelArguments`, not in the Ignition document";
        found.push(Refusal::new("ignition kargs section contains changes", next));
    }
    for (list, words, allowance) in STORAGE {
        let is_allowed = allowance.is_some_and(|name| allowed.iter().any(|allowed| allowed == name));
        if !is_allowed && old.members("storage", list) != new.members("storage", list) {
            let next = match allowance {
                Some(name) => format!(
                    "leave it as it is or install the node anew; since OpenShift 4.20, `irreconcilableValidationOverrides.storage: [{name}]` of the MachineConfiguration `cluster` lets it differ for nodes to come"
                ),
                None => "leave it as it is, or install the node anew".to_owned(),
            };
            found.push(Refusal::new(words, next));
        }
    }
    // Links may be left behind, so that what older versions wrote can be taken away.
    let links = new.members("storage", "links");
    if !links.is_empty() && old.members("storage", "links") != links {
        let next = "leave them as they are, or write a file that holds what the link points to";
        found.push(Refusal::new("ignition links section contains changes", next));
    }
}

fn of_files(new: &Rendered, found: &mut Vec<Refusal>) {
    for file in new.members("storage", "files") {
        let path = path_of(file);
        let part = Part::Path(path.to_owned());
        if file.get("append").is_some() {
            let next = "write the whole file, or a file of its own in a folder that is read too";
            found.push(Refusal::new(format!("ignition file {path} includes append"), next).of(new, &part));
        }
        if path == FORCE_FILE {
            let next = "create it on the node by hand if a node must forget its state";
            found.push(Refusal::new(format!("cannot create {path} via Ignition"), next).of(new, &part));
        }
    }
}

/// What the operator does not look at before, and the node fails at or does not do.
pub(super) fn doubts(old: &State, new: &State) -> Vec<Problem> {
    let mut doubts = Vec::new();
    for file in new.rendered.members("storage", "files") {
        let path = path_of(file);
        let said = |problem: Problem| match new.rendered.sources.last(&Part::Path(path.to_owned())) {
            Some(name) => problem.of(name, None),
            None => problem,
        };
        doubts.extend(file.get("contents").and_then(|contents| of_contents(path, contents)).map(said));
        if !WRITABLE.iter().any(|folder| is_below(folder, path)) && path != FORCE_FILE {
            let what =
                format!("`{path}` lies outside of /etc and /var, where a node of CoreOS cannot be written");
            doubts.push(said(Problem::new(what, "write it below /etc, /var, /opt or /usr/local")));
        }
    }
    if old.rendered.members("storage", "luks") != new.rendered.members("storage", "luks") {
        doubts.push(Problem::new(
            "`storage.luks` changes; the operator does not compare it, and running nodes stay as they are",
            "install nodes anew that must have it",
        ));
    }
    let has_hash = |user: &Value| user.get("passwordHash").is_some();
    let users = |state: &State| state.rendered.members("passwd", "users").to_vec();
    if users(old).iter().any(has_hash) && users(new).iter().any(|user| !has_hash(user)) {
        doubts.push(Problem::new(
            format!("`{CORE}` has no password any more, and the operator locks it"),
            "keep `passwordHash` if somebody logs in with it",
        ));
    }
    if let Err(why) = registries::drain(&old.rendered, &new.rendered)
        && old.rendered.file(REGISTRIES) != new.rendered.file(REGISTRIES)
    {
        doubts.push(Problem::new(
            format!("the node stops at `{REGISTRIES}`: {why}"),
            "mend the file; the operator must read the old and the new one to know if it must drain",
        ));
    }
    doubts
}

fn path_of(file: &Value) -> &str {
    file.get("path").and_then(Value::as_str).unwrap_or_default()
}
