//! `boot_device` and `grub`: the partitions, arrays, volumes and file systems they stand for.
//!
//! Sizes and types are those of Fedora CoreOS's own image; the mirror's partitions replace it. Source:
//! Butane's config/fcos/v1_7/translate.go.

use serde_json::Value;
use serde_json::json;

use super::only;
use crate::document::View;
use crate::ignition::DataUrl;
use crate::ignition::merge;

const RESERVED: &str = "8DA63339-0007-60C0-C436-083AC8230908";
const BIOS: &str = "21686148-6449-6E6F-744E-656564454649";
const PREP: &str = "9E1A2D38-C612-4316-AA26-8B49521E5A8B";
const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

const RESERVED_MIB: u32 = 1;
const BIOS_MIB: u32 = 1;
const PREP_MIB: u32 = 4;
const ESP_MIB: u32 = 127;
const BOOT_MIB: u32 = 384;

/// What `boot_device` stands for, as Ignition sections.
pub(super) fn boot_device(document: &View<'_>) -> Value {
    let Some(boot) = document.get("boot_device") else {
        return json!({});
    };
    let layout = boot.text_at("layout").map_or_else(|| "x86_64".to_owned(), |layout| layout.value);
    let disks: Vec<String> = boot
        .get("mirror")
        .map(|mirror| mirror.list("devices").iter().filter_map(View::text).map(|text| text.value).collect())
        .unwrap_or_default();
    let luks = boot.get("luks").filter(is_wanted);
    let mut sections = json!({});
    if !disks.is_empty() {
        sections = mirror(&layout, &disks);
    }
    if let Some(luks) = &luks {
        sections = merge(sections, only("storage", "luks", volume(luks, &layout, !disks.is_empty())));
    }
    let root = match (&luks, disks.is_empty()) {
        (Some(_), _) => "/dev/mapper/root",
        (None, false) => "/dev/md/md-root",
        (None, true) => return sections,
    };
    let root = json!({"device": root, "format": "xfs", "label": "root", "wipeFilesystem": true});
    merge(sections, only("storage", "filesystems", root))
}

fn is_wanted(luks: &View<'_>) -> bool {
    luks.is_true_at("tpm2") || !luks.list("tang").is_empty() || has_cex(luks)
}

fn has_cex(luks: &View<'_>) -> bool {
    luks.get("cex").is_some_and(|cex| cex.is_true_at("enabled"))
}

fn mirror(layout: &str, disks: &[String]) -> Value {
    let typed =
        |label: String, mib: u32, guid: &str| json!({"label": label, "sizeMiB": mib, "typeGuid": guid});
    let has_esp = layout != "ppc64le";
    let disk = |(index, device): (usize, &String)| {
        let n = index + 1;
        let first = match layout {
            "x86_64" => typed(format!("bios-{n}"), BIOS_MIB, BIOS),
            "ppc64le" => typed(format!("prep-{n}"), PREP_MIB, PREP),
            _ => typed(format!("reserved-{n}"), RESERVED_MIB, RESERVED),
        };
        let second = match has_esp {
            true => typed(format!("esp-{n}"), ESP_MIB, ESP),
            false => typed(format!("reserved-{n}"), RESERVED_MIB, RESERVED),
        };
        let boot = json!({"label": format!("boot-{n}"), "sizeMiB": BOOT_MIB});
        let root = json!({"label": format!("root-{n}")});
        json!({"device": device, "wipeTable": true, "partitions": [first, second, boot, root]})
    };
    let parts = |label: &str| -> Vec<String> {
        (1..=disks.len()).map(|n| format!("/dev/disk/by-partlabel/{label}-{n}")).collect()
    };
    let mut filesystems: Vec<Value> = Vec::new();
    if has_esp {
        filesystems.extend((1..=disks.len()).map(|n| {
            let label = format!("esp-{n}");
            json!({"device": format!("/dev/disk/by-partlabel/{label}"), "format": "vfat", "label": label, "wipeFilesystem": true})
        }));
    }
    filesystems.push(
        json!({"device": "/dev/md/md-boot", "format": "ext4", "label": "boot", "wipeFilesystem": true}),
    );
    json!({"storage": {
        "disks": disks.iter().enumerate().map(disk).collect::<Vec<_>>(),
        "raid": [
            // The superblock at the end, so that GRUB on BIOS machines need not know of RAID.
            {"name": "md-boot", "level": "raid1", "devices": parts("boot"), "options": ["--metadata=1.0"]},
            {"name": "md-root", "level": "raid1", "devices": parts("root")},
        ],
        "filesystems": filesystems,
    }})
}

fn volume(luks: &View<'_>, layout: &str, is_mirrored: bool) -> Value {
    let device = luks.text_at("device").map(|device| device.value).unwrap_or_default();
    let device = match layout {
        "s390x-eckd" => format!("{device}2"),
        "s390x-zfcp" => format!("{device}4"),
        _ if is_mirrored => "/dev/md/md-root".to_owned(),
        _ => "/dev/disk/by-partlabel/root".to_owned(),
    };
    let mut volume = json!({"name": "root", "label": "luks-root", "device": device, "wipeVolume": true});
    if let Some(discard) = luks.truth_at("discard") {
        volume["discard"] = discard.value.into();
    }
    if has_cex(luks) {
        volume["cex"] = json!({"enabled": true});
        return volume;
    }
    let mut clevis = json!({});
    let server = |view: &View<'_>| {
        let mut server = json!({});
        for key in ["url", "thumbprint", "advertisement"] {
            if let Some(text) = view.text_at(key) {
                server[key] = text.value.into();
            }
        }
        server
    };
    let tang: Vec<Value> = luks.list("tang").iter().map(server).collect();
    if !tang.is_empty() {
        clevis["tang"] = tang.into();
    }
    if let Some(threshold) = luks.parse_at::<u64>("threshold") {
        clevis["threshold"] = threshold.value.into();
    }
    if let Some(tpm2) = luks.truth_at("tpm2") {
        clevis["tpm2"] = tpm2.value.into();
    }
    volume["clevis"] = clevis;
    volume
}

/// What `grub.users` stands for: GRUB's own file on the boot file system.
pub(super) fn grub(document: &View<'_>) -> Value {
    let users = document.get("grub").map(|grub| grub.list("users")).unwrap_or_default();
    let users: Vec<(String, String)> = users
        .iter()
        .filter_map(|user| Some((user.text_at("name")?.value, user.text_at("password_hash")?.value)))
        .collect();
    if users.is_empty() {
        return json!({});
    }
    let names: Vec<&str> = users.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!("# Generated by cotter\n\nset superusers=\"{}\"\n", names.join(" "));
    for (name, hash) in &users {
        text.push_str(&format!("password_pbkdf2 {name} {hash}\n"));
    }
    let url = DataUrl::smallest(text.as_bytes());
    let mut resource = json!({"source": url.source});
    if let Some(compression) = url.compression {
        resource["compression"] = compression.into();
    }
    json!({"storage": {
        "filesystems": [{"device": "/dev/disk/by-label/boot", "format": "ext4", "path": "/boot"}],
        "files": [{"path": "/boot/grub2/user.cfg", "append": [resource]}],
    }})
}
