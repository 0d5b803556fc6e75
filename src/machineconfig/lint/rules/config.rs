//! What a MachineConfig asks for besides its Ignition document.

use std::collections::BTreeMap;

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::document::nearest;
use crate::machineconfig::lint::format;
use crate::machineconfig::lint::thing::Thing;

const KINDS: &[&str] = &["MachineConfig"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "kernel-type-role",
            refuses: "(warns) the realtime kernel for control plane nodes",
            why: "OpenShift supports it on workers; on a single node, the performance profile asks for it",
            example: "kernelType: realtime, role: master",
        },
        kinds: KINDS,
        by: kernel_type_role,
    },
    Each {
        rule: Rule {
            name: "kernel-devel",
            refuses: "the extension `kernel-devel` with another kernel than the default one",
            why: "the operator refuses to render the pool",
            example: "kernelType: realtime, extensions: [kernel-devel]",
        },
        kinds: KINDS,
        by: kernel_devel,
    },
    Each {
        rule: Rule {
            name: "extension",
            refuses: "an extension that this version of OpenShift does not know",
            why: "the operator refuses to render the pool; without `spec.config` it does not look, and the node fails",
            example: "extensions: [usb-guard]",
        },
        kinds: KINDS,
        by: extension,
    },
    Each {
        rule: Rule {
            name: "fips-later",
            refuses: "(warns) `fips: true`",
            why: "FIPS mode is chosen at the installation; the operator refuses to change it, and nodes degrade",
            example: "fips: true",
        },
        kinds: KINDS,
        by: fips,
    },
    Each {
        rule: Rule {
            name: "kernel-argument",
            refuses: "a kernel argument with a line break, `$` or quotes, or without a word",
            why: "it would break the boot entry, or boot with another argument than is written",
            example: "kernelArguments: [\"a=$b\"]",
        },
        kinds: KINDS,
        by: kernel_argument,
    },
    Each {
        rule: Rule {
            name: "kernel-argument-twice",
            refuses: "(warns) a kernel argument that is there twice",
            why: "the operator keeps both; the kernel gets it twice",
            example: "kernelArguments: [quiet, quiet]",
        },
        kinds: KINDS,
        by: kernel_argument_twice,
    },
    Each {
        rule: Rule {
            name: "multipath",
            refuses: "(warns) one of the two kernel arguments of multipath without the other",
            why: "the root is on one path only, or the node does not find its root",
            example: "kernelArguments: [rd.multipath=default]",
        },
        kinds: KINDS,
        by: multipath,
    },
    Each {
        rule: Rule {
            name: "image-by-tag",
            refuses: "(warns) an image of the operating system by a tag",
            why: "the tag moves, and nodes then have different systems under one name",
            example: "osImageURL: registry.example/os:latest",
        },
        kinds: KINDS,
        by: image_by_tag,
    },
];

fn kernel_type_role(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(kernel) = thing.spec(&["kernelType"]) else { return };
    if thing.role() == Some("master") && kernel.text() == Some("realtime") {
        let message = "the realtime kernel is supported on workers alone";
        let next = "label it for a pool of workers; on a single node, use a PerformanceProfile";
        found.warning(kernel.origin(), message, next);
    }
}

fn kernel_devel(thing: &Thing<'_>, found: &mut Found<'_>) {
    let kernel = thing.spec(&["kernelType"]).and_then(|kernel| kernel.text()).unwrap_or_default();
    if !["realtime", "64k-pages"].contains(&kernel) {
        return;
    }
    for extension in thing.list(&["extensions"]) {
        if extension.text() == Some("kernel-devel") {
            let message = format!("`kernel-devel` does not go with the kernel type `{kernel}`");
            found.error(extension.origin(), message, "leave one of them out");
        }
    }
}

fn extension(thing: &Thing<'_>, found: &mut Found<'_>) {
    let rules = thing.rules;
    let is_unlooked = thing.spec(&["config"]).is_none();
    for extension in thing.list(&["extensions"]) {
        let Some(name) = extension.text() else { continue };
        if rules.extensions.iter().any(|known| known == name) {
            continue;
        }
        let next = match nearest(name, rules.extensions.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", rules.extensions.join(", ")),
        };
        let unlooked = match is_unlooked {
            true => "; without `spec.config` the operator does not look, and the node fails",
            false => "",
        };
        let message = format!("`{name}` is no extension of OpenShift {}{unlooked}", thing.openshift());
        found.error(extension.origin(), message, next);
    }
}

fn fips(thing: &Thing<'_>, found: &mut Found<'_>) {
    if let Some(fips) = thing.spec(&["fips"]).filter(|fips| fips.value == &serde_json::Value::Bool(true)) {
        let message = "FIPS mode is chosen at the installation; the operator takes no change of it";
        let next =
            "write `fips: true` into install-config.yaml; keep this only where the cluster has it already";
        found.warning(fips.origin(), message, next);
    }
}

fn kernel_argument(thing: &Thing<'_>, found: &mut Found<'_>) {
    for argument in thing.list(&["kernelArguments"]) {
        let Some(text) = argument.text() else { continue };
        let what = if text.trim().is_empty() {
            "says nothing"
        } else if text.contains(['\n', '\r']) {
            "has a line break"
        } else if text.contains(|c: char| c.is_control()) {
            "has a control character"
        } else if text.contains('$') {
            "has a `$`, which the boot loader takes for a variable"
        } else if text.contains(['\'', '`', '\\']) || text.matches('"').count() % 2 == 1 {
            "has a quote or `\\`, which the boot loader takes for its own"
        } else {
            continue;
        };
        let shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
        let next = "write words as the kernel shall get them, as in `console=ttyS0,115200n8`";
        found.error(argument.origin(), format!("the kernel argument `{shown}` {what}"), next);
    }
}

fn kernel_argument_twice(thing: &Thing<'_>, found: &mut Found<'_>) {
    let mut seen = BTreeMap::new();
    for argument in thing.list(&["kernelArguments"]) {
        for word in argument.text().unwrap_or_default().split_whitespace() {
            // Some are given several times on purpose.
            if ["console=", "isolcpus=", "hugepages", "ip=", "rd."]
                .iter()
                .any(|start| word.starts_with(start))
            {
                continue;
            }
            match seen.get(word) {
                Some(line) => {
                    let message = format!("the kernel gets `{word}` twice: it is on line {line} too");
                    found.warning(argument.origin(), message, "keep one of them");
                }
                None => drop(seen.insert(word, argument.origin().line)),
            }
        }
    }
}

/// The two arguments that bring the root onto a multipath device.
const MULTIPATH: [&str; 2] = ["rd.multipath=default", "root=/dev/disk/by-label/dm-mpath-root"];

fn multipath(thing: &Thing<'_>, found: &mut Found<'_>) {
    let arguments = thing.list(&["kernelArguments"]);
    let place = |wanted: &str| {
        arguments.iter().find(|argument| {
            argument.text().unwrap_or_default().split_whitespace().any(|word| word == wanted)
        })
    };
    let [switch, root] = MULTIPATH;
    let (there, missing) = match (place(switch), place(root)) {
        (Some(place), None) => (place, root),
        (None, Some(place)) => (place, switch),
        _ => return,
    };
    let message = format!("multipath is half asked for: `{missing}` is missing");
    found.warning(there.origin(), message, format!("add `{missing}`"));
}

fn image_by_tag(thing: &Thing<'_>, found: &mut Found<'_>) {
    for key in ["osImageURL", "baseOSExtensionsContainerImage"] {
        let Some(image) = thing.spec(&[key]) else { continue };
        let text = image.text().unwrap_or_default();
        if !text.is_empty() && !format::is_digest_image(text) {
            let message = format!("`{key}` does not name an image by its digest");
            found.warning(image.origin(), message, format::DIGEST_IMAGE.help);
        }
    }
}
