//! What people write: a tree in which every node knows its place, and the findings about it.

mod diagnostic;
mod near;
mod origin;
mod reader;
mod yaml;

pub use diagnostic::Diagnostic;
pub use diagnostic::Diagnostics;
pub use diagnostic::Severity;
pub use near::nearest;
pub use origin::Origin;
pub use origin::Sourced;
pub use reader::Fields;
pub use reader::View;
pub use yaml::Node;
pub use yaml::Scalar;
pub use yaml::Value;
pub use yaml::parse;
