//! `newc` archives read forward: names are looked at, and only a few contents are kept.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::io::Read as _;

use super::stream::Forward;
use crate::image::Archive;
use crate::image::ImageError;
use crate::image::archive::cpio::HEADER;
use crate::image::archive::cpio::Header;
use crate::image::archive::cpio::HeaderFault;
use crate::image::archive::cpio::inside;
use crate::image::archive::member::Compression;

/// The kernel's PATH_MAX.
const MAX_NAME: u32 = 4096;

/// What is kept of an initrd, and how much may still be unpacked.
pub(super) struct Kept {
    /// Files that say what it is.
    pub(super) marks: BTreeMap<String, Vec<u8>>,
    /// What was appended to it.
    pub(super) embedded: Archive,
    /// How many files there were.
    pub(super) files: u64,
    wanted_marks: BTreeSet<String>,
    wanted: Vec<String>,
    room: u64,
    unpacked_room: u64,
}

impl Kept {
    pub(super) fn new(marks: &[&str], wanted: &[&str], room: u64, unpacked_room: u64) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            marks: BTreeMap::new(),
            embedded: Archive::default(),
            files: 0,
            wanted_marks: owned(marks).into_iter().collect(),
            wanted: owned(wanted),
            room,
            unpacked_room,
        }
    }

    /// Wants another mark and another file.
    pub(super) fn also(&mut self, mark: &str, wanted: &str) {
        self.wanted_marks.insert(mark.to_owned());
        self.wanted.push(wanted.to_owned());
    }

    /// Looks at a file; says how many bytes of it were read.
    fn file(&mut self, path: &str, size: u64, plain: &mut dyn Forward) -> Result<u64, ImageError> {
        self.files += 1;
        let is_wanted = self.wanted.iter().any(|wanted| {
            path == wanted || path.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        let is_mark = self.wanted_marks.contains(path);
        // The large ones among the marks are known by their names.
        let read = if is_wanted { size } else { size.min(super::MAX_FEATURES + 1) };
        if !is_wanted && !is_mark {
            return Ok(0);
        }
        self.room = self.room.checked_sub(read).ok_or_else(|| {
            ImageError::Damaged(format!("more than {} bytes were appended to it", super::MAX_EMBEDDED))
        })?;
        let mut bytes = Vec::new();
        if plain.take(read).read_to_end(&mut bytes)? as u64 != read {
            return Err(breaks_off());
        }
        if is_mark {
            self.marks.insert(path.to_owned(), bytes);
        } else {
            self.embedded.insert(path, bytes);
        }
        Ok(read)
    }

    fn unpack(&mut self, count: u64) -> Result<(), ImageError> {
        self.unpacked_room = self.unpacked_room.checked_sub(count).ok_or_else(|| {
            ImageError::Damaged(format!("it unpacks to more than {} bytes", super::MAX_UNPACKED))
        })?;
        Ok(())
    }
}

/// Reads all archives of a stream; of one that is not compressed only the first, as others follow in the initrd.
pub(super) fn read(
    plain: &mut dyn Forward,
    kept: &mut Kept,
    compression: Compression,
) -> Result<(), ImageError> {
    loop {
        if !one(plain, kept)? || compression == Compression::None {
            return Ok(());
        }
    }
}

/// Reads one archive; false if there was none any more.
fn one(plain: &mut dyn Forward, kept: &mut Kept) -> Result<bool, ImageError> {
    let mut is_first = true;
    loop {
        let mut header = [0; HEADER];
        if is_first {
            match first_byte(plain, kept)? {
                None => return Ok(false),
                Some(byte) => header[0] = byte,
            }
        }
        let begun = usize::from(is_first);
        plain.read_exact(header.get_mut(begun..).unwrap_or_default()).map_err(|cause| {
            match cause.kind() {
                io::ErrorKind::UnexpectedEof => breaks_off(),
                _ => cause.into(),
            }
        })?;
        is_first = false;
        let Header { mode, size, name_size, .. } = Header::read(&header).map_err(|fault| {
            ImageError::Damaged(match fault {
                HeaderFault::Missing => "a header of an archive in it is missing".into(),
                HeaderFault::NotHexadecimal => "a header of an archive in it is not hexadecimal".into(),
            })
        })?;
        if name_size == 0 || name_size > MAX_NAME {
            return Err(ImageError::Damaged(format!("a name of {name_size} bytes in an archive in it")));
        }
        let padded = (HEADER + name_size as usize).next_multiple_of(4) - HEADER;
        let mut name = vec![0; padded];
        plain.read_exact(&mut name).map_err(|_| breaks_off())?;
        // Some write more than one zero after a name.
        let name = name.get(..name_size as usize).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        kept.unpack((HEADER + padded) as u64)?;
        if name == "TRAILER!!!" {
            return Ok(true);
        }
        let stored = u64::from(size).next_multiple_of(4);
        kept.unpack(stored)?;
        let mut read = 0;
        if mode & 0o170_000 == 0o100_000
            && let Some(path) = inside(&name).filter(|path| !path.is_empty())
        {
            read = kept.file(&path, u64::from(size), plain)?;
        }
        plain.skip(stored - read)?;
    }
}

/// The first byte that is not zero.
fn first_byte(plain: &mut dyn Forward, kept: &mut Kept) -> Result<Option<u8>, ImageError> {
    let mut byte = [0];
    loop {
        if plain.read(&mut byte)? == 0 {
            return Ok(None);
        }
        kept.unpack(1)?;
        if byte != [0] {
            return Ok(Some(byte[0]));
        }
    }
}

fn breaks_off() -> ImageError {
    ImageError::Damaged("an archive in it breaks off".into())
}
