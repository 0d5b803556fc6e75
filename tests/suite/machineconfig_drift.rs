//! `cotter machineconfig drift`: what the operator itself said of disks (`tests/machineconfig/<version>/ondisk`), and what
//! it does not look at, on made roots.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use cotter::machineconfig::Rules;
use cotter::machineconfig::drift;
use cotter::machineconfig::drift::NodeDrift;
use cotter::verify::Outcome;
use cotter::world;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::schemas::assert_is;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ admin@lab.example.com";
const HASH: &str = "$6$salt$of-the-password";

/// A made root.
struct Root(TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for (path, text) in [
            ("etc/machine-id", "4c2b1f0e9d8a7b6c5d4e3f2a1b0c9d8e\n"),
            ("etc/passwd", "root:x:0:0::/root:/bin/bash\ncore:x:1000:1000::/home/core:/bin/bash\n"),
            ("etc/group", "root:x:0:\ncore:x:1000:\n"),
        ] {
            root.file(path, text, 0o644);
        }
        std::fs::create_dir(root.path("usr")).unwrap();
        std::fs::create_dir(root.path("var")).unwrap();
        root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn file(&self, path: &str, text: &str, mode: u32) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// What drifted; systemd's answers stand over what a root tells.
    fn drift(&self, config: &Value, enablement: &Value, version: &str) -> NodeDrift {
        let wanted = drift::read_node_config("mc.yaml", &config.to_string()).unwrap();
        let manifest = drift::questions(&wanted, "node");
        let kept = world::facts(self.0.path(), &manifest).unwrap_or_else(|failure| panic!("{failure}"));
        let mut record = kept.boots.into_iter().next_back().unwrap().1;
        for (unit, word) in enablement.as_object().into_iter().flatten() {
            let subject = format!("unit/{unit}/enabled");
            record.unknown.remove(&subject);
            record.facts.insert(subject, vec![word.as_str().unwrap().to_owned()]);
        }
        drift::judge(&wanted, "node", &record, Rules::of(version).unwrap())
    }

    fn cotter(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let root = self.0.path().to_str().unwrap();
        cotter(code, &[&["machineconfig", "drift", "--root", root], arguments].concat())
    }
}

fn cotter(code: i32, arguments: &[&str]) -> (String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_cotter")).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{out}{err}");
    (out, err)
}

fn config(spec: Value) -> Value {
    let mut spec = spec;
    if spec.get("config").is_some() && spec["config"].get("ignition").is_none() {
        spec["config"]["ignition"] = json!({"version": "3.5.0"});
    }
    json!({
        "apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
        "metadata": {"name": "rendered-worker-1"}, "spec": spec,
    })
}

/// What is said of everything that differs.
fn differing(node: &NodeDrift) -> Vec<String> {
    let verdicts = node.report.boots.iter().flat_map(|boot| &boot.verdicts);
    let differs = verdicts.filter(|verdict| matches!(verdict.outcome, Outcome::Differs { .. }));
    differs.map(|verdict| verdict.says.clone()).collect()
}

#[test]
fn says_what_the_operator_says_of_a_disk() {
    let mut count = 0;
    for version in ["4.19", "4.22"] {
        let cases =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/machineconfig/{version}/ondisk"));
        for case in cases.read_dir().unwrap() {
            let case = case.unwrap().path();
            let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
            let fs: Value = serde_json::from_str(&read("fs.json")).unwrap();
            let root = Root::new();
            for (path, file) in fs["files"].as_object().unwrap() {
                let mode = file["mode"].as_str().unwrap().trim_start_matches("0o");
                root.file(path, file["content"].as_str().unwrap(), u32::from_str_radix(mode, 8).unwrap());
            }
            let config: Value = serde_json::from_str(&read("mc.yaml")).unwrap();
            let node = root.drift(&config, &fs["is_enabled"], version);
            let said =
                node.operator_stops_at.as_ref().map_or("CLEAN".to_owned(), |words| format!("DRIFT: {words}"));
            assert_eq!(said, read("expected.txt").trim_end(), "{}", case.display());
            count += 1;
        }
    }
    assert_eq!(count, 18, "a case is gone");
}

/// The rules that no kept case has, by the operator's code.
#[test]
fn says_what_the_operator_would_say() {
    let file = |file: Value| json!({"config": {"storage": {"files": [file]}}});
    let unit = |unit: Value| json!({"config": {"systemd": {"units": [unit]}}});
    let stat = "could not stat file \"/etc/x\": lstat /etc/x: no such file or directory";
    let link = "mode mismatch for file: \"/etc/x\"; expected: -rw-r--r--/420/0644; received: Lrwxrwxrwx/134218239/01000000777";
    let setuid = "mode mismatch for file: \"/etc/x\"; expected: -rwxr-xr-x/493/0755; received: urwxr-xr-x/8389101/040000755";
    let disabled = "unit \"a.service\" expected enabled=false, but systemd reports \"enabled\"";
    let x = "data:,x";
    for (spec, make, enabled, said) in [
        (file(json!({"path": "/etc/x", "contents": {"source": x}})), "", "", Some(stat)),
        (file(json!({"path": "/etc/x", "contents": {"source": x}})), "link", "", Some(link)),
        (file(json!({"path": "/etc/x", "mode": 493, "contents": {"source": x}})), "setuid", "", Some(setuid)),
        (
            file(json!({"path": "/etc/x", "contents": {"source": "data:,y"}})),
            "file",
            "",
            Some("content mismatch for file \"/etc/x\""),
        ),
        (file(json!({"path": "/etc/x", "contents": {"source": x}})), "file", "", None),
        (
            file(json!({"path": "/etc/x", "append": [{"source": x}]})),
            "",
            "",
            Some("found an append section when checking files. Append is not supported"),
        ),
        (
            unit(json!({"name": "a.service", "contents": "x", "enabled": false})),
            "unit",
            "enabled",
            Some(disabled),
        ),
        (unit(json!({"name": "a.service", "contents": "x", "enabled": false})), "unit", "static", None),
        (unit(json!({"name": "a.service", "contents": "x", "enabled": true})), "unit", "static", None),
        (unit(json!({"name": "a.service", "enabled": true})), "", "disabled", None),
        (unit(json!({"name": "a.service", "mask": true})), "unit", "", None),
        (unit(json!({"name": "a.service", "mask": true, "contents": "x"})), "mask", "", None),
        (unit(json!({"name": "a.service", "dropins": [{"name": "1.conf"}]})), "", "", None),
        (
            unit(json!({"name": "a.service", "dropins": [{"name": "1.conf", "contents": "x"}]})),
            "",
            "",
            Some(
                "could not stat file \"/etc/systemd/system/a.service.d/1.conf\": lstat /etc/systemd/system/a.service.d/1.conf: no such file or directory",
            ),
        ),
        (
            json!({"kernelArguments": ["a b", "quiet"]}),
            "entry",
            "",
            Some("missing expected kernel arguments: [a b]"),
        ),
    ] {
        let root = Root::new();
        match make {
            "file" => root.file("etc/x", "x", 0o644),
            "setuid" => root.file("etc/x", "x", 0o4755),
            "link" => {
                root.file("etc/y", "x", 0o644);
                root.link("etc/x", "y");
            }
            "unit" => root.file("etc/systemd/system/a.service", "x", 0o644),
            "mask" => root.link("etc/systemd/system/a.service", "/dev/null"),
            "entry" => root.file("boot/loader/entries/1.conf", "options quiet\n", 0o644),
            _ => {}
        }
        let enablement = if enabled.is_empty() { json!({}) } else { json!({"a.service": enabled}) };
        let node = root.drift(&config(spec.clone()), &enablement, "4.19");
        assert_eq!(node.operator_stops_at.as_deref(), said, "{spec}");
    }
    // Before 4.18, nobody asked systemd.
    let root = Root::new();
    root.file("etc/systemd/system/a.service", "x", 0o644);
    let spec = config(unit(json!({"name": "a.service", "contents": "x", "enabled": true})));
    let node = root.drift(&spec, &json!({"a.service": "disabled"}), "4.17");
    assert_eq!(
        (node.operator_stops_at.clone(), differing(&node)),
        (None, vec!["unit a.service enabled".to_owned()])
    );
}

/// A node with everything that can drift: as it should be, and with all of it wrong.
fn node(is_right: bool) -> Root {
    let root = Root::new();
    let either = |right: &'static str, wrong: &'static str| if is_right { right } else { wrong };
    root.file("etc/x", "x", 0o644);
    root.file("etc/systemd/system/c.service", "[Service]\n[Install]\nWantedBy=multi-user.target\n", 0o644);
    std::fs::create_dir(root.path("etc/d")).unwrap();
    let mode = if is_right { 0o755 } else { 0o700 };
    std::fs::set_permissions(root.path("etc/d"), PermissionsExt::from_mode(mode)).unwrap();
    root.link("etc/l", either("/etc/x", "/etc/y"));
    root.file("usr/lib/systemd/system/on.service", "[Install]\n", 0o644);
    root.file("usr/lib/systemd/system/m.service", "[Install]\n", 0o644);
    if is_right {
        root.link(
            "etc/systemd/system/multi-user.target.wants/on.service",
            "/usr/lib/systemd/system/on.service",
        );
        root.link("etc/systemd/system/m.service", "/dev/null");
    }
    root.file("etc/shadow", either("core:*:1::::::\n", "core:$6$other$hash:1::::::\n"), 0o600);
    let keys = format!("{KEY}\n{}", if is_right { "" } else { "ssh-ed25519 AAAA other\n" });
    root.file("home/core/.ssh/authorized_keys.d/ignition", &keys, 0o600);
    let kernel = either("5.14.0-570.el9_6.x86_64+rt", "5.14.0-570.el9_6.x86_64");
    std::fs::create_dir_all(root.path(&format!("usr/lib/modules/{kernel}"))).unwrap();
    let options = either("quiet fips=1", "quiet quiet");
    let entry = format!("version 1\noptions {options} ostree=/ostree/boot.1/rhcos/1/0\n");
    root.file("boot/loader/entries/1.conf", &entry, 0o644);
    root.link("sysroot/ostree/boot.1/rhcos/1/0", "../../../deploy/rhcos/deploy/1.0");
    std::fs::create_dir_all(root.path("sysroot/ostree/deploy/rhcos/deploy/1.0")).unwrap();
    let image = either("release.example/os@sha256:1", "release.example/os@sha256:2");
    let origin = format!("[origin]\ncontainer-image-reference=ostree-unverified-registry:{image}\n");
    root.file("sysroot/ostree/deploy/rhcos/deploy/1.0.origin", &origin, 0o644);
    let document = json!({
        "ignition": {"version": "3.5.0"},
        "storage": {
            "files": [{"path": "/etc/x", "contents": {"source": "data:,x"}, "user": {"id": 0}}],
            "directories": [{"path": "/etc/d", "mode": 493}],
            "links": [{"path": "/etc/l", "target": "/etc/x"}],
        },
        "systemd": {"units": [{"name": "on.service", "enabled": true}, {"name": "m.service", "mask": true}]},
        "passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [KEY]}]},
    });
    let spec = json!({
        "config": document, "kernelArguments": ["quiet"], "kernelType": "realtime", "fips": true,
        "osImageURL": "release.example/os@sha256:1", "extensions": ["usbguard"],
    });
    // As the operator keeps it: without kind.
    let kept = json!({"metadata": {"name": "rendered-worker-1"}, "spec": spec});
    root.file("etc/machine-config-daemon/currentconfig", &kept.to_string(), 0o600);
    root
}

#[test]
fn finds_what_the_operator_does_not_look_at() {
    let right = node(true);
    let (out, _) = right.cotter(0, &[]);
    assert!(out.contains("the operator finds nothing"), "{out}");
    // Nobody reads the list of packages of a root.
    let (out, _) = right.cotter(1, &["--strict"]);
    assert!(out.contains("unknown") && out.contains("package usbguard"), "{out}");

    // The cluster built an image for it, which it must have booted instead.
    right.file("etc/machine-config-daemon/currentimage", "release.example/built@sha256:3\n", 0o644);
    let (out, _) = right.cotter(1, &[]);
    let stop =
        "expected target osImageURL \"release.example/built@sha256:3\", have \"release.example/os@sha256:1\"";
    assert!(out.contains(stop) && out.contains("1 difference"), "{out}");

    let wrong = node(false);
    let is_root = chown(wrong.path("etc/x"), Some(1000), Some(1000)).is_ok();
    let (json, err) = wrong.cotter(1, &["--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_is("drift", &report);
    assert_is("report", &report["nodes"][0]["report"]);
    let verdicts = report["nodes"][0]["report"]["boots"][0]["verdicts"].as_array().unwrap();
    let differs: Vec<&str> = verdicts
        .iter()
        .filter(|verdict| verdict["outcome"] == "differs")
        .map(|verdict| verdict["says"].as_str().unwrap())
        .collect();
    let mut expected = vec![
        "booted operating system image",
        "kernel argument quiet only once",
        "kernel of type realtime",
        "FIPS mode on",
        "owner root:root of /etc/x",
        "unit on.service enabled",
        "unit m.service masked",
        "mode 0755 of /etc/d",
        "target /etc/x of /etc/l",
        "no password of core",
        "no other keys in /home/core/.ssh/authorized_keys.d/ignition",
    ];
    if !is_root {
        eprintln!("skipped: only root can give a file to another user");
        expected.retain(|says| !says.starts_with("owner"));
    }
    assert_eq!(differs, expected);
    let stop =
        "expected target osImageURL \"release.example/os@sha256:1\", have \"release.example/os@sha256:2\"";
    assert_eq!(report["nodes"][0]["operator_stops_at"], stop);
    let (out, more) = wrong.cotter(1, &[]);
    assert!(out.contains(&format!("the operator stops here: {stop}")), "{out}");
    for secret in ["$6$", KEY] {
        assert!(!format!("{json}{err}{out}{more}").contains(secret), "{secret} is shown");
    }
}

#[test]
fn a_missing_file_is_one_finding_at_its_line() {
    let root = Root::new();
    let text = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: rendered-a}\nspec:\n  config:\n    ignition: {version: 3.5.0}\n    storage:\n      files:\n      - path: /etc/gone\n    passwd:\n      users:\n      - {name: core, passwordHash: HASH}\n";
    root.file("mc.yaml", &text.replace("HASH", HASH), 0o600);
    root.file("etc/shadow", "core:!:1::::::\n", 0o600);
    let config = root.path("mc.yaml");
    let (out, _) = root.cotter(1, &["--config", config.to_str().unwrap()]);
    assert_eq!(out.matches("differs  ").count(), 2, "{out}");
    assert!(out.contains("mc.yaml:9 ") && out.contains("mc.yaml:12 ") && !out.contains(HASH), "{out}");
}

#[test]
fn looks_at_this_machine_with_the_script_of_verify() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, "x").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let masked = folder.path().join("l");
    symlink("/dev/null", &masked).unwrap();
    let config = config(json!({"config": {"storage": {
        "files": [{"path": path, "contents": {"source": "data:,x"}}],
        "links": [{"path": masked, "target": "/dev/zero"}],
    }}, "kernelArguments": ["not.there=1"]}));
    let file = folder.path().join("mc.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let (out, _) = cotter(1, &["machineconfig", "drift", "--local", "--config", file.to_str().unwrap()]);
    for words in [
        "mode 0644 of",
        "target /dev/zero of",
        "kernel argument not.there=1: expected",
        "the operator stops here: missing expected kernel arguments: [not.there=1]",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn an_sosreport_tells_of_kernels_and_packages() {
    let report = Root(tempfile::tempdir().unwrap());
    for (path, text) in [
        (
            "sos_commands/kernel/uname_-a",
            "Linux a 5.14.0-570.el9_6.x86_64+rt #1 SMP PREEMPT_RT x86_64 GNU/Linux\n",
        ),
        ("proc/cmdline", "quiet quiet\n"),
        ("installed-rpms", "usbguard-1.0.0-15.el9.x86_64  Mon\nkernel-devel-matched-5.14.0-1.x86_64  Mon\n"),
        ("etc/x", "y"),
    ] {
        report.file(path, text, 0o644);
    }
    let node = report.drift(
        &config(json!({
            "config": {"storage": {"files": [{"path": "/etc/x", "contents": {"source": "data:,x"}}]}},
            "kernelArguments": ["quiet"], "kernelType": "realtime", "extensions": ["usbguard", "kernel-devel"],
        })),
        &json!({}),
        "4.19",
    );
    let expected = [
        "kernel argument quiet only once",
        "package kernel-devel of extension kernel-devel",
        "package kernel-headers of extension kernel-devel",
        "contents of /etc/x",
    ];
    assert_eq!(differing(&node), expected);
    assert_eq!(node.operator_stops_at.as_deref(), Some("content mismatch for file \"/etc/x\""));
}

#[test]
fn a_must_gather_tells_of_each_node() {
    let root = Root(tempfile::tempdir().unwrap());
    let objects = "image/cluster-scoped-resources";
    for (name, current) in [("a", "rendered-worker-1"), ("b", "rendered-worker-2")] {
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "annotations": {"machineconfiguration.openshift.io/currentConfig": current}},
            "status": {"nodeInfo": {"kernelVersion": "5.14.0-570.el9_6.x86_64"}},
        });
        root.file(&format!("{objects}/core/nodes/{name}.yaml"), &node.to_string(), 0o644);
        root.file(&format!("image/nodes/{name}/proc_cmdline"), "quiet quiet\n", 0o644);
    }
    let rendered = config(json!({"kernelArguments": ["quiet", "nosmt"], "kernelType": "realtime"}));
    let path = format!("{objects}/machineconfiguration.openshift.io/machineconfigs/rendered-worker-1.yaml");
    root.file(&path, &rendered.to_string(), 0o644);
    let folder = root.0.path().to_str().unwrap();
    let arguments = ["machineconfig", "drift", "--must-gather", folder, "--format", "json"];
    let (out, err) = cotter(1, &arguments);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_is("drift", &report);
    assert_eq!(report["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(report["nodes"][0]["operator_stops_at"], "missing expected kernel arguments: [nosmt]");
    for words in ["kernel of type realtime", "kernel argument quiet only once", "kernel argument nosmt"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(err.contains("rendered-worker-2 was not gathered"), "{err}");
}

#[test]
fn what_cannot_be_read_is_one_clear_error() {
    let root = Root::new();
    let (_, err) = root.cotter(2, &[]);
    assert!(err.contains("keeps no MachineConfig"), "{err}");
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n".to_owned();
    for (text, words) in [
        ("{", "mc"),
        ("kind: Pod\napiVersion: v1\n", "holds no MachineConfig"),
        (&bomb, "mc"),
        (&"[".repeat(2000), "mc"),
        (
            &format!(
                "{0}---\n{0}",
                "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: a}\n"
            ),
            "holds 2",
        ),
    ] {
        root.file("mc", text, 0o644);
        let path = root.path("mc");
        let (_, err) = root.cotter(2, &["--config", path.to_str().unwrap()]);
        assert!(err.contains(words), "{text:.40}: {err}");
    }
    let (_, err) = root.cotter(2, &["--openshift", "4.1"]);
    assert!(err.contains("`4.19`"), "{err}");
    // What a gzip bomb holds is not known, and said so.
    let config = config(json!({"config": {"storage": {"files": [
        {"path": "/etc/x", "contents": {"source": "data:;base64,AAAA", "compression": "gzip"}},
    ]}}}));
    let node = root.drift(&config, &json!({}), "4.19");
    assert_eq!(node.operator_stops_at.as_deref(), Some("couldn't decode file \"/etc/x\""));
}
