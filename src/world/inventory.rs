//! What is seen of a machine: of this one, of one whose files were kept, or by another tool.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use super::Failure;
use super::failure::plain;
use super::folder::Folder;
use super::inputs::read_bounded;
use super::netlink;
use super::saved::refuse_archive;
use super::saved::system_on;
use super::udev_database;
use crate::hardware;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::Unseen;
use crate::saved;
use crate::saved::Kind;
use crate::tree::Tree as _;
use crate::value::printable;

/// The most bytes of what another tool wrote.
const MAX_INVENTORY_BYTES: u64 = 16 << 20;
/// Where ethtool may be, if users do not have it in their path.
const ETHTOOL: [&str; 3] = ["ethtool", "/usr/sbin/ethtool", "/sbin/ethtool"];
/// The most ports that ethtool is asked about, each in a process of its own.
const MAX_ASKED: usize = 512;

/// An inventory, and what to know about it, for a person.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What was seen.
    pub inventory: Inventory,
    /// What it is of.
    pub notes: Vec<String>,
}

/// What is seen of this machine, with the rights of whoever asks.
pub fn own_inventory() -> Result<Inventory, Failure> {
    let mut inventory = hardware::seen(&Folder::open(Path::new("/"))?);
    let machine = rustix::system::uname().machine().to_string_lossy().into_owned();
    inventory.processors.architecture = Some(printable(&machine));
    match netlink::permanent_addresses() {
        Ok(addresses) => {
            for port in &mut inventory.ports {
                port.permanent_mac = addresses.get(&port.name).copied().or(port.permanent_mac);
            }
        }
        Err(cause) => inventory.unseen.push(unseen("permanent addresses of ports", &plain(&cause))),
    }
    if let Err(cause) = udev_database::add(&mut inventory) {
        inventory.unseen.push(unseen("udev's database", &plain(&cause)));
    }
    let asked = inventory.ports.iter_mut().take(MAX_ASKED).try_for_each(ask_ethtool);
    if let Err(why) = asked {
        inventory.unseen.push(unseen("firmware of ports", &why));
    }
    Ok(inventory)
}

/// True if a file begins as JSON does, and a machine file does not.
pub fn is_json(path: &Path) -> Result<bool, Failure> {
    let failed = |cause: std::io::Error| Failure::io("read", path, &cause);
    let mut beginning = Vec::new();
    File::open(path).map_err(failed)?.take(1024).read_to_end(&mut beginning).map_err(failed)?;
    let text = String::from_utf8_lossy(&beginning);
    Ok(text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']))
}

/// What is seen in a folder or file: a mounted root, an unpacked sosreport, a recorded `/sys`, or what another tool wrote.
pub fn kept_inventory(path: &Path) -> Result<Taken, Failure> {
    let metadata = path.metadata().map_err(|cause| Failure::io("read", path, &cause))?;
    let shown = path.display();
    if !metadata.is_dir() {
        return Ok(Taken { inventory: read_file(path)?, notes: Vec::new() });
    }
    let folder = Folder::open(path)?;
    let taken = |inventory, note: String| Taken { inventory, notes: vec![note] };
    let has_sysfs = matches!(folder.names("/sys"), Ok(Some(names)) if !names.is_empty());
    match saved::kind(&folder) {
        Some(Kind::SosReport) => {
            let note = format!(
                "`{shown}` is an sosreport: what programs said then stands for what it does not have"
            );
            Ok(taken(saved::sosreport_inventory(&folder), note))
        }
        Some(Kind::MustGather) => Err(Failure::input(
            format!("`{shown}` is a must-gather, which has nothing of hardware"),
            "name a mounted root, an sosreport or a recorded `/sys` of the machine",
        )),
        Some(Kind::Root) if !has_sysfs => {
            let (system, which) = system_on(path, folder)?;
            let note = format!("`{shown}` is a mounted root{which}: its hardware is seen only where it runs");
            Ok(taken(hardware::seen(&system), note))
        }
        _ if has_sysfs => {
            Ok(taken(hardware::seen(&folder), format!("`{shown}` has a `/sys`: what was kept of it is seen")))
        }
        _ => Err(Failure::input(
            format!("`{shown}` is no mounted root or sosreport, and has no `sys` in it"),
            "name one of them, or a folder with a recorded `sys`",
        )),
    }
}

/// An inventory that was kept, or what another tool wrote of a machine.
fn read_file(path: &Path) -> Result<Inventory, Failure> {
    refuse_archive(path)?;
    let bytes = read_bounded(path, MAX_INVENTORY_BYTES)?;
    hardware::read_inventory(&bytes).map_err(|wrong| {
        let place = wrong.place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        Failure::input(format!("`{}{place}`: {}", path.display(), wrong.message), wrong.help)
    })
}

fn unseen(what: &str, why: &str) -> Unseen {
    Unseen { what: what.to_owned(), why: printable(why) }
}

/// The firmware of a port, which only its driver knows. Fails if there is nobody to ask.
fn ask_ethtool(port: &mut Port) -> Result<(), String> {
    // A name that begins so would be an option.
    if port.name.starts_with('-') {
        return Ok(());
    }
    let ask = |program: &str| {
        let mut command = Command::new(program);
        command.args(["-i", &port.name]).env("LC_ALL", "C").stdin(Stdio::null()).output()
    };
    let answers = ETHTOOL.iter().find_map(|program| ask(program).ok());
    let answer = answers.ok_or("`ethtool` is not installed")?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let firmware =
        text.lines().find_map(|line| line.strip_prefix("firmware-version:")).unwrap_or_default().trim();
    if !firmware.is_empty() && firmware != "N/A" {
        port.firmware = Some(printable(firmware));
    }
    Ok(())
}
