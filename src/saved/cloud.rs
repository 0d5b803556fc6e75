//! What a kept folder says of a cloud's payload: its stamp, and cloud-init's own file about its last boot.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::facts::Facts;
use crate::tree::Found;
use crate::tree::Tree;
use crate::tree::text;
use crate::verify::CloudInitProperty;
use crate::verify::Manifest;
use crate::verify::Subject;

/// Where a payload leaves its stamp.
const STAMP: &str = "/var/lib/cotter/payload.json";
/// Where cloud-init keeps what it says of itself; the first is a link to the second.
const STATUS: [&str; 2] = ["/run/cloud-init/status.json", "/var/lib/cloud/data/status.json"];
/// The beginnings of what cloud-init says when it passes over what it was given.
const REFUSALS: [&str; 5] = [
    "Unhandled non-multipart",
    "Unhandled unknown content-type",
    "Failed loading yaml",
    "Failed at merging in cloud config",
    "Unexpected failure parsing userdata",
];

/// How much of the machine the folder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// All: what is not in it is not there.
    Yes,
    /// What somebody collected.
    No,
}

/// The stamp, as its writer has it.
#[derive(Deserialize)]
struct Stamp {
    digest: String,
    #[serde(default)]
    by: String,
}

/// cloud-init's `status.json`.
#[derive(Deserialize)]
struct Status {
    v1: BTreeMap<String, serde_json::Value>,
}

/// Of one of its stages.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stage {
    errors: Vec<String>,
    recoverable_errors: BTreeMap<String, Vec<String>>,
    finished: Option<f64>,
}

/// Finds what `manifest` asks of a payload and of cloud-init.
pub(super) fn cloud(tree: &dyn Tree, manifest: &Manifest, whole: Whole, facts: &mut Facts) {
    let is_asked = |beginning: &str| {
        manifest.expectations.iter().any(|expectation| expectation.subject.starts_with(beginning))
    };
    if is_asked("payload/") {
        stamp(tree, whole, facts);
    }
    if is_asked("cloud-init/") {
        cloud_init(tree, facts);
    }
}

fn stamp(tree: &dyn Tree, whole: Whole, facts: &mut Facts) {
    let subject = Subject::PayloadDigest;
    let found: Found<Stamp> = text(tree, STAMP).and_then(|text| {
        let read = |text: String| serde_json::from_str(&text).map_err(|_| format!("{STAMP} is no stamp"));
        text.map(read).transpose()
    });
    match (found, whole) {
        (Ok(Some(stamp)), _) => {
            facts.found(&subject, [stamp.digest]);
            facts.told("payload/by", [stamp.by]);
        }
        (Ok(None), Whole::Yes) => facts.found(&subject, []),
        (Ok(None), Whole::No) => facts.unknown(&subject, format!("{STAMP} is not in it")),
        (Err(why), _) => facts.unknown(&subject, why),
    }
}

fn cloud_init(tree: &dyn Tree, facts: &mut Facts) {
    let status = Subject::CloudInit(CloudInitProperty::Status);
    let user_data = Subject::CloudInit(CloudInitProperty::UserData);
    let stages = STATUS.iter().find_map(|path| text(tree, path).transpose()).map(|text| {
        let unread = |_| "its status.json cannot be read".to_owned();
        text.and_then(|text| serde_json::from_str::<Status>(&text).map_err(unread))
    });
    let status_file = match stages {
        Some(Ok(status)) => status.v1,
        Some(Err(why)) => {
            facts.unknown(&status, why.clone());
            facts.unknown(&user_data, why);
            return;
        }
        None => {
            let why = "cloud-init left nothing about its last boot";
            facts.unknown(&status, why);
            facts.unknown(&user_data, why);
            return;
        }
    };
    // Beside the stages there are words about all of them.
    let stages: Vec<Stage> = status_file
        .values()
        .filter(|value| value.is_object())
        .filter_map(|value| serde_json::from_value(value.clone()).ok())
        .collect();
    let errors: Vec<String> = stages.iter().flat_map(|stage| stage.errors.clone()).collect();
    let warnings: Vec<&String> =
        stages.iter().flat_map(|stage| stage.recoverable_errors.values().flatten()).collect();
    let is_over = status_file.get("stage").is_none_or(serde_json::Value::is_null)
        && stages.iter().any(|stage| stage.finished.is_some());
    let word = match (errors.is_empty(), is_over) {
        (false, _) => "error",
        (true, true) => "done",
        (true, false) => "running",
    };
    let is_refusal = |said: &&&String| REFUSALS.iter().any(|beginning| said.contains(beginning));
    let refused: Vec<String> = warnings.iter().filter(is_refusal).map(|said| (*said).clone()).collect();
    facts.found(&status, [word.to_owned()]);
    facts.found(&user_data, (!refused.is_empty()).then(|| "refused".to_owned()));
    facts.told("cloud-init/errors", errors);
    facts.told("cloud-init/refused", refused);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Whole;
    use super::cloud;
    use crate::document::Origin;
    use crate::saved::facts::Facts;
    use crate::saved::facts::Of;
    use crate::tree::MemoryTree;
    use crate::value::Digest;
    use crate::verify::BootRecord;
    use crate::verify::Expectation;
    use crate::verify::Life;
    use crate::verify::MANIFEST_SCHEMA;
    use crate::verify::Manifest;
    use crate::verify::SpecDigest;
    use crate::verify::Subject;

    fn record(files: &[(&str, &str)], whole: Whole) -> BootRecord {
        let mut tree = MemoryTree::default();
        for (path, text) in files {
            tree.file(path, *text);
        }
        let origin = Origin::of_file("a.yaml");
        let status = Subject::CloudInit(super::CloudInitProperty::Status);
        let manifest = Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            machine: "a".to_owned(),
            target: "cloud".to_owned(),
            spec: SpecDigest { file: "a.yaml".to_owned(), sha256: Digest::of(b"") },
            patience_seconds: 1,
            expectations: vec![
                Expectation::has(&Subject::PayloadDigest, "d", "payload", &origin),
                Expectation::lacks(&status, "error", "status", &origin),
            ],
            cluster: Vec::new(),
        };
        let mut facts = Facts::default();
        cloud(&tree, &manifest, whole, &mut facts);
        let of = Of { machine: "a".into(), boot_id: "1".into(), life: Life::LaterBoots };
        facts.record(&manifest, of, "nobody looked")
    }

    /// As cloud-init 25.1 leaves it, shortened.
    fn status(errors: &str, recoverable: &str, stage: &str) -> String {
        format!(
            r#"{{"v1":{{"datasource":"DataSourceNoCloud","init":{{"errors":[],"finished":86022.59,"recoverable_errors":{{}},"start":1.5}},
            "modules-final":{{"errors":[{errors}],"finished":null,"recoverable_errors":{{{recoverable}}},"start":null}},"stage":{stage}}}}}"#
        )
    }

    #[test]
    fn the_stamp_is_found_or_missed() {
        let stamp = (super::STAMP, r#"{"schema":"cotter.dev/payload/1","digest":"d","by":"hand"}"#);
        for (files, whole, found) in [
            (&[stamp][..], Whole::No, Some(&["d"][..])),
            (&[], Whole::Yes, Some(&[])),
            (&[], Whole::No, None),
            (&[(super::STAMP, "{}")], Whole::Yes, None),
        ] {
            let record = record(files, whole);
            let seen = record.look("payload/digest").ok().map(|values| values.to_vec());
            assert_eq!(
                seen,
                found.map(|values| values.iter().map(|v| (*v).to_owned()).collect()),
                "{files:?}"
            );
        }
    }

    #[test]
    fn cloud_init_is_taken_at_its_word() {
        let refused =
            r#""WARNING":["Unhandled non-multipart (text/x-not-multipart) userdata: 'b'users: [a]'...'"]"#;
        for (status, word, is_refused) in [
            (status("", "", "null"), "done", false),
            (status("", refused, "null"), "done", true),
            (status(r#""('runcmd', TypeError)""#, "", "null"), "error", false),
            (status("", "", r#""modules-final""#), "running", false),
        ] {
            for path in super::STATUS {
                let record = record(&[(path, &status)], Whole::Yes);
                assert_eq!(record.look("cloud-init/status").unwrap(), [word], "{status}");
                assert_eq!(!record.look("cloud-init/user-data").unwrap().is_empty(), is_refused, "{status}");
            }
        }
        for broken in ["", "{}", r#"{"v1":[]}"#, r#"{"v1":1}"#] {
            assert!(record(&[(super::STATUS[1], broken)], Whole::Yes).look("cloud-init/status").is_err());
        }
        assert!(record(&[], Whole::Yes).look("cloud-init/status").is_err());
    }
}
