//! Verdicts in words: what was lost first, then each boot.

use super::Ui;
use super::ui::Tone;
use super::ui::counted;
use crate::verify::BootReport;
use crate::verify::Outcome;
use crate::verify::Report;

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
        ui.line(format!("      help: {}", lost.hint));
    }
    for boot in &report.boots {
        show_boot(boot, ui);
    }
}

fn show_boot(boot: &BootReport, ui: &mut Ui) {
    let (met, differs, unknown) = boot.counts();
    let all = boot.verdicts.len();
    let verdict = match (differs, unknown) {
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
    let mut said_why: Option<&str> = None;
    for verdict in &boot.verdicts {
        match &verdict.outcome {
            Outcome::Met => {}
            Outcome::Differs { found: instead, hint } => {
                let bad = ui.toned(Tone::Bad, "differs");
                ui.line(format!(
                    "  {bad}  {}: expected {}, found {}",
                    verdict.says,
                    verdict.expected,
                    found(instead)
                ));
                ui.line(format!("           --> {}", verdict.origin));
                ui.line(format!("           help: {hint}"));
            }
            Outcome::Unknown { why } if said_why == Some(why) => {}
            Outcome::Unknown { why } => {
                said_why = Some(why);
                let same = boot.verdicts.iter().filter(|v| v.outcome == verdict.outcome).count();
                let more = if same > 1 { format!(" (and {} more)", same - 1) } else { String::new() };
                let doubtful = ui.toned(Tone::Doubtful, "unknown");
                ui.line(format!("  {doubtful}  {}{more}: {why}", verdict.says));
            }
        }
    }
    if !boot.console.is_empty() {
        ui.line(format!("  the console of `{}` ends with", boot.name));
        for line in &boot.console {
            ui.line(format!("  | {line}"));
        }
    }
}

fn found(values: &[String]) -> String {
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}
