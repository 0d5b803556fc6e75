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
    /// When it was written, in seconds since 1970 by the machine's clock, which may be wrong; 0 if it does not say.
    #[serde(default)]
    pub time_seconds: u64,
    /// Subject → values found; an empty list means it was looked for and nothing is there.
    #[serde(default)]
    pub facts: BTreeMap<String, Vec<String>>,
    /// Subject, or the beginning of some subjects → why it could not be looked at.
    #[serde(default)]
    pub unknown: BTreeMap<String, String>,
}

impl BootRecord {
    /// A boot of `machine` of which nothing is known.
    pub fn unknown(machine: &str, boot_id: &str, life: Life, why: &str) -> Self {
        Self {
            schema: BOOT_SCHEMA.to_owned(),
            machine: machine.to_owned(),
            boot_id: boot_id.to_owned(),
            life,
            uptime_seconds: 0,
            time_seconds: 0,
            facts: BTreeMap::new(),
            unknown: [(String::new(), why.to_owned())].into(),
        }
    }

    /// The same record with control characters replaced: a machine must not drive the terminal of whoever
    /// reads about it.
    pub fn printable(self) -> Self {
        let clean =
            |text: String| text.chars().map(|c| if c.is_control() { '?' } else { c }).collect::<String>();
        let facts = self.facts.into_iter();
        Self {
            schema: clean(self.schema),
            machine: clean(self.machine),
            boot_id: clean(self.boot_id),
            life: self.life,
            uptime_seconds: self.uptime_seconds,
            time_seconds: self.time_seconds,
            facts: facts
                .map(|(subject, values)| (clean(subject), values.into_iter().map(clean).collect()))
                .collect(),
            unknown: self
                .unknown
                .into_iter()
                .map(|(beginning, why)| (clean(beginning), clean(why)))
                .collect(),
        }
    }

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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::BootRecord;

    #[test]
    fn a_record_cannot_drive_the_terminal() {
        let json = r#"{"schema":"cotter.dev/boot/1","boot_id":"1","life":"live",
            "facts":{"hostname":["a\u001b[2J"]},"unknown":{"x":"\u0007"}}"#;
        let record = serde_json::from_str::<BootRecord>(json).unwrap().printable();
        assert_eq!(record.look("hostname").unwrap(), ["a?[2J"]);
        assert_eq!(record.look("x/y").unwrap_err(), "?");
    }
}
