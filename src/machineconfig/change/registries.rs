//! Whether a change of `registries.conf` needs an empty node.
//!
//! Follows `isSafeContainerRegistryConfChanges` of the operator's `pkg/daemon/drain.go`: what could let a container
//! that runs find another image needs a drain; what only adds places for images that are named by digest does not.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ignition;
use crate::machineconfig::Rendered;

/// The file with the registries.
pub(super) const REGISTRIES: &str = "/etc/containers/registries.conf";

const DIGEST_ONLY: &str = "digest-only";

#[derive(Debug, Default, Deserialize)]
struct Registries {
    #[serde(default, rename = "unqualified-search-registries")]
    search: Vec<String>,
    #[serde(default, rename = "registry")]
    registries: Vec<Registry>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Registry {
    prefix: String,
    location: String,
    insecure: bool,
    blocked: bool,
    mirror_by_digest_only: bool,
    pull_from_mirror: String,
    #[serde(rename = "mirror")]
    mirrors: Vec<Mirror>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Mirror {
    location: String,
    insecure: bool,
    pull_from_mirror: String,
}

impl Registry {
    fn scope(&self) -> &str {
        if self.prefix.is_empty() { &self.location } else { &self.prefix }
    }

    fn mirror(&self, location: &str) -> Option<&Mirror> {
        self.mirrors.iter().find(|mirror| mirror.location == location)
    }

    fn is_by_digest_only(&self) -> bool {
        match self.mirrors.as_slice() {
            [] => self.mirror_by_digest_only,
            mirrors => mirrors.iter().all(|mirror| mirror.pull_from_mirror == DIGEST_ONLY),
        }
    }
}

/// Why a change of registries needs a drain; nothing if it does not.
///
/// # Errors
///
/// Says why one of the files cannot be read; the operator stops there too.
pub(super) fn drain(old: &Rendered, new: &Rendered) -> Result<Option<String>, String> {
    Ok(difference(&read(old)?, &read(new)?))
}

/// A file that is not there is an empty one.
fn read(rendered: &Rendered) -> Result<Registries, String> {
    let Some(file) = rendered.file(REGISTRIES) else { return Ok(Registries::default()) };
    if file.pointer("/contents/source").is_none() {
        return Ok(Registries::default());
    }
    let bytes = ignition::contents(file).ok_or("failed decoding Data URL scheme string")?;
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    toml::from_str(&text).map_err(|error| {
        let place =
            error.span().map(|span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        let place = place.map_or_else(String::new, |line| format!(" in line {line}"));
        format!("failed decoding TOML content from file {REGISTRIES}{place}: {}", error.message())
    })
}

fn difference(old: &Registries, new: &Registries) -> Option<String> {
    if !new.search.starts_with(&old.search) {
        return Some("`unqualified-search-registries` loses or reorders members".to_owned());
    }
    let by_scope = |registries: &'_ Registries| -> BTreeMap<String, usize> {
        // Of two with a scope, the last counts.
        registries.registries.iter().enumerate().map(|(index, one)| (one.scope().to_owned(), index)).collect()
    };
    let (before, after) = (by_scope(old), by_scope(new));
    if let Some(scope) = before.keys().find(|scope| !after.contains_key(*scope)) {
        return Some(format!("the registry `{scope}` is removed"));
    }
    after.iter().find_map(|(scope, index)| {
        let registry = new.registries.get(*index)?;
        match before.get(scope).and_then(|index| old.registries.get(*index)) {
            Some(old) => registry_difference(scope, old, registry),
            None if registry.is_by_digest_only() => None,
            None => {
                Some(format!("the registry `{scope}` is added, and not all its mirrors are `{DIGEST_ONLY}`"))
            }
        }
    })
}

fn registry_difference(scope: &str, old: &Registry, new: &Registry) -> Option<String> {
    if old == new {
        return None;
    }
    for (key, differs) in [
        ("prefix", old.prefix != new.prefix),
        ("location", old.location != new.location),
        ("blocked", old.blocked != new.blocked),
        ("insecure", old.insecure != new.insecure),
    ] {
        if differs {
            return Some(format!("`{key}` of the registry `{scope}` changes"));
        }
    }
    if let Some(gone) = old.mirrors.iter().find(|mirror| new.mirror(&mirror.location).is_none()) {
        return Some(format!("the mirror `{}` of the registry `{scope}` is removed", gone.location));
    }
    new.mirrors.iter().find_map(|mirror| {
        let location = &mirror.location;
        let is_by_digest = mirror.pull_from_mirror == DIGEST_ONLY;
        match old.mirror(location) {
            Some(old) if old.pull_from_mirror != mirror.pull_from_mirror && !is_by_digest => Some(format!(
                "`pull-from-mirror` of the mirror `{location}` of the registry `{scope}` is no longer `{}`",
                if old.pull_from_mirror.is_empty() { "all" } else { &old.pull_from_mirror }
            )),
            None if !is_by_digest && !new.mirror_by_digest_only => Some(format!(
                "the mirror `{location}` of the registry `{scope}` is added, and is not `{DIGEST_ONLY}`"
            )),
            _ => None,
        }
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::difference;

    const SEARCH: &str = "unqualified-search-registries = [\"a\", \"b\"]\n";

    fn change(old: &str, new: &str) -> Option<String> {
        difference(&toml::from_str(old).unwrap(), &toml::from_str(new).unwrap())
    }

    fn registry(keys: &str, mirrors: &[&str]) -> String {
        let mirrors: String = mirrors.iter().map(|keys| format!("[[registry.mirror]]\n{keys}\n")).collect();
        format!("[[registry]]\n{keys}\n{mirrors}")
    }

    #[test]
    fn registries_to_search_may_only_be_added_at_the_end() {
        for (new, is_safe) in [
            ("unqualified-search-registries = [\"a\", \"b\", \"c\"]", true),
            ("unqualified-search-registries = [\"a\"]", false),
            ("unqualified-search-registries = [\"b\", \"a\"]", false),
            ("unqualified-search-registries = [\"c\", \"a\", \"b\"]", false),
            ("", false),
        ] {
            assert_eq!(change(SEARCH, new).is_none(), is_safe, "{new}");
        }
    }

    #[test]
    fn what_may_change_of_a_registry() {
        const DIGEST: &str = "location='m'\npull-from-mirror='digest-only'";
        const TAG: &str = "location='m'\npull-from-mirror='tag-only'";
        const ALL: &str = "location='m'";
        const OTHER: &str = "location='n'";
        const OTHER_DIGEST: &str = "location='n'\npull-from-mirror='digest-only'";
        let a = "location='a'";
        for (old, new, words) in [
            (registry(a, &[]), String::new(), "`a` is removed"),
            (registry(a, &[DIGEST]), registry(a, &[]), "mirror `m` of the registry `a` is removed"),
            (registry(a, &[DIGEST]), registry(a, &[DIGEST, OTHER_DIGEST]), ""),
            (registry(a, &[DIGEST]), registry(a, &[OTHER_DIGEST, DIGEST]), ""),
            (
                registry(a, &[DIGEST]),
                registry(a, &[DIGEST, OTHER]),
                "mirror `n` of the registry `a` is added",
            ),
            (
                registry(a, &[DIGEST]),
                registry("location='a'\nmirror-by-digest-only=true", &[DIGEST, OTHER]),
                "",
            ),
            (registry(a, &[ALL]), registry(a, &[DIGEST]), ""),
            (registry(a, &[TAG]), registry(a, &[DIGEST]), ""),
            (registry(a, &[DIGEST]), registry(a, &[ALL]), "no longer `digest-only`"),
            (registry(a, &[ALL]), registry(a, &[TAG]), "no longer `all`"),
            (registry(a, &[ALL]), registry(a, &["location='m'\ninsecure=true"]), ""),
            (registry(a, &[]), registry("location='a'\nblocked=true", &[]), "`blocked`"),
            (registry(a, &[]), registry("location='a'\ninsecure=true", &[]), "`insecure`"),
            (registry(a, &[]), registry("location='b'\nprefix='a'", &[]), "`prefix`"),
            (
                registry("location='b'\nprefix='a'", &[]),
                registry("location='c'\nprefix='a'", &[]),
                "`location`",
            ),
            (String::new(), registry(a, &[DIGEST]), ""),
            (String::new(), registry(a, &[DIGEST, ALL]), "is added"),
            (String::new(), registry(a, &[]), "is added"),
            (String::new(), registry("location='a'\nmirror-by-digest-only=true", &[]), ""),
            // With mirrors, the registry's own word does not count for a registry that is new.
            (String::new(), registry("location='a'\nmirror-by-digest-only=true", &[ALL]), "is added"),
        ] {
            let found = change(&old, &new);
            match words {
                "" => assert_eq!(found, None, "{old} -> {new}"),
                words => {
                    assert!(found.as_ref().is_some_and(|found| found.contains(words)), "{found:?}: {words}")
                }
            }
        }
    }

    #[test]
    fn keys_that_are_not_known_do_not_matter() {
        assert_eq!(change("short-name-mode = 'enforcing'\n", "credential-helpers = ['x']\n"), None);
    }
}
