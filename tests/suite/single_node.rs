//! A single node: what openshift-install writes goes in, and what comes out is whole in every life.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotter::verify::Life;
use cotter::world;
use cotter::world::Given;
use serde_json::Value;
use serde_json::json;

use crate::fixture;
use crate::fixture::Generation;
use crate::golden;
use crate::tools;

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
hostname: m.lab.example.com
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
                format!(
                    "{text}storage:\n  files:\n    - path: /etc/hostname\n      contents: {{inline: a}}\n"
                )
            });
        },
        "`/etc/hostname` is brought by master-update.fcc and by the MachineConfig `99-master-cotter-machine`, which wins",
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

/// What openshift-install wrote in each generation, and what people made of it; see tests/single-node/README.md.
fn shapes() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/single-node");
    let mut shapes: Vec<(String, Value)> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ign"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect();
    shapes.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(shapes.len() >= 10, "the shapes are gone");
    shapes
}

/// The live document that a machine file makes of a shape.
fn planned(machine: &str, document: &Value) -> Result<Value, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), machine, document);
    let planned =
        world::plan_machine(&folder.path().join("machine.yaml"), &Given::default(), &mut |_| ()).unwrap();
    match planned.machine {
        Some((_, plan)) => Ok(plan.medium().unwrap().live.value().clone()),
        None => Err(planned
            .findings
            .into_iter()
            .map(|finding| format!("{}: {}", finding.rule, finding.message))
            .collect()),
    }
}

const FULL: &str = "kernel_arguments: {should_exist: [panic=30]}
storage: {files: [{path: /etc/sudoers.d/admin, mode: 0440, contents: {inline: \"admin ALL=(ALL) ALL\\n\"}}]}
systemd: {units: [{name: hello.service, contents: \"[Service]\\nExecStart=/bin/true\\n\"}]}
";

#[test]
fn what_is_not_ours_comes_out_as_it_went_in() {
    let machine = format!(
        "{}{FULL}",
        MACHINE.replace("users: [", &format!("users: [{{name: admin, ssh_authorized_keys: [{KEY}]}}, "))
    );
    let mut went_in = 0;
    for (name, shape) in shapes() {
        let disk = disk_of(&shape);
        let result = match planned(&machine.replace(DISK, &disk), &shape) {
            Ok(result) => result,
            Err(refused) => {
                // Its keyfile is bound by a port's name, which is what cotter is against.
                assert_eq!(name, "keyfile", "{}", refused.join("\n"));
                assert!(refused.iter().any(|finding| finding.starts_with("brought-keyfile")), "{refused:?}");
                continue;
            }
        };
        went_in += 1;
        kept(&name, &shape, &result);
    }
    assert!(went_in >= 10, "only {went_in} shapes went in");
}

/// The disk that a shape installs to.
fn disk_of(shape: &Value) -> String {
    let script = text_of(shape, "/usr/local/bin/install-to-disk.sh");
    let call = script.lines().find(|line| line.trim().starts_with("coreos-installer install")).unwrap();
    call.split_whitespace().last().unwrap().trim_matches(['"', '\'']).to_owned()
}

fn text_of(document: &Value, path: &str) -> String {
    let files = document["storage"]["files"].as_array().unwrap();
    let entry = files.iter().find(|entry| entry["path"] == path).unwrap();
    String::from_utf8(crate::data_url::decode(&entry["contents"])).unwrap()
}

/// Holds that everything of `before` is in `after`, in its order, but for what is ours.
fn kept(name: &str, before: &Value, after: &Value) {
    let fcc = "/opt/openshift/bootstrap-in-place/master-update.fcc";
    let script = "/usr/local/bin/install-to-disk.sh";
    let without_ours: String = text_of(after, fcc)
        .split_inclusive('\n')
        .filter(|line| !line.contains("cotter-in-place.ign"))
        .collect();
    assert_eq!(without_ours, text_of(before, fcc), "{name}: {fcc}");
    let call = |text: &str| text.replace(" --append-karg panic=30", "").replace(" install -n ", " install ");
    assert_eq!(call(&text_of(after, script)), call(&text_of(before, script)), "{name}: {script}");
    let written = text_of(after, script);
    let written = written.lines().find(|line| line.trim().starts_with("coreos-installer install")).unwrap();
    let copies = written.split_whitespace().filter(|word| ["-n", "--copy-network"].contains(word)).count();
    assert_eq!(copies, 1, "{name}: the network is copied once: {written}");
    for (section, lists) in before.as_object().unwrap() {
        for (list, members) in lists.as_object().unwrap() {
            let (place, result) = (format!("{name}: {section}.{list}"), &after[section][list]);
            let Some(members) = members.as_array() else {
                assert!(list == "version" || result == members, "{place}");
                continue;
            };
            let mut rest = result.as_array().unwrap().iter();
            for member in members {
                let found = rest.find(|other| key(other) == key(member));
                let found = found.unwrap_or_else(|| panic!("{place}: {} is gone, or elsewhere", key(member)));
                match key(member).as_str() {
                    path if path == fcc || path == script => {
                        let but_contents = |entry: &Value| {
                            let mut entry = entry.clone();
                            entry["contents"]["source"].take();
                            entry
                        };
                        assert_eq!(but_contents(found), but_contents(member), "{place}");
                    }
                    // What is asked for is added to it.
                    "core" | "admin" => {
                        let keys =
                            |user: &Value| user["sshAuthorizedKeys"].as_array().cloned().unwrap_or_default();
                        assert!(keys(member).iter().all(|key| keys(found).contains(key)), "{place}");
                    }
                    _ => assert_eq!(found, member, "{place}"),
                }
            }
        }
    }
}

/// What a member of a list is known by.
fn key(member: &Value) -> String {
    ["path", "name", "source", "device"]
        .iter()
        .find_map(|key| member[*key].as_str())
        .map_or_else(|| member.to_string(), str::to_owned)
}

/// Runs cotter in a folder, and gives its exit code, standard output and standard error.
fn cotter(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    let done = command.args(arguments).current_dir(folder).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

/// A program in place of openshift-install.
fn put_installer(folder: &Path, script: &str) {
    tools::put_program(&folder.join("openshift-install"), format!("#!/bin/sh\n{script}").as_bytes());
}

#[test]
fn the_users_own_installer_is_run_in_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let machine = MACHINE.replace(
        "ignition: installer.ign",
        "installer: ./openshift-install, install_config: install-config.yaml",
    );
    write(here, &machine, &installer());
    // The disk is compared before anything is run; nothing else of the file is looked at, nor shown.
    for (disk, says) in [
        ("", "the installer is not told which disk"),
        ("installationDisk: /dev/sdb", "the installer installs to `/dev/sdb`, not to"),
        (&format!("installationDisk: {DISK}"), ""),
    ] {
        let config =
            format!("metadata: {{name: sno}}\npullSecret: very-secret\nbootstrapInPlace: {{{disk}}}\n");
        std::fs::write(here.join("install-config.yaml"), config).unwrap();
        let (code, _, err) = cotter(here, &["check", "machine.yaml"]);
        assert_eq!(code, if says.is_empty() { 0 } else { 2 }, "{err}");
        assert!(err.contains(says) && !err.contains("very-secret"), "{err}");
    }

    // `check` does not run it; what makes something does.
    put_installer(
        here,
        "echo \"level=info msg=working\" >&2; echo \"level=fatal msg=no platform\" >&2; exit 3\n",
    );
    let (code, _, err) = cotter(here, &["check", "machine.yaml"]);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = cotter(here, &["plan", "machine.yaml"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("error[installer-run]") && err.contains("level=fatal msg=no platform"), "{err}");
    assert!(!err.contains("very-secret"), "{err}");

    put_installer(here, "exit 0\n");
    let (code, _, err) = cotter(here, &["plan", "machine.yaml"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("it wrote no bootstrap-in-place-for-live-iso.ign"), "{err}");

    let script = format!(
        "[ \"$1 $2 $3\" = 'create single-node-ignition-config --dir' ] || exit 9\ngrep -q very-secret \"$4/install-config.yaml\" || exit 8\nstat -c %a \"$4/..\" > '{here}/mode'\necho \"$4\" > '{here}/where'\ncp '{here}/installer.ign' \"$4/bootstrap-in-place-for-live-iso.ign\"\n",
        here = here.display()
    );
    put_installer(here, &script);
    let (code, out, err) = cotter(here, &["plan", "machine.yaml"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("(target sno)"), "{out}");
    // The pull secret is in there: nobody else may look, and it is gone.
    assert_eq!(std::fs::read_to_string(here.join("mode")).unwrap(), "700\n");
    let scratch = std::fs::read_to_string(here.join("where")).unwrap();
    assert!(!Path::new(scratch.trim()).exists(), "{scratch}");
    assert!(here.join("install-config.yaml").exists());
}

/// Another UUID in another life would be another profile.
#[test]
fn a_profile_is_the_same_in_every_layer() {
    let case = golden::cases().into_iter().find(|case| case.ends_with("single-node")).unwrap();
    let plan = golden::plan(&case).unwrap();
    let keyfiles = &plan.medium().unwrap().edit.network;
    assert_eq!(keyfiles.len(), 6);
    for (name, live) in keyfiles {
        let path = format!("/etc/NetworkManager/system-connections/{name}");
        assert_eq!(*live, text_of(plan.destination.value(), &path).into_bytes(), "{name}");
    }
}

/// The script that looks for the marker is there in every life of the disk; the cluster's expectations travel too.
#[test]
fn the_marker_is_seen_to_by_the_node_unless_it_is_off() {
    for (word, lives, of_cluster) in [
        ("ensure", &[Life::FirstBoot, Life::LaterBoots, Life::AfterMco][..], 11),
        ("check", &[Life::FirstBoot, Life::LaterBoots, Life::AfterMco], 11),
        ("off", &[], 10),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let machine = MACHINE.replace("completion_marker: ensure", &format!("completion_marker: {word}"));
        write(folder.path(), &machine, &installer());
        let path = folder.path().join("machine.yaml");
        let (_, plan) = world::plan_machine(&path, &Given::default(), &mut |_| ()).unwrap().machine.unwrap();
        for what in ["file /usr/local/bin/cotter-bootstrap-marker", "unit cotter-bootstrap-marker.timer"] {
            let artifact = plan.artifacts.iter().find(|artifact| artifact.what == what);
            let there = artifact.map(|artifact| artifact.lives.clone()).unwrap_or_default();
            assert_eq!(there, lives, "{word}: {what}");
        }
        let units = plan.destination.list("systemd", "units");
        let service = units.iter().find(|unit| unit["name"] == "cotter-bootstrap-marker.service");
        let text = service.map_or("", |unit| unit["contents"].as_str().unwrap());
        assert_eq!(text.contains(&format!("COTTER_MARKER_MODE={word}\n")), word != "off", "{text}");
        let subjects: Vec<&str> =
            plan.manifest.cluster.iter().map(|expected| expected.subject.as_str()).collect();
        assert_eq!(subjects.len(), of_cluster, "{subjects:?}");
        assert_eq!(subjects.contains(&"cluster/marker/status"), word != "off", "{subjects:?}");
    }
}

#[test]
fn what_cannot_be_rehearsed_is_refused_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, MACHINE, &installer());
    let Some(iso) = fixture::iso(here, Generation::Current) else { return };
    let before = here.read_dir().unwrap().count();
    let arguments = ["test", "machine.yaml", "--base", iso.to_str().unwrap()];
    let (code, _, err) = cotter(here, &arguments);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("the bootstrap of a single node fetches its release"), "{err}");
    std::fs::write(
        here.join("other.yaml"),
        "cotter: 1\nname: m\ntarget: fcos\ninstall: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}\n",
    )
    .unwrap();
    let (code, _, err) = cotter(here, &["test", "other.yaml", "--control", "--base", iso.to_str().unwrap()]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("there is no control for target `fcos`"), "{err}");
    assert_eq!(here.read_dir().unwrap().count(), before + 1);
}

#[test]
fn certificates_that_are_over_stop_an_installation_and_no_recovery() {
    let folder = tempfile::tempdir().unwrap();
    let mut document = installer();
    edit(&mut document, "/opt/openshift/tls/root-ca.crt", |_| ENDED.into());
    write(folder.path(), MACHINE, &document);
    for command in ["check", "plan", "ignition"] {
        let (code, _, err) = cotter(folder.path(), &[command, "machine.yaml"]);
        assert_eq!(code, 2, "{command}: {err}");
        assert!(err.contains("installer-certificates"), "{command}: {err}");
    }
    let (code, out, err) = cotter(folder.path(), &["recover", "machine.yaml"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("# Recovery of m"), "{out}");
}

#[test]
fn explain_says_what_is_lost_where_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // As okd#1919 did: everything in the live document.
    let mut document = installer();
    document["passwd"]["users"][0]["passwordHash"] = "$6$a$b".into();
    document["passwd"]["users"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "admin", "sshAuthorizedKeys": [KEY]}));
    add(&mut document, file("/etc/udev/rules.d/70-names.rules", "SUBSYSTEM==\"net\"\n"));
    add(
        &mut document,
        file(
            "/etc/NetworkManager/system-connections/eno1.nmconnection",
            &KEYFILE.replace("[ethernet]\nmac-address=e4:43:4b:0a:00:02\n", "interface-name=eno1\n"),
        ),
    );
    write(here, MACHINE, &document);
    let (code, out, err) = cotter(here, &["explain", "installer.ign"]);
    assert_eq!(code, 0, "{err}");
    let row = |what: &str| {
        let line = out
            .lines()
            .find(|line| line.trim().starts_with(what))
            .unwrap_or_else(|| panic!("no {what} in\n{out}"));
        line[line.find("  yes").unwrap()..]
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(out.contains("what openshift-install wrote for a single node"), "{out}");
    assert_eq!(row("user core"), "yes yes yes yes");
    assert_eq!(row("password of core"), "yes - (1) - (1) - (2)");
    assert_eq!(row("user admin"), "yes - (1) - (1) - (1)");
    assert_eq!(row("key of core"), "yes yes yes yes");
    assert_eq!(row("file /etc/udev/rules.d/70-names.rules"), "yes - (1) - (1) - (1)");
    // `-n` copies it, but it is bound to a name.
    assert_eq!(row("file /etc/NetworkManager/system-connections/eno1.nmconnection"), "yes yes yes yes");
    assert!(out.contains("wrong: `/etc/NetworkManager/system-connections/eno1.nmconnection`, line 4: the profile is bound to the port by its name `eno1`"), "{out}");
    assert!(
        out.contains("1: nothing brings it to the disk")
            && out.contains("2: no MachineConfig has a password of core"),
        "{out}"
    );

    // Without `-n`, and with a keyfile of a MachineConfig, that one is lost too.
    edit(&mut document, "/usr/local/bin/install-to-disk.sh", |text| text.replace("install -n", "install"));
    write(here, MACHINE, &document);
    let (_, out, _) = cotter(here, &["explain", "installer.ign"]);
    assert!(out.contains("this installer hands no network profile to the disk"), "{out}");
    assert!(out.contains("- hands no network profile to the disk (4.11, openshift/installer#5795)"), "{out}");

    // And what cotter makes of the shape has no hole.
    let result = planned(MACHINE, &installer()).unwrap();
    std::fs::write(here.join("ours.ign"), result.to_string()).unwrap();
    let (_, out, _) = cotter(here, &["explain", "ours.ign", "--format", "json"]);
    let explanation: Value = serde_json::from_str(&out).unwrap();
    for what in ["password of core", "file /etc/hosts", "file /etc/systemd/network/10-cotter-lan0.link"] {
        let things = explanation["things"].as_array().unwrap();
        let thing = things.iter().find(|thing| thing["what"] == what).unwrap();
        assert!(
            thing["states"].as_array().unwrap().iter().all(|state| state["state"] == "present"),
            "{thing}"
        );
    }
}

#[test]
fn explain_reads_disk_documents_media_and_machineconfigs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let says = |arguments: &[&str]| {
        let (code, out, err) = cotter(here, &[&["explain"], arguments].concat());
        assert_eq!(code, 0, "{err}");
        out
    };
    // A node's document, with the MachineConfig that it came from.
    let config = json!({"ignition": {"version": "3.2.0"}, "storage": {"files": [file("/etc/a", "a")]}});
    let encapsulated = json!({"kind": "MachineConfig", "apiVersion": "machineconfiguration.openshift.io/v1",
        "metadata": {"name": "rendered-master-1"}, "spec": {"config": config, "kernelArguments": ["panic=30"]}});
    let mut node = config.clone();
    add(&mut node, file("/etc/ignition-machine-config-encapsulated.json", &encapsulated.to_string()));
    node["passwd"] = json!({"users": [{"name": "core", "passwordHash": "$6$a$b"}]});
    std::fs::write(here.join("master.ign"), node.to_string()).unwrap();
    let out = says(&["master.ign"]);
    let line = |out: &str, what: &str| {
        let line = out
            .lines()
            .find(|line| line.trim().starts_with(what))
            .unwrap_or_else(|| panic!("no {what} in\n{out}"));
        line.trim()
            .strip_prefix(what)
            .unwrap()
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(out.contains("an installed node of OpenShift"), "{out}");
    assert_eq!(line(&out, "password of core"), "yes yes - (1)");
    assert_eq!(line(&out, "kernel argument panic=30"), "- (2) yes yes");

    // A medium with coreos-installer's configuration.
    let disk =
        json!({"ignition": {"version": "3.4.0"}, "storage": {"files": [file("/etc/hostname", "m\n")]}});
    let mut medium = json!({"ignition": {"version": "3.4.0"}, "storage": {"files": [
        file("/etc/coreos/installer.d/1.yaml", "dest-device: /dev/sda\nignition-file: /root/disk.ign\nappend-karg: [panic=30]\n"),
        file("/root/disk.ign", &disk.to_string()),
        file("/etc/hosts", "127.0.0.1 localhost\n"),
    ]}});
    std::fs::write(here.join("medium.ign"), medium.to_string()).unwrap();
    let out = says(&["medium.ign", "--live"]);
    assert_eq!(line(&out, "file /etc/hosts"), "yes - (1) - (1)");
    assert_eq!(line(&out, "file /etc/hostname"), "- yes yes");
    assert_eq!(line(&out, "kernel argument panic=30"), "- yes yes");
    medium["storage"]["files"][0] =
        file("/etc/coreos/installer.d/1.yaml", "ignition-url: https://release.example/a.ign\n");
    std::fs::write(here.join("medium.ign"), medium.to_string()).unwrap();
    assert!(
        says(&["medium.ign", "--live"])
            .contains("the disk's document comes from `https://release.example/a.ign`")
    );
    // Without the word it is a disk's.
    assert!(says(&["medium.ign"]).contains("the document of an installed system"));

    // A live ISO with the keyfiles of its initramfs; and one with nothing in it.
    if let Some(iso) = fixture::iso(here, Generation::Current) {
        let iso = iso.file_name().unwrap().to_str().unwrap();
        assert!(says(&[iso]).contains("a live system: nothing in it installs a disk"));
        medium["storage"]["files"][0] =
            file("/etc/coreos/installer.d/1.yaml", "ignition-file: /root/disk.ign\n");
        std::fs::write(here.join("medium.ign"), medium.to_string()).unwrap();
        std::fs::write(here.join("a.nmconnection"), KEYFILE).unwrap();
        let embed = ["image", "embed", iso, "--config", "medium.ign", "--network-keyfile", "a.nmconnection"];
        let (code, _, err) = cotter(here, &embed);
        assert_eq!(code, 0, "{err}");
        let out = says(&[iso]);
        assert!(out.contains("a live system that installs a disk"), "{out}");
        assert_eq!(
            line(&out, "file /etc/NetworkManager/system-connections/a.nmconnection"),
            "yes - (1) - (1)"
        );
        assert!(out.contains("1: coreos-installer is not told to copy the network"), "{out}");
    }

    // A folder of MachineConfigs.
    std::fs::create_dir_all(here.join("folder/deeper")).unwrap();
    let of = |name: &str, config: &Value| {
        let entry = machine_config(name, config);
        String::from_utf8(crate::data_url::decode(&entry["contents"])).unwrap()
    };
    let users = json!({"passwd": {"users": [{"name": "admin", "sshAuthorizedKeys": [KEY]}]}});
    std::fs::write(here.join("folder/a.yaml"), of("98-users", &users)).unwrap();
    let files = json!({"storage": {"files": [file("/etc/systemd/network/10-a.link", "[Match]\nMACAddress=e4:43:4b:0a:00:01\n[Link]\nName=lan0\n")]}});
    std::fs::write(here.join("folder/deeper/b.yaml"), of("99-names", &files)).unwrap();
    std::fs::write(here.join("folder/readme.txt"), "MachineConfig").unwrap();
    let out = says(&["folder"]);
    assert!(out.contains("MachineConfigs of the pool `master`"), "{out}");
    assert_eq!(line(&out, "file /etc/systemd/network/10-a.link"), "yes yes yes");
    assert!(out.contains("wrong: MachineConfig `98-users`"), "{out}");
    assert!(out.contains("`MACAddress=` also matches"), "{out}");

    for (name, bytes) in [("empty.ign", "{}"), ("text", "hello"), ("binary", "\u{0}\u{1}")] {
        std::fs::write(here.join(name), bytes).unwrap();
        let (code, out, err) = cotter(here, &["explain", name]);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.contains("cannot be explained"), "{err}");
    }
}
