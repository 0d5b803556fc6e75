//! A look at a cluster as it is put together: what is expected, and what the answers say of it.

use serde_json::Value;

use super::Ask;
use super::Evidence;
use super::odd::Odd;
use crate::verify::Expectation;
use crate::verify::Look;
use crate::verify::Subject;

/// The most things that are explained of one kind; the rest is counted.
const MAX_EXPLAINED: usize = 20;

pub(super) struct Looking<'a> {
    pub(super) look: Look,
    pub(super) evidence: &'a Evidence,
}

impl<'a> Looking<'a> {
    /// Expects a value, which a person knows as `says`; it is asked for by whoever named the cluster.
    pub(super) fn expect(&mut self, subject: &Subject, value: &str, says: &str) {
        self.look.expect(Expectation::has(subject, value, says, &self.evidence.origin));
    }

    /// The object that answers; if there is none, the subject is unknown.
    pub(super) fn seen(&mut self, ask: Ask, subject: &Subject) -> Option<&'a Value> {
        match self.evidence.answer(ask) {
            Ok(object) => Some(object),
            Err(why) => {
                self.look.cannot(subject, why);
                None
            }
        }
    }

    /// `word`, or those that are otherwise, each with what it says.
    pub(super) fn all_but(&mut self, subject: &Subject, word: &str, odd: &[Odd]) {
        if odd.is_empty() {
            self.look.found(subject, [word]);
            return;
        }
        self.look.found(subject, odd.iter().map(Odd::value));
        for odd in odd.iter().take(MAX_EXPLAINED) {
            self.look.explain(subject, odd.explained());
        }
        if odd.len() > MAX_EXPLAINED {
            self.look.explain(subject, format!("and {} more", odd.len() - MAX_EXPLAINED));
        }
    }

    /// One value, and the next step where it is not the one expected.
    pub(super) fn one(&mut self, subject: &Subject, value: impl Into<String>, next: impl Into<String>) {
        self.look.found(subject, [value.into()]);
        self.look.explain(subject, next);
    }
}
