//! `cotter recover`: how a machine without network or users is put back to what its file says.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::build;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use super::load::Loaded;
use crate::image::Replace;
use crate::plan::Secrecy;
use crate::target;
use crate::target::Recovery;
use crate::value::Digest;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::Given;

const SCHEMA: &str = "cotter.dev/recovery/1";

/// Print how to put network files, users and keys back on an installed machine, or build the medium that does it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file that the machine was installed from
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// Write the runbook to this file, which only you can read, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Build a live ISO that puts things back when the machine boots from it; it installs nothing
    #[arg(long, value_name = "OUT")]
    iso: Option<PathBuf>,
    #[command(flatten)]
    base: BaseArguments,
    /// Replace outputs that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let given = Given { is_installed: true, ..arguments.given.given_on(&arguments.base) };
    let loaded = match load::load(&arguments.spec, &given, ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let Some(recovery) = Recovery::of(&loaded.machine, &loaded.plan) else {
        let target = loaded.machine.target.value;
        let message = match loaded.plan.served() {
            Some(_) => {
                format!("a machine of the target `{target}` makes its network and logins anew at every boot")
            }
            None => format!(
                "a machine of the target `{target}` is not installed to a disk, so there is none to put things back on"
            ),
        };
        return Err(Failure::input(message, "make it anew from what `cotter build` writes"));
    };
    if arguments.base.base.is_some() && arguments.iso.is_none() {
        let message = "`--base` is what the recovery medium is built from, and none is asked for";
        return Err(Failure::input(message, "add `--iso OUT`, or leave `--base` out"));
    }
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    for output in arguments.output.iter().chain(&arguments.iso) {
        world::refuse_existing(output, existing)?;
    }
    let runbook = format!("{}\n", recovery.runbook(&arguments.spec.display().to_string()));
    if let Some(iso) = &arguments.iso
        && let Err(exit) = medium(arguments, iso, &recovery, loaded, existing, ui)?
    {
        return Ok(exit);
    }
    if let Some(output) = &arguments.output {
        world::write_file(output, runbook.as_bytes(), existing, 0o600)?;
    }
    if ui.wants_json() {
        ui.json(&as_json(&recovery, arguments));
        return Ok(Exit::Done);
    }
    for output in arguments.iso.iter().chain(&arguments.output) {
        ui.line(output.display().to_string());
    }
    if arguments.iso.is_none() && arguments.output.is_none() {
        ui.write(runbook.as_bytes());
    }
    for out in &recovery.left_out {
        ui.note(format!("note: {} is not put back: {}", out.what, out.why));
    }
    Ok(Exit::Done)
}

/// Builds the medium by the same way as an installation medium.
fn medium(
    arguments: &Arguments,
    iso: &Path,
    recovery: &Recovery,
    loaded: Loaded,
    existing: Existing,
    ui: &mut Ui,
) -> Result<Result<(), Exit>, Failure> {
    let base = load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?;
    let arguments = world::read_live_image(&base)?.kernel_arguments.map(|areas| areas.current);
    if arguments.is_some_and(|arguments| target::installs_by_itself(&arguments)) {
        let message = format!("`{}` installs by itself: its kernel arguments say so", base.display());
        return Err(Failure::input(message, "take the pristine live ISO, or `cotter image reset` this one"));
    }
    let plan = recovery.medium(&loaded.plan, load::medium(&loaded.plan)?, &loaded.machine.origin);
    let loaded = Loaded { plan, ..loaded };
    let fitted = match load::fit(&base, &loaded, Replace::No, ui)? {
        Ok(fitted) => fitted,
        Err(exit) => return Ok(Err(exit)),
    };
    build::write(&loaded.plan, &base, &fitted, iso, existing)?;
    Ok(Ok(()))
}

fn as_json(recovery: &Recovery, arguments: &Arguments) -> serde_json::Value {
    let files = recovery.files.iter().map(|file| {
        let sha256 = (file.secrecy == Secrecy::Open).then(|| Digest::of(&file.bytes));
        serde_json::json!({"path": file.path, "mode": format!("{:04o}", file.mode), "sha256": sha256})
    });
    let users = recovery.users.iter().map(|user| {
        serde_json::json!({"name": user.name, "keys": user.keys, "has_password": user.password_hash.is_some()})
    });
    let left_out = recovery.left_out.iter().map(|out| serde_json::json!({"what": out.what, "why": out.why}));
    serde_json::json!({
        "schema": SCHEMA,
        "machine": recovery.machine,
        "target": recovery.target.to_string(),
        "disk": recovery.disk_name(),
        "files": files.collect::<Vec<_>>(),
        "users": users.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "medium": arguments.iso,
        "runbook": arguments.output,
    })
}
