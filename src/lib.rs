#![doc = include_str!("ARCHITECTURE.md")]

pub mod cli;
pub mod cluster;
pub mod document;
pub mod ignition;
pub mod image;
pub mod machineconfig;
pub mod network;
pub mod plan;
pub mod rehearsal;
pub mod saved;
pub mod spec;
pub mod systemd;
pub mod target;
pub mod value;
pub mod verify;
pub mod world;
