//! All objects together: what of each matters for the others.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::selector::Selector;
use super::thing::Thing;
use crate::document::Origin;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Part;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::Rules;
use crate::machineconfig::render;

/// Pools that every cluster has.
pub(super) const OWN_POOLS: [&str; 3] = ["master", "worker", "arbiter"];

/// More pools are not looked at: a cluster has a few, and each takes all that the workers have.
const MAX_POOLS: usize = 32;

/// The label by which the operator's own pools are selected.
pub(super) const POOL_LABEL: &str = "pools.operator.machineconfiguration.openshift.io/";

/// All objects.
pub(super) struct Whole {
    /// The operator's rules.
    pub rules: &'static Rules,
    /// How many objects there are.
    pub count: usize,
    /// What of each matters.
    pub members: Vec<Member>,
    rendered: OnceCell<Vec<PoolRendered>>,
}

/// A pool, and what comes of its MachineConfigs.
pub(super) type PoolRendered = (String, Result<Rendered, Vec<Problem>>);

/// An object among others.
pub(super) struct Member {
    pub kind: String,
    pub name: String,
    pub origin: Origin,
    pub labels: BTreeMap<String, String>,
    /// Whether the operator wrote it.
    pub is_operators: bool,
    /// The MachineConfig that it is.
    pub config: Option<MachineConfig>,
    /// Where a MachineConfig writes what.
    pub parts: BTreeMap<Part, Origin>,
    /// The pools that it is for, as it selects them.
    pub pools: Option<(Selector, Origin)>,
    /// The MachineConfigs that a pool takes.
    pub configs: Option<Selector>,
    /// The pool that it names.
    pub pool: Option<(String, Origin)>,
}

impl Whole {
    /// None yet.
    pub fn new(rules: &'static Rules) -> Self {
        Self { rules, count: 0, members: Vec::new(), rendered: OnceCell::new() }
    }

    /// Takes of an object what matters for the others.
    pub fn add(&mut self, thing: Thing<'_>) {
        let labels = thing.at.value.pointer("/metadata/labels").and_then(Value::as_object);
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let pools = thing.spec(&["machineConfigPoolSelector"]);
        let named = thing.spec(&["machineConfigPool", "name"]);
        self.members.push(Member {
            kind: thing.kind.to_owned(),
            name: thing.name.to_owned(),
            origin: thing.name_origin(),
            labels: labels.into_iter().flatten().filter_map(text).collect(),
            is_operators: thing.is_operators(),
            parts: parts(&thing),
            pools: pools.map(|place| (Selector::of(place.value), place.origin().clone())),
            configs: thing.spec(&["machineConfigSelector"]).map(|place| Selector::of(place.value)),
            pool: named.and_then(|place| Some((place.text()?.to_owned(), place.origin().clone()))),
            config: thing.config,
        });
    }

    /// The objects of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| member.kind == kind)
    }

    /// The MachineConfigs that people wrote or the operator made of other objects; not what it rendered.
    pub fn configs(&self) -> impl Iterator<Item = (&Member, &MachineConfig)> {
        let is_rendered = |member: &&Member| member.name.starts_with("rendered-");
        self.members
            .iter()
            .filter(move |member| !is_rendered(member))
            .filter_map(|member| Some((member, member.config.as_ref()?)))
    }

    /// True if the pools of the cluster are among the objects: all that there are.
    pub fn knows_pools(&self) -> bool {
        ["master", "worker"].iter().all(|name| self.of("MachineConfigPool").any(|pool| pool.name == *name))
    }

    /// The MachineConfigs that a pool takes, in the order in which they are merged.
    pub fn of_pool(&self, pool: &str) -> Vec<(&Member, &MachineConfig)> {
        let is_own = OWN_POOLS.contains(&pool);
        let is_taken = |config: &MachineConfig| {
            config.role().is_some_and(|role| role == pool || (!is_own && role == "worker"))
        };
        let mut configs: Vec<_> = self.configs().filter(|(_, config)| is_taken(config)).collect();
        configs.sort_by_key(|(_, config)| (config.role() != Some("worker"), config.name.as_bytes()));
        configs
    }

    /// What comes of each pool whose MachineConfigs can be rendered each for itself; what is wrong with one alone is
    /// said of it.
    pub fn rendered(&self) -> &[PoolRendered] {
        self.rendered.get_or_init(|| {
            let is_right = |config: &MachineConfig| {
                render(std::slice::from_ref(config), config.role().unwrap_or_default(), self.rules).is_ok()
            };
            let wrong: BTreeSet<&str> = self
                .configs()
                .filter(|(_, config)| !is_right(config))
                .map(|(member, _)| member.name.as_str())
                .collect();
            let mut pools = Vec::new();
            for pool in self.pools() {
                let chosen = self.of_pool(&pool);
                if chosen.is_empty() || chosen.iter().any(|(member, _)| wrong.contains(member.name.as_str()))
                {
                    continue;
                }
                let configs: Vec<MachineConfig> =
                    chosen.iter().map(|(_, config)| (*config).clone()).collect();
                let rendered = render(&configs, &pool, self.rules);
                pools.push((pool, rendered));
            }
            pools
        })
    }

    /// The names of the pools that there are, or that MachineConfigs name.
    pub fn pools(&self) -> Vec<String> {
        let mut pools: Vec<String> = self.of("MachineConfigPool").map(|pool| pool.name.clone()).collect();
        pools.extend(self.configs().filter_map(|(_, config)| config.role().map(str::to_owned)));
        pools.sort();
        pools.dedup();
        pools.truncate(MAX_POOLS);
        pools
    }
}

/// Where a MachineConfig writes files and units.
fn parts(thing: &Thing<'_>) -> BTreeMap<Part, Origin> {
    let mut parts = BTreeMap::new();
    if thing.kind != "MachineConfig" || thing.name.starts_with("rendered-") {
        return parts;
    }
    for list in ["files", "directories", "links"] {
        for node in thing.list(&["config", "storage", list]) {
            parts.insert(Part::Path(node.text_at("path").to_owned()), node.origin_at("path"));
        }
    }
    for unit in thing.list(&["config", "systemd", "units"]) {
        let name = unit.text_at("name").to_owned();
        for dropin in unit.list(&["dropins"]) {
            let part = Part::DropIn(name.clone(), dropin.text_at("name").to_owned());
            parts.insert(part, dropin.origin_at("name"));
        }
        if unit.get("contents").is_some() || unit.get("enabled").is_some() || unit.get("mask").is_some() {
            parts.insert(Part::Unit(name), unit.origin_at("name"));
        }
    }
    parts
}
