//! Starters that are filled in: an inventory, and the machine file that comes of it. `COTTER_BLESS=1` writes what comes.

use std::path::Path;
use std::path::PathBuf;

use cotter::hardware::Inventory;
use cotter::hardware::Profile;
use cotter::hardware::profiles;
use cotter::hardware::read_inventory;
use cotter::network::Nic;
use cotter::spec;
use cotter::spec::Disk;
use cotter::spec::Filled;
use cotter::spec::Found;
use cotter::spec::Known;
use cotter::spec::Machine;
use cotter::spec::Variables;

/// The case, its inventory, the starter, and the port with the default route.
const CASES: [(&str, &str, &str, Option<&str>); 8] = [
    ("r640", "starters/r640.json", "server", None),
    ("r640-by-route", "starters/r640.json", "server", Some("eno4")),
    ("r640-as-single-node", "starters/r640.json", "dell-r640-sno", None),
    ("generic", "starters/generic.json", "server", None),
    ("no-addresses", "starters/no-addresses.json", "server", None),
    ("lshw", "fixtures/inventory/lshw-r640.json", "server", None),
    ("redfish", "fixtures/inventory/redfish-idrac9.json", "mirrored", None),
    ("hostile", "starters/hostile.json", "server", None),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn starter(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("templates/machine/{name}.yaml"))).unwrap()
}

fn filled(starter: &str, inventory: &Inventory, default_route: Option<&str>) -> Filled {
    let system = &inventory.system;
    let profile = Profile::of(
        system.vendor.as_deref().unwrap_or_default(),
        system.product.as_deref().unwrap_or_default(),
    );
    let found = Found { inventory, file: Some("machine.inventory.json"), default_route };
    spec::fill_in(starter, Known { profile, found: Some(found), console: None })
}

/// The machine of a file in which nothing is wrong.
fn parsed(case: &str, text: &str) -> Machine {
    let (machine, findings) = spec::parse("machine.yaml", text, &Variables::new());
    let said: Vec<String> = findings.sorted().iter().map(|finding| finding.render(Some(text))).collect();
    assert!(said.is_empty(), "{case}: {}\n{text}", said.join("\n"));
    machine.unwrap()
}

fn names(nics: &[Nic]) -> Vec<String> {
    nics.iter().map(|nic| format!("{} {}", nic.name.as_str(), nic.mac.value)).collect()
}

#[test]
fn every_inventory_gives_the_machine_file_that_it_should() {
    let mut wrong = Vec::new();
    for (case, inventory, name, default_route) in CASES {
        let bytes = std::fs::read(root().join("tests").join(inventory)).unwrap();
        let text = filled(&starter(name), &read_inventory(&bytes).unwrap(), default_route).text;
        parsed(case, &text);
        let expected: PathBuf = root().join(format!("tests/starters/{case}.expect.yaml"));
        if std::env::var_os("COTTER_BLESS").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        if std::fs::read_to_string(&expected).ok().as_ref() != Some(&text) {
            wrong.push(format!("{}: it comes out as\n{text}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_known_is_not_asked_for() {
    let of = |file: &str| {
        let bytes = std::fs::read(root().join("tests").join(file)).unwrap();
        let filled = filled(&starter("server"), &read_inventory(&bytes).unwrap(), None);
        (filled.has_port, filled.has_disk)
    };
    assert_eq!(of("starters/r640.json"), (true, true));
    assert_eq!(of("starters/no-addresses.json"), (false, false));
    assert_eq!(of("fixtures/inventory/redfish-idrac9.json"), (true, false));
}

#[test]
fn ports_and_disks_are_those_that_were_found() {
    let bytes = std::fs::read(root().join("tests/starters/r640.json")).unwrap();
    let inventory = read_inventory(&bytes).unwrap();
    let machine = parsed("r640", &filled(&starter("server"), &inventory, Some("eno4")).text);
    assert_eq!(
        names(&machine.network.nics),
        ["mgmt0 e4:43:4b:1c:22:04", "data0 e4:43:4b:1c:22:01", "data1 e4:43:4b:1c:22:02"]
    );
    let install = machine.install.unwrap();
    assert_eq!(install.device().unwrap().value.as_str(), "/dev/disk/by-id/wwn-0x64cd98f0c1a2b3c4");
    assert_eq!(install.console_arguments(), ["console=ttyS0,115200n8"]);
    assert_eq!(machine.hardware.profile.unwrap().value, "dell-r640");
    assert_eq!(machine.hardware.inventory.unwrap().value, "machine.inventory.json");
}

/// Whatever a text of an inventory is, it says nothing but itself, or nothing.
#[test]
fn no_text_of_an_inventory_becomes_a_key_of_the_machine() {
    let bytes = std::fs::read(root().join("tests/starters/generic.json")).unwrap();
    let plain = parsed("plain", &filled(&starter("server"), &read_inventory(&bytes).unwrap(), None).text);
    for hostile in [
        "\n",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "\u{1b}[2J",
        "\"",
        "'",
        "\\",
        "#",
        " #",
        ": ",
        "- a",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "~",
        "null",
        "yes",
        "0123",
        "${HOME}",
        "$${",
        "a\ninstall: {device: /dev/sda}",
        "\"}\nname: other\n#",
        "漢",
        "🙂",
        "\u{202e}",
        "",
    ] {
        let mut inventory = read_inventory(&bytes).unwrap();
        let hostile = Some(hostile.to_owned());
        let system = &mut inventory.system;
        (system.vendor, system.product) = (hostile.clone(), hostile.clone());
        for port in &mut inventory.ports {
            port.name = hostile.clone().unwrap();
            port.driver = hostile.clone();
            let function = port.devices[0].pci.as_mut().unwrap();
            function.label = hostile.clone();
            port.devices[0].name = hostile.clone().unwrap();
        }
        for disk in &mut inventory.disks {
            disk.name = hostile.clone().unwrap();
            (disk.model, disk.vendor, disk.serial) = (hostile.clone(), hostile.clone(), hostile.clone());
            disk.by_id.clear();
        }
        let name = hostile.as_deref().unwrap();
        let found = Found { inventory: &inventory, file: Some(name), default_route: None };
        let text = spec::fill_in(&starter("server"), Known { found: Some(found), ..Known::default() }).text;
        let machine = parsed(&format!("{name:?}"), &text);
        assert_eq!(names(&machine.network.nics), names(&plain.network.nics), "{name:?}");
        assert_eq!(machine.name.value, plain.name.value, "{name:?}");
        match machine.install.unwrap().disk {
            Disk::Hints(hints) => assert_eq!(hints.value.serial.as_deref(), Some(name)),
            // The starter's own, marked CHANGE.
            Disk::Device(device) => {
                assert_eq!(device.value.as_str(), "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4")
            }
        }
        if let Some(file) = machine.hardware.inventory {
            assert_eq!(file.value, name);
        }
    }
}

#[test]
fn every_kind_of_machine_has_a_starter_with_its_ports_and_console() {
    for profile in profiles() {
        let text =
            spec::fill_in(&starter("server"), Known { profile: Some(profile), ..Known::default() }).text;
        let machine = parsed(&profile.name, &text);
        let ports = profile.default_nic().map_or(1, |nic| nic.ports.len());
        assert_eq!(machine.network.nics.len(), ports, "{}", profile.name);
        let console = format!("console={}", profile.console.serial);
        assert_eq!(machine.install.unwrap().console_arguments(), [console], "{}", profile.name);
        let marked = text.lines().filter(|line| line.contains("{name: ") && line.contains("CHANGE")).count();
        assert!(marked >= ports, "{}: {text}", profile.name);
    }
}
