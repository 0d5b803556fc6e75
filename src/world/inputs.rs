//! Files that people name, read with a bound.

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use super::Failure;
use super::failure::plain;
use crate::document::Diagnostics;
use crate::spec::Machine;
use crate::target::Files;
use crate::value::Digest;
use crate::verify::SpecDigest;

/// The largest machine file.
const MAX_SPEC_BYTES: u64 = 4 << 20;
/// The largest local file: the embed area has 256 KiB, compressed.
const MAX_LOCAL_BYTES: u64 = 32 << 20;

/// A machine file as text.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The name it goes by in findings.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder that its paths are relative to.
    pub folder: PathBuf,
    /// Name and digest, for the manifest.
    pub digest: SpecDigest,
}

/// Reads a machine file.
///
/// In findings and manifests it goes by its file name: where it lies is nobody's business, and the same
/// file must make the same bytes wherever it is.
pub(super) fn read_spec(path: &Path) -> Result<Spec, Failure> {
    let bytes = read_bounded(path, MAX_SPEC_BYTES)?;
    let sha256 = Digest::of(&bytes);
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::input(format!("`{}` is not UTF-8 text", path.display()), "save the machine file as UTF-8")
    })?;
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let digest = SpecDigest { file: name.clone(), sha256 };
    Ok(Spec { name, text, folder, digest })
}

/// Reads the local files that a machine names; what cannot be read is a finding at its place.
pub(super) fn local_files(machine: &Machine, folder: &Path) -> (Files, Diagnostics) {
    let mut files = Files::new();
    let mut findings = Diagnostics::new();
    for file in machine.local_files() {
        match read_at_most(&at(folder, &file.value), MAX_LOCAL_BYTES) {
            Ok(bytes) => {
                files.insert(file.value.clone(), bytes);
            }
            Err(cause) => {
                let message = format!("failed to read `{}`: {}", file.value, plain(&cause));
                let help = "paths are relative to the machine file; `~/` is your home";
                findings.error("local-file", &file.origin, message, help);
            }
        }
    }
    (files, findings)
}

/// `~/` is the user's home; other paths are relative to `folder`.
pub(super) fn at(folder: &Path, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

/// Reads a file of at most `most` bytes.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    read_at_most(path, most).map_err(|cause| Failure::io("read", path, &cause))
}

fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}
