//! Inventories: of recorded trees, of hostile ones, of what was kept of machines, and of this one.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use cotter::hardware;
use cotter::hardware::BootMode;
use cotter::hardware::Inventory;
use cotter::tree::Entry;
use cotter::tree::EntryKind;
use cotter::tree::Found;
use cotter::tree::Links;
use cotter::tree::MemoryTree;
use cotter::tree::Tree;
use cotter::world;
use serde_json::Value;

use crate::bench;
use crate::recorded;
use crate::recorded::Recorded;
use crate::schemas::assert_is;
use crate::tools;

/// The JSON of an inventory, which its schema knows, which can be shown, and which says the same when it is read again.
fn json(inventory: &Inventory) -> Value {
    let json = serde_json::to_value(inventory).unwrap();
    assert_is("inventory", &json);
    assert_eq!(&serde_json::from_value::<Inventory>(json.clone()).unwrap(), inventory);
    assert_shown(&json);
    json
}

fn assert_shown(json: &Value) {
    match json {
        Value::String(text) => assert!(text.chars().all(cotter::value::is_printable), "{text:?}"),
        Value::Array(values) => values.iter().for_each(assert_shown),
        Value::Object(values) => values.iter().for_each(|(key, value)| {
            assert_shown(&key.as_str().into());
            assert_shown(value);
        }),
        _ => {}
    }
}

fn cotter(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(arguments);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Where trees are that have more of a machine than its ports.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory")
}

/// A recorded R640.
fn r640() -> Recorded {
    Recorded::read(&folder().join("r640.tree"))
}

/// What the recorded trees of inventories come to; `COTTER_BLESS=1` writes it.
#[test]
fn recorded_machines_are_seen_as_they_are() {
    for tree in recorded::trees(&folder()) {
        let seen = json(&hardware::seen(&Recorded::read(&tree).tree()));
        let path = tree.with_extension("expect.json");
        if std::env::var_os("COTTER_BLESS").is_some() {
            std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&seen).unwrap())).unwrap();
        }
        let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(seen, kept, "{}: COTTER_BLESS=1 writes what comes", tree.display());
    }
}

/// A tree in memory and the same in a folder, which the program reads, come to one inventory; and every recorded tree to
/// one that the schema knows.
#[test]
fn every_recorded_tree_comes_to_an_inventory() {
    let mut ports = 0;
    for tree in [recorded::trees(&folder()), recorded::trees(&recorded::folder())].concat() {
        let recorded = Recorded::read(&tree);
        let mut seen = hardware::seen(&recorded.tree());
        json(&seen);
        ports += seen.ports.len();
        if tree.ends_with("container.tree") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        recorded.unpack(folder.path());
        let mut kept = world::kept_inventory(folder.path()).unwrap().inventory;
        for inventory in [&mut seen, &mut kept] {
            // What fails in one is left out of the other.
            inventory.unseen.retain(|unseen| unseen.why == "it is not there");
        }
        // The word for what was left out of the system is in neither.
        assert_eq!(json(&kept), json(&seen), "{}", tree.display());
    }
    assert!(ports > 100, "{ports}");
}

const HOSTILE: &str = "
/sys/class/net/round -> round
/sys/class/net/nowhere -> ../../devices/nowhere
/sys/class/net/out -> ../../../etc
/sys/class/net/file -> ../../devices/file
/sys/class/net/eth1 -> ../../devices/pci0000:00/0000:00:02.0/net/eth1
/sys/class/net/evil\u{1b}[0m\u{202e} -> ../../devices/pci0000:00/0000:00:01.0/net/evil
/etc/passwd = \"x\"
/sys/devices/file = \"x\"
/sys/devices/pci0000:00/0000:00:01.0/subsystem -> ../../../bus/pci
/sys/devices/pci0000:00/0000:00:01.0/config : 86
/sys/devices/pci0000:00/0000:00:01.0/class : fffe00
/sys/devices/pci0000:00/0000:00:01.0/vendor = \"0x80861\\n\"
/sys/devices/pci0000:00/0000:00:01.0/label = \"\\u001b[2J\\u202eevil\\n\"
/sys/devices/pci0000:00/0000:00:01.0/acpi_index = \"99999999999999999999\\n\"
/sys/devices/pci0000:00/0000:00:01.0/index = \"-1\\n\"
/sys/devices/pci0000:00/0000:00:01.0/physfn -> .
/sys/devices/pci0000:00/0000:00:01.0/virtfn0 -> .
/sys/devices/pci0000:00/0000:00:01.0/virtfn99999999999999 -> .
/sys/devices/pci0000:00/0000:00:01.0/of_node -> /etc
/sys/devices/pci0000:00/0000:00:01.0/firmware_node -> firmware_node
/sys/devices/pci0000:00/0000:00:01.0/net/evil/ifindex = \"2\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/device -> device
/sys/devices/pci0000:00/0000:00:01.0/net/evil/type = \"1 2\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/speed = \"4294967295\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/carrier = \"7\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/dev_id = \"0xg\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/dev_port = \"09\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/addr_assign_type = \"0\\n\"
/sys/devices/pci0000:00/0000:00:01.0/net/evil/phys_port_name = \"p0\\n\\u0000\\u0007x\\n\"
/run/udev/data/n2 = \"E:ID_NET_NAMING_SCHEME=\\u001b]0;x\\nE:=\\nE\\nS:\\nE:ID_NET_NAME_ALLOW\\u202e=\\u001b\\n\"
/sys/devices/pci0000:00/0000:00:02.0/subsystem -> /
/sys/devices/pci0000:00/0000:00:02.0/uevent = \"DEVTYPE=\\u001bx\\n\"
/sys/devices/pci0000:00/0000:00:02.0/net/eth1/address = \"ff:ff:ff:ff:ff:ff\\n\"
/sys/devices/pci0000:00/0000:00:02.0/net/eth1/phys_port_id ! EIO
/sys/class/block/sda -> ../../devices/pci0000:00/0000:00:03.0/block/sda
/sys/class/block/sdb -> ../../devices/pci0000:00/../../../etc
/sys/class/block/sdc -> sdc
/sys/devices/pci0000:00/0000:00:03.0/subsystem -> ../../../bus/pci
/sys/devices/pci0000:00/0000:00:03.0/vpd_pg80 : 0080ffff41
/sys/devices/pci0000:00/0000:00:03.0/wwid = \"naa.\\u001b\"
/sys/devices/pci0000:00/0000:00:03.0/vendor = \"\\u0007\\n\"
/sys/devices/pci0000:00/0000:00:03.0/block/sda/device -> ../..
/sys/devices/pci0000:00/0000:00:03.0/block/sda/dev = \"../../etc/passwd\\n\"
/sys/devices/pci0000:00/0000:00:03.0/block/sda/size = \"18446744073709551615\\n\"
/sys/devices/pci0000:00/0000:00:03.0/block/sda/queue/rotational = \"2\\n\"
/dev/disk/by-id/\u{1b}x -> ../../sda
/dev/disk/by-id/empty -> ..
/dev/disk/by-path/x/
/dev/ipmi0/
/sys/class/dmi/id/sys_vendor : 00ff1b5b324a0a0b
/sys/class/dmi/id/board_name -> board_name
/sys/class/dmi/id/bios_vendor = \"x\\ny\\n\"
/sys/class/dmi/id/product_serial/
/sys/firmware/efi = \"x\"
/sys/firmware/dmi/entries/38-0/raw : 26
/sys/bus/pci/slots/\u{1b}/address = \"\\u0000\\n\"
/sys/bus/pci/slots/1 -> 1
/proc/meminfo = \"MemTotal: 99999999999999999999999 kB\\n\"
/proc/cpuinfo = \"\\u001b:\\nmodel name:\\u001b[1m\\nprocessor:\\n:\\n\"
/proc/cmdline = \"a\\u001bb net.naming-scheme=rhel-\\u001b\\n\"
/proc/sys/kernel/osrelease = \"\"
/etc/os-release -> os-release
";

/// A tree made to break whoever reads it: what is wrong in it is absent or unseen, and the rest is there.
#[test]
fn a_hostile_tree_comes_to_a_sound_inventory() {
    let recorded = Recorded::parse(HOSTILE);
    let mut tree = recorded.tree();
    tree.file("/sys/class/dmi/id/product_name", "P".repeat(70_000));
    let seen = hardware::seen(&tree);
    json(&seen);
    assert_eq!(
        seen.ports.iter().map(|port| port.name.as_str()).collect::<Vec<_>>(),
        ["eth1", "evil?[0m?"],
        "{seen:#?}"
    );
    let evil = &seen.ports[1];
    let nothing = (None, None, None, None, None, None);
    let numbers = (
        evil.hardware_type,
        evil.speed_mbps,
        evil.dev_id,
        evil.dev_port,
        evil.permanent_mac,
        evil.name_given_by,
    );
    assert_eq!(numbers, nothing);
    let pci = evil.devices[0].pci.as_ref().unwrap();
    assert_eq!(
        (pci.acpi_index, pci.smbios_index, &pci.id, &pci.class, pci.is_multifunction),
        (None, None, &None, &None, None)
    );
    assert_eq!(pci.label.as_deref(), Some("?[2J?evil"));
    // It says that it is a virtual function of itself: no circle comes of it.
    let physical = pci.physical_function.as_ref().unwrap();
    assert!(
        physical
            .devices
            .iter()
            .all(|device| device.pci.as_ref().is_none_or(|pci| pci.physical_function.is_none()))
    );
    assert_eq!(evil.devices[0].device_tree_node, None, "it led to /etc");
    let [disk] = seen.disks.as_slice() else { panic!("{:?}", seen.disks) };
    assert_eq!((disk.size_bytes, disk.rotational, &disk.serial), (None, None, &None));
    assert_eq!((disk.by_id.concat().as_str(), &disk.wwn, evil.carrier), ("?x", &None, None));
    assert_eq!((seen.memory_mib, &seen.running.system, &seen.running.kernel), (None, &None, &None));
    let unseen: Vec<&str> = seen.unseen.iter().map(|unseen| unseen.what.as_str()).collect();
    for what in [
        "/sys/class/net/round",
        "/sys/class/dmi/id/product_name",
        "/sys/class/dmi/id/board_name",
        "/etc/os-release",
    ] {
        assert!(unseen.contains(&what), "{what}: {unseen:?}");
    }
    assert!(unseen.iter().any(|what| what.ends_with("eth1/phys_port_id")), "{unseen:?}");
    let folder = tempfile::tempdir().unwrap();
    recorded.unpack(folder.path());
    let done = cotter(&["inventory", folder.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let shown = format!("{}{}", String::from_utf8_lossy(&done.stdout), said(&done));
    assert!(shown.chars().all(|letter| letter == '\n' || cotter::value::is_printable(letter)), "{shown:?}");
}

/// A tree that has everything: each directory the same names, each file the same bytes, all for ever.
struct Endless {
    names: Vec<String>,
    bytes: Vec<u8>,
    asked: std::cell::Cell<usize>,
}

impl Tree for Endless {
    fn look(&self, path: &str, links: Links) -> Found<Entry> {
        self.asked.set(self.asked.get() + 1);
        let kind = match links {
            Links::Kept => EntryKind::Link(path.to_owned()),
            Links::Followed => EntryKind::Directory,
        };
        Ok(Some(Entry { kind, mode: 0, user: 0, group: 0, modified_seconds: 0 }))
    }

    fn read(&self, _: &str) -> Found<Vec<u8>> {
        self.asked.set(self.asked.get() + 1);
        Ok(Some(self.bytes.clone()))
    }

    fn names(&self, _: &str) -> Found<Vec<String>> {
        self.asked.set(self.asked.get() + 1);
        Ok(Some(self.names.clone()))
    }

    fn real(&self, path: &str) -> Found<String> {
        self.asked.set(self.asked.get() + 1);
        let name = path.rsplit('/').next().unwrap_or_default();
        Ok(Some(format!("/sys/devices{}/{name}", "/x".repeat(60))))
    }
}

#[test]
fn what_has_no_end_is_told_in_part() {
    let names: Vec<String> = (0..5000).map(|number| format!("n{number}")).collect();
    for bytes in ["1", "DEVTYPE=x\nE:a=b\nprocessor: 1\n", "\u{1b}", &"x".repeat(5000)] {
        let tree = Endless { names: names.clone(), bytes: bytes.into(), asked: std::cell::Cell::new(0) };
        let seen = hardware::seen(&tree);
        json(&seen);
        assert!((1..=4096).contains(&seen.ports.len()) && seen.disks.len() <= 4096);
        assert!(seen.ports.iter().map(|port| port.devices.len()).sum::<usize>() <= 40_000);
        assert!(seen.unseen.len() <= 101 && seen.unseen.iter().any(|unseen| unseen.why.contains("more")));
        assert!(tree.asked.get() < 2_000_000, "{}", tree.asked.get());
    }
}

/// A folder on a disk with more names, and more bytes, than any machine has.
#[test]
fn a_folder_of_too_much_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("sys/class/net");
    std::fs::create_dir_all(&class).unwrap();
    for number in 0..10_002 {
        std::fs::write(class.join(number.to_string()), "").unwrap();
    }
    std::fs::create_dir_all(folder.path().join("proc")).unwrap();
    let large = std::fs::File::create(folder.path().join("proc/cpuinfo")).unwrap();
    large.set_len(1 << 40).unwrap();
    let seen = world::kept_inventory(folder.path()).unwrap().inventory;
    json(&seen);
    let why = |what: &str| seen.unseen.iter().find(|unseen| unseen.what == what).unwrap().why.clone();
    assert!(why("/sys/class/net").contains("more than"), "{}", why("/sys/class/net"));
    assert!(why("/proc/cpuinfo").contains("more than"), "{}", why("/proc/cpuinfo"));
}

/// Asks for this machine's inventory as a user.
fn own_as(user: Option<u32>) -> Value {
    let mut command = cotter(&["inventory"]);
    command.current_dir("/");
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let inventory: Inventory = serde_json::from_slice(&done.stdout).unwrap();
    assert!(said(&done).contains(" port"), "{}", said(&done));
    json(&inventory)
}

#[test]
fn this_machine_is_seen() {
    let own = own_as(None);
    assert_eq!(
        own["running"]["kernel"],
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim()
    );
    let real = Path::new("/sys/class/net").read_dir().into_iter().flatten();
    let with_device = real.filter(|entry| entry.as_ref().unwrap().path().join("device").exists());
    assert_eq!(own["ports"].as_array().unwrap().len(), with_device.count());
}

/// Who may not see everything sees the rest, and why.
#[test]
fn a_user_sees_what_may_be_seen() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can be another user");
        return;
    }
    // The program lies where others may not look.
    let folder =
        tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir_in("/tmp").unwrap();
    let program = folder.path().join("cotter");
    std::fs::copy(env!("CARGO_BIN_EXE_cotter"), &program).unwrap();
    let kept = folder.path().join("kept");
    r640().unpack(&kept);
    let serial = kept.join("sys/class/dmi/id/product_serial");
    std::fs::write(&serial, "EX4MPL3\n").unwrap();
    std::fs::set_permissions(&serial, PermissionsExt::from_mode(0o400)).unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("inventory").args(arguments).uid(65534).gid(65534).current_dir("/");
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        serde_json::from_slice::<Inventory>(&done.stdout).unwrap()
    };
    json(&ask(&[]));
    let seen = ask(&[kept.to_str().unwrap()]);
    let [unseen] = seen.unseen.as_slice() else { panic!("{:?}", seen.unseen) };
    assert_eq!(
        (unseen.what.as_str(), unseen.why.as_str()),
        ("/sys/class/dmi/id/product_serial", "permission denied")
    );
    assert_eq!(world::kept_inventory(&kept).unwrap().inventory.system.serial.as_deref(), Some("EX4MPL3"));
}

/// A mounted root has its system and kernel; its hardware is elsewhere.
#[test]
fn a_mounted_root_says_what_it_has() {
    let root = tempfile::tempdir().unwrap();
    let file = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    file("etc/os-release", "PRETTY_NAME=\"Rocky Linux 9.4\"\n");
    file("usr/lib/modules/5.14.0-427.el9.x86_64/modules.dep", "");
    std::fs::create_dir_all(root.path().join("sys")).unwrap();
    let taken = world::kept_inventory(root.path()).unwrap();
    assert!(taken.notes[0].contains("is a mounted root"), "{:?}", taken.notes);
    json(&taken.inventory);
    assert_eq!(taken.inventory.running.system.as_deref(), Some("Rocky Linux 9.4"));
    assert_eq!(taken.inventory.running.kernel.as_deref(), Some("5.14.0-427.el9.x86_64"));
    assert_eq!(taken.inventory.processors.architecture.as_deref(), Some("x86_64"));
    assert!(
        taken.inventory.unseen.iter().any(|unseen| unseen.what == "/sys"),
        "{:?}",
        taken.inventory.unseen
    );
    // Of two kernels nobody knows which will run.
    file("usr/lib/modules/5.14.0-362.el9.x86_64/modules.dep", "");
    let inventory = world::kept_inventory(root.path()).unwrap().inventory;
    assert_eq!(inventory.running.kernel, None);
    assert!(inventory.unseen.iter().any(|unseen| unseen.why.contains("5.14.0-362.el9.x86_64, 5.14.0-427")));
}

/// What sos 4 keeps of a machine with one port of a card and a disk.
#[test]
fn an_sosreport_is_put_together() {
    let export = "\
P: /devices/pci0000:17/0000:17:02.0/0000:19:00.0
E: DEVPATH=/devices/pci0000:17/0000:17:02.0/0000:19:00.0
E: DRIVER=i40e
E: PCI_CLASS=20000
E: PCI_ID=8086:1572
E: PCI_SUBSYS_ID=1028:1F9C
E: SUBSYSTEM=pci

P: /devices/pci0000:17/0000:17:02.0/0000:19:00.0/net/eno1
M: eno1
I: 2
E: INTERFACE=eno1
E: IFINDEX=2
E: SUBSYSTEM=net
E: ID_NET_NAMING_SCHEME=rhel-9.4
E: ID_NET_LABEL_ONBOARD=Integrated NIC 1 Port 1-1

P: /devices/pci0000:17/0000:17:00.0/0000:18:00.0
E: DRIVER=megaraid_sas
E: PCI_ID=1000:0016
E: SUBSYSTEM=pci

P: /devices/pci0000:17/0000:17:00.0/0000:18:00.0/host0/target0:2:0/0:2:0:0/block/sda
N: sda
S: disk/by-id/wwn-0x6d0946606ee18c002cb1e6b41c5a7f10
S: disk/by-path/pci-0000:18:00.0-scsi-0:2:0:0
E: DEVTYPE=disk
E: MAJOR=8
E: MINOR=0
E: SUBSYSTEM=block
E: ID_WWN_WITH_EXTENSION=0x6d0946606ee18c002cb1e6b41c5a7f10
E: ID_WWN=0x6d0946606ee18c00
E: ID_MODEL=PERC_H740P_Mini
E: ID_SCSI_SERIAL=00107f5a1cb4e6b1

P: /devices/virtual/net/bond0
E: INTERFACE=bond0
E: IFINDEX=3
E: SUBSYSTEM=net

P: /devices/../../etc/net/x
E: SUBSYSTEM=net
";
    let links = "\
1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eno1: <BROADCAST,MULTICAST,SLAVE,UP> mtu 1500 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000
    link/ether e4:43:4b:0a:00:99 brd ff:ff:ff:ff:ff:ff permaddr e4:43:4b:0a:00:01 promiscuity 0
    bond_slave state ACTIVE mii_status UP perm_hwaddr e4:43:4b:0a:00:01
3: bond0: <BROADCAST,MULTICAST,MASTER,UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether e4:43:4b:0a:00:99 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bond mode 802.3ad miimon 100
";
    let mut tree = MemoryTree::default();
    for (path, text) in [
        ("/sos_commands/devices/udevadm_info_--export-db", export),
        ("/sos_commands/networking/ip_-s_-d_link", links),
        (
            "/sos_commands/networking/ethtool_-i_eno1",
            "driver: i40e\nversion: x\nfirmware-version: 9.20 0x8000d8c5 22.0.9\nbus-info: 0000:19:00.0\n",
        ),
        (
            "/sos_commands/networking/ethtool_eno1",
            "Settings for eno1:\n\tSpeed: 10000Mb/s\n\tLink detected: yes\n",
        ),
        (
            "/sos_commands/hardware/dmidecode",
            "# dmidecode 3.5\nHandle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Dell Inc.\n\tProduct Name: PowerEdge R640\n\tSerial Number: EX4MPL3\n\nBIOS Information\n\tVendor: Dell Inc.\n\nIPMI Device Information\n\tSpecification Version: 2.0\n",
        ),
        ("/sos_commands/kernel/uname_-a", "Linux r640 5.14.0-427.el9.x86_64 #1 SMP x86_64 GNU/Linux\n"),
        (
            "/proc/partitions",
            "major minor  #blocks  name\n\n   8        0  468713472 sda\n   8        1       1024 sda1\n",
        ),
        ("/proc/meminfo", "MemTotal:       197639680 kB\n"),
        ("/etc/os-release", "PRETTY_NAME=\"Rocky Linux 9.4\"\n"),
        ("/sys/class/dmi/id/product_name", "PowerEdge R640 of sysfs\n"),
        (
            "/sys/devices/pci0000:17/0000:17:00.0/0000:18:00.0/host0/target0:2:0/0:2:0:0/block/sda/queue/rotational",
            "1\n",
        ),
    ] {
        tree.file(path, text);
    }
    let seen = cotter::saved::sosreport_inventory(&tree);
    json(&seen);
    let [port] = seen.ports.as_slice() else { panic!("{:#?}", seen.ports) };
    assert_eq!(
        (port.name.as_str(), port.driver.as_deref(), port.firmware.as_deref()),
        ("eno1", Some("i40e"), Some("9.20 0x8000d8c5 22.0.9"))
    );
    assert_eq!(
        (port.permanent_mac.unwrap().to_string().as_str(), port.speed_mbps, port.carrier),
        ("e4:43:4b:0a:00:01", Some(10_000), Some(true))
    );
    let pci = port.devices[0].pci.as_ref().unwrap();
    assert_eq!(port.pci_address(), Some("0000:19:00.0"));
    assert_eq!(
        (pci.id.as_deref(), pci.class.as_deref(), pci.label.as_deref()),
        (Some("8086:1572 1028:1f9c"), Some("020000"), Some("Integrated NIC 1 Port 1-1"))
    );
    let [disk] = seen.disks.as_slice() else { panic!("{:#?}", seen.disks) };
    assert_eq!(
        (disk.wwn.as_deref(), disk.size_bytes),
        (Some("0x6d0946606ee18c002cb1e6b41c5a7f10"), Some(468_713_472 * 1024))
    );
    assert_eq!(
        (disk.transport.as_deref(), disk.rotational, disk.serial.as_deref()),
        (Some("sas"), Some(true), Some("00107f5a1cb4e6b1"))
    );
    assert_eq!((disk.by_id.len(), disk.by_path.len()), (1, 1));
    assert_eq!(seen.running.naming_scheme.as_deref(), Some("rhel-9.4"));
    assert_eq!(seen.system.vendor.as_deref(), Some("Dell Inc."));
    assert_eq!(
        seen.system.product.as_deref(),
        Some("PowerEdge R640 of sysfs"),
        "a file is nearer than what a program said"
    );
    assert_eq!(seen.system.management.unwrap().kind.as_deref(), Some("IPMI 2.0"));
    assert_eq!(seen.boot_mode, None);
    assert!(seen.unseen.iter().any(|unseen| unseen.what.starts_with("/sys/firmware")), "{:?}", seen.unseen);
}

/// What programs said in it may be anything, and as much as a file may have.
#[test]
fn a_hostile_sosreport_comes_to_a_sound_inventory() {
    let deep = format!("P: /devices{}/net/x\nE: SUBSYSTEM=net\n", "/x".repeat(500_000));
    let long = format!("P: /devices{}/net/y\nE: SUBSYSTEM=net\nE: IFINDEX=\u{1b}\n", "/x".repeat(2000));
    let many: String = (0..20_000)
        .map(|number| {
            format!("P: /devices/a/{number}/net/n{number}\nE: SUBSYSTEM=net\nE: PCI_ID=\u{202e}\n\n")
        })
        .collect();
    let links: String = (0..20_000)
        .map(|number| format!("{number}: m\u{1b}{number}: <UP>\n    link/ether 52:54:00:00:00:01\n"))
        .collect();
    let mut tree = MemoryTree::default();
    tree.file("/sos_commands/devices/udevadm_info_--export-db", [deep, long, many].concat());
    tree.file("/sos_commands/networking/ip_-s_-d_link", links);
    tree.file(
        "/sos_commands/hardware/dmidecode",
        "System Information\n\tManufacturer: \u{1b}[2J\n".repeat(10_000),
    );
    tree.file("/proc/partitions", "1 1 18446744073709551615 ../../x\n".repeat(10_000));
    let seen = cotter::saved::sosreport_inventory(&tree);
    json(&seen);
    assert!((1..=8192).contains(&seen.ports.len()), "{}", seen.ports.len());
    assert_eq!(seen.system.vendor.as_deref(), Some("?[2J"));
}

#[test]
fn the_inventory_goes_to_a_file_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    r640().unpack(&kept);
    let out = folder.path().join("r640.json");
    let arguments = ["inventory", kept.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let done = cotter(&arguments).output().unwrap();
    assert_eq!(
        (done.status.code(), String::from_utf8_lossy(&done.stdout).trim()),
        (Some(0), out.to_str().unwrap())
    );
    assert!(
        said(&done).contains("Dell Inc. PowerEdge R640, booted by UEFI: 4 ports, 3 disks"),
        "{}",
        said(&done)
    );
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read(&out).unwrap();
    json(&serde_json::from_slice(&text).unwrap());
    // What is there stays, unless asked.
    assert_eq!(cotter(&arguments).output().unwrap().status.code(), Some(2));
    std::fs::write(&out, "mine").unwrap();
    assert_eq!(cotter(&[&arguments[..], &["--force"]].concat()).output().unwrap().status.code(), Some(0));
    assert_eq!(std::fs::read(&out).unwrap(), text);
    // The file says the same again.
    let done = cotter(&["inventory", out.to_str().unwrap()]).output().unwrap();
    assert_eq!((done.status.code(), done.stdout == text), (Some(0), true), "{}", said(&done));
    let tool = folder.path().join("lshw.json");
    std::fs::write(&tool, r#"{"id":"a","class":"system","product":"X","children":[{"id":"network","class":"network","logicalname":"eth0","serial":"52:54:00:00:00:01"}]}"#).unwrap();
    let done = cotter(&["inventory", tool.to_str().unwrap()]).output().unwrap();
    let other: Inventory = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((other.source.as_str(), other.ports.len()), ("lshw", 1), "{}", said(&done));
    std::fs::write(&tool, "{\n  oops").unwrap();
    let done = cotter(&["inventory", tool.to_str().unwrap()]).output().unwrap();
    assert!(done.status.code() == Some(2) && said(&done).contains("lshw.json:2:3`"), "{}", said(&done));
    // What is no machine is the user's matter.
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for source in [empty.to_str().unwrap(), "/nonexistent"] {
        let done = cotter(&["inventory", source]).output().unwrap();
        assert_eq!((done.status.code(), done.stdout.is_empty()), (Some(2), true), "{source}");
    }
}

/// The program, one to be another user with, and what they are linked with, as an archive for an initramfs; nothing,
/// aloud, where it cannot be made.
fn program_archive(folder: &Path) -> Option<Vec<u8>> {
    for program in ["cpio", "strip", "ldd"] {
        tools::program(program)?;
    }
    let place = folder.join("bench/program");
    std::fs::create_dir_all(&place).unwrap();
    for program in [PathBuf::from(env!("CARGO_BIN_EXE_cotter")), tools::program("setpriv")?] {
        let stripped = place.join(program.file_name().unwrap());
        let done = Command::new("strip").arg(&program).arg("-o").arg(stripped).status().unwrap();
        assert!(done.success());
        let linked = String::from_utf8(Command::new("ldd").arg(&program).output().unwrap().stdout).unwrap();
        for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
            std::fs::copy(library, place.join(Path::new(library).file_name().unwrap())).unwrap();
        }
    }
    let make = "chmod -R go=rX bench; find bench | cpio -o -H newc --quiet -R 0:0";
    let made = Command::new("sh").args(["-c", make]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    Some(made.stdout)
}

/// A virtual machine of known parts, seen by the program in it, as root and as a user.
#[test]
#[ignore = "boots virtual machines: make test"]
fn small_a_machine_is_seen_by_the_program_in_it() {
    let Some(iso) = bench::stand_in() else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some(archive) = program_archive(folder.path()) else { return };
    let disk = folder.path().join("disk");
    std::fs::File::create(&disk).unwrap().set_len(64 << 20).unwrap();
    let drive = format!("file={},if=none,id=d,format=raw", disk.display());
    let devices = [
        "-smbios",
        "type=0,vendor=Example,version=2.21.2,date=02/19/2024",
        "-smbios",
        "type=1,manufacturer=Dell Inc.,product=PowerEdge R640,serial=EX4MPL3",
        "-drive",
        &drive,
        "-device",
        "virtio-scsi-pci,addr=0x8",
        "-device",
        "scsi-hd,drive=d,serial=EX-1,wwn=0x5000c500a1b2c3d4,vendor=EXAMPLE,product=DISK",
        "-netdev",
        "hubport,id=n,hubid=0",
        "-device",
        "virtio-net-pci,netdev=n,mac=e4:43:4b:0a:00:01,acpi-index=3,addr=0x5,romfile=",
    ];
    // Nobody waits for an address.
    let idle = "[connection]\nid=idle\ntype=ethernet\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n";
    let files = [("/etc/NetworkManager/system-connections/idle.nmconnection", idle)];
    let probe = "\
modprobe virtio_scsi; modprobe sd_mod; udevadm trigger --action=add --subsystem-match=block; udevadm settle -t 20
cd /bench/program
linked() { program=$1; shift; ./ld-linux-x86-64.so.2 --library-path . ./$program \"$@\"; }
echo ROOT; linked cotter -q inventory
echo USER; linked setpriv --reuid 65534 --regid 65534 --clear-groups ./ld-linux-x86-64.so.2 --library-path . ./cotter -q inventory
echo END
";
    let answer = bench::boot_small_with(&iso, &files, &archive, probe, &devices);
    let part = |from: &str, to: &str| -> Inventory {
        let (_, rest) = answer.split_once(&format!("{from}\n")).unwrap_or_else(|| panic!("{answer}"));
        let text = rest.split_once(to).unwrap_or_else(|| panic!("{answer}")).0;
        serde_json::from_str(text).unwrap_or_else(|_| panic!("{answer}"))
    };
    let root = part("ROOT", "USER");
    json(&root);
    let [port] = root.ports.as_slice() else { panic!("{:?}", root.ports) };
    let pci = port.pci_device().unwrap();
    assert_eq!((port.name.as_str(), port.driver.as_deref()), ("eno3", Some("virtio_net")));
    assert_eq!(port.permanent_mac.unwrap().to_string(), "e4:43:4b:0a:00:01");
    assert_eq!((pci.name.as_str(), pci.pci.as_ref().unwrap().acpi_index), ("0000:00:05.0", Some(3)));
    let [disk] = root.disks.as_slice() else { panic!("{:?}", root.disks) };
    assert_eq!((disk.wwn.as_deref(), disk.serial.as_deref()), (Some("0x5000c500a1b2c3d4"), Some("EX-1")));
    assert_eq!((disk.size_bytes, disk.transport.as_deref()), (Some(64 << 20), Some("virtio")));
    assert!(disk.by_id.contains(&"wwn-0x5000c500a1b2c3d4".to_owned()), "{:?}", disk.by_id);
    assert_eq!(root.system.product.as_deref(), Some("PowerEdge R640"));
    assert_eq!((root.system.serial.as_deref(), root.boot_mode), (Some("EX4MPL3"), Some(BootMode::Bios)));
    assert_eq!(root.running.naming_scheme.as_deref(), Some("v252"));
    let user = part("USER", "END");
    json(&user);
    assert_eq!((&user.disks, &user.ports, &user.system.serial), (&root.disks, &root.ports, &None));
    let denied = user.unseen.iter().find(|unseen| unseen.what.ends_with("product_serial")).unwrap();
    assert_eq!(denied.why, "permission denied");
}
