//! The names that udev's `net_id` works out for a port, by each way there is; which one is used is decided later.
//!
//! Held against systemd's own `udevadm test-builtin net_id` in `tests/naming`.

mod pci;

use super::Feature;
use super::Scheme;
use super::allowed::allowed;
use super::scheme::database_name;
use crate::hardware::Device;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::number::number;

/// The kernel's numbers of hardware types (`ARPHRD_…`).
const ETHERNET: u32 = 1;
const INFINIBAND: u32 = 32;
const SLIP: u32 = 256;
const MCTP: u32 = 290;

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
    let Some(port) = allowed(port) else { return names };
    let Some(prefix) = prefix(&port, scheme).filter(|_| !port.is_stacked) else {
        return names;
    };
    let port = Asked { port: &port, inventory, scheme, prefix };
    names.database = database_name(port.port)
        .map(|text| Name { text: text.to_owned(), why: "udev's hardware database says so".into() });
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
        let octets: Vec<&str> = address.split([':', '-']).collect();
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
        let id = self.first_part("/devices/vio/").filter(|_| self.is_on("vio"))?;
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
        let digits = self.first_part("/devices/")?.strip_prefix("vif-")?;
        let is_number =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        let id: u32 = digits.parse().ok().filter(|_| is_number)?;
        self.name(Part::new(format!("X{id}"), format!("it is Xen's virtual port {id}")))
    }

    /// ACPI devices of ARM machines, as `HISI00C2:00`: maker, model and instance.
    fn by_platform(&self) -> Option<Name> {
        let id = self.first_part("/devices/platform/").filter(|_| self.is_on("platform"))?;
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
