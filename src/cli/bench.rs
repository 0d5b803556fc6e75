//! `cotter bench`: the stand-in live ISO for rehearsals without a real image.

use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::load;
use crate::world::Failure;

/// Build the stand-in live ISO for rehearsals without a real image
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build it, or take it from the cache, and print where it is
    Build,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Build => {
            let path = load::stand_in(ui)?;
            ui.line(format!("{}", path.display()));
            Ok(Exit::Done)
        }
    }
}
