//! `cotter image reset`: the pristine image again.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::image;
use crate::image::Edit;
use crate::image::EmbeddedPart;
use crate::image::Replace;
use crate::world::Failure;

/// Bring the pristine image back
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// Take out the Ignition document only; keyfiles and kernel arguments stay
    #[arg(long)]
    config: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mut file, live) = arguments.output.open(&arguments.iso, ui)?;
    let overlay = match arguments.config {
        true => {
            let edit = Edit { keep: Some(EmbeddedPart::Network), ..Edit::default() };
            image::embed(&live, &mut file, &edit, Replace::Yes)
        }
        false => image::reset(&live),
    };
    let overlay = overlay.map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    arguments.output.put(&arguments.iso, &mut file, &overlay, ui)
}
