//! `cotter verify`: judges a machine by its machine file or manifest.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load;
use super::load::GivenArguments;
use super::report;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::MANIFEST_SCHEMA;
use crate::verify::Manifest;
use crate::world;
use crate::world::Failure;

/// The largest manifest.
const MAX_MANIFEST_BYTES: u64 = 8 << 20;
/// Where the machine keeps the records of its boots.
const RECORDS: &str = "/var/lib/cotter/boots";

/// Judge a machine: is it what its file says, and was anything lost across a reboot?
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file, or a manifest that `cotter build` wrote
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    #[command(flatten)]
    probe: Probe,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Probe {
    /// Look at this machine, and at the records of its earlier boots
    #[arg(long)]
    local: bool,
    /// Read records of boots: a file, or a folder of them, the oldest first
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let Some(manifest) = manifest(&arguments.spec, &arguments.given, ui)? else {
        return Ok(Exit::Input);
    };
    let records = match &arguments.probe.facts {
        Some(path) => world::records(path)?,
        None => local(&manifest)?,
    };
    let boots: Vec<(String, BootRecord)> =
        records.into_iter().map(|record| (record.name(), record)).collect();
    let report = verify::judge(&manifest, &boots);
    if ui.wants_json() {
        ui.json(&report);
    } else {
        report::show(&report, ui);
    }
    Ok(if report.all_met() { Exit::Done } else { Exit::Differs })
}

/// Earlier boots by their records, and this one by a look now.
fn local(manifest: &Manifest) -> Result<Vec<BootRecord>, Failure> {
    let now = world::local_record(manifest)?;
    let kept = Path::new(RECORDS);
    let mut records = if kept.is_dir() { world::records(kept).unwrap_or_default() } else { Vec::new() };
    records.retain(|record| record.boot_id != now.boot_id);
    records.push(now);
    Ok(records)
}

/// The manifest, read or planned.
fn manifest(path: &Path, given: &GivenArguments, ui: &mut Ui) -> Result<Option<Manifest>, Failure> {
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(load::load(path, &given.given(), ui)?.ok().map(|loaded| loaded.plan.manifest));
    }
    let bytes = world::read_bounded(path, MAX_MANIFEST_BYTES)?;
    let refuse = |why: String| {
        let message = format!("`{}` is not a manifest: {why}", path.display());
        Failure::input(message, "name the `.manifest.json` that `cotter build` wrote, or the machine file")
    };
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|cause| refuse(cause.to_string()))?;
    if manifest.schema != MANIFEST_SCHEMA {
        return Err(refuse(format!("its schema is `{}`, not `{MANIFEST_SCHEMA}`", manifest.schema)));
    }
    Ok(Some(manifest))
}
