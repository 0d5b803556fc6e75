//! Recorded trees of `/sys` (`tests/naming`), and what real udevs call the ports in them: the installed one is asked again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::recorded;
use crate::tools;

/// What a udev calls the ports, by version and naming scheme.
type Names = BTreeMap<(String, String), Value>;

fn trees() -> Vec<PathBuf> {
    let trees = recorded::trees(&recorded::folder());
    assert!(trees.len() >= 60, "only {} trees are left", trees.len());
    trees
}

fn read(tree: &Path) -> Value {
    let json = std::fs::read(tree.with_extension("json"));
    let json = json.unwrap_or_else(|error| panic!("{}: {error}: run `answer`", tree.display()));
    serde_json::from_slice(&json).unwrap()
}

fn names(said: &Value) -> Names {
    let mut names = Names::new();
    for group in said["names"].as_array().unwrap() {
        for scheme in schemes(group) {
            let key = (group["udev"].as_str().unwrap().to_owned(), scheme.to_owned());
            let twice = names.insert(key.clone(), group["ports"].clone());
            assert!(twice.is_none(), "{key:?} stands twice");
        }
    }
    names
}

fn schemes(group: &Value) -> Vec<&str> {
    group["schemes"].as_array().unwrap().iter().map(|scheme| scheme.as_str().unwrap()).collect()
}

/// `252` of `252.39`.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap()
}

/// The installed udev, by the first number of its version.
fn installed() -> Option<String> {
    let said = tools::output(Command::new(tools::program("udevadm")?).arg("--version"));
    let said = String::from_utf8(said).unwrap();
    Some(said.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().to_owned())
}

/// What the installed udev says of a tree; nothing if it cannot be asked here.
fn ask(tree: &Path, schemes: &BTreeSet<&str>) -> Option<Names> {
    let _others = tools::MOUNTS.read();
    let done = Command::new(recorded::folder().join("ask"))
        .arg(tree)
        .args(schemes)
        .env_remove("UDEVADM")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.code() == Some(3) {
        tools::skip(said.trim());
        return None;
    }
    assert!(done.status.success(), "{}: {said}", tree.display());
    Some(names(&serde_json::from_slice(&done.stdout).unwrap()))
}

/// How the installed udev's answers differ from what is recorded of it, a line each, and how many there are; nothing
/// if it cannot be asked here. Of schemes that gave the same names, the first and the last are asked about.
fn differences(tree: &Path, installed: &str) -> Option<(usize, Vec<String>)> {
    let said = read(tree);
    let groups = said["names"].as_array().unwrap().iter();
    let groups = groups.filter(|group| major(group["udev"].as_str().unwrap()) == installed);
    let ends = groups
        .flat_map(|group| [*schemes(group).first().unwrap(), *schemes(group).last().unwrap()])
        .collect();
    let asked = ask(tree, &ends)?;
    let mut lines = Vec::new();
    let mut count = 0;
    for ((version, scheme), expected) in names(&said) {
        if major(&version) != installed || !ends.contains(scheme.as_str()) {
            continue;
        }
        let same = |(key, _): &(&(String, String), &Value)| key.1 == scheme;
        let (_, found) = asked.iter().find(same).unwrap();
        for (port, expected) in expected.as_object().unwrap() {
            count += 1;
            if found[port] != *expected {
                let case = tree.file_stem().unwrap().to_string_lossy();
                lines.push(format!("{case}: {port} under {scheme}: {expected} became {}", found[port]));
            }
        }
    }
    Some((count, lines))
}

#[test]
fn udev_still_says_what_is_recorded() {
    let Some(installed) = installed() else { return };
    let trees = trees();
    if !names(&read(&trees[0])).keys().any(|(version, _)| major(version) == installed) {
        tools::skip(&format!("nothing is recorded of udev {installed}"));
        return;
    }
    let Some((mut count, mut lines)) = differences(&trees[0], &installed) else { return };
    let (front, back) = trees[1..].split_at(trees.len() / 2);
    let found: Vec<_> = std::thread::scope(|scope| {
        let ask = |half: &'_ [PathBuf]| -> Vec<_> {
            half.iter()
                .map(|tree| differences(tree, &installed).expect("the first could be asked about"))
                .collect()
        };
        let front = scope.spawn(move || ask(front));
        let back = ask(back);
        front.join().unwrap().into_iter().chain(back).collect()
    });
    for (asked, differing) in found {
        count += asked;
        lines.extend(differing);
    }
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(count >= 1000, "only {count} names were compared");
}

#[test]
fn trees_are_in_order_and_every_port_has_its_names() {
    for tree in trees() {
        let case = tree.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&tree).unwrap();
        let about = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        let said = read(&tree);
        assert_eq!(said["about"], about, "{case}");
        let lines = text.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#'));
        let paths: Vec<&str> =
            lines.map(|line| line.split(' ').next().unwrap().trim_end_matches('/')).collect();
        assert!(paths.is_sorted_by(|one, next| one < next), "{case} is not sorted, or has a path twice");
        let ports: BTreeSet<&str> =
            paths.iter().filter_map(|path| path.strip_prefix("/sys/class/net/")).collect();
        let names = names(&said);
        for (key, named) in &names {
            let named: BTreeSet<&str> = named.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(named, ports, "{case}: {key:?}");
        }
        let versions: BTreeSet<&str> = names.keys().map(|(version, _)| major(version)).collect();
        assert_eq!(versions, BTreeSet::from(["247", "252", "257", "262"]), "{case}");
    }
}

#[test]
fn an_unpacked_tree_is_recorded_as_it_was() {
    if tools::program("python3").is_none() {
        return;
    }
    for tree in trees().iter().step_by(5) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        tools::output(Command::new(recorded::folder().join("unpack")).arg(tree).arg(&root));
        let again = tools::output(Command::new(recorded::folder().join("record-tree")).arg(&root));
        let text = std::fs::read_to_string(tree).unwrap();
        // What could not be read is not there any more.
        let is_kept = |line: &&str| !line.starts_with('#') && !line.contains(" ! ");
        let kept: Vec<&str> = text.split_terminator('\n').filter(is_kept).collect();
        assert_eq!(
            String::from_utf8(again).unwrap().split_terminator('\n').collect::<Vec<_>>(),
            kept,
            "{}",
            tree.display()
        );
    }
}
