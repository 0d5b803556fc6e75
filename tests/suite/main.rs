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
mod built_images;
mod butane;
mod catalog;
mod cloud_check;
mod cloud_delivery;
mod cloud_guest;
mod cloud_init;
mod cloud_payload;
mod cloud_root;
mod cloud_table;
mod cloud_verify;
mod cluster;
mod commands;
mod customized;
mod data_url;
mod diff;
mod fallback;
mod fetch;
mod fixture;
mod floors;
mod fuzz_seeds;
mod generate;
mod generate_target;
mod generations;
mod golden;
mod guest;
mod hardware;
mod harvester;
mod harvester_cluster;
mod harvester_target;
mod hostile;
mod hostile_images;
mod image;
mod image_kargs;
mod image_network;
mod images;
mod initrds;
mod inventory;
mod iso_builder;
mod machineconfig;
mod machineconfig_convert;
mod machineconfig_diff;
mod machineconfig_drift;
mod machineconfig_dump;
mod machineconfig_explain;
mod machineconfig_hostile;
mod machineconfig_lint;
mod machineconfig_plan;
mod machineconfig_render;
mod minimal;
mod naming;
mod naming_oracle;
mod naming_policy;
mod network_manager;
mod nics;
mod node_script;
mod preflight;
mod probes;
mod pxe;
mod real_images;
mod recorded;
mod recover;
mod registries;
mod rehearsal;
mod report;
mod rules;
mod saved;
mod schemas;
mod second_opinion;
mod seed;
mod single_node;
mod starters;
mod startup_script;
mod surroundings;
mod sysfs;
mod tools;
mod web;
