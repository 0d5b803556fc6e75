//! The commands as a user types them: exit codes, one clear error, whole outputs.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use crate::fixture;
use crate::fixture::Generation;
use crate::tools;

/// A folder with the starter, its secrets and a small base image, in which commands run.
struct Test {
    folder: TempDir,
}

impl Test {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fixture::iso(folder.path(), Generation::Current)?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let case = root.join("tests/cases/dell-r640");
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for file in ["machine.yaml", "secrets/core.pw", "secrets/id_ed25519.pub"] {
            std::fs::copy(case.join(file), folder.path().join(file)).unwrap();
        }
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs and expects an exit code; gives standard output and standard error.
    fn expect(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let done = self.run(arguments);
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        (out, err)
    }

    /// The names in the folder: nothing may be left behind.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .folder
            .path()
            .read_dir()
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn builds_the_same_bytes_twice_and_reads_them_back() {
    let Some(test) = Test::new() else { return };
    test.expect(0, &["check", "machine.yaml", "--strict"]);
    let (out, _) = test.expect(0, &["build", "machine.yaml", "-o", "a.iso", "--base", "base.iso"]);
    assert!(out.contains("a.iso (only you can read it"), "{out}");
    test.expect(0, &["build", "machine.yaml", "-o", "b.iso", "--base", "base.iso"]);
    assert!(std::fs::read(test.path("a.iso")).unwrap() == std::fs::read(test.path("b.iso")).unwrap());
    let manifests =
        ["a", "b"].map(|name| std::fs::read(test.path(&format!("{name}.iso.manifest.json"))).unwrap());
    assert_eq!(manifests[0], manifests[1]);
    let (live, _) = test.expect(0, &["ignition", "machine.yaml", "--life", "live"]);
    let (embedded, _) = test.expect(0, &["image", "extract", "a.iso"]);
    assert_eq!(embedded.trim(), live.trim());
    let (shown, _) = test.expect(0, &["image", "show", "a.iso", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["embed_area"]["length_bytes"], fixture::AREA);
    test.expect(0, &["image", "reset", "a.iso"]);
    assert!(std::fs::read(test.path("a.iso")).unwrap() == std::fs::read(test.path("base.iso")).unwrap());
}

#[test]
fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(test) = Test::new() else { return };
    test.expect(0, &["build", "machine.yaml", "-o", "a.iso", "--base", "base.iso"]);
    assert_eq!(test.path("a.iso").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let hash = |text: &str| text.contains("$6$") || text.contains("hunter2");
    for arguments in [
        &["plan", "machine.yaml", "--format", "json"][..],
        &["image", "show", "a.iso"],
        &["check", "machine.yaml"],
    ] {
        let (out, err) = test.expect(0, arguments);
        assert!(!hash(&out) && !hash(&err), "{arguments:?} shows a secret");
    }
    let manifest = std::fs::read_to_string(test.path("a.iso.manifest.json")).unwrap();
    assert!(!hash(&manifest), "the manifest holds a secret");
}

#[test]
fn bad_input_is_one_clear_error_and_leaves_nothing() {
    let Some(test) = Test::new() else { return };
    let base = std::fs::read(test.path("base.iso")).unwrap();
    std::fs::write(test.path("short.iso"), &base[..base.len() - 4096]).unwrap();
    std::fs::write(test.path("there.iso"), "mine").unwrap();
    std::fs::write(test.path("noise"), fixture::noise(400_000)).unwrap();
    let spec = std::fs::read_to_string(test.path("machine.yaml")).unwrap();
    let large = spec.replace("  files:\n", "  files:\n    - {path: /opt/large, contents: {local: noise}}\n");
    std::fs::write(test.path("large.yaml"), large).unwrap();
    std::fs::write(test.path("wrong.yaml"), spec.replace("target: fcos", "target: fcsos")).unwrap();
    std::fs::write(test.path("absent.yaml"), spec.replace("fedora-coreos/stable", "absent.iso")).unwrap();
    for (name, text) in [("empty.yaml", ""), ("empty.bu", ""), ("list.yaml", "- a\n")] {
        std::fs::write(test.path(name), text).unwrap();
    }
    let before = test.names();
    for (arguments, words) in [
        (&["build", "machine.yaml", "-o", "out.iso", "--base", "short.iso"][..], "incomplete"),
        (&["build", "machine.yaml", "-o", "out.iso", "--base", "machine.yaml"], "not a live image"),
        (&["build", "machine.yaml", "-o", "out.iso", "--base", "nowhere.iso"], "no such file"),
        (&["build", "machine.yaml", "-o", "there.iso", "--base", "base.iso"], "there already"),
        (&["build", "machine.yaml", "-o", "no/folder/out.iso", "--base", "base.iso"], "no such file"),
        (&["build", "absent.yaml", "-o", "out.iso"], "no base image at"),
        (&["build", "large.yaml", "-o", "out.iso", "--base", "base.iso"], "more than the 262144"),
        (&["build", "wrong.yaml", "-o", "out.iso", "--base", "base.iso"], "did you mean `fcos`?"),
        (
            &["image", "embed", "base.iso", "--append-karg", "a\nb", "-o", "out.iso"],
            "not one kernel argument",
        ),
        (&["image", "embed", "base.iso", "--config", "machine.yaml", "-o", "out.iso"], "is no JSON"),
        (&["image", "extract", "base.iso"], "no Ignition document"),
        (&["verify", "machine.yaml", "--facts", "machine.yaml"], "not the record of a boot"),
        (&["verify", "machine.yaml"], "required"),
        (&["check", "empty.yaml"], "the file is empty"),
        (&["check", "empty.bu"], "the file is empty"),
        (&["ignition", "empty.bu"], "the file is empty"),
        (&["check", "list.yaml"], "is a list, not a mapping"),
        (&["check", "nowhere.yaml"], "no such file"),
        (&["check", "."], "is a directory"),
        (&["dance"], "unrecognized"),
    ] {
        let (out, err) = test.expect(2, arguments);
        assert!(err.contains(words), "{arguments:?}: {err}");
        assert!(out.is_empty(), "{arguments:?} printed a result: {out}");
        assert_eq!(test.names(), before, "{arguments:?} left something");
    }
    assert_eq!(std::fs::read(test.path("there.iso")).unwrap(), b"mine");
}

#[test]
fn killed_in_the_middle_there_is_no_output_under_its_name() {
    let Some(test) = Test::new() else { return };
    // A base large enough that copying takes a while.
    let mut base = std::fs::read(test.path("base.iso")).unwrap();
    let small = base.len();
    base.resize(256 << 20, 7);
    std::fs::write(test.path("large.iso"), &base).unwrap();
    let mut killed = 0;
    for delay in [5, 20, 40, 80, 120, 160, 240] {
        let mut child = test
            .command(&["build", "machine.yaml", "-o", "out.iso", "--base", "large.iso"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let was_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        let out = test.path("out.iso");
        if out.exists() {
            // It had its name: then it is whole.
            let written = std::fs::read(&out).unwrap();
            assert_eq!(written.len(), base.len(), "a part of the output has its name");
            assert!(written[small..] == base[small..]);
            std::fs::remove_file(&out).unwrap();
        } else if was_running {
            killed += 1;
        }
        let _ = std::fs::remove_file(test.path("out.iso.manifest.json"));
    }
    assert!(killed > 0, "no kill came in the middle: make the base larger");
}

#[test]
fn verify_judges_records_and_says_what_was_lost() {
    let Some(test) = Test::new() else { return };
    test.expect(0, &["build", "machine.yaml", "-o", "a.iso", "--base", "base.iso"]);
    let record = |boot: &str, life: &str, address: &[&str]| {
        serde_json::json!({"schema": "cotter.dev/boot/1", "machine": "r640", "boot_id": boot, "life": life,
            "facts": {"port/e4:43:4b:0a:00:01/address": address, "hostname": ["r640.lab.example.com"]}})
        .to_string()
    };
    let records = format!(
        "{}\n{}\n",
        record("aaaaaaaa-1", "first-boot", &["192.168.50.10/24"]),
        record("bbbbbbbb-2", "later-boots", &[])
    );
    std::fs::write(test.path("records"), records).unwrap();
    for spec in ["machine.yaml", "a.iso.manifest.json"] {
        let (out, _) = test.expect(1, &["verify", spec, "--facts", "records"]);
        let first = out.lines().next().unwrap();
        assert!(
            first.starts_with("LOST  address 192.168.50.10/24 on mgmt0 lost: met in `first boot aaaaaaaa`"),
            "{out}"
        );
        assert!(out.contains("--> machine.yaml:22 network.nics[0].address"), "{out}");
    }
    let (json, _) = test.expect(1, &["verify", "machine.yaml", "--facts", "records", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["regressions"].as_array().unwrap().len(), 1);
}

#[test]
fn verify_looks_at_this_machine() {
    let Some(test) = Test::new() else { return };
    let (json, _) = test.expect(1, &["verify", "machine.yaml", "--local", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let boots = report["boots"].as_array().unwrap();
    let verdicts = boots.last().unwrap()["verdicts"].as_array().unwrap();
    let of = |subject: &str| verdicts.iter().find(|v| v["subject"] == subject).unwrap().clone();
    assert_eq!(of("port/e4:43:4b:0a:00:01/name")["outcome"], "differs", "this machine has no such port");
    assert_eq!(of("file/etc/motd.d/10-machine.motd/sha256")["outcome"], "differs");
    let mine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(of("hostname")["found"], serde_json::json!([mine.trim()]));
}

#[test]
fn thirty_faults_are_all_said_at_once_each_at_its_line() {
    let Some(test) = Test::new() else { return };
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/thirty-faults/machine.yaml");
    std::fs::copy(&case, test.path("faulty.yaml")).unwrap();
    let (json, _) = test.expect(2, &["check", "faulty.yaml", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let rules: std::collections::BTreeSet<&str> =
        findings.iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(rules.len() >= 30, "only {} rules: {rules:?}", rules.len());
    // The bytes of each finding are its words.
    let text = std::fs::read_to_string(&case).unwrap();
    let words = |rule: &str| {
        let finding = findings.iter().find(|finding| finding["rule"] == rule).unwrap();
        let [from, to] = [0, 1].map(|index| finding["bytes"][index].as_u64().unwrap() as usize);
        text[from..to].to_owned()
    };
    assert_eq!(words("host-name"), "bad host_name!!");
    assert_eq!(words("unknown-key"), "hostnmae");
    assert_eq!(words("device-may-move"), "/dev/sda");
    let (_, said) = test.expect(2, &["check", "faulty.yaml"]);
    assert!(!said.contains("hunter2"), "a plain password is shown");
    assert!(said.contains("faulty.yaml:47:1") && said.contains("did you mean `[Service]`?"), "{said}");
}

#[test]
fn a_base_image_is_looked_at_before_anything_is_built() {
    let Some(test) = Test::new() else { return };
    let spec = std::fs::read_to_string(test.path("machine.yaml")).unwrap();
    std::fs::write(test.path("noise"), fixture::noise(400_000)).unwrap();
    let volume = "fedora-coreos-36.20220906.3.2";
    fixture::rename_volume(&test.path("base.iso"), volume);
    for (name, text, words) in [
        (
            "new.yaml",
            spec.replace("storage:\n", "storage:\n  luks: [{name: a, device: /dev/sdb, discard: true}]\n"),
            "error[ignition-too-old]: `fedora-coreos-36.20220906.3.2` reads Ignition 3.3.0 at most, and this needs 3.4.0",
        ),
        (
            "large.yaml",
            spec.replace("  files:\n", "  files:\n    - {path: /opt/large, contents: {local: noise}}\n"),
            "error[payload-size]",
        ),
        (
            "digest.yaml",
            spec.replace("fedora-coreos/stable", &format!("base.iso\n  sha256: {}\n  #", "0".repeat(64))),
            "error[base-digest]",
        ),
    ] {
        std::fs::write(test.path(name), text).unwrap();
        let (_, said) = test.expect(2, &["check", name, "--base", "base.iso"]);
        assert!(said.contains(words), "{name}: {said}");
        let (_, said) = test.expect(2, &["build", name, "-o", "out.iso", "--base", "base.iso"]);
        assert!(said.contains(words) && !test.path("out.iso").exists(), "{name}: {said}");
    }
    test.expect(0, &["check", "machine.yaml", "--base", "base.iso"]);
    let (json, _) = test.expect(2, &["check", "new.yaml", "--base", "base.iso", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["findings"][0]["rule"], "ignition-too-old");
    // A merged file may ask for more than the machine file does.
    let child = spec.replace("install:\n", "ignition_files: [new.ign]\ninstall:\n");
    std::fs::write(test.path("child.yaml"), child).unwrap();
    std::fs::write(test.path("new.ign"), r#"{"ignition": {"version": "3.5.0"}}"#).unwrap();
    let (_, said) = test.expect(2, &["check", "child.yaml", "--base", "base.iso"]);
    assert!(said.contains("this needs 3.5.0") && said.contains("ignition_files[0]"), "{said}");
}

#[test]
fn butane_files_are_checked_and_translated() {
    let Some(test) = Test::new() else { return };
    let good = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - {path: /etc/a, mode: 0644, contents: {local: a}}\n";
    std::fs::write(test.path("good.bu"), good).unwrap();
    std::fs::write(test.path("a"), "hello\n").unwrap();
    std::fs::write(test.path("bad.bu"), good.replace("mode: 0644", "mode: 644").replace("1.5.0", "1.0.0"))
        .unwrap();
    let unit = "systemd: {units: [{name: a.service, contents: \"[Servce]\\nExecStart=/bin/true\\n\"}]}\n";
    std::fs::write(test.path("unit.bu"), format!("{good}{unit}")).unwrap();
    let (_, said) = test.expect(2, &["check", "unit.bu"]);
    assert!(said.contains("error[unit-text]"), "{said}");
    test.expect(0, &["check", "good.bu"]);
    let (out, _) = test.expect(0, &["ignition", "good.bu"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["ignition"]["version"], "3.4.0");
    assert_eq!(document["storage"]["files"][0]["contents"]["source"], "data:,hello%0A");
    let (_, said) = test.expect(2, &["check", "bad.bu"]);
    assert!(said.contains("error[decimal-mode]") && said.contains("error[butane-too-old]"), "{said}");
}

#[test]
fn values_come_from_outside_and_files_stay_inside() {
    let Some(test) = Test::new() else { return };
    let spec = std::fs::read_to_string(test.path("machine.yaml")).unwrap();
    std::fs::write(test.path("var.yaml"), spec.replace("hostname: r640.lab", "hostname: ${HOST}.lab"))
        .unwrap();
    let (_, said) = test.expect(2, &["check", "var.yaml"]);
    assert!(said.contains("error[variable]: nobody said what `${HOST}` is"), "{said}");
    test.expect(0, &["check", "var.yaml", "--set", "HOST=a"]);
    let (out, _) = test.expect(0, &["ignition", "var.yaml", "--set", "HOST=web7"]);
    assert!(out.contains("web7.lab.example.com"), "{out}");
    let mut from_environment = test.command(&["ignition", "var.yaml", "--env", "HOST"]);
    let out = from_environment.env("HOST", "web8").output().unwrap();
    assert!(String::from_utf8(out.stdout).unwrap().contains("web8.lab.example.com"));
    // The environment counts only where it is allowed.
    let done = test.command(&["check", "var.yaml"]).env("HOST", "web8").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    std::fs::create_dir(test.path("below")).unwrap();
    std::fs::write(test.path("below/out.yaml"), spec.replace("secrets/", "../secrets/")).unwrap();
    let (_, said) = test.expect(2, &["check", "below/out.yaml"]);
    assert!(said.contains("error[path-escapes]"), "{said}");
    test.expect(0, &["check", "below/out.yaml", "--allow-outside"]);
}

#[test]
fn starters_are_written_once_and_are_what_they_are_called() {
    let Some(test) = Test::new() else { return };
    let (out, _) = test.expect(0, &["init", "--list"]);
    let names: Vec<&str> = out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    for name in ["server", "dell-r640", "dell-r750", "hpe-dl360-gen10"] {
        assert_eq!(names.iter().filter(|listed| **listed == name).count(), 1, "{out}");
    }
    // What the starters name beyond the first one.
    std::fs::copy(test.path("secrets/core.pw"), test.path("secrets/admin.pw")).unwrap();
    std::fs::copy(test.path("secrets/core.pw"), test.path("secrets/rancher.pw")).unwrap();
    std::fs::copy(test.path("secrets/core.pw"), test.path("secrets/token")).unwrap();
    std::fs::write(test.path("install-config.yaml"), "").unwrap();
    for name in names {
        let file = format!("{name}.yaml");
        test.expect(0, &["init", "--profile", name, "-o", &file]);
        test.expect(0, &["check", &file, "--strict"]);
        let (_, said) = test.expect(2, &["init", "-o", &file]);
        assert!(said.contains("there already") || said.contains("--force"), "{said}");
    }
    let (_, said) = test.expect(2, &["init", "--profile", "mainframe"]);
    assert!(said.contains("there is no starter called `mainframe`"), "{said}");
}

/// Checks a file that somebody has still to fill in: what is wrong in it stands on lines that say so.
fn assert_only_what_is_marked_is_wrong(test: &Test, file: &str) {
    let done = test.run(&["check", file, "--format", "json"]);
    let text = std::fs::read_to_string(test.path(file)).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
    let findings = said["findings"].as_array().or(said.as_array()).unwrap_or_else(|| panic!("{said}"));
    for finding in findings {
        let line = finding["origin"]["line"].as_u64().or(finding["line"].as_u64()).unwrap() as usize;
        assert!(text.lines().nth(line - 1).unwrap().contains("CHANGE"), "{finding:#}\n{text}");
    }
}

#[test]
fn a_starter_is_filled_in_with_an_inventory() {
    let Some(test) = Test::new() else { return };
    let starters = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/starters");
    std::fs::create_dir(test.path("seen")).unwrap();
    std::fs::copy(starters.join("r640.json"), test.path("seen/r640.json")).unwrap();
    test.expect(0, &["init", "--inventory", "seen/r640.json", "-o", "a.yaml"]);
    let text = std::fs::read_to_string(test.path("a.yaml")).unwrap();
    assert!(text.contains("hardware: {profile: dell-r640, inventory: \"seen/r640.json\"}"), "{text}");
    // Nothing is wrong with it as it is.
    test.expect(0, &["check", "a.yaml"]);
    // Said on standard output it is the same.
    let (out, _) = test.expect(0, &["init", "--inventory", "seen/r640.json"]);
    assert_eq!(out, text);
    // Of a file elsewhere the way there is written, and marked.
    std::fs::create_dir(test.path("below")).unwrap();
    test.expect(0, &["init", "--inventory", "seen/r640.json", "-o", "below/b.yaml"]);
    let text = std::fs::read_to_string(test.path("below/b.yaml")).unwrap();
    assert!(text.contains("inventory: \"../seen/r640.json\"}   # CHANGE"), "{text}");
    // Other tools' words, and inventories without addresses: what is missing is marked.
    for name in ["no-addresses", "generic", "hostile"] {
        std::fs::copy(starters.join(format!("{name}.json")), test.path(&format!("seen/{name}.json")))
            .unwrap();
        let (inventory, file) = (format!("seen/{name}.json"), format!("{name}.yaml"));
        test.expect(0, &["init", "--inventory", &inventory, "-o", &file]);
        assert_only_what_is_marked_is_wrong(&test, &file);
    }
    let (_, said) = test.expect(2, &["init", "--inventory", "machine.yaml", "-o", "c.yaml"]);
    assert!(said.contains("machine.yaml"), "{said}");
    assert!(!test.path("c.yaml").exists());
    test.expect(2, &["init", "--inventory", "seen/r640.json", "--from-host"]);
}

#[test]
fn a_starter_is_filled_in_with_what_this_machine_has() {
    let Some(test) = Test::new() else { return };
    test.expect(0, &["init", "--from-host", "-o", "host.yaml"]);
    let text = std::fs::read_to_string(test.path("host.yaml")).unwrap();
    assert!(text.contains("inventory: \"host.inventory.json\""), "{text}");
    let inventory = std::fs::metadata(test.path("host.inventory.json")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&inventory.permissions()) & 0o777, 0o600);
    assert_only_what_is_marked_is_wrong(&test, "host.yaml");
    // What is there already is left alone, be it only one of the two.
    std::fs::remove_file(test.path("host.yaml")).unwrap();
    let (_, said) = test.expect(2, &["init", "--from-host", "-o", "host.yaml"]);
    assert!(said.contains("host.inventory.json"), "{said}");
    assert!(!test.path("host.yaml").exists());
    test.expect(0, &["init", "--from-host", "-o", "host.yaml", "--force"]);
    // On standard output nothing is written beside it, and so nothing is named.
    let before = test.names();
    let (out, _) = test.expect(0, &["init", "--from-host"]);
    assert!(!out.contains("inventory: "), "{out}");
    assert_eq!(test.names(), before);
}

#[test]
fn a_starter_is_filled_in_from_a_kept_tree() {
    let Some(test) = Test::new() else { return };
    let device = "sys/devices/pci0000:00/0000:00:03.0";
    let port = test.path(&format!("tree/{device}/net/ens3"));
    std::fs::create_dir_all(&port).unwrap();
    for (file, text) in [
        ("address", "e4:43:4b:0a:00:07"),
        ("addr_assign_type", "0"),
        ("type", "1"),
        ("ifindex", "2"),
        ("iflink", "2"),
    ] {
        std::fs::write(port.join(file), format!("{text}\n")).unwrap();
    }
    std::fs::create_dir_all(test.path("tree/sys/class/net")).unwrap();
    std::os::unix::fs::symlink(
        "../../devices/pci0000:00/0000:00:03.0/net/ens3",
        test.path("tree/sys/class/net/ens3"),
    )
    .unwrap();
    test.expect(0, &["init", "--inventory", "tree", "-o", "kept.yaml"]);
    let text = std::fs::read_to_string(test.path("kept.yaml")).unwrap();
    assert!(text.contains("{name: mgmt0, mac: \"e4:43:4b:0a:00:07\""), "{text}");
    assert!(test.path("kept.inventory.json").exists());
    assert_only_what_is_marked_is_wrong(&test, "kept.yaml");
}

#[test]
fn a_change_is_shown_with_what_it_means() {
    let Some(test) = Test::new() else { return };
    let spec = std::fs::read_to_string(test.path("machine.yaml")).unwrap();
    let (json, _) = test.expect(0, &["plan", "machine.yaml", "--format", "json"]);
    std::fs::write(test.path("old.json"), json).unwrap();
    let (out, _) = test.expect(0, &["plan", "machine.yaml", "--against", "old.json"]);
    assert_eq!(out, "nothing is different\n");
    for (from, to, words, sum) in [
        ("192.168.50.10/24", "192.168.50.11/24", "~ reboot     network: profile mgmt0", "needs a reboot"),
        ("echo hello", "echo hi", "~ reboot     units: unit machine-hello.service", "needs a reboot"),
        (
            "by cotter:",
            "by us:",
            "~ in place   files: file /etc/motd.d/10-machine.motd",
            "changed in place; ",
        ),
        ("a1b2c3d4", "a1b2c3d5", "+ reinstall  install: installation to", "installed again"),
    ] {
        std::fs::write(test.path("new.yaml"), spec.replace(from, to)).unwrap();
        for old in ["old.json", "machine.yaml"] {
            let (out, _) = test.expect(1, &["plan", "new.yaml", "--against", old]);
            assert!(out.contains(words), "{from}: {out}");
            assert!(out.lines().last().unwrap().contains(sum), "{from}: {out}");
        }
    }
    // A new password is seen between two files, and a saved plan holds nothing that guesses could be tried on.
    std::fs::write(test.path("secrets/other.pw"), "correct horse\n").unwrap();
    std::fs::write(test.path("new.yaml"), spec.replace("core.pw", "other.pw")).unwrap();
    let (out, _) = test.expect(1, &["plan", "new.yaml", "--against", "machine.yaml"]);
    assert!(out.contains("~ in place   users: core: password"), "{out}");
    let saved: serde_json::Value =
        serde_json::from_slice(&std::fs::read(test.path("old.json")).unwrap()).unwrap();
    for artifact in saved["artifacts"].as_array().unwrap() {
        let is_secret = artifact["secrecy"] == "secret";
        assert!(!is_secret || artifact["sha256"].is_null(), "{artifact}");
    }
    test.expect(2, &["plan", "machine.yaml", "--against", "a.json"]);
}

#[test]
fn recover_prints_a_runbook_and_builds_a_medium_that_installs_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(test) = Test::new() else { return };
    let (runbook, _) = test.expect(0, &["recover", "machine.yaml"]);
    for words in [
        "# Recovery of r640\n",
        "DISK=/dev/disk/by-id/wwn-0x5000c500a1b2c3d4\n",
        "\naddress0=192.168.50.10/24\n",
        "chmod 0600 \"$S\"/etc/NetworkManager/system-connections/cotter-mgmt0.nmconnection\n",
        "\nssh-ed25519 AAAA",
        "cotter ignition machine.yaml | jq",
    ] {
        assert!(runbook.contains(words), "{words}: {runbook}");
    }
    assert!(!runbook.contains("$6$") && !runbook.contains("MachineConfig"), "{runbook}");
    let arguments = [
        "recover",
        "machine.yaml",
        "-o",
        "run.md",
        "--iso",
        "a.iso",
        "--base",
        "base.iso",
        "--format",
        "json",
    ];
    let (json, err) = test.expect(0, &arguments);
    assert!(!json.contains("$6$") && !err.contains("$6$"), "{json}{err}");
    assert_eq!(std::fs::read_to_string(test.path("run.md")).unwrap(), runbook);
    for output in ["run.md", "a.iso"] {
        let mode = test.path(output).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{output}");
    }
    let (config, _) = test.expect(0, &["image", "extract", "a.iso"]);
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let files = config["storage"]["files"].as_array().unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    for path in &paths {
        let is_right = path.starts_with("/etc/cotter/recover/")
            || path.starts_with("/etc/systemd/network/10-cotter-")
            || ["/etc/hostname", "/usr/local/bin/cotter-recover"].contains(path);
        assert!(is_right, "{path} is on the medium");
    }
    assert!(paths.contains(&"/etc/cotter/recover/passwords/core"), "{paths:?}");
    let units = config["systemd"]["units"].as_array().unwrap();
    assert!(units.len() == 1 && units[0]["name"] == "cotter-recover.service", "{units:?}");
    assert_eq!(config["passwd"]["users"][0]["name"], "core");
    let (shown, _) = test.expect(0, &["image", "show", "a.iso"]);
    assert!(shown.contains("cotter-mgmt0.nmconnection") && !shown.contains("coreos.inst"), "{shown}");
}

#[test]
fn recover_prints_no_file_that_others_may_not_read_and_says_where_to_get_it() {
    let (Some(test), Some(_)) = (Test::new(), tools::program("python3")) else { return };
    let spec = std::fs::read_to_string(test.path("machine.yaml")).unwrap();
    let path = "/etc/NetworkManager/system-connections/wired.nmconnection";
    let keyfile = r"[connection]\nid=wired\nuuid=6f1f5e0e-8a8e-4b57-9d0c-1a2b3c4d5e6f\ntype=ethernet\n[802-1x]\neap=peap;\nidentity=x\npassword=hunter2\n";
    let file = format!(
        "  files:\n    - {{path: {path}, mode: 0600, lives: [live, first-boot, later-boots], contents: {{inline: \"{keyfile}\"}}}}\n"
    );
    std::fs::write(test.path("secret.yaml"), spec.replace("  files:\n", &file)).unwrap();
    let (runbook, _) = test.expect(0, &["recover", "secret.yaml"]);
    assert!(!runbook.contains("hunter2"), "{runbook}");
    let (_, of_file) = runbook.split_once(&format!("`{path}`:")).unwrap();
    let (_, command) = of_file.split_once("```sh\n").unwrap();
    let (command, _) = command.split_once("```").unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_cotter")).parent().unwrap();
    let printed = Command::new("bash")
        .args(["-c", command])
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()))
        .current_dir(test.folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&printed.stdout), keyfile.replace(r"\n", "\n"), "{command}");
    let (json, _) = test.expect(0, &["recover", "secret.yaml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let listed = json["files"].as_array().unwrap().iter().find(|file| file["path"] == path).unwrap();
    assert_eq!(listed["sha256"], serde_json::Value::Null, "a digest lets others try guesses");
}

#[test]
fn recover_refuses_before_it_writes() {
    let Some(test) = Test::new() else { return };
    std::fs::write(test.path("there.iso"), "mine").unwrap();
    std::fs::copy(test.path("base.iso"), test.path("installs.iso")).unwrap();
    let argument = "coreos.inst.install_dev=/dev/sda";
    test.expect(0, &["image", "embed", "installs.iso", "--append-karg", argument]);
    std::fs::copy(test.path("base.iso"), test.path("full.iso")).unwrap();
    test.expect(0, &["build", "machine.yaml", "-o", "full.iso", "--base", "base.iso", "--force"]);
    let before = test.names();
    for (base, out, words) in [
        ("installs.iso", "out.iso", "installs by itself"),
        ("full.iso", "out.iso", "embedded"),
        ("base.iso", "there.iso", "there already"),
        ("machine.yaml", "out.iso", "not a live image"),
    ] {
        let (_, err) =
            test.expect(2, &["recover", "machine.yaml", "-o", "run.md", "--iso", out, "--base", base]);
        assert!(err.contains(words), "{base}: {err}");
        assert_eq!(test.names(), before, "{base} left something");
    }
    let (_, err) = test.expect(2, &["recover", "machine.yaml", "--base", "base.iso"]);
    assert!(err.contains("--iso"), "{err}");
    assert_eq!(std::fs::read(test.path("there.iso")).unwrap(), b"mine");
}
