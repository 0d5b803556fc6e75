//! The hardware in an unpacked sosreport (sos 4): little of `/sys` is in it, and what programs said of the rest.

use super::sosreport::interfaces;
use super::udev_export;
use crate::hardware;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::Unseen;
use crate::tree::Entry;
use crate::tree::Found;
use crate::tree::Links;
use crate::tree::MemoryTree;
use crate::tree::Tree;
use crate::tree::text;
use crate::value::MacAddress;
use crate::value::printable;

const NOT_KEPT: &str = "the sosreport does not have it";
const COMMANDS: &str = "/sos_commands";
/// The longest text of a program that becomes a value.
const MAX_VALUE: usize = 255;

/// The most ports that are told.
const MAX_PORTS: usize = 4096;

/// What dmidecode calls a thing, and what sysfs calls it.
const DMI: [(&str, &str, &str); 8] = [
    ("System Information", "Manufacturer", "sys_vendor"),
    ("System Information", "Product Name", "product_name"),
    ("System Information", "Serial Number", "product_serial"),
    ("System Information", "UUID", "product_uuid"),
    ("Base Board Information", "Product Name", "board_name"),
    ("BIOS Information", "Vendor", "bios_vendor"),
    ("BIOS Information", "Version", "bios_version"),
    ("BIOS Information", "Release Date", "bios_date"),
];

/// The files of an sosreport, and before them what its programs said.
struct Report<'a> {
    said: MemoryTree,
    files: &'a dyn Tree,
}

impl Report<'_> {
    fn first<T>(&self, ask: impl Fn(&dyn Tree) -> Found<T>) -> Found<T> {
        match ask(&self.said)? {
            Some(found) => Ok(Some(found)),
            None => ask(self.files),
        }
    }
}

impl Tree for Report<'_> {
    fn look(&self, path: &str, links: Links) -> Found<Entry> {
        self.first(|tree| tree.look(path, links))
    }

    fn read(&self, path: &str) -> Found<Vec<u8>> {
        self.first(|tree| tree.read(path))
    }

    fn names(&self, path: &str) -> Found<Vec<String>> {
        self.first(|tree| tree.names(path))
    }

    fn real(&self, path: &str) -> Found<String> {
        self.first(|tree| tree.real(path))
    }
}

/// What is seen of the machine that an sosreport is of.
pub fn inventory(tree: &dyn Tree) -> Inventory {
    let said =
        |command: &str| text(tree, &format!("{COMMANDS}/{command}")).ok().flatten().unwrap_or_default();
    let mut report = Report { said: MemoryTree::default(), files: tree };
    udev_export::put(&said("devices/udevadm_info_--export-db"), &mut report.said);
    put_firmware(tree, &said, &mut report.said);
    put_sizes(tree, &mut report.said);
    if let Some(kernel) = said("kernel/uname_-a").split_whitespace().nth(2) {
        report.said.file("/proc/sys/kernel/osrelease", kernel);
    }
    let mut inventory = hardware::seen(&report);
    let interfaces = interfaces(&said("networking/ip_-s_-d_link"));
    for interface in interfaces.into_iter().filter(|found| found.is_physical).take(MAX_PORTS) {
        let known = inventory.ports.iter().position(|port| port.name == interface.name);
        let mut port = match known {
            Some(at) => inventory.ports.remove(at),
            None => Port { name: short(&interface.name), ..Port::default() },
        };
        port.permanent_mac = port.permanent_mac.or(interface.mac);
        inventory.ports.push(port);
    }
    inventory.ports.sort_by(|a, b| a.name.cmp(&b.name));
    for port in &mut inventory.ports {
        ask_ethtool(port, &said);
    }
    // What is in no sosreport is no surprise of this one.
    inventory.unseen.retain(|unseen| !unseen.what.starts_with("/sys/class/net"));
    if inventory.ports.is_empty() {
        let what = format!("{COMMANDS}/networking/ip_-s_-d_link");
        inventory.unseen.push(Unseen { what, why: NOT_KEPT.to_owned() });
    }
    inventory
}

/// What the firmware tells, and how it booted.
fn put_firmware(tree: &dyn Tree, said: &impl Fn(&str) -> String, put: &mut MemoryTree) {
    let decoded = said("hardware/dmidecode");
    let mut section = "";
    let lines = decoded.lines().filter_map(|line| {
        if !line.starts_with([' ', '\t']) {
            section = line.trim();
            return None;
        }
        let (key, value) = line.trim().split_once(": ")?;
        Some((section, key, value))
    });
    for (section, key, value) in lines {
        if let Some((.., name)) = DMI.iter().find(|(of, named, _)| *of == section && *named == key) {
            let path = format!("/sys/class/dmi/id/{name}");
            if !matches!(tree.read(&path), Ok(Some(_))) {
                put.file(&path, value);
            }
        }
        if (section, key) == ("IPMI Device Information", "Specification Version") {
            put.file("/sys/class/ipmi/ipmi0/device/bmc/ipmi_version", value);
        }
    }
    if said("boot/efibootmgr_-v").lines().any(|line| line.starts_with("BootCurrent:")) {
        put.directory("/sys/firmware/efi");
    } else {
        put.unreadable("/sys/firmware", NOT_KEPT);
    }
}

/// The sizes of disks: `/proc/partitions` counts 1024 bytes, sysfs 512.
fn put_sizes(tree: &dyn Tree, put: &mut MemoryTree) {
    for line in text(tree, "/proc/partitions").ok().flatten().unwrap_or_default().lines() {
        if let [_, _, blocks, name] = line.split_whitespace().collect::<Vec<_>>().as_slice()
            && let Ok(blocks) = blocks.parse::<u64>()
            && let Ok(Some(path)) = put.real(&format!("/sys/class/block/{name}"))
        {
            put.file(&format!("{path}/size"), blocks.saturating_mul(2).to_string());
        }
    }
}

/// What ethtool said of a port.
fn ask_ethtool(port: &mut Port, said: &impl Fn(&str) -> String) {
    let answer = |option: &str| said(&format!("networking/ethtool_{option}{}", port.name));
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':'))?;
        let value = line.trim();
        (!value.is_empty() && value != "N/A").then(|| short(value))
    };
    let driver = answer("-i_");
    let state = answer("");
    let permanent = value(&answer("-P_"), "Permanent address").and_then(|mac| mac.parse::<MacAddress>().ok());
    let speed = value(&state, "Speed").and_then(|speed| speed.strip_suffix("Mb/s")?.parse().ok());
    let carrier = value(&state, "Link detected").map(|word| word == "yes");
    let (firmware, driver) = (value(&driver, "firmware-version"), value(&driver, "driver"));
    port.firmware = firmware;
    port.driver = driver.or(port.driver.take());
    port.permanent_mac = permanent.or(port.permanent_mac);
    port.speed_mbps = speed.or(port.speed_mbps);
    port.carrier = carrier.or(port.carrier);
}

fn short(text: &str) -> String {
    printable(text).chars().take(MAX_VALUE).collect()
}
