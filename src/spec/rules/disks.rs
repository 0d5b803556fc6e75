//! Disks, partitions, arrays, volumes and file systems. Sources: Ignition's config/v3_6/types/*.go and
//! Butane's validate.go files, whose refusals are all here.

use std::collections::BTreeMap;

use super::level;
use crate::document::Check;
use crate::document::Found;
use crate::document::Node;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;

type Document = Sourced<Node>;

/// The boot disk, whose partitions are there before Ignition runs.
const BOOT_DISK: &str = "/dev/disk/by-id/coreos-boot-disk";

pub(super) static CHECKS: &[Check<Document>] = &[
    Check {
        rule: Rule {
            name: "duplicate-device",
            refuses: "a disk, array, volume or file system that is described twice",
            why: "Ignition refuses the document",
            example: "disks: [{device: /dev/sdb}, {device: /dev/sdb}]",
        },
        by: duplicate_devices,
    },
    Check {
        rule: Rule {
            name: "partition-identity",
            refuses: "a partition without number and label, and two with the same",
            why: "Ignition refuses the document",
            example: "partitions: [{size_mib: 100}]",
        },
        by: partition_identity,
    },
    Check {
        rule: Rule {
            name: "partition-overlap",
            refuses: "partitions that lie on one another",
            why: "sgdisk would fail the first boot",
            example: "[{start_mib: 1, size_mib: 100}, {start_mib: 50, size_mib: 100}]",
        },
        by: partition_overlap,
    },
    Check {
        rule: Rule {
            name: "partition-gone",
            refuses: "a partition that shall not exist, described further",
            why: "Ignition refuses the document",
            example: "{number: 3, should_exist: false, label: x}",
        },
        by: partition_gone,
    },
    Check {
        rule: Rule {
            name: "partition-reuse",
            refuses: "(warns) a partition known by its label alone on a disk that is not wiped, and the system's labels under other numbers",
            why: "a second installation would make another partition beside it",
            example: "{label: var} without number",
        },
        by: partition_reuse,
    },
    Check {
        rule: Rule {
            name: "root-size",
            refuses: "(warns) a root partition under 8 GiB, or one that cannot grow",
            why: "updates of the system need room",
            example: "{label: root, size_mib: 4096}",
        },
        by: root_size,
    },
    Check {
        rule: Rule {
            name: "raid-devices",
            refuses: "an array of no devices, of one device twice, or with spares where there can be none",
            why: "mdadm would fail the first boot",
            example: "{level: raid0, spares: 1}",
        },
        by: raid_devices,
    },
    Check {
        rule: Rule {
            name: "filesystem-format",
            refuses: "a file system that is described but has no format",
            why: "Ignition refuses the document",
            example: "{device: /dev/sdb, label: data}",
        },
        by: filesystem_format,
    },
    Check {
        rule: Rule {
            name: "filesystem-label",
            refuses: "a label that is longer than the format allows (ext4 16, xfs 12, vfat 11, swap 15, btrfs 256)",
            why: "mkfs would fail the first boot",
            example: "{format: xfs, label: too-long-a-label}",
        },
        by: filesystem_label,
    },
    Check {
        rule: Rule {
            name: "filesystem-path",
            refuses: "two file systems at one place",
            why: "one would hide the other",
            example: "two with path: /var",
        },
        by: filesystem_path,
    },
    Check {
        rule: Rule {
            name: "mount-unit",
            refuses: "`with_mount_unit` without format and path, or outside /etc and /var",
            why: "there would be nothing to mount, or the system is read-only there",
            example: "{path: /opt/data, with_mount_unit: true}",
        },
        by: mount_unit,
    },
    Check {
        rule: Rule {
            name: "luks-unlock",
            refuses: "ways to unlock a volume that exclude each other, or a threshold that cannot be reached",
            why: "the machine would wait for a passphrase at each boot",
            example: "{tpm2: true, threshold: 2}",
        },
        by: luks_unlock,
    },
    Check {
        rule: Rule {
            name: "boot-device",
            refuses: "a mirror of one disk, layouts and ways to unlock that do not go together",
            why: "the system would not boot from it",
            example: "mirror: {devices: [/dev/sda]}",
        },
        by: boot_device,
    },
];

fn list<'a>(document: &'a Document, name: &str) -> Vec<View<'a>> {
    View::of(document).get("storage").map(|storage| storage.list(name)).unwrap_or_default()
}

fn number(view: &View<'_>, key: &str) -> u64 {
    view.parse_at::<u64>(key).map_or(0, |number| number.value)
}

fn is_true(view: &View<'_>, key: &str) -> bool {
    view.truth_at(key).is_some_and(|truth| truth.value)
}

/// Says which of `values` was there before.
pub(super) fn twice<'a>(
    values: impl Iterator<Item = Sourced<String>> + 'a,
    what: &str,
    found: &mut Found<'_>,
) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        if let Some(line) = first.get(&value.value) {
            let message = format!("{what} `{}` is described twice; the first is on line {line}", value.value);
            found.error(&value.origin, message, "put all about it into one entry");
        } else {
            first.insert(value.value, value.origin.line);
        }
    }
}

fn duplicate_devices(document: &Document, found: &mut Found<'_>) {
    for (section, key, what) in [
        ("disks", "device", "the disk"),
        ("filesystems", "device", "the file system on"),
        ("raid", "name", "the array"),
        ("luks", "name", "the volume"),
    ] {
        twice(list(document, section).iter().filter_map(|view| view.text_at(key)), what, found);
    }
}

fn partitions(document: &Document) -> impl Iterator<Item = (View<'_>, Vec<View<'_>>)> {
    list(document, "disks").into_iter().map(|disk| {
        let partitions = disk.list("partitions");
        (disk, partitions)
    })
}

fn partition_identity(document: &Document, found: &mut Found<'_>) {
    for (_, partitions) in partitions(document) {
        for partition in &partitions {
            if number(partition, "number") == 0 && partition.text_at("label").is_none() {
                let help = "give it a `label`, or a `number` other than 0";
                found.error(partition.origin(), "the partition has neither number nor label", help);
            }
        }
        let numbers =
            partitions.iter().filter_map(|partition| partition.text_at("number")).filter(|n| n.value != "0");
        twice(numbers, "the partition", found);
        twice(partitions.iter().filter_map(|partition| partition.text_at("label")), "the partition", found);
    }
}

fn partition_overlap(document: &Document, found: &mut Found<'_>) {
    for (_, partitions) in partitions(document) {
        let mut spans: Vec<(u64, u64, &View<'_>)> = partitions
            .iter()
            .map(|partition| (number(partition, "start_mib"), number(partition, "size_mib"), partition))
            .filter(|(start, _, _)| *start > 0)
            .collect();
        spans.sort_by_key(|(start, _, _)| *start);
        for pair in spans.windows(2) {
            let [(start, size, first), (next, _, second)] = pair else { continue };
            let end = start + size;
            if *start == *next || (*size > 0 && end > *next) {
                let message = format!(
                    "the partition begins at {next} MiB, where the one of line {} has not ended",
                    first.origin().line
                );
                found.error(
                    second.origin(),
                    message,
                    format!("begin it at {end} MiB or later, or leave out `start_mib`"),
                );
            }
        }
    }
}

fn partition_gone(document: &Document, found: &mut Found<'_>) {
    for (_, partitions) in partitions(document) {
        for partition in &partitions {
            let Some(should) = partition.truth_at("should_exist").filter(|should| !should.value) else {
                continue;
            };
            let others = ["label", "start_mib", "size_mib", "guid", "type_guid"];
            if let Some(other) = others.into_iter().find(|key| partition.get(key).is_some()) {
                let message = format!("the partition shall not exist, but has `{other}`");
                found.error(&should.origin, message, "say only its `number`");
            } else if number(partition, "number") == 0 {
                found.error(
                    &should.origin,
                    "which partition shall not exist is not said",
                    "say its `number`",
                );
            }
        }
    }
}

fn partition_reuse(document: &Document, found: &mut Found<'_>) {
    // The mirror wipes its disks.
    let view = View::of(document);
    let mirrored: Vec<String> = view
        .at(&["boot_device", "mirror"])
        .map(|mirror| mirror.list("devices").iter().filter_map(View::text).map(|text| text.value).collect())
        .unwrap_or_default();
    for (disk, partitions) in partitions(document) {
        let device = disk.text_at("device").map(|device| device.value).unwrap_or_default();
        if is_true(&disk, "wipe_table") || mirrored.contains(&device) {
            continue;
        }
        for label in partitions
            .iter()
            .filter_map(|partition| {
                let number = number(partition, "number");
                let label = partition.text_at("label")?;
                let reserved = match label.value.as_str() {
                    "BIOS-BOOT" | "PowerPC-PReP-boot" => 1,
                    "EFI-SYSTEM" => 2,
                    "boot" => 3,
                    "root" => 4,
                    _ if number == 0 && device != BOOT_DISK => {
                        found.warning(
                            &label.origin,
                            format!(
                                "the partition `{}` is known by its label alone on a disk that is not wiped",
                                label.value
                            ),
                            "give its `number`, or `wipe_table: true`",
                        );
                        return None;
                    }
                    _ => return None,
                };
                (number != reserved).then_some((label, reserved))
            })
            .collect::<Vec<_>>()
        {
            let (label, reserved) = label;
            found.warning(
                &label.origin,
                format!(
                    "`{}` is the system's label for partition {reserved}; this would be another partition",
                    label.value
                ),
                format!("use `number: {reserved}`, or another label"),
            );
        }
    }
}

fn root_size(document: &Document, found: &mut Found<'_>) {
    for (_, partitions) in partitions(document) {
        for (index, partition) in partitions.iter().enumerate() {
            let Some(label) = partition.text_at("label").filter(|label| label.value == "root") else {
                continue;
            };
            let size = number(partition, "size_mib");
            let followed = partitions
                .iter()
                .enumerate()
                .any(|(other, view)| other != index && number(view, "start_mib") == 0);
            if size > 0 && size < 8192 {
                let message = format!("the root partition gets {size} MiB; the system's updates need 8192");
                found.warning(&label.origin, message, "give it `size_mib: 8192` or more");
            } else if size == 0 && followed {
                let message = "the root partition is to take all room, but another is placed after it";
                found.warning(&label.origin, message, "give `root` a `size_mib`, or the other a `start_mib`");
            }
        }
    }
}

fn raid_devices(document: &Document, found: &mut Found<'_>) {
    for raid in list(document, "raid") {
        let devices = raid.list("devices");
        twice(devices.iter().filter_map(View::text), "the device", found);
        let level = raid.text_at("level").map(|level| level.value).unwrap_or_default();
        let spares = raid.parse_at::<u64>("spares");
        // What is said of the mirror's own arrays is added to them.
        let name = raid.text_at("name").map(|name| name.value).unwrap_or_default();
        let is_mirrors = is_mirrored(document) && matches!(name.as_str(), "md-boot" | "md-root");
        if devices.is_empty() && !is_mirrors {
            found.error(raid.origin(), "the array is made of nothing", "list its `devices`");
        }
        if level.is_empty() && !is_mirrors {
            found.error(raid.origin(), "the array's level is not said", "say it, as in `level: raid1`");
        }
        if let Some(spares) = spares.filter(|spares| spares.value > 0) {
            if matches!(level.as_str(), "linear" | "raid0" | "0" | "stripe") {
                found.error(&spares.origin, format!("`{level}` has no use for spares"), "leave out `spares`");
            } else if spares.value >= devices.len() as u64 {
                found.error(&spares.origin, "no device is left beside the spares", "list more devices");
            }
        }
    }
}

fn is_mirrored(document: &Document) -> bool {
    View::of(document).at(&["boot_device", "mirror"]).is_some()
}

fn filesystem_format(document: &Document, found: &mut Found<'_>) {
    for filesystem in list(document, "filesystems") {
        let others = ["path", "label", "uuid", "options", "wipe_filesystem", "mount_options"];
        if filesystem.get("format").is_none()
            && filesystem.get("with_mount_unit").is_none()
            && let Some(other) = others.into_iter().find(|key| filesystem.get(key).is_some())
        {
            let message = format!("the file system has `{other}` but no `format`");
            found.error(filesystem.origin(), message, "say its format, as in `format: xfs`");
        }
    }
}

fn filesystem_label(document: &Document, found: &mut Found<'_>) {
    for filesystem in list(document, "filesystems") {
        let (Some(label), Some(format)) = (filesystem.text_at("label"), filesystem.text_at("format")) else {
            continue;
        };
        let most = match format.value.as_str() {
            "ext4" => 16,
            "xfs" => 12,
            "vfat" => 11,
            "swap" => 15,
            "btrfs" => 256,
            _ => continue,
        };
        if label.len() > most {
            let message = format!(
                "the label `{}` has {} bytes; {} takes {most}",
                label.value,
                label.len(),
                format.value
            );
            found.error(&label.origin, message, "shorten it");
        }
    }
    for volume in list(document, "luks") {
        if let Some(label) = volume.text_at("label").filter(|label| label.len() > 47) {
            found.error(
                &label.origin,
                format!("the label has {} bytes; LUKS2 takes 47", label.len()),
                "shorten it",
            );
        }
    }
}

fn filesystem_path(document: &Document, found: &mut Found<'_>) {
    twice(
        list(document, "filesystems").iter().filter_map(|view| view.text_at("path")),
        "the file system at",
        found,
    );
}

fn mount_unit(document: &Document, found: &mut Found<'_>) {
    for filesystem in list(document, "filesystems") {
        let Some(wanted) = filesystem.truth_at("with_mount_unit").filter(|wanted| wanted.value) else {
            continue;
        };
        let format = filesystem.text_at("format");
        let path = filesystem.text_at("path");
        match (&format, &path) {
            (None, _) => {
                found.error(&wanted.origin, "the mount unit needs `format`", "say it, as in `format: xfs`")
            }
            (Some(format), _) if format.value == "swap" => {}
            (_, None) => found.error(
                &wanted.origin,
                "the mount unit needs `path`",
                "say where it is mounted, as in `path: /var`",
            ),
            (_, Some(path)) if !is_writable_place(&path.value) => {
                let message = format!("`{}` lies where the installed system is read-only", path.value);
                let help = "mount it below /var or /etc";
                // Butane asks for it since 1.6.
                match level(document) >= 6 {
                    true => found.error(&path.origin, message, help),
                    false => found.warning(&path.origin, message, help),
                }
            }
            _ => {}
        }
    }
}

fn is_writable_place(path: &str) -> bool {
    ["/etc", "/var"].iter().any(|place| path == *place || path.starts_with(&format!("{place}/")))
}

fn luks_unlock(document: &Document, found: &mut Found<'_>) {
    let volumes = list(document, "luks");
    let boot = View::of(document).at(&["boot_device", "luks"]);
    for clevis in volumes.iter().filter_map(|volume| volume.get("clevis")).chain(boot) {
        let tang = clevis.list("tang");
        twice(tang.iter().filter_map(|server| server.text_at("url")), "the Tang server", found);
        for advertisement in tang.iter().filter_map(|server| server.text_at("advertisement")) {
            if serde_json::from_str::<serde_json::Value>(&advertisement.value).is_err() {
                found.error(
                    &advertisement.origin,
                    "the advertisement is no JSON",
                    "paste what `curl SERVER/adv` prints",
                );
            }
        }
        let ways = tang.len() as u64 + u64::from(is_true(&clevis, "tpm2"));
        if let Some(custom) = clevis.get("custom")
            && (ways > 0 || clevis.get("threshold").is_some())
        {
            found.error(
                custom.origin(),
                "a pin of your own excludes `tang`, `tpm2` and `threshold`",
                "keep one of them",
            );
        } else if let Some(threshold) =
            clevis.parse_at::<u64>("threshold").filter(|threshold| threshold.value > ways)
        {
            let message =
                format!("{} pieces are needed to unlock, but there are only {ways}", threshold.value);
            found.error(&threshold.origin, message, "lower the threshold, or add a Tang server or the TPM");
        }
    }
    for volume in &volumes {
        let name = volume.text_at("name").map(|name| name.value).unwrap_or_default();
        // What is said of the encrypted root is added to it.
        let is_root = name == "root" && View::of(document).at(&["boot_device", "luks"]).is_some();
        if volume.get("device").is_none() && !is_root {
            found.error(volume.origin(), "what the volume is made on is not said", "name its `device`");
        }
        if let (Some(cex), Some(_)) = (volume.get("cex"), volume.get("clevis")) {
            found.error(cex.origin(), "`cex` and `clevis` exclude each other", "keep one of them");
        }
    }
}

fn boot_device(document: &Document, found: &mut Found<'_>) {
    let Some(boot) = View::of(document).get("boot_device") else {
        return;
    };
    let layout = boot.text_at("layout");
    let name = layout.as_ref().map_or("x86_64", |layout| layout.value.as_str());
    let is_s390x = name.starts_with("s390x");
    let luks = boot.get("luks");
    if let Some(mirror) = boot.get("mirror") {
        let devices = mirror.list("devices");
        twice(devices.iter().filter_map(View::text), "the disk", found);
        if devices.len() < 2 {
            found.error(mirror.origin(), "a mirror needs two disks at least", "list them under `devices`");
        }
        if is_s390x {
            found.error(mirror.origin(), format!("there is no mirror on `{name}`"), "leave it out");
        }
        if layout.is_none() {
            let (message, help) = (
                "a mirror replaces the partitions, so the `layout` must be said",
                "say it, as in `layout: x86_64`",
            );
            // Butane asks for it since 1.7.
            match level(document) >= 7 {
                true => found.error(mirror.origin(), message, help),
                false => found.warning(mirror.origin(), message, help),
            }
        }
    } else if luks.is_none() {
        found.warning(
            boot.origin(),
            "`boot_device` alone changes nothing",
            "add `mirror` or `luks`, or leave it out",
        );
    }
    let Some(luks) = luks else { return };
    let cex = luks.get("cex").filter(|cex| is_true(cex, "enabled"));
    let ways = luks.list("tang").len() + usize::from(is_true(&luks, "tpm2"));
    if ways == 0 && cex.is_none() {
        let (message, help) = (
            "nothing says how the root file system is unlocked, so it is not encrypted",
            "add `tpm2: true` or a Tang server",
        );
        match luks.get("device") {
            Some(device) => found.error(device.origin(), message, help),
            None => found.warning(luks.origin(), message, help),
        }
    }
    if let Some(cex) = cex {
        if !is_s390x {
            found.error(
                cex.origin(),
                "Crypto Express cards are s390x's",
                "leave `cex` out, or say the layout",
            );
        }
        if ways > 0 {
            found.error(cex.origin(), "`cex` excludes `tang` and `tpm2`", "keep one of them");
        }
    }
    let wanted = match name {
        "s390x-eckd" => "/dev/dasd",
        "s390x-zfcp" => "/dev/sd",
        _ => return,
    };
    let device = luks.text_at("device");
    let letter = device.as_ref().and_then(|device| device.strip_prefix(wanted)).unwrap_or_default();
    if letter.len() != 1 || !letter.bytes().all(|b| b.is_ascii_lowercase()) {
        let origin = device.as_ref().map_or(luks.origin(), |device| &device.origin);
        found.error(
            origin,
            format!("`{name}` needs the whole disk as `device`"),
            format!("name it, as in `{wanted}a`"),
        );
    }
}
