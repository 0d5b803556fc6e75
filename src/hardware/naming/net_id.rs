//! The names that udev's `net_id` works out for a port, by each way there is; which one is used is decided later.
//!
//! Held against systemd's own `udevadm test-builtin net_id` in `tests/naming`.

use std::fmt;

use super::Feature;
use super::Scheme;
use crate::hardware::Device;
use crate::hardware::Inventory;
use crate::hardware::PciFunction;
use crate::hardware::PhysicalFunction;
use crate::hardware::Port;

/// The kernel's numbers of hardware types (`ARPHRD_…`).
const ETHERNET: u32 = 1;
const INFINIBAND: u32 = 32;
const SLIP: u32 = 256;
const MCTP: u32 = 290;

/// The highest index of a firmware that is believed: VMware tells of 16777214.
const MOST_INDEX_14_BIT: u32 = (1 << 14) - 1;
const MOST_INDEX_16_BIT: u32 = (1 << 16) - 1;

/// A name, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name. It may be too long for the kernel.
    pub text: String,
    /// Why it is this: a sentence without its period.
    pub why: String,
}

/// The names of one port, by the way they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// What the hardware database says (`ID_NET_NAME_FROM_DATABASE`).
    pub database: Option<Name>,
    /// By the firmware's index (`ID_NET_NAME_ONBOARD`).
    pub onboard: Option<Name>,
    /// The firmware's label (`ID_NET_LABEL_ONBOARD`), which names nothing by itself.
    pub label: Option<Name>,
    /// By the slot (`ID_NET_NAME_SLOT`).
    pub slot: Option<Name>,
    /// By the place on the bus (`ID_NET_NAME_PATH`).
    pub path: Option<Name>,
    /// By the address (`ID_NET_NAME_MAC`).
    pub mac: Option<Name>,
}

/// Works out the names of `port` by `scheme`.
pub fn names(port: &Port, inventory: &Inventory, scheme: &Scheme) -> Names {
    let mut names = Names::default();
    let Some(prefix) = prefix(port, scheme).filter(|_| !port.is_stacked) else {
        return names;
    };
    let port = Asked { port, inventory, scheme, prefix };
    names.database = port
        .port
        .database_name
        .clone()
        .map(|text| Name { text, why: "udev's hardware database says so".into() });
    names.mac = port.by_address();
    names.onboard = port.by_device_tree();
    names.path = port.by_ccw().or_else(|| port.by_platform()).or_else(|| port.by_netdevsim());
    names.slot = port.by_vio().or_else(|| port.by_xen());
    port.by_pci(&mut names);
    port.by_usb(&mut names);
    port.by_bcma(&mut names);
    names
}

fn prefix(port: &Port, scheme: &Scheme) -> Option<&'static str> {
    match port.hardware_type? {
        ETHERNET => Some(match port.kind.as_deref() {
            Some("wlan") => "wl",
            Some("wwan") => "ww",
            _ => "en",
        }),
        INFINIBAND => scheme.has(Feature::Infiniband).then_some("ib"),
        SLIP => Some("sl"),
        MCTP => scheme.has(Feature::Mctp).then_some("mc"),
        _ => None,
    }
}

/// A port, and what its names are asked by.
struct Asked<'a> {
    port: &'a Port,
    inventory: &'a Inventory,
    scheme: &'a Scheme,
    prefix: &'static str,
}

/// A part of a name: its text, and what it tells a person. Empty where there is nothing to add.
#[derive(Clone, Debug, Default)]
struct Part {
    text: String,
    why: String,
}

impl Part {
    fn new(text: impl Into<String>, why: impl Into<String>) -> Self {
        Self { text: text.into(), why: why.into() }
    }

    fn and(mut self, more: Self) -> Self {
        let separator = if self.why.is_empty() || more.why.is_empty() { "" } else { ", " };
        self.text.push_str(&more.text);
        self.why.push_str(separator);
        self.why.push_str(&more.why);
        self
    }
}

impl Asked<'_> {
    fn name(&self, part: Part) -> Option<Name> {
        Some(Name { text: format!("{}{}", self.prefix, part.text), why: part.why })
    }

    fn is_on(&self, subsystem: &str) -> bool {
        self.port.devices.first().is_some_and(|device| device.is_on(subsystem))
    }

    /// The first part of the port's path in sysfs below `folder`.
    fn first_part(&self, folder: &str) -> Option<&str> {
        self.port.path.as_deref()?.strip_prefix(folder)?.split('/').next()
    }

    fn by_address(&self) -> Option<Name> {
        let own = self.port.hardware_type != Some(INFINIBAND) && self.port.has_own_address == Some(true);
        let address = self.port.address.as_deref().filter(|_| own)?;
        let octets: Vec<&str> = address.split(':').collect();
        let is_octet = |octet: &&str| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit());
        if octets.len() != 6 || !octets.iter().all(is_octet) {
            return None;
        }
        self.name(Part::new(
            format!("x{}", octets.concat().to_ascii_lowercase()),
            format!("its address is {address}"),
        ))
    }

    fn by_device_tree(&self) -> Option<Name> {
        if !self.scheme.has(Feature::DeviceTree) {
            return None;
        }
        let own = self.port.device_tree_node.as_ref().filter(|_| self.scheme.has(Feature::DeviceTreeOfPort));
        let node = own.or(self.port.devices.first()?.device_tree_node.as_ref())?;
        match self.prefix {
            "en" => self.by_alias(node, "ethernet").ok()?,
            "wl" if self.scheme.has(Feature::DeviceTreeWireless) => {
                // Some trees have wireless ports among the wired.
                self.by_alias(node, "wifi").ok()?.or_else(|| self.by_alias(node, "ethernet").ok()?)
            }
            _ => None,
        }
    }

    /// The name by an alias of the device tree; an error where the tree contradicts itself.
    fn by_alias(&self, node: &str, kind: &str) -> Result<Option<Name>, ()> {
        let aliases = &self.inventory.device_tree_aliases;
        for (alias, path) in aliases.range(kind.to_owned()..) {
            let Some(index) = alias.strip_prefix(kind) else { break };
            if path != node {
                continue;
            }
            let number: u32 =
                if index.is_empty() { 0 } else { number(index).and_then(|n| n.try_into().ok()).ok_or(())? };
            let other = if index.is_empty() { format!("{kind}0") } else { kind.to_owned() };
            if number == 0 && aliases.contains_key(&other) {
                return Err(());
            }
            return Ok(
                self.name(Part::new(format!("d{number}"), format!("the device tree calls it `{alias}`")))
            );
        }
        Ok(None)
    }

    fn by_ccw(&self) -> Option<Name> {
        let parent = self.port.devices.iter().find(|device| !device.is_on("virtio"))?;
        let id = parent.name.as_str();
        if !(parent.is_on("ccwgroup") || parent.is_on("ccw")) || !matches!(id.len(), 8 | 9) {
            return None;
        }
        let short = id.trim_start_matches(['.', '0']);
        let short = if short.is_empty() { &id[id.len() - 1..] } else { short };
        self.name(Part::new(format!("c{short}"), format!("it is at the channel device {id}")))
    }

    fn by_vio(&self) -> Option<Name> {
        let id = self.first_part("/sys/devices/vio/").filter(|_| self.is_on("vio"))?;
        if id.len() != 8 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let slot = u32::from_str_radix(&id[4..], 16).ok()?;
        self.name(Part::new(format!("v{slot}"), format!("it is in PowerVM's virtual slot {slot}")))
    }

    fn by_xen(&self) -> Option<Name> {
        if !self.scheme.has(Feature::Xen) || !self.is_on("xen") {
            return None;
        }
        let digits = self.first_part("/sys/devices/")?.strip_prefix("vif-")?;
        let is_number =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        let id: u32 = digits.parse().ok().filter(|_| is_number)?;
        self.name(Part::new(format!("X{id}"), format!("it is Xen's virtual port {id}")))
    }

    /// ACPI devices of ARM machines, as `HISI00C2:00`: maker, model and instance.
    fn by_platform(&self) -> Option<Name> {
        let id = self.first_part("/sys/devices/platform/").filter(|_| self.is_on("platform"))?;
        let length = match (id.len(), id.find(':')) {
            (10, Some(7)) => 3,
            (11, Some(8)) => 4,
            _ => return None,
        };
        let (maker, rest) = id.split_at_checked(length)?;
        let (model, instance) = rest.split_once(':')?;
        let fits = |c: u8| c.is_ascii_uppercase() || (length == 4 && c.is_ascii_digit());
        if !maker.bytes().all(fits) {
            return None;
        }
        let model = u32::from_str_radix(model, 16).ok()?;
        let instance = u32::from_str_radix(instance, 16).ok()?;
        let text = format!("a{}{model:x}i{instance}", maker.to_ascii_lowercase());
        self.name(Part::new(text, format!("it is the firmware's device {id}")))
    }

    fn by_netdevsim(&self) -> Option<Name> {
        if !self.scheme.has(Feature::Netdevsim) {
            return None;
        }
        let device = self.port.devices.iter().find(|device| device.is_on("netdevsim"))?;
        let digits = device.name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let address: u32 = digits.parse().ok()?;
        let port = self.port.own_port_name()?;
        self.name(Part::new(
            format!("i{address}n{port}"),
            format!("it is port `{port}` of the simulated device {address}"),
        ))
    }

    fn by_pci(&self, names: &mut Names) {
        let Some((function, suffix)) = self.pci_function() else { return };
        let is_child = !suffix.text.is_empty();
        let function = Chain(function);
        if let Some(label) = function.pci().and_then(|pci| pci.label.as_deref()).filter(|_| !is_child) {
            let prefix = if self.scheme.has(Feature::LabelAlone) { "" } else { self.prefix };
            names.label =
                Some(Name { text: format!("{prefix}{label}"), why: "the firmware labels it so".into() });
        }
        if let Some(index) = self.by_index(&function) {
            names.onboard = self.name(index.and(self.port_part()).and(suffix.clone()));
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
        let (index, by) = acpi.or_else(|| pci.smbios_index.map(|index| (index, "SMBIOS")))?;
        let most = if self.scheme.has(Feature::Index16Bit) { MOST_INDEX_16_BIT } else { MOST_INDEX_14_BIT };
        if index > most || (index == 0 && !self.scheme.has(Feature::IndexZero)) {
            return None;
        }
        Some(Part::new(format!("o{index}"), format!("the firmware numbers it {index} ({by})")))
    }

    /// What the driver calls the port on its card, or its number there.
    fn port_part(&self) -> Part {
        if let Some(port) = self.port.own_port_name() {
            let function = represented(port).filter(|_| self.scheme.has(Feature::Representor));
            return match function {
                Some(number) => {
                    Part::new(format!("r{number}"), format!("it stands for virtual function {number}"))
                }
                None => Part::new(format!("n{port}"), format!("its driver calls it `{port}`")),
            };
        }
        match self.port.dev_port {
            Some(number) if number > 0 => {
                Part::new(format!("d{number}"), format!("its driver numbers it {number} on the card"))
            }
            _ => Part::default(),
        }
    }

    /// By slot and path, for what hangs on a PCI function.
    fn by_slot_and_path(&self, function: &Chain<'_>, suffix: &Part, names: &mut Names) {
        let Some(address) = function.address(self.scheme) else { return };
        let many = address.function > 0 || function.is_multifunction();
        let number = address.function;
        let of_many = if many {
            Part::new(format!("f{number}"), format!("function {number}"))
        } else {
            Part::default()
        };
        let rest = of_many.and(self.port_part()).and(suffix.clone());
        let domain = match address.domain {
            0 => Part::default(),
            domain => Part::new(format!("P{domain}"), format!("in PCI domain {domain}")),
        };
        let place = Part::new(
            format!("p{}s{}", address.bus, address.device),
            format!("it is at PCI {}", function.name()),
        );
        // A person reads the place before the domain; the name has it the other way round.
        let path = Part::new(format!("{}{}", domain.text, place.text), place.why);
        names.path = self.name(path.and(rest.clone()));
        if let Some(slot) = self.slot(function) {
            let domain = if slot.is_whole { "" } else { domain.text.as_str() };
            let part = Part::new(format!("{domain}s{}", slot.number), slot.to_string());
            names.slot = self.name(part.and(rest));
        }
    }

    fn slot(&self, function: &Chain<'_>) -> Option<Slot> {
        self.slot_by_number(function).or_else(|| self.hotplug_slot(function))
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

    fn by_usb(&self, names: &mut Names) {
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

    fn by_bcma(&self, names: &mut Names) {
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

impl Device {
    /// True if it is on this bus.
    fn is_on(&self, subsystem: &str) -> bool {
        self.subsystem.as_deref() == Some(subsystem)
    }
}

impl Port {
    /// The name that the driver gives it on the card, if it gives one that a name can be made of.
    fn own_port_name(&self) -> Option<&str> {
        let name = self.phys_port_name.as_deref()?;
        (!name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
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

/// A number as systemd reads it: decimal, or hexadecimal, octal or binary with a prefix.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', b'b', ..] => (&text[2..], 2),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
}
