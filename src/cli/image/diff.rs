//! `cotter image diff`: what differs between two images.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::shown;
use crate::image::Difference;
use crate::image::EmbeddedChange;
use crate::image::FileChange;
use crate::image::Listing;
use crate::image::Within;
use crate::world::Failure;

/// Say what differs between two images: files, what is embedded, kernel arguments, bytes outside of files
///
/// Never shows what embedded files hold. Exit code 0: they are the same; 1: they differ.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The old image
    old: PathBuf,
    /// The new image
    new: PathBuf,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mut old, a) = read(&arguments.old)?;
    let (mut new, b) = read(&arguments.new)?;
    let difference = Difference::between((&mut old, &a), (&mut new, &b))
        .map_err(|cause| Failure::image(&arguments.new, &cause))?;
    if ui.wants_json() {
        let mut json =
            serde_json::json!({"schema": "cotter.dev/image-difference/1", "same": difference.is_empty()});
        if let (Some(json), Ok(serde_json::Value::Object(all))) =
            (json.as_object_mut(), serde_json::to_value(&difference))
        {
            json.extend(all);
        }
        ui.json(&json);
    } else {
        print(&difference, ui);
    }
    Ok(if difference.is_empty() { Exit::Done } else { Exit::Differs })
}

fn read(path: &Path) -> Result<(File, Listing), Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let listing = Listing::read(&mut file).map_err(|cause| Failure::image(path, &cause))?;
    Ok((file, listing))
}

fn print(difference: &Difference, ui: &mut Ui) {
    if difference.is_empty() {
        return ui.line("the images are the same");
    }
    if let Some(change) = &difference.volume_id {
        ui.line(format!("volume            {}, was {}", shown(&change.new), shown(&change.old)));
    }
    if let Some(change) = &difference.length_bytes {
        ui.line(format!("length            {} bytes, was {}", change.new, change.old));
    }
    for (path, change) in &difference.files {
        ui.line(file(path, change));
    }
    if let Some(change) = &difference.kernel_arguments {
        for (what, words) in [("added", &change.added), ("removed", &change.removed)] {
            for word in words {
                ui.line(format!("kernel arguments  {what} {}", shown(word)));
            }
        }
        if change.added.is_empty() && change.removed.is_empty() {
            ui.line("kernel arguments  in another order");
        }
    }
    for (path, change) in &difference.embedded {
        let change = match change {
            EmbeddedChange::Added => "added".to_owned(),
            EmbeddedChange::Gone => "gone".to_owned(),
            EmbeddedChange::Differs { parts } if parts.is_empty() => "differs".to_owned(),
            EmbeddedChange::Differs { parts } => {
                let parts: Vec<String> = parts.iter().map(|part| shown(part)).collect();
                format!("differs in {}", parts.join(", "))
            }
        };
        ui.line(format!("embedded          {} {change}", shown(path)));
    }
    if let Some(why) = &difference.embedded_error {
        ui.line(format!("embedded          cannot be compared: {}", shown(why)));
    }
    for outside in &difference.outside {
        ui.line(format!(
            "outside of files  {} bytes at {}: {}",
            outside.length, outside.offset, outside.what
        ));
    }
    if difference.files_moved {
        ui.line("outside of files  only the beginnings were compared: the files are at other places");
    }
    if difference.only_customized {
        ui.line("It is the same image: only what is embedded and the kernel arguments differ.");
    }
}

fn file(path: &str, change: &FileChange) -> String {
    let path = shown(path);
    match (change.old_bytes, change.new_bytes) {
        (None, Some(size)) => format!("added             {path}, {size} bytes"),
        (Some(size), None) => format!("gone              {path}, {size} bytes"),
        (Some(old), Some(new)) if old != new => format!("differs           {path}, {new} bytes, was {old}"),
        (_, size) => {
            let area = |within: &Within| match within {
                Within::EmbedArea => "what is embedded",
                Within::KernelArguments => "kernel arguments",
            };
            let areas: Vec<&str> = change.only_in.iter().map(area).collect();
            let only =
                if areas.is_empty() { String::new() } else { format!(": only {}", areas.join(" and ")) };
            format!("differs           {path}, {} bytes{only}", size.unwrap_or_default())
        }
    }
}
