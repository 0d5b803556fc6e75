//! Asking servers: what is followed, what is tried again, what is over.

use std::io::Read as _;
use std::time::Duration;
use std::time::Instant;

use reqwest::StatusCode;
use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::blocking::Response;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::header::CONTENT_ENCODING;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Attempt;
use reqwest::redirect::Policy;

use super::super::Failure;
use super::super::http;
use super::super::http::innermost;
use super::super::http::is_loopback;
use super::super::http::speaks_of_tls;
use super::super::plan::now_seconds;
use super::limits::Limits;
use crate::value::http_date;

/// A longer way is a circle.
const MAX_REDIRECTS: usize = 10;

/// Why a server did not give what was asked for.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may go better the next time, or after a while.
    Passing { why: String, after: Option<Duration> },
    /// It comes, but too slowly.
    Slow { why: String },
    /// It has another file than the one that was begun.
    Changed { why: String },
    /// It will not give it.
    Refused { why: String, is_missing: bool },
    /// It is not the server's matter.
    Here(Failure),
}

/// Clients for servers far and near.
#[derive(Debug)]
pub(super) struct Http {
    /// With the proxy of the environment.
    far: Client,
    /// Without.
    near: Client,
    pub(super) limits: Limits,
}

impl Http {
    pub(super) fn new() -> Result<Self, Failure> {
        let limits = Limits::of_environment()?;
        let builder = || {
            http::builder()
                .timeout(limits.stall)
                .connect_timeout(limits.connect)
                .redirect(Policy::custom(follow))
        };
        let failed = |cause: reqwest::Error| {
            let message = format!("failed to make ready for HTTPS: {}", innermost(&cause));
            Failure::surroundings(
                message,
                "see whether the system has CA certificates, and the proxy is a URL",
            )
        };
        let (far, near) = (builder().build().map_err(failed)?, builder().no_proxy().build().map_err(failed)?);
        Ok(Self { far, near, limits })
    }

    /// Asks for a URL; gives an answer that has, or may have, what was asked for.
    pub(super) fn get(&self, url: &Url, headers: &[(HeaderName, String)]) -> Result<Response, Trouble> {
        let client = if is_loopback(url) { &self.near } else { &self.far };
        // What is digested and resumed are the bytes of the file itself.
        let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().map_err(|cause| self.of_sending(url, &cause))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            let encoding = header(response.headers(), &CONTENT_ENCODING);
            return match encoding.filter(|encoding| *encoding != "identity") {
                None => Ok(response),
                Some(encoding) => {
                    let why = format!("`{url}` comes compressed with `{}`", encoding.escape_default());
                    Err(Trouble::Refused { why, is_missing: false })
                }
            };
        }
        let why = format!("`{url}`: the server says {status}");
        let may_pass = status.is_server_error()
            || matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY
            );
        if !may_pass {
            let is_missing = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
            return Err(Trouble::Refused { why, is_missing });
        }
        let after = header(response.headers(), &RETRY_AFTER).and_then(retry_after);
        match after.filter(|after| *after > self.limits.longest_wait) {
            None => Err(Trouble::Passing { why, after }),
            Some(after) => {
                let why = format!("{why}, and to come again after {} s", after.as_secs());
                Err(Trouble::Refused { why, is_missing: false })
            }
        }
    }

    /// The whole of a document that cannot be large.
    pub(super) fn document(&self, url: &Url) -> Result<Vec<u8>, Trouble> {
        let until = Instant::now() + self.limits.document;
        let mut response = self.get(url, &[])?;
        if response.status() != StatusCode::OK {
            let why = format!("`{url}`: the server says {}", response.status());
            return Err(Trouble::Refused { why, is_missing: false });
        }
        let mut body = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = response.read(&mut piece).map_err(|cause| self.of_reading(url, &cause))?;
            body.extend_from_slice(piece.get(..read).unwrap_or_default());
            if read == 0 {
                return Ok(body);
            }
            if body.len() as u64 > self.limits.most_document_bytes {
                let most = self.limits.most_document_bytes;
                let why = format!("`{url}` has more than {most} bytes, and is to be a small document");
                return Err(Trouble::Refused { why, is_missing: false });
            }
            if Instant::now() > until {
                let why = format!("`{url}` did not come within {} s", self.limits.document.as_secs_f32());
                return Err(Trouble::Slow { why });
            }
        }
    }

    fn of_sending(&self, url: &Url, cause: &reqwest::Error) -> Trouble {
        let why = format!("`{url}`: {}", innermost(cause));
        if cause.is_redirect() || cause.is_builder() || speaks_of_tls(cause) {
            return Trouble::Refused { why, is_missing: false };
        }
        if cause.is_timeout() {
            let why = format!("`{url}`: no answer within {} s", self.limits.stall.as_secs_f32());
            return Trouble::Slow { why };
        }
        Trouble::Passing { why, after: None }
    }

    pub(super) fn of_reading(&self, url: &Url, cause: &std::io::Error) -> Trouble {
        let inner = cause.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let late =
            cause.kind() == std::io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout);
        if late {
            let why = format!("`{url}`: nothing came for {} s", self.limits.stall.as_secs_f32());
            return Trouble::Slow { why };
        }
        let why = inner.map_or_else(|| cause.to_string(), innermost);
        Trouble::Passing { why: format!("`{url}`: the connection was cut: {why}"), after: None }
    }
}

/// Follows a redirect, or says why not.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let refused = match attempt.previous() {
        before if before.len() > MAX_REDIRECTS => {
            Some(format!("it redirects more than {MAX_REDIRECTS} times"))
        }
        [.., from] => refuse_plain(attempt.url()).or_else(|| {
            let is_worse = from.scheme() == "https" && attempt.url().scheme() != "https";
            is_worse.then(|| format!("it redirects from https to `{}`", attempt.url()))
        }),
        [] => None,
    };
    match refused {
        None => attempt.follow(),
        Some(why) => attempt.error(why),
    }
}

/// Why a URL must not be asked: whatever comes without TLS may come from anybody, unless from this machine.
pub(super) fn refuse_plain(url: &Url) -> Option<String> {
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(url) => None,
        _ => Some(format!("`{url}` is not an `https://` URL")),
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// When to come again: after some seconds, or at a moment.
fn retry_after(value: &str) -> Option<Duration> {
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(Duration::from_secs(http_date(value)?.saturating_sub(now_seconds()))),
    }
}
