//! `registries.yaml` of k3s and rke2: endpoints of each registry, rewrites, logins and trust.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Map;
use serde_json::Value;

use super::Candidate;
use super::Login;
use super::Reference;
use super::Scheme;
use super::Tls;
use super::reference::default_registry;
use super::reference::host_of;
use super::registries_conf::ANY;
use super::registries_conf::TEXT;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Key;
use crate::document::Shape;
use crate::document::View;
use crate::document::key;
use crate::value::Secret;

static MIRROR: Shape = Shape::Map(&[
    key("endpoint", Shape::List(&Shape::Text(&TEXT)), "URLs, the first first"),
    key("rewrite", Shape::Table(&ANY), "regular expressions and what replaces them"),
]);
static AUTH: &[Key] = &[
    key("username", Shape::Text(&ANY), "the name"),
    key("password", Shape::Text(&ANY), "the password"),
    key("auth", Shape::Text(&ANY), "both, in base64"),
    key("identity_token", Shape::Text(&ANY), "a token"),
];
static TLS: &[Key] = &[
    key("ca_file", Shape::Text(&ANY), "further authorities"),
    key("cert_file", Shape::Text(&ANY), "a client's certificate"),
    key("key_file", Shape::Text(&ANY), "its key"),
    key("insecure_skip_verify", Shape::Truth, "any certificate"),
];
static CONFIG: Shape = Shape::Map(&[
    key("auth", Shape::Map(AUTH), "how to log in"),
    key("tls", Shape::Map(TLS), "whom to trust"),
]);
static FILE: Shape = Shape::Map(&[
    key("mirrors", Shape::Free, "endpoints by registry"),
    key("configs", Shape::Free, "logins and trust by host"),
]);

/// The keys of Harvester's setting, and of the file.
const OF_SETTING: [(&str, &str); 13] = [
    ("Mirrors", "mirrors"),
    ("Endpoints", "endpoint"),
    ("Rewrites", "rewrite"),
    ("Configs", "configs"),
    ("Auth", "auth"),
    ("Username", "username"),
    ("Password", "password"),
    ("IdentityToken", "identity_token"),
    ("TLS", "tls"),
    ("CAFile", "ca_file"),
    ("CertFile", "cert_file"),
    ("KeyFile", "key_file"),
    ("InsecureSkipVerify", "insecure_skip_verify"),
];

/// Endpoints, logins and trust by registry.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    mirrors: BTreeMap<String, Mirror>,
    configs: BTreeMap<String, (Option<Login>, Tls)>,
}

#[derive(Clone, Debug, Default)]
struct Mirror {
    urls: Vec<String>,
    rewrites: Vec<(Regex, String)>,
}

impl Endpoints {
    /// Reads the file `text`; `file` names it in findings.
    ///
    /// Its lines must not be shown with the findings: they may be passwords.
    pub fn read(file: &str, text: &str) -> (Self, Diagnostics) {
        let (tree, mut findings) = document::parse(file, text);
        let mut endpoints = Self::default();
        let Some(tree) = tree else {
            return (endpoints, findings);
        };
        let root = View::root(file, &tree);
        if root.is_null() {
            return (endpoints, findings);
        }
        document::check_shape(&root, &FILE, &mut findings);
        for (name, _, view) in root.get("mirrors").iter().flat_map(View::entries) {
            document::check_shape(&view, &MIRROR, &mut findings);
            endpoints.mirrors.insert(name.to_owned(), mirror(&view, &mut findings));
        }
        for (name, place, view) in root.get("configs").iter().flat_map(View::entries) {
            document::check_shape(&view, &CONFIG, &mut findings);
            if name.contains("://") {
                let rest = name.split("://").last().unwrap_or_default();
                let message = format!("`{name}` is a URL, and a config is found by its host");
                findings.error("registry-host", &place, message, format!("write `{rest}`"));
            }
            let tls = view.get("tls").map(|tls| trust(&tls)).unwrap_or_default();
            let login = view.get("auth").and_then(|auth| login(&auth, &mut findings));
            endpoints.configs.insert(name.to_owned(), (login, tls));
        }
        (endpoints, findings)
    }

    /// Reads Harvester's setting `containerd-registry`: the same as JSON, in the words of the program that reads it.
    pub fn read_setting(file: &str, json: &str) -> (Self, Diagnostics) {
        let Ok(mut tree) = serde_json::from_str::<Value>(json) else {
            // What is no JSON is said by the same words.
            return Self::read(file, json);
        };
        let root = tree.as_object_mut();
        if let Some(root) = root {
            rename(root);
            for section in ["mirrors", "configs"] {
                let named = root.get_mut(section).and_then(Value::as_object_mut);
                for entry in named.into_iter().flat_map(|named| named.values_mut()) {
                    let Some(entry) = entry.as_object_mut() else { continue };
                    rename(entry);
                    entry.values_mut().filter_map(Value::as_object_mut).for_each(rename);
                }
            }
        }
        Self::read(file, &tree.to_string())
    }

    /// Where `image` is looked for: its registry's endpoints, or those of `*`; then the registry itself, always.
    pub(super) fn route(&self, image: &Reference) -> Vec<Candidate> {
        let found = self.mirrors.get(&image.registry).or_else(|| self.mirrors.get("*"));
        let mut route = Vec::new();
        for url in found.iter().flat_map(|mirror| &mirror.urls) {
            let Some(mut candidate) = Candidate::at(url, image) else { continue };
            let rewrites = found.iter().flat_map(|mirror| &mirror.rewrites);
            let rewrite = rewrites.into_iter().find(|(pattern, _)| pattern.is_match(&image.repository));
            if let Some((pattern, by)) = rewrite {
                candidate.repository = pattern.replace_all(&image.repository, by.as_str()).into_owned();
            }
            // An endpoint may be the registry itself.
            if candidate.host != host_of(&image.registry) {
                candidate.namespace = Some(image.registry.clone());
            }
            self.configure(&mut candidate, None);
            route.push(candidate);
        }
        let mut own = Candidate::registry(image);
        if is_loopback(&own.host) {
            own.scheme = Scheme::Either;
        }
        self.configure(&mut own, Some(&image.registry));
        if !route.iter().any(|other| other.place() == own.place() && other.scheme == own.scheme) {
            route.push(own);
        }
        route
    }

    fn configure(&self, candidate: &mut Candidate, registry: Option<&str>) {
        let by_default =
            (candidate.host == default_registry().host).then_some(default_registry().name.as_str());
        let names = [Some(candidate.host.as_str()), registry, by_default];
        let config = names.into_iter().flatten().find_map(|name| self.configs.get(name));
        if let Some((login, tls)) = config {
            candidate.tls = tls.clone();
            candidate.login = login.clone();
        }
    }
}

/// Gives keys of Harvester's setting the names that they have in the file; leaves out what says nothing, and `Auths`, which nothing
/// reads any more.
fn rename(map: &mut Map<String, Value>) {
    let says = |(name, value): &(String, Value)| !value.is_null() && name != "Auths";
    let entries = std::mem::take(map).into_iter().filter(says);
    let known = |name: &str| {
        OF_SETTING.iter().find(|(setting, _)| *setting == name).map(|(_, own)| (*own).to_owned())
    };
    *map = entries.map(|(name, value)| (known(&name).unwrap_or(name), value)).collect();
}

/// True for a host that does not leave the machine; runtimes allow it HTTP.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    let address: Result<std::net::IpAddr, _> = name.trim_matches(['[', ']']).parse();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn mirror(view: &View<'_>, findings: &mut Diagnostics) -> Mirror {
    let mut mirror = Mirror::default();
    for url in view.list("endpoint").iter().filter_map(View::text) {
        if is_endpoint(&url.value) {
            mirror.urls.push(url.value);
        } else {
            let message = format!("`{}` is no endpoint", url.value);
            let help = "write a URL, as in `https://mirror.lab:5000`";
            findings.error("registry-endpoint", &url.origin, message, help);
        }
    }
    for (pattern, place, by) in view.get("rewrite").iter().flat_map(View::entries) {
        match Regex::new(pattern) {
            Ok(regex) => {
                let by = by.text().map(|by| by.value).unwrap_or_default();
                mirror.rewrites.push((regex, by));
            }
            Err(_) => {
                let message = format!("`{pattern}` is no regular expression");
                findings.error(
                    "registry-rewrite",
                    &place,
                    message,
                    "close its brackets, and escape with `\\`",
                );
            }
        }
    }
    mirror
}

/// True for a URL that registries are asked by.
pub(super) fn is_endpoint(url: &str) -> bool {
    let probe = Reference { registry: "x".into(), repository: "x".into(), tag: None, digest: None };
    Candidate::at(url, &probe).is_some()
}

fn trust(view: &View<'_>) -> Tls {
    let text = |key: &str| view.text_at(key).map(|text| text.value).filter(|text| !text.is_empty());
    Tls {
        accepts_any: view.is_true_at("insecure_skip_verify"),
        authorities: text("ca_file").into_iter().collect(),
        identity: text("cert_file").zip(text("key_file")),
    }
}

fn login(view: &View<'_>, findings: &mut Diagnostics) -> Option<Login> {
    let text = |key: &str| view.text_at(key).map(|text| text.value).filter(|text| !text.is_empty());
    if let Some(user) = text("username") {
        return Some(Login { user, password: Secret::new(text("password").unwrap_or_default()) });
    }
    if let Some(both) = text("auth") {
        let login = decoded(&both);
        if login.is_none() {
            let help = "make it anew: base64 of `name:password`";
            findings.error(
                "registry-login",
                view.origin(),
                "`auth` is no base64 of a name and a password",
                help,
            );
        }
        return login;
    }
    if text("identity_token").is_some() {
        let help = "write `username` and `password` for this look";
        findings.warning("registry-login", view.origin(), "`identity_token` is not used here", help);
    }
    None
}

/// Name and password out of base64.
pub(super) fn decoded(both: &str) -> Option<Login> {
    let bytes = STANDARD.decode(both.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    let password = password.trim_end_matches('\0').to_owned();
    Some(Login { user: user.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Endpoints;

    const YAML: &str = r#"
mirrors:
  reg.lab:
    endpoint: ["https://m.lab:5000", "http://n.lab/proxy/v2/"]
    rewrite: {"^rancher/(.*)": "mirrored/$1"}
  "*": {endpoint: [any.lab]}
configs:
  m.lab:5000: {auth: {username: u, password: hunter2}, tls: {ca_file: /etc/ca.pem}}
  reg.lab: {auth: {auth: dTpw}, tls: {insecure_skip_verify: true}}
"#;

    #[test]
    fn the_registry_itself_is_last_and_without_rewrites() {
        let (endpoints, findings) = Endpoints::read("registries.yaml", YAML);
        assert!(findings.is_empty(), "{findings:?}");
        for (image, places) in [
            ("reg.lab/rancher/a:1", "m.lab:5000/mirrored/a n.lab/proxy/mirrored/a reg.lab/rancher/a"),
            ("reg.lab/b:1", "m.lab:5000/b n.lab/proxy/b reg.lab/b"),
            ("else.lab/b:1", "any.lab/b else.lab/b"),
        ] {
            let route = endpoints.route(&image.parse().unwrap());
            let seen: Vec<String> = route.iter().map(super::Candidate::place).collect();
            assert_eq!(seen.join(" "), places, "{image}");
        }
        let route = endpoints.route(&"reg.lab/b:1".parse().unwrap());
        assert_eq!(route[0].login.as_ref().unwrap().password.reveal(), "hunter2");
        assert_eq!((route[0].tls.authorities.len(), route[0].namespace.as_deref()), (1, Some("reg.lab")));
        assert!(route[2].tls.accepts_any && route[2].namespace.is_none());
        assert_eq!(route[2].login.as_ref().unwrap().user, "u");
    }

    #[test]
    fn says_all_that_is_wrong_and_no_password() {
        let text = "mirrors: {a.lab: {endpoints: [x], rewrite: {'(': b}}}\nconfigs: {'https://a.lab': {auth: {auth: hunter2, passwd: hunter2}}}\n";
        let (_, findings) = Endpoints::read("registries.yaml", text);
        let all = findings.sorted();
        let mut rules: Vec<&str> = all.iter().map(|finding| finding.rule).collect();
        rules.sort_unstable();
        assert_eq!(
            rules,
            ["registry-host", "registry-login", "registry-rewrite", "unknown-key", "unknown-key"]
        );
        assert!(all.iter().all(|finding| !finding.render(None).contains("hunter2")));
    }
}
