//! Findings: what is wrong, where, and what to do next. All of them, never only the first.

use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use super::Found;
use super::Origin;
use super::Rule;

/// A longer line is not shown.
const MAX_LINE_BYTES: usize = 400;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// It is built, and the user is told.
    Warning,
    /// Nothing is wrong; it is worth knowing.
    Note,
}

/// One finding about a person's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The name of the rule, as in `bond-needs-ports`.
    pub rule: &'static str,
    /// What is wrong: a fragment without a period, the user's words in backticks.
    pub message: String,
    /// Where.
    pub origin: Origin,
    /// The next step.
    pub help: String,
}

/// As programs read it: the place also as a range of bytes.
impl Serialize for Diagnostic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Diagnostic", 6)?;
        map.serialize_field("severity", &self.severity)?;
        map.serialize_field("rule", self.rule)?;
        map.serialize_field("message", &self.message)?;
        map.serialize_field("origin", &self.origin)?;
        map.serialize_field("bytes", &[self.origin.bytes.0, self.origin.bytes.1])?;
        map.serialize_field("help", &self.help)?;
        map.end()
    }
}

/// Something wrong with a text that is a file of its own: a unit, a keyfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line of the text, from 1; 0 for the text as a whole.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub help: String,
}

impl Diagnostic {
    /// Renders the finding as a terminal shows it, with the line of `source` and carets under the words.
    ///
    /// `source` is the text of the file that the origin names; without it the place alone is shown.
    pub fn render(&self, source: Option<&str>) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let Origin { file, line, column, key, length, .. } = &self.origin;
        let mut text = format!("{severity}[{}]: {}\n  --> {file}:{line}:{column}", self.rule, self.message);
        if !key.is_empty() {
            let _ = write!(text, " ({key})");
        }
        let source = source.filter(|_| !is_secret(self.rule, key) && !self.may_be_about_a_secret());
        let words = source.and_then(|source| source.lines().nth(line.saturating_sub(1)));
        if let Some(words) = words.filter(|words| !holds_contents(words)) {
            let margin = line.to_string().len();
            // A finding about a whole line is about its words.
            let before = match *length {
                usize::MAX => words.chars().take_while(|letter| letter.is_whitespace()).count(),
                _ => column.saturating_sub(1),
            };
            let room = words.trim_end().chars().count().saturating_sub(before).max(1);
            let indent: String =
                words.chars().take(before).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
            let carets = "^".repeat((*length).clamp(1, room));
            let _ =
                write!(text, "\n  {:margin$} |\n  {line} | {words}\n  {:margin$} | {indent}{carets}", "", "");
        }
        let _ = write!(text, "\n  help: {}", self.help);
        text
    }
}

impl Diagnostic {
    /// True for a misspelt key that was to hold a secret.
    fn may_be_about_a_secret(&self) -> bool {
        let key = self.origin.key.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        self.rule == "unknown-key"
            && (["pass", "token", "secret"].iter().any(|part| key.contains(part))
                || ["`password`", "`token`"].iter().any(|word| self.help.contains(word)))
    }
}

/// True for the place of a secret, whose line is not shown: it may be a password that was to be a hash.
fn is_secret(rule: &str, key: &str) -> bool {
    rule == "secret-readable"
        || [".password_hash", ".passwordHash"].iter().any(|ending| key.ends_with(ending))
        || key.contains(".key_file.")
        || key == "token"
        || key.ends_with(".password")
}

/// True for a line with a hash or with the contents of a file in it, which may be a secret, beside what it is about;
/// and for one that no terminal shows at once.
fn holds_contents(line: &str) -> bool {
    line.len() > MAX_LINE_BYTES
        || ["passwordHash", "data:", "PRIVATE KEY", "token:", "password:"]
            .iter()
            .any(|words| line.contains(words))
}

/// All findings about one input, in the order of their places.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No finding yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error.
    pub fn error(
        &mut self,
        rule: &'static str,
        origin: &Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Error, rule, origin, message.into(), help.into());
    }

    /// Adds a warning.
    pub fn warning(
        &mut self,
        rule: &'static str,
        origin: &Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Warning, rule, origin, message.into(), help.into());
    }

    /// Adds a note.
    pub fn note(
        &mut self,
        rule: &'static str,
        origin: &Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Note, rule, origin, message.into(), help.into());
    }

    /// Adds what a value said against a text: a message and a next step.
    pub fn wrong_value(&mut self, rule: &'static str, origin: &Origin, error: impl Into<(String, String)>) {
        let (message, help) = error.into();
        self.error(rule, origin, message, help);
    }

    fn add(
        &mut self,
        severity: Severity,
        rule: &'static str,
        origin: &Origin,
        message: String,
        help: String,
    ) {
        self.0.push(Diagnostic { severity, rule, message, origin: origin.clone(), help });
    }

    /// Lets a check of a rule speak.
    pub fn under<'a>(&'a mut self, rule: &'static Rule) -> Found<'a> {
        Found { rule, findings: self }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Takes over the findings of another step.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// True if at least one finding forbids building.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// True if there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The findings by file, line and column.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort_by(|a, b| (&a.origin, a.severity, a.rule).cmp(&(&b.origin, b.severity, b.rule)));
        self.0.dedup();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Diagnostic;
    use super::Severity;
    use crate::document::Origin;

    #[test]
    fn points_at_the_words() {
        let finding = Diagnostic {
            severity: Severity::Error,
            rule: "mac-address",
            message: "`xx` is not a port's MAC address".into(),
            origin: Origin {
                file: "r640.yaml".into(),
                line: 2,
                column: 6,
                key: "network.nics[0].mac".into(),
                length: 2,
                bytes: (8, 10),
            },
            help: "write six octets".into(),
        };
        assert_eq!(
            finding.render(Some("a:\nmac: xx\n")),
            "error[mac-address]: `xx` is not a port's MAC address\n  --> r640.yaml:2:6 (network.nics[0].mac)\n    |\n  2 | mac: xx\n    |      ^^\n  help: write six octets"
        );
    }

    #[test]
    fn does_not_show_a_secrets_line() {
        let origin = Origin { key: "passwd.users[0].password_hash".into(), ..Origin::of_file("a.yaml") };
        let finding = Diagnostic {
            severity: Severity::Error,
            rule: "password-hash",
            message: "it looks like a plain password".into(),
            origin,
            help: "make a hash".into(),
        };
        assert!(!finding.render(Some("password_hash: hunter2\n")).contains("hunter2"));
        let beside = Diagnostic { origin: Origin { key: "a".into(), ..Origin::of_file("a") }, ..finding };
        for line in ["{name: core, passwordHash: hunter2}", "{mode: 1, source: 'data:,hunter2'}"] {
            assert!(!beside.render(Some(line)).contains("hunter2"), "{line}");
        }
        assert!(beside.render(Some(&"a".repeat(1000))).len() < 200);
        assert!(beside.render(Some("name: core")).contains("name: core"));
    }
}
