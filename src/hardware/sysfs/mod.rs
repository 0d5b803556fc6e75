//! What Linux says of its hardware in `/sys`, `/proc` and udev's database, of a machine that runs or of a tree that was kept.
//!
//! The tree may come from a broken or hostile machine: nothing in it can make the answer endless, and nothing that
//! cannot be shown gets into it.

mod devices;
mod disks;
mod ports;
mod reading;
mod system;
mod udev_record;

use super::INVENTORY_SCHEMA;
use super::Inventory;
use crate::tree::Tree;
use reading::Reading;

/// What is seen in a tree that has `/sys`, `/proc` and `/run` where Linux has them, as far as it has them.
///
/// An attribute that is not there is absent. What is there and cannot be read, and what every running system has and this
/// tree lacks, is unseen.
pub fn seen(tree: &dyn Tree) -> Inventory {
    let reading = Reading::of(tree);
    let has_sysfs = !reading.names("/sys").is_empty();
    if !has_sysfs {
        reading.unseen("/sys", "it is not there or empty: ports, disks and firmware are not seen");
    }
    let running = system::running(&reading);
    let mut inventory = Inventory {
        schema: INVENTORY_SCHEMA.to_owned(),
        source: "sysfs".to_owned(),
        processors: system::processors(&reading, running.kernel.as_deref()),
        memory_mib: system::memory_mib(&reading),
        running,
        ..Inventory::default()
    };
    if has_sysfs {
        let devices = devices::Devices::of(&reading);
        let ports = ports::seen(&reading, &devices);
        inventory.running.naming_scheme =
            ports.naming_scheme.or_else(|| system::asked_scheme(&inventory.running));
        inventory.ports = ports.ports;
        inventory.disks = disks::seen(&reading, &devices);
        inventory.system = system::system(&reading);
        inventory.boot_mode = system::boot_mode(&reading, &inventory.system);
        inventory.pci_slots = ports::pci_slots(&reading);
        inventory.device_tree_aliases = ports::device_tree_aliases(&reading);
    }
    inventory.unseen = reading.all_unseen();
    inventory
}
