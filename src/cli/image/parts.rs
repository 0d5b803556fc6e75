//! Documents and keyfiles to embed: read, and looked at all together.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Exit;
use crate::cli::Ui;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::image::Edit;
use crate::target;
use crate::world;
use crate::world::Failure;
use crate::world::Sources;

/// The largest document or keyfile that is embedded from a file.
const MAX_PART_BYTES: u64 = 16 << 20;

/// Whether what is embedded must be what the live system can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It must.
    Checked,
    /// It is embedded as it is.
    Raw,
}

impl Look {
    pub(super) fn new(is_raw: bool) -> Self {
        if is_raw { Self::Raw } else { Self::Checked }
    }
}

/// What was read, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) config: Option<Vec<u8>>,
    pub(super) network: BTreeMap<String, Vec<u8>>,
    findings: Diagnostics,
    sources: Sources,
}

impl Parts {
    /// Reads a document (`-`: from standard input) and keyfiles.
    pub(super) fn read(config: Option<&Path>, keyfiles: &[PathBuf]) -> Result<Self, Failure> {
        let mut parts = Self::default();
        if let Some(path) = config {
            parts.config = Some(world::read_input(path, MAX_PART_BYTES)?);
        }
        for path in keyfiles {
            let name = name_of(path);
            let bytes = world::read_bounded(path, MAX_PART_BYTES)?;
            if parts.network.insert(name.clone(), bytes).is_some() {
                let message = format!("two keyfiles are called `{name}`");
                let origin = Origin::of_file(&path.display().to_string());
                parts.findings.error("keyfile", &origin, message, "rename one of them");
            }
        }
        Ok(parts)
    }

    /// Looks at what goes onto an image of this volume id; says what is wrong, and ends if something is.
    pub(super) fn check(
        mut self,
        config: Option<&Path>,
        keyfiles: &[PathBuf],
        edit: &Edit,
        volume_id: &str,
        look: Look,
        ui: &mut Ui,
    ) -> Result<(), Exit> {
        if let (Some(path), Some(bytes), Look::Checked) = (config, &edit.config, look) {
            let file = path.display().to_string();
            self.findings.append(target::check_live_document(&file, bytes, volume_id));
        }
        for path in keyfiles.iter().filter(|_| look == Look::Checked) {
            let (file, name) = (path.display().to_string(), name_of(path));
            let Some(bytes) = edit.network.get(&name) else { continue };
            self.findings.append(target::check_live_keyfile(&file, &name, bytes));
            if let Ok(text) = std::str::from_utf8(bytes) {
                self.sources.insert(file, text.to_owned());
            }
        }
        let has_errors = self.findings.has_errors();
        ui.findings(&self.findings.sorted(), &self.sources);
        if has_errors && look == Look::Checked {
            ui.note("`--raw` embeds it as it is");
        }
        if has_errors { Err(Exit::Input) } else { Ok(()) }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
