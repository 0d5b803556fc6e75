//! Which generation of live images one is of, by its marks.

use serde::Deserialize;

use super::Layouts;
use crate::image::iso9660::Volume;

/// A row of the table of generations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The year, or year and month, of its first image.
    pub name: String,
    /// What is new in it.
    pub brings: String,
    marks: Vec<Mark>,
}

/// What tells a generation from an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mark {
    EmbedDescription,
    ArgumentsDescription,
    ArgumentsFilling,
    ArgumentsHeader,
    NoArgumentsHeader,
    Features,
    Directives,
    Osbuild,
}

/// What was found in an image and is in none of its files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// The description of the kernel arguments says what fills them.
    pub(super) filling: bool,
    /// There is a header for them.
    pub(super) header: bool,
    /// The features have the directives of the installer's configuration.
    pub(super) directives: bool,
    /// It is for ppc64le.
    pub(super) ppc64le: bool,
}

/// The generation of an image: the first in the table that has no mark which the image lacks.
pub(super) fn generation(volume: &Volume, layouts: &Layouts, found: Found) -> Option<Generation> {
    let has = |path: &str| matches!(volume.find(path), Ok(Some(_)));
    let marked = |mark: &Mark| match mark {
        Mark::EmbedDescription => has(&layouts.embed_description),
        Mark::ArgumentsDescription => has(&layouts.arguments_description),
        Mark::ArgumentsFilling => found.filling,
        Mark::ArgumentsHeader => found.header,
        Mark::NoArgumentsHeader => !found.header,
        Mark::Features => has(&layouts.features),
        Mark::Directives => found.directives,
        Mark::Osbuild => !has("zipl.prm") && !has("images/pxeboot/kernel.img") && !found.ppc64le,
    };
    layouts.generations.iter().find(|row| row.marks.iter().all(marked)).cloned()
}
