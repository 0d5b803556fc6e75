//! What surrounds a machine: the servers that it asks, the names that must lead to it, the network that it stands on.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::Files;
use super::sno;
use crate::document::Sourced;
use crate::network::NetworkState;
use crate::preflight::Endpoint;
use crate::preflight::NameKind;
use crate::preflight::NameQuestion;
use crate::preflight::Surroundings;
use crate::spec::Machine;
use crate::value::ReachTarget;

/// What Ethernet carries if nobody says otherwise, in bytes.
const USUAL_MTU: u32 = 1500;

/// What surrounds a machine. `cluster` is its cluster's domain, if that was said; else the installer's Ignition is asked.
///
/// `label` stands for names that nobody made: a name with it is found only if there is a wildcard.
pub fn surroundings(
    machine: &Machine,
    files: &Files,
    cluster: Option<&Sourced<String>>,
    label: &str,
) -> Surroundings {
    let network = &machine.network;
    let mut wanted = Surroundings {
        time_servers: time_servers(machine),
        name_servers: name_servers(network),
        places: machine.reach.clone(),
        gateways: gateways(network),
        own: network.nics.iter().map(|nic| nic.mac.value).collect(),
        ..Surroundings::default()
    };
    for address in addresses(network) {
        let is_new = wanted.addresses.iter().all(|other| other.value != address.ip());
        if is_new {
            wanted.addresses.push(address.clone().map(|address| address.ip()));
        }
    }
    let domain = cluster.cloned().or_else(|| sno::cluster_domain(machine, files));
    let networks = sno::cluster_networks(machine, files);
    if !networks.is_empty() {
        wanted.networks = networks;
        wanted.networks.extend(hosts_networks(network));
    }
    wanted.names = names(machine, domain.as_ref(), label);
    wanted.names.extend(servers_by_name(&wanted));
    wanted.names.extend(no_wildcards(network, label));
    let mut asked = Vec::new();
    wanted.names.retain(|question| {
        let key = (question.shown.clone(), question.kind.clone());
        let is_new = !asked.contains(&key);
        asked.push(key);
        is_new
    });
    wanted
}

fn time_servers(machine: &Machine) -> Vec<Sourced<Endpoint>> {
    let of_sno = machine.sno.iter().flat_map(|sno| &sno.ntp_servers);
    let chrony = machine.operator.iter().filter_map(|operator| operator.chrony.as_ref());
    let of_operator = chrony.flat_map(|chrony| &chrony.servers);
    of_sno.chain(of_operator).filter_map(endpoint).collect()
}

fn endpoint(text: &Sourced<String>) -> Option<Sourced<Endpoint>> {
    let value = text.value.parse().ok()?;
    Some(Sourced { value, origin: text.origin.clone() })
}

fn name_servers(network: &NetworkState) -> Vec<Sourced<Endpoint>> {
    let of_nics = network.nics.iter().flat_map(|nic| nic.dns.clone());
    let resolver = network.nmstate().and_then(|nmstate| {
        let nmstate = crate::document::View::of(nmstate);
        Some(nmstate.at(&["dns-resolver", "config"])?.parse_list::<IpAddr>("server"))
    });
    let mut found: Vec<Sourced<Endpoint>> = Vec::new();
    for server in of_nics.chain(resolver.unwrap_or_default()) {
        let server = server.map(|address| Endpoint { host: address.to_string(), port: None });
        if found.iter().all(|other| other.value != server.value) {
            found.push(server);
        }
    }
    found
}

fn addresses(network: &NetworkState) -> impl Iterator<Item = &Sourced<IpNetwork>> {
    let of_nics = network.nics.iter().flat_map(|nic| &nic.addresses);
    of_nics.chain(network.interfaces().iter().flat_map(|interface| &interface.addresses))
}

fn gateways(network: &NetworkState) -> Vec<(Sourced<IpAddr>, Option<u32>)> {
    let mtu_of = |name: &str| {
        let nic = network.nic(name).and_then(|nic| nic.mtu.as_ref());
        let interface = network.interfaces().iter().find(|interface| interface.name.value == name);
        nic.or_else(|| interface?.mtu.as_ref()).map_or(USUAL_MTU, |mtu| mtu.value)
    };
    let of_nics = network.nics.iter().flat_map(|nic| {
        let mtu = mtu_of(nic.name.as_str());
        nic.gateways.iter().map(move |gateway| (gateway.clone(), Some(mtu)))
    });
    let of_routes = network.routes().into_iter().filter_map(|route| {
        let is_default = route.parse_at::<IpNetwork>("destination")?.prefix() == 0;
        let gateway = route.parse_at::<IpAddr>("next-hop-address").filter(|_| is_default)?;
        let mtu = route.text_at("next-hop-interface").map(|name| mtu_of(&name.value));
        Some((gateway, mtu))
    });
    let mut found: Vec<(Sourced<IpAddr>, Option<u32>)> = Vec::new();
    for gateway in of_nics.chain(of_routes) {
        if found.iter().all(|other| other.0.value != gateway.0.value) {
            found.push(gateway);
        }
    }
    found
}

fn hosts_networks(network: &NetworkState) -> Vec<(Sourced<IpNetwork>, String)> {
    let mut found: Vec<(Sourced<IpNetwork>, String)> = Vec::new();
    for address in addresses(network) {
        let Ok(value) = IpNetwork::new(address.network(), address.prefix()) else { continue };
        // Two ports of a machine may well be on one network.
        if found.iter().all(|(other, _)| !other.contains(value.network()) && !value.contains(other.network()))
        {
            found.push((
                Sourced { value, origin: address.origin.clone() },
                "network of the machine".to_owned(),
            ));
        }
    }
    found
}

/// Names that must lead to the machine, or must not be there.
fn names(machine: &Machine, domain: Option<&Sourced<String>>, label: &str) -> Vec<NameQuestion> {
    let node: Vec<IpAddr> = machine.node_address().into_iter().collect();
    let leads = || NameKind::Leads(node.clone());
    let mut names = Vec::new();
    if let Some(Sourced { value: domain, origin }) = domain {
        let wild = |parent: &str, kind| NameQuestion {
            name: format!("{label}.{parent}"),
            shown: format!("*.{parent}"),
            kind,
            origin: origin.clone(),
        };
        names.push(NameQuestion::new(&format!("api.{domain}"), leads(), origin));
        names.push(NameQuestion::new(&format!("api-int.{domain}"), leads(), origin));
        names.push(wild(&format!("apps.{domain}"), leads()));
        names.push(wild(domain, NameKind::Absent));
    }
    // A short name is found with the help of search domains, if at all: nobody relies on that. Who gets an address from
    // somebody else may get a name there too.
    if let Some(name) =
        machine.hostname.as_ref().filter(|name| name.value.as_str().contains('.') && !node.is_empty())
    {
        names.push(NameQuestion::new(name.as_str(), leads(), &name.origin));
        let back = node.iter().map(|address| NameKind::Host(*address));
        names.extend(back.map(|kind| NameQuestion::new(name.as_str(), kind, &name.origin)));
    }
    names
}

/// Servers and places that are known by a name.
fn servers_by_name(wanted: &Surroundings) -> Vec<NameQuestion> {
    let of_time = wanted.time_servers.iter().map(|server| (server.value.host.clone(), &server.origin));
    let of_places = wanted.places.iter().filter_map(|place| Some((host(&place.value)?, &place.origin)));
    let all =
        of_time.chain(of_places).filter(|(host, _)| host.parse::<IpAddr>().is_err() && host != "localhost");
    all.map(|(host, origin)| NameQuestion::new(&host, NameKind::Leads(Vec::new()), origin)).collect()
}

/// The host of a place.
fn host(place: &ReachTarget) -> Option<String> {
    if let Some((host, _)) = place.tcp() {
        return Some(host.to_owned());
    }
    let (_, rest) = place.as_str().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let endpoint: Endpoint = authority.rsplit('@').next()?.parse().ok()?;
    Some(endpoint.host)
}

/// With a wildcard below a search domain, every name of others is found there first.
fn no_wildcards(network: &NetworkState, label: &str) -> Vec<NameQuestion> {
    let searched =
        network.nics.iter().flat_map(|nic| &nic.search).filter(|domain| !domain.value.starts_with('~'));
    searched
        .map(|domain| NameQuestion {
            name: format!("{label}.{}", domain.value),
            shown: format!("*.{}", domain.value),
            kind: NameKind::Absent,
            origin: domain.origin.clone(),
        })
        .collect()
}
