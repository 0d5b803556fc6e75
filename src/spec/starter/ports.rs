//! The lines of a starter's ports.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::words::comment;
use super::words::speed;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::profile::Nic;
use crate::hardware::profile::NicPort;
use crate::value::MacAddress;

/// The kernel's number of Ethernet among the hardware types.
const ETHERNET: u32 = 1;
/// Drivers of virtual functions alone.
const VIRTUAL: [&str; 4] = ["iavf", "i40evf", "igbvf", "ixgbevf"];

/// Comments stand below each other behind lines that are no longer.
const MOST_WIDTH: usize = 72;

/// A port as it is written down.
struct Line {
    mac: Option<MacAddress>,
    /// What it is, for a person.
    says: String,
    /// Whether nobody is at the other end of its cable.
    is_idle: bool,
}

/// The lines of the ports that were found, the one for management first, and whether that one's address is known; nothing if
/// there is none.
///
/// `settings` is what a starter says of its first port after the address.
pub(super) fn found(
    inventory: &Inventory,
    default_route: Option<&str>,
    settings: &str,
) -> Option<(Vec<String>, bool)> {
    let (mut left_out, mut real): (Vec<String>, Vec<&Port>) = (Vec::new(), Vec::new());
    for port in &inventory.ports {
        match why_not(port) {
            Some(why) => left_out.push(format!("{} ({why})", comment(&port.name))),
            None => real.push(port),
        }
    }
    real.sort_by_key(|port| (index(port).unwrap_or(u32::MAX), port.pci_address(), &port.name));
    let has_route = |port: &&Port| Some(port.name.as_str()) == default_route;
    let first = real.iter().position(has_route);
    let first = first.or_else(|| real.iter().position(|port| port.carrier == Some(true))).unwrap_or(0);
    if first < real.len() {
        let first = real.remove(first);
        real.insert(0, first);
    }
    let mut seen: BTreeMap<MacAddress, usize> = BTreeMap::new();
    real.iter().filter_map(|port| own_address(port)).for_each(|mac| *seen.entry(mac).or_default() += 1);
    let line = |port: &&Port| Line {
        // An address that two ports have is neither's own.
        mac: own_address(port).filter(|mac| seen.get(mac) == Some(&1)),
        says: says(port, inventory),
        is_idle: port.carrier == Some(false),
    };
    let lines: Vec<Line> = real.iter().map(line).collect();
    let has_address = lines.first()?.mac.is_some();
    let addresses = inventory.ports.iter().flat_map(|port| {
        let current = port.address.as_ref().and_then(|address| address.parse().ok());
        [port.permanent_mac, current].into_iter().flatten()
    });
    let mut lines = written(&lines, &addresses.collect(), settings);
    if !left_out.is_empty() {
        lines.push(format!("    # left out: {}", left_out.join(", ")));
    }
    Some((lines, has_address))
}

/// The lines of the ports that a machine with this card has.
pub(super) fn supposed(nic: &Nic, settings: &str) -> Vec<String> {
    let line = |port: &NicPort| {
        let name = port.index.map(|index| format!("eno{index}"));
        let parts = [name, port.label.clone(), port.redfish.clone(), Some(speed(port.speed_gbps * 1000))];
        let says = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Line { mac: None, says, is_idle: false }
    };
    let lines: Vec<Line> = nic.ports.iter().map(line).collect();
    let mut written = written(&lines, &BTreeSet::new(), settings);
    written.insert(0, format!("    # The ports of its usual card: {}.", nic.title));
    written
}

/// The names are ours: the first port is for management, and the others are for data. An address that is not known is none
/// of those that were `seen`.
fn written(lines: &[Line], seen: &BTreeSet<MacAddress>, settings: &str) -> Vec<String> {
    // The starters' own addresses, which are right in form.
    let mut unknown = (1..=u16::MAX)
        .map(|n| format!("e4:43:4b:0a:{:02x}:{:02x}", n >> 8, n & 0xff))
        .filter(|text| text.parse().is_ok_and(|mac| !seen.contains(&mac)));
    let asks = !settings.contains("dhcp: true");
    let mut written = Vec::new();
    for (position, line) in lines.iter().enumerate() {
        let is_first = position == 0;
        let name = if is_first { "mgmt0".to_owned() } else { format!("data{}", position - 1) };
        let mac = line.mac.map(|mac| mac.to_string()).or_else(|| unknown.next()).unwrap_or_default();
        // One port must be there, or nobody could reach the machine.
        let off = if line.is_idle && !is_first { "# " } else { "" };
        let settings = if is_first { settings } else { "" };
        let is_local = line.mac.is_some_and(MacAddress::is_locally_administered);
        let change = match (line.mac.is_none(), is_first && asks) {
            (true, true) => "CHANGE both addresses: ",
            (true, false) => "CHANGE the MAC address: ",
            (false, true) => "CHANGE the address: ",
            (false, false) if is_local => "CHANGE unless this address lasts, which no maker gave: ",
            (false, false) => "",
        };
        let item = format!("    {off}- {{name: {name}, mac: \"{mac}\"{settings}}}");
        written.push((item, format!("{change}{}", line.says)));
    }
    let width = written.iter().map(|(item, _)| item.len()).filter(|width| *width <= MOST_WIDTH);
    let width = width.max().unwrap_or_default();
    written.into_iter().map(|(item, says)| format!("{item:width$}   # {says}")).collect()
}

/// Why a port is none to be written down, if it is none.
fn why_not(port: &Port) -> Option<&'static str> {
    let functions = || port.devices.iter().filter_map(|device| device.pci.as_ref());
    let is_virtual = functions().any(|pci| pci.physical_function.is_some())
        || port.driver.as_deref().is_some_and(|driver| VIRTUAL.contains(&driver));
    // An uplink of the switch on a card is `p0`; what stands for a function is `pf0vf1`, `c1pf0sf3` and the like.
    let is_representor = port.phys_switch_id.is_some()
        && port.phys_port_name.as_deref().is_some_and(|name| name.contains("pf"));
    match port {
        _ if port.is_of_bmc() => Some("the BMC's"),
        _ if is_virtual => Some("a virtual function"),
        _ if is_representor => Some("stands for a function of its card"),
        Port { is_stacked: true, .. } => Some("stands on another port"),
        Port { kind: Some(_), .. } => Some("no port for a cable"),
        Port { hardware_type: Some(kind), .. } if *kind != ETHERNET => Some("no Ethernet"),
        _ => None,
    }
}

/// The address that the port has of itself, as far as that is known.
fn own_address(port: &Port) -> Option<MacAddress> {
    let current = || port.address.as_ref().filter(|_| port.has_own_address != Some(false))?.parse().ok();
    port.permanent_mac.or_else(current)
}

/// The firmware's number.
fn index(port: &Port) -> Option<u32> {
    let pci = port.pci_device()?.pci.as_ref()?;
    pci.acpi_index.or(pci.smbios_index)
}

/// A port in a few words.
fn says(port: &Port, inventory: &Inventory) -> String {
    let name = comment(&port.name);
    // A management controller has names of its own.
    let name = if inventory.source == "redfish" { name } else { format!("{name} now") };
    let place: Vec<String> =
        [port.driver.as_deref(), port.pci_address()].into_iter().flatten().map(comment).collect();
    let label = port.pci_device().and_then(|device| device.pci.as_ref()?.label.as_deref());
    let speed = match (port.carrier, port.speed_mbps) {
        (Some(false), _) => Some("no carrier".to_owned()),
        (_, Some(mbps)) => Some(speed(mbps)),
        _ => None,
    };
    let parts = [Some(name), Some(place.join(" ")), label.map(comment), speed];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
