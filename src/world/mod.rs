//! Everything outside: files, processes, clocks. Executes, and decides nothing.

mod accelerator;
mod apply;
mod bench;
mod failure;
mod inputs;
mod machine_facts;
mod plan;
mod qemu;
mod rehearse;

pub use apply::Existing;
pub use apply::patch_in_place;
pub use apply::refuse_existing;
pub use apply::stream;
pub use apply::write_file;
pub use apply::write_image;
pub use bench::cache_folder;
pub use bench::stand_in;
pub use failure::Failure;
pub use failure::Kind;
pub use inputs::Spec;
pub use inputs::read_bounded;
pub use machine_facts::local_record;
pub use machine_facts::records;
pub use plan::Planned;
pub use plan::plan_machine;
pub use rehearse::AcceleratorChoice;
pub use rehearse::Boot;
pub use rehearse::Event;
pub use rehearse::Rehearsal;
pub use rehearse::rehearse;
