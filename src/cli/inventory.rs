//! `cotter inventory`: what is seen of a machine's hardware.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::ui::counted;
use super::ui::shown;
use crate::hardware::BootMode;
use crate::hardware::Inventory;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::Taken;

/// How much of what could not be seen is told one by one; all of it is in the inventory.
const MAX_TOLD: usize = 10;

/// Write what is seen of a machine's ports, disks and firmware as JSON
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Instead of this machine: the folder of a mounted root, an unpacked sosreport or a recorded `/sys`; or a file that
    /// `lshw -json`, Ironic, Metal3 or Redfish wrote
    source: Option<PathBuf>,
    /// Write to this file instead of standard output; only you can read it, for it has serial numbers
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    if let Some(output) = &arguments.output {
        world::refuse_existing(output, existing)?;
    }
    let taken = match &arguments.source {
        None => Taken { inventory: world::own_inventory()?, notes: Vec::new() },
        Some(source) => world::kept_inventory(source)?,
    };
    match &arguments.output {
        None => ui.json(&taken.inventory),
        Some(output) => {
            let text = serde_json::to_string_pretty(&taken.inventory)
                .map_err(|cause| Failure::bug(format!("failed to write the inventory: {cause}")))?;
            world::write_file(output, format!("{text}\n").as_bytes(), existing, 0o600)?;
            ui.line(output.display().to_string());
        }
    }
    for note in &taken.notes {
        ui.note(format!("note: {}", shown(note)));
    }
    tell(&taken.inventory, arguments.source.is_none(), ui);
    Ok(Exit::Done)
}

/// A few lines for people.
fn tell(inventory: &Inventory, is_own: bool, ui: &mut Ui) {
    let system = &inventory.system;
    let words: Vec<&str> =
        [&system.vendor, &system.product].into_iter().flatten().map(String::as_str).collect();
    let machine =
        if words.is_empty() { "a machine that says nothing of itself".to_owned() } else { words.join(" ") };
    let booted = match inventory.boot_mode {
        Some(BootMode::Uefi) => ", booted by UEFI",
        Some(BootMode::Bios) => ", booted by BIOS",
        None => "",
    };
    let ports = counted(inventory.ports.len(), "port");
    let disks = counted(inventory.disks.len(), "disk");
    ui.note(shown(&format!("{machine}{booted}: {ports}, {disks}")));
    for unseen in inventory.unseen.iter().take(MAX_TOLD) {
        ui.note(shown(&format!("not seen: {}: {}", unseen.what, unseen.why)));
    }
    if inventory.unseen.len() > MAX_TOLD {
        let further = inventory.unseen.len() - MAX_TOLD;
        ui.note(format!("not seen: {further} more, in `unseen` of the inventory"));
    }
    let is_refused = inventory.unseen.iter().any(|unseen| unseen.why.contains("permission denied"));
    if is_own && is_refused {
        ui.note("  help: run it as root to see what was denied");
    }
}
