//! Tags made digests, as the registries and mirrors say now.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use super::super::Failure;
use super::Asking;
use super::ImageSources;
use super::Registries;
use super::source::Source;
use crate::images::Hindrance;
use crate::images::Reference;

/// The digest of each tagged image, or where it could not be seen.
///
/// # Errors
/// If the file of authorities is of no use.
pub fn resolve_tags(
    sources: &ImageSources,
    asking: &Asking<'_>,
) -> Result<BTreeMap<Reference, Result<String, Vec<Hindrance>>>, Failure> {
    let registries = Registries::new(sources, asking)?;
    let tagged: Vec<&Reference> = sources.images.keys().filter(|image| image.digest.is_none()).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..asking.concurrency.clamp(1, tagged.len().max(1)) {
            scope.spawn(|| {
                while let Some(image) = tagged.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let digest = registries.digest(image);
                    found.lock().unwrap_or_else(PoisonError::into_inner).insert((*image).clone(), digest);
                }
            });
        }
    });
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Registries<'_> {
    /// The digest of the bytes that come, whatever a header says.
    fn digest(&self, image: &Reference) -> Result<String, Vec<Hindrance>> {
        let mut tried = Vec::new();
        for candidate in self.mirrors.route(image) {
            let root = self.reach(&candidate).and_then(|slot| {
                let pull = self.pull(&slot, image, &candidate)?;
                Source::Repository(pull).root()
            });
            match root {
                Ok(manifest) => return Ok(manifest.digest),
                Err(trouble) => tried.push(Hindrance::to_pull(candidate.place(), trouble)),
            }
        }
        Err(tried)
    }
}
