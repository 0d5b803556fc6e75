//! `cotter image embed`: a document, keyfiles and kernel arguments into a live image.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use super::parts::Look;
use super::parts::Parts;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::image;
use crate::image::Edit;
use crate::image::EmbeddedPart;
use crate::image::Replacement;
use crate::world::Failure;

/// Embed an Ignition document, keyfiles and kernel arguments, in place or to a new file
///
/// What is not named stays: a document alone leaves embedded keyfiles, and keyfiles alone leave an embedded document.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
    /// The Ignition document of the live system (`-`: from standard input)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A NetworkManager keyfile for the live system; together they replace those that are embedded
    #[arg(long = "network-keyfile", value_name = "FILE")]
    network_keyfiles: Vec<PathBuf>,
    /// A kernel argument that the live system must have; one that is there stays where it is
    #[arg(long, value_name = "ARGUMENT")]
    append_karg: Vec<String>,
    /// A kernel argument that it must not have
    #[arg(long, value_name = "ARGUMENT")]
    delete_karg: Vec<String>,
    /// A kernel argument that gets another value
    #[arg(long, value_name = "KEY=OLD=NEW")]
    replace_karg: Vec<Replacement>,
    /// Embed what the live system could not read, too
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (config, keyfiles) = (arguments.config.as_deref(), &arguments.network_keyfiles);
    let mut edit = Edit {
        append_kernel_arguments: arguments.append_karg.clone(),
        delete_kernel_arguments: arguments.delete_karg.clone(),
        replace_kernel_arguments: arguments.replace_karg.clone(),
        ..Edit::default()
    };
    if config.is_none() && keyfiles.is_empty() && edit.is_empty() {
        return Err(Failure::input(
            "there is nothing to embed",
            "give `--config`, `--network-keyfile`, `--append-karg`, `--delete-karg` or `--replace-karg`; `cotter image reset` empties",
        ));
    }
    let (mut file, live) = arguments.output.open(&arguments.iso, ui)?;
    let mut parts = Parts::read(config, keyfiles)?;
    edit.keep = match (&parts.config, keyfiles.is_empty()) {
        (Some(_), true) => Some(EmbeddedPart::Network),
        (None, false) => Some(EmbeddedPart::Config),
        _ => None,
    };
    (edit.config, edit.network) = (parts.config.take(), std::mem::take(&mut parts.network));
    // Room first: it takes less time to see that 16 MiB do not fit than to read them.
    let overlay = image::embed(&live, &mut file, &edit, arguments.output.replace())
        .map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let look = Look::new(arguments.raw);
    if let Err(exit) = parts.check(config, keyfiles, &edit, &live.volume_id, look, ui) {
        return Ok(exit);
    }
    arguments.output.put(&arguments.iso, &mut file, &overlay, ui)
}
