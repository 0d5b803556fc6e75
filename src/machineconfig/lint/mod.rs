//! What is wrong with the objects of OpenShift's machine configuration, before a cluster sees them.
//!
//! Each object is held against the shape of its kind (`shape/`, with what each version brought in `kinds.toml`) and
//! against the rules for it (`rules/`); then all of them together. A rule is a row: name, what it refuses, why, an
//! example, and a function.
//!
//! To add a rule:
//! 1. add its row to the table of its file in `rules/`;
//! 2. add a case that breaks it and one that keeps it to `tests/lint.toml`;
//! 3. `COTTER_BLESS=1 cargo test --test suite machineconfig_lint` writes it into `docs/machineconfig-rules.md`.

mod format;
mod kinds;
mod place;
mod quantity;
mod rules;
mod selector;
mod shape;
mod thing;
mod version;
mod whole;

use self::place::Place;
use self::thing::Thing;
use self::whole::Whole;
use super::Object;
use super::Problem;
use super::Rules;
use super::each_object;
use super::read::config_of;
use crate::document::Diagnostic;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Rule;

/// More findings help nobody.
const MAX_FINDINGS: usize = 500;

/// Of a larger object only its size is said: no cluster takes a tenth of it, and nothing else about it matters.
const HUGE_BYTES: usize = 16 << 20;

/// What was found.
#[derive(Debug)]
pub struct Linted {
    /// All findings, by their places.
    pub findings: Vec<Diagnostic>,
    /// How many objects of machine configuration there were.
    pub objects: usize,
    /// The version whose rules were taken.
    pub openshift: &'static str,
    /// What said the version, if it was not given: an object of the dump.
    pub said_by: Option<String>,
}

/// Lints the objects in texts, each with the name of its source.
///
/// `openshift` is the version whose rules hold; without it, the one that an object of the cluster names, or else the
/// usual one.
///
/// # Errors
///
/// Says so if the rules of the version are not known.
pub fn lint(texts: &[(String, String)], openshift: Option<&str>) -> Result<Linted, Box<Problem>> {
    let said = match openshift {
        Some(_) => None,
        None => version::said_by_objects(texts),
    };
    let wanted = openshift.or(said.as_ref().map(|said| said.version.as_str()));
    let rules = Rules::of(wanted.unwrap_or(Rules::default_version()))?;
    let mut findings = Diagnostics::new();
    let mut whole = Whole::new(rules);
    for (name, text) in texts {
        let problems = each_object(name, text, &mut |object| one(object, rules, &mut whole, &mut findings));
        for problem in problems.into_iter().take(MAX_FINDINGS) {
            let origin = problem.origin.unwrap_or_else(|| Origin::of_file(name));
            findings.under(&rules::shapes::UNREADABLE).error(&origin, problem.what, problem.next);
        }
    }
    rules::together(&whole, &mut findings);
    Ok(Linted {
        findings: bounded(findings),
        objects: whole.count,
        openshift: &rules.version,
        said_by: said.map(|said| said.by),
    })
}

/// All rules of the linter.
pub fn lint_rules() -> Vec<&'static Rule> {
    rules::all()
}

/// One object for itself; what matters of it for the others goes into `whole`.
fn one(object: &Object<'_>, rules: &'static Rules, whole: &mut Whole, findings: &mut Diagnostics) {
    if !rules::kinds::is_ours(object) {
        return;
    }
    whole.count += 1;
    let name = object.value.pointer("/metadata/name").and_then(|name| name.as_str()).unwrap_or_default();
    let mut thing = Thing { kind: object.kind, name, at: Place::of(object), rules, config: None };
    // More would not be shown.
    let has_room = findings.count() < MAX_FINDINGS;
    if has_room && !rules::kinds::check(object, &thing, findings) {
        return;
    }
    let is_huge = rules::least_size(object.value) > HUGE_BYTES;
    if thing.kind == "MachineConfig" && !is_huge {
        thing.config = config_of(object).0;
    }
    // What the operator wrote is as it is; it matters for what others write.
    if has_room && !thing.is_operators() {
        match is_huge {
            true => rules::huge(&thing, findings),
            false => {
                shape::check(&thing, findings);
                rules::each(&thing, findings);
            }
        }
    }
    whole.add(thing);
}

fn bounded(findings: Diagnostics) -> Vec<Diagnostic> {
    let mut findings = findings.sorted();
    if findings.len() > MAX_FINDINGS {
        let more = findings.len() - MAX_FINDINGS;
        findings.truncate(MAX_FINDINGS);
        if let Some(last) = findings.last() {
            let mut many = Diagnostics::new();
            let message = format!("at least {more} more findings are not shown");
            many.under(&rules::shapes::TOO_MANY).error(&last.origin.clone(), message, "mend the first ones");
            findings.extend(many.sorted());
        }
    }
    findings
}
