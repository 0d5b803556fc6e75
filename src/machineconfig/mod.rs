//! OpenShift's MachineConfigs: read, put together as the machine-config-operator does, and held against what
//! it can keep on a running node.
//!
//! A cluster has a pool of machines for each role; the operator renders all MachineConfigs of a pool into
//! one. [`parse`] reads them, [`render`] does the same by the [`Rules`] of a version, and
//! [`operator_problems`] says what the node would refuse later.
//!
//! [`drift`] holds a node against its rendered MachineConfig, and [`explain`] says what a dump of a cluster tells.
//!
//! To add a version of OpenShift: see the head of `rules.toml`. To add a version of Ignition's spec that the
//! operator reads: add its keys to `schema.rs` with the spec that brought them, and its checks to `validate.rs`.

pub mod change;
pub mod difference;
pub mod drift;
pub mod explain;
pub mod generate;

mod config;
mod convert;
mod document;
mod dump;
mod go_yaml;
mod lint;
mod name;
mod object;
mod operator;
mod pool;
mod problem;
mod provenance;
mod read;
mod render;
mod rules;
mod schema;
mod sources;
mod spec_2;
mod spec_difference;
mod unit_text;
mod validate;

pub use config::MachineConfig;
pub use config::ROLE_LABEL;
pub use config::Spec;
pub use convert::Converted;
pub use convert::to_ignition;
pub use convert::to_machine_config;
pub use convert::to_newest;
pub use document::Finding;
pub use document::document_problems;
pub use dump::Dump;
pub use go_yaml::go_yaml;
pub use lint::Linted;
pub use lint::lint;
pub use lint::lint_rules;
pub use object::Images;
pub use object::RenderedObject;
pub use operator::operator_problems;
pub use pool::Pool;
pub use pool::Selector;
pub use problem::Problem;
pub use provenance::Asked;
pub use provenance::Explained;
pub use provenance::Setting;
pub use provenance::Supplied;
pub use provenance::provenance;
pub use read::Object;
pub use read::config_of;
pub use read::each_object;
pub use read::parse;
pub use render::Choice;
pub use render::Rendered;
pub use render::newest_spec;
pub use render::render;
pub use render::render_chosen;
pub use rules::Rules;
pub use sources::Part;
pub use sources::Sources;
pub use spec_difference::spec_differences;
