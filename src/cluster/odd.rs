//! What is not as it should be, in an object's own words.

use serde_json::Value;

use super::answer::shown;
use super::marker::condition;
use super::marker::name;

/// Something that is not as it should be: its name, a word for the reason, and what it says itself.
pub(super) struct Odd {
    pub(super) name: String,
    pub(super) reason: String,
    pub(super) says: String,
}

impl Odd {
    pub(super) fn new(name: impl Into<String>, reason: impl Into<String>, says: impl Into<String>) -> Self {
        Self { name: name.into(), reason: reason.into(), says: says.into() }
    }

    /// How it stands among the values found.
    pub(super) fn value(&self) -> String {
        format!("{}: {}", self.name, self.reason)
    }

    /// How it explains itself.
    pub(super) fn explained(&self) -> String {
        format!("{}: {}", self.name, self.says)
    }
}

/// What an object says of a condition that is not as it should be.
pub(super) fn odd(object: &Value, kind: &str) -> Odd {
    let found = condition(object, kind);
    let word = |key: &str| {
        let word = found.and_then(|found| found.get(key)).and_then(Value::as_str).map(shown);
        word.filter(|word| !word.is_empty())
    };
    let name = name(object);
    let status = word("status");
    let reason = word("reason").or_else(|| status.clone().map(|status| format!("{kind}={status}")));
    let reason = reason.unwrap_or_else(|| format!("{kind} is not said"));
    let status = status.map_or_else(String::new, |status| format!("={status}"));
    let says = word("message").unwrap_or_else(|| "it says no more".to_owned());
    Odd { name, says: format!("{kind}{status} ({reason}): {says}"), reason }
}

/// A list that must not be empty, and is.
pub(super) fn nothing(what: &str, says: impl Into<String>) -> Odd {
    Odd::new(format!("no {what}"), "the list is empty", says)
}
