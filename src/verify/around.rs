//! What can be looked at around a machine.

use std::fmt;
use std::net::IpAddr;

use super::Subject;

/// Something that surrounds a machine: a server that it asks, the network that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Around {
    /// What a time server tells, which is known by its name or address.
    TimeServer(String, TimeProperty),
    /// `right` if the clock of whoever looks is.
    Clock,
    /// `yes` if the name server gives answers at all, else what it does.
    NameServer(String),
    /// What a name server (the first) tells of a name or an address.
    Name(String, String, NameProperty),
    /// `free` if nobody else on the network answers for the address, else who does.
    Neighbour(IpAddr),
    /// A property of a gateway.
    Gateway(IpAddr, GatewayProperty),
    /// `apart` if two networks, which are written as their addresses with prefix lengths, share no address.
    Networks(String, String),
}

/// What can be asked of a time server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeProperty {
    /// `usable`, or why its answer is not.
    Answer,
    /// `right`, or how far it is from the clocks that agree.
    Time,
}

/// What can be asked of a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameProperty {
    /// The addresses that the name leads to, or what the server says instead.
    Address,
    /// `none`, or the addresses that it leads to beside those that it should.
    Stray,
    /// `yes` if the name leads to any address.
    Known,
    /// `yes` if there is no such name, as there should not be.
    Absent,
    /// The names that the address leads to.
    Host,
}

/// What can be asked of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayProperty {
    /// `yes` if it answers.
    Answer,
    /// The size in bytes of the largest packet that comes back from it whole, no larger than the one asked for.
    Mtu,
}

impl From<Around> for Subject {
    fn from(around: Around) -> Self {
        Self::Around(around)
    }
}

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeServer(server, property) => write!(f, "time/{server}/{property}"),
            Self::Clock => f.write_str("clock/here"),
            Self::NameServer(server) => write!(f, "name-server/{server}/answers"),
            Self::Name(server, name, property) => write!(f, "name-server/{server}/{name}/{property}"),
            Self::Neighbour(address) => write!(f, "neighbour/{address}/free"),
            Self::Gateway(address, property) => write!(f, "gateway/{address}/{property}"),
            Self::Networks(one, other) => write!(f, "networks/{one}/{other}/apart"),
        }
    }
}

impl fmt::Display for TimeProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer => "answer",
            Self::Time => "time",
        })
    }
}

impl fmt::Display for NameProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::Stray => "stray",
            Self::Known => "known",
            Self::Absent => "absent",
            Self::Host => "host",
        })
    }
}

impl fmt::Display for GatewayProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer => "answer",
            Self::Mtu => "mtu",
        })
    }
}
