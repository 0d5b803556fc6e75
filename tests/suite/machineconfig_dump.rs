//! `cotter machineconfig render` on dumps: pools and their selectors, names that are checked, parts that are explained.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::schemas;

const API: &str = "machineconfiguration.openshift.io/v1";
const GENERATED: &str = "machineconfiguration.openshift.io/generated-by-controller-version";
const ROLE: &str = "machineconfiguration.openshift.io/role";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter"))
        .args(["machineconfig", "render"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn config(name: &str, role: &str, spec: Value) -> Value {
    json!({"apiVersion": API, "kind": "MachineConfig", "metadata": {"name": name, "labels": {ROLE: role}}, "spec": spec})
}

fn files(files: Value) -> Value {
    json!({"config": {"ignition": {"version": "3.2.0"}, "storage": {"files": files}}})
}

fn pool(name: &str, selector: Value, rendered: &str) -> Value {
    json!({"apiVersion": API, "kind": "MachineConfigPool", "metadata": {"name": name, "uid": "11-22"}, "spec": {
        "machineConfigSelector": selector, "configuration": {"name": rendered},
    }, "status": {"configuration": {"name": rendered}}})
}

/// Objects of a cluster: two roles, three pools, and what decides names.
fn objects(rendered: &str) -> Vec<Value> {
    let mut objects = vec![
        config(
            "00-worker",
            "worker",
            files(json!([{"path": "/etc/a", "mode": 420, "contents": {"source": "data:,one"}}])),
        ),
        config(
            "99-worker-a",
            "worker",
            files(json!([{"path": "/etc/a", "mode": 384, "contents": {"source": "data:,s3cret"}}])),
        ),
        config(
            "50-infra",
            "infra",
            json!({"kernelArguments": ["nosmt", "hugepages=4"], "extensions": ["usbguard"]}),
        ),
        config("60-infra", "infra", json!({"kernelArguments": ["hugepages=8"]})),
        pool("worker", json!({"matchLabels": {ROLE: "worker"}}), rendered),
        pool(
            "infra",
            json!({"matchExpressions": [{"key": ROLE, "operator": "In", "values": ["worker", "infra"]}]}),
            "",
        ),
        pool("nobody", json!({}), ""),
        json!({"apiVersion": API, "kind": "ControllerConfig", "metadata": {"name": "machine-config-controller"}, "spec": {
            "baseOSContainerImage": "release.example/os", "baseOSExtensionsContainerImage": "release.example/ext",
        }}),
        json!({"apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "status": {"desired": {"version": "4.20.1"}}}),
    ];
    let mut old = config(
        "rendered-worker-old",
        "worker",
        files(json!([{"path": "/etc/gone", "contents": {"source": "data:,"}}])),
    );
    old["metadata"]["annotations"][GENERATED] = "abc".into();
    objects.push(old);
    objects
}

fn dump(folder: &TempDir, rendered: &str) -> String {
    let path = folder.path().join("dump.json");
    std::fs::write(
        &path,
        json!({"apiVersion": "v1", "kind": "List", "items": objects(rendered)}).to_string(),
    )
    .unwrap();
    path.to_str().unwrap().to_owned()
}

fn name(dump: &str, pool: &str) -> String {
    let done = run(&[dump, "--pool", pool, "--format", "json"]);
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    schemas::assert_is("machineconfig-render", &found);
    found["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_pool_is_checked_against_its_own_name() {
    let folder = TempDir::new().unwrap();
    let path = dump(&folder, "rendered-worker-old");
    let name = name(&path, "worker");
    let differs = run(&[&path, "--check"]);
    let said = text(&differs.stdout);
    assert_eq!(differs.status.code(), Some(1), "{said}");
    for words in [
        name.as_str(),
        "file `/etc/a` is only in",
        "file `/etc/gone` is only in the cluster's",
        "`osImageURL` differs",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let checked = run(&[&path, "--check", "--format", "json"]);
    assert_eq!(checked.status.code(), Some(1));
    schemas::assert_is("machineconfig-check", &serde_json::from_slice(&checked.stdout).unwrap());
    let path = dump(&folder, &name);
    let same = run(&[&path, "--check"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    // Another version has other rules, another image another name; of some pools nothing is said.
    for arguments in [&["--openshift", "4.18"][..], &["--os-image", "release.example/other"]] {
        assert_eq!(
            run(&[&[path.as_str(), "--check"], arguments].concat()).status.code(),
            Some(1),
            "{arguments:?}"
        );
    }
    for pool in ["infra", "missing"] {
        assert_eq!(run(&[&path, "--check", "--pool", pool]).status.code(), Some(2), "{pool}");
    }
}

#[test]
fn selectors_of_pools_choose() {
    let folder = TempDir::new().unwrap();
    let path = dump(&folder, "");
    let of = |pool: &str| text(&run(&[&path, "--pool", pool]).stdout);
    let (worker, infra) = (of("worker"), of("infra"));
    assert!(
        worker.contains("kernelArguments: []") && worker.contains("osImageURL: release.example/os\n"),
        "{worker}"
    );
    assert!(worker.contains("uid: 11-22") && !worker.contains("/etc/gone"), "{worker}");
    assert!(infra.contains("kernelArguments:\n  - nosmt\n  - hugepages=4\n  - hugepages=8\n"), "{infra}");
    assert!(infra.contains("path: /etc/a"), "{infra}");
    for (pool, words) in
        [("nobody", "no MachineConfig is for the pool"), ("inrfa", "name one of `worker`, `infra`")]
    {
        let done = run(&[&path, "--pool", pool]);
        let said = text(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(words), "{said}");
    }
}

#[test]
fn a_must_gather_is_a_dump_too() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("must-gather.local.1/release-example-sha256-1/cluster-scoped-resources");
    for object in objects("") {
        let (group, kind) = match object["kind"].as_str().unwrap() {
            "ClusterVersion" => ("config.openshift.io", "clusterversions"),
            "MachineConfigPool" => (API.split_once('/').unwrap().0, "machineconfigpools"),
            "ControllerConfig" => (API.split_once('/').unwrap().0, "controllerconfigs"),
            _ => (API.split_once('/').unwrap().0, "machineconfigs"),
        };
        let path = root.join(group).join(kind);
        std::fs::create_dir_all(&path).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap_or("version");
        std::fs::write(path.join(format!("{name}.yaml")), object.to_string()).unwrap();
    }
    // What does not matter is not read: it would be refused.
    std::fs::write(root.join("broken.yaml"), "a: [").unwrap();
    let single = TempDir::new().unwrap();
    let expected = run(&[&dump(&single, ""), "--pool", "infra"]);
    for below in ["", "must-gather.local.1", "must-gather.local.1/release-example-sha256-1"] {
        let path: PathBuf = folder.path().join(below);
        let done = run(&[path.to_str().unwrap(), "--pool", "infra"]);
        assert_eq!((text(&done.stdout), done.status.code()), (text(&expected.stdout), Some(0)), "{below}");
    }
}

#[test]
fn says_where_each_part_is_from() {
    let folder = TempDir::new().unwrap();
    let path = dump(&folder, "");
    for (pool, word, lines) in [
        (
            "worker",
            "/etc/a",
            &[
                "file `/etc/a`",
                "mode  ",
                "0600  99-worker-a",
                "over 0644  00-worker",
                "6 bytes, sha256",
                "true  the operator's default",
            ][..],
        ),
        (
            "infra",
            "hugepages",
            &["kernel argument `hugepages`", "[1]  hugepages=4  50-infra", "[2]  hugepages=8  60-infra"],
        ),
        ("infra", "usbguard", &["extension `usbguard`", "50-infra"]),
    ] {
        let done = run(&[&path, "--pool", pool, "--explain", word]);
        let said = text(&done.stdout);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        assert!(lines.iter().all(|line| said.contains(line)), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
        let done = run(&[&path, "--pool", pool, "--explain", word, "--format", "json"]);
        schemas::assert_is("machineconfig-sources", &serde_json::from_slice(&done.stdout).unwrap());
    }
    let nothing = run(&[&path, "--explain", "/etc/aa"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("did you mean `/etc/a`?"), "{}", text(&nothing.stderr));
}

#[test]
fn explains_units_drop_ins_users_links_and_compression() {
    let folder = TempDir::new().unwrap();
    let document = |sections: Value| {
        let mut sections = sections;
        sections["ignition"] = json!({"version": "3.2.0"});
        json!({"config": sections})
    };
    let gzip = "data:;base64,H4sIAAAAAAACA6vKLChITeECAKwAOscHAAAA";
    let configs = [
        config(
            "10",
            "worker",
            document(json!({
                "storage": {"files": [
                    {"path": "/etc/l", "mode": 1, "contents": {"source": "data:,a"}},
                    {"path": "/etc/z", "contents": {"source": gzip, "compression": "gzip"}},
                ]},
                "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Unit]\n", "dropins": [{"name": "1.conf", "contents": "[Unit]\n"}]}]},
                "passwd": {"users": [{"name": "core", "passwordHash": "$6$s3cret", "sshAuthorizedKeys": ["ssh-ed25519 AAAA a"]}]},
            })),
        ),
        config(
            "20",
            "worker",
            document(json!({
                "storage": {"links": [{"path": "/etc/l", "target": "/etc/m"}], "files": [{"path": "/etc/z", "contents": {"source": "data:,b"}}]},
                "systemd": {"units": [{"name": "a.service", "mask": true, "enabled": false, "dropins": [{"name": "1.conf", "contents": "[Service]\n"}]}]},
                "passwd": {"users": [{"name": "core", "passwordHash": "$6$other"}]},
            })),
        ),
    ];
    for (index, config) in configs.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index}.json")), config.to_string()).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    for (version, word, lines) in [
        (
            "4.20",
            "/etc/l",
            &["link `/etc/l`", "target           /etc/m  20", "over 0001  10 ", "(taken away)  20"][..],
        ),
        ("4.20", "/etc/z", &["compression  (taken away)  20"]),
        ("4.19", "/etc/z", &["compression  gzip  10"]),
        (
            "4.20",
            "a.service",
            &[
                "unit `a.service`",
                "enabled                   false  20",
                "over true  10",
                "mask                      true  20",
            ],
        ),
        (
            "4.20",
            "/etc/systemd/system/a.service.d/1.conf",
            &["drop", "10 bytes, sha256", "over 7 bytes, sha256"],
        ),
        ("4.20", "/etc/systemd/system/a.service", &["contents  7 bytes", "mask "]),
        (
            "4.20",
            "core",
            &[
                "passwordHash                           <secret>  20",
                "over <secret>  10",
                "sshAuthorizedKeys[ssh-ed25519 AAAA a]",
            ],
        ),
    ] {
        let done = run(&[path, "--openshift", version, "--explain", word]);
        let said = text(&done.stdout);
        assert!(lines.iter().all(|line| said.contains(line)), "{word}: {said}{}", text(&done.stderr));
        assert!(!said.contains("$6$"), "{said}");
    }
}

#[test]
fn the_name_is_known_with_the_images_alone() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machineconfig/4.22/render/28-kargs-only/in");
    let case = case.to_str().unwrap();
    let without = run(&[case, "--openshift", "4.22"]);
    let said = text(&without.stderr);
    assert!(said.contains("--os-image") && said.contains("--extensions-image"), "{said}");
    assert!(!text(&without.stdout).contains("name: rendered-"), "{}", text(&without.stdout));
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.yaml");
    let arguments =
        ["--openshift", "4.22", "--os-image", "a", "--extensions-image", "b", "-o", out.to_str().unwrap()];
    let with = run(&[&[case], &arguments[..]].concat());
    assert_eq!((with.status.code(), text(&with.stdout).as_str()), (Some(0), ""));
    assert!(std::fs::read_to_string(&out).unwrap().contains("name: rendered-worker-"));
    assert_eq!(run(&[&[case], &arguments[..]].concat()).status.code(), Some(2), "it is there already");
}
