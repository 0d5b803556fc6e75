//! `cotter image show`: what an image offers, what is embedded, and how much room is left.

use std::path::PathBuf;

use clap::Args;

use super::open;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::shown;
use crate::image;
use crate::image::Archive;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::world::Failure;

/// Show what the image offers, what is embedded, and how much room is left
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO
    iso: PathBuf,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
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
