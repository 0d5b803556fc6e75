//! `cotter image embed`: a document, keyfiles and kernel arguments into a live image.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use super::parts::Wanted;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::image;
use crate::image::EmbeddedPart;
use crate::world::Failure;

/// Embed an Ignition document, keyfiles and kernel arguments, in place or to a new file
///
/// What is not named stays: a document alone leaves embedded keyfiles, and keyfiles alone leave an embedded document.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let wanted = &arguments.wanted;
    if wanted.is_empty() {
        return Err(Failure::input(
            "there is nothing to embed",
            "give `--config`, `--network-keyfile`, `--append-karg`, `--delete-karg` or `--replace-karg`; `cotter image reset` empties",
        ));
    }
    let (mut file, live) = arguments.output.open(&arguments.iso, ui)?;
    let (parts, mut edit) = wanted.read()?;
    edit.keep = match (&edit.config, edit.network.is_empty()) {
        (Some(_), true) => Some(EmbeddedPart::Network),
        (None, false) => Some(EmbeddedPart::Config),
        _ => None,
    };
    // Room first: it takes less time to see that 16 MiB do not fit than to read them.
    let overlay = image::embed(&live, &mut file, &edit, arguments.output.replace())
        .map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    if let Err(exit) = parts.check(wanted, &edit, &live.volume_id, ui) {
        return Ok(exit);
    }
    arguments.output.put(&arguments.iso, &mut file, &overlay, ui)
}
