//! What a registry gives for an image: an index or a manifest (OCI image spec 1.1, Docker's schema 2).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::reference::is_digest;
use crate::value::ValueError;
use crate::value::printable;

/// The types that runtimes ask for.
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// How many platforms of an index are named.
const MAX_NAMED: usize = 8;

/// An operating system and an architecture, as Go names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// As in `linux`.
    pub os: String,
    /// As in `amd64`.
    pub architecture: String,
    /// As in `v7`.
    pub variant: Option<String>,
}

/// Other names of architectures.
const ARCHITECTURES: [(&str, &str); 3] = [("x86_64", "amd64"), ("aarch64", "arm64"), ("x86-64", "amd64")];

impl FromStr for Platform {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let words: Vec<&str> = text.split('/').collect();
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let (os, architecture, variant) = match words.as_slice() {
            [os, architecture] => (*os, *architecture, None),
            [os, architecture, variant] => (*os, *architecture, Some(*variant)),
            _ => ("", "", None),
        };
        if ![os, architecture].into_iter().chain(variant).all(is_word) {
            return Err(ValueError::new(format!("`{text}` is no platform"), "write it as in `linux/amd64`"));
        }
        let known = ARCHITECTURES.iter().find(|(other, _)| *other == architecture);
        let architecture = known.map_or(architecture, |(_, own)| own);
        Ok(Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl Platform {
    fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(printable);
        let variant = text("variant").filter(|variant| !variant.is_empty());
        Some(Self { os: text("os")?, architecture: text("architecture")?, variant })
    }

    /// True if an image for `other` runs here. A variant that one of the two does not name is any.
    fn takes(&self, other: &Self) -> bool {
        let is_same = self.os == other.os && self.architecture == other.architecture;
        is_same && (self.variant.is_none() || other.variant.is_none() || self.variant == other.variant)
    }
}

/// What a body says of an image for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// It is an index; the manifest for the platform has this digest.
    Child(String),
    /// It is a manifest; what it is for is in the configuration with this digest.
    Configuration(String),
    /// It is no image but something else in a registry: there is no platform.
    Other,
    /// It is for other platforms.
    OtherPlatforms(String),
    /// It is nothing that a runtime reads.
    Garbage(&'static str),
}

/// Reads the body of a manifest.
pub fn read_manifest(body: &[u8], platform: &Platform) -> Content {
    let Ok(tree) = serde_json::from_slice::<Value>(body) else {
        return Content::Garbage("it is no JSON");
    };
    let digest = |value: &Value| {
        value.get("digest").and_then(Value::as_str).filter(|digest| is_digest(digest)).map(str::to_owned)
    };
    if tree.get("schemaVersion").and_then(Value::as_u64) == Some(1) {
        return Content::Garbage("it is a manifest of Docker's schema 1, which runtimes no longer read");
    }
    if let Some(children) = tree.get("manifests").and_then(Value::as_array) {
        let with_platform = children.iter().filter_map(|child| {
            let platform = child.get("platform").and_then(Platform::read)?;
            Some((platform, digest(child)?))
        });
        let all: Vec<(Platform, String)> = with_platform.collect();
        if let Some((_, child)) = all.iter().find(|(other, _)| platform.takes(other)) {
            return Content::Child(child.clone());
        }
        let mut names: Vec<String> =
            all.iter().map(|(other, _)| other.to_string()).filter(|name| !name.contains("unknown")).collect();
        names.sort();
        names.dedup();
        names.truncate(MAX_NAMED);
        return Content::OtherPlatforms(names.join(", "));
    }
    let Some(config) = tree.get("config") else {
        return Content::Garbage("it is neither an index nor a manifest");
    };
    let kind = config.get("mediaType").and_then(Value::as_str).unwrap_or_default();
    let is_image = kind.starts_with("application/vnd.oci.image.config.")
        || kind.starts_with("application/vnd.docker.container.image.");
    match digest(config) {
        Some(digest) if is_image => Content::Configuration(digest),
        Some(_) => Content::Other,
        None => Content::Garbage("its configuration has no digest"),
    }
}

/// The layers of a manifest by digest, with their sizes in bytes as they are sent.
pub fn read_layers(body: &[u8]) -> BTreeMap<String, u64> {
    let tree: Value = serde_json::from_slice(body).unwrap_or_default();
    let layers = tree.get("layers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let layer = |layer: &Value| {
        let digest = layer.get("digest")?.as_str().filter(|digest| is_digest(digest))?;
        Some((digest.to_owned(), layer.get("size")?.as_u64()?))
    };
    layers.iter().filter_map(layer).collect()
}

/// What an image's configuration says of its platform: another one by name, or nothing if it is right.
pub fn other_platform(body: &[u8], platform: &Platform) -> Result<Option<String>, &'static str> {
    let tree: Value = serde_json::from_slice(body).map_err(|_| "its configuration is no JSON")?;
    let own = Platform::read(&tree).ok_or("its configuration names no platform")?;
    Ok((!platform.takes(&own)).then(|| own.to_string()))
}

/// The first error that a registry names: its code and words.
pub fn read_error(body: &[u8]) -> Option<(String, String)> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let first = tree.get("errors")?.as_array()?.first()?;
    let text = |key: &str| {
        let text = first.get(key).and_then(Value::as_str).unwrap_or_default();
        printable(text).chars().take(200).collect::<String>()
    };
    Some((text("code"), text("message")))
}

/// The tags of `/tags/list`.
pub fn read_tags(body: &[u8]) -> Option<Vec<String>> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let tags = tree.get("tags")?;
    let all = tags.as_array().map(Vec::as_slice).unwrap_or_default();
    Some(all.iter().filter_map(Value::as_str).map(printable).collect())
}

/// The token of a token server's answer.
pub fn read_token(body: &[u8]) -> Option<String> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let text = |key: &str| tree.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("token").or_else(|| text("access_token")).map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::json;

    use super::Content;
    use super::Platform;
    use super::other_platform;
    use super::read_manifest;

    #[test]
    fn finds_the_platforms_child() {
        let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
        let child = |letter: &str, os: &str, architecture: &str, variant: &str| json!({"digest": digest(letter), "platform": {"os": os, "architecture": architecture, "variant": variant}});
        let index = json!({"schemaVersion": 2, "manifests": [
            child("0", "unknown", "unknown", ""),
            child("a", "linux", "amd64", ""),
            child("b", "linux", "arm64", "v8"),
            child("c", "linux", "arm", "v7"),
        ]});
        let config =
            |kind: &str| json!({"schemaVersion": 2, "config": {"mediaType": kind, "digest": digest("d")}});
        let image = config("application/vnd.oci.image.config.v1+json");
        let none = || "linux/amd64, linux/arm/v7, linux/arm64/v8".to_owned();
        for (body, platform, content) in [
            (&index, "linux/amd64", Content::Child(digest("a"))),
            (&index, "linux/x86_64", Content::Child(digest("a"))),
            (&index, "linux/aarch64", Content::Child(digest("b"))),
            (&index, "linux/arm/v7", Content::Child(digest("c"))),
            (&index, "linux/arm/v6", Content::OtherPlatforms(none())),
            (&index, "linux/s390x", Content::OtherPlatforms(none())),
            (&image, "linux/amd64", Content::Configuration(digest("d"))),
            (&config("application/vnd.cncf.helm.config.v1+json"), "linux/amd64", Content::Other),
        ] {
            let read = read_manifest(body.to_string().as_bytes(), &platform.parse().unwrap());
            assert_eq!(read, content, "{platform}");
        }
        let platform: Platform = "linux/amd64".parse().unwrap();
        for garbage in ["<html>", "{}", "[]", r#"{"schemaVersion": 1}"#, r#"{"config": {}}"#] {
            assert!(matches!(read_manifest(garbage.as_bytes(), &platform), Content::Garbage(_)), "{garbage}");
        }
        let config = br#"{"os": "linux", "architecture": "arm64"}"#;
        assert_eq!(other_platform(config, &platform), Ok(Some("linux/arm64".to_owned())));
        for wrong in ["", "linux", "linux/", "linux/a b", "a/b/c/d"] {
            assert!(wrong.parse::<Platform>().is_err(), "{wrong:?} was accepted");
        }
    }
}
