//! Disks: which is installed to, which are wiped, and how large partitions are.

use super::Row;
use crate::document::Found;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::repeated;
use crate::harvester::facts::facts;
use crate::harvester::written::Mode;
use crate::harvester::written::Written;
use crate::value::DevicePath;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "device-needed",
            refuses: "a config without a disk to install to",
            why: "the installer refuses it",
            example: "install: {mode: create}",
        },
        by: device_needed,
    },
    Row {
        rule: Rule {
            name: "device",
            refuses: "a disk that is no device",
            why: "the installer does not find it",
            example: "install: {device: sda}",
        },
        by: devices,
    },
    Row {
        rule: Rule {
            name: "device-moves",
            refuses: "(warns) a disk by a name that another may have at the next boot",
            why: "the wrong disk may be wiped",
            example: "install: {device: /dev/sda}",
        },
        by: devices_that_move,
    },
    Row {
        rule: Rule {
            name: "wiped-disks",
            refuses: "(warns) a disk that is to be wiped twice, or beside all of them",
            why: "it is not clear what was meant, and nothing brings a wiped disk back",
            example: "install: {wipe_all_disks: true, wipe_disks_list: [/dev/disk/by-id/a]}",
        },
        by: wiped_disks,
    },
    Row {
        rule: Rule {
            name: "partition-size",
            refuses: "a size of the persistent partition that is not in Mi or Gi, or below 150Gi",
            why: "the installation stops after the disk was wiped",
            example: "install: {persistent_partition_size: 100Gi}",
        },
        by: partition_size,
    },
    Row {
        rule: Rule {
            name: "force-mbr",
            refuses: "`force_mbr` beside `force_efi`",
            why: "an MBR is refused on machines with UEFI",
            example: "install: {force_mbr: true, force_efi: true}",
        },
        by: force_mbr,
    },
];

const WIPED: [&str; 2] = ["install", "wipe_disks_list"];

fn device_needed(config: &Written<'_>, found: &mut Found<'_>) {
    if config.mode() != Mode::Upgrade && config.text(&["install", "device"]).is_none() {
        let help = "write the disk by its identity, as `/dev/disk/by-id/wwn-0x5000c500a1b2c3d4`";
        found.error(&config.place(&["install"]), "`install.device` is missing", help);
    }
}

fn all(config: &Written<'_>) -> Vec<Sourced<String>> {
    let one = |key| config.text(&["install", key]);
    [one("device"), one("data_disk")].into_iter().flatten().chain(config.texts(&WIPED)).collect()
}

fn devices(config: &Written<'_>, found: &mut Found<'_>) {
    for device in all(config) {
        if let Err(error) = device.value.parse::<DevicePath>() {
            found.wrong_value(&device.origin, error);
        }
    }
}

fn devices_that_move(config: &Written<'_>, found: &mut Found<'_>) {
    for device in all(config) {
        if device.value.parse::<DevicePath>().is_ok_and(|path| path.moves_between_boots()) {
            let message = format!("`{}` goes to whichever disk answers first", device.value);
            found.warning(&device.origin, message, "write it by its identity (`ls -l /dev/disk/by-id`)");
        }
    }
}

fn wiped_disks(config: &Written<'_>, found: &mut Found<'_>) {
    let disks = config.texts(&WIPED);
    for (disk, origin, line) in repeated(disks.iter().map(|disk| (disk.value.clone(), &disk.origin))) {
        let message = format!("`{disk}` is to be wiped twice: it is on line {line} too");
        found.warning(origin, message, "keep one of them, or name the disk that was meant");
    }
    if config.is_true(&["install", "wipe_all_disks"]) && !disks.is_empty() {
        let message = "`wipe_all_disks` wipes every disk, and the list says which";
        found.warning(&config.place(&WIPED), message, "keep one of the two");
    }
}

fn partition_size(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(size) = config.text(&["install", "persistent_partition_size"]) else { return };
    let least = facts().least_persistent_gib;
    let help = format!("write at least `{least}Gi`");
    let number = |ending: &str| -> Option<u64> { size.value.strip_suffix(ending)?.parse().ok() };
    let mebibytes = number("Gi").map(|number| number.saturating_mul(1024)).or_else(|| number("Mi"));
    match mebibytes {
        None => found.error(&size.origin, format!("`{}` is not a size in Mi or Gi", size.value), help),
        Some(mebibytes) if mebibytes < least * 1024 => {
            found.error(
                &size.origin,
                format!("`{}` is too small for the persistent partition", size.value),
                help,
            );
        }
        Some(_) => {}
    }
}

fn force_mbr(config: &Written<'_>, found: &mut Found<'_>) {
    if config.is_true(&["install", "force_mbr"]) && config.is_true(&["install", "force_efi"]) {
        let place = config.place(&["install", "force_mbr"]);
        found.error(&place, "an MBR cannot be forced where EFI is", "leave one of the two out");
    }
}
