//! `cotter image`: live images as they are: what is in them, and changing it.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use crate::image;
use crate::image::Archive;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::image::Overlay;
use crate::image::Replace;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// The largest document or keyfile that is embedded from a file.
const MAX_PART_BYTES: u64 = 16 << 20;

/// Look into live ISOs and change them
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what the image offers, what is embedded, and how much room is left
    Show(Show),
    /// Embed an Ignition document, keyfiles and kernel arguments, in place or to a new file
    Embed(Embed),
    /// Take out what is embedded
    Extract(Extract),
    /// Bring the pristine image back
    Reset(Reset),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The live ISO
    iso: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Embed {
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
    /// Write a new image instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace what is embedded, and the output if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Extract {
    /// The live ISO
    iso: PathBuf,
    /// The folder to put the files in; without it, the Ignition document is printed
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Reset {
    /// The live ISO
    iso: PathBuf,
    /// Write a new image instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => show(arguments, ui),
        Command::Embed(arguments) => embed(arguments),
        Command::Extract(arguments) => extract(arguments, ui),
        Command::Reset(arguments) => reset(arguments),
    }?;
    Ok(Exit::Done)
}

fn open(path: &Path) -> Result<(File, LiveImage), Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let live = LiveImage::read(&mut file).map_err(|cause| Failure::image(path, &cause))?;
    Ok((file, live))
}

fn show(arguments: &Show, ui: &mut Ui) -> Result<(), Failure> {
    let (mut file, live) = open(&arguments.iso)?;
    let embedded =
        image::embedded(&live, &mut file).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let used = used(&embedded).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let left = live.embed.length.saturating_sub(used);
    if ui.wants_json() {
        let files: Vec<_> = embedded
            .files()
            .map(|(path, bytes)| serde_json::json!({"path": path, "size_bytes": bytes.len()}))
            .collect();
        let arguments = live.kernel_arguments.as_ref().map(|areas| {
            let offsets: Vec<u64> = areas.places.iter().map(|place| place.offset).collect();
            serde_json::json!({"default": areas.default, "current": areas.current, "offsets": offsets,
                "length_bytes": areas.length, "left_bytes": areas.left()})
        });
        ui.json(&serde_json::json!({
            "schema": "cotter.dev/image/1",
            "volume_id": live.volume_id,
            "length_bytes": live.length,
            "embed_area": {"offset": live.embed.offset, "length_bytes": live.embed.length, "used_bytes": used, "left_bytes": left},
            "embedded": files,
            "kernel_arguments": arguments,
            "features": live.features,
        }));
        return Ok(());
    }
    ui.line(format!("volume            {}", live.volume_id));
    ui.line(format!("length            {} bytes", live.length));
    let area = live.embed;
    ui.line(format!("embed area        at {}, {} bytes, {used} used, {left} left", area.offset, area.length));
    for (path, bytes) in embedded.files() {
        ui.line(format!("  {path}  {} bytes", bytes.len()));
    }
    match &live.kernel_arguments {
        None => ui.line("kernel arguments  cannot be changed"),
        Some(areas) => {
            ui.line(format!("kernel arguments  {}", areas.current));
            if areas.current != areas.default {
                ui.line(format!("  pristine        {}", areas.default));
            }
            ui.line(format!("  room            {} bytes left", areas.left()));
        }
    }
    let features: Vec<&str> = live.features.keys().map(String::as_str).collect();
    ui.line(format!("features          {}", features.join(", ")));
    Ok(())
}

/// How many bytes the area's content takes, as cotter would write it.
fn used(embedded: &Archive) -> Result<u64, ImageError> {
    if embedded.is_empty() { Ok(0) } else { Ok(embedded.to_xz()?.len() as u64) }
}

fn embed(arguments: &Embed) -> Result<(), Failure> {
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
    let (mut file, live) = open(&arguments.iso)?;
    let replace = if arguments.force { Replace::Yes } else { Replace::No };
    let overlay = image::embed(&live, &mut file, &edit, replace)
        .map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    put(&arguments.iso, &overlay, arguments.output.as_deref(), existing)
}

fn reset(arguments: &Reset) -> Result<(), Failure> {
    let (_, live) = open(&arguments.iso)?;
    let overlay = image::reset(&live).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    put(&arguments.iso, &overlay, arguments.output.as_deref(), Existing::Refuse)
}

fn put(iso: &Path, overlay: &Overlay, output: Option<&Path>, existing: Existing) -> Result<(), Failure> {
    match output {
        // What is embedded may be secret; a pristine image is not, but then nobody minds.
        Some(out) => world::write_image(iso, overlay, out, existing, 0o600),
        None => world::patch_in_place(iso, overlay),
    }
}

fn extract(arguments: &Extract, ui: &mut Ui) -> Result<(), Failure> {
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
