//! Recorded trees of `/sys` (`tests/naming`), and what real udevs call the ports in them: the installed one is asked again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::tools;

/// What a udev calls the ports, by version and naming scheme.
type Names = BTreeMap<(String, String), Value>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/naming")
}

/// The trees, in the order of their names.
fn trees() -> Vec<PathBuf> {
    let files = folder().read_dir().unwrap().map(|entry| entry.unwrap().path());
    let trees: BTreeSet<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|it| it == "tree")).collect();
    assert!(trees.len() >= 50, "only {} trees are left", trees.len());
    trees.into_iter().collect()
}

fn names(json: &[u8]) -> Names {
    let said: Value = serde_json::from_slice(json).unwrap();
    let mut names = Names::new();
    for group in said["names"].as_array().unwrap() {
        for scheme in group["schemes"].as_array().unwrap() {
            let key = (group["udev"].as_str().unwrap().to_owned(), scheme.as_str().unwrap().to_owned());
            let twice = names.insert(key.clone(), group["ports"].clone());
            assert!(twice.is_none(), "{key:?} stands twice");
        }
    }
    names
}

fn recorded(tree: &Path) -> Names {
    names(&std::fs::read(tree.with_extension("json")).unwrap())
}

/// `252` of `252.39`.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap()
}

/// What the installed udev says of a tree; nothing if it cannot be asked here.
fn ask(tree: &Path) -> Option<Names> {
    let _others = tools::MOUNTS.read();
    let done = Command::new(folder().join("ask")).arg(tree).env_remove("UDEVADM").output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.code() == Some(3) {
        tools::skip(said.trim());
        return None;
    }
    assert!(done.status.success(), "{}: {said}", tree.display());
    Some(names(&done.stdout))
}

/// How the installed udev's answers differ from what it once said, a line each; nothing if it cannot be asked here.
fn differences(tree: &Path) -> Option<(usize, Vec<String>)> {
    let asked = ask(tree)?;
    let recorded = recorded(tree);
    let mut lines = Vec::new();
    let mut count = 0;
    for ((version, scheme), ports) in &asked {
        let same =
            |(key, _): &(&(String, String), &Value)| major(&key.0) == major(version) && key.1 == *scheme;
        let Some((_, expected)) = recorded.iter().find(same) else { continue };
        for (port, found) in ports.as_object().unwrap() {
            count += 1;
            if expected[port] != *found {
                let case = tree.file_stem().unwrap().to_string_lossy();
                lines.push(format!("{case}: {port} under {scheme}: {} became {found}", expected[port]));
            }
        }
    }
    Some((count, lines))
}

#[test]
fn udev_still_says_what_is_recorded() {
    let trees = trees();
    let Some((mut count, mut lines)) = differences(&trees[0]) else { return };
    if count == 0 {
        tools::skip("nothing is recorded of this version of udev");
        return;
    }
    let (front, back) = trees[1..].split_at(trees.len() / 2);
    let found: Vec<_> = std::thread::scope(|scope| {
        [front, back]
            .map(|half| {
                scope.spawn(move || half.iter().filter_map(|tree| differences(tree)).collect::<Vec<_>>())
            })
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    assert_eq!(found.len() + 1, trees.len(), "some trees could not be asked about");
    for (asked, differing) in found {
        count += asked;
        lines.extend(differing);
    }
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(count >= 2000, "only {count} names were compared");
}

#[test]
fn every_tree_is_in_order_and_every_port_has_its_names() {
    for tree in trees() {
        let case = tree.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&tree).unwrap();
        let about = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        let json = std::fs::read(tree.with_extension("json")).unwrap();
        let said: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(said["about"], about, "{case}");
        let lines = text.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#'));
        let paths: Vec<&str> =
            lines.map(|line| line.split(' ').next().unwrap().trim_end_matches('/')).collect();
        assert!(paths.is_sorted_by(|one, next| one < next), "{case} is not sorted, or has a path twice");
        let ports: BTreeSet<&str> =
            paths.iter().filter_map(|path| path.strip_prefix("/sys/class/net/")).collect();
        let recorded = names(&json);
        for (key, named) in &recorded {
            let named: BTreeSet<&str> = named.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(named, ports, "{case}: {key:?}");
        }
        let versions: BTreeSet<&str> = recorded.keys().map(|(version, _)| major(version)).collect();
        assert_eq!(versions, BTreeSet::from(["247", "252", "257", "262"]), "{case}");
    }
}
