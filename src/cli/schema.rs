//! `cotter schema`: the JSON Schema of machine files, for completion and hover texts in editors.

use clap::Args;

use super::Exit;
use super::Ui;
use crate::spec;
use crate::world::Failure;

/// Print the JSON Schema of machine files, for editors
#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    ui.json(&spec::machine_schema());
    Ok(Exit::Done)
}
