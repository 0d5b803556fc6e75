//! Another length for a file that stays where it is: every directory record that leads to it, in the volume's own
//! directories and in those of Joliet, which some readers take.

use std::collections::BTreeSet;
use std::io::Read;
use std::io::Seek;

use super::Area;
use super::FIRST_DESCRIPTOR;
use super::MAX_DESCRIPTORS;
use super::MAX_DIRECTORIES_BYTES;
use super::SECTOR;
use super::damaged;
use super::le32;
use super::read_at;
use super::record::Record;
use crate::image::ImageError;

/// Kinds of volume descriptors with a root directory (ECMA-119 8.1.1): primary and supplementary.
const WITH_ROOT: [u8; 2] = [1, 2];
/// Where in a record the length of what it leads to is (ECMA-119 9.1.4), in both orders of bytes.
const LENGTH_AT: u64 = 10;

/// The places of the lengths in all records that lead to `file`, in bytes from the beginning of the image.
pub(in crate::image) fn places_of_length<R: Read + Seek>(
    image: &mut R,
    file: Area,
) -> Result<Vec<u64>, ImageError> {
    let mut places = Vec::new();
    let mut open = roots(image)?;
    let mut seen = BTreeSet::new();
    let mut room = MAX_DIRECTORIES_BYTES;
    while let Some(directory) = open.pop() {
        if !seen.insert(directory.offset) {
            continue;
        }
        room = room
            .checked_sub(directory.length)
            .ok_or_else(|| damaged("its directories are larger than they can be".to_owned()))?;
        let mut bytes = vec![0; directory.size()];
        read_at(image, directory.offset, &mut bytes)?;
        for (number, sector) in bytes.chunks(SECTOR as usize).enumerate() {
            let mut at = 0;
            while let Some(length) =
                sector.get(at).map(|byte| usize::from(*byte)).filter(|length| *length > 33)
            {
                let record = Record::of(sector, at);
                if record.is_directory() {
                    open.push(record.place());
                } else if record.place() == file {
                    places.push(directory.offset + number as u64 * SECTOR + at as u64 + LENGTH_AT);
                }
                at += length;
            }
        }
    }
    Ok(places)
}

/// A length as a record has it.
pub(in crate::image) fn as_in_record(length: u32) -> Vec<u8> {
    [length.to_le_bytes(), length.to_be_bytes()].concat()
}

fn roots<R: Read + Seek>(image: &mut R) -> Result<Vec<Area>, ImageError> {
    let mut roots = Vec::new();
    for sector in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MAX_DESCRIPTORS {
        let mut descriptor = vec![0; SECTOR as usize];
        read_at(image, sector * SECTOR, &mut descriptor)?;
        match descriptor.first() {
            Some(255) => break,
            Some(kind) if WITH_ROOT.contains(kind) => {
                let place = Record::of(&descriptor, 156).place();
                if le32(&descriptor, 158) > 0 && place.length > 0 {
                    roots.push(place);
                }
            }
            _ => {}
        }
    }
    Ok(roots)
}
