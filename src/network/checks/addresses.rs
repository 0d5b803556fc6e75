//! Addresses, gateways, name servers, routes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::ports::same;
use crate::document::Found;
use crate::document::Sourced;
use crate::document::View;
use crate::network::NetworkState;

/// Every interface with its static addresses, its name and where it is from.
pub(super) fn addressed(network: &NetworkState) -> Vec<(String, Vec<Sourced<IpNetwork>>)> {
    let nics = network.nics.iter().map(|nic| (nic.name.to_string(), nic.addresses.clone()));
    nics.chain(network.interfaces().iter().map(|i| (i.name.value.clone(), i.addresses.clone()))).collect()
}

pub(super) fn usable_addresses(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn duplicate_addresses(network: &NetworkState, found: &mut Found<'_>) {
    let all = addressed(network);
    let values = all.iter().flat_map(|(_, addresses)| addresses).map(|a| (a.ip().to_string(), &a.origin));
    same(values, "address", found);
}

pub(super) fn overlapping_networks(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn address_or_dhcp(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        if let Some(address) = nic.addresses.first().filter(|_| nic.uses_dhcp()) {
            let message = format!("`{}` has a static address and `dhcp: true`", nic.name.value);
            found.error(&address.origin, message, "keep one of them");
        }
    }
}

pub(super) fn one_gateway(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn gateway_reachable(network: &NetworkState, found: &mut Found<'_>) {
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

pub(super) fn dns_needs_address(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        let own = network.interfaces().iter().find(|interface| interface.name.value == nic.name.as_str());
        let is_dynamic = nic.uses_dhcp() || own.is_some_and(|interface| interface.is_dynamic);
        let elsewhere = own.map(|interface| interface.addresses.as_slice()).unwrap_or_default();
        let has = |is_ipv4: bool| {
            is_dynamic || nic.addresses.iter().chain(elsewhere).any(|address| address.is_ipv4() == is_ipv4)
        };
        // A wrong address is another finding.
        if nic.has_address && nic.addresses.is_empty() {
            continue;
        }
        if let Some(domain) = nic.search.first().filter(|_| !has(true) && !has(false)) {
            let message = format!("`{}` has search domains but no address", nic.name.value);
            found.error(&domain.origin, message, "put `search` on the port that has the address");
        }
        for server in nic.dns.iter().filter(|server| !has(server.is_ipv4())) {
            let family = if server.is_ipv4() { "IPv4" } else { "IPv6" };
            let message = format!(
                "`{}` has the name server `{}` but no {family} address",
                nic.name.value, server.value
            );
            found.error(&server.origin, message, "put it on a port that has such an address");
        }
    }
}

pub(super) fn one_resolver(network: &NetworkState, found: &mut Found<'_>) {
    let Some(document) = network.nmstate() else { return };
    let Some(resolver) = View::of(document).at(&["dns-resolver", "config"]) else { return };
    let on_port = network.nics.iter().find_map(|nic| {
        nic.dns.first().map(|server| &server.origin).or(nic.search.first().map(|domain| &domain.origin))
    });
    if let Some(origin) = on_port {
        let message =
            format!("name servers are given under `dns-resolver` and on a port (line {})", origin.line);
        found.error(resolver.origin(), message, "keep one of them");
    }
}

pub(super) fn routes(network: &NetworkState, found: &mut Found<'_>) {
    let all = addressed(network);
    for route in network.routes() {
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
