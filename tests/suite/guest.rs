//! A machine that runs, looked at over ssh: broken in one place after the other, and rebooted.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::bench::copy_disk;
use crate::bench::stand_in;
use crate::bench::starter;
use crate::tools;

const BOOT_TIMEOUT: Duration = Duration::from_secs(300);

/// The starter's virtual machine, booted from a copy of its disk, with its ssh on a port of this machine.
struct Guest {
    machine: Child,
    folder: tempfile::TempDir,
    spec: PathBuf,
}

impl Guest {
    fn boot() -> Self {
        let starter = &starter().folder;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let disk = folder.path().join("disk.raw");
        let kept = starter.join("kept");
        copy_disk(&kept.join("disk0.raw"), &disk);
        // A person runs this as it is.
        let look = std::fs::read_to_string(kept.join("install.look")).unwrap();
        let look = look
            .replace(kept.join("disk0.raw").to_str().unwrap(), disk.to_str().unwrap())
            .replace(kept.to_str().unwrap(), folder.path().to_str().unwrap());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let key = starter.join("spec/secrets/id_ed25519");
        let hosts = folder.path().join("known_hosts");
        let config = format!(
            "Host machine\n  HostName 127.0.0.1\n  Port {port}\n  User core\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile {}\n  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n",
            key.display(),
            hosts.display()
        );
        std::fs::write(folder.path().join("ssh_config"), config).unwrap();
        let console = std::fs::File::create(folder.path().join("console")).unwrap();
        let mut machine = Command::new("sh")
            .args(["-s", "--", &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(console)
            .spawn()
            .unwrap();
        // QEMU takes the place of the shell, and finds the end of its console's input.
        machine.stdin.take().unwrap().write_all(look.as_bytes()).unwrap();
        let guest = Self { machine, folder, spec: starter.join("spec/machine.yaml") };
        let begin = Instant::now();
        while guest.ssh("true").is_err() {
            assert!(begin.elapsed() < BOOT_TIMEOUT, "it does not come up");
            std::thread::sleep(Duration::from_secs(1));
        }
        guest
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("ssh_config")
    }

    /// Does something on the machine, as root.
    fn ssh(&self, does: &str) -> Result<String, String> {
        let done = Command::new("ssh")
            .arg("-F")
            .arg(self.config())
            .args(["-o", "ConnectTimeout=5", "machine", "sudo", "-n", "bash", "-c"])
            .arg(format!("'{does}'"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() { Ok(said(&done.stdout)) } else { Err(said(&done.stderr)) }
    }

    fn verify(&self, options: &[&str]) -> (i32, serde_json::Value) {
        let done = Command::new(env!("CARGO_BIN_EXE_cotter"))
            .arg("verify")
            .arg(&self.spec)
            .args(["--format", "json", "--ssh", "machine", "--ssh-config"])
            .arg(self.config())
            .args(options)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let report = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("no report:\n{said}"));
        (done.status.code().unwrap(), report)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

/// What is not met now: what a person calls it, and the line that asked for it.
fn not_met(report: &serde_json::Value) -> Vec<(String, u64)> {
    let now = report["boots"].as_array().unwrap().last().unwrap();
    let verdicts = now["verdicts"].as_array().unwrap().iter().filter(|verdict| verdict["outcome"] != "met");
    let told = |verdict: &serde_json::Value| {
        (verdict["says"].as_str().unwrap().to_owned(), verdict["origin"]["line"].as_u64().unwrap())
    };
    verdicts.map(told).collect()
}

/// The line of the machine file that has all of these words.
fn line_of(spec: &Path, words: &str) -> u64 {
    let text = std::fs::read_to_string(spec).unwrap();
    text.lines().position(|line| line.contains(words)).unwrap() as u64 + 1
}

#[test]
#[ignore = "boots virtual machines: make test"]
fn large_over_ssh_exactly_what_was_broken_differs_and_a_reboot_mends_nothing_that_is_whole() {
    if stand_in().is_none() || tools::program("ssh").is_none() || tools::program("debugfs").is_none() {
        return;
    }
    let guest = Guest::boot();
    let begin = Instant::now();
    let (code, report) = guest.verify(&["--timeout", "120"]);
    assert_eq!((code, not_met(&report)), (0, Vec::new()), "{report:#}");
    assert_eq!(guest.ssh("systemctl is-active cotter-complete.target").unwrap().trim(), "active");
    let stamp = guest.ssh("cat /var/lib/cotter/complete").unwrap();
    let line = |words: &str| line_of(&guest.spec, words);
    let profiles = "/etc/NetworkManager/system-connections";
    let keys = "/home/core/.ssh/authorized_keys.d/ignition";
    for (breaks, mends, differs, at) in [
        (
            format!("mv {profiles}/cotter-mgmt1.nmconnection {profiles}/other.nmconnection"),
            format!("mv {profiles}/other.nmconnection {profiles}/cotter-mgmt1.nmconnection"),
            "keyfile /etc/NetworkManager/system-connections/cotter-mgmt1.nmconnection",
            line("name: mgmt1"),
        ),
        (
            "ip route del default".into(),
            "ip route add default via 192.168.50.1 dev mgmt0 proto static metric 100".into(),
            "default gateway 192.168.50.1",
            line("gateway: 192.168.50.1"),
        ),
        (
            "sed -i s/50.53/50.54/ /etc/resolv.conf".into(),
            "sed -i s/50.54/50.53/ /etc/resolv.conf".into(),
            "name server 192.168.50.53",
            line("gateway: 192.168.50.1"),
        ),
        (
            format!("cp -p {keys} /run/keys; sed -i 2d {keys}"),
            format!("cp -p /run/keys {keys}"),
            "SSH key",
            line("secrets/other.pub"),
        ),
        (
            "chmod 600 /etc/motd.d/10-machine.motd".into(),
            "chmod 644 /etc/motd.d/10-machine.motd".into(),
            "mode 0644 of /etc/motd.d/10-machine.motd",
            line("path: /etc/motd.d/10-machine.motd"),
        ),
        (
            "systemctl stop machine-waits.service".into(),
            "systemctl start machine-waits.service".into(),
            "machine-waits.service",
            line("machine-waits.service") + 1,
        ),
        (
            "echo other >/proc/sys/kernel/hostname".into(),
            "echo r640.lab.example.com >/proc/sys/kernel/hostname".into(),
            "host name r640.lab.example.com",
            line("hostname:"),
        ),
    ] {
        guest.ssh(&breaks).unwrap();
        let (code, report) = guest.verify(&["--timeout", "120"]);
        let found = not_met(&report);
        assert_eq!(code, 1, "{breaks}: {report:#}");
        assert!(
            found.len() == 1 && found[0].0.contains(differs) && found[0].1 == at,
            "{breaks}: {at}: {found:?}"
        );
        // It held in the boot before, of which the machine has the record.
        assert_eq!(report["regressions"].as_array().unwrap().len(), 1, "{breaks}: {report:#}");
        guest.ssh(&mends).unwrap();
    }
    eprintln!("{:.0} s for 8 looks, each after something was broken", begin.elapsed().as_secs_f64());
    let (code, report) = guest.verify(&["--timeout", "120", "--reboot", "--patience", "6"]);
    assert_eq!((code, not_met(&report)), (0, Vec::new()), "{report:#}");
    let boots = report["boots"].as_array().unwrap();
    let names: Vec<&str> = boots.iter().map(|boot| boot["name"].as_str().unwrap()).collect();
    assert_eq!(names[names.len() - 2..], ["before", "after reboot 1"]);
    assert_ne!(boots[names.len() - 1]["boot_id"], boots[names.len() - 2]["boot_id"]);
    assert_eq!(guest.ssh("cat /var/lib/cotter/complete").unwrap(), stamp, "the stamp is of the first time");
}
