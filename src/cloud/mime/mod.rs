//! MIME documents of several parts, as cloud-init makes and reads them.

mod read;
mod transfer;
mod write;

pub use read::Entity;
pub use read::Message;
pub use read::read;
pub use transfer::Transfer;
pub(super) use transfer::base64;
pub use write::Piece;
pub use write::write;
