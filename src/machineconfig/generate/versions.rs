//! Which objects an OpenShift version has, from `versions.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Problem;
use super::Rules;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("versions.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Table {
    versions: Vec<Version>,
}

/// What one OpenShift version has.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Version {
    version: String,
    /// Whether policies of disruption can be written.
    pub(super) disruption_policy: bool,
    /// The modes in which boot images are managed.
    pub(super) boot_image_modes: Vec<String>,
    /// The API version of PinnedImageSet.
    pub(super) pinned_images: Option<String>,
    /// The API version of MachineOSConfig.
    pub(super) os_builds: Option<String>,
}

impl Version {
    /// What the version of these rules has.
    pub(super) fn of(rules: &Rules) -> &'static Self {
        static NOTHING: LazyLock<Version> = LazyLock::new(Version::default);
        TABLE.versions.iter().find(|version| version.version == rules.version).unwrap_or(&NOTHING)
    }
}

/// Says that a version does not support something, and which is the first that does.
pub(super) fn missing(what: &str, rules: &Rules, has: fn(&Version) -> bool) -> Problem {
    let first = TABLE.versions.iter().find(|version| has(version)).map(|version| version.version.as_str());
    let next = match first {
        Some(first) => format!("leave it out, or say `{first}` or later as the cluster's version"),
        None => "leave it out".to_owned(),
    };
    Problem::new(format!("OpenShift {} does not support {what}", rules.version), next)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::TABLE;
    use super::Version;
    use crate::machineconfig::Rules;

    #[test]
    fn every_version_with_rules_has_a_row() {
        assert!(!TABLE.versions.is_empty());
        for version in &TABLE.versions {
            assert_eq!(Version::of(Rules::of(&version.version).unwrap()).version, version.version);
        }
        for version in ["4.15", "4.19", "5.1"] {
            assert_eq!(Version::of(Rules::of(version).unwrap()).version, version);
        }
        assert_eq!(TABLE.versions.len(), 10);
    }
}
