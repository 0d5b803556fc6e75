//! Which Ignition reads which spec, from `releases.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("releases.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Table {
    spec: Vec<Release>,
    system: Vec<System>,
}

/// The first release of Ignition that reads a stable spec.
#[derive(Debug, Deserialize)]
pub struct Release {
    /// The minor version of spec 3.
    pub minor: u8,
    /// The release, as in `2.15.0`.
    pub ignition: String,
    /// Its day, as in `20230221`.
    released: String,
}

#[derive(Debug, Deserialize)]
struct System {
    volume: String,
    name: String,
    minor: u8,
}

impl Release {
    /// The first release that reads spec 3.`minor`.
    pub fn of_minor(minor: u8) -> Option<&'static Self> {
        TABLE.spec.iter().find(|release| release.minor == minor)
    }
}

/// The minor version of a stable spec 3, as in 4 of `3.4.0`.
pub fn minor_of(version: &str) -> Option<u8> {
    version.strip_prefix("3.")?.strip_suffix(".0")?.parse().ok()
}

/// The newest stable spec.
pub fn newest_minor() -> u8 {
    TABLE.spec.iter().map(|release| release.minor).max().unwrap_or(0)
}

/// The newest spec that the system on a live image of this volume id can read, and what it is called; nothing
/// if that cannot be told.
///
/// Fedora CoreOS names its volumes by release and day (`fedora-coreos-36.20220906.3.2`): an image of an
/// earlier day than a release of Ignition cannot have it.
pub fn newest_on(volume_id: &str) -> Option<(u8, String)> {
    if let Some(system) = TABLE.system.iter().find(|system| volume_id.starts_with(&system.volume)) {
        return Some((system.minor, system.name.clone()));
    }
    let day = volume_id.strip_prefix("fedora-coreos-")?.split('.').nth(1)?;
    if day.len() != 8 || !day.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minor = TABLE
        .spec
        .iter()
        .filter(|release| release.released.as_str() <= day)
        .map(|release| release.minor)
        .max()?;
    Some((minor, format!("`{volume_id}`")))
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use super::newest_minor;
    use super::newest_on;

    #[test]
    fn every_spec_is_there_once() {
        let minors: Vec<u8> = TABLE.spec.iter().map(|release| release.minor).collect();
        assert_eq!(minors, (0..=newest_minor()).collect::<Vec<u8>>());
        assert!(TABLE.spec.windows(2).all(|pair| pair[0].released < pair[1].released));
    }

    #[test]
    fn knows_what_an_image_cannot_read() {
        for (volume, minor) in [
            ("fedora-coreos-36.20220906.3.2", Some(3)),
            ("fedora-coreos-41.20241109.3.0", Some(5)),
            ("cotter-bench", Some(3)),
            ("rhcos-417", None),
            ("fedora-coreos-x", None),
        ] {
            assert_eq!(newest_on(volume).map(|(minor, _)| minor), minor, "{volume}");
        }
    }
}
