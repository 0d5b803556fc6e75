//! What udev's rules and its hardware database let names be made of (`ID_NET_NAME_ALLOW…`, systemd 256 and later).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::hardware::Device;
use crate::hardware::Port;
use crate::hardware::number::truth;

/// True for a property of udev's that decides which names a port may get (systemd.net-naming-scheme(7)).
pub fn decides_about_names(property: &str) -> bool {
    property.starts_with("ID_NET_NAME_ALLOW") || property == "ID_NET_NAME_INCLUDE_DOMAIN"
}

/// True if an attribute may be looked at. A word that is no truth forbids it, too.
fn allows(properties: &BTreeMap<String, String>, attribute: &str) -> bool {
    let of_attribute = properties.get(&format!("ID_NET_NAME_ALLOW_{attribute}"));
    let said = of_attribute.or_else(|| properties.get("ID_NET_NAME_ALLOW"));
    said.is_none_or(|word| truth(word) == Some(true))
}

/// True if the number of the port on its function may be looked at: without it, nothing of the card names the port.
pub(super) fn allows_port_number(port: &Port) -> bool {
    allows(&port.udev_properties, "DEV_PORT")
}

/// A port without what may not be looked at. Nothing if nothing may name it.
pub(super) fn allowed(port: &Port) -> Option<Cow<'_, Port>> {
    let has_any = !port.udev_properties.is_empty();
    if !has_any && port.devices.iter().all(|device| device.udev_properties.is_empty()) {
        return Some(Cow::Borrowed(port));
    }
    let may = |attribute: &str| allows(&port.udev_properties, attribute);
    if !may("IFLINK") || !may("TYPE") {
        return None;
    }
    let mut port = port.clone();
    let own = port.udev_properties.clone();
    let may = |attribute: &str| allows(&own, attribute);
    port.address = port.address.filter(|_| may("ADDRESS"));
    port.has_own_address = port.has_own_address.filter(|_| may("ADDR_ASSIGN_TYPE"));
    port.phys_port_name = port.phys_port_name.filter(|_| may("PHYS_PORT_NAME"));
    port.devices.iter_mut().for_each(limit);
    Some(Cow::Owned(port))
}

fn limit(device: &mut Device) {
    let properties = &device.udev_properties;
    let may = |attribute: &str| allows(properties, attribute);
    device.subfunction = device.subfunction.filter(|_| may("SFNUM"));
    let Some(pci) = &mut device.pci else { return };
    pci.acpi_index = pci.acpi_index.filter(|_| may("ACPI_INDEX"));
    pci.smbios_index = pci.smbios_index.filter(|_| may("INDEX"));
    pci.label = pci.label.take().filter(|_| may("LABEL"));
    pci.class = pci.class.take().filter(|_| may("MODALIAS"));
    pci.has_ari = pci.has_ari && may("ARI_ENABLED");
    pci.function_id = pci.function_id.filter(|_| may("FUNCTION_ID"));
    pci.slot_number = pci.slot_number.filter(|_| may("FIRMWARE_NODE/SUN"));
    if let Some(physical) = &mut pci.physical_function {
        physical.devices.iter_mut().for_each(limit);
    }
}
