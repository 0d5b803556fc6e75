//! The document as a value, put together piece by piece.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::DataUrl;
use super::Document;
use super::merge;
use crate::value::FileMode;

/// The sections of a document, in the order they are written.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("ignition", &[]),
    ("kernelArguments", &[]),
    ("passwd", &["groups", "users"]),
    ("storage", &["disks", "raid", "luks", "filesystems", "directories", "files", "links"]),
    ("systemd", &["units"]),
];

/// An Ignition document of spec 3.
///
/// Lists are kept in the caller's order; serialization is deterministic.
#[derive(Clone, Debug)]
pub struct Config {
    minor: u8,
    body: Map<String, Value>,
}

impl Default for Config {
    fn default() -> Self {
        Self { minor: Self::LOWEST_MINOR, body: Map::new() }
    }
}

/// A directory to be made.
#[derive(Clone, Debug, Serialize)]
pub struct Directory {
    /// Absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: FileMode,
}

/// A file of root's that is written whole.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    /// Absolute path.
    pub path: String,
    /// Whether a file that is there may be replaced.
    pub overwrite: bool,
    /// Permission bits, as a decimal number in the document.
    pub mode: FileMode,
    contents: Resource,
}

#[derive(Clone, Debug, Serialize)]
struct Resource {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<&'static str>,
}

impl File {
    /// A file of root's that replaces what is there.
    pub fn new(path: impl Into<String>, mode: FileMode, contents: &[u8]) -> Self {
        let DataUrl { source, compression } = DataUrl::smallest(contents);
        Self { path: path.into(), overwrite: true, mode, contents: Resource { source, compression } }
    }
}

/// A systemd unit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Unit {
    /// Its name with suffix.
    pub name: String,
    /// Enable or disable it, by a preset that is applied on the first boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Mask it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<bool>,
    /// The unit file's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// Files that change parts of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropins: Vec<DropIn>,
}

/// A drop-in of a unit.
#[derive(Clone, Debug, Serialize)]
pub struct DropIn {
    /// File name, ending in `.conf`.
    pub name: String,
    /// Its text.
    pub contents: String,
}

impl Config {
    /// The minor version of spec 3 that cotter's own parts need: Ignition 2.11; Debian 12 ships 2.14.
    pub const LOWEST_MINOR: u8 = 3;

    /// A document of spec 3.`minor`.
    pub fn of_minor(minor: u8) -> Self {
        Self { minor, body: Map::new() }
    }

    /// The minor version of spec 3.
    pub fn minor(&self) -> u8 {
        self.minor
    }

    /// Merges another document's sections in; what that one says wins.
    pub fn absorb(&mut self, sections: Value) {
        let body = Value::Object(std::mem::take(&mut self.body));
        if let Value::Object(body) = merge(body, sections) {
            self.body = body;
        }
    }

    /// Adds a user, as Ignition writes one.
    pub fn user(&mut self, user: Value) {
        self.add("passwd", "users", user);
    }

    /// Adds a group, as Ignition writes one.
    pub fn group(&mut self, group: Value) {
        self.add("passwd", "groups", group);
    }

    /// Adds a file.
    pub fn file(&mut self, file: File) {
        self.add("storage", "files", json!(file));
    }

    /// Adds a directory.
    pub fn directory(&mut self, directory: Directory) {
        self.add("storage", "directories", json!(directory));
    }

    /// Adds a unit.
    pub fn unit(&mut self, unit: Unit) {
        self.add("systemd", "units", json!(unit));
    }

    /// Adds to a list of a section, as in `storage` and `links`.
    pub fn add(&mut self, section: &str, list: &str, value: Value) {
        let section = self.body.entry(section).or_insert_with(|| json!({}));
        if let Value::Object(section) = section
            && let Value::Array(list) = section.entry(list).or_insert_with(|| json!([]))
        {
            list.push(value);
        }
    }

    /// Adds a document that Ignition merges in; what that one says wins.
    pub fn child(&mut self, document: &[u8]) {
        // Documents can be compressed since 3.1.
        let url = if self.minor == 0 { DataUrl::plain(document) } else { DataUrl::smallest(document) };
        let DataUrl { source, compression } = url;
        let mut child = json!({"source": source});
        if let Some(compression) = compression {
            child["compression"] = compression.into();
        }
        self.absorb(json!({"ignition": {"config": {"merge": [child]}}}));
    }

    /// The document as a value, its sections in a fixed order.
    pub fn to_value(&self) -> Value {
        let mut document = Map::new();
        for (section, lists) in SECTIONS {
            let mut written = match self.body.get(section) {
                Some(Value::Object(written)) => written.clone(),
                _ => Map::new(),
            };
            let mut ordered = Map::new();
            if section == "ignition" {
                ordered.insert("version".into(), format!("3.{}.0", self.minor).into());
            }
            for list in lists {
                ordered.extend(written.remove(*list).map(|value| ((*list).to_owned(), value)));
            }
            ordered.extend(written);
            ordered.retain(|_, value| !is_empty(value));
            if !ordered.is_empty() {
                document.insert(section.to_owned(), Value::Object(ordered));
            }
        }
        Value::Object(document)
    }

    /// The finished document, its sections in a fixed order.
    pub fn document(&self) -> Document {
        Document::new(self.to_value())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::File;
    use super::Unit;
    use crate::value::FileMode;

    #[test]
    fn writes_ignitions_names_and_leaves_out_what_is_not_said() {
        let mut config = Config::default();
        config.file(File::new("/etc/motd", FileMode::PUBLIC, b"hi\n"));
        config.unit(Unit { name: "a.service".into(), enabled: Some(true), ..Unit::default() });
        config.child(b"{}");
        let json = config.to_value();
        let expected = serde_json::json!({
            "ignition": {"version": "3.3.0", "config": {"merge": [{"source": "data:,%7B%7D"}]}},
            "storage": {"files": [{"path": "/etc/motd", "overwrite": true, "mode": 420, "contents": {"source": "data:,hi%0A"}}]},
            "systemd": {"units": [{"name": "a.service", "enabled": true}]},
        });
        assert_eq!(json, expected);
    }
}
