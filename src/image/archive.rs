//! Initrd archives: what the kernel unpacks from the embed area before anything else runs.
//!
//! Written as coreos-installer writes them (one `newc` cpio in xz), so that either reads the other's.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::io::Write;

use liblzma::stream::Stream;

use super::ImageError;
use super::compress::Packer;

/// More than this is not unpacked, all members together: the area itself has 256 KiB.
const MAX_UNPACKED: u64 = 64 << 20;
/// coreos-installer's preset 9 takes 65 MiB to unpack.
const MAX_DECODER_MEMORY: u64 = 128 << 20;

/// Files by path, without a leading slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<String>, contents: Vec<u8>) {
        self.files.insert(path.into(), contents);
    }

    /// A file's contents.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The files by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, contents)| (path.as_str(), contents.as_slice()))
    }

    /// True if there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Leaves out the files whose path does not pass.
    pub fn retain(&mut self, stays: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| stays(path));
    }

    /// The archive as the embed area holds it. The same files give the same bytes.
    pub fn to_xz(&self) -> Result<Vec<u8>, ImageError> {
        self.to_xz_within(u64::MAX)
    }

    /// The same, if it takes no more than `room` bytes; what does not fit is not compressed to its end.
    pub(super) fn to_xz_within(&self, room: u64) -> Result<Vec<u8>, ImageError> {
        let size: u64 = self.files.values().map(|contents| contents.len() as u64).sum();
        Packer::new(size, room)?.pack(|out| self.write_cpio(out))?.ok_or_else(|| {
            let mut largest: Vec<(String, usize)> =
                self.files().map(|(path, bytes)| (path.to_owned(), bytes.len())).collect();
            largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
            largest.truncate(3);
            ImageError::TooLarge { what: "the compressed configuration", room, largest }
        })
    }

    /// One `newc` archive: parent directories before what is in them, owner root, no times.
    fn write_cpio(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut directories = BTreeSet::new();
        for path in self.files.keys() {
            let mut parent = path.as_str();
            while let Some((above, _)) = parent.rsplit_once('/') {
                directories.insert(above);
                parent = above;
            }
        }
        let files = self.files.iter().map(|(path, contents)| (path.as_str(), 0o100_600, contents.as_slice()));
        let mut entries: Vec<(&str, u32, &[u8])> =
            directories.into_iter().map(|path| (path, 0o040_755, &[][..])).chain(files).collect();
        entries.sort_by_key(|(path, ..)| *path);
        for (path, mode, contents) in entries {
            entry(out, path, mode, contents)?;
        }
        entry(out, "TRAILER!!!", 0, &[])
    }

    #[cfg(test)]
    fn to_cpio(&self) -> Vec<u8> {
        let mut cpio = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write_cpio(&mut cpio);
        cpio
    }

    /// Reads what an embed area holds: archives one after another, plain, gzip or xz, with zeros between.
    ///
    /// The last file of a name counts, as in the kernel. Paths that lead out of the archive are left out.
    /// Fails with [`ImageError::Contents`] if that is not what the bytes are, or if they unpack to more than
    /// 64 MiB.
    pub fn read(mut bytes: &[u8]) -> Result<Self, ImageError> {
        let mut archive = Self::default();
        let mut room = MAX_UNPACKED;
        loop {
            while let Some((0, rest)) = bytes.split_first() {
                bytes = rest;
            }
            match bytes {
                [] => return Ok(archive),
                [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => {
                    let used = archive.unpack(bytes)?;
                    bytes = bytes.get(used..).unwrap_or_default();
                }
                [0x1f, 0x8b, ..] => {
                    let mut decoder = flate2::bufread::GzDecoder::new(bytes);
                    let plain = bounded(&mut decoder, &mut room)?;
                    bytes = decoder.into_inner();
                    archive.unpack_all(&plain)?;
                }
                [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                    let stream = Stream::new_stream_decoder(MAX_DECODER_MEMORY, 0)
                        .map_err(|cause| ImageError::Contents(cause.to_string()))?;
                    let mut decoder = liblzma::bufread::XzDecoder::new_stream(bytes, stream);
                    let plain = bounded(&mut decoder, &mut room)?;
                    let used = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
                    bytes = bytes.get(used..).unwrap_or_default();
                    archive.unpack_all(&plain)?;
                }
                [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                    return Err(ImageError::Contents("it is compressed with zstd".into()));
                }
                _ => {
                    return Err(ImageError::Contents("it is no archive".into()));
                }
            }
        }
    }

    fn unpack_all(&mut self, mut plain: &[u8]) -> Result<(), ImageError> {
        while plain.starts_with(b"0707") {
            let used = self.unpack(plain)?;
            plain = plain.get(used..).unwrap_or_default();
            while let Some((0, rest)) = plain.split_first() {
                plain = rest;
            }
        }
        Ok(())
    }

    /// Reads one `newc` archive and says how many bytes it took.
    fn unpack(&mut self, cpio: &[u8]) -> Result<usize, ImageError> {
        let damaged = |why: &str| ImageError::Contents(why.to_owned());
        let mut at = 0;
        loop {
            let rest = cpio.get(at..).unwrap_or_default();
            let (header, rest) = rest.split_at_checked(110).ok_or_else(|| damaged("it breaks off"))?;
            if !header.starts_with(b"07070") {
                return Err(damaged("a header is missing"));
            }
            let field = |index: usize| {
                let digits =
                    header.get(6 + index * 8..14 + index * 8).and_then(|d| std::str::from_utf8(d).ok());
                digits
                    .and_then(|d| u32::from_str_radix(d, 16).ok())
                    .ok_or_else(|| damaged("a header is not hexadecimal"))
            };
            let (mode, size, name_size) = (field(1)?, field(6)? as usize, field(11)? as usize);
            let name = rest.get(..name_size).ok_or_else(|| damaged("it breaks off"))?;
            let name = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(name)).into_owned();
            let begin = aligned(at + 110 + name_size);
            let contents = cpio.get(begin..).and_then(|rest| rest.get(..size));
            let contents = contents.ok_or_else(|| damaged("it breaks off"))?;
            at = aligned(begin + size);
            if name == "TRAILER!!!" {
                return Ok(at.min(cpio.len()));
            }
            if mode & 0o170_000 == 0o100_000
                && let Some(path) = inside(&name)
            {
                self.files.insert(path, contents.to_vec());
            }
        }
    }
}

/// The path without what changes nothing in it, if it stays in the archive.
fn inside(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let stays = !parts.is_empty() && !parts.contains(&"..") && !name.contains('\0');
    stays.then(|| parts.join("/"))
}

/// Unpacks a member, and takes its size off `room`.
fn bounded(decoder: &mut impl Read, room: &mut u64) -> Result<Vec<u8>, ImageError> {
    let mut plain = Vec::new();
    let read = decoder.take(*room + 1).read_to_end(&mut plain);
    read.map_err(|cause| ImageError::Contents(cause.to_string()))?;
    *room = room
        .checked_sub(plain.len() as u64)
        .ok_or_else(|| ImageError::Contents(format!("it unpacks to more than {MAX_UNPACKED} bytes")))?;
    Ok(plain)
}

fn entry(out: &mut dyn Write, path: &str, mode: u32, contents: &[u8]) -> std::io::Result<()> {
    // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
    let fields = [0, mode, 0, 0, 1, 0, contents.len() as u32, 0, 0, 0, 0, path.len() as u32 + 1, 0];
    let mut head = b"070701".to_vec();
    for field in fields {
        head.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    head.extend_from_slice(path.as_bytes());
    head.push(0);
    head.resize(aligned(head.len()), 0);
    out.write_all(&head)?;
    out.write_all(contents)?;
    out.write_all([0; 4].get(..aligned(contents.len()) - contents.len()).unwrap_or_default())
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::io::Write as _;

    use super::Archive;
    use super::ImageError;
    use super::inside;

    fn sample() -> Archive {
        let mut archive = Archive::default();
        archive.insert("config.ign", b"{}".to_vec());
        archive.insert("etc/coreos-firstboot-network/a.nmconnection", b"[connection]\n".to_vec());
        archive
    }

    #[test]
    fn reads_back_what_it_wrote_and_writes_the_same_bytes() {
        let xz = sample().to_xz().unwrap();
        assert_eq!(xz, sample().to_xz().unwrap());
        let mut padded = xz.clone();
        padded.resize(4096, 0);
        assert_eq!(Archive::read(&padded).unwrap(), sample());
        assert_eq!(Archive::read(&sample().to_cpio()).unwrap(), sample());
        assert!(Archive::read(&[0; 512]).unwrap().is_empty());
    }

    #[test]
    fn survives_any_damage() {
        let xz = sample().to_xz().unwrap();
        let cpio = sample().to_cpio();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..4000 {
            let mut bytes = if round % 2 == 0 { xz.clone() } else { cpio.clone() };
            for _ in 0..=round % 4 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = state as usize % bytes.len();
                bytes[at] = (state >> 32) as u8;
                if round % 7 == 0 {
                    bytes.truncate(at.max(1));
                }
            }
            let _ = Archive::read(&bytes);
        }
    }

    #[test]
    fn the_bound_holds_for_all_members_together() {
        let mut members = Vec::new();
        for name in ["a", "b", "c"] {
            let mut archive = Archive::default();
            archive.insert(name, vec![0; 30 << 20]);
            members.extend(archive.to_xz().unwrap());
        }
        assert!(members.len() < 64 << 10, "it would fit into an area");
        assert!(matches!(Archive::read(&members), Err(ImageError::Contents(_))));
    }

    #[test]
    fn reads_members_of_every_kind_one_after_another() {
        let one = |name: &str, contents: &[u8]| {
            let mut archive = Archive::default();
            archive.insert(name, contents.to_vec());
            archive
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&one("b", b"2").to_cpio()).unwrap();
        let mut area = one("a", b"1").to_cpio();
        area.resize(area.len() + 512, 0);
        area.extend(gzip.finish().unwrap());
        area.extend(one("a", b"3").to_xz().unwrap());
        area.resize(area.len() + 512, 0);
        let read = Archive::read(&area).unwrap();
        assert_eq!(read.files().collect::<Vec<_>>(), [("a", &b"3"[..]), ("b", b"2")], "the last one counts");
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (area, why) in
            [(&b"\x28\xb5\x2f\xfd...."[..], "zstd"), (b"hello", "no archive"), (b"070701", "breaks off")]
        {
            let error = Archive::read(area).unwrap_err();
            assert!(matches!(error, ImageError::Contents(_)) && error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn paths_are_those_that_the_kernel_would_take() {
        for (name, path) in [
            ("a/b", Some("a/b")),
            ("./a//b/", Some("a/b")),
            ("/etc/x", Some("etc/x")),
            ("a/../../x", None),
            ("..", None),
            (".", None),
            ("", None),
            ("a\0b", None),
        ] {
            assert_eq!(inside(name).as_deref(), path, "{name:?}");
        }
    }

    #[test]
    fn leaves_out_paths_that_lead_out() {
        let mut archive = Archive::default();
        archive.insert("../../etc/shadow", b"x".to_vec());
        archive.insert("ok", b"y".to_vec());
        let read = Archive::read(&archive.to_cpio()).unwrap();
        assert_eq!(read.files().map(|(path, _)| path).collect::<Vec<_>>(), ["ok"]);
    }
}
