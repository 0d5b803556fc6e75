//! Writing what is taken out of an image: a file in it, or the minimal image.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;

use super::Existing;
use super::Failure;
use super::apply;
use crate::image;
use crate::image::Area;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::image::Minimal;

const BUFFER: usize = 1 << 20;

/// Refuses outputs of `length` bytes that there is no room for. What they lie in need not be there yet.
pub fn enough_room(out: &Path, length: u64) -> Result<(), Failure> {
    let folder = out.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let room = rustix::fs::statvfs(folder).map_err(|cause| Failure::io("write to", folder, &cause.into()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free < length {
        let message = format!("`{}` needs {length} bytes, and {free} are free there", out.display());
        return Err(Failure::surroundings(message, "make room, or name an output elsewhere"));
    }
    Ok(())
}

/// Writes a piece of `image` to `out`.
pub fn write_piece(
    image: &Path,
    piece: Area,
    out: &Path,
    existing: Existing,
    mode: u32,
) -> Result<(), Failure> {
    apply::refuse_existing(out, existing)?;
    enough_room(out, piece.length)?;
    let mut source = File::open(image).map_err(|cause| Failure::io("open", image, &cause))?;
    source.seek(SeekFrom::Start(piece.offset)).map_err(|cause| Failure::io("read", image, &cause))?;
    apply::make(out, existing, mode, |file| {
        // The kernel copies, and shares the blocks if it can (copy_file_range).
        match io::copy(&mut source.take(piece.length), file) {
            Ok(all) if all == piece.length => Ok(()),
            Ok(_) => Err(Failure::input(
                format!("`{}` changed while it was copied", image.display()),
                "wait until nothing else writes it, and try again",
            )),
            Err(cause) => Err(Failure::io("write", out, &cause)),
        }
    })
}

/// True if `out` is a file that holds this piece of `image` and nothing else.
pub fn holds_piece(image: &Path, piece: Area, out: &Path) -> Result<bool, Failure> {
    // What is no file, or cannot be looked at, is said where it would be replaced.
    let Some(there) = out.symlink_metadata().ok().filter(std::fs::Metadata::is_file) else {
        return Ok(false);
    };
    if there.len() != piece.length {
        return Ok(false);
    }
    let Ok(mut there) = File::open(out) else { return Ok(false) };
    let failed = |cause: io::Error| Failure::io("read", image, &cause);
    let mut source = File::open(image).map_err(failed)?;
    source.seek(SeekFrom::Start(piece.offset)).map_err(failed)?;
    let (mut wanted, mut found) = (vec![0; BUFFER], vec![0; BUFFER]);
    let mut left = piece.length;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
        let (Some(wanted), Some(found)) = (wanted.get_mut(..count), found.get_mut(..count)) else { break };
        source.read_exact(wanted).map_err(failed)?;
        if there.read_exact(found).is_err() || wanted != found {
            return Ok(false);
        }
        left -= count as u64;
    }
    Ok(true)
}

/// Writes the minimal image of `full` to `out`, with the address that its root file system is fetched from.
pub fn write_minimal(
    full: &Path,
    minimal: &Minimal,
    rootfs_url: Option<&str>,
    out: &Path,
    existing: Existing,
) -> Result<(), Failure> {
    apply::refuse_existing(out, existing)?;
    apply::make(out, existing, 0o644, |file| fill(full, minimal, rootfs_url, out, file))
}

/// Writes it to a pipe or the like, after it was made and found right in a file that nobody sees.
pub fn stream_minimal(
    full: &Path,
    minimal: &Minimal,
    rootfs_url: Option<&str>,
    sink: &mut impl Write,
) -> Result<(), Failure> {
    let folder = std::env::temp_dir();
    let failed = |cause: io::Error| Failure::io("write a file in", &folder, &cause);
    let mut file = tempfile::tempfile_in(&folder).map_err(failed)?;
    fill(full, minimal, rootfs_url, &folder, &mut file)?;
    file.rewind().map_err(failed)?;
    io::copy(&mut file, sink)
        .and_then(|_| sink.flush())
        .map_err(|cause| Failure::io("write out", full, &cause))
}

fn fill(
    full: &Path,
    minimal: &Minimal,
    rootfs_url: Option<&str>,
    out: &Path,
    file: &mut File,
) -> Result<(), Failure> {
    let cannot_read = |cause: io::Error| match cause.kind() {
        io::ErrorKind::InvalidData => Failure::image(
            full,
            &ImageError::Damaged(format!("its recipe for a minimal image is wrong: {cause}")),
        ),
        _ => Failure::io("read", full, &cause),
    };
    let failed = |cause: io::Error| Failure::io("write", out, &cause);
    let source = File::open(full).map_err(|cause| Failure::io("open", full, &cause))?;
    let mut image = minimal.over(source).map_err(cannot_read)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = image.read(&mut buffer).map_err(cannot_read)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        file.write_all(part).map_err(failed)?;
    }
    let of_result = |cause: ImageError| Failure::image(full, &cause);
    let live = LiveImage::read(file).map_err(of_result)?;
    let overlay = image::fetching_rootfs(&live, file, rootfs_url).map_err(of_result)?;
    apply::lay(file, &overlay).map_err(failed)
}
