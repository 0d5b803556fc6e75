//! What the operator of an OpenShift version does, from `rules.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Problem;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("rules.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Table {
    default: String,
    rules: Vec<Rules>,
}

/// What the operator of one OpenShift version does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The version, as in `4.19`.
    pub version: String,
    /// The minor version of the newest spec 3 that it reads; everything is merged as this one.
    pub newest_ignition_minor: u8,
    /// Whether a file that does not say `compression` is free of an earlier one's.
    pub resets_compression: bool,
    /// Whether a node looks at whether units are enabled as they should be.
    pub checks_enablement: bool,
    /// Whether images that its own MachineConfigs name do not count.
    pub ignores_generated_images: bool,
    /// The most that a rendered MachineConfig may have as JSON.
    pub size_limit_bytes: Option<usize>,
    /// The extensions that may be asked for.
    pub extensions: Vec<String>,
}

impl Rules {
    /// The rules of a version: `4.19`, or a release of it as `4.19.12`.
    ///
    /// # Errors
    ///
    /// Says which versions are known if this one is not.
    pub fn of(openshift_version: &str) -> Result<&'static Self, Box<Problem>> {
        let known = || TABLE.rules.iter().map(|rules| format!("`{}`", rules.version)).collect::<Vec<_>>();
        TABLE.rules.iter().find(|rules| rules.covers(openshift_version)).ok_or_else(|| {
            Box::new(Problem::new(
                format!("the rules of OpenShift `{openshift_version}` are not known"),
                format!("name one of {}", known().join(", ")),
            ))
        })
    }

    /// The version whose rules are taken if nobody says one.
    pub fn default_version() -> &'static str {
        &TABLE.default
    }

    fn covers(&self, version: &str) -> bool {
        let rest = version.strip_prefix(self.version.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Rules;
    use super::TABLE;

    #[test]
    fn the_table_can_be_read() {
        assert_eq!(TABLE.rules.len(), 10);
        assert!(TABLE.rules.iter().all(|rules| rules.extensions.is_sorted()));
        assert_eq!(Rules::of(Rules::default_version()).unwrap().newest_ignition_minor, 5);
    }

    #[test]
    fn knows_releases_of_a_version() {
        for (version, known) in [
            ("4.15", Some("4.15")),
            ("4.19.12", Some("4.19")),
            ("4.22.0-rc.1", Some("4.22")),
            ("5.1", Some("5.1")),
            ("5.10", None),
            ("4.1", None),
            ("4.14.3", None),
            ("v4.19", None),
            ("", None),
        ] {
            let found = Rules::of(version);
            assert_eq!(found.as_ref().ok().map(|rules| rules.version.as_str()), known, "{version}");
            if let Err(problem) = found {
                assert!(problem.next.contains("`4.19`"), "{problem:?}");
            }
        }
    }

    #[test]
    fn versions_differ_where_the_operator_does() {
        let of = |version| Rules::of(version).unwrap();
        assert_eq!((of("4.18").newest_ignition_minor, of("4.19").newest_ignition_minor), (4, 5));
        assert!(!of("4.19").resets_compression && of("4.20").resets_compression);
        assert!(!of("4.20").ignores_generated_images && of("4.21").ignores_generated_images);
        assert_eq!((of("4.21").size_limit_bytes, of("4.22").size_limit_bytes), (None, Some(1536 * 1024)));
        let knows = |version, extension: &str| of(version).extensions.iter().any(|known| known == extension);
        assert!(knows("4.21", "wasm") && !knows("4.22", "wasm") && !knows("4.15", "wasm"));
        assert!(!knows("4.17", "sysstat") && knows("4.18", "sysstat"));
        assert!(!knows("4.18", "two-node-ha") && knows("4.19", "two-node-ha"));
    }
}
