//! Base images by name: which there are, what their vendors say of them, and who may sign them.
//!
//! Texts in, answers out: what a vendor's documents say is read here, and `world` gets them. The table is
//! `isos/catalog.toml`; it says how to add a family. To read another kind of metadata:
//! 1. write `src/catalog/metadata/<kind>.rs` with a function from the text to what it says, and an error that says
//!    what is missing;
//! 2. add the kind to [`Metadata`], and to `resolve.rs` what it takes to get from a name to files;
//! 3. put recorded metadata into `tests/fixtures/catalog`, and the kind into the fuzz target.

mod architecture;
mod armor;
mod checksum;
mod keys;
mod metadata;
mod name;
mod reference;
mod resolve;
mod signature;
mod table;

pub use architecture::Architecture;
pub use armor::dearmor;
pub use checksum::Algorithm;
pub use checksum::Checksum;
pub use keys::Key;
pub use keys::every_key;
pub use keys::keys_of;
pub use metadata::BadMetadata;
pub use metadata::Listed;
pub use metadata::StreamFile;
pub use metadata::build_metadata;
pub use metadata::digest_list;
pub use metadata::stream_metadata;
pub use metadata::version_text;
pub use name::ImageName;
pub use name::is_plain_word;
pub use reference::Reference;
pub use resolve::Artifact;
pub use resolve::Document;
pub use resolve::Part;
pub use resolve::Release;
pub use resolve::Unresolved;
pub use resolve::Wanted;
pub use resolve::resolve;
pub use signature::Verdict;
pub use signature::verdict;
pub use table::Catalog;
pub use table::Family;
pub use table::Metadata;
