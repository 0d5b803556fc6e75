//! What a dump of a cluster says of its machine configuration: pools, nodes, phases of updates, certificates, boot
//! images, rendered MachineConfigs that nobody uses, images that were built, and the operator's metrics.
//!
//! A [`Dump`] takes objects one by one and keeps the little of each that matters; [`explain`] looks at all of it.
//!
//! To explain another kind of object:
//! 1. let [`Dump::take`] keep it, by its group and kind, and [`matters`] let its files of a must-gather through;
//! 2. write a file beside this one that says what is wrong with it, and call it in [`explain`];
//! 3. give it to `docs/schemas/machineconfig-explain-1.json`, and a dump to `tests/suite/machineconfig_explain.rs`.
//!
//! To explain another reason, phase or metric: add a row to `reasons.toml`, `phases.toml` or `metrics.toml`.

mod boot_image;
mod certificate;
mod layered;
mod metrics;
mod node;
mod object;
mod phase;
mod pieces;
mod pool;
mod prune;
mod reasons;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::document::Origin;

pub use certificate::CertificateState;
pub use metrics::MetricVerdict;
pub use metrics::explain_metrics;
pub use node::NodeState;
pub use phase::UpdateState;
pub use pieces::MAX_OBJECT_BYTES;
pub use pieces::Pieces;
pub use pieces::matters;
pub use pool::PoolState;
pub use prune::Rendered as RenderedState;

/// The version of the format.
pub const EXPLAIN_SCHEMA: &str = "cotter.dev/machineconfig-explain/1";

/// The group of the operator's own kinds.
const MACHINE_CONFIGURATION: &str = "machineconfiguration.openshift.io";

/// What is kept of a dump, each object once.
#[derive(Debug, Default)]
pub struct Dump {
    pools: BTreeMap<String, pool::Pool>,
    nodes: BTreeMap<String, node::Node>,
    updates: BTreeMap<String, phase::Update>,
    configs: BTreeMap<String, prune::Config>,
    certificates: Vec<certificate::Certificate>,
    boot_images: boot_image::BootImages,
    layered: layered::Layered,
    taken: usize,
}

/// What decides besides the dump.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time, in seconds since 1970.
    pub now_seconds: u64,
    /// How many days before its end a certificate is worth a word.
    pub days: u32,
}

/// What a dump says.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Always [`EXPLAIN_SCHEMA`].
    pub schema: &'static str,
    /// How many objects were looked at.
    pub objects: usize,
    /// The pools, by name.
    pub pools: Vec<PoolState>,
    /// The nodes, by name.
    pub nodes: Vec<NodeState>,
    /// Updates that have not come to their end, by node.
    pub updates: Vec<UpdateState>,
    /// Certificates, the first to end first.
    pub certificates: Vec<CertificateState>,
    /// Rendered MachineConfigs, and whether anybody uses them.
    pub rendered: Vec<RenderedState>,
    /// What the metrics say, if there were any.
    pub metrics: Vec<MetricVerdict>,
    /// What could not be read, and may have told more.
    pub unread: Vec<String>,
    /// What is wrong, and what is worth knowing.
    pub findings: Vec<Remark>,
}

/// One thing that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Whether it is wrong.
    pub weight: Weight,
    /// What it is about, as in `pool worker`.
    pub about: String,
    /// What is so.
    pub what: String,
    /// The next step; empty if there is nothing to do.
    pub next: String,
    /// The object that says so; nothing for metrics.
    pub origin: Option<Origin>,
}

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Something is not as it should be.
    Wrong,
    /// Worth knowing, and no reason to worry.
    Notice,
}

impl Remark {
    fn wrong(about: String, what: impl Into<String>, next: impl Into<String>, origin: &Origin) -> Self {
        Self {
            weight: Weight::Wrong,
            about,
            what: what.into(),
            next: next.into(),
            origin: Some(origin.clone()),
        }
    }

    fn notice(about: String, what: impl Into<String>, next: impl Into<String>, origin: &Origin) -> Self {
        Self { weight: Weight::Notice, ..Self::wrong(about, what, next, origin) }
    }
}

impl Dump {
    /// Keeps what matters of an object. `group` is empty for kinds of Kubernetes itself.
    pub fn take(&mut self, group: &str, kind: &str, object: &Value, origin: &Origin) {
        let name = object::text(object, "/metadata/name").to_owned();
        if name.is_empty() {
            return;
        }
        self.taken += 1;
        let origin = origin.clone();
        match (group, kind) {
            (MACHINE_CONFIGURATION, "MachineConfigPool") => {
                self.certificates.extend(certificate::of_pool(object, &origin));
                self.pools.entry(name).or_insert_with(|| pool::Pool::read(object, origin));
            }
            (MACHINE_CONFIGURATION, "MachineConfigNode") => {
                self.updates.entry(name).or_insert_with(|| phase::Update::read(object, origin));
            }
            (MACHINE_CONFIGURATION, "MachineConfig") => {
                self.configs.entry(name).or_insert_with(|| prune::Config::read(object, origin));
            }
            (MACHINE_CONFIGURATION, "ControllerConfig") => {
                self.certificates.extend(certificate::of_controller(object, &origin));
            }
            (MACHINE_CONFIGURATION, "MachineOSConfig" | "MachineOSBuild") => {
                self.layered.take(kind, name, object, origin);
            }
            ("", "Node") => {
                self.nodes.entry(name).or_insert_with(|| node::Node::read(object, origin));
            }
            _ => self.boot_images.take(group, kind, name, object, origin),
        }
    }

    /// True if nothing in it was of use.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty()
            && self.nodes.is_empty()
            && self.updates.is_empty()
            && self.configs.is_empty()
            && self.certificates.is_empty()
            && self.boot_images.is_empty()
            && self.layered.is_empty()
    }
}

/// Says what a dump comes to, what is wrong first.
pub fn explain(dump: &Dump, options: Options) -> Explanation {
    let mut findings = Vec::new();
    let nodes = node::explain(dump, options, &mut findings);
    let pools = pool::explain(dump, &mut findings);
    let updates = phase::explain(dump, options, &mut findings);
    let certificates = certificate::explain(dump, options, &mut findings);
    let rendered = prune::explain(dump, &mut findings);
    boot_image::explain(dump, &mut findings);
    layered::explain(dump, options, &mut findings);
    findings.sort_by_key(|finding| finding.weight);
    Explanation {
        schema: EXPLAIN_SCHEMA,
        objects: dump.taken,
        pools,
        nodes,
        updates,
        certificates,
        rendered,
        metrics: Vec::new(),
        unread: Vec::new(),
        findings,
    }
}

impl Explanation {
    /// An explanation of nothing but metrics.
    pub fn of_metrics(metrics: Vec<MetricVerdict>, findings: Vec<Remark>) -> Self {
        let nothing = explain(&Dump::default(), Options { now_seconds: 0, days: 0 });
        nothing.with_metrics(metrics, findings)
    }

    /// The same with what metrics say.
    pub fn with_metrics(mut self, metrics: Vec<MetricVerdict>, findings: Vec<Remark>) -> Self {
        self.metrics = metrics;
        self.findings.extend(findings);
        self.findings.sort_by_key(|finding| finding.weight);
        self
    }

    /// True if nothing is wrong, and all could be read.
    pub fn is_well(&self) -> bool {
        self.unread.is_empty() && self.findings.iter().all(|finding| finding.weight == Weight::Notice)
    }
}
