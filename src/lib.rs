#![doc = include_str!("ARCHITECTURE.md")]

pub mod document;
pub mod ignition;
pub mod network;
pub mod value;
pub mod verify;
