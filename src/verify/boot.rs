//! What was found in one boot. It comes from a machine that may lie or break off: nothing in it is
//! trusted beyond its types.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Life;

/// The version of the record's format.
pub const BOOT_SCHEMA: &str = "cotter.dev/boot/1";

/// The facts of one boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRecord {
    /// [`BOOT_SCHEMA`].
    pub schema: String,
    /// The machine the manifest on it names.
    #[serde(default)]
    pub machine: String,
    /// The kernel's boot id.
    pub boot_id: String,
    /// The life this boot belongs to.
    pub life: Life,
    /// How long after boot it was written, in seconds.
    #[serde(default)]
    pub uptime_seconds: u64,
    /// Subject → values found; an empty list means it was looked for and nothing is there.
    #[serde(default)]
    pub facts: BTreeMap<String, Vec<String>>,
    /// Subject, or the beginning of some subjects → why it could not be looked at.
    #[serde(default)]
    pub unknown: BTreeMap<String, String>,
}

impl BootRecord {
    /// The values found for `subject`, or why there are none.
    pub fn look(&self, subject: &str) -> Result<&[String], String> {
        let why = self.unknown.iter().find(|(beginning, _)| subject.starts_with(beginning.as_str()));
        match (self.facts.get(subject), why) {
            (_, Some((_, why))) => Err(why.clone()),
            (Some(values), None) => Ok(values),
            (None, None) => Err("the record says nothing of it".to_owned()),
        }
    }
}
