//! What a kind of machine is made of, as its table says.

use serde::Deserialize;

use crate::hardware::BootMode;

/// What a machine calls itself in DMI; nothing for a kind that cannot be known by it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its makers' names.
    pub vendor: Vec<String>,
    /// Its names.
    pub product: Vec<String>,
    /// Where that is written.
    pub source: String,
}

/// How a machine boots.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// The ways it can.
    pub boot_modes: Vec<BootMode>,
    /// The way to suppose where nothing is known.
    pub default: BootMode,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A machine's memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Places for modules.
    pub slots: Option<u32>,
    /// What it is sold with at least.
    pub least_gib: Option<u64>,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A machine's processors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sockets {
    /// Places for them.
    pub sockets: u32,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// Where the serial console is that can be had over the network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// As in the kernel argument `console=`.
    pub serial: String,
    /// What to know of it.
    #[serde(default)]
    pub note: String,
    /// The places it can be, and what decides.
    #[serde(default)]
    pub choices: Vec<ConsoleChoice>,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A place of the console.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleChoice {
    /// As in the kernel argument `console=`.
    pub serial: String,
    /// The setting of the firmware that puts it there.
    pub setting: String,
}

/// A machine's management controller.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bmc {
    /// What it is: `idrac9`, `ilo5`, …
    pub kind: String,
    /// The machine's path in Redfish.
    pub redfish_system: String,
    /// The controller's path in Redfish.
    pub redfish_manager: String,
    /// Paths of a CD drive in Redfish, the first to be tried first.
    #[serde(default)]
    pub virtual_media: Vec<String>,
    /// The network port that it shows to the machine.
    pub host_port: Option<HostPort>,
    /// What to know of it.
    #[serde(default)]
    pub note: String,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A network port that a management controller shows to its machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostPort {
    /// Its vendor and product on the USB.
    pub usb: Option<String>,
    /// The kernel module that drives it.
    pub driver: Option<String>,
    /// What udev calls it, if its database has a name for it.
    pub name: Option<String>,
    /// Where that is written.
    pub source: String,
}

/// A network card on board.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// Its name here.
    pub name: String,
    /// Its name by its maker.
    pub title: String,
    /// The kernel module that drives it.
    pub driver: String,
    /// Whether to suppose it where nothing is known.
    #[serde(default)]
    pub default: bool,
    /// Whether every machine of the kind has it.
    #[serde(default)]
    pub fixed: bool,
    /// Its ports.
    #[serde(rename = "port")]
    pub ports: Vec<NicPort>,
    /// What to know of it.
    #[serde(default)]
    pub note: String,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A port of a network card on board.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NicPort {
    /// The firmware's number, as in `eno1`; nothing where the firmware gives none.
    pub index: Option<u32>,
    /// The firmware's words for it.
    pub label: Option<String>,
    /// Redfish's word for it.
    pub redfish: Option<String>,
    /// Where it was seen on the PCI bus.
    pub pci: Option<String>,
    /// The kernel module, where it is not the card's.
    pub driver: Option<String>,
    /// How fast it can be.
    pub speed_gbps: u32,
}

/// A PCIe slot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its number, as in `ens1`.
    pub number: u32,
    /// What to know of it.
    #[serde(default)]
    pub note: String,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// What disks may hang on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskController {
    /// Its name.
    pub name: String,
    /// The kernel module that drives it.
    pub driver: String,
    /// How names of its disks look in `/dev/disk/by-id`.
    pub by_id: Option<String>,
    /// The first disk in `/dev/disk/by-path`, where it was seen.
    pub by_path: Option<String>,
    /// What to know of it.
    #[serde(default)]
    pub note: String,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// What goes wrong on a machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trap {
    /// Its name.
    pub name: String,
    /// What happens.
    pub what: String,
    /// What to do.
    #[serde(rename = "do")]
    pub remedy: String,
    /// Where that is written.
    pub source: String,
    /// Whether it was seen on this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

fn verified() -> bool {
    true
}
