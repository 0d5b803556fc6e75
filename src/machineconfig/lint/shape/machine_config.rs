//! The shape of a MachineConfig. Its Ignition document is read by Ignition's own schema.

use super::super::format::ANY;
use super::Shape;
use super::TEXTS;
use super::key;

pub(super) static SPEC: Shape = Shape::Map(&[
    key("config", Shape::Any),
    key("kernelArguments", Shape::List(&TEXTS)),
    key("extensions", Shape::List(&TEXTS)),
    key("fips", Shape::Truth),
    // The operator takes an empty text for the default kernel.
    key("kernelType", Shape::Word(&["default", "realtime", "64k-pages", ""])),
    key("osImageURL", Shape::Text(&ANY)),
    key("baseOSExtensionsContainerImage", Shape::Text(&ANY)),
]);
