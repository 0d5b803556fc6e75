//! `cotter test`: the rehearsal in QEMU.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use clap::Args;
use clap::ValueEnum;

use super::Exit;
use super::Ui;
use super::build;
use super::load;
use super::load::GivenArguments;
use super::report;
use super::ui::Tone;
use super::ui::counted;
use crate::image::LiveImage;
use crate::plan::Plan;
use crate::rehearsal::Accelerator;
use crate::rehearsal::Firmware;
use crate::rehearsal::Medium;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::spec::Installer;
use crate::spec::Sno;
use crate::target::Placement;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Report;
use crate::world;
use crate::world::AcceleratorChoice;
use crate::world::Boot;
use crate::world::Event;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::InstallerRun;
use crate::world::Rehearsal;

/// The volume id of the stand-in, by which it is known.
const STAND_IN: &str = "cotter-bench";

/// Rehearse the installation in QEMU: install, reboot, reboot with renamed ports
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// Boot this medium, built from the machine file before, instead of building one
    #[arg(long, value_name = "ISO", conflicts_with = "base")]
    iso: Option<PathBuf>,
    /// The live ISO to start from (a path, or `bench` for the stand-in) instead of `base.image`
    #[arg(long, value_name = "ISO")]
    base: Option<PathBuf>,
    /// The boots, separated by commas; the installation is always the first [default: install,reboot,rename; for
    /// target sno, where an operator takes over after the second boot: install,rename,rename]
    #[arg(long, value_delimiter = ',', value_name = "SCENARIO", value_parser = |word: &str| word.parse::<Scenario>())]
    scenario: Vec<Scenario>,
    /// Rehearse what becomes of a single node (target sno) whose things are put into the live Ignition alone: the
    /// control, which shows what is lost without cotter
    #[arg(long, conflicts_with = "iso")]
    control: bool,
    /// Put the report (report.html, junit.xml, report.json), consoles and records into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// What boots the machine
    #[arg(long, value_enum, default_value = "bios")]
    firmware: FirmwareWord,
    /// What runs the machine's instructions
    #[arg(long, value_enum, default_value = "auto")]
    accel: AccelWord,
    /// How long one boot may take, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=240))]
    patience: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FirmwareWord {
    Bios,
    Uefi,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AccelWord {
    /// KVM if guests live under it, else translation
    Auto,
    Kvm,
    /// Translation by QEMU
    Tcg,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let mut given = arguments.given.given_on(arguments.base.as_deref());
    if let Some(iso) = &arguments.iso
        && kind(iso)? == Medium::StandIn
    {
        given.installer = InstallerRun::StandIn;
    }
    if arguments.control {
        given.placement = Placement::LiveOnly;
    }
    let loaded = match load::load(&arguments.spec, &given, ui)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    if arguments.control && loaded.machine.sno.is_none() {
        let message = format!(
            "there is no control for target `{}`: its things have one place",
            loaded.plan.manifest.target
        );
        return Err(Failure::input(message, "leave `--control` out"));
    }
    let source = match &arguments.iso {
        Some(iso) => iso.clone(),
        None => load::base_image(arguments.base.as_deref(), &loaded.machine, &loaded.spec.folder, ui)?,
    };
    let kind = kind(&source)?;
    if let Some(sno) = &loaded.machine.sno {
        refuse_unplayable(sno, kind)?;
    }
    let work = work_folder()?;
    let medium = match &arguments.iso {
        Some(iso) => iso.clone(),
        None => {
            if let Err(exit) = load::fit(&source, &loaded, ui)? {
                return Ok(exit);
            }
            let medium = work.path().join("medium.iso");
            build::write(&loaded.plan, &source, &medium, Existing::Refuse)?;
            medium
        }
    };
    let machine = match VirtualMachine::of(&loaded.machine, kind) {
        Ok(machine) => machine,
        Err(findings) => return Ok(load::refuse(findings, &loaded.sources, ui)),
    };
    let rehearsal = Rehearsal {
        machine,
        medium,
        firmware: match arguments.firmware {
            FirmwareWord::Bios => Firmware::Bios,
            FirmwareWord::Uefi => Firmware::Uefi,
        },
        accelerator: match arguments.accel {
            AccelWord::Auto => AcceleratorChoice::Auto,
            AccelWord::Kvm => AcceleratorChoice::Only(Accelerator::Kvm),
            AccelWord::Tcg => AcceleratorChoice::Only(Accelerator::Tcg),
        },
        scenarios: scenarios(arguments, &loaded.plan),
        lives: loaded.plan.lives,
        folder: work.path().to_owned(),
        patience: Duration::from_secs(arguments.patience * 60),
    };
    let later = rehearsal.scenarios.iter().filter(|word| **word != Scenario::Install).count();
    let manifest = rehearsable(loaded.plan.manifest, ui);
    let boots = world::rehearse(&rehearsal, &mut |event| said(event, ui));
    ui.end();
    let boots = boots?;
    let report = judge(&manifest, &boots);
    let void = void_rename(&boots);
    if let Some(folder) = &arguments.report {
        keep(&boots, folder)?;
        report::keep(&report, &loaded.sources, folder)?;
    }
    if ui.wants_json() {
        ui.json(&report);
    } else {
        report::show(&report, ui);
        if let Some(why) = &void {
            let doubtful = ui.toned(Tone::Doubtful, "unknown");
            ui.line(format!("  {doubtful}  rename: {why}"));
        }
        verdict(&report, &boots, arguments, begin, ui);
    }
    // The live boot and the first boot, and one for each further scenario.
    let complete = boots.len() == 2 + later;
    Ok(if report.all_met() && void.is_none() && complete { Exit::Done } else { Exit::Differs })
}

/// The boots that were asked for, or the usual ones.
fn scenarios(arguments: &Arguments, plan: &Plan) -> Vec<Scenario> {
    use Scenario::{Install, Reboot, Rename};
    match (arguments.scenario.is_empty(), plan.lives.contains(&Life::AfterMco)) {
        (false, _) => arguments.scenario.clone(),
        // The ports are renamed before the operator takes over, and stay so after it.
        (true, true) => vec![Install, Rename, Rename],
        (true, false) => vec![Install, Reboot, Rename],
    }
}

/// The bootstrap of a single node runs the release's containers; only the stand-in's own does without.
fn refuse_unplayable(sno: &Sno, medium: Medium) -> Result<(), Failure> {
    let (what, help) = match (medium, &sno.installer) {
        (Medium::Real, _) => (
            "the bootstrap of a single node fetches its release, and a rehearsal keeps it from all networks",
            "rehearse it on the stand-in, with `--base bench`",
        ),
        (Medium::StandIn, Some(Installer::Ignition(_))) => (
            "this Ignition runs the release's containers, which the stand-in does not have",
            "name `installer` and `install_config` under `sno`: the stand-in then plays the installer too",
        ),
        (Medium::StandIn, _) => return Ok(()),
    };
    Err(Failure::input(format!("this cannot be rehearsed: {what}"), help))
}

/// A folder that is gone afterwards. Below the cache, which is on a disk: `/tmp` is often in memory.
fn work_folder() -> Result<tempfile::TempDir, Failure> {
    let mut folder = world::cache_folder()?.join("rehearsals");
    if std::fs::create_dir_all(&folder).is_err() {
        folder = std::env::temp_dir();
    }
    // The disk's image has what the medium has.
    world::private_folder("test", &folder)
}

/// Whether the medium is the stand-in, which needs less of a machine.
fn kind(medium: &Path) -> Result<Medium, Failure> {
    let mut file = File::open(medium).map_err(|cause| Failure::io("open", medium, &cause))?;
    let live = LiveImage::read(&mut file).map_err(|cause| Failure::image(medium, &cause))?;
    Ok(if live.volume_id == STAND_IN { Medium::StandIn } else { Medium::Real })
}

/// Without what a rehearsal keeps the guest from: it must not reach real machines.
fn rehearsable(mut manifest: Manifest, ui: &mut Ui) -> Manifest {
    let all = manifest.expectations.len();
    manifest.expectations.retain(|expectation| !expectation.subject.starts_with("reach/"));
    let left_out = all - manifest.expectations.len();
    if left_out > 0 {
        ui.note(format!("not rehearsed: {} that must answer", counted(left_out, "place")));
    }
    manifest
}

fn said(event: Event, ui: &mut Ui) {
    match event {
        Event::Begins(name) => ui.begin(name),
        Event::Console(line) => ui.happening(line),
        Event::Note(note) => ui.note(format!("note: {note}")),
        Event::Over(boot) => {
            ui.end();
            let outcome = boot.record.err().unwrap_or_else(|| "reported".to_owned());
            ui.note(format!("{:9} {:5.0} s  {outcome}", boot.name, boot.seconds));
        }
    }
}

/// Judges what was reported; a boot without a report has everything unknown.
fn judge(manifest: &Manifest, boots: &[Boot]) -> Report {
    let record = |boot: &Boot| match &boot.record {
        Ok(record) => record.clone(),
        Err(why) => BootRecord::unknown(&manifest.machine, &format!("none: {}", boot.name), boot.life, why),
    };
    let records: Vec<(String, BootRecord)> =
        boots.iter().map(|boot| (boot.name.clone(), record(boot))).collect();
    verify::judge(manifest, &records)
}

/// A rename in which udev's names stayed as they were has shown nothing.
fn void_rename(boots: &[Boot]) -> Option<String> {
    let names = |boot: &Boot| {
        let record = boot.record.as_ref().ok()?;
        let of_ports = record.facts.iter().filter(|(subject, _)| subject.ends_with("/udev-name"));
        Some(of_ports.map(|(subject, names)| (subject.clone(), names.clone())).collect::<Vec<_>>())
    };
    let before = boots.iter().find(|boot| boot.name == "install").and_then(names)?;
    let after = boots.iter().find(|boot| boot.name.starts_with("rename")).and_then(names)?;
    let stayed = after.iter().find(|port| before.contains(port))?;
    Some(format!(
        "udev still calls {} {}: nothing was renamed",
        stayed.0.trim_end_matches("/udev-name"),
        stayed.1.join(", ")
    ))
}

fn verdict(report: &Report, boots: &[Boot], arguments: &Arguments, begin: Instant, ui: &mut Ui) {
    let minutes = begin.elapsed().as_secs_f64() / 60.0;
    let text = if report.all_met() {
        let names: Vec<String> = boots.iter().map(|boot| boot.name.clone()).collect();
        ui.toned(Tone::Good, &format!("every expectation is met over {}", names.join(", ")))
    } else {
        ui.toned(Tone::Bad, "this machine would not be what its file says")
    };
    ui.line(format!("{text}  ({minutes:.1} min)"));
    if let (false, None) = (report.all_met(), &arguments.report) {
        ui.note("help: `--report DIR` keeps consoles and records");
    }
}

/// Keeps consoles and records.
fn keep(boots: &[Boot], folder: &Path) -> Result<(), Failure> {
    // Apart, so that `cotter verify --facts` can read the folder.
    let records = folder.join("records");
    std::fs::create_dir_all(&records).map_err(|cause| Failure::io("make", &records, &cause))?;
    for boot in boots {
        let to = folder.join(format!("{}.console", boot.name));
        if boot.console.exists() {
            std::fs::copy(&boot.console, &to).map_err(|cause| Failure::io("write", &to, &cause))?;
        }
        if let Ok(record) = &boot.record {
            let json = serde_json::to_vec_pretty(record).unwrap_or_default();
            world::write_file(&records.join(format!("{}.json", boot.name)), &json, Existing::Replace, 0o644)?;
        }
    }
    Ok(())
}
