//! What must be true of a node's network, which Harvester makes of bonds and bridges of its own.

use super::live;
use super::management::BOND;
use super::management::BRIDGE;
use super::management::Management;
use crate::spec::Machine;
use crate::target::expect::INSTALLED;
use crate::verify::Expectation;
use crate::verify::PortProperty;
use crate::verify::Subject;

/// The service that follows time servers, which the installer enables if some are named.
const TIME_SERVICE: &str = "systemd-timesyncd.service";

/// Ports by their permanent addresses, the bond, the bridge and what is on it; and time servers.
pub(super) fn expected(machine: &Machine, management: &Management<'_>) -> Vec<Expectation> {
    let mut expected = Vec::new();
    let mut has = |subject: &Subject, value: String, says: String, origin| {
        expected.push(Expectation::has(subject, value, says, origin).in_lives(&INSTALLED));
    };
    for (nic, pin) in machine.network.nics.iter().zip(live::pins(&machine.network)) {
        let (name, mac) = (nic.name.as_str(), nic.mac.value);
        let subject = Subject::Port(mac, PortProperty::Name);
        has(&subject, name.to_owned(), format!("port {mac} called {name}"), &nic.name.origin);
        has(&Subject::KernelArguments, pin.clone(), format!("kernel argument {pin}"), &nic.mac.origin);
    }
    for nic in &management.ports {
        let subject = Subject::Port(nic.mac.value, PortProperty::Controller);
        has(&subject, BOND.to_owned(), format!("{} in {BOND}", nic.name.value), &nic.origin);
    }
    let link = |name: &str, property| Subject::Interface(name.to_owned(), property);
    let whole = &management.origin;
    has(&link(BOND, PortProperty::Controller), BRIDGE.to_owned(), format!("{BOND} in {BRIDGE}"), whole);
    for (key, value) in management.bond.iter().flatten().filter(|(key, _)| key == "mode") {
        let says = format!("{key} {} of {BOND}", value.value);
        has(&link(BOND, PortProperty::Mode), value.value.clone(), says, &value.origin);
    }
    if let Some(mtu) = &management.mtu {
        let says = format!("MTU {} on {BOND}", mtu.value);
        has(&link(BOND, PortProperty::Mtu), mtu.value.to_string(), says, &mtu.origin);
    }
    let top = management.interface();
    if let Some(vlan) = &management.vlan {
        has(
            &link(&top, PortProperty::Vlan),
            vlan.value.to_string(),
            format!("VLAN {} on {top}", vlan.value),
            &vlan.origin,
        );
    }
    if let Some(address) = &management.address {
        let says = format!("address {} on {top}", address.value);
        has(&link(&top, PortProperty::Address), address.value.to_string(), says, &address.origin);
    }
    if let Some(gateway) = &management.gateway {
        let says = format!("default gateway {}", gateway.value);
        has(&Subject::DefaultGateway, gateway.value.to_string(), says, &gateway.origin);
    }
    for server in &management.name_servers {
        has(
            &Subject::NameServers,
            server.value.to_string(),
            format!("name server {}", server.value),
            &server.origin,
        );
    }
    let servers = machine.harvester.as_ref().and_then(|section| section.places.get("os.ntp_servers"));
    if let Some(origin) = servers {
        let subject = Subject::UnitEnabled(TIME_SERVICE.to_owned());
        has(&subject, "enabled".to_owned(), format!("unit {TIME_SERVICE} enabled"), origin);
    }
    expected
}
