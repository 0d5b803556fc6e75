//! `cotter machineconfig lint`: all findings about objects of machine configuration, and the rules they come from.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use crate::document::Rule;
use crate::document::Severity;
use crate::machineconfig;
use crate::machineconfig::Rules;
use crate::world;
use crate::world::Failure;
use crate::world::Sources;

/// Of a larger file, findings are shown without their lines.
const MAX_SHOWN_BYTES: usize = 4 << 20;

/// Say everything that is wrong with objects of machine configuration, each for itself and together
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Files or folders of objects, as written or as `oc get -o yaml` prints them; `-` for standard input
    #[arg(required_unless_present = "rules", value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// The version of OpenShift whose operator's rules hold; else what an object of the cluster says, or 4.19
    #[arg(long, value_name = "VERSION")]
    openshift: Option<String>,
    /// Make warnings errors
    #[arg(long)]
    strict: bool,
    /// Print every rule: what it refuses, why, and an example
    #[arg(long)]
    rules: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.rules {
        print_rules(&machineconfig::lint_rules(), ui);
        return Ok(Exit::Done);
    }
    let mut texts = Vec::new();
    for path in &arguments.paths {
        for (name, text) in world::read_cluster_objects(path)? {
            // What lies in a folder is named within it.
            let name = if path.is_dir() { path.join(name).display().to_string() } else { name };
            texts.push((name, text));
        }
    }
    let linted = machineconfig::lint(&texts, arguments.openshift.as_deref())
        .map_err(|problem| Failure::input(problem.what, problem.next))?;
    if linted.objects == 0 && linted.findings.is_empty() {
        return Err(Failure::input(
            "there is no object of machine configuration",
            "name files with MachineConfigs, KubeletConfigs and the like, or folders of such",
        ));
    }
    if ui.wants_json() {
        ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": linted.findings}));
    } else {
        let shown = texts.into_iter().filter(|(_, text)| text.len() <= MAX_SHOWN_BYTES);
        ui.findings(&linted.findings, &shown.collect::<Sources>());
    }
    let counts = |severity| linted.findings.iter().any(|finding| finding.severity == severity);
    match (&linted.said_by, &arguments.openshift) {
        (Some(by), _) => ui.note(format!("OpenShift {}, as {by} says", linted.openshift)),
        (None, None) if linted.openshift == Rules::default_version() => {
            ui.note(format!("OpenShift {}; `--openshift` says another version", linted.openshift));
        }
        _ => {}
    }
    if counts(Severity::Error) || (arguments.strict && counts(Severity::Warning)) {
        return Ok(Exit::Input);
    }
    if linted.findings.is_empty() {
        ui.note(format!("{} objects: nothing is wrong", linted.objects));
    }
    Ok(Exit::Done)
}

fn print_rules(rules: &[&Rule], ui: &mut Ui) {
    if ui.wants_json() {
        let row = |rule: &&Rule| serde_json::json!({"name": rule.name, "refuses": rule.refuses, "why": rule.why, "example": rule.example});
        ui.json(&serde_json::json!({"schema": "cotter.dev/rules/1", "rules": rules.iter().map(row).collect::<Vec<_>>()}));
        return;
    }
    for rule in rules {
        ui.line(rule.name);
        ui.line(format!("  refuses  {}", rule.refuses));
        ui.line(format!("  why      {}", rule.why));
        ui.line(format!("  as in    {}", rule.example));
    }
}
