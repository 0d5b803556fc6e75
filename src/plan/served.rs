//! What another system's own installer reads.

use std::collections::BTreeMap;

use super::Output;

/// What Harvester's installer reads, and what its live system is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The release, if it is named.
    pub version: Option<String>,
    /// Kernel arguments for the live system on the installer's ISO.
    pub iso_arguments: String,
    /// What is done with those arguments, if they are not put onto the ISO.
    pub by_hand: String,
    /// What is to be known besides, a sentence each.
    pub notes: Vec<String>,
    /// What is written, by file name.
    pub files: BTreeMap<String, Output>,
}
