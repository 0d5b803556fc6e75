//! What clouds hand to a machine at its boot: which key carries it, who in the image reads it, in which format.
//!
//! Two tables carry this: `platforms.toml` (keys, encodings, limits) and `image_families.toml` (who reads what). Users
//! add and replace rows with a file of the same shape ([`Table::extended`]).
//!
//! To add a platform or a family of images:
//! 1. add a row to its table, with where the facts are written; the table's head says what the keys mean;
//! 2. let `tests/suite/cloud_table.rs` write `tests/cloud/table.txt` again (`COTTER_BLESS=1`), and read the difference.

mod choose;
pub mod cloud_config;
mod encode;
mod family;
mod format;
mod gzip;
pub mod mime;
mod pattern;
pub mod payload;
mod platform;
mod reading;
mod rules;
mod script;
mod table;

pub use choose::Choice;
pub use choose::Needs;
pub use choose::Refusal;
pub use choose::choose;
pub use choose::hindrance;
pub use encode::Content;
pub use encode::Encoded;
pub use encode::Unfit;
pub use encode::encode;
pub use family::ImageFamily;
pub use family::Profiles;
pub use family::Shell;
pub use format::Format;
pub use format::Reader;
pub use format::Runs;
pub use platform::Encoding;
pub use platform::Key;
pub use platform::Limit;
pub use platform::LimitOf;
pub use platform::NetworkWay;
pub use platform::Packed;
pub use platform::Platform;
pub use reading::Certainty;
pub use reading::Reading;
pub use reading::reading;
pub use rules::RULES;
pub use script::Dialect;
pub use script::Interpreter;
pub use script::LineEnds;
pub use table::Table;
pub use table::TableError;
