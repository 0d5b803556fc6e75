//! The verdict on many machines.

use serde::Serialize;

use super::Outcome;
use super::Report;

/// The version of the format of a report on many machines.
pub const HOSTS_REPORT_SCHEMA: &str = "cotter.dev/hosts-report/1";

/// The verdict on many machines.
#[derive(Clone, Debug, Serialize)]
pub struct HostsReport {
    /// Always [`HOSTS_REPORT_SCHEMA`].
    pub schema: String,
    /// How many there are of each kind.
    pub counts: HostCounts,
    /// Each machine, in the order of the list.
    pub hosts: Vec<HostReport>,
}

/// How many machines there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HostCounts {
    /// All of them.
    pub hosts: usize,
    /// Everything is as expected.
    pub met: usize,
    /// Something is not.
    pub differs: usize,
    /// Something could not be seen.
    pub unknown: usize,
    /// Nobody answered.
    pub unreachable: usize,
}

/// The verdict on one of many machines.
#[derive(Clone, Debug, Serialize)]
pub struct HostReport {
    /// What it is called in the list.
    pub name: String,
    /// Where ssh looked for it.
    pub ssh: String,
    /// All in all.
    pub outcome: HostOutcome,
    /// Why it was not seen, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The verdicts; none if nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// What became of a machine, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HostOutcome {
    /// Everything is as expected.
    Met,
    /// Something is not.
    Differs,
    /// Something could not be seen, and nothing is known to differ.
    Unknown,
    /// Nobody answered.
    Unreachable,
}

impl HostCounts {
    /// Counts one more machine.
    pub fn add(&mut self, outcome: HostOutcome) {
        self.hosts += 1;
        *match outcome {
            HostOutcome::Met => &mut self.met,
            HostOutcome::Differs => &mut self.differs,
            HostOutcome::Unknown => &mut self.unknown,
            HostOutcome::Unreachable => &mut self.unreachable,
        } += 1;
    }
}

impl HostOutcome {
    /// What a report comes to.
    pub fn of(report: &Report) -> Self {
        let mut verdicts = report.boots.iter().flat_map(|boot| &boot.verdicts);
        if verdicts.any(|verdict| matches!(verdict.outcome, Outcome::Differs { .. })) {
            Self::Differs
        } else if report.all_met() {
            Self::Met
        } else {
            Self::Unknown
        }
    }
}
