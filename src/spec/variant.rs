//! Butane's variants and versions, from `variants.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::shape::IGNITION_MINOR;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("variants.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Table {
    variant: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    forbidden: Vec<String>,
    versions: BTreeMap<String, u8>,
}

/// One version of one variant.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    row: &'static Row,
    /// The version as it is written.
    pub version: &'static str,
    /// The minor version of `fcos` whose keys it knows.
    pub level: u8,
}

impl Variant {
    /// The variant, or the versions that there are of it.
    pub(super) fn find(name: &str, version: &str) -> Result<Self, Vec<&'static str>> {
        let Some(row) = TABLE.variant.iter().find(|row| row.name == name) else {
            return Err(Vec::new());
        };
        match row.versions.iter().find(|(other, _)| *other == version) {
            Some((version, level)) => Ok(Self { row, version, level: *level }),
            None => {
                let mut known: Vec<(&u8, &str)> =
                    row.versions.iter().map(|(v, level)| (level, v.as_str())).collect();
                known.sort();
                Err(known.into_iter().map(|(_, version)| version).collect())
            }
        }
    }

    /// Its name, as in `fcos`.
    pub fn name(&self) -> &'static str {
        &self.row.name
    }

    /// True for OpenShift, whose output is a MachineConfig.
    pub fn is_openshift(&self) -> bool {
        self.row.name == "openshift"
    }

    /// The minor version of Ignition's spec 3 that it writes.
    pub fn ignition_minor(&self) -> u8 {
        IGNITION_MINOR.get(usize::from(self.level)).copied().unwrap_or(0)
    }

    /// OpenShift's own minor version, as in 20 of 4.20.0.
    pub fn openshift_minor(&self) -> Option<u32> {
        self.is_openshift().then(|| self.version.split('.').nth(1)?.parse().ok()).flatten()
    }

    /// True if the variant forbids what is at `path`, written with `[]` for every member of a list.
    pub(super) fn forbids(&self, path: &str) -> bool {
        self.row.forbidden.iter().any(|forbidden| forbidden == path)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::TABLE;
    use super::Variant;

    #[test]
    fn knows_versions_and_levels() {
        assert_eq!(TABLE.variant.len(), 5);
        let newest = Variant::find("fcos", "1.7.0").unwrap();
        assert_eq!((newest.ignition_minor(), newest.is_openshift()), (6, false));
        assert_eq!(Variant::find("openshift", "4.13.0").unwrap().ignition_minor(), 2);
        assert_eq!(Variant::find("openshift", "4.20.0").unwrap().openshift_minor(), Some(20));
        assert_eq!(Variant::find("flatcar", "1.7.0").unwrap_err(), ["1.0.0", "1.1.0"]);
        assert!(Variant::find("r4e", "1.1.0").unwrap().forbids("storage.disks"));
    }
}
