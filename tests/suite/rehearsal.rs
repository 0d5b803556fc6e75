//! What a rehearsal makes of guests that are lost, lie, or must be got rid of: a script stands for QEMU.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::fixture;
use crate::fixture::Generation;
use crate::tools;

/// Finds what QEMU was told, counts the boots, and then does what `guest` says.
const QEMU: &str = r#"#!/bin/bash
[ "$1" != --version ] || exit 0
echo $$ >>"$FAKE/pids"
while [ $# -gt 0 ]; do
    case $1 in
        file:*) console=${1#file:} ;;
        file,id=report,*) report=${1##*path=} ;;
        *id=disk0,*) disk=${1##*file=} ;;
    esac
    shift
done
boot=$(wc -l <"$FAKE/pids")
report() {
    echo "{\"schema\": \"cotter.dev/boot/1\", \"machine\": \"a\", \"boot_id\": \"$boot\", \"life\": \"$1\", \"facts\": {${2-}}}" >>"$report"
}
. "$FAKE/guest"
"#;

const MACHINE: &str = "cotter: 1\nname: a\ntarget: fcos\nhostname: a\ninstall: {device: /dev/sda}\nnetwork: {nics: [{name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24}]}\n";

/// How long anything here may take.
const TIMEOUT: Duration = Duration::from_secs(30);

struct Bench(TempDir);

impl Bench {
    /// A folder with a medium and a guest; nothing, aloud, where no medium can be made.
    fn with_guest(guest: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fixture::iso(folder.path(), Generation::Current)?;
        let bench = Self(folder);
        tools::put_program(&bench.path("bin/qemu-system-x86_64"), QEMU.as_bytes());
        std::fs::write(bench.path("guest"), guest).unwrap();
        std::fs::write(bench.path("a.yaml"), MACHINE).unwrap();
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn start(&self, more: &[&str]) -> Child {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        Command::new(env!("CARGO_BIN_EXE_cotter"))
            .arg("test")
            .arg(self.path("a.yaml"))
            .arg("--base")
            .arg(self.path("base.iso"))
            .args(["--accel", "tcg"])
            .args(more)
            .env("PATH", path)
            .env("FAKE", self.0.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Rehearses; gives the exit code, the report, and what was said.
    fn rehearse(&self, more: &[&str]) -> (i32, Value, String) {
        let more = [&["--format", "json"], more].concat();
        let done = self.start(&more).wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        let report = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
        self.assert_nothing_is_left();
        (done.status.code().unwrap(), report, said)
    }

    fn pids(&self) -> Vec<String> {
        let pids = std::fs::read_to_string(self.path("pids")).unwrap_or_default();
        pids.lines().map(str::to_owned).collect()
    }

    fn is_running(&self) -> bool {
        // A process that has ended and that nobody has asked about has no command line.
        let runs =
            |pid: &String| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
        self.pids().iter().any(runs)
    }

    fn assert_nothing_is_left(&self) {
        assert!(!self.is_running(), "QEMU still runs");
        let left: Vec<_> = self.path("cache/cotter/rehearsals").read_dir().unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < TIMEOUT, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, child: &Child) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// The verdicts of a boot, as `outcome` words.
fn outcomes(report: &Value, name: &str) -> Vec<String> {
    let boot = report["boots"].as_array().unwrap().iter().find(|boot| boot["name"] == name).unwrap();
    let verdicts = boot["verdicts"].as_array().unwrap().iter();
    verdicts.map(|verdict| verdict["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_guest_that_is_lost_is_told_with_the_last_it_said() {
    let guest = r#"for i in {1..40}; do printf 'line %s\033[2J\a\r\n' "$i"; done >"$console"; echo "Kernel panic - not syncing" >>"$console"; exec sleep 60"#;
    let Some(bench) = Bench::with_guest(guest) else { return };
    let (code, report, said) = bench.rehearse(&["--scenario", "all"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the guest failed to boot: Kernel panic"), "{said}");
    let console: Vec<&str> =
        report["boots"][0]["console"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!((console.len(), console[0], console[19]), (20, "line 22", "Kernel panic - not syncing"));
    // Nothing of it passes, and what was not booted says why.
    for boot in report["boots"].as_array().unwrap() {
        let name = boot["name"].as_str().unwrap();
        assert!(outcomes(&report, name).iter().all(|outcome| outcome == "unknown"), "{boot:#}");
    }
    assert_eq!(
        report["boots"].as_array().unwrap().len(),
        9,
        "live, eight scenarios of which one failed on its own"
    );
    crate::schemas::assert_is("report", &report);
}

#[test]
fn hostile_reports_neither_pass_nor_harm() {
    for (report, why) in [
        (r#"head -c 3000000 /dev/zero | tr '\0' x >>"$report"; echo >>"$report""#, "a line has more than"),
        (r#"echo '{"boot_id": 1, "life": "live"}' >>"$report""#, "not the record of a boot"),
        (
            r#"printf '{"schema": "cotter.dev/boot/1", "boot_id": "1", "life": "live"' >>"$report""#,
            "no report",
        ),
        (r#"printf '%0.s[' {1..5000} >>"$report"; echo >>"$report""#, "not the record of a boot"),
        (r#"truncate -s 65M "$report"; exec sleep 60"#, "reports without end"),
        (r#"truncate -s 65M "$console"; exec sleep 60"#, "without end"),
        (r#"fallocate -l 1100M "$disk"; exec sleep 60"#, "disks take more than 1 GiB"),
    ] {
        let Some(bench) = Bench::with_guest(report) else { return };
        let (code, json, said) = bench.rehearse(&["--scenario", "install", "--disk-limit", "1"]);
        assert_eq!(code, 1, "{report}: {said}");
        assert!(said.contains(why), "{report}: {said}");
        assert!(!outcomes(&json, "live").contains(&"met".to_owned()), "{report}: {json:#}");
    }
}

/// A guest that says what is asked of it, and the scenarios in which that shows nothing.
#[test]
fn a_scenario_that_shows_nothing_is_no_pass() {
    let guest = r#"
        name='"port/e4:43:4b:0a:00:01/udev-name": ["eno0"], "hostname": ["a"]'
        case $boot in
            1) report live "$name" ;;
            2) report first-boot "$name"; exec sleep 60 ;;
            *) report later-boots "$name"; exec sleep 60 ;;
        esac"#;
    let Some(bench) = Bench::with_guest(guest) else { return };
    let scenarios = "install,reboot,rename,swap,scheme,unplug";
    let (code, report, said) = bench.rehearse(&["--scenario", scenarios]);
    assert_eq!(code, 1, "{said}");
    let unknown = |name: &str| {
        let boot =
            report["boots"].as_array().unwrap().iter().find(|boot| boot["name"] == name).unwrap().clone();
        let verdicts = boot["verdicts"].as_array().unwrap().iter();
        let why = verdicts.filter_map(|verdict| verdict["why"].as_str().map(str::to_owned));
        why.collect::<Vec<_>>().join("; ")
    };
    assert!(unknown("rename").contains("nothing was renamed"), "{report:#}");
    assert!(unknown("swap").contains("two ports"), "{report:#}");
    assert!(unknown("scheme").contains("no partition table"), "{report:#}");
    assert!(!unknown("reboot").contains("renamed"), "{report:#}");
    // The only port is unplugged: nothing of it is asked for, and the host name still is.
    assert!(
        said.contains("unplug: not judged, for it was taken away: port e4:43:4b:0a:00:01 called a0"),
        "{said}"
    );
    assert!(!outcomes(&report, "unplug").is_empty());
    assert!(outcomes(&report, "unplug").len() < outcomes(&report, "reboot").len());
}

#[test]
fn the_power_is_cut_twice_and_what_is_left_is_judged() {
    let guest = r#"
        case $boot in
            1) fallocate -l 65M "$disk"; printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none; exec sleep 60 ;;
            2) report live ;;
            3) fallocate -l 70M "$disk"; exec sleep 60 ;;
            *) echo "Entering emergency mode" >"$console"; exec sleep 60 ;;
        esac"#;
    let Some(bench) = Bench::with_guest(guest) else { return };
    let (code, report, said) = bench.rehearse(&["--scenario", "power-cut", "--serial"]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(said.matches("the power was cut, as it should").count(), 2, "{said}");
    assert!(said.contains("\n| Entering emergency mode\n"), "{said}");
    assert!(said.contains("choose the medium in the boot menu"), "{said}");
    let names: Vec<&Value> = report["boots"].as_array().unwrap().iter().map(|boot| &boot["name"]).collect();
    assert_eq!(names, ["power-cut-live", "power-cut"]);
    assert_eq!(report["boots"][1]["console"], serde_json::json!(["Entering emergency mode"]));
}

#[test]
fn every_firmware_has_its_boots_and_one_table_ends_it() {
    if !Path::new("/usr/share/OVMF/OVMF_CODE_4M.fd").exists() {
        crate::tools::skip("there is no UEFI firmware for QEMU here");
        return;
    }
    let Some(bench) =
        Bench::with_guest("case $boot in 1|3) report live ;; *) report first-boot; exec sleep 60 ;; esac")
    else {
        return;
    };
    let (_, report, said) = bench.rehearse(&["--scenario", "install", "--firmware", "bios,uefi"]);
    let names: Vec<&Value> = report["boots"].as_array().unwrap().iter().map(|boot| &boot["name"]).collect();
    assert_eq!(names, ["bios-live", "bios-install", "uefi-live", "uefi-install"], "{said}");
    std::fs::remove_file(bench.path("pids")).unwrap();
    let done = bench.start(&["--scenario", "install", "--firmware", "bios,uefi"]).wait_with_output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let row = |line: &str| line.starts_with("bios-install") && line.contains("uefi-install");
    assert!(said.lines().any(row), "{said}");
}

#[test]
fn what_is_kept_can_be_booted_by_hand() {
    let Some(bench) = Bench::with_guest(
        "case $boot in 1) report live ;; *) report first-boot; report later-boots; exec sleep 60 ;; esac",
    ) else {
        return;
    };
    let kept = bench.path("kept");
    let keep = ["--scenario", "install,reboot", "--keep", kept.to_str().unwrap()];
    let output = bench.start(&keep).wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("ssh -p 2222 core@127.0.0.1"), "{said}");
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["medium.iso", "disk0.raw", "reboot0.raw", "install.command", "reboot.look", "live.qemu"] {
        assert!(kept.join(name).exists(), "{name}");
    }
    let look = std::fs::read_to_string(kept.join("reboot.look")).unwrap();
    assert!(look.contains("hostfwd=tcp:127.0.0.1:'\"${1:-2222}\"'-10.1.0.5:22"), "{look}");
    assert!(look.contains("mon:stdio") && look.contains("reboot0.raw"), "{look}");
    assert!(Command::new("sh").arg("-n").arg(kept.join("reboot.look")).status().unwrap().success());
    let again = bench.start(&keep).wait_with_output().unwrap();
    assert_eq!(again.status.code(), Some(2), "a folder with something in it is not written to");
}

#[test]
fn an_interrupted_rehearsal_leaves_nothing() {
    for word in ["-INT", "-TERM"] {
        let Some(bench) = Bench::with_guest("exec sleep 60") else { return };
        let child = bench.start(&["--scenario", "install"]);
        until("no guest runs", || bench.is_running());
        signal(word, &child);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert!(String::from_utf8(done.stderr).unwrap().contains("interrupted"));
        bench.assert_nothing_is_left();
    }
}

#[test]
fn a_killed_rehearsal_takes_its_guest_with_it() {
    if crate::tools::program("setpriv").is_none() {
        return;
    }
    let Some(bench) = Bench::with_guest("exec sleep 60") else { return };
    let mut child = bench.start(&["--scenario", "install"]);
    until("no guest runs", || bench.is_running());
    signal("-KILL", &child);
    child.wait().unwrap();
    until("the guest outlives the rehearsal", || !bench.is_running());
}
