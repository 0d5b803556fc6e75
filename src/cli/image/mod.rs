//! `cotter image`: live images as they are: what is in them, and changing it. One file per word.

mod diff;
mod embed;
mod extract;
mod kargs;
mod minimal;
mod network;
mod parts;
pub(super) mod pxe;
mod reset;
mod show;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::ui::shown;
use crate::image;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::image::Overlay;
use crate::target;
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
    #[command(subcommand)]
    Kargs(kargs::Command),
    #[command(subcommand)]
    Network(network::Command),
    Pxe(pxe::Arguments),
    Minimal(minimal::Arguments),
    Diff(diff::Arguments),
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => show::run(arguments, ui),
        Command::Embed(arguments) => embed::run(arguments, ui),
        Command::Extract(arguments) => extract::run(arguments, ui),
        Command::Reset(arguments) => reset::run(arguments, ui),
        Command::Kargs(command) => kargs::run(command, ui),
        Command::Network(command) => network::run(command, ui),
        Command::Pxe(arguments) => pxe::run(arguments, ui),
        Command::Minimal(arguments) => minimal::run(arguments, ui),
        Command::Diff(arguments) => diff::run(arguments, ui),
    }
}

/// Where a changed image goes; the same for every word that changes one.
#[derive(Debug, Args)]
struct Output {
    /// Write a new image (`-`: to standard output) instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace the output if it is there, and what is embedded
    #[arg(short, long)]
    force: bool,
}

impl Output {
    fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Refuse }
    }

    fn replace(&self) -> image::Replace {
        if self.force { image::Replace::Yes } else { image::Replace::No }
    }

    /// Opens the image, once it is known that the result may go where it is to go.
    fn open(&self, iso: &Path, ui: &Ui) -> Result<(File, LiveImage), Failure> {
        match &self.output {
            Some(out) if out != Path::new("-") => world::refuse_existing(out, self.existing())?,
            Some(_) if ui.is_on_screen() => {
                return Err(nothing_for_a_terminal());
            }
            _ => {}
        }
        open(iso)
    }

    /// Writes the changed image, and says who may read it.
    fn put(&self, iso: &Path, file: &mut File, overlay: &Overlay, ui: &mut Ui) -> Result<Exit, Failure> {
        match &self.output {
            Some(out) if out == Path::new("-") => world::stream(iso, overlay, &mut ui.sink())?,
            Some(out) => {
                let secrets = secrets_in(iso, &mut overlay.over(file))?;
                world::write_image(iso, overlay, out, self.existing(), mode(&secrets))?;
                ui.note(format!("{} ({})", out.display(), readers(&secrets)));
            }
            None => {
                let secrets = secrets_in(iso, &mut overlay.over(file))?;
                world::patch_in_place(iso, overlay)?;
                let mode = world::mode_of(iso)?;
                if mode & 0o044 != 0 && !secrets.is_empty() {
                    let held = some_of(&secrets);
                    let message =
                        format!("others may read `{}` (mode {mode:04o}), and it holds {held}", iso.display());
                    ui.warning(&message, &format!("run `chmod 600 {}`", iso.display()));
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn nothing_for_a_terminal() -> Failure {
    Failure::input("an image is nothing for a terminal", "redirect standard output, or name a file")
}

fn open(path: &Path) -> Result<(File, LiveImage), Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let live = LiveImage::read(&mut file).map_err(|cause| Failure::image(path, &cause))?;
    Ok((file, live))
}

/// What in an image is secret, by name.
fn secrets_in<R: std::io::Read + std::io::Seek>(path: &Path, image: &mut R) -> Result<Vec<String>, Failure> {
    let failed = |cause: ImageError| Failure::image(path, &cause);
    let live = LiveImage::read(image).map_err(failed)?;
    let arguments = live.kernel_arguments.as_ref().map_or("", |areas| areas.current.as_str());
    let edit = match image::embedded(&live, image) {
        Ok(archive) => Edit::of(&archive),
        Err(ImageError::Contents(_)) => return Ok(unreadable()),
        Err(cause) => return Err(failed(cause)),
    };
    Ok(secrets_of(edit.config.as_deref(), &edit.network, arguments))
}

/// What may be secret in an area that cannot be read.
fn unreadable() -> Vec<String> {
    vec!["something that cannot be read here".to_owned()]
}

/// What is secret in what is embedded, by name; what cannot be read may be.
fn secrets_of(
    config: Option<&[u8]>,
    network: &BTreeMap<String, Vec<u8>>,
    kernel_arguments: &str,
) -> Vec<String> {
    match config.map(serde_json::from_slice).transpose() {
        Ok(document) => target::secrets(document.as_ref(), network, kernel_arguments),
        Err(_) => vec!["a document that cannot be read here".to_owned()],
    }
}

/// The permissions of a file with these secrets.
pub(super) fn mode(secrets: &[String]) -> u32 {
    if secrets.is_empty() { 0o644 } else { 0o600 }
}

/// Who may read such a file, and why.
pub(super) fn readers(secrets: &[String]) -> String {
    match secrets {
        [] => "everybody may read it".to_owned(),
        _ => format!("only you can read it: it holds {}", some_of(secrets)),
    }
}

/// The first few, and how many more there are.
fn some_of(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
    match names.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
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
