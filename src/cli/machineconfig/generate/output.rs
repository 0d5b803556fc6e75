//! Where what was generated goes: standard output, a file, or a folder.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::Generated;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// The format of what programs read.
const SCHEMA: &str = "cotter.dev/machineconfig-generate/1";

#[derive(Clone, Debug, Args)]
pub(super) struct Output {
    /// The file to write, or a folder that is there; standard output if not said
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

impl Output {
    /// Writes or prints, and says what is to be known besides.
    pub(super) fn write(&self, generated: &Generated, ui: &mut Ui) -> Result<Exit, Failure> {
        let (name, text, is_secret, notes): (&str, String, bool, &[String]) = match generated {
            Generated::Object(made) => (&made.name, made.text(), made.is_secret, &made.notes),
            Generated::Files(files) => ("files", as_text(files), false, &[]),
            Generated::Runbook(name, text) => (name, text.clone(), false, &[]),
        };
        let ending = if matches!(generated, Generated::Object(_)) { "yaml" } else { "txt" };
        let path = self.output.as_ref().map(|path| match path.is_dir() {
            true => path.join(format!("{name}.{ending}")),
            false => path.clone(),
        });
        let Some(path) = path else {
            if is_secret {
                let message = "a password's hash is not printed: others could guess at it";
                return Err(Failure::input(message, "name a file with `-o`; only you can read it then"));
            }
            match ui.wants_json() {
                true => ui.json(&as_json(generated, notes, None)),
                false => ui.write(text.as_bytes()),
            }
            self.tell(notes, ui);
            return Ok(Exit::Done);
        };
        let existing = if self.force { Existing::Replace } else { Existing::Refuse };
        world::write_file(&path, text.as_bytes(), existing, if is_secret { 0o600 } else { 0o644 })?;
        match ui.wants_json() {
            true => ui.json(&as_json(generated, notes, Some(&path))),
            false => {
                let readers = if is_secret { " (for you alone: it holds a password's hash)" } else { "" };
                ui.line(format!("{}{readers}", path.display()));
            }
        }
        self.tell(notes, ui);
        Ok(Exit::Done)
    }

    fn tell(&self, notes: &[String], ui: &mut Ui) {
        if !ui.wants_json() {
            notes.iter().for_each(|note| ui.note(format!("note: {note}")));
        }
    }
}

/// Files one below the other, each under its path.
fn as_text(files: &[(String, String)]) -> String {
    let texts: Vec<String> = files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
    texts.join("\n")
}

/// What programs read; a secret object is in its file alone.
fn as_json(generated: &Generated, notes: &[String], written: Option<&Path>) -> Value {
    let mut json = json!({"schema": SCHEMA, "object": null, "files": [], "runbook": null, "notes": notes, "written": written});
    match generated {
        Generated::Object(made) if made.is_secret => {}
        Generated::Object(made) => json["object"] = made.object.clone(),
        Generated::Files(files) => {
            let file = |(path, text): &(String, String)| json!({"path": path, "contents": text});
            json["files"] = files.iter().map(file).collect();
        }
        Generated::Runbook(_, text) => json["runbook"] = text.as_str().into(),
    }
    json
}
