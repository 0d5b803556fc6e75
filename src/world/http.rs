//! HTTP as every client here speaks it: whom it trusts, who is close by, and what went wrong in the first place.

use std::error::Error;

use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::blocking::ClientBuilder;

/// A client that trusts whom the system trusts.
pub(super) fn builder() -> ClientBuilder {
    // The second of two callers finds it installed: that is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().user_agent(concat!("cotter/", env!("CARGO_PKG_VERSION")))
}

/// True for a URL that does not leave this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// True if it failed over trust.
pub(super) fn speaks_of_tls(cause: &reqwest::Error) -> bool {
    let mut next = cause.source();
    while let Some(error) = next {
        if is_of_tls(error) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An `io::Error` does not give what it wraps as its source, and may wrap another.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_of_tls(inner))
}

/// What was wrong in the first place: libraries say the general first.
pub(super) fn innermost(cause: &reqwest::Error) -> String {
    let mut words = cause.to_string();
    let mut next = cause.source();
    while let Some(error) = next {
        words = error.to_string();
        next = error.source();
    }
    words.split(" (os error").next().unwrap_or_default().to_owned()
}
