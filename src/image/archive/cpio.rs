//! `newc` archives, read as the kernel does (Documentation/driver-api/early-userspace/buffer-format.rst), and
//! refused where it would do something else than make a file.

use std::collections::BTreeMap;

/// The length of a header in bytes.
pub(in crate::image) const HEADER: usize = 110;
/// The kernel's PATH_MAX, with the NUL at the end.
const MAX_PATH: usize = 4096;
/// The kernel's NAME_MAX.
const MAX_NAME: usize = 255;
/// All archives together.
const MAX_FILES: usize = 65_536;

/// Files by path, without a leading slash.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Reads the archive that `bytes` begins with into `files`, and says how many bytes it took.
pub(super) fn read(bytes: &[u8], files: &mut Files) -> Result<usize, String> {
    let mut at = 0;
    loop {
        let entry = Entry::read(bytes, at)?;
        at = entry.end.min(bytes.len());
        if entry.name == "TRAILER!!!" {
            return Ok(at);
        }
        let shown = entry.name.escape_debug();
        let path = inside(entry.name).ok_or_else(|| format!("`{shown}` leads out of the archive"))?;
        match entry.mode & 0o170_000 {
            // The root itself has no name.
            0o040_000 => continue,
            0o100_000 if entry.links > 1 && entry.contents.is_empty() => {
                return Err(format!("`{shown}` is another name of a file, and not a file of its own"));
            }
            0o100_000 if !path.is_empty() => {}
            0o120_000 => return Err(format!("`{shown}` is a symbolic link, and not a file")),
            _ => return Err(format!("`{shown}` is neither a file nor a directory")),
        }
        if path.split('/').any(|part| part.len() > MAX_NAME) {
            return Err(format!("`{shown}` has a part of more than {MAX_NAME} bytes"));
        }
        // The last one counts.
        files.insert(path, entry.contents.to_vec());
        if files.len() > MAX_FILES {
            return Err(format!("it has more than {MAX_FILES} files"));
        }
    }
}

/// Refuses a file in a file: only one of them can be there.
pub(super) fn consistent(files: &Files) -> Result<(), String> {
    for path in files.keys() {
        let mut above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        if let Some(above) = above.find(|above| files.contains_key(*above)) {
            let (path, above) = (path.escape_debug(), above.escape_debug());
            return Err(format!("`{path}` is in `{above}`, which is a file"));
        }
    }
    Ok(())
}

/// What stands before each file.
pub(in crate::image) struct Header {
    pub(in crate::image) mode: u32,
    pub(super) links: u32,
    /// Of the contents, in bytes.
    pub(in crate::image) size: u32,
    /// With the NUL at its end.
    pub(in crate::image) name_size: u32,
    /// Of all bytes, where the format has sums.
    pub(super) sum: Option<u32>,
}

/// Why something is no header.
#[derive(Clone, Copy, Debug)]
pub(in crate::image) enum HeaderFault {
    Missing,
    NotHexadecimal,
}

impl Header {
    /// Reads the first bytes of `bytes`.
    pub(in crate::image) fn read(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let with_sum = match bytes.get(..6) {
            Some(b"070701") => false,
            Some(b"070702") => true,
            _ => return Err(HeaderFault::Missing),
        };
        let field = |index: usize| {
            let digits = bytes.get(6 + index * 8..14 + index * 8).unwrap_or_default();
            let digits =
                std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
            let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            value.ok_or(HeaderFault::NotHexadecimal)
        };
        let sum = field(12)?;
        Ok(Self {
            mode: field(1)?,
            links: field(4)?,
            size: field(6)?,
            name_size: field(11)?,
            sum: with_sum.then_some(sum),
        })
    }
}

struct Entry<'a> {
    mode: u32,
    links: u32,
    name: &'a str,
    contents: &'a [u8],
    /// Where the next one begins.
    end: usize,
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Result<Self, String> {
        let rest = bytes.get(at..).unwrap_or_default();
        let (header, rest) =
            rest.split_at_checked(HEADER).ok_or_else(|| format!("it breaks off at byte {}", bytes.len()))?;
        let header = Header::read(header).map_err(|fault| match fault {
            HeaderFault::Missing => format!("at byte {at} of it there is no header"),
            HeaderFault::NotHexadecimal => format!("the header at byte {at} of it is not hexadecimal"),
        })?;
        let Header { mode, links, sum, .. } = header;
        let (size, name_size) = (header.size as usize, header.name_size as usize);
        if !(2..=MAX_PATH).contains(&name_size) {
            return Err(format!("the header at byte {at} of it has a name of {name_size} bytes"));
        }
        let name = rest.get(..name_size).ok_or_else(|| format!("the name at byte {at} of it breaks off"))?;
        // dracut-cpio fills up a name with more than one NUL, so that contents are aligned.
        let length = name.iter().position(|byte| *byte == 0).unwrap_or(name_size);
        let (name, filling) = name.split_at(length);
        let name = std::str::from_utf8(name).ok().filter(|_| !filling.is_empty());
        let name = name.filter(|name| !name.is_empty() && filling.iter().all(|byte| *byte == 0));
        let name = name.ok_or_else(|| format!("the name at byte {at} of it is not one line of UTF-8"))?;
        let begin = aligned(at + HEADER + name_size);
        let contents = bytes.get(begin..).and_then(|rest| rest.get(..size));
        let contents = contents.ok_or_else(|| {
            let there = bytes.len().saturating_sub(begin);
            format!("`{}` breaks off: {there} of {size} bytes are there", name.escape_debug())
        })?;
        let found = contents.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        if sum.is_some_and(|sum| sum != found) && mode & 0o170_000 == 0o100_000 {
            return Err(format!("`{}` is not what its sum says", name.escape_debug()));
        }
        Ok(Self { mode, links, name, contents, end: aligned(begin + size) })
    }
}

/// The path without what changes nothing in it, if it stays in the archive.
pub(in crate::image) fn inside(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}

pub(super) fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}
