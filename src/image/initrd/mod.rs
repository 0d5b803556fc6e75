//! Live initrds, as they boot over the network: what they are, what they understand, what was appended.
//!
//! An initrd is one archive after another (Documentation/driver-api/early-userspace/buffer-format.rst of the
//! kernel), each compressed or not, and has hundreds of megabytes: it is read as a stream, and only a few small
//! files are kept.

mod cpio;
mod stream;

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use super::Archive;
use super::Area;
use super::ImageError;
use super::archive::member::Compression;
use super::edit::CONFIG;
use super::edit::NETWORK;
use super::others::Others;
use cpio::Kept;

/// What says that an initramfs is one of a live CoreOS (its dracut module 35coreos-live).
const STAMP: &str = "etc/coreos-live-initramfs";
/// What the live system understands; the same as `coreos/features.json` of the ISO.
const FEATURES: &str = "etc/coreos/features.json";
/// A description larger than this is none.
const MAX_FEATURES: u64 = 64 << 10;
/// More is not kept of what was appended.
const MAX_EMBEDDED: u64 = 64 << 20;
/// More is not unpacked, all archives together: no live system has so much.
const MAX_UNPACKED: u64 = 8 << 30;

/// Whose initrd it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveSystem {
    /// A live CoreOS.
    CoreOs,
    /// Another one, by its name.
    Other(String),
}

/// A live initrd that was read to its end.
#[derive(Clone, Debug)]
pub struct LiveInitrd {
    /// Whose it is.
    pub system: LiveSystem,
    /// Its length in bytes.
    pub length: u64,
    /// What the live system understands.
    pub features: BTreeMap<String, serde_json::Value>,
    /// The configuration and the keyfiles in it.
    pub embedded: Archive,
    /// The archives, in order.
    pub archives: Vec<InitrdArchive>,
}

/// One of an initrd's archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitrdArchive {
    /// Where it is, as it is stored.
    pub area: Area,
    /// How it is compressed: `plain`, `gzip`, `xz` or `zstd`.
    pub compression: &'static str,
    /// How many files it has.
    pub files: u64,
}

impl LiveInitrd {
    /// Reads an initrd to its end. Fails if it is damaged, or not one of a live system.
    pub fn read<R: Read + Seek>(initrd: &mut R) -> Result<Self, ImageError> {
        let length = initrd.seek(SeekFrom::End(0))?;
        let others = Others::table()?;
        let mut kept = Kept::new(&[STAMP, FEATURES], &[CONFIG, NETWORK], MAX_EMBEDDED, MAX_UNPACKED);
        for other in others {
            kept.also(&other.initrd_mark, &other.config);
        }
        let mut archives = Vec::new();
        let mut at = 0;
        while let Some((offset, compression)) = stream::next(initrd, at, length)? {
            let Some(compression) = compression else {
                let damaged = || ImageError::Damaged(format!("at byte {offset} there is no archive"));
                return Err(if archives.is_empty() { no_initrd() } else { damaged() });
            };
            let before = kept.files;
            at = read_archive(initrd, offset, compression, &mut kept)
                .map_err(|cause| match cause {
                    ImageError::Io(cause) if is_of_the_file(&cause) => {
                        ImageError::Damaged(format!("the archive at byte {offset} cannot be read: {cause}"))
                    }
                    other => other,
                })?
                .min(length);
            archives.push(InitrdArchive {
                area: Area { offset, length: at - offset },
                compression: compression.name(),
                files: kept.files - before,
            });
        }
        if archives.is_empty() {
            return Err(no_initrd());
        }
        let system = match others.iter().find(|other| kept.marks.contains_key(other.initrd_mark.as_str())) {
            _ if kept.marks.contains_key(STAMP) => LiveSystem::CoreOs,
            Some(other) => LiveSystem::Other(other.system.clone()),
            None => {
                return Err(ImageError::NotALiveImage(
                    "it is an initrd, and not one of a live system".into(),
                ));
            }
        };
        let features = match kept.marks.get(FEATURES) {
            None => BTreeMap::new(),
            Some(json) if json.len() as u64 > MAX_FEATURES => {
                return Err(ImageError::Damaged(format!("`{FEATURES}` has {} bytes", json.len())));
            }
            Some(json) => serde_json::from_slice(json)
                .map_err(|cause| ImageError::Damaged(format!("`{FEATURES}`: {cause}")))?,
        };
        Ok(Self { system, length, features, embedded: kept.embedded, archives })
    }

    /// True if the live system says that it understands `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature) == Some(&serde_json::Value::Bool(true))
    }
}

fn no_initrd() -> ImageError {
    ImageError::NotALiveImage("it is neither an ISO 9660 image nor an initrd".into())
}

/// Reads one archive and says where the next one may begin.
fn read_archive<R: Read + Seek>(
    initrd: &mut R,
    offset: u64,
    compression: Compression,
    kept: &mut Kept,
) -> Result<u64, ImageError> {
    stream::open(initrd, offset, compression, |plain| cpio::read(plain, kept, compression))
}

/// True for what a decoder says of its input, and false for what the operating system says of reading.
fn is_of_the_file(cause: &std::io::Error) -> bool {
    cause.raw_os_error().is_none()
}
