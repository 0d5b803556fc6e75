//! The index of an OCI image layout: which image is which manifest (OCI image spec 1.1, image-layout).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Descriptor;
use super::Platform;
use super::Reference;

/// What the file `oci-layout` holds.
pub const LAYOUT_MARK: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

const NAME: &str = "org.opencontainers.image.ref.name";
/// containerd's own, which its import reads.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The index of a layout: `index.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayoutIndex(Map<String, Value>);

impl Default for LayoutIndex {
    fn default() -> Self {
        let mut tree = Map::new();
        tree.insert("schemaVersion".to_owned(), json!(2));
        tree.insert("mediaType".to_owned(), json!("application/vnd.oci.image.index.v1+json"));
        tree.insert("manifests".to_owned(), json!([]));
        Self(tree)
    }
}

impl LayoutIndex {
    /// Reads the file; none if it is no index.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let Ok(Value::Object(tree)) = serde_json::from_slice(bytes) else { return None };
        tree.get("manifests").is_some_and(Value::is_array).then_some(Self(tree))
    }

    /// The manifest that `image` is: by its whole name, or by its digest.
    pub fn find(&self, image: &Reference) -> Option<Descriptor> {
        let named = self.entries().find(|entry| name(entry).as_ref() == Some(image));
        let by_digest = || {
            let digest = image.digest.as_ref()?;
            self.entries().find(|entry| entry.get("digest").and_then(Value::as_str) == Some(digest))
        };
        // A name that says another digest is no such image.
        let is_right =
            |found: &Descriptor| image.digest.is_none() || image.digest.as_ref() == Some(&found.digest);
        named.and_then(Descriptor::read).filter(is_right).or_else(|| by_digest().and_then(Descriptor::read))
    }

    /// All images that have a whole name, and how many have none.
    pub fn images(&self) -> (Vec<Reference>, usize) {
        let named: Vec<Reference> = self.entries().filter_map(name).collect();
        let nameless = self.entries().count() - named.len();
        (named, nameless)
    }

    /// Says that `image` is this manifest, whatever it was before.
    pub fn put(&mut self, image: &Reference, manifest: &Descriptor, platform: Option<&Platform>) {
        let mut entry = json!({"mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.size_bytes,
            "annotations": {(NAME): image.to_string(), (CONTAINERD_NAME): image.to_string()}});
        if let Some(platform) = platform {
            let mut words = json!({"architecture": platform.architecture, "os": platform.os});
            if let Some(variant) = &platform.variant {
                words["variant"] = json!(variant);
            }
            entry["platform"] = words;
        }
        if let Some(Value::Array(list)) = self.0.get_mut("manifests") {
            list.retain(|other| name(other).as_ref() != Some(image));
            list.push(entry);
            // Whoever is done first, the file is the same.
            list.sort_by_key(|entry| (name(entry), entry.get("digest").map(Value::to_string)));
        }
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = &Value> {
        self.0.get("manifests").and_then(Value::as_array).into_iter().flatten()
    }
}

/// The whole name of an entry. A mere tag, which many tools write, says nothing of the registry.
fn name(entry: &Value) -> Option<Reference> {
    let annotations = entry.get("annotations")?;
    let text = |key: &str| annotations.get(key).and_then(Value::as_str).filter(|text| text.contains('/'));
    text(NAME).or_else(|| text(CONTAINERD_NAME))?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::LayoutIndex;
    use crate::images::Descriptor;

    #[test]
    fn finds_what_was_put_and_nothing_by_a_mere_tag() {
        let part = |letter: &str| Descriptor {
            digest: format!("sha256:{}", letter.repeat(64)),
            size_bytes: 2,
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        };
        let mut index = LayoutIndex::default();
        let image = "reg.lab/b:1".parse().unwrap();
        index.put(&image, &part("a"), None);
        index.put(&image, &part("b"), None);
        index.put(&"reg.lab/a:1".parse().unwrap(), &part("c"), Some(&"linux/arm/v7".parse().unwrap()));
        let index = LayoutIndex::read(&index.to_json()).unwrap();
        assert_eq!(index.find(&image), Some(part("b")));
        assert_eq!(index.images().0.len(), 2);
        let by_digest =
            |letter: &str| index.find(&format!("else.lab/x@{}", part(letter).digest).parse().unwrap());
        assert_eq!((by_digest("c"), by_digest("a")), (Some(part("c")), None));
        let wrong = format!("reg.lab/b:1@{}", part("d").digest);
        assert_eq!(index.find(&wrong.parse().unwrap()), None);
        let mere = format!(
            r#"{{"manifests": [{{"digest": "{}", "size": 2, "annotations": {{"org.opencontainers.image.ref.name": "1"}}}}]}}"#,
            part("a").digest
        );
        let mere = LayoutIndex::read(mere.as_bytes()).unwrap();
        assert_eq!((mere.find(&image), mere.images().1), (None, 1));
        for wrong in ["", "[]", "{}", r#"{"manifests": {}}"#] {
            assert_eq!(LayoutIndex::read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
