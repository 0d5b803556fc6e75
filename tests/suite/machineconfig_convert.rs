//! `cotter machineconfig convert`: what becomes of documents, and what is said about what does not come along.

use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

fn convert(file: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter"))
        .args(["machineconfig", "convert", file.to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn written(folder: &TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const MASTER: [&str; 4] = ["--role", "master", "--name", "99-master-a"];

#[test]
fn ignition_becomes_a_machineconfig_of_the_newest_spec() {
    let folder = TempDir::new().unwrap();
    for (version, openshift, newest) in [
        ("2.2.0", "4.19", "3.5.0"),
        ("3.0.0", "4.19", "3.5.0"),
        ("3.5.0", "4.20", "3.5.0"),
        ("3.1.0", "4.18", "3.4.0"),
    ] {
        let document = json!({"ignition": {"version": version}, "storage": {"files": [
            {"path": "/etc/a", "filesystem": "root", "mode": 420, "contents": {"source": "data:,a"}},
        ]}});
        let file = written(&folder, "a.ign", &document.to_string());
        let done = convert(&file, &[&MASTER[..], &["--openshift", openshift]].concat());
        let made = text(&done.stdout);
        assert_eq!(done.status.code(), Some(0), "{version}: {}", text(&done.stderr));
        for line in [
            "kind: MachineConfig\n",
            "    machineconfiguration.openshift.io/role: master\n",
            "  name: 99-master-a\n",
            &format!("      version: {newest}\n"),
            "        path: /etc/a\n",
        ] {
            assert!(made.contains(line), "{version}: {line}: {made}");
        }
        // What was made is rendered, and converted back comes to the same.
        let config = written(&folder, "a.yaml", &made);
        let back = convert(&config, &["--openshift", openshift]);
        let back: Value = serde_json::from_slice(&back.stdout).unwrap();
        assert_eq!(back["storage"]["files"][0]["path"], "/etc/a");
        assert_eq!(back["ignition"]["version"], newest);
    }
}

#[test]
fn says_what_cannot_come_along() {
    let folder = TempDir::new().unwrap();
    let config = json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "metadata": {"name": "99-a"},
        "spec": {"kernelArguments": ["a"], "extensions": ["usbguard"], "fips": true, "kernelType": "realtime", "osImageURL": "x"}});
    let done = convert(&written(&folder, "a.json", &config.to_string()), &[]);
    assert_eq!(
        serde_json::from_slice::<Value>(&done.stdout).unwrap(),
        json!({"ignition": {"version": "3.5.0"}})
    );
    let said = text(&done.stderr);
    for key in ["kernelArguments", "extensions", "fips", "kernelType", "osImageURL"] {
        assert!(
            said.contains(&format!("MachineConfig `99-a`: an Ignition document cannot carry `{key}`")),
            "{said}"
        );
    }
    let document = json!({"ignition": {"version": "3.3.0"}, "kernelArguments": {"shouldExist": ["a"]}, "storage": {
        "directories": [{"path": "/etc/a"}], "links": [{"path": "/etc/b", "target": "c"}],
    }});
    let done = convert(&written(&folder, "b.ign", &document.to_string()), &MASTER);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    for words in
        ["directories are made", "links are made", "Ignition's kernel arguments", "`spec.kernelArguments`"]
    {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn refuses_what_no_node_could_keep() {
    let folder = TempDir::new().unwrap();
    let document = |version: &str, sections: Value| {
        let mut document = sections;
        document["ignition"] = json!({"version": version});
        document.to_string()
    };
    for (text_of, arguments, words) in [
        (
            document(
                "3.3.0",
                json!({"storage": {"files": [{"path": "/a", "append": [{"source": "data:,a"}]}]}}),
            ),
            &MASTER[..],
            "has `append`",
        ),
        (
            document(
                "3.3.0",
                json!({"storage": {"files": [{"path": "/a", "contents": {"source": "https://release.example/a"}}]}}),
            ),
            &MASTER,
            "fetched from elsewhere",
        ),
        (
            document("3.3.0", json!({"passwd": {"users": [{"name": "someone"}]}})),
            &MASTER,
            "there is `someone`",
        ),
        (document("3.6.0", json!({})), &MASTER, "unknown version"),
        (document("2.2.0", json!({"networkd": {"units": [{"name": "a.network"}]}})), &MASTER, "`networkd`"),
        (document("3.3.0", json!({})), &["--name", "a"], "--role"),
        (document("3.3.0", json!({})), &["--role", "worker"], "--name 99-worker-custom"),
        ("kind: Pod\n".to_owned(), &MASTER, "no Ignition document"),
    ] {
        let done = convert(&written(&folder, "a.json", &text_of), arguments);
        let said = text(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(words), "{words}: {said}");
        assert_eq!(text(&done.stdout), "");
    }
}

#[test]
fn butane_becomes_what_it_says_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/butane/openshift-4.20");
    let files = folder.join("files");
    let done = convert(
        &folder.join("config.bu"),
        &["--openshift", "4.20", "-d", files.to_str().unwrap(), "--format", "json"],
    );
    let made: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(made["metadata"]["name"], "99-worker-custom");
    assert_eq!(made["metadata"]["labels"]["example.net/team"], "infra");
    let spec = &made["spec"];
    assert_eq!((&spec["kernelType"], &spec["fips"]), (&json!("realtime"), &json!(true)));
    assert_eq!(
        (&spec["kernelArguments"], &spec["extensions"]),
        (&json!(["nosmt", "hugepagesz=1G"]), &json!(["usbguard"]))
    );
    assert!(
        text(&done.stderr).contains("file systems are made on the first boot alone"),
        "{}",
        text(&done.stderr)
    );
    let temporary = TempDir::new().unwrap();
    let fcos =
        "variant: fcos\nversion: 1.4.0\nstorage:\n  files:\n    - {path: /etc/a, contents: {inline: a}}\n";
    let fcos = written(&temporary, "a.bu", fcos);
    let made = text(&convert(&fcos, &MASTER).stdout);
    assert!(made.contains("name: 99-master-a") && made.contains("path: /etc/a"), "{made}");
    for (section, words) in [
        ("storage:\n  files:\n    - {path: /etc/a, append: [{inline: a}]}\n", "append"),
        ("storage:\n  links:\n    - {path: /etc/a, target: b}\n", "links"),
        ("storage:\n  directories:\n    - path: /etc/a\n", "directories"),
        ("passwd:\n  users:\n    - name: someone\n", "core"),
    ] {
        let head = "variant: openshift\nversion: 4.19.0\nmetadata: {name: a, labels: {machineconfiguration.openshift.io/role: worker}}\n";
        let done = convert(&written(&temporary, "b.bu", &format!("{head}{section}")), &[]);
        let said = text(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_result_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let file = written(&folder, "a.ign", "{\"ignition\": {\"version\": \"3.2.0\"}}");
    let out = folder.path().join("out.yaml");
    let arguments = [&MASTER[..], &["-o", out.to_str().unwrap()]].concat();
    assert_eq!(convert(&file, &arguments).status.code(), Some(0));
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(convert(&file, &arguments).status.code(), Some(2));
}
