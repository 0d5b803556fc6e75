//! The kernel-argument areas: from the file that describes them, or from a header in the system area.

use std::io::Read;
use std::io::Seek;

use serde::Deserialize;

use super::Area;
use super::Layouts;
use super::alone;
use super::damaged;
use super::description;
use crate::image::ImageError;
use crate::image::iso9660::Volume;
use crate::image::iso9660::read_at;

/// The places that all hold the same kernel arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelArgumentAreas {
    /// What they hold in a pristine image.
    pub default: String,
    /// What they hold now.
    pub current: String,
    /// The places, each with its filling and its ending.
    pub places: Vec<KernelArgumentPlace>,
    /// Length of each, in bytes, with its ending.
    pub length: u64,
    /// What says so: a mark of the image's generation.
    pub described_by: String,
}

/// One place that holds kernel arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelArgumentPlace {
    /// From the beginning of the image, in bytes.
    pub offset: u64,
    /// What follows the arguments.
    pub end: String,
    /// What fills the rest.
    pub pad: u8,
}

impl KernelArgumentAreas {
    /// How many more bytes fit.
    pub fn left(&self) -> u64 {
        let end = self.places.iter().map(|place| place.end.len()).max().unwrap_or(1) as u64;
        self.length.saturating_sub(end).saturating_sub(self.current.len() as u64)
    }
}

#[derive(Deserialize)]
struct Description {
    default: String,
    size: u64,
    files: Vec<DescribedPlace>,
}

#[derive(Deserialize)]
struct DescribedPlace {
    path: String,
    offset: u64,
    end: Option<char>,
    pad: Option<char>,
}

/// The areas, and whether their description says what fills them.
pub(super) fn areas<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<(Option<KernelArgumentAreas>, bool), ImageError> {
    match description::<Description, R>(image, volume, &layouts.arguments_description)? {
        Some(described) => {
            let filling = described.files.iter().any(|place| place.pad.is_some() || place.end.is_some());
            Ok((Some(by_description(image, volume, layouts, described)?), filling))
        }
        None => Ok((by_header(image, volume, layouts)?, false)),
    }
}

fn by_description<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
    described: Description,
) -> Result<KernelArgumentAreas, ImageError> {
    let source = &layouts.arguments_description;
    let length = described.size;
    possible(layouts, &format!("`{source}`"), length, described.files.len())?;
    let mut places = Vec::new();
    for DescribedPlace { path, offset, end, pad } in &described.files {
        let shown = path.escape_debug();
        let entry = volume.find(path)?;
        let entry = entry.ok_or_else(|| damaged(format!("`{source}`: there is no `{shown}`")))?;
        if offset.checked_add(length).is_none_or(|end| end > entry.length) {
            let there = entry.length;
            return Err(damaged(format!(
                "`{source}`: {length} bytes at {offset} are no part of `{shown}`, which has {there}"
            )));
        }
        let (end, pad) = (end.unwrap_or('\n'), pad.unwrap_or('#'));
        let Some(pad) = u8::try_from(pad).ok().filter(|pad| pad.is_ascii() && end.is_ascii()) else {
            return Err(damaged(format!("`{source}`: what fills and ends `{shown}` is not one byte each")));
        };
        let place = KernelArgumentPlace { offset: entry.offset + offset, end: end.to_string(), pad };
        alone(volume, entry, &in_file(path))?;
        places.push((place, in_file(path)));
    }
    arguments(image, source, described.default, length, places)
}

/// The header in the system area, if there is one.
pub(super) fn header<R: Read + Seek>(
    image: &mut R,
    layouts: &Layouts,
) -> Result<Option<[u64; 9]>, ImageError> {
    let mut header = [0_u8; 72];
    read_at(image, layouts.arguments_header_offset, &mut header)?;
    if !header.starts_with(layouts.arguments_header_magic.as_bytes()) {
        return Ok(None);
    }
    let mut words = [0; 9];
    for (word, bytes) in words.iter_mut().zip(header.chunks_exact(8)) {
        *word = bytes.try_into().map_or(0, u64::from_le_bytes);
    }
    Ok(Some(words))
}

fn by_header<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<Option<KernelArgumentAreas>, ImageError> {
    let source = format!("the header `{}`", layouts.arguments_header_magic);
    let Some([_, length, pristine, offsets @ ..]) = header(image, layouts)? else {
        return Ok(None);
    };
    let offsets: Vec<u64> = offsets.into_iter().take_while(|offset| *offset != 0).collect();
    possible(layouts, &source, length, offsets.len())?;
    // Each lies within a file, whose name the header does not tell.
    let place = |offset: u64| {
        let area = Area { offset, length };
        let holder = volume.files().iter().find(|entry| entry.area().holds(area));
        let holder = holder
            .filter(|entry| entry.area().end() <= volume.length)
            .ok_or_else(|| damaged(format!("{source}: {length} bytes at {offset} are no part of a file")))?;
        alone(volume, holder, &in_file(&holder.long_path))?;
        Ok((KernelArgumentPlace { offset, end: "\n".to_owned(), pad: b'#' }, in_file(&holder.long_path)))
    };
    let (there, name) = place(pristine)?;
    let default = text(image, length, &there, &name)?;
    let places: Result<Vec<_>, ImageError> = offsets.into_iter().map(place).collect();
    arguments(image, &layouts.arguments_header_magic, default, length, places?).map(Some)
}

fn possible(layouts: &Layouts, source: &str, length: u64, count: usize) -> Result<(), ImageError> {
    if length == 0 || length > layouts.arguments_most_bytes {
        return Err(damaged(format!("{source}: {length} bytes are no size of an area for kernel arguments")));
    }
    if count == 0 || count > layouts.arguments_most_places {
        return Err(damaged(format!("{source}: {count} areas for kernel arguments")));
    }
    Ok(())
}

fn in_file(path: &str) -> String {
    format!("the kernel arguments in `{}`", path.escape_debug())
}

/// The areas, all of which hold the same.
fn arguments<R: Read + Seek>(
    image: &mut R,
    described_by: &str,
    default: String,
    length: u64,
    places: Vec<(KernelArgumentPlace, String)>,
) -> Result<KernelArgumentAreas, ImageError> {
    if default.len() as u64 >= length || default.contains(char::is_control) {
        let why = "the pristine kernel arguments are not one line that fits into its place";
        return Err(damaged(format!("`{described_by}`: {why}")));
    }
    let mut current: Option<String> = None;
    for (place, name) in &places {
        let found = text(image, length, place, name)?;
        if current.as_ref().is_some_and(|other| *other != found) {
            return Err(damaged(format!("{name} are not those of its other boot loader")));
        }
        current = Some(found);
    }
    let (current, described_by) = (current.unwrap_or_default(), described_by.to_owned());
    let places = places.into_iter().map(|(place, _)| place).collect();
    Ok(KernelArgumentAreas { default, current, places, length, described_by })
}

/// The arguments in one place: up to the ending, after which there is filling alone.
fn text<R: Read + Seek>(
    image: &mut R,
    length: u64,
    place: &KernelArgumentPlace,
    name: &str,
) -> Result<String, ImageError> {
    let mut bytes = vec![0; Area { offset: place.offset, length }.size()];
    read_at(image, place.offset, &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| damaged(format!("{name} are not text")))?;
    // An argument may end in the filling's character: the ending says where the arguments end.
    let (text, rest) =
        text.split_once(place.end.as_str()).ok_or_else(|| damaged(format!("{name} have no ending")))?;
    let pad = char::from(place.pad);
    if rest.contains(|other| other != pad) {
        return Err(damaged(format!("{name} are followed by something else than filling")));
    }
    if text.contains(char::is_control) {
        return Err(damaged(format!("{name} are not one line of text")));
    }
    if text.starts_with(' ') {
        return Err(damaged(format!("{name} begin with a space, which belongs to what is before them")));
    }
    Ok(text.trim().to_owned())
}
