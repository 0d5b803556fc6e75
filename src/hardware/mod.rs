//! The hardware that was found, and what systemd will call its ports, and why.
//!
//! An [`Inventory`] is what somebody saw of a machine: cotter itself in sysfs, or another tool. [`naming`] says of it
//! what each port will be called, under which scheme and kernel; the tables of drivers and profiles say what is known of
//! the field.
//!
//! To add a kind of machine: write `profiles/<name>.toml`, as `profiles/dell-r640.toml` explains. To add a driver: give it
//! a table in `drivers.toml`.

mod drivers;
mod import;
mod inventory;
mod minimum;
pub mod naming;
mod number;
mod port;
pub mod profile;
mod supposed;
mod sysfs;

pub use drivers::Attribute;
pub use drivers::Change;
pub use drivers::Driver;
pub use drivers::When;
pub use drivers::drivers;
pub use import::InventoryError;
pub use import::read_inventory;
pub use inventory::BootMode;
pub use inventory::Disk;
pub use inventory::INVENTORY_SCHEMA;
pub use inventory::Inventory;
pub use inventory::Management;
pub use inventory::Processors;
pub use inventory::Running;
pub use inventory::System;
pub use inventory::Unseen;
pub use minimum::Minimum;
pub use minimum::Production;
pub use naming::decides_about_names;
pub use port::Device;
pub use port::PciFunction;
pub use port::PhysicalFunction;
pub use port::Port;
pub use profile::Profile;
pub use profile::profiles;
pub use sysfs::seen;
