//! Disks: what may be installed to, and the names that stay.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::devices::DEVICES;
use super::devices::Devices;
use super::reading::Reading;
use super::reading::name_of;
use super::reading::shown;
use super::udev_record::UdevRecord;
use crate::hardware::Device;
use crate::hardware::Disk;

/// Where disks are; on old kernels and in some trees only in the second.
const FOLDERS: [&str; 2] = ["/sys/class/block", "/sys/block"];
/// What has a device behind it and is no disk: floppies, optical drives, flash chips, what is found over a network.
const NO_DISKS: [&str; 5] = ["fd", "mtdblock", "nbd", "rbd", "sr"];
/// The drivers of SAS host bus adapters and RAID controllers.
const SAS_DRIVERS: [&str; 9] =
    ["aacraid", "aic94xx", "hpsa", "isci", "megaraid_sas", "mpi3mr", "mpt3sas", "pm80xx", "smartpqi"];
/// The most disks that are told.
const MAX_DISKS: usize = 4096;
/// The most names of one disk in a folder of `/dev/disk`.
const MAX_LINKS: usize = 100;
/// Sysfs counts in these, whatever the disk's own sectors are.
const SECTOR_BYTES: u64 = 512;

/// The disks that have a device behind them, without their partitions.
pub(super) fn seen(reading: &Reading<'_>, devices: &Devices<'_>) -> Vec<Disk> {
    let [class, old] = FOLDERS;
    let folder = if reading.is_there(class) || !reading.is_there(old) { class } else { old };
    let links = Links::of(reading);
    let mut found = Vec::new();
    for name in reading.needed_names(folder) {
        let Some(path) = reading.real(&format!("{folder}/{name}")) else { continue };
        if !path.starts_with(DEVICES) || !is_disk(reading, &name, &path) {
            continue;
        }
        if found.len() >= MAX_DISKS {
            reading.unseen(folder, "it has more disks than are told");
            break;
        }
        found.push(disk(reading, &links, &name, &path, &devices.above(&path)));
    }
    found
}

fn is_disk(reading: &Reading<'_>, name: &str, path: &str) -> bool {
    let at = |attribute: &str| format!("{path}/{attribute}");
    let begins_a_number = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let is_other = NO_DISKS.iter().any(|kind| name.strip_prefix(kind).is_some_and(begins_a_number));
    // The boot areas of an eMMC are disks to the kernel alone.
    let is_boot_area = name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb"));
    // One of several ways to an NVMe namespace is hidden behind the namespace.
    let is_hidden = || reading.number(&at("hidden")) == Some(1);
    // A SCSI device of type 5 is an optical drive.
    let is_optical = || reading.number(&at("device/type")) == Some(5);
    !is_other
        && !is_boot_area
        && reading.is_there(&at("device"))
        && !reading.is_there(&at("partition"))
        && !is_hidden()
        && !is_optical()
}

fn disk(reading: &Reading<'_>, links: &Links, name: &str, path: &str, above: &[Device]) -> Disk {
    let value = |attribute: &str| reading.value(&format!("{path}/{attribute}"));
    let number = |attribute: &str| reading.number(&format!("{path}/{attribute}"));
    let record = value("dev").map(|numbers| UdevRecord::of_disk(reading, &numbers)).unwrap_or_default();
    let remembered = |names: &[&str]| names.iter().find_map(|name| record.property(name));
    // On PCI and virtio it is a number.
    let vendor = value("device/vendor").filter(|vendor| !vendor.starts_with("0x"));
    let names = |folder: &'static str| {
        let prefix = format!("disk/{folder}/");
        let mut names = links.of_disk(folder, name);
        names.extend(record.links.iter().filter_map(|link| link.strip_prefix(&prefix)).map(str::to_owned));
        names.into_iter().take(MAX_LINKS).collect()
    };
    Disk {
        name: shown(name, 255),
        by_id: names("by-id"),
        by_path: names("by-path"),
        wwn: wwn(reading, path).or_else(|| remembered(&["ID_WWN_WITH_EXTENSION", "ID_WWN"])),
        serial: unit_serial(reading, path)
            .or_else(|| value("serial"))
            .or_else(|| value("device/serial"))
            .or_else(|| remembered(&["ID_SCSI_SERIAL", "ID_SERIAL_SHORT"])),
        vendor: vendor.or_else(|| remembered(&["ID_VENDOR"])),
        model: value("device/model").or_else(|| value("device/name")).or_else(|| remembered(&["ID_MODEL"])),
        size_bytes: number("size").and_then(|sectors| sectors.checked_mul(SECTOR_BYTES)),
        rotational: reading.flag(&format!("{path}/queue/rotational")),
        transport: transport(reading, name, path, above).map(str::to_owned),
    }
}

/// The World Wide Name in the form that udev gives it, in full: of several volumes of one RAID controller the beginnings
/// are alike.
fn wwn(reading: &Reading<'_>, path: &str) -> Option<String> {
    let identity =
        ["wwid", "device/wwid"].iter().find_map(|name| reading.value(&format!("{path}/{name}")))?;
    match identity.split_once('.')? {
        ("naa", number) if number.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            Some(format!("0x{number}"))
        }
        ("eui" | "nvme" | "uuid", _) => Some(identity),
        // `t10.` is no World Wide Name.
        _ => None,
    }
}

/// The serial number as a SCSI device tells it (SPC, vital product data page 0x80: four bytes, then the text).
fn unit_serial(reading: &Reading<'_>, path: &str) -> Option<String> {
    let page = reading.bytes(&format!("{path}/device/vpd_pg80"))?;
    let [_, 0x80, high, low, text @ ..] = page.as_slice() else { return None };
    let text = text.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
    let serial = shown(String::from_utf8_lossy(text).trim_matches([' ', '\0']), 255);
    (!serial.is_empty()).then_some(serial)
}

/// How a disk is attached, by what it hangs on.
fn transport(reading: &Reading<'_>, name: &str, path: &str, above: &[Device]) -> Option<&'static str> {
    let is_on = |subsystem: &str| above.iter().any(|device| device.subsystem.as_deref() == Some(subsystem));
    let is_below = |prefix: &str| {
        let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        path.split('/').any(|part| part.strip_prefix(prefix).is_some_and(numbered))
    };
    // What a controller drives has the controller's PCI function as the nearest.
    let drives = |device: &Device| {
        let (beginning, _) = path.split_once(&format!("/{}/", device.name))?;
        reading.target_name(&format!("{beginning}/{}/driver", device.name))
    };
    let driver = above.iter().find(|device| device.pci.is_some()).and_then(drives);
    if name.starts_with("nvme") {
        Some("nvme")
    } else if is_on("usb") {
        Some("usb")
    } else if is_on("virtio") {
        Some("virtio")
    } else if is_below("end_device-") || driver.is_some_and(|driver| SAS_DRIVERS.contains(&driver.as_str())) {
        Some("sas")
    } else if is_below("ata") {
        Some("sata")
    } else {
        is_on("scsi").then_some("scsi")
    }
}

/// The links in folders of `/dev/disk`: by folder and by disk, their names.
struct Links(BTreeMap<(&'static str, String), BTreeSet<String>>);

impl Links {
    fn of(reading: &Reading<'_>) -> Self {
        let mut found: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for folder in ["by-id", "by-path"] {
            let at = format!("/dev/disk/{folder}");
            for name in reading.names(&at) {
                if let Some(target) = reading.target(&format!("{at}/{name}")) {
                    let names = found.entry((folder, name_of(&target).to_owned())).or_default();
                    names.insert(shown(&name, 255));
                }
            }
        }
        Self(found)
    }

    fn of_disk(&self, folder: &'static str, disk: &str) -> BTreeSet<String> {
        self.0.get(&(folder, disk.to_owned())).cloned().unwrap_or_default()
    }
}
