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
use super::judging::Judging;
use super::judging::table;
use super::judging::together;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use super::presenting;
use super::report;
use super::ui::Tone;
use super::ui::counted;
use crate::image::LiveImage;
use crate::image::Replace;
use crate::plan::Plan;
use crate::rehearsal::Accelerator;
use crate::rehearsal::Firmware;
use crate::rehearsal::Medium;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::spec::Installer;
use crate::spec::Machine;
use crate::spec::Sno;
use crate::target;
use crate::target::Placement;
use crate::value::ValueError;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Report;
use crate::world;
use crate::world::AcceleratorChoice;
use crate::world::Boot;
use crate::world::Disks;
use crate::world::Event;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::InstallerRun;
use crate::world::Rehearsal;
use crate::world::WorkFolder;

/// The volume id of the stand-in, by which it is known.
const STAND_IN: &str = "cotter-bench";

/// Rehearse the installation in QEMU: install, reboot, and boot in every way that can go wrong
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// Boot this medium, built from the machine file before, instead of building one
    #[arg(long, value_name = "ISO", conflicts_with = "base")]
    iso: Option<PathBuf>,
    #[command(flatten)]
    base: BaseArguments,
    /// The boots, separated by commas, or `all`; the installation is always the first [default: install,reboot,rename;
    /// for target sno, where an operator takes over after the second boot: install,rename,rename]
    #[arg(long, value_delimiter = ',', value_name = "SCENARIO", value_parser = named)]
    scenario: Vec<Named>,
    /// Rehearse what becomes of a single node (target sno) whose things are put into the live Ignition alone: the
    /// control, which shows what is lost without cotter
    #[arg(long, conflicts_with = "iso")]
    control: bool,
    /// Put the report (report.html, junit.xml, report.json), consoles and records into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Keep disks, medium, consoles and QEMU's command lines in this new folder, for a look around
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Show what the machine says on its console
    #[arg(long)]
    serial: bool,
    /// What boots the machine; both, separated by a comma, are rehearsed one after the other [default: as
    /// the inventory says, else bios; a real live ISO starts as the profile is delivered]
    #[arg(long, value_enum, value_delimiter = ',')]
    firmware: Vec<FirmwareWord>,
    /// Every scenario with every firmware, unless `--scenario` and `--firmware` say less; ends in a table
    #[arg(long)]
    matrix: bool,
    /// What runs the machine's instructions
    #[arg(long, value_enum, default_value = "auto")]
    accel: AccelWord,
    /// How long one boot may take, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=240))]
    patience: u64,
    /// How long all boots may take, in minutes, for each firmware
    #[arg(long, value_name = "MINUTES", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=1440))]
    timeout: u64,
    /// How much the machine's disks may really take while it runs, in GiB
    #[arg(long, value_name = "GIB", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=1000))]
    disk_limit: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FirmwareWord {
    Bios,
    Uefi,
}

/// What one word names.
#[derive(Clone, Debug)]
struct Named(Vec<Scenario>);

fn named(word: &str) -> Result<Named, ValueError> {
    if word == "all" {
        return Ok(Named(Scenario::ALL.to_vec()));
    }
    word.parse().map(|scenario| Named(vec![scenario]))
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
    let mut given = arguments.given.given_on(&arguments.base);
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
    load::medium(&loaded.plan)?;
    let source = match &arguments.iso {
        Some(iso) => iso.clone(),
        None => load::base_image(&arguments.base, &loaded.machine, &loaded.spec.folder, ui)?,
    };
    let kind = kind(&source)?;
    if let Some(sno) = &loaded.machine.sno {
        refuse_unplayable(sno, kind)?;
    }
    let (work, _until_the_end) = work_folder(arguments)?;
    let medium = match &arguments.iso {
        Some(iso) => iso.clone(),
        None => {
            let fitted = match load::fit(&source, &loaded, Replace::No, ui)? {
                Ok(fitted) => fitted,
                Err(exit) => return Ok(exit),
            };
            let medium = work.join("medium.iso");
            build::write(&loaded.plan, &source, &fitted, &medium, Existing::Refuse)?;
            medium
        }
    };
    let known = target::names(&loaded.machine, &loaded.files);
    let machine = match VirtualMachine::of(&loaded.machine, presenting::hardware(&known), kind) {
        Ok(machine) => machine,
        Err(findings) => return Ok(load::refuse(findings, &loaded.sources, ui)),
    };
    let scenarios = scenarios(arguments, &loaded.plan);
    let lives = loaded.plan.lives;
    let manifest = rehearsable(loaded.plan.manifest, ui);
    let judging = Judging { manifest: &manifest, machine: &loaded.machine, presented: &machine };
    let firmwares = match firmwares(arguments) {
        asked if asked.is_empty() => vec![match presenting::firmware(&loaded.machine, &known, kind) {
            Firmware::Bios => FirmwareWord::Bios,
            Firmware::Uefi => FirmwareWord::Uefi,
        }],
        asked => asked,
    };
    let mut rounds = Vec::new();
    for firmware in &firmwares {
        // One word more where there is more than one firmware.
        let word = if firmwares.len() > 1 { firmware.word() } else { "" };
        presenting::tell_names(&machine, firmware.firmware(), word, &scenarios, ui);
        let rehearsal = Rehearsal {
            machine: machine.clone(),
            medium: medium.clone(),
            firmware: firmware.firmware(),
            accelerator: match arguments.accel {
                AccelWord::Auto => AcceleratorChoice::Auto,
                AccelWord::Kvm => AcceleratorChoice::Only(Accelerator::Kvm),
                AccelWord::Tcg => AcceleratorChoice::Only(Accelerator::Tcg),
            },
            scenarios: scenarios.clone(),
            lives,
            folder: work.join(word),
            disks: if arguments.keep.is_some() { Disks::Kept } else { Disks::Removed },
            patience: Duration::from_secs(arguments.patience * 60),
            timeout: Duration::from_secs(arguments.timeout * 60),
            most_disk_bytes: arguments.disk_limit << 30,
        };
        let boots = world::rehearse(&rehearsal, &mut |event| said(event, word, arguments.serial, ui));
        ui.end();
        let mut boots = boots?;
        if !word.is_empty() {
            boots.iter_mut().for_each(|boot| boot.name = format!("{word}-{}", boot.name));
        }
        let report = judging.judge(&boots, ui);
        rounds.push((boots, report));
    }
    let table = table(&rounds);
    let (boots, report) = together(rounds, &manifest);
    if let Some(folder) = &arguments.report {
        keep(&boots, folder)?;
        report::keep(&report, &loaded.sources, folder)?;
    }
    if ui.wants_json() {
        ui.json(&report);
    } else {
        report::show(&report, ui);
        if firmwares.len() > 1 {
            table.iter().for_each(|line| ui.line(line));
        }
        verdict(&report, &boots, arguments, begin, ui);
    }
    if let Some(folder) = &arguments.keep {
        say_how_to_look(folder, &loaded.machine, ui);
    }
    Ok(if report.all_met() { Exit::Done } else { Exit::Differs })
}

impl FirmwareWord {
    fn firmware(self) -> Firmware {
        match self {
            Self::Bios => Firmware::Bios,
            Self::Uefi => Firmware::Uefi,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        }
    }
}

/// The firmwares that were asked for.
fn firmwares(arguments: &Arguments) -> Vec<FirmwareWord> {
    match (arguments.firmware.is_empty(), arguments.matrix) {
        (false, _) => arguments.firmware.clone(),
        (true, true) => vec![FirmwareWord::Bios, FirmwareWord::Uefi],
        (true, false) => Vec::new(),
    }
}

/// The boots that were asked for, or the usual ones.
fn scenarios(arguments: &Arguments, plan: &Plan) -> Vec<Scenario> {
    use Scenario::{Install, Reboot, Rename};
    let asked: Vec<Scenario> = arguments.scenario.iter().flat_map(|named| named.0.iter().copied()).collect();
    match (asked.is_empty(), arguments.matrix, plan.lives.contains(&Life::AfterMco)) {
        (false, _, _) => asked,
        (true, true, _) => Scenario::ALL.to_vec(),
        // The ports are renamed before the operator takes over, and stay so after it.
        (true, false, true) => vec![Install, Rename, Rename],
        (true, false, false) => vec![Install, Reboot, Rename],
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

/// The folder to work in: the one that is kept, or one that is gone with the second of what is returned. That one is
/// below the cache, which is on a disk: `/tmp` is often in memory.
fn work_folder(arguments: &Arguments) -> Result<(PathBuf, Option<WorkFolder>), Failure> {
    if let Some(folder) = &arguments.keep {
        world::make_private_folder(folder)?;
        return Ok((folder.clone(), None));
    }
    let mut folder = world::cache_folder()?.join("rehearsals");
    if std::fs::create_dir_all(&folder).is_err() {
        folder = std::env::temp_dir();
    }
    // The disk's image has what the medium has.
    let work = WorkFolder::below(&folder)?;
    Ok((work.path().to_owned(), Some(work)))
}

fn say_how_to_look(folder: &Path, machine: &Machine, ui: &mut Ui) {
    let user = machine.butane.users.first().map_or("core", |user| user.name.as_str());
    ui.note(format!(
        "kept in `{}`: disks, medium, consoles, and QEMU's command lines as NAME.command",
        folder.display()
    ));
    ui.note(format!(
        "to look around, run NAME.look [PORT] there, as in `{}`, and log in on the console (Ctrl-A X ends QEMU) or with `ssh -p {} {user}@127.0.0.1`",
        folder.join("install.look").display(),
        world::SSH_PORT
    ));
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

fn said(event: Event, firmware: &str, is_serial_shown: bool, ui: &mut Ui) {
    match event {
        Event::Begins(name) => ui.begin(format!("{firmware} {name}").trim_start()),
        Event::Console(line) if is_serial_shown => ui.note(format!("| {line}")),
        Event::Console(line) => ui.happening(line),
        Event::Note(note) => ui.note(format!("note: {note}")),
        Event::Over(boot) => {
            ui.end();
            let outcome = boot.record.err().unwrap_or_else(|| "reported".to_owned());
            ui.note(format!("{:9} {:5.0} s  {outcome}", boot.name, boot.seconds));
        }
    }
}

fn verdict(report: &Report, boots: &[Boot], arguments: &Arguments, begin: Instant, ui: &mut Ui) {
    let minutes = begin.elapsed().as_secs_f64() / 60.0;
    let text = if report.all_met() {
        let names: Vec<&str> = boots.iter().map(|boot| boot.name.as_str()).collect();
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
