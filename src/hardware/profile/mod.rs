//! Kinds of machines, as far as they are known, from `profiles/*.toml`.
//!
//! To add one:
//! 1. write `src/hardware/profiles/<name>.toml` in the shape that `dell-r640.toml` explains, every fact with its source;
//! 2. add it to `FILES`, by name;
//! 3. `COTTER_BLESS=1 cargo test --test suite hardware` writes `docs/hardware.md` anew.

use std::sync::LazyLock;

use serde::Deserialize;

mod parts;

pub use parts::Bmc;
pub use parts::Console;
pub use parts::ConsoleChoice;
pub use parts::DiskController;
pub use parts::Firmware;
pub use parts::HostPort;
pub use parts::Identity;
pub use parts::Memory;
pub use parts::Nic;
pub use parts::NicPort;
pub use parts::Slot;
pub use parts::Sockets;
pub use parts::Trap;

const FILES: [(&str, &str); 6] = [
    ("dell-r640", include_str!("../profiles/dell-r640.toml")),
    ("dell-r650", include_str!("../profiles/dell-r650.toml")),
    ("dell-r750", include_str!("../profiles/dell-r750.toml")),
    ("generic-uefi", include_str!("../profiles/generic-uefi.toml")),
    ("hpe-dl360-gen10", include_str!("../profiles/hpe-dl360-gen10.toml")),
    ("supermicro-x11", include_str!("../profiles/supermicro-x11.toml")),
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
    pub system: Identity,
    /// How it boots.
    pub firmware: Firmware,
    /// Its memory.
    pub memory: Option<Memory>,
    /// Its processors.
    pub processors: Option<Sockets>,
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
        profiles().iter().find(|profile| profile.is_known_as(vendor, product))
    }

    /// True if a machine that calls itself so may be of this kind; a kind that is known by nothing may be any.
    pub fn is_of(&self, vendor: &str, product: &str) -> bool {
        self.system.product.is_empty() || self.is_known_as(vendor, product)
    }

    fn is_known_as(&self, vendor: &str, product: &str) -> bool {
        let is_among =
            |names: &[String], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        is_among(&self.system.vendor, vendor) && is_among(&self.system.product, product)
    }

    /// The network card on board to suppose where nothing is known.
    pub fn default_nic(&self) -> Option<&Nic> {
        self.nics.iter().find(|nic| nic.default)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    use super::FILES;
    use super::Profile;
    use super::profiles;
    use crate::hardware::Driver;

    /// What each fact rests on, by the fact's place.
    fn sources(profile: &Profile) -> BTreeMap<String, &str> {
        let one = |place: &str, source| (place.to_owned(), source);
        let mut sources = BTreeMap::from([
            one("system", profile.system.source.as_str()),
            one("firmware", profile.firmware.source.as_str()),
            one("console", profile.console.source.as_str()),
        ]);
        sources.extend(profile.memory.iter().map(|memory| one("memory", memory.source.as_str())));
        sources.extend(
            profile.processors.iter().map(|processors| one("processors", processors.source.as_str())),
        );
        sources.extend(profile.bmc.iter().map(|bmc| one("bmc", bmc.source.as_str())));
        let host_port = profile.bmc.iter().flat_map(|bmc| &bmc.host_port);
        sources.extend(host_port.map(|port| one("bmc.host_port", port.source.as_str())));
        sources.extend(profile.nics.iter().map(|nic| (format!("nic {}", nic.name), nic.source.as_str())));
        sources
            .extend(profile.slots.iter().map(|slot| (format!("slot {}", slot.number), slot.source.as_str())));
        let controllers = profile.disk_controllers.iter();
        sources.extend(controllers.map(|disk| (format!("disk {}", disk.name), disk.source.as_str())));
        sources
            .extend(profile.traps.iter().map(|trap| (format!("trap {}", trap.name), trap.source.as_str())));
        sources
    }

    #[test]
    fn every_table_can_be_read_and_has_its_files_name() {
        for (name, text) in FILES {
            let profile: Profile = toml::from_str(text).unwrap();
            assert_eq!(profile.name, name);
        }
        let names: Vec<&str> = profiles().iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!(names, FILES.map(|(name, _)| name));
        assert!(names.is_sorted());
    }

    #[test]
    fn every_fact_has_its_source() {
        for profile in profiles() {
            for (place, source) in sources(profile) {
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
