//! Ports in Redfish: the same one is told of by up to five resources, which are put together by address and name.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::redfish::Resources;
use super::redfish::path;
use super::words::list;
use super::words::mac;
use super::words::number;
use super::words::pci_address;
use super::words::pci_device;
use super::words::pci_number;
use super::words::positive;
use super::words::word;
use crate::hardware::Device;
use crate::hardware::Port;
use crate::value::MacAddress;

/// The ports of a machine.
pub fn read(all: &Resources<'_>) -> Vec<Port> {
    let devices = devices(all);
    let mut ports = Ports::default();
    let mut of_functions = BTreeSet::new();
    for function in all.of("NetworkDeviceFunction") {
        ports.add(of_function(all, function, &devices));
        of_functions.extend(port_of(all, function).and_then(path));
    }
    // What iLO 5 has, iLO 4 had, and the name without a maker.
    for kind in ["HpeBaseNetworkAdapter", "HpBaseNetworkAdapter", "BaseNetworkAdapter"] {
        for adapter in all.of(kind) {
            of_hpe_adapter(adapter).into_iter().for_each(|port| ports.add(Some(port)));
        }
    }
    for interface in all.of("EthernetInterface") {
        ports.add(of_interface(interface, &devices));
    }
    for port in ["Port", "NetworkPort"].into_iter().flat_map(|kind| all.of(kind)) {
        // One with a function is told of by that.
        if path(port).is_none_or(|path| !of_functions.contains(path)) {
            ports.add(of_network_port(all, port));
        }
    }
    ports.all
}

/// Whether a port is a management controller's own.
pub fn is_of_manager(interface: &Value) -> bool {
    path(interface).is_some_and(|path| path.contains("/Managers/"))
}

#[derive(Default)]
struct Ports {
    all: Vec<Port>,
    by_mac: BTreeMap<MacAddress, usize>,
    by_name: BTreeMap<String, usize>,
}

impl Ports {
    /// Adds a port, or what is new of one that is there.
    fn add(&mut self, port: Option<Port>) {
        let Some(port) = port else { return };
        // Some resources tell the permanent address alone, and some the present one.
        let present = port.address.as_ref().and_then(|address| address.parse().ok());
        let addresses: Vec<MacAddress> = [port.permanent_mac, present].into_iter().flatten().collect();
        let known = match addresses.iter().find_map(|mac| self.by_mac.get(mac)) {
            None if addresses.is_empty() => self.by_name.get(&port.name),
            known => known,
        };
        let at = known.copied().unwrap_or(self.all.len());
        for mac in addresses {
            self.by_mac.entry(mac).or_insert(at);
        }
        self.by_name.entry(port.name.clone()).or_insert(at);
        match self.all.get_mut(at) {
            None => self.all.push(port),
            Some(known) => {
                known.address = known.address.take().or(port.address);
                known.permanent_mac = known.permanent_mac.or(port.permanent_mac);
                known.has_own_address = known.has_own_address.or(port.has_own_address);
                known.firmware = known.firmware.take().or(port.firmware);
                known.speed_mbps = known.speed_mbps.or(port.speed_mbps);
                known.carrier = known.carrier.or(port.carrier);
                if known.devices.is_empty() {
                    known.devices = port.devices;
                }
            }
        }
    }
}

/// A function of a card, or a part of one: what udev makes a port of.
fn of_function(all: &Resources<'_>, function: &Value, devices: &BTreeMap<String, Device>) -> Option<Port> {
    let is_infiniband = word(function, "/NetDevFuncType").as_deref() == Some("InfiniBand");
    let permanent_mac = mac(function, "/Ethernet/PermanentMACAddress");
    let current = mac(function, "/Ethernet/MACAddress");
    if permanent_mac.is_none() && current.is_none() && !is_infiniband {
        return None;
    }
    let port = port_of(all, function);
    let carrier = port.and_then(carrier);
    let linked = path(function.pointer("/Links/PCIeFunction").unwrap_or(&Value::Null));
    let device = path(function).and_then(|path| devices.get(path)).or_else(|| devices.get(linked?));
    let of_path = || Some(pci_device(address_in_path(linked?)?, None));
    Some(Port {
        name: name(function)?,
        address: current.map(|mac| mac.to_string()),
        permanent_mac,
        has_own_address: own(current, permanent_mac),
        hardware_type: Some(if is_infiniband { 32 } else { 1 }),
        // Dell tells it for each function, others for the card.
        firmware: word(function, "/Oem/Dell/DellNIC/FamilyVersion").or_else(|| firmware(all, function)),
        speed_mbps: port.filter(|_| carrier == Some(true)).and_then(speed_mbps),
        carrier,
        devices: device.cloned().or_else(of_path).into_iter().collect(),
        ..Port::default()
    })
}

/// The socket for a cable that a function is led to.
fn port_of<'a>(all: &Resources<'a>, function: &Value) -> Option<&'a Value> {
    let links = [
        "/Links/PhysicalNetworkPortAssignment",
        "/Links/PhysicalPortAssignment",
        "/PhysicalPortAssignment",
        "/AssignablePhysicalNetworkPorts/0",
        "/AssignablePhysicalPorts/0",
    ];
    links.iter().find_map(|link| all.linked(function, link))
}

fn of_interface(interface: &Value, devices: &BTreeMap<String, Device>) -> Option<Port> {
    if is_of_manager(interface) || word(interface, "/EthernetInterfaceType").as_deref() == Some("Virtual") {
        return None;
    }
    let permanent_mac = mac(interface, "/PermanentMACAddress");
    let current = mac(interface, "/MACAddress");
    let carrier = carrier(interface);
    let device = path(interface).and_then(|path| devices.get(path)).cloned();
    // Nobody can tell one without an address from another.
    (permanent_mac.is_some() || current.is_some()).then_some(())?;
    Some(Port {
        name: name(interface)?,
        address: current.map(|mac| mac.to_string()),
        permanent_mac,
        has_own_address: own(current, permanent_mac),
        hardware_type: Some(1),
        speed_mbps: positive(interface, "/SpeedMbps").filter(|_| carrier == Some(true)),
        carrier,
        devices: device.into_iter().collect(),
        ..Port::default()
    })
}

/// A socket for a cable. Its first address is that of the function on it, unless the card is divided.
fn of_network_port(all: &Resources<'_>, port: &Value) -> Option<Port> {
    let addresses = ["/Ethernet/AssociatedMACAddresses", "/AssociatedNetworkAddresses"];
    let address = addresses.into_iter().flat_map(|at| list(port, at)).find_map(|address| mac(address, ""))?;
    let carrier = carrier(port);
    Some(Port {
        name: name(port)?,
        address: Some(address.to_string()),
        hardware_type: Some(1),
        firmware: firmware(all, port),
        speed_mbps: speed_mbps(port).filter(|_| carrier == Some(true)),
        carrier,
        ..Port::default()
    })
}

/// An adapter in iLO's own words: one name for the card, and its ports in order.
fn of_hpe_adapter(adapter: &Value) -> Vec<Port> {
    let Some(card) = word(adapter, "/StructuredName").or_else(|| word(adapter, "/Id")) else {
        return Vec::new();
    };
    let ports = list(adapter, "/PhysicalPorts").iter().zip(1..);
    let of_port = |(port, number): (&Value, u32)| {
        let address = mac(port, "/MacAddress")?;
        let carrier = carrier(port);
        Some(Port {
            name: format!("{card} port {number}"),
            address: Some(address.to_string()),
            hardware_type: Some(1),
            firmware: word(adapter, "/Firmware/Current/VersionString"),
            speed_mbps: positive(port, "/SpeedMbps").filter(|_| carrier == Some(true)),
            carrier,
            ..Port::default()
        })
    };
    ports.filter_map(of_port).collect()
}

/// One that was given another address may have it from the controller or from a system: nobody tells.
fn own(current: Option<MacAddress>, permanent: Option<MacAddress>) -> Option<bool> {
    (current.is_some() && current == permanent).then_some(true)
}

/// What the controller calls a port: its `Id`, where that is one for the machine; else behind its card's.
fn name(resource: &Value) -> Option<String> {
    let id = word(resource, "/Id")?;
    let card = path(resource).and_then(|path| path.split_once("/NetworkAdapters/")?.1.split('/').next());
    Some(match card {
        Some(card) if !id.contains('.') => format!("{}/{id}", crate::value::printable(card)),
        _ => id,
    })
}

fn carrier(port: &Value) -> Option<bool> {
    match word(port, "/LinkStatus")?.as_str() {
        "LinkUp" | "Up" => Some(true),
        "LinkDown" | "Down" | "NoLink" => Some(false),
        _ => None,
    }
}

fn speed_mbps(port: &Value) -> Option<u32> {
    let gbps =
        port.get("CurrentSpeedGbps").and_then(Value::as_f64).filter(|gbps| (0.001..1e6).contains(gbps));
    positive(port, "/CurrentLinkSpeedMbps").or_else(|| Some((gbps? * 1000.0).round() as u32))
}

/// The firmware of the card that a function or a port is on.
fn firmware(all: &Resources<'_>, part: &Value) -> Option<String> {
    let own = path(part)?;
    let folders = ["/NetworkDeviceFunctions/", "/NetworkPorts/", "/Ports/"];
    let card = folders.iter().find_map(|folder| all.at(own.split_once(folder)?.0))?;
    list(card, "/Controllers").iter().find_map(|controller| word(controller, "/FirmwarePackageVersion"))
}

/// PCI functions, by the paths of themselves and of what they lead to.
fn devices(all: &Resources<'_>) -> BTreeMap<String, Device> {
    let mut devices = BTreeMap::new();
    for function in all.of("PCIeFunction") {
        let Some(address) = address(function) else { continue };
        let parts = ["/VendorId", "/DeviceId", "/SubsystemVendorId", "/SubsystemId"];
        let id = match parts.map(|at| pci_number(function, at)) {
            [Some(vendor), Some(device), Some(of), Some(subsystem)] => {
                Some(format!("{vendor}:{device} {of}:{subsystem}"))
            }
            [Some(vendor), Some(device), ..] => Some(format!("{vendor}:{device}")),
            _ => None,
        };
        let device = pci_device(address, id);
        let linked = ["/Links/NetworkDeviceFunctions", "/Links/EthernetInterfaces"];
        let linked = linked.into_iter().flat_map(|at| list(function, at)).filter_map(path);
        for path in linked.chain(path(function)) {
            devices.entry(path.to_owned()).or_insert_with(|| device.clone());
        }
    }
    devices
}

/// The address of a PCIeFunction: its own numbers, else Dell's name for it.
fn address(function: &Value) -> Option<String> {
    let part = |at: &str| match word(function, at) {
        Some(text) => u64::from_str_radix(text.trim_start_matches("0x"), 16).ok(),
        None => number(function, at),
    };
    let numbers = || {
        let (bus, device, of_device) =
            (part("/BusNumber")?, part("/DeviceNumber")?, part("/FunctionNumber")?);
        let segment = part("/SegmentNumber").unwrap_or_default();
        pci_address(&format!("{segment:04x}:{bus:02x}:{device:02x}.{of_device:x}"))
    };
    numbers().or_else(|| address_in_path(path(function)?))
}

/// iDRAC names functions by bus, device and function in decimal, as in
/// `/redfish/v1/Systems/System.Embedded.1/PCIeDevices/24-0/PCIeFunctions/24-0-1`.
fn address_in_path(path: &str) -> Option<String> {
    let (system, function) = path.split_once("/PCIeFunctions/")?;
    if !system.contains("/System.Embedded.") {
        return None;
    }
    let mut numbers = function.split('-').map(|part| part.parse::<u8>().ok());
    let (bus, device, of_device) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() {
        return None;
    }
    pci_address(&format!("0000:{bus:02x}:{device:02x}.{of_device:x}"))
}
