//! The network as it must be: ports, addresses, routes, name servers, bonds and VLANs, and the files that make it so.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::document::Sourced;
use crate::document::View;
use crate::network::NetworkState;
use crate::network::Pin;
use crate::network::Profile;
use crate::value::Digest;
use crate::value::FileMode;
use crate::value::MacAddress;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::PortProperty;
use crate::verify::Subject;

/// Ports, addresses, routes, name servers, bonds and VLANs.
pub(in crate::target) fn network(network: &NetworkState, profiles: &[Profile]) -> Vec<Expectation> {
    let mut expected = Vec::new();
    for nic in &network.nics {
        let (name, mac) = (nic.name.as_str(), nic.mac.value);
        let port = |property| Subject::Port(mac, property);
        if network.pin != Pin::None {
            let says = format!("port {mac} called {name}");
            expected.push(Expectation::has(&port(PortProperty::Name), name, says, &nic.name.origin));
        }
        // A port that is only named need not have a cable, and a profile needs one to be active.
        let is_used = !nic.addresses.is_empty() || nic.uses_dhcp() || is_port(network, name);
        if let Some(profile) = profiles.iter().find(|profile| profile.name == name && is_used) {
            let says = format!("profile {name} on port {mac}");
            expected.push(Expectation::has(
                &port(PortProperty::Profile),
                profile.uuid.to_string(),
                says,
                &nic.origin,
            ));
        }
        for address in &nic.addresses {
            let says = format!("address {} on {name}", address.value);
            expected.push(Expectation::has(
                &port(PortProperty::Address),
                address.value.to_string(),
                says,
                &address.origin,
            ));
        }
        if let Some(mtu) = &nic.mtu {
            let says = format!("MTU {} on {name}", mtu.value);
            expected.push(Expectation::has(
                &port(PortProperty::Mtu),
                mtu.value.to_string(),
                says,
                &mtu.origin,
            ));
        }
        for gateway in &nic.gateways {
            let says = format!("default gateway {}", gateway.value);
            expected.push(Expectation::has(
                &Subject::DefaultGateway,
                gateway.value.to_string(),
                says,
                &gateway.origin,
            ));
        }
        expected.extend(nic.dns.iter().map(name_server));
        expected.extend(nic.search.iter().filter_map(search_domain));
    }
    for interface in network.interfaces() {
        let nic = network.nic(&interface.name.value);
        let name = interface.name.value.as_str();
        let subject = |property| known_by(nic.map(|nic| nic.mac.value), name, property);
        let profile = profiles.iter().find(|profile| profile.name == name && nic.is_none());
        if let Some(profile) = profile {
            let says = format!("profile {name} active");
            expected.push(Expectation::has(
                &subject(PortProperty::Profile),
                profile.uuid.to_string(),
                says,
                &interface.origin,
            ));
        }
        for address in &interface.addresses {
            let says = format!("address {} on {name}", address.value);
            expected.push(Expectation::has(
                &subject(PortProperty::Address),
                address.value.to_string(),
                says,
                &address.origin,
            ));
        }
        if let Some(mtu) = &interface.mtu {
            let says = format!("MTU {} on {name}", mtu.value);
            expected.push(Expectation::has(
                &subject(PortProperty::Mtu),
                mtu.value.to_string(),
                says,
                &mtu.origin,
            ));
        }
        if let Some(mode) = &interface.mode {
            let says = format!("mode {} of {name}", mode.value);
            expected.push(Expectation::has(&subject(PortProperty::Mode), mode.as_str(), says, &mode.origin));
        }
        if let Some(mac) = interface.mac.as_ref().filter(|_| nic.is_none()) {
            let says = format!("address {} of {name} itself", mac.value);
            let value = mac.to_ascii_lowercase();
            expected.push(Expectation::has(&subject(PortProperty::Mac), value, says, &mac.origin));
        }
        if let Some(base) = &interface.base {
            // A port may be called otherwise than it should be, and still carry its VLANs.
            let known = network.nic(&base.value).map(|nic| nic.mac.value.to_string());
            let says = format!("{name} on {}", base.value);
            let value = known.unwrap_or_else(|| base.value.clone());
            expected.push(Expectation::has(&subject(PortProperty::Parent), value, says, &base.origin));
        }
        if let Some(vlan) = &interface.vlan {
            let says = format!("VLAN {} on {name}", vlan.value);
            let value = vlan.value.to_string();
            expected.push(Expectation::has(&subject(PortProperty::Vlan), value, says, &vlan.origin));
        }
        for port in &interface.ports {
            let nic = network.nic(&port.value);
            let subject = known_by(nic.map(|nic| nic.mac.value), &port.value, PortProperty::Controller);
            let says = format!("{} in {name}", port.value);
            expected.push(Expectation::has(&subject, name, says, &port.origin));
        }
    }
    expected.extend(network.routes().iter().filter_map(|view| route(network, view)));
    if let Some(nmstate) = network.nmstate() {
        let resolver = View::of(nmstate).at(&["dns-resolver", "config"]);
        for server in resolver.iter().flat_map(|resolver| resolver.parse_list::<IpAddr>("server")) {
            expected.push(name_server(&server));
        }
        for domain in resolver.iter().flat_map(|resolver| resolver.parse_list::<String>("search")) {
            expected.extend(search_domain(&domain));
        }
    }
    expected
}

fn name_server(server: &Sourced<IpAddr>) -> Expectation {
    let says = format!("name server {}", server.value);
    Expectation::has(&Subject::NameServers, server.value.to_string(), says, &server.origin)
}

/// What begins with `~` only says whom to ask.
fn search_domain(domain: &Sourced<String>) -> Option<Expectation> {
    let says = format!("search domain {}", domain.value);
    let is_searched = !domain.starts_with('~');
    is_searched.then(|| Expectation::has(&Subject::SearchDomains, domain.as_str(), says, &domain.origin))
}

/// The main table and the one of default routes, as the kernel numbers them.
const MAIN_TABLE: u32 = 254;
const DEFAULT_TABLE: u32 = 253;

/// A route by what it leads to, and the next hop; by its interface only where there is no other word for it.
fn route(network: &NetworkState, view: &View<'_>) -> Option<Expectation> {
    let destination = view.parse_at::<IpNetwork>("destination")?;
    let table = view.parse_at::<u32>("table-id").map(|table| table.value);
    let table = table.filter(|table| ![0, MAIN_TABLE, DEFAULT_TABLE].contains(table));
    let interface = view.text_at("next-hop-interface");
    let gateway = view.parse_at::<IpAddr>("next-hop-address");
    let way = match (view.text_at("route-type"), &gateway, &interface) {
        (Some(refusal), _, _) => refusal.value,
        (None, Some(gateway), _) => format!("via {}", gateway.value),
        // Nobody has said what the port is called.
        (None, None, Some(name)) if network.is_nic(name) && network.pin == Pin::None => return None,
        (None, None, Some(name)) => format!("dev {}", name.value),
        (None, None, None) => return None,
    };
    let to = IpNetwork::new(destination.network(), destination.prefix()).ok()?;
    let origin = &destination.origin;
    if let (0, None, Some(gateway)) = (to.prefix(), table, &gateway) {
        let says = format!("default gateway {}", gateway.value);
        return Some(Expectation::has(&Subject::DefaultGateway, gateway.value.to_string(), says, origin));
    }
    let says = match table {
        Some(table) => format!("route to {to} {way} in table {table}"),
        None => format!("route to {to} {way}"),
    };
    Some(Expectation::has(&Subject::Route(to.to_string(), table), way, says, origin))
}

/// A keyfile on the disk, as it was written. Contents with a password in them are not told by their digest: that
/// would be a quick test of the password.
pub(in crate::target) fn keyfile(profile: &Profile) -> Expectation {
    let path = profile.path();
    let digest = if profile.has_secret() {
        String::new()
    } else {
        format!(" {}", Digest::of(profile.text.as_bytes()))
    };
    let value = format!("{:04o} root:root{digest}", FileMode::PRIVATE.bits());
    let says = format!("keyfile {path} as written");
    Expectation::has(&Subject::File(path, FileProperty::Whole), value, says, &profile.origin)
}

fn is_port(network: &NetworkState, name: &str) -> bool {
    network.interfaces().iter().any(|interface| interface.ports.iter().any(|port| port.value == name))
}

/// A physical port is known by its address, whatever it is called; anything else by its name.
fn known_by(mac: Option<MacAddress>, name: &str, property: PortProperty) -> Subject {
    match mac {
        Some(mac) => Subject::Port(mac, property),
        None => Subject::Interface(name.to_owned(), property),
    }
}
