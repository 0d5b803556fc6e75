//! The shapes of MachineOSConfig and MachineOSBuild: images that the cluster builds for its nodes.

use super::super::format::CONTAINERFILE;
use super::super::format::NAME;
use super::super::format::PUSH_SPEC;
use super::Items;
use super::Key;
use super::Shape;
use super::key;
use super::needed;

static REFERENCE: [Key; 1] = [needed("name", Shape::Text(&NAME))];

static CONTAINERFILES: Items = Items {
    of: Shape::Map(&[
        key("containerfileArch", Shape::Word(&["NoArch", "AMD64", "ARM64", "PPC64LE", "S390X"])),
        needed("content", Shape::Text(&CONTAINERFILE)),
    ]),
    least: 0,
    most: 4,
    unlike: Some(&["containerfileArch"]),
};

pub(super) static CONFIG: Shape = Shape::Map(&[
    needed("machineConfigPool", Shape::Map(&REFERENCE)),
    needed("imageBuilder", Shape::Map(&[needed("imageBuilderType", Shape::Word(&["Job"]))])),
    needed("renderedImagePushSecret", Shape::Map(&REFERENCE)),
    needed("renderedImagePushSpec", Shape::Text(&PUSH_SPEC)),
    key("baseImagePullSecret", Shape::Map(&REFERENCE)),
    key("containerFile", Shape::List(&CONTAINERFILES)),
]);

pub(super) static BUILD: Shape = Shape::Map(&[
    needed("machineConfig", Shape::Map(&REFERENCE)),
    needed("machineOSConfig", Shape::Map(&REFERENCE)),
    needed("renderedImagePushSpec", Shape::Text(&PUSH_SPEC)),
]);
