//! Verdicts in words, and as files; `cotter report`: both of a report that was kept.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::ui::Tone;
use super::ui::counted;
use super::ui::shown;
use crate::report;
use crate::report::Texts;
use crate::verify::BootReport;
use crate::verify::Outcome;
use crate::verify::REPORT_SCHEMA;
use crate::verify::Report;
use crate::verify::Verdict;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// The largest report that is read.
const MAX_REPORT_BYTES: u64 = 64 << 20;

/// Show a report that was kept, or write it anew as a page and for programs
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report.json that `--report`, or `--format json`, of `cotter test` or `cotter verify` wrote
    report: PathBuf,
    /// The machine file, to quote its lines
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Put report.html, junit.xml and report.json into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let report = read(&arguments.report)?;
    let spec = arguments.spec.as_deref().map(world::read_spec).transpose()?;
    let texts = spec.map(|spec| (spec.name, spec.text)).into_iter().collect();
    end(&report, &texts, arguments.output.as_deref(), ui)
}

/// Keeps a report in a folder, if one is named, and says what is in it.
pub(super) fn end(
    report: &Report,
    texts: &Texts,
    folder: Option<&Path>,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    if let Some(folder) = folder {
        keep(report, texts, folder)?;
    }
    if ui.wants_json() {
        ui.json(report);
    } else {
        show(report, ui);
    }
    Ok(if report.all_met() { Exit::Done } else { Exit::Differs })
}

fn read(path: &Path) -> Result<Report, Failure> {
    let bytes = world::read_bounded(path, MAX_REPORT_BYTES)?;
    let refuse = |why: String| {
        let message = format!("`{}` is not a report: {}", path.display(), shown(&why));
        Failure::input(
            message,
            "name the report.json that `cotter test --report` or `cotter verify --report` wrote",
        )
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|cause| refuse(cause.to_string()))?;
    let report: Report =
        serde_json::from_value(printable(json)).map_err(|cause| refuse(cause.to_string()))?;
    if report.schema != REPORT_SCHEMA {
        return Err(refuse(format!("its schema is `{}`, not `{REPORT_SCHEMA}`", report.schema)));
    }
    Ok(report)
}

/// The same without control characters: who wrote the report must not drive the terminal.
fn printable(json: serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::String(text) => shown(&text).into(),
        serde_json::Value::Array(values) => values.into_iter().map(printable).collect(),
        serde_json::Value::Object(values) => {
            values.into_iter().map(|(key, value)| (key, printable(value))).collect()
        }
        other => other,
    }
}

/// Writes a report into a folder: for programs as it is and as JUnit XML, for people as a page.
pub(super) fn keep(report: &Report, texts: &Texts, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
    let json = serde_json::to_vec_pretty(report).unwrap_or_default();
    let files = [
        ("report.json", json),
        ("junit.xml", report::junit(report).into_bytes()),
        ("report.html", report::html(report, texts).into_bytes()),
    ];
    for (name, bytes) in files {
        world::write_file(&folder.join(name), &bytes, Existing::Replace, 0o644)?;
    }
    Ok(())
}

/// How many expectations with the same outcome are named; the rest is counted.
const MAX_NAMED: usize = 20;
/// The most of a machine's words that is shown at once, in characters.
const MAX_SHOWN: usize = 2048;

/// Prints what was lost across reboots, and a line for each boot with what is not met.
pub(super) fn show(report: &Report, ui: &mut Ui) {
    for lost in &report.regressions {
        let bad = ui.toned(Tone::Bad, "LOST");
        let found = found(&lost.found);
        ui.line(format!(
            "{bad}  {} lost: met in `{}`, not in `{}`, which has {found}",
            lost.says, lost.met_in, lost.lost_in
        ));
        ui.line(format!("      --> {}", lost.origin));
        ui.line(format!("      help: {}", clipped(&lost.hint)));
    }
    for boot in &report.boots {
        show_boot(boot, ui);
    }
}

fn show_boot(boot: &BootReport, ui: &mut Ui) {
    let (met, differs, unknown) = boot.counts();
    let all = boot.verdicts.len();
    let verdict = match (differs, unknown) {
        (0, 0) if all == 0 => ui.toned(Tone::Doubtful, "nothing is expected of this life"),
        (0, 0) => ui.toned(Tone::Good, &format!("{met} of {all} met")),
        (0, unknown) => ui.toned(Tone::Doubtful, &format!("{met} of {all} met, {unknown} unknown")),
        (differs, 0) => {
            ui.toned(Tone::Bad, &format!("{met} of {all} met, {}", counted(differs, "difference")))
        }
        (differs, unknown) => ui.toned(
            Tone::Bad,
            &format!("{met} of {all} met, {}, {unknown} unknown", counted(differs, "difference")),
        ),
    };
    let id: String = boot.boot_id.chars().take(8).collect();
    let which = if id.is_empty() { String::new() } else { format!(", boot {id}") };
    let details = ui.toned(Tone::Faint, &format!("({}{which})", boot.life));
    ui.line(format!("{:9} {verdict}  {details}", boot.name));
    for alike in alike(&boot.verdicts) {
        show_alike(&alike, ui);
    }
    for note in &boot.notes {
        ui.line(format!("  {}", clipped(note)));
    }
    if !boot.console.is_empty() {
        ui.line(format!("  the console of `{}` ends with", boot.name));
        for line in &boot.console {
            ui.line(format!("  | {line}"));
        }
    }
}

/// Verdicts with the same outcome, in the order in which each outcome came first: a server that is not there is one
/// thing to say, not two hundred.
fn alike(verdicts: &[Verdict]) -> Vec<Vec<&Verdict>> {
    let mut groups: Vec<Vec<&Verdict>> = Vec::new();
    let mut known: HashMap<&Outcome, usize> = HashMap::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.outcome != Outcome::Met) {
        let group = *known.entry(&verdict.outcome).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(group) {
            group.push(verdict);
        }
    }
    groups
}

/// Prints verdicts with the same outcome.
fn show_alike(verdicts: &[&Verdict], ui: &mut Ui) {
    let rest = verdicts.len().saturating_sub(MAX_NAMED);
    match verdicts.first().map(|first| &first.outcome) {
        Some(Outcome::Differs { found: instead, hint }) => {
            let bad = ui.toned(Tone::Bad, "differs");
            for verdict in verdicts.iter().take(MAX_NAMED) {
                let (says, expected) = (&verdict.says, &verdict.expected);
                ui.line(format!("  {bad}  {says}: expected {expected}, found {}", found(instead)));
                ui.line(format!("           --> {}", verdict.origin));
            }
            if rest > 0 {
                ui.line(format!("  {bad}  {rest} more with the same; `--format json` has all"));
            }
            ui.line(format!("           help: {}", clipped(hint)));
        }
        Some(Outcome::Unknown { why }) => {
            let doubtful = ui.toned(Tone::Doubtful, "unknown");
            let says = verdicts.first().map(|first| first.says.as_str()).unwrap_or_default();
            let more = if verdicts.len() > 1 {
                format!(" (and {} more)", verdicts.len() - 1)
            } else {
                String::new()
            };
            ui.line(format!("  {doubtful}  {says}{more}: {}", clipped(why)));
        }
        Some(Outcome::Met) | None => {}
    }
}

fn found(values: &[String]) -> String {
    if values.is_empty() { "none".to_owned() } else { clipped(&values.join(", ")) }
}

/// A machine's words, but not without end: the kernel's command line fits.
fn clipped(text: &str) -> String {
    let mut letters = text.char_indices().skip(MAX_SHOWN);
    match letters.next() {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
        None => text.to_owned(),
    }
}
