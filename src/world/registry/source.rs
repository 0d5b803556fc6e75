//! Where an image is copied from: a repository or a layout.

use std::io::Read;

use reqwest::Method;

use super::intake::Intake;
use super::layout::Layout;
use super::pull::MAX_MANIFEST_BYTES;
use super::pull::Pull;
use crate::images::Descriptor;
use crate::images::Reference;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::media_type;

/// A manifest or an index, byte by byte as it is there.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) digest: String,
    pub(super) media_type: String,
    pub(super) body: Vec<u8>,
}

impl Manifest {
    pub(super) fn descriptor(&self) -> Descriptor {
        Descriptor {
            digest: self.digest.clone(),
            size_bytes: self.body.len() as u64,
            media_type: self.media_type.clone(),
        }
    }
}

/// A blob on its way.
pub(super) struct Stream {
    pub(super) bytes: Box<dyn Read + Send>,
    /// The first byte that comes: none of those that were asked to be left out, or all.
    pub(super) first_byte: u64,
}

/// One image at one place.
pub(super) enum Source<'a> {
    Repository(Pull<'a>),
    Layout(&'a Layout, &'a Reference),
}

impl Source<'_> {
    pub(super) fn place(&self) -> String {
        match self {
            Self::Repository(pull) => pull.candidate.place(),
            Self::Layout(layout, _) => layout.place(),
        }
    }

    /// What the reference stands for.
    pub(super) fn root(&self) -> Result<Manifest, Trouble> {
        match self {
            Self::Repository(pull) => pull.root(),
            Self::Layout(layout, image) => {
                let found = layout.find(image).ok_or_else(|| {
                    Trouble::new(TroubleKind::NoTag, format!("{} has no `{image}`", layout.place()))
                })?;
                self.manifest(&found.digest)
            }
        }
    }

    pub(super) fn manifest(&self, digest: &str) -> Result<Manifest, Trouble> {
        match self {
            Self::Repository(pull) => pull.by_digest(digest),
            Self::Layout(layout, _) => {
                let (body, size_bytes) = layout.small(digest)?;
                let blob = Descriptor { digest: digest.to_owned(), size_bytes, media_type: String::new() };
                must_be(&blob, &body, &layout.place())?;
                let media_type = media_type(&body, None).to_owned();
                Ok(Manifest { digest: digest.to_owned(), media_type, body })
            }
        }
    }

    /// A blob, without its bytes before `first_byte` if the place can do that.
    pub(super) fn blob(&self, blob: &Descriptor, first_byte: u64) -> Result<Stream, Trouble> {
        match self {
            Self::Repository(pull) => pull.blob(&blob.digest, first_byte),
            Self::Layout(layout, _) => {
                let bytes = layout.open(&blob.digest)?;
                Ok(Stream { bytes: Box::new(bytes), first_byte: 0 })
            }
        }
    }

    /// A small blob as a whole.
    pub(super) fn small_blob(&self, blob: &Descriptor) -> Result<Vec<u8>, Trouble> {
        let Stream { bytes, .. } = self.blob(blob, 0)?;
        let mut body = Vec::new();
        let read = bytes.take(MAX_MANIFEST_BYTES as u64 + 1).read_to_end(&mut body);
        if read.is_err() {
            let words = format!("{} broke off within {}", self.place(), blob.digest);
            return Err(Trouble::new(TroubleKind::Broken, words));
        }
        must_be(blob, &body, &self.place())?;
        Ok(body)
    }
}

/// What has a digest must have it.
fn must_be(blob: &Descriptor, body: &[u8], place: &str) -> Result<(), Trouble> {
    let mut intake = Intake::of(blob);
    intake.take(body);
    intake.finish(place)
}

impl Pull<'_> {
    fn root(&self) -> Result<Manifest, Trouble> {
        let wanted = self.image.wanted();
        let manifest = self.fetched(wanted)?;
        match self.image.digest {
            Some(_) => Ok(Manifest { digest: wanted.to_owned(), ..manifest }),
            None => Ok(manifest),
        }
    }

    fn by_digest(&self, digest: &str) -> Result<Manifest, Trouble> {
        self.fetched(digest).map(|manifest| Manifest { digest: digest.to_owned(), ..manifest })
    }

    fn blob(&self, digest: &str, first_byte: u64) -> Result<Stream, Trouble> {
        let opened = self.open_body(Method::GET, &format!("blobs/{digest}"), first_byte)?;
        let range = opened.headers.get("content-range").and_then(|range| range.to_str().ok());
        let from =
            range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok());
        match opened.status {
            200 => Ok(Stream { bytes: Box::new(opened.response), first_byte: 0 }),
            206 if from == Some(first_byte) => Ok(Stream { bytes: Box::new(opened.response), first_byte }),
            404 => {
                let words = format!("{} has the manifest, but not {digest}", self.candidate.place());
                Err(Trouble::new(TroubleKind::NoTag, words))
            }
            // It does not know ranges, or not that one.
            206 | 416 if first_byte > 0 => self.blob(digest, 0),
            _ => Err(self.refused(Method::GET, opened)),
        }
    }
}
