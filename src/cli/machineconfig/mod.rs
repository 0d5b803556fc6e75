//! `cotter machineconfig`: OpenShift's machine configuration, without a cluster. One file per word.

mod drift;
mod explain;
mod render;

use clap::Subcommand;

use super::Exit;
use super::Ui;
use crate::world::Failure;

/// OpenShift's machine configuration, without a cluster: what the operator makes of it
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Drift(drift::Arguments),
    Explain(explain::Arguments),
    Render(render::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Drift(arguments) => drift::run(arguments, ui),
        Command::Explain(arguments) => explain::run(arguments, ui),
        Command::Render(arguments) => render::run(arguments, ui),
    }
}
