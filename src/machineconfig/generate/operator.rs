//! The cluster's one MachineConfiguration: what the operator itself is told.

use serde_json::Value;
use serde_json::json;

use super::Made;
use super::Pool;
use super::Problem;
use super::versions::Version;
use super::versions::missing;
use super::words;
use crate::document::Sourced;
use crate::ignition::merge;

/// The only name that it may have.
const NAME: &str = "cluster";

/// Which machine sets get the boot image of the cluster's version.
#[derive(Clone, Debug)]
pub struct BootImages {
    /// `all`, `none` or `partial`.
    pub mode: Sourced<String>,
    /// The labels of machine sets, for `partial`.
    pub labels: Vec<(Sourced<String>, String)>,
}

/// The cluster's MachineConfiguration with a part of its spec.
pub(super) fn cluster_object(part: Value) -> Made {
    let spec = merge(json!({"managementState": "Managed"}), part);
    let object = json!({
        "apiVersion": "operator.openshift.io/v1",
        "kind": "MachineConfiguration",
        "metadata": {"name": NAME},
        "spec": spec,
    });
    Made::new("machineconfiguration-cluster", object)
}

/// The object, unless something is wrong. It is of no pool.
pub(super) fn finish_cluster(made: Made, problems: Vec<Problem>) -> Result<Made, Vec<Problem>> {
    if problems.is_empty() { Ok(made) } else { Err(problems) }
}

/// Several parts of the one object as one.
pub fn in_one(parts: Vec<Made>) -> Option<Made> {
    let mut parts = parts.into_iter();
    let mut one = parts.next()?;
    for part in parts {
        one.object = merge(one.object, part.object);
        one.notes.extend(part.notes);
    }
    Some(one)
}

/// The cluster's MachineConfiguration with which boot images are kept up to date.
///
/// # Errors
///
/// A mode that the version does not have, and labels that go with none.
pub fn boot_images(asked: &BootImages, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let modes = &Version::of(pool.rules).boot_image_modes;
    let mut problems = Vec::new();
    let mode = match asked.mode.as_str() {
        "all" => "All",
        "none" => "None",
        "partial" => "Partial",
        other => {
            let what = format!("`{other}` is no way to manage boot images");
            problems.push(words::problem(&asked.mode, what, "write `all`, `none` or `partial`"));
            "All"
        }
    };
    if modes.is_empty() {
        let of = |version: &Version| !version.boot_image_modes.is_empty();
        problems.push(missing("managed boot images", pool.rules, of));
    } else if !modes.iter().any(|known| known == mode) {
        let what =
            format!("OpenShift {} has no mode `{}` of boot images", pool.rules.version, asked.mode.value);
        let next = "take the machine manager out of the cluster's object by hand: `oc edit machineconfiguration cluster`";
        problems.push(words::problem(&asked.mode, what, next));
    }
    for (key, value) in &asked.labels {
        if !words::is_label_key(key) || !words::is_label_value(value) {
            let what = format!("`{}={value}` is no label", key.value);
            problems.push(words::problem(key, what, "write it as `region=east`"));
        }
    }
    let mut selection = json!({"mode": mode});
    match (mode, asked.labels.first()) {
        ("Partial", None) => {
            let next = "name the labels of the machine sets, as in `region=east`";
            problems.push(words::problem(&asked.mode, "`partial` needs labels", next));
        }
        ("Partial", Some(_)) => {
            let labels: serde_json::Map<String, Value> =
                asked.labels.iter().map(|(key, value)| (key.value.clone(), json!(value))).collect();
            selection["partial"] = json!({"machineResourceSelector": {"matchLabels": labels}});
        }
        (_, Some((key, _))) => {
            problems.push(words::problem(key, "labels go with `partial` alone", "leave them out"));
        }
        (_, None) => {}
    }
    let manager =
        json!({"resource": "machinesets", "apiGroup": "machine.openshift.io", "selection": selection});
    let made = cluster_object(json!({"managedBootImages": {"machineManagers": [manager]}})).note(
        "only clusters whose machines come from machine sets have boot images; existing machines do not change",
    );
    finish_cluster(made, problems)
}
