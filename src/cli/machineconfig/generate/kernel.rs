//! The kernel and what comes with the operating system.

use std::path::Path;

use clap::Args;
use clap::ValueEnum;

use super::ForPool;
use super::Outcome;
use super::Output;
use super::object;
use super::word;
use super::words;
use crate::machineconfig::generate;
use crate::machineconfig::generate::Blob;
use crate::world;
use crate::world::Failure;

/// A larger file is no firmware that an object could hold.
const MAX_BLOB_BYTES: u64 = 4 << 20;

/// Kernel arguments
#[derive(Debug, Args)]
pub(super) struct KernelArguments {
    /// The arguments, as `enforcing=0`
    #[arg(value_name = "ARGUMENT", required = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl KernelArguments {
    pub(super) fn make(&self) -> Outcome {
        object(generate::kernel_arguments(&words("ARGUMENT", &self.arguments), &self.pool.pool()?))
    }
}

/// The root disk over several paths
#[derive(Debug, Args)]
pub(super) struct Multipath {
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl Multipath {
    pub(super) fn make(&self) -> Outcome {
        object(generate::multipath(&self.pool.pool()?))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The realtime kernel
    Realtime,
    /// Pages of 64 KiB, on aarch64
    #[value(name = "64k-pages")]
    LargePages,
}

/// The realtime kernel, or the one with large pages
#[derive(Debug, Args)]
pub(super) struct RealtimeKernel {
    /// The kind of kernel
    #[arg(long, value_enum, default_value = "realtime")]
    kind: Kind,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl RealtimeKernel {
    pub(super) fn make(&self) -> Outcome {
        let kind = match self.kind {
            Kind::Realtime => "realtime",
            Kind::LargePages => "64k-pages",
        };
        object(generate::kernel_type(&word("--kind", kind), &self.pool.pool()?))
    }
}

/// Extensions of the operating system
#[derive(Debug, Args)]
pub(super) struct Extensions {
    /// The extensions, as `usbguard`
    #[arg(value_name = "EXTENSION", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl Extensions {
    pub(super) fn make(&self) -> Outcome {
        object(generate::extensions(&words("EXTENSION", &self.names), &self.pool.pool()?))
    }
}

/// Firmware that is not in the image
#[derive(Debug, Args)]
pub(super) struct Firmware {
    /// A file, and its path below the firmware folder if that is not its own name; again for several
    #[arg(long = "file", value_name = "FILE[=NAME]", required = true)]
    files: Vec<String>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl Firmware {
    pub(super) fn make(&self) -> Outcome {
        let mut blobs = Vec::new();
        for file in &self.files {
            let (path, name) = match file.rsplit_once('=') {
                Some((path, name)) => (Path::new(path), Some(name)),
                None => (Path::new(file), None),
            };
            let own = path.file_name().and_then(|name| name.to_str());
            let name = name.or(own).ok_or_else(|| {
                Failure::input(format!("`{file}` names no file"), "write it as `nic.bin=vendor/nic.bin`")
            })?;
            blobs
                .push(Blob { name: word("--file", name), bytes: world::read_bounded(path, MAX_BLOB_BYTES)? });
        }
        object(generate::firmware(&blobs, &self.pool.pool()?))
    }
}
