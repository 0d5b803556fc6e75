//! What we say that systemd calls ports, beside what systemd's own udevadm said of the same trees.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use cotter::hardware;
use cotter::hardware::naming::Arguments;
use cotter::hardware::naming::Conditions;
use cotter::hardware::naming::NameFile;
use cotter::hardware::naming::Scheme;
use cotter::hardware::naming::names;
use cotter::hardware::naming::predict;
use serde::Deserialize;

use crate::recorded;
use crate::recorded::Recorded;

/// What udev said of a recorded tree.
#[derive(Deserialize)]
struct Said {
    about: String,
    names: Vec<Group>,
}

/// What one udev said under some schemes.
#[derive(Deserialize)]
struct Group {
    udev: String,
    schemes: Vec<String>,
    ports: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where a udev says otherwise than we do.
struct Otherwise {
    /// The case; all if empty.
    case: &'static str,
    /// The port; all if empty.
    port: &'static str,
    /// How the release begins.
    releases: &'static [&'static str],
    /// The names; all if empty.
    keys: &'static [&'static str],
    /// Why.
    why: &'static str,
}

const fn otherwise(
    case: &'static str,
    port: &'static str,
    releases: &'static [&'static str],
    keys: &'static [&'static str],
    why: &'static str,
) -> Otherwise {
    Otherwise { case, port, releases, keys, why }
}

/// Where releases say otherwise than the newest, whose words ours are, and two things that no kernel does.
const OTHERWISE: &[Otherwise] = &[
    otherwise("port-names", "eth1", &["257", "262"], &[], "a dev_port that is no number; we take it for 0"),
    otherwise(
        "port-names",
        "eth2",
        &["257", "262"],
        &[],
        "no dev_port, as before Linux 3.15; we take it for 0",
    ),
    otherwise("port-names", "eth4", &["247", "252"], &[], "dev_port was read as decimal only"),
    otherwise("properties", "", &["247", "252"], &[], "ID_NET_NAME_ALLOW… came with 256"),
    otherwise("properties", "", &["257"], &["slot", "path"], "ID_NET_NAME_INCLUDE_DOMAIN came with 258"),
    otherwise(
        "azure",
        "",
        &["247", "252", "257"],
        &["slot", "path"],
        "ID_NET_NAME_INCLUDE_DOMAIN came with 258",
    ),
    otherwise("infiniband", "", &["247", "252", "257"], &["path"], "dev_id stood in for dev_port until 257"),
    otherwise(
        "onboard-index-sources",
        "eth5",
        &["247", "252"],
        &["onboard"],
        "an index of ACPI that is no number hid SMBIOS's",
    ),
    otherwise("", "", &["247", "252"], &["label"], "there was no label without an index that may be used"),
    otherwise("npar-ari", "eth302", &["247", "252"], &["path"], "ari_enabled was 1 or nothing"),
    otherwise(
        "power-vio",
        "lan0",
        &["247", "252"],
        &["slot"],
        "only ports that were still called eth were named",
    ),
    otherwise("power-vio", "eth3", &["247", "252"], &["slot"], "slots of seven digits were taken, too"),
    otherwise(
        "arm-platform",
        "lan0",
        &["247", "252"],
        &["path"],
        "only ports that were still called eth were named",
    ),
    otherwise(
        "arm-platform",
        "eth9",
        &["247", "252"],
        &["path"],
        "a maker's four letters could have no digit",
    ),
    otherwise("long-names", "", &["247"], &[], "names of more than 15 bytes were cut, or not made"),
    otherwise(
        "addresses",
        "",
        &["247"],
        &["mac"],
        "addresses were read by their first six numbers with colons",
    ),
];

impl Otherwise {
    fn is_about(&self, case: &str, port: &str, udev: &str, key: &str) -> bool {
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let is_release = self.releases.iter().any(|release| udev.starts_with(release));
        let is_key = self.keys.is_empty() || self.keys.contains(&key);
        assert!(!self.why.is_empty());
        is(self.case, case) && is(self.port, port) && is_release && is_key
    }
}

fn said(case: &str) -> Option<Said> {
    let text = std::fs::read_to_string(recorded::folder().join(format!("{case}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{case}: {error}")))
}

fn predicted(inventory: &hardware::Inventory, port: &str, scheme: &Scheme) -> BTreeMap<String, String> {
    let Some(port) = inventory.ports.iter().find(|found| found.name == port) else { return BTreeMap::new() };
    let names = names(port, inventory, scheme);
    let all = [
        ("onboard", names.onboard),
        ("label", names.label),
        ("slot", names.slot),
        ("path", names.path),
        ("mac", names.mac),
        ("database", names.database),
    ];
    all.into_iter().filter_map(|(key, name)| Some((key.to_owned(), name?.text))).collect()
}

#[test]
fn we_say_what_udev_says() {
    let mut wrong = Vec::new();
    let (mut cases, mut looks) = (0, 0);
    let mut used = vec![false; OTHERWISE.len()];
    for case in recorded::names() {
        let Some(said) = said(&case) else { continue };
        cases += 1;
        let inventory = hardware::seen(&Recorded::named(&case).tree());
        for Group { udev, schemes, ports } in &said.names {
            for (name, (port, expected)) in
                schemes.iter().flat_map(|name| ports.iter().map(move |port| (name, port)))
            {
                let scheme = Scheme::find(name).unwrap_or_else(|| panic!("{case}: `{name}` is no scheme"));
                looks += 1;
                let found = predicted(&inventory, port, scheme);
                let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
                for key in keys {
                    // A label of nothing is none.
                    let says = expected
                        .get(key)
                        .filter(|name| *key != "label" || !["", "en"].contains(&name.as_str()));
                    if says == found.get(key) {
                        continue;
                    }
                    match OTHERWISE.iter().position(|known| known.is_about(&case, port, udev, key)) {
                        Some(known) => used[known] = true,
                        None => wrong.push(format!(
                            "{case} ({}): udev {udev} by {name}, {port}: {key} is {says:?}, we say {:?}",
                            said.about,
                            found.get(key)
                        )),
                    }
                }
            }
        }
    }
    assert!(cases > 50 && looks > 15_000, "{cases} cases with {looks} looks are not all there are");
    assert!(wrong.is_empty(), "{} of {looks} looks differ:\n{}", wrong.len(), wrong.join("\n"));
    let unused = OTHERWISE.iter().zip(&used).filter(|(_, used)| !**used).map(|(known, _)| known.why);
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&str>::new(), "these are no longer otherwise");
}

/// What Debian adds to systemd's own: USB ports by their address.
const DEBIANS: &str = "[Match]\nPath=*-usb-*\n\n[Link]\nNamePolicy=mac\n";

/// Virtual machines were recorded after their udevd had named the ports.
#[test]
fn we_name_ports_as_udevd_did() {
    let scheme = Scheme::find("v252").unwrap();
    let files = [NameFile::read("/usr/lib/systemd/network/73-usb-net-by-mac.link", DEBIANS, None).unwrap()];
    let (mut named, mut wrong) = (0, Vec::new());
    for case in recorded::names().into_iter().filter(|case| case.starts_with("qemu-")) {
        let inventory = hardware::seen(&Recorded::named(&case).tree());
        let arguments = Arguments::read(inventory.running.kernel_arguments.as_deref());
        let predictions = predict(&inventory, Conditions { scheme, arguments: &arguments, files: &files });
        for (port, prediction) in inventory.ports.iter().zip(predictions) {
            named += usize::from(prediction.name.is_some());
            let is_kernels = prediction.name.is_none()
                && ["eth", "usb"].iter().any(|kernels| port.name.starts_with(kernels));
            if !prediction.is_called(&port.name) && !is_kernels {
                wrong.push(format!(
                    "{case}: {} is called {:?}: {}",
                    port.name, prediction.name, prediction.why
                ));
            }
        }
    }
    assert!(named > 30, "{named} ports are not all there are");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
