//! Rules that a network must keep before any file is made of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::Match;
use super::NetworkState;
use super::Pin;
use crate::document::Check;
use crate::document::Found;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;
use crate::document::nearest;

/// Kinds of interface that are let through. Ethernet, bond and VLAN were seen to work in rehearsals, bridge
/// and dummy in a real NetworkManager. For some others (`wireguard`), nmstate writes an Ethernet profile
/// without a word.
const KINDS: [&str; 5] = ["ethernet", "bond", "vlan", "linux-bridge", "dummy"];

/// The rules of networks.
pub static CHECKS: &[Check<NetworkState>] = &[
    Check {
        rule: Rule {
            name: "reserved-name",
            refuses: "a name of ours from which the kernel or udev name ports themselves: eth*, en*, wl*, ww*, sl*, ib*",
            why: "the port that gets this name from udev would find it taken",
            example: "name: eno1",
        },
        by: reserved_names,
    },
    Check {
        rule: Rule {
            name: "duplicate-name",
            refuses: "two ports or two interfaces of one name",
            why: "only one could have it",
            example: "two nics `mgmt0`",
        },
        by: duplicate_names,
    },
    Check {
        rule: Rule {
            name: "duplicate-mac",
            refuses: "two ports with one MAC address",
            why: "only one port has it",
            example: "two nics with the same mac",
        },
        by: duplicate_macs,
    },
    Check {
        rule: Rule {
            name: "mac-local",
            refuses: "(warns) a locally administered MAC address that is not said to be meant",
            why: "hypervisors and bonds make up such addresses; a port's permanent address is its maker's",
            example: "mac: \"52:54:00:12:34:56\"",
        },
        by: local_macs,
    },
    Check {
        rule: Rule {
            name: "usable-address",
            refuses: "an address that no port can have: a network's own, broadcast, loopback, multicast",
            why: "NetworkManager would refuse it",
            example: "address: 192.168.50.0/24",
        },
        by: usable_addresses,
    },
    Check {
        rule: Rule {
            name: "duplicate-address",
            refuses: "one address on two interfaces",
            why: "answers would come from either",
            example: "two nics with address: 192.168.50.10/24",
        },
        by: duplicate_addresses,
    },
    Check {
        rule: Rule {
            name: "overlapping-networks",
            refuses: "(warns) two interfaces in one network",
            why: "packets leave by one of them, whichever the kernel takes",
            example: "192.168.50.10/24 and 192.168.50.11/24 on two ports",
        },
        by: overlapping_networks,
    },
    Check {
        rule: Rule {
            name: "address-or-dhcp",
            refuses: "a port with static addresses and `dhcp: true`",
            why: "nobody could say which is meant",
            example: "{address: 192.168.50.10/24, dhcp: true}",
        },
        by: address_or_dhcp,
    },
    Check {
        rule: Rule {
            name: "one-gateway",
            refuses: "a second gateway of one family on a port, and (warns) on another port",
            why: "only one of them would be used",
            example: "gateway: [192.168.50.1, 192.168.50.2]",
        },
        by: one_gateway,
    },
    Check {
        rule: Rule {
            name: "gateway-reachable",
            refuses: "a gateway in none of its port's networks, or the port's own address",
            why: "the default route could not be set",
            example: "{address: 192.168.50.10/24, gateway: 192.168.51.1}",
        },
        by: gateway_reachable,
    },
    Check {
        rule: Rule {
            name: "dns-needs-address",
            refuses: "name servers or search domains on a port without addresses",
            why: "NetworkManager would not use them",
            example: "{name: data0, dns: [192.168.50.1]}",
        },
        by: dns_needs_address,
    },
    Check {
        rule: Rule {
            name: "interface-type",
            refuses: "a kind of interface for which no right keyfile can be made",
            why: "nmstate would write another kind without a word",
            example: "type: wireguard",
        },
        by: kinds,
    },
    Check {
        rule: Rule {
            name: "port-needs-mac",
            refuses: "an Ethernet port in the nmstate document that is not in `network.nics`",
            why: "it would be bound by its name, which may change",
            example: "interfaces: [{name: eno1, type: ethernet}]",
        },
        by: ports_need_macs,
    },
    Check {
        rule: Rule {
            name: "nmstate-not-in-keyfiles",
            refuses: "what nmstate reads but keyfiles cannot carry: `state: absent`, `hostname`, Open vSwitch, VRF, captures",
            why: "nmstate would leave it out without a word",
            example: "hostname: {config: a}",
        },
        by: not_in_keyfiles,
    },
    Check {
        rule: Rule {
            name: "bond-needs-ports",
            refuses: "a bond without ports, or with one twice",
            why: "it would never have a carrier",
            example: "{type: bond, link-aggregation: {mode: 802.3ad}}",
        },
        by: bonds_need_ports,
    },
    Check {
        rule: Rule {
            name: "bond-options",
            refuses: "bond options that the mode does not have, and two kinds of link monitoring",
            why: "the kernel refuses them, and the bond does not come up",
            example: "{mode: active-backup, options: {lacp_rate: fast}}",
        },
        by: bond_options,
    },
    Check {
        rule: Rule {
            name: "vlan",
            refuses: "a VLAN on nothing, numbered other than 1 to 4094, or twice on one interface",
            why: "the kernel refuses it",
            example: "vlan: {base-iface: bond0, id: 4095}",
        },
        by: vlans,
    },
    Check {
        rule: Rule {
            name: "unknown-interface",
            refuses: "a port, base or route on an interface that is not there",
            why: "the profile would wait for ever",
            example: "port: [dta0]",
        },
        by: unknown_interfaces,
    },
    Check {
        rule: Rule {
            name: "one-controller",
            refuses: "a port of two bonds or bridges, and circles",
            why: "an interface has one controller",
            example: "data0 in bond0 and br0",
        },
        by: one_controller,
    },
    Check {
        rule: Rule {
            name: "port-has-no-address",
            refuses: "addresses on a port of a bond or bridge",
            why: "NetworkManager drops them",
            example: "data0 with an address in bond0",
        },
        by: ports_have_no_addresses,
    },
    Check {
        rule: Rule {
            name: "mtu",
            refuses: "an interface with a greater MTU than what it stands on",
            why: "the kernel refuses it, or packets vanish",
            example: "VLAN with mtu 9000 on a bond with 1500",
        },
        by: mtus,
    },
    Check {
        rule: Rule {
            name: "route",
            refuses: "a route to what is no network, or through a router that its interface does not reach",
            why: "the kernel refuses it",
            example: "destination: 10.0.0.0/33",
        },
        by: routes,
    },
    Check {
        rule: Rule {
            name: "bound-by-name",
            refuses: "(warns) `match: name`",
            why: "profiles bound by name lose their port when it is renamed",
            example: "match: name",
        },
        by: bound_by_name,
    },
];

fn reserved_names(network: &NetworkState, found: &mut Found<'_>) {
    if network.pin == Pin::None {
        return;
    }
    for nic in &network.nics {
        if let Some(namespace) = nic.name.assigned_namespace() {
            let message = format!(
                "`{}` lies in `{namespace}*`, from which the kernel or udev name ports themselves",
                nic.name.value
            );
            found.error(&nic.name.origin, message, "use a name of your own, as in `mgmt0` or `data0`");
        }
    }
}

/// Says which values are there twice.
fn same<'a>(values: impl Iterator<Item = (String, &'a Origin)>, what: &str, found: &mut Found<'_>) {
    let mut first: BTreeMap<String, &Origin> = BTreeMap::new();
    for (value, origin) in values {
        if let Some(other) = first.get(&value) {
            let message = format!("the {what} `{value}` is given twice; the first is on line {}", other.line);
            found.error(origin, message, "each needs its own");
        } else {
            first.insert(value, origin);
        }
    }
}

fn duplicate_names(network: &NetworkState, found: &mut Found<'_>) {
    same(network.nics.iter().map(|nic| (nic.name.to_string(), &nic.name.origin)), "name", found);
    let interfaces = network.interfaces();
    same(interfaces.iter().map(|i| (i.name.value.clone(), &i.name.origin)), "interface name", found);
}

fn duplicate_macs(network: &NetworkState, found: &mut Found<'_>) {
    same(network.nics.iter().map(|nic| (nic.mac.to_string(), &nic.mac.origin)), "MAC address", found);
}

fn local_macs(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        if nic.mac.is_locally_administered() && !nic.locally_administered {
            let message = format!(
                "`{}` is a locally administered address, which no port has from its maker",
                nic.mac.value
            );
            let help = "give the permanent address (`ip -d link` shows `permaddr`), or add `locally_administered: true`";
            found.warning(&nic.mac.origin, message, help);
        }
    }
}

/// Every interface with its static addresses, its name and where it is from.
fn addressed(network: &NetworkState) -> Vec<(String, Vec<Sourced<IpNetwork>>)> {
    let nics = network.nics.iter().map(|nic| (nic.name.to_string(), nic.addresses.clone()));
    nics.chain(network.interfaces().iter().map(|i| (i.name.value.clone(), i.addresses.clone()))).collect()
}

fn usable_addresses(network: &NetworkState, found: &mut Found<'_>) {
    for address in addressed(network).iter().flat_map(|(_, addresses)| addresses) {
        let ip = address.ip();
        let why = match address.value {
            IpNetwork::V4(net) if net.prefix() < 31 && net.network() == net.ip() => {
                "it is the network's own address"
            }
            IpNetwork::V4(net) if net.prefix() < 31 && net.broadcast() == net.ip() => {
                "it is the broadcast address"
            }
            _ if ip.is_loopback() => "it is a loopback address",
            _ if ip.is_multicast() => "it is a multicast address",
            _ if ip.is_unspecified() => "it is the unspecified address",
            _ => continue,
        };
        let message = format!("`{}` cannot be a port's address: {why}", address.value);
        found.error(
            &address.origin,
            message,
            "write the machine's address and its prefix length, as in `192.168.50.10/24`",
        );
    }
}

fn duplicate_addresses(network: &NetworkState, found: &mut Found<'_>) {
    let all = addressed(network);
    let values = all.iter().flat_map(|(_, addresses)| addresses).map(|a| (a.ip().to_string(), &a.origin));
    same(values, "address", found);
}

fn overlapping_networks(network: &NetworkState, found: &mut Found<'_>) {
    let all = addressed(network);
    let flat: Vec<(&String, &Sourced<IpNetwork>)> = all
        .iter()
        .flat_map(|(name, addresses)| addresses.iter().map(move |address| (name, address)))
        .collect();
    for (index, (name, address)) in flat.iter().enumerate() {
        let other = flat.iter().take(index).find(|(other, earlier)| {
            other != name
                && earlier.ip() != address.ip()
                && (earlier.contains(address.network()) || address.contains(earlier.network()))
                && !is_link_local(address.ip())
        });
        if let Some((other, earlier)) = other {
            let message = format!(
                "`{}` lies in the network of `{other}` (line {})",
                address.value, earlier.origin.line
            );
            let help = "give each interface a network of its own, or put both addresses on one";
            found.warning(&address.origin, message, help);
        }
    }
}

fn address_or_dhcp(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        if let Some(address) = nic.addresses.first().filter(|_| nic.uses_dhcp()) {
            let message = format!("`{}` has a static address and `dhcp: true`", nic.name.value);
            found.error(&address.origin, message, "keep one of them");
        }
    }
}

fn one_gateway(network: &NetworkState, found: &mut Found<'_>) {
    let mut first: BTreeMap<bool, (&str, usize)> = BTreeMap::new();
    for nic in &network.nics {
        for gateway in &nic.gateways {
            match first.get(&gateway.is_ipv4()) {
                Some((name, _)) if *name == nic.name.as_str() => {
                    found.error(&gateway.origin, "a second gateway of the same family", "keep one");
                }
                Some((name, line)) => {
                    let message = format!("`{name}` has a default gateway of the same family (line {line})");
                    found.warning(
                        &gateway.origin,
                        message,
                        "keep one, or write the other as a route with a metric under `nmstate`",
                    );
                }
                None => {
                    first.insert(gateway.is_ipv4(), (nic.name.as_str(), gateway.origin.line));
                }
            }
        }
    }
}

fn gateway_reachable(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        // The same port may have its addresses in the nmstate document.
        let more: Vec<IpNetwork> = network
            .interfaces()
            .iter()
            .filter(|interface| interface.name.value == nic.name.as_str())
            .flat_map(|interface| interface.addresses.iter().map(|address| address.value))
            .collect();
        let addresses = || nic.addresses.iter().map(|address| address.value).chain(more.iter().copied());
        // Where the address is wrong, the gateway is not to blame.
        if addresses().next().is_none() && !nic.uses_dhcp() && nic.has_address {
            continue;
        }
        for gateway in &nic.gateways {
            if addresses().any(|address| address.ip() == gateway.value) {
                let message = format!("`{}` is the machine's own address", gateway.value);
                found.error(&gateway.origin, message, "name the router's address");
            } else if !addresses().any(|address| address.contains(gateway.value))
                && !is_link_local(gateway.value)
            {
                let message =
                    format!("gateway `{}` lies in no network of `{}`", gateway.value, nic.name.value);
                let help = "give the port an address in the gateway's network, with the right prefix length";
                found.error(&gateway.origin, message, help);
            }
        }
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

fn dns_needs_address(network: &NetworkState, found: &mut Found<'_>) {
    let interfaces = network.interfaces();
    for nic in &network.nics {
        let origin =
            nic.dns.first().map(|server| &server.origin).or(nic.search.first().map(|domain| &domain.origin));
        let elsewhere = interfaces
            .iter()
            .any(|i| i.name.value == nic.name.as_str() && (!i.addresses.is_empty() || i.is_dynamic));
        if let Some(origin) = origin.filter(|_| nic.addresses.is_empty() && !nic.uses_dhcp() && !elsewhere) {
            let message = format!("`{}` has name servers but no address", nic.name.value);
            found.error(origin, message, "put `dns` on the port that has the address");
        }
    }
}

fn kinds(network: &NetworkState, found: &mut Found<'_>) {
    for interface in network.interfaces() {
        if network.is_nic(&interface.name.value) {
            if !matches!(interface.kind.value.as_str(), "ethernet" | "") {
                let message = format!(
                    "`{}` is a port of `network.nics`, so its type is `ethernet`",
                    interface.name.value
                );
                found.error(&interface.kind.origin, message, "write `type: ethernet`, or use another name");
            }
        } else if !KINDS.contains(&interface.kind.value.as_str()) && !interface.kind.value.is_empty() {
            let message = format!(
                "`{}` has the type `{}`, for which no keyfile can be made",
                interface.name.value, interface.kind.value
            );
            let help = match nearest(&interface.kind.value, KINDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", KINDS.join(", ")),
            };
            found.error(&interface.kind.origin, message, help);
        }
    }
}

fn ports_need_macs(network: &NetworkState, found: &mut Found<'_>) {
    for interface in network.interfaces() {
        let Some(nic) = network.nic(&interface.name.value) else {
            if interface.kind.value == "ethernet" && !network.names.contains(&interface.name.value) {
                let message = format!("the port `{}` is bound by its name alone", interface.name.value);
                found.error(&interface.name.origin, message, "add it to `network.nics` with its MAC address");
            }
            continue;
        };
        if let Some(mac) = &interface.mac
            && mac.parse() != Ok(nic.mac.value)
        {
            let message =
                format!("`{}` has another MAC address on line {}", interface.name.value, nic.mac.origin.line);
            found.error(&mac.origin, message, "leave it out here; `network.nics` binds the port");
        }
    }
}

fn not_in_keyfiles(network: &NetworkState, found: &mut Found<'_>) {
    let Some(document) = network.nmstate() else { return };
    let root = View::of(document);
    let mut refuse = |view: &View<'_>, what: String, help: &str| found.error(view.origin(), what, help);
    for (key, help) in [
        ("hostname", "write it as `hostname` of the machine"),
        ("ovs-db", "leave it out"),
        ("ovn", "leave it out"),
        ("capture", "write out what it would capture"),
    ] {
        if let Some(view) = root.get(key) {
            refuse(&view, format!("no keyfile can carry `{key}`"), help);
        }
    }
    for interface in root.list("interfaces") {
        if let Some(view) = interface.get("state")
            && view.text().is_some_and(|state| state.value != "up")
        {
            let state = view.text().map(|text| text.value).unwrap_or_default();
            refuse(
                &view,
                format!("keyfiles can only bring interfaces up, not `{state}`"),
                "leave the interface out",
            );
        }
        for key in [
            "ovs-db",
            "dispatch",
            "alt-names",
            "wireguard",
            "vrf",
            "vxlan",
            "permanent-mac-address",
            "profile-name",
        ] {
            if let Some(view) = interface.get(key) {
                refuse(&view, format!("no keyfile of cotter's can carry `{key}`"), "leave it out");
            }
        }
    }
    for (section, key) in [("routes", "running"), ("dns-resolver", "running")] {
        if let Some(view) = root.at(&[section, key]) {
            refuse(
                &view,
                format!("`{section}.{key}` is what nmstate shows, not what shall be"),
                "use `config`",
            );
        }
    }
    for section in ["routes", "route-rules"] {
        for entry in root.get(section).map(|section| section.list("config")).unwrap_or_default() {
            if let Some(state) = entry.get("state") {
                refuse(&state, "keyfiles cannot take anything away".into(), "leave the entry out");
            }
            if let Some(vrf) = entry.get("vrf-name") {
                refuse(&vrf, "no keyfile of cotter's can carry a VRF".into(), "leave it out");
            }
        }
    }
}

fn bonds_need_ports(network: &NetworkState, found: &mut Found<'_>) {
    for bond in network.interfaces().iter().filter(|interface| interface.kind.value == "bond") {
        if bond.ports.is_empty() {
            let message = format!("bond `{}` has no ports", bond.name.value);
            found.error(&bond.origin, message, "list its ports under `link-aggregation.port`");
        }
        same(bond.ports.iter().map(|port| (port.value.clone(), &port.origin)), "port", found);
    }
}

/// Options of some modes only (the kernel's Documentation/networking/bonding.rst).
const OPTIONS_OF_MODES: [(&str, &[&str]); 10] = [
    ("lacp_rate", &["802.3ad"]),
    ("ad_select", &["802.3ad"]),
    ("ad_actor_system", &["802.3ad"]),
    ("ad_actor_sys_prio", &["802.3ad"]),
    ("ad_user_port_key", &["802.3ad"]),
    ("min_links", &["802.3ad"]),
    ("primary", &["active-backup", "balance-tlb", "balance-alb"]),
    ("packets_per_slave", &["balance-rr"]),
    ("tlb_dynamic_lb", &["balance-tlb", "balance-alb"]),
    ("arp_interval", &["balance-rr", "active-backup", "balance-xor", "broadcast"]),
];

fn bond_options(network: &NetworkState, found: &mut Found<'_>) {
    let Some(document) = network.nmstate() else { return };
    for interface in View::of(document).list("interfaces") {
        let Some(bond) = interface.get("link-aggregation") else { continue };
        let mode = bond.text_at("mode").map(|mode| mode.value).unwrap_or_default();
        let Some(options) = bond.get("options") else { continue };
        for (option, place, value) in options.entries() {
            let modes = OPTIONS_OF_MODES.iter().find(|(name, _)| *name == option).map(|(_, modes)| *modes);
            if let Some(modes) = modes.filter(|modes| !modes.contains(&mode.as_str()) && !mode.is_empty()) {
                let message = format!("`{option}` means nothing in the mode `{mode}`");
                found.error(&place, message, format!("leave it out; it is for {}", modes.join(", ")));
            }
            let is_on = |text: Option<Sourced<String>>| text.is_some_and(|text| text.value != "0");
            if option == "arp_interval" && is_on(value.text()) && is_on(options.text_at("miimon")) {
                found.error(&place, "the link is watched by ARP and by `miimon`", "keep one of them");
            }
            if option == "primary" {
                let primary = value.text().map(|text| text.value).unwrap_or_default();
                if !network.ports_of(&interface).contains(&primary) {
                    found.error(
                        &place,
                        format!("`{primary}` is not a port of the bond"),
                        "name one of its ports",
                    );
                }
            }
        }
    }
}

fn vlans(network: &NetworkState, found: &mut Found<'_>) {
    let mut taken: BTreeMap<(String, u32), usize> = BTreeMap::new();
    for vlan in network.interfaces().iter().filter(|interface| interface.kind.value == "vlan") {
        let Some(base) = &vlan.base else {
            let message = format!("VLAN `{}` stands on nothing", vlan.name.value);
            found.error(&vlan.origin, message, "name what it stands on as `vlan.base-iface`");
            continue;
        };
        let Some(id) = &vlan.vlan else { continue };
        if !(1..=4094).contains(&id.value) {
            found.error(
                &id.origin,
                format!("`{}` is no VLAN's number", id.value),
                "use a number from 1 to 4094",
            );
        }
        if let Some(line) = taken.insert((base.value.clone(), id.value), id.origin.line) {
            let message =
                format!("VLAN {} of `{}` is there twice; the first is on line {line}", id.value, base.value);
            found.error(&id.origin, message, "keep one of them");
        }
    }
}

fn unknown_interfaces(network: &NetworkState, found: &mut Found<'_>) {
    let interfaces = network.interfaces();
    let known: Vec<&str> = network
        .names
        .iter()
        .map(String::as_str)
        .chain(interfaces.iter().map(|other| other.name.value.as_str()))
        .collect();
    let mut words: Vec<Sourced<String>> = interfaces
        .iter()
        .flat_map(|interface| interface.ports.iter().chain(&interface.base).cloned())
        .collect();
    if let Some(document) = network.nmstate() {
        let root = View::of(document);
        for interface in root.list("interfaces") {
            words.extend(interface.text_at("controller").filter(|word| !word.value.is_empty()));
            words.extend(interface.text_at("copy-mac-from"));
        }
        let routes = root.get("routes").map(|routes| routes.list("config")).unwrap_or_default();
        words.extend(routes.iter().filter_map(|route| route.text_at("next-hop-interface")));
        let rules = root.get("route-rules").map(|rules| rules.list("config")).unwrap_or_default();
        words.extend(rules.iter().filter_map(|rule| rule.text_at("iif")));
    }
    for word in words.iter().filter(|word| !known.contains(&word.value.as_str())) {
        let help = match nearest(&word.value, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add it to `network.nics` or to the interfaces here".to_owned(),
        };
        found.error(&word.origin, format!("no interface is called `{}`", word.value), help);
    }
}

fn one_controller(network: &NetworkState, found: &mut Found<'_>) {
    let interfaces = network.interfaces();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for interface in interfaces {
        for port in &interface.ports {
            let other = taken.insert(&port.value, &interface.name.value);
            if let Some(other) = other.filter(|other| *other != interface.name.value) {
                let message =
                    format!("`{}` is a port of `{other}` and of `{}`", port.value, interface.name.value);
                found.error(&port.origin, message, "leave it in one of them");
            }
        }
    }
    for interface in interfaces {
        let mut at = interface.name.value.as_str();
        for _ in 0..interfaces.len() + 1 {
            let above = taken.get(at).copied();
            let base =
                || interfaces.iter().find(|other| other.name.value == at).and_then(|i| i.base.as_ref());
            let Some(next) = above.or_else(|| base().map(|base| base.value.as_str())) else { break };
            at = next;
            if at == interface.name.value {
                let message = format!("`{}` stands on itself", interface.name.value);
                found.error(&interface.name.origin, message, "break the circle");
                break;
            }
        }
    }
}

fn ports_have_no_addresses(network: &NetworkState, found: &mut Found<'_>) {
    let all = addressed(network);
    for interface in network.interfaces() {
        for port in &interface.ports {
            let address = all
                .iter()
                .filter(|(name, _)| *name == port.value)
                .find_map(|(_, addresses)| addresses.first());
            let dhcp = network.nic(&port.value).and_then(|nic| nic.dhcp.as_ref()).filter(|dhcp| dhcp.value);
            if let Some(origin) = address.map(|address| &address.origin).or(dhcp.map(|dhcp| &dhcp.origin)) {
                let message = format!(
                    "`{}` is a port of `{}`, so it cannot have an address",
                    port.value, interface.name.value
                );
                found.error(origin, message, format!("give the address to `{}`", interface.name.value));
            }
        }
    }
}

fn mtus(network: &NetworkState, found: &mut Found<'_>) {
    let interfaces = network.interfaces();
    let mtu = |name: &str| -> Option<u32> {
        let of_nic = network.nic(name).and_then(|nic| nic.mtu.as_ref()).map(|mtu| mtu.value);
        let of_interface = interfaces.iter().find(|i| i.name.value == name).and_then(|i| i.mtu.as_ref());
        of_nic.or(of_interface.map(|mtu| mtu.value))
    };
    for interface in interfaces {
        let Some(own) = &interface.mtu else { continue };
        for below in interface.base.iter().chain(&interface.ports) {
            // What says nothing has 1500; a bond without a word takes over its ports' own.
            let theirs = mtu(&below.value).unwrap_or(1500);
            // A bond and a bridge set their ports' MTU themselves.
            let is_vlan = interface.base.is_some();
            if own.value > theirs && (is_vlan || mtu(&below.value).is_some()) {
                let message = format!(
                    "`{}` has an MTU of {}, but `{}` below it {theirs}",
                    interface.name.value, own.value, below.value
                );
                found.error(
                    &own.origin,
                    message,
                    format!("give `{}` an `mtu` of {} or more", below.value, own.value),
                );
            }
        }
    }
}

fn routes(network: &NetworkState, found: &mut Found<'_>) {
    let Some(document) = network.nmstate() else { return };
    let all = addressed(network);
    for route in View::of(document).get("routes").map(|routes| routes.list("config")).unwrap_or_default() {
        let Some(destination) = route.text_at("destination") else { continue };
        match destination.parse::<IpNetwork>() {
            Ok(net) if net.network() != net.ip() => {
                let message = format!("`{}` has bits beyond its prefix", destination.value);
                found.error(
                    &destination.origin,
                    message,
                    format!("write `{}/{}`", net.network(), net.prefix()),
                );
            }
            Ok(_) if destination.contains('/') => {}
            _ => {
                let message = format!("`{}` is not a network", destination.value);
                found.error(&destination.origin, message, "write it as in `10.0.0.0/8`");
            }
        }
        let (Some(router), Some(interface)) =
            (route.parse_at::<IpAddr>("next-hop-address"), route.text_at("next-hop-interface"))
        else {
            continue;
        };
        let addresses: Vec<&Sourced<IpNetwork>> = all
            .iter()
            .filter(|(name, _)| *name == interface.value)
            .flat_map(|(_, addresses)| addresses)
            .collect();
        let reaches = addresses.iter().any(|address| address.contains(router.value));
        if !addresses.is_empty()
            && !reaches
            && !is_link_local(router.value)
            && !network.is_dynamic(&interface.value)
        {
            let message =
                format!("the router `{}` lies in no network of `{}`", router.value, interface.value);
            found.error(&router.origin, message, "name a router there, or another interface");
        }
    }
}

fn bound_by_name(network: &NetworkState, found: &mut Found<'_>) {
    if let (Match::Name, Some(origin)) = (network.matching, &network.matching_origin) {
        found.warning(
            origin,
            "profiles bound by name lose their port when it is renamed",
            "leave out `match: name`: profiles are then bound by the permanent MAC address",
        );
    }
}

impl NetworkState {
    /// The names of the ports of an interface of the nmstate document.
    fn ports_of(&self, view: &View<'_>) -> Vec<String> {
        let name = view.text_at("name").map(|name| name.value);
        let interface =
            self.interfaces().iter().find(|interface| Some(&interface.name.value) == name.as_ref());
        interface
            .map(|interface| interface.ports.iter().map(|port| port.value.clone()).collect())
            .unwrap_or_default()
    }
}
