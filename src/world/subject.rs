//! Reads what somebody else made, to be explained: Ignition, live images, MachineConfigs.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde_json::Value;

use super::Failure;
use super::inputs::read_bounded;
use super::inputs::texts_below;
use crate::ignition::Document;
use crate::image;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::target::Subject;

/// The largest document. An ISO has gigabytes, and is never read as one.
const MAX_DOCUMENT_BYTES: u64 = 64 << 20;
/// The pool whose MachineConfigs are meant if there are those of several.
const FIRST_POOL: &str = "master";

/// Reads a file or a folder: a live ISO, an Ignition document, or MachineConfigs.
///
/// `is_live` says of an Ignition document that it is a live medium's; `pool` is that of the MachineConfigs.
pub fn read_subject(path: &Path, is_live: bool, pool: Option<&str>) -> Result<Subject, Failure> {
    if path.is_dir() {
        let texts = texts_below(path).map_err(|cause| Failure::io("read", path, &cause))?;
        return machine_configs(path, &texts, pool);
    }
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    match LiveImage::read(&mut file) {
        Ok(live) => {
            let embedded = image::embedded(&live, &mut file).map_err(|cause| Failure::image(path, &cause))?;
            let edit = Edit::of(&embedded);
            let document = match &edit.config {
                None => Value::Null,
                Some(bytes) => {
                    serde_json::from_slice(bytes).map_err(|cause| refused(path, &cause.to_string()))?
                }
            };
            return Ok(Subject::Ignition(Document::new(document), Some(edit.network)));
        }
        Err(ImageError::NotALiveImage(_) | ImageError::Io(_)) => {}
        Err(cause) => return Err(Failure::image(path, &cause)),
    }
    let bytes = read_bounded(path, MAX_DOCUMENT_BYTES)?;
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(document) if document.get("ignition").is_some() => {
            Ok(Subject::Ignition(Document::new(document), is_live.then(BTreeMap::new)))
        }
        _ => {
            let text = String::from_utf8(bytes).map_err(|_| refused(path, "it is no text"))?;
            machine_configs(path, &[(path.display().to_string(), text)], pool)
        }
    }
}

fn machine_configs(path: &Path, texts: &[(String, String)], pool: Option<&str>) -> Result<Subject, Failure> {
    let (mut configs, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in texts.iter().filter(|(_, text)| text.contains("MachineConfig")) {
        let (more, wrong) = machineconfig::parse(name, text);
        configs.extend(more);
        problems.extend(wrong);
    }
    if configs.is_empty() && problems.is_empty() {
        return Err(refused(path, "it has no `ignition`, and no MachineConfigs"));
    }
    let mut pools: Vec<&str> = configs.iter().filter_map(MachineConfig::role).collect();
    pools.sort_unstable();
    pools.dedup();
    let pool = match (pool, pools.as_slice()) {
        (Some(pool), _) => pool,
        (None, [only]) => only,
        _ => FIRST_POOL,
    };
    Ok(Subject::MachineConfigs(pool.to_owned(), configs, problems))
}

fn refused(path: &Path, why: &str) -> Failure {
    let message = format!("`{}` cannot be explained: {why}", path.display());
    Failure::input(message, "name an Ignition document (`.ign`), a live ISO, or a folder of MachineConfigs")
}
