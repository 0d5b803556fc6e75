//! Rules as a table: what is refused, why, and an example; each finding carries the name of one.

use std::collections::BTreeMap;

use super::Diagnostics;
use super::Origin;

/// One rule, as people read it.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as findings carry it.
    pub name: &'static str,
    /// What it refuses or warns of: a fragment without a period.
    pub refuses: &'static str,
    /// What would happen otherwise.
    pub why: &'static str,
    /// Words that break it.
    pub example: &'static str,
}

/// A rule with the function that finds what breaks it in a `T`.
#[derive(Debug)]
pub struct Check<T: ?Sized + 'static> {
    /// The rule.
    pub rule: Rule,
    /// Adds what breaks it.
    pub by: fn(&T, &mut Found<'_>),
}

/// Runs every check of a table.
pub fn run<T: ?Sized + 'static>(
    checks: impl IntoIterator<Item = &'static Check<T>>,
    subject: &T,
    findings: &mut Diagnostics,
) {
    for check in checks {
        (check.by)(subject, &mut findings.under(&check.rule));
    }
}

/// The values that were there before: where each is written again, and the line that it was on first.
pub fn repeated<'a>(
    values: impl IntoIterator<Item = (String, &'a Origin)>,
) -> Vec<(String, &'a Origin, usize)> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut again = Vec::new();
    for (value, origin) in values {
        match first.get(&value) {
            Some(line) => again.push((value, origin, *line)),
            None => drop(first.insert(value, origin.line)),
        }
    }
    again
}

/// Where a check puts what it finds; the rule's name goes with it.
#[derive(Debug)]
pub struct Found<'a> {
    pub(super) rule: &'static Rule,
    pub(super) findings: &'a mut Diagnostics,
}

impl Found<'_> {
    /// Adds an error.
    pub fn error(&mut self, origin: &Origin, message: impl Into<String>, help: impl Into<String>) {
        self.findings.error(self.rule.name, origin, message, help);
    }

    /// Adds a warning.
    pub fn warning(&mut self, origin: &Origin, message: impl Into<String>, help: impl Into<String>) {
        self.findings.warning(self.rule.name, origin, message, help);
    }

    /// Adds a note.
    pub fn note(&mut self, origin: &Origin, message: impl Into<String>, help: impl Into<String>) {
        self.findings.note(self.rule.name, origin, message, help);
    }

    /// Adds what a value said against a text.
    pub fn wrong_value(&mut self, origin: &Origin, error: impl Into<(String, String)>) {
        self.findings.wrong_value(self.rule.name, origin, error);
    }
}
