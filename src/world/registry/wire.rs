//! Questions to registries over HTTP: whom is trusted, what is followed, how long is waited, what went wrong.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use reqwest::Certificate;
use reqwest::Identity;
use reqwest::Method;
use reqwest::Url;
use reqwest::blocking::Body;
use reqwest::blocking::Client;
use reqwest::blocking::RequestBuilder;
use reqwest::blocking::Response;
use reqwest::header::ACCEPT;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderMap;
use reqwest::header::LOCATION;
use reqwest::header::RANGE;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use rustls::CertificateError;

use super::super::http;
use super::super::http::innermost;
use super::super::http::is_loopback;
use super::super::http::speaks_of_tls;
use super::super::inputs::read_at_most;
use super::super::plan::now_seconds;
use crate::images::Login;
use crate::images::Tls;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::value::Secret;
use crate::value::http_date;
use crate::value::printable;

/// A longer way is a circle.
const MAX_REDIRECTS: usize = 5;
/// How often a server may say that it is asked too much.
const MAX_WAITS: usize = 3;
/// The largest answer to what was sent.
pub(super) const MAX_ANSWER_BYTES: usize = 1 << 20;
/// An upload that is slower stands still.
const SLOWEST_BYTES_A_SECOND: u64 = 32 << 10;
/// The largest certificate or key.
const MAX_PEM_BYTES: u64 = 4 << 20;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Nobody,
    Login(Login),
    Token(Secret),
}

/// A question.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: &'a str,
    pub(super) who: &'a Who,
    /// The most bytes that an answer may have.
    pub(super) most_bytes: usize,
    /// The first byte that is wanted.
    pub(super) first_byte: u64,
    /// What is sent along: its type and its bytes.
    pub(super) sent: Option<(&'a str, &'a [u8])>,
}

impl<'a> Question<'a> {
    pub(super) fn get(url: Url, who: &'a Who, most_bytes: usize) -> Self {
        Self { method: Method::GET, url, accept: "*/*", who, most_bytes, first_byte: 0, sent: None }
    }
}

/// An answer whose body was not read yet.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) response: Response,
    /// Who answers in the end.
    pub(super) url: Url,
    pub(super) sent_on: Vec<String>,
    until: Instant,
}

/// What came.
#[derive(Debug)]
pub(in crate::world) struct Reply {
    pub(in crate::world) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The other hosts that it came over.
    pub(super) sent_on: Vec<String>,
}

impl Reply {
    pub(in crate::world) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Clients, one for each way of trusting.
#[derive(Debug)]
pub(in crate::world) struct Wire {
    /// Authorities beside those of the system.
    authorities: Vec<Certificate>,
    timeout: Duration,
    clients: Mutex<BTreeMap<(Tls, bool), Client>>,
}

impl Wire {
    pub(in crate::world) fn new(authorities: Vec<Certificate>, timeout: Duration) -> Self {
        Self { authorities, timeout, clients: Mutex::default() }
    }

    /// Asks whether anybody answers there; follows nobody, and reads no more than the head of the answer.
    pub(in crate::world) fn knock(&self, url: &Url) -> Result<Reply, Trouble> {
        let question = Question { method: Method::HEAD, ..Question::get(url.clone(), &Who::Nobody, 0) };
        let opened = self.once(&Tls::default(), &question, url)?;
        self.read(&question, opened)
    }

    /// Asks, follows, and waits where a server says for how long, within the time for an answer.
    pub(super) fn ask(&self, tls: &Tls, question: &Question<'_>) -> Result<Reply, Trouble> {
        let opened = self.open(tls, question)?;
        self.read(question, opened)
    }

    /// Reads the rest of an answer.
    pub(super) fn read(&self, question: &Question<'_>, opened: Opened) -> Result<Reply, Trouble> {
        let Opened { status, headers, response, url, sent_on, until } = opened;
        let body = match question.method {
            Method::HEAD => Vec::new(),
            _ => self.body(response, &url, until, question.most_bytes)?,
        };
        Ok(Reply { status, headers, body, sent_on })
    }

    /// The same, and leaves the body to be read.
    pub(super) fn open(&self, tls: &Tls, question: &Question<'_>) -> Result<Opened, Trouble> {
        let mut patience = self.timeout;
        for _ in 0..MAX_WAITS {
            let opened = self.follow(tls, question)?;
            let is_busy =
                opened.status == 429 || (opened.status == 503 && opened.headers.contains_key(RETRY_AFTER));
            let wait = is_busy.then(|| after(&opened.headers)).flatten().filter(|wait| *wait <= patience);
            let Some(wait) = wait else { return Ok(opened) };
            patience = patience.saturating_sub(wait);
            std::thread::sleep(wait);
        }
        self.follow(tls, question)
    }

    fn follow(&self, tls: &Tls, question: &Question<'_>) -> Result<Opened, Trouble> {
        let mut url = question.url.clone();
        let mut sent_on = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            let opened = self.once(tls, question, &url)?;
            let to = (300..400).contains(&opened.status).then(|| opened.headers.get(LOCATION)).flatten();
            let Some(to) = to else {
                return Ok(Opened { sent_on, ..opened });
            };
            let to = to.to_str().ok().and_then(|to| url.join(to).ok());
            let Some(to) = to.filter(|to| matches!(to.scheme(), "http" | "https")) else {
                let words = format!("{} sends on to what is no URL", place_of(&url));
                return Err(Trouble::new(TroubleKind::Garbage, words));
            };
            must_keep_tls(&url, &to)?;
            let place = place_of(&to);
            if place != place_of(&question.url) && !sent_on.contains(&place) {
                sent_on.push(place);
            }
            url = to;
        }
        let words = format!("{} sends on more than {MAX_REDIRECTS} times", place_of(&question.url));
        Err(Trouble::new(TroubleKind::Garbage, words))
    }

    fn once(&self, tls: &Tls, question: &Question<'_>, url: &Url) -> Result<Opened, Trouble> {
        let until = Instant::now() + self.timeout;
        let mut request = self.client(tls, url)?.request(question.method.clone(), url.clone());
        request = as_who(request.header(ACCEPT, question.accept), url, &question.url, question.who);
        if question.first_byte > 0 {
            request = request.header(RANGE, format!("bytes={}-", question.first_byte));
        }
        if let Some((kind, bytes)) = question.sent {
            request = request.header(CONTENT_TYPE, kind).body(bytes.to_vec());
        }
        let response = request.send().map_err(|cause| self.trouble(&cause, url))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Opened { status, headers, response, url: url.clone(), sent_on: Vec::new(), until })
    }

    /// Sends `size_bytes` of a stream to `url`, which a server named that is spoken to at `home`.
    pub(super) fn upload(
        &self,
        tls: &Tls,
        (url, home): (&Url, &Url),
        who: &Who,
        stream: impl Read + Send + 'static,
        size_bytes: u64,
    ) -> Result<Reply, Trouble> {
        let longest = self.timeout + Duration::from_secs(size_bytes / SLOWEST_BYTES_A_SECOND);
        let until = Instant::now() + longest + self.timeout;
        let request = self.client(tls, url)?.patch(url.clone()).timeout(longest);
        let request = as_who(request, url, home, who)
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(Body::sized(stream, size_bytes));
        let response = request.send().map_err(|cause| self.trouble(&cause, url))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = self.body(response, url, until, MAX_ANSWER_BYTES)?;
        Ok(Reply { status, headers, body, sent_on: Vec::new() })
    }

    fn body(
        &self,
        mut response: Response,
        url: &Url,
        until: Instant,
        most_bytes: usize,
    ) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        let mut piece = vec![0; 16 << 10];
        loop {
            let read = response.read(&mut piece).map_err(|cause| {
                let inner = cause.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
                match inner {
                    _ if cause.kind() == std::io::ErrorKind::TimedOut => self.late(url),
                    Some(inner) => self.trouble(inner, url),
                    None => broken(url),
                }
            })?;
            if read == 0 {
                return Ok(body);
            }
            body.extend_from_slice(piece.get(..read).unwrap_or_default());
            if body.len() > most_bytes {
                let words = format!("{} gives more than {most_bytes} bytes", place_of(url));
                return Err(Trouble::new(TroubleKind::Garbage, words));
            }
            if Instant::now() > until {
                return Err(self.late(url));
            }
        }
    }

    fn client(&self, tls: &Tls, url: &Url) -> Result<Client, Trouble> {
        let is_near = is_loopback(url);
        let key = (tls.clone(), is_near);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.build(tls, is_near).map_err(|words| Trouble::new(TroubleKind::Tls, words))?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn build(&self, tls: &Tls, is_near: bool) -> Result<Client, String> {
        let mut builder =
            http::builder().timeout(self.timeout).connect_timeout(self.timeout).redirect(Policy::none());
        if is_near {
            builder = builder.no_proxy();
        }
        if tls.accepts_any {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else {
            let mut authorities = self.authorities.clone();
            for file in &tls.authorities {
                let pem = pem(file)?;
                let read = Certificate::from_pem_bundle(&pem);
                authorities.extend(read.map_err(|_| format!("`{file}` holds no certificates"))?);
            }
            builder = builder.tls_certs_merge(authorities);
        }
        if let Some((certificate, key)) = &tls.identity {
            let mut both = zeroize::Zeroizing::new(pem(key)?);
            both.extend_from_slice(b"\n");
            both.extend_from_slice(&pem(certificate)?);
            let identity = Identity::from_pem(&both);
            let refused = |_| format!("`{certificate}` and `{key}` are no certificate and key");
            builder = builder.identity(identity.map_err(refused)?);
        }
        builder.build().map_err(|cause| format!("HTTPS cannot be made ready: {}", innermost(&cause)))
    }

    pub(super) fn late(&self, url: &Url) -> Trouble {
        let words = format!("{} gave no answer within {} s", place_of(url), self.timeout.as_secs_f32());
        Trouble::new(TroubleKind::Timeout, words)
    }

    fn trouble(&self, cause: &reqwest::Error, url: &Url) -> Trouble {
        if cause.is_timeout() {
            return self.late(url);
        }
        let place = place_of(url);
        if let Some(words) = of_tunnel(cause) {
            return Trouble::new(TroubleKind::Proxy, format!("{place}: the proxy {words}"));
        }
        // With HTTPS a name that can be none is refused before anybody is asked for it.
        if cause.is_dns() || innermost(cause) == "invalid dns name" {
            return Trouble::new(TroubleKind::Name, format!("the name of {place} cannot be resolved"));
        }
        if speaks_of_tls(cause) {
            let (kind, words) = of_tls(cause);
            return Trouble::new(kind, format!("{place}: {words}"));
        }
        if cause.is_connect() {
            return Trouble::new(
                TroubleKind::Connect,
                format!("{place}: {}", innermost(cause).to_lowercase()),
            );
        }
        broken(url)
    }
}

pub(super) fn broken(url: &Url) -> Trouble {
    Trouble::new(TroubleKind::Broken, format!("{} broke off before its answer was whole", place_of(url)))
}

fn pem(file: &str) -> Result<Vec<u8>, String> {
    let read = read_at_most(std::path::Path::new(file), MAX_PEM_BYTES);
    read.map_err(|cause| {
        let why = cause.to_string();
        format!(
            "`{file}` cannot be read: {}",
            why.split(" (os error").next().unwrap_or_default().to_lowercase()
        )
    })
}

/// A login is for whom it was meant for alone.
fn as_who(request: RequestBuilder, url: &Url, home: &Url, who: &Who) -> RequestBuilder {
    if place_of(url) != place_of(home) || url.scheme() != home.scheme() {
        return request;
    }
    match who {
        Who::Nobody => request,
        Who::Login(login) => request.basic_auth(&login.user, Some(login.password.reveal())),
        Who::Token(token) => request.bearer_auth(token.reveal()),
    }
}

/// What was asked with TLS is not answered without.
pub(super) fn must_keep_tls(from: &Url, to: &Url) -> Result<(), Trouble> {
    if from.scheme() == "https" && to.scheme() == "http" {
        let words = format!("{} sends on to `{}` without TLS", place_of(from), place_of(to));
        return Err(Trouble::new(TroubleKind::Garbage, words));
    }
    Ok(())
}

/// Host and port of a URL, as people write them.
pub(super) fn place_of(url: &Url) -> String {
    let host = printable(url.host_str().unwrap_or_default());
    url.port().map_or(host.clone(), |port| format!("{host}:{port}"))
}

/// How long a server wants to be left alone.
fn after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = text.trim().parse().ok();
    let seconds = seconds.or_else(|| Some(http_date(text)?.saturating_sub(now_seconds())));
    seconds.map(Duration::from_secs)
}

/// What a proxy on the way does; its errors have no type that others can see.
fn of_tunnel(cause: &reqwest::Error) -> Option<&'static str> {
    let mut next = cause.source();
    while let Some(error) = next {
        if let Some(why) = error.to_string().strip_prefix("tunnel error: ") {
            return Some(match why {
                "proxy authorization required" => "wants a login (407)",
                "failed to create underlying connection" => "cannot be reached",
                _ => "does not let it through",
            });
        }
        next = error.source();
    }
    None
}

fn of_tls(cause: &reqwest::Error) -> (TroubleKind, String) {
    let mut next = cause.source();
    while let Some(error) = next {
        if let Some(found) = in_chain(error) {
            return found;
        }
        next = error.source();
    }
    (TroubleKind::Tls, printable(&innermost(cause)))
}

/// An `io::Error` does not give what it wraps as its source, and may wrap another.
fn in_chain(error: &(dyn Error + 'static)) -> Option<(TroubleKind, String)> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_rustls(error));
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|inner| in_chain(inner))
}

fn of_rustls(error: &rustls::Error) -> (TroubleKind, String) {
    let rustls::Error::InvalidCertificate(why) = error else {
        return (TroubleKind::Tls, printable(&error.to_string()));
    };
    let (kind, words) = match why {
        CertificateError::UnknownIssuer => {
            (TroubleKind::UnknownAuthority, "its certificate is of an authority that is not known")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (TroubleKind::Expired, "its certificate is over")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (TroubleKind::NotYetValid, "its certificate is not yet valid")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (TroubleKind::OtherName, "its certificate is for other names")
        }
        // What signed itself is an authority, and no server.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            (TroubleKind::UnknownAuthority, "its certificate signed itself")
        }
        other => return (TroubleKind::Tls, printable(&other.to_string())),
    };
    (kind, words.to_owned())
}
