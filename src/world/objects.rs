//! Reads files that hold objects of a cluster: what people wrote, or what `oc get -o yaml` printed.

use std::path::Path;

use super::Failure;
use super::inputs::read_input;
use super::inputs::texts_below;

/// The largest file with objects of a cluster.
const MAX_OBJECTS_BYTES: u64 = 256 << 20;

/// The texts of a file, of standard input (`-`), or of the YAML and JSON files below a folder, by their names.
pub fn read_objects(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    if path.is_dir() {
        return texts_below(path).map_err(|cause| Failure::io("read", path, &cause));
    }
    let text = String::from_utf8(read_input(path, MAX_OBJECTS_BYTES)?).map_err(|_| {
        Failure::input(
            format!("`{}` is no text", path.display()),
            "name a YAML or JSON file, or a folder of such",
        )
    })?;
    Ok(vec![(path.display().to_string(), text)])
}
