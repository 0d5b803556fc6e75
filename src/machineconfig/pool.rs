//! A MachineConfigPool: which MachineConfigs are its own, and what it has now.

use serde_json::Value;

use super::Problem;
use super::Selector;
use super::read::Object;
use crate::document::Origin;

/// Pools of the product: only MachineConfigs of their own role are theirs.
pub(super) const OWN_POOLS: [&str; 3] = ["arbiter", "master", "worker"];

/// The role that every pool of one's own has too.
pub(super) const WORKER: &str = "worker";

/// A pool of machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The identifier that a cluster gave it; empty if it is in none.
    pub uid: String,
    /// Which MachineConfigs are its own.
    pub selector: Selector,
    /// The rendered MachineConfig that its machines are to have.
    pub wanted: Option<String>,
    /// The rendered MachineConfig that all its machines have.
    pub current: Option<String>,
    /// Whether nothing is done to its machines.
    pub is_paused: bool,
    /// The stream of images that it takes instead of the release's.
    pub image_stream: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// Reads a pool; what is wrong with it is a problem.
pub(super) fn read_pool(object: &Object<'_>) -> (Pool, Vec<Problem>) {
    let at = |pointer: &str| object.value.pointer(pointer);
    let text = |pointer: &str| at(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = |pointer: &str| Some(text(pointer)).filter(|name| !name.is_empty());
    let name = text("/metadata/name");
    let mut problems = Vec::new();
    if name.is_empty() {
        problems.push(Problem::new("a MachineConfigPool has no name", "write `metadata.name`"));
    }
    let mut wrong = Vec::new();
    let selector = at("/spec/machineConfigSelector").map(|written| Selector::read(written, &mut wrong));
    problems.extend(wrong.into_iter().map(|(what, next)| {
        Problem::new(format!("the `machineConfigSelector` of the pool `{name}` {what}"), next)
    }));
    for problem in &mut problems {
        problem.origin = Some(object.origin.clone());
    }
    let pool = Pool {
        uid: text("/metadata/uid"),
        selector: selector.unwrap_or_default(),
        wanted: named("/spec/configuration/name"),
        current: named("/status/configuration/name"),
        is_paused: at("/spec/paused") == Some(&Value::Bool(true)),
        image_stream: named("/spec/osImageStream/name"),
        origin: object.origin.clone(),
        name,
    };
    (pool, problems)
}
