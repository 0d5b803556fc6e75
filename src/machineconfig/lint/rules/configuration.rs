//! MachineConfiguration: what the shape cannot say of node disruption policies and boot images.

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::disruption::Action;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::thing::Thing;
use crate::machineconfig::path::is_clean;

const KINDS: &[&str] = &["MachineConfiguration"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "disruption-alone",
            refuses: "`Reboot` or `None` beside other actions of a node disruption policy",
            why: "the API server refuses it: the one makes the others idle",
            example: "actions: [{type: None}, {type: Drain}]",
        },
        kinds: KINDS,
        by: alone,
    },
    Each {
        rule: Rule {
            name: "disruption-service",
            refuses: "a `Reload` or `Restart` without its service, or a service of another action",
            why: "the API server refuses it",
            example: "actions: [{type: Restart}]",
        },
        kinds: KINDS,
        by: service,
    },
    Each {
        rule: Rule {
            name: "disruption-path",
            refuses: "a path of a node disruption policy that is not absolute, or (warns) not in its shortest form",
            why: "no file of a MachineConfig has such a path, and its change reboots as before; what is below a folder is found",
            example: "path: etc/chrony.conf",
        },
        kinds: KINDS,
        by: path,
    },
    Each {
        rule: Rule {
            name: "disruption-idle",
            refuses: "(warns) a node disruption policy without an action",
            why: "nothing is done when the file changes, as with `None`, but nobody reads it so",
            example: "actions: []",
        },
        kinds: KINDS,
        by: idle,
    },
    Each {
        rule: Rule {
            name: "boot-images-selection",
            refuses: "a selection `Partial` without its labels, labels of another mode, `Partial` of control planes",
            why: "the API server refuses it",
            example: "selection: {mode: Partial}",
        },
        kinds: KINDS,
        by: selection,
    },
    Each {
        rule: Rule {
            name: "boot-images-skew",
            refuses: "a skew of boot images whose mode and settings do not go together",
            why: "the API server refuses it",
            example: "bootImageSkewEnforcement: {mode: Manual}",
        },
        kinds: KINDS,
        by: skew,
    },
];

/// Every policy: what it is for, and the place of its list of actions.
fn policies<'a>(thing: &Thing<'a>) -> Vec<Place<'a>> {
    let mut policies = thing.list(&["nodeDisruptionPolicy", "files"]);
    policies.extend(thing.list(&["nodeDisruptionPolicy", "units"]));
    policies.extend(thing.spec(&["nodeDisruptionPolicy", "sshkey"]));
    policies
}

fn alone(thing: &Thing<'_>, found: &mut Found<'_>) {
    for policy in policies(thing) {
        let actions = policy.list(&["actions"]);
        for action in &actions {
            let is_alone = Action::of(action.value).is_some_and(|action| action.is_alone());
            if is_alone && actions.len() > 1 {
                let kind = action.text_at("type");
                let message = format!("`{kind}` stands beside other actions");
                found.error(
                    &action.origin_at("type"),
                    message,
                    format!("write `{kind}` alone, or leave it out"),
                );
            }
        }
    }
}

fn service(thing: &Thing<'_>, found: &mut Found<'_>) {
    for action in policies(thing).iter().flat_map(|policy| policy.list(&["actions"])) {
        let kind = action.text_at("type");
        for (wanted, key) in [("Reload", "reload"), ("Restart", "restart")] {
            match action.get(key) {
                None if kind == wanted => {
                    let message = format!("`{kind}` does not say of what");
                    let next = format!("add `{key}: {{serviceName: crio.service}}`");
                    found.error(&action.origin_at("type"), message, next);
                }
                Some(place) if kind != wanted => {
                    let message = format!("`{key}` says nothing in an action `{kind}`");
                    found.error(place.origin(), message, format!("write `type: {wanted}`, or leave it out"));
                }
                _ => {}
            }
        }
    }
}

fn path(thing: &Thing<'_>, found: &mut Found<'_>) {
    for file in thing.list(&["nodeDisruptionPolicy", "files"]) {
        let Some(path) = file.get("path") else { continue };
        let text = path.text().unwrap_or_default();
        let next = "write an absolute path without a `/` at its end, as in `/etc/chrony.conf`";
        if !text.starts_with('/') {
            let message = format!("no file has the path `{}`", text.escape_debug());
            found.error(path.origin(), message, next);
        } else if text == "/" {
            found.warning(path.origin(), "the operator finds nothing below `/`", "name the folders below it");
        } else if !is_clean(text) {
            let message = format!("no file has the path `{}`, only what is below it", text.escape_debug());
            found.warning(path.origin(), message, next);
        }
    }
}

fn idle(thing: &Thing<'_>, found: &mut Found<'_>) {
    for policy in policies(thing) {
        if let Some(actions) = policy.get("actions").filter(|actions| actions.items().is_empty()) {
            let next = "write `- type: None` if nothing shall be done";
            found.warning(actions.origin(), "the policy has no action", next);
        }
    }
}

fn selection(thing: &Thing<'_>, found: &mut Found<'_>) {
    for manager in thing.list(&["managedBootImages", "machineManagers"]) {
        let Some(selection) = manager.get("selection") else { continue };
        let mode = selection.text_at("mode");
        match selection.get("partial") {
            None if mode == "Partial" => {
                let next = "add `partial.machineResourceSelector` with `matchLabels`";
                found.error(&selection.origin_at("mode"), "`Partial` does not say which", next);
            }
            Some(partial) if mode != "Partial" => {
                let message = format!("`partial` says nothing in the mode `{mode}`");
                found.error(partial.origin(), message, "write `mode: Partial`, or leave it out");
            }
            _ => {}
        }
        if mode == "Partial" && manager.text_at("resource") == "controlplanemachinesets" {
            let message = "a cluster has one ControlPlaneMachineSet; there is no part of it";
            found.error(&selection.origin_at("mode"), message, "write All or None");
        }
    }
}

fn skew(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(skew) = thing.spec(&["bootImageSkewEnforcement"]) else { return };
    let mode = skew.text_at("mode");
    let manual = skew.get("manual");
    if (mode == "Manual") != manual.is_some() {
        let message = format!("the mode `{mode}` and `manual` do not go together");
        let next = "write `mode: Manual` with `manual`, or `mode: None` without";
        found.error(&skew.origin_at("mode"), message, next);
    }
    let Some(manual) = manual else { return };
    for (wanted, key) in [("OCPVersion", "ocpVersion"), ("RHCOSVersion", "rhcosVersion")] {
        let is_wanted = manual.text_at("mode") == wanted;
        if is_wanted != manual.get(key).is_some() {
            let message = format!("the mode `{}` and `{key}` do not go together", manual.text_at("mode"));
            found.error(&manual.origin_at("mode"), message, format!("`{key}` is for the mode `{wanted}`"));
        }
    }
}
