//! What a running cluster changes on its own node by design. None of it is a loss, so none of it is expected
//! to stay as it was.

use crate::network::NetworkState;
use crate::network::keyfile_path;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::PortProperty;
use crate::verify::Subject;

/// The cluster's own resolver adds the names of services to it, so no MachineConfig may hold it either: the
/// operator would take the addition for a node that has drifted.
pub(super) const SHARED_WITH_RESOLVER: &str = "/etc/hosts";

/// Takes out of the disk's later lives what the cluster changes: /etc/hosts, and the profiles of what carries the
/// default route. OVN-Kubernetes copies those at each boot, and puts that port with its addresses into a bridge.
pub(super) fn leave_out(expected: &mut [Expectation], network: &NetworkState) {
    let mut taken = vec![Subject::File(SHARED_WITH_RESOLVER.to_owned(), FileProperty::Sha256)];
    for name in below_default_route(network) {
        // Who clones a profile may change the old one.
        taken.push(Subject::File(keyfile_path(&name), FileProperty::Whole));
        taken.push(match network.nics.iter().find(|nic| nic.name.as_str() == name) {
            Some(nic) => Subject::Port(nic.mac.value, PortProperty::Profile),
            None => Subject::Interface(name, PortProperty::Profile),
        });
    }
    let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
    for expectation in expected.iter_mut().filter(|expectation| taken.contains(&expectation.subject)) {
        expectation.lives.retain(|life| *life != Life::LaterBoots);
    }
}

/// The names of the interfaces with a default route, and of everything that they stand on.
fn below_default_route(network: &NetworkState) -> Vec<String> {
    let of_nics = network.nics.iter().filter(|nic| !nic.gateways.is_empty() || nic.uses_dhcp());
    let dynamic = network.interfaces().iter().filter(|interface| interface.is_dynamic);
    let mut names: Vec<String> = of_nics.map(|nic| nic.name.as_str().to_owned()).collect();
    names.extend(dynamic.map(|interface| interface.name.value.clone()));
    for route in network.routes() {
        let text = |key: &str| route.text_at(key).map(|text| text.value).unwrap_or_default();
        if ["0.0.0.0/0", "::/0"].contains(&text("destination").as_str()) {
            names.push(text("next-hop-interface"));
        }
    }
    let mut index = 0;
    while let Some(name) = names.get(index).cloned() {
        let interfaces = network.interfaces().iter().filter(|interface| interface.name.value == name);
        for below in interfaces.flat_map(|interface| interface.ports.iter().chain(&interface.base)) {
            if !names.contains(&below.value) {
                names.push(below.value.clone());
            }
        }
        index += 1;
    }
    names
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::below_default_route;
    use crate::spec;

    #[test]
    fn what_stands_below_the_default_route_is_found_through_bonds_and_vlans() {
        let names = |network: &str| {
            let text = format!("cotter: 1\nname: m\ntarget: sno\nnetwork:\n{network}");
            below_default_route(&spec::parse("m.yaml", &text, &Default::default()).0.unwrap().network)
        };
        let nics = "  nics:\n    - {name: a0, mac: \"e4:43:4b:0a:00:01\", address: 10.0.0.2/24, gateway: 10.0.0.1}\n    - {name: a1, mac: \"e4:43:4b:0a:00:02\"}\n    - {name: a2, mac: \"e4:43:4b:0a:00:03\"}\n";
        assert_eq!(names(nics), ["a0"]);
        let nics = nics.replace(", address: 10.0.0.2/24, gateway: 10.0.0.1", "");
        let nmstate = "  nmstate:\n    interfaces:\n      - {name: b, type: bond, state: up, link-aggregation: {mode: 802.3ad, port: [a1, a2]}}\n      - {name: b.7, type: vlan, state: up, vlan: {base-iface: b, id: 7}, ipv4: {enabled: true, address: [{ip: 10.0.0.2, prefix-length: 24}]}}\n";
        assert_eq!(names(&format!("{nics}{nmstate}")), Vec::<String>::new());
        let routes = "    routes: {config: [{destination: 0.0.0.0/0, next-hop-address: 10.0.0.1, next-hop-interface: b.7}]}\n";
        assert_eq!(names(&format!("{nics}{nmstate}{routes}")), ["b.7", "b", "a1", "a2"]);
    }
}
