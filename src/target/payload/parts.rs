//! Each part of a payload, by the rules of what it is.

use std::collections::BTreeMap;

use super::JudgedPart;
use super::Script;
use super::template;
use crate::cloud::Interpreter;
use crate::cloud::LineEnds;
use crate::cloud::Reader;
use crate::cloud::Reading;
use crate::cloud::cloud_config;
use crate::cloud::payload::Kind;
use crate::cloud::payload::Part;
use crate::cloud::payload::Payload;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Severity;
use crate::document::nearest;
use crate::ignition::Document;
use crate::ignition::minor_of;
use crate::machineconfig;
use crate::machineconfig::document_problems;

const MARK: char = '\u{feff}';
/// What cloud-init takes in a MIME document.
const TYPES: [&str; 9] = [
    "text/cloud-config",
    "text/cloud-config-archive",
    "text/cloud-config-jsonp",
    "text/x-shellscript",
    "text/cloud-boothook",
    "text/part-handler",
    "text/x-include-url",
    "text/jinja2",
    "text/x-shellscript-per-boot",
];

/// What is known of the parts so far.
pub(super) struct Parts<'a> {
    reading: &'a Reading,
    is_whole: bool,
    count: usize,
    /// Keys of cloud-config, with the part that had them.
    keys: BTreeMap<String, String>,
    /// Shell scripts.
    pub(super) scripts: Vec<Script>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(reading: &'a Reading, payload: &Payload) -> Self {
        let is_whole = payload.parts.len() == 1 && payload.parts.iter().all(|part| part.label.is_empty());
        Self { reading, is_whole, count: 0, keys: BTreeMap::new(), scripts: Vec::new() }
    }

    /// Checks a part.
    pub(super) fn judge(&mut self, part: &Part, findings: &mut Diagnostics) -> JudgedPart {
        let index = self.count;
        self.count += 1;
        let mut judged = JudgedPart {
            label: part.label.clone(),
            kind: part.kind,
            content_type: part.content_type.clone(),
            bytes: part.bytes.len(),
            line: part.place.line,
            interpreter: None,
            runs: self.reading.runs(part.kind),
            every_boot: Vec::new(),
            unjudged: None,
        };
        let Some(text) = part.text() else {
            no_text(part, findings);
            return judged;
        };
        let is_script = part.kind.is_program() || self.is_bare_script(part);
        if text.starts_with(MARK) {
            let message = "a byte order mark comes first, and no reader looks behind it";
            findings.error("boot-data-header", &part.origin(1), message, "save it as UTF-8 without one");
        }
        let text = text.trim_start_matches(MARK);
        match part.kind {
            _ if is_script => self.script(index, part, text, &mut judged, findings),
            Kind::CloudConfig => {
                first_line(part, text, findings);
                self.cloud_config(part, text, &mut judged, findings);
            }
            Kind::Unknown if cloud_config::looks_like_one(text) => {
                no_header(part, text, findings);
                self.cloud_config(part, text, &mut judged, findings);
            }
            Kind::Unknown => unknown(part, findings),
            Kind::Empty => empty(part, self.is_whole, findings),
            Kind::UpstartJob => {
                let help = "write a unit of systemd with `write_files`, or a script";
                findings.error(
                    "boot-data-part",
                    &part.origin(1),
                    "cloud-init no longer knows upstart's jobs",
                    help,
                );
            }
            Kind::CloudConfigJsonp => json_patch(part, text, findings),
            Kind::Include => {
                includes(part, text, findings);
                judged.unjudged = Some("what its URLs hold is read when the machine boots".to_owned());
            }
            Kind::Template => {
                templates(part, text, findings);
                judged.unjudged = Some("what comes of a template is known in the machine".to_owned());
            }
            Kind::PartHandler => judged.unjudged = Some("it is Python".to_owned()),
            Kind::Ignition => ignition(part, text, findings),
            _ => {}
        }
        judged
    }

    /// True for a text without `#!` where a shell runs whatever it is.
    fn is_bare_script(&self, part: &Part) -> bool {
        self.is_whole && self.reading.is_run_by_shell() && matches!(part.kind, Kind::Unknown)
    }

    fn script(
        &mut self,
        index: usize,
        part: &Part,
        text: &str,
        judged: &mut JudgedPart,
        findings: &mut Diagnostics,
    ) {
        let is_google = self.reading.is_run_by_shell();
        let mut text = text.to_owned();
        let ends = LineEnds::of(&text);
        let is_mended =
            ends == LineEnds::CrLf && self.reading.readers.iter().all(|reader| *reader == Reader::CloudInit);
        match ends {
            LineEnds::Lf => {}
            LineEnds::CrLf if is_mended => {
                let message = "its lines end as on Windows; cloud-init mends that, and nobody else does";
                let help = "save it with the line ends of Unix";
                findings.warning("boot-script-line-ends", &part.origin(1), message, help);
                text = text.replace("\r\n", "\n");
            }
            LineEnds::CrLf | LineEnds::Mixed(_) => {
                let line = if let LineEnds::Mixed(line) = ends { line } else { 1 };
                let message =
                    "this line ends as on Windows: the carriage return becomes a part of its last word";
                let help = "save it with the line ends of Unix";
                findings.error("boot-script-line-ends", &part.origin(line), message, help);
                text = text.replace("\r\n", "\n");
            }
        }
        let mut skipped_lines = 0;
        if part.kind == Kind::Boothook {
            // Its first line is cloud-init's; the program begins after it.
            let rest = text.trim_start().split_once('\n').map_or("", |(_, rest)| rest).trim_start();
            let skipped = text.len() - rest.len();
            skipped_lines = text.get(..skipped).unwrap_or_default().matches('\n').count();
            text = rest.to_owned();
        }
        if is_google {
            // The runner trims what it runs.
            let rest = text.trim_start();
            skipped_lines += text.get(..text.len() - rest.len()).unwrap_or_default().matches('\n').count();
            text = rest.to_owned();
        }
        let interpreter = Interpreter::of(&text);
        if interpreter.is_none() {
            let (message, help) = match text.trim_start().starts_with("#!") {
                _ if is_google => {
                    ("it names no program: the runner's bash runs it itself", "begin with `#!/bin/bash`")
                }
                true if !text.starts_with("#!") => (
                    "something comes before `#!`: cloud-init takes it for a script and fails to start it",
                    "begin with `#!`",
                ),
                true => ("its `#!` names no program by its path", "begin with `#!/bin/bash`"),
                false => {
                    ("it does not begin with `#!`: cloud-init fails to start it", "begin with `#!/bin/bash`")
                }
            };
            let origin = part.origin(skipped_lines + 1);
            match is_google {
                true => findings.warning("boot-script-start", &origin, message, help),
                false => findings.error("boot-script-start", &origin, message, help),
            }
        }
        judged.interpreter = interpreter.as_ref().map(|interpreter| interpreter.name.clone());
        let dialect = match (&interpreter, is_google) {
            (Some(interpreter), _) => interpreter.dialect,
            (None, true) => Some(crate::cloud::Dialect::Bash),
            (None, false) => Interpreter::of(text.trim_start()).and_then(|interpreter| interpreter.dialect),
        };
        match (dialect, interpreter) {
            (Some(dialect), _) => {
                self.scripts.push(Script { index, part: part.clone(), dialect, text, skipped_lines });
            }
            (None, Some(interpreter)) => judged.unjudged = Some(format!("it is for `{}`", interpreter.name)),
            (None, None) => {}
        }
    }

    fn cloud_config(&mut self, part: &Part, text: &str, judged: &mut JudgedPart, findings: &mut Diagnostics) {
        let (found, problems) = cloud_config::check(&part.source_name(), text);
        for problem in problems.sorted() {
            let origin = part.placed(Origin { file: String::new(), ..problem.origin });
            match problem.severity {
                Severity::Error => findings.error(problem.rule, &origin, problem.message, problem.help),
                Severity::Warning | Severity::Note => {
                    findings.warning(problem.rule, &origin, problem.message, problem.help)
                }
            }
        }
        if let Some(line) = template::words_of_one(text) {
            let message = "these are words of a template, and the part is none: they stay as they are";
            let help = "write `## template: jinja` as first line, before `#cloud-config`";
            findings.warning("boot-data-template", &part.origin(line), message, help);
        }
        judged.every_boot = found.every_boot;
        for (key, line) in found.keys {
            let label = if part.label.is_empty() { "it".to_owned() } else { part.label.clone() };
            match self.keys.get(&key) {
                Some(first) if !found.says_how_to_merge && !part.has_merge_type => {
                    let message = format!("`{key}` is in {first} too, and this replaces it, lists as well");
                    let help = "say `merge_how: 'list(append)+dict(no_replace,recurse_list)+str()'` here, or put both into one part";
                    findings.warning("boot-data-merge", &part.origin(line), message, help);
                }
                _ => {}
            }
            self.keys.entry(key).or_insert(label);
        }
    }
}

fn no_text(part: &Part, findings: &mut Diagnostics) {
    let is_utf_16 = part.bytes.starts_with(&[0xff, 0xfe]) || part.bytes.starts_with(&[0xfe, 0xff]);
    match is_utf_16 {
        true => {
            let message = "it is UTF-16, as some editors on Windows save text";
            findings.error("boot-data-header", &part.origin(0), message, "save it as UTF-8");
        }
        false => {
            let message = "it is no text, and no reader knows what it is";
            let help = "give text; gzip in a part needs `Content-Type: application/gzip`";
            findings.error("boot-data-part", &part.origin(0), message, help);
        }
    }
}

fn first_line(part: &Part, text: &str, findings: &mut Diagnostics) {
    let is_said = part.content_type.as_deref() == Some("text/cloud-config");
    if !text.starts_with("#cloud-config") && !is_said {
        let message = "`#cloud-config` is not the very first: cloud-init since 22 sees it all the same, other readers do not";
        findings.warning(
            "boot-data-header",
            &part.origin(1),
            message,
            "make `#cloud-config` the first line, in lower case",
        );
        return;
    }
    let line = text.lines().next().unwrap_or_default().trim_end();
    if line.starts_with("#cloud-config") && line != "#cloud-config" && !line.starts_with("#cloud-config ") {
        let message = format!("`{}` is taken for `#cloud-config`", line.chars().take(60).collect::<String>());
        findings.warning(
            "boot-data-header",
            &part.origin(1),
            message,
            "write `#cloud-config` alone in its line",
        );
    }
}

fn no_header(part: &Part, text: &str, findings: &mut Diagnostics) {
    let line = text.lines().next().unwrap_or_default();
    let is_near = line.starts_with('#') && line.to_ascii_lowercase().contains("cloud");
    let message = match is_near {
        true => format!(
            "`{}` is not `#cloud-config`: cloud-init does nothing with it, and says that it is done",
            line.trim_end().chars().take(60).collect::<String>()
        ),
        false => {
            "`#cloud-config` is missing: cloud-init does nothing with it, and says that it is done".to_owned()
        }
    };
    findings.error("boot-data-header", &part.origin(1), message, "write `#cloud-config` as first line");
}

fn unknown(part: &Part, findings: &mut Diagnostics) {
    let content_type = part.content_type.as_deref().filter(|kind| *kind != "text/plain");
    let (message, help) = match content_type {
        Some(kind) => {
            let help = match nearest(kind, TYPES) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("cloud-init knows {}", TYPES.join(", ")),
            };
            (format!("cloud-init does not know `{kind}`, and passes over the part"), help)
        }
        None => (
            "cloud-init does not know how it begins, and passes over it".to_owned(),
            "begin with `#!`, `#cloud-config` or another of its headers".to_owned(),
        ),
    };
    findings.error("boot-data-part", &part.origin(1), message, help);
}

fn empty(part: &Part, is_whole: bool, findings: &mut Diagnostics) {
    let (message, help) = ("there is nothing in it", "write something, or leave it out");
    match is_whole {
        true => findings.error("boot-data-part", &part.origin(0), message, help),
        false => findings.warning("boot-data-part", &part.origin(0), message, help),
    }
}

fn json_patch(part: &Part, text: &str, findings: &mut Diagnostics) {
    let body = text.trim_start().trim_start_matches("#cloud-config-jsonp");
    let read: Result<Vec<serde_json::Value>, _> = serde_json::from_str(body);
    let is_right =
        read.is_ok_and(|steps| steps.iter().all(|step| step["op"].is_string() && step["path"].is_string()));
    if !is_right {
        let message = "it is no JSON patch: a list of steps, each with `op` and `path`";
        findings.error("boot-data-part", &part.origin(1), message, "see RFC 6902");
    }
}

fn includes(part: &Part, text: &str, findings: &mut Diagnostics) {
    let mut has_one = false;
    for (index, line) in text.lines().enumerate() {
        let mut rest = line;
        for word in ["#include-once", "#include"] {
            if line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)) {
                rest = line.get(word.len()..).unwrap_or_default();
                break;
            }
        }
        let url = rest.trim();
        if url.is_empty() || rest.starts_with('#') {
            continue;
        }
        has_one = true;
        let is_url =
            ["http://", "https://", "file://", "ftp://"].iter().any(|scheme| url.starts_with(scheme));
        if !is_url {
            let message = format!("`{}` is no URL", url.chars().take(80).collect::<String>());
            findings.error("boot-data-include", &part.origin(index + 1), message, "write one URL a line");
        }
    }
    if !has_one {
        let message = "there is no URL in it";
        findings.error(
            "boot-data-include",
            &part.origin(1),
            message,
            "write one URL a line after `#include`",
        );
    }
}

fn templates(part: &Part, text: &str, findings: &mut Diagnostics) {
    // A part of that type has no such line of its own to take off.
    let first = text.trim_start().lines().next().unwrap_or_default();
    let is_headed = first.to_ascii_lowercase().starts_with("## template: jinja");
    if !is_headed {
        let message = "a template begins with `## template: jinja`";
        findings.error("boot-data-template", &part.origin(1), message, "write it as first line");
    }
    let rest = if is_headed { text.trim_start().split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let before = text.get(..text.len() - rest.len()).unwrap_or_default().matches('\n').count();
    if let Some((line, what)) = template::problem(rest) {
        let help = "close it; cloud-init passes over a template that it cannot read";
        findings.error("boot-data-template", &part.origin(line + before), what, help);
    }
    let begins = rest.trim_start().to_ascii_lowercase();
    if !["#cloud-config", "#!", "#cloud-boothook", "{%", "{{", "{#"]
        .iter()
        .any(|word| begins.starts_with(word))
    {
        let message = "what comes of the template does not begin with `#cloud-config` or `#!`: cloud-init passes over it";
        let help = "write `#cloud-config` on the second line";
        findings.error("boot-data-template", &part.origin(before + 1), message, help);
    }
}

fn ignition(part: &Part, text: &str, findings: &mut Diagnostics) {
    let document = match Document::read(text.as_bytes()) {
        Ok(document) => document,
        Err(cause) => {
            let line = serde_json::from_str::<serde_json::Value>(text).err().map_or(1, |cause| cause.line());
            findings.error(
                "boot-data-ignition",
                &part.origin(line),
                format!("the document {cause}"),
                cause.hint(),
            );
            return;
        }
    };
    let whole = part.origin(0);
    let minor = minor_of(document.version()).unwrap_or(0);
    for finding in document_problems(document.value(), minor) {
        match finding {
            machineconfig::Finding::Refused(problem) => {
                findings.error("boot-data-ignition", &whole, problem.what, problem.next);
            }
            machineconfig::Finding::Unknown(path) => {
                let message =
                    format!("Ignition {} does not know `{path}`, and passes over it", document.version());
                let help = "see the configuration spec of that version";
                findings.warning("boot-data-ignition", &Origin { key: path, ..whole.clone() }, message, help);
            }
        }
    }
}
