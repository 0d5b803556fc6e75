//! `cotter machineconfig diff`: what differs is shown as text, secrets never; and documents that mean harm.

use std::io::Write as _;
use std::process::Command;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::schemas;

fn run(word: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).args(["machineconfig", word]).args(arguments).output().unwrap()
}

fn diff(arguments: &[&str]) -> Value {
    let done = run("diff", &[arguments, &["--format", "json"]].concat());
    let diff: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&done.stderr)));
    schemas::assert_is("machineconfig-diff", &diff);
    diff
}

fn gzip(bytes: &[u8]) -> String {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    format!("data:;base64,{}", STANDARD.encode(encoder.finish().unwrap()))
}

fn object(name: &str, mut spec: Value) -> String {
    if spec["config"].is_object() {
        spec["config"]["ignition"]["version"] = json!("3.4.0");
    }
    let labels = json!({"machineconfiguration.openshift.io/role": "worker"});
    json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
        "metadata": {"name": name, "labels": labels}, "spec": spec})
    .to_string()
}

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn find<'a>(diff: &'a Value, kind: &str, name: &str) -> &'a Value {
    let found = diff["differences"].as_array().unwrap().iter();
    let mut found = found.filter(|one| one["kind"] == kind && one["name"] == name);
    found.next().unwrap_or_else(|| panic!("{kind} {name} is not in {diff:#}"))
}

#[test]
fn everything_is_decoded_and_secrets_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let file = |path: &str, source: &str| json!({"path": path, "contents": {"source": source}});
    let old = object(
        "one",
        json!({"kernelArguments": ["quiet", "x=1"], "kernelType": "default", "config": {
            "passwd": {"users": [{"name": "core", "passwordHash": "$6$old-hash", "sshAuthorizedKeys": ["ssh-ed25519 A", "ssh-ed25519 B"]}]},
            "storage": {"files": [
                {"path": "/etc/text", "mode": 420, "contents": {"source": "data:,a%0Ab%0Ac%0A"}},
                file("/etc/encoded", "data:,same%0A"),
                file("/etc/binary", "data:;base64,AAEC"),
                file("/var/lib/kubelet/config.json", "data:,old-pull-secret"),
                file("/etc/gone", "data:,gone%0A"),
                file("/etc/remote", "https://user:hidden@release.example/a?token=hidden"),
            ]},
            "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Unit]\nDescription=a\n",
                "dropins": [{"name": "10-a.conf", "contents": "[Service]\nNice=1\n"}]}]},
        }}),
    );
    let new = object(
        "two",
        json!({"kernelArguments": ["quiet", "x=2"], "kernelType": "realtime", "extensions": ["usbguard"], "config": {
            "passwd": {"users": [{"name": "core", "passwordHash": "$6$new-hash", "sshAuthorizedKeys": ["ssh-ed25519 A", "ssh-ed25519 C"]}]},
            "storage": {"files": [
                {"path": "/etc/text", "mode": 384, "user": {"name": "core"}, "contents": {"source": gzip(b"a\nx\nc\n"), "compression": "gzip"}},
                file("/etc/encoded", "data:;base64,c2FtZQo="),
                file("/etc/binary", "data:;base64,AAED"),
                file("/var/lib/kubelet/config.json", "data:,new-pull-secret"),
                file("/etc/remote", "https://user:hidden@release.example/b"),
                file("/etc/new", "data:,new%0A"),
            ]},
            "systemd": {"units": [{"name": "a.service", "enabled": false, "contents": "[Unit]\nDescription=b\n",
                "dropins": [{"name": "10-a.conf", "contents": "[Service]\nNice=2\n"}]}]},
        }}),
    );
    let (old, new) = (write(&folder, "old.json", &old), write(&folder, "new.json", &new));
    let found = diff(&[&old, &new]);
    assert_eq!(found["differs"], true);
    let details = |kind: &str, name: &str| find(&found, kind, name)["details"].clone();
    // The new mode makes it its owner's alone.
    let line =
        |key: &str, old: Value, new: Value| json!({"kind": "line", "key": key, "old": old, "new": new});
    assert_eq!(
        details("file", "/etc/text"),
        json!([line("mode", json!("0644"), json!("0600")), line("user.name", Value::Null, json!("core")), {"kind": "secret"}])
    );
    let encoded = details("file", "/etc/encoded");
    assert!(encoded[0]["new"].as_str().unwrap().contains("the same bytes"), "{encoded}");
    let binary = details("file", "/etc/binary");
    assert_eq!((&binary[0]["kind"], &binary[0]["old"]["size"]), (&json!("binary"), &json!(3)));
    assert_ne!(binary[0]["old"]["sha256"], binary[0]["new"]["sha256"]);
    assert_eq!(details("file", "/var/lib/kubelet/config.json"), json!([{"kind": "secret"}]));
    assert_eq!(find(&found, "file", "/etc/gone")["how"], "removed");
    assert_eq!(details("file", "/etc/new"), json!([{"kind": "text", "unified": "@@ -0,0 +1 @@\n+new\n"}]));
    let remote = details("file", "/etc/remote");
    assert_eq!(remote[0]["old"], "fetched from https://release.example/a?…");
    assert_eq!(
        details("unit", "a.service"),
        json!([
            line("enabled", json!("true"), json!("false")),
            {"kind": "text", "unified": "@@ -1,2 +1,2 @@\n [Unit]\n-Description=a\n+Description=b\n"},
            line("drop-in 10-a.conf", json!("there"), json!("there")),
            {"kind": "text", "unified": "@@ -1,2 +1,2 @@\n [Service]\n-Nice=1\n+Nice=2\n"},
        ])
    );
    assert_eq!(
        details("user", "core"),
        json!([
            line("passwordHash", json!("<secret>"), json!("<secret>")),
            {"kind": "text", "unified": "@@ -1,2 +1,2 @@\n ssh-ed25519 A\n-ssh-ed25519 B\n+ssh-ed25519 C\n"},
        ])
    );
    assert_eq!(details("kernel arguments", "")[0]["unified"], "@@ -1,2 +1,2 @@\n quiet\n-x=1\n+x=2\n");
    assert_eq!(details("spec", ""), json!([line("kernelType", json!("default"), json!("realtime"))]));
    for arguments in [&[&*old, &*new][..], &[&old, &new, "--format", "json"]] {
        let said = run("diff", arguments).stdout;
        let said = String::from_utf8_lossy(&said);
        for secret in ["old-hash", "new-hash", "pull-secret", "hidden"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
    }
    let said = String::from_utf8_lossy(&run("diff", &[&old, &new]).stdout).into_owned();
    for words in
        ["~ two: unit a.service updated", "  -Description=a", "  +Description=b", "mode: 0644 -> 0600"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn folders_are_compared_by_name_or_put_together() {
    let folder = TempDir::new().unwrap();
    let conf = |contents: &str| json!({"config": {"storage": {"files": [{"path": "/etc/a", "contents": {"source": format!("data:,{contents}")}}]}}});
    write(&folder, "old/a.yaml", &object("50-a", conf("a")));
    write(&folder, "old/b.yaml", &object("60-b", conf("b")));
    write(&folder, "new/a.yaml", &object("50-a", conf("x")));
    write(&folder, "new/b.yaml", &object("60-b", conf("b")));
    write(&folder, "new/c.yaml", &object("70-c", json!({"kernelArguments": ["a"]})));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (old, new) = (path("old"), path("new"));
    let found = diff(&[&old, &new]);
    let names: Vec<&Value> =
        found["differences"].as_array().unwrap().iter().map(|one| &one["machineconfig"]).collect();
    assert_eq!(names, ["50-a", "70-c", "70-c", "70-c"]);
    // What the last says counts.
    let found = diff(&[&old, &new, "--pool", "worker"]);
    let kinds: Vec<&Value> =
        found["differences"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["kernel arguments"]);
    for (arguments, code) in [
        (vec![&*old, &*new], 0),
        (vec![&old, &new, "--exit-code"], 1),
        (vec![&old, &old, "--exit-code"], 0),
        (vec![&old, &path("none")], 2),
        (vec![&old, &new, "--pool", "master"], 2),
    ] {
        assert_eq!(run("diff", &arguments).status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn documents_that_mean_harm_end_in_clear_words() {
    let folder = TempDir::new().unwrap();
    let nothing = write(&folder, "nothing.json", &object("one", json!({"config": {}})));
    let file = |source: &str, compression: &str| {
        object(
            "two",
            json!({"config": {"storage": {"files": [{"path": "/etc/a", "mode": 420,
                "contents": {"source": source, "compression": compression}}]}}}),
        )
    };
    let bomb = write(&folder, "bomb.json", &file(&gzip(&vec![0; 80 << 20]), "gzip"));
    let large = write(&folder, "large.json", &file(&format!("data:;base64,{}", "QUFB".repeat(25 << 20)), ""));
    for (path, words) in [(&bomb, "64 MiB"), (&large, "100 MiB")] {
        let found = diff(&[&nothing, path]);
        let contents = &find(&found, "file", "/etc/a")["details"];
        assert!(contents.to_string().contains(words), "{contents}");
    }
    let done = run("plan", &[&nothing, &bomb]);
    assert_eq!(done.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&done.stderr).contains("64 MiB"));
    assert_eq!(run("plan", &[&nothing, &large]).status.code(), Some(0));
    // Too deep to be read; neither a crash nor a wait.
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!("{}1{}", open.repeat(1000), close.repeat(1000));
        let text =
            object("two", json!({"config": {}})).replace("\"3.4.0\"", &format!("\"3.4.0\",\"deep\":{deep}"));
        let deep = write(&folder, "deep.json", &text);
        for word in ["plan", "diff"] {
            let done = run(word, &[&nothing, &deep]);
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.code() == Some(2) && said.contains("deep.json"), "{word}: {said}");
        }
    }
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (new, old) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        bomb.push_str(&format!("{new}: &{new} [{}]\n", vec![format!("*{old}"); 9].join(", ")));
    }
    let bomb = write(&folder, "bomb.yaml", &bomb);
    assert_eq!(run("diff", &[&nothing, &bomb]).status.code(), Some(2));
}
