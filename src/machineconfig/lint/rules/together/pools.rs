//! Pools, and what is for them.

use std::collections::BTreeMap;

use crate::document::Found;
use crate::machineconfig::ROLE_LABEL;
use crate::machineconfig::lint::selector::Selector;
use crate::machineconfig::lint::whole::Member;
use crate::machineconfig::lint::whole::OWN_POOLS;
use crate::machineconfig::lint::whole::POOL_LABEL;
use crate::machineconfig::lint::whole::Whole;

/// The most KubeletConfigs of a pool, and the most ContainerRuntimeConfigs.
const MOST: usize = 10;

pub(super) fn role_without_pool(whole: &Whole, found: &mut Found<'_>) {
    let pools = || whole.of("MachineConfigPool");
    let is_unclear = |selector: &Selector| !selector.is_readable();
    if pools().next().is_none() || pools().any(|pool| pool.configs.as_ref().is_some_and(is_unclear)) {
        return;
    }
    for member in whole.of("MachineConfig").chain(whole.of("PinnedImageSet")) {
        let Some(role) = member.labels.get(ROLE_LABEL).filter(|role| !role.is_empty()) else { continue };
        // Every cluster has these, whether they are among the objects or not.
        let is_own = OWN_POOLS.contains(&role.as_str()) && !whole.knows_pools();
        let is_taken = whole
            .of("MachineConfigPool")
            .any(|pool| pool.configs.as_ref().is_some_and(|selector| selector.selects(&member.labels)));
        if !is_own && !is_taken {
            let message = format!("no pool takes `{}`: none selects the role `{role}`", member.name);
            let next = "make a pool that selects it, or label it for another";
            found.warning(&member.origin, message, next);
        }
    }
}

pub(super) fn selector_without_pool(whole: &Whole, found: &mut Found<'_>) {
    if !whole.knows_pools() {
        return;
    }
    for member in whole.of("KubeletConfig").chain(whole.of("ContainerRuntimeConfig")) {
        let Some((selector, origin)) = &member.pools else { continue };
        let is_met = whole.of("MachineConfigPool").any(|pool| selector.selects(&pool.labels));
        if selector.is_readable() && !selector.is_empty() && !is_met {
            let message = format!("the {} `{}` selects no pool of the cluster", member.kind, member.name);
            let next = "label the pool, as in `oc label machineconfigpool worker custom-kubelet=enabled`";
            found.warning(origin, message, next);
        }
    }
}

/// The pools that objects of a kind select: those that there are, or else the operator's own and each selector as
/// it is written.
fn by_pool<'a>(whole: &'a Whole, kind: &'a str) -> BTreeMap<String, Vec<&'a Member>> {
    let mut by_pool: BTreeMap<String, Vec<&Member>> = BTreeMap::new();
    for member in whole.of(kind) {
        let Some((selector, _)) =
            member.pools.as_ref().filter(|(selector, _)| selector.is_readable() && !selector.is_empty())
        else {
            continue;
        };
        let known = whole.of("MachineConfigPool").filter(|pool| selector.selects(&pool.labels));
        let mut pools: Vec<String> = known.map(|pool| format!("the pool `{}`", pool.name)).collect();
        if pools.is_empty() {
            let own = OWN_POOLS.iter().filter(|name| {
                selector.selects(&BTreeMap::from([(format!("{POOL_LABEL}{name}"), String::new())]))
            });
            pools.extend(own.map(|name| format!("the pool `{name}`")));
        }
        if pools.is_empty() {
            let keys: Vec<&str> = selector.keys().collect();
            // The debug text tells selectors apart that ask for other values.
            let same = by_pool.iter().find(|(_, members)| {
                members.iter().any(|other| other.pools.as_ref().is_some_and(|(other, _)| other == selector))
            });
            let name = format!("pools with the label `{}`", keys.join("`, `"));
            let name = same.map_or_else(
                || {
                    if by_pool.contains_key(&name) {
                        format!("{name} of {}", member.name)
                    } else {
                        name.clone()
                    }
                },
                |(name, _)| name.clone(),
            );
            pools.push(name);
        }
        for pool in pools {
            by_pool.entry(pool).or_default().push(member);
        }
    }
    by_pool
}

pub(super) fn not_merged(whole: &Whole, found: &mut Found<'_>) {
    for kind in ["KubeletConfig", "ContainerRuntimeConfig"] {
        for (pool, members) in by_pool(whole, kind) {
            let [first, others @ ..] = members.as_slice() else { continue };
            for member in others {
                let Some((_, origin)) = &member.pools else { continue };
                let message =
                    format!("`{}` and `{}` are both for {pool}, and are not merged", first.name, member.name);
                found.warning(origin, message, format!("write one {kind} with the settings of both"));
            }
        }
    }
}

pub(super) fn too_many(whole: &Whole, found: &mut Found<'_>) {
    for kind in ["KubeletConfig", "ContainerRuntimeConfig"] {
        for (pool, members) in by_pool(whole, kind) {
            if let Some(member) = members.get(MOST) {
                let message =
                    format!("there are {} {kind}s for {pool}; at most {MOST} are taken", members.len());
                found.error(&member.origin, message, format!("write one {kind} with the settings of all"));
            }
        }
    }
}
