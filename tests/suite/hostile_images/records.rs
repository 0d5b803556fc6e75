//! Volume descriptors and the records of directories and files.

use super::EXTENT;
use super::LENGTH;
use super::MAX;
use super::VOLUME;
use super::all_are_refused;
use super::case;
use super::descriptions;
use super::directories;
use super::place;
use super::samples;
use crate::iso_builder::SECTOR;
use crate::iso_builder::both32;

#[test]
fn volume_descriptors() {
    let mut cases = Vec::new();
    for sample in samples() {
        let end = sample.iso.bytes.len() / SECTOR;
        let other = place(&sample.iso.bytes, sample.iso.records["images"]).0 / SECTOR;
        let root = sample.iso.records[""];
        let mut set = |what: &str, at: usize, value: usize, says: &str| {
            let what = format!("{what} {value}");
            cases.push(case(&sample, &what, says, |image| both32(&mut image[at..], value)));
        };
        for (value, says) in [
            (0, "its volume descriptor says that the volume has 0 sectors"),
            (18, "its volume descriptor says that the volume has 18 sectors"),
            (end + 1, "the image is incomplete: 2048 of"),
            (MAX, "the image is incomplete: "),
        ] {
            set("volume size", VOLUME + 80, value, says);
        }
        for value in [0, other, 17] {
            set(
                "root at",
                root + EXTENT,
                value,
                "there is something else at the place of the root directory",
            );
        }
        for value in [end, MAX] {
            set("root at", root + EXTENT, value, "the root directory has 2048 bytes at ");
        }
        for (value, says) in [
            (0, "the root directory has 0 bytes at "),
            (1, "a record in the root directory is cut off"),
            (4096, "there is something else at the place of the root directory"),
            (sample.iso.bytes.len(), "the root directory has "),
            (MAX, "the root directory has 4294967295 bytes, more than there can be"),
        ] {
            set("root of", root + LENGTH, value, says);
        }
        for block in [0_u16, 512, u16::MAX] {
            let says = format!("its volume descriptor says that sectors have {block} bytes");
            cases.push(case(&sample, "block size", &says, |image| {
                image[VOLUME + 128..VOLUME + 130].copy_from_slice(&block.to_le_bytes());
            }));
        }
        cases.push(case(&sample, "no descriptor", "it has no ISO 9660 volume descriptor", |image| {
            image[VOLUME] = 255
        }));
        cases.push(case(&sample, "no end", "its volume descriptors do not end before sector 18", |image| {
            image[17 * SECTOR] = 2;
        }));
    }
    all_are_refused(cases);
}

#[test]
fn records_of_directories() {
    let mut cases = Vec::new();
    for sample in samples() {
        let end = sample.iso.bytes.len() / SECTOR;
        for path in directories(&sample) {
            let record = sample.iso.records[path];
            let other = if path == "images" { "images/pxeboot" } else { "images" };
            let other = place(&sample.iso.bytes, sample.iso.records[other]).0 / SECTOR;
            let root = place(&sample.iso.bytes, sample.iso.records[""]).0 / SECTOR;
            let named = format!("the directory `{path}`");
            let mut set = |what: &str, field: usize, value: usize, says: String| {
                let what = format!("{path} {what} {value}");
                cases.push(case(&sample, &what, &says, |image| both32(&mut image[record + field..], value)));
            };
            for value in [0, end - 1] {
                set("at", EXTENT, value, named.clone());
            }
            for value in [end, MAX] {
                set("at", EXTENT, value, format!("{named} has 2048 bytes at "));
            }
            let says = format!("something else at the place of {named}|is at the place of another one");
            set("at", EXTENT, other, says.clone());
            // A directory that contains itself.
            set("at", EXTENT, root, says);
            set("of", LENGTH, 0, format!("{named} has 0 bytes at "));
            set("of", LENGTH, 1, format!("a record in {named} is cut off"));
            set("of", LENGTH, sample.iso.bytes.len(), format!("{named} has "));
            set("of", LENGTH, MAX, format!("{named} has 4294967295 bytes, more than there can be"));
            let at = place(&sample.iso.bytes, record).0;
            for length in [1, 33, 255] {
                let says = format!("a record in {named} is cut off");
                let what = format!("{path} with a record of {length}");
                // The first record after the two of the directory itself.
                let first = 34 + 34;
                cases.push(case(&sample, &what, &says, |image| match length {
                    255 => image[at + first + 32] = 255,
                    _ => image[at + first] = length,
                }));
            }
        }
    }
    all_are_refused(cases);
}

#[test]
fn records_of_files() {
    let mut cases = Vec::new();
    for sample in samples() {
        let end = sample.iso.bytes.len() / SECTOR;
        let by_header = sample.name.starts_with("2021-01");
        let is_s390x = sample.name.contains("s390x");
        let embed_file = if is_s390x { "images/cdboot.img" } else { "images/ignition.img" };
        let boot_files = ["EFI/fedora/grub.cfg", "isolinux/isolinux.cfg", "boot/grub/grub.cfg"];
        let boot_files = boot_files.into_iter().filter(|path| sample.iso.files.contains_key(*path));
        let boot_files: Vec<&str> = boot_files.filter(|_| !sample.places.is_empty()).collect();
        let kernel = sample.iso.files["images/pxeboot/vmlinuz"].0 / SECTOR;
        for path in descriptions(&sample).into_iter().chain([embed_file]).chain(boot_files) {
            let record = sample.iso.records[path];
            // Whatever follows the dot in this spelling.
            let named = format!("`{}.", path.rsplit_once('.').unwrap().0);
            let says = match path.ends_with(".cfg") {
                true if by_header => format!("{named}|the header `coreKarg`: "),
                _ => named,
            };
            let mut set = |what: &str, field: usize, value: usize| {
                let what = format!("{path} {what} {value}");
                cases.push(case(&sample, &what, &says, |image| both32(&mut image[record + field..], value)));
            };
            for value in [0, kernel, end, MAX] {
                set("at", EXTENT, value);
            }
            for value in [0, sample.iso.bytes.len(), MAX] {
                set("of", LENGTH, value);
            }
            // The header tells of places, whatever files they are in.
            if !says.contains("header") {
                let what = format!("{path} in parts");
                let says = format!("`{path}` is in several parts");
                cases.push(case(&sample, &what, &says, |image| image[record + 25] = 0x80));
            }
        }
    }
    all_are_refused(cases);
}
