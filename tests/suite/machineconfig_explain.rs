//! `cotter machineconfig explain`: dumps of made clusters, as `oc` prints them and as a must-gather has them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotter::document::yaml_text;
use serde_json::Value;
use serde_json::json;

use crate::schemas::assert_is;

const MCO: &str = "machineconfiguration.openshift.io";
const NOW: &str = "2026-11-22T10:00:00Z";

fn pool(name: &str, paused: bool, wanted: &str, reached: &str, conditions: Value) -> Value {
    json!({
        "apiVersion": format!("{MCO}/v1"), "kind": "MachineConfigPool",
        "metadata": {"name": name, "generation": 2},
        "spec": {
            "paused": paused, "configuration": {"name": wanted},
            "nodeSelector": {"matchLabels": {format!("node-role.kubernetes.io/{name}"): ""}},
        },
        "status": {
            "observedGeneration": 2, "configuration": {"name": reached}, "conditions": conditions,
            "machineCount": 2, "updatedMachineCount": 1, "readyMachineCount": 1,
            "unavailableMachineCount": 0, "degradedMachineCount": 0,
            "certExpirys": [{"bundle": "KubeAPIServerServingCAData", "subject": "CN=a", "expiry": "2036-01-01T00:00:00Z"}],
        },
    })
}

fn node(name: &str, role: &str, current: &str, desired: &str, state: &str, reason: &str) -> Value {
    let annotations =
        [("currentConfig", current), ("desiredConfig", desired), ("state", state), ("reason", reason)];
    let annotations: serde_json::Map<String, Value> =
        annotations.into_iter().map(|(key, value)| (format!("{MCO}/{key}"), value.into())).collect();
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "annotations": annotations, "labels": {format!("node-role.kubernetes.io/{role}"): ""}},
        "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn config(name: &str, pool: &str) -> Value {
    json!({
        "apiVersion": format!("{MCO}/v1"), "kind": "MachineConfig",
        "metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [{"kind": "MachineConfigPool", "name": pool}]},
        "spec": {"config": {"ignition": {"version": "3.4.0"}}},
    })
}

fn condition(kind: &str, status: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": kind, "message": message, "lastTransitionTime": "2026-11-22T07:00:00Z"})
}

fn update(version: &str, conditions: Vec<Value>) -> Value {
    json!({
        "apiVersion": format!("{MCO}/{version}"), "kind": "MachineConfigNode", "metadata": {"name": "w1"},
        "spec": {"node": {"name": "w1"}, "pool": {"name": "worker"}, "configVersion": {"desired": "rendered-worker-2"}},
        "status": {"configVersion": {"current": "rendered-worker-1", "desired": "rendered-worker-2"}, "conditions": conditions},
    })
}

fn controller(not_after: &str) -> Value {
    json!({
        "apiVersion": format!("{MCO}/v1"), "kind": "ControllerConfig", "metadata": {"name": "machine-config-controller"},
        "status": {"controllerCertificates": [{
            "bundleFile": "KubeAPIServerServingCAData", "subject": "CN=b", "signer": "CN=c",
            "notBefore": "2026-01-01T00:00:00Z", "notAfter": not_after,
        }]},
    })
}

/// A cluster of which nothing is wrong.
fn sound() -> Vec<Value> {
    vec![
        pool("worker", false, "rendered-worker-1", "rendered-worker-1", json!([])),
        node("w1", "worker", "rendered-worker-1", "rendered-worker-1", "Done", ""),
        config("rendered-worker-1", "worker"),
        controller("2027-01-01T00:00:00Z"),
    ]
}

/// As `oc get -o yaml` prints it.
fn yaml(objects: &[Value]) -> String {
    let mut text = "apiVersion: v1\nitems:\n".to_owned();
    for object in objects {
        for (index, line) in yaml_text(object).lines().enumerate() {
            let _ = writeln!(text, "{} {line}", if index == 0 { "-" } else { " " });
        }
    }
    text + "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
}

fn list(objects: &[Value]) -> Value {
    json!({"apiVersion": "v1", "items": objects, "kind": "List"})
}

fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["machineconfig", "explain"]).args(arguments).stdin(Stdio::piped());
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who refuses the arguments does not read.
    let _ = running.stdin.take().unwrap().write_all(input.as_bytes());
    let done = running.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// Explains objects; what is said is the same of YAML and of JSON.
fn explain(objects: &[Value]) -> (i32, Value) {
    let arguments = ["-", "--now", NOW, "--format", "json"];
    let (code, out, err) = run(&arguments, &yaml(objects));
    let mut explanation: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_is("machineconfig-explain", &explanation);
    let (_, of_json, _) = run(&arguments, &list(objects).to_string());
    let mut of_json: Value = serde_json::from_str(&of_json).unwrap();
    for explanation in [&mut explanation, &mut of_json] {
        // Only YAML has lines.
        explanation["findings"].as_array_mut().unwrap().iter_mut().for_each(|f| f["origin"] = Value::Null);
    }
    assert_eq!(explanation, of_json);
    (code, explanation)
}

/// The words of what is wrong, and of what is worth knowing.
fn said(explanation: &Value, weight: &str) -> Vec<String> {
    let findings = explanation["findings"].as_array().unwrap().iter().filter(|f| f["weight"] == weight);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|f| format!("{}: {} | {}", text(&f["about"]), text(&f["what"]), text(&f["next"]))).collect()
}

#[test]
fn of_a_sound_cluster_nothing_is_wrong() {
    let (code, explanation) = explain(&sound());
    assert_eq!((code, said(&explanation, "wrong")), (0, vec![]), "{explanation}");
    assert_eq!(explanation["rendered"][0]["used_by"], json!(["node w1", "pool worker"]));
    assert_eq!(explanation["certificates"][0]["days_left"], 39);
    assert_eq!(explanation["nodes"][0]["pool"], "worker");
    let (code, out, _) = run(&["-", "--now", NOW], &yaml(&sound()));
    assert!(
        code == 0 && out.contains("nothing is wrong") && out.contains("pool worker: 2 machines"),
        "{out}"
    );
}

/// Each fault alone, and the words that must be said of it.
#[test]
fn says_what_is_wrong_and_what_to_do() {
    let drift =
        "unexpected on-disk state validating against rendered-worker-1: content mismatch for file \"/etc/x\"";
    let degraded = json!([
        condition("NodeDegraded", "True", "Node w1 is reporting: \"disks section contains changes\""),
        condition("Degraded", "True", "")
    ]);
    let cpms = |ami: &str| {
        json!({
            "apiVersion": "machine.openshift.io/v1beta1", "kind": "MachineSet", "metadata": {"name": "set"},
            "spec": {"template": {"spec": {"providerSpec": {"value": {
                "kind": "AWSMachineProviderConfig", "ami": {"id": ami}, "placement": {"region": "eu-1"},
                "userDataSecret": {"name": "worker-user-data"},
            }}}}},
        })
    };
    let stream = json!({"architectures": {"x86_64": {"images": {"aws": {"regions": {"eu-1": {"image": "ami-new"}}}}}}});
    let images = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "coreos-bootimages"},
        "data": {"releaseVersion": "4.19.1", "stream": stream.to_string()},
    });
    let user_data = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "worker-user-data"},
        "data": {"userData": STANDARD.encode(r#"{"ignition":{"version":"2.2.0","secret":"hidden"}}"#)},
    });
    let built = |kind: &str| {
        json!({
            "apiVersion": format!("{MCO}/v1"), "kind": "MachineOSBuild", "metadata": {"name": "build"},
            "spec": {"machineConfig": {"name": "rendered-worker-1"}},
            "status": {"conditions": [condition(kind, "True", "no such secret")]},
        })
    };
    let os_config = json!({
        "apiVersion": format!("{MCO}/v1"), "kind": "MachineOSConfig", "metadata": {"name": "worker"},
        "spec": {"machineConfigPool": {"name": "worker"}}, "status": {"currentImagePullSpec": "release.example/built@sha256:1"},
    });
    let mut waiting = node("w1", "worker", "rendered-worker-1", "rendered-worker-1", "Working", "");
    waiting["metadata"]["annotations"][format!("{MCO}/desiredDrain")] = "drain-rendered-worker-2".into();
    waiting["metadata"]["annotations"][format!("{MCO}/lastAppliedDrain")] =
        "uncordon-rendered-worker-1".into();
    let mut away = node("w1", "worker", "rendered-worker-1", "rendered-worker-1", "Done", "");
    away["status"]["conditions"][0] = condition("Ready", "Unknown", "Kubelet stopped posting node status.");
    let done = |kind: &str| condition(kind, "True", "");
    let unknown = |kind: &str| condition(kind, "Unknown", "it goes on");
    for (changed, words) in [
        (
            vec![pool("worker", true, "rendered-worker-2", "rendered-worker-1", json!([]))],
            "it is paused, and `rendered-worker-2` waits",
        ),
        (
            vec![pool("worker", false, "rendered-worker-1", "rendered-worker-1", degraded)],
            "Ignition does this on the first boot alone",
        ),
        (
            vec![pool("worker", false, "rendered-worker-2", "rendered-worker-1", json!([]))],
            "without `rendered-worker-2`: w1",
        ),
        (
            vec![pool(
                "worker",
                false,
                "rendered-worker-1",
                "rendered-worker-1",
                json!([condition("RenderDegraded", "True", "x")]),
            )],
            "RenderDegraded: x",
        ),
        (
            vec![node("w1", "worker", "rendered-worker-1", "rendered-worker-1", "Degraded", drift)],
            "somebody changed a file that a MachineConfig writes | `cotter machineconfig drift",
        ),
        (
            vec![node("w1", "worker", "rendered-worker-1", "rendered-worker-9", "Degraded", "")],
            "`rendered-worker-9` is not in the dump",
        ),
        (vec![waiting], "it waits to be drained"),
        (vec![away], "it is not ready for 3 hours: Kubelet stopped posting node status."),
        (
            vec![update(
                "v1",
                vec![done("UpdatePrepared"), unknown("UpdateExecuted"), done("Cordoned"), unknown("Drained")],
            )],
            "in phase Drained for 3 hours: pods leave the node (it goes on) | it waits for pods that cannot leave",
        ),
        (
            vec![update(
                "v1alpha1",
                vec![done("UpdatePrepared"), unknown("UpdateExecuted"), unknown("AppliedFilesAndOS")],
            )],
            "in phase AppliedFilesAndOS for 3 hours",
        ),
        (vec![update("v1", vec![unknown("ImagePulledFromRegistry")])], "in phase ImagePulledFromRegistry"),
        (vec![update("v1", vec![condition("Updated", "False", "")])], "no phase is under way"),
        (
            vec![update("v1", vec![done("NodeDegraded"), done("Updated")])],
            "update of node w1: it is degraded",
        ),
        (vec![controller("2026-12-20T00:00:00Z")], "it ends in 27 days"),
        (vec![controller("2026-11-22T07:00:00Z")], "it ended 3 hours ago"),
        (
            vec![cpms("ami-old"), images.clone()],
            "MachineSet set: its boot image is `ami-old`, and the one of 4.19.1 is `ami-new`",
        ),
        (vec![cpms("ami-new"), images.clone(), user_data], "user data of Ignition's spec 2.2.0"),
        (vec![built("Failed")], "image build build: it failed for 3 hours: no such secret"),
        (vec![os_config], "the image that was built last is not on w1"),
    ] {
        let mut objects = sound();
        for object in changed {
            objects.retain(|old| {
                old["kind"] != object["kind"] || old["metadata"]["name"] != object["metadata"]["name"]
            });
            objects.push(object);
        }
        let (code, explanation) = explain(&objects);
        let said = said(&explanation, "wrong");
        assert_eq!(code, 1, "{words}");
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:#?}");
        assert!(!explanation.to_string().contains("hidden"), "{explanation}");
    }
    let mut objects = sound();
    objects.extend([cpms("ami-new"), images]);
    assert_eq!(explain(&objects).0, 0);
}

#[test]
fn knows_what_can_be_pruned_and_what_is_left_over() {
    let mut objects = sound();
    objects.extend([
        config("rendered-worker-0", "worker"),
        config("99-worker-generated-crio-capabilities", "worker"),
    ]);
    let (code, explanation) = explain(&objects);
    assert_eq!(code, 0);
    let pruned: Vec<_> =
        explanation["rendered"].as_array().unwrap().iter().map(|r| r["can_be_pruned"].clone()).collect();
    assert_eq!(pruned, [json!(true), json!(false)]);
    // What a node has or is to have is in use, though no pool names it.
    for (current, desired) in
        [("rendered-worker-0", "rendered-worker-1"), ("rendered-worker-1", "rendered-worker-0")]
    {
        let mut used = objects.clone();
        used.push(node("w9", "worker", current, desired, "Working", ""));
        let rendered = explain(&used).1["rendered"][0].clone();
        assert_eq!((&rendered["can_be_pruned"], &rendered["used_by"]), (&json!(false), &json!(["node w9"])));
    }
    let notices = said(&explanation, "notice").join("\n");
    assert!(
        notices.contains("--pool-name=worker") && notices.contains("crio-capabilities: it is left"),
        "{notices}"
    );
    // An image of one's own is nobody's to renew.
    let mark = format!("{MCO}/os-image-url-overridden");
    for object in objects.iter_mut().filter(|object| object["metadata"]["name"] == "rendered-worker-1") {
        object["metadata"]["annotations"] = json!({mark.as_str(): "true"});
    }
    let (code, explanation) = explain(&objects);
    let notices = said(&explanation, "notice").join("\n");
    assert!(code == 0 && notices.contains("an image of your own for 325 days"), "{notices}");
    // Without nodes, nobody can tell.
    objects.retain(|object| object["kind"] != "Node");
    let (_, explanation) = explain(&objects);
    assert_eq!(explanation["rendered"][0]["can_be_pruned"], Value::Null);
}

#[test]
fn reads_a_must_gather_and_opens_only_what_matters() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join("image").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for object in sound() {
        let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        let group = if kind == "Node" { "core" } else { MCO };
        write(
            &format!("cluster-scoped-resources/{group}/{}s/{name}.yaml", kind.to_lowercase()),
            &format!("---\n{}", yaml_text(&object)),
        );
    }
    // What is broken and does not matter is not even looked at.
    write("namespaces/default/core/pods.yaml", "{");
    let path = folder.path().to_str().unwrap();
    let (code, out, err) = run(&[path, "--now", NOW], "");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("pool worker: 2 machines") && out.contains("node w1 in worker: Done, ready"),
        "{out}"
    );
    // What matters and is broken may have told more.
    write(&format!("cluster-scoped-resources/{MCO}/machineconfignodes/w1.yaml"), "a: [\n");
    let (code, out, err) = run(&[path, "--now", NOW, "--format", "json"], "");
    let explanation: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, explanation["unread"].as_array().unwrap().len()), (1, 1), "{err}");
    assert!(err.contains("w1.yaml:"), "{err}");
}

#[test]
fn metrics_alone_and_beside_a_dump() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics");
    std::fs::write(&path, "# HELP x\nmcd_config_drift 0\nmcd_kubelet_state 3\nup 1\n").unwrap();
    let path = path.to_str().unwrap();
    for arguments in [vec!["--metrics", path], vec!["-", "--now", NOW, "--metrics", path]] {
        let (code, out, err) = run(&arguments, &yaml(&sound()));
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains("metric mcd_kubelet_state: checks of the kubelet"), "{out}");
    }
    let (_, out, _) = run(&["--metrics", path, "--format", "json"], "");
    let explanation: Value = serde_json::from_str(&out).unwrap();
    assert_is("machineconfig-explain", &explanation);
    assert_eq!(explanation["metrics"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_dump_is_one_clear_error() {
    for (arguments, input, words) in [
        (vec!["-"], "", "holds nothing"),
        (vec!["-"], "{", "is no dump"),
        (vec!["-"], "kind: Pod\napiVersion: v1\nmetadata: {name: a}\n", "holds nothing"),
        (vec!["/nonexistent"], "", "failed to read"),
        (vec!["-", "--now", "today"], "", "write a time"),
        (vec![], "", "required"),
    ] {
        let (code, _, err) = run(&arguments, input);
        assert!(code == 2 && err.contains(words), "{arguments:?} {input}: {code} {err}");
    }
    // Too deep, and never a panic.
    let (code, _, err) = run(&["-"], &format!("{{\"a\":{}", "[".repeat(5000)));
    assert!(code == 2 && !err.contains("panicked"), "{code} {err}");
    let (code, _, err) = run(&["-"], &"- ".repeat(5000));
    assert!(code == 2 && !err.contains("panicked"), "{code} {err}");
    // Larger than an object can be, and refused before it fills memory.
    let (code, _, err) = run(&["-"], &format!("{{\"a\":[{}", "1,".repeat(5 << 20)));
    assert!(code == 2 && err.contains("an object of more than"), "{code} {err}");
    let long = format!("{}a: {}\n", yaml(&sound()).replace("kind: List\n", ""), "x".repeat(9 << 20));
    let (code, _, err) = run(&["-"], &long);
    assert!(code == 2 && err.contains("a line of more than"), "{code} {err}");
    let archive = tempfile::tempdir().unwrap();
    let path = archive.path().join("must-gather.tar.gz");
    std::fs::write(&path, b"\x1f\x8b\x08\0").unwrap();
    let (code, _, err) = run(&[path.to_str().unwrap()], "");
    assert!(code == 2 && err.contains("unpack it"), "{err}");
    assert!(Path::new(&path).exists());
}
