//! `target: machineconfig`: one machine file, and the objects that a pool's operator is given.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use cotter::machineconfig;
use cotter::machineconfig::MachineConfig;
use cotter::machineconfig::Rules;
use cotter::verify;
use cotter::verify::BootRecord;
use serde_json::Value;
use serde_json::json;

use crate::golden;
use crate::schemas;

fn case(name: &str) -> PathBuf {
    golden::cases().into_iter().find(|case| case.ends_with(name)).unwrap()
}

/// A case in a folder of its own, in which commands run.
struct Test {
    folder: tempfile::TempDir,
}

impl Test {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in ["", "secrets"] {
            for file in case(name).join(entry).read_dir().into_iter().flatten() {
                let path = file.unwrap().path();
                if path.is_file() {
                    let to = folder.path().join(entry);
                    std::fs::create_dir_all(&to).unwrap();
                    std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The machine file with something else in it.
    fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path("machine.yaml")).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(self.path("machine.yaml"), text.replace(from, to)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(words).current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command.output().unwrap()
    }

    fn expect(&self, code: i32, words: &[&str]) -> (String, String) {
        let done = self.run(words);
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{words:?}\n{out}{err}");
        (out, err)
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.expect(0, &[words, &["--format", "json"]].concat()).0).unwrap()
    }
}

/// The MachineConfigs of a built folder.
fn configs(folder: &Path) -> Vec<MachineConfig> {
    let mut configs = Vec::new();
    let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let (more, problems) =
            machineconfig::parse(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap());
        assert_eq!(problems, [], "{}", path.display());
        configs.extend(more);
    }
    configs
}

#[test]
fn a_folder_is_built_that_the_operator_takes() {
    let test = Test::of("machineconfig-single");
    let (out, err) = test.expect(0, &["build", "machine.yaml", "-o", "out"]);
    assert!(out.contains("out/99-master-edge1-core.yaml (for you alone: it holds secrets)"), "{out}");
    assert!(
        out.contains("out.manifest.json") && err.contains("note: a change of `/etc/chrony.conf`"),
        "{out}{err}"
    );
    let mode = |name: &str| test.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("out/99-master-edge1-core.yaml"), mode("out/99-master-edge1-network.yaml")),
        (0o600, 0o644)
    );
    let configs = configs(&test.path("out"));
    let rendered = machineconfig::render(&configs, "master", Rules::of("4.20").unwrap()).unwrap();
    assert_eq!(machineconfig::operator_problems(None, &rendered), []);
    assert_eq!(rendered.kernel_arguments, ["panic=30"]);
    let files = rendered.config["storage"]["files"].as_array().unwrap();
    assert_eq!(files.len(), 4 + 4 + 3, "files, keyfiles, names of ports");
    // What is built and what `cotter ignition` shows is one thing.
    let shown: Value = serde_json::from_str(&test.expect(0, &["ignition", "machine.yaml"]).0).unwrap();
    assert_eq!(shown, rendered.config);
    // The same bytes again, in place of the old ones.
    let before = std::fs::read(test.path("out/99-master-edge1-network.yaml")).unwrap();
    test.expect(2, &["build", "machine.yaml", "-o", "out"]);
    test.edit("should_exist: [panic=30]", "should_exist: []");
    test.expect(0, &["build", "machine.yaml", "-o", "out", "--force"]);
    assert_eq!(std::fs::read(test.path("out/99-master-edge1-network.yaml")).unwrap(), before);
    assert!(!test.path("out/99-master-edge1-kernel-arguments.yaml").exists());
}

#[test]
fn a_folder_with_somebody_elses_files_is_not_replaced() {
    let test = Test::of("machineconfig-single");
    test.expect(0, &["build", "machine.yaml", "-o", "out"]);
    std::fs::write(test.path("out/99-mine.yaml"), "kind: MachineConfig\n").unwrap();
    let (_, err) = test.expect(2, &["build", "machine.yaml", "-o", "out", "--force"]);
    assert!(err.contains("`99-mine.yaml`, which is not cotter's"), "{err}");
    std::fs::remove_file(test.path("out/99-mine.yaml")).unwrap();
    // Nobody writes into this one, so who opens it waits for ever.
    assert!(Command::new("mkfifo").arg(test.path("out/a.yaml")).status().unwrap().success());
    test.expect(2, &["build", "machine.yaml", "-o", "out", "--force"]);
}

/// Documents over 1 KiB are packed by habit; before 4.20 a later plain file of the same path would not be read again.
#[test]
fn every_version_renders_what_is_built_for_it() {
    let test = Test::of("machineconfig-everything");
    let mut at = "4.19".to_owned();
    for version in ["4.18", "4.19", "4.20", "4.21", "4.22", "5.0", "5.1"] {
        test.edit(&format!("openshift: \"{at}\""), &format!("openshift: \"{version}\""));
        at = version.to_owned();
        test.expect(0, &["build", "machine.yaml", "-o", "out", "--force"]);
        let configs = configs(&test.path("out"));
        let rules = Rules::of(version).unwrap();
        let rendered = machineconfig::render(&configs, "infra", rules).unwrap();
        assert_eq!(machineconfig::operator_problems(None, &rendered), [], "{version}");
        assert_eq!((rendered.kernel_type.as_str(), rendered.extensions.len()), ("realtime", 2), "{version}");
        let text = std::fs::read_to_string(test.path("out/99-infra-site-files.yaml")).unwrap();
        assert_eq!(text.contains("compression: gzip"), rules.resets_compression, "{version}");
    }
}

/// The section and the command ask the same functions.
#[test]
fn the_section_and_the_command_make_the_same_objects() {
    let test = Test::of("machineconfig-everything");
    test.expect(0, &["build", "machine.yaml", "-o", "out"]);
    for (file, words) in [
        ("99-infra-site-chrony-disable", &["chrony-disable"][..]),
        (
            "99-infra-site-journald",
            &["journald", "--set", "Storage=persistent", "--set", "RateLimitIntervalSec=1s"],
        ),
        ("99-infra-site-kernel-realtime", &["realtime-kernel"]),
        ("99-infra-site-extensions", &["extensions", "usbguard", "kerberos"]),
        (
            "infra-site-kubelet",
            &[
                "kubelet-config",
                "--set",
                "maxPods=250",
                "--set",
                "evictionHard/memory.available=500Mi",
                "--log-level",
                "3",
                "--auto-sizing-reserved",
                "true",
                "--tls-profile",
                "Intermediate",
            ],
        ),
        (
            "infra-site-container-runtime",
            &[
                "container-runtime-config",
                "--log-level",
                "debug",
                "--pids-limit",
                "4096",
                "--log-size-max",
                "50Mi",
                "--overlay-size",
                "8G",
                "--default-runtime",
                "crun",
            ],
        ),
        (
            "infra-site-pinned-images",
            &[
                "pinned-image-set",
                "registry.example.com/team/app@sha256:1111111111111111111111111111111111111111111111111111111111111111",
            ],
        ),
    ] {
        let more = ["--role", "infra", "--name", file, "--openshift", "4.19"];
        let words = [&["machineconfig", "generate"][..], words, &more].concat();
        let built = std::fs::read_to_string(test.path(&format!("out/{file}.yaml"))).unwrap();
        let (head, rest) = built.split_once('\n').unwrap();
        assert!(head.starts_with("# Made by cotter "), "{head}");
        assert_eq!(test.expect(0, &words).0, rest, "{file}");
    }
    let pool = std::fs::read_to_string(test.path("out/pool-infra.yaml")).unwrap();
    let words = ["machineconfig", "generate", "pool", "infra", "--max-unavailable", "10%", "--paused"];
    assert!(pool.ends_with(&test.expect(0, &words).0));
}

#[test]
fn the_plan_says_what_comes_of_it_and_what_a_change_costs() {
    let test = Test::of("machineconfig-single");
    let plan = test.json(&["plan", "machine.yaml"]);
    schemas::assert_is("plan", &plan);
    assert_eq!(
        (&plan["operator"]["role"], &plan["operator"]["openshift"]),
        (&json!("master"), &json!("4.20"))
    );
    assert_eq!(plan["operator"]["files"].as_array().unwrap().len(), 7);
    for artifact in plan["artifacts"].as_array().unwrap() {
        assert_eq!(artifact["lives"], json!(["after-mco"]), "{artifact}");
    }
    std::fs::write(test.path("old.json"), plan.to_string()).unwrap();
    test.edit("inline: \"edge1\\n\"", "inline: \"edge2\\n\"");
    let (out, _) = test.expect(1, &["plan", "machine.yaml", "--against", "old.json"]);
    assert!(out.contains("~ reboot") && out.contains("/etc/motd"), "{out}");
    let (_, err) = test.expect(2, &["build", "machine.yaml", "-o", "a.iso", "--base", "a.iso"]);
    assert!(err.contains("a machine of a cluster that is there"), "{err}");
}

/// The facts are made of the expectations: all of them met, and then one of them not.
#[test]
fn a_node_is_judged_after_the_operator_has_taken_over() {
    let manifest = golden::plan(&case("machineconfig-single")).unwrap().manifest;
    let mut facts = serde_json::Map::new();
    for expectation in &manifest.expectations {
        let values = facts.entry(expectation.subject.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(expectation.value));
    }
    let mut record = json!({
        "schema": "cotter.dev/boot/1", "machine": "edge1", "boot_id": "8e3b0d4a-1", "life": "after-mco",
        "uptime_seconds": 12, "time_seconds": 1_700_000_000, "facts": facts, "unknown": {},
    });
    let judge = |record: &Value| {
        let record: BootRecord = serde_json::from_value(record.clone()).unwrap();
        verify::judge(&manifest, &[("now".to_owned(), record)])
    };
    assert!(judge(&record).all_met());
    record["facts"]["file/etc/chrony.conf/sha256"] = json!(["another"]);
    let report = judge(&record);
    assert!(!report.all_met());
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("machine.yaml") && text.contains("contents of /etc/chrony.conf"), "{text}");
    // Before that the node has nothing of it, and nothing is expected of it.
    record["life"] = json!("first-boot");
    assert!(!judge(&record).all_met(), "a boot of which nothing is expected is no pass");
}

#[test]
fn a_starter_is_there_and_right() {
    let test = Test::of("starter-machineconfig");
    test.expect(0, &["init", "--target", "machineconfig", "-o", "site.yaml"]);
    test.expect(0, &["check", "site.yaml", "--strict"]);
    test.expect(0, &["build", "site.yaml", "-o", "site"]);
    assert_eq!(configs(&test.path("site")).len(), 4);
}

#[test]
fn a_single_node_says_what_it_does_not_use() {
    let folder = tempfile::tempdir().unwrap();
    let text = "cotter: 1\nname: m\ntarget: sno\nmachineconfig: {role: worker, openshift: \"4.19\", extensions: [usbguard]}\n";
    std::fs::write(folder.path().join("machine.yaml"), text).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_cotter"))
        .args(["check", "machine.yaml", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let rules: Vec<&str> =
        said["findings"].as_array().unwrap().iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert!(rules.contains(&"machineconfig-role") && rules.contains(&"section-not-used"), "{rules:?}");
}

/// What only the first boot makes is lost in no file that is merged in.
#[test]
fn what_merged_files_bring_is_carried_or_refused() {
    let test = Test::of("starter-machineconfig");
    let merge = |name: &str, text: &str| {
        std::fs::write(test.path(name), text).unwrap();
        let file = std::fs::read_to_string(case("starter-machineconfig").join("machine.yaml")).unwrap();
        std::fs::write(test.path("machine.yaml"), format!("{file}\nignition_files: [{name}]\n")).unwrap();
    };
    let butane = "variant: fcos\nversion: 1.5.0\n";
    merge(
        "a.bu",
        &format!("{butane}storage: {{files: [{{path: /etc/merged, contents: {{inline: yes}}}}]}}\n"),
    );
    test.expect(0, &["build", "machine.yaml", "-o", "out"]);
    let files = std::fs::read_to_string(test.path("out/99-worker-site-files.yaml")).unwrap();
    assert!(files.contains("/etc/merged"), "{files}");
    for (text, said) in [
        ("kernel_arguments: {should_exist: [a=1]}\n", "the kernel argument `a=1`"),
        ("storage: {disks: [{device: /dev/sdb, wipe_table: true}]}\n", "the disk `/dev/sdb`"),
        ("storage: {directories: [{path: /etc/d}]}\n", "makes no directory"),
        ("storage: {files: [{path: /home/core/a, contents: {inline: a}}]}\n", "cannot keep `/home/core/a`"),
        ("passwd: {users: [{name: other}]}\n", "no user but core, and not `other`"),
    ] {
        merge("b.bu", &format!("{butane}{text}"));
        let (out, err) = test.expect(2, &["check", "machine.yaml"]);
        assert!(out.contains(said) || err.contains(said), "{said}: {out}{err}");
    }
    let remote = json!({"ignition": {"version": "3.3.0", "config": {"merge": [{"source": "https://example.com/a.ign"}]}}});
    merge("c.ign", &remote.to_string());
    let (out, err) = test.expect(2, &["check", "machine.yaml"]);
    assert!(out.contains("fetched and merged") || err.contains("fetched and merged"), "{out}{err}");
}
