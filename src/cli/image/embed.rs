//! `cotter image embed`: a document, keyfiles and kernel arguments into a live image.

use std::path::PathBuf;

use clap::Args;

use super::open;
use super::put;
use crate::cli::Ui;
use crate::image;
use crate::image::Edit;
use crate::image::Replace;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// The largest document or keyfile that is embedded from a file.
const MAX_PART_BYTES: u64 = 16 << 20;

/// Embed an Ignition document, keyfiles and kernel arguments, in place or to a new file
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// The Ignition document of the live system
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A NetworkManager keyfile for the live system
    #[arg(long = "network-keyfile", value_name = "FILE")]
    network_keyfiles: Vec<PathBuf>,
    /// A kernel argument that the live system must have
    #[arg(long, value_name = "ARGUMENT")]
    append_karg: Vec<String>,
    /// A kernel argument that it must not have
    #[arg(long, value_name = "ARGUMENT")]
    delete_karg: Vec<String>,
    /// Write a new image (`-`: to standard output) instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace what is embedded, and the output if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<(), Failure> {
    let mut edit = Edit {
        append_kernel_arguments: arguments.append_karg.clone(),
        delete_kernel_arguments: arguments.delete_karg.clone(),
        ..Edit::default()
    };
    if let Some(path) = &arguments.config {
        let document = world::read_bounded(path, MAX_PART_BYTES)?;
        if let Err(cause) = serde_json::from_slice::<serde::de::IgnoredAny>(&document) {
            let message = format!("`{}` is not an Ignition document: {cause}", path.display());
            return Err(Failure::input(
                message,
                "give the JSON that Ignition reads, as `cotter ignition` prints it",
            ));
        }
        edit.config = Some(document);
    }
    for path in &arguments.network_keyfiles {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if edit.network.insert(name.clone(), world::read_bounded(path, MAX_PART_BYTES)?).is_some() {
            return Err(Failure::input(format!("two keyfiles are called `{name}`"), "rename one of them"));
        }
    }
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
