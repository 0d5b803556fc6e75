//! What a person wants in a live system, as files and words; the same for every command that takes it.

use std::path::PathBuf;

use clap::Args;

use crate::image::Edit;
use crate::world;
use crate::world::Failure;

/// The largest document or keyfile that is embedded from a file.
const MAX_PART_BYTES: u64 = 16 << 20;

/// What is to be in the live system.
#[derive(Debug, Args)]
pub(in crate::cli) struct GivenEdit {
    /// The Ignition document of the live system
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A NetworkManager keyfile for the live system
    #[arg(long = "network-keyfile", value_name = "FILE")]
    network_keyfiles: Vec<PathBuf>,
    /// A kernel argument that the live system must have
    #[arg(long, value_name = "ARGUMENT")]
    append_karg: Vec<String>,
    /// A kernel argument that it must not have
    #[arg(long, value_name = "ARGUMENT")]
    delete_karg: Vec<String>,
}

impl GivenEdit {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<Edit, Failure> {
        let mut edit = Edit {
            append_kernel_arguments: self.append_karg.clone(),
            delete_kernel_arguments: self.delete_karg.clone(),
            ..Edit::default()
        };
        if let Some(path) = &self.config {
            let document = world::read_bounded(path, MAX_PART_BYTES)?;
            if let Err(cause) = serde_json::from_slice::<serde::de::IgnoredAny>(&document) {
                let message = format!("`{}` is not an Ignition document: {cause}", path.display());
                return Err(Failure::input(
                    message,
                    "give the JSON that Ignition reads, as `cotter ignition` prints it",
                ));
            }
            edit.config = Some(document);
        }
        for path in &self.network_keyfiles {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if edit.network.insert(name.clone(), world::read_bounded(path, MAX_PART_BYTES)?).is_some() {
                return Err(Failure::input(
                    format!("two keyfiles are called `{name}`"),
                    "rename one of them",
                ));
            }
        }
        Ok(edit)
    }
}
