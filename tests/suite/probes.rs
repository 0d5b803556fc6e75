//! Machines seen over ssh: a real sshd on loopback, and stand-ins for ssh where a machine must misbehave.

use std::fs::Permissions;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::schemas;
use crate::tools;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// One expectation of a manifest.
fn expects(subject: &str, value: &str) -> Value {
    json!({
        "subject": subject, "wanted": "has", "value": value, "says": subject,
        "lives": ["live", "first-boot", "later-boots", "after-mco"],
        "origin": {"file": "m.yaml", "line": 7, "column": 1, "key": subject},
    })
}

fn manifest(expectations: &[Value]) -> Value {
    json!({
        "schema": "cotter.dev/manifest/1", "machine": "m", "target": "fcos",
        "spec": {"file": "m.yaml", "sha256": "0".repeat(64)},
        "patience_seconds": 1, "expectations": expectations,
    })
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

fn program(path: &Path, text: &str) {
    tools::put_program(path, text.as_bytes());
}

/// A folder with a manifest of this machine, in which cotter runs.
struct Here {
    folder: TempDir,
}

impl Here {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Self { folder };
        here.wants(&[expects("hostname", &hostname()), expects("user/root/exists", "yes")]);
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wants(&self, expectations: &[Value]) {
        write(&self.path("m.json"), &manifest(expectations).to_string());
    }

    fn cotter(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// The same with `bin` first in PATH.
    fn with_bin(&self, arguments: &[&str]) -> Command {
        let mut command = self.cotter(arguments);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command
    }
}

/// Exit code, standard output and standard error.
fn said(done: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

/// An sshd of this test alone, on a port of its own, with a client's configuration that knows it.
struct Sshd {
    here: Here,
    port: u16,
    server: Child,
}

impl Sshd {
    /// Starts it; nothing if there is no sshd here.
    fn start() -> Option<Self> {
        Self::with("")
    }

    /// Whoever logs in gets this bash script instead of what was asked for, with `token` taken from what was sent.
    fn that_says(script: &str) -> Option<Self> {
        let read_token = "while IFS== read -r name token; do [ \"$name\" = token ] && break; done";
        Self::with(&format!("{read_token}\n{script}\n"))
    }

    fn with(forced: &str) -> Option<Self> {
        let sshd = PathBuf::from("/usr/sbin/sshd");
        if !sshd.is_file() {
            tools::skip("there is no `/usr/sbin/sshd` here");
            return None;
        }
        let here = Here::new();
        for key in ["host", "user", "other"] {
            let file = here.path(key);
            tools::output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file));
        }
        // Where sshd puts its unprivileged part; Debian's unit makes it.
        let _ = std::fs::create_dir("/run/sshd");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| here.path(name).display().to_string();
        let mut config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes no\nAuthorizedKeysFile {}\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            at("host"),
            at("user.pub")
        );
        if !forced.is_empty() {
            write(&here.path("forced"), forced);
            config.push_str(&format!("ForceCommand bash {}\n", at("forced")));
        }
        let banner = "\u{1b}[2J Unauthorized access is forbidden.\n";
        write(&here.path("banner"), banner);
        config.push_str(&format!("Banner {}\nSetEnv COTTER_BOOTS={}\n", at("banner"), at("boots")));
        write(&here.path("sshd_config"), &config);
        let host_key = std::fs::read_to_string(here.path("host.pub")).unwrap();
        write(&here.path("known"), &format!("[127.0.0.1]:{port} {host_key}"));
        let user = String::from_utf8(tools::output(Command::new("id").arg("-un"))).unwrap();
        write(
            &here.path("ssh_config"),
            &format!(
                "Host machine\n  HostName 127.0.0.1\n  Port {port}\n  User {}\n  IdentityFile {}\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n",
                user.trim(),
                at("user"),
                at("known")
            ),
        );
        let log = std::fs::File::create(here.path("log")).unwrap();
        let server = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(here.path("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut sshd = Self { here, port, server };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(sshd.server.try_wait().unwrap().is_none(), "sshd ended:\n{}", sshd.log());
            assert!(begin.elapsed() < Duration::from_secs(30), "sshd does not listen:\n{}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(sshd)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.here.path("log")).unwrap()
    }

    fn verify(&self, more: &[&str]) -> (i32, String, String) {
        let config = self.here.path("ssh_config");
        let mut arguments =
            vec!["verify", "m.json", "--ssh", "machine", "--ssh-config", config.to_str().unwrap()];
        arguments.extend(more);
        said(&self.here.cotter(&arguments).output().unwrap())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The lines of a report that are not met.
fn outcomes(json: &str) -> Vec<(String, String, String)> {
    let report: Value = serde_json::from_str(json).unwrap();
    let boots = report["boots"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verdict = |boot: &str, v: &Value| (boot.to_owned(), text(&v["subject"]), text(&v["outcome"]));
    let of_boot = |boot: &Value| {
        let name = text(&boot["name"]);
        boot["verdicts"].as_array().unwrap().iter().map(|v| verdict(&name, v)).collect::<Vec<_>>()
    };
    boots.iter().flat_map(of_boot).collect()
}

#[test]
fn a_machine_is_judged_over_ssh_and_nothing_stays_there() {
    let Some(sshd) = Sshd::start() else { return };
    let (code, out, err) = sshd.verify(&[]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2 of 2 met") && !err.contains("Unauthorized"), "{out}{err}");
    sshd.here.wants(&[expects("hostname", "elsewhere"), expects("user/root/exists", "yes")]);
    let (code, out, err) = sshd.verify(&[]);
    assert_eq!(code, 1, "{out}{err}");
    let found = format!("expected elsewhere, found {}", hostname());
    assert!(out.contains(&found) && out.contains("--> m.yaml:7 hostname"), "{out}");
    let accepted = sshd.log().matches("Accepted publickey").count();
    assert_eq!(accepted, 2, "one connection a look:\n{}", sshd.log());
    for place in ["/tmp", "/dev/shm", "/run", "/var/tmp"] {
        for entry in Path::new(place).read_dir().unwrap() {
            let entry = entry.unwrap();
            let is_ours = entry.file_name().to_string_lossy().starts_with("cotter-look.");
            // Another test may be looking just now.
            let is_old = |path: &Path| {
                path.metadata()
                    .and_then(|data| data.modified())
                    .is_ok_and(|at| at.elapsed().unwrap() > Duration::from_secs(120))
            };
            assert!(!(is_ours && is_old(&entry.path())), "{} was left behind", entry.path().display());
        }
    }
}

/// The node's own MachineConfig is larger than a record, and comes all the same.
#[test]
fn a_node_is_held_against_the_machineconfig_that_it_keeps() {
    let over_etc = "exec unshare -m bash -c 'mount -t overlay overlay -o \"lowerdir=$0/etc:/etc\" /etc && exec bash -s' \"$(dirname \"$0\")\"\n";
    let private = Command::new("unshare").args(["-m", "true"]).output();
    if !private.is_ok_and(|done| done.status.success()) {
        tools::skip("only root can give a node another `/etc`");
        return;
    }
    let Some(sshd) = Sshd::with(over_etc) else { return };
    let file = sshd.here.path("file");
    write(&file, &"x".repeat(2 << 20));
    let config = json!({"metadata": {"name": "rendered-worker-1"}, "spec": {"config": {
        "ignition": {"version": "3.4.0"},
        "storage": {"files": [
            {"path": file, "contents": {"source": format!("data:,{}", "x".repeat(2 << 20))}},
            {"path": sshd.here.path("gone"), "contents": {"source": "data:,x"}},
        ]},
        "systemd": {"units": [{"name": "cotter-m.service", "mask": true}, {"name": "cotter-n.service", "mask": true}]},
    }, "kernelType": "64k-pages"}});
    let units = sshd.here.path("etc/systemd/system");
    std::fs::create_dir_all(&units).unwrap();
    std::os::unix::fs::symlink("/dev/null", units.join("cotter-m.service")).unwrap();
    write(&units.join("cotter-n.service"), "[Service]\n");
    let kept = sshd.here.path("etc/machine-config-daemon/currentconfig");
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    let ssh_config = sshd.here.path("ssh_config");
    let arguments =
        ["machineconfig", "drift", "--ssh", "machine", "--ssh-config", ssh_config.to_str().unwrap()];
    let (code, out, err) = said(&sshd.here.cotter(&arguments).output().unwrap());
    assert!(code == 2 && err.contains("keeps no MachineConfig"), "{code} {out}{err}");
    write(&kept, &config.to_string());
    let (code, out, err) = said(&sshd.here.cotter(&arguments).output().unwrap());
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("machine held against rendered-worker-1"), "{out}");
    assert!(out.contains(&format!("file {}: expected file", sshd.here.path("gone").display())), "{out}");
    assert!(!out.contains(&format!("contents of {}", file.display())), "{out}");
    assert!(out.contains("the operator stops here: could not stat file"), "{out}");
    assert!(out.contains("kernel of type 64k-pages: expected 64k-pages, found default"), "{out}");
    assert!(out.contains("unit cotter-n.service masked") && !out.contains("unit cotter-m.service"), "{out}");
}

/// The machine before it is installed: what it is made of, over ssh as here.
#[test]
fn a_machine_is_looked_at_before_anything_is_installed_on_it() {
    let Some(sshd) = Sshd::with("PATH=\"$(dirname \"$0\")/bin:$PATH\" exec bash --norc -s\n") else { return };
    let here = &sshd.here;
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let spec = cases.join("single-node/machine.yaml");
    std::fs::create_dir(here.path("bin")).unwrap();
    let disk = |serial: &str, size: u64| {
        json!({"name": "sda", "size": size, "rota": false, "type": "disk", "serial": serial}).to_string()
    };
    let disks = format!("{{\"blockdevices\": [{}]}}", disk("S3", 100_000_000_000));
    program(&here.path("bin/lsblk"), &format!("#!/bin/sh\ncat <<'E'\n{disks}\nE\n"));
    let images = json!({"images": [{"repoTags": ["registry.lab/a:1"], "repoDigests": []}]});
    program(
        &here.path("bin/crictl"),
        &format!("#!/bin/sh\n[ \"$1 $2\" = 'images -o' ] && cat <<'E'\n{images}\nE\n"),
    );
    program(&here.path("bin/df"), "#!/bin/sh\nprintf 'x\\n/dev/sda 1000 900 100 90%% /\\n'\n");
    write(&here.path("list.txt"), "registry.lab/a:1\n127.0.0.1:1/b:1\n");

    let config = here.path("ssh_config");
    let common = ["preflight", spec.to_str().unwrap(), "--images", "list.txt", "--timeout", "5"];
    let over = ["--ssh", "machine", "--ssh-config", config.to_str().unwrap()];
    for arguments in [[common.as_slice(), &over].concat(), [common.as_slice(), &["--local"]].concat()] {
        let (code, out, err) = said(&here.with_bin(&arguments).output().unwrap());
        assert_eq!(code, 1, "{out}{err}");
        let threads = "differs  8 threads for sno: expected enough, found ";
        assert!(out.contains(threads) || std::thread::available_parallelism().unwrap().get() >= 8, "{out}");
        assert!(out.contains("differs  the port e4:43:4b:0a:00:01: expected there, found none"), "{out}");
        assert!(
            out.contains("single-node/machine.yaml:4:9 (target)") || out.contains("machine.yaml:4"),
            "{out}"
        );
        // What the node has needs no pull, and nobody is asked for it; the other place is dead.
        assert!(
            out.contains("127.0.0.1:1/b:1: expected can be pulled, found connect at 127.0.0.1:1"),
            "{out}"
        );
        assert!(!out.contains("registry.lab/a:1: expected"), "{out}");
        assert!(out.contains("images that the node has by name: 1\n"), "{out}");
    }
    let (code, out, _) = said(
        &here.with_bin(&["preflight", "--images", "list.txt", "--ssh", "x", "--local"]).output().unwrap(),
    );
    assert_eq!(code, 2, "{out}");
    let (code, _, err) = said(&here.with_bin(&["preflight"]).output().unwrap());
    assert!(code == 2 && err.contains("--images"), "{err}");
}

#[test]
fn earlier_boots_come_along_and_what_was_lost_is_said_first() {
    let Some(sshd) = Sshd::start() else { return };
    let boots = sshd.here.path("boots");
    std::fs::create_dir(&boots).unwrap();
    let record = |boot: &str, name: &str| {
        json!({"schema": "cotter.dev/boot/1", "machine": "m", "boot_id": boot, "life": "first-boot",
            "facts": {"hostname": [name], "user/root/exists": ["yes"]}})
        .to_string()
    };
    let now = std::fs::read_to_string(BOOT_ID).unwrap();
    let old = "11111111-1111-4111-8111-111111111111";
    write(&boots.join("a.json"), &record(old, "elsewhere"));
    write(&boots.join("b.json"), &record(now.trim(), "what this boot kept is older than the look"));
    write(&boots.join("c.json"), &format!("\u{1b}[2J{}", "x".repeat(2 << 20)));
    write(&boots.join("d.json"), "{\"schema\": 7}");
    sshd.here.wants(&[expects("hostname", "elsewhere"), expects("user/root/exists", "yes")]);
    let (code, out, err) = sshd.verify(&[]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.starts_with("LOST  hostname lost: met in `first boot 11111111`"), "{out}");
    assert_eq!(out.matches("user/root").count(), 0, "{out}");
    assert!(err.contains("2 records of earlier boots left out") && !err.contains('\u{1b}'), "{err}");
}

#[test]
fn whoever_does_not_get_in_is_told_why() {
    let Some(sshd) = Sshd::start() else { return };
    let config = std::fs::read_to_string(sshd.here.path("ssh_config")).unwrap();
    let known = std::fs::read_to_string(sshd.here.path("known")).unwrap();
    let other_key = std::fs::read_to_string(sshd.here.path("other.pub")).unwrap();
    let other_known = format!("[127.0.0.1]:{} {other_key}", sshd.port);
    let user = sshd.here.path("user").display().to_string();
    let other = sshd.here.path("other").display().to_string();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |number: u16| config.replace(&sshd.port.to_string(), &number.to_string());
    for (config, known, words) in [
        (config.clone(), String::new(), "the host key of `machine` is not known"),
        (config.clone(), other_known, "is not the one that is known"),
        (config.replace(&format!("{user}\n"), &format!("{other}\n")), known.clone(), "does not let you in"),
        (port(free), known.clone(), "refuses the connection"),
        (config.replace("127.0.0.1\n", "nowhere.invalid\n"), known.clone(), "does not lead to an address"),
        (port(silent.local_addr().unwrap().port()), known.clone(), "does not answer"),
        ("Nonsense yes\n".to_owned(), known.clone(), "ssh configuration is wrong"),
    ] {
        write(&sshd.here.path("ssh_config"), &config);
        write(&sshd.here.path("known"), &known);
        let begin = Instant::now();
        let (code, out, err) = sshd.verify(&["--timeout", "8"]);
        assert_eq!(code, 3, "{words}\n{out}{err}");
        assert!(err.contains(words) && err.contains("help: ") && out.is_empty(), "{words}\n{out}{err}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{words}");
    }
}

#[test]
fn whoever_answers_badly_is_unknown_and_never_passes() {
    let good = r#"now="{\"schema\":\"cotter.dev/boot/1\",\"machine\":\"m\",\"boot_id\":\"$(cat /proc/sys/kernel/random/boot_id)\",\"life\":\"later-boots\",\"facts\":{\"hostname\":[\"$(cat /proc/sys/kernel/hostname)\"],\"user/root/exists\":[\"yes\"]}}"
"#;
    let frame = r#"echo; echo "$token begin"; "#;
    for (script, words) in [
        ("exit 0", "does not answer what it was asked"),
        ("echo This account is not available; exit 1", "has no shell for you"),
        ("echo 'bash: command not found' >&2; exit 127", "there is no bash"),
        (&format!("{good}{frame}echo \"$token now $now\""), "broke off"),
        (&format!("{good}{frame}echo \"$token now ${{now:0:60}}\""), "broke off"),
        (&format!("{good}{frame}kill -9 $$"), "broke off"),
        (&format!("{frame}echo \"$token end\""), "no record of its boot"),
        (&format!("{frame}echo \"$token now {{}}\"; echo \"$token end\""), "no record of its boot"),
        (
            &format!("{good}{frame}echo \"$token now ${{now/later-boots/elsewhere}}\"; echo \"$token end\""),
            "no record of its boot",
        ),
        (&format!("{frame}printf '%s now \\033[2J\\007\\n%s end\\n' $token $token"), "no record of its boot"),
        (&format!("{frame}head -c 100000000 /dev/zero"), "more than"),
        (&format!("{frame}yes \"$token earlier x\""), "more than"),
        ("head -c 100000000 /dev/urandom", "more than"),
        (&format!("{good}{frame}echo \"$token now $now\"; sleep 600"), "not complete within 8 s"),
        (
            &format!(
                "{good}{frame}echo \"$token now ${{now/\\\"m\\\"/\\\"other\\\"}}\"; echo \"$token end\""
            ),
            "a record of `other`, not of `m`",
        ),
    ] {
        let Some(sshd) = Sshd::that_says(script) else { return };
        let begin = Instant::now();
        let (code, out, err) = sshd.verify(&["--timeout", "8", "--format", "json"]);
        assert_eq!(code, 1, "{script}\n{out}{err}");
        assert!(out.contains(words), "{script}\n{out}{err}");
        let outcomes = outcomes(&out);
        assert!(outcomes.len() == 2 && outcomes.iter().all(|(_, _, o)| o == "unknown"), "{script}\n{out}");
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{script}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{script}");
    }
    // The control: the same answer, whole, passes, whatever else its shell says.
    let noise = "printf 'Welcome\\n\\033[2J'; echo \"$token is not a line of the answer\" >&2; ";
    let whole =
        format!("{good}{noise}{frame}echo noise; echo \"$token now $now\"; echo \"$token end\"; sleep 600");
    let Some(sshd) = Sshd::that_says(&whole) else { return };
    let (code, out, err) = sshd.verify(&["--timeout", "20"]);
    assert_eq!(code, 0, "{out}{err}");
}

/// An account that may not become root sees what it may, and what it may not is unknown rather than missing.
#[test]
fn an_account_without_sudo_sees_less_and_says_so() {
    let plain = "exec setpriv --reuid 65534 --regid 65534 --clear-groups bash --norc -s";
    let Some(sshd) = Sshd::with(plain) else { return };
    if !tools::output(Command::new("id").arg("-u")).starts_with(b"0\n") {
        return tools::skip("only root can log in as somebody else");
    }
    let closed = sshd.here.path("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    write(&closed.join("file"), "");
    let hidden = closed.join("file").display().to_string();
    sshd.here.wants(&[
        expects("hostname", &hostname()),
        expects("file/etc/passwd/mode", "0644"),
        expects(&format!("file{hidden}/kind"), "file"),
        expects("user/root/password", "locked"),
    ]);
    let (code, out, err) = sshd.verify(&["--format", "json"]);
    assert_eq!(code, 1, "{out}{err}");
    let words: Vec<String> = outcomes(&out).into_iter().map(|(_, _, outcome)| outcome).collect();
    assert_eq!(words, ["met", "met", "unknown", "unknown"], "{out}");
    assert!(err.contains("may not become root"), "{err}");
    assert!(out.contains("may not look there") && out.contains("its folder cannot be looked into"), "{out}");
    let (code, _, err) = sshd.verify(&["--reboot"]);
    assert!(code == 3 && err.contains("may not reboot `machine`"), "{err}");
}

/// The shell that sudo gives reads on where the first one stopped.
#[test]
fn an_account_with_sudo_looks_as_root() {
    let here = tempfile::tempdir().unwrap();
    let bin = here.path().join("bin");
    program(&bin.join("id"), "#!/bin/bash\n[ -n \"$IS_ROOT\" ] && exec /usr/bin/id \"$@\"\necho 1000\n");
    program(
        &bin.join("sudo"),
        "#!/bin/bash\n[ \"$1\" = -n ] || exit 1\nshift\nIS_ROOT=1 exec env -u COTTER_BOOTS \"$@\"\n",
    );
    let script = format!("export PATH={}:$PATH\nexec bash --norc -s", bin.display());
    let Some(sshd) = Sshd::with(&script) else { return };
    let (code, out, err) = sshd.verify(&[]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(!err.contains("may not become root"), "{err}");
    program(&bin.join("sudo"), "#!/bin/bash\necho 'sudo: a password is required' >&2\nexit 1\n");
    let (_, _, err) = sshd.verify(&[]);
    assert!(err.contains("may not become root"), "{err}");
}

#[test]
fn without_ssh_it_says_what_to_install() {
    let here = Here::new();
    let mut command = here.cotter(&["verify", "m.json", "--ssh", "machine"]);
    let (code, _, err) = said(&command.env("PATH", here.folder.path()).output().unwrap());
    assert!(code == 3 && err.contains("openssh-client"), "{err}");
    for wrong in [
        &["verify", "m.json", "--ssh=-oProxyCommand=touch x"][..],
        &["verify", "m.json", "--ssh", "a", "--local"],
        &["verify", "m.json", "--local", "--reboot"],
        &["verify", "m.json", "--ssh", "a", "--boots", "2"],
        &["verify", "--hosts", "h.csv", "--reboot"],
        &["verify", "m.json", "--hosts", "h.csv"],
        &["verify", "--ssh", "a"],
    ] {
        let (code, _, err) = said(&here.cotter(wrong).output().unwrap());
        assert_eq!(code, 2, "{wrong:?}: {err}");
    }
}

/// A stand-in for ssh and a machine behind it, which reboots: its boot id, its name and whether it is down are
/// files in `state`.
fn machine_that_reboots(here: &Here, systemctl: &str) {
    let state = here.path("state");
    let at = state.display();
    write_state(here, "boot_id", "11111111-1111-4111-8111-111111111111");
    write_state(here, "hostname", "right");
    program(
        &here.path("bin/ssh"),
        &format!(
            "#!/bin/bash
if [ -e {at}/down ]; then
    [ \"$(cat {at}/down)\" -gt 0 ] || {{ rm {at}/down; exit 255; }}
    echo $(($(cat {at}/down) - 1)) >{at}/down
    echo 'ssh: connect to host m port 22: Connection refused' >&2
    exit 255
fi
sed 's,/proc/sys/kernel/random/boot_id,{at}/boot_id,; s,/proc/sys/kernel/hostname,{at}/hostname,' |
    PATH={at}/bin:$PATH COTTER_BOOTS=/nonexistent bash --norc -s
"
        ),
    );
    program(&state.join("bin/id"), "#!/bin/bash\n[ \"$1\" = -u ] && echo 0 || exec /usr/bin/id \"$@\"\n");
    program(
        &state.join("bin/systemctl"),
        &format!("#!/bin/bash\n[ \"$*\" = reboot ] || exit 1\ncd {at} || exit 1\n{systemctl}\n"),
    );
    here.wants(&[expects("hostname", "right"), expects("user/root/exists", "yes")]);
}

fn write_state(here: &Here, name: &str, text: &str) {
    std::fs::create_dir_all(here.path("state")).unwrap();
    write(&here.path("state").join(name), &format!("{text}\n"));
}

const NEW_BOOT: &str = "cat /proc/sys/kernel/random/uuid >boot_id; echo 2 >down";

#[test]
fn a_reboot_is_proved_and_what_it_took_away_is_said_first() {
    let here = Here::new();
    machine_that_reboots(
        &here,
        &format!("{NEW_BOOT}; echo x >>count; [ $(wc -l <count) != 2 ] || echo wrong >hostname"),
    );
    let run = |more: &[&str]| {
        let mut arguments = vec!["verify", "m.json", "--ssh", "m", "--reboot", "--timeout", "600"];
        arguments.extend(more);
        said(&here.with_bin(&arguments).output().unwrap())
    };
    let (code, out, err) = run(&[]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("before ") && out.contains("after reboot 1 2 of 2 met"), "{out}");
    for words in ["before: 2 met", "rebooting m (1 of 1)", "waiting for it to come back: "] {
        assert!(err.contains(words), "{words}: {err}");
    }
    let (code, out, err) = run(&["--boots", "2"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.starts_with("LOST  hostname lost: met in `before`, not in `after reboot 1`, which has wrong"),
        "{out}"
    );
    assert!(out.contains("after reboot 2"), "{out}");
    assert_eq!(std::fs::read_to_string(here.path("state/count")).unwrap().lines().count(), 3);
    let (_, _, _) = said(&here.with_bin(&["verify", "m.json", "--ssh", "m"]).output().unwrap());
    assert_eq!(std::fs::read_to_string(here.path("state/count")).unwrap().lines().count(), 3, "nobody asked");
}

#[test]
fn a_reboot_that_is_none_or_has_no_end_is_no_pass() {
    for (systemctl, code, words) in [
        ("true", 1, "did not reboot within 6 s: its boot id is still `11111111"),
        ("cat /proc/sys/kernel/random/uuid >boot_id; echo 99999 >down", 1, "did not come back within 6 s"),
        ("echo 'Access denied' >&2; exit 1", 3, "does not reboot: Access denied"),
    ] {
        let here = Here::new();
        machine_that_reboots(&here, systemctl);
        let arguments = [
            "verify",
            "m.json",
            "--ssh",
            "m",
            "--reboot",
            "--boots",
            "3",
            "--patience",
            "0.1",
            "--format",
            "json",
        ];
        let (ended, out, err) = said(&here.with_bin(&arguments).output().unwrap());
        assert_eq!(ended, code, "{systemctl}\n{out}{err}");
        assert!(err.contains(words), "{systemctl}\n{err}");
        if code == 3 {
            assert!(out.is_empty(), "{out}");
            continue;
        }
        let after: Vec<_> =
            outcomes(&out).into_iter().filter(|(boot, ..)| boot == "after reboot 1").collect();
        assert!(after.len() == 2 && after.iter().all(|(.., outcome)| outcome == "unknown"), "{out}");
        assert!(!out.contains("after reboot 2"), "{out}");
    }
}

/// What a machine of a rack says: facts enough for a hundred expectations.
fn recorded(hostname: &str) -> String {
    let mut facts: serde_json::Map<String, Value> = (0..300)
        .map(|number| (format!("file/etc/some/long/path/of/a/file-{number}/sha256"), json!(["a".repeat(64)])))
        .collect();
    facts.insert("hostname".into(), json!([hostname]));
    json!({"schema": "cotter.dev/boot/1", "machine": "m", "boot_id": "11111111-1111-4111-8111-111111111111",
        "life": "later-boots", "facts": facts})
    .to_string()
}

/// Two hundred machines, of which 10 % are slow, 5 % are dead, and some differ, break off or lie.
#[test]
fn many_machines_are_counted_right_within_bounded_time_and_memory() {
    const HOSTS: usize = 200;
    const TIMEOUT_SECONDS: u64 = 20;
    let Some(time) = tools::program("time") else { return };
    let here = Here::new();
    let mut wanted = vec![expects("hostname", "right")];
    wanted.extend(
        (0..100).map(|n| expects(&format!("file/etc/some/long/path/of/a/file-{n}/sha256"), &"a".repeat(64))),
    );
    here.wants(&wanted);
    write(&here.path("right"), &recorded("right"));
    write(&here.path("wrong"), &recorded("wrong"));
    write(&here.path("liar"), &recorded("right").replace("\"m\"", "\"other\""));
    let forever = format!("7654321.{}", std::process::id());
    program(
        &here.path("bin/ssh"),
        &format!(
            "#!/bin/bash
while [ \"$1\" != -- ]; do shift; done
number=${{2#host-}} record=right
IFS== read -r _ token
cat >/dev/null
[ $((number % 20)) != 1 ] || sleep {forever}
[ $((number % 10)) != 5 ] || sleep 3
[ $((number % 50)) != 7 ] || record=wrong
[ $((number % 50)) != 8 ] || record=liar
printf 'Welcome\n%s begin\n%s now %s\n' $token $token \"$(<{0}/$record)\"
[ $((number % 50)) != 9 ] || exit 255
printf '%s earlier %s\n%s end\n' $token \"$(sed s/1111-4111/2222-4222/ {0}/$record)\" $token
",
            here.folder.path().display()
        ),
    );
    let rows: String = (0..HOSTS).map(|number| format!("m.json,host-{number},node {number}\n")).collect();
    write(&here.path("hosts.csv"), &format!("spec,ssh,name\n{rows}"));
    let timeout = TIMEOUT_SECONDS.to_string();
    let arguments = ["verify", "--hosts", "hosts.csv", "--timeout", &timeout, "--format", "json"];
    let path = here
        .with_bin(&arguments)
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then(|| value.unwrap().to_owned()))
        .unwrap();
    let begin = Instant::now();
    let done = Command::new(time)
        .args(["-f", "%M", "-o", "memory", env!("CARGO_BIN_EXE_cotter")])
        .args(arguments)
        .current_dir(here.folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let took = begin.elapsed();
    let (code, out, err) = said(&done);
    assert_eq!(code, 1, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    schemas::assert_is("hosts-report", &report);
    for host in report["hosts"].as_array().unwrap() {
        assert!(host["report"].is_object() != (host["outcome"] == "unreachable"), "{host}");
        host.get("report").into_iter().for_each(|report| schemas::assert_is("report", report));
    }
    let counts = json!({"hosts": 200, "met": 178, "differs": 4, "unknown": 8, "unreachable": 10});
    assert_eq!(report["counts"], counts, "{err}");
    let of = |number: usize| report["hosts"][number]["outcome"].as_str().unwrap().to_owned();
    for (number, outcome) in
        [(0, "met"), (5, "met"), (7, "differs"), (8, "unknown"), (9, "unknown"), (21, "unreachable")]
    {
        assert_eq!(of(number), outcome, "host {number}");
    }
    // One after the other, the dead alone would take ten times the timeout.
    assert!(took < Duration::from_secs(3 * TIMEOUT_SECONDS), "it took {took:?}");
    let memory = std::fs::read_to_string(here.path("memory")).unwrap();
    let kib: u64 = memory.lines().last().unwrap().parse().unwrap();
    assert!(kib < 100 << 10, "{kib} KiB");
    eprintln!("{HOSTS} machines, 10 % slow, 5 % dead: {:.1} s, {} MiB", took.as_secs_f64(), kib >> 10);
    assert_eq!(running(&forever), 0, "something was left running");
}

/// How many processes have this word on their command line.
fn running(word: &str) -> usize {
    let has = |path: PathBuf| {
        std::fs::read(path.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    };
    Path::new("/proc").read_dir().unwrap().filter(|entry| has(entry.as_ref().unwrap().path())).count()
}

#[test]
fn a_list_is_shown_with_what_is_wrong_on_it() {
    let here = Here::new();
    here.wants(&[expects("hostname", "right")]);
    write(&here.path("right"), &recorded("right"));
    write(&here.path("wrong"), &recorded("wrong"));
    program(
        &here.path("bin/ssh"),
        &format!(
            "#!/bin/bash
while [ \"$1\" != -- ]; do shift; done
IFS== read -r _ token
[ \"$2\" != gone ] || {{ echo 'ssh: connect to host gone port 22: Connection refused' >&2; exit 255; }}
printf '%s begin\n%s now %s\n%s end\n' $token $token \"$(<{}/$2)\" $token
",
            here.folder.path().display()
        ),
    );
    let run = |list: &str| {
        write(&here.path("hosts.csv"), list);
        said(&here.with_bin(&["verify", "--hosts", "hosts.csv", "--parallel", "2"]).output().unwrap())
    };
    let (code, out, _) = run("spec,ssh,name\nm.json,right,\n./m.json,wrong,bad\nm.json,gone,\n");
    assert_eq!(code, 1, "{out}");
    for words in [
        "differs  bad (wrong)\n",
        "hostname: expected right, found wrong",
        "unreachable  gone: `gone` refuses the connection",
        "3 machines: 1 met, 1 differ, 0 unknown, 1 unreachable",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (code, out, err) = run("spec,ssh\nm.json,right\n");
    assert!(code == 0 && out == "1 machine: 1 met, 0 differ, 0 unknown, 0 unreachable\n", "{out}{err}");
    let (code, _, err) = run("spec,ssh\nm.json,right\n,wrong\nm.json,right\n");
    assert!(code == 2 && err.contains("hosts.csv:3:1") && err.contains("hosts.csv:4:1"), "{err}");
    let (code, _, err) = run("spec,ssh\nnowhere.json,right\n");
    assert!(code == 2 && err.contains("hosts.csv:2 spec: failed to read"), "{err}");
}

/// On the node, NetworkManager itself is asked: with nmcli, without, and with one that says something else.
#[test]
fn profiles_are_known_over_the_bus() {
    let here = Here::new();
    let uuid = "2e3cf3a0-0000-4000-8000-000000000001";
    here.wants(&[expects("interface/p0/profile", uuid)]);
    let liar = here.path("nmcli");
    program(&liar, "#!/bin/bash\necho 11111111-0000-4000-8000-000000000001:p0:other\n");
    let look = format!("{} verify m.json --local", env!("CARGO_BIN_EXE_cotter"));
    let instead = |nmcli: &str| format!("mount --bind {nmcli} \"$(command -v nmcli)\" && {look}");
    for (command, code, words) in [
        (look.clone(), 0, "1 of 1 met".to_owned()),
        (instead("/bin/false"), 0, "1 of 1 met".to_owned()),
        (
            instead(liar.to_str().unwrap()),
            1,
            format!("nmcli says 11111111-0000-4000-8000-000000000001, D-Bus {uuid}"),
        ),
    ] {
        let bus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networkmanager/bus");
        let _others = tools::MOUNTS.read();
        let done = Command::new(bus)
            .args(["bash", "-c", &command])
            .current_dir(here.folder.path())
            .output()
            .unwrap();
        if done.status.code() == Some(77) {
            return tools::skip("there can be no namespaces with a NetworkManager here");
        }
        let (ended, out, err) = said(&done);
        assert_eq!(ended, code, "{command}\n{out}{err}");
        assert!(out.contains(&words), "{command}\n{out}{err}");
    }
}
