//! The network that the machine stands on: addresses that nobody else has, the gateway, packets of full size.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::Surroundings;
use crate::document::Sourced;
use crate::value::MacAddress;
use crate::verify::Around;
use crate::verify::Expectation;
use crate::verify::GatewayProperty;
use crate::verify::Look;
use crate::verify::Subject;

/// Who answers for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// Whoever looks: the address is set on the port of this name, with this hardware address.
    Here(String, Option<MacAddress>),
    /// A port with this hardware address.
    Port(MacAddress),
    /// Nobody could be asked.
    Unknown(String),
}

/// An address that will be taken, and who has it.
#[derive(Clone, Debug)]
pub struct AddressSeen {
    /// The address.
    pub address: Sourced<IpAddr>,
    /// Who has it.
    pub holder: Holder,
}

/// A gateway, and what came back from it.
#[derive(Clone, Debug)]
pub struct GatewaySeen {
    /// The gateway.
    pub gateway: Sourced<IpAddr>,
    /// True if it answers, or why nobody knows.
    pub answers: Result<bool, String>,
    /// The MTU that the machine's port has, and the largest packet that came back, or why nobody knows; in bytes.
    pub mtu: Option<(u32, Result<u32, String>)>,
}

/// Judges the network that the machine stands on.
pub(super) fn link_look(wanted: &Surroundings, addresses: &[AddressSeen], gateways: &[GatewaySeen]) -> Look {
    let mut look = Look::new("network");
    for seen in addresses {
        address(&mut look, wanted, seen);
    }
    for seen in gateways {
        gateway(&mut look, seen);
    }
    apart(&mut look, wanted);
    look
}

fn address(look: &mut Look, wanted: &Surroundings, seen: &AddressSeen) {
    let (address, origin) = (seen.address.value, &seen.address.origin);
    let subject = Subject::from(Around::Neighbour(address));
    look.expect(Expectation::has(&subject, "free", format!("nobody else has {address}"), origin));
    match &seen.holder {
        Holder::Nobody => look.found(&subject, ["free"]),
        Holder::Port(mac) | Holder::Here(_, Some(mac)) if wanted.own.contains(mac) => {
            look.found(&subject, ["free"]);
        }
        Holder::Port(mac) => {
            look.found(&subject, [format!("{mac} answers for it")]);
            look.explain(&subject, format!("find the machine with {mac} (see the switch, or the DHCP server), or take another address"));
        }
        Holder::Here(port, _) => {
            look.found(&subject, [format!("it is set here, on `{port}`")]);
            look.explain(&subject, "take another address, or look on the machine itself if this is it");
        }
        Holder::Unknown(why) => look.cannot(&subject, why.clone()),
    }
}

fn gateway(look: &mut Look, seen: &GatewaySeen) {
    let (gateway, origin) = (seen.gateway.value, &seen.gateway.origin);
    let subject = Subject::from(Around::Gateway(gateway, GatewayProperty::Answer));
    look.expect(Expectation::has(&subject, "yes", format!("gateway {gateway} answers"), origin));
    match &seen.answers {
        Ok(true) => look.found(&subject, ["yes"]),
        Ok(false) => {
            look.found(&subject, ["no"]);
            look.explain(
                &subject,
                "see whether the address is right, and whether the port is in the VLAN of the gateway",
            );
        }
        Err(why) => look.cannot(&subject, why.clone()),
    }
    let Some((wanted, largest)) = &seen.mtu else { return };
    let subject = Subject::from(Around::Gateway(gateway, GatewayProperty::Mtu));
    let says = format!("packets of {wanted} bytes come back from {gateway}");
    look.expect(Expectation::has(&subject, wanted.to_string(), says, origin));
    match largest {
        Ok(largest) => {
            look.found(&subject, [largest.to_string()]);
            look.explain(
                &subject,
                format!(
                    "let every switch port on the way carry {wanted} bytes, or write an MTU of {largest}"
                ),
            );
        }
        Err(why) => look.cannot(&subject, why.clone()),
    }
}

/// Networks that overlap take each other's packets.
fn apart(look: &mut Look, wanted: &Surroundings) {
    for (index, (one, one_is)) in wanted.networks.iter().enumerate() {
        for (other, other_is) in wanted.networks.iter().skip(index + 1) {
            let subject = Subject::from(Around::Networks(one.value.to_string(), other.value.to_string()));
            let says = format!("{one_is} {} and {other_is} {} are apart", one.value, other.value);
            look.expect(Expectation::has(&subject, "apart", says, &one.origin));
            let overlap = overlap(one.value, other.value);
            look.found(&subject, [if overlap { "they overlap" } else { "apart" }]);
            look.explain(
                &subject,
                format!("choose another network for one of them; the other is at {}", other.origin),
            );
        }
    }
}

fn overlap(one: IpNetwork, other: IpNetwork) -> bool {
    one.contains(other.network()) || other.contains(one.network())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::AddressSeen;
    use super::GatewaySeen;
    use super::Holder;
    use super::link_look;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::preflight::Surroundings;
    use crate::verify::Outcome;

    fn sourced<T>(value: T) -> Sourced<T> {
        Sourced { value, origin: Origin::of_file("m.yaml") }
    }

    fn outcomes(wanted: &Surroundings, addresses: &[AddressSeen], gateways: &[GatewaySeen]) -> Vec<String> {
        let report = link_look(wanted, addresses, gateways).judge("m");
        let word = |outcome: &Outcome| match outcome {
            Outcome::Met => "met".to_owned(),
            Outcome::Unknown { why } => format!("unknown: {why}"),
            Outcome::Differs { found, .. } => found.join(" "),
        };
        report.verdicts.iter().map(|verdict| word(&verdict.outcome)).collect()
    }

    #[test]
    fn an_address_that_the_machine_has_already_is_no_conflict() {
        let own = "52:54:00:00:00:01".parse().unwrap();
        let wanted = Surroundings { own: vec![own], ..Surroundings::default() };
        for (holder, said) in [
            (Holder::Nobody, "met"),
            (Holder::Port(own), "met"),
            (Holder::Port("52:54:00:00:00:02".parse().unwrap()), "52:54:00:00:00:02 answers for it"),
            (Holder::Here("eth0".into(), Some(own)), "met"),
            (Holder::Here("eth0".into(), None), "it is set here, on `eth0`"),
            (Holder::Unknown("no way".into()), "unknown: no way"),
        ] {
            let seen = [AddressSeen { address: sourced("10.0.0.1".parse().unwrap()), holder }];
            assert_eq!(outcomes(&wanted, &seen, &[]), [said]);
        }
    }

    #[test]
    fn the_gateway_and_its_mtu() {
        let gateway =
            |answers, mtu| GatewaySeen { gateway: sourced("10.0.0.254".parse().unwrap()), answers, mtu };
        for (seen, said) in [
            (gateway(Ok(true), Some((9000, Ok(9000)))), &["met", "met"][..]),
            (gateway(Ok(true), Some((9000, Ok(1500)))), &["met", "1500"]),
            (gateway(Ok(false), None), &["no"]),
            (gateway(Err("far".into()), Some((1500, Err("far".into())))), &["unknown: far", "unknown: far"]),
        ] {
            assert_eq!(outcomes(&Surroundings::default(), &[], &[seen]), said);
        }
    }

    #[test]
    fn networks_that_overlap_are_found() {
        let network = |text: &str| (sourced(text.parse().unwrap()), "network".to_owned());
        let networks = ["10.128.0.0/14", "172.30.0.0/16", "10.129.5.0/24"].map(network).to_vec();
        let wanted = Surroundings { networks, ..Surroundings::default() };
        assert_eq!(outcomes(&wanted, &[], &[]), ["met", "they overlap", "met"]);
    }
}
