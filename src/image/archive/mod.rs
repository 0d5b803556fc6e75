//! Initrd archives: what the kernel unpacks from the embed area before anything else runs.
//!
//! Written as coreos-installer writes them (one `newc` cpio in xz), so that either reads the other's.

pub(super) mod cpio;
pub(super) mod member;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;

use self::cpio::Files;
use self::cpio::aligned;
use self::member::Compression;
use super::ImageError;
use super::compress::Packer;

/// More than this is not unpacked, all members together: the area itself has 256 KiB.
const MAX_UNPACKED: u64 = 64 << 20;

/// Files by path, without a leading slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    files: Files,
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

    /// Reads what an embed area holds: archives one after another, plain, gzip, xz or zstd, with zeros between.
    ///
    /// The last file of a name counts, as in the kernel. Fails with [`ImageError::Contents`] if that is not what
    /// the bytes are, if something in it is neither a file nor a directory or leads out of the archive, or if
    /// all of it unpacks to more than 64 MiB.
    pub fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let mut files = BTreeMap::new();
        let mut room = MAX_UNPACKED;
        let mut rest = after_zeros(bytes);
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let contents =
                |why: String, what: &str| ImageError::Contents(format!("{what} at byte {at}: {why}"));
            let Some(compression) = Compression::of(rest) else {
                return Err(ImageError::Contents(format!("at byte {at} of it there is no archive")));
            };
            let what = format!("the {} archive", compression.name());
            if compression == Compression::None {
                let used = cpio::read(rest, &mut files).map_err(|why| contents(why, &what))?;
                rest = rest.get(used..).unwrap_or_default();
            } else {
                let plain = compression.unpack(&mut rest, &mut room).map_err(|why| contents(why, &what))?;
                read_all(&plain, &mut files).map_err(|why| contents(why, &what))?;
            }
            rest = after_zeros(rest);
        }
        cpio::consistent(&files).map_err(ImageError::Contents)?;
        Ok(Self { files })
    }
}

/// Reads the archives in an unpacked member, of which there is one at least.
fn read_all(plain: &[u8], files: &mut Files) -> Result<(), String> {
    let mut rest = plain;
    loop {
        let used = cpio::read(rest, files)?;
        rest = after_zeros(rest.get(used..).unwrap_or_default());
        if rest.is_empty() {
            return Ok(());
        }
    }
}

fn after_zeros(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or_default()
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::io::Write as _;

    use super::Archive;
    use super::ImageError;
    use super::cpio::inside;

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

    /// One entry with fields of its own, and a trailer.
    fn made(mode: u32, links: u32, name: &[u8], size: usize, contents: &[u8]) -> Vec<u8> {
        let mut cpio = Vec::new();
        for (mode, links, name, size, contents) in
            [(mode, links, name, size, contents), (0, 1, b"TRAILER!!!\0", 0, b"")]
        {
            let fields = [0, mode, 0, 0, links, 0, size as u32, 0, 0, 0, 0, name.len() as u32, 0];
            cpio.extend_from_slice(b"070701");
            cpio.extend(fields.iter().flat_map(|field| format!("{field:08x}").into_bytes()));
            cpio.extend_from_slice(name);
            cpio.resize(cpio.len().next_multiple_of(4), 0);
            cpio.extend_from_slice(contents);
            cpio.resize(cpio.len().next_multiple_of(4), 0);
        }
        cpio
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn says_what_it_cannot_read() {
        const FILE: u32 = 0o100_644;
        let long = [b"a".repeat(256).as_slice(), b"\0"].concat();
        let file = |name: &[u8]| made(FILE, 1, name, 1, b"x");
        let in_a_file = [file(b"a\0"), file(b"a/b/c\0")].concat();
        let two_in_one = gzip(&[file(b"a\0"), b"garbage".to_vec()].concat());
        let sum = [b"070702", file(b"a\0").get(6..).unwrap()].concat();
        for (area, why) in [
            (b"hello".to_vec(), "at byte 0 of it there is no archive"),
            ([vec![0; 512], b"hello".to_vec()].concat(), "at byte 512 of it there is no archive"),
            (b"070701".to_vec(), "the plain archive at byte 0: it breaks off at byte 6"),
            (file(b"a\0")[..120].to_vec(), "it breaks off at byte 120"),
            (made(FILE, 1, b"a\0", 1 << 20, b"x"), "`a` breaks off: 128 of 1048576 bytes are there"),
            (made(FILE, 1, b"a\0", u32::MAX as usize, b"x"), "`a` breaks off: 128 of 4294967295"),
            (file(b""), "the header at byte 0 of it has a name of 0 bytes"),
            (file(b"\0"), "a name of 1 bytes"),
            (file(&[b'a'; 4097]), "a name of 4097 bytes"),
            (file(&long), "has a part of more than 255 bytes"),
            (file(b"ab"), "the name at byte 0 of it is not one line"),
            (file(b"a\0b\0"), "the name at byte 0 of it is not one line"),
            (file(b"\xff\0"), "the name at byte 0 of it is not one line"),
            (file(b"../f\0"), "`../f` leads out of the archive"),
            (file(b"a/../../f\0"), "`a/../../f` leads out of the archive"),
            (file(b"./\0"), "`./` is neither a file nor a directory"),
            (made(0o120_777, 1, b"a\0", 4, b"/etc"), "`a` is a symbolic link"),
            (made(0o020_600, 1, b"a\0", 0, b""), "`a` is neither a file nor a directory"),
            (made(0o060_600, 1, b"a\0", 0, b""), "`a` is neither a file nor a directory"),
            (made(0o010_600, 1, b"a\0", 0, b""), "`a` is neither a file nor a directory"),
            (made(FILE, 2, b"a\0", 0, b""), "`a` is another name of a file"),
            (in_a_file, "`a/b/c` is in `a`, which is a file"),
            (sum, "`a` is not what its sum says"),
            ([file(b"a\0"), b"g".to_vec()].concat(), "there is no archive"),
            (two_in_one, "the gzip archive at byte 0: "),
            (gzip(&gzip(&file(b"a\0"))), "the gzip archive at byte 0: it breaks off"),
            (gzip(b""), "the gzip archive at byte 0: it breaks off at byte 0"),
            (gzip(&file(b"a\0"))[..60].to_vec(), "the gzip archive at byte 0: it cannot be unpacked"),
            (sample().to_xz().unwrap()[..60].to_vec(), "the xz archive at byte 0: it cannot be unpacked"),
            (b"\x28\xb5\x2f\xfd....".to_vec(), "the zstd archive at byte 0: it cannot be unpacked"),
        ] {
            let error = Archive::read(&area).unwrap_err();
            assert!(
                matches!(error, ImageError::Contents(_)) && error.to_string().contains(why),
                "{error}: {why}"
            );
        }
        let mut broken = file(b"a\0");
        broken[20] = b'+';
        assert!(Archive::read(&broken).unwrap_err().to_string().contains("not hexadecimal"));
    }

    #[test]
    fn reads_what_the_kernel_would_take() {
        const FILE: u32 = 0o100_644;
        let mut with_sum = [b"070702", made(FILE, 1, b"a\0", 1, b"x").get(6..).unwrap()].concat();
        with_sum[102..110].copy_from_slice(b"00000078");
        for (area, path) in [
            (made(FILE, 1, b"a\0\0\0\0\0", 1, b"x"), "a"),
            (made(FILE, 1, b"/etc/./a\0", 1, b"x"), "etc/a"),
            (made(FILE, 2, b"a\0", 1, b"x"), "a"),
            ([made(0o040_755, 2, b".\0", 0, b""), made(FILE, 1, b"a\0", 1, b"x")].concat(), "a"),
            (
                gzip(
                    &[made(FILE, 1, b"a\0", 1, b"y"), vec![0; 400], made(FILE, 1, b"a\0", 1, b"x")].concat(),
                ),
                "a",
            ),
            (with_sum, "a"),
        ] {
            let read = Archive::read(&area).unwrap();
            assert_eq!(read.files().collect::<Vec<_>>(), [(path, &b"x"[..])]);
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
            (".", Some("")),
        ] {
            assert_eq!(inside(name).as_deref(), path, "{name:?}");
        }
    }

    #[test]
    fn bombs_of_every_kind_are_stopped() {
        let mut archive = Archive::default();
        archive.insert("a", vec![0; 65 << 20]);
        let zstd = ruzstd::encoding::compress_to_vec(
            archive.to_cpio().as_slice(),
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        for packed in [archive.to_xz().unwrap(), gzip(&archive.to_cpio()), zstd] {
            assert!(packed.len() < 262_144, "it would fit into an area: {}", packed.len());
            let error = Archive::read(&packed).unwrap_err().to_string();
            assert!(error.contains("it unpacks to more than 67108864 bytes in all"), "{error}");
        }
    }
}
