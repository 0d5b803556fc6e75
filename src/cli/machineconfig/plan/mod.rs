//! `cotter machineconfig plan`: what a change of MachineConfigs does to the nodes of a pool.

mod json;
mod states;
mod text;

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::tell;
use crate::machineconfig::change::change;
use crate::world::Failure;

/// Say what a change does to nodes: whether the operator takes it, reboots, drains, and because of what
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// What nodes have: a rendered MachineConfig, or a folder of MachineConfigs; `-` for standard input
    #[arg(required_unless_present = "from_dump", conflicts_with = "from_dump")]
    old: Option<PathBuf>,
    /// What nodes are to have, the same way; left out, OLD with `--with` and `--without`
    new: Option<PathBuf>,
    /// Take everything from a file or folder of a cluster's objects instead
    #[arg(long, value_name = "DUMP")]
    from_dump: Option<PathBuf>,
    /// The pool
    #[arg(long, value_name = "POOL", default_value = "worker")]
    pool: String,
    /// A file with the MachineConfiguration `cluster`: its node disruption policies
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What if this MachineConfig were deleted
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// What if the MachineConfigs of this file were applied
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// The cluster has one node: it is neither cordoned nor drained
    #[arg(long)]
    sno: bool,
    /// Nodes run an image that was built for them (on-cluster layering)
    #[arg(long)]
    layered: bool,
    /// The version of OpenShift whose operator's rules hold [default: the dump's, or 4.19]
    #[arg(long, value_name = "VERSION")]
    openshift: Option<String>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut asked = match states::read(arguments)? {
        Ok(asked) => asked,
        Err(problems) => {
            tell(&problems, ui);
            return Ok(Exit::Input);
        }
    };
    asked.around.is_single_node |= arguments.sno;
    asked.around.is_layered |= arguments.layered;
    let mut change = change(&asked.old, &asked.new, &asked.around);
    change.warnings.extend(std::mem::take(&mut asked.warnings));
    match ui.wants_json() {
        true => ui.json(&json::value(&change, &asked)),
        false => text::show(&change, &asked, ui),
    }
    Ok(if change.is_reconcilable() { Exit::Done } else { Exit::Differs })
}
