//! A text of lines `KEY=VALUE`, one of which tells a version: Flatcar's version.txt.

use super::BadMetadata;
use crate::catalog::is_plain_word;

/// The version behind `key`.
pub fn version_text(document: &str, key: &str) -> Result<String, BadMetadata> {
    let value = document.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
    let version = value.ok_or_else(|| BadMetadata(format!("it has no `{key}`")))?.trim_matches('"');
    match is_plain_word(version) {
        true => Ok(version.to_owned()),
        false => Err(BadMetadata(format!("its `{key}` is no version"))),
    }
}
