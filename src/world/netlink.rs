//! Ports and neighbours, from the kernel itself (rtnetlink; the addresses burned into ports, `IFLA_PERM_ADDRESS`, since
//! Linux 5.6).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;

use ipnetwork::IpNetwork;
use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_core::NLM_F_REQUEST;
use netlink_packet_core::NetlinkHeader;
use netlink_packet_core::NetlinkMessage;
use netlink_packet_core::NetlinkPayload;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressAttribute;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkAttribute;
use netlink_packet_route::link::LinkFlags;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::neighbour::NeighbourAddress;
use netlink_packet_route::neighbour::NeighbourAttribute;
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::neighbour::NeighbourState;
use netlink_sys::Socket;
use netlink_sys::SocketAddr;
use netlink_sys::protocols::NETLINK_ROUTE;

use crate::value::MacAddress;
use crate::verify::BootRecord;

/// The most datagrams of one answer: thousands of links fit.
const MAX_DATAGRAMS: usize = 4096;

/// The name of each link that has a permanent address, with that address.
pub(super) fn permanent_addresses() -> io::Result<BTreeMap<String, MacAddress>> {
    let mut found = BTreeMap::new();
    dump(RouteNetlinkMessage::GetLink(LinkMessage::default()), |message| {
        if let RouteNetlinkMessage::NewLink(link) = message {
            found.extend(permanent(&link));
        }
    })?;
    Ok(found)
}

/// A port of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PortHere {
    pub(super) name: String,
    /// The address that it has now.
    pub(super) mac: Option<MacAddress>,
    pub(super) mtu_bytes: u32,
    /// Those that are its own, with the networks that they are in.
    pub(super) addresses: Vec<IpNetwork>,
}

/// The ports of this machine that are up, by their numbers.
pub(super) fn ports() -> io::Result<BTreeMap<u32, PortHere>> {
    let mut found: BTreeMap<u32, PortHere> = BTreeMap::new();
    dump(RouteNetlinkMessage::GetLink(LinkMessage::default()), |message| {
        let RouteNetlinkMessage::NewLink(link) = message else { return };
        let mut port = PortHere::default();
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(name) => port.name.clone_from(name),
                LinkAttribute::Address(bytes) => port.mac = mac_of(bytes),
                LinkAttribute::Mtu(bytes) => port.mtu_bytes = *bytes,
                _ => {}
            }
        }
        if link.header.flags.contains(LinkFlags::Up) {
            found.insert(link.header.index, port);
        }
    })?;
    dump(RouteNetlinkMessage::GetAddress(AddressMessage::default()), |message| {
        let RouteNetlinkMessage::NewAddress(address) = message else { return };
        let own = address.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(own) => Some(*own),
            _ => None,
        });
        let any = address.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Address(any) => Some(*any),
            _ => None,
        });
        let network = own.or(any).and_then(|own| IpNetwork::new(own, address.header.prefix_len).ok());
        if let (Some(port), Some(network)) = (found.get_mut(&address.header.index), network) {
            port.addresses.push(network);
        }
    })?;
    Ok(found)
}

/// What the kernel knows of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Neighbour {
    /// It answered just now.
    Answers(Option<MacAddress>),
    /// It answered some time ago, and is asked again.
    Answered,
    /// It is being asked.
    Asked,
    /// It does not answer.
    Silent,
    /// Nobody is asked: somebody wrote it down, or the port has no neighbours.
    NotAsked,
}

/// What the kernel knows of who has `address` on the port with this number, if it was ever asked.
pub(super) fn neighbour(address: IpAddr, port: u32) -> io::Result<Option<Neighbour>> {
    let mut found = None;
    let mut ask = NeighbourMessage::default();
    ask.header.family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    dump(RouteNetlinkMessage::GetNeighbour(ask), |message| {
        let RouteNetlinkMessage::NewNeighbour(neighbour) = message else { return };
        let is_it = neighbour.attributes.iter().any(|attribute| match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(other)) => IpAddr::V4(*other) == address,
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(other)) => IpAddr::V6(*other) == address,
            _ => false,
        });
        if !is_it || neighbour.header.ifindex != port {
            return;
        }
        let mac = neighbour.attributes.iter().find_map(|attribute| match attribute {
            NeighbourAttribute::LinkLayerAddress(bytes) => mac_of(bytes),
            _ => None,
        });
        found = Some(match neighbour.header.state {
            NeighbourState::Reachable => Neighbour::Answers(mac),
            NeighbourState::Stale | NeighbourState::Delay | NeighbourState::Probe => Neighbour::Answered,
            NeighbourState::Failed => Neighbour::Silent,
            NeighbourState::Permanent | NeighbourState::Noarp => Neighbour::NotAsked,
            _ => Neighbour::Asked,
        });
    })?;
    Ok(found)
}

/// Asks the kernel for all it has of one kind.
fn dump(ask: RouteNetlinkMessage, mut each: impl FnMut(RouteNetlinkMessage)) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut ask = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(ask));
    ask.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    ask.finalize();
    let mut bytes = vec![0; ask.buffer_len()];
    ask.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    for _ in 0..MAX_DATAGRAMS {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause.to_string()))?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(()),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(message) => each(message),
                _ => {}
            }
            // Messages begin at multiples of four bytes.
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length.max(4)..).unwrap_or_default();
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn mac_of(bytes: &[u8]) -> Option<MacAddress> {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(":").parse().ok()
}

fn permanent(link: &LinkMessage) -> Option<(String, MacAddress)> {
    let name = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })?;
    let address = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::PermAddress(bytes) => mac_of(bytes),
        _ => None,
    })?;
    Some((name, address))
}

/// Puts what was found of a port under its permanent address, where the script's tools knew only the current one.
///
/// Ports that shared a current address, as those of a bond do, cannot be told apart: they are unknown.
pub(super) fn correct(record: &mut BootRecord, permanent: &BTreeMap<String, MacAddress>) {
    let ports = record.facts.iter().filter_map(|(subject, names)| {
        let key = subject.strip_suffix("/name").filter(|key| key.starts_with("port/"))?;
        Some((key.to_owned(), names.clone()))
    });
    let ports: Vec<(String, Vec<String>)> = ports.collect();
    for (key, names) in ports {
        let truly: BTreeSet<String> =
            names.iter().filter_map(|name| Some(format!("port/{}", permanent.get(name)?))).collect();
        if truly.is_empty() || (truly.len() == 1 && truly.contains(&key)) {
            continue;
        }
        if let ([_], Some(new)) = (names.as_slice(), truly.first()) {
            let old: Vec<String> =
                record.facts.keys().filter(|subject| is_below(subject, &key)).cloned().collect();
            for subject in old {
                if let Some(values) = record.facts.remove(&subject) {
                    record.facts.insert(format!("{new}{}", &subject[key.len()..]), values);
                }
            }
            continue;
        }
        let why =
            format!("{} have one current address, and what was found of them is mixed", names.join(", "));
        for mixed in truly.into_iter().chain([key]) {
            record.unknown.insert(format!("{mixed}/"), why.clone());
        }
    }
}

fn is_below(subject: &str, key: &str) -> bool {
    subject.strip_prefix(key).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::correct;
    use super::permanent_addresses;
    use crate::verify::BootRecord;
    use crate::verify::Life;

    const CURRENT: &str = "52:54:00:00:00:99";

    fn record(names: &[&str]) -> BootRecord {
        let mut record = BootRecord::unknown("m", "1", Life::LaterBoots, "");
        record.unknown.clear();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        record.facts.insert(format!("port/{CURRENT}/name"), names);
        record.facts.insert(format!("port/{CURRENT}/mtu"), vec!["1500".to_owned()]);
        record
    }

    #[test]
    fn a_port_is_known_by_its_permanent_address() {
        let permanent = [("p0".to_owned(), "52:54:00:00:00:01".parse().unwrap())].into();
        let mut moved = record(&["p0"]);
        correct(&mut moved, &permanent);
        assert_eq!(moved.look("port/52:54:00:00:00:01/mtu").unwrap(), ["1500"]);
        assert!(moved.look(&format!("port/{CURRENT}/mtu")).is_err());
        let mut other = record(&["p1"]);
        correct(&mut other, &permanent);
        assert_eq!(other, record(&["p1"]), "of `p1` the kernel says nothing");
    }

    #[test]
    fn ports_that_are_mixed_up_are_unknown() {
        let address = |last: u8| format!("52:54:00:00:00:0{last}").parse().unwrap();
        let permanent = [("p0".to_owned(), address(1)), ("p1".to_owned(), address(2))].into();
        let mut mixed = record(&["p0", "p1"]);
        correct(&mut mixed, &permanent);
        for key in ["52:54:00:00:00:01", "52:54:00:00:00:02", CURRENT] {
            assert!(mixed.look(&format!("port/{key}/mtu")).unwrap_err().contains("p0, p1"));
        }
    }

    #[test]
    fn the_kernel_answers() {
        assert!(permanent_addresses().is_ok());
    }
}
