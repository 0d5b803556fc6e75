//! Stream metadata of CoreOS: `architectures.ARCH.artifacts.metal.formats.{iso,pxe}`.
//!
//! Source: the crate coreos-stream-metadata 0.1; fedora-coreos-streams; openshift-install's scos.json.

use std::collections::BTreeMap;

use serde_json::Value;

use super::BadMetadata;
use super::json;
use super::text;
use super::under;
use crate::catalog::Architecture;
use crate::catalog::Checksum;
use crate::catalog::Part;

/// A file that metadata tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFile {
    /// Where it is.
    pub url: String,
    /// Where its detached signature is.
    pub signature: Option<String>,
    /// Its digest.
    pub checksum: Checksum,
}

/// The version of the live system for an architecture, and its files.
pub fn stream_metadata(
    document: &str,
    architecture: Architecture,
) -> Result<(String, BTreeMap<Part, StreamFile>), BadMetadata> {
    let value = json(document)?;
    let metal = under(&value, &["architectures", architecture.word(), "artifacts", "metal"])?;
    let version = text(metal, "release")?;
    Ok((version.to_owned(), live_files(under(metal, &["formats"])?)?))
}

/// The files of the live system among the formats of metal.
pub(super) fn live_files(formats: &Value) -> Result<BTreeMap<Part, StreamFile>, BadMetadata> {
    let places = [
        (Part::Iso, "iso", "disk"),
        (Part::Kernel, "pxe", "kernel"),
        (Part::Initrd, "pxe", "initramfs"),
        (Part::Rootfs, "pxe", "rootfs"),
    ];
    let mut files = BTreeMap::new();
    for (part, format, key) in places {
        // Some architectures lack some formats.
        if let Some(value) = formats.get(format).and_then(|format| format.get(key)) {
            let file =
                file(value).map_err(|BadMetadata(why)| BadMetadata(format!("of `{format}.{key}`, {why}")))?;
            files.insert(part, file);
        }
    }
    Ok(files)
}

fn file(value: &Value) -> Result<StreamFile, BadMetadata> {
    let checksum = text(value, "sha256")?;
    Ok(StreamFile {
        url: text(value, "location")?.to_owned(),
        signature: value.get("signature").and_then(Value::as_str).map(str::to_owned),
        checksum: checksum.parse().map_err(|_| BadMetadata(format!("`{checksum}` is no SHA-256")))?,
    })
}
