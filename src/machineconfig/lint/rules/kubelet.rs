//! KubeletConfigs: what the operator forbids, and what a kubelet does not start with.

use serde_json::Value;

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::document::nearest;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::quantity::amount;
use crate::machineconfig::lint::quantity::seconds;
use crate::machineconfig::lint::thing::Thing;

const KINDS: &[&str] = &["KubeletConfig"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "kubelet-forbidden",
            refuses: "a setting of the kubelet that the operator keeps to itself",
            why: "the operator refuses the whole KubeletConfig",
            example: "kubeletConfig: {cgroupDriver: cgroupfs}",
        },
        kinds: KINDS,
        by: forbidden,
    },
    Each {
        rule: Rule {
            name: "kubelet-sizing",
            refuses: "`autoSizingReserved: true` together with `systemReserved`",
            why: "the operator refuses the whole KubeletConfig",
            example: "autoSizingReserved: true, kubeletConfig: {systemReserved: {cpu: 1}}",
        },
        kinds: KINDS,
        by: sizing,
    },
    Each {
        rule: Rule {
            name: "kubelet-reserved",
            refuses: "a reserve of something else than the kubelet knows, or of an amount that cannot be meant",
            why: "the kubelet does not start, or no pod finds room on the node",
            example: "systemReserved: {memory: 500m}",
        },
        kinds: KINDS,
        by: reserved,
    },
    Each {
        rule: Rule {
            name: "kubelet-eviction",
            refuses: "a threshold of eviction that the kubelet cannot read, or a soft one without its period",
            why: "the kubelet does not start, and the node is lost",
            example: "evictionHard: {memory.available: 110%}",
        },
        kinds: KINDS,
        by: eviction,
    },
    Each {
        rule: Rule {
            name: "kubelet-order",
            refuses: "a pair of settings of which one must not be larger than the other",
            why: "the kubelet does not start",
            example: "imageGCHighThresholdPercent: 70, imageGCLowThresholdPercent: 80",
        },
        kinds: KINDS,
        by: order,
    },
    Each {
        rule: Rule {
            name: "kubelet-pods",
            refuses: "(warns) more pods than OpenShift is tested with, or a limit of processes that no pod starts with",
            why: "the node runs out of what is nowhere counted",
            example: "maxPods: 5000",
        },
        kinds: KINDS,
        by: pods,
    },
    Each {
        rule: Rule {
            name: "kubelet-cgroups",
            refuses: "a `systemReservedCgroup` that is not the `systemCgroups`",
            why: "the operator refuses the whole KubeletConfig",
            example: "systemReservedCgroup: /a.slice, systemCgroups: /system.slice",
        },
        kinds: KINDS,
        by: cgroups,
    },
    Each {
        rule: Rule {
            name: "kubelet-tls",
            refuses: "a TLS profile `Custom` without its settings, or settings of a profile that is not chosen",
            why: "the kubelet gets the usual profile, or none",
            example: "tlsSecurityProfile: {type: Custom}",
        },
        kinds: KINDS,
        by: tls,
    },
];

fn setting<'a>(thing: &Thing<'a>, key: &str) -> Option<Place<'a>> {
    thing.spec(&["kubeletConfig", key])
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => map.values().any(says_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// What the operator keeps to itself, and where it is set (`validateUserKubeletConfig`).
const FORBIDDEN: [(&str, &str); 7] = [
    ("cgroupDriver", "leave it out; CRI-O and the kubelet must agree on it"),
    ("clusterDNS", "leave it out; see the operator of DNS"),
    ("clusterDomain", "leave it out; it is chosen at the installation"),
    ("featureGates", "leave it out, and write a FeatureGate"),
    ("staticPodPath", "leave it out; the control plane's own pods lie there"),
    ("failSwapOn", "leave it out; swap is for OpenShift Virtualization's own operator"),
    ("memorySwap", "leave it out; swap is for OpenShift Virtualization's own operator"),
];

fn forbidden(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (key, next) in FORBIDDEN {
        if let Some(place) = setting(thing, key).filter(|place| says_something(place.value)) {
            found.error(place.origin(), format!("`{key}` is the operator's own"), next);
        }
    }
}

fn sizing(thing: &Thing<'_>, found: &mut Found<'_>) {
    let is_auto = thing.at.get("spec").is_some_and(|spec| spec.is_true_at("autoSizingReserved"));
    let reserved = setting(thing, "systemReserved").filter(|place| says_something(place.value));
    if let (true, Some(place)) = (is_auto, reserved) {
        let message = "`systemReserved` does not go with `autoSizingReserved: true`";
        found.error(place.origin(), message, "keep one of them");
    }
}

/// What can be reserved, and the least and the most that can be meant: in cores, or in bytes.
const RESERVABLE: [(&str, f64, f64); 4] = [
    ("cpu", 0.001, 256.0),
    ("memory", 1_048_576.0, 1_099_511_627_776.0),
    ("ephemeral-storage", 1_048_576.0, 1_125_899_906_842_624.0),
    ("pid", 1.0, 4_194_304.0),
];

fn reserved(thing: &Thing<'_>, found: &mut Found<'_>) {
    for list in ["systemReserved", "kubeReserved"] {
        let Some(reserve) = setting(thing, list) else { continue };
        for (name, origin, place) in reserve.entries() {
            let known = RESERVABLE.iter().find(|(known, _, _)| *known == name);
            let Some((_, least, most)) = known else {
                let next = match nearest(name, RESERVABLE.iter().map(|(known, _, _)| *known)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "reserve cpu, memory, ephemeral-storage or pid".to_owned(),
                };
                let message = format!("`{}` cannot be reserved", name.escape_debug());
                found.error(&origin, message, next);
                continue;
            };
            let text = place.text().unwrap_or_default();
            let Some(amount) = amount(text) else { continue };
            let (what, next) = if amount < *least {
                ("next to nothing", "write a unit that was meant, as in `500Mi` of memory or `500m` of a cpu")
            } else if amount > *most {
                ("more than any node has", "write a unit that was meant, as in `500m` of a cpu")
            } else {
                continue;
            };
            found.error(place.origin(), format!("`{text}` of {name} is {what}"), next);
        }
    }
}

/// What a kubelet watches (pkg/kubelet/eviction/api).
const SIGNALS: [&str; 9] = [
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "containerfs.available",
    "containerfs.inodesFree",
    "allocatableMemory.available",
    "pid.available",
];

fn eviction(thing: &Thing<'_>, found: &mut Found<'_>) {
    for list in ["evictionHard", "evictionSoft", "evictionMinimumReclaim", "evictionSoftGracePeriod"] {
        let Some(thresholds) = setting(thing, list) else { continue };
        for (name, origin, place) in thresholds.entries() {
            if !SIGNALS.contains(&name) {
                let next = match nearest(name, SIGNALS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", SIGNALS.join(", ")),
                };
                let message = format!("`{}` is not what a kubelet watches", name.escape_debug());
                found.error(&origin, message, next);
            }
            let text = place.text().unwrap_or_default();
            if list != "evictionSoftGracePeriod" && place.text().is_some() && !is_threshold(text) {
                let message = format!("`{}` is neither an amount nor a percentage", text.escape_debug());
                let next = "write an amount, as in `500Mi`, or a percentage from 0% to 100%, as in `10%`";
                found.error(place.origin(), message, next);
            }
        }
    }
    let soft = setting(thing, "evictionSoft").map(|place| place.entries()).unwrap_or_default();
    let period = setting(thing, "evictionSoftGracePeriod");
    for (name, origin, _) in &soft {
        if period.as_ref().and_then(|period| period.get(name)).is_none() {
            let message = format!("`evictionSoft` says `{name}`, and `evictionSoftGracePeriod` does not");
            found.error(origin, message, format!("add `evictionSoftGracePeriod: {{{name}: 1m30s}}`"));
        }
    }
    for (name, origin, _) in period.map(|period| period.entries()).unwrap_or_default() {
        if !soft.iter().any(|(known, _, _)| *known == name) {
            let message = format!("`evictionSoftGracePeriod` says `{name}`, and `evictionSoft` does not");
            found.error(&origin, message, "add its threshold to `evictionSoft`, or leave it out");
        }
    }
}

fn is_threshold(text: &str) -> bool {
    match text.strip_suffix('%') {
        Some(percent) => {
            let is_plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            is_plain && percent.parse::<f64>().is_ok_and(|percent| (0.0..=100.0).contains(&percent))
        }
        None => amount(text).is_some_and(|amount| amount >= 0.0),
    }
}

fn order(thing: &Thing<'_>, found: &mut Found<'_>) {
    let number = |key: &str| setting(thing, key).and_then(|place| place.value.as_f64());
    let time = |key: &str| setting(thing, key).and_then(|place| seconds(place.text()?));
    for (small, large, is_strict, read) in [
        (
            "imageGCLowThresholdPercent",
            "imageGCHighThresholdPercent",
            true,
            &number as &dyn Fn(&str) -> Option<f64>,
        ),
        ("kubeAPIQPS", "kubeAPIBurst", false, &number),
        ("registryPullQPS", "registryBurst", false, &number),
        ("shutdownGracePeriodCriticalPods", "shutdownGracePeriod", false, &time),
    ] {
        let (Some(less), Some(more)) = (read(small), read(large)) else { continue };
        let is_off = more == 0.0 && !is_strict;
        if (less > more || (is_strict && less == more)) && !is_off {
            let origin = setting(thing, small).unwrap_or_else(|| thing.at.clone()).origin().clone();
            let message = format!("`{small}` is not smaller than `{large}`");
            found.error(&origin, message, format!("make `{large}` the larger one"));
        }
    }
}

fn pods(thing: &Thing<'_>, found: &mut Found<'_>) {
    if let Some(place) = setting(thing, "maxPods")
        && place.value.as_i64().is_some_and(|pods| pods > 2500)
    {
        let message = format!("{} pods on a node are more than OpenShift is tested with", place.value);
        let next = "write at most 2500, and a `hostPrefix` of the cluster's network that has room for them";
        found.warning(place.origin(), message, next);
    }
    if let Some(place) = setting(thing, "podPidsLimit")
        && place.value.as_i64().is_some_and(|limit| (0..20).contains(&limit))
    {
        let message = format!("a pod of at most {} processes does not start", place.value);
        found.warning(place.origin(), message, "write 4096, which is usual, or -1 for no limit");
    }
}

fn cgroups(thing: &Thing<'_>, found: &mut Found<'_>) {
    let text = |key: &str| setting(thing, key).and_then(|place| place.text()).unwrap_or_default();
    let (reserved, system) = (text("systemReservedCgroup"), text("systemCgroups"));
    if let (Some(place), false) = (setting(thing, "systemReservedCgroup"), reserved == system)
        && !reserved.is_empty()
        && !system.is_empty()
    {
        let message = "`systemReservedCgroup` is not the same as `systemCgroups`";
        found.error(place.origin(), message, "write the same for both");
    }
}

fn tls(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(profile) = thing.spec(&["tlsSecurityProfile"]) else { return };
    let kind = profile.text_at("type");
    match profile.get("custom") {
        None if kind == "Custom" => {
            let next = "write `custom` with `ciphers` and `minTLSVersion`";
            found.error(&profile.origin_at("type"), "the profile `Custom` says nothing", next);
        }
        Some(custom) if !kind.is_empty() && kind != "Custom" => {
            let message = format!("`custom` says nothing in the profile `{kind}`");
            found.error(custom.origin(), message, "write `type: Custom`, or leave it out");
        }
        _ => {}
    }
}
