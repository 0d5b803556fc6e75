//! Volumes that cotter writes, read by others.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cotter::image;

use crate::tools;

/// What `seed` writes and others must find.
fn files() -> BTreeMap<String, Vec<u8>> {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    [
        ("user-data", b"#cloud-config\n{}\n".to_vec()),
        ("meta-data", b"instance-id: a\n".to_vec()),
        ("network-config", Vec::new()),
        ("vendor-data", large),
        ("A name\u{e9}", b"x".to_vec()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

fn found(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn xorriso_finds_every_file_under_its_name() {
    if tools::program("xorriso").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let iso = folder.path().join("cidata.iso");
    std::fs::write(&iso, image::seed("cidata", &files()).unwrap()).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::new("xorriso");
    command
        .args(["-abort_on", "WARNING", "-return_with", "WARNING", "32", "-osirrox", "on", "-indev"])
        .arg(&iso);
    let done = command.args(["-toc", "-extract", "/"]).arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "{said}");
    assert!(said.contains("Volume id    : 'cidata'"), "{said}");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&out), files());
}

#[test]
fn blkid_knows_its_label() {
    if tools::program("blkid").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let iso = folder.path().join("cidata.iso");
    std::fs::write(&iso, image::seed("cidata", &files()).unwrap()).unwrap();
    let label = tools::output(
        Command::new("blkid").args(["-p", "-o", "value", "-s", "LABEL", "-s", "TYPE"]).arg(&iso),
    );
    assert_eq!(String::from_utf8(label).unwrap(), "cidata\niso9660\n");
}

/// As a guest does: the kernel mounts it.
#[test]
fn linux_shows_every_file_under_its_name_to_root_alone() {
    if tools::program("unshare").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let iso = folder.path().join("cidata.iso");
    std::fs::write(&iso, image::seed("cidata", &files()).unwrap()).unwrap();
    let _others = tools::MOUNTS.write();
    let script = "mkdir \"$0/mnt\" \"$0/out\" && mount -o loop,ro \"$0/cidata.iso\" \"$0/mnt\" || exit 77
        stat -c '%a %u' \"$0/mnt/user-data\" && cp -r \"$0/mnt/.\" \"$0/out\"; umount \"$0/mnt\"";
    let done =
        Command::new("unshare").args(["--mount", "bash", "-c", script]).arg(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    if done.status.code() == Some(77) || errors.starts_with("unshare:") {
        tools::skip(&format!("no image can be mounted here: {errors}"));
        return;
    }
    assert_eq!(String::from_utf8_lossy(&done.stdout), "400 0\n", "{errors}");
    let out = folder.path().join("out");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&out), files());
}
