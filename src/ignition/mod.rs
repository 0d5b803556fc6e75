//! Ignition documents: put together, merged, and how bytes ride in them.
//!
//! To write another part of the spec: add it to `config.rs` if cotter itself writes it; what people write
//! in Butane's words comes through `target/butane`. A newer spec goes into `releases.toml`.

mod config;
mod data_url;
mod document;
mod merge;
mod part;
mod password;
mod release;

pub use config::Config;
pub use config::Directory;
pub use config::DropIn;
pub use config::File;
pub use config::Unit;
pub use data_url::DataUrl;
pub use data_url::decode;
pub use document::Document;
pub use document::NoDocument;
pub use merge::merge;
pub use part::Part;
pub use part::PartKind;
pub use part::contents;
pub use password::hash_password;
pub use release::Release;
pub use release::minor_of;
pub use release::newest_minor;
pub use release::newest_on;
