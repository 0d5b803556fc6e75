//! References of images as container runtimes read them (distribution/reference, v0.6).

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::value::ValueError;

/// The longest name, registry included.
const MAX_NAME: usize = 255;
/// The longest tag.
const MAX_TAG: usize = 128;

/// The registry of a name that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultRegistry {
    /// As it stands in a whole reference.
    pub name: String,
    /// Other names of it.
    pub also: Vec<String>,
    /// The host that is asked.
    pub host: String,
    /// The namespace of a name of one word.
    pub namespace: String,
}

#[derive(Deserialize)]
struct Defaults {
    default_registry: DefaultRegistry,
}

static DEFAULTS: LazyLock<DefaultRegistry> = LazyLock::new(|| {
    let read: Result<Defaults, _> = toml::from_str(include_str!("defaults.toml"));
    let none = || DefaultRegistry {
        name: String::new(),
        also: vec![],
        host: String::new(),
        namespace: String::new(),
    };
    read.map_or_else(|_| none(), |defaults| defaults.default_registry)
});

/// The registry of a name that has none.
pub fn default_registry() -> &'static DefaultRegistry {
    &DEFAULTS
}

/// The host that is asked for a registry's images.
pub fn host_of(registry: &str) -> &str {
    if registry == DEFAULTS.name { &DEFAULTS.host } else { registry }
}

/// An image's whole name: where, what, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// `host` or `host:port`.
    pub registry: String,
    /// The path below it.
    pub repository: String,
    /// The tag; without one and without a digest it is `latest`.
    pub tag: Option<String>,
    /// `sha256:…`; stands over the tag.
    pub digest: Option<String>,
}

impl Reference {
    /// Registry and repository.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// What is asked for: the digest, or else the tag.
    pub fn wanted(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse =
            |why: &str, help: &str| Err(ValueError::new(format!("`{text}` is no image: {why}"), help));
        if let Some((scheme, rest)) = text.split_once("://") {
            return refuse(&format!("`{scheme}://` is not part of a reference"), &format!("write `{rest}`"));
        }
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return refuse("it is an image's id, which no registry knows", "write `registry/name:tag`");
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest
            && !is_digest(digest)
        {
            return refuse(
                &format!("`{digest}` is no digest"),
                "a digest is `sha256:` and 64 hexadecimal digits in lower case",
            );
        }
        // A colon before the last slash is a port's.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return refuse(
                &format!("`{tag}` is no tag"),
                "a tag has letters, digits, `_`, `.` and `-`, begins with neither `.` nor `-`, and is at most 128 long",
            );
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if is_registry(first) => (first, path.to_owned()),
            _ => (DEFAULTS.name.as_str(), name.to_owned()),
        };
        let (registry, path) =
            if registry == DEFAULTS.name || DEFAULTS.also.iter().any(|also| also == registry) {
                let path = if path.contains('/') { path } else { format!("{}/{path}", DEFAULTS.namespace) };
                (DEFAULTS.name.as_str(), path)
            } else {
                (registry, path)
            };
        if !is_host(registry) {
            return refuse(
                &format!("`{registry}` is no host"),
                "write `host` or `host:port` before the first `/`",
            );
        }
        if let Some(wrong) = path.split('/').find(|part| !is_component(part)) {
            let help = if wrong.bytes().any(|b| b.is_ascii_uppercase()) {
                format!("names are in lower case: `{}`", text.to_lowercase())
            } else {
                "parts of a name have lower-case letters and digits, parted by `.`, `_`, `__` or `-`"
                    .to_owned()
            };
            return refuse(&format!("`{wrong}` is no part of a name"), &help);
        }
        if registry.len() + 1 + path.len() > MAX_NAME {
            return refuse("its name is too long", "a name with its registry has at most 255 characters");
        }
        let tag = match (tag, digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self { registry: registry.to_owned(), repository: path, tag, digest: digest.map(str::to_owned) })
    }
}

/// The first part of a name is a registry if it can be nothing else.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return false;
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(is_label)
}

fn is_component(part: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let begins_and_ends = |b: Option<&u8>| b.is_some_and(|b| is_letter(*b));
    let bytes = part.as_bytes();
    if !begins_and_ends(bytes.first()) || !begins_and_ends(bytes.last()) {
        return false;
    }
    let mut between = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    between.all(|mark| matches!(mark, "" | "." | "_" | "__") || mark.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
}

/// True for a digest by an algorithm that registries use.
pub(super) fn is_digest(text: &str) -> bool {
    let length = match text.split_once(':') {
        Some(("sha256", _)) => 64,
        Some(("sha512", _)) => 128,
        _ => return false,
    };
    let hex = text.split_once(':').map(|(_, hex)| hex).unwrap_or_default();
    hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Reference;
    use super::default_registry;

    #[test]
    fn reads_references_as_runtimes_do() {
        let own = &default_registry().name;
        let hex = "a".repeat(64);
        for (text, whole) in [
            ("busybox".to_owned(), format!("{own}/library/busybox:latest")),
            ("busybox:1.36".to_owned(), format!("{own}/library/busybox:1.36")),
            ("rancher/shell:v0.1".to_owned(), format!("{own}/rancher/shell:v0.1")),
            (format!("{own}/busybox:1"), format!("{own}/library/busybox:1")),
            (format!("index.{own}/a/b"), format!("{own}/a/b:latest")),
            ("localhost/a".to_owned(), "localhost/a:latest".to_owned()),
            ("localhost:5000/a:b".to_owned(), "localhost:5000/a:b".to_owned()),
            ("reg.lab:5000/a/b/c".to_owned(), "reg.lab:5000/a/b/c:latest".to_owned()),
            ("[fd00::1]:5000/a:1".to_owned(), "[fd00::1]:5000/a:1".to_owned()),
            (format!("reg.lab/a@sha256:{hex}"), format!("reg.lab/a@sha256:{hex}")),
            (format!("reg.lab/a:1@sha256:{hex}"), format!("reg.lab/a:1@sha256:{hex}")),
            ("LAB/a".to_owned(), "LAB/a:latest".to_owned()),
            ("reg.lab/a__b-c---d.e:v1".to_owned(), "reg.lab/a__b-c---d.e:v1".to_owned()),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), whole, "{text}");
        }
    }

    #[test]
    fn refuses_what_no_runtime_takes() {
        let hex = "a".repeat(64);
        for text in [
            "",
            ":v1",
            "reg.lab/",
            "reg.lab/a:",
            "reg.lab/A",
            "reg.lab/a..b",
            "reg.lab/a___b",
            "reg.lab/-a",
            "reg.lab/a@sha256:abc",
            "reg.lab/a@md5:00000000000000000000000000000000",
            "reg.lab:port/a",
            "reg.lab:99999/a",
            "docker://reg.lab/a",
            "reg.lab/a:.v1",
            hex.as_str(),
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text:?} was accepted");
        }
    }
}
