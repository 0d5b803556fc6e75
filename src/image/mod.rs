//! Live media: where things are in them, what may be changed, and an image with changes laid over it.
//!
//! Everything works over `Read + Seek` and writes nothing: an edit is an [`Overlay`], which `world` writes
//! to a file, serves, or compares. To support another generation of media, see `layouts.toml`.

mod archive;
mod arguments;
mod compress;
mod difference;
mod edit;
mod error;
mod grub;
mod initrd;
mod iso9660;
mod layout;
mod minimal;
mod netboot;
mod others;
mod overlay;

pub use archive::Archive;
pub use arguments::MissingArguments;
pub use arguments::Replacement;
pub use difference::ArgumentsChange;
pub use difference::Change;
pub use difference::Difference;
pub use difference::EmbeddedChange;
pub use difference::FileChange;
pub use difference::Listing;
pub use difference::Outside;
pub use difference::Within;
pub use edit::Edit;
pub use edit::EmbeddedPart;
pub use edit::Replace;
pub use edit::embed;
pub use edit::embedded;
pub use edit::reset;
pub use edit::reset_arguments;
pub use edit::used;
pub use error::ImageError;
pub use grub::with_grub_arguments;
pub use initrd::InitrdArchive;
pub use initrd::LiveInitrd;
pub use initrd::LiveSystem;
pub use iso9660::seed;
pub use layout::Area;
pub use layout::Generation;
pub use layout::KernelArgumentAreas;
pub use layout::KernelArgumentPlace;
pub use layout::LiveImage;
pub use minimal::Minimal;
pub use minimal::MinimalReader;
pub use minimal::fetching_rootfs;
pub use netboot::NetBoot;
pub use netboot::address;
pub use overlay::Overlay;
pub use overlay::OverlayReader;
