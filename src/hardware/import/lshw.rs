//! What `lshw -json` tells: a tree of nodes, or those of one class as a list.
//!
//! An address is the one that a port has now (`SIOCGIFHWADDR` in lshw's network.cc, B.02.20): a port in a bond has the
//! bond's. Bridges are nodes above a port, so that the whole tree tells the way to it, and `-class network` does not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ADDRESSES;
use super::empty;
use super::finished;
use super::unseen;
use super::words::flag;
use super::words::hardware_address;
use super::words::list;
use super::words::number;
use super::words::pci_address;
use super::words::pci_device;
use super::words::positive;
use super::words::product;
use super::words::transport;
use super::words::word;
use crate::hardware::Device;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::hardware::Port;

/// Drivers of interfaces that stand on others, or on nothing.
const VIRTUAL_DRIVERS: [&str; 10] = [
    "802.1q vlan support",
    "bonding",
    "bridge",
    "dummy",
    "ifb",
    "macvlan",
    "openvswitch",
    "team",
    "tun",
    "veth",
];

/// Whether it is a node of lshw, or a list of them: an empty list could be anybody's.
pub fn is_it(value: &Value) -> bool {
    nodes(value).first().is_some_and(|node| word(node, "/id").is_some() && word(node, "/class").is_some())
}

/// The nodes of one output, or of several.
fn nodes(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(nodes).collect(),
        node => vec![node],
    }
}

/// The inventory of a tree, or of a list of nodes.
pub fn read(value: &Value) -> Inventory {
    let mut found = Found { inventory: empty("lshw"), functions: BTreeSet::new(), memory_bytes: 0 };
    for node in nodes(value) {
        found.look(node, &mut Vec::new());
    }
    let Found { mut inventory, functions, memory_bytes } = found;
    inventory.memory_mib = Some(memory_bytes >> 20).filter(|mib| *mib > 0);
    if !inventory.ports.is_empty() {
        unseen(&mut inventory, ADDRESSES, "`lshw` tells the address that a port has at that time");
        unseen(
            &mut inventory,
            "indices, labels and slots by the firmware, and what cards call their ports",
            "`lshw` does not tell them, so that only names by path and by address can be foreseen",
        );
    }
    unseen(&mut inventory, "boot mode", "`lshw` tells what the firmware can do, not how it booted");
    finished(inventory, functions)
}

struct Found {
    inventory: Inventory,
    functions: BTreeSet<String>,
    memory_bytes: u64,
}

impl Found {
    fn look<'a>(&mut self, node: &'a Value, above: &mut Vec<&'a Value>) {
        self.functions.extend(bus(node, "pci").and_then(pci_address));
        match node.get("class").and_then(Value::as_str) {
            Some("system") if above.is_empty() => self.system(node),
            Some("bus") if word(node, "/id").as_deref() == Some("core") => {
                self.inventory.system.board = word(node, "/product");
            }
            Some("memory") => self.memory(node),
            Some("processor") => self.processor(node),
            Some("network") => self.port(node, above),
            Some("disk") => self.inventory.disks.extend(disk(node, above)),
            _ => {}
        }
        above.push(node);
        for child in list(node, "/children") {
            self.look(child, above);
        }
        above.pop();
    }

    fn system(&mut self, node: &Value) {
        let system = &mut self.inventory.system;
        system.vendor = word(node, "/vendor");
        system.product = word(node, "/product").map(product);
        system.serial = word(node, "/serial");
        system.uuid = word(node, "/configuration/uuid").map(|uuid| uuid.to_ascii_lowercase());
    }

    fn memory(&mut self, node: &Value) {
        if word(node, "/id").as_deref() == Some("firmware") {
            let system = &mut self.inventory.system;
            system.bios_vendor = word(node, "/vendor");
            system.bios_version = word(node, "/version");
            system.bios_date = word(node, "/date");
        } else if word(node, "/description").is_some_and(|text| text.eq_ignore_ascii_case("System memory")) {
            self.memory_bytes = self.memory_bytes.saturating_add(number(node, "/size").unwrap_or_default());
        }
    }

    /// A socket. Without the firmware's tables (a handle) it may be a thread, and there is nothing to count.
    fn processor(&mut self, node: &Value) {
        let processors = &mut self.inventory.processors;
        let Some(model) = word(node, "/product") else { return };
        processors.model.get_or_insert(model);
        if node.pointer("/capabilities/x86-64").is_some() {
            processors.architecture = Some("x86_64".to_owned());
        }
        if word(node, "/handle").is_some_and(|handle| handle.starts_with("DMI:")) {
            let one_more =
                |count: Option<u32>, more: u32| Some(count.unwrap_or_default().saturating_add(more));
            processors.sockets = one_more(processors.sockets, 1);
            if let Some(threads) = positive(node, "/configuration/threads") {
                processors.threads = one_more(processors.threads, threads);
            }
        }
    }

    fn port(&mut self, node: &Value, above: &[&Value]) {
        let at = word(node, "/businfo");
        let Some(name) = logical_names(node).into_iter().find(|name| !name.starts_with('/')) else {
            let carries_one = list(node, "/children")
                .iter()
                .any(|child| word(child, "/class").as_deref() == Some("network"));
            if !carries_one {
                let what = at.or_else(|| word(node, "/product")).unwrap_or_else(|| "a port".to_owned());
                unseen(
                    &mut self.inventory,
                    format!("the interface of `{what}`"),
                    "no driver made one, or it is listed apart",
                );
            }
            return;
        };
        let driver = word(node, "/configuration/driver");
        let has =
            |capability: &str| node.pointer("/capabilities").and_then(|all| all.get(capability)).is_some();
        let is_virtual =
            driver.as_deref().is_some_and(|driver| VIRTUAL_DRIVERS.contains(&driver.to_lowercase().as_str()));
        if at.is_none() && (is_virtual || has("logical")) {
            return;
        }
        let address = hardware_address(node, "/serial");
        if address.is_none() {
            let why = "`lshw` tells none, as with `-sanitize`";
            unseen(&mut self.inventory, format!("the address of `{name}`"), why);
        }
        let (devices, is_whole) = devices(node, above);
        if let Some(nearest) = devices.first().filter(|_| !is_whole) {
            let why = "only `lshw -json` of the whole machine, as root, tells the bridges";
            unseen(&mut self.inventory, format!("what `{}` hangs on", nearest.name), why);
        }
        if devices.is_empty() {
            unseen(&mut self.inventory, format!("what `{name}` hangs on"), "`lshw` tells no bus for it");
        }
        if devices.first().is_some_and(|device| device.subsystem.as_deref() == Some("usb")) {
            let why = "`lshw` tells the device, not the interface and configuration on it";
            unseen(&mut self.inventory, format!("the USB interface of `{name}`"), why);
        }
        if word(node, "/product").is_some_and(|product| product.contains("Virtual Function")) {
            let why = "`lshw` does not tell which port it is a virtual function of";
            unseen(&mut self.inventory, format!("the physical port of `{name}`"), why);
        }
        let is_ethernet = has("ethernet") && address.as_ref().is_none_or(|address| address.len() == 17);
        let is_infiniband = address.as_ref().is_some_and(|address| address.len() == 59);
        let carrier = flag(node, "/configuration/link");
        self.inventory.ports.push(Port {
            name,
            address,
            // The bonding driver sets the address of each port that it takes, also of the first.
            has_own_address: flag(node, "/configuration/slave").filter(|is_taken| *is_taken).map(|_| false),
            hardware_type: if is_infiniband { Some(32) } else { is_ethernet.then_some(1) },
            kind: has("wireless").then(|| "wlan".to_owned()),
            driver,
            firmware: word(node, "/configuration/firmware"),
            speed_mbps: carrier.filter(|carrier| *carrier).and_then(|_| speed_mbps(node)),
            carrier,
            devices,
            ..Port::default()
        });
    }
}

/// Old versions print one name as a text, new ones several as a list.
fn logical_names(node: &Value) -> Vec<String> {
    let several = list(node, "/logicalname").iter().filter_map(|name| word(name, "")).collect();
    word(node, "/logicalname").map_or(several, |name| vec![name])
}

/// The address of a node on a bus, as in `pci@0000:18:00.0`.
fn bus<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    let (bus, address) = node.get("businfo")?.as_str()?.split_once('@')?;
    (bus == name).then_some(address)
}

/// What a node hangs on, the nearest first, and whether nothing up to the root bus is missing.
fn devices(node: &Value, above: &[&Value]) -> (Vec<Device>, bool) {
    let mut devices: Vec<Device> = Vec::new();
    // The bus that the last PCI function is on.
    let mut lower: Option<String> = None;
    for node in std::iter::once(&node).chain(above.iter().rev()) {
        if let Some(address) = bus(node, "pci").and_then(pci_address) {
            let own = address.rsplit_once(':').map(|(bus, _)| bus.to_owned());
            let leads_to =
                word(node, "/handle").and_then(|handle| Some(handle.strip_prefix("PCIBUS:")?.to_owned()));
            let is_bridge = word(node, "/class").as_deref() == Some("bridge");
            if is_bridge && lower.is_some() && leads_to != lower {
                // A bridge to another bus: one between is missing.
                return (devices, false);
            }
            if leads_to.is_some() && leads_to == own {
                // The host bridge stands for the root bus, which is no PCI function in sysfs.
                return (devices, lower.is_some());
            }
            lower = own;
            let mut device = pci_device(address, pci_id(node));
            if let Some(pci) = device.pci.as_mut().filter(|_| leads_to.is_some()) {
                let is_subtractive = node.pointer("/capabilities/subtractive_decode").is_some();
                pci.class = Some(if is_subtractive { "060401" } else { "060400" }.to_owned());
            }
            devices.push(device);
        } else if let Some(port) = bus(node, "usb").filter(|port| is_usb_port(port)) {
            // A root hub is `usb1`, what is on its third port `1-3`.
            let name =
                port.split_once(':').map_or(format!("usb{port}"), |(bus, ports)| format!("{bus}-{ports}"));
            let kind = Some("usb_device".to_owned());
            devices.push(Device { subsystem: Some("usb".to_owned()), name, kind, ..Device::default() });
        } else if let Some(number) = bus(node, "virtio").filter(|number| number.parse::<u32>().is_ok()) {
            let name = format!("virtio{number}");
            devices.push(Device { subsystem: Some("virtio".to_owned()), name, ..Device::default() });
        } else if word(node, "/id").as_deref() == Some("core") {
            // What is on a root bus without a host bridge of its own, as those of further sockets, is put there.
            return (devices, lower.is_some());
        }
    }
    (devices, false)
}

fn is_usb_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte))
}

/// With `-numeric`, names have numbers behind them, as in `… [8086:1572]`.
fn pci_id(node: &Value) -> Option<String> {
    let name = word(node, "/product")?.to_ascii_lowercase();
    let (vendor, device) = name.strip_suffix(']')?.rsplit_once('[')?.1.split_once(':')?;
    let is_number = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_number(vendor) && is_number(device)).then(|| format!("{vendor}:{device}"))
}

/// From the size in bit/s, or from text as in `2.5Gbit/s`.
fn speed_mbps(node: &Value) -> Option<u32> {
    let said = || {
        let text = word(node, "/configuration/speed")?;
        let factors = [("Gbit/s", 1000.0), ("Mbit/s", 1.0)];
        factors.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
    };
    let speed =
        positive::<u64>(node, "/size").map(|size| size / 1_000_000).or_else(|| Some(said()? as u64))?;
    u32::try_from(speed).ok().filter(|speed| *speed > 0)
}

/// A disk with a name in `/dev`; drives for discs are none.
fn disk(node: &Value, above: &[&Value]) -> Option<Disk> {
    let names = logical_names(node);
    // `/dev/ng0n1` is the same disk for passing commands through.
    let mut names = names.iter().filter_map(|name| name.strip_prefix("/dev/"));
    let name = names.find(|name| !name.starts_with("ng") && !name.contains('/'))?.to_owned();
    let id = word(node, "/id").unwrap_or_default();
    let description = word(node, "/description").unwrap_or_default();
    if id.starts_with("cdrom") || ["CD", "DVD", "BD"].iter().any(|disc| description.starts_with(disc)) {
        return None;
    }
    let controller = above.last().filter(|node| word(node, "/id").is_some_and(|id| id.starts_with("nvme")));
    let told = |at: &str| word(node, at).or_else(|| word(controller?, at));
    let is_usb = above.iter().any(|node| bus(node, "usb").is_some());
    let transport = transport(&name, &[]).or_else(|| {
        let of_description = [("ATA", "sata"), ("SCSI", "scsi")];
        let found = of_description.iter().find(|(beginning, _)| description.starts_with(beginning));
        if is_usb { Some("usb".to_owned()) } else { found.map(|(_, transport)| (*transport).to_owned()) }
    });
    let turns = node.get("capabilities").and_then(Value::as_object).is_some_and(|all| {
        all.keys().any(|key| key.strip_suffix("rpm").is_some_and(|rpm| rpm.parse::<u32>().is_ok()))
    });
    Some(Disk {
        wwn: word(node, "/configuration/wwid").map(|wwn| match wwn.strip_prefix("naa.") {
            Some(digits) => format!("0x{digits}"),
            None => wwn,
        }),
        serial: told("/serial"),
        vendor: told("/vendor").filter(|vendor| vendor != "ATA"),
        model: told("/product"),
        size_bytes: positive(node, "/size"),
        rotational: if turns { Some(true) } else { (transport.as_deref() == Some("nvme")).then_some(false) },
        transport,
        name,
        ..Disk::default()
    })
}
