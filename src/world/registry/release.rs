//! The list of images of an OpenShift release, out of the release's own image.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::super::Failure;
use super::Asking;
use super::ImageSources;
use super::Registries;
use super::intake::Watched;
use super::source::Source;
use crate::images::Content;
use crate::images::Descriptor;
use crate::images::Hindrance;
use crate::images::Parts;
use crate::images::Reference;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::read_manifest;
use crate::images::read_parts;
use crate::images::references_in_layer;

/// More layers than a release has.
const MAX_LAYERS: usize = 64;

/// Reads `release-manifests/image-references` of a release through mirrors and logins.
///
/// # Errors
/// If the file of authorities is of no use. The inner one says where the release could not be read.
pub fn read_release(
    sources: &ImageSources,
    asking: &Asking<'_>,
    release: &Reference,
) -> Result<Result<String, Vec<Hindrance>>, Failure> {
    let registries = Registries::new(sources, asking)?;
    let mut tried = Vec::new();
    for candidate in sources.mirrors.route(release) {
        let read = registries.reach(&candidate).and_then(|slot| {
            let pull = registries.pull(&slot, release, &candidate)?;
            read(&Source::Repository(pull), asking)
        });
        match read {
            Ok(text) => return Ok(Ok(text)),
            Err(trouble) => tried.push(Hindrance::to_pull(candidate.place(), trouble)),
        }
    }
    Ok(Err(tried))
}

fn read(source: &Source<'_>, asking: &Asking<'_>) -> Result<String, Trouble> {
    let of = |kind, words: &str| Trouble::new(kind, format!("{} {words}", source.place()));
    let mut manifest = source.root()?;
    match read_manifest(&manifest.body, asking.platform) {
        Content::Child(digest) => manifest = source.manifest(&digest)?,
        Content::OtherPlatforms(others) => {
            return Err(of(
                TroubleKind::Platform,
                &format!("is there for {others}, not for {}", asking.platform),
            ));
        }
        _ => {}
    }
    let Ok(Parts::Image { layers, .. }) = read_parts(&manifest.body) else {
        return Err(of(TroubleKind::Garbage, "gives no image"));
    };
    // What a release adds is in its last layers.
    for layer in layers.iter().rev().take(MAX_LAYERS) {
        if let Some(bytes) = in_layer(source, layer)? {
            return String::from_utf8(bytes)
                .map_err(|_| of(TroubleKind::Garbage, "has a list that is no text"));
        }
    }
    Err(of(TroubleKind::Garbage, "is no release: it has no `release-manifests/image-references`"))
}

fn in_layer(source: &Source<'_>, layer: &Descriptor) -> Result<Option<Vec<u8>>, Trouble> {
    let stream = source.blob(layer, 0)?;
    let (mut watched, watch) = Watched::new(stream.bytes, layer, &Arc::new(AtomicU64::new(0)));
    let found = references_in_layer(&mut watched);
    // The rest too: what was read counts only if the whole is what its digest says.
    let rest = io::copy(&mut watched, &mut io::sink());
    watch.seen().finish(&source.place())?;
    let broken = |cause: io::Error| {
        Trouble::new(
            TroubleKind::Garbage,
            format!("{} gives a layer that cannot be read: {cause}", source.place()),
        )
    };
    rest.map_err(broken)?;
    found.map_err(broken)
}
