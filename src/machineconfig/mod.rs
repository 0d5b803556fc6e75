//! OpenShift's MachineConfigs: read, put together as the machine-config-operator does, and held against what
//! it can keep on a running node.
//!
//! A cluster has a pool of machines for each role; the operator renders all MachineConfigs of a pool into
//! one. [`parse`] reads them, [`render`] does the same by the [`Rules`] of a version, and
//! [`operator_problems`] says what the node would refuse later.
//!
//! To add a version of OpenShift: see the head of `rules.toml`. To add a version of Ignition's spec that the
//! operator reads: add its keys to `schema.rs` with the spec that brought them, and its checks to `validate.rs`.

mod config;
mod document;
mod lint;
mod operator;
mod problem;
mod read;
mod render;
mod rules;
mod schema;
mod sources;
mod unit_text;
mod validate;

pub use config::MachineConfig;
pub use config::ROLE_LABEL;
pub use config::Spec;
pub use document::Finding;
pub use document::document_problems;
pub use lint::Linted;
pub use lint::lint;
pub use lint::lint_rules;
pub use operator::operator_problems;
pub use problem::Problem;
pub use read::Object;
pub use read::each_object;
pub use read::parse;
pub use render::Rendered;
pub use render::render;
pub use rules::Rules;
pub use sources::Part;
pub use sources::Sources;
