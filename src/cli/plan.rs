//! `cotter plan`: in which lives each thing is present, how large the payload is, what will be verified.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use super::ui::counted;
use crate::image::Replace;
use crate::plan;
use crate::plan::Artifact;
use crate::plan::Change;
use crate::plan::Consequence;
use crate::plan::Delivery;
use crate::plan::Handover;
use crate::plan::Plan;
use crate::plan::Served;
use crate::verify::Life;
use crate::world;
use crate::world::Failure;

/// The format of a saved plan.
const PLAN_SCHEMA: &str = "cotter.dev/plan/1";
/// A larger saved plan is none.
const MAX_PLAN_BYTES: u64 = 16 << 20;

/// Show what would be built: the persistence matrix, sizes, expectations
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    #[command(flatten)]
    base: BaseArguments,
    /// Show what is different from an older machine file, or from a plan saved with `--format json`
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = match load::load(&arguments.spec, &arguments.given.given_on(&arguments.base), ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let room = match &arguments.base.base {
        None => None,
        Some(_) => {
            load::medium(&loaded.plan)?;
            let base = load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?;
            match load::fit(&base, &loaded, Replace::Yes, ui)? {
                Ok(fitted) => Some((fitted.used_bytes, fitted.area_bytes)),
                Err(exit) => return Ok(exit),
            }
        }
    };
    if let Some(old) = &arguments.against {
        let old = artifacts(old, &arguments.given)?;
        let changes = plan::changes(&old, &loaded.plan.artifacts);
        match ui.wants_json() {
            true => ui.json(&changes_as_json(&changes)),
            false => show_changes(&changes, ui),
        }
        return Ok(if changes.is_empty() { Exit::Done } else { Exit::Differs });
    }
    if ui.wants_json() {
        ui.json(&as_json(&loaded.plan, room));
    } else {
        show(&loaded.plan, room, ui);
    }
    Ok(Exit::Done)
}

fn show(plan: &Plan, room: Option<(usize, u64)>, ui: &mut Ui) {
    let matrix = plan.matrix();
    let width = matrix.iter().map(|row| row.artifact.what.chars().count()).max().unwrap_or(0).min(64);
    ui.line(format!("{}  (target {})", plan.machine, plan.manifest.target));
    let lives: Vec<String> = plan.lives.iter().map(ToString::to_string).collect();
    ui.line(format!("{:width$}  {}  asked for in", "", lives.join("  ")));
    let mut section = None;
    for row in &matrix {
        if section != Some(row.artifact.section) {
            section = Some(row.artifact.section);
            ui.line(row.artifact.section.to_string());
        }
        let mark = |(present, life): (&bool, &String)| {
            format!("{:^1$}", if *present { "yes" } else { "-" }, life.len())
        };
        let marks: Vec<String> = row.present.iter().zip(&lives).map(mark).collect();
        let what = format!("  {}", row.artifact.what);
        ui.line(format!("{what:width$}  {}  {}", marks.join("  "), row.artifact.origin));
    }
    ui.line("");
    if let Some(medium) = plan.medium() {
        ui.line(format!(
            "live document {} bytes, destination document {} bytes, {}",
            medium.live.to_json().len(),
            plan.destination.to_json().len(),
            counted(medium.edit.network.len(), "keyfile"),
        ));
    }
    if let Some(delivery) = plan.delivery() {
        show_delivery(delivery, ui);
    }
    if let Some(handover) = plan.handover() {
        ui.line(format!("for the pool `{}` of OpenShift {}", handover.role, handover.openshift));
        for note in &handover.notes {
            ui.line(format!("  {note}"));
        }
        let files: Vec<&str> = handover.files.keys().map(String::as_str).collect();
        ui.line(format!("  `cotter build` writes {}", files.join(", ")));
    }
    if let Some(served) = plan.served() {
        show_served(served, ui);
    }
    if let Some((used, length)) = room {
        ui.line(format!(
            "embed area: {used} of {length} bytes used, {} left",
            length.saturating_sub(used as u64)
        ));
    }
    let in_life = |life: &Life| {
        let count = plan.manifest.expectations.iter().filter(|e| e.lives.contains(life)).count();
        let when = match life {
            Life::Before => "before",
            Life::Live => "live",
            Life::FirstBoot => "on the first boot",
            Life::LaterBoots => "on later boots",
            Life::AfterMco => "after the MCO",
        };
        format!("{count} {when}")
    };
    let counts: Vec<String> = plan.lives.iter().map(in_life).collect();
    ui.line(format!("expectations: {}", counts.join(", ")));
}

/// What another system's installer reads.
fn show_served(served: &Served, ui: &mut Ui) {
    ui.line(format!(
        "for the installer of Harvester {}",
        served.version.as_deref().unwrap_or("(any release)")
    ));
    ui.line(format!("  on its ISO's kernel line: {}", served.iso_arguments));
    for note in served.notes.iter().chain([&served.by_hand]) {
        ui.line(format!("  {note}"));
    }
    let files: Vec<&str> = served.files.keys().map(String::as_str).collect();
    ui.line(format!("  `cotter build` writes {}", files.join(", ")));
}

fn served_as_json(served: &Served) -> serde_json::Value {
    serde_json::json!({
        "version": served.version,
        "iso_arguments": served.iso_arguments,
        "notes": served.notes,
        "files": served.files.keys().collect::<Vec<_>>(),
    })
}

/// What the platform is given, and why it is that.
fn show_delivery(delivery: &Delivery, ui: &mut Ui) {
    let choice = &delivery.choice;
    let image = delivery.image.as_ref().map_or(String::new(), |image| format!(", `{image}`"));
    ui.line(format!("{} on {}{image}", choice.format.title(), delivery.platform_title));
    for why in &choice.why {
        ui.line(format!("  because {why}"));
    }
    for doubt in &choice.doubts {
        ui.line(format!("  not certain: {doubt}"));
    }
    ui.line(format!("  everything in it is done {}", choice.runs));
    for key in &delivery.keys {
        let room = match key.limit {
            Some(limit) => format!("{} of {} bytes", key.counted_bytes, limit.bytes),
            None => format!("{} bytes", key.counted_bytes),
        };
        ui.line(format!("  `{}`: {room}, {}", key.key, key.encoding.word()));
    }
    for note in &delivery.notes {
        ui.line(format!("  {note}"));
    }
    let files: Vec<&str> = delivery.files.keys().map(String::as_str).collect();
    ui.line(format!("  `cotter build` writes {}", files.join(", ")));
}

fn delivery_as_json(delivery: &Delivery) -> serde_json::Value {
    let choice = &delivery.choice;
    let keys: Vec<serde_json::Value> = delivery
        .keys
        .iter()
        .map(|key| {
            serde_json::json!({
                "key": key.key,
                "encoding": key.encoding,
                "payload_bytes": key.payload_bytes,
                "counted_bytes": key.counted_bytes,
                "limit": key.limit,
            })
        })
        .collect();
    serde_json::json!({
        "platform": delivery.platform,
        "image": delivery.image,
        "family": choice.family.as_ref().map(|family| &family.name),
        "format": choice.format,
        "readers": choice.readers,
        "runs": choice.runs,
        "is_guarded": choice.is_guarded,
        "why": choice.why,
        "doubts": choice.doubts,
        "notes": delivery.notes,
        "digest": delivery.digest,
        "payload_url": delivery.payload_url,
        "keys": keys,
        "files": delivery.files.keys().collect::<Vec<_>>(),
    })
}

fn handover_as_json(handover: &Handover) -> serde_json::Value {
    serde_json::json!({
        "role": handover.role,
        "openshift": handover.openshift,
        "notes": handover.notes,
        "files": handover.files.keys().collect::<Vec<_>>(),
    })
}

fn as_json(plan: &Plan, room: Option<(usize, u64)>) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = plan
        .matrix()
        .iter()
        .map(|row| {
            serde_json::json!({
                "section": row.artifact.section,
                "what": row.artifact.what,
                "path": row.artifact.path,
                "size_bytes": row.artifact.size_bytes,
                "sha256": row.artifact.shown().sha256,
                "lives": row.artifact.lives,
                "secrecy": row.artifact.secrecy,
                "origin": row.artifact.origin,
            })
        })
        .collect();
    serde_json::json!({
        "schema": PLAN_SCHEMA,
        "machine": plan.machine,
        "artifacts": rows,
        "embed_area": room.map(|(used, length)| serde_json::json!({"used_bytes": used, "length_bytes": length})),
        "cloud": plan.delivery().map(delivery_as_json),
        "operator": plan.handover().map(handover_as_json),
        "harvester": plan.served().map(served_as_json),
        "expectations": plan.manifest.expectations,
    })
}

/// The artifacts of an older plan: from a machine file, or as it was saved.
fn artifacts(path: &Path, given: &GivenArguments) -> Result<Vec<Artifact>, Failure> {
    let refuse = |why: &str| {
        let message = format!("`{}` is no older plan: {why}", path.display());
        Failure::input(message, "name an older machine file, or what `cotter plan --format json` printed")
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        let bytes = world::read_bounded(path, MAX_PLAN_BYTES)?;
        let mut saved: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|cause| refuse(&cause.to_string()))?;
        if saved["schema"] != PLAN_SCHEMA {
            return Err(refuse(&format!("its schema is not `{PLAN_SCHEMA}`")));
        }
        return serde_json::from_value(saved["artifacts"].take()).map_err(|cause| refuse(&cause.to_string()));
    }
    let planned = world::plan_machine(path, &given.given(), &mut |_| ())?;
    let (_, plan) = planned.machine.ok_or_else(|| refuse("it has findings; `cotter check` shows them"))?;
    Ok(plan.artifacts)
}

fn show_changes(changes: &[Change<'_>], ui: &mut Ui) {
    for change in changes {
        let (sign, artifact) = match (change.old, change.new) {
            (None, Some(new)) => ('+', new),
            (Some(old), None) => ('-', old),
            (_, Some(new)) => ('~', new),
            (None, None) => continue,
        };
        let consequence = change.consequence.to_string();
        ui.line(format!(
            "{sign} {consequence:9}  {}: {}  ({})",
            artifact.section, artifact.what, artifact.origin
        ));
    }
    let most = changes.iter().map(|change| change.consequence).max().unwrap_or(Consequence::Nothing);
    ui.line(match most {
        Consequence::Nothing if changes.is_empty() => "nothing is different",
        Consequence::Nothing => "an installed machine needs nothing; a new medium is another one",
        Consequence::InPlace => "an installed machine can be changed in place; Ignition does not run again",
        Consequence::Reboot => {
            "an installed machine can be changed in place, and needs a reboot; Ignition does not run again"
        }
        Consequence::Reinstall => "an installed machine must be installed again",
    });
}

fn changes_as_json(changes: &[Change<'_>]) -> serde_json::Value {
    let row = |change: &Change<'_>| serde_json::json!({"old": change.old, "new": change.new, "consequence": change.consequence});
    serde_json::json!({"schema": "cotter.dev/changes/1", "changes": changes.iter().map(row).collect::<Vec<_>>()})
}
