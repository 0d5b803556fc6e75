//! What cotter writes for programs is what `docs/schemas` says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::golden;

/// Fails, with every difference, unless `instance` is what the schema says.
fn assert_is(name: &str, instance: &Value) {
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
