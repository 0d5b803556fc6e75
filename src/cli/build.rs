//! `cotter build`: the medium that makes the machine, and the manifest of what must then be true.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::image::mode;
use super::image::pxe::NetBootFiles;
use super::image::readers;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use super::load::Loaded;
use crate::image::Replace;
use crate::plan::Medium;
use crate::plan::Output;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::plan::Served;
use crate::target;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::Fitted;

/// What Harvester's installer reads, among the files of a plan.
const CONFIG: &str = "config.yaml";

/// Build the installation medium, a cloud's boot data, a cluster's MachineConfigs or what Harvester's installer reads, and the manifest
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// The medium to write; its manifest gets `.manifest.json` after the name. With `--pxe`, for a cloud, MachineConfigs and Harvester: the folder
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Write what boots over the network into a folder, with the machine's own initrd and iPXE script
    #[arg(long)]
    pxe: bool,
    /// The address that the folder is served under
    #[arg(long, value_name = "URL", requires = "pxe")]
    url: Option<String>,
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
    let is_folder = !arguments.pxe && arguments.base.base.is_none();
    if let Some(outputs) = Outputs::of(&loaded.plan).filter(|_| is_folder) {
        return deliver(arguments, &loaded.plan, &outputs, existing, ui);
    }
    if let Some(served) = loaded.plan.served().filter(|_| !arguments.pxe) {
        return installers_iso(arguments, &loaded, served, existing, ui);
    }
    load::medium(&loaded.plan)?;
    // What can be refused is refused before the stand-in is built or anything is copied.
    let output = match arguments.pxe {
        true => arguments.output.join(&loaded.machine.name.value),
        false => arguments.output.clone(),
    };
    let manifest = manifest_path(&output);
    if !arguments.pxe {
        world::refuse_existing(&output, existing)?;
    }
    world::refuse_existing(&manifest, existing)?;
    let base = load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?;
    if arguments.pxe {
        return network_boot(arguments, &loaded, &base, &manifest, ui);
    }
    let fitted = match load::fit(&base, &loaded, Replace::No, ui)? {
        Ok(fitted) => fitted,
        Err(exit) => return Ok(exit),
    };
    let secrets = secrets(&loaded.plan);
    write(&loaded.plan, &base, &fitted, &arguments.output, existing)?;
    world::write_file(&manifest, &loaded.plan.manifest.to_json(), existing, 0o644)?;
    if ui.wants_json() {
        ui.json(&serde_json::json!({"medium": arguments.output, "manifest": manifest}));
    } else {
        ui.line(format!("{} ({})", arguments.output.display(), readers(&secrets)));
        ui.line(format!("{}", manifest.display()));
    }
    Ok(Exit::Done)
}

/// What is written into a folder, for a cloud, for a cluster's operator or for another system's installer.
struct Outputs<'p> {
    files: &'p BTreeMap<String, Output>,
    notes: Vec<&'p str>,
}

impl<'p> Outputs<'p> {
    fn of(plan: &'p Plan) -> Option<Self> {
        let texts = |notes: &'p [String]| notes.iter().map(String::as_str).collect();
        let of_cloud = plan.delivery().map(|given| Self { files: &given.files, notes: texts(&given.notes) });
        let of_operator =
            || plan.handover().map(|given| Self { files: &given.files, notes: texts(&given.notes) });
        let of_installer = || {
            let served = plan.served()?;
            let mut notes: Vec<&str> = texts(&served.notes);
            notes.push(&served.by_hand);
            Some(Self { files: &served.files, notes })
        };
        of_cloud.or_else(of_operator).or_else(of_installer)
    }
}

/// Writes what somebody else is given, into a folder.
fn deliver(
    arguments: &Arguments,
    plan: &Plan,
    outputs: &Outputs<'_>,
    existing: Existing,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    // A slash at the end would put the manifest into the folder.
    let folder: PathBuf = arguments.output.components().collect();
    let manifest = manifest_path(&folder);
    world::refuse_existing(&folder, existing)?;
    world::refuse_existing(&manifest, existing)?;
    let mode = |output: &Output| match (output.secrecy, output.is_program) {
        (Secrecy::Secret, _) => 0o600,
        (Secrecy::Open, true) => 0o755,
        (Secrecy::Open, false) => 0o644,
    };
    let files = outputs
        .files
        .iter()
        .map(|(name, output)| (name.as_str(), (output.bytes.as_slice(), mode(output))))
        .collect();
    world::write_folder(&folder, &files, existing)?;
    world::write_file(&manifest, &plan.manifest.to_json(), existing, 0o644)?;
    if ui.wants_json() {
        let files: Vec<&String> = outputs.files.keys().collect();
        ui.json(&serde_json::json!({"folder": folder, "files": files, "manifest": manifest}));
        return Ok(Exit::Done);
    }
    for (name, output) in outputs.files {
        let readers =
            if output.secrecy == Secrecy::Secret { " (for you alone: it holds secrets)" } else { "" };
        ui.line(format!("{}{readers}", folder.join(name).display()));
    }
    ui.line(format!("{}", manifest.display()));
    for note in &outputs.notes {
        ui.note(format!("note: {note}"));
    }
    Ok(Exit::Done)
}

/// Writes another system's installation ISO with the kernel arguments that make it install this machine, and beside it
/// what its installer reads.
fn installers_iso(
    arguments: &Arguments,
    loaded: &Loaded,
    served: &Served,
    existing: Existing,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let out = &arguments.output;
    let beside = |name: &str| {
        let mut path = OsString::from(out);
        path.push(format!(".{name}"));
        PathBuf::from(path)
    };
    let config = served.files.get(CONFIG).map(|output| (beside(CONFIG), output));
    let manifest = manifest_path(out);
    world::refuse_existing(out, existing)?;
    world::refuse_existing(&manifest, existing)?;
    if let Some((path, _)) = &config {
        world::refuse_existing(path, existing)?;
    }
    let base = load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?;
    let overlay = world::lay_grub_arguments(&base, &served.iso_arguments)?;
    world::write_image(&base, &overlay, out, existing, 0o644)?;
    if let Some((path, output)) = &config {
        world::write_file(path, &output.bytes, existing, 0o600)?;
    }
    world::write_file(&manifest, &loaded.plan.manifest.to_json(), existing, 0o644)?;
    let config = config.map(|(path, _)| path);
    if ui.wants_json() {
        ui.json(&serde_json::json!({"medium": out, "config": config, "manifest": manifest}));
        return Ok(Exit::Done);
    }
    ui.line(format!("{}", out.display()));
    if let Some(config) = config {
        ui.line(format!("{} (for you alone: it holds secrets)", config.display()));
    }
    ui.line(format!("{}", manifest.display()));
    for note in &served.notes {
        ui.note(format!("note: {note}"));
    }
    Ok(Exit::Done)
}

/// Writes what boots the machine over the network. Nothing of it has to fit into an image.
fn network_boot(
    arguments: &Arguments,
    loaded: &Loaded,
    base: &Path,
    manifest: &Path,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let medium = load::medium(&loaded.plan)?;
    let mut findings = world::check_base(base, &loaded.machine)?;
    let live = world::read_live_image(base)?;
    findings.append(target::check_release(&loaded.plan.ignition_minor, &live.volume_id));
    if findings.has_errors() {
        return Ok(load::refuse(findings, &loaded.sources, ui));
    }
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    let files = NetBootFiles {
        image: base,
        folder: &arguments.output,
        name: Some(&loaded.machine.name.value),
        url: arguments.url.as_deref(),
        edit: &medium.edit,
        replace: Replace::No,
        existing,
        known_secrets: secrets(&loaded.plan),
    };
    let written = files.write(files.draft()?)?;
    world::write_file(manifest, &loaded.plan.manifest.to_json(), existing, 0o644)?;
    if ui.wants_json() {
        let mut json = written.as_json();
        if let Some(json) = json.as_object_mut() {
            json.insert("manifest".into(), serde_json::json!(manifest));
        }
        ui.json(&json);
    } else {
        written.print(ui);
        ui.line(format!("{}", manifest.display()));
    }
    Ok(Exit::Done)
}

/// Writes the medium of a plan that was found to fit: whole or not at all.
pub(super) fn write(
    plan: &Plan,
    base: &Path,
    fitted: &Fitted,
    out: &Path,
    existing: Existing,
) -> Result<(), Failure> {
    world::write_image(base, &fitted.overlay, out, existing, mode(&secrets(plan)))
}

/// What on a plan's medium must not be read by others.
fn secrets(plan: &Plan) -> Vec<String> {
    let of_medium = |medium: &Medium| {
        let arguments = medium.edit.append_kernel_arguments.join(" ");
        target::secrets(Some(medium.live.value()), &medium.edit.network, &arguments)
    };
    let mut names = plan.medium().map(of_medium).unwrap_or_default();
    if names.is_empty() {
        let secret = plan.artifacts.iter().filter(|artifact| artifact.secrecy == Secrecy::Secret);
        names.extend(secret.map(|artifact| artifact.what.clone()));
    }
    names
}

fn manifest_path(output: &Path) -> PathBuf {
    let mut name = OsString::from(output);
    name.push(".manifest.json");
    PathBuf::from(name)
}
