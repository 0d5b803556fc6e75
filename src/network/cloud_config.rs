//! The network as cloud-init's network-config of version 2, which has netplan's words.
//!
//! Only what every renderer of cloud-init's takes is written (cloud-init's documentation, Networking Config Version 2,
//! and its `NET_CONFIG_TO_V2`): the user does not choose the renderer, the image does.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Match;
use super::NetworkState;
use super::Nic;
use super::Pin;
use super::state;
use crate::document::Origin;
use crate::document::View;

/// Something that a network-config cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// Its words in the machine file.
    pub what: String,
    /// Where it is written.
    pub origin: Origin,
}

/// Keys of an interface that are translated, or that say nothing of their own.
const KEYS: [&str; 11] = [
    "name",
    "type",
    "state",
    "identifier",
    "description",
    "mtu",
    "ipv4",
    "ipv6",
    "link-aggregation",
    "vlan",
    "bridge",
];
const FAMILY_KEYS: [&str; 4] = ["enabled", "dhcp", "autoconf", "address"];
const ROUTE_KEYS: [&str; 4] = ["destination", "next-hop-address", "next-hop-interface", "metric"];

/// nmstate's names of a bond's options, netplan's, and how the value is written.
const BOND_OPTIONS: [(&str, &str, Written); 13] = [
    ("miimon", "mii-monitor-interval", Written::Text),
    ("updelay", "up-delay", Written::Number),
    ("downdelay", "down-delay", Written::Number),
    ("lacp_rate", "lacp-rate", Written::Text),
    ("xmit_hash_policy", "transmit-hash-policy", Written::Text),
    ("min_links", "min-links", Written::Number),
    ("primary", "primary", Written::Text),
    ("primary_reselect", "primary-reselect-policy", Written::Text),
    ("fail_over_mac", "fail-over-mac-policy", Written::Text),
    ("ad_select", "ad-select", Written::Text),
    ("arp_interval", "arp-interval", Written::Number),
    ("arp_ip_target", "arp-ip-targets", Written::List),
    ("num_grat_arp", "gratuitous-arp", Written::Number),
];
const STP: [(&str, &str); 5] = [
    ("enabled", "stp"),
    ("forward-delay", "forward-delay"),
    ("hello-time", "hello-time"),
    ("max-age", "max-age"),
    ("priority", "priority"),
];

#[derive(Clone, Copy)]
enum Written {
    Text,
    Number,
    List,
}

/// Renders the network, and says what of it cannot be said.
pub fn network_config(network: &NetworkState) -> (Value, Vec<Unsaid>) {
    let mut sections: Map<String, Value> = Map::new();
    let document = state::document(network);
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let routes = list(&document["routes"], "config");
    let resolver = document["dns-resolver"]["config"].clone();
    let resolving = resolving(network, &routes);
    for interface in list(&document, "interfaces") {
        let name = interface["name"].as_str().unwrap_or_default();
        let nic = network.nic(name);
        let (section, mut entry) = match interface["type"].as_str() {
            Some("bond") => ("bonds", bond(&interface)),
            Some("linux-bridge") => ("bridges", bridge(&interface)),
            Some("vlan") => ("vlans", vlan(&interface)),
            Some("ethernet") => ("ethernets", ethernet(&interface, nic, network)),
            _ => continue,
        };
        addresses(&interface, &mut entry);
        if let Some(mtu) = interface["mtu"].as_u64() {
            entry.insert("mtu".to_owned(), mtu.into());
        }
        let of_interface: Vec<Value> =
            routes.iter().filter(|route| route["next-hop-interface"] == name).filter_map(route).collect();
        if !of_interface.is_empty() {
            entry.insert("routes".to_owned(), of_interface.into());
        }
        let resolver = Some(&resolver).filter(|_| resolving.as_deref() == Some(name));
        if let Some(servers) = name_servers(nic, resolver) {
            entry.insert("nameservers".to_owned(), servers);
        }
        let section = sections.entry(section).or_insert_with(|| json!({}));
        section[name] = Value::Object(entry);
    }
    let mut config = Map::from_iter([("version".to_owned(), json!(2))]);
    for section in ["ethernets", "bonds", "bridges", "vlans"] {
        config.extend(sections.remove(section).map(|written| (section.to_owned(), written)));
    }
    (Value::Object(config), unsaid(network))
}

fn ethernet(interface: &Value, nic: Option<&Nic>, network: &NetworkState) -> Map<String, Value> {
    let mut entry = Map::new();
    let mac = match nic {
        Some(nic) if network.matching == Match::Mac => Some(nic.mac.value.to_string()),
        None if interface["identifier"] == "mac-address" => {
            interface["mac-address"].as_str().map(str::to_lowercase)
        }
        _ => None,
    };
    if let Some(mac) = mac {
        entry.insert("match".to_owned(), json!({"macaddress": mac}));
        if let Some(nic) = nic.filter(|_| network.pin != Pin::None) {
            entry.insert("set-name".to_owned(), nic.name.as_str().into());
        }
    }
    entry
}

fn bond(interface: &Value) -> Map<String, Value> {
    let bond = &interface["link-aggregation"];
    let ports = ["port", "ports", "slaves"].iter().find_map(|key| bond[*key].as_array());
    let mut parameters = Map::from_iter([("mode".to_owned(), bond["mode"].clone())]);
    for (name, own, written) in BOND_OPTIONS {
        let value = &bond["options"][name];
        let Some(text) = value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|n| n.to_string()))
        else {
            continue;
        };
        let value = match written {
            Written::Text => json!(text),
            Written::Number => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
            Written::List => text.split(',').map(str::trim).collect(),
        };
        parameters.insert(own.to_owned(), value);
    }
    Map::from_iter([
        ("interfaces".to_owned(), ports.cloned().unwrap_or_default().into()),
        ("parameters".to_owned(), Value::Object(parameters)),
    ])
}

fn bridge(interface: &Value) -> Map<String, Value> {
    let bridge = &interface["bridge"];
    let ports = ["port", "ports"].iter().find_map(|key| bridge[*key].as_array()).cloned().unwrap_or_default();
    let names: Vec<Value> = ports.iter().map(|port| port["name"].clone()).collect();
    let mut parameters = Map::new();
    for (name, own) in STP {
        let value = &bridge["options"]["stp"][name];
        if !value.is_null() {
            parameters.insert(own.to_owned(), value.clone());
        }
    }
    let ageing = &bridge["options"]["mac-ageing-time"];
    if !ageing.is_null() {
        parameters.insert("ageing-time".to_owned(), ageing.clone());
    }
    let mut entry = Map::from_iter([("interfaces".to_owned(), names.into())]);
    if !parameters.is_empty() {
        entry.insert("parameters".to_owned(), Value::Object(parameters));
    }
    entry
}

fn vlan(interface: &Value) -> Map<String, Value> {
    let vlan = &interface["vlan"];
    Map::from_iter([("id".to_owned(), vlan["id"].clone()), ("link".to_owned(), vlan["base-iface"].clone())])
}

/// Addresses of both families. What nobody asked for is switched off: an address that a router gives is one too many.
fn addresses(interface: &Value, entry: &mut Map<String, Value>) {
    let is_on = |family: &str| interface[family]["enabled"] == true;
    let is_dynamic = |family: &str, key: &str| is_on(family) && interface[family][key] == true;
    let takes_dhcp = is_dynamic("ipv4", "dhcp");
    entry.insert("dhcp4".to_owned(), takes_dhcp.into());
    let by_dhcp = is_dynamic("ipv6", "dhcp");
    let by_router = by_dhcp || is_dynamic("ipv6", "autoconf");
    entry.insert("dhcp6".to_owned(), by_dhcp.into());
    entry.insert("accept-ra".to_owned(), by_router.into());
    let addresses: Vec<Value> = ["ipv4", "ipv6"]
        .into_iter()
        .filter(|family| is_on(family))
        .flat_map(|family| interface[family]["address"].as_array().cloned().unwrap_or_default())
        .map(|address| {
            let ip = address["ip"].as_str().unwrap_or_default();
            json!(format!("{ip}/{}", address["prefix-length"]))
        })
        .collect();
    if !addresses.is_empty() {
        entry.insert("addresses".to_owned(), addresses.into());
    }
}

fn route(route: &Value) -> Option<Value> {
    let mut written = json!({"to": route["destination"], "via": route["next-hop-address"].as_str()?});
    if let Some(metric) = route["metric"].as_u64() {
        written["metric"] = metric.into();
    }
    Some(written)
}

/// The interface that the machine's own name servers are put on: the one with the default route, else the first.
fn resolving(network: &NetworkState, routes: &[Value]) -> Option<String> {
    let is_default = |route: &&Value| {
        let destination = route["destination"].as_str().and_then(|text| text.parse::<IpNetwork>().ok());
        destination.is_some_and(|network| network.prefix() == 0)
    };
    let of_route = routes.iter().find(is_default).and_then(|route| route["next-hop-interface"].as_str());
    let of_nics = network.nics.iter().map(|nic| nic.name.as_str());
    let of_interfaces = network.interfaces().iter().map(|interface| interface.name.value.as_str());
    of_route
        .or_else(|| of_nics.chain(of_interfaces).find(|name| network.is_dynamic(name)))
        .or_else(|| network.nics.first().map(|nic| nic.name.as_str()))
        .map(str::to_owned)
}

fn name_servers(nic: Option<&Nic>, resolver: Option<&Value>) -> Option<Value> {
    let texts = |key: &str| {
        let list = resolver.and_then(|resolver| resolver[key].as_array());
        list.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let own = nic.map(|nic| nic.dns.iter().map(|server| server.value.to_string()).collect::<Vec<_>>());
    let domains = nic.map(|nic| nic.search.iter().map(|domain| domain.value.clone()).collect::<Vec<_>>());
    let addresses = [own.unwrap_or_default(), texts("server")].concat();
    let search = [domains.unwrap_or_default(), texts("search")].concat();
    let mut written = Map::new();
    for (key, mut list) in [("addresses", addresses), ("search", search)] {
        let mut seen = Vec::new();
        list.retain(|text| {
            !seen.contains(text) && {
                seen.push(text.clone());
                true
            }
        });
        if !list.is_empty() {
            written.insert(key.to_owned(), list.into());
        }
    }
    (!written.is_empty()).then_some(Value::Object(written))
}

/// Walks through what was written, and names every key that is not translated.
fn unsaid(network: &NetworkState) -> Vec<Unsaid> {
    let Some(document) = network.nmstate() else { return Vec::new() };
    let root = View::of(document);
    let mut found = Found::default();
    found.keys(&root, &["interfaces", "routes", "dns-resolver", "description"]);
    for interface in root.list("interfaces") {
        let kind = interface.text_at("type").map(|kind| kind.value).unwrap_or_default();
        let name = interface.text_at("name").map(|name| name.value).unwrap_or_default();
        if kind == "dummy" {
            found.add(interface.get("type").as_ref(), "the type `dummy`");
        }
        // Of a port it is what the port is known by.
        let is_port =
            network.is_nic(&name) || interface.text_at("identifier").is_some_and(|by| by.value != "name");
        let keys: Vec<&str> = KEYS.into_iter().chain(is_port.then_some("mac-address")).collect();
        found.keys(&interface, &keys);
        for family in ["ipv4", "ipv6"] {
            let Some(family) = interface.get(family) else { continue };
            found.keys(&family, &FAMILY_KEYS);
            family.list("address").iter().for_each(|address| found.keys(address, &["ip", "prefix-length"]));
        }
        if let Some(bond) = interface.get("link-aggregation") {
            found.keys(&bond, &["mode", "options", "port", "ports", "slaves"]);
            if let Some(options) = bond.get("options") {
                found.keys(&options, &BOND_OPTIONS.map(|(name, ..)| name));
            }
        }
        if let Some(vlan) = interface.get("vlan") {
            found.keys(&vlan, &["base-iface", "id", "protocol"]);
            let protocol =
                vlan.get("protocol").filter(|word| word.text().is_some_and(|word| word.value != "802.1q"));
            found.add(protocol.as_ref(), "the protocol `802.1ad`");
        }
        if let Some(bridge) = interface.get("bridge") {
            found.keys(&bridge, &["options", "port", "ports", "allow-extra-ports"]);
            if let Some(options) = bridge.get("options") {
                found.keys(&options, &["stp", "mac-ageing-time"]);
            }
            for port in ["port", "ports"].iter().flat_map(|key| bridge.list(key)) {
                found.keys(&port, &["name"]);
            }
        }
    }
    for route in network.routes() {
        found.keys(&route, &ROUTE_KEYS);
        if route.text_at("next-hop-address").is_none_or(|gateway| gateway.value.parse::<IpAddr>().is_err()) {
            found.add(Some(&route), "a route without a `next-hop-address`");
        }
    }
    if let Some(resolver) = root.at(&["dns-resolver", "config"]) {
        found.keys(&resolver, &["server", "search"]);
    }
    found.unsaid
}

#[derive(Default)]
struct Found {
    unsaid: Vec<Unsaid>,
}

impl Found {
    fn keys(&mut self, view: &View<'_>, known: &[&str]) {
        for (name, origin, _) in view.entries().filter(|(name, ..)| !known.contains(name)) {
            self.unsaid.push(Unsaid { what: format!("`{name}`"), origin });
        }
    }

    fn add(&mut self, view: Option<&View<'_>>, what: &str) {
        let unsaid = view.map(|view| Unsaid { what: what.to_owned(), origin: view.origin().clone() });
        self.unsaid.extend(unsaid);
    }
}
