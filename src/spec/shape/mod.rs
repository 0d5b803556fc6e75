//! What may be written, as tables: the machine file and Butane files.
//!
//! To add a key: add a line to its table with a text for editors, and if it is a text with a rule of its
//! own, a leaf to `leaf.rs`. Checks, near misses, the JSON Schema and the table of rules follow.

mod butane;
mod cloud;
mod harvester;
mod leaf;
mod machine;
mod machineconfig;
mod network;

pub(crate) use butane::BUTANE_FILE;
pub(crate) use butane::IGNITION_MINOR;
pub(crate) use harvester::OF_COTTER as HARVESTER_OF_COTTER;
pub(crate) use harvester::SAID_ELSEWHERE as HARVESTER_SAID_ELSEWHERE;
pub(crate) use harvester::SECTION as HARVESTER;
pub(crate) use leaf::LEAVES;
pub(crate) use machine::MACHINE_FILE;

use crate::document::Key;
use crate::document::Shape;

/// The keys of a section that is written as in Butane, for its translation.
pub fn section(name: &str) -> Option<&'static Shape> {
    butane::BUTANE.iter().find(|key| key.name == name).map(|key| &key.shape)
}

/// True for the keys of a thing with contents.
pub fn is_resource(keys: &[Key]) -> bool {
    std::ptr::eq(keys.as_ptr(), butane::RESOURCE.as_ptr())
}

/// True for a file mode, which is octal in Butane and a number in Ignition.
pub fn is_mode(shape: &Shape) -> bool {
    matches!(shape, Shape::Text(leaf) if std::ptr::eq(*leaf, &leaf::FILE_MODE))
}

/// Who owns a node.
pub fn owner_shape() -> &'static Shape {
    &butane::OWNED_BY
}
