//! As much of ISO 9660 as finding files takes: the primary volume descriptor and its directories; and volumes of a
//! few files (`write.rs`).
//!
//! ECMA-119. Names are compared without case, and both `KARGS.JSO` and `KARGS.JSON` are found for
//! `kargs.json`: coreos-installer's own images have 8.3 names, remastered ones often long ones. The names
//! of Rock Ridge are for people; files are found by those that coreos-installer finds them by.

mod record;
mod resize;
mod write;

pub(super) use resize::as_in_record;
pub(super) use resize::places_of_length;
pub use write::seed;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use super::Area;
use super::ImageError;
use record::Record;
use record::records;

const SECTOR: u64 = 2048;
/// The volume descriptors begin after the system area.
const FIRST_DESCRIPTOR: u64 = 16;
/// More volume descriptors than any image has.
const MAX_DESCRIPTORS: u64 = 64;
/// All directories together; a live image has some 30 KiB of them.
const MAX_DIRECTORIES_BYTES: u64 = 16 << 20;
/// ECMA-119 allows 8; Rock Ridge and careless tools go deeper.
const MAX_DEPTH: usize = 32;

/// A volume that was found sound: its descriptor, and all of its directories.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) id: String,
    /// Length of the whole file in bytes.
    pub(super) length: u64,
    /// In the order of the directories.
    files: Vec<Entry>,
    /// Where descriptors and directories are.
    structure: Vec<(Area, String)>,
}

/// A file: what it is called, and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// As in `coreos/kargs.jso`: lower case, without version.
    pub(super) path: String,
    /// As in `coreos/kargs.json`: the name that Rock Ridge gives, if it does.
    pub(super) long_path: String,
    /// In bytes from the beginning of the image.
    pub(super) offset: u64,
    /// In bytes.
    pub(super) length: u64,
    /// True if this is only the first of several parts (ECMA-119 9.1.6, bit 7).
    in_parts: bool,
}

impl Entry {
    pub(super) fn area(&self) -> Area {
        Area { offset: self.offset, length: self.length }
    }
}

impl Volume {
    /// Reads the descriptor and all directories. What files hold is not looked at, nor whether it is there.
    pub(super) fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let length = image.seek(SeekFrom::End(0))?;
        let (descriptor, first_free) = primary_descriptor(image, length)?;
        let block = u64::from(le32(&descriptor, 128) & 0xffff);
        if block != SECTOR {
            return Err(damaged(format!("its volume descriptor says that sectors have {block} bytes")));
        }
        let sectors = u64::from(le32(&descriptor, 80));
        if sectors <= first_free {
            return Err(damaged(format!("its volume descriptor says that the volume has {sectors} sectors")));
        }
        let expected = sectors * SECTOR;
        if length < expected {
            return Err(ImageError::Truncated { found: length, expected });
        }
        let id = String::from_utf8_lossy(descriptor.get(40..72).unwrap_or_default()).trim_end().to_owned();
        let reserved = Area { offset: 0, length: first_free * SECTOR };
        let structure = vec![(reserved, "the volume descriptors".to_owned())];
        let mut volume = Self { id, length, files: Vec::new(), structure };
        volume.walk(image, Record::of(&descriptor, 156).place())?;
        Ok(volume)
    }

    /// Finds the file at `path`, as in `coreos/kargs.json`, if all of it lies in the image.
    pub(super) fn find(&self, path: &str) -> Result<Option<&Entry>, ImageError> {
        let wanted: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let called = |same: fn(&str, &str) -> bool| {
            self.files.iter().find(|entry| {
                let found: Vec<&str> = entry.path.split('/').collect();
                found.len() == wanted.len()
                    && found.iter().zip(&wanted).all(|(found, wanted)| same(found, wanted))
            })
        };
        let Some(entry) = called(str::eq_ignore_ascii_case).or_else(|| called(is_cut_off)) else {
            return Ok(None);
        };
        if entry.in_parts {
            return Err(damaged(format!("`{}` is in several parts", path.escape_debug())));
        }
        if entry.offset + entry.length > self.length {
            return Err(damaged(format!(
                "`{}` has {} bytes at {}, and the image ends at {}",
                path.escape_debug(),
                entry.length,
                entry.offset,
                self.length
            )));
        }
        Ok(Some(entry))
    }

    /// All files.
    pub(super) fn files(&self) -> &[Entry] {
        &self.files
    }

    /// The ranges of each file, by the names that are for people.
    pub(super) fn ranges(&self) -> Result<BTreeMap<String, Vec<Area>>, ImageError> {
        let mut files: BTreeMap<String, Vec<Area>> = BTreeMap::new();
        let mut goes_on = false;
        for entry in &self.files {
            let shown = entry.long_path.escape_debug();
            if entry.length > 0 && entry.area().end() > self.length {
                return Err(damaged(format!("`{shown}` lies outside of it")));
            }
            let ranges = files.entry(entry.long_path.clone()).or_default();
            if !goes_on {
                ranges.clear();
            }
            ranges.extend((entry.length > 0).then(|| entry.area()));
            goes_on = entry.in_parts;
        }
        Ok(files)
    }

    /// What else has some of the bytes of a file, but for other names of it.
    pub(super) fn also_in(&self, area: Area) -> Option<String> {
        let structure = self.structure.iter().find(|(other, _)| other.meets(area));
        let file = || {
            let other = |entry: &&Entry| entry.area() != area && entry.area().meets(area);
            self.files.iter().find(other).map(|entry| format!("`{}`", entry.long_path.escape_debug()))
        };
        structure.map(|(_, what)| what.clone()).or_else(file)
    }

    /// Reads the directories from the root on. No place is read twice, so that a loop ends.
    fn walk<R: Read + Seek>(&mut self, image: &mut R, root: Area) -> Result<(), ImageError> {
        let mut room = MAX_DIRECTORIES_BYTES;
        let mut seen = BTreeSet::new();
        let mut open = vec![([String::new(), String::new()], root, root.offset, 0)];
        while let Some(([path, long_path], place, above, depth)) = open.pop() {
            let what = match long_path.as_str() {
                "" => "the root directory".to_owned(),
                path => format!("the directory `{}`", path.escape_debug()),
            };
            if !seen.insert(place.offset) {
                return Err(damaged(format!("{what} is at the place of another one")));
            }
            room = room.checked_sub(place.length).ok_or_else(|| {
                damaged(format!("{what} has {} bytes, more than there can be", place.length))
            })?;
            if place.length == 0 || place.end() > self.length {
                let (length, offset) = (place.length, place.offset);
                return Err(damaged(format!("{what} has {length} bytes at {offset}, which is not in it")));
            }
            let mut bytes = vec![0; place.size()];
            read_at(image, place.offset, &mut bytes)?;
            for record in records(&bytes, place, above, &what)? {
                let join =
                    |path: &str, name: String| if path.is_empty() { name } else { format!("{path}/{name}") };
                let name = record.name();
                let long = join(&long_path, record.long_name().unwrap_or_else(|| name.clone()));
                let (path, Area { offset, length }) = (join(&path, name), record.place());
                if !record.is_directory() {
                    let in_parts = record.goes_on();
                    self.files.push(Entry { path, long_path: long, offset, length, in_parts });
                } else if depth < MAX_DEPTH {
                    open.push(([path, long], record.place(), place.offset, depth + 1));
                }
            }
            self.structure.push((place, what));
        }
        Ok(())
    }
}

/// The first primary volume descriptor, and the first sector after all of them.
fn primary_descriptor<R: Read + Seek>(image: &mut R, length: u64) -> Result<(Vec<u8>, u64), ImageError> {
    let mut primary = None;
    for sector in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MAX_DESCRIPTORS {
        if length < (sector + 1) * SECTOR {
            return Err(ImageError::NotALiveImage("it is too short for an ISO 9660 image".into()));
        }
        let mut descriptor = vec![0; SECTOR as usize];
        read_at(image, sector * SECTOR, &mut descriptor)?;
        match descriptor.split_first() {
            Some((kind, rest)) if rest.starts_with(b"CD001") => match kind {
                1 if primary.is_none() => primary = Some(descriptor),
                255 => return primary.map(|found| (found, sector + 1)).ok_or_else(no_descriptor),
                _ => (),
            },
            _ if primary.is_some() => {
                return Err(damaged(format!("its volume descriptors do not end before sector {sector}")));
            }
            _ => return Err(no_descriptor()),
        }
    }
    Err(damaged("its volume descriptors do not end".to_owned()))
}

fn no_descriptor() -> ImageError {
    ImageError::NotALiveImage("it has no ISO 9660 volume descriptor".into())
}

/// True if `found` is `wanted` cut to 8.3, as `kargs.jso` is `kargs.json`.
fn is_cut_off(found: &str, wanted: &str) -> bool {
    let split = |name: &str| {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        (stem.to_ascii_lowercase(), extension.to_ascii_lowercase())
    };
    let clip = |(stem, extension): (String, String)| {
        let clip = |text: &str, most| text.chars().take(most).collect::<String>();
        (clip(&stem, 8), clip(&extension, 3))
    };
    split(found) == clip(split(wanted))
}

fn damaged(why: String) -> ImageError {
    ImageError::Damaged(why)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Reads exactly `buffer` at `offset`.
pub(super) fn read_at<R: Read + Seek>(
    image: &mut R,
    offset: u64,
    buffer: &mut [u8],
) -> Result<(), ImageError> {
    image.seek(SeekFrom::Start(offset))?;
    image.read_exact(buffer)?;
    Ok(())
}
