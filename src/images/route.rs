//! Where an image is looked for, in which order: what each kind of mirror configuration comes to.

use super::Endpoints;
use super::HostsFiles;
use super::Reference;
use super::RegistriesConf;
use super::reference::host_of;
use crate::value::Secret;

/// The mirrors that a machine uses; a machine has one kind.
#[derive(Clone, Debug, Default)]
pub enum Mirrors {
    /// None: every registry is asked itself.
    #[default]
    None,
    /// `registries.conf` and mirror sets (CRI-O, podman).
    Conf(RegistriesConf),
    /// `registries.yaml` (k3s, rke2).
    Endpoints(Endpoints),
    /// `certs.d` (containerd).
    Hosts(HostsFiles),
}

impl Mirrors {
    /// Where `image` is looked for, the first first.
    pub fn route(&self, image: &Reference) -> Vec<Candidate> {
        match self {
            Self::None => vec![Candidate::registry(image)],
            Self::Conf(conf) => conf.route(image),
            Self::Endpoints(endpoints) => endpoints.route(image),
            Self::Hosts(hosts) => hosts.route(image),
        }
    }
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// HTTPS alone.
    Https,
    /// HTTPS, and HTTP if that fails.
    Either,
    /// HTTP alone.
    Http,
}

/// A place where an image may be.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// `host` or `host:port`.
    pub host: String,
    /// What stands before the repository; `/v2` where nobody says otherwise.
    pub root: String,
    /// The repository there.
    pub repository: String,
    /// The registry that it stands for, which containerd tells its mirrors.
    pub namespace: Option<String>,
    /// Whom to trust.
    pub tls: Tls,
    /// Name and password that its configuration has.
    pub login: Option<Login>,
    /// Why it must not be asked.
    pub blocked: Option<String>,
}

/// Whom to trust; files are as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tls {
    /// Any certificate is taken.
    pub accepts_any: bool,
    /// Files with further authorities.
    pub authorities: Vec<String>,
    /// Files with a client's certificate and key.
    pub identity: Option<(String, String)>,
}

/// A name and a password.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Candidate {
    /// The registry that the reference names.
    pub fn registry(image: &Reference) -> Self {
        Self {
            scheme: Scheme::Https,
            host: host_of(&image.registry).to_owned(),
            root: "/v2".to_owned(),
            repository: image.repository.clone(),
            namespace: None,
            tls: Tls::default(),
            login: None,
            blocked: None,
        }
    }

    /// The place as people write it.
    pub fn place(&self) -> String {
        let between =
            self.root.strip_suffix("/v2").or_else(|| self.root.strip_prefix("/v2")).unwrap_or(&self.root);
        format!("{}{between}/{}", self.host, self.repository)
    }

    /// The repository as the server calls it, which rights are for: a path may have its first parts.
    pub fn own_name(&self) -> String {
        match self.root.strip_prefix("/v2/") {
            Some(first) => format!("{first}/{}", self.repository),
            None => self.repository.clone(),
        }
    }

    /// Takes scheme, host and path of a URL; without a scheme it is HTTPS.
    pub(super) fn at(url: &str, image: &Reference) -> Option<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_host = !host.is_empty() && !host.contains(['@', '?', '#', ' ', '\\']);
        let path = path.trim_end_matches('/');
        let root = if path.is_empty() { "/v2".to_owned() } else { format!("/{path}") };
        let host = host_of(host).to_owned();
        is_host.then(|| Self { scheme, host, root, ..Self::registry(image) })
    }
}

/// The places of a route, as tests compare them: `!` is before one that must not be asked.
#[cfg(test)]
pub(super) fn shown(route: &[Candidate]) -> String {
    let mark = |place: &Candidate| if place.blocked.is_some() { "!" } else { "" };
    let places: Vec<String> = route.iter().map(|place| format!("{}{}", mark(place), place.place())).collect();
    places.join(" ")
}
