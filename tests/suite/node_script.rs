//! The script on the node, in places of its own making.

use std::path::Path;
use std::process::Command;

use cotter::world;

use crate::tools;

/// The exit code of a namespace that could not be furnished.
const NOT_HERE: i32 = 77;

/// Runs the script in a network namespace that `prepare` has furnished, with these subjects to look at.
fn look(prepare: &str, subjects: &[&str]) -> Option<cotter::verify::BootRecord> {
    let unshare = tools::program("unshare")?;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/files/cotter-verify");
    let lines: Vec<String> =
        subjects.iter().map(|subject| format!("{subject}\thas\tx\tx\tx\tlater-boots\n")).collect();
    std::fs::write(here.join("expectations"), lines.concat()).unwrap();
    std::fs::write(here.join("machine"), "m").unwrap();
    let prepared =
        format!("mount -t sysfs sysfs /sys && {prepare} || exit {NOT_HERE}; exec bash {}", script.display());
    let _others = tools::MOUNTS.read();
    let done = Command::new(unshare)
        .args(["--net", "--mount", "bash", "-c", &prepared])
        .env("COTTER_ETC", here)
        .env("COTTER_RUN", here.join("run"))
        .env("COTTER_RECORDS", here.join("records"))
        .env("COTTER_PORT", "/nonexistent")
        .env("COTTER_PATIENCE", "0")
        .env("COTTER_NO_ISSUE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.code() == Some(NOT_HERE) || said.starts_with("unshare:") {
        tools::skip("there can be no network namespace with a bridge in it");
        return None;
    }
    Some(
        world::records(&here.join("records")).unwrap_or_else(|_| panic!("no record:\n{said}")).pop().unwrap(),
    )
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
