//! Runs a rehearsal: boots the medium in QEMU, lets it install, and boots the disk as each scenario says.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
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
use super::machine_facts::records_so_far;
use super::qemu::Qemu;
use crate::rehearsal::Accelerator;
use crate::rehearsal::Firmware;
use crate::rehearsal::Paths;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::rehearsal::Writes;
use crate::rehearsal::arguments;
use crate::value::is_printable;
use crate::verify::BootRecord;
use crate::verify::Life;

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a guest may take to shut down.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(90);
/// A guest that writes more than this to its console runs wild.
const MAX_CONSOLE_BYTES: u64 = 64 << 20;

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
    /// The boots. The installation is always the first.
    pub scenarios: Vec<Scenario>,
    /// The lives that the machine goes through; the disk's boots go from one to the next, and stay in the last.
    pub lives: &'static [Life],
    /// Where consoles and records are put.
    pub folder: PathBuf,
    /// How long one boot may take.
    pub patience: Duration,
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
    /// The life that it is expected to be.
    pub life: Life,
    /// What the guest reported, or why it did not.
    pub record: Result<BootRecord, String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The console's text.
    pub console: PathBuf,
}

/// What happens while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// A boot begins.
    Begins(String),
    /// The last line on the console.
    Console(String),
    /// Something the user should know.
    Note(String),
    /// A boot is over.
    Over(Boot),
}

/// Rehearses; every boot is bounded, and QEMU is gone when this returns.
pub fn rehearse(rehearsal: &Rehearsal, events: &mut dyn FnMut(Event)) -> Result<Vec<Boot>, Failure> {
    let mut stage = Stage::prepare(rehearsal, events)?;
    let mut boots = Vec::new();
    let live = stage.boot(
        "live",
        &rehearsal.machine,
        Some(&rehearsal.medium),
        Writes::Kept,
        Life::Live,
        Until::Ended,
    )?;
    let installed = live.1;
    boots.push(live.0);
    if !installed {
        return Ok(boots);
    }
    let later = rehearsal.scenarios.iter().filter(|scenario| **scenario != Scenario::Install);
    let scenarios: Vec<Scenario> = [Scenario::Install].into_iter().chain(later.copied()).collect();
    let mut lives = rehearsal.lives.iter().filter(|life| **life != Life::Live).copied();
    let mut life = Life::FirstBoot;
    for (index, scenario) in scenarios.iter().enumerate() {
        life = lives.next().unwrap_or(life);
        let nth = scenarios[..=index].iter().filter(|other| *other == scenario).count();
        let name = if nth > 1 { format!("{scenario}-{nth}") } else { scenario.to_string() };
        // What the first boot writes is what the others begin with; so is what an operator does between two.
        let goes_on = index == 0 || rehearsal.lives.contains(&Life::AfterMco);
        let writes = if goes_on { Writes::Kept } else { Writes::Dropped };
        let machine = rehearsal.machine.for_boot(*scenario);
        let (boot, reported) = stage.boot(&name, &machine, None, writes, life, Until::Reported)?;
        boots.push(boot);
        if index == 0 && !reported {
            break;
        }
    }
    Ok(boots)
}

/// When a boot is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// QEMU ends, because the guest reboots or powers off.
    Ended,
    /// The guest has reported; it is then shut down.
    Reported,
}

struct Stage<'a> {
    rehearsal: &'a Rehearsal,
    disk: PathBuf,
    ovmf: Option<(PathBuf, PathBuf)>,
    accelerator: Accelerator,
    may_fall_back: bool,
    interrupted: Arc<AtomicBool>,
    /// The boots that were reported.
    seen: BTreeSet<String>,
    events: &'a mut dyn FnMut(Event),
}

impl<'a> Stage<'a> {
    fn prepare(rehearsal: &'a Rehearsal, events: &'a mut dyn FnMut(Event)) -> Result<Self, Failure> {
        let folder = &rehearsal.folder;
        std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
        let disk = folder.join("disk.raw");
        let failed = |cause: std::io::Error| Failure::io("make", &disk, &cause);
        File::create(&disk)
            .and_then(|file| file.set_len(rehearsal.machine.disk_gib << 30))
            .map_err(failed)?;
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
            Firmware::Uefi => Some(ovmf(folder)?),
        };
        let may_fall_back = rehearsal.accelerator == AcceleratorChoice::Auto;
        let (interrupted, seen) = (interruption(), BTreeSet::new());
        Ok(Self { rehearsal, disk, ovmf, accelerator, may_fall_back, interrupted, seen, events })
    }

    /// Boots once; says what the guest reported, and whether it ended as it should.
    fn boot(
        &mut self,
        name: &str,
        machine: &VirtualMachine,
        medium: Option<&Path>,
        writes: Writes,
        life: Life,
        until: Until,
    ) -> Result<(Boot, bool), Failure> {
        (self.events)(Event::Begins(name.to_owned()));
        let folder = &self.rehearsal.folder;
        let paths = Paths {
            medium: medium.map(Path::to_path_buf),
            disk: self.disk.clone(),
            console: folder.join(format!("{name}.console")),
            report: folder.join(format!("{name}.jsonl")),
            control: folder.join("control"),
            ovmf: self.ovmf.clone(),
        };
        let said = folder.join(format!("{name}.qemu"));
        let begin = Instant::now();
        loop {
            for stale in [&paths.console, &paths.report, &paths.control] {
                // It need not be there.
                let _ = std::fs::remove_file(stale);
            }
            let line = arguments(machine, &paths, self.accelerator, self.rehearsal.firmware, writes);
            let mut qemu = Qemu::start(&line, &paths.control, &said)?;
            let end = self.watch(&mut qemu, &paths, &said, life, until)?;
            if let (End::DiedUnderKvm(why), true) = (&end, self.may_fall_back) {
                let note =
                    format!("guests die under KVM here ({why}): going on with translation, which is slow");
                (self.events)(Event::Note(note));
                self.accelerator = Accelerator::Tcg;
                self.may_fall_back = false;
                continue;
            }
            if until == Until::Reported && writes == Writes::Kept {
                self.shut_down(&mut qemu);
            }
            drop(qemu);
            self.may_fall_back = false;
            let (record, as_it_should) = match end {
                End::Reported(record) => (Ok(*record), true),
                End::Ended => (newest(&paths.report, life, &self.seen), until == Until::Ended),
                End::DiedUnderKvm(why) => (Err(format!("the guest died under KVM: {why}")), false),
                End::Failed(why) => (Err(why), false),
            };
            self.seen.extend(record.as_ref().ok().map(|record| record.boot_id.clone()));
            let boot = Boot {
                name: name.to_owned(),
                life,
                record,
                seconds: begin.elapsed().as_secs_f64(),
                console: paths.console,
            };
            (self.events)(Event::Over(boot.clone()));
            return Ok((boot, as_it_should));
        }
    }

    fn watch(
        &mut self,
        qemu: &mut Qemu,
        paths: &Paths,
        said: &Path,
        life: Life,
        until: Until,
    ) -> Result<End, Failure> {
        let begin = Instant::now();
        let mut console = Console::default();
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Failure::surroundings("interrupted", "nothing was left running"));
            }
            if self.accelerator == Accelerator::Kvm
                && let Some(why) = kvm_death(said)
            {
                return Ok(End::DiedUnderKvm(why));
            }
            if let Some(line) = console.news(&paths.console) {
                (self.events)(Event::Console(line));
            }
            if let Some(why) = &console.fatal {
                return Ok(End::Failed(why.clone()));
            }
            if until == Until::Reported
                && let Ok(record) = newest(&paths.report, life, &self.seen)
            {
                return Ok(End::Reported(Box::new(record)));
            }
            if let Some(status) = qemu.ended() {
                if status.success() {
                    return Ok(End::Ended);
                }
                let words = std::fs::read_to_string(said).unwrap_or_default();
                let message = format!("QEMU failed: {}", words.lines().last().unwrap_or("it said nothing"));
                return Err(Failure::surroundings(message, format!("see `{}`", said.display())));
            }
            if begin.elapsed() > self.rehearsal.patience {
                let seconds = self.rehearsal.patience.as_secs();
                let last = console.last.as_deref().unwrap_or("nothing");
                let why = newest(&paths.report, life, &self.seen).err().unwrap_or_default();
                return Ok(End::Failed(format!(
                    "no report within {seconds} s: {why}; last on the console: {last}"
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
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
}

enum End {
    Reported(Box<BootRecord>),
    Ended,
    DiedUnderKvm(String),
    Failed(String),
}

/// The last record of this life that is of none of the boots `seen`, or why there is none. Boot ids tell boots apart,
/// not runs of QEMU: a guest may reboot by itself, and may repeat what it said of an earlier boot.
fn newest(report: &Path, life: Life, seen: &BTreeSet<String>) -> Result<BootRecord, String> {
    let (records, refused) = records_so_far(report);
    let why = match (records.last(), refused) {
        (Some(record), _) if record.life != life => {
            format!("the guest reported a boot of the life `{}`, not `{life}`", record.life)
        }
        (Some(_), _) => "the guest reported an earlier boot again".to_owned(),
        (None, Some(refused)) => format!("what the guest reported is not the record of a boot: {refused}"),
        (None, None) => "the guest sent no report".to_owned(),
    };
    let is_new = |record: &BootRecord| record.life == life && !seen.contains(&record.boot_id);
    records.into_iter().rev().find(is_new).ok_or(why)
}

/// What has come on the console so far.
#[derive(Default)]
struct Console {
    read: u64,
    last: Option<String>,
    fatal: Option<String>,
}

impl Console {
    /// Reads what is new, and gives its last line.
    fn news(&mut self, path: &Path) -> Option<String> {
        let mut file = File::open(path).ok()?;
        file.seek(SeekFrom::Start(self.read)).ok()?;
        let mut bytes = Vec::new();
        self.read += file.take(1 << 20).read_to_end(&mut bytes).ok()? as u64;
        if self.read > MAX_CONSOLE_BYTES {
            self.fatal = Some("the guest writes to its console without end".to_owned());
        }
        let text = plain(&bytes);
        let mut news = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            for sign in
                ["Kernel panic", "BENCH-EMERGENCY", "Entering emergency mode", "You are in emergency mode"]
            {
                if line.contains(sign) && self.fatal.is_none() {
                    self.fatal = Some(format!("the guest failed to boot: {line}"));
                }
            }
            news = Some(line.to_owned());
        }
        if news.is_some() {
            self.last.clone_from(&news);
        }
        news
    }
}

/// Printable text only: a guest must not drive the user's terminal.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                // A control sequence ends at its first letter.
                if letters.next_if_eq(&'[').is_some() {
                    while letters.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
                    letters.next();
                }
            }
            '\r' | '\n' => plain.push('\n'),
            letter if !is_printable(letter) => {}
            letter => plain.push(letter),
        }
    }
    plain
}

/// OVMF's code, and a copy of its variables for this rehearsal.
fn ovmf(folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let sets = [
        ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ];
    let Some((code, variables)) = sets.iter().find(|(code, _)| Path::new(code).exists()) else {
        return Err(Failure::surroundings("there is no UEFI firmware for QEMU here", "apt-get install ovmf"));
    };
    let copy = folder.join("uefi-variables.fd");
    std::fs::copy(variables, &copy).map_err(|cause| Failure::io("write", &copy, &cause))?;
    Ok((PathBuf::from(code), copy))
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
    use super::plain;
    use crate::verify::Life;

    #[test]
    fn a_guest_can_neither_choose_its_life_nor_repeat_a_boot() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report");
        let newest = |text: &str, seen: &[&str]| {
            std::fs::write(&report, text).unwrap();
            let seen: BTreeSet<String> = seen.iter().map(|id| (*id).to_owned()).collect();
            newest(&report, Life::LaterBoots, &seen).map(|record| record.boot_id)
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

    #[test]
    fn a_guest_cannot_drive_the_terminal() {
        assert_eq!(plain(b"\x1b[0;31mred\x1b[0m\r\nplain\x07\x1b]0;title"), "red\n\nplain]0;title");
    }
}
