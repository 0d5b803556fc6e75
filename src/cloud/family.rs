//! A row of images: who in them reads boot data, what runs their network, and what a script may count on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Format;
use super::Key;
use super::Reader;
use super::Runs;
use super::pattern::matches;

/// Images of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageFamily {
    /// Its name, as in `rocky-gce`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The platforms it is on; none for all of them.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// Patterns of `project/family` and of image names.
    pub patterns: Vec<String>,
    /// Who reads boot data, the one to write for first; nobody in images that cotter cannot prepare.
    pub readers: Vec<Reader>,
    /// Formats that its readers would understand elsewhere and cannot here, each with the reason.
    #[serde(default)]
    pub cannot: BTreeMap<Format, String>,
    /// What keys are called for this family, by what the platform's row calls them.
    #[serde(default)]
    pub key_names: BTreeMap<String, String>,
    /// When what its first reader reads runs, if not as that reader does elsewhere.
    pub runs: Option<Runs>,
    /// Which profiles its network daemon reads.
    pub network: Profiles,
    /// What a script may count on.
    #[serde(default)]
    pub shell: Shell,
    /// What the row rests on.
    pub basis: String,
    /// True if that is not seen or written anywhere, but supposed.
    #[serde(default)]
    pub presumed: bool,
}

/// Which files decide an image's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profiles {
    /// NetworkManager's keyfiles.
    NetworkManager,
    /// netplan's YAML.
    Netplan,
    /// systemd-networkd's files.
    SystemdNetworkd,
    /// Debian's `/etc/network/interfaces`.
    Ifupdown,
    /// SUSE's wicked.
    Wicked,
    /// Not known.
    Unknown,
}

/// What a script may count on in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    /// The program that installs packages, if there is one: `apt-get`, `dnf`, `zypper`.
    pub package_manager: Option<String>,
    /// True if `/usr` and most of `/` cannot be written.
    #[serde(default)]
    pub has_read_only_root: bool,
}

impl ImageFamily {
    /// True if `image` is one of these, on `platform`.
    pub fn holds(&self, platform: &str, image: &str) -> bool {
        let is_here = self.platforms.is_empty() || self.platforms.iter().any(|name| name == platform);
        is_here && self.patterns.iter().any(|pattern| matches(pattern, image))
    }

    /// A platform's key, by the name that it has for this family.
    pub fn key(&self, key: &Key) -> Key {
        let name = self.key_names.get(&key.name).unwrap_or(&key.name).clone();
        Key { name, ..key.clone() }
    }

    /// What is wrong with the row.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.patterns.is_empty() {
            return Some("has no pattern");
        }
        let repeated =
            |(index, reader)| self.readers.iter().take(index).any(|other: &Reader| other == reader);
        if self.readers.iter().enumerate().any(repeated) {
            return Some("has a reader twice");
        }
        None
    }
}
