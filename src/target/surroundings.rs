//! What surrounds a machine: the servers that it asks, the names that must lead to it, the network that it stands on.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use serde_json::Value;

use super::Files;
use super::sno;
use crate::document::Sourced;
use crate::network::NetworkState;
use crate::preflight::Endpoint;
use crate::preflight::NameKind;
use crate::preflight::NameQuestion;
use crate::preflight::Surroundings;
use crate::spec::Harvester;
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
    if let Some(section) = &machine.harvester {
        wanted.places.extend(harvester_places(section));
        wanted.addresses.extend(harvester_vip(section));
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
    let of_harvester = machine.harvester.iter().flat_map(|section| said(section, "os.ntp_servers"));
    of_sno.chain(of_operator).cloned().chain(of_harvester).filter_map(|text| endpoint(&text)).collect()
}

/// What a node of Harvester fetches while it is installed, and the cluster that it joins.
fn harvester_places(section: &Harvester) -> Vec<Sourced<ReachTarget>> {
    let served = [&section.artifacts_url, &section.config_url, &section.iso_url].into_iter().flatten();
    let served =
        served.filter_map(|url| Some(Sourced { value: url.value.parse().ok()?, origin: url.origin.clone() }));
    // Its certificate is its own: it answers if somebody listens there.
    let cluster = said(section, "server_url").into_iter().filter_map(|url| {
        let rest = url.value.strip_prefix("https://")?;
        let mut server: Endpoint = rest.split('/').next()?.parse().ok()?;
        server.port.get_or_insert(443);
        Some(Sourced { value: format!("tcp://{server}").parse().ok()?, origin: url.origin })
    });
    served.chain(cluster).collect()
}

/// The address of the cluster that a node of Harvester creates; what DHCP gives is nobody's yet.
fn harvester_vip(section: &Harvester) -> Option<Sourced<IpAddr>> {
    let is_static = section.text(&["install", "vip_mode"]).is_none_or(|mode| mode == "static");
    let is_first = section.text(&["install", "mode"]) == Some("create");
    let vip = said(section, "install.vip").into_iter().next().filter(|_| is_static && is_first)?;
    Some(Sourced { value: vip.value.parse().ok()?, origin: vip.origin })
}

/// The texts at a path of Harvester's own keys: one, or those of a list.
fn said(section: &Harvester, path: &str) -> Vec<Sourced<String>> {
    let pointer: String = path.split('.').map(|key| format!("/{key}")).collect();
    let config = Value::Object(section.config.clone());
    let found = config.pointer(&pointer);
    let items: Vec<&Value> = match found {
        Some(Value::Array(items)) => items.iter().collect(),
        other => other.into_iter().collect(),
    };
    let place = |key: &str| section.places.get(key).cloned();
    let text = |(index, item): (usize, &Value)| {
        let origin = place(&format!("{path}[{index}]")).or_else(|| place(path))?;
        Some(Sourced { value: item.as_str()?.to_owned(), origin })
    };
    items.into_iter().enumerate().filter_map(text).collect()
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::preflight::Surroundings;
    use crate::spec;
    use crate::target::Files;

    const STARTER: &str = include_str!("../../templates/machine/harvester.yaml");

    fn of(text: &str) -> Surroundings {
        let machine = spec::parse("m.yaml", text, &spec::Variables::new()).0.unwrap();
        super::surroundings(&machine, &Files::default(), None, "x")
    }

    #[test]
    fn a_node_of_harvester_asks_for_what_its_installer_fetches() {
        let wanted = of(STARTER);
        let places: Vec<&str> = wanted.places.iter().map(|place| place.value.as_str()).collect();
        let base = "http://192.168.50.1";
        let files = ["/harvester", "/node1/config.yaml", "/harvester/harvester-v1.7.0-amd64.iso"];
        assert_eq!(places, files.map(|file| format!("{base}{file}")));
        let addresses: Vec<String> =
            wanted.addresses.iter().map(|address| address.value.to_string()).collect();
        assert_eq!(addresses, ["192.168.50.10", "192.168.50.20"]);
        assert_eq!(wanted.addresses[1].origin.key, "harvester.install.vip");
        assert_eq!(wanted.time_servers[0].value.to_string(), "192.168.50.1");
        assert_eq!(wanted.time_servers[0].origin.key, "harvester.os.ntp_servers[0]");

        // The address of a cluster that is there has somebody: it must answer.
        let joins = STARTER.replace("mode: create", "mode: join").replace("# server_url", "server_url");
        let joins = of(&joins);
        assert_eq!(joins.addresses.len(), 1);
        assert_eq!(joins.places.last().unwrap().value.as_str(), "tcp://192.168.50.20:443");
    }
}
