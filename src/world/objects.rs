//! Reads files that hold objects of a cluster: what people wrote, or what `oc get -o yaml` printed.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::Failure;
use super::inputs::read_at_most;
use super::inputs::read_input;

/// The largest file with objects of a cluster.
const MAX_OBJECTS_BYTES: u64 = 256 << 20;

/// Folders lie no deeper than this.
const MAX_DEPTH: usize = 16;

/// The texts of a file, of standard input (`-`), or of the YAML and JSON files below a folder, by their names.
pub fn read_objects(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    if path.is_dir() {
        return texts_in(path);
    }
    let text = String::from_utf8(read_input(path, MAX_OBJECTS_BYTES)?).map_err(|_| {
        Failure::input(
            format!("`{}` is no text", path.display()),
            "name a YAML or JSON file, or a folder of such",
        )
    })?;
    Ok(vec![(path.display().to_string(), text)])
}

/// The YAML and JSON files below a folder, by their paths in it. Links are not followed.
fn texts_in(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    let mut left_bytes = MAX_OBJECTS_BYTES;
    gather(folder, "", MAX_DEPTH, &mut left_bytes, &mut texts)
        .map_err(|cause| Failure::io("read", folder, &cause))?;
    Ok(texts)
}

fn gather(
    folder: &Path,
    below: &str,
    depth: usize,
    left_bytes: &mut u64,
    texts: &mut Vec<(String, String)>,
) -> io::Result<()> {
    let mut entries: Vec<_> = folder.read_dir()?.collect::<io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            gather(&entry.path(), &path, depth - 1, left_bytes, texts)?;
        } else if kind.is_file() && [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) {
            let bytes = read_at_most(&entry.path(), *left_bytes)?;
            *left_bytes -= bytes.len() as u64;
            texts.extend(String::from_utf8(bytes).ok().map(|text| (path, text)));
        }
    }
    Ok(())
}

/// Where a must-gather keeps what decides the rendered MachineConfigs.
const OF_MUST_GATHER: [&str; 2] = [
    "cluster-scoped-resources/machineconfiguration.openshift.io",
    "cluster-scoped-resources/config.openshift.io/clusterversions",
];
/// A must-gather lies in a folder of its own, and in it one of each image that gathered.
const MAX_MUST_GATHER_DEPTH: usize = 2;

/// The texts that decide what is rendered: those of [`read_objects`], and of a must-gather only what is of use.
pub fn read_cluster_objects(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let Some(root) = must_gather_in(path, MAX_MUST_GATHER_DEPTH) else { return read_objects(path) };
    let mut texts = Vec::new();
    for part in OF_MUST_GATHER {
        let folder = root.join(part);
        if folder.is_dir() {
            let below = texts_in(&folder)?;
            texts.extend(below.into_iter().map(|(name, text)| (format!("{part}/{name}"), text)));
        }
    }
    Ok(texts)
}

/// The folder of a must-gather that holds the objects, at or below `path`.
fn must_gather_in(path: &Path, depth: usize) -> Option<PathBuf> {
    if path.join(OF_MUST_GATHER[0]).is_dir() {
        return Some(path.to_owned());
    }
    let mut below: Vec<PathBuf> =
        path.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    below.sort();
    let mut folders = below.into_iter().filter(|path| path.is_dir() && !path.is_symlink());
    if depth == 0 { None } else { folders.find_map(|folder| must_gather_in(&folder, depth - 1)) }
}
