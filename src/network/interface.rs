//! What an nmstate document says of each interface, as far as cotter checks and verifies it.

use ipnetwork::IpNetwork;

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
    /// `mac-address`, if it is given.
    pub mac: Option<Sourced<String>>,
    /// The ports of a bond or bridge.
    pub ports: Vec<Sourced<String>>,
    /// What a VLAN stands on.
    pub base: Option<Sourced<String>>,
    /// A VLAN's number.
    pub vlan: Option<Sourced<u32>>,
    /// A bond's mode, by its name or number.
    pub mode: Option<Sourced<String>>,
    /// Static addresses.
    pub addresses: Vec<Sourced<IpNetwork>>,
    /// Addresses by DHCP or router advertisements.
    pub is_dynamic: bool,
    /// `mtu` in bytes.
    pub mtu: Option<Sourced<u32>>,
    /// Where it is written.
    pub origin: Origin,
}

/// Reads the interfaces; what cannot be read here, the shape has refused.
pub(super) fn interfaces(document: &Sourced<Node>) -> Vec<Interface> {
    View::of(document).list("interfaces").iter().filter_map(interface).collect()
}

fn interface(view: &View<'_>) -> Option<Interface> {
    let name = view.text_at("name")?;
    let kind = view.text_at("type");
    let families: Vec<View<'_>> =
        ["ipv4", "ipv6"].into_iter().filter_map(|family| view.get(family)).collect();
    let is_on = |family: &View<'_>| family.truth_at("enabled").is_none_or(|enabled| enabled.value);
    let is_dynamic =
        |family: &View<'_>| is_on(family) && ["dhcp", "autoconf"].iter().any(|key| family.is_true_at(key));
    Some(Interface {
        kind: kind.unwrap_or_else(|| Sourced { value: String::new(), origin: name.origin.clone() }),
        state: view.text_at("state"),
        mac: view.text_at("mac-address"),
        ports: ports(view),
        base: view.at(&["vlan", "base-iface"]).and_then(|base| base.text()),
        vlan: view.at(&["vlan", "id"]).and_then(|id| id.parse()),
        mode: view.at(&["link-aggregation", "mode"]).and_then(|mode| mode.text()),
        addresses: families
            .iter()
            .flat_map(|family| family.list("address"))
            .filter_map(|view| address(&view))
            .collect(),
        is_dynamic: families.iter().any(is_dynamic),
        mtu: view.parse_at("mtu"),
        origin: view.origin().clone(),
        name,
    })
}

/// The ports of a bond or bridge, in any of nmstate's spellings.
fn ports(view: &View<'_>) -> Vec<Sourced<String>> {
    let list = |section: &str, keys: &[&str]| {
        let section = view.get(section);
        keys.iter()
            .flat_map(|key| section.as_ref().map(|s| s.list(key)).unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let bond = list("link-aggregation", &["port", "ports", "slaves"]);
    let bridge = list("bridge", &["port", "ports"]);
    let bond = bond.iter().filter_map(View::text);
    bond.chain(bridge.iter().filter_map(|port| port.text_at("name"))).collect()
}

fn address(view: &View<'_>) -> Option<Sourced<IpNetwork>> {
    let ip = view.text_at("ip")?;
    let prefix = view.parse_at::<u8>("prefix-length")?;
    let value = IpNetwork::new(ip.value.parse().ok()?, prefix.value).ok()?;
    Some(Sourced { value, origin: ip.origin })
}
