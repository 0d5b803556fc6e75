//! `cotter machineconfig drift`: whether a node still is what its rendered MachineConfig made of it.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Exit;
use super::Ui;
use super::rules_of;
use super::tell;
use crate::cli::remote;
use crate::cli::report;
use crate::cli::ui::Tone;
use crate::cli::ui::shown;
use crate::machineconfig::Rules;
use crate::machineconfig::drift;
use crate::machineconfig::drift::DRIFT_SCHEMA;
use crate::machineconfig::drift::DriftReport;
use crate::machineconfig::drift::NODE_CONFIGS;
use crate::machineconfig::drift::NODE_IMAGE;
use crate::machineconfig::drift::NodeDrift;
use crate::machineconfig::drift::Wanted;
use crate::value::SshDestination;
use crate::verify::BootRecord;
use crate::verify::Manifest;
use crate::world;
use crate::world::Failure;
use crate::world::Ssh;

/// The largest MachineConfig of a node; a cluster takes none of more than 1.5 MiB.
const MAX_CONFIG_BYTES: u64 = 16 << 20;
/// How long the look at one machine may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What a node is called that nobody names.
const NODE: &str = "node";

/// Say everything in which a node is no longer what its MachineConfigs made of it
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    probe: Probe,
    /// The rendered MachineConfig to hold it against, instead of the one that the node keeps
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The version of OpenShift whose operator's rules hold
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
    /// Take what nobody could look at for drift too
    #[arg(long)]
    strict: bool,
    /// Let ssh read this configuration instead of yours
    #[arg(long, value_name = "FILE", requires = "ssh")]
    ssh_config: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Probe {
    /// Look at this machine
    #[arg(long)]
    local: bool,
    /// Look at the mounted root of a node, or an unpacked sosreport of it
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Look at what an unpacked must-gather tells of each node
    #[arg(long, value_name = "DIR")]
    must_gather: Option<PathBuf>,
    /// Look at a node over your own ssh
    #[arg(long, value_name = "DEST")]
    ssh: Option<SshDestination>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let rules = rules_of(&arguments.openshift)?;
    let nodes = match &arguments.probe.must_gather {
        Some(folder) => gathered(folder, arguments.config.as_deref(), rules, ui)?,
        None => one_node(arguments, rules, ui)?.map(|node| vec![node]),
    };
    let Some(nodes) = nodes else { return Ok(Exit::Input) };
    let report = DriftReport { schema: DRIFT_SCHEMA, openshift: rules.version.clone(), nodes };
    if ui.wants_json() {
        ui.json(&report);
    } else {
        for node in &report.nodes {
            show(node, ui);
        }
    }
    let is_sound = |node: &NodeDrift| {
        let (met, differs, unknown) = node.counts();
        met > 0 && differs == 0 && node.operator_stops_at.is_none() && !(arguments.strict && unknown > 0)
    };
    Ok(if report.nodes.iter().all(is_sound) { Exit::Done } else { Exit::Differs })
}

fn one_node(arguments: &Arguments, rules: &Rules, ui: &mut Ui) -> Result<Option<NodeDrift>, Failure> {
    let ssh = Ssh { config: arguments.ssh_config.clone(), asks: ui.can_ask() };
    let (name, bytes) = match &arguments.config {
        Some(path) => (path.display().to_string(), world::read_input(path, MAX_CONFIG_BYTES)?),
        None => node_config(&arguments.probe, &ssh)?,
    };
    let Some(wanted) = wanted(&name, bytes, ui) else { return Ok(None) };
    let image = node_file(&arguments.probe, &ssh, &[NODE_IMAGE])?.map(|(_, bytes)| bytes).unwrap_or_default();
    let wanted = wanted.with_image(&String::from_utf8_lossy(&image));
    let node = match (&arguments.probe.ssh, &arguments.probe.root) {
        (Some(destination), _) => destination.to_string(),
        (None, Some(root)) => root.display().to_string(),
        (None, None) => NODE.to_owned(),
    };
    let manifest = drift::questions(&wanted, &node);
    let record = look(&arguments.probe, &ssh, &manifest, ui)?;
    Ok(Some(drift::judge(&wanted, &node, &record, rules)))
}

/// The MachineConfig that the node keeps.
fn node_config(probe: &Probe, ssh: &Ssh) -> Result<(String, Vec<u8>), Failure> {
    node_file(probe, ssh, &NODE_CONFIGS)?.ok_or_else(|| {
        let message = format!("the node keeps no MachineConfig: neither of {}", NODE_CONFIGS.join(", "));
        Failure::input(message, "name its rendered MachineConfig with `--config`, or another node")
    })
}

/// The first of these files that the node has.
fn node_file(probe: &Probe, ssh: &Ssh, paths: &[&str]) -> Result<Option<(String, Vec<u8>)>, Failure> {
    match (&probe.ssh, &probe.root) {
        (Some(destination), _) => {
            world::first_file_over_ssh(ssh, destination, paths, TIMEOUT).map_err(world::Trouble::failure)
        }
        (None, Some(root)) => world::first_kept_file(root, paths),
        (None, None) => match paths.iter().find(|path| Path::new(path).exists()) {
            Some(path) => {
                let bytes = world::read_bounded(Path::new(path), MAX_CONFIG_BYTES)?;
                Ok(Some(((*path).to_owned(), bytes)))
            }
            None => Ok(None),
        },
    }
}

fn look(probe: &Probe, ssh: &Ssh, manifest: &Manifest, ui: &mut Ui) -> Result<BootRecord, Failure> {
    match (&probe.ssh, &probe.root) {
        (Some(destination), _) => {
            ui.begin(format!("looking at {destination}"));
            let seen = world::look(ssh, destination, manifest, &remote::how(Some(TIMEOUT), 0));
            ui.end();
            let seen = seen.map_err(world::Trouble::failure)?;
            if let Some(user) = seen.limited_to {
                ui.note(format!("note: only what `{user}` may see was looked at on {destination}"));
            }
            Ok(seen.now)
        }
        (None, Some(root)) => {
            let kept = world::facts(root, manifest)?;
            let no_record =
                || Failure::input(format!("`{}` tells of no node", root.display()), "name its root");
            kept.boots.into_iter().next_back().map(|(_, record)| record).ok_or_else(no_record)
        }
        (None, None) => world::local_record(manifest),
    }
}

/// What each node of a must-gather is held against, and what is known of it.
fn gathered(
    folder: &Path,
    config: Option<&Path>,
    rules: &Rules,
    ui: &mut Ui,
) -> Result<Option<Vec<NodeDrift>>, Failure> {
    let given = match config {
        Some(path) => {
            let bytes = world::read_input(path, MAX_CONFIG_BYTES)?;
            match wanted(&path.display().to_string(), bytes, ui) {
                Some(wanted) => Some(wanted),
                None => return Ok(None),
            }
        }
        None => None,
    };
    let mut nodes = Vec::new();
    for node in world::gathered_nodes(folder)? {
        let wanted = match (&given, &node.config) {
            (Some(given), _) => given.clone(),
            (None, Ok((name, text))) => match wanted(name, text.clone().into_bytes(), ui) {
                Some(wanted) => wanted,
                None => return Ok(None),
            },
            (None, Err(why)) => {
                ui.note(format!("note: `{}` is left out: {}", shown(&node.name), shown(why)));
                continue;
            }
        };
        let manifest = drift::questions(&wanted, &node.name);
        nodes.push(drift::judge(&wanted, &node.name, &node.record(&manifest), rules));
    }
    if nodes.is_empty() {
        let message = format!("`{}` tells of no node and what it should be", folder.display());
        return Err(Failure::input(message, "name a must-gather with its nodes and rendered MachineConfigs"));
    }
    Ok(Some(nodes))
}

/// The MachineConfig in a text; what is wrong with it is said.
fn wanted(name: &str, bytes: Vec<u8>, ui: &mut Ui) -> Option<Wanted> {
    let Ok(text) = String::from_utf8(bytes) else {
        ui.failure(&Failure::input(format!("`{name}` is no text"), "name a rendered MachineConfig"));
        return None;
    };
    match drift::read_node_config(name, &text) {
        Ok(wanted) => Some(wanted),
        Err(problems) => {
            tell(&problems, ui);
            None
        }
    }
}

fn show(node: &NodeDrift, ui: &mut Ui) {
    ui.line(format!("{} held against {}", shown(&node.node), shown(&node.config)));
    report::show(&node.report, ui);
    match &node.operator_stops_at {
        Some(words) => {
            let bad = ui.toned(Tone::Bad, "the operator stops here");
            ui.line(format!("{bad}: {}", shown(words)));
        }
        None if node.operator_doubt.is_none() => ui.line("the operator finds nothing"),
        None => ui.line("the operator finds nothing in what is known"),
    }
    if let Some(doubt) = &node.operator_doubt {
        ui.line(format!("  it looks at more than is known here: {}", shown(doubt)));
    }
}
