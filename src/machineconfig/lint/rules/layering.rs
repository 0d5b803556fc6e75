//! Images that the cluster builds for its nodes, and how far nodes are.

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::document::nearest;
use crate::machineconfig::lint::thing::Thing;

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "layering-name",
            refuses: "a MachineOSConfig that is not called like its pool",
            why: "the operator looks for it by the pool's name",
            example: "name: layered, machineConfigPool: {name: worker}",
        },
        kinds: &["MachineOSConfig"],
        by: layering_name,
    },
    Each {
        rule: Rule {
            name: "containerfile",
            refuses: "a Containerfile without the stage `FROM configs AS final`, or with another last stage (warns)",
            why: "the build has no base, or leaves out the pool's MachineConfigs",
            example: "content: \"RUN dnf install tree\"",
        },
        kinds: &["MachineOSConfig"],
        by: containerfile,
    },
    Each {
        rule: Rule {
            name: "node-name",
            refuses: "a MachineConfigNode that is not called like its node",
            why: "the API server refuses it",
            example: "name: a, spec: {node: {name: b}}",
        },
        kinds: &["MachineConfigNode"],
        by: node_name,
    },
    Each {
        rule: Rule {
            name: "condition",
            refuses: "(warns) a condition of a node's update or of a build that there is not, or a status that is no word of it",
            why: "what waits for it waits for ever",
            example: "conditions: [{type: Updatd, status: \"True\"}]",
        },
        kinds: &["MachineConfigNode", "MachineOSBuild"],
        by: condition,
    },
];

fn layering_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(pool) = thing.spec(&["machineConfigPool", "name"]) else { return };
    let name = pool.text().unwrap_or_default();
    if !name.is_empty() && !thing.name.is_empty() && name != thing.name {
        let message = format!("the MachineOSConfig of the pool `{name}` is called `{}`", thing.name);
        found.error(&thing.name_origin(), message, format!("call it `{name}`"));
    }
}

fn containerfile(thing: &Thing<'_>, found: &mut Found<'_>) {
    for file in thing.list(&["containerFile"]) {
        let Some(content) = file.get("content") else { continue };
        let text = content.text().unwrap_or_default();
        let stages: Vec<(usize, Vec<&str>)> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.split_whitespace().collect::<Vec<_>>()))
            .filter(|(_, words)| words.first().is_some_and(|word| word.eq_ignore_ascii_case("FROM")))
            .collect();
        let is_final = |words: &[&str]| match words {
            [_, base, as_word, name] => {
                *base == "configs" && as_word.eq_ignore_ascii_case("AS") && *name == "final"
            }
            _ => false,
        };
        let next = "write `FROM configs AS final` before what changes the system";
        match stages.last() {
            None => found.error(content.origin(), "the Containerfile has no `FROM`", next),
            Some((line, words)) if !is_final(words) => {
                let is_anywhere = stages.iter().any(|(_, words)| is_final(words));
                let message = match is_anywhere {
                    true => format!("the last stage, on line {line} of the Containerfile, is not `final`"),
                    false => "the Containerfile does not build on `configs`".to_owned(),
                };
                found.warning(&content.origin_of_line(*line), message, next);
            }
            Some(_) => {}
        }
    }
}

fn node_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(node) = thing.spec(&["node", "name"]) else { return };
    let name = node.text().unwrap_or_default();
    if !name.is_empty() && name != thing.name {
        let message = format!("the MachineConfigNode of the node `{name}` is called `{}`", thing.name);
        found.error(node.origin(), message, "call both the same");
    }
}

/// Conditions of MachineConfigNodes (types_machineconfignode.go).
const OF_NODES: [&str; 18] = [
    "Updated",
    "UpdatePrepared",
    "UpdateExecuted",
    "UpdatePostActionComplete",
    "UpdateComplete",
    "Resumed",
    "Drained",
    "Cordoned",
    "Uncordoned",
    "AppliedFilesAndOS",
    "AppliedFiles",
    "AppliedOSImage",
    "ImagePulledFromRegistry",
    "RebootedNode",
    "NodeDegraded",
    "PinnedImageSetsProgressing",
    "PinnedImageSetsDegraded",
    "InternalReleaseImageDegraded",
];

/// Conditions of v1alpha1, whose names were longer.
const OF_OLD_NODES: [&str; 3] = ["UpdateCompatible", "ReloadedCRIO", "UpdatedFilesAndOS"];

/// Conditions of MachineOSBuilds.
const OF_BUILDS: [&str; 5] = ["Prepared", "Building", "Succeeded", "Interrupted", "Failed"];

fn condition(thing: &Thing<'_>, found: &mut Found<'_>) {
    let known: Vec<&str> = match thing.kind {
        "MachineOSBuild" => OF_BUILDS.to_vec(),
        _ => OF_NODES.into_iter().chain(OF_OLD_NODES).collect(),
    };
    let conditions = thing.at.at(&["status", "conditions"]).map(|place| place.items()).unwrap_or_default();
    for condition in conditions {
        let kind = condition.text_at("type");
        if !known.contains(&kind) {
            let next = match nearest(kind, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", known.join(", ")),
            };
            let message = format!("`{}` is no condition of a {}", kind.escape_debug(), thing.kind);
            found.warning(&condition.origin_at("type"), message, next);
        }
        if let Some(status) = condition.get("status")
            && !status.text().is_some_and(|text| ["True", "False", "Unknown"].contains(&text))
        {
            let message = format!("the status of `{}` is none", kind.escape_debug());
            found.warning(status.origin(), message, "write \"True\", \"False\" or Unknown, in quotes");
        }
    }
}
