//! A machine's network as Harvester's management network: ports in one bond, perhaps a VLAN, one IPv4 address.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use ipnetwork::IpNetwork;
use ipnetwork::Ipv4Network;

use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::network::Interface;
use crate::network::NetworkState;
use crate::network::Nic;
use crate::network::Pin;
use crate::spec::Machine;

/// The rule of networks that are none for Harvester.
const RULE: &str = "harvester-network";
/// The rule of names that the installer gives itself.
const NAMES: &str = "harvester-names";

/// What Harvester calls the bond that its ports are in (`MgmtBondInterfaceName`).
pub(super) const BOND: &str = "mgmt-bo";
/// What Harvester calls the bridge on that bond, which has the addresses (`MgmtInterfaceName`).
pub(super) const BRIDGE: &str = "mgmt-br";

/// Keys of nmstate's that the management network has words for, by the kind of interface.
const KNOWN: [&str; 10] =
    ["name", "type", "state", "identifier", "mac-address", "mtu", "ipv4", "ipv6", "link-aggregation", "vlan"];
const KNOWN_BELOW: [(&str, &[&str]); 4] = [
    ("ipv4", &["enabled", "dhcp", "address"]),
    ("ipv6", &["enabled", "dhcp", "autoconf"]),
    ("vlan", &["base-iface", "id"]),
    ("link-aggregation", &["mode", "options", "port", "ports", "slaves"]),
];

/// The management network.
#[derive(Clone, Debug)]
pub(super) struct Management<'m> {
    /// Its ports.
    pub(super) ports: Vec<&'m Nic>,
    /// The node's address; by DHCP if there is none.
    pub(super) address: Option<Sourced<Ipv4Network>>,
    /// The default gateway.
    pub(super) gateway: Option<Sourced<Ipv4Addr>>,
    /// Name servers.
    pub(super) name_servers: Vec<Sourced<Ipv4Addr>>,
    /// The VLAN.
    pub(super) vlan: Option<Sourced<u32>>,
    /// Maximum transmission unit in bytes.
    pub(super) mtu: Option<Sourced<u32>>,
    /// The bond's mode and options, if a bond is asked for.
    pub(super) bond: Option<Vec<(String, Sourced<String>)>>,
    /// The line that asks for its addresses.
    pub(super) origin: Origin,
}

impl Management<'_> {
    /// The interface that has the address.
    pub(super) fn interface(&self) -> String {
        match &self.vlan {
            Some(vlan) => format!("{BRIDGE}.{}", vlan.value),
            None => BRIDGE.to_owned(),
        }
    }
}

/// Something that has addresses.
struct Addressed<'m> {
    name: &'m str,
    addresses: Vec<&'m Sourced<IpNetwork>>,
    origin: &'m Origin,
}

/// Reads the management network out of a machine's; adds what of it there is none of in Harvester.
pub(super) fn management<'m>(machine: &'m Machine, findings: &mut Diagnostics) -> Option<Management<'m>> {
    let network = &machine.network;
    settings(machine, findings);
    let addressed = addressed(network);
    let Some(first) = addressed.first() else {
        let view = machine.butane.view();
        let place = view.get("network").map_or(machine.origin.clone(), |view| view.origin().clone());
        let help = "give the port, bond or VLAN of the node's network an `address`, or `dhcp: true`";
        findings.error(RULE, &place, "nothing in this network has an address", help);
        return None;
    };
    for other in addressed.iter().skip(1) {
        let message =
            format!("Harvester's node has addresses on one network, and `{}` is another", other.name);
        let help = "leave it out, and make it a network of the cluster later";
        findings.error(RULE, other.origin, message, help);
    }
    let stack = stack(network, &addressed, findings);
    let bond = stack.bond;
    let mut addresses = first.addresses.iter();
    let mut address = None;
    for found in addresses.by_ref() {
        match (&address, found.value) {
            (None, IpNetwork::V4(network)) => {
                address = Some(Sourced { value: network, origin: found.origin.clone() });
            }
            (Some(_), IpNetwork::V4(_)) => {
                findings.error(RULE, &found.origin, "Harvester's node has one address", "keep one of them");
            }
            (_, IpNetwork::V6(_)) => no_ipv6(&found.origin, findings),
        }
    }
    Some(Management {
        gateway: gateway(network, findings),
        name_servers: name_servers(network, findings),
        mtu: mtu(network, &stack, findings),
        vlan: stack.vlan.and_then(|vlan| vlan.vlan.clone()),
        bond: bond.map(|bond| options(network, &bond.name.value)),
        ports: stack.ports,
        address,
        origin: first.origin.clone(),
    })
}

fn no_ipv6(origin: &Origin, findings: &mut Diagnostics) {
    findings.error(RULE, origin, "Harvester's management network is IPv4 alone", "leave it out");
}

/// What holds for the network as a whole.
fn settings(machine: &Machine, findings: &mut Diagnostics) {
    let network = &machine.network;
    let view = machine.butane.view();
    let place = |key: &str| view.at(&["network", key]).map(|view| view.origin().clone());
    if let Some(origin) = place("pin") {
        match network.pin {
            Pin::None => {
                let message =
                    "Harvester binds its profiles to names, and nothing would hold the ports to theirs";
                findings.error(RULE, &origin, message, "leave `pin` out");
            }
            Pin::Rule | Pin::Both => {
                let message =
                    "Harvester's ports are held to their names by kernel arguments, and by no rule of udev's";
                findings.warning(NAMES, &origin, message, "leave `pin` out");
            }
            Pin::Link => {}
        }
    }
    for (key, message) in [
        ("fallback", "Harvester's node has no fallback for its network"),
        ("lives", "Harvester's installer and its node have one network"),
    ] {
        if let Some(origin) = place(key) {
            findings.error(RULE, &origin, message, format!("leave `{key}` out"));
        }
    }
    let Some(nmstate) = network.nmstate().map(View::of) else { return };
    if let Some(rules) = nmstate.get("route-rules") {
        findings.error(
            RULE,
            rules.origin(),
            "Harvester's installer takes no routing rules",
            "leave them out",
        );
    }
    for interface in nmstate.list("interfaces") {
        unknown_keys(&interface, findings);
    }
}

/// Keys that the management network has no word for.
fn unknown_keys(interface: &View<'_>, findings: &mut Diagnostics) {
    let mut refuse = |place: &Origin, key: &str| {
        let message = format!("Harvester's installer has no word for `{key}` of an interface");
        findings.error(RULE, place, message, "leave it out");
    };
    for (key, place, _) in interface.entries().filter(|(key, _, _)| !KNOWN.contains(key)) {
        refuse(&place, key);
    }
    for (section, known) in KNOWN_BELOW {
        let section = interface.get(section);
        for (key, place, _) in
            section.iter().flat_map(View::entries).filter(|(key, _, _)| !known.contains(key))
        {
            refuse(&place, key);
        }
    }
    if let Some(ipv6) = interface.get("ipv6").filter(|ipv6| ipv6.is_true_at("enabled")) {
        no_ipv6(ipv6.origin(), findings);
    }
}

/// Everything that has addresses, in the order of the file.
fn addressed(network: &NetworkState) -> Vec<Addressed<'_>> {
    let more = |name: &str| network.interfaces().iter().find(|interface| interface.name.value == name);
    let of_nics = network.nics.iter().filter_map(|nic| {
        let other = more(nic.name.as_str());
        let addresses: Vec<_> =
            nic.addresses.iter().chain(other.into_iter().flat_map(|other| &other.addresses)).collect();
        let is_dynamic = nic.uses_dhcp() || other.is_some_and(|other| other.is_dynamic);
        let is_addressed = !addresses.is_empty() || is_dynamic || nic.has_address;
        is_addressed.then_some(Addressed { name: nic.name.as_str(), addresses, origin: &nic.origin })
    });
    let of_others = network.interfaces().iter().filter_map(|interface| {
        let is_addressed = !interface.addresses.is_empty() || interface.is_dynamic;
        (is_addressed && !network.is_nic(&interface.name.value)).then_some(Addressed {
            name: &interface.name.value,
            addresses: interface.addresses.iter().collect(),
            origin: &interface.origin,
        })
    });
    of_nics.chain(of_others).collect()
}

/// What stands on what, from the addresses down to the ports.
struct Stack<'m> {
    vlan: Option<&'m Interface>,
    bond: Option<&'m Interface>,
    ports: Vec<&'m Nic>,
}

fn stack<'m>(
    network: &'m NetworkState,
    addressed: &[Addressed<'_>],
    findings: &mut Diagnostics,
) -> Stack<'m> {
    let top = addressed.first().map_or("", |first| first.name);
    let of_kind = |name: &str, kind: &str| {
        network.interfaces().iter().find(|other| other.name.value == name && other.kind.value == kind)
    };
    let vlan = of_kind(top, "vlan");
    let base = vlan.and_then(|vlan| vlan.base.as_ref()).map_or(top, |base| base.value.as_str());
    let bond = of_kind(base, "bond");
    let ports: Vec<&Nic> = match bond {
        Some(bond) => bond.ports.iter().filter_map(|port| network.nic(&port.value)).collect(),
        None => network.nic(base).into_iter().collect(),
    };
    let is_of_stack = |interface: &Interface| {
        let is =
            |other: Option<&Interface>| other.is_some_and(|other| other.name.value == interface.name.value);
        // Of one with addresses it has been said that it is another network.
        let is_addressed = addressed.iter().any(|other| other.name == interface.name.value);
        is(vlan) || is(bond) || is_addressed || network.is_nic(&interface.name.value)
    };
    for other in network.interfaces().iter().filter(|other| !is_of_stack(other)) {
        let message = format!(
            "`{}` is no part of the management network: Harvester's installer makes nothing else",
            other.name.value
        );
        let help = "leave it out, and make it a network of the cluster later";
        findings.error(RULE, &other.origin, message, help);
    }
    if ports.is_empty() {
        let message = format!("the node's network stands on `{base}`, which is no port of `network.nics`");
        let place = vlan.or(bond).map_or_else(|| Origin::of_file(""), |interface| interface.origin.clone());
        findings.error(RULE, &place, message, "name the ports by their MAC addresses in `network.nics`");
    }
    if let Some(id) = vlan.and_then(|vlan| vlan.vlan.as_ref()).filter(|id| id.value < 2) {
        let message = format!("VLAN {} is none to Harvester: it is not tagged there", id.value);
        findings.error(RULE, &id.origin, message, "write the address on the port or bond, without a VLAN");
    }
    names(vlan, bond, findings);
    Stack { vlan, bond, ports }
}

/// The installer gives its own links names of its own.
fn names(vlan: Option<&Interface>, bond: Option<&Interface>, findings: &mut Diagnostics) {
    let mut warn = |interface: &Interface, what: &str, name: String| {
        if interface.name.value != name {
            let message = format!("Harvester calls the {what} `{name}`, and not `{}`", interface.name.value);
            findings.warning(NAMES, &interface.name.origin, message, format!("call it `{name}` here too"));
        }
    };
    if let Some(bond) = bond {
        warn(bond, "bond", BOND.to_owned());
    }
    if let Some((vlan, id)) = vlan.and_then(|vlan| Some((vlan, vlan.vlan.as_ref()?))) {
        warn(vlan, "VLAN", format!("{BRIDGE}.{}", id.value));
    }
}

/// The one MTU.
fn mtu(network: &NetworkState, stack: &Stack<'_>, findings: &mut Diagnostics) -> Option<Sourced<u32>> {
    let of_nics = stack.ports.iter().filter_map(|nic| {
        let of_nmstate =
            || network.interfaces().iter().find(|other| other.name.value == nic.name.as_str())?.mtu.as_ref();
        nic.mtu.as_ref().or_else(of_nmstate)
    });
    let said = [stack.vlan, stack.bond].into_iter().flatten().filter_map(|interface| interface.mtu.as_ref());
    let said: Vec<&Sourced<u32>> = said.chain(of_nics).collect();
    let first = (*said.first()?).clone();
    for other in said.iter().filter(|other| other.value != first.value) {
        let message = format!(
            "Harvester's management network has one MTU, and {} is on line {}",
            first.value, first.origin.line
        );
        findings.error(RULE, &other.origin, message, "write the same everywhere, or once");
    }
    for nic in network.nics.iter().filter(|nic| !stack.ports.iter().any(|port| port.name == nic.name)) {
        if let Some(mtu) = &nic.mtu {
            let message =
                format!("`{}` is no port of the management network, and gets its name alone", nic.name.value);
            findings.error(
                RULE,
                &mtu.origin,
                message,
                "leave the MTU out, and write it in the cluster's network later",
            );
        }
    }
    Some(first)
}

/// The bond's mode and options.
fn options(network: &NetworkState, bond: &str) -> Vec<(String, Sourced<String>)> {
    let Some(nmstate) = network.nmstate().map(View::of) else { return Vec::new() };
    let interfaces = nmstate.list("interfaces");
    let bond = interfaces.iter().find(|view| view.text_at("name").is_some_and(|name| name.value == bond));
    let Some(settings) = bond.and_then(|bond| bond.get("link-aggregation")) else { return Vec::new() };
    let mode = settings.text_at("mode").map(|mode| ("mode".to_owned(), mode));
    let options = settings.get("options");
    let options = options.iter().flat_map(View::entries);
    let options = options.filter_map(|(key, _, value)| Some((key.to_owned(), value.text()?)));
    mode.into_iter().chain(options).collect()
}

fn ipv4(found: &Sourced<IpAddr>, findings: &mut Diagnostics) -> Option<Sourced<Ipv4Addr>> {
    match found.value {
        IpAddr::V4(value) => Some(Sourced { value, origin: found.origin.clone() }),
        IpAddr::V6(_) => {
            no_ipv6(&found.origin, findings);
            None
        }
    }
}

/// The default gateway; there are no other routes.
fn gateway(network: &NetworkState, findings: &mut Diagnostics) -> Option<Sourced<Ipv4Addr>> {
    let mut gateways: Vec<Sourced<IpAddr>> =
        network.nics.iter().flat_map(|nic| nic.gateways.clone()).collect();
    for route in network.routes() {
        let is_default =
            route.text_at("destination").is_some_and(|to| ["0.0.0.0/0", "::/0"].contains(&to.value.as_str()));
        match route.parse_at::<IpAddr>("next-hop-address").filter(|_| is_default) {
            Some(gateway) => gateways.push(gateway),
            None => {
                let message = "Harvester's installer takes no route but the default one";
                findings.error(RULE, route.origin(), message, "leave it out");
            }
        }
    }
    let mut gateways: Vec<Sourced<Ipv4Addr>> =
        gateways.iter().filter_map(|gateway| ipv4(gateway, findings)).collect();
    gateways.dedup_by(|a, b| a.value == b.value);
    for other in gateways.iter().skip(1) {
        findings.error(RULE, &other.origin, "Harvester's node has one default gateway", "keep one of them");
    }
    gateways.into_iter().next()
}

fn name_servers(network: &NetworkState, findings: &mut Diagnostics) -> Vec<Sourced<Ipv4Addr>> {
    let nmstate = network.nmstate().map(View::of);
    let resolver = nmstate.and_then(|nmstate| nmstate.at(&["dns-resolver", "config"]));
    let of_nmstate = resolver.iter().flat_map(|resolver| resolver.parse_list::<IpAddr>("server"));
    let servers: Vec<_> = network.nics.iter().flat_map(|nic| nic.dns.clone()).chain(of_nmstate).collect();
    let domains = network.nics.iter().flat_map(|nic| &nic.search).map(|domain| domain.origin.clone());
    let others = ["search", "options"]
        .into_iter()
        .filter_map(|key| Some(resolver.as_ref()?.get(key)?.origin().clone()));
    for origin in domains.chain(others) {
        let message = "Harvester's installer takes name servers alone: this is lost";
        findings.warning(RULE, &origin, message, "leave it out, and write names in full");
    }
    servers.iter().filter_map(|server| ipv4(server, findings)).collect()
}
