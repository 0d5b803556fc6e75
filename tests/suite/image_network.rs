//! `cotter image network` and `embed`: an edit of one part leaves the other, and nobody reads secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use crate::fixture;
use crate::fixture::Generation;
use crate::tools;

const CONFIG: &str = "{\"ignition\":{\"version\":\"3.3.0\"}}";
const KEYFILE: &str = "[connection]\nid=a\ntype=ethernet\n\n[ethernet]\nmac-address=52:54:00:00:00:01\n";

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.arg("image").args(arguments).current_dir(folder).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> (String, String) {
    let done = cotter(folder, arguments);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{arguments:?}: {said}");
    (String::from_utf8_lossy(&done.stdout).into_owned(), said)
}

/// A fixture beside a document and keyfiles.
fn prepared(folder: &Path) -> Option<Vec<u8>> {
    prepared_as(folder, Generation::Current)
}

fn prepared_as(folder: &Path, generation: Generation) -> Option<Vec<u8>> {
    let path = fixture::iso(folder, generation)?;
    for (name, text) in [
        ("c.ign", CONFIG),
        ("a.nmconnection", KEYFILE),
        ("b.nmconnection", "[connection]\nid=b\ntype=ethernet\ninterface-name=eno1\n"),
        ("wifi.nmconnection", "[connection]\nid=wifi\ntype=wifi\n\n[wifi-security]\npsk=secret\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    Some(std::fs::read(path).unwrap())
}

fn paths(folder: &Path) -> Vec<String> {
    let (shown, _) = done(folder, &["show", "base.iso", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let files = shown["embedded"].as_array().unwrap();
    files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_edit_of_one_part_leaves_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(base) = prepared(folder) else { return };
    let (a, b) =
        ("etc/coreos-firstboot-network/a.nmconnection", "etc/coreos-firstboot-network/b.nmconnection");
    done(folder, &["network", "embed", "base.iso", "-k", "a.nmconnection"]);
    done(folder, &["embed", "base.iso", "--config", "c.ign"]);
    assert_eq!(paths(folder), ["config.ign", a]);
    let (shown, _) = done(folder, &["network", "show", "base.iso"]);
    assert_eq!(shown, "a.nmconnection  a (ethernet), bound to the port 52:54:00:00:00:01\n");
    // What is there is replaced only if that is meant; a name that may change is said.
    let refused = cotter(folder, &["network", "embed", "base.iso", "-k", "b.nmconnection"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("network profiles already"));
    let (_, said) = done(folder, &["network", "embed", "base.iso", "-k", "b.nmconnection", "--force"]);
    assert!(said.contains("by its name `eno1`"), "{said}");
    assert_eq!(paths(folder), ["config.ign", b]);
    let refused = cotter(folder, &["embed", "base.iso", "--config", "c.ign"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("already"));
    done(folder, &["embed", "base.iso", "--network-keyfile", "a.nmconnection", "--force"]);
    assert_eq!(paths(folder), ["config.ign", a]);
    done(folder, &["kargs", "append", "base.iso", "quiet"]);
    done(folder, &["reset", "base.iso", "--config"]);
    assert_eq!(paths(folder), [a]);
    let (printed, _) = done(folder, &["network", "extract", "base.iso"]);
    assert_eq!(printed, format!("# a.nmconnection\n{KEYFILE}"));
    done(folder, &["network", "extract", "base.iso", "-C", "out"]);
    assert_eq!(std::fs::read_to_string(folder.join("out/a.nmconnection")).unwrap(), KEYFILE);
    done(folder, &["network", "remove", "base.iso"]);
    assert!(paths(folder).is_empty());
    done(folder, &["kargs", "reset", "base.iso"]);
    assert!(std::fs::read(folder.join("base.iso")).unwrap() == base, "nothing is left of it");
    let nothing = cotter(folder, &["network", "extract", "base.iso"]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn coreos_installer_agrees_on_both_parts() {
    let Some(installer) = tools::coreos_installer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(base) = prepared(folder) else { return };
    let run = |arguments: &[&str]| {
        tools::output(Command::new(&installer).arg("iso").args(arguments).arg("base.iso").current_dir(folder))
    };
    done(folder, &["embed", "base.iso", "--config", "c.ign"]);
    run(&["network", "embed", "-k", "a.nmconnection"]);
    done(folder, &["network", "embed", "base.iso", "-k", "wifi.nmconnection", "--force"]);
    run(&["network", "extract", "-C", "theirs"]);
    assert!(
        folder.join("theirs/wifi.nmconnection").exists() && !folder.join("theirs/a.nmconnection").exists()
    );
    assert_eq!(run(&["ignition", "show"]), CONFIG.as_bytes());
    run(&["ignition", "remove"]);
    assert_eq!(paths(folder), ["etc/coreos-firstboot-network/wifi.nmconnection"]);
    done(folder, &["network", "remove", "base.iso"]);
    assert!(std::fs::read(folder.join("base.iso")).unwrap() == base);
}

#[test]
fn what_the_live_system_could_not_read_is_refused_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(base) = prepared(folder) else { return };
    std::fs::write(folder.join("old.ign"), "{\"ignition\":{\"version\":\"2.2.0\"}}").unwrap();
    std::fs::write(folder.join("c.bu"), "variant: fcos\nversion: 1.5.0\n").unwrap();
    std::fs::write(folder.join("bad.nmconnection"), "\u{1}garbage\n").unwrap();
    let refused = |arguments: &[&str], words: &[&str]| {
        let done = cotter(folder, arguments);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{arguments:?}: {said}");
        assert!(std::fs::read(folder.join("base.iso")).unwrap() == base);
    };
    let both = ["embed", "base.iso", "--config", "old.ign", "--network-keyfile", "bad.nmconnection"];
    refused(&both, &["`2.2.0`", "bad.nmconnection:1", "2 errors", "--raw"]);
    refused(&["embed", "base.iso", "--config", "c.bu"], &["no JSON", "cotter ignition"]);
    refused(&["embed", "base.iso", "--config", "not-there.ign"], &["not-there.ign"]);
    refused(&["network", "embed", "base.iso", "-k", "c.ign"], &[".nmconnection"]);
    done(folder, &[&both[..], &["--raw", "-o", "raw.iso"]].concat());
}

#[test]
fn a_document_may_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if prepared(folder).is_none() {
        return;
    }
    let config = std::fs::File::open(folder.join("c.ign")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["image", "embed", "base.iso", "--config", "-"]).current_dir(folder).stdin(config);
    tools::output(&mut command);
    assert_eq!(done(folder, &["extract", "base.iso"]).0, CONFIG);
}

#[test]
fn servers_may_read_what_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if prepared(folder).is_none() {
        return;
    }
    let user =
        r#"{"ignition":{"version":"3.3.0"},"passwd":{"users":[{"name":"core","passwordHash":"$6$a$b"}]}}"#;
    std::fs::write(folder.join("user.ign"), user).unwrap();
    let mode = |name: &str| folder.join(name).metadata().unwrap().permissions().mode() & 0o777;
    for (index, (arguments, expected, words)) in [
        (&["embed", "base.iso", "--config", "c.ign"][..], 0o644, "everybody may read it"),
        (&["embed", "base.iso", "--config", "user.ign"], 0o600, "it holds the password hash of `core`"),
        (&["network", "embed", "base.iso", "-k", "a.nmconnection"], 0o644, "everybody"),
        (&["network", "embed", "base.iso", "-k", "wifi.nmconnection"], 0o600, "it holds the keyfile `wifi`"),
        (
            &["kargs", "append", "base.iso", "rd.iscsi.password=x"],
            0o600,
            "the kernel argument `rd.iscsi.password`",
        ),
        (&["reset", "base.iso"], 0o644, "everybody"),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("{index}.iso");
        let (_, said) = done(folder, &[arguments, &["-o", &out]].concat());
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert_eq!(mode(&out), expected, "{arguments:?}");
    }
    // In place, the file stays as open as it is, and that is said.
    let base = folder.join("base.iso");
    for (open, is_said) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&base, std::fs::Permissions::from_mode(open)).unwrap();
        let (_, said) = done(folder, &["embed", "base.iso", "--config", "user.ign", "--force"]);
        assert_eq!(said.contains("others may read") && said.contains("chmod 600"), is_said, "{said}");
        assert_eq!(mode("base.iso"), open);
    }
    let (_, said) = done(folder, &["embed", "base.iso", "--config", "c.ign", "--force"]);
    assert!(!said.contains("others may read"), "{said}");
}

#[test]
fn in_place_to_a_file_and_to_standard_output_are_the_same_bytes() {
    let reads_network = |generation| generation != Generation::First;
    for generation in [Generation::Current, Generation::LongNames, Generation::First, Generation::InsideAFile]
    {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let Some(base) = prepared_as(folder, generation) else { return };
        let path = folder.join("base.iso");
        for arguments in [
            &["embed", "base.iso", "--config", "c.ign"][..],
            &["network", "embed", "base.iso", "-k", "a.nmconnection"],
            &["network", "remove", "base.iso"],
            &["embed", "base.iso", "--network-keyfile", "wifi.nmconnection"],
            &["reset", "base.iso", "--config"],
            &["reset", "base.iso"],
        ] {
            if !reads_network(generation) && arguments.iter().any(|word| word.contains("nmconnection")) {
                let refused = cotter(folder, arguments);
                let said = String::from_utf8(refused.stderr).unwrap();
                assert_eq!(refused.status.code(), Some(2), "{said}");
                assert!(said.contains("does not read embedded network profiles"), "{said}");
                continue;
            }
            let streamed = cotter(folder, &[arguments, &["-o", "-"]].concat());
            assert!(streamed.status.success(), "{generation:?}: {arguments:?}");
            done(folder, &[arguments, &["-o", "out.iso", "--force"]].concat());
            done(folder, arguments);
            let changed = std::fs::read(&path).unwrap();
            assert!(changed == streamed.stdout, "{generation:?}: {arguments:?}");
            assert!(
                std::fs::read(folder.join("out.iso")).unwrap() == changed,
                "{generation:?}: {arguments:?}"
            );
        }
        assert!(std::fs::read(&path).unwrap() == base, "{generation:?}: the last reset gives the base");
    }
}
