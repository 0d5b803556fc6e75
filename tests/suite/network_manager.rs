//! Keyfiles of the cases, loaded by a real NetworkManager in namespaces of its own (`tests/networkmanager/load`).

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::golden;
use crate::tools;

/// The stand-in's root folder, which has NetworkManager.
fn system() -> Option<PathBuf> {
    let cache = cotter::world::cache_folder().ok()?.join("bench");
    let trees = cache.read_dir().into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let root =
        trees.map(|tree| tree.join("root")).find(|root| root.join("usr/sbin/NetworkManager").is_file());
    if root.is_none() {
        tools::skip("there is no stand-in whose NetworkManager could be asked: `cotter bench build`");
    }
    root
}

/// What NetworkManager says of keyfiles; nothing if it cannot be asked here.
fn load(system: &Path, keyfiles: &Path, ports: &[String]) -> Option<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networkmanager/load");
    let _others = tools::MOUNTS.read();
    let done = Command::new(script).arg(system).arg(keyfiles).args(ports).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.code() == Some(3) {
        tools::skip(said.trim());
        return None;
    }
    assert!(done.status.success(), "{said}");
    Some(String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect())
}

/// What it says of the files, and not of what this kernel cannot do (bonds, dummies).
fn complaints(said: &[String]) -> Vec<&String> {
    let about_files = ["keyfile", "settings", "invalid", "nmconnection", "not valid"];
    said.iter()
        .filter(|line| line.starts_with("log ") && about_files.iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn network_manager_takes_every_keyfile_without_a_word() {
    let Some(system) = system() else { return };
    for (case, addresses) in [
        // Static, and DHCP beside it.
        ("dhcp-and-both-families", &["wan0 192.0.2.10/24", "wan0 2001:db8::10/64"][..]),
        // An 802.3ad bond, and a VLAN on it; the rehearsal of the same file shows that they come up.
        ("dell-r640", &["mgmt0 192.168.50.10/24"]),
        // A bridge with a port.
        ("bridge", &["br0 192.168.50.20/24"]),
        // IPv6, routes, rules.
        ("ipv6-and-routes", &["wan0 2001:db8:50::10/64", "lan0 10.7.0.2/16"]),
        ("everything", &["mgmt0 192.168.50.10/24", "mgmt0 fd00:50::10/64"]),
        ("only-in-some-lives", &[]),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
        let plan = golden::plan(&folder).unwrap();
        let medium = plan.medium().unwrap();
        let keyfiles = tempfile::tempdir().unwrap();
        let mut ports = Vec::new();
        for (name, bytes) in &medium.edit.network {
            std::fs::write(keyfiles.path().join(name), bytes).unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key).map(str::to_owned));
            if let (Some(mac), Some(id)) = (value("mac-address="), value("id=")) {
                ports.push(format!("{id}={}", mac.to_lowercase()));
            }
        }
        let Some(said) = load(&system, keyfiles.path(), &ports) else { return };
        assert_eq!(complaints(&said), Vec::<&String>::new(), "{case}");
        for (name, bytes) in &medium.edit.network {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let uuid = text.lines().find_map(|line| line.strip_prefix("uuid=")).unwrap();
            let is_loaded = said.iter().any(|line| line.starts_with(&format!("profile {uuid} ")));
            assert!(is_loaded, "{case}: {name} was not loaded: {said:#?}");
        }
        if case == "bridge" {
            assert!(
                said.contains(&"cost lan0 50".to_owned()),
                "what is said of a bridge's port is lost: {said:#?}"
            );
        }
        for address in addresses {
            let is_there = said.contains(&format!("address {address}"));
            assert!(is_there, "{case}: {address} did not come up: {said:#?}");
        }
    }
}

/// The same look finds what is wrong with a keyfile, so the test above can fail.
#[test]
fn network_manager_complains_of_a_bad_keyfile() {
    let Some(system) = system() else { return };
    let keyfiles = tempfile::tempdir().unwrap();
    std::fs::write(keyfiles.path().join("a.nmconnection"), "garbage\n").unwrap();
    std::fs::write(keyfiles.path().join("b.nmconnection"), "[connection]\nid=b\ntype=ethernet\nuuid=nope\n")
        .unwrap();
    let Some(said) = load(&system, keyfiles.path(), &[]) else { return };
    assert_eq!(complaints(&said).len(), 2, "{said:#?}");
}
