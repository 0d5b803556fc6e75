//! A platform's row: under which keys it hands out boot data, how it wants them, and how large they may be.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Reader;

/// Something that boots images and hands data to them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Its name, as in `gce`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How many bytes all keys may have together, with what else is there.
    pub total_limit_bytes: Option<u64>,
    /// The file that carries a network configuration of cloud-init's.
    network_file: Option<String>,
    /// The key that carries one.
    network_key: Option<String>,
    /// How network configurations are delivered, where that needs words.
    pub network_note: Option<String>,
    /// Where that is written.
    pub source: String,
    /// Its keys, the usual one first.
    #[serde(rename = "key")]
    pub keys: Vec<Key>,
}

/// How a platform delivers a network configuration of cloud-init's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkWay<'a> {
    /// Not at all: what the platform itself says of the network is what cloud-init sees.
    No,
    /// A file of this name, beside the user data.
    File(&'a str),
    /// A key of this name.
    Key(&'a str),
}

/// A key under which a platform hands out boot data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its name, as in `user-data`.
    pub name: String,
    /// Who looks at it.
    pub readers: Vec<Reader>,
    /// How the platform wants a text.
    pub encoding: Encoding,
    /// Other keys that say so.
    #[serde(default)]
    pub marks: BTreeMap<String, String>,
    /// How it takes compressed data, if somebody unpacks it.
    pub packed: Option<Packed>,
    /// The most bytes it may have.
    pub(super) limit_bytes: Option<u64>,
    /// What these are bytes of.
    pub(super) limit_of: Option<LimitOf>,
    /// Where that is written.
    pub source: String,
}

/// How a key takes gzip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    /// How the platform wants it.
    pub encoding: Encoding,
    /// Other keys that say so.
    #[serde(default)]
    pub marks: BTreeMap<String, String>,
    /// Who unpacks it.
    pub readers: Vec<Reader>,
}

/// How data is written for a platform's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Encoding {
    /// As it is; it must be text.
    #[serde(rename = "text")]
    Text,
    /// As it is, any bytes.
    #[serde(rename = "bytes")]
    Bytes,
    /// In base64.
    #[serde(rename = "base64")]
    Base64,
    /// Compressed.
    #[serde(rename = "gzip")]
    Gzip,
    /// Compressed, then in base64.
    #[serde(rename = "gzip+base64")]
    GzipBase64,
}

impl Encoding {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::GzipBase64 => "gzip+base64",
        }
    }

    /// True if it compresses.
    pub fn is_packed(self) -> bool {
        matches!(self, Self::Gzip | Self::GzipBase64)
    }

    /// True if it ends in base64.
    pub fn is_base64(self) -> bool {
        matches!(self, Self::Base64 | Self::GzipBase64)
    }
}

/// The most that fits under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// How many bytes.
    pub bytes: u64,
    /// Of what.
    pub of: LimitOf,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitOf {
    /// The bytes before base64 (and after gzip).
    Raw,
    /// The bytes as the platform's interface gets them.
    Encoded,
}

impl Platform {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The first key that this reader looks at.
    pub fn key_of(&self, reader: Reader) -> Option<&Key> {
        self.keys.iter().find(|key| key.readers.contains(&reader))
    }

    /// How it delivers a network configuration of cloud-init's.
    pub fn network(&self) -> NetworkWay<'_> {
        match (&self.network_file, &self.network_key) {
            (Some(file), _) => NetworkWay::File(file),
            (None, Some(key)) => NetworkWay::Key(key),
            (None, None) => NetworkWay::No,
        }
    }

    /// What is wrong with the row.
    pub(super) fn problem(&self) -> Option<String> {
        if self.network_file.is_some() && self.network_key.is_some() {
            return Some("has both `network_file` and `network_key`".to_owned());
        }
        if self.keys.is_empty() {
            return Some("has no key".to_owned());
        }
        for (index, key) in self.keys.iter().enumerate() {
            let before = self.keys.iter().take(index);
            if before.into_iter().any(|other| other.name == key.name) {
                return Some(format!("has the key `{}` twice", key.name));
            }
            if let Some(problem) = key.problem() {
                return Some(format!("has a key `{}` that {problem}", key.name));
            }
        }
        None
    }
}

impl Key {
    /// The most that fits, if there is a limit.
    pub fn limit(&self) -> Option<Limit> {
        let bytes = self.limit_bytes?;
        Some(Limit { bytes, of: self.limit_of.unwrap_or(LimitOf::Encoded) })
    }

    fn problem(&self) -> Option<&'static str> {
        if self.readers.is_empty() {
            return Some("nobody reads");
        }
        if self.limit_bytes.is_some() != self.limit_of.is_some() {
            return Some("needs both of `limit_bytes` and `limit_of`, or none");
        }
        if self.encoding.is_packed() {
            return Some("compresses everything; say how it takes gzip in its `packed`");
        }
        let packed = self.packed.as_ref()?;
        if !packed.encoding.is_packed() {
            return Some("has a `packed` that does not compress");
        }
        if packed.readers.is_empty() || packed.readers.iter().any(|reader| !self.readers.contains(reader)) {
            return Some("is unpacked by somebody who does not read it");
        }
        None
    }
}
