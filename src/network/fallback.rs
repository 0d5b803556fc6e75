//! What the installed system needs to know to help itself if its network does not come up.

use super::NetworkState;
use super::Nic;
use super::Profile;
use crate::document::Origin;

/// DHCP on the ports, bound by MAC address, if the network does not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// How many minutes after boot.
    pub after_minutes: u32,
    /// Where it was asked for.
    pub origin: Origin,
}

impl Fallback {
    /// How many minutes after boot if nothing is said.
    pub const AFTER_MINUTES: u32 = 5;
}

/// The table that `templates/files/cotter-network-fallback` reads: what must be up, then the ports to try.
///
/// What must be up is what carries the default route; where nothing is said to, what asks for addresses; else
/// whatever has some. A second network without a cable is no reason to fall back.
pub fn fallback_table(network: &NetworkState, profiles: &[Profile]) -> String {
    let mut lines = Vec::new();
    let uuid = |name: &str| {
        let profile = profiles.iter().find(|profile| profile.name == name);
        profile.map(|profile| profile.uuid.to_string())
    };
    for name in &main_interfaces(network) {
        lines.extend(uuid(name).map(|uuid| format!("profile\t{uuid}")));
        lines.extend(addresses(network, name).into_iter().map(|address| format!("address\t{address}")));
    }
    for (_, gateway) in default_routes(network) {
        lines.push(format!("gateway\t{gateway}"));
    }
    let is_port = |nic: &Nic| {
        let name = nic.name.as_str();
        network.interfaces().iter().any(|interface| interface.ports.iter().any(|port| port.value == name))
    };
    for nic in &network.nics {
        let kind = match (is_port(nic), is_addressed(network, nic.name.as_str())) {
            (true, _) => "bound",
            (_, true) => "own",
            _ => "spare",
        };
        if let Some(uuid) = uuid(nic.name.as_str()) {
            lines.push(format!("{kind}\t{}\t{}\t{uuid}", nic.mac.value, nic.name.value));
        }
    }
    lines.join("\n") + "\n"
}

/// The interfaces without which nobody reaches the machine from afar.
pub(super) fn main_interfaces(network: &NetworkState) -> Vec<String> {
    let mut main: Vec<String> = default_routes(network).into_iter().map(|(interface, _)| interface).collect();
    let nics = network.nics.iter().map(|nic| nic.name.to_string());
    let all: Vec<String> = nics.chain(network.interfaces().iter().map(|i| i.name.value.clone())).collect();
    for is_main in [NetworkState::is_dynamic, is_addressed] {
        if main.is_empty() {
            main.extend(all.iter().filter(|name| is_main(network, name)).cloned());
        }
    }
    main.sort();
    main.dedup();
    main
}

/// Interface and router of each default route.
fn default_routes(network: &NetworkState) -> Vec<(String, String)> {
    let of_nic = |nic: &Nic| -> Vec<(String, String)> {
        nic.gateways.iter().map(|gateway| (nic.name.to_string(), gateway.to_string())).collect()
    };
    let mut routes: Vec<(String, String)> = network.nics.iter().flat_map(of_nic).collect();
    for route in network.routes() {
        let is_default =
            route.text_at("destination").is_some_and(|to| ["0.0.0.0/0", "::/0"].contains(&to.value.as_str()));
        if let (true, Some(router), Some(interface)) =
            (is_default, route.text_at("next-hop-address"), route.text_at("next-hop-interface"))
        {
            routes.push((interface.value, router.value));
        }
    }
    routes
}

fn addresses(network: &NetworkState, name: &str) -> Vec<String> {
    let nic = network.nic(name).map(|nic| nic.addresses.as_slice()).unwrap_or_default();
    let interfaces = network.interfaces().iter().filter(|interface| interface.name.value == name);
    let all = nic.iter().chain(interfaces.flat_map(|interface| &interface.addresses));
    all.map(|address| address.value.to_string()).collect()
}

fn is_addressed(network: &NetworkState, name: &str) -> bool {
    network.is_dynamic(name) || !addresses(network, name).is_empty()
}
