//! Rules of whether a machine file fits the machine: what it says beside what was found, or its kind lets suppose.

use super::names::BoundName;
use super::names::Names;
use super::names::Verdict;
use crate::document::Check;
use crate::document::Found;
use crate::document::Rule;
use crate::hardware::Disk as FoundDisk;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::Profile;
use crate::spec::Disk;
use crate::spec::Hints;
use crate::spec::Machine;

/// Rules whose findings are made where an inventory is read.
pub(super) const OF_READING: Rule = Rule {
    name: "inventory",
    refuses: "an inventory that cannot be read",
    why: "nothing would be known of the machine",
    example: "hardware: {inventory: notes.txt}",
};

/// A machine file, and what is known of the machine.
#[derive(Clone, Debug)]
pub(super) struct Fitting {
    pub(super) machine: Machine,
    pub(super) names: Names,
}

/// The rules of whether a machine file fits the machine.
pub(super) static CHECKS: &[Check<Fitting>] = &[
    Check {
        rule: Rule {
            name: "port-not-found",
            refuses: "a port with an address that the machine's inventory does not have",
            why: "the profile would wait for a port that is not there, and the name would be nobody's",
            example: "a digit too few read off a label",
        },
        by: port_not_found,
    },
    Check {
        rule: Rule {
            name: "name-is-lost",
            refuses: "(warns) what is bound to a name that a port has now, and loses with a later kernel or naming scheme",
            why: "after that update it is bound to nothing",
            example: "ip=eno1:dhcp, where a later i40e makes it eno1np0",
        },
        by: name_is_lost,
    },
    Check {
        rule: Rule {
            name: "disk-not-found",
            refuses: "an installation disk that the machine's inventory does not have, or a description that fits none or several",
            why: "the installation would stop, or erase another disk",
            example: "device: /dev/disk/by-id/wwn-0x5…, of another server",
        },
        by: disk_not_found,
    },
    Check {
        rule: Rule {
            name: "other-machine",
            refuses: "an inventory of another kind of machine than the profile's",
            why: "one of the two is of another server",
            example: "profile: dell-r640, and the inventory of a PowerEdge R750",
        },
        by: other_machine,
    },
    Check {
        rule: Rule {
            name: "console-of-profile",
            refuses: "(warns) serial consoles of which none is one of the machine's kind",
            why: "its BMC would show a machine that seems to hang",
            example: "profile: dell-r640, and console: [ttyS3,115200n8]",
        },
        by: console_of_profile,
    },
    Check {
        rule: Rule {
            name: "port-of-bmc",
            refuses: "(warns) a port that belongs to the machine's BMC",
            why: "nothing but the BMC is behind it",
            example: "the USB port that an iDRAC shows to its server",
        },
        by: port_of_bmc,
    },
];

fn port_not_found(fitting: &Fitting, found: &mut Found<'_>) {
    let Some(inventory) = fitting.names.found().filter(|inventory| !inventory.ports.is_empty()) else {
        return;
    };
    for nic in &fitting.machine.network.nics {
        let mac = nic.mac.value;
        if inventory.port(mac).is_some() {
            continue;
        }
        let is_current =
            |port: &&Port| port.address.as_ref().is_some_and(|address| address.parse() == Ok(mac));
        if let Some(port) = inventory.ports.iter().find(is_current) {
            let message = format!("`{mac}` is not the permanent address of `{}`", port.name);
            let help = match port.permanent_mac {
                Some(permanent) => format!("that is `{permanent}`; the other one is a bond's, or was set"),
                None => "it was set, or is a bond's".to_owned(),
            };
            found.error(&nic.mac.origin, message, help);
            continue;
        }
        let message = format!("no port of the machine has the address `{mac}`");
        found.error(&nic.mac.origin, message, format!("it has {}", ports_said(inventory)));
    }
}

/// The ports of an inventory by address and name, the physical ones first.
fn ports_said(inventory: &Inventory) -> String {
    /// More than these no finding needs.
    const MOST: usize = 8;
    let said = |port: &Port| Some(format!("{} ({})", port.mac()?, port.name));
    let all: Vec<String> = inventory.ports.iter().filter_map(said).collect();
    let more = if all.len() > MOST { ", …" } else { "" };
    format!("{}{more}", all.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn name_is_lost(fitting: &Fitting, found: &mut Found<'_>) {
    for bound in fitting.names.bound.iter().filter(|bound| !bound.is_refused()) {
        let Verdict::Lost(losses) = fitting.names.verdict(bound) else { continue };
        let Some(loss) = losses.first() else { continue };
        let message = format!("{}: `{}` {loss}", bound.what, bound.name);
        let help = "give the port a name of its own in `network.nics`, and use that";
        found.warning(&bound.origin, message, help);
    }
}

impl BoundName {
    /// True if another rule refuses it anyway, and says what becomes of it.
    fn is_refused(&self) -> bool {
        self.what.starts_with("keyfile")
    }
}

fn disk_not_found(fitting: &Fitting, found: &mut Found<'_>) {
    let Some(inventory) = fitting.names.found().filter(|inventory| !inventory.disks.is_empty()) else {
        return;
    };
    let Some(install) = &fitting.machine.install else { return };
    let it_has = || {
        let said: Vec<String> = inventory.disks.iter().map(said).collect();
        format!("it has {}", said.join("; "))
    };
    match (&install.disk, meant(&install.disk, &inventory.disks)) {
        (_, Meant::One(_) | Meant::NotTold) => {}
        (Disk::Device(device), _) => {
            let message = format!("no disk of the machine is called `{}`", device.value);
            found.error(&device.origin, message, it_has());
        }
        (Disk::Hints(hints), Meant::Several(several)) => {
            let said: Vec<String> = several.into_iter().map(said).collect();
            let message = "several disks of the machine fit this description";
            found.error(&hints.origin, message, format!("say more of it: {}", said.join("; ")));
        }
        (Disk::Hints(hints), Meant::None) => {
            found.error(&hints.origin, "no disk of the machine fits this description", it_has());
        }
    }
}

/// The disks that a machine file means to install to.
pub(super) enum Meant<'a> {
    /// It.
    One(&'a FoundDisk),
    /// More than one fits.
    Several(Vec<&'a FoundDisk>),
    /// None fits.
    None,
    /// No name of the kind was seen, so nothing can be told of one.
    NotTold,
}

/// Which of these disks is meant.
pub(super) fn meant<'a>(wanted: &Disk, disks: &'a [FoundDisk]) -> Meant<'a> {
    match wanted {
        Disk::Device(device) => {
            let path = device.value.as_str();
            let (folder, name) = path.rsplit_once('/').unwrap_or_default();
            let has = |disk: &FoundDisk| match folder {
                "/dev/disk/by-id" => disk.by_id.iter().any(|known| known == name),
                "/dev/disk/by-path" => disk.by_path.iter().any(|known| known == name),
                _ => false,
            };
            let is_known = |disk: &FoundDisk| match folder {
                "/dev/disk/by-id" => !disk.by_id.is_empty(),
                "/dev/disk/by-path" => !disk.by_path.is_empty(),
                _ => false,
            };
            match disks.iter().find(|disk| has(disk)) {
                Some(disk) => Meant::One(disk),
                None if disks.iter().any(is_known) => Meant::None,
                None => Meant::NotTold,
            }
        }
        Disk::Hints(hints) => {
            let fits: Vec<&FoundDisk> = disks.iter().filter(|disk| fits(disk, &hints.value)).collect();
            match fits.as_slice() {
                [] => Meant::None,
                [one] => Meant::One(one),
                _ => Meant::Several(fits),
            }
        }
    }
}

/// For a person: its lasting name if it has one, size and model.
pub(super) fn said(disk: &FoundDisk) -> String {
    let name = disk.by_id.iter().find(|name| name.contains("wwn-")).or(disk.by_id.first());
    let size = disk.size_bytes.map(|bytes| format!("{} GB", bytes / 1_000_000_000));
    let parts = [Some(name.unwrap_or(&disk.name).clone()), size, disk.model.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// True if a disk is as described; what was not seen of it does not speak against it.
fn fits(disk: &FoundDisk, hints: &Hints) -> bool {
    const GIB: u64 = 1 << 30;
    let size = |bound: Option<u64>| bound.map(|gib| gib.saturating_mul(GIB)).zip(disk.size_bytes);
    let text = |wanted: &Option<String>, seen: &Option<String>, are_alike: fn(&str, &str) -> bool| {
        wanted.as_deref().zip(seen.as_deref()).is_none_or(|(wanted, seen)| are_alike(wanted, seen))
    };
    size(hints.min_size_gib).is_none_or(|(least, size)| size >= least)
        && size(hints.max_size_gib).is_none_or(|(most, size)| size <= most)
        && hints.rotational.zip(disk.rotational).is_none_or(|(wanted, seen)| wanted == seen)
        && text(&hints.serial, &disk.serial, |wanted, seen| wanted.eq_ignore_ascii_case(seen))
        && text(&hints.wwn, &disk.wwn, |wanted, seen| wanted.eq_ignore_ascii_case(seen))
        && text(&hints.model, &disk.model, |wanted, seen| seen.contains(wanted))
}

fn other_machine(fitting: &Fitting, found: &mut Found<'_>) {
    let Some(written) = &fitting.machine.hardware.profile else { return };
    let Some(system) = fitting.names.found().map(|inventory| &inventory.system) else { return };
    let (Some(profile), Some(vendor), Some(product)) =
        (Profile::find(&written.value), &system.vendor, &system.product)
    else {
        return;
    };
    if profile.is_of(vendor, product) {
        return;
    }
    let message = format!("the inventory is of a {vendor} {product}, which is no {}", profile.title);
    let help = match Profile::of(vendor, product) {
        Some(right) => format!("write `profile: {}`, or name the inventory of the right machine", right.name),
        None => "name the inventory of the right machine, or leave the profile out".to_owned(),
    };
    found.error(&written.origin, message, help);
}

fn console_of_profile(fitting: &Fitting, found: &mut Found<'_>) {
    let Some(profile) =
        fitting.machine.hardware.profile.as_ref().and_then(|profile| Profile::find(&profile.value))
    else {
        return;
    };
    let consoles =
        fitting.machine.install.as_ref().map(|install| install.consoles.as_slice()).unwrap_or_default();
    let serial: Vec<_> =
        consoles.iter().filter(|console| console.value.as_str().starts_with("ttyS")).collect();
    let port = |console: &str| console.split(',').next().unwrap_or_default().to_owned();
    let choices = profile.console.choices.iter().map(|choice| choice.serial.as_str());
    let known: Vec<String> = choices.chain([profile.console.serial.as_str()]).map(port).collect();
    let Some(first) = serial.first() else { return };
    if serial.iter().any(|console| known.contains(&port(console.value.as_str()))) {
        return;
    }
    let message = format!("the {} has no serial console at `{}`", profile.title, port(first.value.as_str()));
    found.warning(&first.origin, message, format!("write `{}`", profile.console.serial));
}

fn port_of_bmc(fitting: &Fitting, found: &mut Found<'_>) {
    let Some(inventory) = fitting.names.found() else { return };
    for nic in &fitting.machine.network.nics {
        let port = inventory.port(nic.mac.value).filter(|port| port.is_of_bmc());
        if let Some(port) = port {
            let message = format!("`{}` is the port by which the machine's BMC talks to it", port.name);
            found.warning(&nic.mac.origin, message, "leave it out");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FoundDisk;
    use super::Hints;
    use super::fits;

    #[test]
    fn a_disk_fits_what_is_said_of_it() {
        let disk = FoundDisk {
            size_bytes: Some(20 << 30),
            rotational: Some(false),
            serial: Some("S3Z8".into()),
            model: Some("FAST DISK 2".into()),
            ..FoundDisk::default()
        };
        let nothing = Hints::default;
        for (is_fitting, hints) in [
            (true, nothing()),
            (true, Hints { min_size_gib: Some(20), max_size_gib: Some(20), ..nothing() }),
            (false, Hints { min_size_gib: Some(21), ..nothing() }),
            (false, Hints { max_size_gib: Some(19), ..nothing() }),
            (false, Hints { rotational: Some(true), ..nothing() }),
            (true, Hints { serial: Some("s3z8".into()), model: Some("DISK".into()), ..nothing() }),
            (false, Hints { serial: Some("S3Z".into()), ..nothing() }),
            (false, Hints { model: Some("SLOW".into()), ..nothing() }),
            // What was not seen does not speak against it.
            (true, Hints { wwn: Some("0x5000c500a1b2c3d4".into()), ..nothing() }),
        ] {
            assert_eq!(fits(&disk, &hints), is_fitting, "{hints:?}");
        }
        assert!(fits(&FoundDisk::default(), &Hints { min_size_gib: Some(1), ..nothing() }));
    }
}
