//! Rendered MachineConfigs that nobody uses, by the rule of `oc adm prune renderedmachineconfigs`; and leftovers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::Dump;
use super::Remark;
use super::object::members;
use super::object::text;
use super::object::texts;
use crate::document::Origin;

/// What the operator of older versions made, and newer ones leave (OpenShift 4.8 and older).
const LEFTOVER: &str = "-generated-crio-capabilities";

const GENERATED: &str = "machineconfiguration.openshift.io/generated-by-controller-version";
/// The operator's mark on a rendered MachineConfig with an image of somebody's own.
const OVERRIDDEN: &str = "machineconfiguration.openshift.io/os-image-url-overridden";

#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) origin: Origin,
    /// The pool that it was rendered for.
    pool: Option<String>,
    pub(super) created: String,
    generated_by: String,
    /// Whether it names another image of the operating system than the release's.
    pub(super) overrides_image: bool,
}

/// A rendered MachineConfig, and whether anybody uses it.
#[derive(Clone, Debug, Serialize)]
pub struct Rendered {
    /// Its name.
    pub name: String,
    /// The pool that it was rendered for.
    pub pool: String,
    /// When it was made.
    pub created: String,
    /// The version of the operator that made it, by its digest.
    pub generated_by: String,
    /// Whether it can be pruned; nothing if the dump does not tell who uses it.
    pub can_be_pruned: Option<bool>,
    /// Who uses it: pools and nodes.
    pub used_by: Vec<String>,
}

impl Config {
    pub(super) fn read(object: &Value, origin: Origin) -> Self {
        let annotations = texts(object, "/metadata/annotations");
        let owners = members(object, "/metadata/ownerReferences");
        let pool = owners
            .filter(|owner| text(owner, "/kind") == "MachineConfigPool")
            .map(|owner| text(owner, "/name"));
        Self {
            origin,
            pool: pool.map(str::to_owned).next(),
            created: text(object, "/metadata/creationTimestamp").to_owned(),
            generated_by: annotations.get(GENERATED).cloned().unwrap_or_default(),
            overrides_image: annotations.get(OVERRIDDEN).is_some_and(|is| is == "true"),
        }
    }
}

pub(super) fn explain(dump: &Dump, findings: &mut Vec<Remark>) -> Vec<Rendered> {
    let mut users: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, pool) in &dump.pools {
        for config in [&pool.wanted, &pool.reached] {
            users.entry(config).or_default().insert(format!("pool {name}"));
        }
    }
    for (name, node) in &dump.nodes {
        for config in [&node.current, &node.desired] {
            users.entry(config).or_default().insert(format!("node {name}"));
        }
    }
    // Without both, what is not named may still be in use.
    let can_tell = !dump.pools.is_empty() && !dump.nodes.is_empty();
    let mut found = Vec::new();
    let mut unused: BTreeMap<&str, (usize, &Origin)> = BTreeMap::new();
    for (name, config) in &dump.configs {
        if name.ends_with(LEFTOVER) {
            let what = "it is left from an older version, and sets CRI-O's default capabilities";
            let next = format!(
                "see that no pod needs them, then `oc delete machineconfig {name}`: its pool is rendered anew"
            );
            findings.push(Remark::notice(format!("MachineConfig {name}"), what, next, &config.origin));
        }
        let Some(pool) = config.pool.as_deref().filter(|_| name.starts_with("rendered-")) else { continue };
        let used_by: Vec<String> = users.remove(name.as_str()).into_iter().flatten().collect();
        let can_be_pruned = (can_tell || !used_by.is_empty()).then_some(used_by.is_empty());
        if can_be_pruned == Some(true) {
            unused.entry(pool).or_insert((0, &config.origin)).0 += 1;
        }
        found.push(Rendered {
            name: name.clone(),
            pool: pool.to_owned(),
            created: config.created.clone(),
            generated_by: config.generated_by.clone(),
            can_be_pruned,
            used_by,
        });
    }
    for (pool, (count, origin)) in unused {
        let what = format!("rendered MachineConfigs of it in use nowhere: {count}");
        let next = format!(
            "`oc adm prune renderedmachineconfigs --pool-name={pool}` shows them, and with `--confirm` removes them; keep those that you may want to go back to"
        );
        findings.push(Remark::notice(format!("pool {pool}"), what, next, origin));
    }
    found
}
