//! Harvester's own configs: what its loader drops, what its validator refuses, and what neither looks at.
//!
//! A config is held against its shape (`shape.rs`, with the spellings of `spelling.rs`) and against rules (`rules/`).
//! What changes with releases is in `facts.toml`.
//!
//! To add a rule:
//! 1. add its row to the table of its file in `rules/`;
//! 2. add a case that breaks it and one that keeps it to `tests/harvester.toml`;
//! 3. `COTTER_BLESS=1 cargo test --test suite harvester` writes it into `docs/harvester-rules.md`.

mod check;
mod facts;
mod rules;
mod shape;
mod spelling;
mod written;

use self::written::Written;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::SHAPE_RULES;
use crate::document::View;
use crate::value::HarvesterVersion;

/// Says everything that is wrong with the Harvester config `text`; `file` names it in findings, and `version` is the
/// release that will read it, if that is known.
pub fn check_harvester(file: &str, text: &str, version: Option<&HarvesterVersion>) -> Diagnostics {
    let (tree, mut findings) = document::parse(file, text);
    let Some(tree) = tree else {
        if findings.is_empty() {
            let next = "begin it with `scheme_version: 1`";
            findings.under(&check::KIND).error(&Origin::of_file(file), "the file is empty", next);
        }
        return findings;
    };
    let root = View::root(file, &tree);
    check::check(&root, &shape::FILE, &mut findings);
    if root.is_map() {
        rules::run(&Written { root, version }, &mut findings);
    }
    findings
}

/// True for a text that is a Harvester config and no machine file or Butane file: its keys say so.
pub fn is_harvester_config(text: &str) -> bool {
    let (Some(tree), _) = document::parse("", text) else { return false };
    let root = View::root("", &tree);
    if ["cotter", "variant", "kind"].iter().any(|key| root.entries().any(|(name, _, _)| name == *key)) {
        return false;
    }
    let has = |key: &str| written::get(&root, key).is_some();
    has("scheme_version") || (has("install") && (has("os") || has("token") || has("server_url")))
}

/// Kernel arguments that keep multipath off the node's disks, in the words of older releases and newer ones. The
/// installer writes them itself, unless the config has kernel arguments of its own: those take their place.
pub fn without_multipath() -> &'static [String] {
    &facts::facts().without_multipath
}

/// The bytes that a boot loader's block has for the kernel arguments of a config.
pub fn most_argument_bytes() -> usize {
    facts::facts().most_argument_bytes
}

/// All rules for Harvester configs.
pub fn harvester_rules() -> Vec<&'static Rule> {
    let of_text = ["yaml-syntax", "duplicate-key", "document-size"];
    let texts = SHAPE_RULES.iter().filter(|rule| of_text.contains(&rule.name));
    let shapes = [
        &check::UNKNOWN_KEY,
        &check::SAME_KEY,
        &check::OLD_KEY,
        &check::KIND,
        &check::QUOTES,
        &check::TRUTH,
        &check::NUMBER,
        &check::WORD,
    ];
    texts.chain(shapes).chain(rules::all()).collect()
}
