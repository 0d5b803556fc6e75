//! `cotter image embed`: a document, keyfiles and kernel arguments into a live image.

use std::path::PathBuf;

use clap::Args;

use super::edits::GivenEdit;
use super::open;
use super::put;
use crate::cli::Ui;
use crate::image;
use crate::image::Replace;
use crate::world::Existing;
use crate::world::Failure;

/// Embed an Ignition document, keyfiles and kernel arguments, in place or to a new file
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    #[command(flatten)]
    edit: GivenEdit,
    /// Write a new image (`-`: to standard output) instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace what is embedded, and the output if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<(), Failure> {
    let edit = arguments.edit.read()?;
    if edit.is_empty() {
        return Err(Failure::input(
            "there is nothing to embed",
            "give `--config`, `--network-keyfile`, `--append-karg` or `--delete-karg`; `cotter image reset` empties",
        ));
    }
    let (mut file, live) = open(&arguments.iso)?;
    let replace = if arguments.force { Replace::Yes } else { Replace::No };
    let overlay = image::embed(&live, &mut file, &edit, replace)
        .map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    put(&arguments.iso, &overlay, arguments.output.as_deref(), existing, ui)
}
