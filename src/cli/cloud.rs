//! `cotter cloud`: boot data for clouds that others made.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::ui::Tone;
use super::ui::shown;
use crate::cloud::Certainty;
use crate::cloud::LimitOf;
use crate::cloud::Runs;
use crate::cloud::payload::Layer;
use crate::target::JudgedPart;
use crate::target::PayloadReport;
use crate::world;
use crate::world::Failure;
use crate::world::PayloadQuestion;

/// Boot data for clouds: user data, startup scripts
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether an image will read a payload, and all that is wrong in it: gzip, base64, MIME, cloud-config,
    /// scripts, Ignition
    Check(Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The payload, as a tool wrote it; `-` for standard input
    file: PathBuf,
    /// The platform, as in `gce`, `aws`, `azure`
    #[arg(long, value_name = "NAME")]
    platform: String,
    /// The image, as the platform calls it: `rocky-linux-cloud/rocky-linux-9`
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The key that carries it, as in `startup-script`; else the best for the payload and the image
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Platforms and families of images of your own [default: $COTTER_CLOUD_TABLE]
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Make warnings errors
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let Command::Check(arguments) = command;
    let report = world::check_payload(PayloadQuestion {
        file: &arguments.file,
        platform: &arguments.platform,
        image: arguments.image.as_deref(),
        key: arguments.key.as_deref(),
        table: arguments.table.as_deref(),
    })?;
    match ui.wants_json() {
        true => ui.json(&report),
        false => show(&report, ui),
    }
    let is_wrong = report.has_errors() || (arguments.strict && !report.findings.is_empty());
    Ok(if is_wrong { Exit::Input } else { Exit::Done })
}

fn show(report: &PayloadReport, ui: &mut Ui) {
    ui.findings(&report.findings, &report.texts);
    let format = report.format.map_or("no format that is known", |format| format.word());
    // That MIME is MIME need not be said twice.
    let around = report.layers.iter().filter(|layer| **layer != Layer::Mime);
    let layers: Vec<&str> = around.map(|layer| layer.word()).collect();
    let packed =
        if layers.is_empty() { String::new() } else { format!(", packed as {}", layers.join(" around ")) };
    ui.line(format!("{}: {format}{packed}", shown(&report.file)));
    let (tone, word) = match report.read.certainty {
        Certainty::Yes => (Tone::Good, "is read"),
        Certainty::Presumed => (Tone::Doubtful, "is read, as is presumed"),
        Certainty::Unknown => (Tone::Doubtful, "depends on the image"),
        Certainty::No => (Tone::Bad, "is not read"),
    };
    ui.line(format!("  {} under `{}` on {}", ui.toned(tone, word), report.key, report.platform));
    for why in &report.read.why {
        ui.line(format!("    {}", shown(why)));
    }
    for (key, value) in &report.set_beside {
        ui.line(format!("    `{key}` must be `{value}`"));
    }
    let size = &report.size;
    let counted = match size.limit {
        Some(limit) => {
            let of = if limit.of == LimitOf::Raw { "before base64" } else { "as it is sent" };
            format!("{} of {} bytes {of}", size.counted_bytes, limit.bytes)
        }
        None => format!("{} bytes, and no limit that matters", size.counted_bytes),
    };
    let unpacked =
        if report.layers.is_empty() { String::new() } else { format!(", {} unpacked", size.unpacked_bytes) };
    ui.line(format!("  {counted}{unpacked}"));
    for part in &report.parts {
        ui.line(format!("  {}", line_of(part)));
    }
}

fn line_of(part: &JudgedPart) -> String {
    let label = if part.label.is_empty() { String::new() } else { format!("{}: ", shown(&part.label)) };
    let by = part.interpreter.as_ref().map(|name| format!(" for {}", shown(name))).unwrap_or_default();
    let runs = match part.runs {
        None => "nothing of it runs".to_owned(),
        Some(runs) if part.every_boot.is_empty() || runs == Runs::EveryBoot => runs.to_string(),
        Some(runs) => format!("{runs}; at every boot {}", part.every_boot.join(", ")),
    };
    let unjudged =
        part.unjudged.as_ref().map(|why| format!(" (not judged: {})", shown(why))).unwrap_or_default();
    format!("{label}{}{by}, {} bytes: {runs}{unjudged}", part.kind, part.bytes)
}
