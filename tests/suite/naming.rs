//! What we say that systemd calls ports, beside what systemd's own udevadm said of the same trees.

use std::collections::BTreeMap;

use cotter::hardware;
use cotter::hardware::naming::Scheme;
use cotter::hardware::naming::names;
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

/// Where releases of udev say otherwise, and we say what the newest says: case, release, key, and why.
const OTHERWISE: &[(&str, &str, &str, &str)] = &[];

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
    for case in recorded::names() {
        let Some(said) = said(&case) else { continue };
        cases += 1;
        let inventory = hardware::seen(&Recorded::named(&case).tree());
        for Group { udev, schemes, ports } in &said.names {
            for name in schemes {
                let scheme = Scheme::find(name).unwrap_or_else(|| panic!("{case}: `{name}` is no scheme"));
                for (port, expected) in ports {
                    looks += 1;
                    let found = predicted(&inventory, port, scheme);
                    let keys = expected.keys().chain(found.keys());
                    for key in keys.collect::<std::collections::BTreeSet<_>>() {
                        let is_known = OTHERWISE.iter().any(|(of, release, what, _)| {
                            *of == case && udev.starts_with(release) && *what == key.as_str()
                        });
                        if expected.get(key) != found.get(key) && !is_known {
                            let (expected, found) = (expected.get(key), found.get(key));
                            wrong.push(format!("{case} ({}): udev {udev} by {name}, {port}: {key} is {expected:?}, we say {found:?}", said.about));
                        }
                    }
                }
            }
        }
    }
    assert!(cases > 30 && looks > 3000, "{cases} cases with {looks} looks are not all there are");
    assert!(wrong.is_empty(), "{} of {looks} looks differ:\n{}", wrong.len(), wrong.join("\n"));
}
