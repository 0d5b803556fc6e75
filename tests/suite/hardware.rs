//! What is known of the field's hardware, as a page: `docs/hardware.md` is made of the program's tables.

use std::fmt::Write;
use std::path::Path;

use cotter::hardware::Attribute;
use cotter::hardware::Change;
use cotter::hardware::Driver;
use cotter::hardware::Profile;
use cotter::hardware::When;
use cotter::hardware::drivers;
use cotter::hardware::profiles;

const UNSURE: &str = "†";

#[test]
fn the_documentation_of_hardware_is_made_of_the_tables() {
    let mut text = String::from(
        "# Hardware\n\nWhat cotter knows of network drivers and of kinds of machines, from the program's own tables. What has \
         † is typical, or was not seen on this very kind.\n\n## Drivers\n\n\
         udev puts what a driver says of its ports at the end of their names: `n` and the port's name on the card, else `d` \
         and its number. So a port gets another name by another kernel alone, and no naming scheme undoes it.\n\n\
         | driver | devices | its ports are | which | kernels | from |\n|---|---|---|---|---|---|\n",
    );
    for driver in drivers() {
        for change in &driver.changes {
            let (reported, kernels) = (reported(change), kernels(change));
            let cells = [driver.name.as_str(), &driver.devices, &reported, which(change.when), &kernels];
            row(&mut text, &cells, &change.source);
        }
    }
    text.push_str("\nThese report neither, so that a kernel does not change the names of their ports: ");
    let silent: Vec<String> = drivers().iter().filter(|driver| driver.changes.is_empty()).map(code).collect();
    text.push_str(&silent.join(", "));
    text.push_str(".\n\n### Names that people lost\n\n| driver | name | became | where | from |\n|---|---|---|---|---|\n");
    for driver in drivers() {
        for rename in &driver.renames {
            let name = format!("{}{}", driver.name, mark(rename.verified));
            let names = [format!("`{}`", rename.from), format!("`{}`", rename.to)];
            row(&mut text, &[&name, &names[0], &names[1], &rename.place], &rename.source);
        }
    }
    text.push_str("\n## Kinds of machines\n");
    for profile in profiles() {
        machine(&mut text, profile);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hardware.md");
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "COTTER_BLESS=1 writes what comes");
}

fn machine(text: &mut String, profile: &Profile) {
    let console = &profile.console;
    write!(text, "\n### {}\n\n`{}`. ", profile.title, profile.name).unwrap();
    write!(text, "Serial console: `{}`{}", console.serial, mark(console.verified)).unwrap();
    for choice in &console.choices {
        write!(text, "; `{}` with {}", choice.serial, choice.setting).unwrap();
    }
    text.push_str(".\n");
    if let Some(bmc) = &profile.bmc {
        let media =
            bmc.virtual_media.iter().map(|path| format!("`{path}`")).collect::<Vec<String>>().join(", ");
        writeln!(
            text,
            "BMC: {}{}, `{}`, `{}`; media in {media}.",
            bmc.kind,
            mark(bmc.verified),
            bmc.redfish_system,
            bmc.redfish_manager
        )
        .unwrap();
    }
    if !profile.nics.is_empty() {
        text.push_str("\n| onboard network card | driver | ports | from |\n|---|---|---|---|\n");
    }
    for nic in &profile.nics {
        let ports: Vec<String> = nic
            .ports
            .iter()
            .map(|port| {
                let driver = port.driver.as_ref().map(|driver| format!(" ({driver})")).unwrap_or_default();
                let place = port.pci.as_ref().map(|pci| format!(" at {pci}")).unwrap_or_default();
                let name = port.index.map_or("no number".to_owned(), |index| format!("`eno{index}`"));
                format!("{name}{driver}{place}, {} Gb/s", port.speed_gbps)
            })
            .collect();
        let title = format!("{}: {}{}", nic.name, nic.title, mark(nic.verified));
        row(text, &[&title, &nic.driver, &ports.join("; ")], &nic.source);
    }
    if !profile.disk_controllers.is_empty() {
        text.push_str("\n| disks on | driver | by identifier | by path | from |\n|---|---|---|---|---|\n");
    }
    for disk in &profile.disk_controllers {
        let name = format!("{}{}", disk.name, mark(disk.verified));
        let by = |name: &Option<String>| name.as_ref().map(|name| format!("`{name}`")).unwrap_or_default();
        row(text, &[&name, &disk.driver, &by(&disk.by_id), &by(&disk.by_path)], &disk.source);
    }
    text.push_str("\n| trap | what to do | from |\n|---|---|---|\n");
    for trap in &profile.traps {
        let what = format!("{}{}", trap.what, mark(trap.verified));
        row(text, &[&what, &trap.remedy], &trap.source);
    }
}

fn row(text: &mut String, cells: &[&str], source: &str) {
    for cell in cells.iter().chain([&source]) {
        write!(text, "| {} ", cell.replace('|', "\\|")).unwrap();
    }
    text.push_str("|\n");
}

fn mark(verified: bool) -> &'static str {
    if verified { "" } else { UNSURE }
}

fn code(driver: &Driver) -> String {
    format!("`{}`", driver.name)
}

fn reported(change: &Change) -> String {
    match change.attribute {
        Attribute::PhysPortName => format!("`n{}`", change.value),
        Attribute::DevPort => format!("`d{}`", change.value),
    }
}

fn which(when: When) -> &'static str {
    match when {
        When::Always => "all",
        When::PhysicalFunction => "of physical functions",
        When::Switchdev => "in eswitch mode switchdev",
        When::Representor => "that stand for another function's",
        When::SeveralPorts => "of several on one PCI function, from the second on",
        When::Standby => "offered as a standby",
    }
}

fn kernels(change: &Change) -> String {
    let from = match (&change.absent, change.verified) {
        (_, true) => format!("from {}", change.since),
        (Some(absent), false) => format!("not {absent}; {}{UNSURE}", change.since),
        (None, false) => format!("{} and perhaps before{UNSURE}", change.since),
    };
    match &change.until {
        Some(until) => format!("{from}, until {until}"),
        None => from,
    }
}
