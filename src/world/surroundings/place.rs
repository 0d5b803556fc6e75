//! Asks whether a place answers, and what time it is there.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::super::http::is_loopback;
use super::super::registry::Wire;
use super::plain;
use super::resolve;
use super::time_server;
use crate::document::Sourced;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::preflight::Dated;
use crate::preflight::Endpoint;
use crate::preflight::PlaceSeen;
use crate::preflight::TimeSample;
use crate::value::ReachTarget;
use crate::value::http_date;

/// Asks a place as its URL says, by the proxy of the environment.
pub(super) fn ask(place: &Sourced<ReachTarget>, wire: &Wire, timeout: Duration) -> PlaceSeen {
    let (answered, proxy) = match place.value.tcp() {
        Some((host, port)) => (connect(host, port, timeout), None),
        None => match url(&place.value) {
            Ok(url) => (visit(&url, wire).map(drop), proxy(&url)),
            Err(trouble) => (Err(trouble), None),
        },
    };
    PlaceSeen { place: place.clone(), answered, proxy }
}

/// The time of a server that speaks HTTP.
pub(super) fn date(place: &Sourced<ReachTarget>, wire: &Wire) -> Option<Dated> {
    let url = url(&place.value).ok()?;
    let asked = time_server::now();
    let date = visit(&url, wire).ok()??;
    let took = time_server::now().saturating_sub(asked);
    // What is written as a second is the whole of it.
    let ahead_seconds = seconds(Duration::from_secs(date)) + 0.5 - seconds(asked + took / 2);
    let sample = TimeSample { ahead_seconds, error_seconds: 0.5 + seconds(took) / 2.0 };
    Some(Dated { url: place.value.to_string(), sample })
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn url(place: &ReachTarget) -> Result<Url, Trouble> {
    if place.tcp().is_some() {
        return Err(Trouble::new(TroubleKind::Garbage, "it is no URL"));
    }
    place.as_str().parse().map_err(|_| Trouble::new(TroubleKind::Name, format!("`{place}` is no URL")))
}

/// Any answer is one, unless a proxy gives it; the time in it, if there is one.
fn visit(url: &Url, wire: &Wire) -> Result<Option<u64>, Trouble> {
    let reply = wire.knock(url)?;
    let is_by_proxy = url.scheme() == "http" && proxy(url).is_some();
    let word = match reply.status {
        407 => Some("wants a login"),
        403 if is_by_proxy => Some("does not allow it"),
        502..=504 if is_by_proxy => Some("cannot reach it"),
        _ => None,
    };
    match word {
        Some(word) => Err(Trouble::new(TroubleKind::Proxy, format!("the proxy {word} ({})", reply.status))),
        None => Ok(reply.header("date").and_then(http_date)),
    }
}

/// The proxy that the environment names for a URL, as the client reads it; what is close by has none.
fn proxy(url: &Url) -> Option<String> {
    if is_loopback(url) {
        return None;
    }
    let found = Matcher::from_env().intercept(&url.as_str().parse().ok()?)?;
    let proxy = found.uri();
    // A login may be before the `@`.
    let place = proxy.authority()?.as_str().rsplit('@').next()?.to_owned();
    Some(format!("{}://{place}", proxy.scheme_str().unwrap_or("http")))
}

fn connect(host: &str, port: u16, timeout: Duration) -> Result<(), Trouble> {
    let endpoint = Endpoint { host: host.to_owned(), port: Some(port) };
    let mut trouble = Trouble::new(TroubleKind::Name, format!("the name of {endpoint} cannot be resolved"));
    for address in resolve(&endpoint, port) {
        let Err(cause) = TcpStream::connect_timeout(&address, timeout) else { return Ok(()) };
        trouble = match cause.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                let words = format!("{endpoint} gave no answer within {} s", timeout.as_secs_f32());
                Trouble::new(TroubleKind::Timeout, words)
            }
            _ => Trouble::new(TroubleKind::Connect, format!("{endpoint}: {}", plain(&cause))),
        };
    }
    Err(trouble)
}
