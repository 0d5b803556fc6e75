//! What Metal3 keeps of an inspection: `status.hardware` of a BareMetalHost, `spec.hardware` of a HardwareData.
//!
//! Ironic inspected, so this is less of the same; `metal3.io/v1alpha1`, baremetalhost_types.go.

use std::collections::BTreeSet;

use serde_json::Value;

use super::InventoryError;
use super::empty;
use super::finished;
use super::ironic::below;
use super::ironic::say_unseen;
use super::ironic::vendor;
use super::unseen;
use super::words::flag;
use super::words::hardware_address;
use super::words::list;
use super::words::pci_address;
use super::words::pci_device;
use super::words::positive;
use super::words::product;
use super::words::transport;
use super::words::word;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::hardware::Port;

/// Whether it is one of Metal3's objects, a list of them, or the hardware in one.
pub fn is_it(value: &Value) -> bool {
    let kind = |value: &Value| {
        let version = word(value, "/apiVersion").unwrap_or_default();
        version.starts_with("metal3.io/")
            && matches!(word(value, "/kind").as_deref(), Some("BareMetalHost" | "HardwareData"))
    };
    let has = |key: &str| value.get(key).is_some();
    kind(value)
        || list(value, "/items").first().is_some_and(kind)
        || (value.get("nics").is_some_and(Value::is_array) && (has("storage") || has("systemVendor")))
}

/// The inventory of a host.
pub fn read(value: &Value) -> Result<Inventory, InventoryError> {
    let items = list(value, "/items");
    let host = match items {
        [] => value,
        [only] => only,
        _ => {
            let names: Vec<String> =
                items.iter().take(4).filter_map(|item| word(item, "/metadata/name")).collect();
            return Err(InventoryError::new(
                format!("it has {} hosts: `{}`", items.len(), super::shown(&names.join("`, `"))),
                "give one host: name it behind `kubectl get bmh -o json`",
            ));
        }
    };
    let hardware = match word(host, "/kind").as_deref() {
        Some("BareMetalHost") => host.pointer("/status/hardware"),
        Some("HardwareData") => host.pointer("/spec/hardware"),
        _ => Some(host),
    };
    let Some(hardware) = hardware.filter(|hardware| hardware.is_object()) else {
        let name = word(host, "/metadata/name").unwrap_or_default();
        return Err(InventoryError::new(
            format!("host `{}` has no hardware", super::shown(&name)),
            "wait until it is inspected (`.status.hardware` of a BareMetalHost, `.spec.hardware` of a HardwareData)",
        ));
    };
    Ok(of_hardware(hardware))
}

fn of_hardware(told: &Value) -> Inventory {
    let mut inventory = empty("ironic");
    let system = &mut inventory.system;
    system.vendor = word(told, "/systemVendor/manufacturer");
    system.product = word(told, "/systemVendor/productName").map(product);
    system.serial = word(told, "/systemVendor/serialNumber");
    system.bios_vendor = word(told, "/firmware/bios/vendor");
    system.bios_version = word(told, "/firmware/bios/version");
    system.bios_date = word(told, "/firmware/bios/date");
    inventory.processors.model = word(told, "/cpu/model");
    inventory.processors.architecture = word(told, "/cpu/arch");
    inventory.processors.threads = positive(told, "/cpu/count");
    inventory.memory_mib = positive(told, "/ramMebibytes");
    inventory.disks = list(told, "/storage").iter().filter_map(disk).collect();
    // A port with addresses of both families is there twice.
    let mut names = BTreeSet::new();
    let ports = list(told, "/nics").iter().filter_map(port);
    let ports: Vec<Port> = ports.filter(|port| names.insert(port.name.clone())).collect();
    say_unseen(&mut inventory, &ports);
    unseen(
        &mut inventory,
        "boot mode",
        "Metal3 keeps the one that it will boot by, not the one that was found",
    );
    inventory.ports = ports;
    finished(inventory, BTreeSet::new())
}

fn port(told: &Value) -> Option<Port> {
    let address = hardware_address(told, "/mac");
    let name = word(told, "/name").or_else(|| address.clone())?;
    // `eth` and `en` are for Ethernet alone; ports that were named otherwise are not told apart.
    let is_ethernet = ["en", "eth"].iter().any(|beginning| name.starts_with(beginning));
    // As in `0x8086 0x1572`.
    let id = word(told, "/model").and_then(|model| {
        let (vendor, device) = model.split_once(' ')?;
        let (vendor, device) = (vendor.strip_prefix("0x")?, device.strip_prefix("0x")?);
        let is_number = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_number(vendor) && is_number(device)).then(|| format!("{vendor}:{device}").to_ascii_lowercase())
    });
    let at = word(told, "/pciAddress").and_then(|at| pci_address(&at));
    Some(Port {
        hardware_type: is_ethernet.then_some(1),
        speed_mbps: positive::<u32>(told, "/speedGbps").and_then(|speed| speed.checked_mul(1000)),
        devices: at.map(|at| pci_device(at, id)).into_iter().collect(),
        name,
        address,
        ..Port::default()
    })
}

fn disk(told: &Value) -> Option<Disk> {
    let name = word(told, "/name")?;
    let others = list(told, "/alternateNames").iter().filter_map(|name| word(name, ""));
    let names: BTreeSet<String> = others.chain([name.clone()]).collect();
    let in_folder = |folder: &str| names.iter().filter_map(|name| below(name, folder)).collect::<Vec<_>>();
    let by_path = in_folder("by-path");
    // The name is often one by path; the kernel's is then among the others.
    let kernels = names.iter().filter_map(|name| name.strip_prefix("/dev/")).find(|name| !name.contains('/'));
    let name = kernels.unwrap_or(&name).to_owned();
    Some(Disk {
        wwn: word(told, "/wwnWithExtension").or_else(|| word(told, "/wwn")),
        serial: word(told, "/serialNumber"),
        vendor: vendor(told, "/vendor"),
        model: word(told, "/model"),
        size_bytes: positive(told, "/sizeBytes"),
        rotational: flag(told, "/rotational").or(match word(told, "/type").as_deref() {
            Some("HDD") => Some(true),
            Some("SSD" | "NVME") => Some(false),
            _ => None,
        }),
        transport: transport(&name, &by_path),
        by_id: in_folder("by-id"),
        by_path,
        name,
    })
}
