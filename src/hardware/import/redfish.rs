//! What a management controller tells through Redfish: resources, wherever they are in the text.
//!
//! A collection with links alone tells nothing, so ask for its members, or for each resource, one answer after the other
//! in one file (`host` is the controller's address, `session` a file with its user and password for curl):
//!
//! ```text
//! get() { curl -sK session "https://$host/redfish/v1/$1"; }
//! members() { get "$1" | jq -r '.Members[]."@odata.id"' | sed 's|^/redfish/v1/||'; }
//! chassis=Chassis/System.Embedded.1/NetworkAdapters      # HPE and others: Chassis/1/NetworkAdapters
//! {
//!     members Systems | while read -r system; do
//!         get "$system"
//!         members "$system/EthernetInterfaces" | while read -r port; do get "$port"; done
//!     done
//!     members $chassis | while read -r adapter; do
//!         get "$adapter"
//!         members "$adapter/NetworkDeviceFunctions" | while read -r function; do get "$function"; done
//!         members "$adapter/Ports" | while read -r port; do get "$port"; done     # older: NetworkPorts
//!     done
//! } >redfish.json
//! ```
//!
//! A controller knows no name that the kernel gives, and no index by ACPI or SMBIOS: ports keep the controller's names
//! (`NIC.Integrated.1-1-1` on Dell's). Shapes are those of DMTF's DSP0268 (2024.4), and of Dell's and HPE's additions.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::InventoryError;
use super::KINDS;
use super::empty;
use super::finished;
use super::redfish_ports;
use super::unseen;
use super::words::list;
use super::words::mac;
use super::words::number;
use super::words::positive;
use super::words::word;
use crate::hardware::BootMode;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::hardware::Management;

/// The resources of a text.
pub struct Resources<'a> {
    by_kind: BTreeMap<String, Vec<&'a Value>>,
    by_path: BTreeMap<&'a str, &'a Value>,
}

/// Whether there is anything of Redfish in it.
pub fn is_it(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_it),
        Value::Object(members) => {
            members.contains_key("@odata.id")
                || members.contains_key("@odata.type")
                || members.values().any(is_it)
        }
        _ => false,
    }
}

/// The inventory of all resources in a text.
pub fn read(value: &Value) -> Result<Inventory, InventoryError> {
    let mut all = Resources { by_kind: BTreeMap::new(), by_path: BTreeMap::new() };
    all.gather(value);
    let mut inventory = empty("redfish");
    for system in all.of("ComputerSystem") {
        told_of_system(system, &mut inventory);
    }
    for processor in all.of("Processor") {
        let kind = word(processor, "/ProcessorType");
        if kind.is_none_or(|kind| kind == "CPU") {
            let set = word(processor, "/InstructionSet");
            inventory.processors.architecture = match set.as_deref() {
                Some("x86-64") => Some("x86_64".to_owned()),
                Some("ARM-A64") => Some("aarch64".to_owned()),
                _ => inventory.processors.architecture,
            };
        }
    }
    // `Uefi` and `Bios` on Dell's, `Uefi` and `LegacyBios` on HPE's; elsewhere the word is not agreed on.
    inventory.boot_mode = all.of("Bios").find_map(|bios| {
        match word(bios, "/Attributes/BootMode")?.to_ascii_lowercase().as_str() {
            "uefi" => Some(BootMode::Uefi),
            "bios" | "legacybios" => Some(BootMode::Bios),
            _ => None,
        }
    });
    inventory.system.management = management(&all);
    inventory.ports = redfish_ports::read(&all);
    inventory.disks = all.of("Drive").filter_map(drive).collect();
    if inventory == empty("redfish") {
        return Err(InventoryError::new(
            "it is Redfish, but no resource in it tells of a system, a port or a disk: links alone tell nothing",
            KINDS,
        ));
    }
    say_unseen(&mut inventory);
    Ok(finished(inventory, BTreeSet::new()))
}

impl<'a> Resources<'a> {
    /// All resources of a kind, each once, as they come.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &'a Value> {
        self.by_kind.get(kind).into_iter().flatten().copied()
    }

    /// The resource that a link at a place leads to, if it is there.
    pub fn linked(&self, resource: &Value, at: &str) -> Option<&'a Value> {
        self.at(path(resource.pointer(at)?)?)
    }

    /// The resource at a path, if it is there.
    pub fn at(&self, path: &str) -> Option<&'a Value> {
        self.by_path.get(path).copied()
    }

    fn gather(&mut self, value: &'a Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(members) => {
                // A resource has an `Id`; a link has none.
                let kind = kind(value).filter(|_| members.contains_key("Id"));
                let path = path(value);
                let is_new = path.is_none_or(|path| !self.by_path.contains_key(path));
                if let Some(kind) = kind.filter(|_| is_new) {
                    self.by_kind.entry(kind).or_default().push(value);
                    if let Some(path) = path {
                        self.by_path.insert(path, value);
                    }
                }
                members.values().for_each(|member| self.gather(member));
            }
            _ => {}
        }
    }
}

/// Where a resource is, or where a link leads.
pub fn path(value: &Value) -> Option<&str> {
    Some(value.get("@odata.id")?.as_str()?.trim_end_matches('/'))
}

/// The kind of a resource, as in `#NetworkDeviceFunction.v1_3_3.NetworkDeviceFunction`.
fn kind(value: &Value) -> Option<String> {
    let said = word(value, "/@odata.type").or_else(|| word(value, "/@odata.context"))?;
    let said = said.trim_end_matches("/$entity");
    said.rsplit(['.', '#']).next().map(str::to_owned)
}

fn told_of_system(told: &Value, inventory: &mut Inventory) {
    let system = &mut inventory.system;
    system.vendor = word(told, "/Manufacturer");
    system.product = word(told, "/Model");
    // Dell puts the board's number there, and the service tag, which the firmware tells too, into the SKU.
    let is_dell = system.vendor.as_ref().is_some_and(|vendor| vendor.starts_with("Dell"));
    let tag = word(told, "/SKU").filter(|_| is_dell);
    system.serial = tag.or_else(|| word(told, "/SerialNumber"));
    system.uuid = word(told, "/UUID").map(|uuid| uuid.to_ascii_lowercase());
    system.bios_version = word(told, "/BiosVersion");
    system.bios_date = word(told, "/Oem/Dell/DellSystem/BIOSReleaseDate")
        .or_else(|| word(told, "/Oem/Hpe/Bios/Current/Date"));
    let processors = &mut inventory.processors;
    processors.model = word(told, "/ProcessorSummary/Model");
    processors.sockets = positive(told, "/ProcessorSummary/Count");
    processors.threads = positive(told, "/ProcessorSummary/LogicalProcessorCount");
    // Some tell fractions of a GiB.
    let gib = told.pointer("/MemorySummary/TotalSystemMemoryGiB").and_then(Value::as_f64);
    inventory.memory_mib =
        gib.filter(|gib| (0.001..1e9).contains(gib)).map(|gib| (gib * 1024.0).round() as u64);
}

/// The controller itself, and its own port.
fn management(all: &Resources<'_>) -> Option<Management> {
    let manager = all.of("Manager").find(|manager| {
        let kind = word(manager, "/ManagerType");
        kind.is_none_or(|kind| kind == "BMC")
    });
    let mut management = Management::default();
    if let Some(manager) = manager {
        let id = word(manager, "/Id").unwrap_or_default();
        let is_idrac = id.starts_with("iDRAC");
        management.kind = if is_idrac { Some("iDRAC".to_owned()) } else { word(manager, "/Model") };
        management.firmware = word(manager, "/FirmwareVersion");
    }
    for port in all.of("EthernetInterface").filter(|port| redfish_ports::is_of_manager(port)) {
        let addresses = ["/IPv4Addresses", "/IPv6Addresses"].into_iter().flat_map(|at| list(port, at));
        let mut addresses = addresses.filter_map(|address| word(address, "/Address"));
        let address = addresses.find(|address| {
            let is_local = ["169.254.", "fe80:", "0.0.0.0", "::", "127."];
            !is_local.iter().any(|beginning| address.to_ascii_lowercase().starts_with(beginning))
        });
        // One with an address is the one that it is reached by; the others lead to the host, or nowhere.
        if management.address.is_none() && (address.is_some() || management.mac.is_none()) {
            management.address = address;
            management.mac = mac(port, "/PermanentMACAddress").or_else(|| mac(port, "/MACAddress"));
        }
    }
    Some(management).filter(|management| *management != Management::default())
}

fn drive(told: &Value) -> Option<Disk> {
    let name = word(told, "/Id").or_else(|| word(told, "/Name"))?;
    let wwn = list(told, "/Identifiers").iter().find_map(|identifier| {
        let digits = word(identifier, "/DurableName")?.to_ascii_lowercase().replace([':', '-'], "");
        let digits = digits.trim_start_matches("naa.").trim_start_matches("eui.").trim_start_matches("0x");
        let is_one = matches!(digits.len(), 16 | 32) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word(identifier, "/DurableNameFormat").as_deref() {
            Some("NAA") if is_one => Some(format!("0x{digits}")),
            Some("EUI") if is_one => Some(format!("eui.{digits}")),
            _ => None,
        }
    });
    let turns = match word(told, "/MediaType").as_deref() {
        Some("HDD") => Some(true),
        Some("SSD") => Some(false),
        _ => number(told, "/RotationSpeedRPM").filter(|speed| *speed > 0).map(|_| true),
    };
    let transport = match word(told, "/Protocol").as_deref() {
        Some("NVMe" | "NVMeOverFabrics") => Some("nvme"),
        Some("SAS") => Some("sas"),
        Some("SATA" | "AHCI") => Some("sata"),
        Some("USB" | "UASP") => Some("usb"),
        _ => None,
    };
    Some(Disk {
        name,
        wwn,
        serial: word(told, "/SerialNumber"),
        vendor: word(told, "/Manufacturer"),
        model: word(told, "/Model"),
        size_bytes: positive(told, "/CapacityBytes"),
        rotational: turns,
        transport: transport.map(str::to_owned),
        ..Disk::default()
    })
}

fn say_unseen(inventory: &mut Inventory) {
    if !inventory.ports.is_empty() {
        let why = "a management controller knows neither the kernel nor its drivers: ports have the controller's names";
        unseen(inventory, "names, drivers and what cards call their ports", why);
        let why = "Redfish does not tell them";
        unseen(inventory, "indices, labels and slots by the firmware", why);
    }
    let ways = inventory.ports.iter().map(|port| match port.pci_address() {
        Some(address) => (format!("what `{address}` hangs on"), "Redfish tells no bridges"),
        None => (
            format!("what `{}` hangs on", port.name),
            "no PCIeFunction in it leads to the port, or it tells no address",
        ),
    });
    for (what, why) in ways.collect::<Vec<_>>() {
        unseen(inventory, what, why);
    }
    if !inventory.disks.is_empty() {
        let why =
            "a management controller tells drives: behind a RAID controller the system sees volumes instead";
        unseen(inventory, "disks as the system sees them", why);
    }
    if inventory.boot_mode.is_none() {
        unseen(inventory, "boot mode", "no Bios resource in it tells `BootMode`");
    }
}
