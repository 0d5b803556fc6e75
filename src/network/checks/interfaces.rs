//! What stands on ports: bonds, VLANs, bridges; and what keyfiles cannot carry.

use std::collections::BTreeMap;

use super::addresses::addressed;
use super::ports::same;
use crate::document::Found;
use crate::document::Sourced;
use crate::document::View;
use crate::document::nearest;
use crate::network::NetworkState;

/// Kinds of interface that are let through: all were seen to work in rehearsals. For some others
/// (`wireguard`), nmstate writes an Ethernet profile without a word.
const KINDS: [&str; 5] = ["ethernet", "bond", "vlan", "linux-bridge", "dummy"];

pub(super) fn kinds(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn not_in_keyfiles(network: &NetworkState, found: &mut Found<'_>) {
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
    for ethernet in root.list("interfaces").iter().filter_map(|interface| interface.get("ethernet")) {
        if let (Some(speed), None) = (ethernet.get("speed"), ethernet.get("duplex")) {
            refuse(
                &speed,
                "a speed without `duplex` does not get into the keyfile".into(),
                "add `duplex: full`",
            );
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

pub(super) fn bonds_need_ports(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn bond_options(network: &NetworkState, found: &mut Found<'_>) {
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
            if option == "arp_interval" && is_on(value.text()) && options.get("arp_ip_target").is_none() {
                found.error(&place, "nobody is said who would answer the ARP probes", "add `arp_ip_target`");
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

pub(super) fn vlans(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn unknown_interfaces(network: &NetworkState, found: &mut Found<'_>) {
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
        words.extend(network.routes().iter().filter_map(|route| route.text_at("next-hop-interface")));
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

pub(super) fn one_controller(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn ports_have_no_addresses(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn mtus(network: &NetworkState, found: &mut Found<'_>) {
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
