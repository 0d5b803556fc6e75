//! A value as lines of path and text, for all that needs no words of its own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Detail;
use super::contents::without_credentials;
use crate::value::Digest;

/// Keys that hold secrets.
const SECRET_KEYS: [&str; 3] = ["passwordHash", "keyFile", "httpHeaders"];
/// Text longer than this is told by its size.
const MOST_OF_LINE: usize = 400;
/// More lines of one part help nobody.
const MOST_LINES: usize = 10_000;

/// What differs, line by line; `prefix` goes before each path.
pub(super) fn compare(prefix: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Detail> {
    let (old, new) = (flat(prefix, old), flat(prefix, new));
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut details = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        if before.map(|line| &line.value) == after.map(|line| &line.value) {
            continue;
        }
        let said = |line: Option<&Line>| line.map(|line| line.said(key));
        details.push(match [before, after].into_iter().flatten().any(|line| line.is_secret) {
            true => Detail::line(key, before.map(|_| SECRET.to_owned()), after.map(|_| SECRET.to_owned())),
            false => Detail::line(key, said(before), said(after)),
        });
    }
    details
}

fn flat<'a>(prefix: &str, value: Option<&'a Value>) -> BTreeMap<String, Line<'a>> {
    let mut lines = BTreeMap::new();
    if let Some(value) = value {
        flatten(prefix, value, false, &mut lines);
    }
    lines
}

/// What stands for a secret.
const SECRET: &str = "<secret>";

struct Line<'a> {
    value: &'a Value,
    is_secret: bool,
}

impl Line<'_> {
    fn said(&self, key: &str) -> String {
        let Value::String(text) = self.value else {
            return match self.value.as_u64() {
                // Modes are read in octal digits.
                Some(mode) if key.ends_with("mode") => format!("{mode:04o}"),
                _ => self.value.to_string(),
            };
        };
        if text.starts_with("data:") || text.len() > MOST_OF_LINE {
            let digest = Digest::of(text.as_bytes()).to_string();
            return format!("{} bytes, sha256 {digest}", text.len());
        }
        without_credentials(text)
    }
}

fn flatten<'a>(path: &str, value: &'a Value, is_secret: bool, lines: &mut BTreeMap<String, Line<'a>>) {
    if lines.len() >= MOST_LINES {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&below(key), value, is_secret || SECRET_KEYS.contains(&key.as_str()), lines);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), value, is_secret, lines);
            }
        }
        scalar => {
            lines.insert(path.to_owned(), Line { value: scalar, is_secret });
        }
    }
}
