//! What `cotter build` writes for clouds, as a user meets it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use crate::golden;
use crate::tools;

const MACHINE: &str = "cotter: 1\nname: web\ntarget: cloud\ncloud: {platform: nocloud, image: ubuntu-24.04}\n\
    storage: {files: [{path: /etc/motd, contents: {inline: hello}}]}\n";

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).args(arguments).current_dir(folder).output().unwrap()
}

fn folder(machine: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("web.yaml"), machine).unwrap();
    folder
}

/// Every script of every case is bash, and begins where the kernel looks for its interpreter.
#[test]
fn every_script_is_right_bash() {
    let shellcheck = tools::program("shellcheck");
    let mut count = 0;
    for case in golden::cases() {
        let Some(plan) = golden::plan(&case) else { continue };
        let Some(delivery) = plan.delivery() else { continue };
        for (name, output) in &delivery.files {
            if !output.bytes.starts_with(b"#!/bin/bash\n") {
                assert!(!output.is_program, "{}: {name}", case.display());
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::write(&path, &output.bytes).unwrap();
            assert!(tools::output(Command::new("bash").arg("-n").arg(&path)).is_empty());
            if let Some(shellcheck) = &shellcheck {
                let said = Command::new(shellcheck).args(["-S", "warning"]).arg(&path).output().unwrap();
                assert!(
                    said.status.success(),
                    "{}: {}",
                    case.display(),
                    String::from_utf8_lossy(&said.stdout)
                );
            }
            count += 1;
        }
    }
    assert!(count >= 12, "only {count} scripts");
}

#[test]
fn a_folder_is_written_with_its_manifest_and_replaced_only_if_asked() {
    let folder = folder(MACHINE);
    let done = cotter(folder.path(), &["build", "web.yaml", "-o", "out/"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let out = folder.path().join("out");
    let mut names: Vec<String> =
        out.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["cidata.iso", "meta-data", "snippet.sh", "user-data"]);
    assert!(folder.path().join("out.manifest.json").exists());
    let mode = |name: &str| out.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("user-data"), mode("snippet.sh")], [0o644, 0o755]);
    let again = cotter(folder.path(), &["build", "web.yaml", "-o", "out"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(cotter(folder.path(), &["build", "web.yaml", "-o", "out", "--force"]).status.success());
    std::fs::write(out.join("mine"), "x").unwrap();
    let refused = cotter(folder.path(), &["build", "web.yaml", "-o", "out", "--force"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`mine`, which is not cotter's"));
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let folder = folder(MACHINE);
    for out in ["one", "two"] {
        assert!(cotter(folder.path(), &["build", "web.yaml", "-o", out]).status.success());
    }
    for name in ["cidata.iso", "user-data", "meta-data"] {
        let read = |out: &str| std::fs::read(folder.path().join(out).join(name)).unwrap();
        assert!(read("one") == read("two"), "{name}");
    }
}

/// What needs a medium says so, before it looks for a base image.
#[test]
fn commands_for_media_refuse_a_machine_in_a_cloud() {
    let folder = folder(MACHINE);
    for arguments in [
        &["test", "web.yaml", "--base", "none.iso"][..],
        &["build", "web.yaml", "-o", "x", "--pxe"],
        &["build", "web.yaml", "-o", "x", "--base", "none.iso"],
        &["ignition", "web.yaml", "--life", "live"],
        &["plan", "web.yaml", "--base", "none.iso"],
    ] {
        let refused = cotter(folder.path(), arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("it has no installation medium"), "{arguments:?}: {said}");
    }
    let refused = cotter(folder.path(), &["recover", "web.yaml"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not installed to a disk"));
}

/// What is too large for Ignition on EC2 names what is big, and the split makes it small.
#[test]
fn what_is_too_large_is_refused_and_split() {
    let mut noise = String::new();
    let mut state = 1_u32;
    for _ in 0..40_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push(char::from(b'a' + (state >> 24) as u8 % 26));
    }
    let machine = |cloud: &str| {
        format!(
            "cotter: 1\nname: web\ntarget: cloud\ncloud: {{platform: aws, image: fedora-coreos-43{cloud}}}\n\
            storage: {{files: [{{path: /etc/small, contents: {{inline: x}}}}, {{path: /etc/noise, contents: {{inline: {noise}}}}}]}}\n"
        )
    };
    let refused = cotter(folder(&machine("")).path(), &["check", "web.yaml"]);
    let said =
        String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains("error[cloud-size]") && said.contains("`user-data` takes 16384 at most"), "{said}");
    assert!(said.contains("file /etc/noise (40000 bytes), file /etc/small (1 bytes)"), "{said}");
    assert!(said.contains("`payload_url: https://…` makes the split"), "{said}");
    let folder = folder(&machine(", payload_url: \"https://files.example.com/web\""));
    assert!(cotter(folder.path(), &["build", "web.yaml", "-o", "out"]).status.success());
    let out = folder.path().join("out");
    assert!(out.join("user-data").metadata().unwrap().len() < 400);
    let payload = std::fs::read(out.join("payload")).unwrap();
    let digest = cotter::value::Digest::of(&payload);
    let user_data = std::fs::read_to_string(out.join("user-data")).unwrap();
    assert!(user_data.contains(&format!("sha256-{digest}")), "{user_data}");
}
