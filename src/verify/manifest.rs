//! The manifest: everything that must be true, carried with the medium and beside it.

use serde::Deserialize;
use serde::Serialize;

use super::Expectation;
use crate::value::Digest;

/// The version of the manifest's format.
pub const MANIFEST_SCHEMA: &str = "cotter.dev/manifest/1";

/// What must be true of one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The machine's name.
    pub machine: String,
    /// The target it was planned for.
    pub target: String,
    /// The machine file it came from.
    pub spec: SpecDigest,
    /// How long a boot may take to come to what is expected, in seconds after the verification starts.
    pub patience_seconds: u32,
    /// What must be true.
    pub expectations: Vec<Expectation>,
    /// What must be true of the cluster that the machine is, seen through its API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<Expectation>,
}

/// Which machine file a manifest came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecDigest {
    /// The file's name.
    pub file: String,
    /// SHA-256 of its text.
    pub sha256: Digest,
}

impl Manifest {
    /// The manifest as JSON, the same bytes every time.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}
