//! The machine file: text in, a [`Machine`] and all findings out.
//!
//! To add a key:
//! 1. give it a field in `machine.rs`, as a value that can only be right, with its place;
//! 2. read it in the section's reader (`parse.rs`, `network.rs`, …), which names it to the user;
//! 3. let a target use it, and add it to a case in `tests/cases` and to a starter if users need it.

mod machine;
mod network;
mod parse;
mod passwd;
mod storage;

pub use machine::After;
pub use machine::Contents;
pub use machine::Install;
pub use machine::KernelArguments;
pub use machine::LocalFile;
pub use machine::Machine;
pub use machine::Passwd;
pub use machine::Password;
pub use machine::StorageFile;
pub use machine::Target;
pub use machine::Unit;
pub use machine::User;
pub use parse::parse;
