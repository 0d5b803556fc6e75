//! What must be true before an installation, a reboot or an upgrade: what surrounds a machine, and what it is now.
//!
//! To look at another thing: write a file that makes a [`crate::verify::Look`] of what was seen, let `world` see it,
//! and let `cli/preflight` ask for it.

mod images;
mod node;
mod node_images;
mod own_mirrors;
mod set;

pub use images::look as look_at_images;
pub use node::CachedImages;
pub use node::NODE_SCRIPT;
pub use node::Node;
pub use node::Room;
pub use node_images::look as look_at_node_images;
pub use own_mirrors::OwnMirrors;
pub use own_mirrors::own_mirrors;
pub use set::look as look_at_set;
