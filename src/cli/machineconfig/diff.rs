//! `cotter machineconfig diff`: what differs between MachineConfigs, decoded.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Exit;
use super::Ui;
use super::configs_at;
use super::rules_of;
use super::tell;
use crate::cli::ui::Tone;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::change::How;
use crate::machineconfig::difference;
use crate::machineconfig::difference::Blob;
use crate::machineconfig::difference::Detail;
use crate::machineconfig::difference::Difference;
use crate::world::Failure;

/// Show what differs between MachineConfigs: files and units as text, secrets never
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A file or folder of MachineConfigs, rendered or not; `-` for standard input
    old: PathBuf,
    /// What to compare with; of several, each is compared with the one of its name
    new: PathBuf,
    /// End with 1 if anything differs
    #[arg(long)]
    exit_code: bool,
    /// Put the MachineConfigs of this pool together first, and compare what comes of them
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    /// The version of OpenShift whose operator's rules hold for `--pool`
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let rules = rules_of(&arguments.openshift)?;
    let mut problems = Vec::new();
    let mut sides = Vec::new();
    for path in [&arguments.old, &arguments.new] {
        sides.push(read(path, arguments.pool.as_deref(), rules, &mut problems)?);
    }
    if !problems.is_empty() {
        tell(&problems, ui);
        return Ok(Exit::Input);
    }
    let (old, new) = match sides.as_slice() {
        [old, new] => (old, new),
        _ => return Err(Failure::bug("two sides are compared")),
    };
    let differences = difference::compare(old, new);
    if ui.wants_json() {
        ui.json(&json!({
            "schema": "cotter.dev/machineconfig-diff/1",
            "old": arguments.old.display().to_string(),
            "new": arguments.new.display().to_string(),
            "differs": !differences.is_empty(),
            "differences": differences.iter().map(Difference::to_value).collect::<Vec<_>>(),
        }));
    } else {
        for difference in &differences {
            show(difference, ui);
        }
        ui.note(match differences.len() {
            0 => "nothing differs".to_owned(),
            count => counted(count, "difference"),
        });
    }
    Ok(if arguments.exit_code && !differences.is_empty() { Exit::Differs } else { Exit::Done })
}

fn read(
    path: &Path,
    pool: Option<&str>,
    rules: &Rules,
    problems: &mut Vec<Problem>,
) -> Result<Vec<MachineConfig>, Failure> {
    let (configs, wrong) = configs_at(path)?;
    problems.extend(wrong);
    if configs.is_empty() && problems.is_empty() {
        return Err(Failure::input(
            format!("`{}` holds no MachineConfig", path.display()),
            "name a file or folder of MachineConfigs",
        ));
    }
    let Some(pool) = pool else { return Ok(configs) };
    match machineconfig::render(&configs, pool, rules) {
        Ok(rendered) => Ok(vec![difference::as_config(&rendered)]),
        Err(wrong) => {
            problems.extend(wrong);
            Ok(Vec::new())
        }
    }
}

fn show(difference: &Difference, ui: &mut Ui) {
    let (sign, tone) = match difference.how {
        How::Added => ('+', Tone::Good),
        How::Removed => ('-', Tone::Bad),
        How::Updated => ('~', Tone::Doubtful),
    };
    let name = match difference.name.as_str() {
        "" => difference.kind.to_owned(),
        name => format!("{} {name}", difference.kind),
    };
    let head = shown(&format!("{sign} {}: {name} {}", difference.config, difference.how.word()));
    let head = ui.toned(tone, &head);
    ui.line(head);
    for detail in &difference.details {
        match detail {
            Detail::Line { key, old, new } => ui.line(shown(&format!("  {key}: {}", between(old, new)))),
            Detail::Text { unified } => hunks(unified, ui),
            Detail::Binary { old, new } => {
                let said = |blob: &Option<Blob>| {
                    blob.as_ref().map(|blob| format!("{} bytes, sha256 {}", blob.size, blob.sha256))
                };
                ui.line(format!("  contents, which are no text: {}", between(&said(old), &said(new))));
            }
            Detail::Secret => ui.line("  contents differ, and hold a secret that is not shown"),
        }
    }
}

fn between(old: &Option<String>, new: &Option<String>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{old} -> {new}"),
        (Some(old), None) => format!("{old} -> not there"),
        (None, Some(new)) => new.clone(),
        (None, None) => String::new(),
    }
}

fn hunks(unified: &str, ui: &mut Ui) {
    for line in unified.lines() {
        // Tabs are part of many files, and do no harm.
        let plain: Vec<String> = line.split('\t').map(shown).collect();
        let plain = format!("  {}", plain.join("\t"));
        let line = match line.chars().next() {
            Some('+') => ui.toned(Tone::Good, &plain),
            Some('-') => ui.toned(Tone::Bad, &plain),
            Some('@') => ui.toned(Tone::Faint, &plain),
            _ => plain,
        };
        ui.line(line);
    }
}
