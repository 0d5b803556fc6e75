//! What a port's name told, where nobody looked into sysfs: a port that was called `eno1` has the firmware's number 1.

use std::borrow::Cow;

use crate::hardware::Device;
use crate::hardware::Inventory;
use crate::hardware::PciFunction;
use crate::hardware::Port;
use crate::hardware::Profile;

/// Who sees all of what names are made of.
const COMPLETE: [&str; 2] = ["sysfs", "profile"];

/// What a name told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    index: Option<u32>,
    slot: Option<u32>,
    port_name: Option<String>,
    dev_port: Option<u32>,
}

/// An inventory with what the names in it tell; as it is, if whoever took it saw what names are made of.
pub(super) fn with_what_names_told(inventory: &Inventory) -> Cow<'_, Inventory> {
    if COMPLETE.contains(&inventory.source.as_str()) {
        return Cow::Borrowed(inventory);
    }
    let system = &inventory.system;
    let profile = system.vendor.as_ref().zip(system.product.as_ref());
    let profile = profile.and_then(|(vendor, product)| Profile::of(vendor, product));
    let mut inventory = inventory.clone();
    for port in &mut inventory.ports {
        let by_bmc = || Some(Told { index: profile?.index_of(&port.name), ..Told::default() });
        if let Some(told) = told(&port.name).or_else(by_bmc) {
            add(port, told);
        }
    }
    Cow::Owned(inventory)
}

/// Adds what was told and not seen.
fn add(port: &mut Port, told: Told) {
    port.phys_port_name = port.phys_port_name.take().or(told.port_name);
    port.dev_port = port.dev_port.or(told.dev_port);
    if told.index.is_none() && told.slot.is_none() {
        return;
    }
    let is_pci = |device: &Device| device.subsystem.as_deref() == Some("pci");
    if !port.devices.iter().any(is_pci) {
        // It is on some function, wherever that is.
        port.devices.push(Device { subsystem: Some("pci".into()), ..Device::default() });
    }
    let function = port.devices.iter_mut().find(|device| is_pci(device));
    let Some(pci) = function.map(|device| device.pci.get_or_insert_with(PciFunction::default)) else {
        return;
    };
    pci.told_index = told.index;
    pci.told_slot = told.slot;
}

impl Profile {
    /// The firmware's number of the port that Redfish calls so, on machines of this kind.
    fn index_of(&self, redfish: &str) -> Option<u32> {
        let ports = self.nics.iter().flat_map(|nic| &nic.ports);
        ports.filter(|port| port.redfish.as_deref() == Some(redfish)).find_map(|port| port.index)
    }
}

/// Takes a name of udev's apart: `eno1np0`, `ens3f1d1`, `enp24s0f0np0`. Nothing if it is none, or one of a virtual function.
fn told(name: &str) -> Option<Told> {
    let mut rest = name.strip_prefix("en").or_else(|| name.strip_prefix("ib"))?;
    if let Some(after) = rest.strip_prefix('P') {
        (_, rest) = number(after)?;
    }
    let mut told = Told::default();
    if let Some(after) = rest.strip_prefix('o') {
        let (index, after) = number(after)?;
        (told.index, rest) = (Some(index), after);
    } else {
        if let Some(after) = rest.strip_prefix('p') {
            (_, rest) = number(after)?;
            (_, rest) = number(rest.strip_prefix('s')?)?;
        } else {
            let (slot, after) = number(rest.strip_prefix('s')?)?;
            (told.slot, rest) = (Some(slot), after);
        }
        if let Some(after) = rest.strip_prefix('f') {
            (_, rest) = number(after)?;
        }
    }
    match rest.as_bytes() {
        [] => {}
        [b'n', name @ ..] if !name.is_empty() => told.port_name = rest.get(1..).map(str::to_owned),
        [b'd', ..] => {
            told.dev_port = number(&rest[1..]).filter(|(_, after)| after.is_empty()).map(|(number, _)| number)
        }
        _ => return None,
    }
    Some(told)
}

/// The number that a text begins with, and what comes after it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::Told;
    use super::told;

    #[test]
    fn names_are_taken_apart() {
        let of = |index, slot, name: Option<&str>, dev_port| {
            Some(Told { index, slot, port_name: name.map(str::to_owned), dev_port })
        };
        for (name, wanted) in [
            ("eno1", of(Some(1), None, None, None)),
            ("eno12399np0", of(Some(12399), None, Some("p0"), None)),
            ("ens3f1", of(None, Some(3), None, None)),
            ("ens3f1d1", of(None, Some(3), None, Some(1))),
            ("enp24s0f0np0", of(None, None, Some("p0"), None)),
            ("enP2p1s0", of(None, None, None, None)),
            ("ibp130s0", of(None, None, None, None)),
            ("eno1v3", None),
            ("enp0s20f0u14", None),
            ("enxe4434b0a0001", None),
            ("eth0", None),
            ("NIC.Integrated.1-1-1", None),
            ("en", None),
            ("eno99999999999", None),
        ] {
            assert_eq!(told(name), wanted, "{name}");
        }
    }
}
