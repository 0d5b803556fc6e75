//! Words in, words out: one file per command.
//!
//! To add a command:
//! 1. write `src/cli/<word>.rs` with its arguments and `run(arguments, ui)`;
//! 2. add it to `Command` and to [`Cli::run`];
//! 3. let it print through [`Ui`] only, and end in an [`Exit`] of the table.

mod bench;
mod build;
mod check;
mod cloud;
mod evidence;
mod exit;
mod explain;
mod fetch;
mod hosts;
mod ignition;
mod image;
mod images;
mod init;
mod inventory;
mod judging;
mod kubeconfig;
mod load;
mod machineconfig;
mod marker;
mod nics;
mod plan;
mod preflight;
mod presenting;
mod recover;
mod registries;
mod remote;
mod report;
mod schema;
mod test;
mod ui;
mod verify;

pub use exit::Exit;
pub use ui::Ui;

use clap::Parser;
use clap::Subcommand;

use crate::world::Failure;

/// Says what a server must be, builds the medium that makes it so, rehearses it, and proves after every
/// reboot that it still is.
#[derive(Debug, Parser)]
#[command(name = "cotter", version, about, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 looked, and something differs; 2 your input; 3 your surroundings; 70 our bug"
)]
pub struct Cli {
    #[command(flatten)]
    shown: ui::Arguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Inventory(inventory::Arguments),
    Nics(nics::Arguments),
    Check(check::Arguments),
    Plan(plan::Arguments),
    Ignition(ignition::Arguments),
    Build(build::Arguments),
    Fetch(fetch::Arguments),
    #[command(subcommand)]
    Image(image::Command),
    #[command(subcommand)]
    Images(images::Command),
    #[command(subcommand)]
    Cloud(cloud::Command),
    #[command(subcommand)]
    Bench(bench::Command),
    Preflight(Box<preflight::Arguments>),
    Test(test::Arguments),
    Verify(verify::Arguments),
    Report(report::Arguments),
    Recover(recover::Arguments),
    Explain(explain::Arguments),
    #[command(subcommand, name = "machineconfig", alias = "mc")]
    MachineConfig(machineconfig::Command),
    #[command(subcommand)]
    Marker(marker::Command),
    Schema(schema::Arguments),
}

impl Cli {
    /// Does what the arguments say; prints what went wrong.
    pub fn run(self) -> Exit {
        let mut ui = Ui::new(&self.shown);
        let done: Result<Exit, Failure> = match self.command {
            Command::Init(arguments) => init::run(&arguments, &mut ui),
            Command::Inventory(arguments) => inventory::run(&arguments, &mut ui),
            Command::Nics(arguments) => nics::run(&arguments, &mut ui),
            Command::Check(arguments) => check::run(&arguments, &mut ui),
            Command::Plan(arguments) => plan::run(&arguments, &mut ui),
            Command::Ignition(arguments) => ignition::run(&arguments, &mut ui),
            Command::Build(arguments) => build::run(&arguments, &mut ui),
            Command::Fetch(arguments) => fetch::run(&arguments, &mut ui),
            Command::Image(command) => image::run(&command, &mut ui),
            Command::Images(command) => images::run(&command, &mut ui),
            Command::Cloud(command) => cloud::run(&command, &mut ui),
            Command::Bench(command) => bench::run(&command, &mut ui),
            Command::Preflight(arguments) => preflight::run(&arguments, &mut ui),
            Command::Test(arguments) => test::run(&arguments, &mut ui),
            Command::Verify(arguments) => verify::run(&arguments, &mut ui),
            Command::Report(arguments) => report::run(&arguments, &mut ui),
            Command::Recover(arguments) => recover::run(&arguments, &mut ui),
            Command::Explain(arguments) => explain::run(&arguments, &mut ui),
            Command::MachineConfig(command) => machineconfig::run(&command, &mut ui),
            Command::Marker(command) => marker::run(&command, &mut ui),
            Command::Schema(arguments) => schema::run(&arguments, &mut ui),
        };
        done.unwrap_or_else(|failure| {
            ui.failure(&failure);
            Exit::of(failure.kind)
        })
    }
}
