//! Directory records (ECMA-119 9.1), with the names that Rock Ridge gives.

use super::Area;
use super::SECTOR;
use super::damaged;
use super::le32;
use crate::image::ImageError;

/// A record without its name.
const RECORD_HEAD: usize = 33;

/// One directory record.
pub(super) struct Record<'a> {
    sector: u32,
    length: u32,
    flags: u8,
    name: &'a [u8],
    /// What is for Rock Ridge and the like.
    system_use: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at `at`, which has room for its head.
    pub(super) fn of(bytes: &'a [u8], at: usize) -> Self {
        let byte = |index: usize| bytes.get(at + index).copied().unwrap_or_default();
        let length = usize::from(byte(32));
        let name = at + RECORD_HEAD..at + RECORD_HEAD + length;
        // ECMA-119 9.1.12: it begins at an even place.
        let after_name = at + (RECORD_HEAD + length).next_multiple_of(2);
        let end = at + usize::from(byte(0));
        Self {
            sector: le32(bytes, at + 2),
            length: le32(bytes, at + 10),
            flags: byte(25),
            name: bytes.get(name).unwrap_or_default(),
            system_use: bytes.get(after_name..end).unwrap_or_default(),
        }
    }

    pub(super) fn place(&self) -> Area {
        Area { offset: u64::from(self.sector) * SECTOR, length: u64::from(self.length) }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & 2 != 0
    }

    /// True if the next record is of another part of the same file (ECMA-119 9.1.6, bit 7).
    pub(super) fn goes_on(&self) -> bool {
        self.flags & 0x80 != 0
    }

    /// Lower case, without version.
    pub(super) fn name(&self) -> String {
        let name = String::from_utf8_lossy(self.name).to_ascii_lowercase();
        name.split(';').next().unwrap_or_default().trim_end_matches('.').to_owned()
    }

    /// The name that Rock Ridge gives (RRIP 1.12, 4.1.4), if all of it is in this record.
    pub(super) fn long_name(&self) -> Option<String> {
        let (mut name, mut fields) = (Vec::new(), self.system_use);
        while let [kind, variant, length, _, ..] = fields {
            let (field, rest) = fields.split_at_checked(usize::from(*length).max(4))?;
            if (kind, variant) == (&b'N', &b'M') {
                let (flags, part) = field.get(4..)?.split_first()?;
                name.extend_from_slice(part);
                match flags {
                    0 => {
                        let name = String::from_utf8(name).ok()?;
                        return Some(name).filter(|name| !name.is_empty() && !name.contains(['/', '\0']));
                    }
                    // It goes on.
                    1 => {}
                    // The directory itself and the one above it.
                    _ => return None,
                }
            }
            fields = rest;
        }
        None
    }
}

/// The records of a directory, without those of itself and the one above it.
pub(super) fn records<'a>(
    bytes: &'a [u8],
    place: Area,
    above: u64,
    what: &str,
) -> Result<Vec<Record<'a>>, ImageError> {
    let mut records = Vec::new();
    // Records do not cross sectors; the rest of a sector is zero.
    for sector in bytes.chunks(SECTOR as usize) {
        let mut at = 0;
        while let Some(length) = sector.get(at).map(|byte| usize::from(*byte)).filter(|length| *length > 0) {
            let one = sector.get(at..at + length).filter(|one| one.len() > RECORD_HEAD);
            let fits = |one: &&[u8]| one.len() >= RECORD_HEAD + usize::from(one.get(32).map_or(0, |n| *n));
            let one = one.filter(fits).ok_or_else(|| damaged(format!("a record in {what} is cut off")))?;
            records.push(Record::of(one, 0));
            at += length;
        }
    }
    // ECMA-119 6.8.2.2: a directory begins with itself and the one above it. xorriso gives both of the root the
    // same name.
    let at = |index: usize| {
        let record = records.get(index).filter(|record| matches!(record.name, [0 | 1]));
        record.map(|record| record.place().offset)
    };
    let again = records.iter().skip(2).any(|record| matches!(record.name, [0 | 1]));
    if at(0) != Some(place.offset) || at(1) != Some(above) || again {
        return Err(damaged(format!("there is something else at the place of {what}")));
    }
    records.retain(|record| !matches!(record.name, [] | [0 | 1]));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::Record;

    /// A record with this name and this for Rock Ridge.
    fn record(name: &[u8], system_use: &[u8]) -> Vec<u8> {
        let mut record = vec![0; 33];
        record.extend_from_slice(name);
        record.resize(record.len().next_multiple_of(2), 0);
        record.extend_from_slice(system_use);
        record[32] = name.len() as u8;
        record[0] = record.len() as u8;
        record
    }

    #[test]
    fn names_are_those_that_people_gave() {
        for (name, system_use, short, long) in [
            (&b"KARGS.JSO;1"[..], &b""[..], "kargs.jso", None),
            (b"KARGS.JSO;1", b"NM\x0f\x01\x00kargs.json", "kargs.jso", Some("kargs.json")),
            (b"VMLINUZ.;1", b"PX\x05\x01xNM\x0c\x01\x00VMLINUZ", "vmlinuz", Some("VMLINUZ")),
            (b"ABC", b"NM\x07\x01\x01abNM\x06\x01\x00c", "abc", Some("abc")),
            (b"KERNEL", b"", "kernel", None),
            (b"A", b"NM\x05\x01\x02", "a", None),
            (b"A", b"NM\x08\x01\x00a/b", "a", None),
            (b"A", b"NM\x05\x01\x00", "a", None),
        ] {
            let bytes = record(name, system_use);
            let record = Record::of(&bytes, 0);
            assert_eq!((record.name().as_str(), record.long_name().as_deref()), (short, long), "{name:?}");
        }
    }

    #[test]
    fn a_long_name_that_is_broken_is_none() {
        for broken in
            [&b"NM\x07\x01\x01ab"[..], b"NM\xff\x01\x00a", b"NM\x04\x01", b"NM", b"NM\x00\x01\x00a", b"PX"]
        {
            assert_eq!(Record::of(&record(b"A", broken), 0).long_name(), None, "{broken:?}");
        }
    }
}
