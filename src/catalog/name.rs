//! Names of base images: `fedora-coreos/stable@42.20250609.3.0?aarch64`.

use std::fmt;

use super::Architecture;
use crate::value::ValueError;

/// The longest word in a name; it becomes the name of a folder.
const MAX_WORD: usize = 100;

/// A family of the catalog and one of its streams, with a version if it is pinned and an architecture if one is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageName {
    /// The family, as in `fedora-coreos`.
    pub family: String,
    /// The stream, as in `stable` or `4.19`.
    pub stream: String,
    /// The version, if not the newest is meant.
    pub version: Option<String>,
    /// The architecture, if it is named.
    pub architecture: Option<Architecture>,
}

/// The parts of a text that may be a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) family: &'a str,
    pub(super) stream: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) architecture: Option<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (text, architecture) = split(text, '?');
        let (text, version) = split(text, '@');
        let (family, stream) = split(text, '/');
        Self { family, stream, version, architecture }
    }

    /// Makes the name of the parts: their words are plain.
    pub(super) fn name(self, stream: &str) -> Result<ImageName, ValueError> {
        for word in [self.family, stream].into_iter().chain(self.version) {
            if !is_plain_word(word) {
                return Err(ValueError::new(
                    format!("`{word}` cannot be in the name of an image"),
                    "use letters, digits, `.`, `-`, `_` and `+`, as in `fedora-coreos/stable@42.20250609.3.0`",
                ));
            }
        }
        Ok(ImageName {
            family: self.family.to_owned(),
            stream: stream.to_owned(),
            version: self.version.map(str::to_owned),
            architecture: self.architecture.map(str::parse).transpose()?,
        })
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// True for a word that may be part of a path or a URL: it leads nowhere else, and hides nothing.
pub fn is_plain_word(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
    let begins_well = word.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    begins_well && word.len() <= MAX_WORD && word.bytes().all(plain) && !word.contains("..")
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.stream)?;
        if let Some(version) = &self.version {
            write!(f, "@{version}")?;
        }
        if let Some(architecture) = self.architecture {
            write!(f, "?{architecture}")?;
        }
        Ok(())
    }
}
