//! `cotter marker`: the ConfigMap that says that a cluster's bootstrap is complete.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::kubeconfig;
use super::ui::Tone;
use crate::cluster;
use crate::cluster::Ask;
use crate::cluster::Decision;
use crate::cluster::MARKER_SCHEMA;
use crate::cluster::MarkerReport;
use crate::cluster::Outlook;
use crate::cluster::State;
use crate::cluster::Topology;
use crate::world;
use crate::world::ClusterApi;
use crate::world::Failure;

/// The ConfigMap `bootstrap` in `kube-system`, which operators wait for: is it there, and may it be created?
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether the marker is there, and whether it could be created; change nothing
    Check(Arguments),
    /// Create the marker if it is not there and every precondition holds; never change one
    Create(CreateArguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How to log in to the cluster; else `$KUBECONFIG`
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How long one answer may take, in seconds
    #[arg(long, hide = true, value_name = "SECONDS", value_parser = kubeconfig::timeout)]
    timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    #[command(flatten)]
    common: Arguments,
    /// Also where the control plane is not one node, if all its nodes are ready
    #[arg(long)]
    force: bool,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let (arguments, topology) = match command {
        Command::Check(arguments) => (arguments, Topology::SingleNode),
        Command::Create(arguments) if arguments.force => (&arguments.common, Topology::Any),
        Command::Create(arguments) => (&arguments.common, Topology::SingleNode),
    };
    let path = kubeconfig::chosen(arguments.kubeconfig.as_deref())?;
    let api = match kubeconfig::open(&path, arguments.timeout.unwrap_or(kubeconfig::TIMEOUT), ui)? {
        Ok(api) => api,
        Err(exit) => return Ok(exit),
    };
    let answers = api.look(&Ask::FOR_MARKER).map_err(|trouble| {
        Failure::surroundings(format!("failed to ask `{}`: {trouble}", api.server()), trouble.hint())
    })?;
    let mut outlook = cluster::look(&answers, topology);
    if let (Command::Create(_), Decision::Absent) = (command, outlook.decision) {
        create(&api, &mut outlook);
    }
    let report = MarkerReport {
        schema: MARKER_SCHEMA,
        server: api.server().to_owned(),
        decision: outlook.decision,
        why: outlook.why,
        preconditions: outlook.preconditions,
    };
    if ui.wants_json() {
        ui.json(&report);
    } else {
        show(&report, ui);
    }
    Ok(match report.decision {
        Decision::Present | Decision::Created => Exit::Done,
        Decision::Absent | Decision::Wrong | Decision::NotCreated => Exit::Differs,
    })
}

/// Creates the marker, and looks again: what counts is what is there.
fn create(api: &ClusterApi, outlook: &mut Outlook) {
    let author = world::author();
    let created = api.create_marker(&author);
    let reread = api.ask(Ask::Marker);
    (outlook.decision, outlook.why) = cluster::settle(&author, &created, &reread);
}

fn show(report: &MarkerReport, ui: &mut Ui) {
    for precondition in &report.preconditions {
        let state = match precondition.state {
            State::Met => ui.toned(Tone::Good, "met    "),
            State::NotMet => ui.toned(Tone::Bad, "not met"),
            State::Unknown => ui.toned(Tone::Doubtful, "unknown"),
        };
        ui.line(format!("{state}  {:20} {}", precondition.name, precondition.why));
    }
    let (tone, decision, help) = match report.decision {
        Decision::Present => (Tone::Good, "present", ""),
        Decision::Created => (Tone::Good, "created", ""),
        Decision::Absent => (Tone::Doubtful, "absent", "`cotter marker create` creates it"),
        Decision::Wrong => (
            Tone::Bad,
            "wrong",
            "find out who wrote it; `oc -n kube-system get configmap bootstrap -o yaml` shows it",
        ),
        Decision::NotCreated => (
            Tone::Bad,
            "not created",
            "let what is not met come true, then look again: `cotter marker check`",
        ),
    };
    ui.line(format!("{}: {}", ui.toned(tone, decision), report.why));
    if !help.is_empty() {
        ui.line(format!("  help: {help}"));
    }
}
