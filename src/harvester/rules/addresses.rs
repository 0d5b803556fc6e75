//! Addresses: the node's, the cluster's virtual one, and the networks inside the cluster.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use ipnetwork::Ipv4Network;
use ipnetwork::Ipv6Network;

use super::Row;
use crate::document::Found;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::Sourced;
use crate::harvester::facts::facts;
use crate::harvester::written::Mode;
use crate::harvester::written::Written;
use crate::harvester::written::text;
use crate::value::MacAddress;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "method-needed",
            refuses: "a management network without a method",
            why: "the installer refuses it; `none` is not for automatic installations either",
            example: "management_interface: {interfaces: [{name: mgmt0}]}",
        },
        by: method_needed,
    },
    Row {
        rule: Rule {
            name: "static-needs",
            refuses: "a static address without address, mask, gateway or resolvers",
            why: "the installer refuses it",
            example: "management_interface: {method: static, ip: 192.168.50.10}",
        },
        by: static_needs,
    },
    Row {
        rule: Rule {
            name: "ipv4-address",
            refuses: "an address that is no IPv4 address",
            why: "the installer refuses it, or the node has no network",
            example: "ip: 192.168.50.10/24",
        },
        by: ipv4_addresses,
    },
    Row {
        rule: Rule {
            name: "subnet-mask",
            refuses: "a mask with holes, of nothing or of everything",
            why: "the installer takes any four numbers, and the profile that comes of it is none",
            example: "subnet_mask: 255.0.255.0",
        },
        by: subnet_mask,
    },
    Row {
        rule: Rule {
            name: "outside-subnet",
            refuses: "a node's address that is none for a machine, and a gateway outside the node's subnet",
            why: "the node reaches nothing; the installer does not look",
            example: "{ip: 192.168.50.10, subnet_mask: 255.255.255.0, gateway: 192.168.51.1}",
        },
        by: outside_subnet,
    },
    Row {
        rule: Rule {
            name: "dhcp-with-addresses",
            refuses: "(warns) addresses beside DHCP",
            why: "they are passed over",
            example: "{method: dhcp, ip: 192.168.50.10}",
        },
        by: dhcp_with_addresses,
    },
    Row {
        rule: Rule {
            name: "vip",
            refuses: "a first node without a virtual address and its mode, and one by DHCP without a MAC of its own",
            why: "the installer refuses it, or the virtual address gets the node's lease",
            example: "install: {mode: create, vip: 192.168.50.20}",
        },
        by: vip,
    },
    Row {
        rule: Rule {
            name: "vip-subnet",
            refuses: "a virtual address that is the node's own or its gateway's, or lies outside the node's subnet",
            why: "the cluster's address would answer for the node only, or not at all; the installer does not look",
            example: "{vip: 192.168.50.10, ip: 192.168.50.10}",
        },
        by: vip_subnet,
    },
    Row {
        rule: Rule {
            name: "cluster-networks",
            refuses: "networks of pods and services that are none, overlap each other or the node's, and a DNS outside the services'",
            why: "pods could not reach each other, or the node's own network; the installer does not look",
            example: "{cluster_pod_cidr: 10.52.0.0/16, cluster_service_cidr: 10.52.128.0/17}",
        },
        by: cluster_networks,
    },
    Row {
        rule: Rule {
            name: "ip-families",
            refuses: "families of addresses other than `[IPv4]` and `[IPv4, IPv6]`",
            why: "the installer takes what it does not know for IPv4 alone",
            example: "install: {ip_families: [ipv4, ipv6]}",
        },
        by: ip_families,
    },
];

const NODE: [&str; 4] = ["ip", "subnet_mask", "gateway", "method"];

fn of_node(config: &Written<'_>, key: &str) -> Option<Sourced<String>> {
    config.text(&["install", "management_interface", key])
}

fn method(config: &Written<'_>) -> Option<String> {
    of_node(config, "method").map(|method| method.value)
}

fn address(config: &Written<'_>, key: &str) -> Option<Sourced<Ipv4Addr>> {
    let text = of_node(config, key)?;
    let address = text.value.parse().ok()?;
    Some(text.map(|_| address))
}

/// The node's subnet, if it is static and right.
fn subnet(config: &Written<'_>) -> Option<Ipv4Network> {
    if method(config).as_deref() != Some("static") {
        return None;
    }
    let (ip, mask) = (address(config, "ip")?, address(config, "subnet_mask")?);
    Ipv4Network::with_netmask(ip.value, mask.value)
        .ok()
        .filter(|network| (1..=31).contains(&network.prefix()))
}

fn method_needed(config: &Written<'_>, found: &mut Found<'_>) {
    let path = ["install", "management_interface"];
    if config.makes_a_node() && config.at(&path).is_some() && method(config).is_none() {
        let message = "`install.management_interface.method` is missing";
        found.error(&config.place(&path), message, "write `method: static` or `method: dhcp`");
    }
}

fn static_needs(config: &Written<'_>, found: &mut Found<'_>) {
    if method(config).as_deref() != Some("static") {
        return;
    }
    let place = config.place(&["install", "management_interface", "method"]);
    for key in NODE.iter().take(3).filter(|key| of_node(config, key).is_none()) {
        let help = format!("write `{key}`, or `method: dhcp`");
        found.error(&place, format!("a static address needs `{key}`"), help);
    }
    if config.texts(&["os", "dns_nameservers"]).is_empty() {
        let help = "write `os.dns_nameservers: [ADDRESS]`";
        found.error(&place, "a static address needs resolvers", help);
    }
}

fn ipv4_addresses(config: &Written<'_>, found: &mut Found<'_>) {
    let mut texts: Vec<Sourced<String>> =
        NODE.iter().take(3).filter_map(|key| of_node(config, key)).collect();
    texts.extend(config.texts(&["os", "dns_nameservers"]));
    texts.extend(config.text(&["install", "vip"]));
    for text in texts {
        if text.value.parse::<Ipv4Addr>().is_err() {
            let message = format!("`{}` is not an IPv4 address", text.value);
            found.error(&text.origin, message, "write four numbers, as `192.168.50.10`");
        }
    }
}

fn subnet_mask(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(mask) = address(config, "subnet_mask") else { return };
    let bits = u32::from(mask.value);
    if bits.leading_ones() + bits.trailing_zeros() != 32 || !(1..=31).contains(&bits.leading_ones()) {
        let message = format!("`{}` is not the mask of a subnet", mask.value);
        found.error(&mask.origin, message, "write ones and then zeros, as `255.255.255.0`");
    }
}

fn outside_subnet(config: &Written<'_>, found: &mut Found<'_>) {
    let (Some(network), Some(ip)) = (subnet(config), address(config, "ip")) else { return };
    let is_edge = network.prefix() < 31 && (ip.value == network.network() || ip.value == network.broadcast());
    if is_edge || ip.value.is_loopback() || ip.value.is_multicast() || ip.value.is_unspecified() {
        let message = format!("`{}` is not an address for a machine in its subnet", ip.value);
        found.error(&ip.origin, message, "take another address of the subnet");
    }
    let Some(gateway) = address(config, "gateway") else { return };
    let subnet = format!("{}/{}", network.network(), network.prefix());
    if gateway.value == ip.value {
        found.error(&gateway.origin, "the gateway is the node itself", "write the router's address");
    } else if !network.contains(gateway.value) {
        let message = format!("the gateway `{}` is not in the node's subnet {subnet}", gateway.value);
        found.error(&gateway.origin, message, "write a gateway in that subnet, or mend `subnet_mask`");
    }
}

fn dhcp_with_addresses(config: &Written<'_>, found: &mut Found<'_>) {
    if method(config).as_deref() != Some("dhcp") {
        return;
    }
    for key in NODE.iter().take(3) {
        if let Some(text) = of_node(config, key) {
            let message = format!("`{key}` is passed over: the address comes by DHCP");
            found.warning(&text.origin, message, "leave it out, or write `method: static`");
        }
    }
}

fn vip(config: &Written<'_>, found: &mut Found<'_>) {
    if config.mode() != Mode::Create {
        return;
    }
    let place = config.place(&["install", "mode"]);
    if config.text(&["install", "vip"]).is_none() {
        let help = "write `install.vip`, an address that no machine has";
        found.error(&place, "the first node needs `install.vip`", help);
    }
    let vip_mode = config.text(&["install", "vip_mode"]);
    let vip_mac = config.text(&["install", "vip_hw_addr"]);
    let parsed = vip_mac.as_ref().map(|mac| mac.value.parse::<MacAddress>());
    match vip_mode.as_ref().map(|mode| mode.value.as_str()) {
        None => {
            let help = "write `vip_mode: static`, or `vip_mode: dhcp` with `vip_hw_addr`";
            found.error(&place, "the first node needs `install.vip_mode`", help);
        }
        Some("dhcp") if vip_mac.is_none() => {
            let place = config.place(&["install", "vip_mode"]);
            let help = "write the address that the DHCP server has a lease for, which no port has";
            found.error(&place, "a virtual address by DHCP needs `install.vip_hw_addr`", help);
        }
        _ => {}
    }
    let (Some(mac), Some(parsed)) = (vip_mac, parsed) else { return };
    match parsed {
        Err(error) => found.wrong_value(&mac.origin, error),
        Ok(parsed) => {
            let ports = config.list(&["install", "management_interface", "interfaces"]);
            let is_of_a_port = ports.iter().any(|port| {
                let own = text(port, "hw_addr");
                own.is_some_and(|own| own.value.parse() == Ok(parsed))
            });
            if is_of_a_port {
                let message = format!("`{parsed}` is a port's own address");
                found.error(
                    &mac.origin,
                    message,
                    "take an address that no port has, as one that begins with `02:`",
                );
            }
        }
    }
}

fn vip_subnet(config: &Written<'_>, found: &mut Found<'_>) {
    let (Some(network), Some(vip)) = (subnet(config), config.text(&["install", "vip"])) else { return };
    let (Mode::Create, Ok(address)) = (config.mode(), vip.value.parse::<Ipv4Addr>()) else { return };
    let is = |key: &str| self::address(config, key).is_some_and(|other| other.value == address);
    let help = "take an address of the node's subnet that no machine has";
    if is("ip") {
        found.error(&vip.origin, format!("`{address}` is the node's own address"), help);
    } else if is("gateway") {
        found.error(&vip.origin, format!("`{address}` is the gateway's address"), help);
    } else if !network.contains(address) {
        let subnet = format!("{}/{}", network.network(), network.prefix());
        found.error(&vip.origin, format!("`{address}` is not in the node's subnet {subnet}"), help);
    }
}

fn cluster_networks(config: &Written<'_>, found: &mut Found<'_>) {
    let mut networks: Vec<(&str, Ipv4Network, Origin)> = Vec::new();
    let defaults = [
        ("cluster_pod_cidr", &facts().default_pod_cidr),
        ("cluster_service_cidr", &facts().default_service_cidr),
    ];
    for (key, default) in defaults {
        let written = config.text(&["install", key]);
        let place = config.place(&["install", key]);
        let text = written.as_ref().map_or(default, |text| &text.value);
        // With both families there are two, with a comma between.
        for part in text.split(',').map(str::trim).filter(|part| part.parse::<Ipv6Network>().is_err()) {
            match part.parse::<Ipv4Network>() {
                Ok(network) if part.contains('/') => {
                    if network.network() != network.ip() {
                        let right = format!("{}/{}", network.network(), network.prefix());
                        found.error(
                            &place,
                            format!("`{part}` has bits of a host"),
                            format!("write `{right}`"),
                        );
                    }
                    networks.push((key, network, place.clone()));
                }
                _ => found.error(&place, format!("`{part}` is not a network"), "write it as `10.52.0.0/16`"),
            }
        }
    }
    let meets = |a: &Ipv4Network, b: &Ipv4Network| a.contains(b.network()) || b.contains(a.network());
    if let [(_, pods, _), (_, services, place)] = networks.as_slice()
        && meets(pods, services)
    {
        let message = format!("the services' network {services} and the pods' {pods} overlap");
        found.error(place, message, "write two networks that have no address in common");
    }
    if let Some(node) = subnet(config) {
        for (_, network, place) in networks.iter().filter(|(_, network, _)| meets(network, &node)) {
            let subnet = format!("{}/{}", node.network(), node.prefix());
            let message = format!("the cluster's network {network} and the node's subnet {subnet} overlap");
            let help =
                "write `cluster_pod_cidr` and `cluster_service_cidr` that nothing around the node uses";
            found.error(place, message, help);
        }
    }
    let Some(dns) = config.text(&["install", "cluster_dns"]) else { return };
    let services = networks.iter().find(|(key, _, _)| *key == "cluster_service_cidr");
    for part in dns.value.split(',').map(str::trim) {
        match (part.parse::<IpAddr>(), services) {
            (Err(_), _) => {
                let message = format!("`{part}` is not an address");
                found.error(&dns.origin, message, "take the tenth address of the services' network");
            }
            (Ok(IpAddr::V4(address)), Some((_, services, _))) if !services.contains(address) => {
                let message = format!("`{address}` is not in the services' network {services}");
                found.error(&dns.origin, message, "take the tenth address of that network");
            }
            _ => {}
        }
    }
}

fn ip_families(config: &Written<'_>, found: &mut Found<'_>) {
    let families = config.texts(&["install", "ip_families"]);
    for family in families.iter().filter(|family| !["IPv4", "IPv6"].contains(&family.value.as_str())) {
        let message = format!("`{}` is not a family of addresses", family.value);
        found.error(&family.origin, message, "write `IPv4` or `IPv6`");
    }
    if let Some(first) = families.first().filter(|first| first.value == "IPv6") {
        found.error(&first.origin, "IPv4 is not first", "write `[IPv4]` or `[IPv4, IPv6]`");
    }
}
