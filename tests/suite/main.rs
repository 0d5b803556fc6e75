//! One test binary: the rules of the house, cases, commands, and second opinions by the real tools.
//!
//! A test that cannot run here says `skipped:` aloud. Tests that boot virtual machines are ignored unless
//! asked for; `make test` asks.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod bench;
mod butane;
mod catalog;
mod cluster;
mod commands;
mod data_url;
mod fallback;
mod fetch;
mod fixture;
mod floors;
mod golden;
mod guest;
mod hardware;
mod hostile;
mod image;
mod inventory;
mod machineconfig;
mod naming;
mod naming_oracle;
mod naming_policy;
mod network_manager;
mod nics;
mod node_script;
mod probes;
mod real_images;
mod recorded;
mod recover;
mod rehearsal;
mod report;
mod rules;
mod saved;
mod schemas;
mod second_opinion;
mod single_node;
mod starters;
mod sysfs;
mod tools;
mod web;
