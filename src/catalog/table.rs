//! The catalog as a table: families, their streams, and where their vendors say what there is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Architecture;
use super::Part;
use super::is_plain_word;
use crate::value::ValueError;

static OWN: LazyLock<Catalog> =
    // The table is part of the program; a test holds that it can be read.
    LazyLock::new(|| Catalog::read(include_str!("../../isos/catalog.toml")).unwrap_or_default());

/// Every base image that has a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Families, in the order in which they are shown.
    #[serde(rename = "family")]
    pub families: Vec<Family>,
    #[serde(default, rename = "mirror")]
    mirrors: Vec<Mirror>,
}

/// Images of one kind, by one vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name, as in `fedora-coreos`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its streams, if they have names.
    #[serde(default)]
    pub streams: Vec<String>,
    /// The first of its streams, if they are minor versions of one major version.
    pub minors_from: Option<String>,
    /// The first of its streams, if each is a release.
    pub releases_from: Option<String>,
    /// What it is made for.
    pub architectures: Vec<Architecture>,
    /// What architectures are called in its URLs, if not by their own words.
    #[serde(default)]
    pub arch_words: BTreeMap<Architecture, String>,
    /// Who signs it; if nobody does, its server is believed.
    pub vendor: Option<String>,
    /// Where it is said what there is.
    pub metadata: Metadata,
}

/// How a vendor says what there is.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Metadata {
    /// The JSON document of a CoreOS stream.
    CoreosStream {
        /// Where it is.
        url: String,
        /// Where the index of all builds is, which pinned versions need.
        builds: Option<String>,
    },
    /// A list of digests beside the files.
    DigestList {
        /// The folder with all of them.
        folder: String,
        /// The list's name.
        list: String,
        /// The name of the list's signature, detached or around a copy of the list.
        signature: Option<String>,
        /// The word for the newest version; without one, streams are versions.
        newest: Option<String>,
        /// Other names of files, which tell their version.
        #[serde(default)]
        also_called: Vec<String>,
        /// What the files are called: the first that is listed counts.
        files: BTreeMap<Part, Vec<String>>,
    },
    /// A text that tells the newest version, as a line `KEY=VERSION`.
    VersionText {
        /// Where it is.
        url: String,
        /// The key.
        key: String,
        /// The folder with a version's files; each has a signature, named as the file and `.sig`.
        folder: String,
        /// What the files are called.
        files: BTreeMap<Part, Vec<String>>,
        /// What is not there for an architecture.
        #[serde(default)]
        missing: BTreeMap<Architecture, Vec<Part>>,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    of: String,
    at: Vec<String>,
}

impl Catalog {
    /// The program's own.
    pub fn own() -> &'static Self {
        &OWN
    }

    /// Reads a catalog, and says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, ValueError> {
        let help = "see `isos/catalog.toml` in the program's sources";
        let catalog: Self =
            toml::from_str(text).map_err(|cause| ValueError::new(cause.to_string().trim_end(), help))?;
        for family in &catalog.families {
            let wrong =
                |what: &str| Err(ValueError::new(format!("the family `{}` {what}", family.name), help));
            let ways =
                [!family.streams.is_empty(), family.minors_from.is_some(), family.releases_from.is_some()];
            if !is_plain_word(&family.name) || !family.streams.iter().all(|stream| is_plain_word(stream)) {
                return wrong("or one of its streams has a name that cannot be one");
            }
            if ways.into_iter().filter(|way| *way).count() != 1 {
                return wrong("needs one of `streams`, `minors_from` and `releases_from`");
            }
            let signature = matches!(&family.metadata, Metadata::DigestList { signature: Some(_), .. });
            if signature && family.vendor.is_none() {
                return wrong("has a signature, and no `vendor` whose keys are asked");
            }
            if !signature && family.vendor.is_some() && matches!(family.metadata, Metadata::DigestList { .. })
            {
                return wrong("has a `vendor`, and no `signature` of its list");
            }
            if family.vendor.is_none() && matches!(family.metadata, Metadata::VersionText { .. }) {
                return wrong("needs a `vendor`: nothing else tells what its files must be");
            }
        }
        Ok(catalog)
    }

    /// The family of this name.
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// A URL, and the others where the same bytes are.
    pub fn places(&self, url: &str) -> Vec<String> {
        let elsewhere =
            self.mirrors.iter().filter_map(|mirror| Some((url.strip_prefix(&mirror.of)?, &mirror.at)));
        let elsewhere = elsewhere.flat_map(|(rest, at)| at.iter().map(move |base| format!("{base}{rest}")));
        std::iter::once(url.to_owned()).chain(elsewhere).collect()
    }
}

impl Family {
    /// True for a stream that it has, or may have by now.
    pub fn has_stream(&self, stream: &str) -> bool {
        let from = |first: &Option<String>, count| match first {
            Some(first) => is_after(stream, first, count),
            None => false,
        };
        self.streams.iter().any(|known| known == stream)
            || from(&self.minors_from, 2)
            || from(&self.releases_from, 3)
    }

    /// Words for its streams.
    pub fn stream_words(&self) -> Vec<String> {
        let first = self.minors_from.iter().chain(&self.releases_from);
        self.streams.iter().cloned().chain(first.cloned()).collect()
    }

    /// True if streams are more than those that are listed.
    pub fn goes_on(&self) -> bool {
        self.streams.is_empty()
    }

    /// True if a version can be asked for that is not the newest.
    pub fn can_pin(&self) -> bool {
        match &self.metadata {
            Metadata::CoreosStream { builds, .. } => builds.is_some(),
            Metadata::DigestList { newest, .. } => newest.is_some(),
            Metadata::VersionText { .. } => true,
        }
    }

    /// Puts words in their places.
    pub(super) fn fill(
        &self,
        pattern: &str,
        stream: &str,
        version: &str,
        architecture: Architecture,
    ) -> String {
        let arch = self.arch_words.get(&architecture).map_or(architecture.word(), String::as_str);
        pattern.replace("{stream}", stream).replace("{version}", version).replace("{arch}", arch)
    }
}

/// True for `4.20` after `4.19` (two numbers), `v1.5.0` and `v1.5.0-rc1` after `v1.2.0` (three): the same major version.
fn is_after(stream: &str, first: &str, count: usize) -> bool {
    let prefix = if first.starts_with('v') { "v" } else { "" };
    let numbers = |text: &str| -> Option<Vec<u32>> {
        let text = text.strip_prefix(prefix)?;
        let text = if count == 3 { text.split('-').next()? } else { text };
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() != count || !parts.iter().all(is_number) {
            return None;
        }
        parts.iter().map(|part| part.parse().ok()).collect()
    };
    match (numbers(stream), numbers(first)) {
        (Some(stream), Some(first)) => stream.first() == first.first() && stream >= first,
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Catalog;
    use super::is_after;

    #[test]
    fn the_own_catalog_can_be_read() {
        let catalog = Catalog::read(include_str!("../../isos/catalog.toml")).unwrap();
        assert_eq!(catalog.families.len(), Catalog::own().families.len());
        assert!(catalog.families.len() >= 5);
        let url = "https://builds.coreos.fedoraproject.org/prod/a.iso";
        assert_eq!(catalog.places(url), [url, "https://fcos-builds.s3.amazonaws.com/prod/a.iso"]);
        assert_eq!(catalog.places("https://elsewhere/"), ["https://elsewhere/"]);
    }

    #[test]
    fn knows_streams_that_came_later() {
        for (stream, first, count, expected) in [
            ("4.19", "4.19", 2, true),
            ("4.20", "4.19", 2, true),
            ("4.18", "4.19", 2, false),
            ("5.0", "4.19", 2, false),
            ("4.19.1", "4.19", 2, false),
            ("4", "4.19", 2, false),
            ("v1.5.0", "v1.2.0", 3, true),
            ("v1.5.0-rc1", "v1.2.0", 3, true),
            ("1.5.0", "v1.2.0", 3, false),
            ("v1.1.9", "v1.2.0", 3, false),
            ("v1.+5.0", "v1.2.0", 3, false),
        ] {
            assert_eq!(is_after(stream, first, count), expected, "{stream}");
        }
    }

    #[test]
    fn refuses_a_catalog_that_would_trust_by_mistake() {
        let base = "[[family]]\nname = \"a\"\ntitle = \"A\"\narchitectures = [\"x86_64\"]\n";
        let list = "[family.metadata]\nkind = \"digest-list\"\nfolder = \"https://a/\"\nlist = \"l\"\nfiles = {iso = [\"a.iso\"]}\n";
        for (text, words) in [
            (format!("{base}streams = [\"s\"]\n{list}signature = \"l.gpg\"\n"), "no `vendor`"),
            (format!("{base}streams = [\"s\"]\nvendor = \"v\"\n{list}"), "no `signature`"),
            (format!("{base}{list}"), "needs one of"),
            (format!("{base}streams = [\"../s\"]\n{list}"), "cannot be one"),
            (format!("{base}streams = [\"s\"]\nvendors = \"v\"\n{list}"), "vendors"),
        ] {
            let error = Catalog::read(&text).unwrap_err();
            assert!(error.message.contains(words), "{}", error.message);
        }
        Catalog::read(&format!("{base}streams = [\"s\"]\n{list}")).unwrap();
    }
}
