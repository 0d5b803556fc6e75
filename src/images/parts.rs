//! What a manifest is made of: the blobs and manifests that must be there beside it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reference::is_digest;
use crate::value::printable;

/// More parts than any image has; runtimes stop long before.
const MAX_PARTS: usize = 4096;

/// Types of manifests, each with what tells it: Docker's or OCI's, index or not.
const TYPES: [(&str, bool, bool); 4] = [
    ("application/vnd.docker.distribution.manifest.list.v2+json", true, true),
    ("application/vnd.docker.distribution.manifest.v2+json", true, false),
    ("application/vnd.oci.image.index.v1+json", false, true),
    ("application/vnd.oci.image.manifest.v1+json", false, false),
];

/// Something with a digest that a manifest or an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// As in `sha256:…`.
    pub digest: String,
    /// How large it is.
    pub size_bytes: u64,
    /// What it is.
    pub media_type: String,
}

/// What a manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// It is an index of these manifests.
    Index(Vec<Descriptor>),
    /// It is a manifest with this configuration and these layers, each once.
    Image {
        /// The configuration.
        configuration: Descriptor,
        /// The layers that registries have, the lowest first.
        layers: Vec<Descriptor>,
    },
}

impl Descriptor {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        Some(Self {
            digest: text("digest").filter(|digest| is_digest(digest))?.to_owned(),
            size_bytes: value.get("size").and_then(Value::as_u64)?,
            media_type: printable(text("mediaType").unwrap_or_default()),
        })
    }
}

/// Reads the body of a manifest.
///
/// Layers that are only to be had elsewhere (Docker's foreign ones) are left out, as runtimes do that push.
///
/// # Errors
/// What makes it no manifest, in words.
pub fn read_parts(body: &[u8]) -> Result<Parts, &'static str> {
    let tree: Value = serde_json::from_slice(body).map_err(|_| "it is no JSON")?;
    let is_there = |key: &str| tree.get(key).is_some();
    if let Some(children) = tree.get("manifests").and_then(Value::as_array) {
        return all(children).map(Parts::Index);
    }
    if !is_there("config") || !is_there("layers") {
        return Err("it is neither an index nor a manifest");
    }
    let configuration = tree.get("config").and_then(Descriptor::read);
    let configuration = configuration.ok_or("its configuration has no digest or no size")?;
    let layers = tree.get("layers").and_then(Value::as_array).ok_or("its layers are no list")?;
    let is_here = |layer: &Descriptor| {
        !layer.media_type.contains(".foreign.") && !layer.media_type.contains(".nondistributable.")
    };
    let layers = all(layers)?.into_iter().filter(is_here).collect();
    Ok(Parts::Image { configuration, layers })
}

fn all(values: &[Value]) -> Result<Vec<Descriptor>, &'static str> {
    if values.len() > MAX_PARTS {
        return Err("it names more parts than an image can have");
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for value in values {
        let part = Descriptor::read(value).ok_or("a part of it has no digest or no size")?;
        if seen.insert(part.digest.clone()) {
            found.push(part);
        }
    }
    Ok(found)
}

/// The type of a manifest: what it says itself, else what the server `told`, else what it looks like.
pub fn media_type(body: &[u8], told: Option<&str>) -> &'static str {
    let tree: Value = serde_json::from_slice(body).unwrap_or_default();
    let own = tree.get("mediaType").and_then(Value::as_str);
    let told = told.and_then(|told| told.split(';').next()).map(str::trim);
    let known = |name: Option<&str>| TYPES.iter().find(|(known, ..)| Some(*known) == name);
    let part = tree.get("config").or_else(|| tree.get("manifests")?.get(0));
    let part = part.and_then(|part| part.get("mediaType")).and_then(Value::as_str).unwrap_or_default();
    let looks = (part.starts_with("application/vnd.docker."), tree.get("manifests").is_some());
    let alike = TYPES.iter().find(|(_, is_docker, is_index)| (*is_docker, *is_index) == looks);
    known(own).or_else(|| known(told)).or(alike).map_or("application/octet-stream", |(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Parts;
    use super::media_type;
    use super::read_parts;

    fn part(letter: &str, kind: &str) -> serde_json::Value {
        json!({"mediaType": kind, "size": 3, "digest": format!("sha256:{}", letter.repeat(64))})
    }

    #[test]
    fn names_each_part_once_and_no_foreign_one() {
        let image = json!({"schemaVersion": 2, "config": part("c", "application/vnd.oci.image.config.v1+json"), "layers": [
            part("a", "x"), part("a", "x"), part("b", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]});
        let Ok(Parts::Image { layers, .. }) = read_parts(image.to_string().as_bytes()) else {
            unreachable!("it is an image")
        };
        assert_eq!(layers.len(), 1);
        let index = json!({"manifests": [part("a", ""), part("b", "")]});
        assert!(
            matches!(read_parts(index.to_string().as_bytes()), Ok(Parts::Index(list)) if list.len() == 2)
        );
        let many: Vec<_> = (0..5000).map(|_| part("a", "")).collect();
        for wrong in [
            json!({"manifests": many}),
            json!({"manifests": [{"digest": "sha256:../../etc/passwd", "size": 1}]}),
            json!({"config": part("c", "")}),
            json!({"config": part("c", ""), "layers": [{"digest": format!("sha256:{}", "a".repeat(64)), "size": -1}]}),
            json!([]),
        ] {
            assert!(read_parts(wrong.to_string().as_bytes()).is_err());
        }
    }

    #[test]
    fn tells_the_type_by_itself_by_the_server_or_by_the_looks() {
        let [docker, oci] = [
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.oci.image.manifest.v1+json",
        ];
        for (body, told, kind) in [
            (json!({"mediaType": docker}), Some(oci), docker),
            (
                json!({}),
                Some("application/vnd.oci.image.index.v1+json; charset=utf-8"),
                "application/vnd.oci.image.index.v1+json",
            ),
            (
                json!({"config": {"mediaType": "application/vnd.docker.container.image.v1+json"}}),
                Some("text/plain"),
                docker,
            ),
            (json!({"config": {}}), None, oci),
            (json!({"manifests": []}), None, "application/vnd.oci.image.index.v1+json"),
        ] {
            assert_eq!(media_type(body.to_string().as_bytes(), told), kind, "{body}");
        }
    }
}
