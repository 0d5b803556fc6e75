//! Certificates that the operator knows, and when they end.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Gathered;
use super::Options;
use super::Remark;
use super::object::members;
use super::object::span;
use super::object::text;
use crate::document::Origin;
use crate::value::parse_timestamp;

const SECONDS_PER_DAY: u64 = 86_400;

#[derive(Clone, Debug)]
pub(super) struct Certificate {
    bundle: String,
    subject: String,
    signer: String,
    not_before: String,
    not_after: String,
    origin: Origin,
}

/// A certificate, and when it ends.
#[derive(Clone, Debug, Serialize)]
pub struct CertificateState {
    /// The file or bundle it is in.
    pub bundle: String,
    /// Whom it is for.
    pub subject: String,
    /// Who signed it, if the dump says so.
    pub signer: String,
    /// When it ends, in the dump's words.
    pub not_after: String,
    /// How many whole days are left; negative if it has ended, nothing if the words are no time.
    pub days_left: Option<i64>,
}

/// Those in a ControllerConfig's status.
pub(super) fn of_controller(object: &Value, origin: &Origin) -> Vec<Certificate> {
    let read = |certificate: &Value| Certificate {
        bundle: text(certificate, "/bundleFile").to_owned(),
        subject: text(certificate, "/subject").to_owned(),
        signer: text(certificate, "/signer").to_owned(),
        not_before: text(certificate, "/notBefore").to_owned(),
        not_after: text(certificate, "/notAfter").to_owned(),
        origin: origin.clone(),
    };
    members(object, "/status/controllerCertificates").map(read).collect()
}

/// Those in a pool's status.
pub(super) fn of_pool(object: &Value, origin: &Origin) -> Vec<Certificate> {
    let read = |certificate: &Value| Certificate {
        bundle: text(certificate, "/bundle").to_owned(),
        subject: text(certificate, "/subject").to_owned(),
        signer: String::new(),
        not_before: String::new(),
        not_after: text(certificate, "/expiry").to_owned(),
        origin: origin.clone(),
    };
    members(object, "/status/certExpirys").map(read).collect()
}

pub(super) fn explain(
    dump: &Gathered,
    options: Options,
    findings: &mut Vec<Remark>,
) -> Vec<CertificateState> {
    // Every pool tells of the same ones as the controller, and the controller of more.
    let mut known: BTreeMap<(&str, &str, &str), &Certificate> = BTreeMap::new();
    for certificate in &dump.certificates {
        let key = (certificate.bundle.as_str(), certificate.subject.as_str(), certificate.not_after.as_str());
        let kept = known.entry(key).or_insert(certificate);
        if kept.signer.is_empty() {
            *kept = certificate;
        }
    }
    let mut states: Vec<(Option<u64>, CertificateState)> = Vec::new();
    for certificate in known.into_values() {
        let end = parse_timestamp(&certificate.not_after);
        findings.extend(remark(certificate, end, options));
        let days_left = end.map(|end| {
            let days = |seconds: u64| i64::try_from(seconds / SECONDS_PER_DAY).unwrap_or(i64::MAX);
            match end.checked_sub(options.now_seconds) {
                Some(left) => days(left),
                None => -1 - days(options.now_seconds - end),
            }
        });
        let state = CertificateState {
            bundle: certificate.bundle.clone(),
            subject: certificate.subject.clone(),
            signer: certificate.signer.clone(),
            not_after: certificate.not_after.clone(),
            days_left,
        };
        states.push((end, state));
    }
    states.sort_by_key(|(end, _)| end.unwrap_or(u64::MAX));
    states.into_iter().map(|(_, state)| state).collect()
}

fn remark(certificate: &Certificate, end: Option<u64>, options: Options) -> Option<Remark> {
    let about = format!("certificate {} in {}", certificate.subject, certificate.bundle);
    let now = options.now_seconds;
    let origin = &certificate.origin;
    let next = "the cluster renews its own certificates: see that no pool is paused and no operator degraded; one that was given by hand is yours to renew";
    let Some(end) = end else {
        let what = format!("when it ends cannot be read: `{}`", certificate.not_after);
        return Some(Remark::notice(about, what, "", origin));
    };
    if end <= now {
        let what = format!("it ended {} ago, at {}", span(now - end), certificate.not_after);
        return Some(Remark::wrong(about, what, next, origin));
    }
    if end - now <= u64::from(options.days) * SECONDS_PER_DAY {
        let what = format!("it ends in {}, at {}", span(end - now), certificate.not_after);
        return Some(Remark::wrong(about, what, next, origin));
    }
    let begin = parse_timestamp(&certificate.not_before).filter(|begin| *begin > now)?;
    let what = format!("it is not valid before {}, in {}", certificate.not_before, span(begin - now));
    Some(Remark::wrong(about, what, "see whether the clock of the cluster is right", origin))
}
