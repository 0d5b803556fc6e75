//! Disks and partitions. Sources: Ignition's config/v3_6/types/*.go and
//! Butane's validate.go files, whose refusals are all here.

use super::list;
use super::number;
use super::twice;
use crate::document::Check;
use crate::document::Found;
use crate::document::Node;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;

type Document = Sourced<Node>;

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
];

/// The boot disk, whose partitions are there before Ignition runs.
const BOOT_DISK: &str = "/dev/disk/by-id/coreos-boot-disk";

fn partitions(document: &Document) -> impl Iterator<Item = (View<'_>, Vec<View<'_>>)> {
    list(document, "disks").into_iter().map(|disk| {
        let partitions = disk.list("partitions");
        (disk, partitions)
    })
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
        if disk.is_true_at("wipe_table") || mirrored.contains(&device) {
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
