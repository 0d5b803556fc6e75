//! What is asked of a folder, and a record made of what it says.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::tree::Found;
use crate::verify::BOOT_SCHEMA;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Subject;

/// What a manifest asks of, by its kind.
pub(super) struct Asked<'a> {
    pub(super) users: BTreeSet<&'a str>,
    pub(super) groups: BTreeSet<&'a str>,
    pub(super) files: BTreeSet<&'a str>,
    pub(super) units: BTreeSet<&'a str>,
}

impl<'a> Asked<'a> {
    pub(super) fn by(manifest: &'a Manifest) -> Self {
        let mut asked = Self {
            users: BTreeSet::new(),
            groups: BTreeSet::new(),
            files: BTreeSet::new(),
            units: BTreeSet::new(),
        };
        for expectation in &manifest.expectations {
            let Some((kind, rest)) = expectation.subject.split_once('/') else { continue };
            let Some((name, _)) = rest.rsplit_once('/') else { continue };
            match kind {
                "user" => asked.users.insert(name),
                "group" => asked.groups.insert(name),
                // With the slash at its beginning.
                "file" => {
                    let end = "file/".len() + name.len();
                    expectation.subject.get("file".len()..end).is_some_and(|path| asked.files.insert(path))
                }
                "unit" => asked.units.insert(name),
                _ => false,
            };
        }
        asked
    }
}

/// Facts as they come together.
#[derive(Default)]
pub(super) struct Facts {
    facts: BTreeMap<String, Vec<String>>,
    unknown: BTreeMap<String, String>,
}

impl Facts {
    /// These values were found; none if it was looked for and nothing is there.
    pub(super) fn found(&mut self, subject: &Subject, values: impl IntoIterator<Item = String>) {
        self.facts.insert(subject.to_string(), values.into_iter().collect());
    }

    /// What explains a verdict, and is no subject of one.
    pub(super) fn told(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        self.facts.insert(key.to_owned(), values.into_iter().collect());
    }

    /// Nobody can tell.
    pub(super) fn unknown(&mut self, subject: &Subject, why: impl Into<String>) {
        self.unknown.insert(subject.to_string(), why.into());
    }

    /// What was found, or why nobody can tell: `absent` says what it means if it is not there.
    pub(super) fn looked<T>(
        &mut self,
        subject: &Subject,
        found: Found<T>,
        absent: &str,
        values: impl FnOnce(T) -> Vec<String>,
    ) {
        match found {
            Ok(Some(found)) => self.found(subject, values(found)),
            Ok(None) => self.unknown(subject, absent),
            Err(why) => self.unknown(subject, why),
        }
    }

    /// The record; what was asked for and not looked at is unknown, for the reason `rest`.
    pub(super) fn record(mut self, manifest: &Manifest, of: Of, rest: &str) -> BootRecord {
        for expectation in &manifest.expectations {
            let subject = &expectation.subject;
            if !self.facts.contains_key(subject) && !self.unknown.contains_key(subject) {
                self.unknown.insert(subject.clone(), rest.to_owned());
            }
        }
        let record = BootRecord {
            schema: BOOT_SCHEMA.to_owned(),
            machine: of.machine,
            boot_id: of.boot_id,
            life: of.life,
            uptime_seconds: 0,
            time_seconds: 0,
            facts: self.facts,
            unknown: self.unknown,
        };
        record.printable()
    }
}

/// What a record is of.
pub(super) struct Of {
    pub(super) machine: String,
    pub(super) boot_id: String,
    pub(super) life: Life,
}
