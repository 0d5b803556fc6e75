//! The keys that vendors sign with, from `isos/keys`.

use std::sync::LazyLock;

use include_dir::Dir;
use include_dir::include_dir;
use serde::Deserialize;

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/isos/keys");

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // The table is part of the program; the test below holds that it can be read.
    let text = FOLDER.get_file("keys.toml").and_then(|file| file.contents_utf8()).unwrap_or_default();
    toml::from_str(text).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    key: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    vendor: String,
    file: String,
    fingerprint: String,
    releases: Option<String>,
}

/// A public key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Whose it is.
    pub vendor: &'static str,
    /// Its file, as in `fedora-44.asc`.
    pub file: &'static str,
    /// The fingerprint of the primary key, in uppercase hexadecimal.
    pub fingerprint: &'static str,
    /// The first number of the releases that it signs, if not all.
    pub releases: Option<&'static str>,
    /// The key, in ASCII armor.
    pub armored: &'static str,
}

/// Every key.
pub fn every_key() -> impl Iterator<Item = Key> {
    TABLE.key.iter().filter_map(|row| {
        Some(Key {
            vendor: &row.vendor,
            file: &row.file,
            fingerprint: &row.fingerprint,
            releases: row.releases.as_deref(),
            armored: FOLDER.get_file(&row.file)?.contents_utf8()?,
        })
    })
}

/// The keys that may sign a vendor's release.
pub fn keys_of(vendor: &str, version: &str) -> Vec<Key> {
    let number = version.split('.').next();
    every_key()
        .filter(|key| key.vendor == vendor && (key.releases.is_none() || key.releases == number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::FOLDER;
    use super::TABLE;
    use super::every_key;
    use super::keys_of;

    #[test]
    fn every_file_has_a_row_and_every_row_a_file() {
        let files =
            FOLDER.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "asc"));
        assert_eq!(files.count(), TABLE.key.len());
        assert_eq!(every_key().count(), TABLE.key.len());
        for key in every_key() {
            let is_fingerprint = key.fingerprint.len() == 40
                && key.fingerprint.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
            assert!(is_fingerprint, "{}", key.file);
        }
    }

    #[test]
    fn a_release_is_signed_by_its_own_keys() {
        let files =
            |vendor, version| -> Vec<&str> { keys_of(vendor, version).iter().map(|key| key.file).collect() };
        assert_eq!(files("fedora", "42.20250609.3.0"), ["fedora-42.asc"]);
        assert!(files("fedora", "4").is_empty() && files("fedora", "").is_empty());
        assert_eq!(files("flatcar", "4230.2.3"), ["flatcar.asc"]);
        assert!(files("nobody", "42").is_empty());
    }
}
