//! `cotter machineconfig plan`: what the operator itself makes of changes (`tests/machineconfig/*/compare`), and the
//! rules of which there is no case.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::schemas;

const VERSIONS: [&str; 2] = ["4.19", "4.22"];

/// The operator's names of flags, and ours.
const FLAGS: [(&str, &str); 8] = [
    ("extensions", "extensions"),
    ("files", "files"),
    ("fips", "fips"),
    ("kargs", "kernel_arguments"),
    ("kernelType", "kernel_type"),
    ("osUpdate", "os_update"),
    ("passwd", "passwd"),
    ("units", "units"),
];

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["machineconfig", "plan"]).args(arguments).output().unwrap()
}

fn plan(arguments: &[&str]) -> (Option<i32>, Value) {
    let done = run(&[arguments, &["--format", "json"]].concat());
    let plan: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&done.stderr)));
    schemas::assert_is("machineconfig-plan", &plan);
    (done.status.code(), plan)
}

#[test]
fn plans_what_the_operator_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machineconfig");
    for version in VERSIONS {
        let mut count = 0;
        for case in folder.join(version).join("compare").read_dir().unwrap() {
            let case = case.unwrap().path();
            count += 1;
            let file = |name: &str| case.join(name).to_str().unwrap().to_owned();
            let policy = file("machineconfiguration.yaml");
            let (old, new) = (file("old.yaml"), file("new.yaml"));
            let mut arguments = vec![old.as_str(), new.as_str(), "--openshift", version];
            if Path::new(&policy).exists() {
                arguments.extend(["--policy", policy.as_str()]);
            }
            let (code, plan) = plan(&arguments);
            let expected: Value =
                serde_json::from_slice(&std::fs::read(file("expected.json")).unwrap()).unwrap();
            let case = case.display();
            for (theirs, ours) in FLAGS {
                assert_eq!(plan["flags"][ours], expected["flags"][theirs], "{case}: {theirs}");
            }
            for (theirs, ours) in [
                ("changedFiles", "changed_files"),
                ("unitsAdded", "units_added"),
                ("unitsUpdated", "units_updated"),
                ("unitsRemoved", "units_removed"),
                ("rpmOstreeKargs", "rpm_ostree_kargs"),
                ("osChanges", "os_changes"),
                ("actions", "actions"),
            ] {
                let expected = if expected[theirs].is_null() { &json!([]) } else { &expected[theirs] };
                assert_eq!(&plan[ours], expected, "{case}: {theirs}");
            }
            assert_eq!(plan["drain"]["required"], expected["drain"], "{case}");
            assert_eq!(plan["first_boot"]["actions"], expected["firstbootActions"], "{case}");
            assert_eq!(plan["first_boot"]["drain"], expected["firstbootDrain"], "{case}");
            let refusals = plan["refusals"].as_array().unwrap();
            assert_eq!(code, Some(i32::from(!refusals.is_empty())), "{case}");
            match expected.get("error") {
                Some(error) => assert_eq!(&refusals[0]["message"], error, "{case}"),
                None => assert!(refusals.is_empty(), "{case}: {refusals:?}"),
            }
        }
        assert!(count >= 8, "cases of {version} are gone");
    }
}

/// A folder for one test, with what is written into it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// A rendered MachineConfig with these keys of `spec`; its Ignition document is completed.
    fn state(&self, name: &str, spec: Value) -> String {
        let object = object(name, None, spec);
        self.write(&format!("{name}.yaml"), &object.to_string())
    }

    fn policy(&self, policy: Value) -> String {
        let object = json!({"apiVersion": "operator.openshift.io/v1", "kind": "MachineConfiguration",
            "metadata": {"name": "cluster"}, "spec": policy});
        self.write("policy.yaml", &object.to_string())
    }
}

fn object(name: &str, role: Option<&str>, mut spec: Value) -> Value {
    let mut config = spec["config"].take();
    if config.is_null() {
        config = json!({});
    }
    config["ignition"] = json!({"version": "3.4.0"});
    spec["config"] = config;
    let labels = match role {
        Some(role) => json!({"machineconfiguration.openshift.io/role": role}),
        None => json!({}),
    };
    json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
        "metadata": {"name": name, "labels": labels}, "spec": spec})
}

fn files(files: Value) -> Value {
    json!({"config": {"storage": {"files": files}}})
}

fn file(path: &str, contents: &str) -> Value {
    json!({"path": path, "contents": {"source": format!("data:,{contents}")}})
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|member| member.to_string()).collect()
}

#[test]
fn refuses_each_change_in_the_operators_words() {
    let nothing = json!({});
    let user = |user: Value| json!({"config": {"passwd": {"users": [user]}}});
    let storage = |list: &str, member: Value| json!({"config": {"storage": {list: [member]}}});
    let core = json!({"name": "core", "sshAuthorizedKeys": ["k"]});
    let fips = "detected change to FIPS flag; refusing to modify FIPS on a running cluster";
    let unsupported = "invalid passwd change(s): ignition passwd user section contains unsupported changes";
    for (old, new, expected) in [
        (&nothing, json!({"fips": true}), vec![fips]),
        (&json!({"fips": true}), nothing.clone(), vec![fips]),
        (
            &nothing,
            json!({"config": {"kernelArguments": {"shouldExist": ["a"]}}}),
            vec!["ignition kargs section contains changes"],
        ),
        (
            &nothing,
            storage("disks", json!({"device": "/dev/a"})),
            vec!["ignition disks section contains changes"],
        ),
        (
            &nothing,
            storage("filesystems", json!({"device": "/dev/a", "format": "xfs"})),
            vec!["ignition filesystems section contains changes"],
        ),
        (
            &nothing,
            storage("raid", json!({"name": "a", "level": "raid1", "devices": ["/dev/a"]})),
            vec!["ignition raid section contains changes"],
        ),
        (
            &nothing,
            storage("directories", json!({"path": "/etc/a"})),
            vec!["ignition directories section contains changes"],
        ),
        (
            &nothing,
            storage("links", json!({"path": "/etc/a", "target": "b"})),
            vec!["ignition links section contains changes"],
        ),
        (&storage("links", json!({"path": "/etc/a", "target": "b"})), nothing.clone(), vec![]),
        (&nothing, storage("luks", json!({"name": "a", "device": "/dev/a"})), vec![]),
        (
            &nothing,
            files(json!([file("/run/machine-config-daemon-force", "")])),
            vec!["cannot create /run/machine-config-daemon-force via Ignition"],
        ),
        // Even if nothing changes.
        (
            &files(json!([{"path": "/etc/x", "append": [{"source": "data:,t"}]}])),
            files(json!([{"path": "/etc/x", "append": [{"source": "data:,t"}]}])),
            vec!["ignition file /etc/x includes append"],
        ),
        (
            &nothing,
            json!({"config": {"passwd": {"groups": [{"name": "a"}]}}}),
            vec!["invalid passwd change(s): ignition Passwd Groups section contains changes"],
        ),
        (&nothing, user(json!({"name": "a"})), vec![&*format!("{unsupported}: non-core user")]),
        (
            &nothing,
            user(json!({"name": "core"})),
            vec![&*format!("{unsupported}: user must be core and have 1 or more sshKeys")],
        ),
        (
            &nothing,
            user(json!({"name": "core", "sshAuthorizedKeys": ["k"], "shell": "x"})),
            vec!["invalid passwd change(s): SSH keys and password hash are not reconcilable"],
        ),
        (&nothing, user(core.clone()), vec![]),
        (&nothing, user(json!({"name": "core", "passwordHash": "x"})), vec![]),
        (&user(core.clone()), nothing.clone(), vec![]),
        (&user(json!({"name": "a"})), user(json!({"name": "a"})), vec![]),
        // All reasons at once, in the operator's order.
        (
            &nothing,
            json!({"fips": true, "config": {"storage": {"disks": [{"device": "/dev/a"}],
                "files": [{"path": "/etc/x", "append": [{"source": "data:,t"}]}]}}}),
            vec!["ignition disks section contains changes", "ignition file /etc/x includes append", fips],
        ),
    ] {
        let desk = Desk::new();
        let (old, new) = (desk.state("one", old.clone()), desk.state("two", new));
        let (code, plan) = plan(&[&old, &new]);
        let found: Vec<&str> =
            plan["refusals"].as_array().unwrap().iter().map(|one| one["words"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{plan}");
        assert_eq!(code, Some(i32::from(!expected.is_empty())));
        if let Some(first) = expected.first() {
            let message = format!("new machineconfig \"one\" is not reconcilable against \"two\": {first}");
            assert_eq!(plan["refusals"][0]["message"], *message);
        }
    }
}

#[test]
fn a_cluster_can_allow_storage_to_differ_since_4_20() {
    let desk = Desk::new();
    let old = desk.state("one", json!({}));
    let new = desk.state(
        "two",
        json!({"config": {"storage": {"disks": [{"device": "/dev/a"}],
            "filesystems": [{"device": "/dev/b", "format": "xfs"}],
            "raid": [{"name": "a", "level": "raid1", "devices": ["/dev/a"]}]}}}),
    );
    let policy = desk.policy(json!({"irreconcilableValidationOverrides": {"storage": ["Disks", "Raid"]}}));
    for (version, expected) in [("4.19", 3), ("4.20", 1), ("5.1", 1)] {
        let (_, plan) = plan(&[&old, &new, "--policy", &policy, "--openshift", version]);
        assert_eq!(plan["refusals"].as_array().unwrap().len(), expected, "{version}: {plan}");
    }
}

#[test]
fn what_each_change_does() {
    let conf = |contents: &str| files(json!([file("/etc/a.conf", contents)]));
    let registries = |text: &str| {
        let source = format!("data:;base64,{}", STANDARD.encode(text));
        files(json!([{"path": "/etc/containers/registries.conf", "contents": {"source": source}}]))
    };
    let unit = |unit: Value| json!({"config": {"systemd": {"units": [unit]}}});
    let reboot = json!([{"type": "Reboot"}]);
    let none = json!([{"type": "None"}]);
    let crio = json!([{"type": "Reload", "reload": {"serviceName": "crio.service"}}]);
    for (old, new, version, actions, drain) in [
        (json!({}), json!({}), "4.19", none.clone(), false),
        (conf("a"), conf("a"), "4.19", none.clone(), false),
        (json!({"kernelType": "default"}), json!({}), "4.19", none.clone(), false),
        (json!({"osImageURL": "a"}), json!({"osImageURL": "b"}), "4.19", reboot.clone(), true),
        (json!({}), json!({"kernelType": "realtime"}), "4.19", reboot.clone(), true),
        (json!({}), json!({"extensions": ["usbguard"]}), "4.19", reboot.clone(), true),
        (json!({}), json!({"kernelArguments": ["a"]}), "4.19", reboot.clone(), true),
        // Even words in another order.
        (
            json!({"kernelArguments": ["a", "b"]}),
            json!({"kernelArguments": ["b", "a"]}),
            "4.19",
            reboot.clone(),
            true,
        ),
        (conf("a"), conf("b"), "4.19", reboot.clone(), true),
        (conf("a"), json!({}), "4.19", reboot.clone(), true),
        // The same bytes in other words.
        (conf("a"), conf("%61"), "4.19", reboot.clone(), true),
        (
            files(json!([{"path": "/etc/a", "contents": {"source": "data:,a"}}])),
            files(json!([{"path": "/etc/a", "contents": {"source": "data:,a"}, "mode": 420}])),
            "4.19",
            reboot.clone(),
            true,
        ),
        // Another order alone.
        (
            files(json!([file("/etc/a", "a"), file("/etc/b", "b")])),
            files(json!([file("/etc/b", "b"), file("/etc/a", "a")])),
            "4.19",
            json!([]),
            false,
        ),
        (conf("a"), json!({}), "4.15", reboot.clone(), true),
        (unit(json!({"name": "a.service", "enabled": true})), json!({}), "4.19", reboot.clone(), true),
        (
            unit(json!({"name": "a.service", "dropins": [{"name": "a.conf", "contents": "[Unit]\n"}]})),
            unit(json!({"name": "a.service", "dropins": [{"name": "a.conf", "contents": "[Service]\n"}]})),
            "4.19",
            reboot.clone(),
            true,
        ),
        (
            json!({}),
            registries("unqualified-search-registries = [\"a\"]\n"),
            "4.19",
            json!([{"type": "Special"}]),
            false,
        ),
        (
            registries("unqualified-search-registries = [\"a\"]\n"),
            json!({}),
            "4.19",
            json!([{"type": "Special"}]),
            true,
        ),
        (registries("unqualified-search-registries = [\"a\"]\n"), json!({}), "4.15", crio.clone(), true),
        (json!({}), files(json!([file("/etc/containers/policy.json", "a")])), "4.19", crio.clone(), false),
        (json!({}), files(json!([file("/etc/containers/policy.json", "a")])), "4.15", crio.clone(), false),
        // What a drop-in of CRI-O was to 4.17, it is not to 4.18.
        (json!({}), files(json!([file("/etc/crio/policies/a", "a")])), "4.17", reboot.clone(), true),
        (json!({}), files(json!([file("/etc/crio/policies/a", "a")])), "4.18", crio.clone(), false),
        // Nothing among others is dropped, and the same is done twice.
        (
            json!({}),
            files(json!([
                file("/etc/containers/policy.json", "a"),
                file("/etc/containers/registries.d/a.yaml", "a"),
                file("/var/lib/kubelet/config.json", "a"),
            ])),
            "4.19",
            json!([crio[0], crio[0]]),
            false,
        ),
        // A table without policies does it once.
        (
            json!({}),
            files(json!([
                file("/etc/containers/policy.json", "a"),
                file("/etc/containers/registries.d/a.yaml", "a")
            ])),
            "4.15",
            crio.clone(),
            false,
        ),
        (
            json!({}),
            files(json!([file("/etc/kubernetes/kubelet-ca.crt", "a")])),
            "4.19",
            reboot.clone(),
            true,
        ),
        (json!({}), files(json!([file("/etc/kubernetes/kubelet-ca.crt", "a")])), "4.15", none.clone(), false),
        (
            json!({}),
            files(json!([file("/etc/mco/internal-registry-pull-secret.json", "a")])),
            "4.19",
            reboot.clone(),
            true,
        ),
        (
            json!({}),
            unit(json!({"name": "iri-registry.service", "enabled": true})),
            "4.22",
            json!([{"type": "DaemonReload"}, {"type": "Restart", "restart": {"serviceName": "iri-registry.service"}}]),
            false,
        ),
        // Only what counts for the operator is compared.
        (
            json!({}),
            json!({"config": {"storage": {"luks": [{"name": "a", "device": "/dev/a"}]}}}),
            "4.19",
            none.clone(),
            false,
        ),
    ] {
        let desk = Desk::new();
        let what = format!("{old} -> {new} ({version})");
        let (old, new) = (desk.state("one", old), desk.state("two", new));
        let (code, plan) = plan(&[&old, &new, "--openshift", version]);
        assert_eq!((code, &plan["actions"]), (Some(0), &actions), "{what}");
        assert_eq!(plan["drain"]["required"], drain, "{what}");
        // One node alone is never drained, and reboots all the same.
        let (_, single) = self::plan(&[&old, &new, "--openshift", version, "--sno"]);
        assert_eq!(single["actions"], actions, "{what}");
        assert_eq!(single["drain"]["performed"], false, "{what}");
        let steps = words(&single["steps"]).join(" ");
        assert!(!steps.contains("is cordoned") && !steps.contains("is drained"), "{what}: {steps}");
        // An image of one's own: every change reboots.
        let (_, layered) = self::plan(&[&old, &new, "--openshift", version, "--layered"]);
        let changes = layered["flags"].as_object().unwrap().values().any(|flag| flag == &json!(true));
        assert_eq!(layered["reboot"], changes, "{what}");
        let rebuilds = ["os_update", "kernel_type", "extensions", "kernel_arguments"];
        let rebuilds = rebuilds.iter().any(|flag| layered["flags"][flag] == json!(true));
        assert_eq!(layered["needs_rebuild"], rebuilds, "{what}");
    }
}

#[test]
fn says_which_changes_come_to_nothing() {
    let desk = Desk::new();
    let old = desk.state(
        "one",
        json!({"kernelArguments": ["a b"], "extensions": ["usbguard", "ipsec"], "config": {
            "storage": {"files": [
                file("/etc/encoded", "abc%0A"), file("/etc/mode", "a"), file("/etc/overwrite", "a"),
                file("/etc/owner", "a"), file("/etc/real", "a"), file("/etc/realmode", "a"),
            ]},
            "systemd": {"units": [{"name": "a.service", "contents": ""}]},
        }}),
    );
    let with = |path: &str, key: &str, value: Value| {
        let mut file = file(path, "a");
        file[key] = value;
        file
    };
    let new = desk.state(
        "two",
        json!({"kernelArguments": ["a", "b"], "extensions": ["ipsec", "usbguard"], "config": {
            "storage": {"files": [
                {"path": "/etc/encoded", "contents": {"source": "data:;base64,YWJjCg=="}},
                with("/etc/mode", "mode", json!(420)), with("/etc/overwrite", "overwrite", json!(true)),
                with("/etc/owner", "user", json!({"name": "root"})), file("/etc/real", "b"),
                with("/etc/realmode", "mode", json!(384)),
            ]},
            "systemd": {"units": [{"name": "a.service", "mask": false}]},
        }}),
    );
    let (_, plan) = plan(&[&old, &new]);
    let found: Vec<(String, bool)> = plan["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| {
            let name = reason["name"].as_str().unwrap_or(reason["kind"].as_str().unwrap());
            (name.to_owned(), reason["no_op"].is_string())
        })
        .collect();
    let expected = [
        ("kernel_arguments", true),
        ("extensions", true),
        ("/etc/encoded", true),
        ("/etc/mode", true),
        ("/etc/overwrite", true),
        ("/etc/owner", true),
        ("/etc/real", false),
        ("/etc/realmode", false),
        ("a.service", true),
    ];
    let expected: Vec<(String, bool)> = expected.map(|(name, is)| (name.to_owned(), is)).into();
    assert_eq!(found, expected);
    assert_eq!(plan["warnings"].as_array().unwrap().len(), 7, "{}", plan["warnings"]);
}

fn unit_of(unit: Value) -> Value {
    json!({"config": {"systemd": {"units": [unit]}}})
}

/// Applied, the policy spares the reboot; without any entry that was added, it does not.
#[test]
fn the_smallest_policy_spares_the_reboot_and_holds_nothing_more() {
    let chrony = json!({"files": [{"path": "/etc/chrony.conf", "actions": [{"type": "None"}]}]});
    let forbidding = json!({"files": [
        {"path": "/etc", "actions": [{"type": "Reboot"}]},
        {"path": "/etc/containers/policy.json", "actions": [{"type": "Reboot"}]},
        {"path": "/etc/sysctl.d/deep", "actions": [{"type": "Reboot"}]},
        {"path": "/opt/a", "actions": [{"type": "Drain"}]},
    ], "units": [{"name": "a.service", "actions": [{"type": "Reboot"}]}],
        "sshkey": {"actions": [{"type": "Reboot"}]}});
    let core = json!({"users": [{"name": "core", "sshAuthorizedKeys": ["k"]}]});
    let all = json!({"config": {
        "passwd": core,
        "storage": {"files": [
            file("/etc/chrony.conf", "a"), file("/etc/sysctl.d/a.conf", "a"), file("/etc/sysctl.d/b.conf", "a"),
            file("/etc/sysctl.d/deep/c.conf", "a"), file("/etc/containers/policy.json", "a"),
            file("/etc/unknown", "a"), file("/opt/a", "a"),
        ]},
        "systemd": {"units": [
            {"name": "a.service", "enabled": true}, {"name": "b.service", "mask": true},
            {"name": "c.timer", "enabled": false},
        ]},
    }});
    for (given, new, added, removed, choices) in [
        (None, files(json!([file("/etc/chrony.conf", "a")])), 1, 0, 0),
        (None, files(json!([file("/etc/unknown", "a")])), 1, 0, 1),
        (
            None,
            files(json!([file("/etc/chrony.conf", "a"), file("/etc/containers/policy.json", "a")])),
            1,
            0,
            0,
        ),
        // Two of a folder become one entry, one of it stands for itself.
        (None, files(json!([file("/etc/sysctl.d/a.conf", "a"), file("/etc/sysctl.d/b.conf", "a")])), 1, 0, 0),
        (None, unit_of(json!({"name": "a.service", "enabled": true})), 1, 0, 0),
        // A file that is a drop-in.
        (None, files(json!([file("/etc/systemd/system/kubelet.service.d/20-a.conf", "a")])), 1, 0, 0),
        (Some(chrony), files(json!([file("/etc/chrony.conf", "a"), file("/etc/motd", "a")])), 1, 0, 0),
        (None, all.clone(), 7, 0, 4),
        (Some(forbidding), all, 7, 2, 3),
    ] {
        let desk = Desk::new();
        let (old, new) = (desk.state("one", json!({})), desk.state("two", new));
        let mut arguments = vec![old.clone(), new.clone()];
        if let Some(given) = &given {
            arguments.extend(["--policy".to_owned(), desk.policy(json!({"nodeDisruptionPolicy": given}))]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (_, plan) = plan(&arguments);
        assert_eq!(plan["reboot"], true);
        let policy = &plan["smallest_policy"];
        assert_eq!(policy["avoids_reboot"], true, "{policy}");
        let count = |key: &str| policy[key].as_array().unwrap().len();
        let names = count("added_files") + count("added_units") + usize::from(policy["added_sshkey"] == true);
        assert_eq!((names, count("removed"), count("choices")), (added, removed, choices), "{policy}");
        let reboots = |object: &Value| {
            let path = desk.write("applied.yaml", &object.to_string());
            let (_, plan) = self::plan(&[&old, &new, "--policy", &path]);
            plan["reboot"] == true
        };
        assert!(!reboots(&policy["object"]), "{policy}");
        for (list, key) in [("files", "path"), ("units", "name")] {
            for name in policy[format!("added_{list}")].as_array().unwrap() {
                let mut less = policy["object"].clone();
                let entries = less["spec"]["nodeDisruptionPolicy"][list].as_array_mut().unwrap();
                let before = entries.len();
                entries.retain(|entry| entry[key] != *name);
                assert_eq!(entries.len(), before - 1);
                assert!(reboots(&less), "{name} is not needed: {policy}");
            }
        }
    }
}

#[test]
fn says_when_no_policy_spares_the_reboot() {
    for (new, more, words) in [
        (json!({"osImageURL": "release.example/a@sha256:1"}), vec![], "image of the operating system"),
        (json!({"kernelArguments": ["a"]}), vec![], "kernel arguments"),
        (json!({"kernelType": "realtime"}), vec![], "kernel type"),
        (json!({"extensions": ["usbguard"]}), vec![], "extensions"),
        (files(json!([file("/etc/a", "a")])), vec!["--layered"], "image of their own"),
        (files(json!([file("/etc/a", "a")])), vec!["--openshift", "4.15"], "no node disruption policies"),
        (
            unit_of(json!({"name": "a@b.service", "enabled": true})),
            vec![],
            "cannot name the unit `a@b.service`",
        ),
    ] {
        let desk = Desk::new();
        let (old, new) = (desk.state("one", json!({})), desk.state("two", new));
        let (code, plan) = plan(&[&[old.as_str(), new.as_str()], &more[..]].concat());
        let policy = &plan["smallest_policy"];
        assert_eq!((code, &plan["reboot"], &policy["avoids_reboot"]), (Some(0), &json!(true), &json!(false)));
        assert!(
            policy["object"].is_null() && words_of(&policy["cannot"]).contains(words),
            "{words}: {policy}"
        );
    }
    let many: Vec<Value> = (0..51).map(|n| file(&format!("/etc/many{n}"), "a")).collect();
    let desk = Desk::new();
    let (old, new) = (desk.state("one", json!({})), desk.state("two", files(json!(many))));
    let (_, plan) = plan(&[&old, &new]);
    assert!(
        words_of(&plan["smallest_policy"]["cannot"]).contains("51 entries"),
        "{}",
        plan["smallest_policy"]
    );
}

fn words_of(list: &Value) -> String {
    words(list).join("\n")
}

/// A cluster of one pool that has one state and is made of two MachineConfigs.
fn dump(desk: &Desk, more: &[Value]) -> String {
    let image = json!({"osImageURL": "release.example/example/os@sha256:1"});
    let chrony =
        files(json!([{"path": "/etc/chrony.conf", "contents": {"source": "data:,a"}, "overwrite": true}]));
    let mut rendered = chrony.clone();
    rendered["osImageURL"] = image["osImageURL"].clone();
    rendered["kernelArguments"] = json!(["quiet"]);
    let mut items = vec![
        object("00-worker", Some("worker"), image),
        object("50-worker-chrony", Some("worker"), chrony),
        object("60-worker-quiet", Some("worker"), json!({"kernelArguments": ["quiet"]})),
        object("00-master", Some("master"), json!({})),
        object("rendered-worker-1", None, rendered),
        json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfigPool",
            "metadata": {"name": "worker"},
            "spec": {"configuration": {"name": "rendered-worker-1"}, "machineConfigSelector":
                {"matchLabels": {"machineconfiguration.openshift.io/role": "worker"}}},
            "status": {"configuration": {"name": "rendered-worker-1"}}}),
    ];
    items.extend_from_slice(more);
    desk.write("dump.json", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
}

#[test]
fn what_if_one_were_deleted_or_added() {
    let desk = Desk::new();
    let knobs = json!({"apiVersion": "operator.openshift.io/v1", "kind": "MachineConfiguration",
        "metadata": {"name": "cluster"}, "spec": {}, "status": {"nodeDisruptionPolicyStatus": {"clusterPolicies": {
            "files": [{"path": "/etc/chrony.conf", "actions": [{"type": "Restart", "restart": {"serviceName": "chronyd.service"}}]},
                {"path": "/etc/containers/registries.conf", "actions": [{"type": "Special"}]}],
            "sshkey": {"actions": [{"type": "None"}]}}}}});
    let infrastructure = json!({"apiVersion": "config.openshift.io/v1", "kind": "Infrastructure",
        "metadata": {"name": "cluster"}, "status": {"controlPlaneTopology": "SingleReplica"}});
    let path = dump(&desk, &[knobs]);
    let (code, same) = plan(&["--from-dump", &path]);
    assert_eq!(
        (code, &same["actions"], same["reasons"].as_array().unwrap().len()),
        (Some(0), &json!([{"type": "None"}]), 0)
    );
    // The operator's own word in the dump counts.
    let (_, without) = plan(&["--from-dump", &path, "--without", "50-worker-chrony"]);
    assert_eq!(without["changed_files"], json!(["/etc/chrony.conf"]));
    assert_eq!(without["actions"][0]["restart"]["serviceName"], "chronyd.service");
    assert_eq!(without["reasons"][0]["how"], "removed");
    let (_, without) = plan(&["--from-dump", &path, "--without", "60-worker-quiet"]);
    assert_eq!(without["rpm_ostree_kargs"], json!(["--delete-if-present=quiet"]));
    let more = desk.write(
        "more.yaml",
        &object("50-worker-chrony", Some("worker"), files(json!([file("/etc/chrony.conf", "b")])))
            .to_string(),
    );
    let (_, with) = plan(&["--from-dump", &path, "--with", &more]);
    assert_eq!(with["reasons"][0]["machineconfigs"], json!(["50-worker-chrony"]));
    assert_eq!(with["reasons"][0]["policy"], "/etc/chrony.conf");
    let path = dump(&desk, &[infrastructure]);
    let (_, single) = plan(&["--from-dump", &path, "--with", &more]);
    assert_eq!((&single["single_node"], &single["reboot"]), (&json!(true), &json!(true)));
    assert_eq!(single["drain"]["performed"], false);
    let version = json!({"apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
        "metadata": {"name": "version"}, "status": {"desired": {"version": "4.22.3"}}});
    let newer = dump(&desk, &[version]);
    assert_eq!(plan(&["--from-dump", &newer]).1["openshift"], "4.22");
    assert_eq!(plan(&["--from-dump", &newer, "--openshift", "4.19.1"]).1["openshift"], "4.19");
    for (arguments, words) in [
        (vec!["--from-dump", &path, "--without", "50-worker-chroni"], "did you mean `50-worker-chrony`?"),
        (vec!["--from-dump", &path, "--pool", "infra"], "name one of worker"),
        (vec!["--from-dump", &more], "there is no pool"),
        (vec!["--from-dump", &path, "--openshift", "4.1"], "are not known"),
    ] {
        let done = run(&arguments);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_drain_of_registries_can_be_overridden_until_4_19() {
    let desk = Desk::new();
    let registries = |text: &str| {
        let source = format!("data:;base64,{}", STANDARD.encode(text));
        let file = json!({"path": "/etc/containers/registries.conf", "contents": {"source": source}});
        files(json!([file]))
    };
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "image-registry-override-drain",
        "namespace": "openshift-machine-config-operator"}});
    let config =
        object("70-worker-registries", Some("worker"), registries("unqualified-search-registries = [\"a\"]"));
    let less =
        object("70-worker-registries", Some("worker"), registries("unqualified-search-registries = []"));
    let mut pool_state =
        object("rendered-worker-1", None, registries("unqualified-search-registries = [\"a\"]"));
    pool_state["spec"]["kernelArguments"] = json!([]);
    let pool = json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfigPool",
        "metadata": {"name": "worker"}, "status": {"configuration": {"name": "rendered-worker-1"}}});
    pool_state["spec"]["config"]["storage"]["files"][0]["overwrite"] = json!(true);
    let list = json!({"kind": "List", "items": [config, pool_state, pool, map]});
    let path = desk.write("dump.json", &list.to_string());
    let less = desk.write("less.json", &less.to_string());
    for (version, drain) in [("4.18", false), ("4.19", false), ("4.20", true)] {
        let (_, plan) = plan(&["--from-dump", &path, "--with", &less, "--openshift", version]);
        assert_eq!(plan["actions"], json!([{"type": "Special"}]), "{version}");
        assert_eq!(plan["drain"]["required"], drain, "{version}: {}", plan["drain"]);
    }
}

#[test]
fn folders_are_put_together_and_the_sources_named() {
    let desk = Desk::new();
    let write = |folder: &str, name: &str, spec: Value| {
        desk.write(&format!("{folder}/{name}.yaml"), &object(name, Some("worker"), spec).to_string())
    };
    for folder in ["old", "new"] {
        write(folder, "00-worker", files(json!([file("/etc/a", "a"), file("/etc/b", "b")])));
    }
    write("new", "50-worker-a", files(json!([file("/etc/a", "x")])));
    let (old, new) = (desk.path("old"), desk.path("new"));
    let (_, folders) = plan(&[&old, &new]);
    assert_eq!(folders["changed_files"], json!(["/etc/a"]));
    assert_eq!(folders["reasons"][0]["machineconfigs"], json!(["00-worker", "50-worker-a"]));
    let (_, what_if) = plan(&[&new, "--without", "50-worker-a"]);
    assert_eq!((&what_if["changed_files"], &what_if["reboot"]), (&json!(["/etc/a"]), &json!(true)));
    // What the operator made names the release's image, and a folder does not.
    let whole = desk.state(
        "whole",
        json!({"osImageURL": "release.example/a@sha256:1", "config": {"storage": {"files": [
            {"path": "/etc/a", "contents": {"source": "data:,a"}, "overwrite": true},
            {"path": "/etc/b", "contents": {"source": "data:,b"}, "overwrite": true},
        ]}}}),
    );
    let (_, mixed) = plan(&[&whole, &old]);
    assert_eq!(mixed["actions"], json!([{"type": "None"}]));
    assert!(words_of(&mixed["warnings"]).contains("only one side names it"), "{mixed}");
}

#[test]
fn says_everything_that_is_wrong_with_the_input() {
    let desk = Desk::new();
    let state = desk.state("one", json!({}));
    let empty = desk.write("empty.yaml", "kind: Pod\n");
    let policy = desk.write(
        "wrong.yaml",
        "apiVersion: operator.openshift.io/v1\nkind: MachineConfiguration\nmetadata: {name: default}\nspec:\n  nodeDisruptionPolicy:\n    files:\n      - path: /etc/a\n        actions:\n          - type: Restrat\n",
    );
    let broken = desk.state(
        "broken",
        json!({"config": {"storage": {"files": [{"path": "a"}, {"path": "/b", "mode": 4095}]}}}),
    );
    for (arguments, expected) in [
        (
            vec![state.as_str(), &state, "--policy", &policy],
            &["is called `default`", "wrong.yaml:9:", "`Restart`"][..],
        ),
        (vec![&state, &empty], &["holds no MachineConfig"]),
        (vec![&state, &state, "--policy", &state], &["holds no MachineConfiguration"]),
        (vec![&state], &["nothing to compare with"]),
        (vec![&state, &broken], &["relative", "mode"]),
        (vec![], &["required"]),
    ] {
        let done = run(&arguments);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        for words in expected {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[test]
fn people_read_why_and_in_which_order() {
    let desk = Desk::new();
    let old = desk.state("one", json!({"kernelArguments": ["a"]}));
    let new = desk.state(
        "two",
        json!({"kernelArguments": ["b"], "config": {
            "storage": {"files": [file("/etc/a%0A", "a"), file("/bin/b", "x")]},
            "passwd": {"users": [{"name": "core", "passwordHash": "$6$never-shown"}]}}}),
    );
    let done = run(&[&old, &new]);
    let (said, warned) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    for words in [
        "one -> two (OpenShift 4.19)",
        "actions: reboot",
        "drain: yes, the node reboots",
        "updated kernel arguments: reboot (policies have no say)",
        "added   /bin/b: reboot (no policy)",
        "updated users: nothing (policy sshkey)",
        "rpm-ostree kargs --delete-if-present=a --append=b",
        "on a first boot (without policies): reboot, drain",
        "no policy spares the reboot",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(warned.contains("`/bin/b` lies outside"), "{warned}");
    assert!(!said.contains("never-shown") && !warned.contains("never-shown"));
    let order = [
        "`Working`",
        "cordoned",
        "drained",
        "files are written",
        "keys and password",
        "rpm-ostree kargs",
        "stored",
        "reboots",
        "uncordoned",
        "`Done`",
    ];
    let steps = said.split("on each node").nth(1).unwrap();
    let mut at = 0;
    for words in order {
        let found =
            steps[at..].find(words).unwrap_or_else(|| panic!("{words} is not after the others: {steps}"));
        at += found;
    }
    let refused = desk.state("three", json!({"fips": true}));
    let done = run(&[&old, &refused]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        said.contains(
            "refused: new machineconfig \"one\" is not reconcilable against \"three\": detected change"
        ),
        "{said}"
    );
    assert!(said.contains("the node stays as it is"), "{said}");
}

#[test]
fn steps_are_those_of_the_version_and_the_kernel() {
    let anchors = "/etc/pki/ca-trust/source/anchors/openshift-config-user-ca-bundle.crt";
    let desk = Desk::new();
    let (old, new) = (desk.state("one", json!({})), desk.state("two", files(json!([file(anchors, "a")]))));
    for (version, actions, words) in [
        ("4.15", 1, "update-ca-trust extract"),
        ("4.19", 2, "systemctl restart coreos-update-ca-trust.service"),
    ] {
        let (_, plan) = plan(&[&old, &new, "--openshift", version]);
        assert_eq!(plan["actions"].as_array().unwrap().len(), actions, "{version}");
        let steps = words_of(&plan["steps"]);
        assert!(
            steps.contains(words) && steps.contains("systemctl restart crio.service"),
            "{version}: {steps}"
        );
        assert_eq!(
            (&plan["first_boot"]["actions"], &plan["drain"]["required"]),
            (&json!(["restart crio"]), &json!(false))
        );
    }
    // Older versions write all units, newer ones those that change.
    let units = |description: &str| {
        json!({"config": {"systemd": {"units": [{"name": "a.service", "enabled": true},
        {"name": "b.service", "contents": format!("[Unit]\nDescription={description}\n")}]}}})
    };
    let (old, new) = (desk.state("one", units("a")), desk.state("two", units("b")));
    for (version, words) in [
        ("4.17", "all units are written, enabled or disabled: 2, of them changed: 1"),
        ("4.18", "units are written, enabled or disabled: b.service"),
    ] {
        let (_, plan) = plan(&[&old, &new, "--openshift", version]);
        assert!(words_of(&plan["steps"]).contains(words), "{version}: {}", plan["steps"]);
    }
    let core = |user: Value| json!({"config": {"passwd": {"users": [user]}}});
    let old =
        desk.state("one", core(json!({"name": "core", "passwordHash": "$6$x", "sshAuthorizedKeys": ["k"]})));
    let new = desk.state("two", core(json!({"name": "core", "sshAuthorizedKeys": ["k"]})));
    assert!(words_of(&plan(&[&old, &new]).1["warnings"]).contains("no password any more"));
    // A kernel that is not the default one is looked after even if only files change.
    let realtime = |files: Value| json!({"kernelType": "realtime", "config": {"storage": {"files": files}}});
    let old = desk.state("one", realtime(json!([])));
    let new = desk.state("two", realtime(json!([file("/var/lib/kubelet/config.json", "a")])));
    let (_, plan) = plan(&[&old, &new]);
    assert_eq!(plan["actions"], json!([{"type": "None"}]));
    assert!(words_of(&plan["steps"]).contains("the kernel stays `realtime`"), "{}", plan["steps"]);
}
