//! Rehearsed boots, judged: what a scenario took away is left out, and what shows nothing is unknown.

use super::Ui;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::rehearsal::is_left_out;
use crate::rehearsal::shows_nothing;
use crate::spec::Machine;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::BootReport;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Outcome;
use crate::verify::Report;
use crate::verify::Verdict;
use crate::world::Boot;

/// What boots are judged by.
pub(super) struct Judging<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) machine: &'a Machine,
    pub(super) presented: &'a VirtualMachine,
}

impl Judging<'_> {
    /// Judges what was reported; a boot without a report has everything unknown.
    pub(super) fn judge(&self, boots: &[Boot], ui: &mut Ui) -> Report {
        let records: Vec<(String, BootRecord)> =
            boots.iter().map(|boot| (boot.name.clone(), self.record(boot))).collect();
        let mut report = verify::judge(self.manifest, &records);
        let before =
            boots.iter().find(|boot| boot.scenario == Scenario::Install && boot.life == Life::FirstBoot);
        let before = before.and_then(|boot| boot.record.as_ref().ok());
        for (boot, judged) in boots.iter().zip(&mut report.boots) {
            let left_out = self.left_out(boot.scenario);
            let is_out =
                |subject: &str, says: &str| left_out.iter().any(|(s, w)| *s == subject && *w == says);
            let count = judged.verdicts.len();
            judged.verdicts.retain(|verdict| !is_out(&verdict.subject, &verdict.says));
            report.regressions.retain(|lost| {
                lost.lost_in != boot.name || !left_out.iter().any(|(_, says)| *says == lost.says)
            });
            if judged.verdicts.len() < count {
                let says: Vec<&str> = left_out.iter().map(|(_, says)| *says).collect();
                ui.note(format!("{}: not judged, for it was taken away: {}", boot.name, says.join(", ")));
            }
            if let (Some(before), Ok(after)) = (before, &boot.record)
                && let Some(why) = shows_nothing(boot.scenario, self.machine, before, after)
            {
                judged.verdicts.push(self.unknown(boot.scenario, why));
            }
            if judged.verdicts.iter().any(|verdict| verdict.outcome != Outcome::Met) || boot.record.is_err() {
                judged.console.clone_from(&boot.last_lines);
            }
        }
        report
    }

    fn record(&self, boot: &Boot) -> BootRecord {
        match &boot.record {
            Ok(record) => record.clone(),
            Err(why) => {
                let id = format!("none: {}", boot.name);
                BootRecord::unknown(&self.manifest.machine, &id, boot.life, why)
            }
        }
    }

    /// The subjects that are not asked for in this scenario, and what a person calls them.
    fn left_out(&self, scenario: Scenario) -> Vec<(&str, &str)> {
        let expectations = self.manifest.expectations.iter();
        expectations
            .filter(|expectation| is_left_out(expectation, scenario, self.machine, self.presented))
            .map(|expectation| (expectation.subject.as_str(), expectation.says.as_str()))
            .collect()
    }

    /// A boot that has shown nothing is no pass.
    fn unknown(&self, scenario: Scenario, why: String) -> Verdict {
        let port = self.machine.network.nics.first().map(|nic| &nic.origin);
        let install = self.machine.install.as_ref().map(|install| &install.origin);
        Verdict {
            says: format!("that `{scenario}` was put to the test"),
            subject: format!("rehearsal/{scenario}"),
            expected: "yes".to_owned(),
            outcome: Outcome::Unknown { why },
            origin: port.or(install).unwrap_or(&self.machine.name.origin).clone(),
        }
    }
}

/// One report of all rounds; a boot is compared with those of its own round.
pub(super) fn together(rounds: Vec<(Vec<Boot>, Report)>, manifest: &Manifest) -> (Vec<Boot>, Report) {
    let mut whole = verify::judge(manifest, &[]);
    let mut all = Vec::new();
    for (boots, report) in rounds {
        all.extend(boots);
        whole.regressions.extend(report.regressions);
        whole.boots.extend(report.boots);
    }
    (all, whole)
}

/// Boots down, firmware across.
pub(super) fn table(rounds: &[(Vec<Boot>, Report)]) -> Vec<String> {
    let cell = |boot: &Boot, judged: &BootReport| {
        let (met, differs, unknown) = judged.counts();
        let all = met + differs + unknown;
        format!("{:28}", format!("{}  {met} of {all} met, {:.0} s", boot.name, boot.seconds))
    };
    let rows = rounds.iter().map(|(boots, _)| boots.len()).max().unwrap_or(0);
    let row = |index: usize| {
        let cells = rounds.iter().map(|(boots, report)| {
            let both = boots.get(index).zip(report.boots.get(index));
            both.map_or_else(|| " ".repeat(28), |(boot, judged)| cell(boot, judged))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    (0..rows).map(row).collect()
}
