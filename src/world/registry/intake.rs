//! Bytes on their way: counted and digested as they come, and right or not at their end.

use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use sha2::Digest as _;
use sha2::Sha256;
use sha2::Sha512;

use crate::images::Descriptor;
use crate::images::Trouble;
use crate::images::TroubleKind;

/// What digests are made by.
#[derive(Clone, Debug)]
enum Hasher {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

/// What of a blob has come.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    hasher: Hasher,
    bytes: u64,
    size_bytes: u64,
    digest: String,
    /// What the place that it comes from had for trouble.
    trouble: Option<io::ErrorKind>,
}

impl Intake {
    pub(super) fn of(blob: &Descriptor) -> Self {
        let hasher = match blob.digest.starts_with("sha512:") {
            true => Hasher::Sha512(Box::default()),
            false => Hasher::Sha256(Sha256::new()),
        };
        Self { hasher, bytes: 0, size_bytes: blob.size_bytes, digest: blob.digest.clone(), trouble: None }
    }

    /// Takes the next bytes; false if they are more than the blob has.
    pub(super) fn take(&mut self, piece: &[u8]) -> bool {
        match &mut self.hasher {
            Hasher::Sha256(hasher) => hasher.update(piece),
            Hasher::Sha512(hasher) => hasher.update(piece),
        }
        self.bytes += piece.len() as u64;
        self.bytes <= self.size_bytes
    }

    /// Whether it is whole and right; `place` is where it comes from.
    pub(super) fn finish(self, place: &str) -> Result<(), Trouble> {
        let (digest, size) = (&self.digest, self.size_bytes);
        let is_longer = self.bytes > size;
        match self.trouble.filter(|_| !is_longer) {
            Some(io::ErrorKind::TimedOut) => {
                return Err(Trouble::new(
                    TroubleKind::Timeout,
                    format!("{place} gave no more of {digest} in time"),
                ));
            }
            Some(_) => {
                return Err(Trouble::new(TroubleKind::Broken, format!("{place} broke off within {digest}")));
            }
            None => {}
        }
        if self.bytes < size {
            let words = format!("{place} broke off after {} of {size} bytes of {digest}", self.bytes);
            return Err(Trouble::new(TroubleKind::Broken, words));
        }
        let found = match self.hasher {
            Hasher::Sha256(hasher) => format!("sha256:{}", hex::encode(hasher.finalize())),
            Hasher::Sha512(hasher) => format!("sha512:{}", hex::encode(hasher.finalize())),
        };
        if is_longer || found != *digest {
            let what = if is_longer { "more than its manifest says".to_owned() } else { found };
            return Err(Trouble::new(
                TroubleKind::DigestMismatch,
                format!("{place} gives {what} for {digest}"),
            ));
        }
        Ok(())
    }
}

/// A reader that says what of a blob it gave, also after it was given away.
pub(super) struct Watched<R> {
    inner: R,
    intake: Arc<Mutex<Intake>>,
    moved: Arc<AtomicU64>,
}

/// What a [`Watched`] saw.
#[derive(Clone, Debug)]
pub(super) struct Watch(Arc<Mutex<Intake>>);

impl Watch {
    pub(super) fn seen(&self) -> Intake {
        lock(&self.0).clone()
    }

    /// True if the place that it comes from is to blame.
    pub(super) fn is_troubled(&self) -> bool {
        lock(&self.0).trouble.is_some()
    }
}

impl<R: Read> Watched<R> {
    pub(super) fn new(inner: R, blob: &Descriptor, moved: &Arc<AtomicU64>) -> (Self, Watch) {
        let intake = Arc::new(Mutex::new(Intake::of(blob)));
        let watch = Watch(Arc::clone(&intake));
        (Self { inner, intake, moved: Arc::clone(moved) }, watch)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(piece);
        let mut intake = lock(&self.intake);
        match read {
            Ok(read) => {
                self.moved.fetch_add(read as u64, Ordering::Relaxed);
                let is_within = intake.take(piece.get(..read).unwrap_or_default());
                if !is_within {
                    intake.trouble = Some(io::ErrorKind::FileTooLarge);
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                Ok(read)
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Err(cause),
            Err(cause) => {
                intake.trouble = Some(cause.kind());
                Err(cause)
            }
        }
    }
}

fn lock(intake: &Mutex<Intake>) -> MutexGuard<'_, Intake> {
    intake.lock().unwrap_or_else(PoisonError::into_inner)
}
