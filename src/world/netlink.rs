//! The addresses burned into ports, from the kernel itself (rtnetlink, `IFLA_PERM_ADDRESS`, since Linux 5.6).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;

use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_core::NLM_F_REQUEST;
use netlink_packet_core::NetlinkHeader;
use netlink_packet_core::NetlinkMessage;
use netlink_packet_core::NetlinkPayload;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkAttribute;
use netlink_packet_route::link::LinkMessage;
use netlink_sys::Socket;
use netlink_sys::SocketAddr;
use netlink_sys::protocols::NETLINK_ROUTE;

use crate::value::MacAddress;
use crate::verify::BootRecord;

/// The most datagrams of one answer: thousands of links fit.
const MAX_DATAGRAMS: usize = 4096;

/// The name of each link that has a permanent address, with that address.
pub(super) fn permanent_addresses() -> io::Result<BTreeMap<String, MacAddress>> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut ask = NetlinkMessage::new(
        NetlinkHeader::default(),
        NetlinkPayload::from(RouteNetlinkMessage::GetLink(LinkMessage::default())),
    );
    ask.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    ask.finalize();
    let mut bytes = vec![0; ask.buffer_len()];
    ask.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut found = BTreeMap::new();
    for _ in 0..MAX_DATAGRAMS {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause.to_string()))?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => {
                    found.extend(permanent(&link));
                }
                _ => {}
            }
            // Messages begin at multiples of four bytes.
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length.max(4)..).unwrap_or_default();
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn permanent(link: &LinkMessage) -> Option<(String, MacAddress)> {
    let name = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })?;
    let address = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::PermAddress(bytes) if bytes.len() == 6 => {
            let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            octets.join(":").parse().ok()
        }
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
