//! What is wrong with a MachineConfig or with what comes of several, and what to do next.

use crate::document::Origin;

/// One thing that the operator would refuse, or would fail at on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The MachineConfig it is about, if it is about one.
    pub config: Option<String>,
    /// Where that MachineConfig was written, if it came from a file.
    pub origin: Option<Origin>,
    /// What is wrong: a fragment without a period, the user's words in backticks.
    pub what: String,
    /// The next step.
    pub next: String,
}

impl Problem {
    /// A problem that is about no single MachineConfig.
    pub(super) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { config: None, origin: None, what: what.into(), next: next.into() }
    }

    /// The same problem, said of the MachineConfig `name` that was written at `origin`.
    pub(super) fn of(self, name: &str, origin: Option<&Origin>) -> Self {
        Self { config: Some(name.to_owned()), origin: origin.cloned(), ..self }
    }
}
