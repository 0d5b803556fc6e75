//! The shape of a ContainerRuntimeConfig.

use super::super::format::QUANTITY;
use super::super::format::STORE;
use super::Items;
use super::SELECTOR;
use super::Shape;
use super::key;
use super::needed;

static STORES: Items = Items {
    of: Shape::Map(&[needed("path", Shape::Text(&STORE))]),
    least: 1,
    most: 10,
    unlike: Some(&["path"]),
};

static LAYER_STORES: Items = Items {
    of: Shape::Map(&[needed("path", Shape::Text(&STORE))]),
    least: 1,
    most: 5,
    unlike: Some(&["path"]),
};

pub(super) static SPEC: Shape = Shape::Map(&[
    key("machineConfigPoolSelector", Shape::Of(&SELECTOR)),
    needed(
        "containerRuntimeConfig",
        Shape::Map(&[
            key("pidsLimit", Shape::Whole(i64::MIN, i64::MAX)),
            key("logLevel", Shape::Word(&["fatal", "panic", "error", "warn", "info", "debug", "trace", ""])),
            key("logSizeMax", Shape::WholeOr(&QUANTITY)),
            key("overlaySize", Shape::WholeOr(&QUANTITY)),
            key("defaultRuntime", Shape::Word(&["crun", "runc", ""])),
            key("additionalLayerStores", Shape::List(&LAYER_STORES)),
            key("additionalImageStores", Shape::List(&STORES)),
            key("additionalArtifactStores", Shape::List(&STORES)),
        ]),
    ),
]);
