//! Devices of `/sys/devices`, and what each hangs on.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::reading::Reading;
use super::reading::name_of;
use super::reading::shown;
use super::udev_record::UdevRecord;
use crate::hardware::Device;
use crate::hardware::PciFunction;
use crate::hardware::PhysicalFunction;
use crate::hardware::number::number;

/// Where every device is.
pub(super) const DEVICES: &str = "/sys/devices/";
const DEVICE_TREE: &str = "/sys/firmware/devicetree/base";
/// The most devices above one another: buses are not that deep.
const MAX_DEPTH: usize = 32;
/// The most virtual functions of a physical one, by PCIe.
const MAX_FUNCTIONS: usize = 65_536;
/// The longest name of a file.
const MAX_NAME: usize = 255;

/// Devices, each looked at once.
pub(super) struct Devices<'a> {
    reading: &'a Reading<'a>,
    /// By path, what is a device there; nothing of what is none.
    known: RefCell<BTreeMap<String, Option<Device>>>,
    /// By path of a physical function, its virtual functions by theirs.
    functions: RefCell<BTreeMap<String, BTreeMap<String, u32>>>,
}

impl<'a> Devices<'a> {
    pub(super) fn of(reading: &'a Reading<'a>) -> Self {
        Self { reading, known: RefCell::default(), functions: RefCell::default() }
    }

    /// What hangs above the path of a port or a disk, the nearest first.
    pub(super) fn above(&self, path: &str) -> Vec<Device> {
        let with_function = |(path, mut device): (String, Device)| {
            if let Some(pci) = &mut device.pci {
                pci.physical_function = self.physical_function(&path);
            }
            device
        };
        self.way_up(path).into_iter().map(with_function).collect()
    }

    /// The same, with their paths and without what virtual functions belong to.
    fn way_up(&self, path: &str) -> Vec<(String, Device)> {
        let mut found = Vec::new();
        let mut path = path;
        for _ in 0..MAX_DEPTH {
            let Some((parent, _)) = path.rsplit_once('/') else { break };
            if !parent.starts_with(DEVICES) {
                break;
            }
            found.extend(self.device(parent).map(|device| (parent.to_owned(), device)));
            path = parent;
        }
        found
    }

    fn device(&self, path: &str) -> Option<Device> {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let device = self.look(path);
        self.known.borrow_mut().insert(path.to_owned(), device.clone());
        device
    }

    fn look(&self, path: &str) -> Option<Device> {
        let reading = self.reading;
        let subsystem = reading.target_name(&format!("{path}/subsystem"));
        if subsystem.is_none() && !reading.is_there(&format!("{path}/uevent")) {
            return None;
        }
        let is = |wanted: &str| subsystem.as_deref() == Some(wanted);
        let usb_part =
            |name: &str| reading.value(&format!("{path}/{name}")).filter(|id| is_hexadecimal(id, 4));
        let usb_id = || Some(format!("{}:{}", usb_part("idVendor")?, usb_part("idProduct")?));
        Some(Device {
            name: shown(name_of(path), MAX_NAME),
            kind: kind(reading, path),
            pci: is("pci").then(|| self.pci(path)),
            usb_id: if is("usb") { usb_id() } else { None },
            subfunction: if is("auxiliary") { reading.small(&format!("{path}/sfnum")) } else { None },
            device_tree_node: device_tree_node(reading, path),
            udev_properties: match &subsystem {
                Some(subsystem) => UdevRecord::of_device(reading, subsystem, name_of(path)).naming(),
                None => BTreeMap::new(),
            },
            subsystem,
        })
    }

    fn pci(&self, path: &str) -> PciFunction {
        let reading = self.reading;
        let at = |name: &str| format!("{path}/{name}");
        let id = |name: &str| {
            let id = reading.value(&at(name))?;
            id.strip_prefix("0x").filter(|id| is_hexadecimal(id, 4)).map(str::to_owned)
        };
        let pair = |first: &str, second: &str| Some(format!("{}:{}", id(first)?, id(second)?));
        let own = pair("vendor", "device");
        let subsystem = pair("subsystem_vendor", "subsystem_device");
        let class = reading.value(&at("class")).and_then(|class| class.strip_prefix("0x").map(str::to_owned));
        PciFunction {
            id: own.map(|own| [Some(own), subsystem].into_iter().flatten().collect::<Vec<_>>().join(" ")),
            class: class.filter(|class| is_hexadecimal(class, 6)).map(|class| class.to_lowercase()),
            // The top bit of the header type (PCI Local Bus Specification 3.0, 6.2.1).
            is_multifunction: reading
                .bytes(&at("config"))
                .and_then(|config| Some(config.get(14)? & 0x80 != 0)),
            has_ari: reading.flag(&at("ari_enabled")) == Some(true),
            acpi_index: reading.small(&at("acpi_index")),
            smbios_index: reading.small(&at("index")),
            label: reading.written(&at("label")),
            slot_number: reading.small(&at("firmware_node/sun")),
            function_id: reading.number(&at("function_id")),
            most_virtual_functions: reading.small(&at("sriov_totalvfs")),
            told_index: None,
            told_slot: None,
            physical_function: None,
        }
    }

    /// What a virtual function belongs to.
    fn physical_function(&self, path: &str) -> Option<PhysicalFunction> {
        let link = format!("{path}/physfn");
        self.reading.target(&link)?;
        let physical = self.reading.real(&link)?;
        if !physical.starts_with(DEVICES) {
            return None;
        }
        if !self.functions.borrow().contains_key(&physical) {
            let functions = self.virtual_functions(&physical);
            self.functions.borrow_mut().insert(physical.clone(), functions);
        }
        let number = *self.functions.borrow().get(&physical)?.get(path)?;
        let devices = self
            .device(&physical)
            .into_iter()
            .chain(self.way_up(&physical).into_iter().map(|(_, device)| device));
        Some(PhysicalFunction { number, devices: devices.collect() })
    }

    fn virtual_functions(&self, physical: &str) -> BTreeMap<String, u32> {
        let mut found = BTreeMap::new();
        for name in self.reading.names(physical) {
            if let Some(number) = name.strip_prefix("virtfn").and_then(|number| number.parse().ok())
                && found.len() < MAX_FUNCTIONS
                && let Some(path) = self.reading.real(&format!("{physical}/{name}"))
            {
                found.insert(path, number);
            }
        }
        found
    }
}

/// The kernel's kind of a device within its subsystem.
pub(super) fn kind(reading: &Reading<'_>, path: &str) -> Option<String> {
    let text = reading.text(&format!("{path}/uevent"))?;
    let kind = text.lines().find_map(|line| line.strip_prefix("DEVTYPE="))?;
    (!kind.is_empty()).then(|| shown(kind, MAX_NAME))
}

/// The node of a device in the device tree.
pub(super) fn device_tree_node(reading: &Reading<'_>, path: &str) -> Option<String> {
    let link = format!("{path}/of_node");
    reading.target(&link)?;
    let node = reading.real(&link)?;
    node.strip_prefix(DEVICE_TREE).filter(|node| node.starts_with('/')).map(|node| shown(node, MAX_NAME))
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && number(&format!("0x{text}")).is_some()
}
