//! Looks for who has an address on a network that this machine is on, and whether a gateway answers.
//!
//! The kernel itself asks for neighbours when it is given a packet for them (ARP and neighbour discovery); its table says
//! what came of that. No rights are needed, and nothing changes for others on the network.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::time::Duration;
use std::time::Instant;

use super::super::netlink;
use super::super::netlink::Neighbour;
use super::super::netlink::PortHere;
use super::from_any;
use super::ping;
use super::plain;
use crate::document::Sourced;
use crate::preflight::AddressSeen;
use crate::preflight::GatewaySeen;
use crate::preflight::Holder;

/// How long the kernel asks for a neighbour that never answered, and one that did (`ucast_solicit` and
/// `delay_first_probe_time` of arp(7)), with time to spare.
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(5);
const KNOWN_PATIENCE: Duration = Duration::from_secs(12);
/// How often the table is read.
const PAUSE: Duration = Duration::from_millis(50);
/// Nobody listens there.
const DISCARD_PORT: u16 = 9;

/// Looks for who has an address.
pub(super) fn look_for(address: &Sourced<IpAddr>, timeout: Duration) -> AddressSeen {
    AddressSeen { address: address.clone(), holder: holder(address.value, timeout).0 }
}

/// Looks whether a gateway answers, and how large a packet may be that comes back from it.
pub(super) fn look_at_gateway(gateway: &Sourced<IpAddr>, mtu: Option<u32>, timeout: Duration) -> GatewaySeen {
    let (holder, port) = holder(gateway.value, timeout);
    let answers = match holder {
        Holder::Nobody => Ok(false),
        Holder::Port(_) => Ok(true),
        Holder::Here(name, _) => Err(format!("it is set here, on `{name}`: look from elsewhere")),
        Holder::Unknown(why) => Err(why),
    };
    let mtu = mtu.filter(|_| answers != Ok(false)).map(|wanted| {
        let largest = match (&answers, port) {
            (Ok(_), Some(port)) if port.mtu_bytes < wanted => Err(format!(
                "`{}` here sends no packets of more than {} bytes itself",
                port.name, port.mtu_bytes
            )),
            (Ok(_), _) => ping::largest(gateway.value, wanted, timeout),
            (Err(why), _) => Err(why.clone()),
        };
        (wanted, largest)
    });
    GatewaySeen { gateway: gateway.clone(), answers, mtu }
}

/// Who has an address, and the port here that is on its network.
fn holder(address: IpAddr, timeout: Duration) -> (Holder, Option<PortHere>) {
    let ports = match netlink::ports() {
        Ok(ports) => ports,
        Err(cause) => return (Holder::Unknown(format!("the kernel does not tell: {}", plain(&cause))), None),
    };
    if let Some(port) = ports.values().find(|port| port.addresses.iter().any(|own| own.ip() == address)) {
        return (Holder::Here(port.name.clone(), port.mac), None);
    }
    let near = ports
        .into_iter()
        .find(|(_, port)| port.addresses.iter().any(|own| own.contains(address) && !own.ip().is_loopback()));
    let Some((number, port)) = near else {
        let why = "no port here is on its network: look from a machine that is, or on the machine itself";
        return (Holder::Unknown(why.to_owned()), None);
    };
    (on_link(address, number, timeout), Some(port))
}

fn on_link(address: IpAddr, port: u32, timeout: Duration) -> Holder {
    let unknown =
        |cause: std::io::Error| Holder::Unknown(format!("the kernel does not tell: {}", plain(&cause)));
    let place = SocketAddr::new(address, DISCARD_PORT);
    // What the socket says does not matter: the table does.
    let poke = || UdpSocket::bind(from_any(place)).and_then(|socket| socket.send_to(&[], place));
    // What is known as silent is asked anew.
    let sent = poke();
    let begun = Instant::now();
    loop {
        let known = match netlink::neighbour(address, port) {
            Ok(known) => known,
            Err(cause) => return unknown(cause),
        };
        let patience = match known {
            Some(Neighbour::Answers(Some(mac))) => return Holder::Port(mac),
            Some(Neighbour::Answers(None)) => {
                return Holder::Unknown("a port without an Ethernet address has it".to_owned());
            }
            Some(Neighbour::Silent) => return Holder::Nobody,
            Some(Neighbour::NotAsked) => {
                return Holder::Unknown(
                    "the port here asks no neighbours, or has a fixed one there".to_owned(),
                );
            }
            Some(Neighbour::Answered) => KNOWN_PATIENCE,
            Some(Neighbour::Asked) => UNKNOWN_PATIENCE,
            None => match sent {
                Err(cause) => return unknown(cause),
                Ok(_) => UNKNOWN_PATIENCE,
            },
        };
        if begun.elapsed() > patience.max(timeout) {
            return Holder::Unknown("the kernel is still asking for it".to_owned());
        }
        std::thread::sleep(PAUSE);
    }
}
