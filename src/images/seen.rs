//! What was seen of images: where each is, and where it is not, and why.

use std::collections::BTreeMap;

use super::Reference;
use super::Trouble;
use crate::document::Origin;

/// Where an image was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Host and repository.
    pub place: String,
    /// The digests of what the reference stands for: of the index, if there is one, and of the platform's manifest.
    pub digests: Vec<String>,
    /// The hosts that the registry sent on to.
    pub redirected_to: Vec<String>,
    /// The layers by digest, with their sizes in bytes as they are sent.
    pub layers: BTreeMap<String, u64>,
}

/// A place where an image was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Host and repository.
    pub place: String,
    /// The host.
    pub registry: String,
    /// What is in the way there.
    pub trouble: Trouble,
}

/// What was found of one image.
#[derive(Clone, Debug)]
pub struct SeenImage {
    /// The image.
    pub image: Reference,
    /// The lines that ask for it.
    pub origins: Vec<Origin>,
    /// Where it is.
    pub source: Option<Source>,
    /// Where it is not, in the order in which it was looked for.
    pub tried: Vec<Tried>,
}

/// What was found of all.
#[derive(Clone, Debug, Default)]
pub struct SeenImages {
    /// The images.
    pub images: Vec<SeenImage>,
    /// The questions that registries still allow, where they say so.
    pub limits: BTreeMap<String, u64>,
}

impl SeenImage {
    /// Who needs it: the first line that asks for it.
    pub fn origin(&self) -> Origin {
        self.origins.first().cloned().unwrap_or_else(|| Origin::of_file(""))
    }
}

impl Tried {
    /// The kind of trouble and where: what is the same for all images of a registry is said the same.
    pub fn short(&self) -> String {
        let place = if self.trouble.kind.is_of_server() { &self.registry } else { &self.place };
        format!("{} at {place}", self.trouble.kind.word())
    }

    /// What is in the way, and the next step.
    pub fn said(&self) -> String {
        format!("{}; {}", self.trouble.words, self.trouble.kind.help())
    }
}
