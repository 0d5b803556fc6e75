//! An Ignition document on its own, as Ignition reads it: what it refuses, and what it passes over.

use serde_json::Map;
use serde_json::Value;

use super::Problem;
use super::schema::conform;
use super::schema::find_duplicates;
use super::validate::validate;

/// The most that Ignition takes as a mode.
const MAX_MODE: i64 = 0o7777;
/// More unknown keys of one document help nobody.
const MAX_UNKNOWN: usize = 50;

/// The sections of a document.
const SECTIONS: [&str; 5] = ["ignition", "kernelArguments", "passwd", "storage", "systemd"];

/// Something about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Ignition refuses it.
    Refused(Problem),
    /// Ignition does not know this key, by its path, and passes over it.
    Unknown(String),
}

/// Says what Ignition makes of a document of spec 3.`minor`.
pub fn document_problems(document: &Value, minor: u8) -> Vec<Finding> {
    let mut problems = Vec::new();
    let read = conform(document, minor, &mut problems);
    find_duplicates(&read, &mut problems);
    // Places that were not read would be found wanting once more.
    if problems.is_empty() {
        validate(&read, MAX_MODE, &mut problems);
    }
    let mut unknown = Vec::new();
    if problems.is_empty() {
        passed_over(document, &read, "", &mut unknown);
    }
    unknown.truncate(MAX_UNKNOWN);
    problems.into_iter().map(Finding::Refused).chain(unknown.into_iter().map(Finding::Unknown)).collect()
}

/// The paths of keys that were written with a value and not read.
fn passed_over(written: &Value, read: &Value, at: &str, unknown: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (key, value) in written {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                // The case of letters does not matter to Go.
                let known = read.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
                match known {
                    Some((_, read)) => passed_over(value, read, &path, unknown),
                    // A section of which nothing was read is not there.
                    None if at.is_empty() && SECTIONS.contains(&key.as_str()) => {
                        passed_over(value, &Value::Object(Map::new()), &path, unknown);
                    }
                    None if says_something(value) => unknown.push(path),
                    None => {}
                }
            }
        }
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => {
            for (index, (written, read)) in written.iter().zip(read).enumerate() {
                passed_over(written, read, &format!("{at}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

/// False for what the operator's way of writing leaves out.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(map) => map.values().any(says_something),
        Value::Array(list) => !list.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(_) | Value::Bool(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Finding;
    use super::document_problems;

    #[test]
    fn says_what_ignition_refuses_and_what_it_passes_over() {
        let document =
            |storage: serde_json::Value| json!({"ignition": {"version": "3.3.0"}, "storage": storage});
        for (storage, expected) in [
            (json!({"files": [{"path": "/a", "mode": 0o1755, "contents": {"source": "data:,"}}]}), vec![]),
            (json!({"files": [{"path": "/a", "modes": 420}]}), vec!["? storage.files[0].modes"]),
            (json!({"file": [{"path": "/a"}]}), vec!["? storage.file"]),
            (json!({"files": [{"path": "a"}]}), vec!["storage.files[0].path"]),
            (json!({"files": [{"path": "/a"}, {"path": "/a"}]}), vec!["/a"]),
            (json!({"files": [{"path": "/a", "mode": 0o17777}]}), vec!["mode"]),
        ] {
            let found: Vec<String> = document_problems(&document(storage.clone()), 3)
                .into_iter()
                .map(|finding| match finding {
                    Finding::Refused(problem) => problem.what,
                    Finding::Unknown(path) => format!("? {path}"),
                })
                .collect();
            assert_eq!(found.len(), expected.len(), "{storage}: {found:?}");
            let is_met = found.iter().zip(&expected).all(|(found, words)| found.contains(words));
            assert!(is_met, "{storage}: {found:?}");
        }
    }
}
