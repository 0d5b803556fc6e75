//! Rules that a network must keep before any file is made of it.

use std::collections::BTreeMap;

use ipnetwork::IpNetwork;

use super::Interface;
use super::Match;
use super::NetworkState;
use super::Nic;
use super::Pin;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::nearest;
use crate::value::InterfaceName;

/// Kinds of interface that are let through. Ethernet, bond and VLAN were seen to work in rehearsals, bridge and
/// dummy were not yet. For some others (`wireguard`), nmstate writes an Ethernet profile without a word.
const KINDS: [&str; 5] = ["ethernet", "bond", "vlan", "linux-bridge", "dummy"];

/// Adds what is wrong with `network`.
pub fn check(network: &NetworkState, findings: &mut Diagnostics) {
    let interfaces = network.interfaces();
    for nic in &network.nics {
        name(nic, network, findings);
        addresses(nic, findings);
    }
    same(
        network.nics.iter().map(|nic| (nic.name.value.to_string(), &nic.name.origin)),
        "duplicate-name",
        "name",
        findings,
    );
    same(
        network.nics.iter().map(|nic| (nic.mac.value.to_string(), &nic.mac.origin)),
        "duplicate-mac",
        "MAC address",
        findings,
    );
    same(
        interfaces.iter().map(|i| (i.name.value.clone(), &i.name.origin)),
        "duplicate-name",
        "interface name",
        findings,
    );
    for interface in &interfaces {
        kind(interface, network, findings);
        references(interface, network, &interfaces, findings);
    }
    one_controller(&interfaces, network, findings);
    if network.matching == Match::Name
        && let Some(origin) = &network.matching_origin
    {
        findings.warning(
            "bound-by-name",
            origin,
            "profiles bound by name lose their port when it is renamed",
            "leave out `match: name`: profiles are then bound by the permanent MAC address",
        );
    }
}

fn name(nic: &Nic, network: &NetworkState, findings: &mut Diagnostics) {
    let Some(namespace) = nic.name.assigned_namespace() else {
        return;
    };
    if network.pin == Pin::None {
        return;
    }
    findings.error(
        "reserved-name",
        &nic.name.origin,
        format!(
            "`{}` lies in `{namespace}*`, from which the kernel or udev name ports themselves",
            nic.name.value
        ),
        "use a name of your own, as in `mgmt0` or `data0`",
    );
}

fn addresses(nic: &Nic, findings: &mut Diagnostics) {
    for address in &nic.addresses {
        usable(address, findings);
    }
    if nic.uses_dhcp()
        && let Some(address) = nic.addresses.first()
    {
        findings.error(
            "address-or-dhcp",
            &address.origin,
            format!("`{}` has a static address and `dhcp: true`", nic.name.value),
            "keep one of them",
        );
    }
    let mut families = Vec::new();
    for gateway in &nic.gateways {
        if families.contains(&gateway.is_ipv4()) {
            findings.error("one-gateway", &gateway.origin, "a second gateway of the same family", "keep one");
        }
        families.push(gateway.is_ipv4());
        if !nic.addresses.iter().any(|address| address.contains(gateway.value))
            && !is_link_local(gateway.value)
        {
            findings.error(
                "gateway-reachable",
                &gateway.origin,
                format!("gateway `{}` lies in no network of `{}`", gateway.value, nic.name.value),
                "give the port an address in the gateway's network, with the right prefix length",
            );
        }
        if nic.addresses.iter().any(|address| address.ip() == gateway.value) {
            findings.error(
                "gateway-is-other",
                &gateway.origin,
                format!("`{}` is the machine's own address", gateway.value),
                "name the router's address",
            );
        }
    }
    if let Some(server) = nic.dns.first()
        && nic.addresses.is_empty()
        && !nic.uses_dhcp()
    {
        findings.error(
            "dns-needs-address",
            &server.origin,
            format!("`{}` has name servers but no address", nic.name.value),
            "put `dns` on the port that has the address",
        );
    }
}

fn is_link_local(ip: std::net::IpAddr) -> bool {
    matches!(ip, std::net::IpAddr::V6(ip) if ip.is_unicast_link_local())
}

fn usable(address: &Sourced<IpNetwork>, findings: &mut Diagnostics) {
    let ip = address.ip();
    let why = match address.value {
        IpNetwork::V4(network) if network.prefix() < 31 && network.network() == network.ip() => {
            "it is the network's own address"
        }
        IpNetwork::V4(network) if network.prefix() < 31 && network.broadcast() == network.ip() => {
            "it is the broadcast address"
        }
        _ if ip.is_loopback() => "it is a loopback address",
        _ if ip.is_multicast() => "it is a multicast address",
        _ if ip.is_unspecified() => "it is the unspecified address",
        _ => return,
    };
    findings.error(
        "usable-address",
        &address.origin,
        format!("`{}` cannot be a port's address: {why}", address.value),
        "write the machine's address and its prefix length, as in `192.168.50.10/24`",
    );
}

fn kind(interface: &Interface, network: &NetworkState, findings: &mut Diagnostics) {
    let is_nic = network.nics.iter().any(|nic| nic.name.as_str() == interface.name.value);
    if !KINDS.contains(&interface.kind.value.as_str()) && !is_nic {
        findings.error(
            "interface-type",
            &interface.kind.origin,
            format!(
                "`{}` has the type `{}`, for which no keyfile can be made",
                interface.name.value, interface.kind.value
            ),
            format!("known: {}", KINDS.join(", ")),
        );
    }
    if interface.kind.value == "ethernet" && !is_nic {
        findings.error(
            "port-needs-mac",
            &interface.name.origin,
            format!("the port `{}` is bound by its name alone", interface.name.value),
            "add it to `network.nics` with its MAC address",
        );
    }
    if let Err(error) = interface.name.value.parse::<InterfaceName>() {
        findings.wrong_value("interface-name", &interface.name.origin, error);
    }
    if let Some(state) = &interface.state
        && state.value != "up"
    {
        findings.error(
            "state-up",
            &state.origin,
            format!(
                "`{}` is to be `{}`, but keyfiles can only bring interfaces up",
                interface.name.value, state.value
            ),
            "leave the interface out",
        );
    }
    if interface.kind.value == "bond" && interface.ports.is_empty() {
        findings.error(
            "bond-needs-ports",
            &interface.origin,
            format!("bond `{}` has no ports", interface.name.value),
            "list its ports under `link-aggregation.port`",
        );
    }
    if interface.kind.value == "vlan" && interface.base.is_none() {
        findings.error(
            "vlan-needs-base",
            &interface.origin,
            format!("VLAN `{}` stands on nothing", interface.name.value),
            "name what it stands on as `vlan.base-iface`",
        );
    }
}

fn references(interface: &Interface, network: &NetworkState, all: &[Interface], findings: &mut Diagnostics) {
    let known: Vec<&str> = network
        .nics
        .iter()
        .map(|nic| nic.name.as_str())
        .chain(all.iter().map(|other| other.name.value.as_str()))
        .collect();
    for word in interface.ports.iter().chain(&interface.base) {
        if !known.contains(&word.value.as_str()) {
            let help = match nearest(&word.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add it to `network.nics` or to the interfaces here".to_owned(),
            };
            findings.error(
                "unknown-interface",
                &word.origin,
                format!("no interface is called `{}`", word.value),
                help,
            );
        }
    }
}

fn one_controller(interfaces: &[Interface], network: &NetworkState, findings: &mut Diagnostics) {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for interface in interfaces {
        for port in &interface.ports {
            if let Some(other) = taken.insert(&port.value, &interface.name.value) {
                findings.error(
                    "one-controller",
                    &port.origin,
                    format!("`{}` is a port of `{other}` and of `{}`", port.value, interface.name.value),
                    "leave it in one of them",
                );
            }
            let nic = network.nics.iter().find(|nic| nic.name.as_str() == port.value);
            if let Some(address) = nic.and_then(|nic| nic.addresses.first()) {
                findings.error(
                    "port-has-no-address",
                    &address.origin,
                    format!(
                        "`{}` is a port of `{}`, so it cannot have an address",
                        port.value, interface.name.value
                    ),
                    format!("give the address to `{}`", interface.name.value),
                );
            }
        }
    }
}

fn same<'a>(
    values: impl Iterator<Item = (String, &'a Origin)>,
    rule: &'static str,
    what: &str,
    findings: &mut Diagnostics,
) {
    let mut first: BTreeMap<String, &Origin> = BTreeMap::new();
    for (value, origin) in values {
        if let Some(other) = first.get(&value) {
            let message = format!("the {what} `{value}` is given twice; the first is on line {}", other.line);
            findings.error(rule, origin, message, "each needs its own");
        } else {
            first.insert(value, origin);
        }
    }
}
