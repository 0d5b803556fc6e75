//! What surrounds a machine before it is installed or changed: what time servers, name servers, places and neighbours
//! are asked, and what their answers mean. Pure: `world` asks.
//!
//! To look at another thing: let [`Surroundings`] say what is wanted, put a file with what answers mean here, let
//! `world/surroundings` ask, and `target/surroundings.rs` say what of a machine is asked for.

mod links;
mod names;
mod places;
mod sntp;
mod time;

pub use links::AddressSeen;
pub use links::GatewaySeen;
pub use links::Holder;
pub use links::link_look;
pub use names::NameAnswer;
pub use names::NameKind;
pub use names::NameQuestion;
pub use names::NameServerSeen;
pub use names::name_look;
pub use names::name_question;
pub use names::read_name_answer;
pub use places::PlaceSeen;
pub use places::place_look;
pub use sntp::Moment;
pub use sntp::TIME_ANSWER_BYTES;
pub use sntp::TimeSample;
pub use sntp::TimeTrouble;
pub use sntp::read_time_answer;
pub use sntp::time_question;
pub use time::Dated;
pub use time::TimeSeen;
pub use time::time_look;

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::document::Sourced;
use crate::value::ReachTarget;

/// What is to be looked at around a machine.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Time servers: `HOST`, or `HOST:PORT` if the port is not 123.
    pub time_servers: Vec<Sourced<String>>,
    /// Name servers: an address, with `:PORT` if the port is not 53.
    pub name_servers: Vec<Sourced<String>>,
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
    pub own: Vec<crate::value::MacAddress>,
}
