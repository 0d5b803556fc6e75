//! What rides on the machine to ask for addresses by DHCP if its network does not come up.

use tera::Context;
use tera::Tera;

use crate::ignition::Config;
use crate::ignition::File;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::ignition::Unit;
use crate::network;
use crate::network::Fallback;
use crate::network::NetworkState;
use crate::network::Profile;
use crate::value::FileMode;

const SCRIPT_PATH: &str = "/usr/local/bin/cotter-network-fallback";
const TABLE_PATH: &str = "/etc/cotter/network-fallback";
const UNIT_NAME: &str = "cotter-network-fallback.service";
const SCRIPT: &str = include_str!("../../templates/files/cotter-network-fallback");
const UNIT: &str = include_str!("../../templates/files/cotter-network-fallback.service");

/// Adds script, table and unit to the installed system's document; returns what was added, with its contents.
pub(super) fn add(
    config: &mut Config,
    fallback: &Fallback,
    network: &NetworkState,
    profiles: &[Profile],
) -> Vec<(Part, String)> {
    let mut context = Context::new();
    context.insert("after_seconds", &(fallback.after_minutes * 60));
    // The template is part of the program; the test below holds that it renders.
    let unit = Tera::one_off(UNIT, &context, false).unwrap_or_default();
    let table = network::fallback_table(network, profiles);
    config.unit(Unit {
        name: UNIT_NAME.into(),
        enabled: Some(true),
        contents: Some(unit.clone()),
        ..Unit::default()
    });
    let mut added = vec![(Part::new(PartKind::Unit, UNIT_NAME), unit)];
    for (path, mode, text) in
        [(SCRIPT_PATH, FileMode::PROGRAM, SCRIPT.to_owned()), (TABLE_PATH, FileMode::PUBLIC, table)]
    {
        config.file(File::new(path, mode, text.as_bytes()));
        added.push((Part::new(PartKind::File, path).holding(text.as_bytes()), text));
    }
    added
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::SCRIPT_PATH;
    use super::add;
    use crate::ignition::Config;
    use crate::network;
    use crate::spec;
    use crate::systemd::Part;
    use crate::systemd::check;

    fn added(network: &str) -> Vec<String> {
        let text = format!("cotter: 1\nname: a\ntarget: fcos\nnetwork:\n  fallback: dhcp-by-mac\n{network}");
        let machine = spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap();
        let profiles = network::profiles(&machine.network, "a", &machine.origin).unwrap();
        let mut config = Config::of_minor(3);
        let fallback = machine.network.fallback.clone().unwrap();
        let added = add(&mut config, &fallback, &machine.network, &profiles);
        assert_eq!(config.document().list("storage", "files")[0]["path"], SCRIPT_PATH);
        added.into_iter().map(|(_, text)| text).collect()
    }

    /// The table without the profiles' UUIDs.
    fn table(network: &str) -> Vec<String> {
        let is_uuid = |word: &&str| word.len() != 36;
        let plain = |line: &str| line.split('\t').filter(is_uuid).collect::<Vec<_>>().join(" ");
        added(network)[2].lines().map(plain).collect()
    }

    #[test]
    fn the_unit_is_sound_and_waits_as_long_as_asked() {
        let nic = "  nics: [{name: a0, mac: 'e4:43:4b:0a:00:01', dhcp: true}]\n";
        let unit = &added(&format!("  fallback_minutes: 2\n{nic}"))[0];
        assert!(unit.contains("COTTER_FALLBACK_SECONDS=120\n"), "{unit}");
        assert_eq!(check(super::UNIT_NAME, unit, Part::Whole), []);
        assert!(added(nic)[0].contains("COTTER_FALLBACK_SECONDS=300\n"));
    }

    #[test]
    fn what_must_be_up_is_what_carries_the_default_route() {
        let nics = "  nics:\n    - {name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24, gateway: 10.1.0.1}\n    \
                    - {name: a1, mac: 'e4:43:4b:0a:00:02', address: 10.2.0.5/24}\n    \
                    - {name: a2, mac: 'e4:43:4b:0a:00:03'}\n";
        assert_eq!(
            table(nics),
            [
                "profile",
                "address 10.1.0.5/24",
                "gateway 10.1.0.1",
                "own e4:43:4b:0a:00:01 a0",
                "own e4:43:4b:0a:00:02 a1",
                "spare e4:43:4b:0a:00:03 a2"
            ]
        );
    }

    #[test]
    fn ports_of_a_bond_are_told_apart_and_its_route_counts() {
        let bond = "  nics:\n    - {name: a0, mac: 'e4:43:4b:0a:00:01'}\n  nmstate:\n    interfaces:\n      \
                    - {name: bond0, type: bond, state: up, link-aggregation: {mode: active-backup, port: [a0]}, \
                    ipv4: {enabled: true, address: [{ip: 10.1.0.5, prefix-length: 24}]}}\n    routes: {config: \
                    [{destination: 0.0.0.0/0, next-hop-address: 10.1.0.1, next-hop-interface: bond0}]}\n";
        assert_eq!(
            table(bond),
            ["profile", "address 10.1.0.5/24", "gateway 10.1.0.1", "bound e4:43:4b:0a:00:01 a0"]
        );
    }

    #[test]
    fn without_a_default_route_whoever_asks_for_addresses_comes_first() {
        let nics = "  nics:\n    - {name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24}\n    \
                    - {name: a1, mac: 'e4:43:4b:0a:00:02', dhcp: true}\n";
        let lines = table(nics);
        assert_eq!(lines[0], "profile");
        assert!(!lines.iter().any(|line| line.starts_with("address")), "{lines:?}");
    }
}
