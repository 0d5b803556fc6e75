//! A cluster's API server: asked, and told one thing. What the answers mean is decided in `cluster`.

use std::cell::RefCell;
use std::io::Read as _;
use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use reqwest::Certificate;
use reqwest::Identity;
use reqwest::Method;
use reqwest::Proxy;
use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::blocking::ClientBuilder;
use reqwest::blocking::RequestBuilder;
use reqwest::blocking::Response;
use reqwest::header::ACCEPT;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HOST;
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use zeroize::Zeroizing;

use super::Failure;
use super::http;
use super::http::innermost;
use super::http::is_loopback;
use super::http::speaks_of_tls;
use super::inputs::read_bounded;
use super::plan::now_seconds;
use crate::cluster::Answer;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::cluster::Author;
use crate::cluster::Kubeconfig;
use crate::cluster::MARKERS_PATH;
use crate::cluster::Part;
use crate::cluster::Trouble;
use crate::cluster::TroubleKind;
use crate::cluster::Trust;
use crate::cluster::object;
use crate::cluster::read_kubeconfig;
use crate::cluster::understand;
use crate::cluster::understand_creation;
use crate::cluster::understand_json;
use crate::document::Diagnostics;
use crate::value::Secret;
use crate::value::timestamp;

/// The largest kubeconfig, certificate, key or token.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// The largest answer: a thousand nodes with all they say of themselves.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// How many answers may be late before nobody asks on.
const MAX_LATE: usize = 2;

/// A cluster's API server, and who we are to it.
#[derive(Debug)]
pub struct ClusterApi {
    client: Client,
    /// The URL whose host is the name in the server's certificate.
    base: String,
    /// The server as the kubeconfig names it.
    server: String,
    /// The context's name.
    context: String,
    host: Option<String>,
    token: Option<Secret>,
    timeout: Duration,
    /// The certificate that the server showed last, as DER.
    certificate: RefCell<Option<Vec<u8>>>,
}

/// Reads the kubeconfig at `path`, and makes ready to ask its cluster; each answer may take `timeout`.
///
/// Findings must be shown without the lines of the file, which may be secrets.
pub fn cluster_api(path: &Path, timeout: Duration) -> Result<Result<ClusterApi, Diagnostics>, Failure> {
    let bytes = Zeroizing::new(read_bounded(path, MAX_CONFIG_BYTES)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        let message = format!("`{}` is no kubeconfig: it is not text", path.display());
        Failure::input(message, "name the kubeconfig of the cluster")
    })?;
    let kubeconfig = match read_kubeconfig(&path.display().to_string(), text) {
        Ok(kubeconfig) => kubeconfig,
        Err(findings) => return Ok(Err(findings)),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    ClusterApi::new(&kubeconfig, folder, timeout).map(Ok)
}

/// Who creates a marker here and now.
pub fn author() -> Author {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let who = format!("cotter {} on {}", env!("CARGO_PKG_VERSION"), host.trim());
    Author { who, when: timestamp(now_seconds()) }
}

impl ClusterApi {
    fn new(kubeconfig: &Kubeconfig, folder: &Path, timeout: Duration) -> Result<Self, Failure> {
        let refuse = |what: &str, cause: &dyn std::fmt::Display| {
            let message = format!("{what} of the context `{}` is of no use: {cause}", kubeconfig.context);
            Failure::input(message, "see `kubectl config view --raw`, or get a new kubeconfig")
        };
        let mut url = Url::parse(&kubeconfig.server).map_err(|cause| refuse("the server", &cause))?;
        // A redirect would carry the login to somebody else.
        let mut builder = http::builder().timeout(timeout).connect_timeout(timeout).redirect(Policy::none());
        builder = builder.tls_info(true);
        builder = match &kubeconfig.proxy {
            Some(proxy) => {
                builder.proxy(Proxy::all(proxy.as_str()).map_err(|cause| refuse("the proxy", &cause))?)
            }
            None if is_loopback(&url) => builder.no_proxy(),
            None => builder,
        };
        builder = match &kubeconfig.trust {
            Trust::System => builder,
            Trust::Anyone => builder.tls_danger_accept_invalid_certs(true),
            Trust::Authority(part) => {
                let pem = part_text(part, folder)?;
                let bundle = Certificate::from_pem_bundle(pem.reveal().as_bytes());
                let certificates = bundle.map_err(|cause| refuse("the authority", &innermost(&cause)))?;
                if certificates.is_empty() {
                    return Err(refuse("the authority", &"there is no certificate in it"));
                }
                builder.tls_certs_only(certificates)
            }
        };
        if let Some((certificate, key)) = &kubeconfig.login.certificate {
            let (certificate, key) = (part_text(certificate, folder)?, part_text(key, folder)?);
            let pem = Zeroizing::new(format!("{}\n{}\n", key.reveal(), certificate.reveal()));
            let identity = Identity::from_pem(pem.as_bytes())
                .map_err(|cause| refuse("the client certificate or its key", &innermost(&cause)))?;
            builder = builder.identity(identity);
        }
        let token = match &kubeconfig.login.token {
            None => None,
            Some(part) => Some(Secret::new(part_text(part, folder)?.reveal().trim().to_owned())),
        };
        let mut host = None;
        if let Some(name) = &kubeconfig.tls_server_name {
            host = url.host_str().map(|own| match url.port() {
                Some(port) => format!("{own}:{port}"),
                None => own.to_owned(),
            });
            builder = under_another_name(builder, &mut url, name)?;
        }
        let client = builder.build().map_err(|cause| refuse("the login", &innermost(&cause)))?;
        Ok(Self {
            client,
            base: url.as_str().trim_end_matches('/').to_owned(),
            server: kubeconfig.server.clone(),
            context: kubeconfig.context.clone(),
            host,
            token,
            timeout,
            certificate: RefCell::default(),
        })
    }

    /// The server as the kubeconfig names it.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The context of the kubeconfig: what the user calls the cluster.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Asks for each, and stops asking when nobody is there.
    ///
    /// # Errors
    /// If no server was reached at all.
    pub fn look(&self, asks: &[Ask]) -> Result<Answers, Trouble> {
        let mut answers = Answers::new();
        let mut late = 0;
        let mut reached = false;
        let mut given_up: Option<Trouble> = None;
        for ask in asks {
            let answer = match &given_up {
                Some(trouble) => Err(trouble.clone()),
                None => self.ask(*ask),
            };
            match &answer {
                Err(trouble) if trouble.is_unreached() => given_up = Some(trouble.clone()),
                Err(trouble) if trouble.kind == TroubleKind::Timeout => {
                    late += 1;
                    if late == MAX_LATE {
                        given_up = Some(trouble.clone());
                    }
                }
                Err(trouble) if trouble.kind == TroubleKind::Broken => {}
                _ => reached = true,
            }
            answers.insert(*ask, answer);
        }
        match answers.values().find_map(|answer| answer.as_ref().err()) {
            Some(trouble) if !reached => Err(trouble.clone()),
            _ => Ok(answers),
        }
    }

    /// Asks for one thing.
    pub fn ask(&self, ask: Ask) -> Answer {
        let (status, body) = self.send(self.request(Method::GET, ask.path()))?;
        understand(ask, status, &body)
    }

    /// Asks for some JSON at a path that is no question of the table.
    pub(super) fn fetch(&self, path: &str) -> Answer {
        let (status, body) = self.send(self.request(Method::GET, path))?;
        understand_json(status, &body)
    }

    /// The certificate that the server showed last, as DER, if it answered at all.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.borrow().clone()
    }

    /// Creates the marker: a POST, which fails if there is one.
    pub fn create_marker(&self, author: &Author) -> Answer {
        let body = object(author).to_string();
        let request = self.request(Method::POST, MARKERS_PATH).header(CONTENT_TYPE, "application/json");
        let (status, body) = self.send(request.body(body))?;
        understand_creation(status, &body)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request =
            self.client.request(method, format!("{}{path}", self.base)).header(ACCEPT, "application/json");
        let request = match &self.host {
            Some(host) => request.header(HOST, host),
            None => request,
        };
        match &self.token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        }
    }

    fn send(&self, request: RequestBuilder) -> Result<(u16, Vec<u8>), Trouble> {
        let until = Instant::now() + self.timeout;
        let response = request.send().map_err(|cause| self.trouble(&cause))?;
        let status = response.status().as_u16();
        let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        if let Some(shown) = shown {
            self.certificate.replace(Some(shown.to_vec()));
        }
        self.body(response, until).map(|body| (status, body))
    }

    /// The whole body, if it is not too long and does not come in too slowly.
    fn body(&self, mut response: Response, until: Instant) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = response.read(&mut piece).map_err(|cause| match cause.get_ref() {
                _ if cause.kind() == std::io::ErrorKind::TimedOut => self.late(),
                Some(inner) => match inner.downcast_ref::<reqwest::Error>() {
                    Some(cause) => self.trouble(cause),
                    None => Trouble::new(TroubleKind::Broken, inner.to_string()),
                },
                None => Trouble::new(TroubleKind::Broken, cause.to_string()),
            })?;
            body.extend_from_slice(piece.get(..read).unwrap_or_default());
            if read == 0 {
                return Ok(body);
            }
            if body.len() > MAX_ANSWER_BYTES {
                let message = format!("it has more than {MAX_ANSWER_BYTES} bytes");
                return Err(Trouble::new(TroubleKind::TooLarge, message));
            }
            if Instant::now() > until {
                return Err(self.late());
            }
        }
    }

    fn late(&self) -> Trouble {
        let message = format!("{} s were given", self.timeout.as_secs_f32());
        Trouble::new(TroubleKind::Timeout, message)
    }

    fn trouble(&self, cause: &reqwest::Error) -> Trouble {
        if cause.is_timeout() {
            return self.late();
        }
        let kind = if cause.is_dns() {
            TroubleKind::Name
        } else if speaks_of_tls(cause) {
            TroubleKind::Tls
        } else if cause.is_connect() {
            TroubleKind::Connect
        } else {
            TroubleKind::Broken
        };
        Trouble::new(kind, format!("{}: {}", self.server, innermost(cause)))
    }
}

/// Lets the connection go where the URL says, and the certificate carry another name.
fn under_another_name(builder: ClientBuilder, url: &mut Url, name: &str) -> Result<ClientBuilder, Failure> {
    let server = url.to_string();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = (host.as_str(), port).to_socket_addrs().map_err(|cause| {
        let message = format!("failed to resolve the name of `{server}`: {cause}");
        Failure::surroundings(message, "see whether the name servers here know it")
    })?;
    let addresses: Vec<_> = addresses.collect();
    url.set_host(Some(name)).map_err(|cause| {
        let message = format!("`tls-server-name: {name}` is no name of a host: {cause}");
        Failure::input(message, "write the name in the server's certificate")
    })?;
    Ok(builder.resolve_to_addrs(name, &addresses).no_proxy())
}

fn part_text(part: &Part, folder: &Path) -> Result<Secret, Failure> {
    let file: PathBuf = match part {
        Part::Here(text) => return Ok(text.clone()),
        Part::File(file) => folder.join(file),
    };
    let bytes = Zeroizing::new(read_bounded(&file, MAX_CONFIG_BYTES)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        let message = format!("`{}`, which the kubeconfig names, is not text", file.display());
        Failure::input(message, "it must hold PEM, or a token")
    })?;
    Ok(Secret::new(text.to_owned()))
}
