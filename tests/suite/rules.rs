//! The rules: each has a case that breaks only it and one that nearly does, and every finding has a rule.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use cotter::world;

const HEAD: [&str; 4] =
    ["cotter: 1", "name: m", "target: fcos", "install: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}"];

/// Rules that need a base image; the cases are in `commands.rs`.
const NEED_AN_IMAGE: [&str; 3] = ["ignition-too-old", "payload-size", "base-digest"];

#[derive(serde::Deserialize)]
struct Table {
    rule: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    breaks: String,
    nearly: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, [String; 2]>,
}

fn table() -> Vec<Row> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules.toml")).unwrap();
    toml::from_str::<Table>(&text).unwrap().rule
}

/// The rules of all findings about `text` under the head.
fn broken(row: &Row, text: &str, which: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(folder.path().join("rules.toml"), "").unwrap();
    for (name, contents) in &row.files {
        let path = below.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &contents[which]).unwrap();
    }
    let is_replaced = |line: &str| {
        let key = line.split(':').next().unwrap();
        // An image in a cloud is installed already, and so is a node of a cluster.
        let has_no_installation = ["target: cloud", "target: machineconfig"].iter().any(|t| text.contains(t));
        if key == "install" && has_no_installation {
            return true;
        }
        text.lines().any(|own| own.starts_with(&format!("{key}:")))
    };
    let head: Vec<&str> = HEAD.into_iter().filter(|line| !is_replaced(line)).collect();
    let path = below.join("machine.yaml");
    std::fs::write(&path, format!("{}\n{text}", head.join("\n"))).unwrap();
    let checked = world::check_machine(&path, &world::Given::default()).unwrap();
    let findings = checked.findings.sorted();
    findings.iter().map(|finding| finding.rule.to_owned()).collect()
}

#[test]
fn every_rule_has_a_case_that_breaks_only_it_and_one_that_nearly_does() {
    let mut wrong = Vec::new();
    for row in table() {
        let breaks = broken(&row, &row.breaks, 0);
        let expected: BTreeSet<&str> =
            [row.name.as_str()].into_iter().chain(row.also.iter().map(String::as_str)).collect();
        let got: BTreeSet<&str> = breaks.iter().map(String::as_str).collect();
        if got != expected {
            wrong.push(format!("{} breaks {breaks:?}", row.name));
        }
        let nearly = broken(&row, &row.nearly, 1);
        if !nearly.is_empty() {
            wrong.push(format!("{} nearly breaks {nearly:?}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_rules_and_the_cases_name_the_same_rules() {
    let rules: Vec<&str> = cotter::target::rules().iter().map(|rule| rule.name).collect();
    let unique: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(rules.len(), unique.len(), "a rule is there twice");
    let rows = table();
    let mut with_cases: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    with_cases.extend(NEED_AN_IMAGE);
    with_cases.extend(crate::single_node::rules());
    with_cases.extend(crate::cloud_check::rules());
    assert_eq!(unique, with_cases);
    for rule in cotter::target::rules() {
        assert!(
            !rule.refuses.is_empty() && !rule.why.is_empty() && !rule.example.is_empty(),
            "{}",
            rule.name
        );
        assert!(!rule.refuses.ends_with('.') && !rule.why.ends_with('.'), "{}", rule.name);
    }
}

/// How rules begin of files that are no machine files: rehearsals, TOML.
const OF_OTHER_FILES: [&str; 2] = ["rehearsal-", "toml-"];

/// Findings made by hand carry a rule of the table too.
#[test]
fn no_finding_carries_a_rule_that_is_not_in_the_table() {
    let mut rules: BTreeSet<&str> = cotter::target::rules().iter().map(|rule| rule.name).collect();
    rules.extend(cotter::images::RULES.iter().map(|rule| rule.name));
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &rules, &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn collect(folder: &Path, rules: &BTreeSet<&str>, found: &mut Vec<String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, rules, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // The first argument of `findings.error(`, on the same line or the next.
        for (at, _) in text.match_indices("indings.error(").chain(text.match_indices("indings.warning(")) {
            let rest = text[at..].split_once('(').unwrap().1.trim_start();
            if let Some(rule) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next())
                && !rules.contains(rule)
                && !OF_OTHER_FILES.iter().any(|beginning| rule.starts_with(beginning))
            {
                found.push(format!("{}: {rule}", path.display()));
            }
        }
    }
}
