//! What a cluster's objects say about a pool: its current state, the MachineConfigs that it is made of, and what
//! decides about changes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::Circumstances;
use super::Knobs;
use super::State;
use super::is_knobs;
use super::knobs_of;
use crate::document::nearest;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Object;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::config_of;
use crate::machineconfig::each_object;
use crate::machineconfig::render;

const GROUP: &str = "machineconfiguration.openshift.io";
/// Keeps a change of registries from draining.
const DRAIN_OVERRIDE: &str = "image-registry-override-drain";
/// Says whether the cluster has one node, as the node sees it.
const TOPOLOGY: &str = "machineconfiguration.openshift.io/controlPlaneTopology";

/// The objects of a cluster that matter for changes.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    /// MachineConfigs, rendered ones among them.
    pub configs: Vec<MachineConfig>,
    /// What decides about changes, if the object is there.
    pub knobs: Option<Knobs>,
    /// The version of OpenShift, if the dump says it.
    pub version: Option<String>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    pools: BTreeMap<String, Pool>,
    images: [Option<String>; 2],
    has_drain_override: bool,
    is_single_node: bool,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    current: String,
    wanted: String,
    is_paused: bool,
    selector: Value,
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

impl Dump {
    /// Reads a text of objects.
    pub fn read(&mut self, name_of_source: &str, text: &str) {
        let problems = each_object(name_of_source, text, &mut |object| self.object(object));
        self.problems.extend(problems);
    }

    fn object(&mut self, object: &Object<'_>) {
        let at = |pointer: &str| object.value.pointer(pointer);
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        match object.kind {
            "MachineConfig" => {
                let (config, problems) = config_of(object);
                self.configs.extend(config);
                self.problems.extend(problems);
            }
            "MachineConfigPool" if object.group == GROUP => {
                let pool = Pool {
                    current: text("/status/configuration/name"),
                    wanted: text("/spec/configuration/name"),
                    is_paused: at("/spec/paused") == Some(&Value::Bool(true)),
                    selector: at("/spec/machineConfigSelector").cloned().unwrap_or_default(),
                };
                self.pools.insert(text("/metadata/name"), pool);
            }
            "ControllerConfig" if object.group == GROUP => {
                let image = |key: &str| Some(text(&format!("/spec/{key}"))).filter(|image| !image.is_empty());
                self.images = [image("baseOSContainerImage"), image("baseOSExtensionsContainerImage")];
            }
            "ClusterVersion" => {
                self.version = Some(text("/status/desired/version")).filter(|version| !version.is_empty());
            }
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
            _ => {}
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
        remove(&mut self.configs, name)
    }

    /// What changes in `pool`, from what its nodes have to what its MachineConfigs come to.
    ///
    /// # Errors
    ///
    /// The pool, or what its nodes have, is not there; or its MachineConfigs cannot be put together.
    pub fn pending(&self, pool: &str, rules: &Rules) -> Result<Pending, Vec<Problem>> {
        let Some(found) = self.pools.get(pool) else {
            let names: Vec<&str> = self.pools.keys().map(String::as_str).collect();
            let next = match names.as_slice() {
                [] => "add the MachineConfigPools to the dump: `oc get mcp -o yaml`".to_owned(),
                names => format!("name one of {}", names.join(", ")),
            };
            return Err(vec![Problem::new(format!("there is no pool `{pool}`"), next)]);
        };
        let name = if found.current.is_empty() { &found.wanted } else { &found.current };
        let Some(current) = self.configs.iter().find(|config| config.name == *name) else {
            let what = format!("the state of `{pool}`, the MachineConfig `{name}`, is not there");
            return Err(vec![Problem::new(what, "add all MachineConfigs to the dump: `oc get mc -o yaml`")]);
        };
        let old = State::of_config(current, rules)?;
        let (configs, stray) = self.sources(pool, &found.selector);
        let mut rendered = render(&configs, pool, rules)?;
        let mut warnings = Vec::new();
        for (own, release, before) in [
            (&mut rendered.os_image_url, &self.images[0], &old.rendered.os_image_url),
            (
                &mut rendered.base_os_extensions_container_image,
                &self.images[1],
                &old.rendered.base_os_extensions_container_image,
            ),
        ] {
            if own.is_none() {
                own.clone_from(if release.is_some() { release } else { before });
            }
        }
        if !stray.is_empty() {
            warnings.push(Problem::new(
                format!("the selector of `{pool}` takes MachineConfigs of other roles: {}", stray.join(", ")),
                format!("label them with the role `{pool}`; they are not part of this plan"),
            ));
        }
        if found.is_paused {
            warnings.push(Problem::new(
                format!("`{pool}` is paused"),
                "nothing happens until `spec.paused` is `false`",
            ));
        }
        if found.current != found.wanted && !found.current.is_empty() && !found.wanted.is_empty() {
            warnings.push(Problem::new(
                format!("`{pool}` is on its way from `{}` to `{}`", found.current, found.wanted),
                "nodes that are there already change less than this plan says",
            ));
        }
        let new = State::of_rendered(format!("rendered-{pool}"), rendered);
        Ok(Pending { old, new, warnings })
    }

    /// The MachineConfigs that the pool's selector takes, and the names of those of other roles that are not rendered.
    fn sources(&self, pool: &str, selector: &Value) -> (Vec<MachineConfig>, Vec<String>) {
        if selector.is_null() {
            return (self.configs.clone(), Vec::new());
        }
        let chosen = self.configs.iter().filter(|config| selects(selector, &config.labels));
        let (own, stray): (Vec<&MachineConfig>, Vec<&MachineConfig>) =
            chosen.partition(|config| config.role().is_some_and(|role| role == pool || role == "worker"));
        (own.into_iter().cloned().collect(), stray.into_iter().map(|config| config.name.clone()).collect())
    }
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

/// A label selector of Kubernetes. An empty one takes nothing, as the operator does with it.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let matched = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    if matched.is_none_or(|map| map.is_empty()) && expressions.is_none_or(Vec::is_empty) {
        return false;
    }
    let has = |key: &str, value: &Value| labels.get(key).map(String::as_str) == value.as_str();
    let is_matched = matched.into_iter().flatten().all(|(key, value)| has(key, value));
    is_matched && expressions.into_iter().flatten().all(|expression| expression_holds(expression, labels))
}

fn expression_holds(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
    let value = labels.get(text("key")).map(String::as_str);
    let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
    let is_among = value.is_some() && values.filter_map(Value::as_str).any(|one| Some(one) == value);
    match text("operator") {
        "In" => is_among,
        "NotIn" => !is_among,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}
