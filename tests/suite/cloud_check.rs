//! `cotter cloud check`: faults that were planted, payloads as kOps makes them, and what the command says of them.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotter::cloud::Certainty;
use cotter::cloud::Runs;
use cotter::cloud::Table;
use cotter::cloud::mime::Piece;
use cotter::cloud::mime::write;
use cotter::target::Against;
use cotter::target::PayloadReport;
use cotter::target::check_payload;
use cotter::world;
use cotter::world::PayloadQuestion;
use serde_json::Value;
use tempfile::TempDir;

use crate::schemas;

const UBUNTU: &str = "ubuntu-os-cloud/ubuntu-2404-lts-amd64";
const ROCKY: &str = "rocky-linux-cloud/rocky-linux-9";
const FCOS: &str = "fedora-coreos-cloud/fedora-coreos-stable";
const SCRIPT: &str = "#!/bin/bash\nset -o errexit\ncat > kube_env.yaml << '__EOF_KUBE_ENV'\nCloudProvider: gce\n__EOF_KUBE_ENV\necho done\n";
const CONFIG: &str = "#cloud-config\nruncmd:\n  - [ls, -l]\n";

/// MIME as kOps writes it: CRLF between parts, LF in them, the script first.
fn kops(parts: &[(&str, &str, &str)]) -> String {
    let part = |(name, kind, body): &(&str, &str, &str)| {
        format!(
            "--MIMEBOUNDARY\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: {kind}\r\nMime-Version: 1.0\r\n\r\n{body}\r\n"
        )
    };
    let body: String = parts.iter().map(part).collect();
    format!(
        "Content-Type: multipart/mixed; boundary=\"MIMEBOUNDARY\"\r\nMIME-Version: 1.0\r\n\r\n{body}--MIMEBOUNDARY--\r\n"
    )
}

fn nodeup() -> (&'static str, &'static str, &'static str) {
    ("nodeup.sh", "text/x-shellscript", SCRIPT)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Where a payload goes: platform, image, key.
type To = (&'static str, Option<&'static str>, Option<&'static str>);

const TO_UBUNTU: To = ("gce", Some(UBUNTU), None);
const TO_ROCKY: To = ("gce", Some(ROCKY), None);
const TO_FCOS: To = ("gce", Some(FCOS), None);
const TO_EC2: To = ("aws", Some("ubuntu/images/hvm-ssd/ubuntu-noble"), None);

/// Everything that is found, with bash.
fn found(bytes: &[u8], to: To) -> PayloadReport {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("user-data");
    std::fs::write(&file, bytes).unwrap();
    let (platform, image, key) = to;
    world::check_payload(PayloadQuestion { file: &file, platform, image, key, table: None }).unwrap()
}

fn said(report: &PayloadReport) -> Vec<String> {
    let place = |file: &str| file.rsplit('/').next().unwrap().to_owned();
    let line = |f: &cotter::document::Diagnostic| {
        format!("{} {}:{} {} | {}", f.rule, place(&f.origin.file), f.origin.line, f.message, f.help)
    };
    report.findings.iter().map(line).collect()
}

/// Rule, what breaks it, where it goes, what is said, and what nearly breaks it.
struct Case {
    rule: &'static str,
    breaks: Vec<u8>,
    to: To,
    says: &'static str,
    nearly: (Vec<u8>, To),
}

fn cases() -> Vec<Case> {
    let case = |rule, breaks: &str, to, says, nearly: &str| Case {
        rule,
        breaks: breaks.as_bytes().to_vec(),
        to,
        says,
        nearly: (nearly.as_bytes().to_vec(), to),
    };
    let config = |text: &str| format!("#cloud-config\n{text}");
    let two = |first: &str, second: &str| {
        kops(&[("a", "text/cloud-config", first), ("b", "text/cloud-config", second)])
    };
    let large = |bytes: usize| format!("#!/bin/bash\n{}\n", "#".repeat(bytes - 13));
    let script = |text: &str| format!("#!/bin/bash\n{text}");
    let ignition = |rest: &str| format!("{{\"ignition\": {{\"version\": \"3.3.0\"}}{rest}}}");
    let bomb = gzip(&vec![b'#'; 40 << 20]);
    let mut cases = vec![
        case(
            "boot-data-unread",
            &kops(&[nodeup()]),
            TO_ROCKY,
            "headers of MIME would be run as commands",
            SCRIPT,
        ),
        case("boot-data-unread", CONFIG, TO_ROCKY, "cloud-config is no script", SCRIPT),
        case("boot-data-unread", &ignition(""), TO_ROCKY, "Ignition is no script", SCRIPT),
        case("boot-data-unread", SCRIPT, TO_FCOS, "Ignition does not read a script", &ignition("")),
        case(
            "boot-data-unread",
            SCRIPT,
            ("gce", Some(ROCKY), Some("user-data")),
            "nothing in Rocky Linux of Google's project looks at `user-data` | put it under `startup-script`",
            SCRIPT,
        ),
        case(
            "boot-data-unread",
            &kops(&[nodeup()]),
            ("aws", Some("Flatcar-stable-1"), None),
            "MIME did not boot Flatcar",
            &ignition(""),
        ),
        case("boot-data-unread", CONFIG, ("gce", None, Some("startup-script")), "no script", SCRIPT),
        case(
            "boot-data-unread",
            SCRIPT,
            ("gce", Some("windows-cloud/windows-2022"), None),
            "nothing in Windows looks at",
            SCRIPT,
        ),
        case(
            "boot-data-image",
            SCRIPT,
            ("gce", Some("mine/golden"), None),
            "`mine/golden` is in no table",
            SCRIPT,
        ),
        case(
            "boot-data-image",
            SCRIPT,
            ("gce", Some("centos-cloud/centos-stream-10"), None),
            "presumed",
            SCRIPT,
        ),
        case(
            "boot-data-size",
            &large(16_385),
            TO_EC2,
            "16385 bytes before base64; `user-data` takes 16384 at most",
            &large(16_384),
        ),
        case(
            "boot-data-size",
            &large(2049),
            ("kubevirt", Some("ubuntu"), None),
            "`secretRef` takes more",
            &large(2048),
        ),
        case(
            "boot-data-encoding",
            &STANDARD.encode(CONFIG),
            ("digitalocean", Some("ubuntu-24-04-x64"), None),
            "nobody takes the base64 off `user_data`",
            CONFIG,
        ),
        case(
            "boot-data-encoding",
            &STANDARD.encode(gzip(ignition("").as_bytes())),
            ("aws", Some("fedora-coreos-40"), None),
            "Ignition does not unpack gzip",
            &STANDARD.encode(ignition("")),
        ),
        case(
            "boot-data-mime",
            &kops(&[nodeup()])
                .replace("MIME-Version: 1.0\r\n\r\n--", "X: 1\r\n\r\n--")
                .replace("Mime-Version: 1.0\r\n", ""),
            TO_UBUNTU,
            "cloud-init does not take it for MIME",
            &kops(&[nodeup()]),
        ),
        case(
            "boot-data-mime",
            &format!("\n{}", kops(&[nodeup()])),
            TO_UBUNTU,
            "an empty line before its headers",
            &kops(&[nodeup()]),
        ),
        case(
            "boot-data-mime",
            &kops(&[nodeup(), ("é", "text/cloud-config", "#cloud-config\nruncmd: [echo é]\n")]),
            TO_UBUNTU,
            "mangled",
            &kops(&[nodeup(), ("e", "text/cloud-config", "#cloud-config\nruncmd: [echo e]\n")]),
        ),
        case(
            "boot-data-mime",
            &kops(&[nodeup()]).replace("7bit", "base64"),
            TO_UBUNTU,
            "said to be base64 and are not",
            &kops(&[nodeup()]),
        ),
        case(
            "boot-data-mime",
            &kops(&[nodeup()]).replace("--MIMEBOUNDARY--", ""),
            TO_UBUNTU,
            "cut off",
            &kops(&[nodeup()]),
        ),
        case(
            "boot-data-part",
            &kops(&[("a", "text/x-shellscripts", SCRIPT)]),
            TO_UBUNTU,
            "did you mean `text/x-shellscript`?",
            &kops(&[nodeup()]),
        ),
        case("boot-data-part", "echo hello\n", TO_UBUNTU, "does not know how it begins", SCRIPT),
        case("boot-data-part", "", TO_UBUNTU, "there is nothing in it", SCRIPT),
        case("boot-data-part", "#upstart-job\nstart on x\n", TO_UBUNTU, "upstart", SCRIPT),
        case(
            "boot-data-part",
            "#cloud-config-archive\ntype: a\n",
            TO_UBUNTU,
            "an archive is a list",
            "#cloud-config-archive\n- |\n  #!/bin/sh\n  ls\n",
        ),
        case("boot-data-header", "runcmd:\n  - ls\n", TO_UBUNTU, "says that it is done", CONFIG),
        case(
            "boot-data-header",
            "# cloud-config\nruncmd:\n  - ls\n",
            TO_UBUNTU,
            "`# cloud-config` is not `#cloud-config`",
            CONFIG,
        ),
        case("boot-data-header", &format!("\n{CONFIG}"), TO_UBUNTU, "not the very first", CONFIG),
        case("boot-data-header", &format!("\u{feff}{CONFIG}"), TO_UBUNTU, "byte order mark", CONFIG),
        case("boot-data-header", "#cloud-config:\nruncmd: [ls]\n", TO_UBUNTU, "is taken for", CONFIG),
        case(
            "boot-data-include",
            "#include\nsetup.yaml\n",
            TO_UBUNTU,
            "`setup.yaml` is no URL",
            "#include\n# a remark\nhttps://example.com/a\n",
        ),
        case(
            "boot-data-include",
            "#include-once\n",
            TO_UBUNTU,
            "no URL in it",
            "#include-once https://example.com/a\n",
        ),
        case(
            "boot-data-template",
            "## template: jinja\n#cloud-config\n{% if a %}\nhostname: b\n",
            TO_UBUNTU,
            "`if` is never closed",
            "## template: jinja\n#cloud-config\n{% if a %}\nhostname: b\n{% endif %}\n",
        ),
        case(
            "boot-data-template",
            "## template: jinja\nhostname: {{ v1.x }}\n",
            TO_UBUNTU,
            "passes over it",
            "## template: jinja\n#cloud-config\nhostname: {{ v1.x }}\n",
        ),
        case(
            "boot-data-template",
            &config("hostname: '{{ v1.local_hostname }}'\n"),
            TO_UBUNTU,
            "stay as they are",
            &config("hostname: a\n"),
        ),
        case(
            "boot-data-merge",
            &two(&config("runcmd: [a]\n"), &config("runcmd: [b]\n")),
            TO_UBUNTU,
            "is in part 1 `a` too",
            &two(
                &config("runcmd: [a]\n"),
                &config("merge_how: 'list(append)+dict(no_replace,recurse_list)+str()'\nruncmd: [b]\n"),
            ),
        ),
        case(
            "boot-data-ignition",
            "{\"ignition\": {\"version\": \"2.2.0\"}}",
            TO_FCOS,
            "`2.2.0`",
            &ignition(""),
        ),
        case(
            "boot-data-ignition",
            "{\"ignition\": {\"version\": \"3.3.0\"},\n}",
            TO_FCOS,
            "user-data:2 the document is no JSON",
            &ignition(""),
        ),
        case(
            "boot-data-ignition",
            &ignition(", \"storage\": {\"files\": [{\"path\": \"a\"}]}"),
            TO_FCOS,
            "storage.files[0].path",
            &ignition(", \"storage\": {\"files\": [{\"path\": \"/a\"}]}"),
        ),
        case(
            "boot-data-ignition",
            &ignition(", \"storage\": {\"fles\": [{\"path\": \"/a\"}]}"),
            TO_FCOS,
            "does not know `storage.fles`",
            &ignition(""),
        ),
        case(
            "cloud-config-key",
            &config("userz: []\n"),
            TO_UBUNTU,
            "user-data:2 `userz` is no key of cloud-config | did you mean `users`?",
            &config("users: [default]\n"),
        ),
        case(
            "cloud-config-value",
            &config("hostname: [a]\n"),
            TO_UBUNTU,
            "user-data:2 `hostname` is a list, not a text",
            &config("hostname: a\n"),
        ),
        case(
            "cloud-config-value",
            &config("write_files:\n- path: /a\n  permissions: 0644\n"),
            TO_UBUNTU,
            "user-data:4",
            &config("write_files:\n- path: /a\n  permissions: '0644'\n"),
        ),
        case("cloud-config-value", &config("- runcmd\n"), TO_UBUNTU, "no mapping", CONFIG),
        case("cloud-config-value", "#cloud-config\n# nothing\n", TO_UBUNTU, "nothing in it", CONFIG),
        case(
            "cloud-config-old",
            &config("ssh_pwauth: 'yes'\n"),
            TO_UBUNTU,
            "deprecated",
            &config("ssh_pwauth: true\n"),
        ),
        case("boot-script-start", &format!("\n{SCRIPT}"), TO_UBUNTU, "something comes before `#!`", SCRIPT),
        case(
            "boot-script-start",
            &kops(&[("a", "text/x-shellscript", "ls -l\n")]),
            TO_UBUNTU,
            "does not begin with `#!`",
            &kops(&[nodeup()]),
        ),
        case("boot-script-start", "#!bash\nls\n", TO_UBUNTU, "names no program by its path", SCRIPT),
        case("boot-script-start", "ls -l\n", TO_ROCKY, "bash runs it itself", &format!("\n\n{SCRIPT}")),
        case("boot-script-line-ends", &SCRIPT.replace('\n', "\r\n"), TO_ROCKY, "carriage return", SCRIPT),
        case(
            "boot-script-line-ends",
            &SCRIPT.replace('\n', "\r\n"),
            TO_UBUNTU,
            "cloud-init mends that",
            SCRIPT,
        ),
        case("boot-script-line-ends", &script("ls\r\nls\n"), TO_UBUNTU, "user-data:2 ", SCRIPT),
        case(
            "boot-script-syntax",
            &script("if true; then\nls\n"),
            TO_UBUNTU,
            "syntax error: unexpected end of file",
            &script("if true; then\nls\nfi\n"),
        ),
        case(
            "boot-script-syntax",
            "#!/bin/sh\necho )\n",
            TO_ROCKY,
            "user-data:2 bash: syntax error near unexpected token",
            "#!/usr/bin/python3\necho )\n",
        ),
        case(
            "boot-script-syntax",
            "#cloud-boothook\n#!/bin/sh\n\necho )\n",
            TO_UBUNTU,
            "user-data:4 ",
            "#cloud-boothook\n#!/bin/sh\n\necho\n",
        ),
        case(
            "yaml-syntax",
            &config("users:\n\t- a\n"),
            TO_UBUNTU,
            "user-data:3 tabs",
            &config("users:\n  - a\n"),
        ),
        case(
            "yaml-syntax",
            &config("runcmd:\n  - a\n - b\n"),
            TO_UBUNTU,
            "user-data:4 ",
            &config("runcmd:\n  - a\n  - b\n"),
        ),
        case("duplicate-key", &config("runcmd: [a]\nruncmd: [b]\n"), TO_UBUNTU, "written twice", CONFIG),
    ];
    cases.push(Case {
        rule: "boot-data-packed",
        breaks: bomb,
        to: TO_EC2,
        says: "more than",
        nearly: (gzip(CONFIG.as_bytes()), TO_EC2),
    });
    let cut = gzip(SCRIPT.as_bytes());
    let cut = cut[..cut.len() / 2].to_vec();
    cases.push(Case {
        rule: "boot-data-packed",
        breaks: cut,
        to: TO_EC2,
        says: "damaged or cut off",
        nearly: (gzip(SCRIPT.as_bytes()), TO_EC2),
    });
    let wrapped = STANDARD.encode(gzip(SCRIPT.as_bytes())).into_bytes();
    cases.push(Case {
        rule: "boot-data-encoding",
        breaks: gzip(SCRIPT.as_bytes()),
        to: TO_UBUNTU,
        says: "set `user-data-encoding` to `base64`",
        nearly: (wrapped, TO_UBUNTU),
    });
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(CONFIG.bytes().flat_map(|byte| [byte, 0])).collect();
    cases.push(Case {
        rule: "boot-data-header",
        breaks: utf_16,
        to: TO_EC2,
        says: "UTF-16",
        nearly: (CONFIG.into(), TO_EC2),
    });
    cases
}

/// Rules whose cases are here.
pub fn rules() -> Vec<&'static str> {
    cotter::cloud::RULES.iter().map(|rule| rule.name).collect()
}

#[test]
fn every_planted_fault_is_found_and_what_is_nearly_one_is_not() {
    let mut wrong = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for Case { rule, breaks, to, says, nearly } in cases() {
        seen.push(rule);
        let report = found(&breaks, to);
        let said_of_it = said(&report);
        let is_found = said_of_it.iter().any(|line| line.starts_with(rule) && line.contains(says));
        if !is_found {
            wrong.push(format!("{rule} ({says}) says {said_of_it:#?}"));
        }
        // Images of no family, and of none that can be prepared, stay what they are.
        let is_the_same = nearly.0 == breaks || ["boot-data-unread", "boot-data-image"].contains(&rule);
        let said_nearly = said(&found(&nearly.0, nearly.1));
        if !is_the_same && !said_nearly.is_empty() {
            wrong.push(format!("{rule} nearly says {said_nearly:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for rule in rules() {
        assert!(seen.contains(&rule), "{rule} has no case");
    }
}

#[test]
fn what_kops_makes_is_judged_rightly() {
    let plain = SCRIPT.as_bytes();
    let parts = kops(&[nodeup(), ("extra", "text/cloud-config", CONFIG)]);
    let parts = parts.as_bytes();
    for (bytes, to, certainty, runs, rules) in [
        (plain, TO_ROCKY, Certainty::Yes, Some(Runs::EveryBoot), &[][..]),
        (plain, TO_UBUNTU, Certainty::Yes, Some(Runs::OncePerInstance), &[]),
        // kubernetes/kops#16697: the key that nobody looks at.
        (plain, ("gce", Some(ROCKY), Some("user-data")), Certainty::No, None, &["boot-data-unread"]),
        // kubernetes/kops#15589: MIME where a script is run.
        (parts, ("gce", Some(ROCKY), Some("startup-script")), Certainty::No, None, &["boot-data-unread"]),
        (parts, ("gce", Some(UBUNTU), Some("startup-script")), Certainty::No, None, &["boot-data-unread"]),
        (parts, TO_UBUNTU, Certainty::Yes, Some(Runs::OncePerInstance), &[]),
        (parts, ("gce", None, None), Certainty::Unknown, Some(Runs::OncePerInstance), &[]),
        (parts, TO_EC2, Certainty::Yes, Some(Runs::OncePerInstance), &[]),
        (parts, ("aws", Some("Flatcar-stable-1"), None), Certainty::No, None, &["boot-data-unread"]),
        (plain, ("gce", Some("cos-cloud/cos-stable"), None), Certainty::Yes, Some(Runs::EveryBoot), &[]),
    ] {
        let report = found(bytes, to);
        assert_eq!((report.read.certainty, report.parts[0].runs), (certainty, runs), "{to:?}");
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(found, rules, "{to:?}");
        assert_eq!(report.parts[0].interpreter.as_deref(), Some("bash"));
    }
    let report = found(parts, TO_UBUNTU);
    let labels: Vec<&str> = report.parts.iter().map(|part| part.label.as_str()).collect();
    assert_eq!(labels, ["part 1 `nodeup.sh`", "part 2 `extra`"]);
}

#[test]
fn findings_are_at_their_line_in_the_file_and_in_the_part() {
    let bad = "#cloud-config\nruncmd:\n  - ls\nuserz: []\n";
    let parts = kops(&[nodeup(), ("extra", "text/cloud-config", bad)]);
    let report = found(parts.as_bytes(), TO_UBUNTU);
    let finding = &report.findings[0];
    let line = parts.lines().position(|line| line.starts_with("userz")).unwrap() + 1;
    assert_eq!(finding.origin.line, line);
    assert_eq!(finding.origin.key, "part 2 `extra`, line 4: userz");
    assert!(finding.origin.file.ends_with("user-data"));
    // In base64 its lines are no lines of the file: then they are those of the part.
    let piece = |name: &str, kind: &str, text: &str| Piece {
        headers: Vec::new(),
        filename: name.to_owned(),
        content_type: kind.to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let written = write(&[
        piece("a.sh", "text/x-shellscript", SCRIPT),
        piece("b", "text/cloud-config", &format!("{bad}# é\n")),
    ]);
    let report = found(&written, TO_UBUNTU);
    let finding = &report.findings[0];
    assert_eq!(finding.origin.line, 4);
    assert!(finding.origin.file.ends_with("user-data (part 2 `b`)"), "{}", finding.origin.file);
    assert!(report.texts[&finding.origin.file].lines().nth(3).unwrap().starts_with("userz"));
}

/// How parts are merged may be said in a part's header too.
#[test]
fn a_part_says_in_its_header_how_it_is_merged() {
    let parts = kops(&[("a", "text/cloud-config", CONFIG), ("b", "text/cloud-config", CONFIG)]);
    assert_eq!(found(parts.as_bytes(), TO_UBUNTU).findings[0].rule, "boot-data-merge");
    for header in ["Merge-Type", "X-Merge-Type"] {
        let kind = "Content-Type: text/cloud-config\r\n";
        let said =
            parts.replace(kind, &format!("{kind}{header}: list(append)+dict(recurse_array)+str()\r\n"));
        assert_eq!(found(said.as_bytes(), TO_UBUNTU).findings, []);
    }
}

/// What a payload says cannot drive the terminal on which it is shown.
#[test]
fn nothing_of_a_payload_reaches_a_terminal_that_could_drive_it() {
    let parts = kops(&[
        ("a\u{1b}[2J", "text/\u{1b}]0;x\u{7}", "\u{1b}[31m\n"),
        ("b", "text/cloud-config", "#cloud-config\n\"us\\e[2Jer\": \u{1b}[31m\n"),
    ]);
    let against = Against { table: Table::own(), platform: "gce", image: Some(UBUNTU), key: None };
    let report = check_payload("a", parts.as_bytes(), against).unwrap();
    let shown: Vec<String> = report
        .findings
        .iter()
        .map(|finding| finding.render(report.texts.get(&finding.origin.file).map(String::as_str)))
        .collect();
    assert!(!shown.is_empty() && shown.iter().all(|text| !text.contains('\u{1b}')), "{shown:?}");
    assert!(report.parts.iter().all(|part| !part.label.contains('\u{1b}')));
}

struct Test {
    folder: TempDir,
}

impl Test {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("script"), SCRIPT).unwrap();
        std::fs::write(folder.path().join("mime"), kops(&[nodeup(), ("extra", "text/cloud-config", CONFIG)]))
            .unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(["cloud", "check"]).args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command
    }

    fn expect(&self, code: i32, arguments: &[&str]) -> (String, String) {
        self.ended(code, self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    fn ended(&self, code: i32, done: Output) -> (String, String) {
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{out}{err}");
        (out, err)
    }
}

#[test]
fn the_command_says_who_reads_it_and_ends_by_what_it_found() {
    let test = Test::new();
    let (out, _) = test.expect(0, &["script", "--platform", "gce", "--image", ROCKY]);
    assert!(out.contains("is read under `startup-script` on gce") && out.contains("at every boot"), "{out}");
    let (out, err) = test.expect(2, &["mime", "--platform", "gcp", "--image", ROCKY]);
    assert!(out.contains("is not read") && err.contains("error[boot-data-unread]"), "{out}{err}");
    let (_, err) = test.expect(0, &["script", "--platform", "gce", "--image", "mine/golden"]);
    assert!(err.contains("warning[boot-data-image]"), "{err}");
    test.expect(2, &["script", "--platform", "gce", "--image", "mine/golden", "--strict"]);
    for (arguments, words) in [
        (&["script", "--platform", "gcee"][..], "did you mean `gce`?"),
        (&["script", "--platform", "gce", "--key", "startup-scripts"], "did you mean `startup-script`?"),
        (&["nowhere", "--platform", "gce"], "no such file"),
        (&["script"], "--platform"),
    ] {
        let (out, err) = test.expect(2, arguments);
        assert!(err.contains(words) && out.is_empty(), "{err}");
    }
}

#[test]
fn the_payload_may_come_from_standard_input_and_the_report_is_what_the_schema_says() {
    let test = Test::new();
    let packed = STANDARD.encode(gzip(
        kops(&[nodeup(), ("e", "text/cloud-config", "#cloud-config\nbootcmd: [ls]\nuserz: 1\n")]).as_bytes(),
    ));
    let arguments = ["-", "--platform", "gce", "--image", UBUNTU, "--format", "json"];
    let mut child = test
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(packed.as_bytes()).unwrap();
    let (out, _) = test.ended(2, child.wait_with_output().unwrap());
    let report: Value = serde_json::from_str(&out).unwrap();
    schemas::assert_is("cloud-check", &report);
    assert_eq!(report["layers"], serde_json::json!(["base64", "gzip", "mime"]));
    assert_eq!(report["set_beside"]["user-data-encoding"], "base64");
    assert_eq!(report["parts"][1]["every_boot"], serde_json::json!(["bootcmd"]));
    assert_eq!(report["findings"][0]["rule"], "cloud-config-key");
    for name in ["script", "mime"] {
        let (out, _) = test.expect(0, &[name, "--platform", "vsphere", "--format", "json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        schemas::assert_is("cloud-check", &report);
        assert_eq!(report["set_beside"]["guestinfo.userdata.encoding"], "base64");
    }
}

#[test]
fn a_table_of_the_users_own_is_asked_first_and_a_wrong_one_is_refused_at_its_place() {
    let test = Test::new();
    let table = "[[family]]\nname = \"golden\"\ntitle = \"our image\"\npatterns = [\"mine/*\"]\nreaders = [\"startup-script\"]\nnetwork = \"unknown\"\nbasis = \"we made it\"\n";
    std::fs::write(test.folder.path().join("table.toml"), table).unwrap();
    let arguments = ["mime", "--platform", "gce", "--image", "mine/golden"];
    test.expect(0, &arguments);
    let (out, _) = test.expect(2, &[&arguments[..], &["--table", "table.toml"]].concat());
    assert!(out.contains("`mine/golden` is our image: we made it"), "{out}");
    let done = test.command(&arguments).env("COTTER_CLOUD_TABLE", "table.toml").output().unwrap();
    test.ended(2, done);
    std::fs::write(test.folder.path().join("table.toml"), table.replace("basis", "bases")).unwrap();
    let (_, err) = test.expect(2, &[&arguments[..], &["--table", "table.toml"]].concat());
    assert!(err.contains("`table.toml:7:1`") && err.contains("bases"), "{err}");
}

/// Without bash the scripts stay unjudged, and it is said.
#[test]
fn without_bash_it_says_what_was_not_judged() {
    let test = Test::new();
    let arguments = ["script", "--platform", "gce", "--image", ROCKY];
    let done = test.command(&arguments).env("PATH", test.folder.path()).output().unwrap();
    let (out, _) = test.ended(0, done);
    assert!(out.contains("not judged: `bash` cannot be asked"), "{out}");
    let kept =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/cloud_config/schema-cloud-config-v1.LICENSE");
    assert!(std::fs::read_to_string(kept).unwrap().contains("Apache License"));
}

/// Seeds of the fuzzer, cut off and with bytes changed: judged, and never a panic.
#[test]
fn damaged_payloads_are_judged_too() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as usize
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/payload");
    let mut seeds: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(seeds.len() >= 8);
    for seed in seeds {
        let whole = std::fs::read(&seed).unwrap();
        for round in 0..40 {
            let mut bytes = whole.clone();
            bytes.truncate(if round % 4 == 0 { next() % (whole.len() + 1) } else { whole.len() });
            for _ in 0..round % 5 {
                let (at, byte) = (next() % whole.len(), b"\n-:\"{}[]#!\0\xff=A"[next() % 14]);
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let against = Against { table: Table::own(), platform: "gce", image: Some(UBUNTU), key: None };
            let report = check_payload("a", &bytes, against).unwrap();
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(
                report.parts.iter().all(|part| part.line >= 1 && part.line <= lines),
                "{}",
                seed.display()
            );
        }
    }
}
