//! The script that puts a machine back, on made roots: plain and ostree, in folders and on loop devices.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use cotter::target::RECOVER_SCRIPT;
use cotter::target::Recovery;
use cotter::world;
use tempfile::TempDir;

use crate::golden;
use crate::tools;

const KEYFILE: &str = "etc/NetworkManager/system-connections/cotter-mgmt0.nmconnection";
const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ncore:x:1000:1000:CoreOS:/home/core:/bin/bash\nkept:x:1001:1001::/home/kept:/bin/sh\n";

/// An installed system, what is put back on it, and the script.
struct Bench {
    folder: TempDir,
}

/// Where the parts of a made system are, relative to its root.
struct Layout {
    system: &'static str,
    var: &'static str,
}

const PLAIN: Layout = Layout { system: "", var: "var" };
const OSTREE: Layout =
    Layout { system: "ostree/deploy/fedora-coreos/deploy/bbbb.0", var: "ostree/deploy/fedora-coreos/var" };

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl Bench {
    /// The starter's payload, for root alone: files are given to others.
    fn new() -> Option<Self> {
        if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
            tools::skip("only root may put a machine back");
            return None;
        }
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let case = golden::cases().into_iter().find(|case| case.ends_with("dell-r640")).unwrap();
        let planned =
            world::plan_machine(&case.join("machine.yaml"), &world::Given::default(), &mut |_| ()).unwrap();
        let (machine, plan) = planned.machine.unwrap();
        for (name, bytes) in Recovery::of(&machine, &plan).unwrap().payload() {
            let path = bench.path("payload").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::write(bench.path("script"), RECOVER_SCRIPT).unwrap();
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the payload, instead of what the machine file gives.
    fn payload(&self, name: &str, text: &str) {
        write(&self.path("payload").join(name), text);
    }

    /// Makes an installed system in a folder, with the damage of a machine that was reinstalled badly.
    fn system(&self, layout: &Layout) -> PathBuf {
        let root = self.path("root");
        let (system, var) = (root.join(layout.system), root.join(layout.var));
        write(&system.join("etc/passwd"), PASSWD);
        write(
            &system.join("etc/shadow"),
            "root:*:19000:0:99999:7:::\ncore:!:19000:0:99999:7:::\nkept:$6$k:19000:0:99999:7:::\n",
        );
        write(&system.join("etc/group"), "root:x:0:\nwheel:x:10:kept\ncore:x:1000:\nkept:x:1001:");
        write(&system.join("etc/gshadow"), "root:*::\nwheel:*::kept\ncore:!::\nkept:!::\n");
        for secret in ["etc/shadow", "etc/gshadow"] {
            std::fs::set_permissions(system.join(secret), std::fs::Permissions::from_mode(0o000)).unwrap();
        }
        write(&system.join("etc/cotter/machine"), "r640\n");
        write(&system.join(KEYFILE), "[connection]\nid=wrong\n");
        write(&system.join("etc/motd"), "mine\n");
        write(&system.join("usr/lib/group"), "sudo:x:27:\ndocker:x:970:\n");
        std::fs::create_dir_all(var.join("home")).unwrap();
        let home = if layout.system.is_empty() { root.join("home") } else { system.join("home") };
        symlink("var/home", home).unwrap();
        root
    }

    /// What makes a folder an ostree system with two deployments, of which `bbbb` is the newest.
    fn ostree(&self) -> PathBuf {
        let root = self.system(&OSTREE);
        write(&root.join("ostree/deploy/fedora-coreos/deploy/aaaa.0/etc/passwd"), PASSWD);
        for (name, version, sum) in [("9-old", "9", "aaaa"), ("10-new", "10", "bbbb")] {
            let links = root.join(format!("ostree/boot.1.1/fedora-coreos/{sum}"));
            std::fs::create_dir_all(&links).unwrap();
            symlink(format!("../../../deploy/fedora-coreos/deploy/{sum}.0"), links.join("0")).unwrap();
            let entry = format!(
                "title t\nversion {version}\noptions rw ostree=/ostree/boot.1/fedora-coreos/{sum}/0 quiet\n"
            );
            write(&root.join(format!("boot/loader.0/entries/ostree-{name}.conf")), &entry);
        }
        symlink("boot.1.1", root.join("ostree/boot.1")).unwrap();
        symlink("loader.0", root.join("boot/loader")).unwrap();
        root
    }

    fn script(&self) -> Command {
        let mut command = Command::new("bash");
        command
            .arg(self.path("script"))
            .env("COTTER_PAYLOAD", self.path("payload"))
            .env("COTTER_RUN", self.path("run"))
            .env("COTTER_PATIENCE", "0");
        command
    }

    fn run(&self) -> Output {
        self.script().env("COTTER_ROOT", self.path("root")).output().unwrap()
    }

    /// Runs the script and expects an exit code; gives what it said.
    fn expect(&self, code: i32, done: &Output) -> String {
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(!said.contains("$6$"), "a hash is shown: {said}");
        said
    }
}

/// Everything below a folder: kind, mode, owner, when it changed, contents.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let bytes = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
            let about = format!(
                "{:o} {}:{} {} {}",
                metadata.mode(),
                metadata.uid(),
                metadata.gid(),
                metadata.mtime_nsec(),
                String::from_utf8_lossy(&bytes)
            );
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            all.insert(path, about);
        }
    }
    all
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

fn mode_and_owner(path: &Path) -> (u32, u32, u32) {
    let metadata = path.symlink_metadata().unwrap();
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

/// What must be so after the script has run on a damaged system.
fn assert_is_put_back(root: &Path, layout: &Layout) {
    let (system, var) = (root.join(layout.system), root.join(layout.var));
    assert!(text(&system.join(KEYFILE)).contains("address0=192.168.50.10/24"));
    assert_eq!(mode_and_owner(&system.join(KEYFILE)), (0o600, 0, 0));
    let link = system.join("etc/systemd/network/10-cotter-mgmt0.link");
    assert!(text(&link).contains("PermanentMACAddress=e4:43:4b:0a:00:01"));
    assert_eq!(mode_and_owner(&link), (0o644, 0, 0));
    assert_eq!(text(&system.join("etc/hostname")), "r640.lab.example.com\n");
    assert_eq!(text(&system.join("etc/motd")), "mine\n");
    assert_eq!(text(&system.join("etc/passwd")), PASSWD, "an existing user is changed");
    assert_eq!(
        text(&system.join("etc/group")),
        "root:x:0:\nwheel:x:10:kept,core\ncore:x:1000:\nkept:x:1001:\n"
    );
    assert_eq!(text(&system.join("etc/gshadow")), "root:*::\nwheel:*::kept,core\ncore:!::\nkept:!::\n");
    let shadow = text(&system.join("etc/shadow"));
    let lines: Vec<&str> = shadow.lines().collect();
    assert_eq!((lines[0], lines[2]), ("root:*:19000:0:99999:7:::", "kept:$6$k:19000:0:99999:7:::"));
    assert!(lines[1].starts_with("core:$6$") && lines[1].ends_with(":19000:0:99999:7:::"), "core's hash");
    assert_eq!(mode_and_owner(&system.join("etc/shadow")), (0, 0, 0));
    let keys = var.join("home/core/.ssh/authorized_keys.d/ignition");
    assert!(text(&keys).starts_with("ssh-ed25519 AAAA"));
    assert_eq!(mode_and_owner(&keys), (0o600, 1000, 1000));
    for folder in ["home/core", "home/core/.ssh", "home/core/.ssh/authorized_keys.d"] {
        assert_eq!(mode_and_owner(&var.join(folder)), (0o700, 1000, 1000), "{folder}");
    }
    let kept: Vec<PathBuf> =
        var.join("lib/cotter/recover").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(text(&kept[0].join(format!("{KEYFILE}.before-cotter"))), "[connection]\nid=wrong\n");
    assert!(text(&kept[0].join("etc/shadow.before-cotter")).contains("core:!:19000"));
    assert!(!kept[0].join("etc/passwd.before-cotter").exists(), "what does not change is not kept");
    assert_eq!(mode_and_owner(&kept[0]).0, 0o700);
}

#[test]
fn a_plain_root_is_put_back_and_then_left_alone() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.system(&PLAIN);
    let said = bench.expect(0, &bench.run());
    assert!(
        said.contains("cotter: put back: /etc/hostname\n")
            && said.contains(", 0 not done; what was replaced"),
        "{said}"
    );
    assert_is_put_back(&root, &PLAIN);
    let before = snapshot(&root);
    let said = bench.expect(0, &bench.run());
    assert!(
        said.contains("r640: 0 put back, 16 right already, 0 not done; nothing was replaced\n"),
        "{said}"
    );
    assert_eq!(snapshot(&root), before, "the second run changed something");
}

#[test]
fn the_newest_deployment_is_put_back_and_the_other_is_not_touched() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.ostree();
    let other = snapshot(&root.join("ostree/deploy/fedora-coreos/deploy/aaaa.0"));
    bench.expect(0, &bench.run());
    assert_is_put_back(&root, &OSTREE);
    assert_eq!(snapshot(&root.join("ostree/deploy/fedora-coreos/deploy/aaaa.0")), other);
}

#[test]
fn missing_users_come_back_with_the_number_of_their_home() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.ostree();
    let system = root.join(OSTREE.system);
    bench.payload("groups", "lab:2000\n");
    bench.payload(
        "users",
        "core:1234:::/elsewhere:/bin/zsh::\nops:::docker,lab,nowhere::::Ops & Co\nlate:1600:100::/srv/late::no-home:\ntaken:1001::::::\ndaemon:::::/sbin/nologin:system no-user-group no-home:\n",
    );
    bench.payload("keys/ops", "ssh-ed25519 BBBB\n");
    std::fs::remove_file(bench.path("payload/passwords/core")).unwrap();
    bench.payload("passwords/ops", r"$6$a\n&$1");
    write(&system.join("etc/skel/.bashrc"), "skeleton\n");
    let home = root.join(OSTREE.var).join("home/ops");
    std::fs::create_dir_all(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(1500), Some(1500)).unwrap();
    let said = bench.expect(1, &bench.run());
    for line in [
        "cotter: user core keeps the number 1000; 1234 was asked for\n",
        "cotter: user core keeps the home /home/core; /elsewhere was asked for\n",
        "cotter: NOT DONE: user ops: there is no group nowhere\n",
        "cotter: NOT DONE: user taken: the number asked for is another user's, or none is free\n",
    ] {
        assert!(said.contains(line), "{line}{said}");
    }
    let passwd = text(&system.join("etc/passwd"));
    let added: Vec<&str> = passwd.lines().skip(1).collect();
    assert_eq!(
        added,
        [
            "core:x:1000:1000:CoreOS:/home/core:/bin/zsh",
            "kept:x:1001:1001::/home/kept:/bin/sh",
            "ops:x:1500:1500:Ops & Co:/home/ops:/bin/bash",
            "late:x:1600:100::/srv/late:/bin/bash",
            "daemon:x:999:100::/home/daemon:/sbin/nologin",
        ]
    );
    let group = text(&system.join("etc/group"));
    assert!(group.ends_with("kept:x:1001:\nlab:x:2000:ops\nops:x:1500:\ndocker:x:970:ops\n"), "{group}");
    let shadow = text(&system.join("etc/shadow"));
    assert!(shadow.contains("\nops:$6$a\\n&$1::0:99999:7:::\nlate:*::0:99999:7:::\n"));
    assert_eq!(mode_and_owner(&home.join(".ssh/authorized_keys.d/ignition")), (0o600, 1500, 1500));
    assert_eq!(text(&root.join(OSTREE.var).join("home/core/.bashrc")), "skeleton\n");
    assert!(!root.join(OSTREE.var).join("home/late").exists());
}

/// What is wrong with the disk is said, and then nothing is written at all.
#[test]
fn what_does_not_fit_is_refused_and_nothing_is_changed() {
    let Some(bench) = Bench::new() else { return };
    type Damage = fn(&Bench, &Path);
    let cases: [(&str, Damage); 6] = [
        ("the disk is of the machine other, and this is for r640", |_, root| {
            write(&root.join(OSTREE.system).join("etc/cotter/machine"), "other\n");
        }),
        ("names the deployment /ostree/boot.1/fedora-coreos/bbbb/0, which is not there", |_, root| {
            let link = root.join("ostree/boot.1.1/fedora-coreos/bbbb/0");
            std::fs::remove_file(&link).unwrap();
            symlink("../../../../../etc", link).unwrap();
        }),
        ("names a deployment", |_, root| std::fs::remove_dir_all(root.join("boot")).unwrap()),
        ("is not whole: it lacks /etc/passwd or its /var", |_, root| {
            std::fs::remove_dir_all(root.join(OSTREE.var)).unwrap();
        }),
        ("there is no system on the file system labelled root", |_, root| {
            std::fs::remove_dir_all(root.join("ostree")).unwrap();
        }),
        ("/var is on /dev/nowhere, which cannot be mounted", |bench, _| {
            bench.payload("mounts", "/var\t/dev/nowhere\n")
        }),
    ];
    for (words, damage) in cases {
        let root = bench.ostree();
        damage(&bench, &root);
        let before = snapshot(&root);
        let said = bench.expect(1, &bench.run());
        assert!(said.contains(words), "{words}: {said}");
        assert!(said.ends_with("nothing was put back, and nothing on the disk was changed\n"), "{said}");
        assert_eq!(snapshot(&root), before, "{words}: something was changed");
        std::fs::remove_dir_all(&root).unwrap();
    }
}

/// A user can make any link in its home: root must not follow one out of it.
#[test]
fn links_of_users_are_not_followed() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.system(&PLAIN);
    let outside = bench.path("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(root.join("var/home/core")).unwrap();
    symlink(&outside, root.join("var/home/core/.ssh")).unwrap();
    let said = bench.expect(1, &bench.run());
    assert!(said.contains("NOT DONE: /home/core/.ssh is a link, and is left as it is"), "{said}");
    assert!(outside.read_dir().unwrap().next().is_none());
    // A link of the system's own is followed as the system would.
    let (inside, folder) = (root.join("etc/profiles"), root.join("etc/NetworkManager/system-connections"));
    std::fs::rename(&folder, &inside).unwrap();
    symlink("/etc/profiles", &folder).unwrap();
    std::fs::remove_file(inside.join("cotter-mgmt0.nmconnection")).unwrap();
    bench.expect(1, &bench.run());
    assert!(text(&inside.join("cotter-mgmt0.nmconnection")).contains("192.168.50.10"));
}

/// Without the tool or a kernel that knows labels, the person is told what to run.
#[test]
fn labels_that_cannot_be_set_are_said() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.system(&PLAIN);
    write(&root.join("etc/selinux/config"), "SELINUX=enforcing\nSELINUXTYPE=none-here\n");
    let said = bench.expect(1, &bench.run());
    assert!(
        said.contains("SELinux labels are not set; on the installed system: restorecon -RFv /etc/hostname "),
        "{said}"
    );
    assert_is_put_back(&root, &PLAIN);
}

/// Disks as loop devices, let go of in the end.
struct Disks(Vec<String>);

impl Disks {
    /// Makes a file system of a folder on a disk of its own.
    fn add(&mut self, image: &Path, label: &str, folder: &Path) -> Option<String> {
        tools::output(
            Command::new("mke2fs")
                .args(["-q", "-t", "ext4", "-L", label, "-d"])
                .arg(folder)
                .arg(image)
                .arg("32M"),
        );
        self.attach(image)
    }

    fn attach(&mut self, image: &Path) -> Option<String> {
        let done = Command::new("losetup").args(["-f", "--show"]).arg(image).output().unwrap();
        if !done.status.success() {
            tools::skip("there are no loop devices here");
            return None;
        }
        let device = String::from_utf8(done.stdout).unwrap().trim().to_owned();
        self.0.push(device.clone());
        Some(device)
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        for device in &self.0 {
            Command::new("losetup").arg("-d").arg(device).status().unwrap();
        }
    }
}

#[test]
fn a_disk_is_found_by_its_identity_mounted_and_let_go() {
    let Some(bench) = Bench::new() else { return };
    for tool in ["mke2fs", "losetup", "lsblk", "blkid", "mount"] {
        if tools::program(tool).is_none() {
            return;
        }
    }
    let _alone = tools::MOUNTS.write();
    let root = bench.ostree();
    let mut disks = Disks(Vec::new());
    let Some(device) = disks.add(&bench.path("a.img"), "root", &root) else { return };
    let link = bench.path("wwn-0x5000");
    symlink(&device, &link).unwrap();
    bench.payload("disk", &format!("steady {}\n", link.display()));
    let said = bench.expect(0, &bench.script().output().unwrap());
    assert!(said.contains(", 0 not done;"), "{said}");
    assert!(
        !text(Path::new("/proc/mounts")).contains(bench.path("run").to_str().unwrap()),
        "it is still mounted"
    );
    let there = bench.path("there");
    std::fs::create_dir(&there).unwrap();
    tools::output(Command::new("mount").arg(&device).arg(&there));
    let looked = std::panic::catch_unwind(|| assert_is_put_back(&there, &OSTREE));
    tools::output(Command::new("umount").arg(&there));
    looked.unwrap();

    // A second disk that looks like it: by identity that is no matter, by a name that moves it is.
    let Some(second) = disks.add(&bench.path("b.img"), "root", &root) else { return };
    bench.expect(0, &bench.script().output().unwrap());
    bench.payload("disk", &format!("moving {device}\n"));
    let said = bench.expect(1, &bench.script().output().unwrap());
    assert!(said.contains("file systems are labelled root, one is needed:"), "{said}");
    assert!(said.contains(&format!("  {device}\n")) && said.contains(&format!("  {second}\n")), "{said}");

    let Some(empty) = disks.add(&bench.path("c.img"), "data", &bench.path("payload")) else { return };
    let locked = bench.path("d.img");
    let mut header = b"LUKS\xba\xbe\x00\x01aes".to_vec();
    header.resize(4 << 20, 0);
    std::fs::write(&locked, header).unwrap();
    let Some(locked) = disks.attach(&locked) else { return };
    for (device, words) in [
        (empty.as_str(), "is labelled root: this is not the disk of an installed system"),
        (&locked, "is encrypted: open it"),
        ("/dev/nowhere", "the machine's disk /dev/nowhere is not there; there are:"),
    ] {
        bench.payload("disk", &format!("steady {device}\n"));
        let said = bench.expect(1, &bench.script().output().unwrap());
        assert!(said.contains(words) && said.contains("nothing was put back"), "{words}: {said}");
    }
}

/// Whatever the machine: nothing of an installer is on the medium, and keyfiles only where CoreOS keeps them.
#[test]
fn no_medium_installs_anything() {
    let mut looked_at = 0;
    for case in golden::cases() {
        let planned =
            world::plan_machine(&case.join("machine.yaml"), &world::Given::default(), &mut |_| ()).unwrap();
        let Some((machine, plan)) = planned.machine else { continue };
        let Some(own) = plan.medium() else { continue };
        let recovery = Recovery::of(&machine, &plan).unwrap();
        let restoring = recovery.medium(&plan, own, &machine.origin);
        let medium = restoring.medium().unwrap();
        let name = case.display();
        for file in medium.live.list("storage", "files") {
            let path = file["path"].as_str().unwrap();
            assert!(!path.contains("coreos") && !path.contains("openshift"), "{name}: {path}");
            assert!(!path.starts_with("/etc/NetworkManager"), "{name}: {path} would drop the live keyfiles");
        }
        let units: Vec<&str> =
            medium.live.list("systemd", "units").iter().map(|unit| unit["name"].as_str().unwrap()).collect();
        assert_eq!(units, ["cotter-recover.service"], "{name}");
        assert!(medium.live.value()["ignition"].get("config").is_none(), "{name} merges another document");
        assert_eq!(medium.edit.config, Some(medium.live.to_json()), "{name}");
        assert_eq!(medium.edit.network, own.edit.network, "{name}");
        let has_hash = recovery.users.iter().any(|user| user.password_hash.is_some());
        assert!(restoring.holds_secrets() || !has_hash, "{name}: everybody could read a hash");
        let finds_disk =
            medium.live.parts().iter().any(|part| part.name == "/usr/local/bin/cotter-choose-disk");
        assert_eq!(finds_disk, machine.install.unwrap().device().is_none(), "{name}");
        looked_at += 1;
    }
    assert!(looked_at > 5);
}

/// The commands of a runbook, by the heading they stand under.
fn commands(runbook: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut block: Option<String> = None;
    for line in runbook.lines() {
        match (&mut block, line) {
            (Some(_), "```") => found.push((heading.clone(), block.take().unwrap())),
            (Some(block), line) => block.push_str(&format!("{line}\n")),
            (None, "```sh") => block = Some(String::new()),
            (None, line) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    found
}

fn runbook(case: &str) -> String {
    let case = golden::cases().into_iter().find(|path| path.ends_with(case)).unwrap();
    let planned =
        world::plan_machine(&case.join("machine.yaml"), &world::Given::default(), &mut |_| ()).unwrap();
    let (machine, plan) = planned.machine.unwrap();
    Recovery::of(&machine, &plan).unwrap().runbook("my machine.yaml")
}

#[test]
fn every_command_of_a_runbook_is_bash_and_none_holds_a_secret() {
    for case in ["dell-r640", "everything", "bridge", "pin-by-rule", "starter-mirrored", "single-node"] {
        let text = runbook(case);
        assert!(!text.contains("$6$"), "{case} shows a hash");
        let commands = commands(&text);
        assert!(commands.len() > 10, "{case}: {text}");
        for (heading, block) in &commands {
            let done = Command::new("bash").args(["-n", "-c", block]).output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.success() && said.is_empty(), "{case}, {heading}: {said}{block}");
        }
        assert!(text.contains("cotter recover 'my machine.yaml' --iso"), "{text}");
    }
}

#[test]
fn a_single_nodes_runbook_says_what_the_operator_keeps() {
    let text = runbook("single-node");
    assert!(text.contains("oc get machineconfigpool master\n"), "{text}");
    assert!(text.contains("oc get machineconfig 99-master-cotter-machine -o yaml\n"), "{text}");
    let (_, operator) = text.split_once("The operator keeps these").unwrap();
    let (kept, others) = operator.split_once("It does not look at these").unwrap();
    assert!(
        kept.contains("- `/etc/NetworkManager/system-connections/cotter-mgmt0.nmconnection`\n"),
        "{kept}"
    );
    assert!(!others.contains("nmconnection"), "{others}");
}

/// By hand it comes to the same files as by the medium.
#[test]
fn the_runbooks_file_commands_put_back_what_the_script_puts_back() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.system(&PLAIN);
    let mut program = format!("set -eu\nS={}\n", root.display());
    for (_, block) in commands(&runbook("dell-r640"))
        .iter()
        .filter(|(heading, _)| ["2. Keep what is there", "3. Network files"].contains(&heading.as_str()))
    {
        program.push_str(block);
    }
    tools::output(Command::new("bash").arg("-c").arg(&program));
    let kept = root.join("var/lib/cotter/recover/by-hand").join(KEYFILE);
    assert_eq!(text(&kept), "[connection]\nid=wrong\n");
    let said = bench.expect(0, &bench.run());
    assert!(
        !said.contains("put back: /etc/NetworkManager") && !said.contains("put back: /etc/systemd"),
        "{said}"
    );
    assert_eq!(root.join("etc/systemd/network").read_dir().unwrap().count(), 4);
    assert_eq!(mode_and_owner(&root.join(KEYFILE)), (0o600, 0, 0));
    assert_eq!(text(&root.join("etc/hostname")), "r640.lab.example.com\n");
}
