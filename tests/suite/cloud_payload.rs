//! What cotter makes of a machine file for clouds, applied by real cloud-init and Google's script runner, and judged by
//! `cotter verify --ssh`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cloud_root::CLOUD_INIT;
use crate::cloud_root::PORT;
use crate::cloud_root::Root;
use crate::cloud_root::SHELL;
use crate::cloud_root::STARTUP_SCRIPT;
use crate::tools;

/// A machine with a thing of each kind; `CLOUD` is what is special of the cloud.
const MACHINE: &str = r#"cotter: 1
name: web
target: cloud
hostname: web1.lab.example.com
cloud:
CLOUD
  parts:
FIRST
    - name: last
      inline: |
        #!/bin/bash
        [ -e /etc/site.conf ] && [ ! -e /etc/fails ] || { rm -f /etc/fails; exit 7; }
        echo last >>/var/ran
passwd:
  groups:
    - {name: site, gid: 4711}
  users:
    - name: ops
      uid: 4712
      groups: [site]
      password_hash: "$6$saltsaltsalt$YZK7B0pPqQyqQxQTOZJKOnzhCDlOYJ5ABzTwC7GCpxHPYFLvMcX7Wg3HFLh6qL8cdUYB7ipuhlhb6lkqFHcvZ1"
      ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ ops"]
NETWORK
storage:
  directories:
    - {path: /srv/site, mode: 0750, user: {name: ops}}
  files:
    - {path: /etc/site.conf, mode: 0640, user: {name: ops}, group: {name: site}, contents: {inline: "a = 1\nb: '$x' `y` \\z\n"}}
    - {path: /etc/motd, append: [{inline: "welcome\n"}]}
  links:
    - {path: /etc/site.link, target: site.conf}
systemd:
  units:
    - name: site.service
      enabled: true
      contents: |
        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/usr/bin/true
        [Install]
        WantedBy=multi-user.target
"#;

/// A part that says whether it came first.
const FIRST: &str = "    - name: first\n      when: before\n      inline: |\n        #!/bin/bash\n        \
    if [ -e /etc/site.conf ]; then echo first, late; else echo first; fi >>/var/ran";

/// What `cotter build` writes of the machine, with what is special of the cloud and of the network.
struct Built {
    folder: tempfile::TempDir,
}

impl Built {
    fn of(cloud: &str, network: &str, first: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = MACHINE.replace("CLOUD", cloud).replace("NETWORK", network).replace("FIRST", first);
        std::fs::write(folder.path().join("machine.yaml"), text).unwrap();
        tools::output(
            Command::new(env!("CARGO_BIN_EXE_cotter"))
                .args(["build", "machine.yaml", "-o", "out"])
                .current_dir(folder.path()),
        );
        Self { folder }
    }

    fn nocloud(format: &str, first: &str) -> Self {
        let network = format!(
            "network:\n  nics:\n    - {{name: mgmt0, mac: \"{PORT}\", address: 192.0.2.10/24, gateway: 192.0.2.1, dns: [192.0.2.53]}}"
        );
        Self::of(
            &format!("  platform: nocloud\n  image: debian-13-genericcloud\n  format: {format}"),
            &network,
            first,
        )
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("out").join(name)
    }

    /// What must be true, but for what only a system with systemd and a cable can have.
    fn manifest(&self) -> Value {
        let file = self.folder.path().join("out.manifest.json");
        let mut manifest: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let expectations = manifest["expectations"].as_array_mut().unwrap();
        expectations.retain(|expectation| {
            let subject = expectation["subject"].as_str().unwrap();
            let runs = subject.ends_with("/state")
                || subject.starts_with("port/")
                || [
                    "hostname",
                    "default-gateway",
                    "name-servers",
                    "network-fallback",
                    "startup-script/result",
                ]
                .contains(&subject);
            !runs
        });
        for kind in ["user/", "group/", "file/", "unit/", "payload/digest"] {
            let is_there = |e: &Value| e["subject"].as_str().is_some_and(|subject| subject.starts_with(kind));
            assert!(expectations.iter().any(is_there), "nothing is expected of {kind}");
        }
        manifest["patience_seconds"] = 0.into();
        manifest
    }

    /// Its seed, with this in the place of the user data.
    fn seed(&self, root: &Root, user_data: &[u8]) {
        let others = ["network-config", "meta-data"].map(|name| (name, self.bytes(name)));
        let mut files: Vec<(&str, &[u8])> =
            others.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        files.push(("user-data", user_data));
        root.seed("one", &files);
    }
}

fn assert_is_called(root: &Root, name: &str) {
    assert_eq!(root.read("/etc/hostname").unwrap().trim(), name);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bytes");
    std::fs::write(&file, bytes).unwrap();
    tools::output(Command::new("gzip").args(["-9nc"]).arg(&file))
}

fn assert_is_as_asked(built: &Built, root: &Root, boots: &str, what: &str) -> Option<()> {
    let verdict = root.verify(&built.manifest(), boots, SHELL)?;
    let log = root.read("/var/log/boots").unwrap_or_default();
    assert_eq!(verdict.not_met, [], "{what}:\n{log}");
    assert_eq!(verdict.code, 0, "{what}");
    Some(())
}

/// Every format, bare and by gzip, in two versions of cloud-init, over two boots; with something that comes first, and
/// without, when cloud-init does itself what it can.
#[test]
fn cloud_init_makes_the_machine_of_every_format_and_once() {
    for (format, first) in [("cloud-config", ""), ("cloud-config", FIRST), ("script", FIRST), ("mime", "")] {
        let built = Built::nocloud(format, first);
        let bare = built.bytes("user-data");
        let ran = if first.is_empty() { "last\n" } else { "first\nlast\n" };
        for (suite, user_data, boots) in
            [("trixie", &bare, 2), ("trixie", &gzip(&bare), 1), ("bookworm", &bare, 1)]
        {
            let what = format!("{format}, {suite}");
            let Some(root) = Root::of(suite) else { return };
            built.seed(&root, user_data);
            for _ in 0..boots {
                let Some(()) = assert_is_as_asked(&built, &root, CLOUD_INIT, &what) else { return };
                assert_eq!(root.read("/var/ran").unwrap(), ran, "{what}");
                assert_is_called(&root, "web1.lab.example.com");
            }
        }
    }
}

/// The control: what a machine is that was not given its payload.
#[test]
fn without_its_payload_nothing_of_it_is_there() {
    let built = Built::nocloud("script", "");
    let Some(root) = Root::of("trixie") else { return };
    built.seed(&root, b"#!/bin/bash\n");
    let Some(verdict) = root.verify(&built.manifest(), CLOUD_INIT, SHELL) else { return };
    for subject in
        ["payload/digest", "user/ops/exists", "file/etc/site.conf/mode", "unit/site.service/enabled"]
    {
        assert!(verdict.subjects().contains(&subject), "{subject} is not missed: {:?}", verdict.not_met);
    }
    assert_eq!(verdict.code, 1);
}

/// cloud-init's own checker, of every cloud-config and network-config.
#[test]
fn cloud_inits_own_checker_has_nothing_to_say() {
    let built = Built::nocloud("cloud-config", "");
    let Some(root) = Root::of("trixie") else { return };
    for name in ["user-data", "network-config"] {
        root.write(&format!("/etc/{name}"), &built.bytes(name), 0o600);
    }
    let check = "cloud-init schema -c /etc/user-data && cloud-init schema -t network-config -c /etc/network-config && echo sound";
    let Some(booted) = root.boot(check) else { return };
    assert!(booted.said.contains("sound\n"), "{}", booted.said);
    let broken = check
        .replace("echo", "! echo userz: >>/etc/user-data; cloud-init schema -c /etc/user-data || echo not");
    let booted = root.boot(&broken).unwrap();
    assert!(booted.said.contains("not sound\n"), "the control is not refused: {}", booted.said);
}

/// What each of cloud-init's renderers makes of the network.
#[test]
fn the_network_is_pinned_by_its_address_whoever_renders_it() {
    let built = Built::nocloud("cloud-config", "");
    for (renderer, file, words) in [
        (
            "netplan",
            "/etc/netplan/50-cloud-init.yaml",
            &["macaddress: \"e4:43:4b:0a:00:01\"", "192.0.2.10/24", "set-name: \"mgmt0\""][..],
        ),
        (
            "network-manager",
            "/etc/NetworkManager/system-connections/cloud-init-mgmt0.nmconnection",
            &["mac-address=E4:43:4B:0A:00:01", "192.0.2.10/24"],
        ),
        (
            "networkd",
            "/etc/systemd/network/10-cloud-init-mgmt0.network",
            &["MACAddress=e4:43:4b:0a:00:01", "Address=192.0.2.10/24"],
        ),
    ] {
        let Some(root) = Root::of("trixie") else { return };
        built.seed(&root, &built.bytes("user-data"));
        let choice = format!("system_info: {{network: {{renderers: [{renderer}]}}}}\n");
        root.write("/etc/cloud/cloud.cfg.d/95-renderer.cfg", choice.as_bytes(), 0o644);
        let Some(booted) = root.cloud_init(&format!("ip -br link show mgmt0; cat {file}")) else { return };
        assert!(booted.said.contains(PORT), "{renderer}: {}", booted.said);
        for word in words {
            assert!(booted.said.contains(word), "{renderer}: no {word} in {}", booted.said);
        }
    }
}

/// A bootstrap's program: one address is dead, one has something else, and one has it.
#[test]
fn a_bootstrap_takes_the_program_from_whoever_has_the_right_one() {
    let program = b"#!/bin/bash\necho \"$0 $* $SITE $(cat /etc/program.yaml)\" >>/var/ran.program\n";
    let digest = cotter::value::Digest::of(program);
    for (format, name) in [("script", "none"), ("mime", "gzip")] {
        let packed = if name == "gzip" { gzip(program) } else { program.to_vec() };
        let bootstrap = format!(
            "  platform: nocloud\n  image: debian-13-genericcloud\n  format: {format}\n  bootstrap:\n    name: program\n    compressed: {name}\n    \
             binaries:\n      amd64: {{sha256: {digest}, urls: [\"http://127.0.0.1:9/program\", \"http://127.0.0.1:8000/other\", \"http://127.0.0.1:8000/program\"]}}\n      \
             arm64: {{sha256: {digest}, urls: [\"http://127.0.0.1:8000/program\"]}}\n    arguments: [\"--a b\", \"$c\"]\n    environment: {{SITE: \"x y\"}}\n    \
             config: {{path: /etc/program.yaml, inline: \"k: v\"}}"
        );
        let built = Built::of(&bootstrap, "", "");
        let Some(root) = Root::of("trixie") else { return };
        root.serve(
            "other",
            if name == "gzip" { b"no gzip" } else { b"#!/bin/bash\necho other >>/var/ran.program\n" },
        );
        root.serve("program", &packed);
        built.seed_without_network(&root);
        let Some(()) = assert_is_as_asked(&built, &root, CLOUD_INIT, format) else { return };
        let ran = root.read("/var/ran.program").unwrap();
        assert_eq!(ran, "/opt/cotter/bin/program --a b $c x y k: v\n", "{format}");
        let fetched = root.fetched();
        assert_eq!(fetched.matches("GET /").count(), 2, "{fetched}");
    }
}

impl Built {
    fn seed_without_network(&self, root: &Root) {
        root.seed("one", &[("meta-data", &self.bytes("meta-data")), ("user-data", &self.bytes("user-data"))]);
    }

    /// What the metadata server is to tell of the machine.
    fn attributes(&self, root: &Root) {
        let names: Vec<&str> =
            ["startup-script", "user-data"].into_iter().filter(|name| self.path(name).exists()).collect();
        let values: Vec<(&str, String)> =
            names.into_iter().map(|name| (name, String::from_utf8(self.bytes(name)).unwrap())).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        root.attributes(&values);
    }
}

fn has(built: &Built, name: &str) -> bool {
    Path::new(&built.path(name)).exists()
}

/// An image that is known to have the script runner alone.
#[test]
fn the_script_runner_makes_the_machine_of_rocky() {
    let built = Built::of("  platform: gce\n  image: rocky-linux-cloud/rocky-linux-9", "", FIRST);
    assert!(has(&built, "startup-script") && !has(&built, "user-data"));
    let Some(root) = Root::of("bookworm") else { return };
    built.attributes(&root);
    let boots = format!("rm -f /usr/bin/cloud-init; {STARTUP_SCRIPT}");
    for _ in 0..2 {
        let Some(()) = assert_is_as_asked(&built, &root, &boots, "rocky") else { return };
        assert_eq!(root.read("/var/ran").unwrap(), "first\nlast\n");
        assert_is_called(&root, "web1.lab.example.com");
    }
}

/// An image of which nothing is known is given one script under both keys: whoever reads it, it is done once.
#[test]
fn under_both_keys_it_is_done_once_whoever_reads_it() {
    let built = Built::of("  platform: gce", "", FIRST);
    assert!(has(&built, "startup-script") && has(&built, "user-data"));
    assert_eq!(built.bytes("startup-script"), built.bytes("user-data"));
    let both = format!("({STARTUP_SCRIPT}) & {CLOUD_INIT}; wait");
    for (what, boots) in [
        ("runner first", [STARTUP_SCRIPT, CLOUD_INIT, STARTUP_SCRIPT]),
        ("cloud-init first", [CLOUD_INIT, STARTUP_SCRIPT, STARTUP_SCRIPT]),
        ("both at once", [&both, STARTUP_SCRIPT, CLOUD_INIT]),
    ] {
        let Some(root) = Root::of("bookworm") else { return };
        built.attributes(&root);
        root.seed("one", &[("user-data", &built.bytes("user-data"))]);
        for boot in boots {
            let Some(()) = assert_is_as_asked(&built, &root, boot, what) else { return };
            assert_eq!(root.read("/var/ran").unwrap(), "first\nlast\n", "{what}");
        }
        let stamp = root.read("/var/lib/cotter/payload.json").unwrap();
        let by =
            if what == "cloud-init first" { "\"by\":\"cloud-init\"" } else { "\"by\":\"startup-script\"" };
        assert!(what == "both at once" || stamp.contains(by), "{what}: {stamp}");
    }
}

/// A payload that fails leaves no stamp, and the runner tries it again at the next boot.
#[test]
fn what_failed_once_is_tried_again_at_the_next_boot() {
    let built = Built::of("  platform: gce\n  image: rocky-linux-cloud/rocky-linux-9", "", FIRST);
    let Some(root) = Root::of("bookworm") else { return };
    built.attributes(&root);
    root.write("/etc/fails", b"", 0o644);
    let boots = format!("rm -f /usr/bin/cloud-init; {STARTUP_SCRIPT}");
    let Some(verdict) = root.verify(&built.manifest(), &boots, SHELL) else { return };
    assert_eq!(verdict.subjects(), ["payload/digest"], "{:?}", verdict.not_met);
    assert!(root.read("/var/lib/cotter/payload.json").is_none());
    let Some(()) = assert_is_as_asked(&built, &root, &boots, "the next boot") else { return };
    assert_eq!(root.read("/var/ran").unwrap(), "first\nfirst, late\nlast\n");
}
