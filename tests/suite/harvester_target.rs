//! Target `harvester`: every config that is made passes the checker, every port is pinned three times, and what is
//! written is whole, private and reproducible.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use cotter::harvester;
use cotter::plan::Plan;
use cotter::plan::Secrecy;
use cotter::world;

use crate::golden;
use crate::schemas;
use crate::tools;

const TOKEN: &str = "the-token-of-this-test";

const PORTS: [(&str, &str); 2] = [("mgmt0", "e4:43:4b:0a:00:01"), ("mgmt1", "e4:43:4b:0a:00:02")];

/// How a node is in its cluster.
const MODES: [(&str, &str); 3] = [
    ("create", "mode: create, vip: 192.168.50.20, vip_mode: static"),
    (
        "create by dhcp",
        "mode: create, vip: 192.168.50.20, vip_mode: dhcp, vip_hw_addr: \"02:00:00:00:00:20\"",
    ),
    ("join", "mode: join"),
];

/// What stands on the ports: the name, whether both ports are in it, and nmstate's words with `ADDRESS` in them.
const STACKS: [(&str, usize, &str); 4] = [
    ("port", 1, ""),
    (
        "bond",
        2,
        "{name: mgmt-bo, type: bond, state: up, link-aggregation: {mode: 802.3ad, options: {miimon: 100}, port: [mgmt0, mgmt1]}, ADDRESS}",
    ),
    ("vlan", 1, "{name: mgmt-br.100, type: vlan, state: up, vlan: {base-iface: mgmt0, id: 100}, ADDRESS}"),
    (
        "vlan on bond",
        2,
        "{name: mgmt-bo, type: bond, state: up, mtu: 9000, link-aggregation: {mode: active-backup, port: [mgmt0, mgmt1]}}, {name: mgmt-br.100, type: vlan, state: up, vlan: {base-iface: mgmt-bo, id: 100}, ADDRESS}",
    ),
];

fn machine_file(mode: &str, stack: &(&str, usize, &str), is_static: bool) -> String {
    let (_, ports, nmstate) = stack;
    let server = if mode.contains("join") { "\n  server_url: https://192.168.50.20:443" } else { "" };
    let on_port = match (nmstate.is_empty(), is_static) {
        (true, true) => ", address: 192.168.50.10/24, gateway: 192.168.50.1, dns: 192.168.50.1",
        (true, false) => ", dhcp: true",
        _ => "",
    };
    let nics: Vec<String> = PORTS
        .iter()
        .take(*ports)
        .map(|(name, mac)| format!("    - {{name: {name}, mac: \"{mac}\"{on_port}}}"))
        .collect();
    let address = match is_static {
        true => "ipv4: {enabled: true, dhcp: false, address: [{ip: 192.168.50.10, prefix-length: 24}]}",
        false => "ipv4: {enabled: true, dhcp: true}",
    };
    let top = if nmstate.contains("vlan") { "mgmt-br.100" } else { "mgmt-bo" };
    let mut above = String::new();
    if !nmstate.is_empty() {
        above = format!("\n  nmstate:\n    interfaces: [{}]", nmstate.replace("ADDRESS", address));
        if is_static {
            above.push_str(&format!(
                "\n    routes: {{config: [{{destination: 0.0.0.0/0, next-hop-address: 192.168.50.1, next-hop-interface: {top}}}]}}\n    \
                 dns-resolver: {{config: {{server: [192.168.50.1]}}}}"
            ));
        }
    }
    format!(
        "cotter: 1\nname: node1\ntarget: harvester\nhostname: node1\nharvester:\n  version: v1.7.0\n  token: {TOKEN}{server}\n  \
         artifacts_url: http://192.168.50.1/h\n  install: {{{mode}, config_url: \"http://192.168.50.1/node1.yaml\", iso_url: \"http://192.168.50.1/h.iso\"}}\n\
         passwd:\n  users:\n    - name: rancher\n      ssh_authorized_keys: [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ\"]\n\
         network:\n  nics:\n{}{above}\ninstall: {{device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}}\n",
        nics.join("\n")
    )
}

fn planned(folder: &Path, text: &str) -> Result<Plan, String> {
    let path = folder.join("machine.yaml");
    std::fs::write(&path, text).unwrap();
    let planned = world::plan_machine(&path, &world::Given::default(), &mut |_| ()).unwrap();
    let said: Vec<String> = planned.findings.iter().map(|finding| finding.render(Some(text))).collect();
    match (planned.machine, said.is_empty()) {
        (Some((_, plan)), true) => Ok(plan),
        _ => Err(said.join("\n")),
    }
}

fn file(plan: &Plan, name: &str) -> String {
    let output = &plan.served().unwrap().files[name];
    String::from_utf8(output.bytes.clone()).unwrap()
}

/// What Harvester's own rules say of a config.
fn complaints(text: &str) -> Vec<String> {
    let version = "v1.10.0".parse().unwrap();
    let findings = harvester::check_harvester("config.yaml", text, Some(&version)).sorted();
    findings.iter().map(|finding| finding.render(Some(text))).collect()
}

#[test]
fn every_way_to_be_a_node_gives_a_config_that_the_checker_takes_with_its_ports_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (mode, words) in MODES {
        for stack in &STACKS {
            for is_static in [true, false] {
                let case = format!("{mode}, {}, static {is_static}", stack.0);
                let text = machine_file(words, stack, is_static);
                let plan =
                    planned(folder.path(), &text).unwrap_or_else(|said| panic!("{case}: {said}\n{text}"));
                let config = file(&plan, "config.yaml");
                assert_eq!(complaints(&config), Vec::<String>::new(), "{case}\n{config}");
                assert_eq!(plan.served().unwrap().files["config.yaml"].secrecy, Secrecy::Secret);
                let method = if is_static { "method: static" } else { "method: dhcp" };
                for part in [method, &format!("token: {TOKEN}"), "scheme_version: 1"] {
                    assert!(config.contains(part), "{case}: {part} is not in\n{config}");
                }
                assert_eq!(config.contains("vlan_id: 100"), stack.0.contains("vlan"), "{case}");
                let arguments =
                    config.lines().find(|line| line.contains("additional_kernel_arguments")).unwrap();
                let (script, iso) = (file(&plan, "boot.ipxe"), file(&plan, "iso-kernel-arguments"));
                for (name, mac) in PORTS.iter().take(stack.1) {
                    let pin = format!("ifname={name}:{mac}");
                    for (place, text) in [("node", arguments), ("iPXE", &script), ("ISO", &iso)] {
                        assert!(text.contains(&pin), "{case}: no {pin} for {place}:\n{text}");
                    }
                    assert!(
                        config.contains(&format!("- name: {name}\n        hwAddr: \"{mac}\"")),
                        "{case}\n{config}"
                    );
                    let expected = |subject: String, value: &str| {
                        plan.manifest.expectations.iter().any(|e| e.subject == subject && e.value == value)
                    };
                    assert!(expected(format!("port/{mac}/name"), name), "{case}");
                    assert!(expected(format!("port/{mac}/controller"), "mgmt-bo"), "{case}");
                    assert!(expected("kernel-arguments".to_owned(), &pin), "{case}");
                }
                assert!(!serde_json::to_string(&plan.artifacts).unwrap().contains(TOKEN), "{case}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 24);
}

#[test]
fn the_configs_of_all_cases_pass_the_checker() {
    let mut count = 0;
    for case in golden::cases() {
        let Some(plan) = golden::plan(&case) else { continue };
        if plan.served().is_some() {
            let config = file(&plan, "config.yaml");
            assert_eq!(complaints(&config), Vec::<String>::new(), "{}\n{config}", case.display());
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}

/// Edits of a right file, a part of the line that the finding must be at, and a part of what it says.
const FAULTS: [(&str, &str, &str, &str); 9] = [
    ("vip: 192.168.50.20", "vip: 192.168.51.20", "vip:", "is not in the node's subnet"),
    ("vip: 192.168.50.20", "vip: 192.168.50.10", "vip:", "is the node's own address"),
    ("gateway: 192.168.50.1,", "gateway: 192.168.51.1,", "mgmt0", "gateway"),
    (", dns: 192.168.50.1", "", "mgmt0", "needs resolvers"),
    (
        "ssh_authorized_keys: [\"ssh",
        "ssh_authorized_keys: [\"#ssh",
        "ssh_authorized_keys",
        "is not an SSH public key",
    ),
    ("hostname: node1", "hostname: Node1", "hostname", "host name"),
    ("vip_mode: static", "vip_mode: dhcp", "vip_mode: dhcp", "`install.vip_hw_addr`"),
    ("e4:43:4b:0a:00:01\"", "e4:43:4b:0a:00:01\", mtu: 68", "mtu: 68", "is not an MTU for Harvester"),
    ("token: the-token", "token: grün-token", "token", "letters that the installer does not take"),
];

#[test]
fn what_the_checker_says_is_at_the_line_of_the_machine_file() {
    let folder = tempfile::tempdir().unwrap();
    let right = machine_file(MODES[0].1, &STACKS[0], true);
    for (from, to, line, words) in FAULTS {
        assert!(right.contains(from), "{from}");
        let text = right.replacen(from, to, 1);
        let said = planned(folder.path(), &text).map(|_| ()).unwrap_err();
        let found = said.split("error[").chain(said.split("warning[")).any(|finding| {
            let place = finding.split("machine.yaml:").nth(1).and_then(|place| place.split(':').next());
            let number: Option<usize> = place.and_then(|number| number.parse().ok());
            let at = number.and_then(|number| text.lines().nth(number - 1)).unwrap_or_default();
            finding.contains(words) && at.contains(line)
        });
        assert!(found, "{to}: not `{words}` at `{line}`, but\n{said}");
        assert!(!said.contains("grün"), "{said}");
    }
}

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).current_dir(folder).args(arguments).output().unwrap()
}

#[test]
fn the_folder_is_whole_private_and_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = machine_file(MODES[0].1, &STACKS[1], true);
    std::fs::write(at.join("machine.yaml"), text.replace(&format!("token: {TOKEN}"), "token_file: token"))
        .unwrap();
    std::fs::write(at.join("token"), format!("{TOKEN}\n")).unwrap();
    for out in ["one", "two"] {
        let done = cotter(at, &["build", "machine.yaml", "-o", out]);
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(done.status.code(), Some(0), "{said}");
        assert!(!said.contains(TOKEN) && said.contains("it holds secrets"), "{said}");
        for (name, mode) in [("config.yaml", 0o600), ("boot.ipxe", 0o644), ("iso-kernel-arguments", 0o644)] {
            let found = at.join(out).join(name).metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{name}");
        }
        assert!(at.join(format!("{out}.manifest.json")).exists());
    }
    for name in ["config.yaml", "boot.ipxe", "iso-kernel-arguments"] {
        let read = |out: &str| std::fs::read(at.join(out).join(name)).unwrap();
        assert_eq!(read("one"), read("two"), "{name}");
    }
    let manifest = std::fs::read_to_string(at.join("one.manifest.json")).unwrap();
    assert!(!manifest.contains(TOKEN));
    let checked = cotter(at, &["check", "one/config.yaml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
    let plan = cotter(at, &["plan", "machine.yaml", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    schemas::assert_is("plan", &plan);
    assert_eq!(plan["harvester"]["version"], "v1.7.0");
}

#[test]
fn what_is_wrong_writes_nothing_and_what_there_is_none_of_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let right = machine_file(MODES[0].1, &STACKS[0], true);
    std::fs::write(at.join("wrong.yaml"), right.replace("192.168.50.20", "192.168.51.20")).unwrap();
    let refused = cotter(at, &["build", "wrong.yaml", "-o", "out"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!at.join("out").exists() && !at.join("out.manifest.json").exists());
    std::fs::write(at.join("machine.yaml"), right).unwrap();
    for (command, words) in [
        (&["ignition", "machine.yaml"][..], "has no Ignition document"),
        (&["ignition", "machine.yaml", "--life", "live"], "has no Ignition document"),
        (&["build", "machine.yaml", "-o", "out", "--pxe"], "has no installation medium"),
        (&["recover", "machine.yaml"], "makes its network and logins anew at every boot"),
    ] {
        let refused = cotter(at, command);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains(words), "{command:?}: {said}");
    }
    assert!(!at.join("out").exists());
}

/// The menu, as Harvester's ISO has it, in short.
const MENU: &str = "search --no-floppy --file --set=root /boot/kernel\nsource (${root})/boot/grub2/harvester.cfg\n\
    menuentry \"Harvester Installer ${harvester_version}\" {\n  linux ($root)/boot/kernel cdroot root=live:CDLABEL=COS_LIVE ${extra_iso_cmdline}\n}\n";
const SETTINGS: &str = "set harvester_version=v1.7.0\n";

/// An ISO of the same shape as Harvester's, with the names of Rock Ridge and of Joliet, that only UEFI starts.
fn iso(folder: &Path, menu: &str, settings: &str) {
    let tree = folder.join("tree");
    std::fs::create_dir_all(tree.join("boot/grub2")).unwrap();
    std::fs::create_dir_all(tree.join("bundle/harvester/images-lists")).unwrap();
    std::fs::write(tree.join("boot/grub2/grub.cfg"), menu).unwrap();
    std::fs::write(tree.join("boot/grub2/harvester.cfg"), settings).unwrap();
    std::fs::write(tree.join("boot/kernel"), vec![7; 5000]).unwrap();
    std::fs::write(tree.join("boot/uefi.img"), vec![9; 64 << 10]).unwrap();
    std::fs::write(tree.join("rootfs.squashfs"), vec![3; 300_000]).unwrap();
    std::fs::write(tree.join("bundle/harvester/images-lists/harvester-images-v1.7.0.txt"), "a\n").unwrap();
    let done = Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-V", "COS_LIVE", "-R", "-J", "-joliet-long", "-o"])
        .arg(folder.join("harvester.iso"))
        .args(["-eltorito-alt-boot", "-e", "boot/uefi.img", "-no-emul-boot", "-isohybrid-gpt-basdat"])
        .arg(&tree)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A file of an ISO, as GRUB's own reader finds it.
fn as_grub_reads(iso: &Path, path: &str) -> String {
    let done = Command::new("grub-fstest").arg(iso).args(["cat", path]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A file of an ISO, by the names of Rock Ridge or of Joliet.
fn as_xorriso_reads(iso: &Path, tree: &str, path: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = ["-read_fs", tree, "-osirrox", "on", "-indev"];
    let done =
        Command::new("xorriso").args(arguments).arg(iso).args(["-extract", path]).arg(&out).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(out).unwrap()
}

#[test]
fn the_installers_own_iso_gets_the_arguments_and_nothing_else_moves() {
    if tools::program("xorriso").is_none() || tools::program("grub-fstest").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    iso(at, MENU, SETTINGS);
    let text = machine_file(MODES[0].1, &STACKS[1], true);
    std::fs::write(at.join("machine.yaml"), &text).unwrap();
    let build = |base: &str, out: &str| cotter(at, &["build", "machine.yaml", "--base", base, "-o", out]);
    let done = build("harvester.iso", "node1.iso");
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.code() == Some(0) && !said.contains(TOKEN), "{said}");
    let mode = |name: &str| at.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("node1.iso"), mode("node1.iso.config.yaml")), (0o644, 0o600));
    assert!(at.join("node1.iso.manifest.json").exists());
    let arguments = file(&planned(at, &text).unwrap(), "iso-kernel-arguments");
    let expected = format!("{SETTINGS}set extra_iso_cmdline=\"{}\"\n", arguments.trim_end());
    let settings = "/boot/grub2/harvester.cfg";
    let medium = at.join("node1.iso");
    assert_eq!(as_grub_reads(&medium, settings), expected);
    for tree in ["joliet", "any"] {
        let found = as_xorriso_reads(&medium, tree, settings);
        assert_eq!(String::from_utf8_lossy(&found), expected, "{tree}");
    }
    let (old, new) = (std::fs::read(at.join("harvester.iso")).unwrap(), std::fs::read(&medium).unwrap());
    assert_eq!(old.len(), new.len());
    // The file's sector, and eight bytes for its length in each of the two trees.
    let sector = |at: usize| at / 2048;
    let changed: std::collections::BTreeSet<usize> =
        (0..old.len()).filter(|at| old[*at] != new[*at]).map(sector).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    assert!(!String::from_utf8_lossy(&new).contains(TOKEN));
    // Once more, for another machine: what was there is replaced.
    let other = text.replace("node1.yaml", "n.yaml");
    std::fs::write(at.join("machine.yaml"), other).unwrap();
    assert_eq!(build("node1.iso", "again.iso").status.code(), Some(0));
    let again = as_grub_reads(&at.join("again.iso"), settings);
    assert!(again.matches("extra_iso_cmdline").count() == 1 && again.contains("/n.yaml\""), "{again}");
}

#[test]
fn an_iso_that_has_no_place_for_arguments_is_refused_before_anything_is_written() {
    if tools::program("xorriso").is_none() {
        return;
    }
    let long = format!("set harvester_version=v1.7.0\n# {}\n", "x".repeat(1900));
    for (menu, settings, words) in [
        ("menuentry a {}\n", SETTINGS, "has no `${extra_iso_cmdline}`"),
        (MENU, "", "has 0 bytes"),
        (MENU, long.as_str(), "bytes"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        iso(at, menu, settings);
        std::fs::write(at.join("machine.yaml"), machine_file(MODES[0].1, &STACKS[0], true)).unwrap();
        let done = cotter(at, &["build", "machine.yaml", "--base", "harvester.iso", "-o", "out.iso"]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(2) && said.contains(words), "{words}: {said}");
        assert!(!at.join("out.iso").exists() && !at.join("out.iso.config.yaml").exists());
    }
}
