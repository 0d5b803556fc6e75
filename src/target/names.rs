//! What a machine file binds to names of ports, beside what those names are known to become.

use super::contents::Files;
use super::landing::Landed;
use super::landing::Thing;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::Profile;
use crate::hardware::naming::Arguments;
use crate::hardware::naming::Future;
use crate::hardware::naming::Loss;
use crate::hardware::naming::NameFile;
use crate::hardware::read_inventory;
use crate::network;
use crate::network::KEYFILE_FOLDER;
use crate::network::LostNames;
use crate::network::Match;
use crate::network::Pin;
use crate::network::bound_name;
use crate::spec::Machine;
use crate::value::MacAddress;

/// What is known of a machine's names.
#[derive(Clone, Debug)]
pub struct Names {
    /// What was found of the machine; or what its profile lets suppose, if nothing was.
    pub inventory: Option<Inventory>,
    /// Whether the inventory was made of the profile.
    pub is_supposed: bool,
    /// What the kernel's arguments say of names.
    pub arguments: Arguments,
    /// The files of the installed system that name ports.
    pub files: Vec<NameFile>,
    /// What is bound to names.
    pub bound: Vec<BoundName>,
    /// What the ports may be called, if there is an inventory.
    future: Option<Future>,
    /// What they would be called if no file named them.
    unnamed: Option<Future>,
}

/// A name that something is bound to.
#[derive(Clone, Debug)]
pub struct BoundName {
    /// The name.
    pub name: String,
    /// The port that must have it, if that is known by its address.
    pub mac: Option<MacAddress>,
    /// Whether a file gives the port this name.
    pub is_pinned: bool,
    /// What is bound to it, as in `keyfile /etc/NetworkManager/system-connections/eno1.nmconnection`.
    pub what: String,
    /// Where that is written.
    pub origin: Origin,
}

/// What becomes of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It lasts, under every kernel and scheme that may come.
    Stable,
    /// It is lost, then and then.
    Lost(Vec<Loss>),
    /// No port of the machine has it, or will.
    Nobody,
    /// Nothing is known of the machine's ports.
    Unknown,
}

impl Names {
    /// Gathers what is known; says what is wrong with the inventory.
    pub(super) fn of(machine: &Machine, files: &Files, landed: &Landed, findings: &mut Diagnostics) -> Self {
        let found = inventory(machine, files, findings);
        let is_supposed = found.is_none();
        let profile = machine.hardware.profile.as_ref().and_then(|profile| Profile::find(&profile.value));
        let inventory = found.or_else(|| profile.map(Profile::supposed_inventory));
        let should_exist = &machine.butane.kernel_arguments.should_exist;
        let arguments = Arguments::read(should_exist.iter().map(|argument| argument.value.as_str()));
        let files = name_files(machine, landed);
        let future =
            |files: &[NameFile]| inventory.as_ref().map(|inventory| Future::of(inventory, &arguments, files));
        let (future, unnamed) = (future(&files), future(&[]));
        Self {
            inventory,
            is_supposed,
            arguments,
            files,
            bound: bound_names(machine, landed),
            future,
            unnamed,
        }
    }

    /// What was found of the machine, if something was.
    pub fn found(&self) -> Option<&Inventory> {
        self.inventory.as_ref().filter(|_| !self.is_supposed)
    }

    /// What becomes of a name that something is bound to.
    pub fn verdict(&self, bound: &BoundName) -> Verdict {
        let has_mac = |port: &Port| bound.mac.is_some() && port.mac() == bound.mac;
        let ports = self.inventory.as_ref().map(|inventory| inventory.ports.as_slice()).unwrap_or_default();
        let port = match bound.mac {
            Some(_) => ports.iter().position(has_mac),
            None => self.port_called(&bound.name),
        };
        match port {
            Some(port) => match self.losses(port, &bound.name) {
                losses if losses.is_empty() => Verdict::Stable,
                losses => Verdict::Lost(losses),
            },
            // A pin needs nothing of what is not known.
            None if self.found().is_none() && bound.is_pinned => Verdict::Stable,
            None if self.found().is_none() => Verdict::Unknown,
            None => Verdict::Nobody,
        }
    }

    /// The port that is called so now, or else one that may come to be, or would if no file named it.
    fn port_called(&self, name: &str) -> Option<usize> {
        let now = self.inventory.as_ref()?.ports.iter().position(|port| port.name == name);
        let futures = [&self.future, &self.unnamed].into_iter().flatten();
        now.or_else(|| futures.filter_map(|future| future.port_called(name)).next())
    }

    fn losses(&self, port: usize, name: &str) -> Vec<Loss> {
        self.future.as_ref().map(|future| future.losses(port, name)).unwrap_or_default()
    }

    /// What becomes of the names that ports have, or may have: for each that is lost, a sentence that goes on after it.
    pub(super) fn lost(&self) -> LostNames {
        let ports = self.inventory.as_ref().map(|inventory| inventory.ports.as_slice()).unwrap_or_default();
        let now = ports.iter().map(|port| port.name.as_str());
        let later = self.unnamed.iter().flat_map(Future::names);
        let sentence = |name: &str| {
            let losses = self.losses(self.port_called(name)?, name);
            Some((name.to_owned(), format!("which {}", losses.first()?)))
        };
        now.chain(later).filter_map(sentence).collect()
    }
}

/// What was found of the machine, from the file that it names.
fn inventory(machine: &Machine, files: &Files, findings: &mut Diagnostics) -> Option<Inventory> {
    let file = machine.hardware.inventory.as_ref()?;
    match read_inventory(files.bytes(file)?) {
        Ok(inventory) => Some(inventory),
        Err(error) => {
            let place = error
                .place
                .map(|(line, column)| format!("line {line}, column {column}: "))
                .unwrap_or_default();
            let message = format!("`{}` is no inventory: {place}{}", file.value, error.message);
            findings.error("inventory", &file.origin, message, error.help);
            None
        }
    }
}

/// The files of the installed system that name ports: cotter's own, and the user's.
fn name_files(machine: &Machine, landed: &Landed) -> Vec<NameFile> {
    let nics = &machine.network.nics;
    let pin = machine.network.pin;
    let links = nics.iter().filter(|_| matches!(pin, Pin::Link | Pin::Both));
    let links = links.map(|nic| (network::link_file(nic.mac.value, &nic.name.value), &nic.origin));
    let rules = nics.iter().filter(|_| matches!(pin, Pin::Rule | Pin::Both));
    let rules = rules.map(|nic| (network::rule_file(nic.mac.value, &nic.name.value), &nic.origin));
    let ours = links
        .chain(rules)
        .filter_map(|((path, text), origin)| NameFile::read(&path, &text, Some(origin.clone())));
    let users = landed.things.iter().filter_map(|landing| {
        let (path, text) = match &landing.thing {
            Thing::File { path, bytes: Some(bytes), .. } => (path, std::str::from_utf8(bytes).ok()?),
            // It hides a file of the system's own.
            Thing::Link { path, target, .. } if target == "/dev/null" => (path, ""),
            _ => return None,
        };
        let names =
            ["/etc/systemd/network/", "/etc/udev/rules.d/"].iter().any(|folder| path.starts_with(folder));
        NameFile::read(path, text, Some(landing.origin.clone())).filter(|_| names)
    });
    ours.chain(users).collect()
}

/// Everything that is bound to a name of a port.
fn bound_names(machine: &Machine, landed: &Landed) -> Vec<BoundName> {
    let network = &machine.network;
    let by_name = network.matching == Match::Name;
    let of_nics = network.nics.iter().filter(|_| network.pin != Pin::None || by_name).map(|nic| BoundName {
        name: nic.name.to_string(),
        mac: Some(nic.mac.value),
        is_pinned: network.pin != Pin::None,
        what: match network.pin {
            Pin::None => "profile bound by name".to_owned(),
            Pin::Link => "pinned by `.link`".to_owned(),
            Pin::Rule => "pinned by a udev rule".to_owned(),
            Pin::Both => "pinned by `.link` and a udev rule".to_owned(),
        },
        origin: nic.name.origin.clone(),
    });
    let of_keyfiles = landed.things.iter().filter_map(|landing| {
        let Thing::File { path, bytes: Some(bytes), .. } = &landing.thing else { return None };
        let text = std::str::from_utf8(bytes).ok().filter(|_| path.starts_with(KEYFILE_FOLDER))?;
        let (name, line) = bound_name(text)?;
        let what = format!("keyfile `{}`", path.rsplit('/').next().unwrap_or(path));
        Some(BoundName {
            name: name.to_owned(),
            mac: None,
            is_pinned: false,
            what,
            origin: landing.line(line),
        })
    });
    let arguments = &machine.butane.kernel_arguments.should_exist;
    let of_arguments = arguments.iter().flat_map(|argument| {
        let names = names_in(argument.value.as_str());
        let what = format!("kernel argument `{}`", argument.value);
        names.into_iter().map(move |name| BoundName {
            name,
            mac: None,
            is_pinned: false,
            what: what.clone(),
            origin: argument.origin.clone(),
        })
    });
    let is_ours = |bound: &BoundName| bound.mac.is_some() || network.nic(&bound.name).is_none();
    of_nics.chain(of_keyfiles).chain(of_arguments).filter(is_ours).collect()
}

/// The names of ports in a kernel argument (dracut.cmdline(7)): `ip=…:eno1:dhcp`, `bond=bond0:eno1,eno2`.
fn names_in(argument: &str) -> Vec<String> {
    let Some((key, value)) = argument.split_once('=') else { return Vec::new() };
    let parts: Vec<&str> = value.split(':').collect();
    let ports: &str = match (key, parts.as_slice()) {
        ("ip", [device, _]) => device,
        ("ip", [_, _, _, _, _, device, ..]) => device,
        ("bond" | "bridge" | "team", [_, ports, ..]) => ports,
        ("vlan", [_, port]) => port,
        ("bootdev", [port]) => port,
        _ => return Vec::new(),
    };
    // Addresses of IPv6 have colons too, and stand in brackets.
    let is_name = |port: &&str| !port.is_empty() && !port.contains(['[', ']', '.']);
    ports.split(',').filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::names_in;

    #[test]
    fn finds_names_of_ports_in_kernel_arguments() {
        for (argument, names) in [
            ("ip=eno1:dhcp", vec!["eno1"]),
            ("ip=192.168.50.10::192.168.50.1:255.255.255.0:host:eno1:none", vec!["eno1"]),
            ("ip=192.168.50.10::192.168.50.1:255.255.255.0:host::none", vec![]),
            ("ip=dhcp", vec![]),
            ("bond=bond0:eno1,eno2:mode=802.3ad", vec!["eno1", "eno2"]),
            ("vlan=eno1.100:eno1", vec!["eno1"]),
            ("bootdev=eno1", vec!["eno1"]),
            ("quiet", vec![]),
        ] {
            assert_eq!(names_in(argument), names, "{argument}");
        }
    }
}
