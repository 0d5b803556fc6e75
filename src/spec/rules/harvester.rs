//! A node of Harvester.

use crate::document::Check;
use crate::document::Found;
use crate::document::Rule;
use crate::spec::Machine;
use crate::spec::Target;
use crate::spec::shape;

pub(in crate::spec) static CHECKS: &[Check<Machine>] = &[
    Check {
        rule: Rule {
            name: "harvester-section",
            refuses: "target `harvester` without the section, or without the URL that its config is served from",
            why: "the installer asks a person for what nobody tells it",
            example: "target: harvester, and no `harvester:`",
        },
        by: section,
    },
    Check {
        rule: Rule {
            name: "harvester-token",
            refuses: "a node of Harvester without the cluster's token, or with two",
            why: "no node joins without it",
            example: "harvester: {token: a, token_file: b}",
        },
        by: token,
    },
    Check {
        rule: Rule {
            name: "harvester-elsewhere",
            refuses: "a key of Harvester's config that the machine file has a word of its own for",
            why: "it would be said twice, and one of the two would not happen",
            example: "harvester: {os: {hostname: node1}}",
        },
        by: elsewhere,
    },
];

fn section(machine: &Machine, found: &mut Found<'_>) {
    if machine.target.value != Target::Harvester {
        return;
    }
    let view = machine.butane.view();
    let Some(section) = view.get("harvester") else {
        let help = "add `harvester: {token_file: …, install: {mode: create, …}}`, or see `cotter init --target harvester`";
        found.error(&machine.target.origin, "what the node is in its cluster is not said", help);
        return;
    };
    if section.is_map() && section.at(&["install", "config_url"]).is_none() {
        let place =
            section.get("install").map_or(section.origin().clone(), |install| install.origin().clone());
        let help = "write `config_url: http://HOST/config.yaml` in `harvester.install`: where the file that cotter writes will be served";
        found.error(&place, "where the installer gets its config from is not said", help);
    }
}

fn token(machine: &Machine, found: &mut Found<'_>) {
    let view = machine.butane.view();
    let Some(section) = view.get("harvester").filter(|section| section.is_map()) else { return };
    if machine.target.value != Target::Harvester {
        return;
    }
    match (section.get("token"), section.get("token_file")) {
        (None, None) => {
            let help = "write `token_file: secrets/token`, or `token: ${TOKEN}`";
            found.error(section.origin(), "the cluster's token is not said", help);
        }
        (Some(_), Some(file)) => {
            found.error(file.origin(), "the cluster's token is said twice", "keep `token` or `token_file`");
        }
        _ => {}
    }
}

fn elsewhere(machine: &Machine, found: &mut Found<'_>) {
    let view = machine.butane.view();
    let Some(section) = view.get("harvester") else { return };
    for (keys, help) in shape::HARVESTER_SAID_ELSEWHERE {
        if let Some(view) = section.at(keys) {
            let message = format!("the machine file has a word of its own for `{}`", keys.join("."));
            found.error(view.origin(), message, help);
        }
    }
}
