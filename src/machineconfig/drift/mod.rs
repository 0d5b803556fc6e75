//! Drift: whether a node still is what its rendered MachineConfig made of it.
//!
//! [`Wanted`] is what the MachineConfig asks for. What must be true of the node is judged as everything is, by
//! [`crate::verify`]; [`operator_stops_at`] says of the same facts what the operator itself would say first, in its own
//! words. It follows the operator's `pkg/daemon/on_disk_validation.go`, which does not look at owners, directories,
//! links, users, and units without contents.
//!
//! To look at another thing: read it in `wanted.rs`, expect it in `expect.rs`; if the operator looks at it too, say its
//! words in `operator.rs`.

mod expect;
mod operator;
mod report;
mod wanted;

pub use operator::Stop;
pub use operator::operator_stops_at;
pub use report::DRIFT_SCHEMA;
pub use report::DriftReport;
pub use report::NodeDrift;
pub use report::judge;
pub use report::questions;
pub use wanted::Wanted;
pub use wanted::read_node_config;

/// Where a node keeps the MachineConfig that was applied to it, the first that is there.
pub const NODE_CONFIGS: [&str; 3] = [
    "/etc/machine-config-daemon/currentconfig",
    "/etc/mcs-machine-config-content.json",
    "/etc/ignition-machine-config-encapsulated.json",
];

/// Where a node keeps the image that the cluster built for it, if it did: it boots that one, whatever `osImageURL` says.
pub const NODE_IMAGE: &str = "/etc/machine-config-daemon/currentimage";
