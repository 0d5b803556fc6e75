//! The rules of machine files and Butane files, in one table each: a row says what is refused and by whom.
//!
//! To add a rule:
//! 1. write a function `fn(&T, &mut Found)` in the file of its subject;
//! 2. add a row to that file's table: name, what it refuses, why, an example;
//! 3. add a case to `tests/rules/<name>`: one file that breaks only it, one that nearly does.

mod cloud;
mod contents;
mod disks;
mod encryption;
mod filesystems;
mod harvester;
mod machine;
mod machineconfig;
mod passwd;

use crate::document::Check;
use crate::document::Found;
use crate::document::Node;
use crate::document::Rule;
use crate::document::SHAPE_RULES;
use crate::document::Sourced;
use crate::document::View;
use crate::document::repeated;

pub(super) use cloud::CHECKS as CLOUD_CHECKS;
pub(super) use harvester::CHECKS as HARVESTER_CHECKS;
pub(super) use machine::CHECKS as MACHINE_CHECKS;
pub(super) use machineconfig::CHECKS as OPERATOR_CHECKS;

use super::Variant;
use super::shape;

/// Checks of what is written in Butane's words, in any file.
pub(super) fn butane_checks() -> impl Iterator<Item = &'static Check<Sourced<Node>>> {
    let of_storage = disks::CHECKS.iter().chain(filesystems::CHECKS).chain(encryption::CHECKS);
    of_storage.chain(contents::CHECKS).chain(passwd::CHECKS)
}

/// Findings that have no function of their own: reading itself makes them.
const OF_READING: [Rule; 5] = [
    Rule {
        name: "variable",
        refuses: "a `${NAME}` that nobody gave a value",
        why: "the machine would get the name instead of the value",
        example: "hostname: ${HSOT}",
    },
    Rule {
        name: "one-document",
        refuses: "a second YAML document in a file",
        why: "one of the two would be ignored",
        example: "---",
    },
    Rule {
        name: "butane-version",
        refuses: "a version of a Butane variant that there is not",
        why: "keys may mean something else there",
        example: "version: 1.9.0",
    },
    Rule {
        name: "butane-too-old",
        refuses: "a key that the Butane version of its file does not know yet",
        why: "Butane ignores it with a warning",
        example: "luks in fcos 1.1.0",
    },
    Rule {
        name: "variant-forbids",
        refuses: "what the Butane variant of its file does not support",
        why: "the system could not do it, or its operator would stop",
        example: "storage.disks in r4e",
    },
];

/// A list of the section `storage`.
fn list<'a>(document: &'a Sourced<Node>, name: &str) -> Vec<View<'a>> {
    View::of(document).get("storage").map(|storage| storage.list(name)).unwrap_or_default()
}

fn number(view: &View<'_>, key: &str) -> u64 {
    view.parse_at::<u64>(key).map_or(0, |number| number.value)
}

/// Says which of `values` was there before.
fn twice<'a>(values: impl Iterator<Item = Sourced<String>> + 'a, what: &str, found: &mut Found<'_>) {
    let values: Vec<Sourced<String>> = values.collect();
    for (value, origin, line) in repeated(values.iter().map(|value| (value.value.clone(), &value.origin))) {
        let message = format!("{what} `{value}` is described twice; the first is on line {line}");
        found.error(origin, message, "put all about it into one entry");
    }
}

/// The level of the keys that a document may use: of its Butane version, or the newest for a machine file.
fn level(document: &Sourced<Node>) -> u8 {
    let view = View::of(document);
    let text = |key| view.text_at(key).map(|text| text.value).unwrap_or_default();
    Variant::find(&text("variant"), &text("version")).map_or(u8::MAX, |variant| variant.level)
}

/// Every rule that reading and checking a file knows.
pub fn rules() -> Vec<&'static Rule> {
    let shape = SHAPE_RULES.iter().chain(&OF_READING);
    let leaves = shape::LEAVES.iter().map(|leaf| &leaf.rule);
    let butane = butane_checks().map(|check| &check.rule);
    let machine = MACHINE_CHECKS.iter().chain(CLOUD_CHECKS).chain(OPERATOR_CHECKS).chain(HARVESTER_CHECKS);
    let machine = machine.map(|check| &check.rule);
    let network = crate::network::CHECKS.iter().map(|check| &check.rule);
    shape.chain(leaves).chain(butane).chain(machine).chain(network).collect()
}
