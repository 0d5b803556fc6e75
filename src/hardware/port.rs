//! A network port and what it hangs on: what udev makes its name of.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::profiles;
use crate::value::MacAddress;

/// A network port: a physical one, or what looks like one to udev (a virtual function, a USB adapter).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// What it was called.
    pub name: String,
    /// Its address then; InfiniBand has longer ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The address burned into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permanent_mac: Option<MacAddress>,
    /// Whether the address is its own (the kernel's `addr_assign_type` 0), and not random or taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_own_address: Option<bool>,
    /// The kernel's number of the hardware type (`ARPHRD_…`): 1 Ethernet, 32 InfiniBand, 256 SLIP, 290 MCTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware_type: Option<u32>,
    /// The kernel's kind within the type: `wlan`, `wwan`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it stands on another one, as a VLAN does, or nobody can tell; such ports are not named.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_stacked: bool,
    /// Who gave the name (the kernel's `name_assign_type`): 1 the kernel in order, 2 the kernel for good, 3 and 4 userspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_given_by: Option<u32>,
    /// The kernel module that drives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Speed in Mb/s, where there is a carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mbps: Option<u32>,
    /// Whether a cable with somebody at the other end is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<bool>,
    /// The name its driver gives it on the card: `p0`, `pf0vf1`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phys_port_name: Option<String>,
    /// The number of the port on the card, as some drivers tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phys_port_id: Option<String>,
    /// The switch on the card that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phys_switch_id: Option<String>,
    /// Which of several ports on one function it is, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_port: Option<u32>,
    /// The same by old drivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_id: Option<u32>,
    /// What hwdb says that it is called (`ID_NET_NAME_FROM_DATABASE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_name: Option<String>,
    /// What udev's rules and its hardware database say that decides which names it may get (`ID_NET_NAME_ALLOW…`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub udev_properties: BTreeMap<String, String>,
    /// Its node in the device tree, as in `/soc/ethernet@deadbeef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_tree_node: Option<String>,
    /// Its path in sysfs below `/sys`, as in `/devices/pci0000:00/0000:00:03.0/net/eth0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it hangs on, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
}

/// A device on the way from a port to the root of sysfs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its bus: `pci`, `usb`, `virtio`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsystem: Option<String>,
    /// Its name there, as in `0000:18:00.0`.
    pub name: String,
    /// The kernel's kind within the bus, as in `usb_interface`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What PCI and the firmware say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci: Option<PciFunction>,
    /// Vendor and product of a USB device, as in `413c:a102`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb_id: Option<String>,
    /// The number of a subfunction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subfunction: Option<u32>,
    /// Its node in the device tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_tree_node: Option<String>,
    /// The same of it as [`Port::udev_properties`], and whether its PCI domain is told (`ID_NET_NAME_INCLUDE_DOMAIN`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub udev_properties: BTreeMap<String, String>,
}

/// A PCI function, and what the firmware says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PciFunction {
    /// Vendor, device, subsystem vendor and subsystem device, as in `8086:1572 1028:1f9c`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its class, six hexadecimal digits: `020000` is an Ethernet controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whether it is one of several functions of its device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_multifunction: Option<bool>,
    /// Whether its functions are counted in one row of 256 (Alternative Routing-ID).
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_ari: bool,
    /// The firmware's index by ACPI `_DSM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acpi_index: Option<u32>,
    /// The firmware's index by SMBIOS type 41.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smbios_index: Option<u32>,
    /// The firmware's label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The slot's number by ACPI `_SUN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_number: Option<u32>,
    /// The function's number on IBM Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_id: Option<u64>,
    /// How many virtual functions it can have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_virtual_functions: Option<u32>,
    /// The firmware's index as the port's name told it, where nobody looked for the index itself.
    #[serde(skip)]
    pub told_index: Option<u32>,
    /// The slot as the port's name told it.
    #[serde(skip)]
    pub told_slot: Option<u32>,
    /// What it is a virtual function of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_function: Option<PhysicalFunction>,
}

/// What a virtual function belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalFunction {
    /// Which of its virtual functions it is.
    pub number: u32,
    /// The physical function, and what it hangs on.
    pub devices: Vec<Device>,
}

impl Port {
    /// The address that it is known by: the permanent one, else its own current one.
    pub fn mac(&self) -> Option<MacAddress> {
        let current = || self.address.as_ref().filter(|_| self.has_own_address != Some(false))?.parse().ok();
        self.permanent_mac.or_else(current)
    }

    /// True if a BMC talks to its server by it: by what it is on the USB, or by the name that udev's database has for that.
    pub fn is_of_bmc(&self) -> bool {
        let mut known = profiles().iter().filter_map(|profile| profile.bmc.as_ref()?.host_port.as_ref());
        let is_on_usb = |id: &String| self.devices.iter().any(|device| device.usb_id.as_ref() == Some(id));
        let is_called = |name: &String| *name == self.name || Some(name) == self.database_name.as_ref();
        known
            .any(|host| host.usb.as_ref().is_some_and(is_on_usb) || host.name.as_ref().is_some_and(is_called))
    }

    /// The PCI address of the function that it is on, if it is on one.
    pub fn pci_address(&self) -> Option<&str> {
        self.pci_device().map(|device| device.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Its place as udev writes it (`ID_PATH`), as far as it is on PCI: `pci-0000:00:14.0-usb-0:14.3:1.0`.
    pub fn bus_path(&self) -> Option<String> {
        let is_interface = |device: &&Device| device.kind.as_deref() == Some("usb_interface");
        let chain = self.devices.iter().find(is_interface).and_then(|device| device.name.split_once('-'));
        let usb = chain.map(|(_, chain)| format!("-usb-0:{chain}")).unwrap_or_default();
        Some(format!("pci-{}{usb}", self.pci_address()?))
    }

    /// The PCI function that it is on, with its name.
    pub fn pci_device(&self) -> Option<&Device> {
        self.devices.iter().find(|device| device.subsystem.as_deref() == Some("pci"))
    }
}

/// As it is said to a person.
impl Port {
    /// What it is known by: its address, else the name it had.
    pub fn known_by(&self) -> &str {
        self.address.as_deref().unwrap_or(&self.name)
    }

    /// What it is: its driver, PCI address and the firmware's label, as far as they are known.
    pub fn place(&self) -> String {
        let label = self.pci_device().and_then(|device| device.pci.as_ref()?.label.as_deref());
        [self.driver.as_deref(), self.pci_address(), label]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}
