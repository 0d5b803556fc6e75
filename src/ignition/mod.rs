//! Ignition documents: the part of spec 3 that cotter writes, and how bytes ride in them.
//!
//! To write another part of the spec: add its fields to `config.rs` with serde's names, say in
//! [`Config::VERSION`] if it needs a newer version, and add a case to `tests/cases`.

mod config;
mod data_url;
mod password;

pub use config::Config;
pub use config::Directory;
pub use config::DropIn;
pub use config::File;
pub use config::Group;
pub use config::Owner;
pub use config::Unit;
pub use config::User;
pub use password::hash_password;
