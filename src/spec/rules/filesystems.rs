//! Arrays and file systems. Sources: Ignition's config/v3_6/types/*.go and
//! Butane's validate.go files, whose refusals are all here.

use super::level;
use super::list;
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
];

fn is_mirrored(document: &Document) -> bool {
    View::of(document).at(&["boot_device", "mirror"]).is_some()
}

fn is_writable_place(path: &str) -> bool {
    ["/etc", "/var"].iter().any(|place| path == *place || path.starts_with(&format!("{place}/")))
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
