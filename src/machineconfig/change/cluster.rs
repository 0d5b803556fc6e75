//! What a cluster's objects say about a pool: its current state, the MachineConfigs that it is made of, and what
//! decides about changes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Circumstances;
use super::Knobs;
use super::State;
use super::is_knobs;
use super::knobs_of;
use crate::document::nearest;
use crate::machineconfig::Choice;
use crate::machineconfig::Dump;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Object;
use crate::machineconfig::Pool;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::each_object;
use crate::machineconfig::render_chosen;

/// Keeps a change of registries from draining.
const DRAIN_OVERRIDE: &str = "image-registry-override-drain";
/// Says whether the cluster has one node, as the node sees it.
const TOPOLOGY: &str = "machineconfiguration.openshift.io/controlPlaneTopology";

/// The objects of a cluster that matter for changes.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// What is rendered.
    pub dump: Dump,
    /// What decides about changes, if the object is there.
    pub knobs: Option<Knobs>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    has_drain_override: bool,
    is_single_node: bool,
}

/// A change that a dump brings with it.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What the nodes have.
    pub old: State,
    /// What the MachineConfigs come to.
    pub new: State,
    /// What is to be known besides.
    pub warnings: Vec<Problem>,
}

impl Cluster {
    /// Reads a text of objects.
    pub fn read(&mut self, name_of_source: &str, text: &str) {
        let problems = each_object(name_of_source, text, &mut |object| self.object(object));
        self.problems.extend(problems);
    }

    fn object(&mut self, object: &Object<'_>) {
        let at = |pointer: &str| object.value.pointer(pointer);
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        match object.kind {
            "ConfigMap" if text("/metadata/name") == DRAIN_OVERRIDE => self.has_drain_override = true,
            "Node" => {
                let topology = at("/metadata/annotations").and_then(|notes| notes.get(TOPOLOGY));
                self.is_single_node |= topology.and_then(Value::as_str) == Some("SingleReplica");
            }
            "Infrastructure" => {
                self.is_single_node |= text("/status/controlPlaneTopology") == "SingleReplica"
            }
            _ if is_knobs(object) => {
                let (knobs, problems) = knobs_of(object);
                self.knobs = Some(knobs);
                self.problems.extend(problems);
            }
            _ => self.problems.extend(self.dump.take(object)),
        }
    }

    /// What decides about changes in this cluster.
    pub fn circumstances(&self, version: &str) -> Circumstances {
        let mut around = Circumstances::new(version, self.knobs.as_ref());
        around.is_single_node = self.is_single_node;
        if self.has_drain_override { around.with_drain_override() } else { around }
    }

    /// Takes the MachineConfig `name` away.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn remove(&mut self, name: &str) -> Result<(), Box<Problem>> {
        remove(&mut self.dump.configs, name)
    }

    /// What changes in `pool`, from what its nodes have to what its MachineConfigs come to.
    ///
    /// # Errors
    ///
    /// The pool, or what its nodes have, is not there; or its MachineConfigs cannot be put together.
    pub fn pending(&self, pool: &str, rules: &Rules) -> Result<Pending, Vec<Problem>> {
        let Some(found) = self.dump.pool(pool) else {
            let mut names: Vec<&str> = self.dump.pools.iter().map(|pool| pool.name.as_str()).collect();
            names.sort_unstable();
            let next = match names.as_slice() {
                [] => "add the MachineConfigPools to the dump: `oc get mcp -o yaml`".to_owned(),
                names => format!("name one of {}", names.join(", ")),
            };
            return Err(vec![Problem::new(format!("there is no pool `{pool}`"), next)]);
        };
        let old = self.current(found, rules)?;
        let mut rendered = render_chosen(&self.dump.configs, &Choice::Pool(found), rules)?;
        let release = self.dump.images_of(found);
        for (own, release, before) in [
            (&mut rendered.os_image_url, release.os, &old.rendered.os_image_url),
            (
                &mut rendered.base_os_extensions_container_image,
                release.extensions,
                &old.rendered.base_os_extensions_container_image,
            ),
        ] {
            *own = own.take().or(release).or_else(|| before.clone());
        }
        let new = State::of_rendered(format!("rendered-{pool}"), rendered);
        Ok(Pending { old, new, warnings: on_the_way(found) })
    }

    /// What the nodes of a pool have.
    fn current(&self, pool: &Pool, rules: &Rules) -> Result<State, Vec<Problem>> {
        let name = pool.current.as_deref().or(pool.wanted.as_deref()).unwrap_or_default();
        let mut known = self.dump.rendered.iter().chain(&self.dump.configs);
        let Some(config) = known.find(|config| config.name == name) else {
            let what = format!("the state of `{}`, the MachineConfig `{name}`, is not there", pool.name);
            return Err(vec![Problem::new(what, "add all MachineConfigs to the dump: `oc get mc -o yaml`")]);
        };
        State::of_config(config, rules)
    }
}

/// What is to be known of a pool that has not come to what it is to have, or will not.
fn on_the_way(pool: &Pool) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if pool.is_paused {
        let what = format!("`{}` is paused", pool.name);
        warnings.push(Problem::new(what, "nothing happens until `spec.paused` is `false`"));
    }
    if let (Some(current), Some(wanted)) = (&pool.current, &pool.wanted)
        && current != wanted
    {
        let what = format!("`{}` is on its way from `{current}` to `{wanted}`", pool.name);
        warnings.push(Problem::new(what, "nodes that are there already change less than this plan says"));
    }
    warnings
}

/// Takes the MachineConfig `name` out of a list.
///
/// # Errors
///
/// There is none of that name; the nearest is named.
pub fn remove(configs: &mut Vec<MachineConfig>, name: &str) -> Result<(), Box<Problem>> {
    let before = configs.len();
    configs.retain(|config| config.name != name);
    if configs.len() < before {
        return Ok(());
    }
    let next = match nearest(name, configs.iter().map(|config| config.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name one that is there".to_owned(),
    };
    Err(Box::new(Problem::new(format!("there is no MachineConfig `{name}`"), next)))
}

/// Puts MachineConfigs into a list; one of the same name takes the other's place.
pub fn put(configs: &mut Vec<MachineConfig>, more: Vec<MachineConfig>) {
    let names: BTreeSet<&str> = more.iter().map(|config| config.name.as_str()).collect();
    configs.retain(|config| !names.contains(config.name.as_str()));
    configs.extend(more);
}
