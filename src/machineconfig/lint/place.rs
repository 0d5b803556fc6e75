//! A part of an object with its place in a file, whether the file is YAML or JSON.

use serde_json::Value;

use crate::document::Origin;
use crate::document::View;
use crate::machineconfig::Object;

/// A value as Kubernetes reads it, and where it is written.
///
/// A cluster's JSON is read without places; then the path of keys says where it is.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub value: &'a Value,
    view: Option<View<'a>>,
    origin: Origin,
}

impl<'a> Place<'a> {
    /// A whole object.
    pub fn of(object: &Object<'a>) -> Self {
        let mut origin = object.origin.clone();
        if object.view.is_none() {
            let name = object.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            origin.key = format!("{}/{name}", object.kind);
        }
        Self { value: object.value, view: object.view.cloned(), origin }
    }

    /// Where it is written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What stands under `key`, if it is there and says something.
    pub fn get(&self, key: &str) -> Option<Place<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let view = self.view.as_ref().and_then(|view| view.get(key));
        Some(self.below(value, view, || format!(".{key}")))
    }

    /// What stands at the end of a path of keys.
    pub fn at(&self, keys: &[&str]) -> Option<Place<'a>> {
        keys.iter().try_fold(self.clone(), |place, key| place.get(key))
    }

    /// The members of a list.
    pub fn items(&self) -> Vec<Place<'a>> {
        let Some(items) = self.value.as_array() else { return Vec::new() };
        let mut views = self.view.as_ref().map(View::items).unwrap_or_default().into_iter();
        let member = |(index, value)| self.below(value, views.next(), || format!("[{index}]"));
        items.iter().enumerate().map(member).collect()
    }

    /// The members of the list at the end of a path of keys.
    pub fn list(&self, keys: &[&str]) -> Vec<Place<'a>> {
        self.at(keys).map(|place| place.items()).unwrap_or_default()
    }

    /// The entries of a mapping: the key, the key's own place, and what stands under it.
    pub fn entries(&self) -> Vec<(&'a str, Origin, Place<'a>)> {
        let Some(map) = self.value.as_object() else { return Vec::new() };
        match &self.view {
            Some(view) => view
                .entries()
                .filter_map(|(key, origin, view)| {
                    let value = map.get(key)?;
                    Some((key, origin, self.below(value, Some(view), String::new)))
                })
                .collect(),
            None => map
                .iter()
                .map(|(key, value)| {
                    let place = self.below(value, None, || format!(".{key}"));
                    (key.as_str(), place.origin.clone(), place)
                })
                .collect(),
        }
    }

    /// The text here.
    pub fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The text under `key`; nothing if there is none.
    pub fn text_at(&self, key: &str) -> &'a str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// True if `true` stands under `key`.
    pub fn is_true_at(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    /// The place of what stands under `key`, or of this if it is not there.
    pub fn origin_at(&self, key: &str) -> Origin {
        self.get(key).map_or_else(|| self.origin.clone(), |place| place.origin)
    }

    /// The line of the file that line `line` of the text here is on, as a place of its own.
    pub fn origin_of_line(&self, line: usize) -> Origin {
        match self.view.as_ref().and_then(View::first_line) {
            Some(first) if line > 0 => {
                Origin { line: first + line - 1, column: 1, length: usize::MAX, ..self.origin.clone() }
            }
            _ => self.origin.clone(),
        }
    }

    fn below(&self, value: &'a Value, view: Option<View<'a>>, key: impl FnOnce() -> String) -> Place<'a> {
        let origin = match &view {
            Some(view) => view.origin().clone(),
            None => Origin { key: self.origin.key.clone() + &key(), ..self.origin.clone() },
        };
        Place { value, view, origin }
    }
}
