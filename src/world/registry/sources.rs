//! The files that say which images, from where, and with which login.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use super::super::Failure;
use super::super::Sources;
use super::super::inputs::read_bounded;
use super::super::inputs::read_input;
use crate::document::Diagnostic;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::images::Endpoints;
use crate::images::Have;
use crate::images::HostsFiles;
use crate::images::Logins;
use crate::images::Mirrors;
use crate::images::Reference;
use crate::images::RegistriesConf;
use crate::images::is_for_other;
use crate::images::read_have;
use crate::images::read_list;

/// The largest list or configuration.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The most lists of a folder.
const MAX_LISTS: usize = 10_000;
/// How names of lists end.
const LISTS: [&str; 4] = ["txt", "yaml", "yml", "json"];

/// The files that somebody named.
#[derive(Clone, Debug, Default)]
pub struct ImageFiles {
    /// Lists of images, and folders of them; `-` is standard input.
    pub lists: Vec<PathBuf>,
    /// What says which images are there already.
    pub have: Vec<PathBuf>,
    /// The machine's architecture: lists of a folder that are for another one are left out.
    pub architecture: Option<String>,
    /// A `registries.conf`.
    pub registries_conf: Option<PathBuf>,
    /// Mirror sets of OpenShift.
    pub mirror_sets: Vec<PathBuf>,
    /// A `registries.yaml`.
    pub registries_yaml: Option<PathBuf>,
    /// A folder like `certs.d`.
    pub hosts_folder: Option<PathBuf>,
    /// A pull secret or docker configuration.
    pub auth: Option<PathBuf>,
}

/// What the files say.
#[derive(Debug, Default)]
pub struct ImageSources {
    /// The images, with the lines that ask for each.
    pub images: BTreeMap<Reference, Vec<Origin>>,
    /// What is there already.
    pub have: Have,
    /// Lists that are for other architectures.
    pub left_out: Vec<String>,
    /// The mirrors.
    pub mirrors: Mirrors,
    /// The logins.
    pub logins: Logins,
    /// All that is wrong.
    pub findings: Vec<Diagnostic>,
    /// The texts that may be shown with findings: none that may hold a password.
    pub texts: Sources,
}

/// Reads all files.
///
/// # Errors
/// If one cannot be read, or is no text.
pub fn read_image_files(files: &ImageFiles) -> Result<ImageSources, Failure> {
    let mut read = ImageSources::default();
    let mut findings = Diagnostics::new();
    for path in &files.lists {
        for path in lists(path, files.architecture.as_deref(), &mut read.left_out)? {
            let (name, text) = named(&path)?;
            let (list, more) = read_list(&name, &text);
            for image in list {
                read.images.entry(image.value).or_default().push(image.origin);
            }
            findings.append(more);
            read.texts.insert(name, text);
        }
    }
    for path in &files.have {
        let (name, text) = named(path)?;
        let (have, more) = read_have(&name, &text);
        read.have.0.extend(have.0);
        findings.append(more);
        read.texts.insert(name, text);
    }
    read.mirrors = mirrors(files, &mut findings, &mut read.texts)?;
    if let Some(path) = &files.auth {
        let text = zeroize::Zeroizing::new(text(path, read_bounded(path, MAX_FILE_BYTES)?)?);
        let (logins, more) = Logins::read(&path.display().to_string(), &text);
        read.logins = logins;
        findings.append(more);
    }
    read.findings = findings.sorted();
    Ok(read)
}

fn named(path: &Path) -> Result<(String, String), Failure> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    Ok((name, text(path, read_input(path, MAX_FILE_BYTES)?)?))
}

/// The file itself, or the lists in a folder, as Harvester's `images-lists` is one.
fn lists(
    path: &Path,
    architecture: Option<&str>,
    left_out: &mut Vec<String>,
) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |cause: std::io::Error| Failure::io("read", path, &cause);
    let mut lists = Vec::new();
    for entry in path.read_dir().map_err(failed)?.take(MAX_LISTS) {
        let file = entry.map_err(failed)?.path();
        let is_list = file.extension().is_some_and(|kind| LISTS.iter().any(|known| kind == *known));
        if !is_list || !file.is_file() {
            continue;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match architecture.is_some_and(|own| is_for_other(&name, own)) {
            true => left_out.push(file.display().to_string()),
            false => lists.push(file),
        }
    }
    lists.sort();
    left_out.sort();
    if lists.is_empty() {
        let message = format!("there is no list in `{}`", path.display());
        return Err(Failure::input(
            message,
            "name a folder with lists: files that end in `.txt`, `.yaml` or `.json`",
        ));
    }
    Ok(lists)
}

fn mirrors(files: &ImageFiles, findings: &mut Diagnostics, texts: &mut Sources) -> Result<Mirrors, Failure> {
    if let Some(path) = &files.registries_yaml {
        let text = text(path, read_bounded(path, MAX_FILE_BYTES)?)?;
        let (endpoints, more) = Endpoints::read(&path.display().to_string(), &text);
        findings.append(more);
        return Ok(Mirrors::Endpoints(endpoints));
    }
    if let Some(folder) = &files.hosts_folder {
        return Ok(Mirrors::Hosts(hosts(folder, findings)?));
    }
    if files.registries_conf.is_none() && files.mirror_sets.is_empty() {
        return Ok(Mirrors::None);
    }
    let mut conf = RegistriesConf::default();
    if let Some(path) = &files.registries_conf {
        let text = text(path, read_bounded(path, MAX_FILE_BYTES)?)?;
        let name = path.display().to_string();
        let (read, more) = RegistriesConf::read(&name, &text);
        conf = read;
        findings.append(more);
        texts.insert(name, text);
    }
    for path in &files.mirror_sets {
        let text = text(path, read_bounded(path, MAX_FILE_BYTES)?)?;
        let name = path.display().to_string();
        findings.append(conf.add_mirror_sets(&name, &text));
        texts.insert(name, text);
    }
    Ok(Mirrors::Conf(conf))
}

/// Headers of a `hosts.toml` may be passwords: its lines are not kept to be shown.
fn hosts(folder: &Path, findings: &mut Diagnostics) -> Result<HostsFiles, Failure> {
    let failed = |cause: std::io::Error| Failure::io("read", folder, &cause);
    let mut hosts = HostsFiles::default();
    let mut count = 0;
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        folders.push(entry.map_err(failed)?.path());
    }
    folders.sort();
    for below in folders {
        let path = below.join("hosts.toml");
        if !path.is_file() {
            continue;
        }
        count += 1;
        let name = below.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = text(&path, read_bounded(&path, MAX_FILE_BYTES)?)?;
        findings.append(hosts.add(&name, &below.display().to_string(), &path.display().to_string(), &text));
    }
    if count == 0 {
        let message = format!("there is no `hosts.toml` below `{}`", folder.display());
        return Err(Failure::input(
            message,
            "name the folder that has a folder for each registry: `certs.d`",
        ));
    }
    Ok(hosts)
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| {
        Failure::input(format!("`{}` is not UTF-8 text", path.display()), "see whether it is the right file")
    })
}
