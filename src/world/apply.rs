//! Writing what was decided: whole, or not at all.
//!
//! A result is made in a file without a name, brought to the disk, and then given its name. Whenever the
//! program ends, there is the old file or the new one, and nothing else: a nameless file goes with the
//! program. Where the file system has none of those (NFS, some FUSE), it is a `.cotter-` file beside the
//! output, which only `kill -9` leaves behind.

use std::fs::File;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::io::Read as _;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::AtFlags;
use rustix::fs::CWD;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use tempfile::NamedTempFile;
use tempfile::TempDir;

use super::Failure;
use super::copy::copy;
use crate::image::Overlay;

/// How the names of unfinished outputs begin.
const PREFIX: &str = ".cotter-";
/// How much is compared and written at once.
const BLOCK: usize = 4096;

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is an error.
    Refuse,
    /// It is replaced.
    Replace,
}

/// Makes a folder that only the user can look into, and that is gone with what it returns.
pub fn private_folder(name: &str, below: &Path) -> Result<TempDir, Failure> {
    tempfile::Builder::new()
        .prefix(&format!("cotter-{name}-"))
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(below)
        .map_err(|cause| Failure::io("make a folder in", below, &cause))
}

/// Refuses an output that is there already.
pub fn refuse_existing(out: &Path, existing: Existing) -> Result<(), Failure> {
    if existing == Existing::Refuse && out.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already", out.display());
        return Err(Failure::input(message, "name another output, or use `--force` to replace it"));
    }
    Ok(())
}

/// Writes `base` with `overlay` laid over it to `out`.
///
/// Existing outputs and too little room are refused before anything is copied. The copy shares its blocks with the
/// base where the file system can do that.
pub fn write_image(
    base: &Path,
    overlay: &Overlay,
    out: &Path,
    existing: Existing,
    mode: u32,
) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    let source = open_base(base, overlay, OpenOptions::new().read(true))?;
    write(out, existing, mode, |file| {
        copy(&source, file, overlay.base_length())?;
        lay(file, overlay)
    })
}

/// Writes `base` with `overlay` laid over it to a pipe or the like, which cannot be taken back.
pub fn stream(base: &Path, overlay: &Overlay, out: &mut impl Write) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| Failure::io("write out", base, &cause);
    let mut file = open_base(base, overlay, OpenOptions::new().read(true))?;
    let end = [(overlay.base_length(), &[][..])];
    let mut at = 0;
    for (offset, bytes) in overlay.patches().chain(end) {
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        // From file to pipe, the kernel copies (splice, sendfile).
        let copied = std::io::copy(&mut (&mut file).take(offset - at), out).map_err(failed)?;
        if copied != offset - at {
            return Err(failed(std::io::Error::other("the base changed while it was written out")));
        }
        out.write_all(bytes).map_err(failed)?;
        at = offset + bytes.len() as u64;
    }
    out.flush().map_err(failed)
}

/// Writes `bytes` to `out`.
pub fn write_file(out: &Path, bytes: &[u8], existing: Existing, mode: u32) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    write(out, existing, mode, |file| file.write_all(bytes))
}

/// The permissions of a file.
pub fn mode_of(path: &Path) -> Result<u32, Failure> {
    let metadata = path.metadata().map_err(|cause| Failure::io("look at", path, &cause))?;
    Ok(metadata.permissions().mode() & 0o7777)
}

/// Copies a file to `out`; the copy shares its blocks with it where the file system can do that.
pub fn copy_file(from: &Path, out: &Path, existing: Existing, mode: u32) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    let failed = |cause: std::io::Error| Failure::io("open", from, &cause);
    let source = File::open(from).map_err(failed)?;
    let length = source.metadata().map_err(failed)?.len();
    write(out, existing, mode, |file| copy(&source, file, length))
}

/// Changes an image where it is.
///
/// Only the changed ranges are written. If the program is killed in between, the areas may be half
/// written; the rest of the image is never touched, and writing or resetting again mends it.
pub fn patch_in_place(path: &Path, overlay: &Overlay) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| Failure::io("change", path, &cause);
    let file = open_base(path, overlay, OpenOptions::new().read(true).write(true))?;
    let mut has_changed = false;
    for (offset, bytes) in overlay.patches() {
        has_changed |= patch(&file, offset, bytes).map_err(failed)?;
    }
    if has_changed { file.sync_data().map_err(failed) } else { Ok(()) }
}

/// Writes the blocks of `bytes` that are not there yet, and says whether there were any: the disk has less to do,
/// and most of an embed area stays zero.
fn patch(file: &File, offset: u64, bytes: &[u8]) -> std::io::Result<bool> {
    let mut there = vec![0; bytes.len()];
    file.read_exact_at(&mut there, offset)?;
    let mut has_changed = false;
    let mut at = offset;
    for (new, old) in bytes.chunks(BLOCK).zip(there.chunks(BLOCK)) {
        if new != old {
            file.write_all_at(new, at)?;
            has_changed = true;
        }
        at += new.len() as u64;
    }
    Ok(has_changed)
}

/// Opens the base that `overlay` was made for, at its beginning.
fn open_base(base: &Path, overlay: &Overlay, how: &OpenOptions) -> Result<File, Failure> {
    let failed = |cause: std::io::Error| Failure::io("open", base, &cause);
    let mut file = how.open(base).map_err(failed)?;
    // Not its metadata: a block device has no length there.
    let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if length != overlay.base_length() {
        let message = format!(
            "`{}` has {length} bytes, and had {} when it was read",
            base.display(),
            overlay.base_length()
        );
        return Err(Failure::input(message, "wait until nothing else writes it, and try again"));
    }
    Ok(file)
}

fn write(
    out: &Path,
    existing: Existing,
    mode: u32,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    make(out, existing, mode, |file| fill(file).map_err(|cause| Failure::io("write", out, &cause)))
}

/// Makes a file whole or not at all; whoever fills it says what went wrong.
pub(super) fn make(
    out: &Path,
    existing: Existing,
    mode: u32,
    fill: impl FnOnce(&mut File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| Failure::io("write", out, &cause);
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut draft = Draft::begin(folder).map_err(failed)?;
    let file = draft.file();
    fill(file)?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    draft.place(folder, out, existing).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// A result that does not have its name yet. Only its owner can read it.
enum Draft {
    Nameless(File),
    Named(NamedTempFile),
}

impl Draft {
    fn begin(folder: &Path) -> std::io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        // open(2): a file without a name gets one through /proc.
        if Path::new("/proc/self/fd").is_dir()
            && let Ok(file) = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR)
        {
            return Ok(Self::Nameless(File::from(file)));
        }
        NamedTempFile::with_prefix_in(PREFIX, folder).map(Self::Named)
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Nameless(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    fn place(self, folder: &Path, out: &Path, existing: Existing) -> std::io::Result<()> {
        let named = match self {
            Self::Named(file) => file.into_temp_path(),
            Self::Nameless(file) => {
                let link = |name: &Path| {
                    let file = format!("/proc/self/fd/{}", file.as_raw_fd());
                    Ok(rustix::fs::linkat(CWD, file, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
                };
                if existing == Existing::Refuse {
                    return link(out);
                }
                // A link replaces nothing, a rename does.
                tempfile::Builder::new().prefix(PREFIX).make_in(folder, link)?.into_temp_path()
            }
        };
        match existing {
            Existing::Refuse => named.persist_noclobber(out),
            Existing::Replace => named.persist(out),
        }
        .map_err(|cause| cause.error)
    }
}

pub(super) fn lay(file: &mut File, overlay: &Overlay) -> std::io::Result<()> {
    overlay.patches().try_for_each(|(offset, bytes)| file.write_all_at(bytes, offset))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
mod tests {
    use std::fs::Permissions;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use tempfile::NamedTempFile;

    use super::Draft;
    use super::Existing;
    use super::PREFIX;
    use super::write;
    use super::write_file;
    use crate::world::Kind;

    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writes_refuses_and_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        write_file(&out, b"one", Existing::Refuse, 0o640).unwrap();
        assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        let refused = write_file(&out, b"two", Existing::Refuse, 0o640).unwrap_err();
        assert_eq!(refused.kind, Kind::Input);
        assert_eq!(std::fs::read(&out).unwrap(), b"one");
        write_file(&out, b"three", Existing::Replace, 0o600).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), b"three");
        assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn an_output_that_appears_meanwhile_is_not_replaced() {
        for nameless in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("out");
            let mut draft = if nameless {
                Draft::begin(folder.path()).unwrap()
            } else {
                Draft::Named(NamedTempFile::with_prefix_in(PREFIX, folder.path()).unwrap())
            };
            draft.file().write_all(b"late").unwrap();
            std::fs::write(&out, "theirs").unwrap();
            let error = draft.place(folder.path(), &out, Existing::Refuse).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "nameless: {nameless}");
            assert_eq!(std::fs::read(&out).unwrap(), b"theirs");
            assert_eq!(names(folder.path()), ["out"], "nameless: {nameless}");
        }
    }

    #[test]
    fn a_failure_in_the_middle_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let failed = write(&out, Existing::Refuse, 0o600, |file| {
            file.write_all(b"half")?;
            Err(std::io::ErrorKind::StorageFull.into())
        });
        assert_eq!(failed.unwrap_err().kind, Kind::Surroundings);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_of_the_surroundings() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
        match write_file(&folder.path().join("out"), b"x", Existing::Refuse, 0o600) {
            // Root may do that all the same.
            Ok(()) => assert_eq!(names(folder.path()), ["out"]),
            Err(failure) if failure.kind == Kind::Surroundings => {}
            Err(failure) => panic!("{failure}"),
        }
    }
}
