//! Where ports sit in the virtual machine, and what udev calls them there.

use std::collections::BTreeSet;

use super::Bus;
use super::Disk;
use super::Firmware;
use super::qemu_arguments::FIRST_DISK_SLOT;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::Profile;
use crate::hardware::naming::LATEST;
use crate::hardware::naming::Scheme;
use crate::hardware::naming::names;
use crate::network::Nic;

/// The first PCI slot for ports whose own cannot be had; lower ones are for the controllers.
pub(super) const FIRST_SLOT: u8 = 0x10;
/// More ports than slots are left cannot be presented.
pub(super) const MOST_PORTS: u8 = 7;
/// Slots that have nothing in them, besides those of disks that are not there.
const FREE_SLOTS: std::ops::RangeInclusive<u8> = 2..=4;
/// How far the firmware's indices move when ports are renamed.
const INDEX_STEP: u16 = 100;
/// The highest index of SMBIOS, which has one byte for it; and of ACPI in QEMU.
const MOST_BY_SMBIOS: u16 = 255;
const MOST_BY_ACPI: u16 = (1 << 14) - 1;

/// What is known of the hardware that is to be presented.
#[derive(Clone, Copy, Debug)]
pub enum Hardware<'a> {
    /// Nothing.
    Unknown,
    /// What was found of the machine; ports are known by their addresses.
    Found(&'a Inventory),
    /// What machines of its kind have; their ports stand for the machine file's in their order.
    Supposed(&'a Inventory),
}

/// Where a port sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its PCI slot, from which udev makes `ensN` and `enp0sN`.
    pub slot: u8,
    /// Which of several functions of a device in that slot it is.
    pub function: Option<u8>,
    /// Its index in the firmware's tables, from which udev makes `enoN`.
    pub index: Option<u16>,
}

impl Place {
    /// What udev calls a port there, if nobody else gives it a name: only `pc` has slots with numbers, and passes on
    /// indices by ACPI.
    pub fn name(self, firmware: Firmware) -> String {
        let function = self.function.map(|function| format!("f{function}")).unwrap_or_default();
        match (self.index, firmware) {
            (Some(index), Firmware::Bios) => format!("eno{index}"),
            (Some(index), Firmware::Uefi) if index <= MOST_BY_SMBIOS => format!("eno{index}"),
            (_, Firmware::Bios) => format!("ens{}{function}", self.slot),
            (_, Firmware::Uefi) => format!("enp0s{}{function}", self.slot),
        }
    }

    /// Its index if it can be in SMBIOS, which every machine of QEMU has.
    pub(super) fn smbios_index(self) -> Option<u16> {
        self.index.filter(|index| *index <= MOST_BY_SMBIOS)
    }

    /// Its index if only ACPI has room for it.
    pub(super) fn acpi_index(self) -> Option<u16> {
        self.index.filter(|index| *index > MOST_BY_SMBIOS)
    }
}

/// A place, and what the real machine calls the port, if that is known.
pub(super) type Wanted = (Place, Option<String>);

/// The places of the ports, in their order: as the real machine has them, as far as that is known and can be had.
///
/// Where nothing is known, the firmware counts from 0.
pub(super) fn places(
    nics: &[Nic],
    hardware: Hardware<'_>,
    profile: Option<&Profile>,
    disks: &[Disk],
) -> Vec<Wanted> {
    let real: Vec<Option<Real>> = (0..).zip(nics).map(|(at, nic)| real(at, nic, hardware, profile)).collect();
    let knows_any = real.iter().flatten().any(|real| real.index.is_some() || real.slot.is_some());
    let mut indices = BTreeSet::new();
    let mut slots: Vec<(u8, Option<u8>)> = Vec::new();
    let place = |(position, real): (u8, Option<Real>)| {
        let own = Place { slot: FIRST_SLOT + position, function: None, index: None };
        if !knows_any {
            return (Place { index: Some(u16::from(position)), ..own }, real.map(|real| real.name));
        }
        let Some(real) = real else { return (own, None) };
        // Of two ports with one index, one loses its name.
        let index = real.index.filter(|index| indices.insert(*index));
        let is_free = |(slot, function): &(u8, Option<u8>)| {
            let is_other = |(other, its): &(u8, Option<u8>)| {
                other != slot || (its.is_some() && function.is_some() && its != function)
            };
            has_room(*slot, disks) && slots.iter().all(is_other)
        };
        let slot = real.slot.filter(|_| real.index.is_none()).filter(is_free);
        slots.extend(slot);
        let place = match slot {
            Some((slot, function)) => Place { slot, function, index },
            None => Place { index, ..own },
        };
        (place, Some(real.name))
    };
    (0..MOST_PORTS).zip(real).map(place).collect()
}

/// Another index for each that there is, which no port had.
pub(super) fn other_indices(ports: &[Place]) -> Vec<Option<u16>> {
    let mut taken: BTreeSet<u16> = ports.iter().filter_map(|place| place.index).collect();
    let other = |place: &Place| {
        let index = place.index?;
        let most = if index <= MOST_BY_SMBIOS { MOST_BY_SMBIOS } else { MOST_BY_ACPI };
        let further = (1..).map_while(|step: u16| index.checked_add(step.checked_mul(INDEX_STEP)?));
        // Where there is no room above, there is below: ports are few.
        let mut candidates = further.take_while(|index| *index <= most).chain(1..=most);
        let other = candidates.find(|index| !taken.contains(index))?;
        taken.insert(other);
        Some(other)
    };
    ports.iter().map(other).collect()
}

/// True if neither the machine nor a disk has something in the slot.
fn has_room(slot: u8, disks: &[Disk]) -> bool {
    let of_disks = usize::from(slot).checked_sub(FIRST_DISK_SLOT);
    let is_of_no_disk = of_disks
        .is_some_and(|at| slot < FIRST_SLOT && disks.get(at).is_none_or(|disk| disk.bus != Bus::Virtio));
    FREE_SLOTS.contains(&slot) || is_of_no_disk
}

/// What the real machine makes a port's name of.
struct Real {
    index: Option<u16>,
    slot: Option<(u8, Option<u8>)>,
    name: String,
}

fn real(position: usize, nic: &Nic, hardware: Hardware<'_>, profile: Option<&Profile>) -> Option<Real> {
    let (port, inventory) = match hardware {
        Hardware::Unknown => return None,
        Hardware::Found(inventory) => (inventory.port(nic.mac.value)?, inventory),
        Hardware::Supposed(inventory) => (inventory.ports.get(position)?, inventory),
    };
    let known = names(port, inventory, Scheme::find(LATEST)?);
    let foreseen = [known.onboard, known.slot].into_iter().flatten().map(|name| name.text).next();
    let path = known.path.map(|name| name.text);
    // Who does not tell what names are made of may tell a name, or the management controller's word for the port.
    let name = foreseen.or_else(|| told(port, profile)).or(path)?;
    let index = digits(&name, "eno").and_then(|(index, _)| u16::try_from(index).ok());
    let slot = digits(&name, "ens").and_then(|(slot, rest)| {
        let function = match digits(rest, "f") {
            Some((function, _)) => Some(u8::try_from(function).ok().filter(|function| *function < 8)?),
            None => None,
        };
        Some((u8::try_from(slot).ok()?, function))
    });
    Some(Real { index: index.filter(|index| *index <= MOST_BY_ACPI), slot, name })
}

/// A name by index or slot that the port had, or that its kind of machine gives it.
fn told(port: &Port, profile: Option<&Profile>) -> Option<String> {
    if ["eno", "ens"].iter().any(|prefix| digits(&port.name, prefix).is_some()) {
        return Some(port.name.clone());
    }
    let mut ports = profile?.nics.iter().flat_map(|nic| &nic.ports);
    let of_profile = ports.find(|known| known.redfish.as_ref() == Some(&port.name))?;
    of_profile.index.map(|index| format!("eno{index}"))
}

/// The number after a prefix, and what follows.
fn digits<'a>(text: &'a str, prefix: &str) -> Option<(u32, &'a str)> {
    let rest = text.strip_prefix(prefix)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Hardware;
    use crate::hardware::Inventory;
    use crate::hardware::Profile;
    use crate::rehearsal::Firmware;
    use crate::rehearsal::Medium;
    use crate::rehearsal::Scenario;
    use crate::rehearsal::VirtualMachine;
    use crate::spec;

    /// A machine with so many ports, whose addresses end in 1, 2 and so on.
    fn machine(ports: usize, hardware: Hardware<'_>, device: &str) -> VirtualMachine {
        let nics: Vec<String> =
            (1..=ports).map(|n| format!("{{name: a{n}, mac: 'e4:43:4b:0a:00:0{n}'}}")).collect();
        let text = format!(
            "cotter: 1\nname: a\ntarget: fcos\ninstall: {{device: {device}}}\nnetwork: {{nics: [{}]}}\n",
            nics.join(", ")
        );
        let machine = spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap();
        VirtualMachine::of(&machine, hardware, Medium::StandIn).unwrap()
    }

    fn names(machine: &VirtualMachine, firmware: Firmware) -> Vec<String> {
        machine.ports.iter().map(|port| port.place.name(firmware)).collect()
    }

    /// An inventory of ports with these functions, and slots at buses of the same number.
    fn inventory(functions: &[(&str, serde_json::Value)]) -> Inventory {
        let ports: Vec<_> = (1..)
            .zip(functions)
            .map(|(n, (address, function))| {
                serde_json::json!({"name": format!("eth{n}"), "permanent_mac": format!("e4:43:4b:0a:00:0{n}"), "hardware_type": 1,
                    "devices": [{"subsystem": "pci", "name": address, "pci": function}]})
            })
            .collect();
        let slots: serde_json::Map<String, serde_json::Value> =
            (1..=9).map(|slot| (slot.to_string(), format!("0000:0{slot}:00").into())).collect();
        serde_json::from_value(
            serde_json::json!({"schema": "", "source": "sysfs", "ports": ports, "pci_slots": slots}),
        )
        .unwrap()
    }

    #[test]
    fn where_nothing_is_known_the_firmware_counts_from_zero() {
        let machine = machine(3, Hardware::Unknown, "/dev/sda");
        for firmware in [Firmware::Bios, Firmware::Uefi] {
            assert_eq!(names(&machine, firmware), ["eno0", "eno1", "eno2"]);
            assert_eq!(machine.other_names(firmware), []);
        }
    }

    #[test]
    fn ports_have_the_names_of_their_kind_of_machine() {
        let supposed = |name: &str| Profile::find(name).unwrap().supposed_inventory();
        let r640 = supposed("dell-r640");
        let four = machine(4, Hardware::Supposed(&r640), "/dev/sda");
        assert_eq!(names(&four, Firmware::Uefi), ["eno1", "eno2", "eno3", "eno4"]);
        // What is more than the card has is in no slot that is known.
        let five = machine(5, Hardware::Supposed(&r640), "/dev/sda");
        assert_eq!(names(&five, Firmware::Bios)[4], "ens20");
        // Such numbers are too high for SMBIOS.
        let r750 = supposed("dell-r750");
        let two = machine(2, Hardware::Supposed(&r750), "/dev/sda");
        assert_eq!(names(&two, Firmware::Bios), ["eno8303", "eno8403"]);
        assert_eq!(names(&two, Firmware::Uefi), ["enp0s16", "enp0s17"]);
        assert_eq!(two.other_names(Firmware::Bios), []);
        assert_eq!(two.other_names(Firmware::Uefi).len(), 2);
    }

    #[test]
    fn ports_have_the_names_that_were_found() {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        let found = inventory(&[
            ("0000:18:00.0", json(r#"{"smbios_index": 7}"#)),
            ("0000:18:00.1", json(r#"{"acpi_index": 8, "smbios_index": 1}"#)),
            ("0000:03:00.1", json(r#"{"is_multifunction": true}"#)),
            ("0000:04:00.0", json("{}")),
            ("0000:01:00.0", json("{}")),
            ("0000:08:00.0", json("{}")),
        ]);
        let machine = machine(7, Hardware::Found(&found), "/dev/sda");
        assert_eq!(
            names(&machine, Firmware::Bios),
            ["eno7", "eno8", "ens3f1", "ens4", "ens20", "ens8", "ens22"],
            "slot 1 has the controllers of the board, and nobody has seen the last port"
        );
        assert_eq!(machine.other_names(Firmware::Bios), [("a5", "ens20".to_owned(), "ens1")]);
    }

    #[test]
    fn a_slot_with_a_disk_or_another_card_is_not_free() {
        let one = || serde_json::json!({});
        let found = inventory(&[("0000:08:00.0", one()), ("0000:03:00.0", one()), ("0000:03:00.1", one())]);
        let machine = machine(3, Hardware::Found(&found), "/dev/vda");
        // Function 1 is seen only of a card with several, and the second of them says so.
        assert_eq!(names(&machine, Firmware::Bios), ["ens16", "ens3", "ens18"]);
    }

    #[test]
    fn two_ports_with_one_index_do_not_fight_for_it() {
        let one = || serde_json::json!({"smbios_index": 1});
        let found = inventory(&[("0000:18:00.0", one()), ("0000:19:00.0", one())]);
        let machine = machine(2, Hardware::Found(&found), "/dev/sda");
        assert_eq!(names(&machine, Firmware::Bios), ["eno1", "ens17"]);
    }

    #[test]
    fn a_name_that_was_told_counts_where_its_makings_were_not() {
        let mut found =
            inventory(&[("0000:18:00.0", serde_json::json!({})), ("0000:18:00.1", serde_json::json!({}))]);
        found.pci_slots.clear();
        (found.ports[0].name, found.ports[1].name) = ("eno3np0".to_owned(), "enp24s0f1".to_owned());
        let machine = machine(2, Hardware::Found(&found), "/dev/sda");
        assert_eq!(names(&machine, Firmware::Bios), ["eno3", "ens17"]);
        assert_eq!(
            machine.other_names(Firmware::Bios),
            [("a1", "eno3".to_owned(), "eno3np0"), ("a2", "ens17".to_owned(), "enp24s0f1")]
        );
    }

    #[test]
    fn names_change_in_every_scenario_that_is_about_them() {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        let found = inventory(&[
            ("0000:18:00.0", json(r#"{"smbios_index": 1}"#)),
            ("0000:18:00.1", json(r#"{"smbios_index": 101}"#)),
            ("0000:18:00.2", json(r#"{"smbios_index": 201}"#)),
            ("0000:18:00.3", json(r#"{"smbios_index": 12399}"#)),
            ("0000:03:00.0", json(r#"{"is_multifunction": true}"#)),
            ("0000:03:00.1", json(r#"{"is_multifunction": true}"#)),
        ]);
        let machine = machine(6, Hardware::Found(&found), "/dev/sda");
        for firmware in [Firmware::Bios, Firmware::Uefi] {
            let before = names(&machine, firmware);
            let renamed = machine.name_changes(Scenario::Rename, firmware);
            assert_eq!(renamed.len(), 6);
            for (old, new) in renamed {
                assert!(before.contains(&old) && !before.contains(&new), "{old} → {new}");
            }
            let swapped = machine.name_changes(Scenario::Swap, firmware);
            let mut new: Vec<String> = swapped.into_iter().map(|(_, new)| new).collect();
            let mut old = before.clone();
            new.sort();
            old.sort();
            assert_eq!(new, old);
            assert_eq!(machine.name_changes(Scenario::Reboot, firmware), []);
        }
        let scheme = machine.name_changes(Scenario::Scheme, Firmware::Bios);
        assert_eq!(
            scheme,
            [("eno1".to_owned(), "ens16".to_owned())],
            "an old scheme does not take the index 0"
        );
        let slots = inventory(&[("0000:03:00.0", serde_json::json!({}))]);
        let only_slots = super::tests::machine(1, Hardware::Found(&slots), "/dev/sda");
        assert!(only_slots.for_boot(Scenario::Scheme).is_err());
    }
}
