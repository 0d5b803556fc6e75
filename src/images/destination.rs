//! Where copies go: a registry, and what stands before the repositories there.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::Candidate;
use super::Reference;
use super::Scheme;
use super::registries_yaml::is_loopback;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::value::ValueError;

/// A registry that copies go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// `host` or `host:port`.
    pub host: String,
    /// What stands before the repositories; may be empty.
    pub prefix: String,
    /// How repositories of several registries are kept apart.
    pub names: Names,
}

/// What repositories are called in the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As they are.
    Same,
    /// Below the name of their registry.
    ByRegistry,
}

impl FromStr for Destination {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse =
            |why: &str| Err(ValueError::new(why.to_owned(), "write it as in `mirror.lab:5000/upgrade`"));
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Some(Scheme::Https), rest),
            Some(("http", rest)) => (Some(Scheme::Http), rest),
            Some(_) => return refuse(&format!("`{text}` is no registry: it is spoken to by HTTPS or HTTP")),
            None => (None, text),
        };
        let rest = rest.trim_end_matches('/');
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Only a host with a dot or a port is one in a reference.
        let probe: Result<Reference, _> = format!("{rest}/x:1").parse();
        let is_host = probe.as_ref().is_ok_and(|probe| probe.registry == host);
        if !is_host {
            return refuse(&format!("`{text}` is no registry: `host` or `host:port`, and perhaps a path"));
        }
        let near = if is_loopback(host) { Scheme::Either } else { Scheme::Https };
        let scheme = scheme.unwrap_or(near);
        Ok(Self { scheme, host: host.to_owned(), prefix: prefix.to_owned(), names: Names::Same })
    }
}

impl Destination {
    /// The repository of the copy.
    pub fn repository(&self, image: &Reference) -> String {
        let folder = self.folder(&image.registry);
        if folder.is_empty() { image.repository.clone() } else { format!("{folder}/{}", image.repository) }
    }

    /// What stands before the repositories of `registry`; may be empty.
    pub fn folder(&self, registry: &str) -> String {
        let own = match self.names {
            Names::Same => String::new(),
            Names::ByRegistry => part_of(registry),
        };
        let parts = [self.prefix.as_str(), own.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// The tag of the copy. What is pulled by its digest alone gets one too: many registries throw away what has none.
    pub fn tag(image: &Reference, digest: &str) -> String {
        let hex = digest.split(':').next_back().unwrap_or_default();
        let short = || format!("mirrored-{}", hex.get(..12).unwrap_or(hex));
        match (&image.tag, &image.digest) {
            (Some(tag), _) => tag.clone(),
            (None, Some(_)) => short(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// The place of the copy.
    pub fn candidate(&self, image: &Reference) -> Candidate {
        let mut candidate = Candidate::registry(image);
        candidate.scheme = self.scheme;
        candidate.host = super::reference::host_of(&self.host).to_owned();
        candidate.repository = self.repository(image);
        candidate
    }

    /// Finds images that would be one in the copy.
    pub fn check(&self, images: &BTreeMap<Reference, Vec<Origin>>) -> Diagnostics {
        let mut findings = Diagnostics::new();
        let mut places: BTreeMap<(String, String), &Reference> = BTreeMap::new();
        for (image, origins) in images.iter().filter(|(image, _)| image.digest.is_none()) {
            let Some(other) = places.insert((self.repository(image), image.wanted().to_owned()), image)
            else {
                continue;
            };
            let origin = origins.first().cloned().unwrap_or_else(|| Origin::of_file(""));
            let message = format!("`{image}` and `{other}` would be one in the copy");
            findings.error(
                "mirror-collision",
                &origin,
                message,
                "keep registries apart with `--by-registry`",
            );
        }
        findings
    }
}

/// A registry's name as a part of a repository's.
fn part_of(registry: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = registry.chars().map(word).collect();
    name.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Destination;
    use super::Names;
    use crate::images::Scheme;

    #[test]
    fn says_where_a_copy_is() {
        let plain: Destination = "m.lab".parse().unwrap();
        let deep = Destination {
            names: Names::ByRegistry,
            ..format!("{}/a/b/", "http://127.0.0.1:5000").parse().unwrap()
        };
        assert_eq!((plain.scheme, deep.scheme), (Scheme::Https, Scheme::Http));
        for (to, image, repository) in [
            (&plain, "reg.lab:5000/x/y:1", "x/y"),
            (&deep, "reg.lab:5000/x/y:1", "a/b/reg.lab-5000/x/y"),
            (&deep, "[fd00::1]:5000/x:1", "a/b/fd00--1--5000/x"),
        ] {
            let image = image.parse().unwrap();
            assert_eq!(to.repository(&image), repository);
            let whole = format!("m.lab/{repository}:1");
            assert!(whole.parse::<crate::images::Reference>().is_ok(), "{whole}");
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        for (image, tag) in [
            ("r.lab/x:2".to_owned(), "2"),
            ("r.lab/x".to_owned(), "latest"),
            (format!("r.lab/x@{digest}"), "mirrored-aaaaaaaaaaaa"),
        ] {
            assert_eq!(Destination::tag(&image.parse().unwrap(), &digest), tag);
        }
        for wrong in ["", "mirror", "/a", "ftp://m.lab", "m.lab/A", "m.lab//a", "m.lab:x/a", "a b.lab"] {
            assert!(wrong.parse::<Destination>().is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn two_that_would_be_one_are_found() {
        let images =
            ["a.lab/x:1", "b.lab/x:1", "b.lab/x:2"].map(|image| (image.parse().unwrap(), vec![])).into();
        let to: Destination = "m.lab".parse().unwrap();
        assert_eq!(to.check(&images).count(), 1);
        assert!(Destination { names: Names::ByRegistry, ..to }.check(&images).is_empty());
    }
}
