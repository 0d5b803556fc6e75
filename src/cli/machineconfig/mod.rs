//! `cotter machineconfig`: OpenShift's machine configuration, without a cluster. One file per word.

mod convert;
mod diff;
mod drift;
mod explain;
mod generate;
mod lint;
mod plan;
mod provenance;
mod render;

use std::path::Path;

use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::ui::shown;
use crate::machineconfig::Problem;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// OpenShift's machine configuration, without a cluster: what the operator makes of it
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Render(render::Arguments),
    Lint(lint::Arguments),
    Plan(plan::Arguments),
    Diff(diff::Arguments),
    Drift(drift::Arguments),
    Generate(generate::Arguments),
    Explain(explain::Arguments),
    Convert(convert::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Render(arguments) => render::run(arguments, ui),
        Command::Lint(arguments) => lint::run(arguments, ui),
        Command::Plan(arguments) => plan::run(arguments, ui),
        Command::Diff(arguments) => diff::run(arguments, ui),
        Command::Drift(arguments) => drift::run(arguments, ui),
        Command::Generate(arguments) => generate::run(arguments, ui),
        Command::Explain(arguments) => explain::run(arguments, ui),
        Command::Convert(arguments) => convert::run(arguments, ui),
    }
}

/// A problem with its place, and the MachineConfig that it is about.
fn placed(problem: &Problem) -> String {
    let place = problem.origin.as_ref().map(|origin| format!("{}:{}: ", origin.file, origin.line));
    let config = problem.config.as_ref().map(|config| format!("MachineConfig `{config}`: "));
    shown(&format!("{}{}{}", place.unwrap_or_default(), config.unwrap_or_default(), problem.what))
}

/// Says what is wrong, all of it.
fn tell(problems: &[Problem], ui: &mut Ui) {
    for problem in problems {
        ui.failure(&Failure::input(placed(problem), problem.next.clone()));
    }
}

/// Writes a result to a file that only its owner can read, or prints it.
fn write_result(output: Option<&Path>, force: bool, text: &str, ui: &mut Ui) -> Result<(), Failure> {
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    match output {
        Some(output) => world::write_file(output, text.as_bytes(), existing, 0o600),
        None => {
            ui.write(text.as_bytes());
            Ok(())
        }
    }
}
