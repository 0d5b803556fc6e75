//! What cotter writes for programs is what `docs/schemas` says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::golden;

/// Fails, with every difference, unless `instance` is what the schema says.
pub fn assert_is(name: &str, instance: &Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}-1.json"));
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    // A schema that accepts anything would be no schema.
    assert!(!validator.is_valid(&serde_json::json!({"schema": "other"})), "{name} accepts anything");
}

fn cotter(arguments: &[&str]) -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_cotter")).args(arguments).output().unwrap();
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn manifests_records_and_reports_are_what_the_schemas_say() {
    let case = golden::cases().into_iter().find(|case| case.ends_with("dell-r640")).unwrap();
    let manifest = golden::plan(&case).unwrap().manifest;
    assert_is("manifest", &serde_json::from_slice(&manifest.to_json()).unwrap());
    let record = cotter::world::local_record(&manifest).unwrap();
    assert_is("boot", &serde_json::to_value(&record).unwrap());
    let spec = case.join("machine.yaml");
    let report = cotter(&["verify", spec.to_str().unwrap(), "--local", "--format", "json"]);
    assert_is("report", &report);
}

#[test]
fn findings_are_what_the_schema_says() {
    for case in golden::cases() {
        let spec = case.join("machine.yaml");
        assert_is("findings", &cotter(&["check", spec.to_str().unwrap(), "--format", "json"]));
    }
}

#[test]
fn plans_changes_and_rules_are_what_the_schemas_say() {
    let case = |name: &str| {
        let case = golden::cases().into_iter().find(|case| case.ends_with(name)).unwrap();
        case.join("machine.yaml").to_str().unwrap().to_owned()
    };
    let (new, old) = (case("everything"), case("dell-r640"));
    assert_is("plan", &cotter(&["plan", &new, "--format", "json"]));
    let changes = cotter(&["plan", &new, "--against", &old, "--format", "json"]);
    assert_is("changes", &changes);
    assert!(changes["changes"].as_array().unwrap().len() > 20);
    assert_is("rules", &cotter(&["check", "--rules", "--format", "json"]));
    assert_is("recovery", &cotter(&["recover", &new, "--format", "json"]));
}

#[test]
fn explanations_are_what_the_schema_says() {
    let shapes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/single-node");
    for shape in ["keyfile", "machine-configs", "no-network"] {
        let shape = shapes.join(format!("{shape}.ign"));
        let explanation = cotter(&["explain", shape.to_str().unwrap(), "--format", "json"]);
        assert_is("explain", &explanation);
        assert!(explanation["things"].as_array().unwrap().len() > 20);
    }
}

/// The schema for editors is what `cotter schema` prints, takes every good machine file, and knows a bad one.
#[test]
fn the_schema_for_editors_knows_machine_files() {
    let printed = cotter(&["schema"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/machine-1.json");
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&printed).unwrap())).unwrap();
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept, printed, "COTTER_BLESS=1 writes what comes");
    let validator = jsonschema::validator_for(&kept).unwrap();
    for case in golden::cases() {
        let text = std::fs::read_to_string(case.join("machine.yaml")).unwrap();
        let (Some(tree), findings) = cotter::document::parse("machine.yaml", &text) else { continue };
        let json = cotter::document::View::root("machine.yaml", &tree).to_json();
        let is_good = case.join("expect").exists();
        if is_good && findings.is_empty() {
            let errors: Vec<String> = validator
                .iter_errors(&json)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {}", case.display(), errors.join("\n"));
        }
        if case.ends_with("thirty-faults") {
            assert!(!validator.is_valid(&json));
        }
    }
}

/// The rules in `docs/rules.md` are those of the program.
#[test]
fn the_documentation_of_rules_is_made_of_the_table() {
    let mut text = String::from(
        "# Rules\n\nWhat `cotter check` looks for, from the program's own table (`cotter check --rules`). Findings carry the names.\n\n| rule | refuses | otherwise | as in |\n|---|---|---|---|\n",
    );
    for rule in cotter::target::rules() {
        let cell = |text: &str| text.replace('|', "\\|");
        let example =
            if rule.example.is_empty() { String::new() } else { format!("`{}`", cell(rule.example)) };
        text.push_str(&format!(
            "| {} | {} | {} | {example} |\n",
            rule.name,
            cell(rule.refuses),
            cell(rule.why)
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "COTTER_BLESS=1 writes what comes");
}
