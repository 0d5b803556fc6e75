//! What became of images that were to be copied.

use serde::Serialize;

use super::Trouble;
use super::TroubleKind;
use crate::document::Origin;

/// The schema of the report.
pub const MIRROR_REPORT_SCHEMA: &str = "cotter.dev/images-mirror/1";

/// What became of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CopyState {
    /// It was copied.
    Copied,
    /// It was there.
    There,
    /// Its manifest for the platform is there; the digest that the reference names is not.
    Changed,
    /// It could not be copied.
    Failed,
}

/// What was in the way at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hindrance {
    /// Host and repository, or the layout.
    pub place: String,
    /// What kind of trouble it is.
    pub trouble: TroubleKind,
    /// What is wrong, in words.
    pub why: String,
    /// The next step.
    pub help: &'static str,
}

impl Hindrance {
    /// Where it was to be read.
    pub fn to_pull(place: String, trouble: Trouble) -> Self {
        let Trouble { kind, words } = trouble;
        Self { place, trouble: kind, why: words, help: kind.help() }
    }

    /// Where it was to be written.
    pub fn to_push(place: String, trouble: Trouble) -> Self {
        let help = trouble.kind.help_to_push();
        Self { help, ..Self::to_pull(place, trouble) }
    }
}

/// What became of one image.
#[derive(Clone, Debug, Serialize)]
pub struct CopiedImage {
    /// The whole reference.
    pub image: String,
    /// What became of it.
    pub state: CopyState,
    /// Where the copy is.
    pub to: String,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The digest of the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The digest of the index that it is from, if the platform's manifest alone was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_index: Option<String>,
    /// Where it could not be read, or written.
    pub tried: Vec<Hindrance>,
    /// The lines that ask for it.
    pub origins: Vec<Origin>,
}

/// What was moved, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Blobs that came over the network whole or in part.
    pub blobs: u64,
    /// Their bytes that came now.
    pub bytes: u64,
    /// Blobs that were there.
    pub blobs_there: u64,
    /// Blobs that the destination took from another of its repositories.
    pub blobs_mounted: u64,
    /// Blobs that went on where they had broken off.
    pub blobs_continued: u64,
}

/// How many images came out how.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct CopyCounts {
    /// All.
    pub images: usize,
    /// Those that were copied.
    pub copied: usize,
    /// Those that were there.
    pub there: usize,
    /// Those whose platform's manifest is there alone.
    pub changed: usize,
    /// Those that could not be copied.
    pub failed: usize,
}

/// What became of all.
#[derive(Clone, Debug, Serialize)]
pub struct MirrorReport {
    /// `cotter.dev/images-mirror/1`.
    pub schema: &'static str,
    /// Where to.
    pub to: String,
    /// For which platform; none for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// How many came out how.
    pub counts: CopyCounts,
    /// What was moved.
    pub moved: Moved,
    /// The images.
    pub images: Vec<CopiedImage>,
    /// Mirror configurations that were written.
    pub files: Vec<String>,
}

impl MirrorReport {
    /// Sums up.
    pub fn of(to: String, platform: Option<String>, moved: Moved, images: Vec<CopiedImage>) -> Self {
        let count = |state| images.iter().filter(|image| image.state == state).count();
        let counts = CopyCounts {
            images: images.len(),
            copied: count(CopyState::Copied),
            there: count(CopyState::There),
            changed: count(CopyState::Changed),
            failed: count(CopyState::Failed),
        };
        Self { schema: MIRROR_REPORT_SCHEMA, to, platform, counts, moved, images, files: Vec::new() }
    }

    /// True if every reference can be pulled from the copy.
    pub fn is_whole(&self) -> bool {
        self.counts.failed + self.counts.changed == 0
    }
}
