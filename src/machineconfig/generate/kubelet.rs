//! The kubelet's settings.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::GROUP;
use super::Made;
use super::Pool;
use super::Problem;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::document::nearest;

/// The names of settings, of kubelet.config.k8s.io/v1beta1.
const NAMES: &str = include_str!("kubelet_settings.txt");

/// Settings that are the operator's own (pkg/controller/kubelet-config/helpers.go), and what sets them.
const OPERATORS: [(&str, &str); 6] = [
    ("cgroupDriver", "leave it out: it is `systemd`"),
    ("clusterDNS", "leave it out: it is the cluster's"),
    ("clusterDomain", "leave it out: it is the cluster's"),
    ("featureGates", "set them in the cluster's object FeatureGate"),
    ("failSwapOn", "leave it out"),
    ("staticPodPath", "leave it out"),
];

/// Settings that are numbers from one to another.
const NUMBERS: [(&str, i64, i64); 8] = [
    ("maxPods", 1, 2500),
    ("podsPerCore", 0, 1000),
    ("podPidsLimit", -1, i64::MAX),
    ("kubeAPIQPS", 0, 100_000),
    ("kubeAPIBurst", 0, 100_000),
    ("registryPullQPS", 0, 100_000),
    ("imageGCHighThresholdPercent", 0, 100),
    ("imageGCLowThresholdPercent", 0, 100),
];

/// No setting lies deeper.
const MAX_DEPTH: usize = 8;

/// What is asked of the kubelet.
#[derive(Clone, Debug, Default)]
pub struct Kubelet {
    /// Its own settings, by name.
    pub settings: Vec<(Sourced<String>, Value)>,
    /// How much it logs, from 0 to 10.
    pub log_level: Option<Sourced<String>>,
    /// Whether what is kept for the system is worked out on the node.
    pub has_auto_sizing: Option<bool>,
    /// The profile of TLS: `Old` or `Intermediate`.
    pub tls_profile: Option<Sourced<String>>,
}

/// Reads `name=value`; `a/b=value` sets `b` in `a`, since names within hold dots. Numbers and truth values are such.
pub fn setting(text: &Sourced<String>) -> Result<(Sourced<String>, Value), Box<Problem>> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        let next = "write it as `maxPods=250`, or `evictionHard/memory.available=500Mi`";
        return Err(Box::new(words::problem(text, format!("`{}` sets nothing", text.value), next)));
    };
    let value = match serde_json::from_str::<Value>(value) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_))) => value,
        _ => Value::String(value.to_owned()),
    };
    let mut parts: Vec<&str> = name.split('/').collect();
    if parts.len() > MAX_DEPTH || parts.contains(&"") {
        let next = "write at most a few names, as in `evictionHard/memory.available`";
        return Err(Box::new(words::problem(text, "a setting of the kubelet's does not lie so deep", next)));
    }
    let first = parts.remove(0);
    let nested = parts.into_iter().rev().fold(value, |value, part| json!({(part): value}));
    Ok((Sourced { value: first.to_owned(), origin: text.origin.clone() }, nested))
}

/// A KubeletConfig.
///
/// # Errors
///
/// Everything that the operator would refuse, and settings that the kubelet does not have.
pub fn kubelet_config(asked: &Kubelet, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    let mut settings = Map::new();
    let mut plain = BTreeSet::new();
    for (name, value) in &asked.settings {
        wrong_setting(name, value, &mut problems, &mut notes);
        let is_new = plain.insert(name.value.as_str());
        match (settings.get_mut(&name.value), value) {
            // Parts of one setting are given one by one.
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more.clone()),
            (Some(_), _) if !is_new => {
                let what = format!("`{}` is set twice", name.value);
                problems.push(words::problem(name, what, "keep one"));
            }
            _ => drop(settings.insert(name.value.clone(), value.clone())),
        }
    }
    let mut spec = json!({"machineConfigPoolSelector": pool.selector()});
    if !settings.is_empty() {
        spec["kubeletConfig"] = settings.into();
    }
    if let Some(level) = &asked.log_level {
        match level.parse::<i32>().ok().filter(|number| (0..=10).contains(number)) {
            Some(number) => spec["logLevel"] = number.into(),
            None => {
                let what = format!("`{}` is no log level of the kubelet", level.value);
                problems.push(words::problem(level, what, "write a number from 0 to 10"));
            }
        }
    }
    if let Some(is_on) = asked.has_auto_sizing {
        spec["autoSizingReserved"] = is_on.into();
        let reserved = asked.settings.iter().find(|(name, _)| name.value == "systemReserved");
        if let Some((name, _)) = reserved.filter(|_| is_on) {
            let what = "what is kept for the system is set, and worked out on the node too";
            problems.push(words::problem(name, what, "keep `systemReserved`, or the sizing by itself"));
        }
    }
    if let Some(profile) = &asked.tls_profile {
        match profile.as_str() {
            "Old" => spec["tlsSecurityProfile"] = json!({"type": "Old", "old": {}}),
            "Intermediate" => {
                spec["tlsSecurityProfile"] = json!({"type": "Intermediate", "intermediate": {}})
            }
            other => {
                let what = format!("`{other}` is no profile of TLS that the kubelet takes");
                problems.push(words::problem(profile, what, "write `Old` or `Intermediate`"));
            }
        }
    }
    if spec.as_object().is_some_and(|spec| spec.len() == 1) {
        problems.push(Problem::new("nothing is asked of the kubelet", "set something, as in `maxPods=250`"));
    }
    let name = pool.object_named("kubelet");
    let object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "KubeletConfig",
        "metadata": {"name": name},
        "spec": spec,
    });
    let mut made = Made::new(name, object)
        .note("the operator makes a MachineConfig of the KubeletConfig, and every node of the pool reboots")
        .note("a second KubeletConfig for the same pool is not merged with it: the newest wins")
        .note_all(pool.label_note());
    made.notes.extend(notes);
    finish(made, problems, pool)
}

fn wrong_setting(
    name: &Sourced<String>,
    value: &Value,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) {
    if let Some((_, next)) = OPERATORS.iter().find(|(own, _)| *own == name.value) {
        let what = format!("`{}` is the operator's own, and refused in a KubeletConfig", name.value);
        problems.push(words::problem(name, what, *next));
        return;
    }
    if name.value == "memorySwap" && value.get("swapBehavior").is_some() {
        let what = "`memorySwap.swapBehavior` is the operator's own, and refused in a KubeletConfig";
        problems.push(words::problem(name, what, "leave it out"));
    }
    let known = || NAMES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    if !known().any(|known| known == name.value) {
        let what = format!("`{}` is no setting of the kubelet's that is known here", name.value);
        match nearest(name, known()) {
            Some(near) => problems.push(words::problem(name, what, format!("did you mean `{near}`?"))),
            // A newer kubelet may have it; the operator passes over what it does not know.
            None => notes.push(format!("{what}: nothing may come of it")),
        }
    }
    if let Some((_, least, most)) = NUMBERS.iter().find(|(number, _, _)| *number == name.value) {
        let is_right = value.as_i64().is_some_and(|number| (*least..=*most).contains(&number));
        if !is_right {
            let what = format!("`{}` cannot be `{value}`", name.value);
            let next = match *most {
                i64::MAX => format!("write a whole number from {least}"),
                _ => format!("write a whole number from {least} to {most}"),
            };
            problems.push(words::problem(name, what, next));
        }
    }
}
