//! Which kinds of objects there are, and which version of OpenShift brought what of them: `kinds.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// The group of nearly all kinds.
pub(super) const GROUP: &str = "machineconfiguration.openshift.io";

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("kinds.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: Vec<Kind>,
    field: Vec<Field>,
    word: Vec<Field>,
    was: Vec<Was>,
}

/// A kind in one version of its API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    /// As in `MachineConfig`.
    pub name: String,
    /// The group of its API.
    pub group: String,
    /// The version of its API.
    pub version: String,
    since: Option<String>,
    until: Option<String>,
    #[serde(default)]
    preview: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    kind: String,
    path: String,
    word: Option<String>,
    since: String,
    #[serde(default)]
    preview: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Was {
    kind: String,
    path: String,
    word: Option<String>,
    now: String,
}

/// Whether a version of OpenShift has something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// It has it.
    Yes,
    /// It has it for those who turn on previews.
    Preview,
    /// Not yet: the version that brings it.
    Since(String),
    /// No longer: the last version that has it.
    Until(String),
}

/// A version of OpenShift, for comparison.
fn release(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// True if the version `openshift` is `since` or a later one.
pub(super) fn is_since(openshift: &str, since: &str) -> bool {
    release(openshift) >= release(since)
}

fn served(openshift: &str, since: Option<&str>, until: Option<&str>, preview: &[String]) -> Served {
    match (since, until) {
        (Some(since), _) if !is_since(openshift, since) => Served::Since(since.to_owned()),
        (_, Some(until)) if release(openshift) > release(until) => Served::Until(until.to_owned()),
        _ if preview.iter().any(|version| version == openshift) => Served::Preview,
        _ => Served::Yes,
    }
}

impl Kind {
    /// Whether a version of OpenShift serves it.
    pub fn served(&self, openshift: &str) -> Served {
        served(openshift, self.since.as_deref(), self.until.as_deref(), &self.preview)
    }
}

/// All rows of a kind, one for each version of its API.
pub(super) fn kinds_called(name: &str) -> Vec<&'static Kind> {
    TABLE.kind.iter().filter(|kind| kind.name == name).collect()
}

/// The names of all kinds.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.kind.iter().map(|kind| kind.name.as_str())
}

/// Whether a version of OpenShift has a field, or a word at the place of a field.
pub(super) fn field_served(openshift: &str, kind: &str, path: &str, word: Option<&str>) -> Served {
    let rows = if word.is_some() { &TABLE.word } else { &TABLE.field };
    let row = rows.iter().find(|row| row.kind == kind && row.path == path && row.word.as_deref() == word);
    row.map_or(Served::Yes, |row| served(openshift, Some(&row.since), None, &row.preview))
}

/// What became of a key or word of an older version of the API.
pub(super) fn renamed(kind: &str, path: &str, word: Option<&str>) -> Option<&'static str> {
    let is_it = |was: &&Was| was.kind == kind && was.path == path && was.word.as_deref() == word;
    TABLE.was.iter().find(is_it).map(|was| was.now.as_str())
}

#[cfg(test)]
mod tests {
    use super::Served;
    use super::TABLE;
    use super::field_served;
    use super::is_since;
    use super::kinds_called;

    #[test]
    fn the_table_can_be_read() {
        assert!(
            TABLE.kind.len() > 10 && TABLE.field.len() > 5 && TABLE.word.len() > 1 && TABLE.was.len() > 5
        );
        assert!(is_since("4.19", "4.9") && is_since("5.0", "4.22") && !is_since("4.18", "4.19"));
    }

    #[test]
    fn says_what_a_version_has() {
        let of = |version: &str, openshift: &str| {
            let kinds = kinds_called("MachineOSConfig");
            kinds.iter().find(|kind| kind.version == version).map(|kind| kind.served(openshift))
        };
        assert_eq!(of("v1", "4.19"), Some(Served::Yes));
        assert_eq!(of("v1", "4.18"), Some(Served::Preview));
        assert_eq!(of("v1", "4.17"), Some(Served::Since("4.18".into())));
        assert_eq!(of("v1alpha1", "4.19"), Some(Served::Until("4.17".into())));
        let field =
            |openshift| field_served(openshift, "MachineConfiguration", "spec.nodeDisruptionPolicy", None);
        assert_eq!((field("4.15"), field("4.17")), (Served::Since("4.16".into()), Served::Yes));
    }
}
