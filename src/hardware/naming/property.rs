//! What udev's database says of a port, as far as an inventory tells it.

use super::net_id::Name;
use super::net_id::Names;
use crate::hardware::Port;

/// A property once systemd's rule has described the port, with nothing in it if there is none; nothing if that cannot be
/// told.
pub(super) fn property(port: &Port, names: &Names, key: &str) -> Option<String> {
    let name = |name: &Option<Name>| name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
    Some(match key {
        "ID_NET_NAME_ONBOARD" => name(&names.onboard),
        "ID_NET_NAME_SLOT" => name(&names.slot),
        "ID_NET_NAME_PATH" => name(&names.path),
        "ID_NET_NAME_MAC" => name(&names.mac),
        "ID_NET_NAME_FROM_DATABASE" => name(&names.database),
        "ID_PATH" => port.bus_path()?,
        "ID_NET_DRIVER" => port.driver.clone()?,
        "ID_BUS" if is_on_usb(port) => "usb".to_owned(),
        "ID_BUS" if port.pci_device().is_some() => "pci".to_owned(),
        "ID_VENDOR_ID" => id(port, 0)?,
        "ID_MODEL_ID" => id(port, 1)?,
        _ => return None,
    })
}

fn is_on_usb(port: &Port) -> bool {
    port.devices.iter().any(|device| device.usb_id.is_some())
}

/// One of the numbers of what it is: those of USB have no `0x`.
fn id(port: &Port, place: usize) -> Option<String> {
    if let Some(usb) = port.devices.iter().find_map(|device| device.usb_id.as_ref()) {
        return usb.split(':').nth(place).map(str::to_owned);
    }
    let id = port.pci_device()?.pci.as_ref()?.id.as_ref()?;
    Some(format!("0x{}", id.split([':', ' ']).nth(place)?))
}
