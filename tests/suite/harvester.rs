//! `cotter check` on Harvester configs: every rule has cases, each found at its line; what is right has no finding;
//! hostile input ends; secrets are not shown.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use cotter::document::Diagnostic;
use cotter::harvester;

#[derive(serde::Deserialize)]
struct Table {
    base: BTreeMap<String, String>,
    rule: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    base: Option<String>,
    breaks: Vec<[String; 2]>,
    nearly: Vec<[String; 2]>,
    at: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn table() -> Table {
    toml::from_str(&std::fs::read_to_string(root().join("tests/harvester.toml")).unwrap()).unwrap()
}

fn findings(text: &str) -> Vec<Diagnostic> {
    harvester::check_harvester("node1.yaml", text, None).sorted()
}

fn edited(table: &Table, row: &Row, edits: &[[String; 2]]) -> String {
    let base = &table.base[row.base.as_deref().unwrap_or("create")];
    edits.iter().fold(base.clone(), |text, [from, to]| {
        assert!(text.contains(from), "{}: `{from}` is not in the base", row.name);
        text.replacen(from, to, 1)
    })
}

#[test]
fn every_rule_is_found_at_its_line_and_what_nearly_breaks_it_is_right() {
    let table = table();
    let mut wrong = Vec::new();
    for row in &table.rule {
        let text = edited(&table, row, &row.breaks);
        let found = findings(&text);
        let got: BTreeSet<&str> = found.iter().map(|finding| finding.rule).collect();
        let expected: BTreeSet<&str> =
            [row.name.as_str()].into_iter().chain(row.also.iter().map(String::as_str)).collect();
        if got != expected {
            wrong.push(format!("{} breaks {got:?}\n{text}", row.name));
        }
        if let (Some(at), Some(finding)) = (&row.at, found.iter().find(|finding| finding.rule == row.name)) {
            let line = text.lines().nth(finding.origin.line - 1).unwrap_or_default();
            if !line.contains(at.as_str()) {
                wrong.push(format!("{} is found at `{line}`, not at `{at}`", row.name));
            }
        }
        let nearly = findings(&edited(&table, row, &row.nearly));
        if !nearly.is_empty() {
            wrong.push(format!("{} nearly breaks {nearly:#?}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_right_has_no_finding_and_is_recognised() {
    for (name, text) in table().base {
        assert_eq!(findings(&text), vec![], "{name}");
        assert!(harvester::is_harvester_config(&text), "{name}");
    }
    for other in [
        "cotter: 1\ntarget: fcos\ninstall: {device: /dev/sda}\n",
        "variant: fcos\nversion: 1.5.0\n",
        "#cloud-config\nusers: []\n",
        "apiVersion: v1\nkind: ConfigMap\n",
        "- a\n",
        "a: [\n",
        "",
    ] {
        assert!(!harvester::is_harvester_config(other), "{other}");
    }
}

/// Create and join, static and DHCP, one port and a bond, with a VLAN and without.
#[test]
fn every_kind_of_node_is_right() {
    let table = table();
    let address =
        "method: static\n    ip: 192.168.50.10\n    subnet_mask: 255.255.255.0\n    gateway: 192.168.50.1";
    let second = "      - {name: mgmt1, hwAddr: \"52:54:00:00:00:02\"}\n";
    let mut count = 0;
    for base in table.base.values() {
        for method in [address, "method: dhcp"] {
            for mode in ["", "active-backup", "802.3ad", "balance-alb"] {
                for vlan in ["", "\n    vlan_id: 100"] {
                    let text = base.replace(address, &format!("{method}{vlan}"));
                    let text = match mode {
                        "" => text
                            .replace(second, "")
                            .replace(" ifname=mgmt1:52:54:00:00:00:02", "")
                            .replace("    bond_options: {mode: active-backup, miimon: 100}\n", ""),
                        mode => text.replace("active-backup", mode),
                    };
                    assert_eq!(findings(&text), vec![], "{text}");
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 32);
}

#[test]
fn the_rules_and_the_cases_name_the_same_rules() {
    let rules = harvester::harvester_rules();
    let unique: BTreeSet<&str> = rules.iter().map(|rule| rule.name).collect();
    assert_eq!(rules.len(), unique.len(), "a rule is there twice");
    let table = table();
    let with_cases: BTreeSet<&str> = table.rule.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(unique, with_cases);
    for rule in rules {
        let texts = [rule.refuses, rule.why, rule.example];
        assert!(texts.iter().all(|text| !text.is_empty() && !text.ends_with('.')), "{}", rule.name);
    }
}

#[test]
fn the_documentation_of_rules_is_made_of_the_rows() {
    let mut text = String::from(
        "# Rules for Harvester configs\n\nWhat `cotter check` looks for in a config for Harvester's installer, from the program's own tables\n(`cotter check --rules --as harvester`). Findings carry the names. Unless a row says otherwise, they are errors.\n\n| rule | refuses | otherwise | as in |\n|---|---|---|---|\n",
    );
    for rule in harvester::harvester_rules() {
        let cell = |text: &str| text.replace('|', "\\|");
        let row =
            [rule.name.to_owned(), cell(rule.refuses), cell(rule.why), format!("`{}`", cell(rule.example))];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    let path = root().join("docs/harvester-rules.md");
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "COTTER_BLESS=1 writes what comes");
}

/// Every value of the base in turn becomes something else: findings or none, but an end.
#[test]
fn hostile_values_end() {
    let table = table();
    for base in table.base.values() {
        for index in 0..base.lines().count() {
            for value in
                ["", " [[]]", " {a: {b: c}}", " '\u{0}'", " 99999999999999999999", " -1", " ~", " /", " ://"]
            {
                let change = |(at, line): (usize, &str)| match line.split_once(':') {
                    Some((key, _)) if at == index => format!("{key}:{value}\n"),
                    _ => format!("{line}\n"),
                };
                let text: String = base.lines().enumerate().map(change).collect();
                let _ = findings(&text);
                let _ = harvester::is_harvester_config(&text);
            }
        }
    }
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_command_knows_such_a_config_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let base = &table().base["create"];
    std::fs::write(folder.path().join("good.yaml"), base).unwrap();
    let output = check(folder.path(), &["check", "good.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));

    let secret = "s3cr\u{e9}t-w0rd";
    let wrong = base
        .replace("two-words-and-7", secret)
        .replace("hostname: node1", &format!("hostname: Node_1\n  pasword: {secret}\n  password: [{secret}]"))
        .replace("vip: 192", &format!("webhooks: [{{event: DONE, method: GET, url: 'x', basic_auth: {{password: {secret}}}}}]\n  vip: 192"));
    std::fs::write(folder.path().join("wrong.yaml"), wrong).unwrap();
    for arguments in [["check", "wrong.yaml", "--format=text"], ["check", "wrong.yaml", "--format=json"]] {
        let output = check(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        for rule in ["token", "host-name", "unknown-key", "kind-of-value", "webhook"] {
            assert!(said.contains(rule), "{rule}: {said}");
        }
        assert!(!said.contains(secret), "{said}");
    }

    // Nothing in it says what it is.
    std::fs::write(folder.path().join("short.yaml"), "token: a\n").unwrap();
    let output = check(folder.path(), &["check", "--as", "harvester", "short.yaml"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error[scheme-version]"), "{said}");
}
