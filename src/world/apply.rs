//! Writing what was decided: whole, or not at all.
//!
//! A result is made in a temporary file beside its place, brought to the disk, and then given its name.
//! Whenever the program ends, there is the old file or the new one.

use std::fs::File;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::Failure;
use crate::image::Overlay;

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is an error.
    Refuse,
    /// It is replaced.
    Replace,
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
/// Existing outputs and too little room are refused before anything is copied. The copy is shared with the
/// base where the file system can do that.
pub fn write_image(
    base: &Path,
    overlay: &Overlay,
    out: &Path,
    existing: Existing,
    mode: u32,
) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    let mut source = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    let length = source.metadata().map_err(|cause| Failure::io("open", base, &cause))?.len();
    enough_room(out, length)?;
    write(out, existing, mode, |file| {
        // The kernel copies, and shares the blocks if it can (copy_file_range).
        std::io::copy(&mut source, file)?;
        lay(file, overlay)
    })
}

/// Writes `bytes` to `out`.
pub fn write_file(out: &Path, bytes: &[u8], existing: Existing, mode: u32) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    write(out, existing, mode, |file| file.write_all(bytes))
}

/// Changes an image where it is.
///
/// Only the changed ranges are written. If the program is killed in between, the areas may be half
/// written; the rest of the image is never touched, and writing or resetting again mends it.
pub fn patch_in_place(path: &Path, overlay: &Overlay) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| Failure::io("change", path, &cause);
    let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    lay(&mut file, overlay).and_then(|()| file.sync_data()).map_err(failed)
}

fn write(
    out: &Path,
    existing: Existing,
    mode: u32,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| Failure::io("write", out, &cause);
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::with_prefix_in(".cotter-", folder).map_err(failed)?;
    fill(file.as_file_mut()).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let placed = match existing {
        Existing::Refuse => file.persist_noclobber(out),
        Existing::Replace => file.persist(out),
    };
    placed.map_err(|cause| failed(cause.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn lay(file: &mut File, overlay: &Overlay) -> std::io::Result<()> {
    for (offset, bytes) in overlay.patches() {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
    }
    Ok(())
}

fn enough_room(out: &Path, length: u64) -> Result<(), Failure> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let room = rustix::fs::statvfs(folder).map_err(|cause| Failure::io("write to", folder, &cause.into()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free < length {
        let message = format!("`{}` needs {length} bytes, and {free} are free there", out.display());
        return Err(Failure::surroundings(message, "make room, or name an output elsewhere"));
    }
    Ok(())
}
