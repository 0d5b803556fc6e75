//! Lists of digests, as `sha256sum` and `sha512sum` write them.

use std::collections::BTreeMap;

use super::BadMetadata;
use crate::catalog::Checksum;

/// Names and digests of files.
pub type Listed = BTreeMap<String, Checksum>;

/// Reads a list: each line is a digest, a space, a space or `*`, and a name.
pub fn digest_list(document: &str) -> Result<Listed, BadMetadata> {
    let mut listed = Listed::new();
    for (index, line) in document.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = || BadMetadata(format!("line {} is no digest and name", index + 1));
        let (digest, rest) = line.split_once(' ').ok_or_else(wrong)?;
        let name = rest.strip_prefix([' ', '*']).unwrap_or(rest).trim_end();
        let checksum: Checksum = digest.parse().map_err(|_| wrong())?;
        if let Some(other) = listed.insert(name.to_owned(), checksum.clone())
            && other != checksum
        {
            return Err(BadMetadata(format!("it has two digests for `{name}`")));
        }
    }
    if listed.is_empty() {
        return Err(BadMetadata("it lists nothing".into()));
    }
    Ok(listed)
}
