//! `cotter machineconfig lint`: every rule has cases, good objects have no finding, what the operator refuses is
//! found, and hostile input ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

use cotter::document::Diagnostic;
use cotter::document::Severity;
use cotter::machineconfig;

/// Rules whose cases are too large for the table; they are below.
const LARGE: [&str; 3] = ["too-many", "object-size", "too-many-settings"];

#[derive(serde::Deserialize)]
struct Table {
    rule: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    kind: Option<String>,
    openshift: Option<String>,
    breaks: String,
    nearly: String,
    #[serde(default)]
    also: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn table() -> Vec<Row> {
    toml::from_str::<Table>(&read("tests/lint.toml")).unwrap().rule
}

fn findings(text: &str, openshift: &str) -> Vec<Diagnostic> {
    let texts = [("a.yaml".to_owned(), text.to_owned())];
    machineconfig::lint(&texts, Some(openshift)).unwrap().findings
}

fn rules(text: &str, openshift: &str) -> BTreeSet<&'static str> {
    findings(text, openshift).iter().map(|finding| finding.rule).collect()
}

/// The whole text of a case.
fn whole(row: &Row, text: &str) -> String {
    let text = text.trim_start();
    if text.starts_with("apiVersion:") {
        return text.to_owned();
    }
    let kind = row.kind.as_deref().unwrap_or("MachineConfig");
    let (group, metadata) = match kind {
        "MachineConfig" | "PinnedImageSet" => (
            "machineconfiguration",
            "{name: 99-worker-a, labels: {machineconfiguration.openshift.io/role: worker}}",
        ),
        "MachineConfiguration" => ("operator", "{name: cluster}"),
        "MachineConfigPool" => ("machineconfiguration", "{name: infra}"),
        "MachineOSConfig" => ("machineconfiguration", "{name: worker}"),
        "MachineConfigNode" => ("machineconfiguration", "{name: worker-0}"),
        _ => ("machineconfiguration", "{name: a}"),
    };
    let head = format!("apiVersion: {group}.openshift.io/v1\nkind: {kind}\n");
    let metadata =
        if text.starts_with("metadata:") { String::new() } else { format!("metadata: {metadata}\n") };
    let is_section = ["storage:", "systemd:", "passwd:"].iter().any(|section| text.starts_with(section));
    if !is_section {
        return format!("{head}{metadata}{text}");
    }
    let (section, rest) = text.split_once('\n').unwrap();
    format!("{head}{metadata}spec:\n  config:\n    ignition: {{version: 3.4.0}}\n    {section}\n{rest}")
}

#[test]
fn every_rule_has_a_case_that_breaks_only_it_and_one_that_nearly_does() {
    let mut wrong = Vec::new();
    for row in table() {
        let openshift = row.openshift.as_deref().unwrap_or("4.19");
        let text = whole(&row, &row.breaks);
        let expected: BTreeSet<&str> =
            [row.name.as_str()].into_iter().chain(row.also.iter().map(String::as_str)).collect();
        let got = rules(&text, openshift);
        if got != expected {
            wrong.push(format!("{} breaks {got:?}\n{text}", row.name));
        }
        let text = whole(&row, &row.nearly);
        let nearly = findings(&text, openshift);
        if !nearly.is_empty() {
            wrong.push(format!("{} nearly breaks {nearly:#?}\n{text}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rules_and_the_cases_name_the_same_rules() {
    let rules: Vec<&str> = machineconfig::lint_rules().iter().map(|rule| rule.name).collect();
    let unique: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(rules.len(), unique.len(), "a rule is there twice");
    let rows = table();
    let with_cases: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).chain(LARGE).collect();
    assert_eq!(unique, with_cases);
    for rule in machineconfig::lint_rules() {
        let texts = [rule.refuses, rule.why, rule.example];
        assert!(texts.iter().all(|text| !text.is_empty() && !text.ends_with('.')), "{}", rule.name);
    }
}

#[test]
fn the_documentation_of_rules_is_made_of_the_rows() {
    let mut text = String::from(
        "# Rules for machine configuration\n\nWhat `cotter machineconfig lint` looks for, from the program's own tables (`cotter machineconfig lint --rules`). Findings carry\nthe names. Unless a row says otherwise, they are errors.\n\n| rule | refuses | otherwise | as in |\n|---|---|---|---|\n",
    );
    for rule in machineconfig::lint_rules() {
        let cell = |text: &str| text.replace('|', "\\|");
        let row =
            [rule.name.to_owned(), cell(rule.refuses), cell(rule.why), format!("`{}`", cell(rule.example))];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    let path = root().join("docs/machineconfig-rules.md");
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "COTTER_BLESS=1 writes what comes");
}

#[test]
fn good_objects_have_no_finding() {
    let text = read("tests/machineconfig/lint/good.yaml");
    let objects: Vec<&str> = text.split("\n---\n").collect();
    assert!(objects.len() >= 30, "{} good objects", objects.len());
    let mut kinds = BTreeSet::new();
    for object in &objects {
        let linted = machineconfig::lint(&[("a.yaml".into(), (*object).into())], Some("4.19")).unwrap();
        assert_eq!((linted.objects, linted.findings), (1, vec![]), "{object}");
        kinds.extend(object.lines().filter_map(|line| line.strip_prefix("kind: ")));
    }
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    let linted = machineconfig::lint(&[("good.yaml".into(), text.clone())], Some("4.19")).unwrap();
    assert_eq!((linted.objects, linted.findings), (objects.len(), vec![]));
    // As a cluster prints them: with what its operator made of them, which nobody can change.
    let (trees, _) = cotter::document::parse_all("good.yaml", &text);
    let mut items: Vec<serde_json::Value> =
        trees.iter().map(|tree| cotter::document::View::root("good.yaml", tree).to_json_1_1()).collect();
    for name in ["00-worker", "99-worker-generated-kubelet", "rendered-worker-0a1b"] {
        items.push(serde_json::json!({
            "apiVersion": "machineconfiguration.openshift.io/v1",
            "kind": "MachineConfig",
            "metadata": {
                "name": name,
                "labels": {"machineconfiguration.openshift.io/role": "worker"},
                "annotations": {"machineconfiguration.openshift.io/generated-by-controller-version": "1"},
            },
            "spec": {"config": {"ignition": {"version": "3.5.0"}, "storage": {"files": [
                {"path": format!("/etc/{name}"), "contents": {"source": "data:,a"}, "overwrite": false},
            ]}}},
        }));
    }
    let dump = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let linted = machineconfig::lint(&[("dump.json".into(), dump)], Some("4.19")).unwrap();
    assert_eq!((linted.objects, linted.findings), (objects.len() + 3, vec![]));
}

/// Examples in the form of the published guide, with its mistakes: the rule and words of what is said, after `# finds`.
#[test]
fn the_mistakes_of_guides_are_found_at_their_places() {
    let text = read("tests/machineconfig/lint/guide.yaml");
    let cases: Vec<&str> = text.split("\n---\n").collect();
    assert!(cases.len() >= 15, "{} cases", cases.len());
    for case in cases {
        let openshift = case.lines().find_map(|line| line.strip_prefix("# openshift ")).unwrap_or("4.19");
        let found = findings(case, openshift);
        let mut expected = 0;
        for (index, line) in case.lines().enumerate() {
            let Some((_, wanted)) = line.split_once("# finds ") else { continue };
            let (rule, words) = wanted.split_once(": ").unwrap();
            let is_met = found.iter().any(|finding| {
                finding.rule == rule
                    && finding.origin.line == index + 1
                    && (finding.message.contains(words) || finding.help.contains(words))
            });
            assert!(is_met, "line {} of\n{case}\n{found:#?}", index + 1);
            expected += 1;
        }
        assert_eq!(found.len(), expected, "{case}\n{found:#?}");
    }
}

/// What the operator refused to render has an error; what it rendered is not refused here.
#[test]
fn agrees_with_the_operator_on_what_is_refused() {
    let refusals =
        ["ignition-version", "ignition-refused", "extension", "kernel-devel", "pool-refused", "unreadable"];
    let (mut refused, mut rendered) = (0, 0);
    for version in ["4.19", "4.22"] {
        let folder = root().join("tests/machineconfig").join(version).join("render");
        for case in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            let inputs = case.join("in").read_dir().unwrap().map(|entry| entry.unwrap().path());
            let texts: Vec<(String, String)> = inputs
                .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
                .collect();
            let linted = machineconfig::lint(&texts, Some(version)).unwrap();
            let errors: Vec<&Diagnostic> = linted
                .findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error && refusals.contains(&finding.rule))
                .collect();
            let is_refused = case.join("expected.err").exists();
            assert_eq!(!errors.is_empty(), is_refused, "{}: {errors:#?}", case.display());
            if is_refused { refused += 1 } else { rendered += 1 }
        }
    }
    assert!(refused >= 4 && rendered >= 20, "{refused} {rendered}");
}

#[test]
fn a_version_decides_what_there_is() {
    let config = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfiguration\nmetadata: {name: cluster}\n"
        .replace("apiVersion: machineconfiguration", "apiVersion: operator");
    let policy =
        format!("{config}spec: {{nodeDisruptionPolicy: {{sshkey: {{actions: [{{type: None}}]}}}}}}\n");
    for (openshift, severity) in
        [("4.15", Some(Severity::Error)), ("4.16", Some(Severity::Warning)), ("4.17", None), ("5.0", None)]
    {
        let found = findings(&policy, openshift);
        assert_eq!(found.first().map(|finding| finding.severity), severity, "{openshift}: {found:?}");
        assert!(found.iter().all(|finding| finding.rule == "not-served" && finding.origin.line == 4));
    }
    let gzip = table().into_iter().find(|row| row.name == "gzip-inherited").unwrap();
    let text = whole(&gzip, &gzip.breaks);
    for (openshift, is_broken) in [("4.15", true), ("4.19", true), ("4.20", false), ("4.22", false)] {
        assert_eq!(rules(&text, openshift).contains("gzip-inherited"), is_broken, "{openshift}");
    }
    let old = "apiVersion: machineconfiguration.openshift.io/v1alpha1\nkind: MachineOSConfig\nmetadata: {name: a}\nspec: {}\n";
    assert_eq!(rules(old, "4.19"), BTreeSet::from(["not-served"]));
}

#[test]
fn the_version_of_a_dump_is_believed() {
    let version = "apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata: {name: version}\nstatus: {desired: {version: 4.18.12}}\n";
    let set = "apiVersion: machineconfiguration.openshift.io/v1\nkind: PinnedImageSet\nmetadata: {name: a, labels: {machineconfiguration.openshift.io/role: worker}}\nspec: {pinnedImages: []}\n";
    let texts = [("a.yaml".to_owned(), set.to_owned()), ("b.yaml".to_owned(), version.to_owned())];
    let linted = machineconfig::lint(&texts, None).unwrap();
    assert_eq!((linted.openshift, linted.said_by.as_deref()), ("4.18", Some("ClusterVersion `version`")));
    assert_eq!(linted.findings[0].rule, "not-served");
    let linted = machineconfig::lint(&texts[..1], None).unwrap();
    assert_eq!((linted.openshift, linted.said_by), ("4.19", None));
    assert!(machineconfig::lint(&texts, Some("3.11")).is_err());
}

const HEAD: &str = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: 99-worker-a, labels: {machineconfiguration.openshift.io/role: worker}}\n";

#[test]
fn large_cases_break_their_rules() {
    let many: String = (0..2000).map(|index| format!("  key{index}: 1\n")).collect();
    let found = findings(&format!("{HEAD}spec:\n{many}"), "4.19");
    assert!((500..=510).contains(&found.len()), "{}", found.len());
    assert!(
        found.last().is_some_and(|last| last.rule == "too-many" && last.message.contains("1500")),
        "{:?}",
        found.last()
    );

    let files: String = "a".repeat(1_600_000);
    let large = format!(
        "{HEAD}spec: {{config: {{ignition: {{version: 3.4.0}}, storage: {{files: [{{path: /etc/a, contents: {{source: 'data:,{files}'}}}}]}}}}}}\n"
    );
    assert_eq!(rules(&large, "4.19"), BTreeSet::from(["object-size"]));
    let fitting = large.replace(&files, &files[..1_500_000]);
    assert_eq!(findings(&fitting, "4.19"), []);

    let kubelet = |index: usize| {
        format!(
            "---\napiVersion: machineconfiguration.openshift.io/v1\nkind: KubeletConfig\nmetadata: {{name: k{index}}}\nspec: {{machineConfigPoolSelector: {{matchLabels: {{a: b}}}}, logLevel: 4}}\n"
        )
    };
    let of = |count: usize| (0..count).map(kubelet).collect::<String>();
    assert_eq!(rules(&of(11), "4.19"), BTreeSet::from(["settings-not-merged", "too-many-settings"]));
    assert_eq!(rules(&of(10), "4.19"), BTreeSet::from(["settings-not-merged"]));
}

#[test]
fn all_is_said_at_once() {
    let text = format!(
        "{HEAD}spec:\n  config:\n    ignition: {{version: 3.4.0}}\n    storage:\n      files:\n      - {{path: /etc/a, contents: {{source: 'data:,a b'}}}}\n      - {{path: /etc/a, contents: {{source: 'data:,a'}}}}\n    systemd:\n      units:\n      - {{name: a.service, contents: '[Unit'}}\n"
    );
    let lines: Vec<usize> = findings(&text, "4.19").iter().map(|finding| finding.origin.line).collect();
    assert_eq!(lines, [9, 10, 13]);
    let pool = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfigPool\nmetadata: {name: fast}\nspec:\n  machineConfigSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}\n  nodeSelector: {matchLabels: {a: 1}}\n";
    // What cannot be read is not also said to select nothing.
    assert_eq!(rules(pool, "4.19"), BTreeSet::from(["known-word", "kind-of-value"]));
}

#[test]
fn hostile_input_ends_with_a_finding() {
    let deep = format!("{HEAD}spec: {}{}\n", "[".repeat(1000), "]".repeat(1000));
    let deep_json = format!(
        "{{\"apiVersion\":\"machineconfiguration.openshift.io/v1\",\"kind\":\"MachineConfig\",\"spec\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let before = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(",")));
    }
    for text in [deep, deep_json, bomb, format!("{HEAD}spec: \"\u{0}\"\n"), "{".repeat(10_000)] {
        let begin = Instant::now();
        let found = findings(&text, "4.19");
        assert!(!found.is_empty(), "{}", text.chars().take(60).collect::<String>());
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
    // 128 MiB of zeros, packed twice over the bound.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, &vec![0; 128 << 20]).unwrap();
    let packed = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, packer.finish().unwrap());
    let text = format!(
        "{HEAD}spec: {{config: {{ignition: {{version: 3.4.0}}, storage: {{files: [{{path: /etc/a, contents: {{compression: gzip, source: 'data:;base64,{packed}'}}}}]}}}}}}\n"
    );
    assert_eq!(rules(&text, "4.19"), BTreeSet::from(["file-gzip"]));
}

#[test]
fn many_objects_and_many_files_take_no_square_time() {
    let files: Vec<String> = (0..5000)
        .map(|index| format!("{{path: /etc/d/f{index}, contents: {{source: 'data:,a'}}}}"))
        .collect();
    let one = format!(
        "{HEAD}spec: {{config: {{ignition: {{version: 3.4.0}}, storage: {{files: [{}]}}}}}}\n",
        files.join(", ")
    );
    let begin = Instant::now();
    let found = findings(&one, "4.19");
    assert_eq!(found, []);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    let many: String = (0..500)
        .map(|index| {
            let head = HEAD.replace("99-worker-a", &format!("99-worker-a{index:03}"));
            format!("---\n{head}spec: {{config: {{ignition: {{version: 3.4.0}}, storage: {{files: [{{path: /etc/f{index}, contents: {{source: 'data:,a'}}}}]}}}}}}\n")
        })
        .collect();
    let begin = Instant::now();
    assert_eq!(findings(&many, "4.19"), []);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

fn cotter(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["machineconfig", "lint"]).args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command.output().unwrap()
}

#[test]
fn the_command_says_and_returns_what_check_does() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("good.yaml", HEAD);
    write("warned.yaml", &format!("{HEAD}spec: {{fips: true}}\n"));
    write(
        "noted.yaml",
        &format!(
            "{HEAD}spec: {{config: {{ignition: {{version: 3.4.0}}, systemd: {{units: [{{name: a.service, enabled: true}}]}}}}}}\n"
        ),
    );
    write(
        "wrong.yaml",
        &format!(
            "{HEAD}spec:\n  kernelArgs: [a]\n  config:\n    ignition: {{version: 3.4.0}}\n    passwd: {{users: [{{name: core, passwordHash: hunter2}}]}}\n"
        ),
    );
    write("other.yaml", "kind: Pod\n");
    for (arguments, code, words) in [
        (&["good.yaml"][..], 0, "1 objects: nothing is wrong"),
        (&["warned.yaml"], 0, "warning[fips-later]"),
        (&["warned.yaml", "--strict"], 2, "0 errors, 1 warning"),
        (&["noted.yaml", "--strict"], 0, "note[unit-unwatched]"),
        (
            &["wrong.yaml"],
            2,
            "error[unknown-key]: `kernelArgs` is not a key of `spec`\n  --> wrong.yaml:5:3 (spec.kernelArgs)",
        ),
        (&["wrong.yaml"], 2, "did you mean `kernelArguments`?"),
        (&["other.yaml"], 2, "no object of machine configuration"),
        (&["good.yaml", "wrong.yaml"], 2, "error[same-name]"),
        (&["good.yaml", "--openshift", "3.11"], 2, "are not known"),
        (&["missing.yaml"], 2, "missing.yaml"),
        (&["."], 2, "./wrong.yaml"),
    ] {
        let done = cotter(arguments, folder.path());
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{said}");
        assert!(said.contains(words), "{arguments:?}\n{said}");
        assert!(!said.contains("hunter2"), "{arguments:?}\n{said}");
    }
    let done = cotter(&["wrong.yaml", "--format", "json"], folder.path());
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&read("docs/schemas/findings-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&json), "{json}");
    assert_eq!(done.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&done.stdout).contains("hunter2"));
    let rules = cotter(&["--rules", "--format", "json"], folder.path());
    let rules: serde_json::Value = serde_json::from_slice(&rules.stdout).unwrap();
    assert_eq!(rules["rules"].as_array().unwrap().len(), machineconfig::lint_rules().len());
}

#[test]
fn the_same_is_said_of_json_as_of_yaml() {
    for row in table() {
        let text = whole(&row, &row.breaks);
        if text.contains("\n---\n") || row.name == "unreadable" {
            continue;
        }
        let (tree, _) = cotter::document::parse("a.yaml", &text);
        let value = cotter::document::View::root("a.yaml", &tree.unwrap()).to_json_1_1();
        let openshift = row.openshift.as_deref().unwrap_or("4.19");
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(rules(&json, openshift), rules(&text, openshift), "{json}");
        let message = |text: &str| -> Vec<String> {
            let mut all: Vec<String> =
                findings(text, openshift).into_iter().map(|finding| finding.message).collect();
            all.sort();
            all
        };
        // Lines are told where there are some.
        if !["kernel-argument-twice", "same-member"].contains(&row.name.as_str()) {
            assert_eq!(message(&json), message(&text), "{json}");
        }
    }
}
