//! `cotter explain`: what an Ignition document, a medium or MachineConfigs bring, and which reboots it survives.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::ui::Tone;
use super::ui::counted;
use super::ui::shown;
use crate::machineconfig::Rules;
use crate::target;
use crate::target::Explanation;
use crate::target::Group;
use crate::target::State;
use crate::target::Thing;
use crate::verify::Life;
use crate::world;
use crate::world::Failure;

/// Explain an Ignition document, a live ISO or MachineConfigs: what is there after which reboot, and why not
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// An `.ign` file, a live ISO, a node's `master.ign`, or a folder of MachineConfigs
    file: PathBuf,
    /// The document is a live medium's. What openshift-install writes for a single node is known to be one
    #[arg(long)]
    live: bool,
    /// The pool of the MachineConfigs
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    /// The version of OpenShift whose operator's rules hold
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
    /// Show every file too, not only users, network, names, units and kernel arguments
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let rules =
        Rules::of(&arguments.openshift).map_err(|problem| Failure::input(problem.what, problem.next))?;
    let subject = world::read_subject(&arguments.file, arguments.live, arguments.pool.as_deref())?;
    let name = arguments.file.display().to_string();
    let explanation = target::explain(&name, subject, rules, world::now_seconds());
    match ui.wants_json() {
        true => ui.json(&explanation),
        false => show(&name, &explanation, arguments.all, ui),
    }
    Ok(Exit::Done)
}

fn show(name: &str, explanation: &Explanation, all: bool, ui: &mut Ui) {
    ui.line(format!("{name}: {}", shown(&explanation.what)));
    for feature in &explanation.features {
        let mark = if feature.present { '+' } else { '-' };
        ui.line(format!("  {mark} {} ({})", feature.says, feature.since));
    }
    let is_shown = |thing: &&Thing| all || thing.group != Group::Files;
    let things: Vec<&Thing> = explanation.things.iter().filter(is_shown).collect();
    let names: Vec<String> = explanation.lives.iter().map(ToString::to_string).collect();
    let width = things.iter().map(|thing| thing.what.chars().count()).max().unwrap_or(0).min(72) + 2;
    if !things.is_empty() {
        ui.line(format!("{:width$}  {}", "", names.join("  ")));
    }
    let mut reasons = Vec::new();
    let mut group = None;
    for thing in things {
        if group != Some(thing.group) {
            group = Some(thing.group);
            ui.line(heading(thing.group));
        }
        let states = thing.states.iter().zip(&explanation.lives).zip(&names);
        let marks: Vec<String> = states
            .map(|((state, life), name)| {
                format!("{:^1$}", mark(state, *life, &mut reasons), name.chars().count())
            })
            .collect();
        let what = format!("  {}", shown(&thing.what));
        ui.line(format!("{what:width$}  {}", marks.join("  ")).trim_end());
    }
    for (index, why) in reasons.iter().enumerate() {
        ui.line(format!("{}: {}", index + 1, shown(why)));
    }
    let hidden = explanation.things.len() - explanation.things.iter().filter(is_shown).count();
    if hidden > 0 {
        ui.line(format!("and {} (`--all` shows them)", counted(hidden, "other file")));
    }
    for remark in &explanation.remarks {
        let word = ui.toned(Tone::Bad, "wrong");
        ui.line(format!("{word}: {}", shown(&remark.message)));
        ui.line(format!("  help: {}", shown(&remark.help)));
    }
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Users => "users",
        Group::Network => "network",
        Group::Names => "names",
        Group::Units => "units",
        Group::KernelArguments => "kernel arguments",
        Group::Files => "files",
    }
}

/// Whether a thing is there, with the number of the reason if not. That something is not for the live system
/// needs none.
fn mark<'a>(state: &'a State, life: Life, reasons: &mut Vec<&'a str>) -> String {
    let (word, why) = match state {
        State::Present => return "yes".to_owned(),
        State::Other { .. } | State::Absent { .. } if life == Life::Live => return "-".to_owned(),
        State::Other { why } => ("other", why.as_str()),
        State::Absent { why } => ("-", why.as_str()),
    };
    let known = reasons.iter().position(|reason| *reason == why);
    let index = known.unwrap_or_else(|| {
        reasons.push(why);
        reasons.len() - 1
    });
    format!("{word} ({})", index + 1)
}
