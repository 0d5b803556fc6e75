//! Verdicts in words: what was lost first, then each boot.

use super::Ui;
use super::ui::Tone;
use super::ui::counted;
use crate::verify::BootReport;
use crate::verify::Outcome;
use crate::verify::Report;

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
                ui.line(format!("           help: {}", clipped(hint)));
            }
            Outcome::Unknown { why } if said_why == Some(why) => {}
            Outcome::Unknown { why } => {
                said_why = Some(why);
                let same = boot.verdicts.iter().filter(|v| v.outcome == verdict.outcome).count();
                let more = if same > 1 { format!(" (and {} more)", same - 1) } else { String::new() };
                let doubtful = ui.toned(Tone::Doubtful, "unknown");
                ui.line(format!("  {doubtful}  {}{more}: {}", verdict.says, clipped(why)));
            }
        }
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
