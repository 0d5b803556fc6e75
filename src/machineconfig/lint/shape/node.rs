//! The shape of a MachineConfigNode.

use super::super::format::NAME;
use super::Items;
use super::Key;
use super::Shape;
use super::key;
use super::needed;

static REFERENCE: [Key; 1] = [needed("name", Shape::Text(&NAME))];

static PINNED: Items = Items { of: Shape::Any, least: 0, most: 100, unlike: Some(&["name"]) };

pub(super) static SPEC: Shape = Shape::Map(&[
    needed("node", Shape::Map(&REFERENCE)),
    needed("pool", Shape::Map(&REFERENCE)),
    needed("configVersion", Shape::Map(&[needed("desired", Shape::Text(&NAME))])),
    // Of v1alpha1.
    key("pinnedImageSets", Shape::List(&PINNED)),
]);
