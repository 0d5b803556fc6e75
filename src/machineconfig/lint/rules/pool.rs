//! MachineConfigPools, and what selects them.

use serde_json::Value;

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::lint::selector::Selector;
use crate::machineconfig::lint::thing::Thing;
use crate::machineconfig::lint::whole::OWN_POOLS;

const KINDS: &[&str] = &["MachineConfigPool"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "pool-takes-nothing",
            refuses: "a pool that selects no MachineConfigs, or no nodes",
            why: "nothing is rendered for it, or for nobody",
            example: "machineConfigSelector: {}",
        },
        kinds: KINDS,
        by: takes_nothing,
    },
    Each {
        rule: Rule {
            name: "pool-without-worker",
            refuses: "a pool of one's own that does not take the workers' MachineConfigs",
            why: "its nodes get no kubelet, no CRI-O and no certificates from the operator's templates",
            example: "values: [infra]",
        },
        kinds: KINDS,
        by: without_worker,
    },
    Each {
        rule: Rule {
            name: "pool-of-masters",
            refuses: "a pool of one's own for control plane nodes",
            why: "the operator does not support it: a control plane node stays in the pool `master`",
            example: "node-role.kubernetes.io/master in the nodeSelector of a pool `fast`",
        },
        kinds: KINDS,
        by: of_masters,
    },
    Each {
        rule: Rule {
            name: "pool-max-unavailable",
            refuses: "(warns) a `maxUnavailable` of nothing, or of more than one control plane node",
            why: "0 stands for 1, it pauses nothing; two of three control plane nodes take etcd with them",
            example: "maxUnavailable: 0",
        },
        kinds: KINDS,
        by: max_unavailable,
    },
    Each {
        rule: Rule {
            name: "pool-paused",
            refuses: "(warns) a paused pool that has something to do",
            why: "while it is paused its nodes get neither changes nor renewed certificates",
            example: "paused: true, and another rendered MachineConfig in the status",
        },
        kinds: KINDS,
        by: paused,
    },
    Each {
        rule: Rule {
            name: "selects-no-pool",
            refuses: "a KubeletConfig or ContainerRuntimeConfig without a selector of pools",
            why: "it is for no pool, and nothing happens",
            example: "spec: {kubeletConfig: {maxPods: 250}}",
        },
        kinds: &["KubeletConfig", "ContainerRuntimeConfig"],
        by: selects_no_pool,
    },
];

fn selector(thing: &Thing<'_>, key: &str) -> Selector {
    thing.spec(&[key]).map(|place| Selector::of(place.value)).unwrap_or_default()
}

fn is_own(thing: &Thing<'_>) -> bool {
    OWN_POOLS.contains(&thing.name)
}

fn takes_nothing(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(spec) = thing.at.get("spec") else { return };
    for (key, what, next) in [
        (
            "machineConfigSelector",
            "no MachineConfigs",
            "select the label `machineconfiguration.openshift.io/role` with the values `worker` and its own",
        ),
        (
            "nodeSelector",
            "no nodes",
            "select a label of its nodes, as in `node-role.kubernetes.io/infra: \"\"`",
        ),
    ] {
        if selector(thing, key).is_empty() {
            let message = format!("the pool `{}` selects {what}", thing.name);
            found.error(&spec.origin_at(key), message, next);
        }
    }
}

fn without_worker(thing: &Thing<'_>, found: &mut Found<'_>) {
    let selector = selector(thing, "machineConfigSelector");
    if is_own(thing)
        || selector.is_empty()
        || !selector.is_readable()
        || selector.selects_role("worker")
        || selector.selects_role("master")
    {
        return;
    }
    if let Some(place) = thing.spec(&["machineConfigSelector"]) {
        let message = format!("the pool `{}` does not take the MachineConfigs of `worker`", thing.name);
        let next = format!("write `operator: In, values: [worker, {}]`", thing.name);
        found.error(place.origin(), message, next);
    }
}

/// Labels of control plane nodes.
const MASTERS: [&str; 2] = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];

fn of_masters(thing: &Thing<'_>, found: &mut Found<'_>) {
    if is_own(thing) {
        return;
    }
    let takes_masters = selector(thing, "machineConfigSelector").selects_role("master");
    let nodes = selector(thing, "nodeSelector");
    let key = match (takes_masters, nodes.keys().any(|key| MASTERS.contains(&key))) {
        (_, true) => "nodeSelector",
        (true, _) => "machineConfigSelector",
        _ => return,
    };
    if let Some(place) = thing.spec(&[key]) {
        let message = format!("the pool `{}` is for control plane nodes", thing.name);
        let next = "label the MachineConfigs for the pool `master`; a control plane node has no other pool";
        found.error(place.origin(), message, next);
    }
}

fn max_unavailable(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(place) = thing.spec(&["maxUnavailable"]) else { return };
    let text = match place.value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return,
    };
    let number: Option<f64> = text.trim_end_matches('%').parse().ok();
    if number == Some(0.0) {
        let next = "write `paused: true` to stop updates";
        found.warning(place.origin(), "the operator takes 0 for 1", next);
    } else if number.is_some_and(|number| number < 0.0) {
        found.error(place.origin(), format!("`{text}` is less than nothing"), "write a number from 1 on");
    } else if thing.name == "master" && !text.ends_with('%') && number.is_some_and(|number| number > 1.0) {
        let message = format!("{text} control plane nodes at once may leave etcd without a majority");
        found.warning(place.origin(), message, "leave it at 1");
    }
}

fn paused(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(place) = thing.spec(&["paused"]).filter(|place| place.value == &Value::Bool(true)) else {
        return;
    };
    let name = |of: &str| thing.at.at(&[of, "configuration", "name"]).and_then(|name| name.text());
    if let (Some(wanted), Some(current)) = (name("spec"), name("status"))
        && wanted != current
    {
        let message = format!("the pool `{}` is paused and waits for `{wanted}`", thing.name);
        found.warning(place.origin(), message, "write `paused: false` as soon as nodes may reboot");
    }
}

fn selects_no_pool(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(spec) = thing.at.get("spec") else { return };
    if selector(thing, "machineConfigPoolSelector").is_empty() {
        let message = format!("the {} `{}` is for no pool", thing.kind, thing.name);
        let next = "write `machineConfigPoolSelector`, as in `matchLabels: {pools.operator.machineconfiguration.openshift.io/worker: \"\"}`";
        found.error(&spec.origin_at("machineConfigPoolSelector"), message, next);
    }
}
