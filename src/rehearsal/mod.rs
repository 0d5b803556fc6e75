//! What a rehearsal is: which virtual machine stands for the real one, and how each boot differs.
//!
//! To add a scenario:
//! 1. give it a word in [`Scenario::ALL`];
//! 2. say in [`VirtualMachine::for_boot`] what is different on its boot;
//! 3. say in [`is_left_out`] what it cannot ask of the machine, and in [`shows_nothing`] when it proves nothing.

mod disks;
mod judging;
mod place;
mod qemu_arguments;
mod scenario;
mod virtual_machine;

pub use disks::Bus;
pub use disks::Disk;
pub use disks::Role;
pub use judging::is_left_out;
pub use judging::shows_nothing;
pub use place::Hardware;
pub use place::Place;
pub use qemu_arguments::Accelerator;
pub use qemu_arguments::Console;
pub use qemu_arguments::Firmware;
pub use qemu_arguments::First;
pub use qemu_arguments::Paths;
pub use qemu_arguments::arguments;
pub use scenario::Scenario;
pub use virtual_machine::Medium;
pub use virtual_machine::OTHER_SCHEME;
pub use virtual_machine::UserNetwork;
pub use virtual_machine::VirtualMachine;
pub use virtual_machine::VirtualPort;
