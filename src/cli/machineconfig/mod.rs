//! `cotter machineconfig`: OpenShift's machine configuration, without a cluster. One file per word.

mod lint;
mod render;

use clap::Subcommand;

use super::Exit;
use super::Ui;
use crate::world::Failure;

/// OpenShift's machine configuration, without a cluster: what the operator makes of it
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Render(render::Arguments),
    Lint(lint::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Render(arguments) => render::run(arguments, ui),
        Command::Lint(arguments) => lint::run(arguments, ui),
    }
}
