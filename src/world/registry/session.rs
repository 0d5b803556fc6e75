//! A registry that was reached: how it is spoken to, and whom it gave which token.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Mutex;
use std::sync::PoisonError;

use reqwest::Method;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::wire::MAX_ANSWER_BYTES;
use super::wire::Opened;
use super::wire::Question;
use super::wire::Reply;
use super::wire::Who;
use super::wire::Wire;
use super::wire::must_keep_tls;
use super::wire::place_of;
use crate::images::ACCEPT;
use crate::images::Candidate;
use crate::images::Challenge;
use crate::images::Login;
use crate::images::Scheme;
use crate::images::Tls;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::read_token;
use crate::value::Secret;

/// What one may do in a repository.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rights<'a> {
    /// Read.
    Pull,
    /// Write, and take blobs from another repository.
    Push(Option<&'a str>),
}

impl Rights<'_> {
    /// What a token is asked for.
    fn scopes(self, repository: &str) -> Vec<String> {
        let pull = |repository: &str| format!("repository:{repository}:pull");
        match self {
            Self::Pull => vec![pull(repository)],
            Self::Push(from) => {
                let push = format!("repository:{repository}:pull,push");
                [push].into_iter().chain(from.map(pull)).collect()
            }
        }
    }
}

/// A question about something below a repository.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// As in `manifests/v1`.
    pub(super) path: &'a str,
    pub(super) rights: Rights<'a>,
    pub(super) most_bytes: usize,
    pub(super) first_byte: u64,
    pub(super) sent: Option<(&'a str, &'a [u8])>,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &'a str, rights: Rights<'a>) -> Self {
        Self { method, path, rights, most_bytes: MAX_ANSWER_BYTES, first_byte: 0, sent: None }
    }
}

/// A registry that was reached.
#[derive(Debug)]
pub(super) struct Session {
    /// With `/v2` at its end.
    base: String,
    tls: Tls,
    challenge: Option<Challenge>,
    /// True if it answered as registries do.
    pub(super) is_registry: bool,
    /// By repository and user.
    tokens: Mutex<BTreeMap<String, Result<Secret, Trouble>>>,
    /// The questions it still allows.
    pub(super) limit: Mutex<Option<u64>>,
}

impl Session {
    /// Reaches the registry, by HTTPS first where both may be spoken.
    pub(super) fn open(wire: &Wire, candidate: &Candidate) -> Result<Self, Trouble> {
        let with = |scheme: &str| Self::open_by(wire, candidate, scheme);
        match candidate.scheme {
            Scheme::Https => with("https"),
            Scheme::Http => with("http"),
            Scheme::Either => with("https").or_else(|trouble| match trouble.kind {
                TroubleKind::Name | TroubleKind::Timeout => Err(trouble),
                _ => with("http"),
            }),
        }
    }

    fn open_by(wire: &Wire, candidate: &Candidate, scheme: &str) -> Result<Self, Trouble> {
        let base = format!("{scheme}://{}{}", candidate.host, candidate.root);
        let url = url(&format!("{base}/"))?;
        let question = Question::get(url, &Who::Nobody, MAX_ANSWER_BYTES);
        let reply = wire.ask(&candidate.tls, &question)?;
        let headers = reply.headers.get_all("www-authenticate");
        let challenge = Challenge::read(headers.iter().filter_map(|value| value.to_str().ok()));
        let challenge = challenge.filter(|_| reply.status == 401);
        let is_named = reply.header("docker-distribution-api-version").is_some();
        Ok(Self {
            base,
            tls: candidate.tls.clone(),
            is_registry: is_named || challenge.is_some() || reply.status == 200,
            challenge,
            tokens: Mutex::default(),
            limit: Mutex::default(),
        })
    }

    /// Asks for something below the repository.
    pub(super) fn ask(
        &self,
        wire: &Wire,
        candidate: &Candidate,
        login: Option<&Login>,
        call: &Call<'_>,
    ) -> Result<Reply, Trouble> {
        self.as_someone(wire, candidate, login, call, |question| {
            let reply = wire.ask(&self.tls, question)?;
            self.note_limit(&reply.headers);
            Ok((reply.status, reply))
        })
    }

    /// The same, and leaves the body to be read.
    pub(super) fn open_body(
        &self,
        wire: &Wire,
        candidate: &Candidate,
        login: Option<&Login>,
        call: &Call<'_>,
    ) -> Result<Opened, Trouble> {
        self.as_someone(wire, candidate, login, call, |question| {
            let opened = wire.open(&self.tls, question)?;
            self.note_limit(&opened.headers);
            Ok((opened.status, opened))
        })
    }

    /// Sends a stream to where the registry said.
    pub(super) fn upload(
        &self,
        wire: &Wire,
        candidate: &Candidate,
        login: Option<&Login>,
        (to, from): (&Url, Option<&str>),
        (stream, size_bytes): (impl Read + Send + 'static, u64),
    ) -> Result<Reply, Trouble> {
        let home = url(&self.base)?;
        let who = self.who(wire, &candidate.own_name(), Rights::Push(from), login)?;
        wire.upload(&self.tls, (to, &home), &who.0, stream, size_bytes)
    }

    /// Asks at a URL that the registry named.
    pub(super) fn ask_at(
        &self,
        wire: &Wire,
        candidate: &Candidate,
        login: Option<&Login>,
        (to, method): (Url, Method),
    ) -> Result<Reply, Trouble> {
        let home = url(&self.base)?;
        let is_home = place_of(&to) == place_of(&home) && to.scheme() == home.scheme();
        let who = match is_home {
            true => self.who(wire, &candidate.own_name(), Rights::Push(None), login)?.0,
            false => Who::Nobody,
        };
        let sent = (method == Method::PUT).then_some(("application/octet-stream", &b""[..]));
        let question = Question { method, sent, ..Question::get(to, &who, MAX_ANSWER_BYTES) };
        wire.ask(&self.tls, &question)
    }

    /// Where the registry's answer says to go on.
    pub(super) fn next(&self, reply: &Reply) -> Option<Result<Url, Trouble>> {
        let home = url(&self.base).ok()?;
        let to = home.join(reply.header("location")?).ok()?;
        Some(must_keep_tls(&home, &to).map(|()| to))
    }

    /// Asks with a token, and once more with a new one if that is over.
    fn as_someone<T>(
        &self,
        wire: &Wire,
        candidate: &Candidate,
        login: Option<&Login>,
        call: &Call<'_>,
        ask: impl Fn(&Question<'_>) -> Result<(u16, T), Trouble>,
    ) -> Result<T, Trouble> {
        let base = format!("{}/{}/{}", self.base, candidate.repository, call.path);
        let mut url = url(&base)?;
        if let Some(namespace) = &candidate.namespace {
            url.query_pairs_mut().append_pair("ns", namespace);
        }
        let once = |who: &Who| {
            let question = Question {
                method: call.method.clone(),
                accept: ACCEPT,
                first_byte: call.first_byte,
                sent: call.sent,
                ..Question::get(url.clone(), who, call.most_bytes)
            };
            ask(&question)
        };
        let (who, is_old) = self.who(wire, &candidate.own_name(), call.rights, login)?;
        let (status, answer) = once(&who)?;
        let Who::Token(token) = &who else { return Ok(answer) };
        if status != 401 || !is_old {
            return Ok(answer);
        }
        self.forget(token);
        let (who, _) = self.who(wire, &candidate.own_name(), call.rights, login)?;
        once(&who).map(|(_, answer)| answer)
    }

    /// Keeps how many questions are still allowed.
    fn note_limit(&self, headers: &HeaderMap) {
        let left = headers.get("ratelimit-remaining").and_then(|left| left.to_str().ok());
        let left = left.and_then(|left| left.split(';').next()?.trim().parse().ok());
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        *limit = left.map(|left: u64| limit.map_or(left, |other| other.min(left))).or(*limit);
    }

    /// Who asks, and whether that is a token that was there before.
    fn who(
        &self,
        wire: &Wire,
        repository: &str,
        rights: Rights<'_>,
        login: Option<&Login>,
    ) -> Result<(Who, bool), Trouble> {
        match (&self.challenge, login) {
            (None, _) | (Some(Challenge::Basic), None) => Ok((Who::Nobody, false)),
            (Some(Challenge::Basic), Some(login)) => Ok((Who::Login(login.clone()), false)),
            (Some(Challenge::Bearer { realm, service }), login) => {
                // Whoever wants the same token meanwhile waits for it.
                let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                let user = login.map(|login| login.user.as_str()).unwrap_or_default();
                let scopes = rights.scopes(repository);
                let key = format!("{} {user}", scopes.join(" "));
                let is_old = tokens.contains_key(&key);
                let token = tokens
                    .entry(key)
                    .or_insert_with(|| self.token(wire, realm, service.as_deref(), &scopes, login));
                token.clone().map(|token| (Who::Token(token), is_old))
            }
        }
    }

    fn forget(&self, over: &Secret) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, token| token.as_ref().map_or(true, |token| token.reveal() != over.reveal()));
    }

    fn token(
        &self,
        wire: &Wire,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
        login: Option<&Login>,
    ) -> Result<Secret, Trouble> {
        let mut url = url(realm)?;
        if self.base.starts_with("https") && url.scheme() != "https" {
            let words = format!("it sends for tokens to `{}` without TLS", place_of(&url));
            return Err(Trouble::new(TroubleKind::Garbage, words));
        }
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", service);
        }
        for scope in scopes {
            url.query_pairs_mut().append_pair("scope", scope);
        }
        let place = place_of(&url);
        let who = login.map_or(Who::Nobody, |login| Who::Login(login.clone()));
        let reply = wire.ask(&self.tls, &Question::get(url, &who, MAX_ANSWER_BYTES))?;
        let of = |kind, words: &str| Err(Trouble::new(kind, format!("the token server {place} {words}")));
        match (reply.status, login) {
            (200, _) => match read_token(&reply.body) {
                Some(token) => Ok(Secret::new(token)),
                None => of(TroubleKind::Garbage, "gives no token"),
            },
            (401 | 403, Some(login)) => {
                of(TroubleKind::Unauthorized, &format!("does not take the login `{}`", login.user))
            }
            (401 | 403, None) => of(TroubleKind::Unauthorized, "wants a login, and none is given"),
            (429, _) => of(TroubleKind::RateLimited, "is asked too much (HTTP 429)"),
            (status @ 500.., _) => of(TroubleKind::Server, &format!("has trouble (HTTP {status})")),
            (status, _) => of(TroubleKind::Garbage, &format!("gives no token (HTTP {status})")),
        }
    }
}

fn url(text: &str) -> Result<Url, Trouble> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| Trouble::new(TroubleKind::Garbage, "it sends to what is no URL"))
}
