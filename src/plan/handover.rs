//! What a cluster's operator is given for a pool of machines.

use std::collections::BTreeMap;

use super::Output;

/// Objects of a cluster, for the operator that configures a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The pool.
    pub role: String,
    /// The version of OpenShift whose rules hold.
    pub openshift: String,
    /// What is to be known besides, a sentence each.
    pub notes: Vec<String>,
    /// What is written, by file name.
    pub files: BTreeMap<String, Output>,
}
