//! Images that were downloaded: below `images` in the cache, a folder for each version, a description beside each file.
//!
//! A file gets its name last of all, so that whatever has a name and a description is whole and was verified. Who
//! changes a folder has it locked.

use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::FlockOperation;
use serde::Deserialize;
use serde::Serialize;

use super::super::Existing;
use super::super::Failure;
use super::super::apply::write_file;
use super::super::bench::cache_folder;
use super::super::inputs::read_bounded;
use crate::catalog::Algorithm;
use crate::catalog::Architecture;
use crate::catalog::Checksum;
use crate::catalog::Part;

/// A larger description is none of ours.
const MAX_RECORD_BYTES: u64 = 64 << 10;
/// How deep the folders of versions are: family, stream, version, architecture.
const DEPTH: usize = 4;

/// An image in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedImage {
    /// Its name without a version, or its URL.
    pub name: String,
    /// Its version, if it has one.
    pub version: Option<String>,
    /// What it runs on, if that is known.
    pub architecture: Option<Architecture>,
    /// What it is.
    pub part: Part,
    /// Its file.
    #[serde(default)]
    pub path: PathBuf,
    /// How large it is.
    pub size_bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Its SHA-512, if that was asked for.
    pub sha512: Option<String>,
    /// Why it is believed to be what it should be.
    pub verified: Verified,
    /// When it came, in seconds since 1970.
    pub fetched_seconds: u64,
    /// Where it came from.
    pub url: String,
}

impl CachedImage {
    /// True if it has this digest; false too if that cannot be told.
    pub fn is(&self, checksum: &Checksum) -> bool {
        match checksum.algorithm() {
            Algorithm::Sha256 => self.sha256 == checksum.as_str(),
            Algorithm::Sha512 => self.sha512.as_deref() == Some(checksum.as_str()),
        }
    }
}

/// Why a file is believed to be what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Verified {
    /// It is signed.
    Signature {
        /// With this primary key.
        key: String,
    },
    /// Its digest is in a list that is signed.
    SignedList {
        /// With this primary key.
        key: String,
    },
    /// Its digest was given by the user.
    GivenDigest,
    /// Its digest is told by its vendor's server, over TLS; nobody signs it.
    ToldDigest,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature { key } => write!(f, "signed by {key}"),
            Self::SignedList { key } => write!(f, "digest in a list signed by {key}"),
            Self::GivenDigest => f.write_str("digest as given"),
            Self::ToldDigest => f.write_str("digest as its server tells it; its vendor signs nothing"),
        }
    }
}

/// A folder of the cache that nobody else changes.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) folder: PathBuf,
    _lock: File,
}

impl Slot {
    /// Makes and locks a folder; `wait` is told if somebody else has it.
    pub(super) fn lock(folder: &Path, wait: &mut dyn FnMut()) -> Result<Self, Failure> {
        let failed = |cause: std::io::Error| Failure::io("lock", folder, &cause);
        loop {
            std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
            let lock = match File::open(folder) {
                Err(cause) if cause.kind() == ErrorKind::NotFound => continue,
                opened => opened.map_err(failed)?,
            };
            if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
                wait();
                rustix::fs::flock(&lock, FlockOperation::LockExclusive)
                    .map_err(|cause| failed(cause.into()))?;
            }
            // Whoever had it may have taken it away.
            let locked = lock.metadata().map_err(failed)?.ino();
            if folder.metadata().is_ok_and(|now| now.ino() == locked) {
                return Ok(Self { folder: folder.to_owned(), _lock: lock });
            }
        }
    }

    /// The image of this name, if it is there.
    pub(super) fn image(&self, file: &str) -> Option<CachedImage> {
        read_record(&self.folder.join(file))
    }

    /// Describes a file that is about to get its name.
    pub(super) fn describe(&self, image: &CachedImage) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(image).unwrap_or_default();
        write_file(&record_path(&image.path), &json, Existing::Replace, 0o644)
    }
}

/// The folder of all images.
pub(super) fn images_folder() -> Result<PathBuf, Failure> {
    Ok(cache_folder()?.join("images"))
}

/// Every image that is there, by name; the newest of each comes first.
pub(super) fn every_image() -> Result<Vec<CachedImage>, Failure> {
    let mut images = Vec::new();
    for folder in folders(&images_folder()?, DEPTH) {
        images.extend(files(&folder).into_iter().filter_map(|file| read_record(&file)));
    }
    images.sort_by(|a, b| {
        let key = |image: &CachedImage| (image.name.clone(), image.architecture);
        key(a).cmp(&key(b)).then(b.fetched_seconds.cmp(&a.fetched_seconds)).then(b.path.cmp(&a.path))
    });
    Ok(images)
}

/// Removes what was begun, is damaged or old, but for the newest `keep` versions of each image; says what is gone, and how
/// many bytes with it. What somebody else is at is left alone.
pub(super) fn prune(keep: usize) -> Result<(Vec<PathBuf>, u64), Failure> {
    let root = images_folder()?;
    let mut kept: Vec<(String, Option<Architecture>, Option<String>)> = Vec::new();
    let mut old: Vec<PathBuf> = Vec::new();
    for image in every_image()? {
        let folder = image.path.parent().map(Path::to_owned).unwrap_or_default();
        let key = (image.name.clone(), image.architecture, image.version.clone());
        let others = kept.iter().filter(|(name, arch, _)| (name, arch) == (&key.0, &key.1)).count();
        if kept.contains(&key) {
            continue;
        }
        if others < keep {
            kept.push(key);
        } else if !old.contains(&folder) {
            old.push(folder);
        }
    }
    let (mut gone, mut bytes) = (Vec::new(), 0);
    for folder in folders(&root, DEPTH) {
        let Ok(lock) = File::open(&folder) else { continue };
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        // What has no description was never finished, or is damaged.
        let stays = |file: &Path| !old.contains(&folder) && read_record(file).is_some();
        for file in files(&folder).into_iter().filter(|file| !stays(file)) {
            let size = file.metadata().map_or(0, |metadata| metadata.len());
            if std::fs::remove_file(&file).is_ok() {
                let _ = std::fs::remove_file(record_path(&file));
                bytes += size;
                gone.push(file);
            }
        }
        // Only what is empty goes.
        let _ = folder.ancestors().take(DEPTH).try_for_each(std::fs::remove_dir);
    }
    Ok((gone, bytes))
}

/// Reads the description of a file, if both are there and fit.
fn read_record(file: &Path) -> Option<CachedImage> {
    let json = read_bounded(&record_path(file), MAX_RECORD_BYTES).ok()?;
    let image: CachedImage = serde_json::from_slice(&json).ok()?;
    let is_whole =
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == image.size_bytes);
    is_whole.then(|| CachedImage { path: file.to_owned(), ..image })
}

/// The name of the description of a file.
fn record_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

/// The files of a folder that are no descriptions.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let is_file = |path: &PathBuf| path.is_file() && path.extension().is_none_or(|ending| ending != "json");
    let mut files: Vec<PathBuf> = entries.filter(is_file).collect();
    files.sort();
    files
}

/// The folders that are so deep.
fn folders(root: &Path, depth: usize) -> Vec<PathBuf> {
    if depth == 0 {
        return vec![root.to_owned()];
    }
    let entries = root.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut below: Vec<PathBuf> = entries.filter(|path| path.is_dir() && !path.is_symlink()).collect();
    below.sort();
    below.iter().flat_map(|folder| folders(folder, depth - 1)).collect()
}
