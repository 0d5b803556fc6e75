//! Builds small ISO 9660 images (ECMA-119) in memory, and says where in them everything is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub const SECTOR: usize = 2048;
/// The root's record in the primary volume descriptor.
const ROOT_RECORD: usize = 16 * SECTOR + 156;

/// How names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `KARGS.JSO;1`, as genisoimage does.
    Short,
    /// `KARGS.JSON;1`, as xorriso does when it makes an image of another.
    Long,
    /// `kargs.json`, as some tools do if they are asked to.
    AsIs,
}

impl Spelling {
    fn file(self, name: &str) -> String {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let clip = |text: &str, most| text.chars().take(most).collect::<String>().to_uppercase();
        match self {
            // A name may not begin with a dot.
            Self::Short if stem.is_empty() => format!("_{}.;1", clip(extension, 7)),
            Self::Short => format!("{}.{};1", clip(stem, 8), clip(extension, 3)),
            Self::Long => format!("{};1", name.to_uppercase()),
            Self::AsIs => name.to_owned(),
        }
    }

    fn directory(self, name: &str) -> String {
        match self {
            Self::Short | Self::Long => name.to_uppercase(),
            Self::AsIs => name.to_owned(),
        }
    }
}

/// A built image.
#[derive(Clone, Debug)]
pub struct Iso {
    pub bytes: Vec<u8>,
    /// Files by their path in the tree: offset and length.
    pub files: BTreeMap<String, (usize, usize)>,
    /// Where the directory record of each file and directory is; of the root, in the volume descriptor.
    pub records: BTreeMap<String, usize>,
}

/// Builds an image of `tree`, whose files have their paths from the root.
pub fn build(volume_id: &str, tree: &BTreeMap<String, Vec<u8>>, spelling: Spelling) -> Iso {
    let parent = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
    let mut directories = BTreeSet::from([String::new()]);
    for path in tree.keys() {
        directories.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
    }
    // Those above come first, as the path table wants it.
    let mut directories: Vec<String> = directories.into_iter().collect();
    directories.sort_by_key(|path| (path.matches('/').count() + usize::from(!path.is_empty()), path.clone()));
    let children = |directory: &str| {
        let below = |path: &str| !path.is_empty() && parent(path) == directory;
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let inner = directories.iter().filter(|path| below(path));
        let inner = inner.map(|path| (spelling.directory(&name(path)), path.clone(), true));
        let files = tree.keys().filter(|path| below(path));
        let files = files.map(|path| (spelling.file(&name(path)), path.clone(), false));
        inner.chain(files).collect::<BTreeSet<_>>()
    };
    // Volume descriptor, terminator, two path tables, directories, files.
    let mut next = 20;
    let mut place = |length: usize| {
        let sector = next;
        next += length.div_ceil(SECTOR);
        (sector * SECTOR, length)
    };
    let mut places: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in &directories {
        let mut length = 2 * 34;
        for (name, ..) in children(path) {
            let record = record_length(name.len());
            if length % SECTOR + record > SECTOR {
                length = length.next_multiple_of(SECTOR);
            }
            length += record;
        }
        places.insert(path.clone(), place(length.next_multiple_of(SECTOR)));
    }
    let files: BTreeMap<String, (usize, usize)> =
        tree.iter().map(|(path, bytes)| (path.clone(), place(bytes.len()))).collect();
    let mut bytes = vec![0; next * SECTOR];
    let mut records = BTreeMap::from([(String::new(), ROOT_RECORD)]);
    for path in &directories {
        let (mut at, _) = places[path];
        for (name, above) in [(0_u8, path.clone()), (1, parent(path))] {
            let (offset, length) = places[&above];
            at += record(&mut bytes[at..], offset, length, true, &[name]);
        }
        for (name, child, is_directory) in children(path) {
            let (offset, length) = if is_directory { places[&child] } else { files[&child] };
            if at % SECTOR + record_length(name.len()) > SECTOR {
                at = at.next_multiple_of(SECTOR);
            }
            records.insert(child, at);
            at += record(&mut bytes[at..], offset, length, is_directory, name.as_bytes());
        }
    }
    for (path, contents) in tree {
        let (offset, length) = files[path];
        bytes[offset..offset + length].copy_from_slice(contents);
    }
    let table = |big: bool| {
        let mut table = Vec::new();
        for path in &directories {
            let name = match path.as_str() {
                "" => "\0".to_owned(),
                path => spelling.directory(path.rsplit('/').next().unwrap_or_default()),
            };
            let above = directories.iter().position(|other| *other == parent(path)).unwrap_or(0) as u16 + 1;
            let sector = (places[path].0 / SECTOR) as u32;
            table.extend([name.len() as u8, 0]);
            table.extend(if big { sector.to_be_bytes() } else { sector.to_le_bytes() });
            table.extend(if big { above.to_be_bytes() } else { above.to_le_bytes() });
            table.extend_from_slice(name.as_bytes());
            table.resize(table.len().next_multiple_of(2), 0);
        }
        table
    };
    for (sector, big) in [(18, false), (19, true)] {
        let table = table(big);
        bytes[sector * SECTOR..][..table.len()].copy_from_slice(&table);
    }
    let length = table(false).len();
    descriptor(&mut bytes[16 * SECTOR..], volume_id, next, length, places[""]);
    bytes[17 * SECTOR..][..7].copy_from_slice(b"\xffCD001\x01");
    Iso { bytes, files, records }
}

fn descriptor(to: &mut [u8], volume_id: &str, sectors: usize, table: usize, root: (usize, usize)) {
    to[8..72].fill(b' ');
    to[190..813].fill(b' ');
    to[..8].copy_from_slice(b"\x01CD001\x01\0");
    to[40..40 + volume_id.len()].copy_from_slice(volume_id.as_bytes());
    both32(&mut to[80..], sectors);
    for (at, value) in [(120, 1), (124, 1), (128, SECTOR as u16)] {
        both16(&mut to[at..], value);
    }
    both32(&mut to[132..], table);
    to[140..144].copy_from_slice(&18_u32.to_le_bytes());
    to[148..152].copy_from_slice(&19_u32.to_be_bytes());
    record(&mut to[156..], root.0, root.1, true, &[0]);
    for date in 0..4 {
        to[813 + 17 * date..][..17].copy_from_slice(b"0000000000000000\0");
    }
    to[881] = 1;
}

fn record(to: &mut [u8], offset: usize, length: usize, is_directory: bool, name: &[u8]) -> usize {
    let size = record_length(name.len());
    to[0] = size as u8;
    both32(&mut to[2..], offset / SECTOR);
    both32(&mut to[10..], length);
    to[18..25].copy_from_slice(&[120, 1, 1, 0, 0, 0, 0]);
    to[25] = u8::from(is_directory) * 2;
    both16(&mut to[28..], 1);
    to[32] = name.len() as u8;
    to[33..33 + name.len()].copy_from_slice(name);
    size
}

fn record_length(name: usize) -> usize {
    (33 + name).next_multiple_of(2)
}

fn both16(to: &mut [u8], value: u16) {
    to[..2].copy_from_slice(&value.to_le_bytes());
    to[2..4].copy_from_slice(&value.to_be_bytes());
}

/// Writes a number as ECMA-119 7.3.3 has it: both ways round.
pub fn both32(to: &mut [u8], value: usize) {
    let value = value as u32;
    to[..4].copy_from_slice(&value.to_le_bytes());
    to[4..8].copy_from_slice(&value.to_be_bytes());
}
