//! `cotter verify`: judges a machine by its machine file or manifest.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Exit;
use super::Ui;
use super::evidence;
use super::evidence::Question;
use super::evidence::Seen;
use super::hosts;
use super::kubeconfig;
use super::load;
use super::load::GivenArguments;
use super::remote;
use super::remote::RemoteArguments;
use super::report;
use crate::cluster;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::report::Texts;
use crate::saved::Kind;
use crate::saved::RECORDS;
use crate::value::SshDestination;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::BootReport;
use crate::verify::MANIFEST_SCHEMA;
use crate::verify::Manifest;
use crate::verify::REPORT_SCHEMA;
use crate::verify::Report;
use crate::world;
use crate::world::Depth;
use crate::world::Failure;
use crate::world::Given;

/// The largest manifest.
const MAX_MANIFEST_BYTES: u64 = 8 << 20;

/// Judge a machine: is it what its file says, and was anything lost across a reboot?
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file, or a manifest that `cotter build` wrote
    #[arg(required_unless_present_any = ["hosts", "harvester"], conflicts_with = "hosts")]
    spec: Option<PathBuf>,
    /// Judge a Harvester cluster, through its API (`--kubeconfig`) or by its unpacked support bundle (`--facts`);
    /// beside a machine of it, or without a machine file
    #[arg(long, conflicts_with = "hosts")]
    harvester: bool,
    #[command(flatten)]
    given: GivenArguments,
    #[command(flatten)]
    probe: Probe,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Put the report (report.html, junit.xml, report.json) into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "hosts")]
    report: Option<PathBuf>,
    /// How long the look at one machine may take, in seconds [default: 60]; with `--kubeconfig`, one answer
    /// [default: 15]
    #[arg(long, value_name = "SECONDS", value_parser = kubeconfig::timeout)]
    timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Probe {
    /// Look at this machine, and at the records of its earlier boots
    #[arg(long, conflicts_with = "facts")]
    local: bool,
    /// Look at a machine over your own ssh, and at the records of its earlier boots
    #[arg(long, value_name = "DEST", conflicts_with_all = ["facts", "local"])]
    ssh: Option<SshDestination>,
    /// Look at many machines at once: CSV with the columns `spec`, `ssh` and, if wanted, `name`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["facts", "local", "ssh", "kubeconfig"])]
    hosts: Option<PathBuf>,
    /// Read what was kept of it: records of boots (a file, or a folder of them), its mounted root, an unpacked
    /// sosreport or must-gather
    #[arg(long, value_name = "PATH")]
    facts: Option<PathBuf>,
    /// Ask the API of the cluster that the machine is; stands alone, or beside one of the others
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if let Some(list) = &arguments.probe.hosts {
        return hosts::run(list, &arguments.given, &arguments.remote, arguments.timeout, ui);
    }
    let harvester = match arguments.harvester.then(|| harvester(arguments, ui)).transpose()? {
        None => None,
        Some(Ok(seen)) => Some(seen),
        Some(Err(exit)) => return Ok(exit),
    };
    let Some(path) = arguments.spec.as_deref() else {
        let boots = harvester.as_ref().map(|seen| judged(seen, &seen.name)).unwrap_or_default();
        let machine = harvester.map(|seen| seen.name).unwrap_or_default();
        let report = Report { schema: REPORT_SCHEMA.to_owned(), machine, regressions: Vec::new(), boots };
        return report::end(&report, &Texts::new(), arguments.report.as_deref(), ui);
    };
    let Some((manifest, texts)) = manifest(path, &arguments.given, ui)? else {
        return Ok(Exit::Input);
    };
    let cluster = match &arguments.probe.kubeconfig {
        _ if arguments.harvester => None,
        None => None,
        Some(path) => {
            let timeout = arguments.timeout.unwrap_or(kubeconfig::TIMEOUT);
            match ask_cluster(&manifest, path, timeout, ui)? {
                Ok(report) => Some(report),
                Err(exit) => return Ok(exit),
            }
        }
    };
    let mut cluster: Vec<BootReport> = cluster.into_iter().collect();
    cluster.extend(harvester.iter().flat_map(|seen| judged(seen, &manifest.machine)));
    let (boots, earlier): (Vec<(String, BootRecord)>, usize) = match &arguments.probe {
        Probe { facts: Some(path), .. } if !facts_are_the_clusters(arguments) => {
            let kept = world::facts(path, &manifest)?;
            for note in &kept.notes {
                ui.note(format!("note: {note}"));
            }
            cluster.extend(kept.cluster.map(|record| verify::judge_cluster(&manifest, &record)));
            (kept.boots, kept.earlier)
        }
        Probe { local: true, .. } => {
            let records = local(&manifest)?;
            let earlier = records.len().saturating_sub(1);
            (records.into_iter().map(|record| (record.name(), record)).collect(), earlier)
        }
        Probe { ssh: Some(destination), .. } => {
            remote::boots(destination, &manifest, &arguments.remote, arguments.timeout, ui)?
        }
        _ => (Vec::new(), 0),
    };
    let mut report = verify::judge(&manifest, &boots).with_earlier(earlier);
    report.boots.extend(cluster);
    report::end(&report, &texts, arguments.report.as_deref(), ui)
}

/// What is seen of a Harvester cluster.
fn harvester(arguments: &Arguments, ui: &mut Ui) -> Result<Result<Seen, Exit>, Failure> {
    let probe = &arguments.probe;
    if arguments.spec.is_none() && (probe.local || probe.ssh.is_some()) {
        return Err(Failure::input(
            "nobody says what the machine must be",
            "name its machine file or manifest before the options; the cluster alone needs none",
        ));
    }
    let question = Question {
        asks: &Ask::FOR_HARVESTER,
        depth: Depth::Api,
        kept: Kind::SupportBundle,
        timeout: arguments.timeout.unwrap_or(kubeconfig::TIMEOUT),
    };
    let kept = probe.facts.as_deref().filter(|_| facts_are_the_clusters(arguments));
    evidence::see(probe.kubeconfig.as_deref(), kept, &question, ui)
}

/// True if `--facts` names what was kept of a Harvester cluster, and not of a machine beside a cluster that is asked.
fn facts_are_the_clusters(arguments: &Arguments) -> bool {
    arguments.harvester && (arguments.spec.is_none() || arguments.probe.kubeconfig.is_none())
}

/// The verdicts on a Harvester cluster.
fn judged(seen: &Seen, machine: &str) -> Vec<BootReport> {
    cluster::harvester_looks(&seen.evidence).iter().map(|look| look.judge(machine)).collect()
}

/// What the cluster's API says. What cannot be asked is unknown, as is all if nobody answers.
fn ask_cluster(
    manifest: &Manifest,
    path: &Path,
    timeout: Duration,
    ui: &mut Ui,
) -> Result<Result<BootReport, Exit>, Failure> {
    if manifest.cluster.is_empty() {
        let message = format!("nothing is expected of a cluster: `{}` is none", manifest.machine);
        return Err(Failure::input(
            message,
            "leave out `--kubeconfig`, or see `cotter marker check --kubeconfig FILE`",
        ));
    }
    let api = match kubeconfig::open(path, timeout, ui)? {
        Ok(api) => api,
        Err(exit) => return Ok(Err(exit)),
    };
    let answers = api.look(&Ask::FOR_VERDICT).unwrap_or_else(|trouble| {
        Ask::FOR_VERDICT.into_iter().map(|ask| (ask, Err(trouble.clone()))).collect::<Answers>()
    });
    let record = cluster::record(&manifest.machine, &answers);
    Ok(Ok(verify::judge_cluster(manifest, &record)))
}

/// Earlier boots by their records, and this one by a look now.
fn local(manifest: &Manifest) -> Result<Vec<BootRecord>, Failure> {
    let now = world::local_record(manifest)?;
    let kept = Path::new(RECORDS);
    let mut records = if kept.is_dir() { world::records(kept).unwrap_or_default() } else { Vec::new() };
    records.retain(|record| record.boot_id != now.boot_id);
    records.push(now);
    Ok(records)
}

/// The manifest, read or planned, and the texts that its origins point into.
pub(super) fn manifest(
    path: &Path,
    given: &GivenArguments,
    ui: &mut Ui,
) -> Result<Option<(Manifest, Texts)>, Failure> {
    if path.extension().is_none_or(|extension| extension != "json") {
        let given = Given { is_installed: true, ..given.given() };
        return Ok(load::load(path, &given, ui)?.ok().map(|loaded| (loaded.plan.manifest, loaded.sources)));
    }
    let bytes = world::read_bounded(path, MAX_MANIFEST_BYTES)?;
    let refuse = |why: String| {
        let message = format!("`{}` is not a manifest: {why}", path.display());
        Failure::input(message, "name the `.manifest.json` that `cotter build` wrote, or the machine file")
    };
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|cause| refuse(cause.to_string()))?;
    if manifest.schema != MANIFEST_SCHEMA {
        return Err(refuse(format!("its schema is `{}`, not `{MANIFEST_SCHEMA}`", manifest.schema)));
    }
    Ok(Some((manifest, Texts::new())))
}
