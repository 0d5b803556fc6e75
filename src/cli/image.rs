//! `cotter image`: live images as they are: what is in them, and changing it.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::ui::shown;
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
    /// Write a new image (`-`: to standard output) instead of changing this one
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
    /// Write a new image (`-`: to standard output) instead of changing this one
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => return show(arguments, ui),
        Command::Embed(arguments) => embed(arguments, ui),
        Command::Extract(arguments) => extract(arguments, ui),
        Command::Reset(arguments) => reset(arguments, ui),
    }?;
    Ok(Exit::Done)
}

fn open(path: &Path) -> Result<(File, LiveImage), Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let live = LiveImage::read(&mut file).map_err(|cause| Failure::image(path, &cause))?;
    Ok((file, live))
}

fn show(arguments: &Show, ui: &mut Ui) -> Result<Exit, Failure> {
    let failed = |cause: ImageError| Failure::image(&arguments.iso, &cause);
    let (mut file, live) = open(&arguments.iso)?;
    let used = image::used(&live, &mut file).map_err(failed)?;
    let embedded = match image::embedded(&live, &mut file) {
        // The rest can be seen all the same.
        Err(cause @ ImageError::Contents(_)) => Err(cause),
        other => Ok(other.map_err(failed)?),
    };
    if ui.wants_json() {
        ui.json(&as_json(&live, used, embedded.as_ref()));
    } else {
        print(&live, used, embedded.as_ref(), ui);
    }
    Ok(if embedded.is_ok() { Exit::Done } else { Exit::Differs })
}

fn as_json(live: &LiveImage, used: u64, embedded: Result<&Archive, &ImageError>) -> serde_json::Value {
    let files: Option<Vec<_>> = embedded.ok().map(|archive| {
        let file =
            |(path, bytes): (&str, &[u8])| serde_json::json!({"path": path, "size_bytes": bytes.len()});
        archive.files().map(file).collect()
    });
    let arguments = live.kernel_arguments.as_ref().map(|areas| {
        let offsets: Vec<u64> = areas.places.iter().map(|place| place.offset).collect();
        serde_json::json!({"default": areas.default, "current": areas.current, "offsets": offsets,
            "length_bytes": areas.length, "left_bytes": areas.left(), "described_by": areas.described_by})
    });
    let left = live.embed.length.saturating_sub(used);
    serde_json::json!({
        "schema": "cotter.dev/image/1",
        "volume_id": live.volume_id,
        "length_bytes": live.length,
        "embed_area": {"offset": live.embed.offset, "length_bytes": live.embed.length, "used_bytes": used,
            "left_bytes": left, "described_by": live.embed_described_by},
        "embedded": files,
        "embedded_error": embedded.err().map(ToString::to_string),
        "kernel_arguments": arguments,
        "features": live.features,
    })
}

fn print(live: &LiveImage, used: u64, embedded: Result<&Archive, &ImageError>, ui: &mut Ui) {
    ui.line(format!("volume            {}", shown(&live.volume_id)));
    ui.line(format!("length            {} bytes", live.length));
    let (area, left) = (live.embed, live.embed.length.saturating_sub(used));
    ui.line(format!("embed area        at {}, {} bytes, {used} used, {left} left", area.offset, area.length));
    ui.line(format!("  described by    {}", live.embed_described_by));
    match embedded {
        Ok(archive) => {
            for (path, bytes) in archive.files() {
                ui.line(format!("  {}  {} bytes", shown(path), bytes.len()));
            }
        }
        Err(cause) => ui.line(format!("  {}", shown(&cause.to_string()))),
    }
    match &live.kernel_arguments {
        None => ui.line("kernel arguments  cannot be changed"),
        Some(areas) => {
            ui.line(format!("kernel arguments  {}", shown(&areas.current)));
            if areas.current != areas.default {
                ui.line(format!("  pristine        {}", shown(&areas.default)));
            }
            ui.line(format!("  room            {} bytes left", areas.left()));
            ui.line(format!("  described by    {}", areas.described_by));
        }
    }
    let features: Vec<String> = live.features.keys().map(|name| shown(name)).collect();
    ui.line(format!("features          {}", features.join(", ")));
}

fn embed(arguments: &Embed, ui: &mut Ui) -> Result<(), Failure> {
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

fn reset(arguments: &Reset, ui: &mut Ui) -> Result<(), Failure> {
    let (_, live) = open(&arguments.iso)?;
    let overlay = image::reset(&live).map_err(|cause| Failure::image(&arguments.iso, &cause))?;
    put(&arguments.iso, &overlay, arguments.output.as_deref(), Existing::Refuse, ui)
}

fn put(
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
