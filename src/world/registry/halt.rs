//! Why a copy stopped: whose matter it is decides what is tried next.

use super::super::Failure;
use crate::images::Trouble;
use crate::images::TroubleKind;

/// Why a copy stopped.
#[derive(Debug)]
pub(super) enum Halt {
    /// The place that it comes from: another may have it.
    Source(Trouble),
    /// The place that it goes to.
    Target(Trouble),
    /// This machine: nothing more can be done.
    Own(Failure),
}

impl Halt {
    /// True if it may go well the next time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Source(trouble) | Self::Target(trouble) => {
                matches!(trouble.kind, TroubleKind::Broken | TroubleKind::Timeout)
            }
            Self::Own(_) => false,
        }
    }
}
