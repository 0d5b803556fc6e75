//! Documents and keyfiles to embed: read, and looked at all together.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::Ui;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::image::Edit;
use crate::image::Replacement;
use crate::target;
use crate::world;
use crate::world::Failure;
use crate::world::Sources;

/// The largest document or keyfile that is embedded from a file.
const MAX_PART_BYTES: u64 = 16 << 20;

/// What an image is to get; the same for every word that puts something onto one.
#[derive(Debug, Default, Args)]
pub(super) struct Wanted {
    /// The Ignition document of the live system (`-`: from standard input)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A NetworkManager keyfile for the live system; together they replace those that are embedded
    #[arg(long = "network-keyfile", value_name = "FILE")]
    network_keyfiles: Vec<PathBuf>,
    /// A kernel argument that the live system must have; one that is there stays where it is
    #[arg(long, value_name = "ARGUMENT")]
    append_karg: Vec<String>,
    /// A kernel argument that it must not have
    #[arg(long, value_name = "ARGUMENT")]
    delete_karg: Vec<String>,
    /// A kernel argument that gets another value
    #[arg(long, value_name = "KEY=OLD=NEW")]
    replace_karg: Vec<Replacement>,
    /// Take what the live system could not read, too
    #[arg(long)]
    raw: bool,
}

impl Wanted {
    /// Keyfiles alone.
    pub(super) fn keyfiles(paths: &[PathBuf], raw: bool) -> Self {
        Self { network_keyfiles: paths.to_vec(), raw, ..Self::default() }
    }

    /// True if nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        let kargs = self.append_karg.len() + self.delete_karg.len() + self.replace_karg.len();
        self.config.is_none() && self.network_keyfiles.is_empty() && kargs == 0
    }

    /// Reads the document (`-`: from standard input) and the keyfiles.
    pub(super) fn read(&self) -> Result<(Parts, Edit), Failure> {
        let mut parts = Parts::default();
        let mut edit = Edit {
            append_kernel_arguments: self.append_karg.clone(),
            delete_kernel_arguments: self.delete_karg.clone(),
            replace_kernel_arguments: self.replace_karg.clone(),
            ..Edit::default()
        };
        if let Some(path) = &self.config {
            edit.config = Some(world::read_input(path, MAX_PART_BYTES)?);
        }
        for path in &self.network_keyfiles {
            let name = name_of(path);
            let bytes = world::read_bounded(path, MAX_PART_BYTES)?;
            if edit.network.insert(name.clone(), bytes).is_some() {
                let message = format!("two keyfiles are called `{name}`");
                let origin = Origin::of_file(&path.display().to_string());
                parts.findings.error("keyfile", &origin, message, "rename one of them");
            }
        }
        Ok((parts, edit))
    }
}

/// What was read, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    findings: Diagnostics,
    sources: Sources,
}

impl Parts {
    /// Looks at what goes onto an image of this volume id; says what is wrong, and ends if something is.
    pub(super) fn check(
        mut self,
        wanted: &Wanted,
        edit: &Edit,
        volume_id: &str,
        ui: &mut Ui,
    ) -> Result<(), Exit> {
        if let (Some(path), Some(bytes), false) = (&wanted.config, &edit.config, wanted.raw) {
            let file = path.display().to_string();
            self.findings.append(target::check_live_document(&file, bytes, volume_id));
        }
        for path in wanted.network_keyfiles.iter().filter(|_| !wanted.raw) {
            let (file, name) = (path.display().to_string(), name_of(path));
            let Some(bytes) = edit.network.get(&name) else { continue };
            self.findings.append(target::check_live_keyfile(&file, &name, bytes));
            if let Ok(text) = std::str::from_utf8(bytes) {
                self.sources.insert(file, text.to_owned());
            }
        }
        let has_errors = self.findings.has_errors();
        ui.findings(&self.findings.sorted(), &self.sources);
        if has_errors && !wanted.raw {
            ui.note("`--raw` embeds it as it is");
        }
        if has_errors { Err(Exit::Input) } else { Ok(()) }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
