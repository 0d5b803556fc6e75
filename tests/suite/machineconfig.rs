//! MachineConfigs and what the operator itself made of them (`tests/machineconfig`; its README says where that is from).

use std::path::Path;
use std::path::PathBuf;

use cotter::document;
use cotter::document::View;
use cotter::machineconfig;
use cotter::machineconfig::MachineConfig;
use cotter::machineconfig::Rendered;
use cotter::machineconfig::Rules;
use serde_json::Value;
use serde_json::json;

const VERSIONS: [&str; 2] = ["4.19", "4.22"];

/// Words of the operator's refusals, and of ours for the same.
const REASONS: [(&str, &str); 3] = [
    ("unknown version", "is an unknown version of Ignition's spec"),
    ("duplicate entry", "is a duplicate entry"),
    ("includes append", "has `append`"),
];

/// The release's own images, which the operator knows and a document does not.
const IMAGES: [(&str, &str, char); 2] = [
    ("osImageURL", "release.example/example/os@sha256:", '1'),
    ("baseOSExtensionsContainerImage", "release.example/example/ext@sha256:", '2'),
];

#[test]
fn renders_as_the_operator_does() {
    for (version, case) in cases("render") {
        let rules = Rules::of(version).unwrap();
        let pool = read(&case.join("pool"));
        let inputs: Vec<MachineConfig> =
            folders_or_files(&case.join("in")).iter().flat_map(|path| configs(path)).collect();
        let rendered = machineconfig::render(&inputs, pool.trim(), rules);
        let expected = std::fs::read_to_string(case.join("expected.yaml"));
        match (rendered, expected) {
            (Ok(rendered), Ok(expected)) => {
                let (tree, _) = document::parse("expected.yaml", &expected);
                let expected = View::root("expected.yaml", &tree.unwrap()).to_json_1_1();
                assert_eq!(with_images(&rendered), expected["spec"], "{}", case.display());
            }
            (Err(problems), Err(_)) => {
                assert_refused(&case, &read(&case.join("expected.err")), &problems);
            }
            (rendered, expected) => {
                panic!("{}: {rendered:?}\nwhere the operator says {expected:?}", case.display())
            }
        }
    }
}

#[test]
fn refuses_the_changes_that_the_operator_refuses() {
    for (version, case) in cases("compare") {
        let of = |name: &str| {
            let configs = configs(&case.join(name));
            machineconfig::render(&configs, "worker", Rules::of(version).unwrap()).unwrap()
        };
        let problems = machineconfig::operator_problems(Some(&of("old.yaml")), &of("new.yaml"));
        let expected: Value = serde_json::from_str(&read(&case.join("expected.json"))).unwrap();
        match expected.get("error").and_then(Value::as_str) {
            Some(theirs) => assert_refused(&case, theirs, &problems),
            None => assert_eq!(problems, [], "{}", case.display()),
        }
    }
}

fn cases(kind: &str) -> Vec<(&'static str, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machineconfig");
    let mut cases = Vec::new();
    for version in VERSIONS {
        let found = folders_or_files(&folder.join(version).join(kind));
        assert!(found.len() >= 8, "cases of {version} are gone");
        cases.extend(found.into_iter().map(|case| (version, case)));
    }
    cases
}

fn folders_or_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn configs(path: &Path) -> Vec<MachineConfig> {
    let (configs, problems) = machineconfig::parse(&path.display().to_string(), &read(path));
    assert_eq!(problems, []);
    configs
}

fn with_images(rendered: &Rendered) -> Value {
    let mut spec = rendered.spec();
    for (key, name, digit) in IMAGES {
        if spec.get(key).is_none() {
            spec[key] = json!(format!("{name}{}", digit.to_string().repeat(64)));
        }
    }
    spec
}

fn assert_refused(case: &Path, theirs: &str, problems: &[machineconfig::Problem]) {
    let (_, ours) = REASONS
        .into_iter()
        .find(|(words, _)| theirs.contains(words))
        .unwrap_or_else(|| panic!("{}: a reason that is not known here: {theirs}", case.display()));
    assert!(
        problems.iter().any(|problem| problem.what.contains(ours)),
        "{}: {problems:?}\nwhere the operator says {theirs}",
        case.display()
    );
}
