//! Virtual machines: ignored unless asked for (`make test` asks), because each boot takes a while.
//!
//! The small ones boot an initramfs with udev and NetworkManager only; the large ones install.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::Instant;

use cotter::image::Archive;
use cotter::rehearsal::Accelerator;
use cotter::rehearsal::Console;
use cotter::rehearsal::Firmware;
use cotter::rehearsal::First;
use cotter::rehearsal::Hardware;
use cotter::rehearsal::Medium;
use cotter::rehearsal::Paths;
use cotter::rehearsal::VirtualMachine;
use cotter::rehearsal::arguments;
use cotter::verify::Life;

use crate::golden;
use crate::tools;

const BOOT_TIMEOUT: Duration = Duration::from_secs(240);

/// The stand-in, built if need be; nothing, aloud, where it cannot be.
pub(crate) fn stand_in() -> Option<PathBuf> {
    tools::program("qemu-system-x86_64")?;
    match cotter::world::stand_in(&mut |line| eprintln!("{line}")) {
        Ok(iso) => Some(iso),
        Err(failure) => {
            tools::skip(&format!("{failure} ({})", failure.hint));
            None
        }
    }
}

/// Boots the initramfs-only tier with `files` below /etc and gives what the probe printed.
pub(crate) fn boot_small(iso: &Path, files: &[(&str, &str)], probe: &str, devices: &[&str]) -> String {
    boot_small_with(iso, files, &[], probe, devices)
}

/// The same with a further archive, as cpio makes it.
pub(crate) fn boot_small_with(
    iso: &Path,
    files: &[(&str, &str)],
    further: &[u8],
    probe: &str,
    devices: &[&str],
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let tier = iso.parent().unwrap().join("tier1");
    let mut archive = Archive::default();
    for (path, text) in files {
        archive.insert(format!("bench{path}"), text.as_bytes().to_vec());
    }
    archive.insert("bench/probe", probe.as_bytes().to_vec());
    let mut initrd = std::fs::read(tier.join("initrd.img")).unwrap();
    initrd.extend(further);
    initrd.extend(archive.to_xz().unwrap());
    std::fs::write(folder.path().join("initrd"), initrd).unwrap();
    let console = folder.path().join("console");
    let mut command = Command::new("qemu-system-x86_64");
    command
        .args([
            "-M",
            "pc",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "qemu64",
            "-smp",
            "2",
            "-m",
            "1024",
            "-nodefaults",
        ])
        .args(["-display", "none", "-vga", "none", "-no-reboot"])
        .args(["-append", "console=ttyS0 quiet mitigations=off"])
        .arg("-kernel")
        .arg(tier.join("vmlinuz"))
        .arg("-initrd")
        .arg(folder.path().join("initrd"))
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .args(devices)
        .stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() && begin.elapsed() < BOOT_TIMEOUT {
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&console).unwrap()).replace('\r', "");
    let (_, rest) = text.split_once("BENCH-BEGIN\n").unwrap_or_else(|| panic!("no probe:\n{text}"));
    rest.split("BENCH-END").next().unwrap().to_owned()
}

/// Ports as QEMU's arguments: MAC address, ACPI index, PCI slot.
fn ports(list: &[(&str, usize, usize)]) -> Vec<String> {
    let port = |(index, (mac, acpi, slot)): (usize, &(&str, usize, usize))| {
        [
            "-netdev".to_owned(),
            format!("hubport,id=n{index},hubid={index}"),
            "-device".to_owned(),
            format!("virtio-net-pci,netdev=n{index},mac={mac},acpi-index={acpi},addr={slot:#x},romfile="),
        ]
    };
    list.iter().enumerate().flat_map(port).collect()
}

/// The network files that a case installs: keyfiles, `.link` files, udev rules.
pub(crate) fn network_files(case: &str) -> Vec<(String, String)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case).join("expect/installed");
    let mut files = Vec::new();
    for inner in ["etc/NetworkManager/system-connections", "etc/systemd/network", "etc/udev/rules.d"] {
        for entry in folder.join(inner).read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            let place = format!("/{}", path.strip_prefix(&folder).unwrap().display());
            files.push((place, std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!files.is_empty(), "{case} installs no network files");
    files
}

fn boot_case(iso: &Path, case: &str, list: &[(&str, usize, usize)]) -> String {
    let files = network_files(case);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let devices = ports(list);
    let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
    boot_small(iso, &files, "echo PROBE; ip -o addr; ip -o -d link", &devices)
}

fn assert_has(text: &str, words: &[&str]) {
    let line = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
    assert!(line.is_some(), "no line has {words:?}:\n{text}");
}

const MGMT: &str = "e4:43:4b:0a:00:01";

#[test]
#[ignore = "boots virtual machines: make test"]
fn small_names_and_addresses_follow_the_mac_wherever_the_port_is() {
    let Some(iso) = stand_in() else { return };
    let other = ["e4:43:4b:0a:00:02", "e4:43:4b:0a:00:03", "e4:43:4b:0a:00:04"];
    for shift in [0, 4] {
        let list = [
            (MGMT, 1 + shift, 0x10 + shift),
            (other[0], 2 + shift, 0x11),
            (other[1], 3 + shift, 0x12),
            (other[2], 4 + shift, 0x13),
        ];
        let text = boot_case(&iso, "dell-r640", &list);
        assert_has(&text, &["mgmt0", "192.168.50.10/24"]);
        assert_has(&text, &[": mgmt0:", MGMT]);
        assert_has(&text, &[": data0:", "master bond0"]);
        assert_has(&text, &[": data1:", "master bond0"]);
        assert_has(&text, &["bond0.100", "10.100.0.10/24"]);
    }
}

/// A VLAN inherits its port's MAC address: a careless rule would rename it, or fight over the name.
#[test]
#[ignore = "boots virtual machines: make test"]
fn small_a_guarded_rule_hits_the_port_and_not_the_vlan_on_it() {
    let Some(iso) = stand_in() else { return };
    let text = boot_case(&iso, "pin-by-rule", &[(MGMT, 1, 0x10)]);
    assert_has(&text, &["mgmt0", "192.168.50.10/24"]);
    assert_has(&text, &[": mgmt0.7@mgmt0:", MGMT]);
    assert_has(&text, &["mgmt0.7", "10.7.0.2/24"]);
    assert_has(&text, &[": mgmt0:", "mtu 1400"]);
}

/// What the control below loses, seen in the small: bound by name, the port that was renamed has nothing.
#[test]
#[ignore = "boots virtual machines: make test"]
fn small_a_profile_bound_by_name_loses_a_renamed_port() {
    let Some(iso) = stand_in() else { return };
    let text = boot_case(&iso, "bound-by-name", &[(MGMT, 1, 0x10)]);
    assert_has(&text, &["eno1", "192.168.50.10/24"]);
    let text = boot_case(&iso, "bound-by-name", &[(MGMT, 5, 0x10)]);
    assert!(!text.contains("192.168.50.10/24"), "{text}");
    assert_has(&text, &[": eno5:", MGMT]);
}

fn case(name: &str) -> PathBuf {
    golden::cases().into_iter().find(|path| path.ends_with(name)).unwrap().join("machine.yaml")
}

fn rehearse(spec: &Path, arguments: &[&str]) -> (i32, serde_json::Value, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_cotter"))
        .arg("test")
        .arg(spec)
        .args(["--base", "bench", "--accel", "tcg", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    eprintln!("{said}");
    let report = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("no report:\n{said}"));
    (done.status.code().unwrap(), report, said)
}

/// What became of the starter, which is rehearsed once for all tests.
pub(crate) struct Starter {
    /// With `spec/machine.yaml`, a key to log in in `spec/secrets`, and in `kept` the disk after the first boot.
    pub(crate) folder: PathBuf,
    code: i32,
    report: serde_json::Value,
}

/// Every scenario but `power-cut`, which has an installation of its own.
const SCENARIOS: &str = "install,reboot,rename,swap,scheme,unplug,no-dhcp";

/// The starter with a key whose other half is here, another key to lose, and a service to stop.
fn starter_spec(folder: &Path) -> PathBuf {
    let spec = folder.join("spec");
    let case = case("dell-r640");
    tools::output(Command::new("cp").arg("-rL").arg(case.parent().unwrap().join(".")).arg(&spec));
    let key = spec.join("secrets/id_ed25519");
    std::fs::remove_file(key.with_extension("pub")).unwrap();
    for name in ["id_ed25519", "other"] {
        let path = spec.join("secrets").join(name);
        tools::output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path));
    }
    let machine = spec.join("machine.yaml");
    let text = std::fs::read_to_string(&machine).unwrap();
    let keys = "[secrets/id_ed25519.pub]";
    let hello = "    - name: machine-hello.service\n";
    let waits = "    - name: machine-waits.service\n      enabled: true\n      contents: |\n        [Service]\n        \
        ExecStart=/usr/bin/sleep infinity\n\n        [Install]\n        WantedBy=multi-user.target\n";
    assert!([keys, hello, "\nnetwork:\n"].iter().all(|part| text.contains(part)));
    // What udev does by an older scheme takes a rule besides the `.link` file.
    let text = text
        .replace("\nnetwork:\n", "\nnetwork:\n  pin: both\n")
        .replace(keys, "[secrets/id_ed25519.pub, secrets/other.pub]")
        .replace(hello, &format!("{waits}{hello}"));
    std::fs::write(&machine, text).unwrap();
    machine
}

pub(crate) fn starter() -> &'static Starter {
    static STARTER: OnceLock<Starter> = OnceLock::new();
    STARTER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("starter");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let spec = starter_spec(&folder);
        let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (code, report, _) = rehearse(
            &spec,
            &["--scenario", SCENARIOS, "--keep", &place("kept"), "--report", &place("report")],
        );
        for scenario in SCENARIOS.split(',').filter(|scenario| *scenario != "install") {
            let copy = folder.join(format!("kept/{scenario}0.raw"));
            std::fs::remove_file(copy).unwrap();
        }
        Starter { folder, code, report }
    })
}

fn boot<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let mut boots = report["boots"].as_array().unwrap().iter();
    boots.find(|boot| boot["name"] == name).unwrap_or_else(|| panic!("no boot `{name}`"))
}

/// What is not met in a boot: what a person calls it, and the line that asked for it.
fn not_met(report: &serde_json::Value, name: &str) -> Vec<String> {
    let verdicts = boot(report, name)["verdicts"].as_array().unwrap().iter();
    let mut subjects: Vec<String> = verdicts
        .filter(|verdict| verdict["outcome"] != "met")
        .map(|verdict| verdict["says"].as_str().unwrap().to_owned())
        .collect();
    subjects.sort();
    subjects
}

#[test]
#[ignore = "boots virtual machines: make test"]
fn large_the_starter_keeps_everything_in_every_scenario() {
    if stand_in().is_none() || tools::program("debugfs").is_none() {
        return;
    }
    let Starter { folder, code, report } = starter();
    assert_eq!(*code, 0, "{report:#}");
    // The script on the node and the judge here must say the same. The first boot is shut down in order, so
    // that its console is whole; the later ones are switched off once they have reported.
    let console = std::fs::read(folder.join("report/install.console")).unwrap();
    let console = String::from_utf8_lossy(&console).into_owned();
    let count = boot(report, "install")["verdicts"].as_array().unwrap().len();
    assert!(console.contains(&format!("{count} of {count} expectations met")), "{console}");
    let boots: Vec<&str> =
        report["boots"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap()).collect();
    assert_eq!(boots, [vec!["live"], SCENARIOS.split(',').collect()].concat());
    assert_eq!(report["regressions"], serde_json::json!([]));
    // What is unplugged is not asked for, and everything else is.
    let all = boot(report, "reboot")["verdicts"].as_array().unwrap().len();
    assert_eq!(boot(report, "swap")["verdicts"].as_array().unwrap().len(), all);
    assert_eq!(boot(report, "unplug")["verdicts"].as_array().unwrap().len(), all - 3);
}

/// Rehearses a control: its installation is as it should be, and what is lost later is told.
fn control(scenarios: &str) -> serde_json::Value {
    let scenarios = format!("install,{scenarios}");
    let (code, report, _) = rehearse(&case("unprotected"), &["--scenario", &scenarios]);
    assert_eq!(code, 1, "{report:#}");
    for name in ["live", "install"] {
        assert_eq!(not_met(&report, name), Vec::<String>::new(), "{report:#}");
    }
    report
}

fn assert_lost(report: &serde_json::Value, name: &str, says: &str) {
    let lost = not_met(report, name);
    assert!(lost.iter().any(|lost| lost == says), "{name}: {says} is not among {lost:?}");
    let console = boot(report, name)["console"].as_array().unwrap();
    assert!(!console.is_empty(), "{name}: no lines of the console");
}

const ADDRESS: &str = "address 192.168.50.10/24 on eno0";

/// The control: without pins the same machine loses its address when its ports are renamed. NetworkManager
/// then brings up DHCP, so that a link that is up proves nothing.
#[test]
#[ignore = "boots virtual machines: make test"]
fn large_the_control_loses_its_address_and_is_told_so() {
    if stand_in().is_none() || tools::program("debugfs").is_none() {
        return;
    }
    let report = control("rename");
    let lost = report["regressions"].as_array().unwrap();
    let address = lost.iter().find(|lost| lost["says"] == ADDRESS).unwrap();
    assert_eq!(address["met_in"], "install");
    assert_eq!(address["lost_in"], "rename");
    assert_eq!(address["origin"]["key"], "network.nics[0].address");
    assert_eq!(address["origin"]["line"], 22);
    assert!(address["hint"].as_str().unwrap().contains("Wired connection 1"), "{address:#}");
}

#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_the_control_loses_something_in_every_other_scenario() {
    if stand_in().is_none() {
        return;
    }
    let report = control("reboot,swap,scheme,unplug,no-dhcp");
    for (name, says) in [
        ("reboot", "contents of /etc/motd.d/10-machine.motd"),
        ("swap", ADDRESS),
        ("scheme", ADDRESS),
        ("unplug", "address 10.100.0.10/24 on eno2.100"),
        ("no-dhcp", "unit leased.service started"),
    ] {
        assert_lost(&report, name, says);
    }
    assert!(!not_met(&report, "reboot").contains(&ADDRESS.to_owned()));
    assert!(!not_met(&report, "unplug").contains(&ADDRESS.to_owned()));
}

#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_a_machine_whose_power_fails_is_installed_all_the_same() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, said) = rehearse(&case("dell-r640"), &["--scenario", "power-cut"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(said.matches("the power was cut, as it should").count(), 2, "{said}");
    assert_eq!(boot(&report, "power-cut")["life"], "first-boot");
}

/// The control: a file that Ignition may not replace is there already when the first boot is repeated.
#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_a_file_that_may_not_be_replaced_keeps_a_machine_down_after_its_power_failed() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, said) = rehearse(&case("once-only"), &["--scenario", "power-cut"]);
    assert_eq!(code, 1, "{report:#}");
    assert!(said.contains("the guest failed to boot"), "{said}");
    let console = boot(&report, "power-cut")["console"].to_string();
    assert!(console.contains("Failed to start ignition-files.service"), "{console}");
}

/// A server that was looked at: its ports have the numbers and slots that its firmware tells of, and so their names.
#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_ports_are_called_as_on_the_machine_that_was_looked_at() {
    if stand_in().is_none() {
        return;
    }
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = temporary.path();
    let case = case("dell-r640");
    tools::output(Command::new("cp").arg("-r").arg(case.parent().unwrap().join("secrets")).arg(folder));
    let text = std::fs::read_to_string(&case).unwrap();
    let of_profile = "hardware: {profile: dell-r640}";
    assert!(text.contains(of_profile));
    let text = text.replace(of_profile, "hardware: {profile: dell-r640, inventory: r640.json}");
    std::fs::write(folder.join("machine.yaml"), text).unwrap();
    let port = |last: u8, address: &str, function: serde_json::Value| {
        serde_json::json!({"name": format!("eth{last}"), "permanent_mac": format!("e4:43:4b:0a:00:{last:02x}"), "hardware_type": 1,
            "devices": [{"subsystem": "pci", "name": address, "pci": function}]})
    };
    let on_board = |index: u8| serde_json::json!({"smbios_index": index, "is_multifunction": true});
    let inventory = serde_json::json!({
        "schema": "cotter.dev/inventory/1", "source": "sysfs", "boot_mode": "bios",
        "system": {"vendor": "Dell Inc.", "product": "PowerEdge R640"},
        "ports": [
            port(1, "0000:18:00.2", on_board(3)), port(2, "0000:3b:00.1", serde_json::json!({"is_multifunction": true})),
            port(3, "0000:18:00.0", on_board(1)), port(4, "0000:18:00.1", on_board(2)),
        ],
        "pci_slots": {"3": "0000:3b:00"},
    });
    std::fs::write(folder.join("r640.json"), inventory.to_string()).unwrap();
    let report = folder.join("report");
    let (code, verdicts, said) = rehearse(
        &folder.join("machine.yaml"),
        &["--scenario", "install,rename,swap", "--report", report.to_str().unwrap()],
    );
    assert_eq!(code, 0, "{verdicts:#}");
    assert!(said.contains("to udev, mgmt0 is eno3, mgmt1 is ens3f1, data0 is eno1, data1 is eno2"), "{said}");
    for (boot, names) in [
        ("install", ["eno3", "ens3f1", "eno1", "eno2"]),
        ("rename", ["eno103", "ens28", "eno101", "eno102"]),
        ("swap", ["ens3f1", "eno1", "eno2", "eno3"]),
    ] {
        let record = std::fs::read(report.join(format!("records/{boot}.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        for (last, name) in (1..).zip(names) {
            let udevs = &record["facts"][format!("port/e4:43:4b:0a:00:0{last}/udev-name")];
            assert!(udevs.as_array().unwrap().contains(&name.into()), "{boot}: {udevs} has no {name}");
        }
    }
}

/// Of several disks the one that is described is installed to; the others are nearly like it.
#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_the_disk_that_is_described_is_chosen_among_others_by_uefi() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, _) =
        rehearse(&case("disk-by-hints"), &["--scenario", "install", "--firmware", "uefi"]);
    assert_eq!(code, 0, "{report:#}");
}

/// The control: two disks are like the one described.
#[test]
#[ignore = "boots virtual machines: make rehearse"]
fn rehearse_a_disk_that_is_described_loosely_is_not_installed_to() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, said) = rehearse(&case("disk-by-loose-hints"), &["--scenario", "install"]);
    assert_eq!(code, 1, "{report:#}");
    assert!(said.contains("the guest failed to boot"), "{said}");
    let console = boot(&report, "live")["console"].to_string();
    assert!(console.contains("2 disks are like the one described"), "{console}");
    let why = boot(&report, "install")["verdicts"][0]["why"].as_str().unwrap();
    assert!(why.contains("not installed"), "{why}");
}

/// Runs QEMU until `is_done` says so of the folder's `NAME.console` and `NAME.jsonl`; the machine is then switched off.
fn run_until(folder: &Path, name: &str, arguments: &[String], is_done: &dyn Fn(&str, &Path) -> bool) {
    let (console, report) = (folder.join(format!("{name}.console")), folder.join(format!("{name}.jsonl")));
    let mut child = Command::new("qemu-system-x86_64").args(arguments).stdin(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    let mut text = String::new();
    while child.try_wait().unwrap().is_none()
        && begin.elapsed() < 2 * BOOT_TIMEOUT
        && !is_done(&text, &report)
    {
        std::thread::sleep(Duration::from_millis(500));
        text = String::from_utf8_lossy(&std::fs::read(&console).unwrap_or_default()).replace('\r', "");
    }
    let _ = child.kill();
    child.wait().unwrap();
    assert!(is_done(&text, &report), "{name}:\n{text}");
    eprintln!("{name}: {} s", begin.elapsed().as_secs());
}

/// A copy that takes no more room than what is written on it.
pub(crate) fn copy_disk(from: &Path, to: &Path) {
    tools::output(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to));
}

/// Takes the network files and the user off the root file system of an installed disk.
fn damage(disk: &Path, folder: &Path) {
    let table = tools::output(Command::new("sfdisk").arg("-J").arg(disk));
    let table: serde_json::Value = serde_json::from_slice(&table).unwrap();
    let root = table["partitiontable"]["partitions"][3]["start"].as_u64().unwrap() * 512;
    let system = format!("{}?offset={root}", disk.display());
    let debugfs = |request: &str| {
        tools::output(Command::new("debugfs").args(["-w", "-R", request, &system]).stderr(Stdio::null()))
    };
    let passwd = String::from_utf8(debugfs("cat /etc/passwd")).unwrap();
    let others: Vec<&str> = passwd.lines().filter(|line| !line.starts_with("core:")).collect();
    assert!(others.len() > 5 && passwd.contains("\ncore:"), "{passwd}");
    let edited = folder.join("passwd");
    std::fs::write(&edited, format!("{}\n", others.join("\n"))).unwrap();
    debugfs("rm /etc/passwd");
    debugfs(&format!("write {} /etc/passwd", edited.display()));
    for path in [
        "etc/NetworkManager/system-connections/cotter-mgmt0.nmconnection",
        "etc/systemd/network/10-cotter-mgmt0.link",
        "home/core/.ssh/authorized_keys.d/ignition",
    ] {
        debugfs(&format!("rm /{path}"));
        assert!(debugfs(&format!("cat /{path}")).is_empty(), "{path} is still there");
    }
    assert!(!String::from_utf8(debugfs("cat /etc/passwd")).unwrap().contains("core:"));
}

#[test]
#[ignore = "boots virtual machines: make test"]
fn large_the_recovery_medium_puts_back_what_a_disk_lost() {
    let Some(base) = stand_in() else { return };
    for tool in ["sfdisk", "debugfs"] {
        if tools::program(tool).is_none() {
            return;
        }
    }
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = temporary.path();
    let spec = starter().folder.join("spec/machine.yaml");
    let medium = folder.join("recover.iso");
    tools::output(
        Command::new(env!("CARGO_BIN_EXE_cotter"))
            .arg("recover")
            .arg(&spec)
            .arg("--iso")
            .arg(&medium)
            .arg("--base")
            .arg(&base),
    );
    let planned = cotter::world::plan_machine(&spec, &cotter::world::Given::default(), &mut |_| ()).unwrap();
    let (machine, plan) = planned.machine.unwrap();
    let machine = VirtualMachine::of(&machine, Hardware::Unknown, Medium::StandIn).unwrap();
    let disk = folder.join("disk.raw");
    copy_disk(&starter().folder.join("kept/disk0.raw"), &disk);
    damage(&disk, folder);

    let line = |name: &str, medium: Option<PathBuf>| {
        let paths = Paths {
            medium,
            // The disk has a system by now: a person at the boot menu chooses the medium before it.
            first: First::Medium,
            disks: vec![disk.clone()],
            console: Console::File(folder.join(format!("{name}.console"))),
            report: folder.join(format!("{name}.jsonl")),
            control: folder.join("control"),
            ovmf: None,
        };
        arguments(&machine, &paths, Accelerator::Tcg, Firmware::Bios)
    };
    let recovery = line("recovery", Some(medium));
    run_until(folder, "recovery", &recovery, &|console, _| {
        console.contains("put back: /etc/passwd")
            && console.contains(", 0 not done; what was replaced is in /var/lib/cotter/recover/")
            && console.contains("remove this medium")
    });
    let record = |report: &Path| {
        cotter::world::records(report).ok()?.into_iter().rev().find(|record| record.life == Life::LaterBoots)
    };
    run_until(folder, "after", &line("after", None), &|_, report| record(report).is_some());
    let after = record(&folder.join("after.jsonl")).unwrap();
    let report = cotter::verify::judge(&plan.manifest, &[("after".to_owned(), after)]);
    assert!(report.all_met(), "{}", serde_json::to_string_pretty(&report).unwrap());
}

/// A single node: through the bootstrap in place to the disk, renamed, and after the operator has taken over.
#[test]
#[ignore = "boots virtual machines: make test"]
fn large_a_single_node_keeps_everything_after_the_operator_has_taken_over() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, _) = rehearse(&single_node(), &[]);
    assert_eq!(code, 0, "{report:#}");
    let boots: Vec<(&str, &str)> = report["boots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|boot| (boot["name"].as_str().unwrap(), boot["life"].as_str().unwrap()))
        .collect();
    let expected =
        [("live", "live"), ("install", "first-boot"), ("rename", "later-boots"), ("rename-2", "after-mco")];
    assert_eq!(boots, expected);
}

/// The control, as in okd#1919: the same things in the live Ignition alone. What the installer's `-n` copies
/// stays, bound by MAC address; everything else is lost on the disk.
#[test]
#[ignore = "boots virtual machines: make test"]
fn large_a_single_node_loses_what_is_in_the_live_ignition_alone() {
    if stand_in().is_none() {
        return;
    }
    let (code, report, _) = rehearse(&single_node(), &["--control", "--scenario", "install"]);
    assert_eq!(code, 1, "{report:#}");
    let subjects = |name: &str, is_met: bool| -> Vec<String> {
        let boot = report["boots"].as_array().unwrap().iter().find(|boot| boot["name"] == name).unwrap();
        let verdicts = boot["verdicts"].as_array().unwrap().iter();
        let mut subjects: Vec<String> = verdicts
            .filter(|verdict| (verdict["outcome"] == "met") == is_met)
            .map(|verdict| verdict["subject"].as_str().unwrap().to_owned())
            .collect();
        subjects.sort();
        subjects.dedup();
        subjects
    };
    assert_eq!(subjects("live", false), Vec::<String>::new());
    let lost = [
        "file/etc/chrony.conf/sha256",
        "file/etc/hosts/sha256",
        "file/etc/motd.d/10-machine.motd/mode",
        "file/etc/motd.d/10-machine.motd/owner",
        "file/etc/motd.d/10-machine.motd/sha256",
        "file/etc/sudoers.d/admin/mode",
        "file/etc/sudoers.d/admin/owner",
        "file/etc/sudoers.d/admin/sha256",
        "hostname",
        "kernel-arguments",
        "name/api-int.sno.lab.example.com/address",
        "name/api.sno.lab.example.com/address",
        "port/e4:43:4b:0a:00:01/name",
        "port/e4:43:4b:0a:00:02/name",
        "port/e4:43:4b:0a:00:03/name",
        "port/e4:43:4b:0a:00:04/name",
        "unit/cotter-bootstrap-marker.timer/enabled",
        "unit/machine-hello.service/enabled",
        "unit/machine-hello.service/state",
        "user/admin/exists",
        "user/admin/group",
        "user/admin/key",
        "user/admin/password",
        "user/core/key",
        "user/core/password",
    ];
    assert_eq!(subjects("install", false), lost);
    assert!(subjects("install", true).contains(&"port/e4:43:4b:0a:00:01/address".to_owned()));
}

/// The starter, with what it names.
fn single_node() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("single-node");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(folder.join("secrets")).unwrap();
    std::fs::copy(root.join("templates/machine/dell-r640-sno.yaml"), folder.join("machine.yaml")).unwrap();
    std::fs::copy(root.join("templates/openshift/install-config.yaml"), folder.join("install-config.yaml"))
        .unwrap();
    for secret in ["core.pw", "admin.pw", "id_ed25519.pub"] {
        let from = root.join("tests/cases/single-node/secrets").join(secret);
        std::fs::copy(from, folder.join("secrets").join(secret)).unwrap();
    }
    folder.join("machine.yaml")
}
