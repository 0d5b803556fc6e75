//! `cotter image`: live images as they are: what is in them, and changing it. One file per word.

mod diff;
mod edits;
mod embed;
mod extract;
mod minimal;
pub(super) mod pxe;
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
    Pxe(pxe::Arguments),
    Minimal(minimal::Arguments),
    Diff(diff::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => return show::run(arguments, ui),
        Command::Embed(arguments) => embed::run(arguments, ui),
        Command::Extract(arguments) => extract::run(arguments, ui),
        Command::Reset(arguments) => reset::run(arguments, ui),
        Command::Pxe(arguments) => pxe::run(arguments, ui),
        Command::Minimal(arguments) => minimal::run(arguments, ui),
        Command::Diff(arguments) => return diff::run(arguments, ui),
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

/// An address that files are served under, without the slashes at its end.
fn checked_url(url: &str) -> Result<&str, Failure> {
    let has_host =
        |scheme: &&str| url.strip_prefix(scheme).is_some_and(|rest| !rest.trim_matches('/').is_empty());
    let is_known = ["http://", "https://", "tftp://"].iter().any(has_host);
    if !is_known || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::input(
            format!("`{}` is no address that files are served under", url.escape_debug()),
            "write it as in `http://192.0.2.1/coreos`",
        ));
    }
    Ok(url.trim_end_matches('/'))
}
