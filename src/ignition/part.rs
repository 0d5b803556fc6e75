//! What a document brings, thing by thing, so that two documents can be compared by what they bring.

use std::fmt;

use serde_json::Value;

use super::Document;
use super::decode;
use crate::value::Digest;

/// One thing that a document brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// What it is known by: a path, a name; of a key the user, a blank and the key's own text.
    pub name: String,
    /// What is in it, if that is known from the document.
    pub sha256: Option<Digest>,
}

/// What a document can bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A group.
    Group,
    /// A user.
    User,
    /// A user's password.
    Password,
    /// A user's SSH key.
    Key,
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A link.
    Link,
    /// A unit.
    Unit,
    /// A drop-in, known by its unit, `/`, and its own name.
    DropIn,
    /// A kernel argument.
    KernelArgument,
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "group",
            Self::User => "user",
            Self::Password => "password of",
            Self::Key => "key of",
            Self::Directory => "directory",
            Self::File => "file",
            Self::Link => "link",
            Self::Unit => "unit",
            Self::DropIn => "drop-in",
            Self::KernelArgument => "kernel argument",
        })
    }
}

impl Part {
    /// Something of which only the name counts.
    pub fn new(kind: PartKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), sha256: None }
    }

    /// The same, with contents.
    pub fn holding(self, contents: &[u8]) -> Self {
        Self { sha256: Some(Digest::of(contents)), ..self }
    }

    /// A user's key.
    pub fn key(user: &str, key: &str) -> Self {
        // A comment after a key is no part of it.
        let key: Vec<&str> = key.split_whitespace().take(2).collect();
        Self::new(PartKind::Key, format!("{user} {}", key.join(" ")))
    }

    /// True if `other` is this very thing, as far as contents are known.
    pub fn is_met_by(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.name == other.name
            && (self.sha256.is_none() || other.sha256.is_none() || self.sha256 == other.sha256)
    }
}

impl Document {
    /// Everything that the document itself brings, in its order; see [`Document::resolved`] for what it merges.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let named = |kind, value: &Value, key: &str| Some(Part::new(kind, value[key].as_str()?));
        parts.extend(self.list("passwd", "groups").iter().filter_map(|g| named(PartKind::Group, g, "name")));
        for user in self.list("passwd", "users") {
            let Some(name) = user["name"].as_str() else { continue };
            parts.push(Part::new(PartKind::User, name));
            if let Some(hash) = user["passwordHash"].as_str() {
                parts.push(Part::new(PartKind::Password, name).holding(hash.as_bytes()));
            }
            let keys = user["sshAuthorizedKeys"].as_array().map(Vec::as_slice).unwrap_or_default();
            parts.extend(keys.iter().filter_map(Value::as_str).map(|key| Part::key(name, key)));
        }
        for (list, kind) in
            [("directories", PartKind::Directory), ("files", PartKind::File), ("links", PartKind::Link)]
        {
            for node in self.list("storage", list) {
                let Some(part) = named(kind, node, "path") else { continue };
                let bytes = (kind == PartKind::File).then(|| contents(node)).flatten();
                parts.push(match bytes {
                    Some(bytes) => part.holding(&bytes),
                    None => part,
                });
            }
        }
        for unit in self.list("systemd", "units") {
            let Some(name) = unit["name"].as_str() else { continue };
            let of = |part: Part, text: &Value| match text.as_str() {
                Some(text) => part.holding(text.as_bytes()),
                None => part,
            };
            parts.push(of(Part::new(PartKind::Unit, name), &unit["contents"]));
            for dropin in unit["dropins"].as_array().into_iter().flatten() {
                let Some(own) = dropin["name"].as_str() else { continue };
                parts.push(of(Part::new(PartKind::DropIn, format!("{name}/{own}")), &dropin["contents"]));
            }
        }
        let arguments = self.list("kernelArguments", "shouldExist").iter().filter_map(Value::as_str);
        parts.extend(arguments.map(|argument| Part::new(PartKind::KernelArgument, argument)));
        parts
    }
}

/// What is in a file as a document writes it, if that rides in the document.
pub fn contents(file: &Value) -> Option<Vec<u8>> {
    let contents = &file["contents"];
    match contents["source"].as_str() {
        Some(source) => decode(source, contents["compression"].as_str()),
        None if file["append"].as_array().is_some_and(|parts| !parts.is_empty()) => None,
        None => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Part;
    use super::PartKind;
    use crate::ignition::Document;

    #[test]
    fn names_everything_that_a_document_brings() {
        let document = Document::new(json!({
            "kernelArguments": {"shouldExist": ["quiet"]},
            "passwd": {"groups": [{"name": "g"}], "users": [{"name": "core", "passwordHash": "$6$x", "sshAuthorizedKeys": ["ssh-ed25519 AAAA me@here"]}]},
            "storage": {"directories": [{"path": "/d"}], "files": [{"path": "/f", "contents": {"source": "data:,a"}}, {"path": "/e"}], "links": [{"path": "/l"}]},
            "systemd": {"units": [{"name": "u.service", "contents": "[Unit]", "dropins": [{"name": "1.conf", "contents": "x"}]}]},
        }));
        let expected = [
            Part::new(PartKind::Group, "g"),
            Part::new(PartKind::User, "core"),
            Part::new(PartKind::Password, "core").holding(b"$6$x"),
            Part::key("core", "ssh-ed25519 AAAA"),
            Part::new(PartKind::Directory, "/d"),
            Part::new(PartKind::File, "/f").holding(b"a"),
            Part::new(PartKind::File, "/e").holding(b""),
            Part::new(PartKind::Link, "/l"),
            Part::new(PartKind::Unit, "u.service").holding(b"[Unit]"),
            Part::new(PartKind::DropIn, "u.service/1.conf").holding(b"x"),
            Part::new(PartKind::KernelArgument, "quiet"),
        ];
        assert_eq!(document.parts(), expected);
        assert!(expected[5].is_met_by(&Part::new(PartKind::File, "/f")));
        assert!(!expected[5].is_met_by(&Part::new(PartKind::File, "/f").holding(b"b")));
    }
}
