//! Starters, filled in with what is known of the hardware.
//!
//! A starter is a machine file with comments for a person. What is known takes the place of its lines for ports, disk and
//! console; what a person must still decide is marked `CHANGE`.

mod disks;
mod ports;
mod words;

use crate::hardware::Inventory;
use crate::hardware::Profile;

/// What is known of the hardware that a starter is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What kind of machine it is.
    pub profile: Option<&'a Profile>,
    /// What was found of it.
    pub found: Option<Found<'a>>,
    /// The console, if somebody has chosen it.
    pub console: Option<&'a str>,
}

/// What was found of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What it is.
    pub inventory: &'a Inventory,
    /// Where it is written, from the starter's folder; nothing if it is written nowhere.
    pub file: Option<&'a str>,
    /// The port that has the default route.
    pub default_route: Option<&'a str>,
}

/// A starter that was filled in, and what a person need not be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The machine file.
    pub text: String,
    /// Whether the address of the first port is known.
    pub has_port: bool,
    /// Whether it is clear which disk is meant.
    pub has_disk: bool,
}

/// Fills in a starter.
pub fn fill_in(starter: &str, known: Known<'_>) -> Filled {
    let mut lines: Vec<String> = starter.lines().map(str::to_owned).collect();
    let mut filled = Filled { text: String::new(), has_port: false, has_disk: false };
    if let Some(found) = known.found {
        lines.insert(0, format!("# Filled in with what was found of {}.", named(found.inventory)));
    }
    fill_in_ports(&mut lines, known, &mut filled);
    fill_in_disk(&mut lines, known, &mut filled);
    fill_in_console(&mut lines, known);
    say_hardware(&mut lines, known);
    filled.text = lines.join("\n") + "\n";
    filled
}

fn fill_in_ports(lines: &mut Vec<String>, known: Known<'_>, filled: &mut Filled) {
    let Some(begin) = lines.iter().position(|line| line == "  nics:").map(|at| at + 1) else { return };
    let is_item = |line: &String| line.starts_with("    - ") || line.starts_with("    # - ");
    let end = begin + lines[begin..].iter().take_while(|line| is_item(line)).count();
    let settings = lines.get(begin).map(|line| settings_of(line)).unwrap_or_default();
    let written = match (known.found, known.profile.and_then(Profile::default_nic)) {
        (Some(found), _) => match ports::found(found.inventory, found.default_route, &settings) {
            Some((written, has_address)) => {
                filled.has_port = has_address;
                written
            }
            None => {
                lines.insert(begin, "    # CHANGE: no port was found".to_owned());
                return;
            }
        },
        (None, Some(nic)) => ports::supposed(nic, &settings),
        (None, None) => return,
    };
    lines.splice(begin..end, written);
    // What stands on the starter's own ports may not have them here.
    let Some(begin) = lines.iter().position(|line| line == "  nmstate:") else { return };
    let is_below = |line: &String| line.is_empty() || line.starts_with("   ");
    let end = begin + 1 + lines[begin + 1..].iter().take_while(|line| is_below(line)).count();
    for line in lines[begin..end].iter_mut().filter(|line| !line.is_empty()) {
        line.insert_str(2, "# ");
    }
    lines.insert(begin, "  # CHANGE: what stands on the ports above; this is an example.".to_owned());
}

/// What a line says of a port after its MAC address, as in `, dhcp: true`.
fn settings_of(line: &str) -> String {
    let after = line.split_once("mac: \"").and_then(|(_, rest)| rest.split_once('"'));
    let settings = after.and_then(|(_, rest)| rest.rsplit_once('}'));
    settings.map(|(settings, _)| settings.to_owned()).unwrap_or_default()
}

fn fill_in_disk(lines: &mut Vec<String>, known: Known<'_>, filled: &mut Filled) {
    let Some(at) = line_of_installation(lines, "  device: ") else { return };
    let own = lines[at].clone();
    // One disk of a mirror is named in two places.
    let is_mirrored = lines.iter().any(|line| line == "boot_device:");
    let written = match (known.found, known.profile) {
        (Some(found), _) if is_mirrored => [disks::listed(found.inventory), vec![own]].concat(),
        (Some(found), _) => {
            let unknown = own.split(" #").next().unwrap_or_default().trim_end();
            let (written, is_known) = disks::found(found.inventory, unknown);
            filled.has_disk = is_known;
            written
        }
        (None, Some(profile)) => {
            let mut written: Vec<String> = profile
                .disk_controllers
                .iter()
                .filter_map(|controller| {
                    Some(format!("  #   {}: /dev/disk/by-id/{}", controller.name, controller.by_id.as_ref()?))
                })
                .collect();
            if !written.is_empty() {
                written.insert(0, format!("  # {}, by what a disk hangs on:", profile.title));
            }
            written.push(own);
            written
        }
        (None, None) => return,
    };
    lines.splice(at..=at, written);
}

fn fill_in_console(lines: &mut Vec<String>, known: Known<'_>) {
    let Some(at) = line_of_installation(lines, "  console: ") else { return };
    let Some(profile) = known.profile else { return };
    let console = &profile.console;
    let serial = known.console.unwrap_or(&console.serial);
    let mut written = Vec::new();
    let is_open = known.console.is_none() && console.choices.len() > 1;
    if is_open {
        written.push("  # By the firmware's setting:".to_owned());
        written.extend(
            console.choices.iter().map(|choice| format!("  #   {}: {}", choice.serial, choice.setting)),
        );
    }
    let change = if is_open { "   # CHANGE if the setting is another" } else { "" };
    written.push(format!("  console: [{}]{change}", words::value(serial)));
    lines.splice(at..=at, written);
}

/// The line of the section `install` that begins so.
fn line_of_installation(lines: &[String], beginning: &str) -> Option<usize> {
    let section = lines.iter().position(|line| line == "install:")?;
    let is_below = |line: &&String| line.is_empty() || line.starts_with(' ');
    let below = lines[section + 1..].iter().take_while(is_below);
    below.zip(section + 1..).find(|(line, _)| line.starts_with(beginning)).map(|(_, at)| at)
}

fn say_hardware(lines: &mut Vec<String>, known: Known<'_>) {
    let file = known.found.and_then(|found| found.file).filter(|file| words::is_writable(file));
    let profile = known.profile.map(|profile| format!("profile: {}", profile.name));
    let inventory = file.map(|file| format!("inventory: {}", words::value(file)));
    let parts: Vec<String> = [profile, inventory].into_iter().flatten().collect();
    if known.profile.is_none() && known.found.is_none() {
        return;
    }
    let mut written = Vec::new();
    if let (None, Some(found)) = (known.profile, known.found) {
        let of = named(found.inventory);
        written.push(format!(
            "# No hardware profile is known for {of}: `cotter init --list` has those that there are."
        ));
    }
    let is_outside = file.is_some_and(|file| file.starts_with("../") || file.starts_with('/'));
    let change =
        if is_outside { "   # CHANGE: outside this folder, which takes `--allow-outside`" } else { "" };
    if !parts.is_empty() {
        written.push(format!("hardware: {{{}}}{change}", parts.join(", ")));
    }
    match lines.iter().position(|line| line.starts_with("hardware:")) {
        Some(own) => {
            lines.splice(own..=own, written);
        }
        None => {
            lines.push(String::new());
            lines.extend(written);
        }
    }
}

/// A machine by its maker and name.
fn named(inventory: &Inventory) -> String {
    let words = [&inventory.system.vendor, &inventory.system.product];
    let words: Vec<String> = words.into_iter().flatten().map(|word| words::comment(word)).collect();
    if words.is_empty() { "a machine that says nothing of itself".to_owned() } else { words.join(" ") }
}
