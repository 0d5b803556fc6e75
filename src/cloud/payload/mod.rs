//! Payloads that others made: taken apart as cloud-init would, however they were packed, and no further than a bound.

mod archive;
mod kind;
mod unpack;

pub use kind::Kind;
pub use unpack::MAX_PAYLOAD_BYTES;
pub use unpack::unpack;

use serde::Serialize;

use super::Format;
use crate::document::Origin;

/// A payload, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// What lay around it, from the outside.
    pub layers: Vec<Layer>,
    /// What the machine gets: the file, without the base64 that the platform's interface asks for.
    pub machine_bytes: Vec<u8>,
    /// What it is; nothing if it is none of them.
    pub format: Option<Format>,
    /// Its parts; one if it is not made of parts.
    pub parts: Vec<Part>,
    /// How many bytes its parts have.
    pub unpacked_bytes: usize,
}

/// Something around a payload or part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// base64.
    Base64,
    /// gzip.
    Gzip,
    /// A MIME document.
    Mime,
    /// A `#cloud-config-archive`.
    Archive,
}

impl Layer {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Mime => "MIME",
            Self::Archive => "archive",
        }
    }
}

/// A part of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What findings call it; empty if it is the whole payload.
    pub label: String,
    /// What it is called in its document.
    pub filename: Option<String>,
    /// What it is said to be.
    pub content_type: Option<String>,
    /// Its header says how it is merged with earlier parts.
    pub has_merge_type: bool,
    /// What it is.
    pub kind: Kind,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// Where it lies.
    pub place: Place,
}

/// Where a part lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line of the file that its first line is on; or, if its lines are no lines of the file, the line on which
    /// what it is packed in begins.
    pub line: usize,
    /// Its lines are lines of the file.
    pub is_plain: bool,
}

impl Part {
    /// The name under which its text is shown: of the file, if its lines are lines of the file.
    pub fn source_name(&self) -> String {
        match (self.place.is_plain, self.label.is_empty()) {
            (true, _) => self.place.file.clone(),
            (false, true) => format!("{} (unpacked)", self.place.file),
            (false, false) => format!("{} ({})", self.place.file, self.label),
        }
    }

    /// The place of a line of the part, from 1; 0 stands for the part as a whole.
    pub fn origin(&self, line: usize) -> Origin {
        let length = if line == 0 { 1 } else { usize::MAX };
        let place = Origin { line: line.max(1), length, ..Origin::of_file(&self.source_name()) };
        self.placed(place)
    }

    /// Moves a place in the part's own text to where it is in the file, and says in which part it was.
    pub fn placed(&self, place: Origin) -> Origin {
        let mut key = self.label.clone();
        if !self.label.is_empty() {
            key.push_str(&format!(", line {}", place.line));
            if !self.place.is_plain {
                key.push_str(&format!(", in line {} of `{}`", self.place.line, self.place.file));
            }
            if !place.key.is_empty() {
                key.push_str(": ");
            }
        }
        key.push_str(&place.key);
        let line = if self.place.is_plain { place.line + self.place.line - 1 } else { place.line };
        // The bytes are those of the part, which an editor of the file cannot use.
        let is_whole = self.label.is_empty() && self.place.is_plain;
        let bytes = if is_whole { place.bytes } else { (0, 0) };
        Origin { file: self.source_name(), line, key, bytes, ..place }
    }

    /// Its contents as text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}
