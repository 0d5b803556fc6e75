//! What a kind of machine lets suppose of one that nobody has looked at.

use super::Device;
use super::INVENTORY_SCHEMA;
use super::Inventory;
use super::PciFunction;
use super::Port;
use super::Profile;
use super::profile::Nic;

/// The kernel's number of Ethernet.
const ETHERNET: u32 = 1;

impl Profile {
    /// An inventory with the ports that machines of this kind have on board, as far as the firmware numbers them; they
    /// have no addresses. Nothing else is in it.
    pub fn supposed_inventory(&self) -> Inventory {
        let on_board = self.nics.iter().filter(|nic| nic.default || nic.fixed);
        Inventory {
            schema: INVENTORY_SCHEMA.to_owned(),
            source: "profile".to_owned(),
            ports: on_board.flat_map(ports).collect(),
            ..Inventory::default()
        }
    }
}

fn ports(nic: &Nic) -> Vec<Port> {
    let port = |(position, port): (usize, &super::profile::NicPort)| {
        let index = port.index?;
        let pci = PciFunction {
            smbios_index: Some(index),
            label: port.label.clone(),
            is_multifunction: Some(nic.ports.len() > 1),
            ..PciFunction::default()
        };
        // Where the address was not seen, the function is the port's place on the card.
        let address = port.pci.clone().unwrap_or_else(|| format!("0000:00:00.{position}"));
        let device =
            Device { subsystem: Some("pci".into()), name: address, pci: Some(pci), ..Device::default() };
        Some(Port {
            name: format!("eno{index}"),
            hardware_type: Some(ETHERNET),
            driver: Some(port.driver.as_ref().unwrap_or(&nic.driver).clone()),
            devices: vec![device],
            ..Port::default()
        })
    };
    nic.ports.iter().enumerate().filter_map(port).collect()
}
