//! What people write: a tree in which every node knows its place, the shape that a file must have, and
//! the findings about it.

mod diagnostic;
mod near;
mod origin;
mod rule;
mod shape;
mod toml;
mod view;
mod yaml;
mod yaml_1_1;
mod yaml_text;

pub use diagnostic::Complaint;
pub use diagnostic::Diagnostic;
pub use diagnostic::Diagnostics;
pub use diagnostic::Severity;
pub use near::nearest;
pub use origin::Origin;
pub use origin::Sourced;
pub use rule::Check;
pub use rule::Found;
pub use rule::Rule;
pub use rule::repeated;
pub use rule::run;
pub use shape::Key;
pub use shape::Leaf;
pub use shape::SHAPE_RULES;
pub use shape::Shape;
pub use shape::check as check_shape;
pub use shape::key;
pub use shape::schema;
pub use shape::visit;
pub use toml::parse_toml;
pub use view::View;
pub use yaml::Node;
pub use yaml::Scalar;
pub use yaml::Value;
pub use yaml::parse;
pub use yaml::parse_all;
pub use yaml_text::yaml_text;
