//! Encrypted volumes and the boot disk. Sources: Ignition's config/v3_6/types/*.go and
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
        let ways = tang.len() as u64 + u64::from(clevis.is_true_at("tpm2"));
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
    let cex = luks.get("cex").filter(|cex| cex.is_true_at("enabled"));
    let ways = luks.list("tang").len() + usize::from(luks.is_true_at("tpm2"));
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
