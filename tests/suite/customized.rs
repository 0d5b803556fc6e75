//! What coreos-installer's `customize` put onto an image is read, option by option.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::fixture;
use crate::fixture::Generation;
use crate::schemas;
use crate::tools;

const USER: &str = r#"{"ignition":{"version":"3.3.0"},"passwd":{"users":[{"name":"core","passwordHash":"$6$a$b","sshAuthorizedKeys":["ssh-ed25519 AAAA"]}]}}"#;
const OTHER: &str = r#"{"ignition":{"version":"3.4.0"},"passwd":{"users":[{"name":"admin"}]}}"#;
const KEYFILE: &str = "[connection]\nid=mgmt\ntype=ethernet\ninterface-name=eno1\n";
const NMSTATE: &str = "interfaces:\n- name: eth7\n  type: ethernet\n  state: up\n  mac-address: 52:54:00:00:00:07\n  ipv4: {enabled: true, dhcp: true}\n";

/// An image customized by the real tool with these options; the names of files stand in the folder.
fn customized(folder: &Path, options: &[&str]) -> Option<Value> {
    let installer = tools::coreos_installer()?;
    fixture::iso(folder, Generation::Current)?;
    let certificate = include_str!("../fixtures/ca.pem");
    for (name, text) in [
        ("user.ign", USER),
        ("other.ign", OTHER),
        ("mgmt.nmconnection", KEYFILE),
        ("net.yaml", NMSTATE),
        ("ca.pem", certificate),
        ("hook.sh", "#!/bin/bash\ntrue\n"),
        ("installer.yaml", "dest-device: /dev/sdb\nfetch-retries: infinite\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let mut command = Command::new(installer);
    tools::output(command.args(["iso", "customize"]).args(options).arg("base.iso").current_dir(folder));
    let shown: Value =
        serde_json::from_slice(&cotter(folder, &["show", "base.iso", "--format", "json"])).unwrap();
    schemas::assert_is("image", &shown);
    // And in words.
    assert!(!cotter(folder, &["show", "base.iso"]).is_empty());
    Some(shown)
}

fn cotter(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    tools::output(command.arg("image").args(arguments).current_dir(folder))
}

#[test]
fn what_goes_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(shown) = customized(folder, &["--dest-ignition", "user.ign", "--dest-device", "/dev/vda"])
    else {
        return;
    };
    let installation = &shown["installation"];
    assert_eq!(installation["device"], "/dev/vda");
    assert_eq!(installation["configurations"], json!(["/etc/coreos/installer.d/0000-customize.yaml"]));
    let destination = &installation["destination"];
    assert_eq!((&destination["version"], &destination["merged"]), (&json!("3.3.0"), &json!(0)));
    assert_eq!(destination["users"], json!([{"name": "core", "has_password": true, "keys": 1}]));
    assert_eq!(shown["secrets"], json!(["the password hash of `core`"]));
    let printed = cotter(folder, &["extract", "--destination", "base.iso"]);
    assert_eq!(destination["size_bytes"], printed.len());
    assert_eq!(serde_json::from_slice::<Value>(&printed).unwrap()["passwd"]["users"][0]["name"], "core");
    cotter(folder, &["extract", "base.iso", "-C", "out"]);
    assert_eq!(std::fs::read(folder.join("out/dest.ign")).unwrap(), printed);
    assert!(folder.join("out/config.ign").exists());
    let told = std::fs::read_to_string(folder.join("out/installer.d/0000-customize.yaml")).unwrap();
    assert!(told.contains("dest-device: /dev/vda"), "{told}");
}

#[test]
fn several_documents_for_the_disk_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--dest-ignition", "user.ign", "--dest-ignition", "other.ign", "--ignition-ca", "ca.pem"];
    let Some(shown) = customized(folder.path(), &options) else { return };
    let destination = &shown["installation"]["destination"];
    assert_eq!(destination["merged"], 2);
    let names: Vec<&Value> =
        destination["users"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
    assert_eq!(names, ["core", "admin"]);
    assert_eq!((&destination["authorities"], &shown["certificate_authorities"]), (&json!(1), &json!(1)));
    assert_eq!(shown["installation"]["device"], Value::Null);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    let said =
        command.args(["image", "show", "base.iso"]).current_dir(folder.path()).output().unwrap().stderr;
    assert!(String::from_utf8(said).unwrap().contains("not told to which disk"));
}

#[test]
fn what_the_installer_is_told() {
    for (options, key, expected) in [
        (&["--dest-console", "ttyS0,115200n8"][..], "consoles", json!(["ttyS0,115200n8"])),
        (
            &["--dest-karg-append", "a", "--dest-karg-append", "b=c"],
            "append_kernel_arguments",
            json!(["a", "b=c"]),
        ),
        (&["--dest-karg-delete", "quiet"], "delete_kernel_arguments", json!(["quiet"])),
        (
            &["--dest-device", "/dev/vda", "--network-keyfile", "mgmt.nmconnection"],
            "copies_network",
            json!(true),
        ),
        (&["--installer-config", "installer.yaml"], "device", json!("/dev/sdb")),
        (&["--installer-config", "installer.yaml"], "others", json!({"fetch-retries": "infinite"})),
        // Later configurations win.
        (&["--installer-config", "installer.yaml", "--dest-device", "/dev/vda"], "device", json!("/dev/vda")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let Some(shown) = customized(folder.path(), options) else { return };
        assert_eq!(shown["installation"][key], expected, "{options:?}");
        assert_eq!(shown["secrets"], json!([]), "{options:?}");
    }
}

#[test]
fn network_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let Some(shown) = customized(folder.path(), &["--network-keyfile", "mgmt.nmconnection"]) else { return };
    let expected = json!([{"file": "mgmt.nmconnection", "id": "mgmt", "type": "ethernet", "binding": {"by": "name", "value": "eno1"}}]);
    assert_eq!((&shown["network"], &shown["installation"]), (&expected, &Value::Null));
    let folder = tempfile::tempdir().unwrap();
    let Some(shown) = customized(folder.path(), &["--network-nmstate", "net.yaml"]) else { return };
    assert_eq!(shown["network"][0]["id"], "eth7");
    assert!(shown["network"][0]["binding"]["by"].is_string(), "{shown}");
}

#[test]
fn hooks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let options = ["--pre-install", "hook.sh", "--post-install", "hook.sh"];
    let Some(shown) = customized(folder, &options) else { return };
    let hook = |when: &str| json!({"when": when, "name": "hook.sh", "size_bytes": 17, "is_enabled": true});
    assert_eq!(shown["hooks"], json!([hook("pre-install"), hook("post-install")]));
    cotter(folder, &["extract", "base.iso", "-C", "out"]);
    assert_eq!(std::fs::read(folder.join("out/hooks/pre-install-hook.sh")).unwrap(), b"#!/bin/bash\ntrue\n");
}

#[test]
fn the_live_system() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--live-ignition", "user.ign", "--live-ignition", "other.ign"];
    let Some(shown) = customized(folder.path(), &options) else { return };
    assert_eq!((&shown["merged_documents"], &shown["installation"]), (&json!(2), &Value::Null));
    assert_eq!(shown["secrets"], json!(["the password hash of `core`"]));
    for (options, added, removed) in [
        (&["--live-karg-append", "foo=bar"][..], json!(["foo=bar"]), json!([])),
        (&["--live-karg-delete", "ignition.firstboot"], json!([]), json!(["ignition.firstboot"])),
        (
            &["--live-karg-replace", "ignition.platform.id=metal=qemu"],
            json!(["ignition.platform.id=qemu"]),
            json!(["ignition.platform.id=metal"]),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let Some(shown) = customized(folder.path(), options) else { return };
        let arguments = &shown["kernel_arguments"];
        assert_eq!((&arguments["added"], &arguments["removed"]), (&added, &removed), "{options:?}");
    }
}

/// Names in a live document that lead elsewhere do not come out as files.
#[test]
fn nothing_is_extracted_to_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if fixture::iso(folder, Generation::Current).is_none() {
        return;
    }
    let file = |path: &str| json!({"path": path, "contents": {"source": "data:,dest-device:%20/dev/vda"}});
    let document = json!({"ignition": {"version": "3.3.0"}, "storage": {"files": [
        file("/etc/coreos/installer.d/../../../../escaped"),
        file("/etc/coreos/installer.d/sub/escaped"),
        file("/usr/local/bin/pre-install-/../../../escaped"),
        file("/etc/coreos/installer.d/good.yaml"),
    ]}});
    std::fs::write(folder.join("c.ign"), document.to_string()).unwrap();
    cotter(folder, &["embed", "base.iso", "--config", "c.ign"]);
    let written = String::from_utf8(cotter(folder, &["extract", "base.iso", "-C", "a/b/out"])).unwrap();
    assert_eq!(written, "a/b/out/config.ign\na/b/out/installer.d/good.yaml\n");
    assert!(!folder.join("escaped").exists() && !folder.join("a/escaped").exists());
}
