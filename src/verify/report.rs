//! The verdict on a machine over its boots.

use serde::Deserialize;
use serde::Serialize;

use super::Life;
use crate::document::Origin;

/// The version of the report's format.
pub const REPORT_SCHEMA: &str = "cotter.dev/report/1";

/// The verdict on one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`REPORT_SCHEMA`].
    pub schema: String,
    /// The machine's name.
    pub machine: String,
    /// What was true in one boot and no longer is in a later one. To be said first.
    pub regressions: Vec<Regression>,
    /// The boots, in the order they were given.
    pub boots: Vec<BootReport>,
}

/// The verdicts of one boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootReport {
    /// What the boot is called: a scenario's name, or the life.
    pub name: String,
    /// The kernel's boot id; empty for a look at the cluster.
    pub boot_id: String,
    /// The life it belongs to.
    pub life: Life,
    /// Whether it is over: its record tells what was, and what was lost since, and does not decide.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_earlier: bool,
    /// When its record was written, in seconds since 1970 by the machine's clock; 0 if that is not known.
    #[serde(default)]
    pub time_seconds: u64,
    /// How long after boot that was, in seconds.
    #[serde(default)]
    pub uptime_seconds: u64,
    /// The last lines on its console, where they tell why it is not as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub console: Vec<String>,
    /// What else is good to know, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// One verdict an expectation of this life.
    pub verdicts: Vec<Verdict>,
}

/// What came of one expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What a person calls it.
    pub says: String,
    /// The subject's key.
    pub subject: String,
    /// What was expected.
    pub expected: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The line that asked for it.
    pub origin: Origin,
}

/// Met, differs or unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It is as expected.
    Met,
    /// It is not.
    Differs {
        /// What was found instead; nothing if nothing was.
        found: Vec<String>,
        /// What to look at next.
        hint: String,
    },
    /// Nobody could look.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// Something that was true in one boot and no longer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regression {
    /// What a person calls it.
    pub says: String,
    /// The boot in which it last held.
    pub met_in: String,
    /// The boot in which it does not.
    pub lost_in: String,
    /// What was found instead.
    pub found: Vec<String>,
    /// What to look at next.
    pub hint: String,
    /// The line that asked for it.
    pub origin: Origin,
}

impl BootReport {
    /// How many expectations are met, differ and are unknown.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.verdicts.iter().fold((0, 0, 0), |(met, differs, unknown), verdict| match verdict.outcome {
            Outcome::Met => (met + 1, differs, unknown),
            Outcome::Differs { .. } => (met, differs + 1, unknown),
            Outcome::Unknown { .. } => (met, differs, unknown + 1),
        })
    }
}

impl Report {
    /// True if every expectation is met in every boot that decides, nothing was lost in one, and something was
    /// expected of the last: a machine that says it is in a life of which nothing is expected has shown nothing.
    pub fn all_met(&self) -> bool {
        let met = |boot: &BootReport| boot.verdicts.iter().all(|verdict| verdict.outcome == Outcome::Met);
        let is_over =
            |lost: &Regression| self.boots.iter().any(|boot| boot.is_earlier && boot.name == lost.lost_in);
        // A look at the cluster has no boot id, and stands beside the boots.
        let mut newest_first = self.boots.iter().rev();
        let last = newest_first.find(|boot| !boot.boot_id.is_empty()).or(self.boots.last());
        last.is_some_and(|boot| !boot.is_earlier && !boot.verdicts.is_empty())
            && self.boots.iter().filter(|boot| !boot.is_earlier).all(met)
            && self.regressions.iter().all(is_over)
    }

    /// The same with the first `count` boots as what was before: a machine that was mended is as it should be.
    pub fn with_earlier(mut self, count: usize) -> Self {
        self.boots.iter_mut().take(count).for_each(|boot| boot.is_earlier = true);
        self
    }
}
