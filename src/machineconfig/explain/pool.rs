//! Pools: how far they are, why they stop, and which nodes are behind.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Gathered;
use super::Remark;
use super::node::Node;
use super::object::Condition;
use super::object::condition;
use super::object::number;
use super::object::text;
use super::object::texts;
use super::reasons;
use crate::document::Origin;

/// Conditions that say more than `Degraded` alone.
const DEGRADED: [&str; 5] =
    ["NodeDegraded", "RenderDegraded", "PinnedImageSetsDegraded", "BuildDegraded", "ImageBuildDegraded"];

#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) origin: Origin,
    is_paused: bool,
    /// The rendered MachineConfig that its nodes are to have.
    pub(super) wanted: String,
    /// The one that all of them have had.
    pub(super) reached: String,
    selector: BTreeMap<String, String>,
    generation: i64,
    observed_generation: i64,
    machines: i64,
    updated: i64,
    ready: i64,
    unavailable: i64,
    degraded: i64,
    conditions: Vec<Condition>,
}

/// A pool, and how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct PoolState {
    /// Its name.
    pub name: String,
    /// Whether it is paused.
    pub is_paused: bool,
    /// The rendered MachineConfig that its nodes are to have.
    pub wanted: String,
    /// The last one that all of its nodes had.
    pub reached: String,
    /// How many machines it has.
    pub machines: i64,
    /// How many have what is wanted.
    pub updated: i64,
    /// How many have it and are ready.
    pub ready: i64,
    /// How many cannot be used.
    pub unavailable: i64,
    /// How many are degraded.
    pub degraded: i64,
    /// The nodes that do not have what is wanted, as far as the dump has nodes.
    pub behind: Vec<String>,
}

impl Pool {
    pub(super) fn read(object: &Value, origin: Origin) -> Self {
        let count = |key: &str| number(object, &format!("/status/{key}"));
        Self {
            is_paused: object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default(),
            wanted: text(object, "/spec/configuration/name").to_owned(),
            reached: text(object, "/status/configuration/name").to_owned(),
            selector: texts(object, "/spec/nodeSelector/matchLabels"),
            generation: number(object, "/metadata/generation"),
            observed_generation: count("observedGeneration"),
            machines: count("machineCount"),
            updated: count("updatedMachineCount"),
            ready: count("readyMachineCount"),
            unavailable: count("unavailableMachineCount"),
            degraded: count("degradedMachineCount"),
            conditions: Condition::all(object),
            origin,
        }
    }

    fn selects(&self, node: &Node) -> bool {
        !self.selector.is_empty()
            && self.selector.iter().all(|(label, value)| node.labels.get(label) == Some(value))
    }
}

/// The pool that a node is in: a node of the control plane is in no other, and a pool of one's own goes before `worker`.
pub(super) fn of_node<'a>(dump: &'a Gathered, node: &Node) -> Option<(&'a String, &'a Pool)> {
    let rank = |name: &str| match name {
        "master" => 0,
        "arbiter" => 1,
        "worker" => 3,
        _ => 2,
    };
    dump.pools.iter().filter(|(_, pool)| pool.selects(node)).min_by_key(|(name, _)| rank(name))
}

pub(super) fn explain(dump: &Gathered, findings: &mut Vec<Remark>) -> Vec<PoolState> {
    let mut behind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, node) in &dump.nodes {
        if let Some((pool, of)) = of_node(dump, node).filter(|(_, pool)| node.current != pool.wanted) {
            // A pool without a rendered MachineConfig has nothing to be behind of.
            if !of.wanted.is_empty() {
                behind.entry(pool).or_default().push(name.clone());
            }
        }
    }
    let mut states = Vec::new();
    for (name, pool) in &dump.pools {
        let behind = behind.remove(name.as_str()).unwrap_or_default();
        remark(name, pool, &behind, findings);
        states.push(PoolState {
            name: name.clone(),
            is_paused: pool.is_paused,
            wanted: pool.wanted.clone(),
            reached: pool.reached.clone(),
            machines: pool.machines,
            updated: pool.updated,
            ready: pool.ready,
            unavailable: pool.unavailable,
            degraded: pool.degraded,
            behind,
        });
    }
    states
}

fn remark(name: &str, pool: &Pool, behind: &[String], findings: &mut Vec<Remark>) {
    let about = || format!("pool {name}");
    let mut wrong =
        |what: String, next: String| findings.push(Remark::wrong(about(), what, next, &pool.origin));
    let is_pending = pool.wanted != pool.reached || !behind.is_empty();
    let unpause =
        format!("let it go on: `oc patch mcp/{name} --type merge -p '{{\"spec\":{{\"paused\":false}}}}'`");
    if pool.is_paused && is_pending {
        wrong(
            format!("it is paused, and `{}` waits: its nodes have `{}`", pool.wanted, pool.reached),
            format!("{unpause}; while it is paused, its nodes get no renewed certificates either"),
        );
    }
    let mut has_said = false;
    for kind in DEGRADED {
        if let Some(condition) = condition(&pool.conditions, kind).filter(|condition| condition.is_true()) {
            let reason = reasons::explain(condition.words());
            wrong(format!("{kind}: {}{}", condition.words(), reason.means()), reason.next);
            has_said = true;
        }
    }
    let degraded = condition(&pool.conditions, "Degraded").filter(|condition| condition.is_true());
    if let Some(degraded) = degraded.filter(|_| !has_said) {
        let reason = reasons::explain(degraded.words());
        wrong(format!("Degraded: {}{}", degraded.words(), reason.means()), reason.next);
        has_said = true;
    }
    if pool.degraded > 0 && !has_said {
        let what = format!("{} of {} machines are degraded", pool.degraded, pool.machines);
        wrong(what, "see why at its nodes: `oc describe node`".to_owned());
    }
    if !pool.is_paused && is_pending {
        let updated = match behind {
            [] => format!("{} of {} machines have `{}`", pool.updated, pool.machines, pool.wanted),
            behind => format!("without `{}`: {}", pool.wanted, behind.join(", ")),
        };
        wrong(
            format!("it is not updated: {updated}"),
            "let it come to its end; if nothing goes on, see the phases of its nodes: `oc get machineconfignodes`"
                .to_owned(),
        );
    }
    if pool.is_paused && !is_pending {
        let next = format!("{unpause} before certificates have to be renewed");
        findings.push(Remark::notice(about(), "it is paused, and nothing waits", next, &pool.origin));
    }
    if pool.observed_generation < pool.generation {
        let what = "the operator has not looked at its last change";
        let next = "see whether `machine-config-controller` runs in `openshift-machine-config-operator`";
        findings.push(Remark::notice(about(), what, next, &pool.origin));
    }
}
