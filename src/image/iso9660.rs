//! As much of ISO 9660 as finding files takes: the primary volume descriptor and its directories.
//!
//! ECMA-119. Names are compared without case, and both `KARGS.JSO` and `KARGS.JSON` are found for
//! `kargs.json`: coreos-installer's own images have 8.3 names, remastered ones often long ones.

mod walk;

use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use super::ImageError;

const SECTOR: u64 = 2048;
/// A directory larger than this is no directory of a live image.
const MAX_DIRECTORY: u32 = 1 << 20;
/// Deeper paths than any live image has.
const MAX_DEPTH: usize = 8;

/// A volume that was found sound at its beginning and its end.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) id: String,
    /// Length of the whole file in bytes.
    pub(super) length: u64,
    root: Entry,
}

/// A file or directory: where its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In bytes from the beginning of the image.
    pub(super) offset: u64,
    /// In bytes.
    pub(super) length: u32,
    directory: bool,
}

impl Volume {
    pub(super) fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let length = image.seek(SeekFrom::End(0))?;
        let mut descriptor = [0_u8; SECTOR as usize];
        if length < 17 * SECTOR {
            return Err(ImageError::NotALiveImage("it is too short for an ISO 9660 image".into()));
        }
        read_at(image, 16 * SECTOR, &mut descriptor)?;
        if descriptor.get(..6) != Some(&b"\x01CD001"[..]) {
            return Err(ImageError::NotALiveImage("it has no ISO 9660 volume descriptor".into()));
        }
        let expected = u64::from(le32(&descriptor, 80)) * SECTOR;
        if length < expected {
            return Err(ImageError::Truncated { found: length, expected });
        }
        let id = String::from_utf8_lossy(descriptor.get(40..72).unwrap_or_default()).trim_end().to_owned();
        let root = record(descriptor.get(156..190).unwrap_or_default(), length)
            .ok_or_else(|| ImageError::Damaged("its root directory lies outside of it".into()))?
            .1;
        Ok(Self { id, length, root })
    }

    /// Finds the file at `path`, as in `coreos/kargs.json`.
    pub(super) fn find<R: Read + Seek>(
        &self,
        image: &mut R,
        path: &str,
    ) -> Result<Option<Entry>, ImageError> {
        let mut entry = self.root;
        for (depth, name) in path.split('/').filter(|part| !part.is_empty()).enumerate() {
            if !entry.directory || depth >= MAX_DEPTH {
                return Ok(None);
            }
            match self.lookup(image, entry, name)? {
                Some(found) => entry = found,
                None => return Ok(None),
            }
        }
        Ok((!entry.directory).then_some(entry))
    }

    fn lookup<R: Read + Seek>(
        &self,
        image: &mut R,
        directory: Entry,
        name: &str,
    ) -> Result<Option<Entry>, ImageError> {
        if directory.length > MAX_DIRECTORY {
            return Err(ImageError::Damaged(format!("a directory of {} bytes", directory.length)));
        }
        let mut bytes = vec![0; directory.length as usize];
        read_at(image, directory.offset, &mut bytes)?;
        // Records do not cross sectors; the rest of a sector is zero.
        for sector in bytes.chunks(SECTOR as usize) {
            let mut rest = sector;
            while let Some((&length, _)) = rest.split_first() {
                let Some((one, more)) = rest.split_at_checked(usize::from(length)).filter(|_| length > 33)
                else {
                    break;
                };
                if let Some((found, entry)) = record(one, self.length)
                    && same_name(&found, name)
                {
                    return Ok(Some(entry));
                }
                rest = more;
            }
        }
        Ok(None)
    }
}

/// One directory record: name and place, if the place lies in the image.
fn record(bytes: &[u8], image_length: u64) -> Option<(String, Entry)> {
    let offset = u64::from(le32(bytes, 2)) * SECTOR;
    let length = le32(bytes, 10);
    let directory = bytes.get(25)? & 2 != 0;
    let name = bytes.get(33..33 + usize::from(*bytes.get(32)?))?;
    let end = offset.checked_add(u64::from(length))?;
    (end <= image_length)
        .then(|| (String::from_utf8_lossy(name).into_owned(), Entry { offset, length, directory }))
}

/// `KARGS.JSO;1` and `kargs.json;1` are both `kargs.json`.
fn same_name(found: &str, wanted: &str) -> bool {
    let found = found.split(';').next().unwrap_or_default().trim_end_matches('.');
    if found.eq_ignore_ascii_case(wanted) {
        return true;
    }
    let short = |name: &str| {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let clip = |text: &str, most| text.chars().take(most).collect::<String>().to_ascii_uppercase();
        (clip(stem, 8), clip(extension, 3))
    };
    let (stem, extension) = found.rsplit_once('.').unwrap_or((found, ""));
    (stem.to_ascii_uppercase(), extension.to_ascii_uppercase()) == short(wanted)
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
