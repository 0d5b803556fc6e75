//! The section `network`.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::document::Diagnostics;
use crate::document::Sourced;
use crate::document::View;
use crate::network::Match;
use crate::network::NetworkState;
use crate::network::Nic;
use crate::network::Pin;

pub(super) fn network(view: &View<'_>, findings: &mut Diagnostics) -> Option<NetworkState> {
    let mut fields = view.fields(findings)?;
    let list = fields.optional("nics").map(|view| view.list(findings)).unwrap_or_default();
    let nics = list.iter().filter_map(|view| nic(view, findings)).collect();
    let nmstate = fields.optional("nmstate").map(|view| view.aside());
    let pin = fields.optional("pin").and_then(|view| view.word(&PINS, findings)).map(|pin| pin.value);
    let matching = fields.optional("match").and_then(|view| view.word(&MATCHES, findings));
    fields.finish(findings);
    Some(NetworkState {
        nics,
        nmstate,
        pin: pin.unwrap_or_default(),
        matching: matching.as_ref().map(|matching| matching.value).unwrap_or_default(),
        matching_origin: matching.map(|matching| matching.origin),
    })
}

const PINS: [(&str, Pin); 4] =
    [("link", Pin::Link), ("rule", Pin::Rule), ("both", Pin::Both), ("none", Pin::None)];
const MATCHES: [(&str, Match); 2] = [("mac", Match::Mac), ("name", Match::Name)];

fn nic(view: &View<'_>, findings: &mut Diagnostics) -> Option<Nic> {
    let mut fields = view.fields(findings)?;
    let name = fields
        .required("name", "name the port, as in `name: mgmt0`", findings)
        .and_then(|view| view.parse("interface-name", findings));
    let mac = fields
        .required("mac", "give the port's permanent MAC address: `ip -d link` on the machine", findings)
        .and_then(|view| view.parse("mac-address", findings));
    let addresses = one_or_more(fields.optional("address"), findings, address);
    let dhcp = fields.optional("dhcp").and_then(|view| view.boolean(findings));
    let gateways = one_or_more(fields.optional("gateway"), findings, ip);
    let dns = one_or_more(fields.optional("dns"), findings, ip);
    // 68 bytes is the least that IPv4 allows (RFC 791), 65535 the most that the kernel's drivers take.
    let mtu = fields.optional("mtu").and_then(|view| view.number(68..=65_535, findings));
    let origin = fields.origin().clone();
    fields.finish(findings);
    Some(Nic { name: name?, mac: mac?, addresses, dhcp, gateways, dns, mtu, origin })
}

/// A value alone or a list of them.
fn one_or_more<T>(
    view: Option<View<'_>>,
    findings: &mut Diagnostics,
    read: fn(&View<'_>, &mut Diagnostics) -> Option<Sourced<T>>,
) -> Vec<Sourced<T>> {
    match view {
        None => Vec::new(),
        Some(view) if view.is_list() => {
            view.list(findings).iter().filter_map(|member| read(member, findings)).collect()
        }
        Some(view) => read(&view, findings).into_iter().collect(),
    }
}

fn address(view: &View<'_>, findings: &mut Diagnostics) -> Option<Sourced<IpNetwork>> {
    let text = view.text(findings)?;
    // Without a prefix length the crate assumes one host; nobody means that.
    match text.value.parse::<IpNetwork>() {
        Ok(value) if text.value.contains('/') => Some(Sourced { value, origin: text.origin }),
        _ => {
            let message = format!("`{}` is not an address with a prefix length", text.value);
            findings.error("address", &text.origin, message, "write it as in `192.168.50.10/24`");
            None
        }
    }
}

fn ip(view: &View<'_>, findings: &mut Diagnostics) -> Option<Sourced<IpAddr>> {
    let text = view.text(findings)?;
    match text.value.parse() {
        Ok(value) => Some(Sourced { value, origin: text.origin }),
        Err(_) => {
            let message = format!("`{}` is not an IP address", text.value);
            findings.error("ip-address", &text.origin, message, "write it as in `192.168.50.1`");
            None
        }
    }
}
