//! Builds of a CoreOS stream that are not the newest: their index, and what each says of itself.
//!
//! Source: fedora-coreos-cincinnati (the index), coreos-assembler's generate-release-meta (a build).

use std::collections::BTreeMap;

use serde_json::Value;

use super::BadMetadata;
use super::StreamFile;
use super::json;
use super::stream::live_files;
use super::text;
use super::under;
use crate::catalog::Architecture;
use crate::catalog::Part;

/// Where a build's metadata is, as the index says; nothing if it does not know the build.
pub fn build_url(index: &str, version: &str) -> Result<Option<String>, BadMetadata> {
    let value = json(index)?;
    let Value::Array(builds) = under(&value, &["releases"])? else {
        return Err(BadMetadata("its `releases` is no list".into()));
    };
    let found = builds.iter().find(|build| build.get("version").and_then(Value::as_str) == Some(version));
    found.map(|build| text(build, "metadata").map(str::to_owned)).transpose()
}

/// The files of a build's live system for an architecture.
pub fn build_metadata(
    document: &str,
    version: &str,
    architecture: Architecture,
) -> Result<BTreeMap<Part, StreamFile>, BadMetadata> {
    let value = json(document)?;
    let release = text(&value, "release")?;
    if release != version {
        return Err(BadMetadata(format!("it is of `{release}`")));
    }
    live_files(under(&value, &["architectures", architecture.word(), "media", "metal", "artifacts"])?)
}
