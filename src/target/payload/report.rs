//! What was found of a payload: for people, and as JSON for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cloud::Certainty;
use crate::cloud::Dialect;
use crate::cloud::Format;
use crate::cloud::Limit;
use crate::cloud::Reader;
use crate::cloud::Runs;
use crate::cloud::payload::Kind;
use crate::cloud::payload::Layer;
use crate::cloud::payload::Part;
use crate::document::Diagnostic;
use crate::document::Diagnostics;
use crate::document::Severity;

/// The version of the JSON.
pub const PAYLOAD_SCHEMA: &str = "cotter.dev/cloud-check/1";

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadReport {
    /// The version of this JSON.
    pub schema: &'static str,
    /// The file.
    pub file: String,
    /// The platform.
    pub platform: String,
    /// The image, as it was named.
    pub image: Option<String>,
    /// The family that it is of.
    pub family: Option<String>,
    /// The key that the payload goes under.
    pub key: String,
    /// What it is, if it is something.
    pub format: Option<Format>,
    /// What lay around its parts, from the outside.
    pub layers: Vec<Layer>,
    /// Other keys that must be set with it.
    pub set_beside: BTreeMap<String, String>,
    /// How large it is.
    pub size: Size,
    /// Who reads it.
    pub read: ReadBy,
    /// Its parts.
    pub parts: Vec<JudgedPart>,
    /// What is wrong.
    pub findings: Vec<Diagnostic>,
    /// Shell scripts that a shell must judge.
    #[serde(skip)]
    pub scripts: Vec<Script>,
    /// Texts by the names that findings give them.
    #[serde(skip)]
    pub texts: BTreeMap<String, String>,
}

/// How large a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The file.
    pub file_bytes: usize,
    /// What the machine gets.
    pub machine_bytes: usize,
    /// What counts against the limit.
    pub counted_bytes: usize,
    /// Its parts, unpacked.
    pub unpacked_bytes: usize,
    /// What fits.
    pub limit: Option<Limit>,
}

/// Who reads a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadBy {
    /// How sure it is that somebody does.
    pub certainty: Certainty,
    /// Who.
    pub by: Vec<Reader>,
    /// How that is known.
    pub why: Vec<String>,
}

/// A part, and what was found of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedPart {
    /// What findings call it; empty if it is the whole payload.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// What it is said to be.
    pub content_type: Option<String>,
    /// How large it is.
    pub bytes: usize,
    /// The line of the file that its first line is on, or what it is packed in.
    pub line: usize,
    /// The program that runs it.
    pub interpreter: Option<String>,
    /// When it runs; nothing if it does not.
    pub runs: Option<Runs>,
    /// What of it runs at every boot all the same.
    pub every_boot: Vec<String>,
    /// Why it was not looked into, if it was not.
    pub unjudged: Option<String>,
}

/// A shell script of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Which of the parts it is.
    pub index: usize,
    /// Its part, for places.
    pub part: Part,
    /// What it is written in.
    pub dialect: Dialect,
    /// As its interpreter gets it.
    pub text: String,
    /// How many lines of the part come before it.
    pub skipped_lines: usize,
}

impl PayloadReport {
    /// True if something is wrong.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Adds what a shell says of a script: lines of it, from 1, and whether they are errors.
    pub fn shell_says(&mut self, script: &Script, said: Vec<(usize, Severity, String)>) {
        let mut findings = Diagnostics::new();
        for (line, severity, message) in said {
            let origin = script.part.origin(line + if line == 0 { 0 } else { script.skipped_lines });
            let help = "see `bash -n` with the script alone";
            match severity {
                Severity::Error => findings.error("boot-script-syntax", &origin, message, help),
                Severity::Warning | Severity::Note => {
                    findings.warning("boot-script-syntax", &origin, message, help)
                }
            }
        }
        self.findings.extend(findings.sorted());
        self.findings.sort_by(|a, b| (&a.origin, a.severity, a.rule).cmp(&(&b.origin, b.severity, b.rule)));
    }

    /// Notes that nobody could judge a script.
    pub fn shell_is_missing(&mut self, script: &Script, why: &str) {
        if let Some(part) = self.parts.get_mut(script.index) {
            part.unjudged = Some(why.to_owned());
        }
    }
}
