//! Pools of machines, and what is done to them by a patch or by hand.

use serde_json::Value;
use serde_json::json;

use super::GROUP;
use super::Made;
use super::POOL_LABEL;
use super::Pool;
use super::Problem;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::machineconfig::ROLE_LABEL;
use crate::machineconfig::pool::OWN_POOLS;

/// A pool of one's own.
#[derive(Clone, Debug)]
pub struct CustomPool {
    /// Its name, which is its role too.
    pub name: Sourced<String>,
    /// How many nodes may be away at a time: a number or a share, as in `10%`.
    pub max_unavailable: Option<Sourced<String>>,
    /// Whether nothing reaches its nodes for now.
    pub is_paused: bool,
}

/// A pool of workers with a role of their own.
///
/// # Errors
///
/// A name that is taken or cannot be, and a share that is none.
pub fn custom_pool(asked: &CustomPool, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let name = &asked.name;
    let mut problems = Vec::new();
    if OWN_POOLS.contains(&name.as_str()) {
        let what = format!("every cluster has the pool `{}`", name.value);
        problems.push(words::problem(
            name,
            what,
            "name one of your own, as in `infra`; pause or patch that one",
        ));
    }
    let mut spec = json!({
        "machineConfigSelector": {"matchExpressions": [
            {"key": ROLE_LABEL, "operator": "In", "values": ["worker", name.value]},
        ]},
        "nodeSelector": {"matchLabels": {(format!("node-role.kubernetes.io/{}", name.value)): ""}},
    });
    if let Some(most) = &asked.max_unavailable {
        match share(most) {
            Some(most) => spec["maxUnavailable"] = most,
            None => {
                let what = format!("`{}` is no number of nodes", most.value);
                problems.push(words::problem(most, what, "write a number from 1, or a share as `10%`"));
            }
        }
    }
    if asked.is_paused {
        spec["paused"] = true.into();
    }
    let object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "MachineConfigPool",
        // By this label KubeletConfigs and ContainerRuntimeConfigs find it.
        "metadata": {"name": name.value, "labels": {(format!("{POOL_LABEL}/{}", name.value)): ""}},
        "spec": spec,
    });
    let made = Made::new(format!("pool-{}", name.value), object).note(format!(
        "a node joins it by its label: `oc label node NODE node-role.kubernetes.io/{}=`; a node is in one such pool",
        name.value
    ));
    finish(made, problems, &Pool { role: &name.value, ..*pool })
}

fn share(text: &str) -> Option<Value> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent: u8 = percent.parse().ok()?;
        return (1..=100).contains(&percent).then(|| json!(text));
    }
    let number: u32 = text.parse().ok()?;
    (number > 0).then(|| json!(number))
}

/// A patch that pauses a pool, or lets it go on.
///
/// # Errors
///
/// A pool that cannot be.
pub fn pause(is_paused: bool, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let name = format!("{}-{}", if is_paused { "pause" } else { "unpause" }, pool.role);
    let made = Made::new(name.clone(), json!({"spec": {"paused": is_paused}})).note(format!(
        "apply it with `oc patch machineconfigpool {} --type merge --patch-file {name}.yaml`",
        pool.role
    ));
    let made = match is_paused {
        true => made.note(
            "do not leave it paused for long: nothing of an update of the cluster reaches its nodes meanwhile",
        ),
        false => made.note("whatever waited reaches the nodes now, with reboots where it needs them"),
    };
    finish(made, Vec::new(), pool)
}

/// A patch that has a pool's image built again.
///
/// # Errors
///
/// A pool that cannot be.
pub fn rebuild(pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let object = json!({"metadata": {"annotations": {(format!("{GROUP}/rebuild")): ""}}});
    let name = format!("rebuild-{}", pool.role);
    let made = Made::new(name.clone(), object).note(format!(
        "apply it with `oc patch machineosconfig {} --type merge --patch-file {name}.yaml`",
        pool.role
    ));
    finish(made, Vec::new(), pool)
}

/// What is done by hand to take a pool back to the cluster's own image.
///
/// # Errors
///
/// A pool that cannot be.
pub fn revert_layering(pool: &Pool<'_>) -> Result<String, Vec<Problem>> {
    let problems = pool.problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    let role = pool.role;
    let is_own = OWN_POOLS.contains(&role);
    // Nodes of a pool of one's own go back to the workers.
    let back_in = if is_own { role } else { "worker" };
    let first = match is_own {
        true => format!(
            "1. Delete the MachineOSConfig; the pool goes back to the release's own image, and its nodes reboot:\n\n    oc delete machineosconfig {role}\n"
        ),
        false => format!(
            "1. Take the label from each node; it goes back to the pool `worker` and its image, and reboots:\n\n    oc label node NODE node-role.kubernetes.io/{role}-\n"
        ),
    };
    let last = match is_own {
        true => String::new(),
        false => format!(
            "\n4. Delete the MachineOSConfig and the pool, if nothing is to use them again:\n\n    oc delete machineosconfig {role}\n    oc delete machineconfigpool {role}\n"
        ),
    };
    Ok(format!(
        "To take the pool `{role}` back from an image of its own:\n\n{first}
2. Wait until every node is updated, and look at the image it runs:

    oc wait machineconfigpool/{back_in} --for condition=Updated --timeout 1h
    oc debug node/NODE -- chroot /host rpm-ostree status --booted

3. Delete the builds; their images in your registry stay until you delete them there:

    oc get machineosbuild -o name
    oc delete machineosbuild NAME
{last}
An image that a MachineConfig names as `osImageURL` stays until that MachineConfig is deleted:

    oc get machineconfig -o custom-columns=NAME:.metadata.name,IMAGE:.spec.osImageURL
"
    ))
}
