//! `cotter image`: live images as they are: what is in them, and changing it. One file per word.

mod embed;
mod extract;
mod reset;
mod show;

use std::fs::File;
use std::path::Path;

use clap::Subcommand;

use super::Exit;
use super::Ui;
use crate::image::LiveImage;
use crate::image::Overlay;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Look into live ISOs and change them
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Show(show::Arguments),
    Embed(embed::Arguments),
    Extract(extract::Arguments),
    Reset(reset::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => return show::run(arguments, ui),
        Command::Embed(arguments) => embed::run(arguments, ui),
        Command::Extract(arguments) => extract::run(arguments, ui),
        Command::Reset(arguments) => reset::run(arguments, ui),
    }?;
    Ok(Exit::Done)
}

fn open(path: &Path) -> Result<(File, LiveImage), Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let live = LiveImage::read(&mut file).map_err(|cause| Failure::image(path, &cause))?;
    Ok((file, live))
}

pub(super) fn put(
    iso: &Path,
    overlay: &Overlay,
    output: Option<&Path>,
    existing: Existing,
    ui: &mut Ui,
) -> Result<(), Failure> {
    match output {
        Some(out) if out == Path::new("-") => world::stream(iso, overlay, &mut ui.sink()),
        // What is embedded may be secret; a pristine image is not, but then nobody minds.
        Some(out) => world::write_image(iso, overlay, out, existing, 0o600),
        None => world::patch_in_place(iso, overlay),
    }
}
