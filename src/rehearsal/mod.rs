//! What a rehearsal is: which virtual machine stands for the real one, and how each boot differs.
//!
//! To add a scenario: give it a word in [`Scenario::ALL`], and say in [`VirtualMachine::for_boot`] what
//! is different on its boot.

mod qemu_arguments;
mod scenario;
mod virtual_machine;

pub use qemu_arguments::Accelerator;
pub use qemu_arguments::Firmware;
pub use qemu_arguments::Paths;
pub use qemu_arguments::Writes;
pub use qemu_arguments::arguments;
pub use scenario::Scenario;
pub use virtual_machine::Disk;
pub use virtual_machine::Medium;
pub use virtual_machine::VirtualMachine;
pub use virtual_machine::VirtualPort;
