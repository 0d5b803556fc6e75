//! Small volumes that hold a few files at their root, as cloud-init's `cidata`.
//!
//! ECMA-119, with the names of Rock Ridge (RRIP 1.12) under which Linux shows the files. The same files make the same
//! bytes.

use std::collections::BTreeMap;

use super::SECTOR;
use crate::image::ImageError;

const SECTOR_BYTES: usize = SECTOR as usize;
const DESCRIPTOR_SECTOR: usize = 16;
const LITTLE_TABLE_SECTOR: usize = 18;
const BIG_TABLE_SECTOR: usize = 19;
const ROOT_SECTOR: usize = 20;
/// Of a record: all but the name and what is for Rock Ridge.
const RECORD_HEAD: usize = 33;
/// The longest name that fits into one record beside the rest.
const MAX_NAME_BYTES: usize = 128;
/// ECMA-119 8.4.7.
const MAX_VOLUME_ID_BYTES: usize = 32;
/// The first of January 1980: nothing from a clock reaches the volume.
const DATE: [u8; 7] = [80, 1, 1, 0, 0, 0, 0];
/// A folder that all may look into, and files that root alone may read: a payload has secrets in it.
const DIRECTORY_MODE: u32 = 0o040_555;
const FILE_MODE: u32 = 0o100_400;

/// The volume called `volume_id` with these files at its root, by their names: as `cidata`, a seed for cloud-init.
///
/// Refuses names that are no file names, and files of 4 GiB and more.
pub fn seed(volume_id: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ImageError> {
    if volume_id.is_empty() || volume_id.len() > MAX_VOLUME_ID_BYTES || !volume_id.is_ascii() {
        return Err(ImageError::Seed(format!("`{}` is not the name of a volume", volume_id.escape_debug())));
    }
    for (name, bytes) in files {
        let is_name = !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\0']);
        if !is_name || name.len() > MAX_NAME_BYTES {
            return Err(ImageError::Seed(format!("`{}` is not the name of a file", name.escape_debug())));
        }
        if u32::try_from(bytes.len()).is_err() {
            return Err(ImageError::Seed(format!("`{name}` has 4 GiB or more")));
        }
    }
    let names = short_names(files.keys());
    // Long enough, whatever the order: records do not cross sectors.
    let root_length = root(files, &names, &BTreeMap::new(), 0).len();
    let mut next = ROOT_SECTOR + root_length / SECTOR_BYTES;
    let mut places = BTreeMap::new();
    for (name, bytes) in files {
        places.insert(name.as_str(), next);
        next += bytes.len().div_ceil(SECTOR_BYTES);
    }
    let too_large = || ImageError::Seed("the files together take more than a volume can hold".to_owned());
    let sectors = u32::try_from(next).map_err(|_| too_large())?;
    let mut image = vec![0; DESCRIPTOR_SECTOR * SECTOR_BYTES];
    image.extend(sector(&descriptor(volume_id, sectors, root_length)));
    image.extend(sector(b"\xffCD001\x01"));
    for table in
        [path_table(u32::to_le_bytes, u16::to_le_bytes), path_table(u32::to_be_bytes, u16::to_be_bytes)]
    {
        image.extend(sector(&table));
    }
    image.extend(root(files, &names, &places, root_length));
    for bytes in files.values() {
        image.extend_from_slice(bytes);
        image.resize(image.len().next_multiple_of(SECTOR_BYTES), 0);
    }
    Ok(image)
}

/// Names of eight letters for readers that know no others (ECMA-119 7.5), in their order, with the real ones.
fn short_names<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, &'a str> {
    let mut short = BTreeMap::new();
    for name in names {
        let plain = |letter: char| match letter.to_ascii_uppercase() {
            letter @ ('A'..='Z' | '0'..='9') => letter,
            _ => '_',
        };
        let stem: String = name.chars().map(plain).take(8).collect();
        let mut candidate = stem.clone();
        let mut number = 0_usize;
        while short.contains_key(&candidate) {
            number += 1;
            let digits = number.to_string();
            let kept: String = stem.chars().take(8_usize.saturating_sub(digits.len())).collect();
            candidate = kept + &digits;
        }
        short.insert(candidate, name.as_str());
    }
    short
}

/// The root directory, in whole sectors.
fn root(
    files: &BTreeMap<String, Vec<u8>>,
    names: &BTreeMap<String, &str>,
    places: &BTreeMap<&str, usize>,
    root_length: usize,
) -> Vec<u8> {
    // Rock Ridge is in use, without bytes to skip (SUSP 1.12, 5.3), and by which rules (5.5).
    let mut used = b"SP\x07\x01\xbe\xef\x00".to_vec();
    used.extend(posix(DIRECTORY_MODE));
    used.extend(b"ER\x12\x01\x0a\x00\x00\x01RRIP_1991A");
    let above = posix(DIRECTORY_MODE);
    let mut records = vec![
        record(ROOT_SECTOR, root_length, 2, &[0], &used),
        record(ROOT_SECTOR, root_length, 2, &[1], &above),
    ];
    for (short, name) in names {
        let length = files.get(*name).map_or(0, Vec::len);
        let mut rock_ridge = posix(FILE_MODE);
        rock_ridge.extend([b'N', b'M', low_byte(5 + name.len()), 1, 0]);
        rock_ridge.extend_from_slice(name.as_bytes());
        // An empty file lies nowhere.
        let place = if length == 0 { 0 } else { places.get(name).copied().unwrap_or_default() };
        records.push(record(place, length, 0, format!("{short}.;1").as_bytes(), &rock_ridge));
    }
    let mut directory = Vec::new();
    for record in records {
        if directory.len() % SECTOR_BYTES + record.len() > SECTOR_BYTES {
            directory.resize(directory.len().next_multiple_of(SECTOR_BYTES), 0);
        }
        directory.extend(record);
    }
    sector(&directory)
}

/// RRIP 4.1.1: mode, links, and owner.
fn posix(mode: u32) -> Vec<u8> {
    let links = if mode == DIRECTORY_MODE { 2 } else { 1 };
    let mut field = b"PX\x24\x01".to_vec();
    for value in [mode, links, 0, 0] {
        field.extend(both32(value));
    }
    field
}

fn record(place: usize, length: usize, flags: u8, name: &[u8], system_use: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0];
    record.extend(both32(low_word(place)));
    record.extend(both32(low_word(length)));
    record.extend(DATE);
    record.extend([flags, 0, 0]);
    record.extend(both16(1));
    record.push(low_byte(name.len()));
    record.extend_from_slice(name);
    if (RECORD_HEAD + name.len()) % 2 == 1 {
        record.push(0);
    }
    record.extend_from_slice(system_use);
    record.resize(record.len().next_multiple_of(2), 0);
    let length = low_byte(record.len());
    if let Some(first) = record.first_mut() {
        *first = length;
    }
    record
}

/// ECMA-119 8.4.
fn descriptor(volume_id: &str, sectors: u32, root_length: usize) -> Vec<u8> {
    let table = low_word(path_table(u32::to_le_bytes, u16::to_le_bytes).len());
    let mut bytes = b"\x01CD001\x01\0".to_vec();
    bytes.extend([b' '; 32]);
    bytes.extend(format!("{volume_id:32}").into_bytes());
    bytes.extend([0; 8]);
    bytes.extend(both32(sectors));
    bytes.extend([0; 32]);
    for value in [1, 1, SECTOR as u16] {
        bytes.extend(both16(value));
    }
    bytes.extend(both32(table));
    bytes.extend(low_word(LITTLE_TABLE_SECTOR).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(low_word(BIG_TABLE_SECTOR).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(record(ROOT_SECTOR, root_length, 2, &[0], &[]));
    // Whose volume it is, and who made it, is not told.
    bytes.resize(813, b' ');
    for _ in 0..4 {
        bytes.extend(b"0000000000000000\0");
    }
    bytes.push(1);
    bytes
}

/// The root is the only directory (ECMA-119 9.4).
fn path_table(word: fn(u32) -> [u8; 4], half: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut table = vec![1, 0];
    table.extend(word(low_word(ROOT_SECTOR)));
    table.extend(half(1));
    table.extend([0, 0]);
    table
}

fn sector(bytes: &[u8]) -> Vec<u8> {
    let mut sector = bytes.to_vec();
    sector.resize(sector.len().next_multiple_of(SECTOR_BYTES), 0);
    sector
}

/// ECMA-119 7.3.3: both ways round.
fn both32(value: u32) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

fn both16(value: u16) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

/// What was checked to fit.
fn low_word(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn low_byte(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use super::MAX_NAME_BYTES;
    use super::seed;
    use crate::image::iso9660::Volume;
    use crate::image::iso9660::read_at;

    fn files(named: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
        named.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
    }

    /// What the reader finds in it.
    fn read(image: &[u8]) -> (String, BTreeMap<String, Vec<u8>>) {
        let mut image = Cursor::new(image);
        let volume = Volume::read(&mut image).unwrap();
        let mut found = BTreeMap::new();
        for (name, ranges) in volume.ranges().unwrap() {
            let mut bytes = Vec::new();
            for range in ranges {
                let mut part = vec![0; range.size()];
                read_at(&mut image, range.offset, &mut part).unwrap();
                bytes.extend(part);
            }
            found.insert(name, bytes);
        }
        (volume.id, found)
    }

    #[test]
    fn what_is_put_in_is_what_is_found() {
        let long = "n".repeat(MAX_NAME_BYTES);
        let many: Vec<(String, Vec<u8>)> =
            (0..200).map(|n| (format!("vendor-data-{n}"), vec![n as u8; n * 100])).collect();
        for wanted in [
            files(&[]),
            files(&[("user-data", b"#cloud-config\n"), ("meta-data", b""), ("network-config", &[7; 4096])]),
            files(&[("user-data", b"a"), ("user-date", b"b"), (&long, b"c"), ("\u{e9}.d", b"d")]),
            many.into_iter().collect(),
        ] {
            let image = seed("cidata", &wanted).unwrap();
            assert_eq!(read(&image), ("cidata".to_owned(), wanted.clone()));
            assert_eq!(image, seed("cidata", &wanted).unwrap());
            assert_eq!(image.len() % 2048, 0);
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        let long = "n".repeat(MAX_NAME_BYTES + 1);
        for name in ["", ".", "..", "a/b", "a\0", &long] {
            assert!(seed("cidata", &files(&[(name, b"")])).is_err(), "{name:?} was accepted");
        }
        for id in ["", "\u{e9}", &"i".repeat(33)] {
            assert!(seed(id, &files(&[])).is_err(), "{id:?} was accepted");
        }
    }
}
