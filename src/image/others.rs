//! Live systems other than CoreOS that have no room in their images, and boot over the network all the same.

use serde::Deserialize;

use super::ImageError;
use super::layout::Layouts;

/// One of them, as the table says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Others {
    pub(super) system: String,
    /// The kernel in its ISO.
    pub(super) kernel: String,
    /// The initrd in its ISO, by which the ISO is known.
    pub(super) initrd: String,
    /// A file in the initrd, by which that is known.
    pub(super) initrd_mark: String,
    /// Where an initrd that is loaded too has the Ignition document.
    pub(super) config: String,
    /// What makes it read that.
    pub(super) arguments: String,
}

impl Others {
    /// All of them.
    pub(super) fn table() -> Result<&'static [Self], ImageError> {
        Ok(&Layouts::table()?.without_area)
    }
}
