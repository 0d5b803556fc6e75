//! Names and labels.

use serde_json::Value;

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::ROLE_LABEL;
use crate::machineconfig::lint::format;
use crate::machineconfig::lint::thing::Thing;

/// The largest object that etcd takes.
const MAX_OBJECT_BYTES: usize = 1_572_864;

pub(super) static SIZE: Each = Each {
    rule: Rule {
        name: "object-size",
        refuses: "an object of more than 1,572,864 bytes as JSON; of one ten times as large, nothing else is said",
        why: "etcd takes no larger object, and all MachineConfigs of a pool go into one",
        example: "a firmware image as a data URL",
    },
    kinds: &[],
    by: object_size,
};

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "object-name",
            refuses: "an object without a name, or with one that the API server does not take",
            why: "the API server refuses the object; the order of MachineConfigs' names decides who wins",
            example: "name: 99_Worker",
        },
        kinds: &[],
        by: object_name,
    },
    Each {
        rule: Rule {
            name: "singleton-name",
            refuses: "a MachineConfiguration that is not called `cluster`",
            why: "the operator reads that one alone",
            example: "kind: MachineConfiguration, name: worker",
        },
        kinds: &["MachineConfiguration"],
        by: singleton_name,
    },
    Each {
        rule: Rule {
            name: "reserved-name",
            refuses: "a MachineConfig that is called like one that the operator makes itself",
            why: "the operator would overwrite or delete it, or take it for its own",
            example: "name: 99-worker-generated-kubelet",
        },
        kinds: &["MachineConfig"],
        by: reserved_name,
    },
    Each {
        rule: Rule {
            name: "name-order",
            refuses: "(warns) a MachineConfig whose name sorts before the operator's own of its pool",
            why: "of two that write the same, the later name wins: here the operator's",
            example: "name: 00-a",
        },
        kinds: &["MachineConfig"],
        by: name_order,
    },
    Each {
        rule: Rule {
            name: "role-label",
            refuses: "a MachineConfig or PinnedImageSet without the label that says its pool",
            why: "no pool takes it, and nothing happens",
            example: "metadata: {name: 99-worker-a}",
        },
        kinds: &["MachineConfig", "PinnedImageSet"],
        by: role_label,
    },
];

/// The bytes of all texts in a value: it is at least as large as JSON.
pub(in super::super) fn least_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(least_size).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + least_size(value)).sum(),
        _ => 0,
    }
}

/// The bytes of an object as JSON.
fn size(thing: &Thing<'_>) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut count, thing.at.value);
    count.0
}

fn object_size(thing: &Thing<'_>, found: &mut Found<'_>) {
    let least = least_size(thing.at.value);
    // Large ones need not be written to be counted.
    let size = if least > MAX_OBJECT_BYTES { least } else { size(thing) };
    if size > MAX_OBJECT_BYTES {
        let message = format!("`{}` has at least {size} bytes; etcd takes {MAX_OBJECT_BYTES}", thing.name);
        let next = "compress the contents of large files by gzip, or bring them in an image";
        found.error(&thing.name_origin(), message, next);
    }
}

fn object_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    let has_prefix = thing.at.at(&["metadata", "generateName"]).is_some();
    if thing.name.is_empty() && !has_prefix {
        let message = format!("the {} has no name", thing.kind);
        found.error(thing.at.origin(), message, "write `metadata.name`");
    } else if !thing.name.is_empty() && !format::is_name(thing.name) {
        let message = format!("`{}` {}", thing.name.escape_debug(), format::NAME.refusal);
        found.error(&thing.name_origin(), message, format::NAME.help);
    }
}

fn singleton_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    if !thing.name.is_empty() && thing.name != "cluster" {
        let message = format!("the operator does not read a MachineConfiguration called `{}`", thing.name);
        found.error(&thing.name_origin(), message, "call it `cluster`");
    }
}

/// What follows the pool in names of the operator's templates (`templates/` and `pkg/controller`).
const TEMPLATES: [(&str, &[&str]); 3] =
    [("00", &[""]), ("01", &["-container-runtime", "-kubelet"]), ("97", &["-generated-kubelet"])];

fn reserved_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    let name = thing.name;
    let is_template = TEMPLATES.iter().any(|(number, ends)| {
        let rest = name.strip_prefix(number).and_then(|rest| rest.strip_prefix('-'));
        let pool = thing.role().unwrap_or_default();
        let end = rest.and_then(|rest| rest.strip_prefix(pool));
        !pool.is_empty() && end.is_some_and(|end| ends.contains(&end))
    });
    let is_generated = ["97-", "98-", "99-"].iter().any(|prefix| name.starts_with(prefix))
        && (name.contains("-generated-") || name.ends_with("-generated"));
    let what = match name {
        _ if name.starts_with("rendered-") => "a rendered MachineConfig",
        _ if is_generated => "one that the operator makes of a KubeletConfig or ContainerRuntimeConfig",
        _ if is_template => "one of the operator's templates",
        _ => return,
    };
    let next = match name.starts_with("rendered-") {
        true => "apply what it was rendered of; the operator renders it again",
        false => "choose a name of your own, as in `99-worker-chrony`",
    };
    found.error(&thing.name_origin(), format!("`{name}` is the name of {what}"), next);
}

fn name_order(thing: &Thing<'_>, found: &mut Found<'_>) {
    let role = thing.role().unwrap_or_default();
    // Pools of one's own come after the workers' whatever they are called.
    if !["master", "worker", "arbiter"].contains(&role) || thing.name.is_empty() {
        return;
    }
    let last = format!("01-{role}-kubelet");
    if thing.name < last.as_str() && !thing.name.starts_with("rendered-") {
        let message = format!("`{}` sorts before `{last}`, which then wins", thing.name);
        let next = "begin the name with a later number, as in `99-`, unless the operator's shall win";
        found.warning(&thing.name_origin(), message, next);
    }
}

fn role_label(thing: &Thing<'_>, found: &mut Found<'_>) {
    let labels = thing.at.at(&["metadata", "labels"]);
    let near = labels.as_ref().map(|labels| labels.entries()).unwrap_or_default();
    match thing.role() {
        Some("") => {
            let place = labels.and_then(|labels| labels.get(ROLE_LABEL)).unwrap_or_else(|| thing.at.clone());
            let next = "write the pool's name, as in `worker`";
            found.error(place.origin(), "the label of the role says nothing", next);
        }
        Some(_) => {}
        None => {
            let near = crate::document::nearest(ROLE_LABEL, near.iter().map(|(name, _, _)| *name));
            let next = match near {
                Some(near) => format!("write `{ROLE_LABEL}` where `{near}` is"),
                None => format!("label it with `{ROLE_LABEL}: worker`, or another pool"),
            };
            let message = format!("no pool takes `{}`: it has no label `{ROLE_LABEL}`", thing.name);
            found.error(&thing.name_origin(), message, next);
        }
    }
}
