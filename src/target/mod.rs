//! Machine in, Plan out: one file per kind of system.
//!
//! To add a target:
//! 1. write `src/target/<name>.rs` with a `plan` function; it knows no other target;
//! 2. add its row to [`TARGETS`];
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
use crate::document::nearest;
use crate::plan::Plan;
use crate::spec::Machine;
use crate::verify::SpecDigest;

type PlanTarget = fn(&Machine, &SpecDigest, &Files) -> Result<Plan, Diagnostics>;

/// The targets by the word that names them in a machine file.
const TARGETS: [(&str, PlanTarget); 1] = [("fcos", fcos::plan)];

/// Plans `machine` for its target, from the local files that it named.
///
/// `spec` is the machine file itself, for the manifest.
pub fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    let wanted = machine.target.value.as_str();
    if let Some((_, plan)) = TARGETS.iter().find(|(name, _)| *name == wanted) {
        return plan(machine, spec, files);
    }
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let help = match nearest(wanted, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known targets: {}", names.join(", ")),
    };
    let mut findings = Diagnostics::new();
    findings.error(
        "target",
        &machine.target.origin,
        format!("`{wanted}` is not a target"),
        help,
    );
    Err(findings)
}
