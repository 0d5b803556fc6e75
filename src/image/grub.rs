//! Kernel arguments for an ISO that is started by GRUB and has a variable for them, as Harvester's has: its menu reads
//! `boot/grub2/harvester.cfg` and puts `${extra_iso_cmdline}` at the end of every kernel line.
//!
//! The line goes into the rest of that file's own sector, so that nothing else in the ISO moves: not its boot records,
//! nor what a firmware finds behind them.

use std::io::Read;
use std::io::Seek;

use super::ImageError;
use super::Overlay;
use super::iso9660::Volume;
use super::iso9660::as_in_record;
use super::iso9660::places_of_length;
use super::iso9660::read_at;

/// The file that the menu reads.
const SETTINGS: &str = "boot/grub2/harvester.cfg";
/// The menu.
const MENU: &str = "boot/grub2/grub.cfg";
const VARIABLE: &str = "extra_iso_cmdline";
/// A larger one is no such file.
const MOST_BYTES: u64 = 64 << 10;
const SECTOR: usize = 2048;

/// Lays `arguments` over an ISO, in place of those that were there before. They must be without quotes, `$` and `\`,
/// which GRUB takes for its own.
pub fn with_grub_arguments<R: Read + Seek>(image: &mut R, arguments: &str) -> Result<Overlay, ImageError> {
    if arguments.contains(|c: char| c.is_control() || "\"$\\".contains(c)) {
        return Err(ImageError::Unsupported(
            "GRUB would take these arguments for words of its own".to_owned(),
        ));
    }
    let volume = Volume::read(image)?;
    let menu = text(image, &volume, MENU)?;
    if !menu.contains(&format!("${{{VARIABLE}}}")) || !menu.contains("harvester.cfg") {
        let why = format!("its menu `{MENU}` has no `${{{VARIABLE}}}` for more kernel arguments");
        return Err(ImageError::NotALiveImage(why));
    }
    let old = text(image, &volume, SETTINGS)?;
    let area = volume.find(SETTINGS)?.map(super::iso9660::Entry::area).ok_or_else(|| missing(SETTINGS))?;
    if let Some(other) = volume.also_in(area) {
        return Err(ImageError::Damaged(format!("`{SETTINGS}` shares its bytes with {other}")));
    }
    let is_ours = |line: &&str| line.trim_start().starts_with(&format!("set {VARIABLE}="));
    let mut new: String = old.lines().filter(|line| !is_ours(line)).map(|line| format!("{line}\n")).collect();
    new.push_str(&format!("set {VARIABLE}=\"{arguments}\"\n"));
    let room = old.len().next_multiple_of(SECTOR);
    if new.len() > room {
        return Err(ImageError::LongArguments {
            over: (new.len() - room) as u64,
            left: room.saturating_sub(old.len()) as u64,
        });
    }
    let mut rest = vec![0; room - old.len()];
    read_at(image, area.offset + area.length, &mut rest)?;
    // What was longer before has left nothing but zeros.
    if rest.iter().any(|byte| *byte != 0) {
        return Err(ImageError::Damaged(format!("there is something behind `{SETTINGS}`")));
    }
    let length = as_in_record(u32::try_from(new.len()).unwrap_or(u32::MAX));
    let mut overlay = Overlay::of(volume.length);
    for place in places_of_length(image, area)? {
        overlay.lay(place, length.clone())?;
    }
    let mut bytes = new.into_bytes();
    bytes.resize(room, 0);
    overlay.lay(area.offset, bytes)?;
    Ok(overlay)
}

fn missing(path: &str) -> ImageError {
    ImageError::NotALiveImage(format!("it has no `{path}`, as an ISO of Harvester has"))
}

fn text<R: Read + Seek>(image: &mut R, volume: &Volume, path: &str) -> Result<String, ImageError> {
    let entry = volume.find(path)?.ok_or_else(|| missing(path))?;
    if entry.length == 0 || entry.length > MOST_BYTES {
        return Err(ImageError::NotALiveImage(format!("its `{path}` has {} bytes", entry.length)));
    }
    let mut bytes = vec![0; entry.area().size()];
    read_at(image, entry.offset, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| ImageError::NotALiveImage(format!("its `{path}` is no text")))
}
