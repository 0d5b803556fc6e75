//! The disks that QEMU presents: those that the machine file tells of, and others to be mistaken for them.

use crate::document::Diagnostics;
use crate::document::Origin;
use crate::spec;
use crate::spec::Hints;
use crate::spec::Machine;

/// A disk with an identity that udev shows below `/dev/disk`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// How it is attached.
    pub bus: Bus,
    /// A 64-bit World Wide Name, in hexadecimal without `0x`; SCSI only.
    pub wwn: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// The model's name; SCSI only.
    pub model: Option<String>,
    /// Whether it says that it turns, or that it does not; SCSI only.
    pub turns: Option<bool>,
    /// Its size in GiB; it takes room only where something is written.
    pub size_gib: u64,
    /// What it is there for.
    pub role: Role,
}

/// How a disk is attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bus {
    /// A SCSI disk.
    #[default]
    Scsi,
    /// A virtio disk.
    Virtio,
}

/// What a disk is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It is installed to, and booted.
    #[default]
    System,
    /// The machine file tells of it.
    Data,
    /// It is nearly like the one that `install.hints` describes, and must not be chosen.
    Decoy,
}

/// The size of a disk of which no size is said, in GiB.
const LEAST_DISK_GIB: u64 = 16;
/// The longest serial numbers, and the longest model, that QEMU's disks can have.
const LONGEST_SERIAL: (usize, usize) = (36, 20);
const LONGEST_MODEL: usize = 16;
/// More disks cannot be presented.
const MOST_DISKS: usize = 8;
/// What udev calls the disk that CoreOS runs from.
const BOOT_DISK: &str = "/dev/disk/by-id/coreos-boot-disk";

/// The disks of `machine`, decoys first, as they are found first; adds what cannot be presented.
pub(super) fn disks(machine: &Machine, findings: &mut Diagnostics) -> Vec<Disk> {
    let Some(install) = &machine.install else { return Vec::new() };
    let mut disks = match &install.disk {
        spec::Disk::Device(device) => {
            let mut disks: Vec<Disk> = named(device.as_str()).into_iter().collect();
            if disks.is_empty() {
                refuse(device.as_str(), &device.origin, findings);
            }
            disks.extend(others(machine, device.as_str(), findings));
            disks
        }
        spec::Disk::Hints(hints) => match described(hints) {
            Some(disk) => {
                let mut disks = decoys(&disk, hints);
                disks.push(disk);
                disks.extend(others(machine, "", findings));
                disks
            }
            None => {
                let message = "QEMU cannot present a disk that is like this";
                let help = "a rehearsal knows a `wwn` of 16 digits, a `serial` of up to 36 characters, a `model` of up to 16, sizes and `rotational`";
                findings.error("rehearsal-disk", &hints.origin, message, help);
                Vec::new()
            }
        },
    };
    if disks.len() > MOST_DISKS {
        let message =
            format!("a rehearsal has room for {MOST_DISKS} disks, and this machine has {}", disks.len());
        findings.error("rehearsal-disk", &install.origin, message, "leave disks out for the rehearsal");
        disks.truncate(MOST_DISKS);
    }
    disks
}

fn refuse(device: &str, origin: &Origin, findings: &mut Diagnostics) {
    findings.error(
        "rehearsal-disk",
        origin,
        format!("QEMU cannot present a disk called `{device}`"),
        "a rehearsal knows `/dev/disk/by-id/wwn-0x…` (16 digits), `/dev/disk/by-id/virtio-…`, `/dev/sda` and `/dev/vda`, and the letters after them",
    );
}

/// The other disks that are partitioned or mirrored, each once.
fn others(machine: &Machine, system: &str, findings: &mut Diagnostics) -> Vec<Disk> {
    let view = machine.butane.view();
    let storage = view.get("storage").map(|storage| storage.list("disks")).unwrap_or_default();
    let partitioned = storage.iter().filter_map(|disk| disk.text_at("device"));
    let mirrored =
        view.at(&["boot_device", "mirror"]).map(|mirror| mirror.list("devices")).unwrap_or_default();
    let mirrored = mirrored.iter().filter_map(crate::document::View::text);
    let mut seen = vec![system.to_owned(), BOOT_DISK.to_owned()];
    let mut found = Vec::new();
    for device in partitioned.chain(mirrored) {
        if seen.contains(&device.value) {
            continue;
        }
        seen.push(device.value.clone());
        match named(&device.value) {
            Some(disk) => found.push((device.value, Disk { role: Role::Data, ..disk })),
            None => refuse(&device.value, &device.origin, findings),
        }
    }
    // The kernel gives letters in the order that disks are found in: those that go by a letter come first.
    found.sort_by_key(|(device, _)| (device.starts_with("/dev/disk/"), device.clone()));
    found.into_iter().map(|(_, disk)| disk).collect()
}

/// The disk with this name.
fn named(device: &str) -> Option<Disk> {
    let disk = Disk { size_gib: LEAST_DISK_GIB, ..Disk::default() };
    if let Some(wwn) = device.strip_prefix("/dev/disk/by-id/wwn-0x") {
        return Some(Disk { wwn: Some(world_wide_name(wwn)?), ..disk });
    }
    if let Some(serial) = device.strip_prefix("/dev/disk/by-id/virtio-") {
        let serial = plain(serial, LONGEST_SERIAL.1)?;
        return Some(Disk { bus: Bus::Virtio, serial: Some(serial), ..disk });
    }
    let letter = |prefix: &str| {
        device
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_lowercase()))
    };
    if letter("/dev/vd") {
        return Some(Disk { bus: Bus::Virtio, ..disk });
    }
    letter("/dev/sd").then_some(disk)
}

/// A disk that is like the one described.
fn described(hints: &Hints) -> Option<Disk> {
    let most = hints.max_size_gib.unwrap_or(u64::MAX);
    let optional = |text: &Option<String>, longest| match text {
        Some(text) => plain(text, longest).map(Some),
        None => Some(None),
    };
    Some(Disk {
        wwn: match &hints.wwn {
            Some(wwn) => Some(world_wide_name(wwn.trim_start_matches("0x"))?),
            None => None,
        },
        serial: optional(&hints.serial, LONGEST_SERIAL.0)?,
        model: optional(&hints.model, LONGEST_MODEL)?,
        turns: hints.rotational,
        size_gib: hints.min_size_gib.unwrap_or(0).max(LEAST_DISK_GIB).min(most),
        ..Disk::default()
    })
}

/// For each thing that is asked for, a disk that is right but for it. Where an identity is asked for, one disk
/// with another: no two have the same.
fn decoys(disk: &Disk, hints: &Hints) -> Vec<Disk> {
    let decoy = Disk { role: Role::Decoy, ..disk.clone() };
    if disk.wwn.is_some() || disk.serial.is_some() {
        let wwn = disk.wwn.as_deref().map(other_last);
        return vec![Disk { wwn, serial: disk.serial.as_deref().map(other_last), ..decoy }];
    }
    let mut decoys = Vec::new();
    if let Some(least) = hints.min_size_gib.filter(|least| *least > 1) {
        decoys.push(Disk { size_gib: least - 1, ..decoy.clone() });
    }
    if let Some(most) = hints.max_size_gib {
        decoys.push(Disk { size_gib: most + 1, ..decoy.clone() });
    }
    if let Some(turns) = hints.rotational {
        decoys.push(Disk { turns: Some(!turns), ..decoy.clone() });
    }
    if disk.model.is_some() {
        decoys.push(Disk { model: Some("OTHER".to_owned()), ..decoy });
    }
    decoys
}

/// The same with another last digit or letter.
fn other_last(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop();
    text.push(if last == Some('0') { '1' } else { '0' });
    text
}

fn world_wide_name(digits: &str) -> Option<String> {
    let is_64_bit = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_64_bit.then(|| digits.to_lowercase())
}

fn plain(text: &str, longest: usize) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_. ".contains(&b);
    ((1..=longest).contains(&text.len()) && text.bytes().all(is_plain)).then(|| text.to_owned())
}
