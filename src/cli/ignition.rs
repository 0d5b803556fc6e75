//! `cotter ignition`: the Ignition document of a life.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::Exit;
use super::Ui;
use super::load;
use crate::world::Failure;

/// Print the Ignition document of a life; it holds password hashes
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    /// The life whose document is printed
    #[arg(long, value_enum, default_value = "first-boot")]
    life: DocumentOf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DocumentOf {
    /// The live medium
    Live,
    /// The installed system
    FirstBoot,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = match load::load(&arguments.spec, ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let document = match arguments.life {
        DocumentOf::Live => loaded.plan.live,
        DocumentOf::FirstBoot => loaded.plan.destination,
    };
    ui.write(&document.to_json());
    ui.line("");
    Ok(Exit::Done)
}
