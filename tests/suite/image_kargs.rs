//! `cotter image kargs`: the same words as coreos-installer's, and what it does not say.

use std::path::Path;
use std::process::Command;
use std::process::Output;

use crate::fixture;
use crate::fixture::DEFAULT;
use crate::fixture::Generation;
use crate::tools;

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["image", "kargs"]).args(arguments).current_dir(folder).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let done = cotter(folder, arguments);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{arguments:?}: {said}");
    said
}

fn now(folder: &Path) -> String {
    String::from_utf8(cotter(folder, &["show", "base.iso"]).stdout).unwrap().trim().to_owned()
}

#[test]
fn arguments_are_appended_replaced_deleted_and_reset() {
    for generation in [Generation::Current, Generation::LongNames, Generation::InsideAFile] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let Some(path) = fixture::iso(folder, generation) else { return };
        let base = std::fs::read(&path).unwrap();
        done(folder, &["append", "base.iso", "console=tty0", "console=ttyS0", "quiet"]);
        assert_eq!(now(folder), format!("{DEFAULT} console=tty0 console=ttyS0 quiet"), "{generation:?}");
        // What is there stays where it is, and that is said.
        let said = done(folder, &["append", "base.iso", "quiet", "console=tty0"]);
        assert!(said.contains("`quiet` is there already") && said.contains("`console=tty0`"), "{said}");
        done(folder, &["replace", "base.iso", "console=tty0=tty1", "console=ttyS0=ttyS1"]);
        assert_eq!(now(folder), format!("{DEFAULT} console=tty1 console=ttyS1 quiet"));
        done(folder, &["delete", "base.iso", "quiet", "ignition.firstboot"]);
        assert!(!now(folder).contains("quiet") && !now(folder).contains("firstboot"));
        let shown = cotter(folder, &["show", "--default", "base.iso"]).stdout;
        assert_eq!(String::from_utf8(shown).unwrap().trim(), DEFAULT);
        done(folder, &["reset", "base.iso"]);
        assert!(std::fs::read(&path).unwrap() == base, "{generation:?}");
    }
}

#[test]
fn what_is_not_there_or_does_not_fit_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(path) = fixture::iso(folder, Generation::Current) else { return };
    let base = std::fs::read(&path).unwrap();
    std::fs::write(folder.join("there.iso"), "mine").unwrap();
    let long = "x".repeat(2000);
    for (arguments, words) in [
        (
            &["delete", "base.iso", "quiet"][..],
            "`quiet` is not there; there are `coreos.liveiso=fixture`, `ignition.firstboot`",
        ),
        (&["delete", "base.iso", "coreos.liveiso"], "`coreos.liveiso` is not there"),
        (&["replace", "base.iso", "console=tty0=tty1"], "`console=tty0` is not there"),
        (&["replace", "base.iso", "console=tty0"], "KEY=OLD=NEW"),
        (&["append", "base.iso", "a b"], "`a b` is not one kernel argument"),
        (&["append", "base.iso", "a\nmenuentry"], "not one kernel argument"),
        (&["append", "base.iso", "a=$root"], "not one kernel argument"),
        (&["append", "base.iso", "a;reboot"], "not one kernel argument"),
        (&["replace", "base.iso", "ignition.platform.id=metal=a b"], "not one kernel argument"),
        (&["append", "base.iso", &long], "bytes too long: "),
        (&["append", "base.iso", "a", "-o", "there.iso"], "there already"),
        (&["reset", "base.iso", "-o", "there.iso"], "there already"),
        (&["append", "base.iso"], "required"),
    ] {
        let failed = cotter(folder, arguments);
        let said = String::from_utf8(failed.stderr).unwrap();
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(std::fs::read(&path).unwrap() == base, "{arguments:?} changed the base");
    }
    assert_eq!(std::fs::read(folder.join("there.iso")).unwrap(), b"mine");
    done(folder, &["delete", "--if-present", "base.iso", "quiet"]);
    done(folder, &["replace", "--if-present", "base.iso", "console=tty0=tty1"]);
    assert!(std::fs::read(&path).unwrap() == base);
    let first = tempfile::tempdir().unwrap();
    if fixture::iso(first.path(), Generation::First).is_some() {
        let failed = cotter(first.path(), &["show", "base.iso"]);
        assert_eq!(failed.status.code(), Some(2), "an image of 2020 has none to change");
    }
}

#[test]
fn coreos_installer_makes_the_same_image_of_the_same_words() {
    let Some(installer) = tools::coreos_installer() else { return };
    for generation in [Generation::Current, Generation::InsideAFile] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let Some(path) = fixture::iso(folder, generation) else { return };
        let theirs = folder.join("theirs.iso");
        std::fs::copy(&path, &theirs).unwrap();
        let modify = |arguments: &[&str]| {
            let mut command = Command::new(&installer);
            tools::output(command.args(["iso", "kargs", "modify"]).args(arguments).arg(&theirs));
        };
        for (ours, words) in [
            (
                &["append", "base.iso", "console=tty0", "foo=bar"][..],
                &["-a", "console=tty0", "-a", "foo=bar"][..],
            ),
            (&["replace", "base.iso", "foo=bar=baz"], &["-r", "foo=bar=baz"]),
            (&["delete", "base.iso", "console=tty0"], &["-d", "console=tty0"]),
        ] {
            done(folder, ours);
            modify(words);
            assert!(
                std::fs::read(&path).unwrap() == std::fs::read(&theirs).unwrap(),
                "{generation:?}: {ours:?}"
            );
        }
    }
}

#[test]
fn in_place_to_a_file_and_to_standard_output_are_the_same_bytes() {
    for generation in [Generation::Current, Generation::LongNames, Generation::InsideAFile] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let Some(path) = fixture::iso(folder, generation) else { return };
        done(folder, &["append", "base.iso", "first"]);
        for arguments in [
            &["append", "base.iso", "foo=bar"][..],
            &["replace", "base.iso", "ignition.platform.id=metal=qemu"],
            &["delete", "base.iso", "ignition.firstboot"],
            &["reset", "base.iso"],
        ] {
            let before = std::fs::read(&path).unwrap();
            let streamed = cotter(folder, &[arguments, &["-o", "-"]].concat());
            assert!(streamed.status.success());
            done(folder, &[arguments, &["-o", "out.iso", "--force"]].concat());
            assert!(std::fs::read(&path).unwrap() == before, "{arguments:?} changed the base");
            done(folder, arguments);
            let changed = std::fs::read(&path).unwrap();
            assert!(changed != before && changed == streamed.stdout, "{generation:?}: {arguments:?}");
            assert!(
                std::fs::read(folder.join("out.iso")).unwrap() == changed,
                "{generation:?}: {arguments:?}"
            );
        }
    }
}
