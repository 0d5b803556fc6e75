//! What must be true before an installation, a reboot or an upgrade: what surrounds a machine, and what it is now.
//!
//! To look at another thing: write a file that makes a [`crate::verify::Look`] of what was seen, let `world` see it,
//! and let `cli/preflight` ask for it. What surrounds a machine is asked for in [`Surroundings`].

mod errand;
mod images;
mod links;
mod names;
mod node;
mod node_images;
mod own_mirrors;
mod places;
mod set;
mod sntp;
mod surroundings;
mod time;

pub use errand::Errand;
pub use errand::SURROUNDINGS_SCRIPT;
pub use images::look as look_at_images;
pub use links::AddressSeen;
pub use links::GatewaySeen;
pub use links::Holder;
pub use names::NameAnswer;
pub use names::NameKind;
pub use names::NameQuestion;
pub use names::NameRecord;
pub use names::NameServerSeen;
pub use names::name_question;
pub use names::read_name_answer;
pub use node::CachedImages;
pub use node::NODE_SCRIPT;
pub use node::Node;
pub use node::Room;
pub use node_images::look as look_at_node_images;
pub use own_mirrors::OwnMirrors;
pub use own_mirrors::own_mirrors;
pub use places::PlaceSeen;
pub use set::look as look_at_set;
pub use sntp::Moment;
pub use sntp::TimeSample;
pub use sntp::TimeTrouble;
pub use sntp::read_time_answer;
pub use sntp::time_question;
pub use surroundings::Endpoint;
pub use surroundings::Observed;
pub use surroundings::Surroundings;
pub use surroundings::name_servers_of;
pub use time::Dated;
pub use time::TimeSeen;
