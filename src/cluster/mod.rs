//! A cluster, OpenShift's or Harvester's: how to log in, what is asked of its API, the completion marker, what must be
//! true, and what an upgrade depends on.
//!
//! To look at another thing:
//! 1. give it a row in [`Ask`], with its name, path and the kind of object that answers;
//! 2. let `facts.rs` make a fact of the answer, and let [`expectations`] expect it;
//! 3. answer it in `tests/apiserver/serve`, and add a row to the table in `tests/suite/cluster.rs`.

mod answer;
mod ask;
mod evidence;
mod facts;
mod harvester;
mod kubeconfig;
mod looking;
mod marker;
mod odd;
mod okd_gates;
mod release;

pub use answer::Answer;
pub use answer::Answers;
pub use answer::Trouble;
pub use answer::TroubleKind;
pub use answer::understand;
pub use answer::understand_creation;
pub use answer::understand_json;
pub use ask::Ask;
pub use ask::MARKERS_PATH;
pub use ask::NODE_CONFIG;
pub use evidence::Evidence;
pub use evidence::Kubelet;
pub use evidence::ONLY_OF;
pub use evidence::Source;
pub use facts::expectations;
pub use facts::record;
pub use harvester::harvester_gates;
pub use harvester::harvester_looks;
pub use kubeconfig::Kubeconfig;
pub use kubeconfig::Login;
pub use kubeconfig::Part;
pub use kubeconfig::Trust;
pub use kubeconfig::read as read_kubeconfig;
pub use marker::Author;
pub use marker::Decision;
pub use marker::MARKER_SCHEMA;
pub use marker::MarkerReport;
pub use marker::Outlook;
pub use marker::Precondition;
pub use marker::State;
pub use marker::Topology;
pub use marker::look;
pub use marker::object;
pub use marker::settle;
pub use okd_gates::okd_gates;
pub use release::Release;

use looking::Looking;
