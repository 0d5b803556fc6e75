//! The script on the node, on machines of its own making: namespaces with a network, a disk and a name.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use cotter::target;
use cotter::verify;
use cotter::verify::BootRecord;
use cotter::verify::Life;
use cotter::verify::Manifest;
use cotter::verify::Outcome;
use cotter::world;

use crate::golden;
use crate::schemas;
use crate::tools;

/// The exit code of a namespace that could not be furnished.
const NOT_HERE: i32 = 77;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/files/cotter-verify");
const HASH: &str = "$6$saltsaltsalt$planted.password.hash";
const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ";

/// What the furnished machine is, as its file says it.
const MACHINE: &str = r#"cotter: 1
name: furnished
target: fcos
hostname: node.lab.example.com
passwd:
  users:
    - name: ops
      groups:
        - staff
      ssh_authorized_keys:
        - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ ops
network:
  nics:
    - name: a0
      mac: "e4:43:4b:0a:00:01"
      address: 192.0.2.10/24
      gateway: 192.0.2.1
      dns: 192.0.2.53
      search: lab.example.com
  nmstate:
    routes:
      config:
        - destination: 198.51.100.0/24
          next-hop-address: 192.0.2.254
          next-hop-interface: a0
        - destination: 203.0.113.0/24
          next-hop-interface: a0
          next-hop-address: 192.0.2.254
          table-id: 77
storage:
  files:
    - path: /etc/site.conf
      mode: 0640
      contents:
        inline: |
          a = 1
  links:
    - path: /etc/site.link
      target: site.conf
systemd:
  units:
    - name: site.service
      enabled: true
    - name: after-all.service
      enabled: true
      contents: |
        [Unit]
        After=cotter-complete.target
        Requires=cotter-complete.target
        [Service]
        ExecStart=/usr/bin/true
        [Install]
        WantedBy=multi-user.target
install:
  device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4
"#;

/// Furnishes a machine that is as `MACHINE` says, in folder `$0`: `etc`, the network, the name, systemd's answers.
const FURNISH: &str = r#"
ip link set lo up && ip link add a0 type veth peer name far && ip addr add 192.0.2.10/24 dev a0 && ip link set far up &&
ip link set a0 up && ip route add default via 192.0.2.1 && ip route add 198.51.100.0/24 via 192.0.2.254 &&
ip route add 203.0.113.0/24 via 192.0.2.254 table 77 && echo node.lab.example.com >/proc/sys/kernel/hostname &&
mkdir "$0/etc" && mount -t tmpfs -o mode=755 none "$0/etc" && cp -a /etc/. "$0/etc" && rm -rf "$0/etc/NetworkManager" "$0/etc/resolv.conf" "$0/etc/issue.d" &&
cp -a "$0/disk/." "$0/etc" && mount --bind "$0/etc" /etc &&
printf 'search lab.example.com\nnameserver 192.0.2.53\n' >/etc/resolv.conf &&
echo "ops:x:4711:4711::$0/home:/bin/sh" >>/etc/passwd && echo ops:x:4711: >>/etc/group && echo staff:x:4712:ops >>/etc/group &&
echo 'ops:$6$saltsaltsalt$planted.password.hash:1::::::' >>/etc/shadow &&
mkdir -p "$0/home/.ssh/authorized_keys.d" && cp "$0/key" "$0/home/.ssh/authorized_keys.d/ignition" &&
echo '{"userConfigProvided": true}' >/etc/.ignition-result.json &&
printf 'LoadState=loaded\nActiveState=active\n' >"$0/unit" && echo enabled >"$0/enabled"
"#;
/// systemd's tool, answering from files and noting what it is told to do.
const SYSTEMCTL: &str = r#"#!/bin/bash
case $1 in
    is-enabled) cat "$FURNISHED/enabled" ;;
    is-active) false ;;
    show) cat "$FURNISHED/unit" ;;
    list-units) ;;
    *) echo "$*" >>"$FURNISHED/told" ;;
esac
"#;
const HANGS: &str = "#!/bin/bash\nexec sleep infinity\n";

/// A machine of a test's own.
struct Node {
    folder: tempfile::TempDir,
    prepare: String,
    environment: Vec<(&'static str, String)>,
}

/// What came of a look.
struct Seen {
    /// What is kept, and what was reported.
    kept: Vec<BootRecord>,
    reported: Vec<BootRecord>,
    screen: String,
    errors: String,
}

impl Node {
    /// Nothing but a network of its own.
    fn bare(expectations: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        std::fs::write(here.join("expectations"), expectations).unwrap();
        std::fs::write(here.join("machine"), "furnished").unwrap();
        std::fs::write(here.join("port"), "").unwrap();
        let node = Self { folder, prepare: "mount -t sysfs sysfs /sys".to_owned(), environment: Vec::new() };
        node.with("COTTER_NO_ISSUE", "1")
    }

    /// As the file says, and what is expected of it. Ports of hardware, the kernel's command line and /boot
    /// cannot be furnished.
    fn furnished() -> (Self, Manifest) {
        let file = tempfile::tempdir().unwrap();
        std::fs::write(file.path().join("machine.yaml"), MACHINE).unwrap();
        let plan = golden::plan(file.path()).expect("the furnished machine is planned");
        let mut manifest = plan.manifest.clone();
        manifest.expectations.retain(|expectation| {
            let subject = expectation.subject.as_str();
            !subject.starts_with("port/") && subject != "kernel-arguments" && subject != "ignition-pending"
        });
        let node = Self::bare(&target::expectations_file(&manifest, &[Life::LaterBoots]));
        let keyfiles = node.path("disk/NetworkManager/system-connections");
        std::fs::create_dir_all(&keyfiles).unwrap();
        for (name, text) in &plan.medium().unwrap().edit.network {
            node.write(&format!("disk/NetworkManager/system-connections/{name}"), text, 0o600);
        }
        node.write("disk/site.conf", b"a = 1\n", 0o640);
        std::os::unix::fs::symlink("site.conf", node.path("disk/site.link")).unwrap();
        node.write("key", format!("ssh-ed25519 {KEY} ops\n").as_bytes(), 0o644);
        // The power stays on, and a busy disk takes its time.
        let node = node.and(FURNISH).tool("systemctl", Some(SYSTEMCTL)).tool("sync", Some("#!/bin/bash\n"));
        let here = node.folder.path().display().to_string();
        (node.with("FURNISHED", &here), manifest)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) {
        std::fs::write(self.path(name), bytes).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// More to be done before the look.
    fn and(mut self, prepare: &str) -> Self {
        self.prepare = format!("{} && {{ {}\n}}", self.prepare, prepare.trim());
        self
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.retain(|(other, _)| *other != name);
        self.environment.push((name, value.to_owned()));
        self
    }

    /// As the unit runs it: what is met is stamped, and the target started.
    fn stamping(self) -> Self {
        let place = self.path("var/complete").display().to_string();
        self.with("COTTER_COMPLETE", &place)
    }

    /// Puts a program in the place of a tool, or takes the tool away.
    fn tool(self, name: &str, program: Option<&str>) -> Self {
        std::fs::create_dir_all(self.path("tools")).unwrap();
        match program {
            Some(program) => tools::put_program(&self.path(&format!("tools/{name}")), program.as_bytes()),
            None => self.write(&format!("tools/{name}"), b"", 0o644),
        }
        self
    }

    /// What is among the kept records and is none.
    fn scraps(&self) -> Vec<String> {
        let entries = self.path("var/boots").read_dir().into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".json")).collect()
    }

    /// How much was reported, in bytes.
    fn reported_bytes(&self) -> u64 {
        self.path("port").metadata().unwrap().len()
    }

    fn start(&self) -> Option<Child> {
        // Links to all tools, in the place of all tools, but for those of the test.
        let tools = r#"
            mkdir "$0/real" "$0/bin" "$0/none" && mount -t tmpfs -o mode=755 none "$0/bin" && mount --bind /usr/bin "$0/real" && ln -s "$0"/real/* "$0/bin" &&
            for tool in "$0"/tools/*; do
                rm -f "$0/bin/${tool##*/}" && { [ ! -s "$tool" ] || cp "$tool" "$0/bin"; } || exit 77
            done && mount --bind "$0/none" /usr/sbin && mount --bind "$0/bin" /usr/bin"#;
        let tools = if self.path("tools").exists() { tools } else { "true" };
        let prepared = format!("{{ {} && {tools}\n}} || exit {NOT_HERE}; exec bash {SCRIPT}", self.prepare);
        let mut command = Command::new(tools::program("unshare")?);
        command.args(["--net", "--mount", "--uts", "bash", "-c", &prepared]).arg(self.folder.path());
        for (name, place) in [
            ("COTTER_RUN", "run"),
            ("COTTER_RECORDS", "var/boots"),
            ("COTTER_PORT", "port"),
            ("COTTER_ETC", ""),
        ] {
            command.env(name, self.path(place));
        }
        command.env("COTTER_PATIENCE", "0").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(command.spawn().unwrap())
    }

    /// Looks; nothing, aloud, where there can be no such machine.
    fn look(&self) -> Option<Seen> {
        let _others = tools::MOUNTS.read();
        self.end(self.start()?)
    }

    fn end(&self, child: Child) -> Option<Seen> {
        let done = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.code() == Some(NOT_HERE) || errors.starts_with("unshare:") {
            tools::skip(&format!("there can be no namespace with a machine in it: {errors}"));
            return None;
        }
        assert_eq!(done.status.code(), Some(0), "{errors}");
        let records = |name: &str| match self.path(name).exists() {
            true => world::records(&self.path(name)).unwrap_or_default(),
            false => Vec::new(),
        };
        let screen = String::from_utf8(done.stdout).unwrap();
        Some(Seen { kept: records("var/boots"), reported: records("port"), screen, errors })
    }
}

impl Seen {
    fn record(&self) -> &BootRecord {
        assert_eq!(self.kept.len(), 1, "{}\n{}", self.screen, self.errors);
        assert_eq!(self.kept, self.reported);
        &self.kept[0]
    }

    /// What is not met, as the judge sees it: with the line that asked for it, and whether it differs.
    fn not_met(&self, manifest: &Manifest) -> Vec<(String, usize, bool)> {
        let [record] = self.reported.as_slice() else {
            panic!("{} reports\n{}\n{}", self.reported.len(), self.screen, self.errors)
        };
        let report = verify::judge(manifest, &[(String::new(), record.clone())]);
        let verdicts = report.boots[0].verdicts.iter().filter(|verdict| verdict.outcome != Outcome::Met);
        let differs = |outcome: &Outcome| matches!(outcome, Outcome::Differs { .. });
        verdicts.map(|v| (v.subject.clone(), v.origin.line, differs(&v.outcome))).collect()
    }
}

/// Expectations as the script reads them, none of them met.
fn expecting(subjects: &[&str]) -> String {
    subjects.iter().map(|subject| format!("{subject}\thas\tx\tx\tx\tlater-boots\n")).collect()
}

fn look(prepare: &str, subjects: &[&str]) -> Option<BootRecord> {
    let seen = Node::bare(&expecting(subjects)).and(prepare).look()?;
    Some(seen.record().clone())
}

/// OVN-Kubernetes puts the port with the default route into Open vSwitch, and its addresses onto `br-ex`.
#[test]
fn an_address_that_ovn_moved_onto_its_bridge_is_still_the_ports() {
    let prepare = "ip link add ovs-system type bridge && ip link add br-ex type bridge && \
        ip link add up0 type veth peer name up1 && ip addr add 192.0.2.10/24 dev br-ex && \
        ip addr add 198.51.100.2/24 dev up1 && ip link set up0 master ovs-system";
    let Some(record) = look(prepare, &["interface/up0/address", "interface/up1/address"]) else { return };
    let addresses = |name: &str| record.facts.get(&format!("interface/{name}/address")).cloned().unwrap();
    assert_eq!(addresses("up0"), ["192.0.2.10/24"]);
    assert_eq!(addresses("up1"), ["198.51.100.2/24"]);
    assert_eq!(record.facts["interface/up0/controller"], ["ovs-system"]);
}

#[test]
fn a_name_leads_to_its_addresses_or_to_none() {
    let subjects = ["name/localhost/address", "name/nowhere.invalid/address"];
    let Some(record) = look("true", &subjects) else { return };
    let local = &record.facts["name/localhost/address"];
    assert!(local.contains(&"127.0.0.1".to_owned()) || local.contains(&"::1".to_owned()), "{local:?}");
    assert_eq!(record.facts["name/nowhere.invalid/address"], Vec::<String>::new());
}

#[test]
fn what_is_mounted_and_how_routes_lead_is_told() {
    let prepare = "mkdir -p \"$0/a b\" && mount -t tmpfs mine \"$0/a b\" && ip link add a0 type veth peer name a1 && \
        ip addr add 192.0.2.10/24 dev a0 && ip link set a1 up && ip link set a0 up && \
        ip route add blackhole 198.51.100.0/24 && ip route add 203.0.113.7 dev a0 && \
        ip route add default nexthop via 192.0.2.1 nexthop via 192.0.2.2";
    let node = Node::bare("");
    let place = node.path("a b").display().to_string();
    node.write(
        "expectations",
        expecting(&[&format!("mount{place}/format"), "mount/none/format"]).as_bytes(),
        0o644,
    );
    let Some(seen) = node.and(prepare).look() else { return };
    let fact = |subject: &str| seen.record().facts[subject].clone();
    assert_eq!(fact(&format!("mount{place}/format")), ["tmpfs"]);
    assert_eq!(fact(&format!("mount{place}/device")), ["mine"]);
    assert_eq!(fact("mount/none/format"), Vec::<String>::new());
    assert_eq!(fact("route/198.51.100.0/24"), ["blackhole"]);
    assert_eq!(fact("route/203.0.113.7/32"), ["dev a0"]);
    assert_eq!(fact("default-gateway"), ["192.0.2.1", "192.0.2.2"]);
}

/// Break one thing: exactly that expectation differs, with the line that asked for it, on both sides.
#[test]
fn what_is_broken_is_what_differs_and_nothing_else() {
    let keyfiles = "/etc/NetworkManager/system-connections";
    let breaks = [
        ("true", "", ""),
        ("echo other >/proc/sys/kernel/hostname", "hostname", "hostname: node"),
        (&format!("mv {keyfiles}/cotter-a0.nmconnection {keyfiles}/a0.nmconnection"), "/whole", "- name: a0"),
        (&format!("echo >>{keyfiles}/cotter-a0.nmconnection"), "/whole", "- name: a0"),
        (&format!("chmod 644 {keyfiles}/cotter-a0.nmconnection"), "/whole", "- name: a0"),
        ("ip route del 198.51.100.0/24", "route/198.51.100.0/24", "destination: 198.51.100.0/24"),
        (
            "ip route replace 198.51.100.0/24 via 192.0.2.7",
            "route/198.51.100.0/24",
            "destination: 198.51.100.0/24",
        ),
        (
            "ip route del 203.0.113.0/24 table 77",
            "route/203.0.113.0/24/table/77",
            "destination: 203.0.113.0/24",
        ),
        ("ip route del default", "default-gateway", "gateway: 192.0.2.1"),
        ("echo search lab.example.com >/etc/resolv.conf", "name-servers", "dns: 192.0.2.53"),
        ("echo nameserver 192.0.2.53 >/etc/resolv.conf", "search-domains", "search: lab.example.com"),
        ("rm \"$0/home/.ssh/authorized_keys.d/ignition\"", "user/ops/key", KEY),
        ("sed -i s/staff:x:4712:ops/staff:x:4712:/ /etc/group", "user/ops/group", "- staff"),
        ("chmod 644 /etc/site.conf", "file/etc/site.conf/mode", "path: /etc/site.conf"),
        ("chgrp tty /etc/site.conf", "file/etc/site.conf/owner", "path: /etc/site.conf"),
        ("echo b >>/etc/site.conf", "file/etc/site.conf/sha256", "inline: |"),
        ("ln -sfn passwd /etc/site.link", "file/etc/site.link/target", "path: /etc/site.link"),
        (
            "printf 'LoadState=loaded\\nActiveState=inactive\\nType=simple\\nConditionTimestampMonotonic=7\\n' >\"$0/unit\"",
            "unit/site.service/state",
            "enabled: true",
        ),
        ("rm /etc/.ignition-result.json", "ignition-provisioned", "install:"),
    ];
    for (broken, subject, line) in breaks {
        let (node, manifest) = Node::furnished();
        let Some(seen) = node.and(broken).look() else { return };
        let not_met = seen.not_met(&manifest);
        if subject.is_empty() {
            assert_eq!(not_met, [], "{}", seen.errors);
            assert_eq!(seen.screen.lines().count(), 1);
            continue;
        }
        let [(found, at, true)] = not_met.as_slice() else {
            panic!("{broken}: {not_met:?}\n{}", seen.errors)
        };
        assert!(found.ends_with(subject), "{broken}: {found}");
        let asked = MACHINE.lines().nth(at - 1).unwrap();
        assert!(asked.contains(line), "{broken}: {asked}");
        assert!(seen.screen.starts_with("cotter: 1 DIFFER; "), "{broken}: {}", seen.screen);
        assert!(seen.screen.contains(&format!("machine.yaml:{at} ")), "{broken}: {}", seen.screen);
    }
}

/// What systemd says of a unit, and whether that is what was asked for.
#[test]
fn a_unit_is_started_if_it_does_what_it_is_to_do() {
    let tried = "ConditionTimestampMonotonic=7";
    for (said, word) in [
        ("ActiveState=active".to_owned(), "started"),
        ("ActiveState=reloading".to_owned(), "started"),
        ("ActiveState=failed".to_owned(), "failed"),
        ("ActiveState=activating".to_owned(), "activating"),
        // It ended well, and was to end.
        (
            format!("ActiveState=inactive\nType=oneshot\nRemainAfterExit=no\nResult=success\nExecMainStartTimestampMonotonic=9\n{tried}"),
            "started",
        ),
        // It was stopped.
        (
            format!("ActiveState=inactive\nType=oneshot\nRemainAfterExit=yes\nResult=success\nExecMainStartTimestampMonotonic=9\n{tried}"),
            "inactive",
        ),
        (format!("ActiveState=inactive\nType=notify\nResult=success\nWantedBy=x.target\n{tried}"), "inactive"),
        // Its condition kept it away.
        (format!("ActiveState=inactive\nConditionResult=no\n{tried}"), "started"),
        // Nobody has tried yet, but somebody will.
        (
            "ActiveState=inactive\nConditionResult=no\nWantedBy=multi-user.target\nConditionTimestampMonotonic=0".to_owned(),
            "inactive",
        ),
        // Who wants it is not reached in this boot.
        ("ActiveState=inactive\nWantedBy=reboot.target\nConditionTimestampMonotonic=0".to_owned(), "started"),
    ] {
        let said = format!("LoadState=loaded\n{said}\n");
        let (node, _) = Node::furnished();
        let Some(seen) = node.and(&format!("cat >\"$0/unit\" <<'END'\n{said}END")).look() else { return };
        assert_eq!(seen.record().facts["unit/site.service/state"], [word], "{said}");
    }
    let (node, _) = Node::furnished();
    let Some(seen) = node.and("printf 'LoadState=not-found\\nActiveState=inactive\\n' >\"$0/unit\"").look()
    else {
        return;
    };
    assert_eq!(seen.record().facts["unit/site.service/state"], ["not-found"]);
}

/// What a missing tool would have told is unknown, or cannot be kept; everything else goes on.
#[test]
fn a_missing_tool_makes_unknown_what_it_would_have_told() {
    let tools = [
        ("ip", "route/"),
        ("getent", "user/ops/"),
        ("id", "user/ops/group"),
        ("ssh-keygen", "user/ops/key"),
        ("sha256sum", "file/etc/site.conf/sha256"),
        ("stat", "file/etc/site.conf/mode"),
        ("readlink", "file/etc/site.link/target"),
        ("systemctl", "unit/site.service/enabled"),
        ("nmcli", "interface/a0/profile"),
        ("timedatectl", "clock"),
        ("curl", "reach/https://127.0.0.1:1"),
        ("bash", "reach/tcp://a.invalid:1"),
        ("journalctl", "startup-script/result"),
        ("rpm-ostree", "os-image"),
        ("rpm", "package/usbguard/installed"),
        // Where there is none, it has done nothing wrong.
        ("cloud-init", ""),
        ("udevadm", ""),
        ("sync", ""),
        ("rm", ""),
        ("ln", ""),
        ("mv", "kept"),
        ("mkdir", "kept"),
    ];
    let text = std::fs::read_to_string(SCRIPT).unwrap();
    let asked = text.split("ask ").skip(1).filter_map(|rest| rest.split([' ', ':']).next());
    let asked: BTreeSet<&str> =
        asked.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || "-256".contains(c))).collect();
    let known: BTreeSet<&str> = tools.iter().map(|(tool, _)| *tool).collect();
    assert_eq!(asked.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "tools that nobody tests");
    for (tool, lost) in tools {
        // The script itself is run by it.
        if tool == "bash" {
            continue;
        }
        let (node, _) = Node::furnished();
        let more = [
            "interface/a0/profile",
            "clock",
            "reach/https://127.0.0.1:1",
            "startup-script/result",
            "cloud-init/status",
            "os-image",
            "package/usbguard/installed",
        ];
        let more = std::fs::read_to_string(node.path("expectations")).unwrap() + &expecting(&more);
        node.write("expectations", more.as_bytes(), 0o600);
        let node = node.tool(tool, None);
        let Some(seen) = node.look() else { return };
        let [record] = seen.reported.as_slice() else { panic!("{tool}: {}\n{}", seen.screen, seen.errors) };
        assert!(seen.screen.contains("expectations met"), "{tool}: {}", seen.screen);
        assert_eq!(node.scraps(), Vec::<String>::new(), "{tool}");
        if lost == "kept" {
            assert!(
                seen.kept.is_empty() && seen.screen.contains("cannot be kept"),
                "{tool}: {}",
                seen.screen
            );
            continue;
        }
        assert_eq!(seen.kept, std::slice::from_ref(record), "{tool}");
        let missing = format!("there is no {tool}(1) here");
        let told = record.unknown.iter().find(|(beginning, _)| lost.starts_with(beginning.as_str()));
        match told {
            Some((_, why)) => assert_eq!(*why, missing, "{tool}"),
            None => assert_eq!(lost, "", "{tool}: {:?}", record.unknown),
        }
    }
}

/// Tools that never end hold nothing up, and make nothing true.
#[test]
fn tools_that_hang_are_waited_for_a_bounded_time() {
    let (mut node, _) = Node::furnished();
    let hanging =
        ["ip", "nmcli", "getent", "sha256sum", "stat", "readlink", "systemctl", "timedatectl", "sync", "ln"];
    for tool in hanging {
        node = node.tool(tool, Some(HANGS));
    }
    let begin = Instant::now();
    let node = node.with("COTTER_TOOL_SECONDS", "1").stamping();
    let Some(seen) = node.look() else { return };
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    let unknown = &seen.record().unknown;
    for subject in
        ["route/", "user/ops/", "file/etc/site.conf/mode", "unit/site.service/state", "units-failed"]
    {
        assert!(unknown[subject].ends_with("does not answer within 1 s"), "{subject}: {unknown:?}");
    }
    assert!(seen.screen.contains(" unknown; "), "{}", seen.screen);
    for tool in ["id", "ssh-keygen", "udevadm", "mv"] {
        let (node, _) = Node::furnished();
        let Some(seen) = node.tool(tool, Some(HANGS)).with("COTTER_TOOL_SECONDS", "1").look() else { return };
        assert_eq!(seen.reported.len(), 1, "{tool}");
        assert_eq!(seen.kept.is_empty(), tool == "mv", "{tool}");
        let lost = match tool {
            "id" => "user/ops/group",
            "ssh-keygen" => "user/ops/key",
            _ => continue,
        };
        assert!(seen.record().unknown.contains_key(lost), "{tool}");
    }
}

/// A port that takes nothing, or that nobody reads, holds nothing up for long and leaves nobody behind.
#[test]
fn a_port_that_takes_nothing_holds_nothing_up() {
    for (port, least, most) in [("/proc/version", 0, 15), ("mkfifo", 20, 40)] {
        let node = Node::bare(&expecting(&["hostname"]));
        let (node, port) = match port {
            "mkfifo" => (node.and("mkfifo \"$0/fifo\""), "fifo"),
            port => (node, port),
        };
        let place = node.path(port).display().to_string();
        let node = node.with("COTTER_PORT", &place);
        let begin = Instant::now();
        let Some(seen) = node.look() else { return };
        assert_eq!(seen.kept.len(), 1);
        let took = begin.elapsed().as_secs();
        assert!((least..most).contains(&took), "{port}: {took} s");
    }
}

/// More than a record may be is not told, and then nothing is known.
#[test]
fn a_tool_that_says_too_much_fills_no_record() {
    let endless = "#!/bin/bash\nwhile echo '203.0.113.0/24 via 192.0.2.1 dev a0'; do :; done\n";
    let (node, _) = Node::furnished();
    let Some(seen) = node.tool("ip", Some(endless)).look() else { return };
    assert_eq!(seen.record().unknown["route/"], "ip says too much");
    let many = "#!/bin/bash\n[[ $* == *route* ]] || exit 0\nfor i in {1..9000}; do echo \"$i.$i.$i.0/24 via 192.0.2.1 dev abcdefghijkl$i\"; done\n";
    let (node, manifest) = Node::furnished();
    let node = node.tool("ip", Some(many));
    let Some(seen) = node.look() else { return };
    assert_eq!(seen.record().unknown[""], "there is too much to tell");
    assert_eq!(seen.not_met(&manifest).len(), manifest.expectations.len());
    assert!(node.reported_bytes() < 1 << 20);
}

/// Neither a full disk nor one that cannot be written keeps the verdict from being told; no half record is left.
#[test]
fn a_disk_that_takes_nothing_keeps_no_half_record() {
    let full = "mkdir -p \"$0/var\" && mount -t tmpfs -o size=4k none \"$0/var\" && mkdir \"$0/var/boots\" && \
        echo '{\"schema\":\"cotter.dev/boot/1\",\"boot_id\":\"1-1\",\"life\":\"live\"}' >\"$0/var/boots/1-1.json\" && ls -lA \"$0/var/boots\" >/dev/null";
    // What is in the namespace alone is gone with it: it is copied out when the look is over.
    let read_only = "mkdir -p \"$0/var/boots\" \"$0/run\" /etc/issue.d && for place in \"$0/var\" \"$0/run\" /etc; do \
        mount --bind \"$place\" \"$place\" && mount -o remount,bind,ro \"$place\" || exit 77; done";
    for (broken, what) in [(full, "full"), (read_only, "read-only")] {
        let (node, _) = Node::furnished();
        let node = node.and(broken).stamping().with("COTTER_NO_ISSUE", "");
        // A tool that is asked last sees what is left.
        let node = node.tool("rm", Some("#!/bin/bash\n\"$FURNISHED/real/rm\" \"$@\"\nls -A \"$FURNISHED/var/boots\" >\"$FURNISHED/left\"\n"));
        let Some(seen) = node.look() else { return };
        assert_eq!(seen.reported.len(), 1, "{what}: {}", seen.errors);
        assert!(seen.screen.contains("expectations met\n"), "{what}: {}", seen.screen);
        assert!(seen.screen.contains("the record of this boot cannot be kept"), "{what}: {}", seen.screen);
        assert!(
            seen.screen.contains("the first time that all is met cannot be kept"),
            "{what}: {}",
            seen.screen
        );
        let left = std::fs::read_to_string(node.path("left")).unwrap();
        assert_eq!(left, if what == "full" { "1-1.json\n" } else { "" }, "{what}");
    }
}

#[test]
fn no_secret_is_told() {
    let (node, _) = Node::furnished();
    let plant = "printf '[wifi-security]\\npsk=planted-psk\\n' >>/etc/NetworkManager/system-connections/cotter-a0.nmconnection && \
        printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nplanted-private-key\\n' >/etc/site.conf";
    let node = node.and(plant);
    let Some(seen) = node.look() else { return };
    assert_eq!(seen.record().facts["user/ops/password"], ["set"]);
    let told = [
        std::fs::read_to_string(node.path("port")).unwrap(),
        std::fs::read_to_string(node.path("run/verdict")).unwrap(),
        seen.screen,
        seen.errors,
    ];
    for told in told {
        for secret in ["planted", HASH, "saltsalt", "PRIVATE KEY"] {
            assert!(!told.contains(secret), "{secret} is told: {told}");
        }
    }
}

/// The newest are kept: so many, and so much; what is not a record stays.
#[test]
fn the_history_is_bounded_by_number_and_size() {
    let fill = "mkdir -p \"$0/var/boots\" && cd \"$0/var/boots\" && for i in {10..39}; do \
        echo '{\"schema\":\"cotter.dev/boot/1\",\"boot_id\":\"'$i-'\",\"life\":\"live\"}' >$i-.json && touch -d \"2020-01-01 00:$i\" $i-.json || exit 77; \
        done && echo mine >notes && cd /";
    let node = Node::bare(&expecting(&["hostname"])).and(fill);
    let Some(seen) = node.look() else { return };
    let mut names: Vec<String> = seen.kept.iter().map(|record| record.boot_id.clone()).collect();
    assert_eq!(names.pop().unwrap(), seen.reported[0].boot_id);
    let newest: Vec<String> = (21..40).map(|i| format!("{i}-")).collect();
    assert_eq!(names, newest);
    assert!(node.path("var/boots/notes").exists());
    let large = "truncate -s 3M \"$0/var/boots/39-.json\" && truncate -s 2M \"$0/var/boots/38-.json\" && \
        touch -d '2020-01-01 00:39' \"$0/var/boots/39-.json\" && touch -d '2020-01-01 00:38' \"$0/var/boots/38-.json\"";
    let node = Node::bare(&expecting(&["hostname"])).and(fill).and(large);
    let Some(_) = node.look() else { return };
    let mut left: Vec<String> = node
        .path("var/boots")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.retain(|name| name.ends_with("-.json"));
    assert_eq!(left, ["39-.json"], "what does not fit and all that is older goes");
}

/// A screen of 80 columns and 25 lines, what differs first, and nothing in it that a terminal or agetty obeys.
#[test]
fn the_verdict_fits_a_screen_and_drives_no_terminal() {
    let long = "a name that nobody can bear to read to its end, since it goes on and on and on and on";
    let mut lines = expecting(&["name/x/none"]).replace("name/x/none", "nobody/looks");
    for i in 0..40 {
        lines.push_str(&format!("hostname\thas\tx{i}\t{long} {i} \u{1b}[2J\tm.yaml:{i} (x)\tlater-boots\n"));
    }
    let node = Node::bare(&lines).and("printf 'a\\\\e{red}\\033[2Jb' >/proc/sys/kernel/hostname");
    let Some(seen) = node.look() else { return };
    let screen = &seen.screen;
    assert!(
        screen.starts_with("cotter: 40 DIFFER, 1 unknown; 0 of 41 expectations met\nDIFFERS  a name"),
        "{screen}"
    );
    assert!(screen.lines().count() <= 24 && screen.lines().all(|line| line.len() <= 80), "{screen}");
    assert!(screen.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic() && c != '\\'), "{screen}");
    assert!(
        screen.contains("m.yaml:0 (x): found a/e{red}[2Jb") && screen.contains("and 31 more"),
        "{screen}"
    );
    assert_eq!(std::fs::read_to_string(node.path("run/verdict")).unwrap(), *screen);
}

/// What systemd was told to do.
fn told(node: &Node) -> String {
    std::fs::read_to_string(node.path("told")).unwrap_or_default()
}

#[test]
fn the_target_is_reached_and_stamped_when_all_is_met_and_only_then() {
    let (node, _) = Node::furnished();
    let node = node.stamping();
    let Some(seen) = node.look() else { return };
    let stamp = std::fs::read_to_string(node.path("var/complete")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&stamp).unwrap();
    schemas::assert_is("complete", &value);
    assert_eq!(
        (value["boot_id"].as_str(), value["life"].as_str()),
        (Some(seen.record().boot_id.as_str()), Some("later-boots"))
    );
    assert_eq!(told(&node), "start --no-block cotter-complete.target\n");
    assert!(node.path("run/complete").exists());
    assert_eq!(node.path("var/complete").metadata().unwrap().permissions().mode() & 0o777, 0o644);
    let beside: Vec<_> =
        node.path("var").read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "{beside:?}");

    // Once, and never again.
    let (node, _) = Node::furnished();
    let node = node.stamping().and("mkdir \"$0/var\" && echo first >\"$0/var/complete\"");
    node.look().unwrap();
    assert_eq!(std::fs::read_to_string(node.path("var/complete")).unwrap(), "first\n");
    assert_eq!(told(&node), "start --no-block cotter-complete.target\n");

    let (node, _) = Node::furnished();
    let asked_by_hand = node;
    asked_by_hand.look().unwrap();
    let (node, _) = Node::furnished();
    let not_met = node.stamping().and("echo b >>/etc/site.conf");
    not_met.look().unwrap();
    let nothing_expected = Node::bare("").stamping().and("touch \"$0/told\"");
    nothing_expected.look().unwrap();
    for node in [asked_by_hand, not_met, nothing_expected] {
        assert_eq!(told(&node), "");
        assert!(!node.path("var/complete").exists() && !node.path("run/complete").exists());
    }
}

/// A live system that is as it should be lets go on who waits, and stamps nothing.
#[test]
fn the_live_system_is_never_stamped() {
    let lines = expecting(&["hostname"]).replace("\tx\tx\tx\tlater-boots", "\tnode\tx\tx\tlive");
    let node = Node::bare(&lines).tool("systemctl", Some(SYSTEMCTL));
    let here = node.folder.path().display().to_string();
    let node = node
        .and("echo node >/proc/sys/kernel/hostname && mount -t tmpfs none /run && touch /run/ostree-live")
        .with("FURNISHED", &here)
        .stamping();
    let Some(seen) = node.look() else { return };
    assert_eq!(seen.record().life, Life::Live);
    assert_eq!(told(&node), "start --no-block cotter-complete.target\n");
    assert!(!node.path("var/complete").exists());
}

/// A unit that is started late is told of in time, and completes the machine later in the same boot.
#[test]
fn what_comes_late_makes_the_machine_complete_late() {
    let (node, _) = Node::furnished();
    let node = node.and("echo ActiveState=activating >\"$0/unit\"").stamping().with("COTTER_GO_ON", "60");
    let _others = tools::MOUNTS.read();
    let Some(child) = node.start() else { return };
    let begin = Instant::now();
    while node.reported_bytes() == 0 && begin.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
    }
    assert_eq!(told(&node), "");
    std::fs::write(node.path("unit"), "ActiveState=active\n").unwrap();
    let Some(seen) = node.end(child) else { return };
    assert!(begin.elapsed() < Duration::from_secs(60));
    let [first, last] = seen.reported.as_slice() else { panic!("{}\n{}", seen.screen, seen.errors) };
    assert_eq!(first.facts["unit/site.service/state"], ["activating"]);
    assert_eq!(last.facts["unit/site.service/state"], ["started"]);
    assert_eq!(seen.kept, std::slice::from_ref(last));
    assert_eq!(told(&node), "start --no-block cotter-complete.target\n");
    assert!(node.path("var/complete").exists());
}
