//! Kinds of machines, as far as they are known, from `profiles/*.toml`.
//!
//! To add one:
//! 1. write `src/hardware/profiles/<name>.toml` in the shape that `dell-r640.toml` explains, every fact with its source;
//! 2. add it to `FILES`, by name;
//! 3. `COTTER_BLESS=1 cargo test --test suite hardware` writes `docs/hardware.md` anew.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const FILES: [(&str, &str); 6] = [
    ("dell-r640", include_str!("profiles/dell-r640.toml")),
    ("dell-r650", include_str!("profiles/dell-r650.toml")),
    ("dell-r750", include_str!("profiles/dell-r750.toml")),
    ("generic-uefi", include_str!("profiles/generic-uefi.toml")),
    ("hpe-dl360-gen10", include_str!("profiles/hpe-dl360-gen10.toml")),
    ("supermicro-x11", include_str!("profiles/supermicro-x11.toml")),
];

static PROFILES: LazyLock<Vec<Profile>> =
    // The tables are part of the program; the test below holds that each can be read.
    LazyLock::new(|| FILES.iter().filter_map(|(_, text)| toml::from_str(text).ok()).collect());

/// A kind of machine, and what is known of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name here.
    pub name: String,
    /// Its name by its maker.
    pub title: String,
    /// What it calls itself.
    pub system: System,
    /// How it boots.
    pub firmware: Firmware,
    /// Its memory.
    pub memory: Option<Memory>,
    /// Its processors.
    pub processors: Option<Processors>,
    /// Where its serial console is.
    pub console: Console,
    /// Its management controller.
    pub bmc: Option<Bmc>,
    /// The network cards that it can have on board.
    #[serde(default, rename = "nic")]
    pub nics: Vec<Nic>,
    /// Its PCIe slots.
    #[serde(default, rename = "slot")]
    pub slots: Vec<Slot>,
    /// What its disks may hang on.
    #[serde(default, rename = "disk_controller")]
    pub disk_controllers: Vec<DiskController>,
    /// What goes wrong on it.
    #[serde(default, rename = "trap")]
    pub traps: Vec<Trap>,
}

/// What a machine calls itself in DMI; nothing for a kind that cannot be known by it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
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
    pub boot_modes: Vec<BootWay>,
    /// The way it is delivered with.
    pub default: BootWay,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain of this kind.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A way to boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootWay {
    /// By UEFI.
    Uefi,
    /// As a PC of old.
    Bios,
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
pub struct Processors {
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

/// All kinds that are known, by name.
pub fn profiles() -> &'static [Profile] {
    &PROFILES
}

impl Profile {
    /// The kind of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        profiles().iter().find(|profile| profile.name == name)
    }

    /// The kind that a machine is by what it calls itself; `PowerEdge R650xs` is no `PowerEdge R650`.
    pub fn of(vendor: &str, product: &str) -> Option<&'static Self> {
        let is_among =
            |names: &[String], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        profiles().iter().find(|profile| {
            is_among(&profile.system.vendor, vendor) && is_among(&profile.system.product, product)
        })
    }

    /// The network card on board to suppose where nothing is known.
    pub fn default_nic(&self) -> Option<&Nic> {
        self.nics.iter().find(|nic| nic.default)
    }

    /// What each fact rests on, by the fact's place: for tests and documents.
    pub fn sources(&self) -> BTreeMap<String, &str> {
        let one = |place: &str, source| (place.to_owned(), source);
        let mut sources = BTreeMap::from([
            one("system", self.system.source.as_str()),
            one("firmware", self.firmware.source.as_str()),
            one("console", self.console.source.as_str()),
        ]);
        sources.extend(self.memory.iter().map(|memory| one("memory", memory.source.as_str())));
        sources
            .extend(self.processors.iter().map(|processors| one("processors", processors.source.as_str())));
        sources.extend(self.bmc.iter().map(|bmc| one("bmc", bmc.source.as_str())));
        let host_port = self.bmc.iter().flat_map(|bmc| &bmc.host_port);
        sources.extend(host_port.map(|port| one("bmc.host_port", port.source.as_str())));
        sources.extend(self.nics.iter().map(|nic| (format!("nic {}", nic.name), nic.source.as_str())));
        sources.extend(self.slots.iter().map(|slot| (format!("slot {}", slot.number), slot.source.as_str())));
        let controllers = self.disk_controllers.iter();
        sources.extend(controllers.map(|disk| (format!("disk {}", disk.name), disk.source.as_str())));
        sources.extend(self.traps.iter().map(|trap| (format!("trap {}", trap.name), trap.source.as_str())));
        sources
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FILES;
    use super::Profile;
    use super::profiles;
    use crate::hardware::drivers::Driver;

    #[test]
    fn every_table_can_be_read_and_has_its_files_name() {
        for (name, text) in FILES {
            let profile: Profile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(profile.name, name);
        }
        let names: Vec<&str> = profiles().iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!(names, FILES.map(|(name, _)| name));
        assert!(names.is_sorted());
    }

    #[test]
    fn every_fact_has_its_source() {
        for profile in profiles() {
            for (place, source) in profile.sources() {
                assert!(source.len() >= 10, "{}: {place}", profile.name);
            }
        }
    }

    #[test]
    fn firmware_numbers_no_two_ports_alike() {
        for profile in profiles() {
            let of_every_machine: Vec<u32> = profile
                .nics
                .iter()
                .filter(|nic| nic.fixed)
                .flat_map(|nic| &nic.ports)
                .flat_map(|port| port.index)
                .collect();
            for nic in &profile.nics {
                let of_others = of_every_machine.iter().copied().filter(|_| !nic.fixed);
                let mut seen: BTreeSet<u32> = of_others.collect();
                for index in nic.ports.iter().flat_map(|port| port.index) {
                    assert!(seen.insert(index), "{}: {}: {index}", profile.name, nic.name);
                }
                assert!(!nic.ports.is_empty(), "{}: {}", profile.name, nic.name);
            }
            let slots: Vec<u32> = profile.slots.iter().map(|slot| slot.number).collect();
            assert!(slots.windows(2).all(|pair| pair[0] < pair[1]), "{}: slots", profile.name);
        }
    }

    #[test]
    fn what_is_supposed_is_one_of_the_choices() {
        for profile in profiles() {
            let name = &profile.name;
            let defaults = profile.nics.iter().filter(|nic| nic.default).count();
            assert_eq!(defaults, usize::from(!profile.nics.is_empty()), "{name}: default network cards");
            assert!(profile.firmware.boot_modes.contains(&profile.firmware.default), "{name}: firmware");
            let choices = &profile.console.choices;
            assert!(choices.iter().any(|choice| choice.serial == profile.console.serial), "{name}: console");
        }
    }

    #[test]
    fn drivers_of_ports_are_known() {
        for profile in profiles() {
            for nic in &profile.nics {
                for driver in nic.ports.iter().flat_map(|port| &port.driver).chain([&nic.driver]) {
                    assert!(Driver::find(driver).is_some(), "{}: {driver}", profile.name);
                }
            }
        }
    }

    #[test]
    fn knows_a_machine_by_its_whole_name() {
        let of = |vendor, product| Profile::of(vendor, product).map(|profile| profile.name.as_str());
        assert_eq!(of("Dell Inc.", "PowerEdge R640"), Some("dell-r640"));
        assert_eq!(of("dell inc.", "POWEREDGE R650 "), Some("dell-r650"));
        assert_eq!(of("Dell Inc.", "PowerEdge R650xs"), None);
        assert_eq!(of("HPE", "ProLiant DL360 Gen10 Plus"), None);
        assert_eq!(of("", ""), None);
        let nic = Profile::find("dell-r640").and_then(Profile::default_nic).unwrap();
        assert_eq!(nic.name, "x710-4x10g");
        assert!(Profile::find("floppy").is_none());
    }
}
