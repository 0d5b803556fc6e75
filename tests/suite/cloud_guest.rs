//! A seed that cotter wrote boots the stand-in's disk image with cloud-init in it: a virtual machine.

use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use cotter::verify::BootRecord;

use crate::bench::stand_in;
use crate::tools;

const TIMEOUT: Duration = Duration::from_secs(1200);
const MAC: &str = "e4:43:4b:0a:00:01";

/// A machine with an address that is pinned to its port; when all is met for the first time, it restarts.
const MACHINE: &str = r#"cotter: 1
name: web
target: cloud
hostname: web1.lab.example.com
cloud:
  platform: nocloud
  image: debian-12-genericcloud
passwd:
  users:
    - name: ops
      groups: [sudo]
      ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ ops"]
network:
  nics:
    - {name: mgmt0, mac: "e4:43:4b:0a:00:01", address: 192.0.2.10/24, gateway: 192.0.2.1, dns: [192.0.2.53]}
storage:
  files:
    - {path: /etc/site.conf, mode: 0640, contents: {inline: "a = 1\n"}}
systemd:
  units:
    - name: once-more.service
      enabled: true
      contents: |
        [Unit]
        Requires=cotter-complete.target
        After=cotter-complete.target
        ConditionPathExists=!/var/lib/once-more
        [Service]
        Type=oneshot
        ExecStart=/usr/bin/touch /var/lib/once-more
        ExecStart=/usr/bin/systemctl --no-block reboot
        [Install]
        WantedBy=multi-user.target
"#;

/// The disk image; nothing, aloud, where it cannot be made.
fn disk() -> Option<PathBuf> {
    let bench = stand_in()?.parent().unwrap().parent().unwrap().to_path_buf();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cache = here.join("target/cloud");
    let made = Command::new(here.join("tests/cloud/disk"))
        .arg("--cache")
        .arg(cache)
        .arg("--bench")
        .arg(bench)
        .output()
        .unwrap();
    if !made.status.success() {
        let why = String::from_utf8_lossy(&made.stderr);
        tools::skip(&format!("there can be no disk image with cloud-init: {why}"));
        return None;
    }
    Some(Path::new(String::from_utf8(made.stdout).unwrap().trim()).join("metal.raw.zst"))
}

struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "boots virtual machines: make test"]
fn large_a_seed_makes_the_machine_and_it_stays_so() {
    let Some(image) = disk() else { return };
    if tools::program("zstd").is_none() {
        return;
    }
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = temporary.path();
    std::fs::write(folder.join("machine.yaml"), MACHINE).unwrap();
    let cotter = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).current_dir(folder);
        command
    };
    tools::output(&mut cotter(&["build", "machine.yaml", "-o", "out"]));
    tools::output(Command::new("zstd").args(["-dqf"]).arg(image).arg("-o").arg(folder.join("disk.raw")));
    std::fs::write(folder.join("report"), "").unwrap();
    let _guest = Guest(
        Command::new("qemu-system-x86_64")
            .current_dir(folder)
            .args(["-M", "pc", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2", "-m", "1024"])
            .args(["-nodefaults", "-display", "none", "-vga", "none", "-serial", "file:console"])
            .args(["-drive", "file=disk.raw,format=raw,if=virtio,cache=unsafe"])
            .args(["-drive", "file=out/cidata.iso,format=raw,if=virtio,readonly=on"])
            .args(["-netdev", "hubport,id=n0,hubid=0", "-device"])
            .arg(format!("virtio-net-pci,netdev=n0,mac={MAC},romfile="))
            .args(["-device", "virtio-serial-pci", "-chardev", "file,id=report,path=report,append=on"])
            .args(["-device", "virtserialport,chardev=report,name=org.cotter.report"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let begin = Instant::now();
    loop {
        let (records, _) = BootRecord::read_lines(&std::fs::read(folder.join("report")).unwrap());
        let mut boots: Vec<&str> = records.iter().map(|record| record.boot_id.as_str()).collect();
        boots.dedup();
        let done = (boots.len() > 1)
            .then(|| cotter(&["verify", "out.manifest.json", "--facts", "report"]).output().unwrap());
        if let Some(done) = &done
            && done.status.success()
        {
            eprintln!("{:.0} s for two boots", begin.elapsed().as_secs_f64());
            return;
        }
        assert!(
            begin.elapsed() < TIMEOUT,
            "{boots:?}\n{}\n{}",
            done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default(),
            String::from_utf8_lossy(&std::fs::read(folder.join("console")).unwrap_or_default())
        );
        std::thread::sleep(Duration::from_secs(1));
    }
}
