//! `cotter build`: the medium that makes the machine, and the manifest of what must then be true.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use crate::image;
use crate::image::LiveImage;
use crate::image::Replace;
use crate::plan::Plan;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Build the installation medium and its manifest
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// The medium to write; its manifest gets `.manifest.json` after the name
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    base: BaseArguments,
    /// Replace outputs that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded = match load::load(&arguments.spec, &arguments.given.given_on(&arguments.base), ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    // What can be refused is refused before the stand-in is built or anything is copied.
    let manifest = manifest_path(&arguments.output);
    world::refuse_existing(&arguments.output, existing)?;
    world::refuse_existing(&manifest, existing)?;
    let base = load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?;
    if let Err(exit) = load::fit(&base, &loaded, ui)? {
        return Ok(exit);
    }
    write(&loaded.plan, &base, &arguments.output, existing)?;
    world::write_file(&manifest, &loaded.plan.manifest.to_json(), existing, 0o644)?;
    if ui.wants_json() {
        ui.json(&serde_json::json!({"medium": arguments.output, "manifest": manifest}));
    } else {
        let readable = if loaded.plan.holds_secrets() {
            "only you can read it: it holds secrets"
        } else {
            "everybody may read it"
        };
        ui.line(format!("{} ({readable})", arguments.output.display()));
        ui.line(format!("{}", manifest.display()));
    }
    Ok(Exit::Done)
}

/// Writes the medium of a plan: checked first, whole or not at all.
pub(super) fn write(plan: &Plan, base: &Path, out: &Path, existing: Existing) -> Result<(), Failure> {
    let failed = |cause: image::ImageError| Failure::image(base, &cause);
    let mut file = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    let live = LiveImage::read(&mut file).map_err(failed)?;
    let overlay = image::embed(&live, &mut file, &plan.edit, Replace::No).map_err(failed)?;
    let mode = if plan.holds_secrets() { 0o600 } else { 0o644 };
    world::write_image(base, &overlay, out, existing, mode)
}

fn manifest_path(output: &Path) -> PathBuf {
    let mut name = OsString::from(output);
    name.push(".manifest.json");
    PathBuf::from(name)
}
