//! Parts of the user's own: scripts, which ours runs, and what only cloud-init understands.

use crate::cloud::payload::Kind;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::spec::Cloud;
use crate::spec::Contents;
use crate::spec::Part;
use crate::spec::When;
use crate::target::Files;

/// A script that is run by its own interpreter.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// What it is called, with a number before it.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The words of its first line.
    pub(super) interpreter: Vec<String>,
}

/// A part that only cloud-init understands.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
    pub(super) origin: Origin,
}

/// The user's parts, by when they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) scripts_before: Vec<Script>,
    pub(super) scripts_after: Vec<Script>,
    pub(super) foreign_before: Vec<Foreign>,
    pub(super) foreign_after: Vec<Foreign>,
}

impl Parts {
    /// Reads the parts; what is none is a finding.
    pub(super) fn of(cloud: &Cloud, files: &Files, findings: &mut Diagnostics) -> Self {
        let mut parts = Self::default();
        for (index, part) in cloud.parts.iter().enumerate() {
            let Some(bytes) = part.contents.as_ref().and_then(|contents| bytes_of(contents, files)) else {
                continue;
            };
            let name = format!("{:02}-{}", index + 1, name_of(part));
            let is_before = part.when == When::Before;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            // A blank before it, and it is none to the kernel or to Google's runner.
            if let Some(interpreter) =
                text.strip_prefix("#!").map(interpreter).filter(|words| !words.is_empty())
            {
                if text.split('\n').next().is_some_and(|line| line.ends_with('\r')) {
                    let message =
                        format!("the first line of the part `{}` ends in a carriage return", name_of(part));
                    findings.error("cloud-part-kind", &part.origin, message, "save it with line feeds alone");
                }
                let script = Script { name, bytes, interpreter };
                if is_before {
                    parts.scripts_before.push(script)
                } else {
                    parts.scripts_after.push(script)
                }
                continue;
            }
            match Kind::of_beginning(&text).filter(|kind| *kind != Kind::Script) {
                Some(kind) => {
                    let foreign = Foreign { name, kind, bytes, origin: part.origin.clone() };
                    if is_before {
                        parts.foreign_before.push(foreign)
                    } else {
                        parts.foreign_after.push(foreign)
                    }
                }
                None => {
                    let is_ignition = text.trim_start().starts_with('{') && text.contains("\"ignition\"");
                    let message = match is_ignition {
                        true => format!(
                            "the part `{}` is Ignition, which rides in no other payload",
                            name_of(part)
                        ),
                        false => {
                            format!("nobody reads the part `{}`: its first line says nothing", name_of(part))
                        }
                    };
                    let help = match is_ignition {
                        true => "name it under `ignition_files`",
                        false => {
                            "begin it with `#!/bin/bash`, `#cloud-config` or the like, and with nothing before that"
                        }
                    };
                    findings.error("cloud-part-kind", &part.origin, message, help);
                }
            }
        }
        parts
    }

    /// What only cloud-init understands.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &Foreign> {
        self.foreign_before.iter().chain(&self.foreign_after)
    }

    /// The scripts.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.scripts_before.iter().chain(&self.scripts_after)
    }
}

/// The bytes that are written or named.
pub(super) fn bytes_of(contents: &Contents, files: &Files) -> Option<Vec<u8>> {
    match contents {
        Contents::Inline(text, _) => Some(text.value.clone().into_bytes()),
        Contents::Local(file) => files.contents.get(&file.value).cloned(),
        Contents::Remote(_) | Contents::Packed(_) => None,
    }
}

fn name_of(part: &Part) -> String {
    let of_file = || match &part.contents {
        Some(Contents::Local(file)) => file.value.rsplit('/').next().map(str::to_owned),
        _ => None,
    };
    let name = part.name.as_ref().map(|name| name.value.clone()).or_else(of_file);
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    name.map_or_else(|| "part".to_owned(), |name| name.chars().map(plain).collect())
}

/// The interpreter and its one argument, as the kernel splits them (execve(2)).
fn interpreter(rest: &str) -> Vec<String> {
    let line = rest.lines().next().unwrap_or_default().trim();
    match line.split_once([' ', '\t']) {
        Some((program, argument)) => vec![program.to_owned(), argument.trim().to_owned()],
        None if line.is_empty() => Vec::new(),
        None => vec![line.to_owned()],
    }
}
