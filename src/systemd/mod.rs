//! systemd's unit files: what systemd would make of a text, and how paths become unit names.
//!
//! To renew the table of settings: see the head of `settings.toml`.

mod check;
mod escape;
mod settings;
mod unit_file;

pub use check::Part;
pub use check::check;
pub use check::installs;
pub use escape::escape_path;
pub use settings::is_known_target;
pub use settings::nearest_target;
