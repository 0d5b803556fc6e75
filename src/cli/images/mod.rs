//! `cotter images`: what machines will pull, copied to where they can, and pinned where they run.

mod mirror;
mod pin;
mod pull_list;

use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::ui::shown;
use crate::images::Hindrance;
use crate::world::Failure;

/// Images in registries: what will be pulled, copies of it, and what nodes keep
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    PullList(pull_list::Arguments),
    Mirror(mirror::Arguments),
    Pin(pin::Arguments),
}

/// Why something could not be read or written, a line each, with the next step.
fn show_tried(tried: &[Hindrance], ui: &mut Ui) {
    for one in tried {
        ui.line(format!("      {}", shown(&one.why)));
        ui.line(format!("      help: {}", one.help));
    }
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::PullList(arguments) => pull_list::run(arguments, ui),
        Command::Mirror(arguments) => mirror::run(arguments, ui),
        Command::Pin(arguments) => pin::run(arguments, ui),
    }
}
