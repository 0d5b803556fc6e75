//! The machine file: text in, a [`Machine`] and all findings out. Butane files are read here too.
//!
//! To add a key:
//! 1. add a line to its table in `shape/`, with a text for editors; a text with a rule of its own is a leaf;
//! 2. if it is judged or changed on its way, give it a field in `machine.rs` or `butane.rs`;
//! 3. let a target use it, and add it to a case in `tests/cases` and to a starter if users need it.

mod butane;
mod butane_file;
mod cloud;
mod harvester;
mod hosts;
mod machine;
mod machineconfig;
mod network;
mod parse;
mod read;
mod rules;
mod shape;
mod starter;
mod variables;
mod variant;

pub use butane::Butane;
pub use butane::Contents;
pub use butane::Group;
pub use butane::KernelArguments;
pub use butane::LocalFile;
pub use butane::Password;
pub use butane::PathEntry;
pub use butane::StorageFile;
pub use butane::Tree;
pub use butane::Unit;
pub use butane::User;
pub use butane_file::ButaneFile;
pub use butane_file::parse_butane;
pub use cloud::Binary;
pub use cloud::Bootstrap;
pub use cloud::BootstrapConfig;
pub use cloud::Cloud;
pub use cloud::Compressed;
pub use cloud::Part;
pub use cloud::When;
pub use harvester::Harvester;
pub use harvester::Token;
pub use hosts::Host;
pub use hosts::hosts;
pub use machine::After;
pub use machine::Child;
pub use machine::Disk;
pub use machine::Hardware;
pub use machine::Hints;
pub use machine::Install;
pub use machine::Installer;
pub use machine::Machine;
pub use machine::MachineName;
pub use machine::Marker;
pub use machine::Sno;
pub use machine::Target;
pub use machineconfig::BootImagesSection;
pub use machineconfig::ChronySection;
pub use machineconfig::KubeletSection;
pub use machineconfig::OperatorSection;
pub use machineconfig::PolicyEntry;
pub use machineconfig::PolicySection;
pub use machineconfig::PoolSection;
pub use machineconfig::RuntimeSection;
pub use parse::parse;
pub use rules::rules;
pub use shape::is_mode;
pub use shape::is_resource;
pub use shape::owner_shape;
pub use shape::section;
pub use starter::Filled;
pub use starter::Found;
pub use starter::Known;
pub use starter::fill_in;
pub use variables::Variables;
pub use variant::Variant;

/// The JSON Schema of a machine file.
pub fn machine_schema() -> serde_json::Value {
    let mut schema = crate::document::schema(&shape::MACHINE_FILE);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["$id"] = "https://cotter.dev/schemas/machine-1.json".into();
    schema["title"] = "cotter machine file".into();
    schema
}
