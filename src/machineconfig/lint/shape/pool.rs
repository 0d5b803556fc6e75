//! The shape of a MachineConfigPool.

use super::super::format::ANY;
use super::super::format::NAME;
use super::super::format::SHARE;
use super::Items;
use super::SELECTOR;
use super::Shape;
use super::key;
use super::needed;

static PINNED: Items = Items {
    of: Shape::Map(&[needed("name", Shape::Text(&NAME))]),
    least: 0,
    most: 100,
    unlike: Some(&["name"]),
};

pub(super) static SPEC: Shape = Shape::Map(&[
    key("machineConfigSelector", Shape::Of(&SELECTOR)),
    key("nodeSelector", Shape::Of(&SELECTOR)),
    key("maxUnavailable", Shape::WholeOr(&SHARE)),
    key("paused", Shape::Truth),
    // Written by the operator: the rendered MachineConfig.
    key("configuration", Shape::Any),
    key("pinnedImageSets", Shape::List(&PINNED)),
    key("osImageStream", Shape::Map(&[needed("name", Shape::Text(&ANY))])),
]);
