//! Network ports, the slots of their cards, and what the device tree calls them.

use std::collections::BTreeMap;

use super::devices;
use super::devices::DEVICES;
use super::devices::Devices;
use super::reading::Reading;
use super::reading::shown;
use super::udev_record::UdevRecord;
use crate::hardware::Device;
use crate::hardware::Port;

const PORTS: &str = "/sys/class/net";
const SLOTS: &str = "/sys/bus/pci/slots";
const ALIASES: &str = "/sys/firmware/devicetree/base/aliases";
/// The most ports that are told, and of slots and of aliases.
const MAX_PORTS: usize = 4096;
/// The most devices that all ports together hang on; a thousand virtual functions have about as many.
const MAX_DEVICES: usize = 40_000;
const ETHERNET: u32 = 1;

/// Ports, and what they were named by.
pub(super) struct Ports {
    pub(super) ports: Vec<Port>,
    pub(super) naming_scheme: Option<String>,
}

/// The ports that are hardware, or that look so to udev: no bonds, VLANs, bridges, pairs or loopbacks.
pub(super) fn seen(reading: &Reading<'_>, devices: &Devices<'_>) -> Ports {
    let mut found = Ports { ports: Vec::new(), naming_scheme: None };
    let mut above = 0;
    for name in reading.needed_names(PORTS) {
        let Some(path) = reading.real(&format!("{PORTS}/{name}")) else { continue };
        let is_virtual = !path.starts_with(DEVICES) || path.starts_with("/sys/devices/virtual/");
        if !reading.is_directory(&path) || (is_virtual && !reading.is_there(&format!("{path}/device"))) {
            continue;
        }
        let record = match reading.number(&format!("{path}/ifindex")) {
            Some(ifindex) => UdevRecord::of_port(reading, ifindex),
            None => UdevRecord::default(),
        };
        let port = port(reading, devices, &name, &path, &record);
        above += port.devices.iter().map(|device| 1 + functions_above(device)).sum::<usize>();
        if found.ports.len() >= MAX_PORTS || above > MAX_DEVICES {
            reading.unseen(PORTS, "it has more ports than are told");
            break;
        }
        let scheme = record.property("ID_NET_NAMING_SCHEME");
        found.naming_scheme = found.naming_scheme.or(scheme);
        found.ports.push(port);
    }
    found
}

/// How many devices the physical function of a virtual one hangs on.
fn functions_above(device: &Device) -> usize {
    device
        .pci
        .as_ref()
        .and_then(|pci| pci.physical_function.as_ref())
        .map_or(0, |function| function.devices.len())
}

fn port(reading: &Reading<'_>, devices: &Devices<'_>, name: &str, path: &str, record: &UdevRecord) -> Port {
    let at = |attribute: &str| format!("{path}/{attribute}");
    let small = |attribute: &str| reading.small(&at(attribute));
    let value = |attribute: &str| reading.value(&at(attribute));
    let address = value("address");
    let has_own_address = reading.number(&at("addr_assign_type")).map(|by| by == 0);
    let hardware_type = small("type");
    let is_own = has_own_address == Some(true) && hardware_type == Some(ETHERNET);
    Port {
        name: shown(name, 255),
        permanent_mac: address.as_ref().filter(|_| is_own).and_then(|address| address.parse().ok()),
        address,
        has_own_address,
        hardware_type,
        kind: devices::kind(reading, path),
        is_stacked: match (reading.number(&at("ifindex")), reading.number(&at("iflink"))) {
            (None, None) => false,
            (own, below) => own != below,
        },
        name_given_by: small("name_assign_type"),
        driver: record.property("ID_NET_DRIVER").or_else(|| reading.target_name(&at("device/driver"))),
        firmware: None,
        // Without a carrier it is -1 or nothing, with some drivers the largest number.
        speed_mbps: small("speed").filter(|speed| *speed > 0 && *speed < u32::MAX),
        carrier: reading.flag(&at("carrier")),
        phys_port_name: reading.written(&at("phys_port_name")),
        phys_port_id: value("phys_port_id"),
        phys_switch_id: value("phys_switch_id"),
        dev_port: small("dev_port"),
        dev_id: small("dev_id"),
        database_name: record.property("ID_NET_NAME_FROM_DATABASE"),
        udev_properties: record.naming(),
        device_tree_node: devices::device_tree_node(reading, path),
        path: path.strip_prefix("/sys").filter(|_| path.starts_with(DEVICES)).map(|path| shown(path, 4096)),
        devices: devices.above(path),
    }
}

/// The firmware's PCI slots.
pub(super) fn pci_slots(reading: &Reading<'_>) -> BTreeMap<String, String> {
    values(reading, SLOTS, "/address")
}

/// The device tree's aliases.
pub(super) fn device_tree_aliases(reading: &Reading<'_>) -> BTreeMap<String, String> {
    let mut aliases = values(reading, ALIASES, "");
    // The node's own name.
    aliases.remove("name");
    aliases
}

/// By their names, the values below the names in a directory.
fn values(reading: &Reading<'_>, folder: &str, below: &str) -> BTreeMap<String, String> {
    let names = reading.names(folder);
    if names.len() > MAX_PORTS {
        reading.unseen(folder, "it has more names than are told");
    }
    let value = |name: String| Some((shown(&name, 255), reading.value(&format!("{folder}/{name}{below}"))?));
    names.into_iter().take(MAX_PORTS).filter_map(value).collect()
}
