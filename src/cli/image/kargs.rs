//! `cotter image kargs`: the live system's kernel arguments.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Output;
use super::open;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::shown;
use crate::image;
use crate::image::Edit;
use crate::image::MissingArguments;
use crate::image::Replace;
use crate::image::Replacement;
use crate::world::Failure;

/// Show and change the kernel arguments of the live system
///
/// An argument is one word, as it is written on the command line of the kernel. What a boot loader would read
/// otherwise (spaces, line breaks, quotes, `$;|&<>\`) is refused. What is embedded stays as it is.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Show(Show),
    Append(Append),
    Delete(Delete),
    Replace(Swap),
    Reset(Reset),
}

/// Print the arguments
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The live ISO
    iso: PathBuf,
    /// Those of the pristine image
    #[arg(short, long)]
    default: bool,
}

/// Add arguments; one that is there already stays where it is
#[derive(Debug, Args)]
pub(in crate::cli) struct Append {
    /// The live ISO
    iso: PathBuf,
    /// The arguments
    #[arg(required = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
    #[command(flatten)]
    output: Output,
}

/// Take arguments away, wherever they are
#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// The live ISO
    iso: PathBuf,
    /// The arguments, as they are there: with their values
    #[arg(required = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
    /// Take away those that are there, and do not mind the others
    #[arg(long)]
    if_present: bool,
    #[command(flatten)]
    output: Output,
}

/// Give arguments another value
#[derive(Debug, Args)]
pub(in crate::cli) struct Swap {
    /// The live ISO
    iso: PathBuf,
    /// The arguments with their old and their new values
    #[arg(required = true, value_name = "KEY=OLD=NEW")]
    arguments: Vec<Replacement>,
    /// Replace those that are there, and do not mind the others
    #[arg(long)]
    if_present: bool,
    #[command(flatten)]
    output: Output,
}

/// Bring the arguments of the pristine image back
#[derive(Debug, Args)]
pub(in crate::cli) struct Reset {
    /// The live ISO
    iso: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let missing = |if_present: bool| match if_present {
        true => MissingArguments::Allow,
        false => MissingArguments::Refuse,
    };
    let (iso, output, edit) = match command {
        Command::Show(arguments) => return show(arguments, ui),
        Command::Reset(arguments) => return reset(arguments, ui),
        Command::Append(Append { iso, arguments, output }) => {
            (iso, output, Edit { append_kernel_arguments: arguments.clone(), ..Edit::default() })
        }
        Command::Delete(Delete { iso, arguments, if_present, output }) => {
            let missing_arguments = missing(*if_present);
            let delete_kernel_arguments = arguments.clone();
            (iso, output, Edit { delete_kernel_arguments, missing_arguments, ..Edit::default() })
        }
        Command::Replace(Swap { iso, arguments, if_present, output }) => {
            let missing_arguments = missing(*if_present);
            let replace_kernel_arguments = arguments.clone();
            (iso, output, Edit { replace_kernel_arguments, missing_arguments, ..Edit::default() })
        }
    };
    let (mut file, live) = output.open(iso, ui)?;
    let overlay =
        image::embed(&live, &mut file, &edit, Replace::No).map_err(|cause| Failure::image(iso, &cause))?;
    let there = live.kernel_arguments.as_ref().map_or("", |areas| areas.current.as_str());
    for argument in &edit.append_kernel_arguments {
        if there.split_ascii_whitespace().any(|word| word == argument) {
            ui.note(format!("note: `{argument}` is there already; `delete` it first to bring it to the end"));
        }
    }
    output.put(iso, &mut file, &overlay, ui)
}

fn show(arguments: &Show, ui: &mut Ui) -> Result<Exit, Failure> {
    if ui.wants_json() {
        // Programs get one shape, with both in it.
        return super::show::run(&super::show::Arguments { iso: arguments.iso.clone() }, ui);
    }
    let (_, live) = open(&arguments.iso)?;
    let Some(areas) = &live.kernel_arguments else {
        let message = format!(
            "the kernel arguments of `{}` are not where they can be changed",
            arguments.iso.display()
        );
        return Err(Failure::input(message, "use a newer live image"));
    };
    ui.line(shown(if arguments.default { &areas.default } else { &areas.current }));
    Ok(Exit::Done)
}

fn reset(arguments: &Reset, ui: &mut Ui) -> Result<Exit, Failure> {
    let Reset { iso, output } = arguments;
    let (mut file, live) = output.open(iso, ui)?;
    let overlay = image::reset_arguments(&live).map_err(|cause| Failure::image(iso, &cause))?;
    output.put(iso, &mut file, &overlay, ui)
}
