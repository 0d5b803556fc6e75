//! What a rehearsal presents of the real machine's hardware, and what it says of that.

use super::Ui;
use super::ui::shown;
use crate::hardware::BootMode;
use crate::hardware::Profile;
use crate::rehearsal::Firmware;
use crate::rehearsal::Hardware;
use crate::rehearsal::Medium;
use crate::rehearsal::Scenario;
use crate::rehearsal::VirtualMachine;
use crate::rehearsal::VirtualPort;
use crate::spec::Machine;
use crate::target::Names;

/// What is known of the hardware.
pub(super) fn hardware(known: &Names) -> Hardware<'_> {
    match &known.inventory {
        Some(inventory) if known.is_supposed => Hardware::Supposed(inventory),
        Some(inventory) => Hardware::Found(inventory),
        None => Hardware::Unknown,
    }
}

/// The firmware of the real machine: as it was found, else as its kind is delivered. The stand-in is of no kind: it boots by
/// BIOS unless another was found.
pub(super) fn firmware(machine: &Machine, known: &Names, medium: Medium) -> Firmware {
    let profile = machine.hardware.profile.as_ref().and_then(|profile| Profile::find(&profile.value));
    let of_kind = profile.filter(|_| medium == Medium::Real).map(|profile| profile.firmware.default);
    match known.found().and_then(|inventory| inventory.boot_mode).or(of_kind) {
        Some(BootMode::Uefi) => Firmware::Uefi,
        Some(BootMode::Bios) | None => Firmware::Bios,
    }
}

/// Says what udev calls the ports, how that changes, and where it is not what the real machine has.
pub(super) fn tell_names(
    machine: &VirtualMachine,
    firmware: Firmware,
    word: &str,
    scenarios: &[Scenario],
    ui: &mut Ui,
) {
    let begins = if word.is_empty() { String::new() } else { format!("{word}: ") };
    let name = |port: &VirtualPort| format!("{} is {}", port.name, port.place.name(firmware));
    let now: Vec<String> = machine.ports.iter().map(name).collect();
    if !now.is_empty() {
        ui.note(format!("{begins}to udev, {}", now.join(", ")));
    }
    for (at, scenario) in scenarios.iter().enumerate() {
        let changes = machine.name_changes(*scenario, firmware);
        if changes.is_empty() || scenarios[..at].contains(scenario) {
            continue;
        }
        let said: Vec<String> = changes.iter().map(|(old, new)| format!("{old} → {new}")).collect();
        ui.note(format!("{begins}{scenario}: {}", said.join(", ")));
    }
    let other: Vec<String> = machine
        .other_names(firmware)
        .iter()
        .map(|(name, here, there)| format!("{name} is {here} here and {there} there"))
        .collect();
    if !other.is_empty() {
        let other = other.join(", ");
        ui.note(shown(&format!(
            "note: {begins}not every name of the real machine can be presented: {other}"
        )));
    }
}
