//! ContainerRuntimeConfigs.

use serde_json::Value;

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::quantity::amount;
use crate::machineconfig::lint::thing::Thing;

const KINDS: &[&str] = &["ContainerRuntimeConfig"];

/// conmon's buffer: the operator takes only more.
const MIN_LOG_BYTES: f64 = 8192.0;

/// Fewer processes do not make a container.
const MIN_PIDS: i64 = 20;

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "runtime-range",
            refuses: "a `pidsLimit` below 20, a `logSizeMax` that is not more than 8192 bytes, a negative `overlaySize`",
            why: "the operator refuses the ContainerRuntimeConfig",
            example: "pidsLimit: 10",
        },
        kinds: KINDS,
        by: range,
    },
    Each {
        rule: Rule {
            name: "runtime-empty",
            refuses: "(warns) a ContainerRuntimeConfig that sets nothing",
            why: "the operator makes no MachineConfig of it",
            example: "containerRuntimeConfig: {}",
        },
        kinds: KINDS,
        by: empty,
    },
];

fn range(thing: &Thing<'_>, found: &mut Found<'_>) {
    let setting = |key: &str| thing.spec(&["containerRuntimeConfig", key]);
    if let Some(place) = setting("pidsLimit")
        && place.value.as_i64().is_some_and(|limit| limit != 0 && limit < MIN_PIDS)
    {
        let message = format!("`pidsLimit` is {}; a container needs {MIN_PIDS}", place.value);
        found.error(place.origin(), message, "write 20 or more, or 0 for what is usual");
    }
    if let Some(place) = setting("logSizeMax")
        && bytes(&place).is_some_and(|size| size > 0.0 && size <= MIN_LOG_BYTES)
    {
        let message = format!("`logSizeMax` is not more than {MIN_LOG_BYTES} bytes");
        found.error(place.origin(), message, "write more, as in `50Mi`, or -1 for no limit");
    }
    if let Some(place) = setting("overlaySize")
        && bytes(&place).is_some_and(|size| size < 0.0)
    {
        found.error(place.origin(), "`overlaySize` is less than nothing", "write a size, as in `10G`");
    }
}

fn bytes(place: &Place<'_>) -> Option<f64> {
    match place.value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => amount(text),
        _ => None,
    }
}

fn empty(thing: &Thing<'_>, found: &mut Found<'_>) {
    if let Some(place) = thing.spec(&["containerRuntimeConfig"])
        && place.value.as_object().is_some_and(|map| map.values().all(Value::is_null))
    {
        let next = "set something, or leave the object out";
        found.warning(place.origin(), format!("`{}` sets nothing", thing.name), next);
    }
}
