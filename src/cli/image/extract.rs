//! `cotter image extract`: what is embedded.

use std::path::PathBuf;

use clap::Args;

use super::open;
use crate::cli::Ui;
use crate::image;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Take out what is embedded
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// The folder to put the files in; without it, the Ignition document is printed
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<(), Failure> {
    let (mut file, live) = open(&arguments.iso)?;
    let embedded =
        image::embedded(&live, &mut file).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let nothing = || {
        let message = format!("`{}` has no Ignition document in it", arguments.iso.display());
        Failure::input(message, "see `cotter image show` for what it has")
    };
    match &arguments.directory {
        None => ui.write(embedded.get("config.ign").ok_or_else(nothing)?),
        Some(_) if embedded.is_empty() => return Err(nothing()),
        Some(folder) => {
            // All is looked at before anything is written.
            for (path, _) in embedded.files() {
                world::refuse_existing(&folder.join(path), Existing::Refuse)?;
            }
            for (path, bytes) in embedded.files() {
                // The archive's reader has left out paths that lead elsewhere.
                let to = folder.join(path);
                if let Some(parent) = to.parent() {
                    std::fs::create_dir_all(parent).map_err(|cause| Failure::io("make", parent, &cause))?;
                }
                world::write_file(&to, bytes, Existing::Refuse, 0o600)?;
            }
        }
    }
    Ok(())
}
