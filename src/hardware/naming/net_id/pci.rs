//! Names of what hangs on PCI: by the firmware's index, by slot and by path; USB and BCMA on top of it.

use std::fmt;

use super::Asked;
use super::Name;
use super::Names;
use super::Part;
use crate::hardware::Device;
use crate::hardware::PciFunction;
use crate::hardware::PhysicalFunction;
use crate::hardware::naming::Feature;
use crate::hardware::naming::Scheme;
use crate::hardware::naming::allowed::allows_port_number;
use crate::hardware::number::number;
use crate::hardware::number::truth;

/// The highest index of a firmware that is believed: VMware tells of 16777214.
const MOST_INDEX_14_BIT: u32 = (1 << 14) - 1;
const MOST_INDEX_16_BIT: u32 = (1 << 16) - 1;

impl Asked<'_> {
    pub(super) fn by_pci(&self, names: &mut Names) {
        let Some((function, suffix)) = self.pci_function() else { return };
        let is_child = !suffix.text.is_empty();
        let function = Chain(function);
        if let Some(label) = function.pci().and_then(|pci| pci.label.as_deref()).filter(|_| !is_child) {
            let prefix = if self.scheme.has(Feature::LabelAlone) { "" } else { self.prefix };
            names.label =
                Some(Name { text: format!("{prefix}{label}"), why: "the firmware labels it so".into() });
        }
        if let (Some(index), Some(port)) = (self.by_index(&function), self.port_part()) {
            names.onboard = self.name(index.and(port).and(suffix.clone()));
        }
        self.by_slot_and_path(&function, &suffix, names);
    }

    /// The PCI function that names the port, and what is added for a child of it.
    fn pci_function(&self) -> Option<(&[Device], Part)> {
        let devices = self.port.devices.as_slice();
        let subfunction =
            devices.first().filter(|device| device.is_on("auxiliary")).and_then(|device| device.subfunction);
        let (parents, mut suffix) = match subfunction.filter(|_| self.scheme.has(Feature::Subfunction)) {
            Some(number) if devices.get(1).is_some_and(|device| device.is_on("pci")) => {
                (&devices[1..], Part::new(format!("S{number}"), format!("it is subfunction {number}")))
            }
            _ => {
                let above = devices.iter().position(|device| !device.is_on("virtio"))?;
                (&devices[above..], Part::default())
            }
        };
        let function = parents.first().filter(|device| device.is_on("pci"))?;
        let physical = function.pci.as_ref().and_then(|pci| pci.physical_function.as_ref());
        match physical.filter(|_| self.scheme.has(Feature::VirtualFunction)) {
            Some(PhysicalFunction { number, devices }) => {
                suffix =
                    Part::new(format!("v{number}"), format!("it is virtual function {number}")).and(suffix);
                Some((devices, suffix))
            }
            None => Some((parents, suffix)),
        }
    }

    fn by_index(&self, function: &Chain<'_>) -> Option<Part> {
        let pci = function.pci()?;
        let acpi = pci.acpi_index.map(|index| (index, "ACPI"));
        let smbios = || pci.smbios_index.map(|index| (index, "SMBIOS"));
        let told = || pci.told_index.map(|index| (index, "as its name told"));
        let (index, by) = acpi.or_else(smbios).or_else(told)?;
        let most = if self.scheme.has(Feature::Index16Bit) { MOST_INDEX_16_BIT } else { MOST_INDEX_14_BIT };
        if index > most || (index == 0 && !self.scheme.has(Feature::IndexZero)) {
            return None;
        }
        Some(Part::new(format!("o{index}"), format!("the firmware numbers it {index} ({by})")))
    }

    /// What the driver calls the port on its card, or its number there. Nothing if that may not be known.
    fn port_part(&self) -> Option<Part> {
        if let Some(port) = self.port.own_port_name() {
            let function = represented(port).filter(|_| self.scheme.has(Feature::Representor));
            return Some(match function {
                Some(number) => {
                    Part::new(format!("r{number}"), format!("it stands for virtual function {number}"))
                }
                None => Part::new(format!("n{port}"), format!("its driver calls it `{port}`")),
            });
        }
        if !allows_port_number(self.port) {
            return None;
        }
        Some(match self.port.dev_port {
            Some(number) if number > 0 => {
                Part::new(format!("d{number}"), format!("its driver numbers it {number} on the card"))
            }
            _ => Part::default(),
        })
    }

    /// By slot and path, for what hangs on a PCI function.
    fn by_slot_and_path(&self, function: &Chain<'_>, suffix: &Part, names: &mut Names) {
        let (Some(address), Some(port)) = (function.address(self.scheme), self.port_part()) else { return };
        let many = address.function > 0 || function.is_multifunction();
        let number = address.function;
        let of_many = if many {
            Part::new(format!("f{number}"), format!("function {number}"))
        } else {
            Part::default()
        };
        let rest = of_many.and(port).and(suffix.clone());
        let says_domain = function.tells_domain().unwrap_or(address.domain > 0);
        let domain = if says_domain { format!("P{}", address.domain) } else { String::new() };
        let place = Part::new(
            format!("p{}s{}", address.bus, address.device),
            format!("it is at PCI {}", function.name()),
        );
        let path = Part::new(format!("{domain}{}", place.text), place.why);
        names.path = self.name(path.and(rest.clone()));
        if let Some(slot) = self.slot(function) {
            let domain = if slot.is_whole { "" } else { domain.as_str() };
            let part = Part::new(format!("{domain}s{}", slot.number), slot.to_string());
            names.slot = self.name(part.and(rest));
        }
    }

    fn slot(&self, function: &Chain<'_>) -> Option<Slot> {
        let told = || {
            let number = function.pci()?.told_slot?;
            Some(Slot { number, by: "as its name told", is_whole: false })
        };
        self.slot_by_number(function).or_else(|| self.hotplug_slot(function)).or_else(told)
    }

    /// The slot's number as ACPI tells it, of the device or of the bridge above.
    fn slot_by_number(&self, function: &Chain<'_>) -> Option<Slot> {
        if !self.scheme.has(Feature::SlotNumberFirst) {
            return None;
        }
        let number = |chain: &Chain<'_>| chain.pci()?.slot_number.filter(|number| *number > 0);
        if let Some(number) = number(function) {
            return Some(Slot { number, by: "ACPI", is_whole: false });
        }
        let above = function.above()?;
        if above.is_bridge() && !function.is_multifunction() {
            return None;
        }
        number(&above).map(|number| Slot { number, by: "ACPI, of the bridge above", is_whole: false })
    }

    /// The hotplug slot that the device, or the nearest one above that has any, is in.
    fn hotplug_slot(&self, function: &Chain<'_>) -> Option<Slot> {
        let mut next = Some(Chain(function.0));
        while let Some(chain) = next {
            let id = chain
                .pci()
                .and_then(|pci| pci.function_id)
                .filter(|_| self.scheme.has(Feature::SlotByFunction));
            if let Some(id) = id {
                // Zero, too great or without a slot: systemd looks no further.
                let number = u32::try_from(id).ok().filter(|number| *number > 0)?;
                let is_there = self.inventory.pci_slots.contains_key(&format!("{id:08x}"));
                return is_there.then_some(Slot { number, by: "the function's number", is_whole: true });
            }
            if let Some(number) = self.slot_at(chain.name()) {
                let one_of_many =
                    self.scheme.has(Feature::SlotOfABridgeToMany) && function.is_multifunction();
                if self.scheme.has(Feature::NoSlotOfABridge) && chain.is_bridge() && !one_of_many {
                    return None;
                }
                return Some(Slot { number, by: "the hotplug slots", is_whole: false });
            }
            next = chain.above();
        }
        None
    }

    fn slot_at(&self, device: &str) -> Option<u32> {
        let slots = self.inventory.pci_slots.iter();
        let of_device = slots.filter(|(_, address)| device.starts_with(address.as_str()));
        of_device.filter_map(|(name, _)| number(name)?.try_into().ok()).find(|slot| *slot > 0)
    }

    pub(super) fn by_usb(&self, names: &mut Names) {
        let is_interface =
            |device: &Device| device.is_on("usb") && device.kind.as_deref() == Some("usb_interface");
        let Some(at) = self.port.devices.iter().position(is_interface) else { return };
        let Some(suffix) = usb_part(&self.port.devices[at].name) else { return };
        match Chain::of(&self.port.devices[at + 1..]) {
            Some(function) => self.by_slot_and_path(&function, &suffix, names),
            None if self.scheme.has(Feature::UsbHost) => names.path = self.name(suffix),
            None => {}
        }
    }

    pub(super) fn by_bcma(&self, names: &mut Names) {
        let Some(at) = self.port.devices.iter().position(|device| device.is_on("bcma")) else { return };
        let Some(function) = Chain::of(&self.port.devices[at + 1..]) else { return };
        let core = self.port.devices[at].name.strip_prefix("bcma").and_then(|rest| rest.split_once(':'));
        let Some(core) = core.and_then(|(_, core)| core.parse::<u32>().ok()) else { return };
        let suffix =
            if core > 0 { Part::new(format!("b{core}"), format!("core {core}")) } else { Part::default() };
        self.by_slot_and_path(&function, &suffix, names);
    }
}

/// A slot of the machine.
struct Slot {
    number: u32,
    /// Who tells its number.
    by: &'static str,
    /// Whether the number says it all, so that the PCI domain is left out.
    is_whole: bool,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is in slot {} ({})", self.number, self.by)
    }
}

/// A PCI function and what it hangs on; the first is never anything else.
struct Chain<'a>(&'a [Device]);

/// The numbers of a PCI address.
struct Address {
    domain: u32,
    bus: u32,
    device: u32,
    function: u32,
}

impl<'a> Chain<'a> {
    /// From the nearest PCI function on.
    fn of(devices: &'a [Device]) -> Option<Self> {
        let first = devices.iter().position(|device| device.is_on("pci"))?;
        Some(Self(&devices[first..]))
    }

    fn above(&self) -> Option<Self> {
        Self::of(self.0.get(1..)?)
    }

    fn name(&self) -> &'a str {
        self.0.first().map_or("", |device| device.name.as_str())
    }

    fn pci(&self) -> Option<&'a PciFunction> {
        self.0.first()?.pci.as_ref()
    }

    fn is_multifunction(&self) -> bool {
        self.pci().and_then(|pci| pci.is_multifunction) == Some(true)
    }

    /// Whether names have its PCI domain, if udev was told (`ID_NET_NAME_INCLUDE_DOMAIN`, systemd 258 and later).
    fn tells_domain(&self) -> Option<bool> {
        truth(self.0.first()?.udev_properties.get("ID_NET_NAME_INCLUDE_DOMAIN")?)
    }

    /// True for PCI's subclass 04, which systemd takes for a bridge.
    fn is_bridge(&self) -> bool {
        self.pci().and_then(|pci| pci.class.as_deref()?.get(2..4)) == Some("04")
    }

    fn address(&self, scheme: &Scheme) -> Option<Address> {
        let (rest, function) = self.name().rsplit_once('.')?;
        let mut numbers = rest.split(':').map(|part| u32::from_str_radix(part, 16).ok());
        let (Some(domain), Some(bus), Some(device), None) =
            (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next())
        else {
            return None;
        };
        let mut function: u32 = function.parse().ok()?;
        if scheme.has(Feature::AlternativeRouting) && self.pci().is_some_and(|pci| pci.has_ari) {
            function = function.checked_add(device.checked_mul(8)?)?;
        }
        Some(Address { domain, bus, device, function })
    }
}

/// The virtual function that a port stands for, as in `pf0vf1`.
fn represented(port_name: &str) -> Option<u32> {
    let rest = port_name.strip_prefix("pf")?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.get(digits(rest)..).filter(|after| after.len() < rest.len())?.strip_prefix("vf")?;
    rest.get(..digits(rest))?.parse().ok()
}

/// The chain of USB ports, as in `u1u4`, of a device's name as in `3-1.4:1.0`.
fn usb_part(name: &str) -> Option<Part> {
    let (ports, rest) = name.split_once('-')?.1.split_once(':')?;
    let (configuration, interface) = rest.split_once('.')?;
    let mut text = format!("u{}", ports.replace('.', "u"));
    for (letter, value, usual) in [("c", configuration, "1"), ("i", interface, "0")] {
        if value != usual {
            text.push_str(letter);
            text.push_str(value);
        }
    }
    Some(Part::new(text, format!("it is at USB port {ports}")))
}
