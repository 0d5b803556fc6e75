//! `cotter machineconfig render`: the one MachineConfig that the operator makes of all of a pool.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use crate::document::yaml_text;
use crate::machineconfig;
use crate::machineconfig::Rules;
use crate::world;
use crate::world::Failure;

/// Put all MachineConfigs of a pool together, as the operator does
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A folder or file of MachineConfigs; `-` for standard input
    path: PathBuf,
    /// The pool
    #[arg(long, value_name = "POOL", default_value = "worker")]
    pool: String,
    /// The version of OpenShift whose operator's rules hold
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let rules =
        Rules::of(&arguments.openshift).map_err(|problem| Failure::input(problem.what, problem.next))?;
    let (mut configs, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in world::read_objects(&arguments.path)? {
        let (more, wrong) = machineconfig::parse(&name, &text);
        configs.extend(more);
        problems.extend(wrong);
    }
    let rendered = match problems.is_empty() {
        true => machineconfig::render(&configs, &arguments.pool, rules),
        false => Err(problems),
    };
    match rendered {
        Ok(rendered) => {
            ui.line(yaml_text(&rendered.spec()).trim_end());
            Ok(Exit::Done)
        }
        Err(problems) => {
            for problem in problems {
                ui.failure(&Failure::input(problem.what, problem.next));
            }
            Ok(Exit::Input)
        }
    }
}
