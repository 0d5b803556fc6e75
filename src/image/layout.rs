//! What a live image offers: the embed area, the kernel-argument areas, features.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;

use serde::Deserialize;

use super::ImageError;
use super::iso9660::Volume;
use super::iso9660::read_at;
use super::others::Others;

/// The table beside this file.
#[derive(Deserialize)]
struct Layouts {
    embed_description: String,
    embed_file: String,
    arguments_description: String,
    arguments_header_offset: u64,
    arguments_header_magic: String,
    arguments_most_bytes: u64,
    features: String,
}

/// A larger embed area is none: CoreOS has 256 KiB.
const MAX_EMBED: u64 = 64 << 20;
/// A description larger than this is none.
const MAX_DESCRIPTION: u32 = 64 << 10;

/// A range of bytes of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// From the beginning of the image, in bytes.
    pub offset: u64,
    /// In bytes.
    pub length: u64,
}

impl Area {
    /// Its length as a size in memory; reading an image has made sure that it is one.
    pub(super) fn size(self) -> usize {
        usize::try_from(self.length).unwrap_or(0)
    }
}

/// A live image that was read and found consistent.
#[derive(Clone, Debug)]
pub struct LiveImage {
    /// The volume id, by which the live system finds its medium.
    pub volume_id: String,
    /// Length of the image in bytes.
    pub length: u64,
    /// Where the configuration goes.
    pub embed: Area,
    /// Which file says so: a mark of the image's generation.
    pub embed_described_by: String,
    /// Where kernel arguments are, if they can be changed.
    pub kernel_arguments: Option<KernelArgumentAreas>,
    /// What the live system understands.
    pub features: BTreeMap<String, serde_json::Value>,
}

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

#[derive(Deserialize)]
struct EmbedDescription {
    file: String,
    #[serde(default)]
    offset: u64,
    length: Option<u64>,
}

#[derive(Deserialize)]
struct ArgumentsDescription {
    default: String,
    size: u64,
    files: Vec<ArgumentsFile>,
}

#[derive(Deserialize)]
struct ArgumentsFile {
    path: String,
    offset: u64,
    #[serde(default = "newline")]
    end: String,
    #[serde(default = "hash")]
    pad: String,
}

fn newline() -> String {
    "\n".to_owned()
}

fn hash() -> String {
    "#".to_owned()
}

impl LiveImage {
    /// Reads an image and checks that all it says of itself lies within it.
    pub fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let layouts: Layouts = toml::from_str(include_str!("layouts.toml"))
            .map_err(|cause| ImageError::Damaged(format!("cotter's own table of layouts: {cause}")))?;
        let volume = Volume::read(image)?;
        let (embed, embed_described_by) = embed_area(image, &volume, &layouts)?;
        let kernel_arguments =
            match description::<ArgumentsDescription, R>(image, &volume, &layouts.arguments_description)? {
                Some(description) => Some(described_arguments(image, &volume, &layouts, description)?),
                None => header_arguments(image, &volume, &layouts)?,
            };
        let features = description(image, &volume, &layouts.features)?.unwrap_or_default();
        disjoint(embed, kernel_arguments.as_ref())?;
        let Volume { id: volume_id, length, .. } = volume;
        Ok(Self { volume_id, length, embed, embed_described_by, kernel_arguments, features })
    }

    /// True if the live system says that it understands `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature) == Some(&serde_json::Value::Bool(true))
    }
}

pub(super) fn description<T: for<'de> Deserialize<'de>, R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    path: &str,
) -> Result<Option<T>, ImageError> {
    let Some(entry) = volume.find(image, path)? else {
        return Ok(None);
    };
    if entry.length > MAX_DESCRIPTION {
        return Err(ImageError::Damaged(format!("`{path}` has {} bytes", entry.length)));
    }
    let mut json = vec![0; entry.length as usize];
    read_at(image, entry.offset, &mut json)?;
    serde_json::from_slice(&json).map(Some).map_err(|cause| ImageError::Damaged(format!("`{path}`: {cause}")))
}

/// Refuses areas that overlap: writing one would change the other.
fn disjoint(embed: Area, arguments: Option<&KernelArgumentAreas>) -> Result<(), ImageError> {
    let mut areas = vec![embed];
    if let Some(arguments) = arguments {
        let length = arguments.length;
        areas.extend(arguments.places.iter().map(|place| Area { offset: place.offset, length }));
    }
    areas.sort_by_key(|area| area.offset);
    let overlap = |pair: &[Area]| matches!(pair, [a, b] if b.offset - a.offset < a.length);
    if areas.windows(2).any(overlap) {
        return Err(ImageError::Damaged("two of its areas overlap".into()));
    }
    Ok(())
}

fn embed_area<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<(Area, String), ImageError> {
    let description = description::<EmbedDescription, R>(image, volume, &layouts.embed_description)?;
    let (file, offset, length) = match &description {
        Some(found) => (found.file.as_str(), found.offset, found.length),
        None => (layouts.embed_file.as_str(), 0, None),
    };
    let Some(entry) = volume.find(image, file)? else {
        for other in Others::table()? {
            if volume.find(image, &other.initrd)?.is_some() {
                return Err(ImageError::NoArea { system: other.system });
            }
        }
        return Err(ImageError::NotALiveImage(format!(
            "it has no `{file}`, where the configuration would go"
        )));
    };
    let outside = || ImageError::Damaged(format!("the embed area is not a part of `{file}`"));
    let rest = u64::from(entry.length).checked_sub(offset).ok_or_else(outside)?;
    let length = length.unwrap_or(rest);
    if length == 0 || length > rest || length > MAX_EMBED {
        return Err(outside());
    }
    let described_by = if description.is_some() { &layouts.embed_description } else { &layouts.embed_file };
    Ok((Area { offset: entry.offset + offset, length }, described_by.clone()))
}

fn described_arguments<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
    description: ArgumentsDescription,
) -> Result<KernelArgumentAreas, ImageError> {
    let mut places = Vec::new();
    for file in &description.files {
        let damaged = |why: &str| ImageError::Damaged(format!("kernel arguments in `{}`: {why}", file.path));
        let entry = volume.find(image, &file.path)?.ok_or_else(|| damaged("there is no such file"))?;
        let end =
            file.offset.checked_add(description.size).ok_or_else(|| damaged("they lie outside of it"))?;
        if end > u64::from(entry.length) {
            return Err(damaged("they lie outside of it"));
        }
        let [pad] = file.pad.as_bytes() else {
            return Err(damaged("the filling is not one byte"));
        };
        if file.end.is_empty() || file.end.len() > 4 {
            return Err(damaged("the ending is not one character"));
        }
        places.push(KernelArgumentPlace {
            offset: entry.offset + file.offset,
            end: file.end.clone(),
            pad: *pad,
        });
    }
    let described_by = &layouts.arguments_description;
    arguments(image, layouts, described_by, description.default, description.size, places)
}

fn header_arguments<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<Option<KernelArgumentAreas>, ImageError> {
    let mut header = [0_u8; 72];
    read_at(image, layouts.arguments_header_offset, &mut header)?;
    if !header.starts_with(layouts.arguments_header_magic.as_bytes()) {
        return Ok(None);
    }
    let word = |index: usize| {
        header
            .get(index * 8..index * 8 + 8)
            .and_then(|eight| eight.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    };
    let (length, default_offset) = (word(1), word(2));
    let offsets: Vec<u64> = (3..9).map(word).take_while(|offset| *offset != 0).collect();
    let inside = |offset: &u64| offset.checked_add(length).is_some_and(|end| end <= volume.length);
    if length > layouts.arguments_most_bytes || !offsets.iter().chain([&default_offset]).all(inside) {
        return Err(ImageError::Damaged("the kernel-argument areas lie outside of it".into()));
    }
    let place = |offset| KernelArgumentPlace { offset, end: newline(), pad: b'#' };
    let default = text(image, default_offset, length, &place(default_offset))?;
    let places = offsets.into_iter().map(place).collect();
    arguments(image, layouts, &layouts.arguments_header_magic, default, length, places).map(Some)
}

fn arguments<R: Read + Seek>(
    image: &mut R,
    layouts: &Layouts,
    described_by: &str,
    default: String,
    length: u64,
    places: Vec<KernelArgumentPlace>,
) -> Result<KernelArgumentAreas, ImageError> {
    if length > layouts.arguments_most_bytes || default.len() as u64 >= length || places.is_empty() {
        return Err(ImageError::Damaged("the kernel-argument areas have an impossible size".into()));
    }
    let mut current: Option<String> = None;
    for place in &places {
        let found = text(image, place.offset, length, place)?;
        if current.as_ref().is_some_and(|other| *other != found) {
            return Err(ImageError::Damaged("its boot loaders have different kernel arguments".into()));
        }
        current = Some(found);
    }
    let (current, described_by) = (current.unwrap_or_default(), described_by.to_owned());
    Ok(KernelArgumentAreas { default, current, places, length, described_by })
}

/// The arguments in one place: up to the ending, or to the filling.
fn text<R: Read + Seek>(
    image: &mut R,
    offset: u64,
    length: u64,
    place: &KernelArgumentPlace,
) -> Result<String, ImageError> {
    // `length` is at most 2 KiB: every caller has checked it against the table.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0).min(64 << 10)];
    read_at(image, offset, &mut bytes)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ImageError::Damaged("its kernel arguments are not text".into()))?;
    // An argument may end in the filling's character: the ending says where the arguments end.
    let text = match text.split_once(place.end.as_str()) {
        Some((text, _)) => text,
        None => text.trim_end_matches(char::from(place.pad)),
    };
    Ok(text.trim().to_owned())
}

impl KernelArgumentAreas {
    /// How many more bytes fit.
    pub fn left(&self) -> u64 {
        let end = self.places.iter().map(|place| place.end.len()).max().unwrap_or(1) as u64;
        self.length.saturating_sub(end).saturating_sub(self.current.len() as u64)
    }
}
