//! `cotter image minimal`: the live ISO without its root file system, which it then fetches by URL.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::open;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::image;
use crate::image::Minimal;
use crate::image::NetBoot;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Make the ISO without its root file system, which the booted system fetches by URL
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO, with nothing embedded
    iso: PathBuf,
    /// The minimal ISO to write (`-`: to standard output)
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Where the live system fetches its root file system
    #[arg(long, value_name = "URL")]
    rootfs_url: Option<String>,
    /// Write the root file system here, to be served
    #[arg(long, value_name = "OUT")]
    rootfs: Option<PathBuf>,
    /// Replace outputs that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let failed = |cause| Failure::image(&arguments.iso, &cause);
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    let url = arguments.rootfs_url.as_deref().map(super::checked_url).transpose()?;
    let to_stdout = arguments.output == Path::new("-");
    if to_stdout && ui.is_on_screen() {
        return Err(super::nothing_for_a_terminal());
    }
    if !to_stdout {
        world::refuse_existing(&arguments.output, existing)?;
    }
    let (mut file, live) = open(&arguments.iso)?;
    let minimal = Minimal::read(&live, &mut file).map_err(failed)?;
    // Before anything is copied: the minimal image has the same areas as the full one.
    image::fetching_rootfs(&live, &mut file, url).map_err(failed)?;
    if let Some(to) = &arguments.rootfs {
        world::refuse_existing(to, existing)?;
        let boot = NetBoot::read(&mut file).map_err(failed)?;
        let piece = boot.rootfs.and_then(|name| boot.files.get(&name).copied()).ok_or_else(|| {
            Failure::input(
                format!("`{}` has no root file system of its own", arguments.iso.display()),
                "leave `--rootfs` out",
            )
        })?;
        world::write_piece(&arguments.iso, piece, to, existing, 0o644)?;
    }
    if to_stdout {
        world::stream_minimal(&arguments.iso, &minimal, url, &mut ui.sink())?;
    } else {
        world::write_minimal(&arguments.iso, &minimal, url, &arguments.output, existing)?;
    }
    if url.is_none() {
        ui.note("note: nothing says yet where its root file system is: add the kernel argument `coreos.live.rootfs_url=URL`");
    }
    Ok(Exit::Done)
}
