//! `cotter plan`: in which lives each thing is present, how large the payload is, what will be verified.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load;
use super::ui::counted;
use crate::image;
use crate::image::LiveImage;
use crate::image::Replace;
use crate::plan::Plan;
use crate::verify::Life;
use crate::world::Failure;

/// Show what would be built: the persistence matrix, sizes, expectations
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    /// The base image, to see whether the payload fits (a path, or `bench`)
    #[arg(long, value_name = "ISO")]
    base: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = match load::load(&arguments.spec, ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let room = match &arguments.base {
        None => None,
        Some(base) => {
            let base = load::base_image(Some(base), &loaded, ui)?;
            Some(room(&base, &loaded.plan)?)
        }
    };
    if ui.wants_json() {
        ui.json(&as_json(&loaded.plan, room));
    } else {
        show(&loaded.plan, room, ui);
    }
    Ok(Exit::Done)
}

/// Bytes used of the embed area, and its length.
fn room(base: &std::path::Path, plan: &Plan) -> Result<(usize, u64), Failure> {
    let failed = |cause: image::ImageError| Failure::image(base, &cause);
    let mut file = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    let live = LiveImage::read(&mut file).map_err(failed)?;
    let overlay = image::embed(&live, &mut file, &plan.edit, Replace::Yes).map_err(failed)?;
    let area = overlay.patches().find(|(offset, _)| *offset == live.embed.offset).map(|(_, bytes)| bytes);
    let used = area.and_then(|area| area.iter().rposition(|byte| *byte != 0)).map_or(0, |last| last + 1);
    Ok((used, live.embed.length))
}

fn show(plan: &Plan, room: Option<(usize, u64)>, ui: &mut Ui) {
    let matrix = plan.matrix();
    let width = matrix.iter().map(|row| row.artifact.what.chars().count()).max().unwrap_or(0).min(64);
    ui.line(format!("{}  (target {})", plan.machine, plan.manifest.target));
    ui.line(format!("{:width$}  live  first boot  later boots  asked for in", ""));
    let mut section = None;
    for row in &matrix {
        if section != Some(row.artifact.section) {
            section = Some(row.artifact.section);
            ui.line(row.artifact.section.to_string());
        }
        let marks = row.present.map(|present| if present { "yes" } else { "-" });
        let [live, first, later] = marks;
        let what = format!("  {}", row.artifact.what);
        ui.line(format!("{what:width$}  {live:^4}  {first:^10}  {later:^11}  {}", row.artifact.origin));
    }
    ui.line("");
    ui.line(format!(
        "live document {} bytes, destination document {} bytes, {}",
        plan.live.to_json().len(),
        plan.destination.to_json().len(),
        counted(plan.edit.network.len(), "keyfile"),
    ));
    if let Some((used, length)) = room {
        ui.line(format!(
            "embed area: {used} of {length} bytes used, {} left",
            length.saturating_sub(used as u64)
        ));
    }
    let in_life = |life: Life| plan.manifest.expectations.iter().filter(|e| e.lives.contains(&life)).count();
    ui.line(format!(
        "expectations: {} live, {} on the first boot, {} on later boots",
        in_life(Life::Live),
        in_life(Life::FirstBoot),
        in_life(Life::LaterBoots)
    ));
}

fn as_json(plan: &Plan, room: Option<(usize, u64)>) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = plan
        .matrix()
        .iter()
        .map(|row| {
            serde_json::json!({
                "section": row.artifact.section.to_string(),
                "what": row.artifact.what,
                "path": row.artifact.path,
                "size_bytes": row.artifact.size_bytes,
                "lives": row.artifact.lives,
                "origin": row.artifact.origin,
            })
        })
        .collect();
    serde_json::json!({
        "schema": "cotter.dev/plan/1",
        "machine": plan.machine,
        "artifacts": rows,
        "embed_area": room.map(|(used, length)| serde_json::json!({"used_bytes": used, "length_bytes": length})),
        "expectations": plan.manifest.expectations,
    })
}
