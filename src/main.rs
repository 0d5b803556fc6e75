//! The program: arguments in, an exit code out.

use std::process::ExitCode;

use clap::Parser;
use cotter::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run().into()
}
