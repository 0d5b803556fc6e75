//! `cotter image reset`: the pristine image again.

use std::path::PathBuf;

use clap::Args;

use super::open;
use super::put;
use crate::cli::Ui;
use crate::image;
use crate::world::Existing;
use crate::world::Failure;

/// Bring the pristine image back
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// Write a new image (`-`: to standard output) instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<(), Failure> {
    let (_, live) = open(&arguments.iso)?;
    let overlay = image::reset(&live).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    put(&arguments.iso, &overlay, arguments.output.as_deref(), Existing::Refuse, ui)
}
