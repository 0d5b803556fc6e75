//! The names that the program biosdevname gives (biosdevname(1)).

use super::LATEST;
use super::Name;
use super::Scheme;
use super::names;
use crate::hardware::Inventory;
use crate::hardware::Port;

/// The names that the program biosdevname gives : `em1` for the board's ports, `p3p1` for cards.
pub(super) fn biosdevnames(inventory: &Inventory) -> Vec<Option<Name>> {
    // Its own tables are the firmware's, as the newest scheme reads them too.
    let Some(scheme) = Scheme::find(LATEST) else { return Vec::new() };
    let slot = |port: &Port| {
        let name = names(port, inventory, scheme).slot?.text;
        let digits: String = name.strip_prefix("ens")?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let slots: Vec<Option<u32>> = inventory.ports.iter().map(slot).collect();
    let place = |port: &Port| (port.pci_address().map(str::to_owned), port.dev_port);
    let name = |(port, slot): (&Port, &Option<u32>)| {
        let pci = port.pci_device()?.pci.as_ref().filter(|pci| pci.physical_function.is_none())?;
        if let Some(index) = pci.smbios_index.or(pci.acpi_index).filter(|index| *index > 0) {
            let why = format!("biosdevname: the firmware numbers it {index}");
            return Some(Name { text: format!("em{index}"), why });
        }
        let slot = (*slot)?;
        let in_slot = inventory.ports.iter().zip(&slots).filter(|(_, other)| **other == Some(slot));
        let number = in_slot.filter(|(beside, _)| place(beside) <= place(port)).count();
        Some(Name {
            text: format!("p{slot}p{number}"),
            why: format!("biosdevname: port {number} of slot {slot}"),
        })
    };
    inventory.ports.iter().zip(&slots).map(name).collect()
}
