//! The kernel copies an image: it shares the blocks where the file system can, and holes stay holes.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::num::NonZeroU64;

use rustix::fs::Advice;
use rustix::fs::SeekFrom as Place;
use rustix::io::Errno;

/// How much is copied before the disk begins to write it.
const CHUNK: u64 = 8 << 20;
const CHANGED: &str = "the base changed while it was copied";

/// Makes `target` a copy of the `length` bytes of `source`. Too little room is an error before anything is copied.
pub(super) fn copy(source: &File, target: &File, length: u64) -> io::Result<()> {
    // Btrfs, XFS and others share the blocks, in no time and no room (ioctl_ficlone(2)).
    if rustix::fs::ioctl_ficlone(target, source).is_ok() {
        return unchanged(source, length);
    }
    let there = rustix::fs::fstatvfs(target)?;
    let free = there.f_bavail.saturating_mul(there.f_frsize);
    if free < length {
        let why = format!("{length} bytes are needed, and {free} are free there");
        return Err(io::Error::new(io::ErrorKind::StorageFull, why));
    }
    copy_data(source, target, length)
}

/// Copies what is there of the `length` bytes of `source`, and leaves holes where nothing is.
pub(super) fn copy_data(source: &File, target: &File, length: u64) -> io::Result<()> {
    target.set_len(length)?;
    let mut at = 0;
    while at < length {
        let begin = match rustix::fs::seek(source, Place::Data(at)) {
            Ok(begin) => begin,
            // From here on, there is only a hole (lseek(2)).
            Err(Errno::NXIO) => break,
            // It does not know holes: a block device, some FUSE.
            Err(_) => at,
        };
        let end = rustix::fs::seek(source, Place::Hole(begin)).map_or(length, |end| end.min(length));
        copy_range(source, target, begin, end)?;
        at = end;
        if end <= begin {
            break;
        }
    }
    unchanged(source, length)
}

fn unchanged(source: &File, length: u64) -> io::Result<()> {
    // Not its metadata: a block device has no length there.
    match rustix::fs::seek(source, Place::End(0))? {
        end if end == length => Ok(()),
        _ => Err(io::Error::other(CHANGED)),
    }
}

fn copy_range(source: &File, target: &File, begin: u64, end: u64) -> io::Result<()> {
    let (mut from, mut to) = (begin, begin);
    while from < end {
        let at = from;
        let left = usize::try_from((end - from).min(CHUNK)).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(source, Some(&mut from), target, Some(&mut to), left) {
            Ok(0) => return Err(io::Error::other(CHANGED)),
            Ok(copied) => {
                // The disk begins to write this part while the next is copied, so that the wait at the end is short.
                // That it does is only faster: what it says does not matter (mm/fadvise.c).
                let _ = rustix::fs::fadvise(target, at, NonZeroU64::new(copied as u64), Advice::DontNeed);
            }
            Err(Errno::INTR) => {}
            // Another file system, or one that cannot (copy_file_range(2)).
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::BADF) => {
                return copy_by_hand(source, target, from, end);
            }
            Err(cause) => return Err(cause.into()),
        }
    }
    Ok(())
}

fn copy_by_hand(mut source: &File, mut target: &File, begin: u64, end: u64) -> io::Result<()> {
    source.seek(SeekFrom::Start(begin))?;
    target.seek(SeekFrom::Start(begin))?;
    match io::copy(&mut source.take(end - begin), &mut target)? {
        copied if copied == end - begin => Ok(()),
        _ => Err(io::Error::other(CHANGED)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::os::unix::fs::FileExt as _;
    use std::os::unix::fs::MetadataExt as _;

    use super::copy;
    use super::copy_by_hand;

    #[test]
    fn a_copy_has_the_same_bytes_and_the_holes() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            let mut options = std::fs::File::options();
            options.read(true).write(true).create(true).truncate(true).open(folder.path().join(name)).unwrap()
        };
        let length = (64 << 20) + 123;
        let (source, target, by_hand) = (open("a"), open("b"), open("c"));
        source.set_len(length).unwrap();
        for (offset, bytes) in [(0, &b"begin"[..]), (20 << 20, b"middle"), (length - 3, b"end")] {
            source.write_all_at(bytes, offset).unwrap();
        }
        copy(&source, &target, length).unwrap();
        copy_by_hand(&source, &by_hand, 0, length).unwrap();
        let whole = std::fs::read(folder.path().join("a")).unwrap();
        for name in ["b", "c"] {
            assert!(std::fs::read(folder.path().join(name)).unwrap() == whole, "{name}");
        }
        let blocks = |file: &std::fs::File| file.metadata().unwrap().blocks();
        source.sync_all().unwrap();
        target.sync_all().unwrap();
        // Where holes are not known, everything is written.
        assert!(blocks(&target) <= blocks(&source).max(64), "{} {}", blocks(&target), blocks(&source));
        assert!(copy(&source, &target, length + 1).is_err(), "it is shorter than it was");
    }
}
