//! containerd's `certs.d`: a folder a registry, with a `hosts.toml` (docs/hosts.md of containerd 2).

use std::collections::BTreeMap;

use super::Candidate;
use super::Reference;
use super::Scheme;
use super::Tls;
use super::reference::host_of;
use super::registries_conf::ANY;
use super::registries_conf::TEXT;
use super::registries_yaml::is_endpoint;
use super::registries_yaml::is_loopback;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Key;
use crate::document::Shape;
use crate::document::View;
use crate::document::key;

const CAPABILITIES: Shape = Shape::List(&Shape::Word(&["pull", "resolve", "push", "referrers"]));

static FILE_NAME: Shape = Shape::Text(&TEXT);

/// What may be said of a mirror, and of the registry itself.
const OF_EITHER: [Key; 7] = [
    key("capabilities", CAPABILITIES, "what it is asked for"),
    key("ca", Shape::OneOrMore(&FILE_NAME), "files with authorities"),
    key("client", Shape::Free, "files with a client's certificate and key"),
    key("skip_verify", Shape::Truth, "any certificate"),
    key("header", Shape::Free, "further headers"),
    key("override_path", Shape::Truth, "the path stands for `/v2`"),
    key("dial_timeout", Shape::Text(&ANY), "how long a connection may take"),
];
static HOST: Shape = Shape::Map(&OF_EITHER);
static FILE: Shape = Shape::Map(&OF_FILE);
const OF_FILE: [Key; 9] = {
    let [capabilities, ca, client, skip_verify, header, override_path, dial_timeout] = OF_EITHER;
    let server = key("server", Shape::Text(&TEXT), "the registry itself");
    let host = key("host", Shape::Free, "mirrors, the first first");
    [server, host, capabilities, ca, client, skip_verify, header, override_path, dial_timeout]
};

/// What each folder of `certs.d` says.
#[derive(Clone, Debug, Default)]
pub struct HostsFiles {
    folders: BTreeMap<String, Vec<Host>>,
}

#[derive(Clone, Debug)]
struct Host {
    /// Empty: the registry as the reference names it.
    url: String,
    tls: Tls,
    for_tags: bool,
    for_digests: bool,
    overrides_path: bool,
    is_server: bool,
}

impl HostsFiles {
    /// Adds the `hosts.toml` of the folder `name`; files that it names relatively lie in `folder`.
    pub fn add(&mut self, name: &str, folder: &str, file: &str, text: &str) -> Diagnostics {
        let (tree, mut findings) = document::parse_toml(file, text);
        let Some(tree) = tree else { return findings };
        let root = View::root(file, &tree);
        document::check_shape(&root, &FILE, &mut findings);
        let mut hosts = Vec::new();
        for (url, place, view) in root.get("host").iter().flat_map(View::entries) {
            document::check_shape(&view, &HOST, &mut findings);
            check_url(url, &place, &mut findings);
            warn_of_headers(&view, &mut findings);
            hosts.push(Host { is_server: false, ..host(url, &view, folder) });
        }
        warn_of_headers(&root, &mut findings);
        let server = root.text_at("server");
        if let Some(server) = &server {
            check_url(&server.value, &server.origin, &mut findings);
        }
        let url = server.map(|server| server.value).unwrap_or_default();
        hosts.push(Host { is_server: true, ..host(&url, &root, folder) });
        self.folders.insert(name.to_owned(), hosts);
        findings
    }

    /// Where `image` is looked for: the hosts of its registry's folder, or of `_default`; then the server.
    pub(super) fn route(&self, image: &Reference) -> Vec<Candidate> {
        let folder = folder_of(&image.registry);
        let names = [folder.as_str(), image.registry.as_str(), "_default"];
        let hosts = names.into_iter().find_map(|name| self.folders.get(name));
        let Some(hosts) = hosts else {
            return vec![own(image)];
        };
        let for_digest = image.digest.is_some();
        let wanted = hosts.iter().filter(|host| if for_digest { host.for_digests } else { host.for_tags });
        wanted.filter_map(|host| candidate(host, image)).collect()
    }
}

/// The folder of a registry: its port is written so that it can be in a name.
pub(super) fn folder_of(registry: &str) -> String {
    match registry.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => format!("{name}_{port}_"),
        _ => registry.to_owned(),
    }
}

fn own(image: &Reference) -> Candidate {
    let mut own = Candidate::registry(image);
    if is_loopback(&own.host) {
        own.scheme = Scheme::Either;
    }
    own
}

fn candidate(host: &Host, image: &Reference) -> Option<Candidate> {
    let mut candidate = match host.url.as_str() {
        "" => own(image),
        url => Candidate::at(url, image)?,
    };
    // containerd puts `/v2` at the end of a path, unless it is told that the path has all.
    if !host.overrides_path && candidate.root != "/v2" && !candidate.root.ends_with("/v2") {
        candidate.root.push_str("/v2");
    }
    candidate.tls = host.tls.clone();
    if !host.is_server && candidate.host != host_of(&image.registry) {
        candidate.namespace = Some(image.registry.clone());
    }
    Some(candidate)
}

fn warn_of_headers(view: &View<'_>, findings: &mut Diagnostics) {
    if let Some(header) = view.get("header") {
        let help = "if it is a login, name one with `--auth` for this look";
        findings.warning("registry-header", header.origin(), "headers are not sent along here", help);
    }
}

fn check_url(url: &str, place: &document::Origin, findings: &mut Diagnostics) {
    if !is_endpoint(url) {
        let message = format!("`{url}` is no URL of a registry");
        findings.error("registry-endpoint", place, message, "write one, as in `https://mirror.lab:5000`");
    }
}

fn host(url: &str, view: &View<'_>, folder: &str) -> Host {
    let file = |name: String| if name.starts_with('/') { name } else { format!("{folder}/{name}") };
    let texts = |key: &str| -> Vec<String> {
        let all = view.get(key).map(|view| view.one_or_more()).unwrap_or_default();
        all.iter().filter_map(View::text).map(|text| file(text.value)).collect()
    };
    let client = view.get("client").map(|client| client.one_or_more()).unwrap_or_default();
    let pair = client.first().and_then(|first| {
        let pair: Vec<String> =
            first.items().iter().filter_map(View::text).map(|text| file(text.value)).collect();
        let both = first.text().map(|both| file(both.value));
        match pair.as_slice() {
            [certificate, key] => Some((certificate.clone(), key.clone())),
            _ => both.map(|both| (both.clone(), both)),
        }
    });
    let capabilities = view.get("capabilities");
    let can = |what: &str| {
        let words = capabilities.as_ref().map(View::items);
        words.is_none_or(|words| words.iter().any(|word| word.text().is_some_and(|word| word.value == what)))
    };
    Host {
        url: url.to_owned(),
        tls: Tls { accepts_any: view.is_true_at("skip_verify"), authorities: texts("ca"), identity: pair },
        for_tags: can("resolve"),
        for_digests: can("pull"),
        overrides_path: view.is_true_at("override_path"),
        is_server: false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::HostsFiles;
    use crate::images::Candidate;

    #[test]
    fn asks_hosts_in_order_and_the_server_last() {
        let mut files = HostsFiles::default();
        let text = "server = 'https://reg.lab'\n[host.'https://z.lab']\nca = 'ca.pem'\n[host.'http://b.lab/x']\ncapabilities = ['pull']\n[host.'https://c.lab/all/v2']\noverride_path = true\nskip_verify = true\n";
        assert!(files.add("reg.lab_5000_", "/certs.d/reg.lab_5000_", "hosts.toml", text).is_empty());
        assert!(
            files.add("_default", "/certs.d/_default", "hosts.toml", "[host.'https://any.lab']\n").is_empty()
        );
        let digest = format!("@sha256:{}", "e".repeat(64));
        for (image, places) in [
            ("reg.lab:5000/a:1".to_owned(), "z.lab/a c.lab/all/a reg.lab/a"),
            (format!("reg.lab:5000/a{digest}"), "z.lab/a b.lab/x/a c.lab/all/a reg.lab/a"),
            ("other.lab/a:1".to_owned(), "any.lab/a other.lab/a"),
        ] {
            let route = files.route(&image.parse().unwrap());
            let seen: Vec<String> = route.iter().map(Candidate::place).collect();
            assert_eq!(seen.join(" "), places, "{image}");
        }
        let route = files.route(&"reg.lab:5000/a:1".parse().unwrap());
        assert_eq!(route[0].tls.authorities, ["/certs.d/reg.lab_5000_/ca.pem"]);
        assert!(route[1].tls.accepts_any);
        assert_eq!(route[0].namespace.as_deref(), Some("reg.lab:5000"));
    }

    #[test]
    fn says_all_that_is_wrong() {
        let text = "servr = 'x'\n[host.'ftp://a']\ncapabilities = ['pul']\n";
        let findings = HostsFiles::default().add("a", "a", "hosts.toml", text).sorted();
        let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
        rules.sort_unstable();
        assert_eq!(rules, ["known-word", "registry-endpoint", "unknown-key"]);
    }
}
