//! Any folder as what somebody kept of a machine: its facts are found without a panic, and can be shown.
//!
//! The input is a folder as text: `=== /a/path` begins a file, `=== /a/path -> target` is a link.
#![no_main]

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use cotter::document::Origin;
use cotter::saved;
use cotter::tree::Entry;
use cotter::tree::EntryKind;
use cotter::tree::Found;
use cotter::tree::Links;
use cotter::tree::Tree;
use cotter::value::Digest;
use cotter::value::is_printable;
use cotter::verify::BootRecord;
use cotter::verify::Expectation;
use cotter::verify::Life;
use cotter::verify::MANIFEST_SCHEMA;
use cotter::verify::Manifest;
use cotter::verify::SpecDigest;
use cotter::verify::Wanted;

const SUBJECTS: [&str; 14] = [
    "hostname",
    "kernel-arguments",
    "ignition-pending",
    "default-gateway",
    "name-servers",
    "user/core/key",
    "user/core/password",
    "group/wheel/exists",
    "file/etc/app.conf/sha256",
    "file/etc/app.conf/owner",
    "unit/on.service/enabled",
    "unit/each@a.service/enabled",
    "port/52:54:00:00:00:01/address",
    "interface/bond0/mtu",
];

struct Folder<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Folder<'a> {
    fn read(text: &'a str) -> Self {
        let parts = text.split("=== ").filter_map(|part| part.split_once('\n').or(Some((part, ""))));
        Self(parts.map(|(path, text)| path.split_once(" -> ").unwrap_or((path, text))).collect())
    }

    fn children(&self, path: &str) -> BTreeSet<String> {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let below = self.0.keys().filter_map(|other| other.strip_prefix(folder.as_str()));
        below.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect()
    }
}

impl Tree for Folder<'_> {
    fn look(&self, path: &str, links: Links) -> Found<Entry> {
        let kind = match self.0.get(path) {
            Some(target) if target.starts_with('/') && links == Links::Kept => {
                EntryKind::Link((*target).to_owned())
            }
            Some(text) if text.contains('\u{1}') => return Err((*text).to_owned()),
            Some(_) => EntryKind::File,
            None if self.children(path).is_empty() => return Ok(None),
            None => EntryKind::Directory,
        };
        Ok(Some(Entry { kind, mode: 0o644, user: 1000, group: 10, modified_seconds: 0 }))
    }

    fn read(&self, path: &str) -> Found<Vec<u8>> {
        Ok(self.0.get(path).map(|text| text.as_bytes().to_vec()))
    }

    fn names(&self, path: &str) -> Found<Vec<String>> {
        let names = self.children(path);
        Ok((!names.is_empty()).then(|| names.into_iter().collect()))
    }

    fn real(&self, path: &str) -> Found<String> {
        Ok(self.0.get(path).map(|target| (*target).to_owned()))
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let folder = Folder::read(text);
    let expectation = |subject: &str| Expectation {
        subject: subject.to_owned(),
        wanted: Wanted::Has,
        value: "x".to_owned(),
        says: subject.to_owned(),
        lives: Life::WITH_OPERATOR.to_vec(),
        origin: Origin::of_file("a.yaml"),
    };
    let manifest = Manifest {
        schema: MANIFEST_SCHEMA.to_owned(),
        machine: "a".to_owned(),
        target: "fcos".to_owned(),
        spec: SpecDigest { file: "a.yaml".to_owned(), sha256: Digest::of(b"") },
        patience_seconds: 1,
        expectations: SUBJECTS.iter().map(|subject| expectation(subject)).collect(),
        cluster: Vec::new(),
    };
    let _ = (saved::kind(&folder), saved::deployment(&folder), saved::elsewhere(&folder));
    let records = [
        saved::root_record(&folder, &manifest).0,
        saved::sosreport_record(&folder, &manifest),
        saved::cluster_record(&folder, "a"),
    ];
    for record in &records {
        check(record);
    }
    // Everything that was asked for is found or unknown.
    for subject in SUBJECTS {
        for record in &records[..2] {
            assert!(record.look(subject).err().is_none_or(|why| !why.contains("says nothing")), "{subject}");
        }
    }
});

fn check(record: &BootRecord) {
    let facts = record.facts.iter().flat_map(|(subject, values)| values.iter().chain([subject]));
    let mut words = facts.chain(record.unknown.values()).chain([&record.machine, &record.boot_id]);
    assert!(words.all(|word| word.chars().all(is_printable)));
}
