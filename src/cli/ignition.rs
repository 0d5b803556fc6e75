//! `cotter ignition`: the Ignition document of a life, or of a Butane file.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::Exit;
use super::Ui;
use super::load;
use super::load::GivenArguments;
use crate::world;
use crate::world::Failure;

/// Print the Ignition document of a life; it holds password hashes. Butane files are translated as Butane does
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file, or a Butane file (`.bu`)
    spec: PathBuf,
    #[command(flatten)]
    given: GivenArguments,
    /// The life whose document is printed
    #[arg(long, value_enum, default_value = "first-boot")]
    life: DocumentOf,
    /// The folder that a Butane file's local files are relative to, instead of its own
    #[arg(short = 'd', long, value_name = "DIR")]
    files_dir: Option<PathBuf>,
    /// Over several lines
    #[arg(long)]
    pretty: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DocumentOf {
    /// The live medium
    Live,
    /// The installed system
    FirstBoot,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let document = match load::is_butane(&arguments.spec)? {
        true => {
            let translated = world::translate_butane(
                &arguments.spec,
                arguments.files_dir.as_deref(),
                &arguments.given.given(),
            )?;
            ui.findings(&translated.findings, &translated.sources);
            translated.document
        }
        false => {
            let Ok(loaded) = load::load(&arguments.spec, &arguments.given.given(), ui)? else {
                return Ok(Exit::Input);
            };
            Some(match arguments.life {
                DocumentOf::Live => {
                    load::destination(&loaded.plan)?;
                    load::medium(&loaded.plan)?.live.value().clone()
                }
                DocumentOf::FirstBoot => load::destination(&loaded.plan)?.value().clone(),
            })
        }
    };
    let Some(document) = document else {
        return Ok(Exit::Input);
    };
    match arguments.pretty {
        true => ui.json(&document),
        false => ui.line(document.to_string()),
    }
    Ok(Exit::Done)
}
