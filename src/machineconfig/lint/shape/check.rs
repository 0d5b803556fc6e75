//! An object held against its shape.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Items;
use super::Key;
use super::METADATA;
use super::Shape;
use super::key;
use super::of;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::nearest;
use crate::machineconfig::lint::kinds;
use crate::machineconfig::lint::kinds::Served;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::rules::shapes as rule;
use crate::machineconfig::lint::thing::Thing;

/// Adds everything that is wrong with an object as its kind's shape has it.
pub(in super::super) fn check(thing: &Thing<'_>, findings: &mut Diagnostics) {
    let Some(spec) = of(thing.kind) else { return };
    let mut reader = Reader { thing, findings };
    let known = [key("apiVersion", Shape::Any), key("kind", Shape::Any), key("status", Shape::Any)];
    for (name, origin, place) in thing.at.entries() {
        match name {
            "metadata" => reader.value(&place, &Shape::Map(&METADATA), "metadata"),
            "spec" => reader.value(&place, spec.shape, "spec"),
            _ if known.iter().any(|key| key.name == name) => {}
            _ => reader.unknown(name, &origin, "", &["apiVersion", "kind", "metadata", "spec", "status"]),
        }
    }
    if spec.is_needed && thing.at.get("spec").is_none() {
        let message = format!("`spec` is missing in the {}", thing.kind);
        let next = "write `spec`; without it the object says nothing";
        reader.findings.under(&rule::MISSING_KEY).error(thing.at.origin(), message, next);
    }
}

struct Reader<'a, 'b> {
    thing: &'a Thing<'b>,
    findings: &'a mut Diagnostics,
}

impl Reader<'_, '_> {
    fn value(&mut self, place: &Place<'_>, shape: &Shape, path: &str) {
        if place.value.is_null() {
            return;
        }
        match (shape, place.value) {
            (Shape::Any, _) => {}
            (Shape::Of(shape), _) => self.value(place, shape, path),
            (Shape::Map(keys), Value::Object(_)) => self.map(place, keys, path),
            (Shape::List(items), Value::Array(_)) => self.list(place, items, path),
            (Shape::Texts(format), Value::Object(_)) => {
                for (name, _, member) in place.entries() {
                    self.value(&member, &Shape::Text(format), &format!("{path}.{name}"));
                }
            }
            (Shape::Text(format), Value::String(text)) => {
                if !(format.fits)(text) {
                    let message = format!("`{}` {}", shown(text), format.refusal);
                    self.findings.under(&rule::TEXT_FORMAT).error(place.origin(), message, format.help);
                }
            }
            (Shape::WholeOr(format), Value::String(_)) => self.value(place, &Shape::Text(format), path),
            (Shape::WholeOr(_), Value::Number(number)) if !number.is_f64() => {}
            (Shape::Word(words), Value::String(text)) => self.word(place, words, text, path),
            (Shape::Truth, Value::Bool(_)) => {}
            (Shape::Whole(from, to), Value::Number(number)) if !number.is_f64() => {
                if number.as_i64().is_none_or(|number| !(*from..=*to).contains(&number)) {
                    self.range(place, &number.to_string(), &bounds(*from, *to));
                }
            }
            (Shape::Number(from, to), Value::Number(number)) => {
                if number.as_f64().is_none_or(|number| !(*from..=*to).contains(&number)) {
                    self.range(place, &number.to_string(), &format!("from {from} to {to}"));
                }
            }
            (_, found) => {
                let wanted = wanted(shape);
                let message = format!("`{path}` is {}, not {wanted}", kind_of(found));
                let next = match (shape, found) {
                    (Shape::Text(_) | Shape::Word(_), Value::Number(_) | Value::Bool(_)) => {
                        "put it in quotes".to_owned()
                    }
                    (Shape::Truth | Shape::Whole(..) | Shape::Number(..), Value::String(_)) => {
                        "write it without quotes".to_owned()
                    }
                    _ => format!("write {wanted} here"),
                };
                self.findings.under(&rule::KIND_OF_VALUE).error(place.origin(), message, next);
            }
        }
    }

    fn range(&mut self, place: &Place<'_>, found: &str, bounds: &str) {
        let message = format!("`{found}` is out of range");
        self.findings.under(&rule::RANGE).error(place.origin(), message, format!("write a number {bounds}"));
    }

    fn map(&mut self, place: &Place<'_>, keys: &[Key], path: &str) {
        for (name, origin, member) in place.entries() {
            let below = format!("{path}.{name}");
            match keys.iter().find(|key| key.name == name) {
                Some(key) => {
                    self.served(&origin, &below, None);
                    self.value(&member, &key.shape, &below);
                }
                None => {
                    let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
                    self.unknown(name, &origin, path, &known);
                }
            }
        }
        for key in keys.iter().filter(|key| key.is_needed && place.get(key.name).is_none()) {
            let message = format!("`{}` is missing in `{path}`", key.name);
            let next = format!("write `{}`: {}", key.name, wanted(&key.shape));
            self.findings.under(&rule::MISSING_KEY).error(place.origin(), message, next);
        }
    }

    /// Says if the version of OpenShift has not, or does not serve to everybody, a field or a word.
    fn served(&mut self, origin: &Origin, path: &str, word: Option<&str>) {
        let openshift = self.thing.openshift();
        let what = word.map_or_else(|| format!("`{path}`"), |word| format!("`{word}` in `{path}`"));
        let mut found = self.findings.under(&rule::NOT_SERVED);
        match kinds::field_served(openshift, self.thing.kind, path, word) {
            Served::Yes => {}
            Served::Since(since) => found.error(
                origin,
                format!("{what} came with OpenShift {since}, and this is {openshift}"),
                "leave it out, or say a later version with `--openshift`",
            ),
            Served::Preview => found.warning(
                origin,
                format!("{what} is a preview in OpenShift {openshift}"),
                "it is there only with the feature set TechPreviewNoUpgrade, which cannot be taken back",
            ),
            Served::Until(until) => found.error(
                origin,
                format!("{what} was last in OpenShift {until}, and this is {openshift}"),
                "leave it out",
            ),
        }
    }

    fn unknown(&mut self, name: &str, origin: &Origin, path: &str, known: &[&str]) {
        let below = format!("{path}.{name}");
        let next = match (kinds::renamed(self.thing.kind, &below, None), meant(name, known)) {
            (Some(now), _) => now.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) if known.len() > 20 => {
                "leave it out, or look for its name in the reference".to_owned()
            }
            (None, None) => format!("known here: {}", known.join(", ")),
        };
        let whose = if path.is_empty() { self.thing.kind } else { path };
        let message = format!("`{}` is not a key of `{whose}`", shown(name));
        self.findings.under(&rule::UNKNOWN_KEY).error(origin, message, next);
    }

    fn word(&mut self, place: &Place<'_>, words: &[&str], text: &str, path: &str) {
        if words.contains(&text) {
            self.served(place.origin(), path, Some(text));
            return;
        }
        let said = words.iter().copied().filter(|word| !word.is_empty());
        let lower = text.to_ascii_lowercase();
        let same = said.clone().find(|word| word.to_ascii_lowercase() == lower);
        let next =
            match (kinds::renamed(self.thing.kind, path, Some(text)), same.or(nearest(text, said.clone()))) {
                (Some(now), _) => now.to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("write {}", said.collect::<Vec<_>>().join(", ")),
            };
        let message = format!("`{}` is not one of the words known here", shown(text));
        self.findings.under(&rule::KNOWN_WORD).error(place.origin(), message, next);
    }

    fn list(&mut self, place: &Place<'_>, items: &Items, path: &str) {
        let members = place.items();
        let count = members.len();
        if count < items.least || count > items.most {
            let message = format!("`{path}` has {count} members");
            let next = match (items.least, items.most) {
                (0, most) => format!("write at most {most}"),
                (least, usize::MAX) => format!("write at least {least}"),
                (least, most) => format!("write {least} to {most}"),
            };
            self.findings.under(&rule::LIST_LENGTH).error(place.origin(), message, next);
        }
        let mut seen = BTreeMap::new();
        for member in &members {
            self.value(member, &items.of, &format!("{path}[]"));
            let Some(key) = items.unlike.map(|keys| identity(member.value, keys)) else { continue };
            match seen.get(&key) {
                Some(first) => {
                    let message = format!("{} is in `{path}` twice: it is on line {first} too", shown(&key));
                    let next = "keep one of them; the API server refuses the object";
                    self.findings.under(&rule::SAME_MEMBER).error(member.origin(), message, next);
                }
                None => drop(seen.insert(key, member.origin().line)),
            }
        }
    }
}

/// The key that was meant: the nearest, or else the only one that begins alike.
fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let common = |other: &str| name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let begins_alike = || {
        let best = known.iter().copied().max_by_key(|other| common(other))?;
        let count = common(best);
        let is_only = known.iter().filter(|other| common(other) == count).count() == 1;
        (is_only && count >= 5 && count * 4 >= name.chars().count() * 3).then_some(best)
    };
    nearest(name, known.iter().copied()).or_else(begins_alike)
}

/// What a member is, as people read it.
fn identity(value: &Value, keys: &[&str]) -> String {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => format!("`{text}`"),
        Some(value) => format!("`{value}`"),
        // The one key that has a default.
        None => "`NoArch`".to_owned(),
    };
    match keys {
        [] => text(Some(value)),
        keys => keys.iter().map(|key| text(value.get(key))).collect::<Vec<_>>().join(" of "),
    }
}

fn bounds(from: i64, to: i64) -> String {
    match to {
        i64::MAX => format!("from {from} on"),
        to if to == i64::from(i32::MAX) => format!("from {from} on"),
        to => format!("from {from} to {to}"),
    }
}

fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text(_) => "text",
        Shape::Word(_) => "a word",
        Shape::Truth => "`true` or `false`",
        Shape::Whole(..) => "a whole number",
        Shape::Number(..) => "a number",
        Shape::WholeOr(_) => "a number or text",
        Shape::Texts(_) => "a mapping to texts",
        Shape::Map(_) => "a mapping",
        Shape::List(_) => "a list",
        Shape::Of(shape) => wanted(shape),
        Shape::Any => "a value",
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// As much of a word as fits into a message.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short.replace("\\'", "'").replace("\\\"", "\"")
}
