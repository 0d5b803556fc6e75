//! Images in registries: lists of them, where a machine looks for each, and what registries answer. Pure.
//!
//! To add another kind of mirror configuration:
//! 1. write a file that reads it, with all findings, and gives the [`Candidate`]s of a [`Reference`] in order;
//! 2. add it to [`Mirrors`];
//! 3. let `world/registry/sources.rs` read its file, and `cli/preflight.rs` take the option.

mod auth;
mod challenge;
mod hosts_toml;
mod list;
mod manifest;
mod mirror_set;
mod pull_message;
mod reference;
mod registries_conf;
mod registries_yaml;
mod route;
mod seen;
mod trouble;

pub use auth::Logins;
pub use challenge::Challenge;
pub use hosts_toml::HostsFiles;
pub use list::read_list;
pub use manifest::ACCEPT;
pub use manifest::Content;
pub use manifest::Platform;
pub use manifest::other_platform;
pub use manifest::read_error;
pub use manifest::read_layers;
pub use manifest::read_manifest;
pub use manifest::read_tags;
pub use manifest::read_token;
pub use pull_message::pull_trouble;
pub use reference::DefaultRegistry;
pub use reference::Reference;
pub use reference::default_registry;
pub use reference::host_of;
pub use registries_conf::RegistriesConf;
pub use registries_yaml::Endpoints;
pub use route::Candidate;
pub use route::Login;
pub use route::Mirrors;
pub use route::Scheme;
pub use route::Tls;
pub use seen::SeenImage;
pub use seen::SeenImages;
pub use seen::Source;
pub use seen::Tried;
pub use trouble::Trouble;
pub use trouble::TroubleKind;
