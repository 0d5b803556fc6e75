//! What a registry says when it does not do what it is asked.

use super::wire::Reply;
use crate::images::Candidate;
use crate::images::Login;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::read_error;
use crate::value::printable;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Pull,
    Push,
}

/// Tells apart why.
pub(super) fn refusal(doing: Doing, candidate: &Candidate, login: Option<&Login>, reply: &Reply) -> Trouble {
    let said = match read_error(&reply.body) {
        Some((code, message)) if !code.is_empty() => format!("HTTP {}, {code}: {message}", reply.status),
        _ => format!("HTTP {}", reply.status),
    };
    let (place, host) = (candidate.place(), &candidate.host);
    let (kind, words) = match (reply.status, login) {
        (401, Some(login)) => {
            let words = format!("{place} does not take the login `{}` ({said})", login.user);
            (TroubleKind::Unauthorized, words)
        }
        (401, None) => {
            (TroubleKind::Unauthorized, format!("{place} wants a login, and none is given ({said})"))
        }
        (403, _) if doing == Doing::Push => {
            (TroubleKind::Denied, format!("{place} may not be written to ({said})"))
        }
        (403, _) => (TroubleKind::Denied, format!("{place} may not be pulled ({said})")),
        (404, _) if doing == Doing::Push => {
            (TroubleKind::NoRepository, format!("{place} is no repository there ({said})"))
        }
        (429, _) => {
            let after = reply.header("retry-after");
            let after = after.map(|after| format!(", again after {}", printable(after))).unwrap_or_default();
            (TroubleKind::RateLimited, format!("{host} is asked too much ({said}{after})"))
        }
        (500.., _) => (TroubleKind::Server, format!("{host} has trouble ({said})")),
        _ if doing == Doing::Push => {
            (TroubleKind::Garbage, format!("{place} does not take the image ({said})"))
        }
        _ => (TroubleKind::Garbage, format!("{place} gives no image ({said})")),
    };
    Trouble::new(kind, words)
}
