//! stand-in until the helper's
mod edit;
pub use edit::Edit;
