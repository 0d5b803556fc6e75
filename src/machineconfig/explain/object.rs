//! What is read of every object: texts, numbers, conditions, times.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::value::parse_timestamp;

/// The text at a JSON pointer; empty if there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer; 0 if there is none.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The members of a list at a JSON pointer.
pub(super) fn members<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of a mapping at a JSON pointer, as labels are.
pub(super) fn texts(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let entries = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A condition of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) since_seconds: Option<u64>,
}

impl Condition {
    /// Those at `status.conditions`.
    pub(super) fn all(object: &Value) -> Vec<Self> {
        let read = |condition: &Value| Self {
            kind: text(condition, "/type").to_owned(),
            status: text(condition, "/status").to_owned(),
            reason: text(condition, "/reason").to_owned(),
            message: text(condition, "/message").to_owned(),
            since_seconds: parse_timestamp(text(condition, "/lastTransitionTime")),
        };
        members(object, "/status/conditions").map(read).collect()
    }

    pub(super) fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// Its message, or its reason if it has none.
    pub(super) fn words(&self) -> &str {
        if self.message.is_empty() { &self.reason } else { &self.message }
    }
}

/// The condition of a kind.
pub(super) fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

/// A span in the largest unit that fits: `3 days`, `5 hours`, `2 minutes`.
pub(super) fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7_200.. => (seconds / 3600, "hour"),
        _ => (seconds / 60, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// ` for 3 hours`, or nothing if the beginning is not known.
pub(super) fn for_how_long(since: Option<u64>, now: u64) -> String {
    since.map(|since| format!(" for {}", span(now.saturating_sub(since)))).unwrap_or_default()
}
