//! What udev says of this machine's ports and disks, through its own library.
//!
//! Its database below `/run/udev/data` is read too, where a machine was kept ([`crate::hardware::seen`]); its form is
//! udev's own affair, so of a machine that runs the library has the last word.

use std::io;

use udev::Device;
use udev::Enumerator;

use crate::hardware::Inventory;
use crate::hardware::decides_about_names;
use crate::value::printable;

/// Adds what udev says to an inventory of this machine. Where udev does not run, it says nothing.
pub(super) fn add(inventory: &mut Inventory) -> io::Result<()> {
    for device in devices("net")? {
        let name = device.sysname().to_string_lossy();
        let Some(port) = inventory.ports.iter_mut().find(|port| port.name == *name) else { continue };
        if let Some(scheme) = property(&device, "ID_NET_NAMING_SCHEME") {
            inventory.running.naming_scheme = Some(scheme);
        }
        port.database_name = property(&device, "ID_NET_NAME_FROM_DATABASE").or(port.database_name.take());
        for entry in device.properties() {
            let (key, value) = (entry.name().to_string_lossy(), entry.value().to_string_lossy());
            if decides_about_names(&key) {
                port.udev_properties.insert(printable(&key), printable(&value));
            }
        }
    }
    for device in devices("block")? {
        let name = device.sysname().to_string_lossy();
        let Some(disk) = inventory.disks.iter_mut().find(|disk| disk.name == *name) else { continue };
        let links = property(&device, "DEVLINKS").unwrap_or_default();
        for (folder, names) in
            [("/dev/disk/by-id/", &mut disk.by_id), ("/dev/disk/by-path/", &mut disk.by_path)]
        {
            names
                .extend(links.split_whitespace().filter_map(|link| link.strip_prefix(folder)).map(printable));
            names.sort();
            names.dedup();
        }
    }
    Ok(())
}

fn devices(subsystem: &str) -> io::Result<Vec<Device>> {
    let mut enumerator = Enumerator::new()?;
    enumerator.match_subsystem(subsystem)?;
    Ok(enumerator.scan_devices()?.collect())
}

fn property(device: &Device, name: &str) -> Option<String> {
    let value = device.property_value(name)?.to_string_lossy();
    (!value.is_empty()).then(|| printable(&value))
}
