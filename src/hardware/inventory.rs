//! What was found of a machine, as it is written down.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Port;
use crate::value::KernelVersion;
use crate::value::MacAddress;

/// The version of the format of an inventory.
pub const INVENTORY_SCHEMA: &str = "cotter.dev/inventory/1";

/// What was found of a machine. What could not be seen is absent, and said in `unseen`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Always [`INVENTORY_SCHEMA`].
    pub schema: String,
    /// Who saw it: `sysfs`, `lshw`, `ironic` or `redfish`.
    pub source: String,
    /// The machine as its firmware tells of it.
    #[serde(default)]
    pub system: System,
    /// How its firmware boots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_mode: Option<BootMode>,
    /// Its processors.
    #[serde(default)]
    pub processors: Processors,
    /// Its memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// The system that ran when it was looked at.
    #[serde(default)]
    pub running: Running,
    /// Its network ports, by name.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Its disks, by name.
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// The firmware's PCI slots, by their names in `/sys/bus/pci/slots`: the address without function, as in
    /// `0000:3b:00`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pci_slots: BTreeMap<String, String>,
    /// The device tree's aliases, as in `ethernet0` → `/soc/ethernet@deadbeef`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub device_tree_aliases: BTreeMap<String, String>,
    /// What could not be seen, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
}

/// A machine as its firmware tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Who made it, as in `Dell Inc.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is, as in `PowerEdge R640`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its serial number, on Dell machines the service tag. Only root may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its UUID. Only root may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The main board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
    /// Who made its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_vendor: Option<String>,
    /// The version of its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_version: Option<String>,
    /// The day of its firmware, as it is written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bios_date: Option<String>,
    /// Its management controller, if one was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management: Option<Management>,
}

/// A management controller (BMC): iDRAC, iLO and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Management {
    /// What it is, as in `iDRAC 9` or `IPMI 2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its own MAC address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddress>,
}

/// How firmware boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BootMode {
    /// UEFI.
    Uefi,
    /// The old way.
    Bios,
}

/// Processors, all together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processors {
    /// What they call themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// As in `x86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// How many sockets are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sockets: Option<u32>,
    /// How many threads there are in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
}

/// The system that ran when a machine was looked at: it gave the ports the names they had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The kernel, as in `6.5.6-300.fc39.x86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The kernel's arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_arguments: Option<String>,
    /// The system, as in `Fedora CoreOS 39.20231101.3.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The scheme that udev named the ports by, as in `v253`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naming_scheme: Option<String>,
}

/// A disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The kernel's name, as in `sda`; it may be another at the next boot.
    pub name: String,
    /// Its names in `/dev/disk/by-id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_id: Vec<String>,
    /// Its names in `/dev/disk/by-path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_path: Vec<String>,
    /// World Wide Name, as in `0x5000c500a1b2c3d4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wwn: Option<String>,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Whether it turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
    /// How it is attached: `nvme`, `sas`, `sata`, `usb`, `virtio` or `scsi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
}

/// Something that could not be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// What, as in `/sys/class/dmi/id/product_serial`.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Running {
    /// The kernel's version, if it is known and is one.
    pub fn version(&self) -> Option<KernelVersion> {
        self.kernel.as_ref()?.parse().ok()
    }
}

impl Inventory {
    /// The port with this permanent address; one whose permanent address was not seen is known by its current one.
    pub fn port(&self, mac: MacAddress) -> Option<&Port> {
        self.ports.iter().find(|port| port.mac() == Some(mac))
    }
}
