//! `cotter check`: all findings about a machine file, each at its place; and the rules they come from.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::Exit;
use super::Ui;
use super::load;
use super::load::BaseArguments;
use super::load::GivenArguments;
use crate::document::Diagnostic;
use crate::document::Rule;
use crate::document::Severity;
use crate::harvester;
use crate::image::Replace;
use crate::target;
use crate::world;
use crate::world::Failure;
use crate::world::Given;
use crate::world::Sources;

/// Say everything that is wrong with a machine file
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file, a Butane file, or a config for Harvester's installer
    #[arg(required_unless_present = "rules")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    given: GivenArguments,
    #[command(flatten)]
    base: BaseArguments,
    /// Read the file as this, whatever its keys say
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,
    /// Make warnings errors
    #[arg(long)]
    strict: bool,
    /// Print every rule: what it refuses, why, and an example
    #[arg(long)]
    rules: bool,
}

/// What a file may be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A machine file
    Machine,
    /// A Butane file
    Butane,
    /// A config for Harvester's installer
    Harvester,
}

impl Kind {
    /// What a file is by its keys.
    fn of(spec: &Path) -> Result<Self, Failure> {
        if load::is_butane(spec)? {
            return Ok(Self::Butane);
        }
        let is_harvester = harvester::is_harvester_config(&world::read_spec(spec)?.text);
        Ok(if is_harvester { Self::Harvester } else { Self::Machine })
    }
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let Some(spec) = arguments.spec.as_ref().filter(|_| !arguments.rules) else {
        let rules = match arguments.kind {
            Some(Kind::Harvester) => harvester::harvester_rules(),
            _ => target::rules(),
        };
        show_rules(&rules, ui);
        return Ok(Exit::Done);
    };
    let given = arguments.given.given_on(&arguments.base);
    let kind = match arguments.kind {
        Some(kind) => kind,
        None => Kind::of(spec)?,
    };
    let (findings, sources) = match kind {
        Kind::Butane => {
            let translated = world::translate_butane(spec, None, &given)?;
            (translated.findings, translated.sources)
        }
        Kind::Harvester => harvester_config(spec)?,
        Kind::Machine => machine(spec, &arguments.base, &given, ui)?,
    };
    if ui.wants_json() {
        ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": findings}));
    } else {
        ui.findings(&findings, &sources);
    }
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    if has_errors || (arguments.strict && !findings.is_empty()) {
        return Ok(Exit::Input);
    }
    if findings.is_empty() {
        ui.note(format!("{}: nothing is wrong", spec.display()));
    }
    Ok(Exit::Done)
}

/// All findings about a config for Harvester's installer.
fn harvester_config(spec: &Path) -> Result<(Vec<Diagnostic>, Sources), Failure> {
    let spec = world::read_spec(spec)?;
    let findings = harvester::check_harvester(&spec.name, &spec.text, None).sorted();
    Ok((findings, Sources::from([(spec.name, spec.text)])))
}

/// All findings about a machine file; if nothing is wrong with it, also about the base image beside it.
fn machine(
    spec: &Path,
    base: &BaseArguments,
    given: &Given,
    ui: &mut Ui,
) -> Result<(Vec<Diagnostic>, Sources), Failure> {
    if base.base.is_none() {
        let checked = world::check_machine(spec, given)?;
        return Ok((checked.findings.sorted(), checked.sources));
    }
    let planned = world::plan_machine(spec, given, &mut |line| ui.happening(line))?;
    let mut findings = planned.findings;
    if let Some((machine, plan)) = &planned.machine {
        let base = load::base_image(base, machine, &planned.spec.folder, ui)?;
        let (more, _) = load::fitting(&base, machine, plan, Replace::Yes)?;
        findings.extend(more.sorted());
    }
    Ok((findings, planned.sources))
}

/// Prints rules: what each refuses, why, and an example.
pub(super) fn show_rules(rules: &[&Rule], ui: &mut Ui) {
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
