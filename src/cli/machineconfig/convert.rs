//! `cotter machineconfig convert`: Ignition documents and Butane files as MachineConfigs, and back.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use serde_json::Value;

use super::Exit;
use super::Ui;
use super::placed;
use super::rules_of;
use super::tell;
use super::write_result;
use crate::cli::load;
use crate::machineconfig;
use crate::machineconfig::Converted;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::go_yaml;
use crate::world;
use crate::world::Failure;
use crate::world::Given;

/// Make a MachineConfig of an Ignition document or a Butane file, or an Ignition document of a MachineConfig
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// An Ignition document of spec 2.2 or 3, a Butane file, or a MachineConfig; `-` for standard input
    file: PathBuf,
    /// What to make; the other kind if nothing is said
    #[arg(long, value_enum)]
    to: Option<To>,
    /// The pool that the MachineConfig is for
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The name of the MachineConfig, as in `99-worker-chrony`; the order of names decides who wins
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The version of OpenShift: the result is of the newest spec that its operator reads
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
    /// The folder that a Butane file's local files are relative to, instead of its own
    #[arg(short = 'd', long, value_name = "DIR")]
    files_dir: Option<PathBuf>,
    /// Write to this file instead of standard output; only you can read it, for it may hold secrets
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    /// A MachineConfig
    Mc,
    /// An Ignition document
    Ignition,
}

/// What was read.
enum Source {
    Ignition(Value),
    Config(Box<MachineConfig>),
}

type Result<T> = std::result::Result<T, Failure>;

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit> {
    let rules = rules_of(&arguments.openshift)?;
    let source = match is_butane(&arguments.file)? {
        true => translate(arguments, ui)?,
        false => read(&arguments.file, ui)?,
    };
    let Some((source, was_config)) = source else { return Ok(Exit::Input) };
    let to = arguments.to.unwrap_or(if was_config { To::Ignition } else { To::Mc });
    let converted = match (source, to) {
        (Source::Ignition(document), To::Ignition) => machineconfig::newest_spec(&document, rules)
            .map(|result| Converted { result, warnings: Vec::new() }),
        (Source::Ignition(document), To::Mc) => {
            let config = named(MachineConfig::default(), arguments)?;
            machineconfig::to_machine_config(config, &document, rules).map(of_config)
        }
        (Source::Config(config), To::Ignition) => machineconfig::to_ignition(&config, rules),
        (Source::Config(config), To::Mc) => {
            machineconfig::to_newest(named(*config, arguments)?, rules).map(of_config)
        }
    };
    match converted {
        Ok(converted) => finish(arguments, to, &converted, ui),
        Err(problems) => {
            tell(&problems, ui);
            Ok(Exit::Input)
        }
    }
}

fn of_config(converted: Converted<MachineConfig>) -> Converted<Value> {
    Converted { result: converted.result.to_value(), warnings: converted.warnings }
}

fn finish(arguments: &Arguments, to: To, converted: &Converted<Value>, ui: &mut Ui) -> Result<Exit> {
    for warning in &converted.warnings {
        ui.warning(&placed(warning), &warning.next);
    }
    let text = match to {
        To::Mc if !ui.wants_json() => {
            go_yaml(&converted.result).map_err(|what| Failure::input(what, "take the character out"))?
        }
        _ => format!("{:#}\n", converted.result),
    };
    write_result(arguments.output.as_deref(), arguments.force, &text, ui)?;
    Ok(Exit::Done)
}

/// The MachineConfig with the name and role that are asked for. It must have both.
fn named(mut config: MachineConfig, arguments: &Arguments) -> Result<MachineConfig> {
    if let Some(name) = &arguments.name {
        config.name.clone_from(name);
    }
    if let Some(role) = &arguments.role {
        config.labels.insert(machineconfig::ROLE_LABEL.to_owned(), role.clone());
    }
    let Some(role) = config.role().map(str::to_owned) else {
        return Err(Failure::input(
            "nothing says which pool it is for",
            "name it by `--role`, as in `--role worker`",
        ));
    };
    if config.name.is_empty() {
        return Err(Failure::input(
            "nothing says what the MachineConfig is called",
            format!("name it by `--name`, as in `--name 99-{role}-custom`"),
        ));
    }
    Ok(config)
}

fn is_butane(file: &Path) -> Result<bool> {
    if file == Path::new("-") { Ok(false) } else { load::is_butane(file) }
}

/// A Butane file: for OpenShift a MachineConfig, for other variants an Ignition document.
fn translate(arguments: &Arguments, ui: &mut Ui) -> Result<Option<(Source, bool)>> {
    let translated =
        world::translate_butane(&arguments.file, arguments.files_dir.as_deref(), &Given::default())?;
    ui.findings(&translated.findings, &translated.sources);
    let Some(document) = translated.document else { return Ok(None) };
    if document.get("kind").is_none() {
        return Ok(Some((Source::Ignition(document), false)));
    }
    let (configs, problems) =
        machineconfig::parse(&arguments.file.display().to_string(), &document.to_string());
    // Whoever writes Butane wants a MachineConfig.
    Ok(one(configs, problems, ui)?.map(|config| (Source::Config(Box::new(config)), false)))
}

fn read(file: &Path, ui: &mut Ui) -> Result<Option<(Source, bool)>> {
    let mut texts = world::read_objects(file)?;
    if file.is_dir() || texts.len() != 1 {
        return Err(Failure::input(format!("`{}` is a folder", file.display()), "name one file"));
    }
    let Some((name, text)) = texts.pop() else { return Ok(None) };
    let json = serde_json::from_str::<Value>(&text).ok();
    if let Some(document) = json.filter(|document| document.get("ignition").is_some()) {
        return Ok(Some((Source::Ignition(document), false)));
    }
    let (configs, problems) = machineconfig::parse(&name, &text);
    Ok(one(configs, problems, ui)?.map(|config| (Source::Config(Box::new(config)), true)))
}

/// The only MachineConfig of a file.
fn one(
    mut configs: Vec<MachineConfig>,
    problems: Vec<Problem>,
    ui: &mut Ui,
) -> Result<Option<MachineConfig>> {
    if !problems.is_empty() {
        tell(&problems, ui);
        return Ok(None);
    }
    match (configs.pop(), configs.len()) {
        (Some(config), 0) => Ok(Some(config)),
        (None, _) => Err(Failure::input(
            "the file is no Ignition document in JSON, no Butane file and no MachineConfig",
            "give one of them",
        )),
        (Some(_), more) => {
            Err(Failure::input(format!("the file holds {} MachineConfigs", more + 1), "give one in a file"))
        }
    }
}
