//! Bytes that no file holds: boot sectors, descriptors, directories, what lies between and behind.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;

use serde::Serialize;

use crate::image::Area;
use crate::image::ImageError;
use crate::image::iso9660::read_at;

const SECTOR: u64 = 2048;
/// The first 32 KiB: boot code, partition tables, and in old images where the areas are (ECMA-119, 6.2.1).
const SYSTEM_AREA: u64 = 16 * SECTOR;
/// Where the primary volume descriptor ends.
const DESCRIPTOR: u64 = 17 * SECTOR;
/// More ranges are not listed.
const MAX_RANGES: usize = 64;

/// A range outside of any file that differs, in whole sectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// From the beginning of the image, in bytes.
    pub offset: u64,
    /// In bytes.
    pub length: u64,
    /// What is there.
    pub what: &'static str,
}

/// Compares the beginnings of two images whose files are at different places.
pub(super) fn beginnings<A: Read + Seek, B: Read + Seek>(
    old: &mut A,
    new: &mut B,
) -> Result<Vec<Outside>, ImageError> {
    let mut found = Vec::new();
    compare(old, new, 0, DESCRIPTOR, &mut found)?;
    Ok(found)
}

/// Compares all that is outside of files, in images that have the same files at the same places.
pub(super) fn between_files<A: Read + Seek, B: Read + Seek>(
    old: &mut A,
    new: &mut B,
    files: &BTreeMap<String, Vec<Area>>,
    length: u64,
) -> Result<Vec<Outside>, ImageError> {
    let mut areas: Vec<Area> = files.values().flatten().copied().collect();
    areas.sort_unstable_by_key(|area| area.offset);
    let mut found = Vec::new();
    let mut at = 0;
    for area in areas {
        compare(old, new, at, area.offset, &mut found)?;
        at = at.max(area.offset + area.length);
    }
    compare(old, new, at, length, &mut found)?;
    Ok(found)
}

fn compare<A: Read + Seek, B: Read + Seek>(
    old: &mut A,
    new: &mut B,
    mut at: u64,
    end: u64,
    found: &mut Vec<Outside>,
) -> Result<(), ImageError> {
    let (mut one, mut other) = (vec![0; 64 * SECTOR as usize], vec![0; 64 * SECTOR as usize]);
    while at < end {
        // Up to the end of a sector, so that ranges are the same however files lie.
        let count = ((at / SECTOR + 64) * SECTOR - at).min(end - at) as usize;
        let (Some(one), Some(other)) = (one.get_mut(..count), other.get_mut(..count)) else { break };
        read_at(old, at, one)?;
        read_at(new, at, other)?;
        if one != other {
            let mut sector = at;
            for (one, other) in pieces(one, at).zip(pieces(other, at)) {
                if one != other {
                    add(found, sector, one.len() as u64);
                }
                sector += one.len() as u64;
            }
        }
        at += count as u64;
    }
    Ok(())
}

/// The bytes from `at` on, cut at the ends of sectors.
fn pieces(bytes: &[u8], at: u64) -> impl Iterator<Item = &[u8]> {
    let first = ((SECTOR - at % SECTOR) % SECTOR).min(bytes.len() as u64) as usize;
    let (begin, rest) = bytes.split_at_checked(first).unwrap_or((bytes, &[]));
    Some(begin).filter(|begin| !begin.is_empty()).into_iter().chain(rest.chunks(SECTOR as usize))
}

fn add(found: &mut Vec<Outside>, offset: u64, length: u64) {
    let what = match offset {
        ..SYSTEM_AREA => "the system area: boot code, partition table",
        SYSTEM_AREA..DESCRIPTOR => "the volume descriptor",
        _ => "between files: descriptors, directories, filling",
    };
    let is_full = found.len() >= MAX_RANGES;
    match found.last_mut() {
        Some(last) if last.what == what && last.offset + last.length == offset => last.length += length,
        // The last one stands for all that follow.
        Some(last) if is_full => last.length = offset + length - last.offset,
        _ => found.push(Outside { offset, length, what }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use super::between_files;
    use crate::image::Area;

    #[test]
    fn every_byte_outside_of_files_counts_and_none_inside() {
        let old = vec![0; 40 * 2048 + 100];
        let files: BTreeMap<_, _> = [("a".to_owned(), vec![Area { offset: 18 * 2048, length: 3000 }])].into();
        let found = |at: usize| {
            let mut new = old.clone();
            new[at] = 1;
            between_files(&mut Cursor::new(&old), &mut Cursor::new(&new), &files, old.len() as u64).unwrap()
        };
        for (at, offset, length, what) in [
            (0, 0, 2048, "system"),
            (16 * 2048, 16 * 2048, 2048, "descriptor"),
            (17 * 2048 + 5, 17 * 2048, 2048, "between"),
            (18 * 2048 + 3000, 18 * 2048 + 3000, 1096, "between"),
            (40 * 2048 + 99, 40 * 2048, 100, "between"),
        ] {
            let found = found(at);
            let [one] = found.as_slice() else { unreachable!("{at}: {found:?}") };
            assert_eq!((one.offset, one.length), (offset, length), "{at}");
            assert!(one.what.contains(what), "{at}: {}", one.what);
        }
        for inside in [18 * 2048, 18 * 2048 + 2999] {
            assert_eq!(found(inside), [], "{inside}");
        }
    }

    #[test]
    fn a_list_that_is_too_long_is_closed() {
        let old = vec![0; 4096 * 2048];
        let mut new = old.clone();
        for sector in (18..4096).step_by(2) {
            new[sector * 2048] = 1;
        }
        let found =
            between_files(&mut Cursor::new(&old), &mut Cursor::new(&new), &BTreeMap::new(), old.len() as u64);
        let found = found.unwrap();
        assert_eq!(found.len(), super::MAX_RANGES);
        let last = found.last().unwrap();
        assert_eq!(last.offset + last.length, 4095 * 2048);
    }
}
