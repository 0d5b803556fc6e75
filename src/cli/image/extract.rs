//! `cotter image extract`: what is embedded, and what goes to the disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::open;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::ignition::Document;
use crate::image;
use crate::image::Edit;
use crate::target::Medium;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Take out what is embedded, and what the installer is told
///
/// A folder gets `config.ign` and `etc/coreos-firstboot-network/` as they are embedded, and what the document carries for
/// the installation: `dest.ign`, the document of the installed system; `installer.d/`, the configurations of
/// coreos-installer; `hooks/`, the programs that run before and after it. Without a folder, one document is printed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// The folder to put the files in
    #[arg(short = 'C', long, value_name = "DIR", conflicts_with = "destination")]
    directory: Option<PathBuf>,
    /// Print the document of the installed system, and not that of the live system
    #[arg(long)]
    destination: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mut file, live) = open(&arguments.iso)?;
    let embedded =
        image::embedded(&live, &mut file).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let nothing = |what: &str| {
        let message = format!("`{}` has no {what} in it", arguments.iso.display());
        Failure::input(message, "see `cotter image show` for what it has")
    };
    let edit = Edit::of(&embedded);
    let document = edit.config.as_ref().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let medium = Medium::of(&Document::new(document.unwrap_or_default()), &edit.network);
    if let Some(folder) = &arguments.directory {
        if embedded.is_empty() {
            return Err(nothing("Ignition document"));
        }
        // The archive's reader and the medium have left out paths that lead elsewhere.
        let raw = embedded.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
        write_files(folder, &medium.files().iter().cloned().chain(raw).collect(), ui)?;
    } else if arguments.destination {
        let destination = medium.files().iter().find(|(name, _)| name == "dest.ign");
        ui.write(&destination.ok_or_else(|| nothing("document of an installed system"))?.1);
    } else {
        ui.write(edit.config.as_ref().ok_or_else(|| nothing("Ignition document"))?);
    }
    Ok(Exit::Done)
}

/// Writes files below a folder, which only the user can read; all are looked at before the first is written.
pub(super) fn write_files(
    folder: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    ui: &mut Ui,
) -> Result<(), Failure> {
    for path in files.keys() {
        world::refuse_existing(&folder.join(path), Existing::Refuse)?;
    }
    for (path, bytes) in files {
        let to = folder.join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(|cause| Failure::io("make", parent, &cause))?;
        }
        world::write_file(&to, bytes, Existing::Refuse, 0o600)?;
        ui.line(to.display().to_string());
    }
    Ok(())
}
