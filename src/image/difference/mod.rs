//! What differs between two images: files, what is embedded, kernel arguments, bytes outside of files.

mod bytes;
mod embedded;
mod outside;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::io::Seek;

use serde::Serialize;

use super::Area;
use super::ImageError;
use super::LiveImage;
use super::edit;
use super::iso9660::Volume;
use bytes::Mark;
pub use embedded::EmbeddedChange;
pub use outside::Outside;

/// What differs between two images, the old and the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The volume ids, if they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_id: Option<Change<String>>,
    /// The lengths in bytes, if they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_bytes: Option<Change<u64>>,
    /// The files that differ, by path.
    pub files: BTreeMap<String, FileChange>,
    /// The kernel arguments, if they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_arguments: Option<ArgumentsChange>,
    /// The embedded files that differ, by path.
    pub embedded: BTreeMap<String, EmbeddedChange>,
    /// Why what is embedded could not be compared file by file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_error: Option<String>,
    /// What differs outside of any file.
    pub outside: Vec<Outside>,
    /// True if the files are at other places, so that the bytes between them were not compared.
    pub files_moved: bool,
    /// True if all that differs is what is embedded and the kernel arguments.
    pub only_customized: bool,
}

/// Something before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// In the old image.
    pub old: T,
    /// In the new one.
    pub new: T,
}

/// How a file differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its length in the old image, in bytes; none if it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_bytes: Option<u64>,
    /// Its length in the new image, in bytes; none if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_bytes: Option<u64>,
    /// The areas that all of its differences lie in; empty if there is one elsewhere.
    pub only_in: BTreeSet<Within>,
}

/// A part of an image that is there to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// The embed area.
    EmbedArea,
    /// An area for kernel arguments.
    KernelArguments,
}

/// How the kernel arguments differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArgumentsChange {
    /// Those that only the new image has.
    pub added: Vec<String>,
    /// Those that only the old image has.
    pub removed: Vec<String>,
}

impl Difference {
    /// Compares two images: reads both, a megabyte at a time.
    pub fn between<A: Read + Seek, B: Read + Seek>(
        (old, a): (&mut A, &Listing),
        (new, b): (&mut B, &Listing),
    ) -> Result<Self, ImageError> {
        let mut difference = Self {
            volume_id: change(&a.volume.id, &b.volume.id),
            length_bytes: change(&a.volume.length, &b.volume.length),
            files_moved: a.files != b.files,
            ..Self::default()
        };
        difference.compare_files(old, a, new, b)?;
        if let (Some(live_a), Some(live_b)) = (&a.live, &b.live) {
            difference.kernel_arguments = arguments(live_a, live_b);
            match (edit::embedded(live_a, old), edit::embedded(live_b, new)) {
                (Ok(a), Ok(b)) => difference.embedded = embedded::compare(&a, &b),
                (Err(cause @ ImageError::Io(_)), _) | (_, Err(cause @ ImageError::Io(_))) => {
                    return Err(cause);
                }
                (Err(cause), _) | (_, Err(cause)) => difference.embedded_error = Some(cause.to_string()),
            }
        }
        difference.outside = match difference.files_moved || a.volume.length != b.volume.length {
            true => outside::beginnings(old, new)?,
            false => outside::between_files(old, new, &a.files, a.volume.length)?,
        };
        let of_customizing = |file: &FileChange| !file.only_in.is_empty();
        difference.only_customized = !difference.is_empty()
            && difference.volume_id.is_none()
            && difference.length_bytes.is_none()
            && difference.outside.is_empty()
            && !difference.files_moved
            && difference.files.values().all(of_customizing);
        Ok(difference)
    }

    /// True if the images are the same, byte for byte.
    pub fn is_empty(&self) -> bool {
        let shorter = Self { only_customized: false, ..self.clone() };
        shorter == Self::default()
    }

    fn compare_files<A: Read + Seek, B: Read + Seek>(
        &mut self,
        old: &mut A,
        a: &Listing,
        new: &mut B,
        b: &Listing,
    ) -> Result<(), ImageError> {
        let paths: BTreeSet<&String> = a.files.keys().chain(b.files.keys()).collect();
        for path in paths {
            let (areas_a, areas_b) = (a.files.get(path), b.files.get(path));
            let (old_bytes, new_bytes) =
                (areas_a.map(|areas| total(areas)), areas_b.map(|areas| total(areas)));
            let mut only_in = BTreeSet::new();
            if let (Some(areas_a), Some(areas_b)) = (areas_a, areas_b)
                && old_bytes == new_bytes
            {
                let found = bytes::compare((old, areas_a, &a.marks), (new, areas_b, &b.marks))?;
                if found.is_same() {
                    continue;
                }
                only_in = found.only_in();
            }
            self.files.insert(path.clone(), FileChange { old_bytes, new_bytes, only_in });
        }
        Ok(())
    }
}

/// An image with all of its files and areas.
#[derive(Debug)]
pub struct Listing {
    volume: Volume,
    files: BTreeMap<String, Vec<Area>>,
    /// None of an image that is no live one.
    live: Option<LiveImage>,
    /// Its areas, with what they are.
    marks: Vec<Mark>,
}

impl Listing {
    /// Reads where everything is in an image.
    pub fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let volume = Volume::read(image)?;
        let files = volume.ranges()?;
        // What cannot be understood is compared as any other bytes.
        let live = match LiveImage::read(image) {
            Err(cause @ ImageError::Io(_)) => return Err(cause),
            other => other.ok(),
        };
        let mut marks = Vec::new();
        if let Some(live) = &live {
            marks.push(Mark { area: live.embed, within: Within::EmbedArea });
            if let Some(areas) = &live.kernel_arguments {
                let area = |offset| Area { offset, length: areas.length };
                let of = |offset| Mark { area: area(offset), within: Within::KernelArguments };
                marks.extend(areas.places.iter().map(|place| of(place.offset)));
            }
        }
        Ok(Self { volume, files, live, marks })
    }
}

fn change<T: Clone + PartialEq>(old: &T, new: &T) -> Option<Change<T>> {
    (old != new).then(|| Change { old: old.clone(), new: new.clone() })
}

fn total(areas: &[Area]) -> u64 {
    areas.iter().map(|area| area.length).sum()
}

fn arguments(old: &LiveImage, new: &LiveImage) -> Option<ArgumentsChange> {
    let words = |live: &LiveImage| -> Vec<String> {
        let current = live.kernel_arguments.as_ref().map_or("", |areas| areas.current.as_str());
        current.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let (old, new) = (words(old), words(new));
    if old == new {
        return None;
    }
    // One that is there twice counts twice.
    let without = |words: &[String], others: &[String]| {
        let mut others = others.to_vec();
        let mut rest = words.to_vec();
        rest.retain(|word| match others.iter().position(|other| other == word) {
            Some(at) => {
                others.swap_remove(at);
                false
            }
            None => true,
        });
        rest
    };
    Some(ArgumentsChange { added: without(&new, &old), removed: without(&old, &new) })
}
