//! The lines of a starter's disk.

use super::words::comment;
use super::words::is_writable;
use super::words::size;
use super::words::value;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::value::DevicePath;

/// Names below `/dev/disk/by-id`, the surest first.
const NAMES: [&str; 6] = ["wwn-", "nvme-eui.", "nvme-", "ata-", "scsi-", "virtio-"];
/// The model of two small disks that are one, made to be booted from (Dell BOSS).
const BOOT_MODEL: &str = "DELLBOSS";

/// The lines of the disk to install to, and whether it is clear which one that is.
///
/// `unknown` is the starter's own line.
pub(super) fn found(inventory: &Inventory, unknown: &str) -> (Vec<String>, bool) {
    let disks = candidates(inventory);
    let is_boot = |disk: &&Disk| disk.model.as_deref().is_some_and(|model| model.contains(BOOT_MODEL));
    let boot: Vec<&Disk> = disks.iter().copied().filter(is_boot).collect();
    let chosen = match (boot.as_slice(), disks.as_slice()) {
        // A management controller tells of drives; of those behind a RAID controller the system sees volumes.
        _ if inventory.source == "redfish" => None,
        ([only], _) | ([], [only]) => Some(*only),
        _ => None,
    };
    let Some((disk, line)) = chosen.and_then(|disk| Some((disk, line(disk)?))) else {
        let mut lines = listed(inventory);
        let which = if lines.is_empty() { "no disk was found" } else { "to one of these" };
        lines.push(format!("{unknown}   # CHANGE: {which}"));
        return (lines, false);
    };
    let others = disks.into_iter().filter(|other| !std::ptr::eq(*other, disk));
    let mut lines = list("Not these", others);
    lines.push(format!("  {line}   # {}", said(disk, None)));
    (lines, true)
}

/// The disks that were found, as comments.
pub(super) fn listed(inventory: &Inventory) -> Vec<String> {
    list("Its disks", candidates(inventory).into_iter())
}

fn list<'a>(title: &str, disks: impl Iterator<Item = &'a Disk>) -> Vec<String> {
    let mut lines: Vec<String> = disks.map(|disk| format!("  #   {}", said(disk, path(disk)))).collect();
    if !lines.is_empty() {
        lines.insert(0, format!("  # {title}:"));
    }
    lines
}

fn candidates(inventory: &Inventory) -> Vec<&Disk> {
    inventory.disks.iter().filter(|disk| may_be_meant(disk)).collect()
}

/// No stick, and nothing that a BMC lends.
fn may_be_meant(disk: &Disk) -> bool {
    let is_drive = !["sr", "fd", "loop", "zram"].iter().any(|kind| disk.name.starts_with(kind));
    is_drive && disk.transport.as_deref() != Some("usb") && disk.size_bytes != Some(0)
}

/// The line that names a disk: by its identity, else by its serial number.
fn line(disk: &Disk) -> Option<String> {
    if let Some(path) = path(disk) {
        return Some(format!("device: {}", value(&path)));
    }
    let serial = disk.serial.as_deref().filter(|serial| is_writable(serial))?;
    Some(format!("hints: {{serial: {}}}", value(serial)))
}

fn path(disk: &Disk) -> Option<String> {
    let of_kind = |kind: &&str| disk.by_id.iter().find(|name| name.starts_with(*kind)).cloned();
    let wwn = || {
        let wwn = disk.wwn.as_ref()?;
        let kind = if wwn.starts_with("eui.") { "nvme-" } else { "wwn-" };
        (wwn.starts_with("0x") || wwn.starts_with("eui.")).then(|| format!("{kind}{wwn}"))
    };
    let name = NAMES.iter().find_map(of_kind).or_else(wwn)?;
    let path = format!("/dev/disk/by-id/{name}");
    path.parse::<DevicePath>().ok().filter(|_| !name.contains('/'))?;
    Some(path)
}

fn said(disk: &Disk, path: Option<String>) -> String {
    let model = [disk.vendor.as_deref(), disk.model.as_deref()].into_iter().flatten();
    let serial = disk.serial.as_ref().map(|serial| format!("serial {}", comment(serial)));
    let turns = disk.rotational.filter(|turns| *turns).map(|_| "turns".to_owned());
    let parts = [
        Some(comment(&disk.name)),
        path.map(|path| comment(&path)),
        Some(comment(&model.collect::<Vec<_>>().join(" "))),
        disk.size_bytes.map(size),
        serial,
        turns,
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
