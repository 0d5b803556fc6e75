//! Runs a rehearsal: boots the medium in QEMU, lets it install, and boots the disk as each scenario says.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use super::Failure;
use super::accelerator::kvm_death;
use super::accelerator::kvm_opens;
use super::boot_entry::add_argument;
use super::console::Console;
use super::disk_files::DiskFiles;
use super::disk_files::free_bytes;
use super::disk_files::has_boot_mark;
use super::machine_facts::records_so_far;
use super::qemu::Qemu;
use crate::rehearsal;
use crate::rehearsal::Accelerator;
use crate::rehearsal::Firmware;
use crate::rehearsal::First;
use crate::rehearsal::Medium;
use crate::rehearsal::OTHER_SCHEME;
use crate::rehearsal::Paths;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::rehearsal::arguments;
use crate::verify::BootRecord;
use crate::verify::Life;

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a guest may take to shut down.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(90);
/// How much room must be left for whoever else writes to the same disk.
const SPARE_BYTES: u64 = 512 << 20;
/// More than this cannot be reports.
const MAX_REPORT_BYTES: u64 = 64 << 20;
/// The power is cut once this much more is on the disks: the image is being written, or what Ignition made.
const CUT_INSTALLATION_BYTES: u64 = 64 << 20;
const CUT_FIRST_BOOT_BYTES: u64 = 64 << 10;

/// What to rehearse, and with what.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The machine that QEMU plays.
    pub machine: VirtualMachine,
    /// The built medium.
    pub medium: PathBuf,
    /// What boots the guest.
    pub firmware: Firmware,
    /// What runs its instructions.
    pub accelerator: AcceleratorChoice,
    /// The boots. The installation is always the first; `power-cut` has one of its own.
    pub scenarios: Vec<Scenario>,
    /// The lives that the machine goes through; the disk's boots go from one to the next, and stay in the last.
    pub lives: &'static [Life],
    /// Where disks, consoles and records are put.
    pub folder: PathBuf,
    /// What becomes of the disks that scenarios were booted from.
    pub disks: Disks,
    /// How long one boot may take.
    pub patience: Duration,
    /// How long all of it may take.
    pub timeout: Duration,
    /// How much the disks of one boot may really take.
    pub most_disk_bytes: u64,
}

/// What becomes of a disk after its boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disks {
    /// It is removed.
    Removed,
    /// It is kept, for a look around.
    Kept,
}

/// What runs a guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceleratorChoice {
    /// KVM if guests live under it, else translation.
    Auto,
    /// Only this one.
    Only(Accelerator),
}

/// What came of one boot.
#[derive(Clone, Debug)]
pub struct Boot {
    /// `live`, `install`, `reboot`, `rename`; `rename-2` for the second of its kind.
    pub name: String,
    /// What was rehearsed.
    pub scenario: Scenario,
    /// The life that it is expected to be.
    pub life: Life,
    /// What the guest reported, or why it did not.
    pub record: Result<BootRecord, String>,
    /// How long it took, in seconds; 0 if it was not booted.
    pub seconds: f64,
    /// The console's text.
    pub console: PathBuf,
    /// The console's last lines.
    pub last_lines: Vec<String>,
}

/// What happens while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// A boot begins.
    Begins(String),
    /// A line on the console.
    Console(String),
    /// Something the user should know.
    Note(String),
    /// A boot is over.
    Over(Box<Boot>),
}

/// Rehearses; every boot is bounded, and QEMU is gone when this returns.
pub fn rehearse(rehearsal: &Rehearsal, events: &mut dyn FnMut(Event)) -> Result<Vec<Boot>, Failure> {
    let mut stage = Stage::prepare(rehearsal, events)?;
    let mut boots = Vec::new();
    let (cut, whole): (Vec<Scenario>, Vec<Scenario>) =
        rehearsal.scenarios.iter().partition(|scenario| **scenario == Scenario::PowerCut);
    if cut.is_empty() || !whole.is_empty() {
        stage.install_and_boot(&whole, &mut boots)?;
    }
    if !cut.is_empty() {
        stage.cut_the_power(&mut boots)?;
    }
    Ok(boots)
}

/// One run of QEMU.
struct Run<'a> {
    name: &'a str,
    scenario: Scenario,
    machine: &'a VirtualMachine,
    medium: Option<&'a Path>,
    first: First,
    files: &'a DiskFiles,
    /// The lives that the guest may report; the first is the one to expect.
    lives: &'a [Life],
    until: Until,
}

/// When a boot is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// QEMU ends, because the guest reboots or powers off.
    Ended,
    /// The guest has reported; it is then switched off.
    Reported,
    /// The guest has reported; it is then shut down.
    ReportedAndShutDown,
    /// So much more is on the disks; it is then switched off.
    Written(u64),
}

struct Stage<'a> {
    rehearsal: &'a Rehearsal,
    ovmf: Option<(PathBuf, PathBuf)>,
    accelerator: Accelerator,
    may_fall_back: bool,
    interrupted: Arc<AtomicBool>,
    /// The boots that were reported.
    seen: BTreeSet<String>,
    begin: Instant,
    events: &'a mut dyn FnMut(Event),
}

impl<'a> Stage<'a> {
    fn prepare(rehearsal: &'a Rehearsal, events: &'a mut dyn FnMut(Event)) -> Result<Self, Failure> {
        Qemu::find()?;
        let folder = &rehearsal.folder;
        std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
        // An installed disk, and a copy of it.
        let needed_gib = if rehearsal.machine.medium == Medium::StandIn { 3 } else { 10 };
        if free_bytes(folder).is_some_and(|free| free < (needed_gib << 30)) {
            let message = format!(
                "there is too little room in `{}`: a rehearsal takes {needed_gib} GiB",
                folder.display()
            );
            return Err(Failure::surroundings(
                message,
                "make room, or set XDG_CACHE_HOME to a folder with more",
            ));
        }
        let accelerator = match rehearsal.accelerator {
            AcceleratorChoice::Only(accelerator) => accelerator,
            AcceleratorChoice::Auto if kvm_opens() => Accelerator::Kvm,
            AcceleratorChoice::Auto => {
                events(Event::Note(
                    "there is no KVM here: the guest's instructions are translated, which is slow".into(),
                ));
                Accelerator::Tcg
            }
        };
        let ovmf = match rehearsal.firmware {
            Firmware::Bios => None,
            Firmware::Uefi => Some(ovmf()?),
        };
        let may_fall_back = rehearsal.accelerator == AcceleratorChoice::Auto;
        let (interrupted, seen, begin) = (interruption(), BTreeSet::new(), Instant::now());
        Ok(Self { rehearsal, ovmf, accelerator, may_fall_back, interrupted, seen, begin, events })
    }

    fn blank(&self, name: &str) -> Result<DiskFiles, Failure> {
        let variables = self.ovmf.as_ref().map(|(_, variables)| variables.as_path());
        DiskFiles::blank(&self.rehearsal.machine, name, variables, &self.rehearsal.folder)
    }

    /// Installs, boots the disk for the first time, and then a copy of it for each further scenario.
    fn install_and_boot(&mut self, scenarios: &[Scenario], boots: &mut Vec<Boot>) -> Result<(), Failure> {
        let rehearsal = self.rehearsal;
        let later = scenarios.iter().filter(|scenario| **scenario != Scenario::Install);
        let scenarios: Vec<Scenario> = [Scenario::Install].into_iter().chain(later.copied()).collect();
        let installed = self.blank("disk")?;
        let live = Run {
            name: "live",
            scenario: Scenario::Install,
            machine: &rehearsal.machine,
            medium: Some(&rehearsal.medium),
            first: First::Disk,
            files: &installed,
            lives: &[Life::Live],
            until: Until::Ended,
        };
        let (boot, mut is_installed) = self.boot(&live)?;
        boots.push(boot);
        let mut lives = rehearsal.lives.iter().filter(|life| **life != Life::Live).copied();
        let mut life = Life::FirstBoot;
        // What an operator does between two boots is what the next begins with; else each begins with what the
        // first has left.
        let goes_on = rehearsal.lives.contains(&Life::AfterMco);
        for (index, scenario) in scenarios.iter().copied().enumerate() {
            life = lives.next().unwrap_or(life);
            let nth = scenarios[..=index].iter().filter(|other| **other == scenario).count();
            let name = if nth > 1 { format!("{scenario}-{nth}") } else { scenario.to_string() };
            let not_run = |why: String| Boot::not_run(&name, scenario, life, why);
            if !is_installed {
                boots.push(not_run("not booted, because the machine is not installed".to_owned()));
                continue;
            }
            let machine = match rehearsal.machine.for_boot(scenario) {
                Ok(machine) => machine,
                Err(why) => {
                    boots.push(not_run(why));
                    continue;
                }
            };
            let is_kept = index == 0 || goes_on;
            let files = if is_kept { installed.clone() } else { installed.copy(&name, &rehearsal.folder)? };
            if scenario == Scenario::Scheme
                && let Err(why) = self.change_scheme(&files)
            {
                boots.push(not_run(format!("the naming scheme cannot be changed: {why}")));
                continue;
            }
            let run = Run {
                name: &name,
                scenario,
                machine: &machine,
                medium: None,
                first: First::Disk,
                files: &files,
                lives: &[life],
                until: if is_kept { Until::ReportedAndShutDown } else { Until::Reported },
            };
            let (boot, has_reported) = self.boot(&run)?;
            boots.push(boot);
            is_installed &= has_reported || index > 0;
            if !is_kept && rehearsal.disks == Disks::Removed {
                files.remove();
            }
        }
        if rehearsal.disks == Disks::Removed {
            installed.remove();
        }
        Ok(())
    }

    /// Lets the boot entry on the disk ask for another naming scheme; nothing else is changed.
    fn change_scheme(&self, files: &DiskFiles) -> Result<(), String> {
        let disk = self.system_disk(files).ok_or("there is no disk")?;
        add_argument(disk, &format!("net.naming-scheme={OTHER_SCHEME}"), &self.rehearsal.folder)
    }

    /// Installs and boots a machine whose power fails in the middle of each, and is switched on again with nothing
    /// changed: the medium is still there, and comes after the disk.
    fn cut_the_power(&mut self, boots: &mut Vec<Boot>) -> Result<(), Failure> {
        let rehearsal = self.rehearsal;
        let files = self.blank("power-cut")?;
        let first = Run {
            name: "power-cut-live-1",
            scenario: Scenario::PowerCut,
            machine: &rehearsal.machine,
            medium: Some(&rehearsal.medium),
            first: First::Disk,
            files: &files,
            lives: &[Life::Live],
            until: Until::Written(CUT_INSTALLATION_BYTES),
        };
        let install = Run { name: "power-cut-live", until: Until::Ended, ..first };
        let half = Run {
            name: "power-cut-1",
            medium: None,
            lives: &[Life::FirstBoot],
            until: Until::Written(CUT_FIRST_BOOT_BYTES),
            ..first
        };
        // A machine whose first boot had come far enough does not repeat it.
        let last = Run {
            name: "power-cut",
            lives: &[Life::FirstBoot, Life::LaterBoots],
            until: Until::Reported,
            ..half
        };
        for run in [&first, &install, &half, &last] {
            let by_hand = Run { first: First::Medium, ..*run };
            let stops_at_disk = run.until == Until::Ended && self.stops_at_disk(&files);
            let run = if stops_at_disk { &by_hand } else { run };
            if stops_at_disk {
                let note = "the half-written disk has the mark of one that boots, where a BIOS stops: a person must choose the medium in the boot menu, as is done here";
                (self.events)(Event::Note(note.to_owned()));
            }
            let (boot, as_it_should) = self.boot(run)?;
            let is_cut = matches!(run.until, Until::Written(_));
            // A boot that was cut has nothing to report.
            if !is_cut || !as_it_should {
                boots.push(boot);
            }
            if !as_it_should && is_cut {
                // The boot says why; nothing was shown.
                break;
            }
            if !as_it_should {
                let note = "this machine does not come back by itself, and must be installed again; a first boot that was cut is repeated, and fails at a file that Ignition may not replace (`overwrite: false`)";
                (self.events)(Event::Note(note.to_owned()));
                break;
            }
        }
        if rehearsal.disks == Disks::Removed {
            files.remove();
        }
        Ok(())
    }

    /// Whether a BIOS would boot the disk of the system, and no other after it, whatever is on it.
    fn stops_at_disk(&self, files: &DiskFiles) -> bool {
        self.ovmf.is_none() && self.system_disk(files).is_some_and(|disk| has_boot_mark(disk))
    }

    fn system_disk<'f>(&self, files: &'f DiskFiles) -> Option<&'f PathBuf> {
        let disks = &self.rehearsal.machine.disks;
        files.disks.get(disks.iter().position(|disk| disk.role == rehearsal::Role::System)?)
    }

    /// Boots once; says what the guest reported, and whether it ended as it should.
    fn boot(&mut self, run: &Run<'_>) -> Result<(Boot, bool), Failure> {
        if self.begin.elapsed() > self.rehearsal.timeout {
            let boot = Boot::not_run(run.name, run.scenario, run.lives[0], self.out_of_time());
            (self.events)(Event::Over(Box::new(boot.clone())));
            return Ok((boot, false));
        }
        (self.events)(Event::Begins(run.name.to_owned()));
        let folder = &self.rehearsal.folder;
        let console_file = folder.join(format!("{}.console", run.name));
        let ovmf = self.ovmf.as_ref().zip(run.files.variables.as_ref());
        let paths = Paths {
            medium: run.medium.map(Path::to_path_buf),
            first: run.first,
            disks: run.files.disks.clone(),
            console: rehearsal::Console::File(console_file.clone()),
            report: folder.join(format!("{}.jsonl", run.name)),
            control: folder.join("control"),
            ovmf: ovmf.map(|((code, _), variables)| (code.clone(), variables.clone())),
        };
        let said = folder.join(format!("{}.qemu", run.name));
        let begin = Instant::now();
        loop {
            for stale in [&console_file, &paths.report, &paths.control] {
                // It need not be there.
                let _ = std::fs::remove_file(stale);
            }
            let line = arguments(run.machine, &paths, self.accelerator, self.rehearsal.firmware);
            if self.rehearsal.disks == Disks::Kept {
                self.keep_command(run, &line, &paths)?;
            }
            let mut qemu = Qemu::start(&line, &paths.control, &said)?;
            let mut console = Console::default();
            let end = self.watch(&mut qemu, run, &paths, &said, &console_file, &mut console)?;
            if let (End::DiedUnderKvm(why), true) = (&end, self.may_fall_back) {
                let note =
                    format!("guests die under KVM here ({why}): going on with translation, which is slow");
                (self.events)(Event::Note(note));
                self.accelerator = Accelerator::Tcg;
                self.may_fall_back = false;
                continue;
            }
            if run.until == Until::ReportedAndShutDown {
                self.shut_down(&mut qemu);
            }
            drop(qemu);
            self.may_fall_back = false;
            let is_to_end = run.until == Until::Ended;
            let (record, as_it_should) = match end {
                End::Reported(record) => (Ok(*record), true),
                End::Ended => (newest(&paths.report, run.lives, &self.seen), is_to_end),
                End::Cut => (Err("the power was cut, as it should".to_owned()), true),
                End::DiedUnderKvm(why) => (Err(format!("the guest died under KVM: {why}")), false),
                End::Failed(why) => (Err(why), false),
            };
            self.seen.extend(record.as_ref().ok().map(|record| record.boot_id.clone()));
            let boot = Boot {
                name: run.name.to_owned(),
                scenario: run.scenario,
                life: record.as_ref().map_or(run.lives[0], |record| record.life),
                record,
                seconds: begin.elapsed().as_secs_f64(),
                console: console_file,
                last_lines: console.tail(),
            };
            (self.events)(Event::Over(Box::new(boot.clone())));
            return Ok((boot, as_it_should));
        }
    }

    fn watch(
        &mut self,
        qemu: &mut Qemu,
        run: &Run<'_>,
        paths: &Paths,
        said: &Path,
        console_file: &Path,
        console: &mut Console,
    ) -> Result<End, Failure> {
        let begin = Instant::now();
        let used_before = run.files.used_bytes();
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Failure::surroundings("interrupted", "nothing was left running"));
            }
            if self.accelerator == Accelerator::Kvm
                && let Some(why) = kvm_death(said)
            {
                return Ok(End::DiedUnderKvm(why));
            }
            for line in console.news(console_file) {
                (self.events)(Event::Console(line));
            }
            if let Some(why) = &console.fatal {
                return Ok(End::Failed(why.clone()));
            }
            if matches!(run.until, Until::Reported | Until::ReportedAndShutDown)
                && let Ok(record) = newest(&paths.report, run.lives, &self.seen)
            {
                return Ok(End::Reported(Box::new(record)));
            }
            let used = run.files.used_bytes();
            if let Until::Written(bytes) = run.until
                && used.saturating_sub(used_before) >= bytes
            {
                return Ok(End::Cut);
            }
            if matches!(run.until, Until::Written(_)) && newest(&paths.report, run.lives, &self.seen).is_ok()
            {
                return Ok(End::Failed("the guest was through before the power could be cut".to_owned()));
            }
            if let Some(why) = self.too_much(used, &paths.report) {
                return Ok(End::Failed(why));
            }
            if let Some(status) = qemu.ended() {
                if status.success() {
                    return Ok(End::Ended);
                }
                let words = std::fs::read_to_string(said).unwrap_or_default();
                let message = format!("QEMU failed: {}", words.lines().last().unwrap_or("it said nothing"));
                return Err(Failure::surroundings(message, format!("see `{}`", said.display())));
            }
            if self.begin.elapsed() > self.rehearsal.timeout {
                return Ok(End::Failed(self.out_of_time()));
            }
            if begin.elapsed() > self.rehearsal.patience {
                let seconds = self.rehearsal.patience.as_secs();
                let tail = console.tail();
                let last = tail.last().map_or("nothing", String::as_str);
                let why = newest(&paths.report, run.lives, &self.seen).err().unwrap_or_default();
                return Ok(End::Failed(format!(
                    "no report within {seconds} s: {why}; last on the console: {last}"
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn out_of_time(&self) -> String {
        format!("the time for all boots, {} minutes, is over", self.rehearsal.timeout.as_secs() / 60)
    }

    /// Why the guest is stopped for what it writes, if it is.
    fn too_much(&self, used_bytes: u64, report: &Path) -> Option<String> {
        let most = self.rehearsal.most_disk_bytes;
        if used_bytes > most {
            return Some(format!("the guest's disks take more than {} GiB", most >> 30));
        }
        if report.metadata().is_ok_and(|metadata| metadata.len() > MAX_REPORT_BYTES) {
            return Some("the guest reports without end".to_owned());
        }
        let folder = &self.rehearsal.folder;
        let is_full = free_bytes(folder).is_some_and(|free| free < SPARE_BYTES);
        is_full.then(|| format!("there is hardly any room left in `{}`", folder.display()))
    }

    /// Presses the power button and waits a while; what does not end is killed.
    fn shut_down(&mut self, qemu: &mut Qemu) {
        if qemu.press_power_button().is_err() {
            return;
        }
        let begin = Instant::now();
        while qemu.ended().is_none()
            && begin.elapsed() < SHUTDOWN_TIMEOUT
            && !self.interrupted.load(Ordering::Relaxed)
        {
            std::thread::sleep(LOOK_EVERY);
        }
        if qemu.ended().is_none() {
            (self.events)(Event::Note("the guest does not shut down: it was switched off".into()));
        }
    }

    /// Writes down how QEMU was run, and how a person can run it for a look around.
    fn keep_command(&self, run: &Run<'_>, line: &[String], paths: &Paths) -> Result<(), Failure> {
        let folder = &self.rehearsal.folder;
        let by_hand = Paths {
            console: rehearsal::Console::Person { ssh_port: SSH_PORT },
            medium: None,
            ..paths.clone()
        };
        let by_hand = arguments(run.machine, &by_hand, self.accelerator, self.rehearsal.firmware);
        // The user chooses the port.
        let by_hand =
            command(&by_hand).replace(&format!("127.0.0.1:{SSH_PORT}-"), "127.0.0.1:'\"${1:-2222}\"'-");
        for (kind, text) in [("command", command(line)), ("look", by_hand)] {
            let path = folder.join(format!("{}.{kind}", run.name));
            super::write_file(
                &path,
                format!("#!/bin/sh\n{text}\n").as_bytes(),
                super::Existing::Replace,
                0o700,
            )?;
        }
        Ok(())
    }
}

/// The port of the host that leads to a kept machine's ssh, if none is said.
pub const SSH_PORT: u16 = 2222;

/// The command line as a shell reads it.
fn command(arguments: &[String]) -> String {
    let quoted = |word: &String| format!(" '{}'", word.replace('\'', "'\\''"));
    format!("exec qemu-system-x86_64{}", arguments.iter().map(quoted).collect::<String>())
}

impl Boot {
    fn not_run(name: &str, scenario: Scenario, life: Life, why: String) -> Self {
        Self {
            name: name.to_owned(),
            scenario,
            life,
            record: Err(why),
            seconds: 0.0,
            console: PathBuf::new(),
            last_lines: Vec::new(),
        }
    }
}

enum End {
    Reported(Box<BootRecord>),
    Ended,
    Cut,
    DiedUnderKvm(String),
    Failed(String),
}

/// The last record of these lives that is of none of the boots `seen`, or why there is none. Boot ids tell boots apart,
/// not runs of QEMU: a guest may reboot by itself, and may repeat what it said of an earlier boot.
fn newest(report: &Path, lives: &[Life], seen: &BTreeSet<String>) -> Result<BootRecord, String> {
    let (records, refused) = records_so_far(report);
    let why = match (records.last(), refused) {
        (Some(record), _) if !lives.contains(&record.life) => {
            let wanted: Vec<String> = lives.iter().map(ToString::to_string).collect();
            format!(
                "the guest reported a boot of the life `{}`, not `{}`",
                record.life,
                wanted.join("` or `")
            )
        }
        (Some(_), _) => "the guest reported an earlier boot again".to_owned(),
        (None, Some(refused)) => format!("what the guest reported is not the record of a boot: {refused}"),
        (None, None) => "the guest sent no report".to_owned(),
    };
    let is_new = |record: &BootRecord| lives.contains(&record.life) && !seen.contains(&record.boot_id);
    records.into_iter().rev().find(is_new).ok_or(why)
}

/// OVMF's code, and its variables as they are before anything is installed.
fn ovmf() -> Result<(PathBuf, PathBuf), Failure> {
    let sets = [
        ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ];
    let Some((code, variables)) = sets.iter().find(|(code, _)| Path::new(code).exists()) else {
        return Err(Failure::surroundings("there is no UEFI firmware for QEMU here", "apt-get install ovmf"));
    };
    Ok((PathBuf::from(code), PathBuf::from(variables)))
}

/// Set when the user interrupts; then every loop ends, and everything is cleaned up on the way out.
pub(super) fn interruption() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        // Without a handler an interruption ends the program at once, which is only less tidy.
        let _ = ctrlc::set_handler(move || set.store(true, Ordering::Relaxed));
        flag
    });
    Arc::clone(flag)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeSet;

    use super::newest;
    use crate::verify::Life;

    #[test]
    fn a_guest_can_neither_choose_its_life_nor_repeat_a_boot() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report");
        let newest = |text: &str, seen: &[&str]| {
            std::fs::write(&report, text).unwrap();
            let seen: BTreeSet<String> = seen.iter().map(|id| (*id).to_owned()).collect();
            newest(&report, &[Life::LaterBoots], &seen).map(|record| record.boot_id)
        };
        let line = |id: &str, life: &str| {
            format!("{{\"schema\":\"cotter.dev/boot/1\",\"boot_id\":\"{id}\",\"life\":\"{life}\"}}\n")
        };
        let (one, two) = (line("1", "later-boots"), line("2", "later-boots"));
        assert_eq!(newest(&format!("{one}{two}"), &["1"]), Ok("2".to_owned()));
        // The port is also written to by whoever else is root in the guest.
        assert_eq!(newest(&format!("{two}noise\n{one}"), &["1"]), Ok("2".to_owned()));
        for (text, why) in [
            (String::new(), "no report"),
            (one.clone(), "an earlier boot again"),
            (line("2", "live"), "a boot of the life `live`"),
            (two.replace("boot/1", "boot/9"), "its schema"),
            (two.replace('\n', ""), "no report"),
        ] {
            let said = newest(&text, &["1"]).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
