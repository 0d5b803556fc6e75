//! What an nmstate document says of each interface, as far as cotter checks and verifies it.

use ipnetwork::IpNetwork;

use crate::document::Diagnostics;
use crate::document::Fields;
use crate::document::Node;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;

/// One entry of an nmstate document's `interfaces`.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: Sourced<String>,
    /// `type`, as in `bond`; empty if not given.
    pub kind: Sourced<String>,
    /// `state`, as in `up`.
    pub state: Option<Sourced<String>>,
    /// The ports of a bond or bridge.
    pub ports: Vec<Sourced<String>>,
    /// What a VLAN stands on.
    pub base: Option<Sourced<String>>,
    /// Static addresses.
    pub addresses: Vec<Sourced<IpNetwork>>,
    /// `mtu` in bytes.
    pub mtu: Option<Sourced<u32>>,
    /// Where it is written.
    pub origin: Origin,
}

/// Reads the interfaces; what cannot be read here, nmstate refuses with its own words later.
pub(super) fn interfaces(document: &Sourced<Node>) -> Vec<Interface> {
    let mut findings = Diagnostics::new();
    let Some(mut fields) = View::of(document).fields(&mut findings) else {
        return Vec::new();
    };
    let Some(list) = fields.optional("interfaces") else {
        return Vec::new();
    };
    list.list(&mut findings).iter().filter_map(|view| interface(view, &mut findings)).collect()
}

fn interface(view: &View<'_>, findings: &mut Diagnostics) -> Option<Interface> {
    let mut fields = view.fields(findings)?;
    let name = fields.optional("name")?.text(findings)?;
    let mut text = |key| fields.optional(key).and_then(|view| view.text(findings));
    let kind = text("type").unwrap_or_else(|| Sourced { value: String::new(), origin: name.origin.clone() });
    let state = text("state");
    let mtu = fields.optional("mtu").and_then(|view| view.number(0..=u32::MAX, findings));
    let mut ports = Vec::new();
    if let Some(mut bond) = section(&mut fields, "link-aggregation", findings) {
        for key in ["port", "ports", "slaves"] {
            let members = bond.optional(key).map(|list| list.list(findings)).unwrap_or_default();
            ports.extend(members.iter().filter_map(|member| member.text(findings)));
        }
    }
    if let Some(mut bridge) = section(&mut fields, "bridge", findings) {
        for key in ["port", "ports"] {
            let members = bridge.optional(key).map(|list| list.list(findings)).unwrap_or_default();
            for member in &members {
                ports.extend(
                    member
                        .fields(findings)
                        .and_then(|mut f| f.optional("name"))
                        .and_then(|n| n.text(findings)),
                );
            }
        }
    }
    let base = section(&mut fields, "vlan", findings)
        .and_then(|mut vlan| vlan.optional("base-iface"))
        .and_then(|base| base.text(findings));
    let mut addresses = Vec::new();
    for family in ["ipv4", "ipv6"] {
        let Some(mut ip) = section(&mut fields, family, findings) else {
            continue;
        };
        let members = ip.optional("address").map(|list| list.list(findings)).unwrap_or_default();
        addresses.extend(members.iter().filter_map(|member| address(member, findings)));
    }
    Some(Interface { name, kind, state, ports, base, addresses, mtu, origin: view.origin().clone() })
}

fn section<'a>(fields: &mut Fields<'a>, key: &'static str, findings: &mut Diagnostics) -> Option<Fields<'a>> {
    fields.optional(key)?.fields(findings)
}

fn address(view: &View<'_>, findings: &mut Diagnostics) -> Option<Sourced<IpNetwork>> {
    let mut fields = view.fields(findings)?;
    let ip = fields.optional("ip")?.text(findings)?;
    let prefix = fields.optional("prefix-length")?.number(0..=128, findings)?;
    let value = IpNetwork::new(ip.value.parse().ok()?, u8::try_from(prefix.value).ok()?).ok()?;
    Some(Sourced { value, origin: ip.origin })
}
