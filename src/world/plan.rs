//! From a machine file to its plan: reads what parsing and planning ask for, and passes all findings on.

use std::path::Path;

use super::Failure;
use super::inputs::Spec;
use super::inputs::local_files;
use super::inputs::read_spec;
use crate::document::Diagnostic;
use crate::plan::Plan;
use crate::spec;
use crate::spec::Machine;
use crate::target;

/// What a machine file came to.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file.
    pub spec: Spec,
    /// The machine and its plan, if nothing is wrong.
    pub machine: Option<(Machine, Plan)>,
    /// Everything there is to say, by place.
    pub findings: Vec<Diagnostic>,
}

/// Reads and plans a machine file, with every finding that there is.
pub fn plan_machine(path: &Path) -> Result<Planned, Failure> {
    let spec = read_spec(path)?;
    let (machine, mut findings) = spec::parse(&spec.name, &spec.text);
    let mut planned = None;
    if let Some(machine) = machine {
        let (files, unreadable) = local_files(&machine, &spec.folder);
        findings.append(unreadable);
        match target::plan(&machine, &spec.digest, &files) {
            Ok(plan) => planned = Some((machine, plan)),
            Err(more) => findings.append(more),
        }
    }
    let machine = planned.filter(|_| !findings.has_errors());
    Ok(Planned { spec, machine, findings: findings.sorted() })
}
