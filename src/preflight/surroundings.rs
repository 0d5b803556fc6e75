//! What is to be looked at around a machine, and what was seen.

use std::net::IpAddr;
use std::str::FromStr;

use ipnetwork::IpNetwork;

use super::AddressSeen;
use super::Dated;
use super::GatewaySeen;
use super::NameQuestion;
use super::NameServerSeen;
use super::PlaceSeen;
use super::TimeSeen;
use super::links;
use super::names;
use super::places;
use super::time;
use crate::document::Origin;
use crate::document::Sourced;
use crate::value::MacAddress;
use crate::value::ReachTarget;
use crate::value::ValueError;
use crate::verify::Expectation;
use crate::verify::Look;
use crate::verify::Subject;

/// The most name servers of a `resolv.conf` that are read; the C library reads three (resolv.conf(5)).
const MAX_NAME_SERVERS: usize = 3;

/// What is to be looked at around a machine.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Time servers; their port is 123, if none was said.
    pub time_servers: Vec<Sourced<Endpoint>>,
    /// Name servers; their port is 53, if none was said.
    pub name_servers: Vec<Sourced<Endpoint>>,
    /// What they are asked.
    pub names: Vec<NameQuestion>,
    /// Places that must answer.
    pub places: Vec<Sourced<ReachTarget>>,
    /// Addresses that the machine or its cluster will take.
    pub addresses: Vec<Sourced<IpAddr>>,
    /// Its gateways, and the MTU in bytes of the port that leads there, if it is known.
    pub gateways: Vec<(Sourced<IpAddr>, Option<u32>)>,
    /// Networks that must be apart, with what a person calls each.
    pub networks: Vec<(Sourced<IpNetwork>, String)>,
    /// The hardware addresses of the machine: what they hold is its own.
    pub own: Vec<MacAddress>,
}

/// What was seen around a machine.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Whether the machine says that its clock is synchronized, if it was asked.
    pub is_synchronized: Option<bool>,
    /// Of time servers.
    pub time: Vec<TimeSeen>,
    /// Other clocks.
    pub dated: Vec<Dated>,
    /// Of name servers.
    pub names: Vec<NameServerSeen>,
    /// Of places.
    pub places: Vec<PlaceSeen>,
    /// Of addresses.
    pub addresses: Vec<AddressSeen>,
    /// Of gateways.
    pub gateways: Vec<GatewaySeen>,
}

impl Surroundings {
    /// Judges what was seen; `origin` stands for what nobody asked for in particular.
    pub fn looks(&self, seen: &Observed, origin: &Origin) -> Vec<Look> {
        let mut time = time::time_look(&seen.time, &seen.dated, origin);
        if let Some(is_synchronized) = seen.is_synchronized {
            let subject = Subject::Clock;
            time.expect(Expectation::has(
                &subject,
                "synchronized",
                "the machine's clock is synchronized",
                origin,
            ));
            time.found(&subject, [if is_synchronized { "synchronized" } else { "not synchronized" }]);
            time.explain(&subject, "see `timedatectl` and `chronyc sources` on the machine");
        }
        vec![
            time,
            names::name_look(&self.names, &seen.names),
            places::place_look(&seen.places),
            links::link_look(self, &seen.addresses, &seen.gateways),
        ]
    }
}

/// A host, and a port if one was said: `ntp.lab`, `10.0.0.1:5353`, `[fd00::1]:53`, `fd00::1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// A name or an address.
    pub host: String,
    /// The port, if it was said.
    pub port: Option<u16>,
}

impl FromStr for Endpoint {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_address = text.parse::<IpAddr>().is_ok();
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !is_address => (host, Some(port)),
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.filter(|host| host.contains(':')).unwrap_or(host);
        let is_name = !host.is_empty()
            && host.len() <= 253
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        let read = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
        match read {
            Some(None) => {}
            Some(port) if is_name || host.parse::<IpAddr>().is_ok() => {
                return Ok(Self { host: host.to_owned(), port });
            }
            None if is_name || host.parse::<IpAddr>().is_ok() => {
                return Ok(Self { host: host.to_owned(), port: None });
            }
            _ => {}
        }
        Err(ValueError::new(
            format!("`{text}` is no server"),
            "write a name or an address, and a port if it is another: `10.0.0.1`, `ntp.lab:1123`, `[fd00::1]:53`",
        ))
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            None => f.write_str(&self.host),
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
        }
    }
}

/// The name servers of a `resolv.conf`, each with its line.
pub fn name_servers_of(file: &str, text: &str) -> Vec<Sourced<Endpoint>> {
    let server = |(index, line): (usize, &str)| {
        let address = line.trim_start().strip_prefix("nameserver")?;
        let address = address.strip_prefix([' ', '\t'])?.split_whitespace().next()?;
        let host = address.parse::<IpAddr>().ok()?.to_string();
        let origin = Origin { line: index + 1, key: "nameserver".to_owned(), ..Origin::of_file(file) };
        Some(Sourced { value: Endpoint { host, port: None }, origin })
    };
    text.lines().enumerate().filter_map(server).take(MAX_NAME_SERVERS).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Endpoint;
    use super::name_servers_of;

    #[test]
    fn knows_a_server_when_it_is_written() {
        for (text, host, port) in [
            ("ntp.lab", "ntp.lab", None),
            ("10.0.0.1:5353", "10.0.0.1", Some(5353)),
            ("fd00::1", "fd00::1", None),
            ("[fd00::1]:53", "fd00::1", Some(53)),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
            assert_eq!(endpoint.to_string(), text);
        }
        for wrong in ["", ":53", "a:", "a:0", "a:70000", "a b", "fd00::1]:53", "[a]:1", "http://a"] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn reads_name_servers_with_their_lines() {
        let text =
            "# c\nnameserver 10.0.0.1\n nameserver\tfd00::1 # x\nnameservers 10.0.0.2\nnameserver no\n";
        let found: Vec<String> =
            name_servers_of("r", text).iter().map(|s| format!("{} {}", s.origin, s.value)).collect();
        assert_eq!(found, ["r:2 nameserver 10.0.0.1", "r:3 nameserver fd00::1"]);
    }
}
