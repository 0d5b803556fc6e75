//! `cotter machineconfig generate`: what comes of the words, under every version, and what is refused.
//!
//! `tests/generate` has what each row of the table gives; `COTTER_BLESS=1` writes what comes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use cotter::document;
use cotter::document::View;
use cotter::machineconfig;
use cotter::machineconfig::Rules;
use serde_json::Value;

use crate::data_url;
use crate::schemas;
use crate::tools;

const VERSIONS: [&str; 10] = ["4.15", "4.16", "4.17", "4.18", "4.19", "4.20", "4.21", "4.22", "5.0", "5.1"];

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ admin@lab.example.com";

const IMAGE: &str =
    "registry.example.com/team/app@sha256:1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str =
    "registry.example.com/team/app@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A row: its name, the words, the first version that has it, and the last if that is not the newest.
type Row = (&'static str, &'static [&'static str], &'static str, Option<&'static str>);

/// MachineConfigs.
const CONFIGS: [Row; 16] = [
    (
        "chrony",
        &["chrony", "--server", "ntp1.example.com", "--server", "192.0.2.1", "--pool", "pool.example.com"],
        "4.15",
        None,
    ),
    ("chrony-dhcp", &["chrony", "--dhcp", "--role", "master"], "4.15", None),
    ("chrony-file", &["chrony", "--file", "chrony.conf"], "4.15", None),
    ("chrony-disable", &["chrony-disable", "--role", "infra", "--name", "disable-chronyd"], "4.15", None),
    ("kernel-arguments", &["kernel-arguments", "enforcing=0", "panic=30"], "4.15", None),
    ("multipath", &["multipath"], "4.15", None),
    ("realtime-kernel", &["realtime-kernel"], "4.15", None),
    ("large-pages", &["realtime-kernel", "--kind", "64k-pages"], "4.15", None),
    (
        "journald",
        &[
            "journald",
            "--set",
            "Storage=persistent",
            "--set",
            "RateLimitIntervalSec=1s",
            "--set",
            "Compress=no",
        ],
        "4.15",
        None,
    ),
    ("extensions", &["extensions", "usbguard", "kerberos"], "4.15", None),
    ("extensions-sysstat", &["extensions", "sysstat"], "4.18", None),
    ("extensions-wasm", &["extensions", "wasm"], "4.16", Some("4.21")),
    ("firmware", &["firmware", "--file", "nic.bin=vendor/nic.bin", "--file", "small.bin"], "4.15", None),
    ("ssh-keys", &["ssh-keys", "--key", KEY, "--key-file", "keys.pub"], "4.15", None),
    (
        "link-pins",
        &["link-pins", "--nic", "mgmt0=e4:43:4b:0a:00:01", "--nic", "data0=E4-43-4B-0A-00-02"],
        "4.15",
        None,
    ),
    ("extensions-ha", &["extensions", "two-node-ha", "--role", "master"], "4.19", None),
];

/// Objects of other kinds.
const OBJECTS: [Row; 15] = [
    (
        "disruption-policy",
        &[
            "disruption-policy",
            "--file",
            "/etc/chrony.conf=drain,reload:chronyd.service",
            "--file",
            "/var/lib/app=none",
            "--unit",
            "app.service=daemon-reload,restart:app.service",
            "--sshkey",
            "none",
        ],
        "4.17",
        None,
    ),
    (
        "kubelet-config",
        &[
            "kubelet-config",
            "--set",
            "maxPods=250",
            "--set",
            "evictionHard/memory.available=500Mi",
            "--set",
            "evictionHard/nodefs.available=10%",
            "--log-level",
            "5",
            "--auto-sizing-reserved",
            "true",
            "--tls-profile",
            "Intermediate",
        ],
        "4.15",
        None,
    ),
    (
        "container-runtime-config",
        &[
            "container-runtime-config",
            "--log-level",
            "debug",
            "--pids-limit",
            "2048",
            "--log-size-max",
            "51200Ki",
            "--overlay-size",
            "8G",
            "--default-runtime",
            "crun",
        ],
        "4.15",
        None,
    ),
    ("pinned-image-set", &["pinned-image-set", IMAGE, OTHER, "--role", "master"], "4.16", None),
    (
        "machine-os-config",
        &[
            "machine-os-config",
            "--role",
            "infra",
            "--push-to",
            "registry.example.com/team/os:latest",
            "--push-secret",
            "push",
            "--pull-secret",
            "pull",
            "--containerfile",
            "Containerfile",
            "--containerfile",
            "ARM64=Containerfile",
        ],
        "4.19",
        None,
    ),
    ("boot-images-all", &["boot-images", "--mode", "all"], "4.17", None),
    ("boot-images-none", &["boot-images", "--mode", "none"], "4.19", None),
    ("boot-images-partial", &["boot-images", "--mode", "partial", "--label", "region=east"], "4.17", None),
    ("pool", &["pool", "infra", "--max-unavailable", "2", "--paused"], "4.15", None),
    ("pool-share", &["pool", "gpu", "--max-unavailable", "10%"], "4.15", None),
    ("pause", &["pause", "worker"], "4.15", None),
    ("unpause", &["unpause", "worker"], "4.15", None),
    ("rebuild", &["rebuild", "worker"], "4.15", None),
    ("revert-layering", &["revert-layering", "infra"], "4.15", None),
    ("revert-layering-master", &["revert-layering", "master"], "4.15", None),
];

/// A folder with the files that the rows name.
struct Test {
    folder: tempfile::TempDir,
}

impl Test {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("chrony.conf", b"server ntp9.example.com iburst\ndriftfile /var/lib/chrony/drift\n");
        write("nic.bin", &[7; 20_000]);
        write("small.bin", b"\x00\x01\x02");
        write("keys.pub", format!("# keys\n{KEY}\n").as_bytes());
        write(
            "Containerfile",
            b"FROM configs AS final\nRUN dnf -y install tree && ostree container commit\n",
        );
        write("core.pw", b"hunter2 is long\n");
        write("seed", b"of my own\n");
        Self { folder }
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(["machineconfig", "generate"]).args(words).current_dir(self.folder.path());
        command.env("NO_COLOR", "1").env("CORE_PASSWORD", "from the environment").stdin(Stdio::null());
        command.output().unwrap()
    }

    fn expect(&self, code: i32, words: &[&str]) -> (String, String) {
        let done = self.run(words);
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{words:?}\n{out}{err}");
        (out, err)
    }
}

fn expected(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/generate/{name}.yaml"))
}

fn object(text: &str) -> Value {
    let (tree, findings) = document::parse("made.yaml", text);
    assert!(findings.is_empty(), "{text}");
    View::root("made.yaml", &tree.unwrap()).to_json_1_1()
}

fn is_there(row: &Row, version: &str) -> bool {
    let place = |wanted: &str| VERSIONS.iter().position(|version| *version == wanted).unwrap();
    let at = place(version);
    at >= place(row.2) && row.3.is_none_or(|last| at <= place(last))
}

#[test]
fn each_row_gives_the_text_that_is_kept() {
    let test = Test::new();
    let mut wrong = Vec::new();
    for (name, words, _, _) in CONFIGS.iter().chain(&OBJECTS) {
        let (out, _) = test.expect(0, words);
        assert_eq!(out, test.expect(0, words).0, "{name}: not the same bytes");
        if std::env::var_os("COTTER_BLESS").is_some() {
            std::fs::write(expected(name), &out).unwrap();
        }
        if std::fs::read_to_string(expected(name)).ok().as_ref() != Some(&out) {
            wrong.push(format!("{name} comes out as\n{out}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The operator's render is the judge of every MachineConfig, and what a node could not keep is looked for.
#[test]
fn every_machine_config_renders_under_every_version_that_has_it() {
    let test = Test::new();
    for row in &CONFIGS {
        let (name, words, _, _) = row;
        for version in VERSIONS {
            let words = [words, &["--openshift", version][..]].concat();
            if !is_there(row, version) {
                let (_, err) = test.expect(2, &words);
                assert!(
                    err.contains(&format!("OpenShift {version}")) && err.contains("help: "),
                    "{name} {err}"
                );
                continue;
            }
            let (out, _) = test.expect(0, &words);
            let (configs, problems) = machineconfig::parse("made.yaml", &out);
            assert_eq!((configs.len(), problems), (1, vec![]), "{name}");
            let rules = Rules::of(version).unwrap();
            let role = configs[0].role().unwrap();
            let rendered = machineconfig::render(&configs, role, rules);
            let rendered = rendered.unwrap_or_else(|problems| panic!("{name} {version}: {problems:?}"));
            assert_eq!(machineconfig::operator_problems(None, &rendered), [], "{name} {version}");
            let minor = rules.newest_ignition_minor;
            let written = configs[0].spec.config.as_ref().unwrap();
            assert_eq!(written["ignition"]["version"], format!("3.{minor}.0"), "{name} {version}");
            assert_eq!(document_findings(written, minor), Vec::<String>::new(), "{name} {version}");
        }
    }
}

/// Ignition itself passes over nothing in it.
fn document_findings(document: &Value, minor: u8) -> Vec<String> {
    let findings = machineconfig::document_problems(document, minor);
    findings.into_iter().map(|finding| format!("{finding:?}")).collect()
}

#[test]
fn objects_are_there_in_the_versions_that_have_them() {
    let test = Test::new();
    for row in &OBJECTS {
        let (name, words, _, _) = row;
        for version in VERSIONS {
            let words = [words, &["--openshift", version][..]].concat();
            match is_there(row, version) {
                true => drop(test.expect(0, &words)),
                false => {
                    let (_, err) = test.expect(2, &words);
                    assert!(err.contains(&format!("OpenShift {version}")), "{name} {err}");
                }
            }
        }
    }
    let pinned = |version| {
        let (out, err) = test.expect(0, &["pinned-image-set", IMAGE, "--openshift", version]);
        (object(&out)["apiVersion"].as_str().unwrap().to_owned(), err.contains("technology preview"))
    };
    assert_eq!(pinned("4.18"), ("machineconfiguration.openshift.io/v1alpha1".into(), true));
    assert_eq!(pinned("4.19"), ("machineconfiguration.openshift.io/v1".into(), false));
}

/// Packed firmware, overridden by a plain file, could not be read again before OpenShift 4.20.
#[test]
fn firmware_is_packed_where_that_is_safe() {
    let test = Test::new();
    for (version, is_packed) in [("4.19", false), ("4.20", true)] {
        let (out, _) = test.expect(0, &["firmware", "--file", "nic.bin", "--openshift", version]);
        let object = object(&out);
        let contents = &object["spec"]["config"]["storage"]["files"][0]["contents"];
        assert_eq!(contents.get("compression").is_some(), is_packed, "{version}");
        assert_eq!(data_url::decode(contents), [7; 20_000]);
        assert_eq!(object["spec"]["kernelArguments"][0], "firmware_class.path=/var/lib/firmware");
    }
    std::fs::write(test.folder.path().join("large.bin"), vec![0_u8; 2 << 20]).unwrap();
    let (_, err) = test.expect(2, &["firmware", "--file", "large.bin", "--openshift", "4.19"]);
    assert!(err.contains("a cluster takes 1572864 as one object"), "{err}");
    test.expect(0, &["firmware", "--file", "large.bin", "--openshift", "4.20"]);
}

#[test]
fn says_everything_that_is_wrong_with_the_words() {
    let test = Test::new();
    std::fs::write(test.folder.path().join("empty.conf"), "driftfile /a\n").unwrap();
    std::fs::write(test.folder.path().join("other.Containerfile"), "FROM fedora\n").unwrap();
    let deep = format!("a{}=1", "/a".repeat(50_000));
    for (words, said) in [
        (&["chrony"][..], &["nothing says where chrony takes the time from"][..]),
        (&["chrony", "--server", "a b", "--pool", "c..d"], &["`a b` is not a time server", "`c..d` is not"]),
        (&["chrony", "--file", "chrony.conf", "--dhcp"], &["a file of its own and servers too"]),
        (&["chrony", "--file", "empty.conf"], &["names no source of time"]),
        (&["chrony", "--dhcp", "--role", "Worker"], &["`Worker` is not the name of a pool"]),
        (&["chrony", "--dhcp", "--name", "a_b"], &["`a_b` is not the name of an object"]),
        (&["kernel-arguments", "a b", "c", "c"], &["a b", "`c` is named twice"]),
        (&["journald", "--set", "Storag=persistent"], &["did you mean `Storage`?"]),
        (&["journald", "--set", "Storage=disk", "--set", "Storage=none"], &["cannot be `disk`", "set twice"]),
        (&["extensions", "usbgard"], &["no extension `usbgard`", "did you mean `usbguard`?"]),
        (&["firmware", "--file", "small.bin=../shadow"], &["no path below /var/lib/firmware"]),
        (&["ssh-keys", "--key", "ssh-rsa nothing"], &["ssh-rsa nothing"]),
        (&["ssh-keys"], &["no SSH key is named"]),
        (&["link-pins", "--nic", "eth0=e4:43:4b:0a:00:01"], &["names that the kernel or udev gives"]),
        (&["link-pins", "--nic", "a=e4:43"], &["e4:43"]),
        (&["link-pins", "--nic", "a=e4:43:4b:0a:00:01", "--nic", "b=e4:43:4b:0a:00:01"], &["is there twice"]),
        (&["disruption-policy"], &["the policy says nothing"]),
        (
            &["disruption-policy", "--file", "etc/a=rebot", "--unit", "a=restart:b"],
            &[
                "`etc/a` is not an absolute path",
                "did you mean `reboot`?",
                "`a` is not",
                "does not name what to restart",
            ],
        ),
        (&["disruption-policy", "--file", "/etc/a=none,drain"], &["go with no other action"]),
        (&["disruption-policy", "--file", "/etc/a=none", "--file", "/etc/a=drain"], &["has two policies"]),
        (&["disruption-policy", "--file", "/etc/a="], &["nothing is said to be done"]),
        (&["kubelet-config"], &["nothing is asked of the kubelet"]),
        (&["kubelet-config", "--set", "maxPod=250"], &["did you mean `maxPods`?"]),
        (&["kubelet-config", "--set", "maxPods=many"], &["`maxPods` cannot be `\"many\"`"]),
        (
            &[
                "kubelet-config",
                "--set",
                "clusterDNS=[]",
                "--set",
                "memorySwap/swapBehavior=x",
                "--log-level",
                "11",
            ],
            &["`clusterDNS` is the operator's own", "swapBehavior", "`11` is no log level"],
        ),
        (
            &[
                "kubelet-config",
                "--set",
                "systemReserved/cpu=1",
                "--auto-sizing-reserved",
                "true",
                "--tls-profile",
                "Modern",
            ],
            &["worked out on the node too", "`Modern` is no profile"],
        ),
        (&["kubelet-config", "--set", "=1"], &["sets nothing"]),
        (&["kubelet-config", "--set", &deep], &["does not lie so deep"]),
        (&["container-runtime-config"], &["nothing is asked of the container runtime"]),
        (
            &[
                "container-runtime-config",
                "--log-level",
                "debg",
                "--pids-limit",
                "5",
                "--log-size-max",
                "8Ki",
                "--overlay-size",
                "8GB",
                "--default-runtime",
                "kata",
            ],
            &[
                "did you mean `debug`?",
                "`5` is no number of processes",
                "`8Ki` is no size",
                "`8GB` is no size",
                "`kata` is no container runtime",
            ],
        ),
        (&["container-runtime-config", "--drop-ins", "--pids-limit", "x"], &["`x` is no number"]),
        (&["pinned-image-set", "registry.example.com/a:latest"], &["names no digest"]),
        (&["pinned-image-set", IMAGE, IMAGE], &["named twice"]),
        (&["pinned-image-set", "--toml", "a"], &["names no digest"]),
        (
            &[
                "machine-os-config",
                "--push-to",
                "registry.example.com/os",
                "--push-secret",
                "A",
                "--containerfile",
                "other.Containerfile",
            ],
            &[
                "no place that an image can be pushed to",
                "`A` is not the name of a secret",
                "FROM configs AS final",
            ],
        ),
        (
            &[
                "machine-os-config",
                "--push-to",
                "registry.example.com/os:a",
                "--push-secret",
                "a",
                "--containerfile",
                "noarch=Containerfile",
            ],
            &["`noarch` is no architecture"],
        ),
        (&["boot-images", "--mode", "partial"], &["`partial` needs labels"]),
        (&["boot-images", "--mode", "all", "--label", "a=b"], &["labels go with `partial` alone"]),
        (&["pool", "worker"], &["every cluster has the pool `worker`"]),
        (&["pool", "a", "--max-unavailable", "0"], &["`0` is no number of nodes"]),
        (&["pool", "a", "--max-unavailable", "200%"], &["`200%` is no number of nodes"]),
        (&["pause", "A"], &["`A` is not the name of a pool"]),
        (&["revert-layering", "A b"], &["`A b` is not the name of a pool"]),
        (&["chrony", "--dhcp", "--openshift", "3.11"], &["`3.11` are not known"]),
    ] {
        let (out, err) = test.expect(2, words);
        assert_eq!(out, "", "{words:?}");
        for said in said {
            assert!(err.contains(said), "{words:?} does not say `{said}`: {err}");
        }
        let lines = |word: &str| err.lines().filter(|line| line.trim_start().starts_with(word)).count();
        assert_eq!(lines("error: "), lines("help: "), "{err}");
    }
}

#[test]
fn a_password_is_hashed_and_never_printed() {
    let test = Test::new();
    for words in [
        &["core-password", "--password-file", "core.pw"][..],
        &["core-password", "--password-env", "CORE_PASSWORD"],
    ] {
        let (out, err) = test.expect(2, words);
        assert!(out.is_empty() && err.contains("name a file with `-o`"), "{out}{err}");
        test.expect(2, &[words, &["--format", "json"]].concat());
    }
    let seeded =
        ["core-password", "--password-file", "core.pw", "--salt-seed-file", "seed", "--role", "master"];
    let mut texts = Vec::new();
    for (name, more) in [("a.yaml", &seeded[..]), ("b.yaml", &seeded), ("c.yaml", &seeded[..3])] {
        let words = [more, &["-o", name]].concat();
        let (out, err) = test.expect(0, &words);
        assert!(!out.contains("hunter2") && !err.contains("hunter2") && !out.contains("$6$"), "{out}{err}");
        let path = test.folder.path().join(name);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        texts.push(std::fs::read_to_string(path).unwrap());
    }
    assert_eq!(texts[0], texts[1], "a seed gives the same each time");
    let (made, random) = (object(&texts[0]), object(&texts[2]));
    let hash = |object: &Value| {
        object["spec"]["config"]["passwd"]["users"][0]["passwordHash"].as_str().unwrap().to_owned()
    };
    assert_ne!(hash(&made), hash(&random));
    let (again, _) =
        test.expect(0, &["core-password", "--password-file", "core.pw", "-o", "d.yaml", "--format", "json"]);
    assert!(!again.contains("$6$"), "{again}");
    schemas::assert_is("machineconfig-generate", &serde_json::from_str(&again).unwrap());
    let perl = Command::new("perl")
        .args(["-e", "print crypt($ARGV[0], $ARGV[1])", "hunter2 is long", &hash(&made)])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(perl.stdout).unwrap(), hash(&made));
    let (configs, _) = machineconfig::parse("a.yaml", &texts[0]);
    let rendered = machineconfig::render(&configs, "master", Rules::of("4.19").unwrap()).unwrap();
    assert_eq!(machineconfig::operator_problems(None, &rendered), []);
}

#[test]
fn files_are_written_whole_and_not_over_others() {
    let test = Test::new();
    let words = ["chrony", "--dhcp", "-o", "."];
    let (out, _) = test.expect(0, &words);
    assert_eq!(out.trim(), "./99-worker-chrony.yaml");
    let written = std::fs::read_to_string(test.folder.path().join("99-worker-chrony.yaml")).unwrap();
    assert_eq!(written, test.expect(0, &["chrony", "--dhcp"]).0);
    test.expect(2, &words);
    test.expect(0, &[&words[..], &["--force"]].concat());
    let (out, _) = test.expect(0, &["pause", "infra", "-o", "p.yaml", "--format", "json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    schemas::assert_is("machineconfig-generate", &json);
    assert_eq!((&json["written"], &json["object"]["spec"]["paused"]), (&"p.yaml".into(), &true.into()));
    for words in [
        &["container-runtime-config", "--drop-ins", "--pids-limit", "0"][..],
        &["revert-layering", "infra"],
        &["chrony", "--dhcp"],
    ] {
        let (out, _) = test.expect(0, &[words, &["--format", "json"]].concat());
        schemas::assert_is("machineconfig-generate", &serde_json::from_str(&out).unwrap());
    }
}

/// The operator writes TOML as Go's BurntSushi/toml does.
#[test]
fn what_comes_on_the_node_is_what_the_operator_writes() {
    let test = Test::new();
    let (out, _) = test.expect(
        0,
        &[
            "container-runtime-config",
            "--drop-ins",
            "--log-level",
            "info",
            "--pids-limit",
            "0",
            "--log-size-max",
            "1.5Mi",
            "--default-runtime",
            "runc",
            "--overlay-size",
            "1024Mi",
        ],
    );
    let expected = "# /etc/crio/crio.conf.d/01-ctrcfg-logLevel\n[crio]\n  [crio.runtime]\n    log_level = \"info\"\n\n# /etc/crio/crio.conf.d/01-ctrcfg-pidsLimit\n[crio]\n  [crio.runtime]\n    pids_limit = 0\n\n# /etc/crio/crio.conf.d/01-ctrcfg-logSizeMax\n[crio]\n  [crio.runtime]\n    log_size_max = 1572864\n\n# /etc/crio/crio.conf.d/01-ctrcfg-defaultRuntime\n[crio]\n  [crio.runtime]\n    default_runtime = \"runc\"\n\n# /etc/containers/storage.conf\n[storage]\n  [storage.options]\n    size = \"1Gi\"\n";
    assert_eq!(out, expected);
    for file in out.split("\n\n") {
        assert!(toml::from_str::<toml::Table>(file).is_ok(), "{file}");
    }
    let (out, _) = test.expect(0, &["pinned-image-set", "--toml", IMAGE, OTHER]);
    let expected = format!(
        "# /etc/crio/crio.conf.d/50-pinned-images\n[crio]\n  [crio.image]\n    pinned_images = [\"{OTHER}\", \"{IMAGE}\"]\n"
    );
    assert_eq!(out, expected);
}

/// systemd has nothing to say of the units, nor chrony of its configuration.
#[test]
fn the_real_programs_take_what_is_made() {
    let test = Test::new();
    let disabled = object(&test.expect(0, &["chrony-disable"]).0);
    let units = disabled["spec"]["config"]["systemd"]["units"].as_array().unwrap();
    for unit in units {
        let part = cotter::systemd::Part::Whole;
        let complaints =
            cotter::systemd::check(unit["name"].as_str().unwrap(), unit["contents"].as_str().unwrap(), part);
        assert_eq!(complaints, []);
    }
    let target = &units[1]["contents"];
    assert!(!target.as_str().unwrap().contains("chron"), "{target}");
    if let Some(verify) = tools::program("systemd-analyze") {
        for unit in units {
            let path = test.folder.path().join(unit["name"].as_str().unwrap());
            // What this machine lacks is not the unit's fault.
            let text = unit["contents"].as_str().unwrap().replace("/usr/sbin/chronyd", "/bin/true");
            std::fs::write(&path, text).unwrap();
            let done = Command::new(&verify)
                .args(["verify", "--man=no", "--recursive-errors=no"])
                .arg(&path)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            let name = unit["name"].as_str().unwrap();
            let of_unit: Vec<&str> = said.lines().filter(|line| line.contains(name)).collect();
            assert!(of_unit.is_empty(), "{said}");
        }
    }
    if let Some(chronyd) = tools::unpacked("chrony", "chronyd") {
        for words in [&["chrony", "--server", "192.0.2.1"][..], &["chrony", "--dhcp"]] {
            let object = object(&test.expect(0, words).0);
            let text = data_url::decode(&object["spec"]["config"]["storage"]["files"][0]["contents"]);
            let path = test.folder.path().join("made.conf");
            std::fs::write(&path, text).unwrap();
            tools::output(Command::new(&chronyd).args(["-p", "-f"]).arg(&path));
        }
    }
}
