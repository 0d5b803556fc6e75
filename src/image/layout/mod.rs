//! What a live image offers: the embed area, the kernel-argument areas, features.
//!
//! All that an image says of itself is held against the image before anything is written by it: areas lie in
//! their files, touch nothing else, and hold what such areas hold.

mod architecture;
mod arguments;
mod embed;
mod generation;

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;
use std::sync::LazyLock;

use serde::Deserialize;

pub use arguments::KernelArgumentAreas;
pub use arguments::KernelArgumentPlace;
pub use generation::Generation;

use super::ImageError;
use super::iso9660::Entry;
use super::iso9660::Volume;
use super::iso9660::read_at;
use super::others::Others;
use architecture::Architecture;
use generation::Found;

/// The table beside this folder.
#[derive(Deserialize)]
pub(super) struct Layouts {
    embed_description: String,
    embed_file: String,
    embed_most_bytes: u64,
    arguments_description: String,
    arguments_header_offset: u64,
    arguments_header_magic: String,
    arguments_most_bytes: u64,
    arguments_most_places: usize,
    features: String,
    kernel: String,
    generations: Vec<Generation>,
    architectures: Vec<Architecture>,
    /// Live systems that keep no room in their ISO.
    pub(super) without_area: Vec<Others>,
}

/// A test reads the table, so there is one.
static LAYOUTS: LazyLock<Result<Layouts, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("../layouts.toml")));

impl Layouts {
    /// The table.
    pub(super) fn table() -> Result<&'static Self, ImageError> {
        LAYOUTS
            .as_ref()
            .map_err(|cause| ImageError::Damaged(format!("cotter's own table of layouts: {cause}")))
    }
}

/// A description larger than this is none.
const MAX_DESCRIPTION: u64 = 64 << 10;
/// Which of the features are the directives of the installer's configuration.
const DIRECTIVES: &str = "installer-config-directives";

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

    /// The first byte after it.
    pub(super) fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }

    /// True if all of `other` lies in it.
    pub(super) fn holds(self, other: Self) -> bool {
        self.offset <= other.offset && other.end() <= self.end()
    }

    /// True if both have a byte in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.offset.max(other.offset) < self.end().min(other.end())
    }
}

/// A live image that was read and found consistent.
#[derive(Clone, Debug)]
pub struct LiveImage {
    /// The volume id, by which the live system finds its medium.
    pub volume_id: String,
    /// Length of the image in bytes.
    pub length: u64,
    /// The generation that it is of.
    pub generation: Option<Generation>,
    /// The architecture that it is for, as in `x86_64`, if its kernel or its files tell.
    pub architecture: Option<String>,
    /// Where the configuration goes.
    pub embed: Area,
    /// Which file says so: a mark of the image's generation.
    pub embed_described_by: String,
    /// Where kernel arguments are, if they can be changed.
    pub kernel_arguments: Option<KernelArgumentAreas>,
    /// What the live system understands.
    pub features: BTreeMap<String, serde_json::Value>,
}

impl LiveImage {
    /// Reads an image and checks that all it says of itself lies within it.
    pub fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let layouts = Layouts::table()?;
        let volume = Volume::read(image)?;
        let (embed, embed_described_by) = embed::area(image, &volume, layouts)?;
        let (kernel_arguments, filling) = arguments::areas(image, &volume, layouts)?;
        let features: BTreeMap<String, serde_json::Value> =
            description(image, &volume, &layouts.features)?.unwrap_or_default();
        disjoint(embed, kernel_arguments.as_ref())?;
        let header = arguments::header(image, layouts)?.is_some();
        let architecture = architecture::architecture(image, &volume, layouts)?;
        let found = Found {
            filling,
            header,
            directives: features.contains_key(DIRECTIVES),
            ppc64le: architecture.as_deref() == Some("ppc64le"),
        };
        let generation = generation::generation(&volume, layouts, found);
        let Volume { id: volume_id, length, .. } = volume;
        Ok(Self {
            volume_id,
            length,
            generation,
            architecture,
            embed,
            embed_described_by,
            kernel_arguments,
            features,
        })
    }

    /// True if the live system says that it understands `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature) == Some(&serde_json::Value::Bool(true))
    }
}

/// Reads one of the JSON files in which an image describes itself.
fn description<T: for<'de> Deserialize<'de>, R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    path: &str,
) -> Result<Option<T>, ImageError> {
    let Some(entry) = volume.find(path)? else {
        return Ok(None);
    };
    let area = entry.area();
    if area.length > MAX_DESCRIPTION {
        return Err(damaged(format!("`{path}` has {} bytes, more than a description can have", area.length)));
    }
    let mut json = vec![0; area.size()];
    read_at(image, area.offset, &mut json)?;
    serde_json::from_slice(&json).map(Some).map_err(|cause| damaged(format!("`{path}`: {cause}")))
}

/// Refuses a file that shares bytes with anything else: to write into one would change the other.
fn alone(volume: &Volume, file: &Entry, what: &str) -> Result<(), ImageError> {
    match volume.also_in(file.area()) {
        None => Ok(()),
        Some(other) => Err(damaged(format!("{what} and {other} have the same bytes"))),
    }
}

/// Refuses areas that overlap: writing one would change the other.
fn disjoint(embed: Area, arguments: Option<&KernelArgumentAreas>) -> Result<(), ImageError> {
    let mut areas = vec![embed];
    if let Some(arguments) = arguments {
        let length = arguments.length;
        areas.extend(arguments.places.iter().map(|place| Area { offset: place.offset, length }));
    }
    areas.sort_by_key(|area| area.offset);
    if areas.windows(2).any(|pair| matches!(pair, [a, b] if a.meets(*b))) {
        return Err(damaged("two of its areas overlap".into()));
    }
    Ok(())
}

fn damaged(why: String) -> ImageError {
    ImageError::Damaged(why)
}
