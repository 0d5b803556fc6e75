//! What must be true before an installation, a reboot or an upgrade: what surrounds a machine, and what it is now.
//!
//! To look at another thing: write a file that makes a [`crate::verify::Look`] of what was seen, let `world` see it,
//! and let `cli/preflight` ask for it.

mod images;

pub use images::look as look_at_images;
