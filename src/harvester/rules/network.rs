//! The management network's ports: which they are, and what holds them to their names.

use std::collections::BTreeMap;

use super::Row;
use crate::document::Found;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;
use crate::document::nearest;
use crate::document::repeated;
use crate::harvester::facts::facts;
use crate::harvester::written::Written;
use crate::harvester::written::text;
use crate::value::InterfaceName;
use crate::value::MacAddress;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "old-networks",
            refuses: "`install.networks`, of Harvester 1.0",
            why: "it is passed over without a word",
            example: "install: {networks: {harvester-mgmt: {method: dhcp}}}",
        },
        by: old_networks,
    },
    Row {
        rule: Rule {
            name: "ports-needed",
            refuses: "a node without ports for its management network, and a port with neither name nor address",
            why: "the installer refuses it",
            example: "install: {management_interface: {method: dhcp}}",
        },
        by: ports_needed,
    },
    Row {
        rule: Rule {
            name: "port-name",
            refuses: "a port's name that Linux does not take, the loopback, and links of the installer's own",
            why: "there is no such port",
            example: "interfaces: [{name: mgmt-br}]",
        },
        by: port_names,
    },
    Row {
        rule: Rule {
            name: "port-address",
            refuses: "a `hwAddr` that is no address of a port",
            why: "the installer finds no port with it",
            example: "interfaces: [{hwAddr: \"52:54:00\"}]",
        },
        by: port_addresses,
    },
    Row {
        rule: Rule {
            name: "same-port",
            refuses: "a name or an address of two ports",
            why: "the bond would have one port where two are meant",
            example: "interfaces: [{name: eth0}, {name: eth0}]",
        },
        by: same_port,
    },
    Row {
        rule: Rule {
            name: "port-pin",
            refuses: "a port that is pinned to another name than is written; (warns) one that nothing holds to its name",
            why: "`hwAddr` only finds the name on the day of the installation; a port that is called otherwise later takes the node off the network",
            example: "interfaces: [{hwAddr: \"52:54:00:00:00:01\"}] without `ifname=`",
        },
        by: port_pin,
    },
    Row {
        rule: Rule {
            name: "pinned-name",
            refuses: "an `ifname=` that cannot be, is there twice, or takes a name from the kernel's or udev's namespaces",
            why: "the port keeps another name, or two contend for one",
            example: "additional_kernel_arguments: \"ifname=eth0:52:54:00:00:00:01\"",
        },
        by: pinned_names,
    },
    Row {
        rule: Rule {
            name: "bond-mode",
            refuses: "a mode of bonds that there is none of",
            why: "the installer writes it down as it is, and NetworkManager brings no bond up",
            example: "bond_options: {mode: activ-backup}",
        },
        by: bond_mode,
    },
    Row {
        rule: Rule {
            name: "mtu",
            refuses: "an MTU that is neither 0 nor from 576 to 9000",
            why: "the installer looks at it for static addresses only",
            example: "mtu: 99999",
        },
        by: mtu,
    },
    Row {
        rule: Rule {
            name: "vlan-id",
            refuses: "a VLAN above 4094",
            why: "there is no such VLAN",
            example: "vlan_id: 5000",
        },
        by: vlan_id,
    },
];

const MANAGEMENT: [&str; 2] = ["install", "management_interface"];

const PORTS: [&str; 3] = ["install", "management_interface", "interfaces"];

/// A port as it is written.
struct Port {
    name: Option<Sourced<String>>,
    mac: Option<Sourced<String>>,
    origin: Origin,
}

fn ports(config: &Written<'_>) -> Vec<Port> {
    let port = |view: &View<'_>| Port {
        name: text(view, "name"),
        mac: text(view, "hw_addr"),
        origin: view.origin().clone(),
    };
    config.list(&PORTS).iter().map(port).collect()
}

fn old_networks(config: &Written<'_>, found: &mut Found<'_>) {
    let path = ["install", "networks"];
    if config.at(&path).is_some() {
        let help = "write `install.management_interface` with `interfaces`, `method` and the addresses";
        found.error(&config.place(&path), "`networks` is of Harvester 1.0, and is passed over", help);
    }
}

fn ports_needed(config: &Written<'_>, found: &mut Found<'_>) {
    if !config.makes_a_node() {
        return;
    }
    let ports = ports(config);
    if ports.is_empty() && config.at(&["install", "networks"]).is_none() {
        let help = "write `install.management_interface.interfaces`, each with `name` and `hwAddr`";
        found.error(&config.place(&PORTS), "the management network has no ports", help);
    }
    for port in ports.iter().filter(|port| port.name.is_none() && port.mac.is_none()) {
        found.error(&port.origin, "a port has neither `name` nor `hwAddr`", "write both");
    }
}

fn port_names(config: &Written<'_>, found: &mut Found<'_>) {
    for name in ports(config).into_iter().filter_map(|port| port.name) {
        if name.value == "lo" || facts().own_links.contains(&name.value) {
            let message = format!("`{}` is not a port of the machine", name.value);
            found.error(&name.origin, message, "name the ports below it");
        } else if let Err(error) = name.value.parse::<InterfaceName>() {
            found.wrong_value(&name.origin, error);
        }
    }
}

fn port_addresses(config: &Written<'_>, found: &mut Found<'_>) {
    for mac in ports(config).into_iter().filter_map(|port| port.mac) {
        if let Err(error) = mac.value.parse::<MacAddress>() {
            found.wrong_value(&mac.origin, error);
        }
    }
}

fn same_port(config: &Written<'_>, found: &mut Found<'_>) {
    let ports = ports(config);
    let macs = ports.iter().filter_map(|port| {
        let mac = port.mac.as_ref()?;
        Some((mac.value.parse::<MacAddress>().ok()?.to_string(), &mac.origin))
    });
    let names =
        ports.iter().filter_map(|port| port.name.as_ref()).map(|name| (name.value.clone(), &name.origin));
    for (value, origin, line) in repeated(macs).into_iter().chain(repeated(names)) {
        let message = format!("`{value}` is there twice: it is on line {line} too");
        found.error(origin, message, "give each port a name and an address of its own");
    }
}

/// The `ifname=NAME:MAC` of the installed system.
fn pins(config: &Written<'_>) -> Vec<(String, Option<MacAddress>, Origin)> {
    let Some(arguments) = config.text(&["os", "additional_kernel_arguments"]) else { return Vec::new() };
    let pins = arguments.value.split_whitespace().filter_map(|word| word.strip_prefix("ifname="));
    let pin = |pin: &str| {
        let (name, mac) = pin.split_once(':').unwrap_or((pin, ""));
        (name.to_owned(), mac.parse().ok(), arguments.origin.clone())
    };
    pins.map(pin).collect()
}

fn port_pin(config: &Written<'_>, found: &mut Found<'_>) {
    let pins = pins(config);
    for (index, port) in ports(config).into_iter().enumerate() {
        let mac = port.mac.as_ref().and_then(|mac| mac.value.parse::<MacAddress>().ok());
        let of_mac = pins.iter().find(|(_, pinned, _)| mac.is_some() && *pinned == mac);
        let has_name = |name: &str| pins.iter().any(|(pinned, _, _)| pinned == name);
        match (&port.name, of_mac) {
            (Some(name), Some((pinned, _, _))) if *pinned != name.value => {
                let message = format!(
                    "the port is called `{}` here and `{pinned}` on the installed system",
                    name.value
                );
                let help = "write the same name in both; the live system needs the same `ifname=`";
                found.error(&name.origin, message, help);
            }
            (_, Some(_)) => {}
            (Some(name), None) if port.mac.is_none() && has_name(&name.value) => {}
            (name, None) => {
                let mac = port.mac.as_ref().map_or("MAC", |mac| mac.value.as_str());
                let message = match port.mac {
                    Some(_) => {
                        "nothing holds this port to its name: `hwAddr` is looked up once, when it is installed"
                    }
                    None => "nothing holds this port to its name: another system may call it otherwise",
                };
                // Another port may get a name of the kernel's or udev's first.
                let own = name.as_ref().and_then(|name| name.value.parse::<InterfaceName>().ok());
                let own = own.filter(|own| own.assigned_namespace().is_none());
                let name = own.map_or_else(|| format!("mgmt{index}"), |own| own.to_string());
                let help = format!(
                    "write `name: {name}`, and add `ifname={name}:{mac}` to `os.additional_kernel_arguments` and to the \
                     live system's arguments"
                );
                if port.name.is_some() || port.mac.is_some() {
                    found.warning(&port.origin, message, help);
                }
            }
        }
    }
}

fn pinned_names(config: &Written<'_>, found: &mut Found<'_>) {
    let mut seen_names = BTreeMap::new();
    let mut seen_macs = BTreeMap::new();
    for (name, mac, origin) in pins(config) {
        let help = "write it as `ifname=mgmt0:52:54:00:00:00:01`, once for each port";
        let Some(mac) = mac else {
            found.error(&origin, format!("`ifname={name}` has no address of a port after the name"), help);
            continue;
        };
        match name.parse::<InterfaceName>() {
            Err(error) => found.wrong_value(&origin, error),
            Ok(parsed) => {
                if let Some(namespace) = parsed.assigned_namespace() {
                    let message = format!(
                        "`{name}` is from the namespace of {namespace}: another port may get it first"
                    );
                    found.error(&origin, message, "take a name of your own, as `mgmt0`");
                }
            }
        }
        if seen_names.insert(name.clone(), ()).is_some() {
            found.error(&origin, format!("two ports are to be called `{name}`"), help);
        }
        if seen_macs.insert(mac, ()).is_some() {
            found.error(&origin, format!("`{mac}` is to have two names"), help);
        }
    }
}

fn bond_mode(config: &Written<'_>, found: &mut Found<'_>) {
    let modes = &facts().bond_modes;
    let Some(mode) = config.text(&[MANAGEMENT[0], MANAGEMENT[1], "bond_options", "mode"]) else { return };
    // The bonding driver takes the numbers too.
    let is_number = mode.value.parse::<usize>().is_ok_and(|number| number < modes.len());
    if !is_number && !modes.contains(&mode.value) {
        let help = match nearest(&mode.value, modes.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", modes.join(", ")),
        };
        found.error(&mode.origin, format!("`{}` is not a mode of bonds", mode.value), help);
    }
}

fn mtu(config: &Written<'_>, found: &mut Found<'_>) {
    let (least, most) = (facts().least_mtu, facts().most_mtu);
    let Some(mtu) = config.text(&[MANAGEMENT[0], MANAGEMENT[1], "mtu"]) else { return };
    if mtu.value.parse::<u64>().is_ok_and(|number| number != 0 && !(least..=most).contains(&number)) {
        let message = format!("`{}` is not an MTU for Harvester", mtu.value);
        found.error(&mtu.origin, message, format!("write a number from {least} to {most}, or leave it out"));
    }
}

fn vlan_id(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(id) = config.text(&[MANAGEMENT[0], MANAGEMENT[1], "vlan_id"]) else { return };
    if id.value.parse::<u64>().is_ok_and(|number| number > 4094) {
        found.error(
            &id.origin,
            format!("there is no VLAN `{}`", id.value),
            "write a number from 1 to 4094, or leave it out",
        );
    }
}
