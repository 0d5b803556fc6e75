//! `cotter machineconfig generate`: what the guide has people write, from a few words.
//!
//! To add a kind: write its arguments and what they ask for in the file of its subject, and a row in [`What`].

mod kernel;
mod network;
mod objects;
mod output;
mod pools;
mod time;
mod users;

use clap::Args;
use clap::Subcommand;

use self::output::Output;
use super::Exit;
use super::Ui;
use super::rules_of;
use crate::document::Origin;
use crate::document::Sourced;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::generate::Made;
use crate::machineconfig::generate::Pool;
use crate::world::Failure;

/// Write what the guide has people write by hand: MachineConfigs and the other objects of machine configuration
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Chrony(time::Chrony),
    ChronyDisable(time::ChronyDisable),
    KernelArguments(kernel::KernelArguments),
    Multipath(kernel::Multipath),
    RealtimeKernel(kernel::RealtimeKernel),
    Journald(time::Journald),
    Extensions(kernel::Extensions),
    Firmware(kernel::Firmware),
    CorePassword(users::CorePassword),
    SshKeys(users::SshKeys),
    LinkPins(network::LinkPins),
    DisruptionPolicy(network::DisruptionPolicy),
    KubeletConfig(objects::KubeletConfig),
    ContainerRuntimeConfig(objects::ContainerRuntimeConfig),
    PinnedImageSet(objects::PinnedImageSet),
    MachineOsConfig(objects::MachineOsConfig),
    BootImages(objects::BootImages),
    Pool(pools::NewPool),
    Pause(pools::Pause),
    Unpause(pools::Unpause),
    Rebuild(pools::Rebuild),
    RevertLayering(pools::RevertLayering),
}

/// The pool, and the version of the cluster; the same for every kind that has one.
#[derive(Clone, Debug, Args)]
struct ForPool {
    /// The pool
    #[arg(long, value_name = "POOL", default_value = "worker")]
    role: String,
    /// The object's name [default: the usual one]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    version: ForVersion,
}

/// The version of the cluster.
#[derive(Clone, Debug, Args)]
struct ForVersion {
    /// The version of OpenShift whose rules hold
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
}

impl ForVersion {
    fn rules(&self) -> Result<&'static Rules, Failure> {
        rules_of(&self.openshift)
    }
}

impl ForPool {
    fn pool(&self) -> Result<Pool<'_>, Failure> {
        Ok(Pool { name: self.name.as_deref(), ..Pool::new(&self.role, self.version.rules()?) })
    }
}

/// What came of the words: something, or everything that is wrong with them.
type Outcome = Result<Result<Generated, Vec<Problem>>, Failure>;

/// What was generated.
enum Generated {
    /// An object of the cluster.
    Object(Box<Made>),
    /// Files as they will be on a node: path and text.
    Files(Vec<(String, String)>),
    /// What is to be done by hand, under a name.
    Runbook(String, String),
}

fn object(made: Result<Made, Vec<Problem>>) -> Outcome {
    Ok(made.map(|made| Generated::Object(Box::new(made))))
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (outcome, output): (Outcome, &Output) = match &arguments.what {
        What::Chrony(asked) => (asked.make(), &asked.output),
        What::ChronyDisable(asked) => (asked.make(), &asked.output),
        What::KernelArguments(asked) => (asked.make(), &asked.output),
        What::Multipath(asked) => (asked.make(), &asked.output),
        What::RealtimeKernel(asked) => (asked.make(), &asked.output),
        What::Journald(asked) => (asked.make(), &asked.output),
        What::Extensions(asked) => (asked.make(), &asked.output),
        What::Firmware(asked) => (asked.make(), &asked.output),
        What::CorePassword(asked) => (asked.make(), &asked.output),
        What::SshKeys(asked) => (asked.make(), &asked.output),
        What::LinkPins(asked) => (asked.make(), &asked.output),
        What::DisruptionPolicy(asked) => (asked.make(), &asked.output),
        What::KubeletConfig(asked) => (asked.make(), &asked.output),
        What::ContainerRuntimeConfig(asked) => (asked.make(), &asked.output),
        What::PinnedImageSet(asked) => (asked.make(), &asked.output),
        What::MachineOsConfig(asked) => (asked.make(), &asked.output),
        What::BootImages(asked) => (asked.make(), &asked.output),
        What::Pool(asked) => (asked.make(), &asked.output),
        What::Pause(asked) => (asked.make(), &asked.output),
        What::Unpause(asked) => (asked.make(), &asked.output),
        What::Rebuild(asked) => (asked.make(), &asked.output),
        What::RevertLayering(asked) => (asked.make(), &asked.output),
    };
    match outcome? {
        Ok(generated) => output.write(&generated, ui),
        Err(problems) => {
            for problem in problems {
                ui.failure(&Failure::input(problem.what, problem.next));
            }
            Ok(Exit::Input)
        }
    }
}

/// Words of a flag.
fn words(flag: &str, texts: &[String]) -> Vec<Sourced<String>> {
    texts.iter().map(|text| word(flag, text)).collect()
}

/// A word of a flag, which is where it was written.
fn word(flag: &str, text: &str) -> Sourced<String> {
    Sourced { value: text.to_owned(), origin: Origin::of_file(flag) }
}

/// A word of a flag that may be left out.
fn maybe(flag: &str, text: &Option<String>) -> Option<Sourced<String>> {
    text.as_ref().map(|text| word(flag, text))
}

/// Two words around `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}
