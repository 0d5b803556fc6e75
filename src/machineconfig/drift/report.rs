//! Facts in, verdict out: all that drifted, and what the operator would say of it.

use serde::Serialize;

use super::Wanted;
use super::expect;
use super::operator_stops_at;
use crate::machineconfig::Rules;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::Expectation;
use crate::verify::Life;
use crate::verify::MANIFEST_SCHEMA;
use crate::verify::Manifest;
use crate::verify::Outcome;
use crate::verify::Report;
use crate::verify::SpecDigest;

/// The version of the format.
pub const DRIFT_SCHEMA: &str = "cotter.dev/drift/1";

/// What drifted on one or several nodes.
#[derive(Clone, Debug, Serialize)]
pub struct DriftReport {
    /// Always [`DRIFT_SCHEMA`].
    pub schema: &'static str,
    /// The version of OpenShift whose operator's rules hold.
    pub openshift: String,
    /// The nodes, in the order they were found.
    pub nodes: Vec<NodeDrift>,
}

/// What drifted on a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeDrift {
    /// What the node is called.
    pub node: String,
    /// The rendered MachineConfig it is held against.
    pub config: String,
    /// What the operator would say, and stop at; nothing if it would find nothing.
    pub operator_stops_at: Option<String>,
    /// What the operator would have looked at before, and nobody could look at here.
    pub operator_doubt: Option<String>,
    /// Everything.
    pub report: Report,
}

/// What to look at on a node, for whoever looks.
pub fn questions(wanted: &Wanted, node: &str) -> Manifest {
    manifest(wanted, node, expect::questions(wanted))
}

/// Judges what was seen of a node.
pub fn judge(wanted: &Wanted, node: &str, record: &BootRecord, rules: &Rules) -> NodeDrift {
    // What the node calls itself, and in which life, is nothing that its MachineConfig decides.
    let record = BootRecord { machine: node.to_owned(), life: Life::AfterMco, ..record.clone() };
    let stop = operator_stops_at(wanted, &record, rules);
    let manifest = manifest(wanted, node, expect::expectations(wanted, &record));
    let report = verify::judge(&manifest, &[(node.to_owned(), record)]);
    NodeDrift {
        node: node.to_owned(),
        config: wanted.name.clone(),
        operator_stops_at: stop.words,
        operator_doubt: stop.doubt,
        report: condensed(report),
    }
}

fn manifest(wanted: &Wanted, node: &str, expectations: Vec<Expectation>) -> Manifest {
    Manifest {
        schema: MANIFEST_SCHEMA.to_owned(),
        machine: node.to_owned(),
        target: "machineconfig".to_owned(),
        spec: SpecDigest { file: wanted.origin.file.clone(), sha256: wanted.digest.clone() },
        patience_seconds: 0,
        expectations,
        cluster: Vec::new(),
    }
}

/// The same report without what follows from another finding: of a file that is not there, or is something else,
/// neither mode nor owner nor contents are worth a line.
fn condensed(mut report: Report) -> Report {
    for boot in &mut report.boots {
        let missing: Vec<String> = boot
            .verdicts
            .iter()
            .filter(|verdict| matches!(verdict.outcome, Outcome::Differs { .. }))
            .filter_map(|verdict| verdict.subject.strip_suffix("/kind").map(str::to_owned))
            .collect();
        boot.verdicts.retain(|verdict| {
            let (path, property) = verdict.subject.rsplit_once('/').unwrap_or_default();
            verdict.outcome == Outcome::Met
                || property == "kind"
                || !missing.iter().any(|known| known == path)
        });
    }
    report
}

impl NodeDrift {
    /// How many things are as they should be, differ, and are unknown.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.report.boots.first().map(verify::BootReport::counts).unwrap_or_default()
    }
}
