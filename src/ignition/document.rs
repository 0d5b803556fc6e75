//! A finished document: what a system applies when it boots for the first time.

use std::fmt;

use serde_json::Value;

use super::decode;
use super::merge;
use super::minor_of;
use super::newest_minor;

/// Documents that merge documents that merge documents: deeper than this, nobody means it.
const MAX_DEPTH: usize = 8;

/// An Ignition document as it is written, its keys in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(Value);

/// Why bytes are no document that Ignition would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDocument {
    /// They are no JSON.
    NoJson(String),
    /// They do not say the version of the spec.
    NoVersion,
    /// The version is none of the stable ones of spec 3.
    OtherVersion(String),
}

impl NoDocument {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoJson(_) => {
                "give the JSON that Ignition reads; `cotter ignition` makes it of a Butane file"
            }
            Self::NoVersion => "an Ignition file begins with `{\"ignition\": {\"version\": \"3.3.0\"}}`",
            Self::OtherVersion(_) => "make it anew for 3.0.0 to 3.6.0",
        }
    }
}

/// Goes on after what the bytes are called.
impl fmt::Display for NoDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson(cause) => write!(f, "is no JSON: {cause}"),
            Self::NoVersion => f.write_str("does not say the version of Ignition's spec"),
            Self::OtherVersion(version) => {
                write!(f, "is of the version `{}`, which is no stable spec 3", version.escape_debug())
            }
        }
    }
}

impl Document {
    /// Reads a document of a stable spec 3.
    pub fn read(bytes: &[u8]) -> Result<Self, NoDocument> {
        let value: Value =
            serde_json::from_slice(bytes).map_err(|cause| NoDocument::NoJson(cause.to_string()))?;
        let document = Self(value);
        match document.minor() {
            Some(minor) if minor <= newest_minor() => Ok(document),
            _ if document.version().is_empty() => Err(NoDocument::NoVersion),
            _ => Err(NoDocument::OtherVersion(document.version().to_owned())),
        }
    }

    /// The version of the spec that it says, as in `3.3.0`; empty if it says none.
    pub fn version(&self) -> &str {
        self.0["ignition"]["version"].as_str().unwrap_or_default()
    }

    /// The minor version of the stable spec 3 that it says.
    pub fn minor(&self) -> Option<u8> {
        minor_of(self.version())
    }

    /// Takes a document as it is.
    pub fn new(document: Value) -> Self {
        Self(document)
    }

    /// What it says.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// What it says, to be changed.
    pub fn value_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    /// The document as JSON, the same bytes every time.
    pub fn to_json(&self) -> Vec<u8> {
        // A value cannot fail to be written.
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// The members of a list of a section, as in `storage` and `files`.
    pub fn list(&self, section: &str, list: &str) -> &[Value] {
        self.0[section][list].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// What Ignition makes of it: with the documents merged in that ride in it. What must be fetched is not
    /// known here.
    pub fn resolved(&self) -> Self {
        self.resolved_at(0)
    }

    fn resolved_at(&self, depth: usize) -> Self {
        let mut document = self.0.clone();
        let children = document
            .pointer_mut("/ignition/config/merge")
            .map(Value::take)
            .and_then(|children| children.as_array().cloned())
            .unwrap_or_default();
        for child in children {
            let source = child["source"].as_str().unwrap_or_default();
            let bytes = decode(source, child["compression"].as_str());
            let child = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            if let Some(child) = child.filter(|_| depth < MAX_DEPTH) {
                document = merge(document, Self(child).resolved_at(depth + 1).0);
            }
        }
        Self(document)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Document;

    #[test]
    fn a_merged_document_wins_and_the_last_most() {
        let child = |mode: u32| {
            let source = format!("data:,{{\"storage\":{{\"files\":[{{\"path\":\"/a\",\"mode\":{mode}}}]}}}}");
            json!({"source": source.replace('"', "%22")})
        };
        let document = Document::new(json!({
            "ignition": {"version": "3.2.0", "config": {"merge": [child(1), child(2), {"source": "https://a/b.ign"}]}},
            "storage": {"files": [{"path": "/a", "mode": 0, "overwrite": true}]},
        }));
        let resolved = document.resolved();
        assert_eq!(resolved.list("storage", "files"), [json!({"path": "/a", "mode": 2, "overwrite": true})]);
    }
}
