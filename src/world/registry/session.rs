//! A registry that was reached: how it is spoken to, and whom it gave which token.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use reqwest::Method;
use reqwest::Url;

use super::wire::Question;
use super::wire::Reply;
use super::wire::Who;
use super::wire::Wire;
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

/// The largest answer beside manifests.
const MAX_ANSWER_BYTES: usize = 1 << 20;

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
        let question = Question {
            method: Method::GET,
            url,
            accept: "*/*",
            who: &Who::Nobody,
            most_bytes: MAX_ANSWER_BYTES,
        };
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
        method: Method,
        path: &str,
        most_bytes: usize,
    ) -> Result<Reply, Trouble> {
        let mut url = url(&format!("{}/{}/{path}", self.base, candidate.repository))?;
        if let Some(namespace) = &candidate.namespace {
            url.query_pairs_mut().append_pair("ns", namespace);
        }
        let who = self.who(wire, &candidate.repository, login)?;
        let question = Question { method, url, accept: ACCEPT, who: &who, most_bytes };
        let reply = wire.ask(&self.tls, &question)?;
        if let Some(left) = reply.header("ratelimit-remaining") {
            let left = left.split(';').next().and_then(|left| left.trim().parse().ok());
            let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            *limit = left.map(|left: u64| limit.map_or(left, |other| other.min(left))).or(*limit);
        }
        Ok(reply)
    }

    fn who(&self, wire: &Wire, repository: &str, login: Option<&Login>) -> Result<Who, Trouble> {
        match (&self.challenge, login) {
            (None, _) | (Some(Challenge::Basic), None) => Ok(Who::Nobody),
            (Some(Challenge::Basic), Some(login)) => Ok(Who::Login(login.clone())),
            (Some(Challenge::Bearer { realm, service }), login) => {
                // Whoever wants the same token meanwhile waits for it.
                let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                let user = login.map(|login| login.user.as_str()).unwrap_or_default();
                let token = tokens
                    .entry(format!("{repository} {user}"))
                    .or_insert_with(|| self.token(wire, realm, service.as_deref(), repository, login));
                token.clone().map(Who::Token)
            }
        }
    }

    fn token(
        &self,
        wire: &Wire,
        realm: &str,
        service: Option<&str>,
        repository: &str,
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
        url.query_pairs_mut().append_pair("scope", &format!("repository:{repository}:pull"));
        let place = place_of(&url);
        let who = login.map_or(Who::Nobody, |login| Who::Login(login.clone()));
        let question =
            Question { method: Method::GET, url, accept: "*/*", who: &who, most_bytes: MAX_ANSWER_BYTES };
        let reply = wire.ask(&self.tls, &question)?;
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
