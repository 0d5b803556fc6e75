//! `cotter check`: all findings about a machine file, each at its place.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use crate::world;
use crate::world::Failure;

/// Say everything that is wrong with a machine file
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    /// Make warnings errors
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let planned = world::plan_machine(&arguments.spec)?;
    let findings = &planned.findings;
    if ui.wants_json() {
        ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": findings}));
    } else {
        ui.findings(findings, &planned.spec.text);
        if findings.is_empty() {
            ui.note(format!("{}: nothing is wrong", planned.spec.name));
        }
    }
    let refused = planned.machine.is_none() || (arguments.strict && !findings.is_empty());
    Ok(if refused { Exit::Input } else { Exit::Done })
}
