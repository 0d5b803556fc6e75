//! The shape of a PinnedImageSet.

use super::super::format::DIGEST_IMAGE;
use super::Items;
use super::Shape;
use super::needed;

static IMAGES: Items = Items {
    of: Shape::Map(&[needed("name", Shape::Text(&DIGEST_IMAGE))]),
    least: 1,
    most: 500,
    unlike: Some(&["name"]),
};

pub(super) static SPEC: Shape = Shape::Map(&[needed("pinnedImages", Shape::List(&IMAGES))]);
