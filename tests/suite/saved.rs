//! Folders that somebody kept of a machine: mounted roots, sosreports and must-gathers, whole, broken and hostile.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use cotter::document::Origin;
use cotter::value::Digest;
use cotter::verify;
use cotter::verify::BootRecord;
use cotter::verify::Expectation;
use cotter::verify::Life;
use cotter::verify::MANIFEST_SCHEMA;
use cotter::verify::Manifest;
use cotter::verify::Outcome;
use cotter::verify::SpecDigest;
use cotter::verify::Wanted;
use cotter::world;
use cotter::world::Kept;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::tools;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ admin@lab.example.com";
const FINGERPRINT: &str = "SHA256:+d1GFdM9zXx/7Cb5O6eZwEATzXwknMS5DbgoIS8eL8s";
const MACHINE_ID: &str = "4c2b1f0e9d8a7b6c5d4e3f2a1b0c9d8e\n";
/// What only the host has, in files that no root may lead to.
const OF_THE_HOST: &str = "of-the-host";
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with parts of a machine.
struct Folder {
    work: TempDir,
}

impl Folder {
    fn new() -> Self {
        let work = tempfile::tempdir().unwrap();
        std::fs::create_dir(work.path().join("kept")).unwrap();
        Self { work }
    }

    /// A root that has booted, with what every root has.
    fn root() -> Self {
        let folder = Self::new();
        folder.system("");
        folder
    }

    fn system(&self, at: &str) {
        for (path, text) in [
            ("etc/hostname", "a.example.com\n"),
            ("etc/machine-id", MACHINE_ID),
            ("etc/cotter/machine", "a\n"),
            ("etc/passwd", "root:x:0:0::/root:/bin/bash\ncore:x:1000:1000::/home/core:/bin/bash\n"),
            ("etc/group", "root:x:0:\nwheel:x:10:core\ncore:x:1000:\n"),
            ("etc/shadow", "root:*:1::::::\ncore:$6$salt$secret:1::::::\n"),
            ("usr/lib/systemd/system/plain.service", "[Service]\n"),
            ("usr/lib/systemd/system/off.service", "[Install]\nWantedBy=multi-user.target\n"),
            ("usr/lib/systemd/system/each@.service", "[Install]\n"),
        ] {
            self.file(&format!("{at}{path}"), text);
        }
        for (path, target) in [
            ("etc/systemd/system/multi-user.target.wants/on.service", "/usr/lib/systemd/system/on.service"),
            (
                "etc/systemd/system/multi-user.target.wants/each@a.service",
                "/usr/lib/systemd/system/each@.service",
            ),
            ("etc/systemd/system/never.service", "/dev/null"),
            ("etc/systemd/system/other.service", "/usr/lib/systemd/system/plain.service"),
        ] {
            self.link(&format!("{at}{path}"), target);
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.work.path().join("kept").join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn kept(&self, manifest: &Manifest) -> Kept {
        let begin = Instant::now();
        let kept = world::facts(&self.path(""), manifest).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(begin.elapsed() < PATIENCE);
        kept
    }

    /// The folder's own record.
    fn record(&self, manifest: &Manifest) -> BootRecord {
        self.kept(manifest).boots.pop().unwrap().1
    }
}

/// A manifest that asks for these values.
fn manifest(wanted: &[(&str, &str)]) -> Manifest {
    let expectation = |(subject, value): &(&str, &str)| Expectation {
        subject: (*subject).to_owned(),
        wanted: Wanted::Has,
        value: (*value).to_owned(),
        says: (*subject).to_owned(),
        lives: Life::WITH_OPERATOR.to_vec(),
        origin: Origin::of_file("a.yaml"),
    };
    Manifest {
        schema: MANIFEST_SCHEMA.to_owned(),
        machine: "a".to_owned(),
        target: "fcos".to_owned(),
        spec: SpecDigest { file: "a.yaml".to_owned(), sha256: Digest::of(b"") },
        patience_seconds: 1,
        expectations: wanted.iter().map(expectation).collect(),
        cluster: Vec::new(),
    }
}

/// What came of each expectation: `met`, what was found instead, or `unknown: why`.
fn outcomes(manifest: &Manifest, record: &BootRecord) -> Vec<(String, String)> {
    let report = verify::judge(manifest, &[("x".to_owned(), record.clone())]);
    let said = |outcome: &Outcome| match outcome {
        Outcome::Met => "met".to_owned(),
        Outcome::Differs { found, .. } => found.join(" "),
        Outcome::Unknown { why } => format!("unknown: {why}"),
    };
    report.boots[0].verdicts.iter().map(|verdict| (verdict.subject.clone(), said(&verdict.outcome))).collect()
}

fn assert_all_met(manifest: &Manifest, record: &BootRecord) {
    let others: Vec<_> = outcomes(manifest, record).into_iter().filter(|(_, came)| came != "met").collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_root_says_what_is_on_its_disk() {
    let root = Folder::root();
    root.file("home/core/.ssh/authorized_keys", &format!("# mine\n{KEY}\nnoise\n"));
    root.file("etc/app.conf", "x");
    std::fs::set_permissions(root.path("etc/app.conf"), PermissionsExt::from_mode(0o640)).unwrap();
    root.link("etc/link.conf", "/etc/app.conf");
    root.file(
        "boot/loader/entries/one.conf",
        "title x\nversion 1\noptions root=/dev/sda ro\noptions quiet $ignition_firstboot\n",
    );
    let data = root.path("etc/app.conf").metadata().unwrap();
    let owner = format!("{}:{}", data.uid(), data.gid());
    let digest = Digest::of(b"x").to_string();
    let manifest = manifest(&[
        ("hostname", "a.example.com"),
        ("kernel-arguments", "quiet"),
        ("kernel-arguments", "root=/dev/sda"),
        ("ignition-pending", "no"),
        ("user/core/exists", "yes"),
        ("user/core/group", "wheel"),
        ("user/core/group", "core"),
        ("user/core/key", FINGERPRINT),
        ("user/core/password", "set"),
        ("user/root/password", "locked"),
        ("user/eve/exists", "no"),
        ("group/wheel/exists", "yes"),
        ("group/dialout/exists", "no"),
        ("file/etc/app.conf/kind", "file"),
        ("file/etc/app.conf/mode", "0640"),
        ("file/etc/app.conf/owner", &owner),
        ("file/etc/app.conf/sha256", &digest),
        ("file/etc/link.conf/kind", "link"),
        ("file/etc/link.conf/target", "/etc/app.conf"),
        ("file/etc/link.conf/sha256", &digest),
        ("file/etc/systemd/kind", "directory"),
        ("unit/on.service/enabled", "enabled"),
        ("unit/each@a.service/enabled", "enabled"),
        ("unit/each@b.service/enabled", "disabled"),
        ("unit/off.service/enabled", "disabled"),
        ("unit/never.service/enabled", "masked"),
        ("unit/plain.service/enabled", "static"),
        ("unit/other.service/enabled", "alias"),
    ]);
    let kept = root.kept(&manifest);
    assert!(kept.notes[0].contains("is a mounted root"), "{:?}", kept.notes);
    let (name, record) = kept.boots.last().unwrap();
    assert_eq!((name.as_str(), record.boot_id.as_str(), record.life), ("root", "root", Life::LaterBoots));
    assert_all_met(&manifest, record);
    let json = serde_json::to_string(record).unwrap();
    assert!(!json.contains("secret") && !json.contains("$6$"), "{json}");
    // What is there no more differs.
    std::fs::remove_file(root.path("home/core/.ssh/authorized_keys")).unwrap();
    std::fs::remove_file(root.path("etc/app.conf")).unwrap();
    std::fs::remove_dir_all(root.path("etc/systemd/system/multi-user.target.wants")).unwrap();
    let came: Vec<_> =
        outcomes(&manifest, &root.record(&manifest)).into_iter().filter(|(_, came)| came != "met").collect();
    let subjects: Vec<&str> = came.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "user/core/key",
            "file/etc/app.conf/kind",
            "file/etc/app.conf/mode",
            "file/etc/app.conf/owner",
            "file/etc/app.conf/sha256",
            "file/etc/link.conf/sha256",
            "unit/on.service/enabled",
            "unit/each@a.service/enabled",
        ]
    );
    assert!(came.iter().all(|(_, came)| !came.starts_with("unknown")), "{came:?}");
}

/// What a disk cannot tell is unknown, with the reason; never a pass, never a difference.
#[test]
fn a_root_does_not_guess() {
    let root = Folder::root();
    let wanted = [
        ("port/52:54:00:00:00:01/address", "192.0.2.1/24", "does not run"),
        ("port/52:54:00:00:00:01/name", "", "does not run"),
        ("interface/bond0/profile", "", "does not run"),
        ("default-gateway", "192.0.2.1", "does not run"),
        ("name-servers", "192.0.2.1", "does not run"),
        ("reach/tcp://192.0.2.1:53", "yes", "does not run"),
        ("something/new", "yes", "does not run"),
        ("kernel-arguments", "quiet", "nothing is mounted at /boot"),
        ("ignition-pending", "no", "nothing is mounted at /boot"),
        ("file/run/x/kind", "file", "only a running system"),
        ("file/srv/data/x/kind", "file", "nothing is mounted at /srv/data"),
        ("file/var/lib/x/sha256", "", "nothing is mounted at /var"),
        ("user/kay/key", "", "nothing is mounted at /var"),
        ("user/kay/password", "set", "does not have the user"),
        ("hostname", "localhost", "comes from elsewhere"),
    ];
    root.file("etc/fstab", "# x\nLABEL=data /srv/data xfs defaults 0 0\n");
    root.file("etc/passwd", "kay:x:5:5::/var/home/kay:/bin/sh\n");
    root.file("etc/hostname", "\n# none\n");
    for folder in ["srv/data", "var", "boot"] {
        std::fs::create_dir_all(root.path(folder)).unwrap();
    }
    let manifest = manifest(&wanted.map(|(subject, value, _)| (subject, value)));
    let came = outcomes(&manifest, &root.record(&manifest));
    for ((_, _, why), (subject, came)) in wanted.iter().zip(&came) {
        assert!(came.starts_with("unknown: ") && came.contains(why), "{subject}: {came}");
    }
    // A root that has not booted: presets still decide. Without its users, nobody can tell.
    std::fs::remove_file(root.path("etc/machine-id")).unwrap();
    std::fs::remove_file(root.path("etc/passwd")).unwrap();
    root.file("boot/loader/entries/a.conf", "options quiet");
    root.file("boot/loader/entries/b.conf", "options ro");
    let wanted = ["unit/on.service/enabled", "user/core/exists", "group/wheel/exists", "kernel-arguments"];
    let manifest = self::manifest(&wanted.map(|subject| (subject, "yes")));
    for (subject, came) in outcomes(&manifest, &root.record(&manifest)) {
        assert!(came.starts_with("unknown: "), "{subject}: {came}");
    }
    root.file("boot/loader/entries/b.conf", "options $kernelopts quiet");
    std::fs::remove_file(root.path("boot/loader/entries/a.conf")).unwrap();
    let manifest = self::manifest(&[("kernel-arguments", "quiet")]);
    assert!(outcomes(&manifest, &root.record(&manifest))[0].1.contains("$kernelopts"));
}

/// A disk with two deployments: the newest boot entry says which one counts.
fn ostree() -> Folder {
    let disk = Folder::new();
    for (deployment, name) in [("old.0", "old.example.com"), ("new.0", "new.example.com")] {
        let at = format!("ostree/deploy/os/deploy/{deployment}/");
        disk.system(&at);
        disk.file(&format!("{at}etc/hostname"), name);
        disk.file(&format!("{at}etc/passwd"), "core:x:1:1::/home/core:/bin/sh");
        disk.link(&format!("{at}home"), "var/home");
        std::fs::create_dir_all(disk.path(&format!("{at}var"))).unwrap();
    }
    disk.file("ostree/deploy/os/var/home/core/.ssh/authorized_keys.d/ignition", KEY);
    disk.link("ostree/boot.1/os/aaa/0", "../../../deploy/os/deploy/old.0");
    disk.link("ostree/boot.1/os/bbb/0", "../../../deploy/os/deploy/new.0");
    disk.file(
        "boot/loader.1/entries/ostree-1.conf",
        "version 9\noptions quiet ostree=/ostree/boot.1/os/aaa/0\n",
    );
    disk.file(
        "boot/loader.1/entries/ostree-2.conf",
        "version 10\noptions ro ostree=/ostree/boot.1/os/bbb/0\n",
    );
    disk.link("boot/loader", "loader.1");
    disk.link("boot/boot", ".");
    disk
}

#[test]
fn of_an_ostree_disk_the_newest_deployment_counts() {
    let disk = ostree();
    let manifest = manifest(&[
        ("hostname", "new.example.com"),
        ("kernel-arguments", "ro"),
        ("user/core/key", FINGERPRINT),
        ("ignition-pending", "no"),
    ]);
    let kept = disk.kept(&manifest);
    assert!(kept.notes[0].contains("/ostree/deploy/os/deploy/new.0"), "{:?}", kept.notes);
    assert_all_met(&manifest, &kept.boots[0].1);
    disk.file("boot/ignition.firstboot", "");
    assert_eq!(outcomes(&manifest, &disk.record(&manifest))[3].1, "yes");
    // Without its boot file system nobody knows which of two it is, or of one what it gets.
    std::fs::remove_dir_all(disk.path("boot")).unwrap();
    let failure = world::facts(&disk.path(""), &manifest).unwrap_err();
    assert!(failure.message.contains("2 deployments"), "{failure}");
    std::fs::remove_dir_all(disk.path("ostree/deploy/os/deploy/old.0")).unwrap();
    let came = outcomes(&manifest, &disk.record(&manifest));
    assert_eq!((came[0].1.as_str(), came[2].1.as_str()), ("met", "met"));
    assert!(came[1].1.starts_with("unknown: ") && came[3].1.starts_with("unknown: "), "{came:?}");
    // What is on the disk may be called anything, and is shown.
    let evil = "ostree/deploy/os/deploy/\u{1b}[2J\u{202e}.0";
    std::fs::rename(disk.path("ostree/deploy/os/deploy/new.0"), disk.path(evil)).unwrap();
    let notes = disk.kept(&manifest).notes.concat();
    assert!(notes.contains("deploy/?[2J?.0") && !notes.contains('\u{1b}'), "{notes:?}");
    std::fs::rename(disk.path(evil), disk.path("ostree/deploy/os/deploy/new.0")).unwrap();
    // A deployment by itself lacks its /var, and says so.
    let alone = disk.path("ostree/deploy/os/deploy/new.0");
    let record = world::facts(&alone, &manifest).unwrap().boots.pop().unwrap().1;
    let came = outcomes(&manifest, &record);
    assert!(came[0].1 == "met" && came[2].1.contains("nothing is mounted at /var"), "{came:?}");
}

#[test]
fn the_boots_of_a_root_come_before_it_and_what_it_lost_is_said() {
    let root = Folder::root();
    let record = |id: &str, name: &str| {
        json!({"schema": "cotter.dev/boot/1", "machine": "a", "boot_id": id, "life": "first-boot", "facts": {"hostname": [name]}})
            .to_string()
    };
    root.file("var/lib/cotter/boots/1.json", &record("1", "wanted.example.com"));
    root.file("var/lib/cotter/boots/2.json", "{\"schema\":\"\u{1b}[2J");
    root.link("var/lib/cotter/boots/3.json", "/etc/hostname");
    let manifest = manifest(&[("hostname", "wanted.example.com")]);
    let kept = root.kept(&manifest);
    let names: Vec<&str> = kept.boots.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["first boot 1", "root"]);
    assert!(kept.notes.iter().any(|note| note.contains("left out")), "{:?}", kept.notes);
    assert!(!kept.notes.concat().contains('\u{1b}'));
    let report = verify::judge(&manifest, &kept.boots);
    assert_eq!(report.regressions.len(), 1);
    assert_eq!(
        (report.regressions[0].lost_in.as_str(), report.regressions[0].found.join("")),
        ("root", "a.example.com".into())
    );
    // Another machine's disk is not this one's.
    root.file("etc/cotter/machine", "b");
    assert!(outcomes(&manifest, &root.record(&manifest))[0].1.contains("of `b`"));
}

/// Links and names by which a root would show what is the host's.
#[test]
fn nothing_leads_out_of_a_root() {
    let root = Folder::root();
    let outside = root.work.path().join("outside");
    std::fs::create_dir_all(outside.join(".ssh")).unwrap();
    std::fs::create_dir_all(outside.join("x.wants")).unwrap();
    for name in ["file", "hostname", ".ssh/authorized_keys"] {
        std::fs::write(outside.join(name), if name.starts_with('.') { KEY } else { OF_THE_HOST }).unwrap();
    }
    symlink("x", outside.join("x.wants/stolen.service")).unwrap();
    let outside = outside.to_str().unwrap();
    let up = "../".repeat(30);
    root.file(
        "etc/passwd",
        &format!("core:x:1:1::{outside}:/bin/sh\nkay:x:1:1::/home/kay/{up}{outside}:/bin/sh\n"),
    );
    for (path, target) in [
        ("etc/absolute", format!("{outside}/file")),
        ("etc/relative", format!("{up}{outside}/file")),
        ("etc/one-up", "../../outside/file".to_owned()),
        ("etc/folder", outside.to_owned()),
        ("etc/proc", "/proc/self/root".to_owned()),
        ("boot", outside.to_owned()),
        ("etc/circle", "/etc/circle".to_owned()),
    ] {
        root.link(path, &target);
    }
    std::fs::remove_file(root.path("etc/hostname")).unwrap();
    root.link("etc/hostname", &format!("{outside}/hostname"));
    std::fs::remove_dir_all(root.path("etc/systemd/system")).unwrap();
    root.link("etc/systemd/system", outside);
    let digest = Digest::of(OF_THE_HOST.as_bytes()).to_string();
    let manifest = manifest(&[
        ("hostname", OF_THE_HOST),
        ("user/core/key", FINGERPRINT),
        ("user/kay/key", FINGERPRINT),
        ("file/etc/absolute/sha256", &digest),
        ("file/etc/relative/sha256", &digest),
        ("file/etc/one-up/sha256", &digest),
        ("file/etc/folder/file/sha256", &digest),
        (&format!("file/etc/proc{outside}/file/sha256"), &digest),
        (&format!("file/etc/{up}{outside}/file/sha256"), &digest),
        ("file/etc/circle/sha256", &digest),
        ("unit/stolen.service/enabled", "enabled"),
    ]);
    let record = root.record(&manifest);
    let came = outcomes(&manifest, &record);
    assert!(came.iter().all(|(_, came)| came != "met"), "{came:#?}");
    assert!(came[9].1.contains("circle"), "{came:?}");
    assert!(!serde_json::to_string(&record).unwrap().contains(OF_THE_HOST));
    // The same path inside the root is what they mean.
    root.file(&format!("{}/file", outside.trim_start_matches('/')), OF_THE_HOST);
    let came = outcomes(&manifest, &root.record(&manifest));
    for at in [3, 4, 6, 8] {
        assert_eq!(came[at].1, "met", "{}", came[at].0);
    }
}

#[test]
fn pipes_devices_and_giants_are_not_read() {
    let root = Folder::root();
    for path in ["etc/hostname", "etc/passwd", "etc/shadow", "etc/machine-id"] {
        std::fs::remove_file(root.path(path)).unwrap();
    }
    for path in ["etc/hostname", "etc/pipe", "var/lib/cotter/boots/a.json", "boot/loader/entries/a.conf"] {
        std::fs::create_dir_all(root.path(path).parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(root.path(path)).status().unwrap().success());
    }
    root.link("etc/to-a-pipe", "pipe");
    for path in ["etc/passwd", "etc/giant"] {
        File::create(root.path(path)).unwrap().set_len(1 << 40).unwrap();
    }
    std::os::unix::net::UnixListener::bind(root.path("etc/socket")).unwrap();
    let zero = Command::new("mknod").arg(root.path("etc/zero")).args(["c", "1", "5"]).status().unwrap();
    if !zero.success() {
        tools::skip("devices can be made by root alone");
        root.file("etc/zero", "");
    }
    root.file("etc/machine-id", MACHINE_ID);
    for name in 0..10_100 {
        File::create(root.path(&format!("etc/systemd/system/{name}"))).unwrap();
    }
    let wanted = [
        "hostname",
        "user/core/exists",
        "kernel-arguments",
        "file/etc/pipe/sha256",
        "file/etc/to-a-pipe/sha256",
        "file/etc/giant/sha256",
        "file/etc/zero/sha256",
        "file/etc/socket/sha256",
        "unit/on.service/enabled",
    ];
    let manifest = manifest(&wanted.map(|subject| (subject, "x")));
    let kept = root.kept(&manifest);
    assert_eq!(kept.boots.len(), 1, "a pipe is no record");
    let came = outcomes(&manifest, &kept.boots[0].1);
    for (subject, came) in came.iter().filter(|(subject, _)| !subject.contains("zero") || zero.success()) {
        assert!(came.starts_with("unknown: "), "{subject}: {came}");
    }
}

/// Runs the program as somebody who is not root.
fn as_nobody(arguments: &[&str]) -> Option<std::process::Output> {
    let binary = env!("CARGO_BIN_EXE_cotter");
    let is_root = rustix::process::getuid().is_root();
    let mut command = match (is_root, tools::program("setpriv")) {
        (false, _) => Command::new(binary),
        (true, Some(setpriv)) => {
            let mut command = Command::new(setpriv);
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", binary]);
            command
        }
        (true, None) => return None,
    };
    Some(command.args(arguments).env("NO_COLOR", "1").output().unwrap())
}

#[test]
fn what_may_not_be_read_is_unknown() {
    let root = Folder::root();
    let manifest = manifest(&[
        ("hostname", "a.example.com"),
        ("user/core/password", "set"),
        ("file/etc/x/y/kind", "file"),
    ]);
    std::fs::write(root.work.path().join("a.manifest.json"), manifest.to_json()).unwrap();
    root.file("etc/x/y", "");
    for path in ["etc/shadow", "etc/x"] {
        std::fs::set_permissions(root.path(path), PermissionsExt::from_mode(0o0)).unwrap();
    }
    std::fs::set_permissions(root.work.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let named = root.work.path().join("a.manifest.json");
    let (named, path) = (named.to_str().unwrap(), root.path(""));
    let Some(done) = as_nobody(&["verify", named, "--facts", path.to_str().unwrap()]) else { return };
    let out = String::from_utf8(done.stdout).unwrap();
    if done.status.code() == Some(126) || done.status.code() == Some(127) {
        return tools::skip("nobody may not run the program where it lies");
    }
    assert_eq!(done.status.code(), Some(1), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("1 of 3 met, 2 unknown") && out.contains("permission denied"), "{out}");
    // Of a folder that may not be read nothing is judged.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o0)).unwrap();
    let done = as_nobody(&["verify", named, "--facts", path.to_str().unwrap()]).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(root.path("etc/x"), PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(done.status.code(), Some(3), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn archives_and_other_folders_are_refused_with_the_next_step() {
    let folder = Folder::new();
    let manifest = manifest(&[("hostname", "a")]);
    let refused = |path: &Path| world::facts(path, &manifest).unwrap_err();
    let failure = refused(&folder.path(""));
    assert!(failure.message.contains("no records of boots"), "{failure}");
    folder.file("x/a", "x");
    for (name, option) in [("a.tar.xz", "-cJf"), ("a.tar.gz", "-czf"), ("a.tar", "-cf")] {
        let done = Command::new("tar")
            .arg(option)
            .arg(folder.path(name))
            .args(["-C"])
            .arg(folder.path(""))
            .arg("x")
            .status();
        if !done.unwrap().success() {
            tools::skip("tar or its packer is missing");
            continue;
        }
        let failure = refused(&folder.path(name));
        assert!(
            failure.message.contains("is an archive") && failure.hint.contains("unpack"),
            "{name}: {failure}"
        );
    }
}

/// An sosreport as sos 4 makes it of a machine with a bond: formats of iproute2 6, NetworkManager 1.42 and systemd 252.
fn sosreport() -> Folder {
    let sos = Folder::new();
    for (path, text) in [
        ("sos_commands/host/hostname", "a.example.com\n"),
        ("proc/cmdline", "BOOT_IMAGE=(hd0,gpt3)/vmlinuz ro quiet\n"),
        (
            "sos_commands/kernel/sysctl_-a",
            "kernel.pid_max = 1\nkernel.random.boot_id = 8e3b0d4a-0000-4000-8000-000000000001\n",
        ),
        ("etc/resolv.conf", "search example.com\nnameserver 192.0.2.53\n"),
        ("etc/app.conf", "x"),
        ("etc/NetworkManager/system-connections/a.nmconnection", "[wifi-security]\npsk=***\n"),
        (
            "sos_commands/networking/ip_route_show_table_all",
            "default via 192.0.2.1 dev mgmt0 proto static metric 100\n192.0.2.0/24 dev mgmt0 proto kernel scope link src 192.0.2.10\ndefault via 203.0.113.1 dev x table 7\n",
        ),
        (
            "sos_commands/networking/ip_-6_route_show_table_all",
            "default proto static metric 100 pref medium\n\tnexthop via fd00::1 dev mgmt0 weight 1\n\tnexthop via fd00::2 dev mgmt0 weight 1\n",
        ),
        (
            "sos_commands/networking/ip_-o_addr",
            "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n2: mgmt0    inet 192.0.2.10/24 brd 192.0.2.255 scope global noprefixroute mgmt0\\       valid_lft forever preferred_lft forever\n",
        ),
        (
            "sos_commands/networking/ip_-s_-d_link",
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0 minmtu 0 maxmtu 0\n2: mgmt0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\n    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 9000 addrgenmode none\n3: data0: <BROADCAST,SLAVE,UP> mtu 9000 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000\n    link/ether 52:54:00:00:00:09 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 9000\n    bond_slave state ACTIVE mii_status UP link_failure_count 0 perm_hwaddr 52:54:00:00:00:02 queue_id 0\n4: bond0: <BROADCAST,MASTER,UP> mtu 9000 qdisc noqueue state UP mode DEFAULT group default qlen 1000\n    link/ether 52:54:00:00:00:09 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535\n    bond mode 802.3ad miimon 100\n",
        ),
        (
            "sos_commands/networkmanager/nmcli_con_show_--active",
            "NAME       UUID                                  TYPE      DEVICE \nthe mgmt0  1b0ad1d8-7a3c-4a4e-9d0e-3a9a0e6d7b11  ethernet  mgmt0  \n",
        ),
        (
            "sos_commands/systemd/systemctl_list-unit-files",
            "UNIT FILE      STATE    PRESET\non.service     enabled  enabled\nnever.service  masked   enabled\n\n2 unit files listed.\n",
        ),
    ] {
        sos.file(path, text);
    }
    sos
}

#[test]
fn a_sosreport_says_what_it_collected_and_no_more() {
    let sos = sosreport();
    let digest = Digest::of(b"x").to_string();
    let met = [
        ("hostname", "a.example.com"),
        ("kernel-arguments", "quiet"),
        ("default-gateway", "192.0.2.1"),
        ("default-gateway", "fd00::2"),
        ("name-servers", "192.0.2.53"),
        ("port/52:54:00:00:00:01/name", "mgmt0"),
        ("port/52:54:00:00:00:01/mtu", "1500"),
        ("port/52:54:00:00:00:01/address", "192.0.2.10/24"),
        ("port/52:54:00:00:00:01/profile", "1b0ad1d8-7a3c-4a4e-9d0e-3a9a0e6d7b11"),
        ("port/52:54:00:00:00:02/name", "data0"),
        ("port/52:54:00:00:00:02/controller", "bond0"),
        ("interface/bond0/mtu", "9000"),
        ("unit/on.service/enabled", "enabled"),
        ("unit/never.service/enabled", "masked"),
        ("file/etc/app.conf/sha256", &digest),
        ("file/etc/app.conf/kind", "file"),
    ];
    let manifest = manifest(&met);
    let kept = sos.kept(&manifest);
    assert!(kept.notes[0].contains("is an sosreport"), "{:?}", kept.notes);
    assert_all_met(&manifest, &kept.boots[0].1);
    assert_eq!(kept.boots[0].1.boot_id, "8e3b0d4a-0000-4000-8000-000000000001");

    let differing = [
        ("port/52:54:00:00:00:03/name", "data1", ""),
        ("port/52:54:00:00:00:09/name", "data0", ""),
        ("default-gateway", "203.0.113.1", "192.0.2.1 fd00::1 fd00::2"),
    ];
    let manifest = self::manifest(&differing.map(|(subject, value, _)| (subject, value)));
    for ((_, _, found), (subject, came)) in differing.iter().zip(outcomes(&manifest, &sos.record(&manifest)))
    {
        assert_eq!(*found, came, "{subject}");
    }

    let unknown = [
        "file/etc/absent/kind",
        "file/etc/absent/sha256",
        "file/etc/app.conf/mode",
        "file/etc/app.conf/owner",
        "file/etc/NetworkManager/system-connections/a.nmconnection/sha256",
        "user/core/exists",
        "user/core/password",
        "user/core/key",
        "group/wheel/exists",
        "unit/absent.service/enabled",
        "ignition-pending",
        "reach/x",
    ];
    let manifest = self::manifest(&unknown.map(|subject| (subject, "x")));
    for (subject, came) in outcomes(&manifest, &sos.record(&manifest)) {
        assert!(came.starts_with("unknown: "), "{subject}: {came}");
    }
}

/// An output that broke off, or that is not there, is not an empty one.
#[test]
fn a_broken_sosreport_is_unknown() {
    let sos = sosreport();
    sos.file("sos_commands/networking/ip_-s_-d_link", "");
    sos.file(
        "sos_commands/systemd/systemctl_list-unit-files",
        "UNIT FILE STATE PRESET\non.service enabled enabled\n",
    );
    sos.file("etc/resolv.conf", "nameserver 127.0.0.53\n");
    std::fs::remove_file(sos.path("sos_commands/networking/ip_route_show_table_all")).unwrap();
    std::fs::remove_file(sos.path("proc/cmdline")).unwrap();
    let wanted = [
        "port/52:54:00:00:00:01/name",
        "port/52:54:00:00:00:01/address",
        "interface/bond0/profile",
        "unit/on.service/enabled",
        "name-servers",
        "default-gateway",
        "kernel-arguments",
    ];
    let manifest = manifest(&wanted.map(|subject| (subject, "x")));
    for (subject, came) in outcomes(&manifest, &sos.record(&manifest)) {
        assert!(came.starts_with("unknown: "), "{subject}: {came}");
    }
}

/// Writes YAML as `oc` does, its texts quoted.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => map
            .iter()
            .map(|(key, value)| match value {
                Value::Object(inner) if !inner.is_empty() => {
                    format!("{pad}{key:?}:\n{}", yaml(value, indent + 2))
                }
                Value::Array(inner) if !inner.is_empty() => format!("{pad}{key:?}:\n{}", yaml(value, indent)),
                _ => format!("{pad}{key:?}: {value}\n"),
            })
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| {
                let text = yaml(item, indent + 2);
                format!("{pad}- {}", text.trim_start())
            })
            .collect(),
        scalar => format!("{pad}{scalar}\n"),
    }
}

/// The healthy single node of the API server's tests, as `oc adm must-gather` writes it.
fn must_gather() -> Folder {
    let gathered = Folder::new();
    let objects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apiserver/cluster.json");
    let objects: Value = serde_json::from_slice(&std::fs::read(objects).unwrap()).unwrap();
    let image = "release-example-must-gather-sha256-0123";
    for (path, object) in objects.as_object().unwrap() {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let (group, resource, name) = match parts.as_slice() {
            ["api", _, resource, name] => ("core", *resource, *name),
            ["apis", group, _, resource, name] => (*group, *resource, *name),
            _ => continue,
        };
        let kind = match resource {
            "clusterversions" => "ClusterVersion",
            "clusteroperators" => "ClusterOperator",
            "nodes" => "Node",
            "machineconfigpools" => "MachineConfigPool",
            "machineconfigs" => "MachineConfig",
            "certificatesigningrequests" => "CertificateSigningRequest",
            _ => continue,
        };
        let mut object = object.clone();
        object["kind"] = json!(kind);
        object["metadata"]["name"] = json!(name);
        let path = format!("{image}/cluster-scoped-resources/{group}/{resource}/{name}.yaml");
        gathered.file(&path, &format!("---\n{}", yaml(&object, 0)));
    }
    let maps = json!({"apiVersion": "v1", "kind": "ConfigMapList", "items": [
        {"metadata": {"name": "bootstrap", "namespace": "kube-system"}, "data": {"status": "complete"}},
        {"metadata": {"name": "root-ca", "namespace": "kube-system"}, "data": {"ca.crt": "x"}},
    ]});
    gathered.file(
        &format!("{image}/namespaces/kube-system/core/configmaps.yaml"),
        &format!("---\n{}", yaml(&maps, 0)),
    );
    gathered.file("timestamp", "2026-11-21 10:00:00 +0000 UTC\n2026-11-21 10:05:00 +0000 UTC\n");
    gathered
}

fn cluster_outcomes(gathered: &Folder) -> Vec<(String, String)> {
    let mut manifest = manifest(&[("hostname", "a")]);
    let origin = Origin::of_file("a.yaml");
    manifest.cluster = cotter::cluster::expectations(&origin, Some(&origin), Some(&origin));
    let kept = gathered.kept(&manifest);
    assert!(kept.boots.is_empty() && kept.notes[0].contains("is a must-gather"), "{:?}", kept.notes);
    let report = verify::judge_cluster(&manifest, &kept.cluster.unwrap());
    let said = |outcome: &Outcome| match outcome {
        Outcome::Met => "met".to_owned(),
        Outcome::Differs { found, .. } => found.join(" "),
        Outcome::Unknown { why } => format!("unknown: {why}"),
    };
    report.verdicts.iter().map(|verdict| (verdict.subject.clone(), said(&verdict.outcome))).collect()
}

#[test]
fn a_must_gather_says_what_the_api_said() {
    let gathered = must_gather();
    let came = cluster_outcomes(&gathered);
    assert!(came.len() == 11 && came.iter().all(|(_, came)| came == "met"), "{came:#?}");
    let image = "release-example-must-gather-sha256-0123";
    let of = |came: &[(String, String)], subject: &str| {
        came.iter().find(|(other, _)| other == subject).unwrap().1.clone()
    };
    let change = |path: &str, from: &str, to: &str| {
        let path = gathered.path(&format!("{image}/{path}"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    };
    // A list of the server's own says that something is not there.
    change("namespaces/kube-system/core/configmaps.yaml", "\"bootstrap\"", "\"other\"");
    assert_eq!(of(&cluster_outcomes(&gathered), "cluster/marker/status"), "");
    change("cluster-scoped-resources/core/nodes/sno1.yaml", "\"Ready\"", "\"Unready\"");
    assert!(of(&cluster_outcomes(&gathered), "cluster/nodes/ready").contains("sno1: "));
    // A folder of objects may lack some.
    gathered.file("timestamp", "2026-11-21 10:00:00 +0000 UTC\n");
    let came = cluster_outcomes(&gathered);
    for subject in [
        "cluster/operators/available",
        "cluster/nodes/ready",
        "cluster/pools/updated",
        "cluster/requests/pending",
    ] {
        assert!(of(&came, subject).starts_with("unknown: "), "{subject}");
    }
    assert_eq!(of(&came, "cluster/version/available"), "met");
    // So may one whose image failed; and what is gone is not absent.
    gathered.file("timestamp", "a\nb\n");
    gathered.file("must-gather.log", "[must-gather-x] OUT gather never finished: timed out\n");
    assert!(of(&cluster_outcomes(&gathered), "cluster/operators/available").contains("never finished"));
    std::fs::remove_dir_all(gathered.path(image).join("cluster-scoped-resources/config.openshift.io"))
        .unwrap();
    std::fs::remove_dir_all(gathered.path(image).join("namespaces")).unwrap();
    std::fs::remove_dir_all(
        gathered.path(image).join("cluster-scoped-resources/machineconfiguration.openshift.io"),
    )
    .unwrap();
    let came = cluster_outcomes(&gathered);
    assert!(came.iter().all(|(_, came)| came.starts_with("unknown: ")), "{came:#?}");
}

/// Objects that are cut off, hostile or of another kind.
#[test]
fn a_broken_must_gather_is_unknown() {
    let image = "release-example-must-gather-sha256-0123";
    let whole = "kind: Node\nmetadata: {name: a}\nstatus: {conditions: [{type: Ready, status: \"True\"}]}\n";
    for (text, why) in [
        ("kind: Node\nmetadata: {name: a", "not whole YAML"),
        ("", "not whole YAML"),
        ("kind: Pod\nmetadata: {name: a}\n", "several kinds"),
        (&format!("{whole}metadata: {{name: b}}\n"), "not whole YAML"),
        (&format!("{whole}x: &a {}1{}", "[".repeat(500), "]".repeat(500)), "not whole YAML"),
    ] {
        let gathered = must_gather();
        gathered.file(&format!("{image}/cluster-scoped-resources/core/nodes/z.yaml"), text);
        let came = cluster_outcomes(&gathered);
        let (_, came) = came.iter().find(|(subject, _)| subject == "cluster/nodes/ready").unwrap();
        assert!(came.starts_with("unknown: ") && came.contains(why), "{text:?}: {came}");
    }
    let gathered = must_gather();
    gathered.file("another-image/cluster-scoped-resources/core/x.yaml", "");
    assert!(cluster_outcomes(&gathered).iter().all(|(_, came)| came.contains("several images")));
    // A machine that is no cluster has nothing to compare.
    let failure = world::facts(&gathered.path(""), &manifest(&[("hostname", "a")])).unwrap_err();
    assert!(failure.message.contains("nothing is expected of a cluster"), "{failure}");
}
