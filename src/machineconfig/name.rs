//! The name of a rendered MachineConfig, as the operator computes it from the whole `spec`.

use md5::Digest as _;
use md5::Md5;
use serde_json::Value;

use super::go_yaml::go_yaml;

/// What the operator hashes before the text (its `pkg/controller/render/hash.go`; the same since the first release).
const SALT: [u8; 80] = [
    16, 124, 206, 228, 139, 56, 175, 175, 79, 229, 134, 118, 157, 154, 211, 110, 25, 93, 47, 253, 172, 106,
    37, 7, 174, 13, 160, 185, 110, 17, 87, 52, 219, 131, 12, 206, 218, 141, 116, 135, 188, 181, 192, 151,
    233, 62, 126, 165, 64, 83, 179, 119, 15, 168, 208, 197, 146, 107, 58, 227, 133, 188, 238, 26, 33, 26,
    235, 202, 32, 173, 31, 234, 41, 144, 148, 79, 6, 206, 23, 22,
];

/// The beginning of the name of everything that is rendered.
pub(super) const RENDERED_PREFIX: &str = "rendered-";

/// The name of what is rendered for `pool`, if `spec` is all that it holds.
pub(super) fn name_of(pool: &str, spec: &Value) -> Result<String, String> {
    let mut digest = Md5::new();
    digest.update(SALT);
    digest.update(go_yaml(spec)?);
    Ok(format!("{RENDERED_PREFIX}{pool}-{}", hex::encode(digest.finalize())))
}
