//! Whether a udev rule matches a port (udev(7)).

use super::link_file::kernel_name_fits;
use super::net_id::Names;
use super::pattern;
use super::property::property;
use super::rule_file::Rule;
use super::rule_file::State;
use super::rule_file::Token;
use crate::hardware::Device;
use crate::hardware::Port;

/// Drivers of what stands between a port's own device and the root, of which no inventory tells.
const ABOVE: [&str; 6] = ["pcieport", "shpchp", "usb", "xhci_hcd", "ehci-pci", "uhci_hcd"];

/// A port as a rule finds it.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    pub port: &'a Port,
    pub names: &'a Names,
    /// Whether udev has worked out the names by then.
    pub are_named: bool,
    /// Whether it has worked out the place by then.
    pub has_path: bool,
    /// Whether it has looked at `.link` files by then.
    pub is_late: bool,
    pub state: &'a State,
}

impl Situation<'_> {
    /// Whether a rule matches, and what decides that cannot be told.
    pub fn look(&self, rule: &Rule) -> (Option<bool>, Option<String>) {
        let mut doubt: Option<String> = None;
        let is_match = |token: &&Token| matches!(token.operator.as_str(), "==" | "!=") || runs(token);
        let (of_parents, own): (Vec<&Token>, Vec<&Token>) =
            rule.tokens.iter().filter(is_match).partition(|token| is_of_parent(token));
        for token in own {
            match self.holds(token) {
                Some(false) => return (Some(false), None),
                Some(true) => {}
                None => doubt = doubt.or_else(|| Some(format!("`{}`", token.key))),
            }
        }
        if let Some(first) = of_parents.first() {
            match self.has_parent(&of_parents) {
                Some(false) => return (Some(false), None),
                Some(true) => {}
                None => doubt = doubt.or_else(|| Some(format!("`{}`", first.key))),
            }
        }
        (doubt.is_none().then_some(true), doubt)
    }

    /// A name with what udev fills in; nothing where that cannot be told.
    pub fn filled(&self, name: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = name;
        while let Some(at) = rest.find(['$', '%']) {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let sign = from.get(..1)?;
            if let Some(after) = from[1..].strip_prefix(sign) {
                filled.push_str(sign);
                rest = after;
                continue;
            }
            let (kind, after) =
                from.split_once('{').filter(|(kind, _)| matches!(*kind, "$env" | "%E" | "$attr" | "%s"))?;
            let (key, after) = after.split_once('}')?;
            filled.push_str(&if matches!(kind, "$env" | "%E") {
                self.property(key)?
            } else {
                attribute(self.port, key)?.unwrap_or_default()
            });
            rest = after;
        }
        Some(filled + rest)
    }

    fn holds(&self, token: &Token) -> Option<bool> {
        let patterns: Vec<String> = token.value.split('|').map(str::to_owned).collect();
        let wanted = token.operator != "!=";
        let is = |text: &str| Some(pattern::any(&patterns, text) == wanted);
        let (key, inner) = parts(&token.key);
        match (key, inner) {
            ("SUBSYSTEM", _) => is("net"),
            ("ACTION", _) => is("add"),
            ("DRIVER", _) => is(""),
            ("NAME", _) => is(self.state.name.as_deref().unwrap_or_default()),
            ("KERNEL", _) => kernel_name_fits(self.port, |name| pattern::any(&patterns, name) == wanted),
            ("ENV", Some(key)) => is(&self.property(key)?),
            ("ATTR", Some(key)) => match attribute(self.port, key)? {
                Some(text) => is(&text),
                // What is not there neither is nor is not.
                None => Some(false),
            },
            ("IMPORT", Some("builtin")) => Some(true),
            _ => None,
        }
    }

    /// What udev knows of the port by then, with nothing in it if there is none; nothing if that cannot be told.
    fn property(&self, key: &str) -> Option<String> {
        match key {
            "ID_PATH" if !self.has_path => Some(String::new()),
            "ID_NET_NAME" if self.is_late => self.state.by_link.clone(),
            // From systemd 257 on it is known at once.
            "ID_NET_DRIVER" if !self.is_late => None,
            key if key.starts_with("ID_NET_NAME") && !self.are_named => Some(String::new()),
            "ID_NET_NAME" => Some(String::new()),
            key => property(self.port, self.names, key),
        }
    }

    /// Whether one of the devices that the port hangs on, or the port itself, is all that these say.
    fn has_parent(&self, tokens: &[&Token]) -> Option<bool> {
        let devices = &self.port.devices;
        let mut looks = vec![all(tokens.iter().map(|token| self.is_so_of_port(token)))];
        for (index, device) in devices.iter().enumerate() {
            let below = index.checked_sub(1).and_then(|below| devices.get(below));
            looks.push(all(tokens.iter().map(|token| self.is_so_of(device, below, token))));
        }
        // Only sysfs tells of all that a port hangs on.
        let is_whole = self.port.path.is_some()
            || tokens.iter().any(|token| token.key == "KERNELS" && token.value.contains(':'));
        if looks.contains(&Some(true)) {
            Some(true)
        } else {
            (is_whole && !looks.contains(&None)).then_some(false)
        }
    }

    fn is_so_of_port(&self, token: &Token) -> Option<bool> {
        let (key, inner) = parts(&token.key);
        let key = match key {
            "KERNELS" => "KERNEL",
            "SUBSYSTEMS" => "SUBSYSTEM",
            "DRIVERS" => "DRIVER",
            "ATTRS" => "ATTR",
            _ => return None,
        };
        let key = inner.map_or(key.to_owned(), |inner| format!("{key}{{{inner}}}"));
        self.holds(&Token { key, ..token.clone() })
    }

    /// Whether a device is what a token says; `below` is the one that hangs on it.
    fn is_so_of(&self, device: &Device, below: Option<&Device>, token: &Token) -> Option<bool> {
        let patterns: Vec<String> = token.value.split('|').map(str::to_owned).collect();
        let wanted = token.operator != "!=";
        let is = |text: &str| Some(pattern::any(&patterns, text) == wanted);
        match parts(&token.key) {
            ("KERNELS", _) => is(&device.name),
            ("SUBSYSTEMS", _) => is(device.subsystem.as_ref()?),
            ("DRIVERS", _) => match below {
                None => is(self.port.driver.as_ref()?),
                Some(below) if below.subsystem.as_deref() == Some("virtio") => is("virtio-pci"),
                Some(_) => {
                    let may_be = ABOVE.iter().any(|driver| pattern::any(&patterns, driver) == wanted);
                    if may_be { None } else { Some(false) }
                }
            },
            ("ATTRS", Some(key)) => match of_device(device, key)? {
                Some(text) => is(&text),
                None => Some(false),
            },
            _ => None,
        }
    }
}

/// Whether all hold; nothing if some cannot be told and the others hold.
fn all(looks: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let looks: Vec<Option<bool>> = looks.collect();
    if looks.contains(&Some(false)) { Some(false) } else { (!looks.contains(&None)).then_some(true) }
}

/// True for what is run whatever sign stands before its value.
fn runs(token: &Token) -> bool {
    matches!(parts(&token.key).0, "PROGRAM" | "IMPORT" | "TEST" | "RESULT")
}

fn is_of_parent(token: &Token) -> bool {
    matches!(parts(&token.key).0, "KERNELS" | "SUBSYSTEMS" | "DRIVERS" | "ATTRS" | "TAGS")
}

/// A key and what stands in its braces.
fn parts(key: &str) -> (&str, Option<&str>) {
    match key.split_once('{') {
        Some((key, inner)) => (key, Some(inner.trim_end_matches('}'))),
        None => (key, None),
    }
}

/// What sysfs says of a port, as it is written there: nothing if that cannot be told, and nothing in it if it is not there.
fn attribute(port: &Port, key: &str) -> Option<Option<String>> {
    let address = || port.address.clone().or_else(|| Some(port.permanent_mac?.to_string()));
    Some(match key {
        "address" => Some(address()?.to_lowercase()),
        "type" => Some(port.hardware_type?.to_string()),
        "dev_port" => Some(port.dev_port.unwrap_or_default().to_string()),
        "dev_id" => Some(format!("{:#x}", port.dev_id.unwrap_or_default())),
        "addr_assign_type" if port.has_own_address? => Some("0".to_owned()),
        "phys_port_name" => port.phys_port_name.clone(),
        "phys_port_id" => port.phys_port_id.clone(),
        "phys_switch_id" => port.phys_switch_id.clone(),
        _ => return None,
    })
}

/// What sysfs says of a device that a port hangs on.
fn of_device(device: &Device, key: &str) -> Option<Option<String>> {
    let ids = device.pci.as_ref().and_then(|pci| pci.id.as_deref()).unwrap_or_default();
    let pci: Vec<&str> = ids.split([':', ' ']).collect();
    let place = match key {
        "vendor" => 0,
        "device" => 1,
        "subsystem_vendor" => 2,
        "subsystem_device" => 3,
        "idVendor" | "idProduct" => {
            let Some((vendor, product)) = device.usb_id.as_ref().and_then(|id| id.split_once(':')) else {
                return Some(None);
            };
            return Some(Some(if key == "idVendor" { vendor } else { product }.to_owned()));
        }
        _ => return None,
    };
    Some(match device.subsystem.as_deref() {
        Some("pci") => Some(format!("0x{}", pci.get(place).filter(|id| !id.is_empty())?)),
        Some("virtio") => return None,
        _ => None,
    })
}
