//! What Ironic found of a machine: `baremetal node inventory save`, or the older introspection data.
//!
//! Both have an `inventory` by ironic-python-agent (its hardware.py), which reads a port's present address from sysfs;
//! that alone is read too. What the collectors `extra-hardware` and `pci-devices` add is taken where it is there: of
//! the newer under `plugin_data`, of the older beside the inventory.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ADDRESSES;
use super::empty;
use super::finished;
use super::unseen;
use super::words::flag;
use super::words::hardware_address;
use super::words::list;
use super::words::mac;
use super::words::number;
use super::words::pci_address;
use super::words::pci_device;
use super::words::pci_number;
use super::words::positive;
use super::words::product;
use super::words::transport;
use super::words::word;
use crate::hardware::BootMode;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::hardware::Management;
use crate::hardware::Port;

/// Whether it is what Ironic keeps of an inspection, or the inventory in it.
pub fn is_it(value: &Value) -> bool {
    let inventory = value.get("inventory").unwrap_or(value);
    let has = |key: &str| inventory.get(key).is_some();
    inventory.get("interfaces").is_some_and(Value::is_array)
        && (has("disks") || has("cpu") || has("memory") || has("system_vendor"))
}

/// The inventory of an inspection.
pub fn read(value: &Value) -> Inventory {
    let told = value.get("inventory").unwrap_or(value);
    let plugins = value.get("plugin_data").unwrap_or(value);
    let extra = plugins.get("extra").unwrap_or(plugins);
    let mut inventory = empty("ironic");
    let ports: Vec<Port> = list(told, "/interfaces").iter().filter_map(|told| port(told, extra)).collect();
    let disks = list(told, "/disks").iter().filter_map(disk);
    inventory.disks = disks.collect();
    told_of_machine(told, &mut inventory);
    say_unseen(&mut inventory, &ports);
    inventory.ports = ports;
    let functions =
        list(plugins, "/pci_devices").iter().filter_map(|device| pci_address(&word(device, "/bus")?));
    finished(inventory, functions.collect::<BTreeSet<String>>())
}

fn told_of_machine(told: &Value, inventory: &mut Inventory) {
    let system = &mut inventory.system;
    system.vendor = word(told, "/system_vendor/manufacturer");
    system.product = word(told, "/system_vendor/product_name").map(product);
    system.serial = word(told, "/system_vendor/serial_number");
    system.bios_vendor = word(told, "/system_vendor/firmware/vendor");
    system.bios_version = word(told, "/system_vendor/firmware/version");
    system.bios_date = word(told, "/system_vendor/firmware/build_date");
    // Without a management controller these are `0.0.0.0` and `::/0`.
    let address =
        |at: &str| word(told, at).filter(|address| !["0.0.0.0", "::", "::/0"].contains(&address.as_str()));
    let management = Management {
        address: address("/bmc_address").or_else(|| address("/bmc_v6address")),
        mac: mac(told, "/bmc_mac"),
        ..Management::default()
    };
    system.management = Some(management).filter(|management| *management != Management::default());
    inventory.boot_mode = match word(told, "/boot/current_boot_mode").as_deref() {
        Some("uefi") => Some(BootMode::Uefi),
        Some("bios") => Some(BootMode::Bios),
        _ => None,
    };
    let processors = &mut inventory.processors;
    processors.model = word(told, "/cpu/model_name");
    processors.architecture = word(told, "/cpu/architecture");
    processors.sockets = positive(told, "/cpu/socket_count");
    processors.threads = positive(told, "/cpu/count");
    inventory.memory_mib = positive(told, "/memory/physical_mb");
}

/// What an inspection never tells of ports.
pub fn say_unseen(inventory: &mut Inventory, ports: &[Port]) {
    if ports.is_empty() {
        return;
    }
    unseen(inventory, ADDRESSES, "the inspection tells the address that a port had at that time");
    unseen(
        inventory,
        "indices, labels and slots by the firmware, and what cards call their ports",
        "the inspection does not tell them",
    );
    for port in ports {
        match port.pci_address() {
            Some(address) => {
                unseen(inventory, format!("what `{address}` hangs on"), "the inspection tells no bridges")
            }
            None => unseen(
                inventory,
                format!("what `{}` hangs on", port.name),
                "the inspection tells no PCI address: older versions do not, nor does one through Redfish",
            ),
        }
    }
}

fn port(told: &Value, extra: &Value) -> Option<Port> {
    let address = hardware_address(told, "/mac_address");
    // An inspection through Redfish may tell addresses alone.
    let name = word(told, "/name").or_else(|| address.clone())?;
    let extra = extra.get("network").and_then(|network| network.get(&name)).unwrap_or(&Value::Null);
    let at = word(told, "/pci_address")
        .or_else(|| Some(word(extra, "/businfo")?.strip_prefix("pci@")?.to_owned()));
    let at = at.and_then(|at| pci_address(&at));
    let carrier = flag(told, "/has_carrier");
    let is_infiniband = word(told, "/client_id").is_some();
    let is_six_octets = address.as_ref().is_some_and(|address| address.len() == 17);
    Some(Port {
        hardware_type: if is_infiniband { Some(32) } else { is_six_octets.then_some(1) },
        driver: word(told, "/driver").or_else(|| word(extra, "/driver")),
        firmware: word(told, "/firmware_version").or_else(|| word(extra, "/firmware")),
        speed_mbps: positive(told, "/speed_mbps").filter(|_| carrier == Some(true)),
        carrier,
        devices: at.map(|at| pci_device(at, pci_id(told))).into_iter().collect(),
        name,
        address,
        ..Port::default()
    })
}

/// Vendor and device, as in `0x8086` and `0x1572`. Of a virtio port they are virtio's own numbers.
fn pci_id(told: &Value) -> Option<String> {
    let (vendor, device) = (pci_number(told, "/vendor")?, pci_number(told, "/product")?);
    let is_virtio = vendor == "1af4" && device.starts_with("00");
    (!is_virtio).then(|| format!("{vendor}:{device}"))
}

fn disk(told: &Value) -> Option<Disk> {
    let name = word(told, "/name")?;
    let name = name.strip_prefix("/dev/").unwrap_or(&name).to_owned();
    let by_path: Vec<String> =
        word(told, "/by_path").iter().filter_map(|path| below(path, "by-path")).collect();
    Some(Disk {
        // A RAID controller's volumes are told apart by the extension alone.
        wwn: word(told, "/wwn_with_extension").or_else(|| word(told, "/wwn")),
        serial: word(told, "/serial"),
        vendor: vendor(told, "/vendor"),
        model: word(told, "/model"),
        size_bytes: number(told, "/size").filter(|size| *size > 0),
        rotational: flag(told, "/rotational"),
        transport: transport(&name, &by_path),
        by_path,
        name,
        ..Disk::default()
    })
}

/// A disk's vendor: of virtio disks it is a number, and `ATA` is none.
pub fn vendor(told: &Value, at: &str) -> Option<String> {
    word(told, at).filter(|vendor| !vendor.starts_with("0x") && vendor != "ATA")
}

/// The name of a disk in a folder of `/dev/disk`.
pub fn below(path: &str, folder: &str) -> Option<String> {
    let name = path.strip_prefix("/dev/disk/")?.strip_prefix(folder)?.strip_prefix('/')?;
    (!name.is_empty()).then(|| name.to_owned())
}
