#![doc = include_str!("ARCHITECTURE.md")]

pub mod document;
pub mod value;
