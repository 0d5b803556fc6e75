//! Files that people name, read with a bound.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::Failure;
use super::failure::plain;
use super::openshift_install::single_node_ignition;
use crate::document::Diagnostics;
use crate::spec;
use crate::spec::Butane;
use crate::spec::Cloud;
use crate::spec::Harvester;
use crate::spec::Installer;
use crate::spec::LocalFile;
use crate::spec::Machine;
use crate::spec::OperatorSection;
use crate::spec::Variables;
use crate::target::ChildFile;
use crate::target::Entry;
use crate::target::EntryKind;
use crate::target::Files;
use crate::target::Placement;
use crate::value::Digest;
use crate::verify::SpecDigest;

/// The largest machine file.
const MAX_SPEC_BYTES: u64 = 4 << 20;
/// The largest local file: the embed area has 256 KiB, compressed.
const MAX_LOCAL_BYTES: u64 = 32 << 20;
/// The most that may be in a local folder, with all below it.
const MAX_TREE_ENTRIES: usize = 10_000;

/// What comes from outside a machine file.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values for `${NAME}`.
    pub variables: Variables,
    /// Whether local files may lie elsewhere.
    pub outside: Outside,
    /// Where things are put.
    pub placement: Placement,
    /// Whose openshift-install is run, where one is.
    pub installer: InstallerRun,
    /// The machine is installed already: nobody minds that the installer's certificates are over.
    pub is_installed: bool,
    /// The catalog that names of base images are looked up in, if it is not the program's own.
    pub catalog: Option<PathBuf>,
}

impl Given {
    /// Whose openshift-install is run for a machine: one for the stand-in boots on the stand-in alone.
    pub fn installer_for(&self, machine: &Machine) -> InstallerRun {
        let is_bench = machine.base_image.as_ref().is_some_and(|image| image.value == "bench");
        if is_bench { InstallerRun::StandIn } else { self.installer }
    }
}

/// Which openshift-install is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstallerRun {
    /// The one that the machine file names.
    #[default]
    AsNamed,
    /// The stand-in's, whose bootstrap needs no cluster's images.
    StandIn,
}

/// Whether local files may lie outside the folder of the file that names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outside {
    /// They must lie below it.
    #[default]
    Refused,
    /// They may lie anywhere.
    Allowed,
}

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

/// Texts of files by the names that findings give them.
pub type Sources = BTreeMap<String, String>;

/// Reads a machine file.
///
/// In findings and manifests it goes by its file name: where it lies is nobody's business, and the same
/// file must make the same bytes wherever it is.
pub fn read_spec(path: &Path) -> Result<Spec, Failure> {
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

/// Reads local files; what cannot be read is a finding at its place.
pub(super) struct Reader {
    outside: Outside,
    /// Texts that findings may point into.
    pub(super) sources: Sources,
    /// What went wrong.
    pub(super) findings: Diagnostics,
}

impl Reader {
    pub(super) fn new(outside: Outside) -> Self {
        Self { outside, sources: Sources::new(), findings: Diagnostics::new() }
    }

    /// Reads what a machine names.
    pub(super) fn of_machine(&mut self, machine: &Machine, folder: &Path) -> Files {
        let mut files = self.of_butane(&machine.butane, folder);
        for child in &machine.children {
            if let Some(read) = self.child(&child.path, folder) {
                files.children.insert(child.path.value.clone(), read);
            }
        }
        if let Some(inventory) = &machine.hardware.inventory
            && let Some(bytes) = self.file(inventory, folder)
        {
            files.contents.insert(inventory.value.clone(), bytes);
        }
        let of_operator = machine.operator.iter().flat_map(OperatorSection::local_files);
        for file in machine.cloud.iter().flat_map(Cloud::local_files).chain(of_operator) {
            if let Some(bytes) = self.file(&file, folder) {
                self.remember(&file.value, &bytes);
                files.contents.insert(file.value.clone(), bytes);
            }
        }
        // A token's line is never shown.
        for file in machine.harvester.iter().flat_map(Harvester::local_files) {
            if let Some(bytes) = self.file(&file, folder) {
                files.contents.insert(file.value.clone(), bytes);
            }
        }
        let installer = machine.sno.as_ref().and_then(|sno| sno.installer.as_ref());
        // They are full of keys, so no line of them is ever shown.
        match installer {
            Some(Installer::Ignition(file)) => files.installer = self.file(file, folder),
            Some(Installer::Program { config, .. }) => files.install_config = self.file(config, folder),
            None => {}
        }
        files
    }

    /// Lets the user's installer make what it makes, if the machine file names one.
    pub(super) fn run_installer(
        &mut self,
        machine: &Machine,
        folder: &Path,
        config: &[u8],
        run: InstallerRun,
        progress: &mut dyn FnMut(&str),
    ) -> Option<Vec<u8>> {
        let Some(Installer::Program { program, .. }) = machine.sno.as_ref()?.installer.as_ref() else {
            return None;
        };
        let path = match (run, program.value.contains('/')) {
            (InstallerRun::StandIn, _) => None,
            (InstallerRun::AsNamed, true) => Some(self.allowed(program, folder)?),
            (InstallerRun::AsNamed, false) => Some(PathBuf::from(&program.value)),
        };
        match single_node_ignition(path.as_deref(), config, progress) {
            Ok(bytes) => Some(bytes),
            Err(why) => {
                let message = format!("`{}` made no Ignition: {why}", program.value);
                let help = "run it by hand in an empty folder: `openshift-install create single-node-ignition-config`";
                self.findings.error("installer-run", &program.origin, message, help);
                None
            }
        }
    }

    /// Reads what Butane's words name.
    pub(super) fn of_butane(&mut self, butane: &Butane, folder: &Path) -> Files {
        let mut files = Files::default();
        for file in butane.local_files() {
            if let Some(bytes) = self.file(&file, folder) {
                self.remember(&file.value, &bytes);
                files.contents.insert(file.value.clone(), bytes);
            }
        }
        for tree in &butane.trees {
            if let Some(entries) = self.tree(&tree.local, folder) {
                files.trees.insert(tree.local.value.clone(), entries);
            }
        }
        files
    }

    /// Texts are kept to show their lines; secrets have no lines that a finding points at.
    fn remember(&mut self, name: &str, bytes: &[u8]) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.sources.insert(name.to_owned(), text.to_owned());
        }
    }

    fn child(&mut self, file: &LocalFile, folder: &Path) -> Option<ChildFile> {
        let bytes = self.file(file, folder)?;
        let is_butane = [".bu", ".yaml", ".yml"].iter().any(|ending| file.value.ends_with(ending));
        if !is_butane {
            return Some(ChildFile::Ignition(bytes));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            let message = format!("`{}` is not UTF-8 text", file.value);
            self.findings.error("local-file", &file.origin, message, "save it as UTF-8");
            return None;
        };
        let (butane, findings) = spec::parse_butane(&file.value, &text);
        self.sources.insert(file.value.clone(), text);
        self.findings.append(findings);
        let butane = butane?;
        let below = at(folder, &file.value).parent().map(Path::to_path_buf).unwrap_or_default();
        let files = self.of_butane(&butane.butane, &below);
        Some(ChildFile::Butane(Box::new(butane), Box::new(files)))
    }

    fn file(&mut self, file: &LocalFile, folder: &Path) -> Option<Vec<u8>> {
        let path = self.allowed(file, folder)?;
        match read_at_most(&path, MAX_LOCAL_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(cause) => self.unreadable(file, &plain(&cause)),
        }
    }

    fn unreadable<T>(&mut self, file: &LocalFile, why: &str) -> Option<T> {
        let message = format!("failed to read `{}`: {why}", file.value);
        let help = "paths are relative to the file that names them; `~/` is your home";
        self.findings.error("local-file", &file.origin, message, help);
        None
    }

    /// The path, if it may be read: below the folder, or a public key in the user's home.
    fn allowed(&mut self, file: &LocalFile, folder: &Path) -> Option<PathBuf> {
        let path = at(folder, &file.value);
        let is_public_key = file.value.starts_with("~/") && file.value.ends_with(".pub");
        if self.outside == Outside::Allowed || is_public_key {
            return Some(path);
        }
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = match (path.canonicalize(), folder.canonicalize()) {
            (Ok(real), Ok(folder)) => real.starts_with(folder),
            (Err(cause), _) | (_, Err(cause)) => return self.unreadable(file, &plain(&cause)),
        };
        if !real {
            let message = format!("`{}` lies outside the folder of the file that names it", file.value);
            let help = "put it below that folder, or give `--allow-outside` if you trust the file";
            self.findings.error("path-escapes", &file.origin, message, help);
            return None;
        }
        Some(path)
    }

    fn tree(&mut self, folder: &LocalFile, base: &Path) -> Option<Vec<Entry>> {
        let path = self.allowed(folder, base)?;
        let mut walk = Walk { entries: Vec::new(), bytes: 0 };
        match walk.folder(&path, "") {
            Ok(()) => Some(walk.entries),
            Err(cause) => self.unreadable(folder, &plain(&cause)),
        }
    }
}

/// A walk through a local folder, by name.
struct Walk {
    entries: Vec<Entry>,
    bytes: u64,
}

impl Walk {
    fn folder(&mut self, path: &Path, below: &str) -> io::Result<()> {
        self.add(below, EntryKind::Directory)?;
        let mut names: Vec<_> =
            path.read_dir()?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()?;
        names.sort();
        for name in names {
            let Some(text) = name.to_str() else {
                let message = format!("the name `{}` is not UTF-8", name.to_string_lossy());
                return Err(io::Error::other(message));
            };
            let below = if below.is_empty() { text.to_owned() } else { format!("{below}/{text}") };
            let path = path.join(&name);
            let metadata = path.symlink_metadata()?;
            if metadata.is_dir() {
                self.folder(&path, &below)?;
            } else if metadata.is_symlink() {
                let target = path.read_link()?;
                let target =
                    target.to_str().ok_or_else(|| io::Error::other("a link's target is not UTF-8"))?;
                self.add(&below, EntryKind::Link { target: target.to_owned() })?;
            } else if metadata.is_file() {
                let bytes = read_at_most(&path, MAX_LOCAL_BYTES)?;
                self.bytes += bytes.len() as u64;
                let is_program = metadata.permissions().mode() & 0o111 != 0;
                self.add(&below, EntryKind::File { bytes, is_program })?;
            } else {
                return Err(io::Error::other(format!("`{below}` is no file, folder or link")));
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, kind: EntryKind) -> io::Result<()> {
        if self.entries.len() >= MAX_TREE_ENTRIES || self.bytes > MAX_LOCAL_BYTES {
            return Err(io::Error::other(format!(
                "it holds more than {MAX_TREE_ENTRIES} files or {MAX_LOCAL_BYTES} bytes"
            )));
        }
        self.entries.push(Entry { path: path.to_owned(), kind });
        Ok(())
    }
}

/// The texts of the YAML and JSON files below a folder, by their paths.
pub(super) fn texts_below(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut walk = Walk { entries: Vec::new(), bytes: 0 };
    walk.folder(folder, "")?;
    let is_text = |path: &str| [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
    let text = |entry: Entry| match entry.kind {
        EntryKind::File { bytes, .. } if is_text(&entry.path) => {
            Some((entry.path, String::from_utf8(bytes).ok()?))
        }
        _ => None,
    };
    Ok(walk.entries.into_iter().filter_map(text).collect())
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

/// Reads a file of at most `most` bytes, or standard input for `-`.
pub fn read_input(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    if path != Path::new("-") {
        return read_bounded(path, most);
    }
    let failed = |cause: io::Error| Failure::io("read", Path::new("standard input"), &cause);
    at_most(io::stdin().lock(), most, 0).map_err(failed)
}

pub(super) fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let size = file.metadata()?.len().min(most);
    at_most(file, most, usize::try_from(size).unwrap_or(0))
}

/// Reads about `expected` bytes, and at most `most`.
fn at_most(from: impl io::Read, most: u64, expected: usize) -> io::Result<Vec<u8>> {
    // One more shows the end without growing.
    let mut bytes = Vec::with_capacity(expected + 1);
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}
