//! A single node: what openshift-install writes goes in, and what comes out is whole in every life.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotter::world;
use cotter::world::Given;
use serde_json::Value;
use serde_json::json;

/// Over since 2021.
const ENDED: &str = "-----BEGIN CERTIFICATE-----
MIIBBDCBq6ADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAXQwHhcNMjAw
MTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAF0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEoZAMLKWOdNH/ufinvhBMtolh/cbeY6vTDSFPxgtk
BNQ98j/OHmrrGZG6KJPqoZBUrBmi76AM0o5RoL4Kief28DAKBggqhkjOPQQDAgNI
ADBFAiEAry+G984crz6lG9V2LMrWsa/IqwxBnxM80h6E9cakmI4CIDIlHXkDbbnJ
ttSHRQwBD4GpUfTRGeIDi+1vYqS/0sNT
-----END CERTIFICATE-----
";
/// Good until 2120.
const GOOD: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBraADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAXQwIBcNMjAw
MTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMAwxCjAIBgNVBAMMAXQwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQhgAlmR9E3HVpm+YwUe+bFHj8I6QcDaKTXYBRL
UvS+Of0FcXBnf5nWwHaP8Qtkohr9QYBiU1dTd+YVNRVWNp3YMAoGCCqGSM49BAMC
A0gAMEUCIQDp9EnzrEgtSdFP3ukTNfThGUL0UvkLQf+Rv9GP8Iz+mQIgY+/JYWnz
gdsRWnuu8U0/qqrlZcwSRuHzb1vOsdzYYb8=
-----END CERTIFICATE-----
";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjeLzFrFFc44TTmKI5qK25VuDzkeD4xd8VLnLKtmYvv installer";
const DISK: &str = "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4";
const FCC: &str =
    "variant: fcos\nversion: 1.1.0\nignition:\n  config:\n    merge:\n      - local: original-master.ign\n";
const MACHINE: &str = "cotter: 1
name: m
target: sno
sno: {ignition: installer.ign, host_entries: true, completion_marker: ensure}
passwd: {users: [{name: core, password_hash: $6$abcdefgh$N3E0KLt00gDnEpEeBHkiZFIPdZQlgtAmYpr5j5Pph0HS9P414bu9xVO6bV5WStWbSkfBhOlaBnh1iZZHuf/lY1}]}
network: {nics: [{name: lan0, mac: \"e4:43:4b:0a:00:01\", address: 192.168.50.10/24, gateway: 192.168.50.1}]}
install: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}
";
const KEYFILE: &str =
    "[connection]\nid=a\ntype=ethernet\n[ethernet]\nmac-address=e4:43:4b:0a:00:02\n[ipv4]\nmethod=auto\n";

fn file(path: &str, text: &str) -> Value {
    json!({"path": path, "mode": 0o600, "contents": {"source": format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(text))}})
}

fn machine_config(name: &str, config: &Value) -> Value {
    let mut config = config.clone();
    config["ignition"] = json!({"version": "3.2.0"});
    let text = json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
        "metadata": {"name": name, "labels": {"machineconfiguration.openshift.io/role": "master"}}, "spec": {"config": config}});
    file(&format!("/opt/openshift/openshift/99_{name}.yaml"), &text.to_string())
}

/// As little as what openshift-install writes can be.
fn installer() -> Value {
    json!({
        "ignition": {"version": "3.2.0"},
        "passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [KEY]}]},
        "storage": {"files": [
            file("/usr/local/bin/bootkube.sh", "#!/bin/bash\n"),
            file("/usr/local/bin/bootstrap-in-place.sh", "#!/bin/bash\n"),
            file("/usr/local/bin/install-to-disk.sh", &format!("#!/bin/bash\necho \"Executing coreos-installer install -i /opt/openshift/master.ign {DISK}\"\ncoreos-installer install -n -i /opt/openshift/master.ign {DISK}\nshutdown -r +1\n")),
            file("/opt/openshift/bootstrap-in-place/master-update.fcc", FCC),
            file("/opt/openshift/bootstrap-in-place/bootstrap-in-place-post-reboot.sh", "#!/bin/bash\nsignal_bootstrap_complete\n"),
            file("/opt/openshift/manifests/cluster-dns-02-config.yml", "apiVersion: config.openshift.io/v1\nkind: DNS\nmetadata: {name: cluster}\nspec: {baseDomain: sno.lab.example.com}\n"),
            file("/opt/openshift/tls/root-ca.crt", GOOD),
            machine_config("99-master-ssh", &json!({"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [KEY]}]}})),
        ]},
        "systemd": {"units": [{"name": "install-to-disk.service", "enabled": true}, {"name": "bootkube.service"}]},
    })
}

fn add(document: &mut Value, file: Value) {
    document["storage"]["files"].as_array_mut().unwrap().push(file);
}

fn edit(document: &mut Value, path: &str, change: impl Fn(&str) -> String) {
    let files = document["storage"]["files"].as_array_mut().unwrap();
    let entry = files.iter_mut().find(|entry| entry["path"] == path).unwrap();
    let text = String::from_utf8(crate::data_url::decode(&entry["contents"])).unwrap();
    *entry = file(path, &change(&text));
}

fn write(folder: &Path, machine: &str, document: &Value) {
    std::fs::write(folder.join("machine.yaml"), machine).unwrap();
    std::fs::write(folder.join("installer.ign"), document.to_string()).unwrap();
}

/// The findings of `cotter check`: rules and messages.
fn findings(machine: &str, document: &Value) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), machine, document);
    let checked = world::check_machine(&folder.path().join("machine.yaml"), &Given::default()).unwrap();
    checked.findings.sorted().into_iter().map(|finding| (finding.rule.to_owned(), finding.message)).collect()
}

/// What a machine file and a document are changed to.
type Change = fn(&mut String, &mut Value);

/// Rules that need what openshift-install writes: a change that breaks each, what is then said, and one that
/// nearly does. `installer-run` is below.
const CASES: &[(&str, Change, &str, Change)] = &[
    (
        "installer-document",
        |_, document| *document = json!({"kind": "Secret"}),
        "does not say the version",
        |_, document| document["ignition"]["version"] = "3.1.0".into(),
    ),
    (
        "installer-shape",
        |_, document| edit(document, "/usr/local/bin/install-to-disk.sh", |_| "#!/bin/bash\ndd\n".into()),
        "does not call `coreos-installer install`",
        |_, document| {
            edit(document, "/usr/local/bin/install-to-disk.sh", |text| {
                text.replace("install -n -i", "install --copy-network -i")
            });
        },
    ),
    (
        "installer-shape",
        |_, document| document["systemd"]["units"] = json!([{"name": "bootkube.service"}]),
        "has no `install-to-disk.service`",
        |_, document| document["systemd"]["units"][0]["mask"] = false.into(),
    ),
    (
        "installer-certificates",
        |_, document| edit(document, "/opt/openshift/tls/root-ca.crt", |_| ENDED.into()),
        "`/opt/openshift/tls/root-ca.crt` ended",
        |_, document| add(document, file("/opt/openshift/tls/other.key", ENDED)),
    ),
    (
        "lost-in-a-life",
        |_, document| {
            let config = json!({"storage": {"files": [file("/etc/hosts", "127.0.0.1 localhost\n")]}});
            add(document, machine_config("99-zzz", &config));
        },
        "(first boot, later boots, after MCO): the MachineConfig `99-zzz` brings another",
        |_, document| {
            let config = json!({"storage": {"files": [file("/etc/hosts.d", "127.0.0.1 localhost\n")]}});
            add(document, machine_config("99-zzz", &config));
        },
    ),
    (
        "brought-keyfile",
        |machine, document| {
            *machine = machine.replace("network:", "#").replace("host_entries: true, ", "");
            let keyfile = KEYFILE
                .replace("type=ethernet\n", "type=ethernet\ninterface-name=eno1\n")
                .replace("mac-address=e4:43:4b:0a:00:02\n", "");
            let config = json!({"storage": {"files": [file("/etc/NetworkManager/system-connections/a.nmconnection", &keyfile)]}});
            add(document, machine_config("98-network", &config));
            let hosts = json!({"storage": {"files": [file("/etc/hosts", "127.0.0.1 localhost\n")]}});
            add(document, machine_config("98-hosts", &hosts));
        },
        "line 4: the profile is bound to the port by its name `eno1`",
        |machine, document| {
            *machine = machine.replace("network:", "#").replace("host_entries: true, ", "");
            let config = json!({"storage": {"files": [file("/etc/NetworkManager/system-connections/a.nmconnection", KEYFILE)]}});
            add(document, machine_config("98-network", &config));
            let hosts = json!({"storage": {"files": [file("/etc/hosts", "127.0.0.1 localhost\n")]}});
            add(document, machine_config("98-hosts", &hosts));
        },
    ),
    (
        "keyfile-only-live",
        |_, document| add(document, file("/etc/NetworkManager/system-connections/a.nmconnection", KEYFILE)),
        "the profiles of this file take its place",
        |machine, document| {
            // Nothing else is written on the disk, so the installer's `-n` carries it.
            *machine = machine.replace("network:", "#").replace("host_entries: true, ", "");
            add(document, file("/etc/NetworkManager/system-connections/a.nmconnection", KEYFILE));
            let hosts = json!({"storage": {"files": [file("/etc/hosts", "127.0.0.1 localhost\n")]}});
            add(document, machine_config("98-hosts", &hosts));
        },
    ),
    (
        "keyfile-shadowed",
        |_, document| {
            add(document, file("/etc/NetworkManager/system-connections/a.nmconnection", KEYFILE));
            let other = file("/etc/NetworkManager/system-connections/b.nmconnection", KEYFILE);
            add(document, machine_config("98-network", &json!({"storage": {"files": [other]}})));
        },
        "because `/etc/NetworkManager/system-connections/b.nmconnection` is written there",
        |machine, document| {
            *machine = machine.replace("network:", "#").replace("host_entries: true, ", "");
            let keyfile = file("/etc/NetworkManager/system-connections/a.nmconnection", KEYFILE);
            add(document, keyfile.clone());
            let hosts = file("/etc/hosts", "127.0.0.1 localhost\n");
            add(document, machine_config("98-network", &json!({"storage": {"files": [keyfile, hosts]}})));
        },
    ),
    (
        "core-outside-machineconfig",
        |machine, document| {
            *machine = machine
                .lines()
                .filter(|line| !line.starts_with("passwd"))
                .map(|line| format!("{line}\n"))
                .collect();
            document["passwd"]["users"][0]["passwordHash"] = "$6$a$b".into();
        },
        "a password of core that no MachineConfig has",
        |_, document| document["passwd"]["users"][0]["passwordHash"] = "$6$a$b".into(),
    ),
    (
        "operator-refuses",
        |_, document| {
            let users = json!({"passwd": {"users": [{"name": "admin", "sshAuthorizedKeys": [KEY]}]}});
            add(document, machine_config("98-users", &users));
        },
        "MachineConfig `98-users`:",
        |_, document| {
            let users = json!({"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [KEY]}]}});
            add(document, machine_config("98-users", &users));
        },
    ),
    (
        "layers-disagree",
        |_, document| {
            for name in ["98-a", "98-b"] {
                let config = json!({"storage": {"files": [file("/etc/issue.d/a.issue", name)]}});
                add(document, machine_config(name, &config));
            }
        },
        "is written by several MachineConfigs: `98-a`, `98-b`",
        |_, document| {
            for name in ["98-a", "98-b"] {
                let config =
                    json!({"storage": {"files": [file(&format!("/etc/issue.d/{name}.issue"), name)]}});
                add(document, machine_config(name, &config));
            }
        },
    ),
    (
        "layers-disagree",
        |_, document| {
            edit(document, "/opt/openshift/bootstrap-in-place/master-update.fcc", |text| {
                format!("{text}storage:\n  files:\n    - path: /etc/hosts\n      contents: {{inline: a}}\n")
            });
        },
        "`/etc/hosts` is brought by master-update.fcc and by the MachineConfig `99-master-cotter-machine`, which wins",
        |_, document| {
            edit(document, "/opt/openshift/bootstrap-in-place/master-update.fcc", |text| {
                format!("{text}storage:\n  files:\n    - path: /etc/other\n      contents: {{inline: a}}\n")
            });
        },
    ),
    (
        "installation-disk",
        |_, document| {
            edit(document, "/usr/local/bin/install-to-disk.sh", |text| {
                text.replace(DISK, "/dev/disk/by-id/wwn-0x5000c500a1b2c3d5")
            });
        },
        "the installer installs to `/dev/disk/by-id/wwn-0x5000c500a1b2c3d5`",
        |_, document| {
            edit(document, "/usr/local/bin/install-to-disk.sh", |text| {
                text.replace(DISK, &format!("\"{DISK}\""))
            })
        },
    ),
    (
        "cluster-names",
        |machine, _| *machine = machine.replace("host_entries: true, ", ""),
        "the machine has no name servers",
        |machine, _| {
            *machine =
                machine.replace("host_entries: true, ", "").replace("50.1}", "50.1, dns: [192.168.50.53]}");
        },
    ),
    (
        "marker-missing",
        |machine, document| {
            *machine = machine.replace("ensure", "check");
            edit(document, "/opt/openshift/bootstrap-in-place/bootstrap-in-place-post-reboot.sh", |_| {
                "#!/bin/bash\n# signal_bootstrap_complete\n".into()
            });
        },
        "this installer never writes the marker",
        |_, document| {
            edit(document, "/opt/openshift/bootstrap-in-place/bootstrap-in-place-post-reboot.sh", |_| {
                "#!/bin/bash\n".into()
            });
        },
    ),
];

/// Rules whose cases are here.
pub fn rules() -> Vec<&'static str> {
    CASES.iter().map(|(rule, ..)| *rule).chain(["installer-run"]).collect()
}

#[test]
fn every_rule_of_a_single_node_has_a_case_that_breaks_it_and_one_that_nearly_does() {
    assert_eq!(findings(MACHINE, &installer()), []);
    let mut wrong = Vec::new();
    for (rule, breaks, says, nearly) in CASES {
        let changed = |change: &Change| {
            let (mut machine, mut document) = (MACHINE.to_owned(), installer());
            change(&mut machine, &mut document);
            findings(&machine, &document)
        };
        let found = changed(breaks);
        if !found.iter().any(|(name, message)| name == rule && message.contains(says)) {
            wrong.push(format!("{rule} breaks {found:?}"));
        }
        // One thing may be said once more, where it matters: what is overwritten is lost too.
        if found
            .iter()
            .any(|(name, _)| name != rule && !["layers-disagree", "lost-in-a-life"].contains(&name.as_str()))
        {
            wrong.push(format!("{rule} breaks others too: {found:?}"));
        }
        let found = changed(nearly);
        if !found.is_empty() {
            wrong.push(format!("{rule} nearly breaks {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
