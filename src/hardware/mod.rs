//! The hardware that was found, and what systemd will call its ports, and why.
//!
//! An [`Inventory`] is what somebody saw of a machine: cotter itself in sysfs, or another tool. [`naming`] says of it
//! what each port will be called, under which scheme and kernel; the tables of drivers and of profiles say what is
//! known of the field.

mod inventory;
pub mod naming;
mod port;
mod sysfs;

pub use inventory::BootMode;
pub use inventory::Disk;
pub use inventory::INVENTORY_SCHEMA;
pub use inventory::Inventory;
pub use inventory::Management;
pub use inventory::Processors;
pub use inventory::Running;
pub use inventory::System;
pub use inventory::Unseen;
pub use port::Device;
pub use port::PciFunction;
pub use port::PhysicalFunction;
pub use port::Port;
pub use sysfs::seen;
