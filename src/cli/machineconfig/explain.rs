//! `cotter machineconfig explain`: what a dump of a cluster says of its pools, nodes and updates.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use crate::cli::ui::Tone;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::machineconfig::explain;
use crate::machineconfig::explain::Explanation;
use crate::machineconfig::explain::Options;
use crate::machineconfig::explain::Remark;
use crate::machineconfig::explain::Weight;
use crate::value::parse_timestamp;
use crate::world;
use crate::world::Failure;

/// The largest file of metrics.
const MAX_METRICS_BYTES: u64 = 64 << 20;
/// How many certificates are shown to a person.
const SHOWN_CERTIFICATES: usize = 10;

/// Say what a dump of a cluster tells of its pools, nodes, updates, certificates and images
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// What `oc get … -o yaml` or `-o json` printed, a folder of that, or an unpacked must-gather; `-` for standard input
    #[arg(required_unless_present = "metrics")]
    dump: Option<PathBuf>,
    /// The operator's metrics too, as a scrape wrote them
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// How many days before its end a certificate is wrong
    #[arg(long, value_name = "N", default_value_t = 30)]
    days: u32,
    /// The time to take for now, as in `2026-11-22T10:00:00Z`, instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<u64>,
}

fn moment(text: &str) -> Result<u64, String> {
    parse_timestamp(text).ok_or_else(|| "write a time as in `2026-11-22T10:00:00Z`".to_owned())
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let metrics = match &arguments.metrics {
        Some(path) => {
            let text = world::read_input(path, MAX_METRICS_BYTES)?;
            Some(explain::explain_metrics(&path.display().to_string(), &String::from_utf8_lossy(&text)))
        }
        None => None,
    };
    let mut explanation = match &arguments.dump {
        Some(path) => {
            let (dump, troubles) = world::read_dump(path)?;
            for trouble in &troubles {
                ui.note(format!("note: {}", shown(trouble)));
            }
            if dump.is_empty() {
                let message =
                    format!("`{}` holds nothing of a cluster's machine configuration", path.display());
                let hint = "dump it with `oc get mcp,mc,nodes,machineconfignodes,controllerconfig -o yaml`, or name an unpacked must-gather";
                return Err(Failure::input(message, hint));
            }
            let now_seconds = arguments.now.unwrap_or_else(world::now_seconds);
            let mut explanation = explain::explain(&dump, Options { now_seconds, days: arguments.days });
            explanation.unread = troubles;
            explanation
        }
        None => Explanation::of_metrics(Vec::new(), Vec::new()),
    };
    if let Some((verdicts, findings)) = metrics {
        if arguments.dump.is_none() && verdicts.is_empty() {
            let message = "the metrics hold nothing of the machine-config-operator".to_owned();
            return Err(Failure::input(
                message,
                "scrape `/metrics` of the machine-config-daemon or -controller",
            ));
        }
        explanation = explanation.with_metrics(verdicts, findings);
    }
    if ui.wants_json() {
        ui.json(&explanation);
    } else {
        show(&explanation, ui);
    }
    Ok(if explanation.is_well() { Exit::Done } else { Exit::Differs })
}

fn show(explanation: &Explanation, ui: &mut Ui) {
    for pool in &explanation.pools {
        let paused = if pool.is_paused { ", paused" } else { "" };
        ui.line(format!(
            "pool {}: {}, {} updated, {} ready, {} unavailable, {} degraded{paused}",
            shown(&pool.name),
            counted(usize::try_from(pool.machines).unwrap_or_default(), "machine"),
            pool.updated,
            pool.ready,
            pool.unavailable,
            pool.degraded
        ));
        let way = match pool.wanted == pool.reached {
            true => shown(&pool.wanted),
            false => format!("{} → {}", shown(&pool.reached), shown(&pool.wanted)),
        };
        ui.line(format!("  {way}"));
    }
    for node in &explanation.nodes {
        let pool = node.pool.as_ref().map(|pool| format!(" in {}", shown(pool))).unwrap_or_default();
        let state = if node.state.is_empty() { "no state".to_owned() } else { shown(&node.state) };
        let ready = match node.is_ready {
            Some(true) => ", ready",
            Some(false) => ", not ready",
            None => "",
        };
        let cordoned = if node.is_cordoned { ", cordoned" } else { "" };
        ui.line(format!("node {}{pool}: {state}{ready}{cordoned}", shown(&node.name)));
    }
    let ending: Vec<_> = explanation.certificates.iter().take(SHOWN_CERTIFICATES).collect();
    for certificate in &ending {
        let left = match certificate.days_left {
            Some(days) if days < 0 => "ended".to_owned(),
            Some(days) => format!("{days} days left"),
            None => "no end".to_owned(),
        };
        ui.line(format!(
            "certificate {} in {}: {left} ({})",
            shown(&certificate.subject),
            shown(&certificate.bundle),
            shown(&certificate.not_after)
        ));
    }
    if explanation.certificates.len() > ending.len() {
        ui.line(format!("  and {} more that end later", explanation.certificates.len() - ending.len()));
    }
    let unused = explanation.rendered.iter().filter(|rendered| rendered.can_be_pruned == Some(true));
    for rendered in unused {
        ui.line(format!("unused {} ({})", shown(&rendered.name), shown(&rendered.created)));
    }
    for finding in &explanation.findings {
        show_finding(finding, ui);
    }
    if explanation.is_well() {
        let good = ui.toned(Tone::Good, "nothing is wrong");
        ui.line(good);
    }
}

fn show_finding(finding: &Remark, ui: &mut Ui) {
    let word = match finding.weight {
        Weight::Wrong => ui.toned(Tone::Bad, "wrong"),
        Weight::Notice => ui.toned(Tone::Faint, "notice"),
    };
    ui.line(format!("{word}  {}: {}", shown(&finding.about), shown(&finding.what)));
    if let Some(origin) = &finding.origin {
        ui.line(format!("       --> {origin}"));
    }
    if !finding.next.is_empty() {
        ui.line(format!("       help: {}", shown(&finding.next)));
    }
}
