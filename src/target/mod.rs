//! Machine in, Plan out: one file per kind of system.
//!
//! To add a target:
//! 1. write `src/target/<name>.rs` with a `plan` function; it knows no other target;
//! 2. give it a word in [`crate::spec::Target`] and a line in [`plan`];
//! 3. add a case to `tests/cases` and a starter to `templates/machine`.

mod contents;
mod expect;
mod fcos;
mod installer;
mod on_node;

pub use contents::Files;
pub use on_node::SCRIPT as VERIFY_SCRIPT;
pub use on_node::expectations as expectations_file;

use crate::document::Diagnostics;
use crate::plan::Plan;
use crate::spec::Machine;
use crate::spec::Target;
use crate::verify::SpecDigest;

/// Plans `machine` for its target, from the local files that it named.
///
/// `spec` is the machine file itself, for the manifest.
pub fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    match machine.target.value {
        Target::Fcos => fcos::plan(machine, spec, files),
    }
}
