//! All files of a volume, with the places of their bytes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::io::Seek;

use super::Entry;
use super::MAX_DIRECTORY;
use super::SECTOR;
use super::Volume;
use super::read_at;
use super::record;
use crate::image::Area;
use crate::image::ImageError;

/// No live image has so many.
const MAX_FILES: usize = 65_536;
/// No live image is so deep (ECMA-119 allows 8, and remastering tools a little more).
const MAX_DEPTH: usize = 16;
/// More follows in another record of the same name (ECMA-119, 9.1.6).
const MULTI_EXTENT: u8 = 0x80;

impl Volume {
    /// The files by path, each with the ranges that its bytes are in.
    ///
    /// Names are those of Rock Ridge, and without it those of ISO 9660 in small letters and without version. A
    /// directory is looked into once, so that loops end.
    pub(in crate::image) fn files<R: Read + Seek>(
        &self,
        image: &mut R,
    ) -> Result<BTreeMap<String, Vec<Area>>, ImageError> {
        let mut files: BTreeMap<String, Vec<Area>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut count = 0;
        let mut open = vec![(String::new(), self.root, 0)];
        while let Some((path, directory, depth)) = open.pop() {
            if !seen.insert(directory.offset) {
                continue;
            }
            let mut goes_on = false;
            for one in self.records(image, directory)? {
                let Some(name) = name(&one) else { continue };
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                count += 1;
                if count > MAX_FILES || depth > MAX_DEPTH {
                    return Err(ImageError::Damaged("it has more files than any live image".into()));
                }
                let is_empty = super::le32(&one, 10) == 0;
                let entry = match record(&one, self.length) {
                    Some((_, entry)) => entry,
                    None if is_empty => Entry { offset: 0, length: 0, directory: false },
                    None => return Err(ImageError::Damaged(format!("`{path}` lies outside of it"))),
                };
                if entry.directory {
                    open.push((path, entry, depth + 1));
                    continue;
                }
                let areas = files.entry(path).or_default();
                if !goes_on {
                    areas.clear();
                }
                if !is_empty {
                    areas.push(Area { offset: entry.offset, length: u64::from(entry.length) });
                }
                goes_on = one.get(25).is_some_and(|flags| flags & MULTI_EXTENT != 0);
            }
        }
        Ok(files)
    }

    /// The records of a directory. They do not cross sectors; the rest of a sector is zero.
    fn records<R: Read + Seek>(&self, image: &mut R, directory: Entry) -> Result<Vec<Vec<u8>>, ImageError> {
        if directory.length > MAX_DIRECTORY {
            return Err(ImageError::Damaged(format!("a directory of {} bytes", directory.length)));
        }
        let mut bytes = vec![0; directory.length as usize];
        read_at(image, directory.offset, &mut bytes)?;
        let mut records = Vec::new();
        for sector in bytes.chunks(SECTOR as usize) {
            let mut rest = sector;
            while let Some((&length, _)) = rest.split_first() {
                let Some((one, more)) = rest.split_at_checked(usize::from(length)).filter(|_| length > 33)
                else {
                    break;
                };
                records.push(one.to_vec());
                rest = more;
            }
        }
        Ok(records)
    }
}

/// The name in a record; none for the directory itself and the one above it.
fn name(record: &[u8]) -> Option<String> {
    let length = usize::from(*record.get(32)?);
    let plain = record.get(33..33 + length)?;
    if matches!(plain, [0] | [1]) {
        return None;
    }
    // The system use area begins at an even place (ECMA-119, 9.1.12).
    let long = rock_ridge(record.get(33 + length + (length + 1) % 2..).unwrap_or_default());
    let short = || {
        let text = String::from_utf8_lossy(plain);
        text.split(';').next().unwrap_or_default().trim_end_matches('.').to_lowercase()
    };
    Some(long.unwrap_or_else(short)).filter(|name| !name.is_empty())
}

/// The name that Rock Ridge gives (RRIP 1.12, 4.1.4), if it is whole in this record.
fn rock_ridge(mut fields: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let [kind, variant, length, _, ..] = fields {
        let (field, rest) = fields.split_at_checked(usize::from(*length).max(4))?;
        if (kind, variant) == (&b'N', &b'M') {
            let flags = *field.get(4)?;
            name.extend_from_slice(field.get(5..)?);
            // No flags: the name ends here. 1: it goes on. The others name special directories.
            match flags {
                0 => return Some(String::from_utf8_lossy(&name).into_owned()),
                1 => {}
                _ => return None,
            }
        }
        fields = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::name;
    use super::rock_ridge;

    #[test]
    fn names_are_those_that_people_gave() {
        let record = |plain: &[u8], system_use: &[u8]| {
            let mut record = vec![0; 32];
            record.push(plain.len() as u8);
            record.extend_from_slice(plain);
            if plain.len().is_multiple_of(2) {
                record.push(0);
            }
            record.extend_from_slice(system_use);
            record
        };
        for (plain, system_use, expected) in [
            (&b"KARGS.JSO;1"[..], &b""[..], Some("kargs.jso")),
            (b"KARGS.JSO;1", b"NM\x0f\x01\x00kargs.json", Some("kargs.json")),
            (b"VMLINUZ.;1", b"PX\x05\x01xNM\x0c\x01\x00VMLINUZ", Some("VMLINUZ")),
            (b"KERNEL", b"", Some("kernel")),
            (b"\0", b"NM\x05\x01\x02", None),
            (b"\x01", b"", None),
            (b"", b"", None),
        ] {
            assert_eq!(name(&record(plain, system_use)).as_deref(), expected, "{plain:?}");
        }
    }

    #[test]
    fn a_name_in_parts_is_joined_and_a_broken_one_is_none() {
        assert_eq!(rock_ridge(b"NM\x07\x01\x01abNM\x06\x01\x00c").as_deref(), Some("abc"));
        for broken in
            [&b"NM\x07\x01\x01ab"[..], b"NM\xff\x01\x00a", b"NM\x04\x01", b"NM", b"NM\x00\x01\x00a", b""]
        {
            assert_eq!(rock_ridge(broken), None, "{broken:?}");
        }
    }
}
