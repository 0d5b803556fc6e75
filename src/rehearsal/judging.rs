//! What a scenario cannot ask of the machine, and whether it has shown anything at all.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Scenario;
use super::VirtualMachine;
use crate::spec::Machine;
use crate::verify::BootRecord;
use crate::verify::Expectation;

/// Whether an expectation is left out of the judgement of a boot: nobody can ask it of a machine that lacks what
/// the scenario takes away.
pub fn is_left_out(
    expectation: &Expectation,
    scenario: Scenario,
    machine: &Machine,
    presented: &VirtualMachine,
) -> bool {
    let subject = expectation.subject.as_str();
    match scenario {
        Scenario::Unplug => {
            let unplugged = presented.unplugged().map(|port| port.mac);
            let nic = machine.network.nics.iter().find(|nic| Some(nic.mac.value) == unplugged);
            nic.is_some_and(|nic| {
                let is_under = |key: &str, beginning: &str| {
                    key.strip_prefix(beginning)
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
                };
                // Its files are on the disk all the same.
                subject.starts_with(&format!("port/{}/", nic.mac.value))
                    || is_under(&expectation.origin.key, &nic.origin.key) && !subject.starts_with("file/")
            })
        }
        // A profile is active once its port has an address.
        Scenario::NoDhcp => match subject.split('/').collect::<Vec<_>>().as_slice() {
            ["port", mac, "profile"] => machine.network.nics.iter().any(|nic| {
                nic.mac.value.to_string() == *mac && machine.network.is_dynamic(nic.name.as_str())
            }),
            ["interface", name, "profile"] => machine.network.is_dynamic(name),
            _ => false,
        },
        _ => false,
    }
}

/// Why a boot has shown nothing, if it has not.
pub fn shows_nothing(
    scenario: Scenario,
    machine: &Machine,
    before: &BootRecord,
    after: &BootRecord,
) -> Option<String> {
    let (old, new) = (udev_names(before), udev_names(after));
    match scenario {
        Scenario::Rename | Scenario::Swap | Scenario::Scheme if old.is_empty() || new.is_empty() => {
            Some("the machine does not tell what udev calls its ports".to_owned())
        }
        Scenario::Rename => new.iter().find_map(|(port, names)| {
            let stayed = old.get(port)?.intersection(names).next()?;
            Some(format!("udev still calls {port} {stayed}: nothing was renamed"))
        }),
        Scenario::Swap => new.iter().find_map(|(port, names)| {
            let had = |other: &str| old.get(other).is_some_and(|had| !had.is_disjoint(names));
            let is_others = old.keys().any(|other| other != port && had(other));
            (had(port) || !is_others)
                .then(|| format!("udev gives {port} no other port's name: nothing was swapped"))
        }),
        Scenario::Scheme => (old == new)
            .then(|| "udev's names are the same under both schemes: nothing was renamed".to_owned()),
        Scenario::NoDhcp => {
            let network = &machine.network;
            let has_own = network.nics.iter().any(|nic| !nic.addresses.is_empty())
                || network.interfaces().iter().any(|interface| !interface.addresses.is_empty());
            (!has_own && !network.nics.is_empty()).then(|| {
                "every address of this machine comes from elsewhere: without DHCP nobody can reach it"
                    .to_owned()
            })
        }
        _ => None,
    }
}

/// What udev calls each port, by the port's key.
fn udev_names(record: &BootRecord) -> BTreeMap<String, BTreeSet<String>> {
    let of_port = |(subject, names): (&String, &Vec<String>)| {
        let port = subject.strip_suffix("/udev-name")?;
        (!names.is_empty()).then(|| (port.to_owned(), names.iter().cloned().collect()))
    };
    record.facts.iter().filter_map(of_port).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::is_left_out;
    use super::shows_nothing;
    use crate::document::Origin;
    use crate::rehearsal::Hardware;
    use crate::rehearsal::Medium;
    use crate::rehearsal::Scenario;
    use crate::rehearsal::VirtualMachine;
    use crate::spec;
    use crate::verify::BootRecord;
    use crate::verify::Expectation;
    use crate::verify::PortProperty;
    use crate::verify::Subject;

    const NICS: &str = "{name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24}, \
                        {name: a1, mac: 'e4:43:4b:0a:00:02', dhcp: true}";

    fn machine(nics: &str) -> spec::Machine {
        let text = format!(
            "cotter: 1\nname: a\ntarget: fcos\ninstall: {{device: /dev/sda}}\nnetwork: {{nics: [{nics}]}}\n"
        );
        spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap()
    }

    fn record(names: &[(&str, &str)]) -> BootRecord {
        let facts: serde_json::Map<String, serde_json::Value> = names
            .iter()
            .map(|(port, name)| (format!("port/{port}/udev-name"), serde_json::json!([name])))
            .collect();
        serde_json::from_value(
            serde_json::json!({"schema": "", "boot_id": "1", "life": "first-boot", "facts": facts}),
        )
        .unwrap()
    }

    #[test]
    fn names_must_have_moved_for_a_boot_to_show_anything() {
        let machine = machine(NICS);
        let before = record(&[("1", "eno1"), ("2", "eno2")]);
        let shows = |scenario, after: &[(&str, &str)]| {
            shows_nothing(scenario, &machine, &before, &record(after)).is_none()
        };
        let (same, half) = ([("1", "eno1"), ("2", "eno2")], [("1", "eno5"), ("2", "eno2")]);
        let (moved, swapped) = ([("1", "eno5"), ("2", "eno6")], [("1", "eno2"), ("2", "eno1")]);
        assert!(
            shows(Scenario::Rename, &moved)
                && shows(Scenario::Swap, &swapped)
                && shows(Scenario::Scheme, &half)
        );
        assert!(
            !shows(Scenario::Rename, &half)
                && !shows(Scenario::Swap, &moved)
                && !shows(Scenario::Scheme, &same)
        );
        for scenario in [Scenario::Rename, Scenario::Swap, Scenario::Scheme] {
            assert!(!shows(scenario, &same) && !shows(scenario, &[]), "{scenario}");
        }
        assert!(shows(Scenario::Reboot, &same));
    }

    #[test]
    fn a_machine_without_an_address_of_its_own_shows_nothing_without_dhcp() {
        let nothing = record(&[]);
        let shows = |nics| shows_nothing(Scenario::NoDhcp, &machine(nics), &nothing, &nothing).is_none();
        assert!(shows(NICS));
        assert!(!shows("{name: a1, mac: 'e4:43:4b:0a:00:02', dhcp: true}"));
    }

    #[test]
    fn leaves_out_what_was_taken_away_and_nothing_else() {
        let machine = machine(NICS);
        let presented = VirtualMachine::of(&machine, Hardware::Unknown, Medium::StandIn).unwrap();
        let origin = |key: &str| Origin {
            file: "a.yaml".into(),
            line: 1,
            column: 1,
            key: key.into(),
            length: 1,
            bytes: (0, 0),
        };
        let of = |mac: &str, property, key| {
            Expectation::has(&Subject::Port(mac.parse().unwrap(), property), "x", "x", &origin(key))
        };
        let first = of("e4:43:4b:0a:00:01", PortProperty::Profile, "network.nics[0]");
        let second = of("e4:43:4b:0a:00:02", PortProperty::Profile, "network.nics[1]");
        let name = of("e4:43:4b:0a:00:02", PortProperty::Name, "network.nics[1].name");
        let gateway = |key| Expectation::has(&Subject::DefaultGateway, "10.1.0.1", "x", &origin(key));
        let left = |expectation, scenario| is_left_out(expectation, scenario, &machine, &presented);
        for (expectation, unplug, no_dhcp) in [
            (&first, false, false),
            (&second, true, true),
            (&name, true, false),
            (&gateway("network.nics[1].gateway"), true, false),
            (&gateway("network.nics[10].gateway"), false, false),
        ] {
            assert_eq!(left(expectation, Scenario::Unplug), unplug, "{expectation:?}");
            assert_eq!(left(expectation, Scenario::NoDhcp), no_dhcp, "{expectation:?}");
            assert!(!left(expectation, Scenario::Reboot));
        }
    }
}
