//! A look at something that is no boot of a machine: what surrounds it, or what holds before it is changed.

use std::collections::BTreeMap;

use super::BootRecord;
use super::BootReport;
use super::Expectation;
use super::Life;
use super::Subject;
use super::judge::judge_record;
use crate::value::printable;

/// What is expected of one thing, and what was found there; it is judged as a boot is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What it is called in the report, as in `time`.
    pub name: String,
    /// What is expected.
    pub expectations: Vec<Expectation>,
    /// Subject → values found.
    facts: BTreeMap<String, Vec<String>>,
    /// Subject → why it could not be looked at.
    unknown: BTreeMap<String, String>,
    /// What else is good to know.
    notes: Vec<String>,
}

impl Look {
    /// A look of which nothing is known yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Expects something, before anything boots.
    pub fn expect(&mut self, expectation: Expectation) {
        self.expectations.push(expectation.in_lives(&[Life::Before]));
    }

    /// Says what was found; nothing if it was looked for and is not there.
    pub fn found<V: Into<String>>(&mut self, subject: &Subject, values: impl IntoIterator<Item = V>) {
        self.facts.insert(subject.to_string(), values.into_iter().map(Into::into).collect());
    }

    /// Says why nobody could look.
    pub fn cannot(&mut self, subject: &Subject, why: impl Into<String>) {
        self.unknown.insert(subject.to_string(), why.into());
    }

    /// Says what to do where what was found differs.
    pub fn explain(&mut self, subject: &Subject, next: impl Into<String>) {
        self.facts.entry(format!("{subject}/explained")).or_default().push(next.into());
    }

    /// Says what else is good to know.
    pub fn note(&mut self, text: &str) {
        self.notes.push(printable(text));
    }

    /// True if nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.expectations.is_empty()
    }

    /// The verdicts. What was expected and not looked for is unknown.
    pub fn judge(&self, machine: &str) -> BootReport {
        let record = BootRecord {
            facts: self.facts.clone(),
            unknown: self.unknown.clone(),
            ..BootRecord::unknown(machine, "", Life::Before, "")
        };
        let report = judge_record(machine, &self.expectations, &self.name, &record.printable());
        BootReport { notes: self.notes.clone(), ..report }
    }
}

#[cfg(test)]
mod tests {
    use super::Look;
    use crate::document::Origin;
    use crate::verify::Expectation;
    use crate::verify::Outcome;
    use crate::verify::Subject;

    #[test]
    fn what_was_found_explains_itself() {
        let (subject, other, third) = (Subject::HostName, Subject::Clock, Subject::Swap);
        let mut look = Look::new("time");
        for subject in [&subject, &other, &third] {
            look.expect(Expectation::has(subject, "a", "its name", &Origin::of_file("m.yaml")));
        }
        look.found(&subject, ["b"]);
        look.explain(&subject, "call it a");
        look.cannot(&other, "no way there");
        let report = look.judge("m");
        let outcomes: Vec<&Outcome> = report.verdicts.iter().map(|verdict| &verdict.outcome).collect();
        let differs = Outcome::Differs { found: vec!["b".into()], hint: "call it a".into() };
        assert_eq!(outcomes.first(), Some(&&differs));
        assert_eq!(outcomes.get(1), Some(&&Outcome::Unknown { why: "no way there".into() }));
        assert!(matches!(outcomes.get(2), Some(Outcome::Unknown { .. })), "{outcomes:?}");
    }
}
