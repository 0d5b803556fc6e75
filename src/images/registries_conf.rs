//! `registries.conf`, version 2, as containers/image reads it (`sysregistriesv2`).

use super::Candidate;
use super::Reference;
use super::Scheme;
use super::reference::host_of;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Key;
use crate::document::Leaf;
use crate::document::Rule;
use crate::document::Shape;
use crate::document::Sourced;
use crate::document::View;
use crate::document::key;

/// Any text.
pub(super) static TEXT: Leaf = Leaf {
    rule: Rule { name: "text", refuses: "a text that is empty", why: "it names nothing", example: "''" },
    check: |text| match text.is_empty() {
        true => Err(("a text is empty".to_owned(), "write it, or leave the key out".to_owned())),
        false => Ok(()),
    },
};
/// A text that may be empty.
pub(super) static ANY: Leaf =
    Leaf { rule: Rule { name: "text", refuses: "nothing", why: "", example: "" }, check: |_| Ok(()) };

static MIRROR: &[Key] = &[
    key("location", Shape::Text(&TEXT), "where the mirror is").required("write where the mirror is"),
    key("insecure", Shape::Truth, "any certificate, and HTTP"),
    key("pull-from-mirror", Shape::Word(&["all", "digest-only", "tag-only"]), "for which references"),
];
static REGISTRY: &[Key] = &[
    key("prefix", Shape::Text(&TEXT), "which references"),
    key("location", Shape::Text(&ANY), "where the registry is"),
    key("insecure", Shape::Truth, "any certificate, and HTTP"),
    key("blocked", Shape::Truth, "it is not asked"),
    key("mirror-by-digest-only", Shape::Truth, "mirrors are for digests alone"),
    key("mirror", Shape::List(&Shape::Map(MIRROR)), "mirrors, the first first"),
];
static FILE: Shape = Shape::Map(&[
    key("unqualified-search-registries", Shape::List(&Shape::Text(&TEXT)), "for names without a registry"),
    key("short-name-mode", Shape::Text(&TEXT), "how short names are resolved"),
    key("credential-helpers", Shape::List(&Shape::Text(&TEXT)), "who keeps passwords"),
    key("additional-layer-store-auth-helper", Shape::Text(&TEXT), "a helper of layer stores"),
    key("aliases", Shape::Table(&ANY), "whole names of short ones"),
    key("registry", Shape::List(&Shape::Map(REGISTRY)), "registries and their mirrors"),
]);

/// For which references a mirror is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PullFrom {
    All,
    Digests,
    Tags,
}

/// A mirror of a registry.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) location: String,
    pub(super) insecure: bool,
    pub(super) pull: PullFrom,
}

/// What is said of the references below a prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct Registry {
    pub(super) prefix: String,
    /// Empty: as it is written in the reference.
    pub(super) location: String,
    pub(super) insecure: bool,
    pub(super) blocked: bool,
    pub(super) mirrors: Vec<Mirror>,
}

/// Registries and their mirrors.
#[derive(Clone, Debug, Default)]
pub struct RegistriesConf {
    pub(super) registries: Vec<Registry>,
}

impl RegistriesConf {
    /// Reads the file `text`; `file` names it in findings.
    pub fn read(file: &str, text: &str) -> (Self, Diagnostics) {
        let (tree, mut findings) = document::parse_toml(file, text);
        let Some(tree) = tree else {
            return (Self::default(), findings);
        };
        let root = View::root(file, &tree);
        document::check_shape(&root, &FILE, &mut findings);
        let mut conf = Self::default();
        for view in root.list("registry") {
            if let Some(registry) = registry(&view, &mut findings) {
                conf.registries.push(registry);
            }
        }
        (conf, findings)
    }

    /// Where `image` is looked for: the mirrors of the longest prefix, then the registry itself.
    pub fn route(&self, image: &Reference) -> Vec<Candidate> {
        let name = image.name();
        let Some(registry) = self.find(&name) else {
            return vec![Candidate::registry(image)];
        };
        let matched = matched(&name, &registry.prefix).unwrap_or(0);
        let rest = name.get(matched..).unwrap_or_default();
        let of_digest = image.digest.is_some();
        let mirrors = registry.mirrors.iter().filter(|mirror| match mirror.pull {
            PullFrom::All => true,
            PullFrom::Digests => of_digest,
            PullFrom::Tags => !of_digest,
        });
        let mirrors = mirrors.map(|mirror| (format!("{}{rest}", mirror.location), mirror.insecure));
        let own = match registry.location.as_str() {
            "" => name.clone(),
            location => format!("{location}{rest}"),
        };
        let all = mirrors.chain([(own, registry.insecure)]);
        all.filter_map(|(place, insecure)| self.candidate(image, &place, insecure)).collect()
    }

    /// Each place is looked up once more: it may itself be blocked.
    fn candidate(&self, image: &Reference, place: &str, insecure: bool) -> Option<Candidate> {
        let (host, repository) = place.split_once('/')?;
        let own = self.find(place);
        let accepts_any = insecure || own.is_some_and(|own| own.insecure);
        let mut candidate = Candidate::registry(image);
        candidate.host = host_of(host).to_owned();
        candidate.repository = repository.to_owned();
        candidate.scheme = if accepts_any { Scheme::Either } else { Scheme::Https };
        candidate.tls.accepts_any = accepts_any;
        candidate.blocked = own
            .filter(|own| own.blocked)
            .map(|own| format!("`{}` is blocked: only its mirrors may be asked", own.prefix));
        Some(candidate)
    }

    fn find(&self, name: &str) -> Option<&Registry> {
        let those = self.registries.iter().filter(|registry| matched(name, &registry.prefix).is_some());
        // Of two that are equally long the first counts.
        those.rev().max_by_key(|registry| registry.prefix.len())
    }
}

fn registry(view: &View<'_>, findings: &mut Diagnostics) -> Option<Registry> {
    let location = view.text_at("location").map(|location| location.value).unwrap_or_default();
    let prefix = view.text_at("prefix").map(|prefix| prefix.value);
    let is_wild = prefix.as_deref().is_some_and(|prefix| prefix.starts_with("*."));
    let prefix = prefix.unwrap_or_else(|| location.clone());
    if location.is_empty() && !is_wild {
        let help = "write `location`; only a `prefix` that begins with `*.` can do without";
        findings.error("registry-location", view.origin(), "the registry has no location", help);
        return None;
    }
    let written = view.text_at("prefix").filter(|written| written.value != location);
    for place in [written, view.text_at("location")].into_iter().flatten() {
        check_place(&place, findings);
    }
    let for_digests = view.is_true_at("mirror-by-digest-only");
    let mut mirrors = Vec::new();
    for mirror in view.list("mirror") {
        let words =
            [("all", PullFrom::All), ("digest-only", PullFrom::Digests), ("tag-only", PullFrom::Tags)];
        let pull = mirror.word_at("pull-from-mirror", &words);
        if let Some(pull) = pull.as_ref().filter(|_| for_digests) {
            let help = "leave out one of the two: tools refuse the file";
            let message = "`pull-from-mirror` cannot stand beside `mirror-by-digest-only`";
            findings.error("mirror-twice", &pull.origin, message, help);
        }
        let Some(location) = mirror.text_at("location") else { continue };
        check_place(&location, findings);
        let pull = match pull {
            Some(pull) => pull.value,
            None if for_digests => PullFrom::Digests,
            None => PullFrom::All,
        };
        let location = location.value.trim_end_matches('/').to_owned();
        mirrors.push(Mirror { location, insecure: mirror.is_true_at("insecure"), pull });
    }
    Some(Registry {
        prefix: prefix.trim_end_matches('/').to_owned(),
        location: location.trim_end_matches('/').to_owned(),
        insecure: view.is_true_at("insecure"),
        blocked: view.is_true_at("blocked"),
        mirrors,
    })
}

fn check_place(place: &Sourced<String>, findings: &mut Diagnostics) {
    if let Some((_, rest)) = place.value.split_once("://") {
        let message = format!("`{}` is a URL, and a place in `registries.conf` is none", place.value);
        findings.error("registry-location", &place.origin, message, format!("write `{rest}`"));
    }
}

/// How much of `name` is what `prefix` says; it must end where a part of the name does.
fn matched(name: &str, prefix: &str) -> Option<usize> {
    let end = match prefix.strip_prefix('*') {
        Some(domain) if domain.starts_with('.') => {
            let at = name.find(domain)?;
            if name.get(..at)?.contains('/') {
                return None;
            }
            at + domain.len()
        }
        _ => name.starts_with(prefix).then_some(prefix.len())?,
    };
    let next = name.as_bytes().get(end);
    next.is_none_or(|next| matches!(next, b'/' | b':' | b'@')).then_some(end)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::RegistriesConf;
    use crate::images::route::shown;

    const CONF: &str = r#"
[[registry]]
location = "reg.lab"
[[registry.mirror]]
location = "mirror.lab:5000/all"
insecure = true
[[registry.mirror]]
location = "tags.lab"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "digests.lab"
pull-from-mirror = "digest-only"

[[registry]]
prefix = "reg.lab/team"
location = "other.lab/of-team"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.lab/team"

[[registry]]
prefix = "*.wild.lab"
[[registry.mirror]]
location = "wild-mirror.lab"

[[registry]]
location = "closed.lab"
blocked = true
[[registry.mirror]]
location = "open.lab/closed"
"#;

    #[test]
    fn looks_where_the_longest_prefix_says() {
        let (conf, findings) = RegistriesConf::read("registries.conf", CONF);
        assert!(findings.is_empty(), "{findings:?}");
        let digest = format!("sha256:{}", "c".repeat(64));
        for (image, places) in [
            ("reg.lab/a:1".to_owned(), "mirror.lab:5000/all/a tags.lab/a reg.lab/a"),
            (format!("reg.lab/a@{digest}"), "mirror.lab:5000/all/a digests.lab/a reg.lab/a"),
            ("reg.lab/team/a:1".to_owned(), "other.lab/of-team/a"),
            (format!("reg.lab/team/a@{digest}"), "m.lab/team/a other.lab/of-team/a"),
            ("reg.lab/teams/a:1".to_owned(), "mirror.lab:5000/all/teams/a tags.lab/teams/a reg.lab/teams/a"),
            ("reg.lab:5000/a:1".to_owned(), "mirror.lab:5000/all:5000/a tags.lab:5000/a reg.lab:5000/a"),
            ("x.wild.lab/a:1".to_owned(), "wild-mirror.lab/a x.wild.lab/a"),
            ("wild.lab/a:1".to_owned(), "wild.lab/a"),
            ("closed.lab/a:1".to_owned(), "open.lab/closed/a !closed.lab/a"),
            ("none.lab/a:1".to_owned(), "none.lab/a"),
        ] {
            let route = conf.route(&image.parse().unwrap());
            assert_eq!(shown(&route), places, "{image}");
        }
    }

    #[test]
    fn says_all_that_is_wrong() {
        let text = "[[registry]]\nlocaton = 'a'\n[[registry]]\nlocation = 'https://a.lab'\nblocked = 'yes'\n";
        let (_, findings) = RegistriesConf::read("registries.conf", text);
        let rules: Vec<&str> = findings.sorted().iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["registry-location", "unknown-key", "registry-location", "true-or-false"]);
    }
}
