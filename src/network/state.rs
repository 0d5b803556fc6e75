//! One nmstate document out of the ports and the user's document.

use ipnetwork::IpNetwork;
use serde_json::Value;
use serde_json::json;

use super::NetworkState;
use super::Nic;
use crate::document::View;

/// Puts every port of `network.nics` into the user's document as an Ethernet interface.
///
/// What the user's document says of an interface of the same name is added to it. nmstate is told of ports by
/// their names alone: bound by MAC address, it loses what bridges and bonds say of their ports (nmstate 2.2.62,
/// nm/settings/bridge.rs). The binding is put into the keyfiles afterwards.
pub(super) fn document(network: &NetworkState) -> Value {
    let written = network.nmstate().map_or_else(|| json!({}), |nmstate| View::of(nmstate).to_json());
    let mut interfaces = match written.get("interfaces") {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    };
    for nic in &network.nics {
        let ours = interface(nic);
        match interfaces.iter_mut().find(|other| other.get("name") == ours.get("name")) {
            Some(Value::Object(theirs)) => {
                let Value::Object(ours) = ours else { continue };
                // Found by name, a MAC address would be one to take on.
                theirs.remove("identifier");
                theirs.remove("mac-address");
                for (key, value) in ours {
                    // What the user wrote for addresses stands; name and type are ours.
                    if !theirs.contains_key(&key) || key == "type" {
                        theirs.insert(key, value);
                    }
                }
            }
            _ => interfaces.push(ours),
        }
    }
    let mut document = match written {
        Value::Object(document) => document,
        _ => serde_json::Map::new(),
    };
    document.insert("interfaces".into(), Value::Array(interfaces));
    add(&mut document, "routes", "config", network.nics.iter().flat_map(routes));
    Value::Object(document)
}

/// Appends to the list `document[section][list]`.
fn add(
    document: &mut serde_json::Map<String, Value>,
    section: &str,
    list: &str,
    more: impl Iterator<Item = Value>,
) {
    let more: Vec<Value> = more.collect();
    if more.is_empty() {
        return;
    }
    if let Value::Object(section) = document.entry(section).or_insert_with(|| json!({}))
        && let Value::Array(there) = section.entry(list).or_insert_with(|| json!([]))
    {
        there.extend(more.into_iter().filter(|value| !there.contains(value)).collect::<Vec<_>>());
    }
}

fn interface(nic: &Nic) -> Value {
    let mut interface = json!({
        "name": nic.name.as_str(),
        "type": "ethernet",
        "state": "up",
        "ipv4": family(nic, IpNetwork::is_ipv4, "dhcp"),
        "ipv6": family(nic, IpNetwork::is_ipv6, "autoconf"),
    });
    if let Some(mtu) = &nic.mtu {
        interface["mtu"] = json!(mtu.value);
    }
    interface
}

/// Addresses of one family: static, by DHCP (and router advertisements for IPv6), or none at all.
fn family(nic: &Nic, of_family: fn(&IpNetwork) -> bool, by_router: &str) -> Value {
    let addresses: Vec<Value> = nic
        .addresses
        .iter()
        .filter(|address| of_family(&address.value))
        .map(|address| json!({"ip": address.ip().to_string(), "prefix-length": address.prefix()}))
        .collect();
    if !addresses.is_empty() {
        return json!({"enabled": true, "dhcp": false, "address": addresses});
    }
    if nic.uses_dhcp() {
        return json!({"enabled": true, "dhcp": true, by_router: true});
    }
    json!({"enabled": false})
}

fn routes(nic: &Nic) -> Vec<Value> {
    let route = |gateway: &std::net::IpAddr| {
        let destination = if gateway.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
        json!({"destination": destination, "next-hop-address": gateway.to_string(), "next-hop-interface": nic.name.as_str()})
    };
    nic.gateways.iter().map(|gateway| route(&gateway.value)).collect()
}
