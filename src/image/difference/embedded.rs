//! What is embedded, compared file by file: names and parts, and never what they hold.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::image::Archive;
use crate::image::edit::CONFIG;

/// How an embedded file differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum EmbeddedChange {
    /// Only the new image has it.
    Added,
    /// Only the old image has it.
    Gone,
    /// It has other contents.
    Differs {
        /// The things that differ in an Ignition document, as `storage.files`; empty for other files.
        parts: BTreeSet<String>,
    },
}

pub(super) fn compare(old: &Archive, new: &Archive) -> BTreeMap<String, EmbeddedChange> {
    let paths: BTreeSet<&str> = old.files().chain(new.files()).map(|(path, _)| path).collect();
    let change = |path: &str| match (old.get(path), new.get(path)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) if path == CONFIG => Some(EmbeddedChange::Differs { parts: parts(old, new) }),
        (Some(_), Some(_)) => Some(EmbeddedChange::Differs { parts: BTreeSet::new() }),
        (None, _) => Some(EmbeddedChange::Added),
        (_, None) => Some(EmbeddedChange::Gone),
    };
    paths.into_iter().filter_map(|path| Some((path.to_owned(), change(path)?))).collect()
}

/// The things that differ in two documents, down to the second level.
fn parts(old: &[u8], new: &[u8]) -> BTreeSet<String> {
    let read = |bytes| serde_json::from_slice::<Map<String, Value>>(bytes).ok();
    let (Some(old), Some(new)) = (read(old), read(new)) else { return BTreeSet::new() };
    let mut parts = BTreeSet::new();
    for key in differing(&old, &new) {
        match (old.get(key), new.get(key)) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                parts.extend(differing(old, new).map(|inner| format!("{key}.{inner}")));
            }
            _ => {
                parts.insert(key.clone());
            }
        }
    }
    parts
}

fn differing<'a>(
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(move |key| old.get(*key) != new.get(*key))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn says_what_differs_in_documents_and_not_how() {
        for (old, new, expected) in [
            (r#"{"a":1}"#, r#"{"a":1}"#, &[][..]),
            (r#"{"a":1,"b":{"c":1,"d":2}}"#, r#"{"b":{"c":1,"d":3},"e":[]}"#, &["a", "b.d", "e"]),
            (r#"{"b":{"c":1}}"#, r#"{"b":2}"#, &["b"]),
            (r#"{"storage":{"files":["secret"]}}"#, r#"{"storage":{"files":[]}}"#, &["storage.files"]),
            ("no document", "{}", &[]),
        ] {
            let found = parts(old.as_bytes(), new.as_bytes());
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{old} {new}");
        }
    }
}
