//! What systemd calls ports, and why.
//!
//! To add a scheme:
//! 1. give it a row in `naming_schemes.toml`, and what is new in it a row and a word in [`Feature`];
//! 2. let `net_id.rs` do it where the scheme has it;
//! 3. ask that systemd's udevadm of every recorded tree: `tests/naming/README.md`.

mod allowed;
mod arguments;
mod biosdevname;
mod clash;
mod driven;
mod forecast;
mod link_file;
mod name_file;
mod net_id;
mod pattern;
mod predict;
mod property;
mod rule_file;
mod rule_match;
mod scheme;
mod told;

pub use allowed::decides_about_names;
pub use arguments::Arguments;
pub use forecast::Future;
pub use forecast::Kernels;
pub use forecast::Loss;
pub use forecast::Outlook;
pub use forecast::forecast;
pub use forecast::said;
pub use name_file::NameFile;
pub use net_id::Name;
pub use net_id::Names;
pub use net_id::names;
pub use predict::By;
pub use predict::Conditions;
pub use predict::Prediction;
pub use predict::predict;
pub use scheme::Feature;
pub use scheme::LATEST;
pub use scheme::Scheme;
pub use scheme::Schemes;
