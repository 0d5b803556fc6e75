//! Nodes: what their annotations say of where they are, and why they stop.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Gathered;
use super::MACHINE_CONFIGURATION;
use super::Options;
use super::Remark;
use super::object::Condition;
use super::object::condition;
use super::object::for_how_long;
use super::object::texts;
use super::pool;
use super::reasons;
use crate::document::Origin;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) current: String,
    pub(super) desired: String,
    pub(super) current_image: String,
    desired_image: String,
    state: String,
    reason: String,
    desired_drain: String,
    last_drain: String,
    is_cordoned: bool,
    ready: Option<Condition>,
}

/// A node, and where it is.
#[derive(Clone, Debug, Serialize)]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// The pool it is in, if the dump has it.
    pub pool: Option<String>,
    /// The rendered MachineConfig that it has.
    pub current: String,
    /// The one it is to have.
    pub desired: String,
    /// The operator's word: `Done`, `Working`, `Degraded` and others.
    pub state: String,
    /// Whether Kubernetes calls it ready; nothing if it does not say.
    pub is_ready: Option<bool>,
    /// Whether it takes no new pods.
    pub is_cordoned: bool,
}

impl Node {
    pub(super) fn read(object: &Value, origin: Origin) -> Self {
        let annotations = texts(object, "/metadata/annotations");
        let of = |key: &str| {
            annotations.get(&format!("{MACHINE_CONFIGURATION}/{key}")).cloned().unwrap_or_default()
        };
        Self {
            labels: texts(object, "/metadata/labels"),
            current: of("currentConfig"),
            desired: of("desiredConfig"),
            current_image: of("currentImage"),
            desired_image: of("desiredImage"),
            state: of("state"),
            reason: of("reason"),
            desired_drain: of("desiredDrain"),
            last_drain: of("lastAppliedDrain"),
            is_cordoned: object.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or_default(),
            ready: condition(&Condition::all(object), "Ready").cloned(),
            origin,
        }
    }
}

pub(super) fn explain(dump: &Gathered, options: Options, findings: &mut Vec<Remark>) -> Vec<NodeState> {
    let mut states = Vec::new();
    for (name, node) in &dump.nodes {
        Remarks { dump, options, name, node, findings }.all();
        states.push(NodeState {
            name: name.clone(),
            pool: pool::of_node(dump, node).map(|(pool, _)| pool.clone()),
            current: node.current.clone(),
            desired: node.desired.clone(),
            state: node.state.clone(),
            is_ready: node.ready.as_ref().map(Condition::is_true),
            is_cordoned: node.is_cordoned,
        });
    }
    states
}

struct Remarks<'a> {
    dump: &'a Gathered,
    options: Options,
    name: &'a str,
    node: &'a Node,
    findings: &'a mut Vec<Remark>,
}

impl Remarks<'_> {
    fn wrong(&mut self, what: impl Into<String>, next: impl Into<String>) {
        let about = format!("node {}", self.name);
        self.findings.push(Remark::wrong(about, what, next, &self.node.origin));
    }

    fn notice(&mut self, what: impl Into<String>, next: impl Into<String>) {
        let about = format!("node {}", self.name);
        self.findings.push(Remark::notice(about, what, next, &self.node.origin));
    }

    fn all(&mut self) {
        let node = self.node;
        if node.current.is_empty() && node.desired.is_empty() {
            // Objects of other dumps, and nodes that no daemon has come to yet.
            self.notice("the operator's daemon has left no annotations on it", self.daemon());
        } else {
            self.state();
            self.drain();
            self.configs();
        }
        if let Some(ready) = node.ready.as_ref().filter(|ready| !ready.is_true()) {
            let since = for_how_long(ready.since_seconds, self.options.now_seconds);
            let words = if ready.words().is_empty() { "it does not say why" } else { ready.words() };
            self.wrong(
                format!("it is not ready{since}: {words}"),
                "see whether it is up and its kubelet runs; a node that reboots comes back by itself",
            );
        }
    }

    fn daemon(&self) -> String {
        format!(
            "see the log of its daemon: `oc -n openshift-machine-config-operator get pods -o wide --field-selector spec.nodeName={}`",
            self.name
        )
    }

    fn state(&mut self) {
        let node = self.node;
        match node.state.as_str() {
            "Degraded" | "Unreconcilable" => {
                let reason = reasons::explain(&node.reason);
                let said = if node.reason.is_empty() { "it does not say why" } else { &node.reason };
                self.wrong(format!("{}: {said}{}", node.state, reason.means()), reason.next);
            }
            "Done" if !node.reason.is_empty() => {
                self.notice(format!("it is done, and still says: {}", node.reason), "");
            }
            "Done" if node.current != node.desired => self.wrong(
                format!("it is to have `{}`, and its daemon has not begun", node.desired),
                self.daemon(),
            ),
            "Done" if node.current_image != node.desired_image && !node.desired_image.is_empty() => {
                self.wrong("it is to have another image, and its daemon has not begun", self.daemon());
            }
            "Working" | "Rebooting" => {
                self.wrong(
                    format!("it is on its way from `{}` to `{}`", node.current, node.desired),
                    "let it come to its end; its MachineConfigNode says which phase it is in",
                );
            }
            _ => {}
        }
    }

    /// The drain that a daemon asks for, and the one that the controller did last.
    fn drain(&mut self) {
        let node = self.node;
        if node.desired_drain != node.last_drain && !node.desired_drain.is_empty() {
            let is_drain = node.desired_drain.starts_with("drain-");
            let word = if is_drain { "drained" } else { "let take pods again" };
            self.wrong(
                format!("it waits to be {word}"),
                format!(
                    "see what holds its pods, as a PodDisruptionBudget does: `oc adm drain {} --dry-run=server --ignore-daemonsets --delete-emptydir-data`, and the log of `machine-config-controller`",
                    self.name
                ),
            );
        } else if node.is_cordoned && node.state == "Done" {
            self.notice(
                "it takes no pods, and the operator is done with it",
                format!("if nobody wants that: `oc adm uncordon {}`", self.name),
            );
        }
    }

    fn configs(&mut self) {
        if !self.dump.configs.keys().any(|name| name.starts_with("rendered-")) {
            return;
        }
        let node = self.node;
        let mut names = vec![&node.current];
        if node.desired != node.current {
            names.push(&node.desired);
        }
        for config in names {
            if !config.is_empty() && !self.dump.configs.contains_key(config) {
                let reason = reasons::explain(&format!(
                    "machineconfig.machineconfiguration.openshift.io \"{config}\" not found"
                ));
                self.wrong(format!("`{config}` is not in the dump{}", reason.means()), reason.next);
            }
        }
    }
}
