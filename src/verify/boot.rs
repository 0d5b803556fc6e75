//! What was found in one boot. It comes from a machine that may lie or break off: nothing in it is
//! trusted beyond its types.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error as _;
use serde::de::MapAccess;
use serde::de::Visitor;

use super::Life;
use crate::value::is_printable;
use crate::value::printable;

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
    #[serde(default, deserialize_with = "each_once")]
    pub facts: BTreeMap<String, Vec<String>>,
    /// Subject, or the beginning of some subjects → why it could not be looked at.
    #[serde(default)]
    pub unknown: BTreeMap<String, String>,
}

/// The largest record of one boot, in bytes.
pub const MAX_RECORD_BYTES: u64 = 1 << 20;
/// The most records that are kept of one source; of more, the last.
pub const MAX_RECORDS: usize = 64;
/// The most of a machine's words in a message, in characters.
const MAX_SHOWN: usize = 200;

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

    /// Reads one record, which may come from anywhere; says why if it is none.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|cause| quoted(&cause.to_string())).and_then(Self::checked)
    }

    /// Reads records that follow one another; of more than [`MAX_RECORDS`] the last.
    pub fn read_all(json: &[u8]) -> Result<Vec<Self>, String> {
        let mut records = VecDeque::new();
        for record in serde_json::Deserializer::from_slice(json).into_iter::<Self>() {
            let record = record.map_err(|cause| quoted(&cause.to_string()))?;
            if records.len() == MAX_RECORDS {
                records.pop_front();
            }
            records.push_back(record.checked()?);
        }
        Ok(records.into())
    }

    /// Reads what a guest has written so far: the whole lines that are records, and why the last other one is none.
    pub fn read_lines(written: &[u8]) -> (Vec<Self>, Option<String>) {
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = written.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        let (mut records, mut refused) = (VecDeque::new(), None);
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            let read = match line.len() as u64 {
                0..=MAX_RECORD_BYTES => Self::read(line),
                _ => Err(format!("a line has more than {MAX_RECORD_BYTES} bytes")),
            };
            match read {
                Ok(record) => records.push_back(record),
                Err(why) => refused = Some(why),
            }
            if records.len() > MAX_RECORDS {
                records.pop_front();
            }
        }
        (records.into(), refused)
    }

    fn checked(self) -> Result<Self, String> {
        if self.schema != BOOT_SCHEMA {
            return Err(format!("its schema is `{}`, not `{BOOT_SCHEMA}`", quoted(&self.schema)));
        }
        if self.boot_id.is_empty() {
            return Err("it has no boot id".to_owned());
        }
        Ok(self.printable())
    }

    /// The same record with what cannot be seen replaced: a machine must not drive the terminal of whoever
    /// reads about it, nor pass for another.
    pub fn printable(self) -> Self {
        let clean = |text: String| printable(&text);
        // Nobody asks for a subject that cannot be written down.
        let facts = self.facts.into_iter().filter(|(subject, _)| subject.chars().all(is_printable));
        let explained = |why: String| match why.trim() {
            "" => "the record does not say why".to_owned(),
            _ => printable(&why),
        };
        Self {
            schema: clean(self.schema),
            machine: clean(self.machine),
            boot_id: clean(self.boot_id),
            life: self.life,
            uptime_seconds: self.uptime_seconds,
            time_seconds: self.time_seconds,
            facts: facts
                .map(|(subject, values)| (subject, values.into_iter().map(clean).collect()))
                .collect(),
            unknown: self
                .unknown
                .into_iter()
                .map(|(beginning, why)| (clean(beginning), explained(why)))
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

/// Facts, each subject once: of two that contradict each other neither can be believed.
fn each_once<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    struct Facts;
    impl<'de> Visitor<'de> for Facts {
        type Value = BTreeMap<String, Vec<String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("subjects with the values found")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut facts = BTreeMap::new();
            while let Some((subject, values)) = entries.next_entry::<String, Vec<String>>()? {
                if facts.contains_key(&subject) {
                    return Err(A::Error::custom(format!("it says `{subject}` twice")));
                }
                facts.insert(subject, values);
            }
            Ok(facts)
        }
    }
    from.deserialize_map(Facts)
}

/// The beginning of a text, cleaned: a message about a machine's words may repeat them.
pub fn quoted(text: &str) -> String {
    let beginning: String = text.chars().take(MAX_SHOWN).collect();
    let rest = if text.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    format!("{}{rest}", printable(&beginning))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::BootRecord;
    use super::MAX_RECORDS;

    const RECORD: &str =
        r#"{"schema":"cotter.dev/boot/1","boot_id":"1","life":"live","facts":{"hostname":["a"]}}"#;

    #[test]
    fn a_record_cannot_drive_the_terminal() {
        let json = r#"{"schema":"cotter.dev/boot/1","boot_id":"1","life":"live",
            "facts":{"hostname":["a\u001b[2J","b\u202ec\u2028"],"a\u0007":["b"]},"unknown":{"x":"\u0007","y":" "}}"#;
        let record = BootRecord::read(json.as_bytes()).unwrap();
        assert_eq!(record.look("hostname").unwrap(), ["a?[2J", "b?c?"]);
        assert_eq!(record.look("x/y").unwrap_err(), "?");
        assert_eq!(record.look("y").unwrap_err(), "the record does not say why");
        assert!(record.look("a?").is_err());
        for (from, to) in
            [("\"live\"", "\"\\u001b[2J\""), ("boot/1", "\\u001b[2J"), ("\"a\"]", "\"a\"],\"\\u009b\":1")]
        {
            let refused = BootRecord::read(RECORD.replace(from, to).as_bytes()).unwrap_err();
            assert!(!refused.contains(char::is_control), "{refused:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_record_or_contradicts_itself() {
        for (from, to, why) in [
            ("boot/1", "boot/2", "schema"),
            (r#""1""#, r#""""#, "boot id"),
            (r#"["a"]"#, r#"["a"],"hostname":["b"]"#, "twice"),
            (r#"["a"]"#, r#"["a"],"hostname":["a"]"#, "twice"),
            (r#""life""#, r#""life":"live","life""#, "duplicate"),
            ("live", "alive", "unknown variant"),
            (r#"["a"]"#, r#""a""#, "invalid type"),
            (r#"["a"]"#, "[1]", "invalid type"),
        ] {
            let refused = BootRecord::read(RECORD.replace(from, to).as_bytes()).unwrap_err();
            assert!(refused.contains(why), "{to}: {refused}");
        }
    }

    #[test]
    fn of_many_records_the_last_are_kept() {
        let many: Vec<String> = (0..1000).map(|id| RECORD.replace(r#""1""#, &format!(r#""{id}""#))).collect();
        let last = |records: &[BootRecord]| (records.len(), records.last().map(|r| r.boot_id.clone()));
        let expected = (MAX_RECORDS, Some("999".to_owned()));
        assert_eq!(last(&BootRecord::read_all(many.concat().as_bytes()).unwrap()), expected);
        let (records, refused) = BootRecord::read_lines(format!("{}\nnoise\n{{", many.join("\n")).as_bytes());
        assert_eq!(last(&records), expected);
        assert!(refused.unwrap().contains("expected ident"));
    }
}
