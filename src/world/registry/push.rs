//! A repository that is written to (OCI distribution spec 1.1, "Push").

use std::io::Read;

use reqwest::Method;
use reqwest::Url;

use super::refusal::Doing;
use super::refusal::refusal;
use super::session::Call;
use super::session::Rights;
use super::session::Session;
use super::source::Manifest;
use super::wire::Reply;
use super::wire::Wire;
use crate::images::Candidate;
use crate::images::Login;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::value::printable;

/// A repository, and who writes there.
#[derive(Clone, Copy)]
pub(super) struct Push<'a> {
    pub(super) wire: &'a Wire,
    pub(super) session: &'a Session,
    pub(super) candidate: &'a Candidate,
    pub(super) login: Option<&'a Login>,
}

/// How an upload begins.
pub(super) enum Begun {
    /// It is over: the registry had the blob elsewhere.
    Mounted,
    /// The blob goes there.
    At(Url),
}

impl Push<'_> {
    pub(super) fn has_blob(&self, digest: &str) -> Result<bool, Trouble> {
        let reply = self.ask(Method::HEAD, &format!("blobs/{digest}"), Rights::Push(None), None)?;
        match reply.status {
            200 => Ok(true),
            404 | 405 | 501 => Ok(false),
            _ => Err(self.refusal(&reply)),
        }
    }

    /// The digest of what a tag stands for, or of a digest that is there.
    pub(super) fn digest_of(&self, which: &str) -> Result<Option<String>, Trouble> {
        let reply = self.ask(Method::HEAD, &format!("manifests/{which}"), Rights::Push(None), None)?;
        match reply.status {
            200 => Ok(reply.header("docker-content-digest").map(printable)),
            404 | 405 | 501 => Ok(None),
            _ => Err(self.refusal(&reply)),
        }
    }

    /// Begins an upload; the registry may have the blob in its repository `from`.
    pub(super) fn begin(&self, digest: &str, from: Option<&str>) -> Result<Begun, Trouble> {
        let path = match from {
            Some(from) => format!("blobs/uploads/?mount={digest}&from={from}"),
            None => "blobs/uploads/".to_owned(),
        };
        let reply =
            self.ask(Method::POST, &path, Rights::Push(from), Some(("application/octet-stream", b"")))?;
        match reply.status {
            201 if from.is_some() => Ok(Begun::Mounted),
            202 => self.next(&reply).map(Begun::At),
            _ => Err(self.refusal(&reply)),
        }
    }

    /// Sends all of a blob; it is nothing yet before [`Push::commit`].
    pub(super) fn send(
        &self,
        to: &Url,
        stream: impl Read + Send + 'static,
        size_bytes: u64,
        from: Option<&str>,
    ) -> Result<Url, Trouble> {
        let reply =
            self.session.upload(self.wire, self.candidate, self.login, (to, from), (stream, size_bytes))?;
        match reply.status {
            200..=204 => self.next(&reply),
            _ => Err(self.refusal(&reply)),
        }
    }

    /// Says that what was sent is the blob.
    pub(super) fn commit(&self, at: &Url, digest: &str) -> Result<(), Trouble> {
        let mut at = at.clone();
        at.query_pairs_mut().append_pair("digest", digest);
        let reply = self.session.ask_at(self.wire, self.candidate, self.login, (at, Method::PUT))?;
        match reply.status {
            200..=204 => Ok(()),
            _ => Err(self.refusal(&reply)),
        }
    }

    /// Lets the registry forget what was sent; whether it does is its own matter.
    pub(super) fn give_up(&self, at: &Url) {
        let _ = self.session.ask_at(self.wire, self.candidate, self.login, (at.clone(), Method::DELETE));
    }

    /// Puts a manifest there by a tag or by its digest, byte by byte as it is.
    pub(super) fn put_manifest(&self, which: &str, manifest: &Manifest) -> Result<(), Trouble> {
        let sent = Some((manifest.media_type.as_str(), manifest.body.as_slice()));
        let reply = self.ask(Method::PUT, &format!("manifests/{which}"), Rights::Push(None), sent)?;
        if !matches!(reply.status, 200..=204) {
            return Err(self.refusal(&reply));
        }
        match reply.header("docker-content-digest") {
            Some(told) if told != manifest.digest => {
                let words =
                    format!("{} makes {} of {}", self.candidate.place(), printable(told), manifest.digest);
                Err(Trouble::new(TroubleKind::DigestMismatch, words))
            }
            _ => Ok(()),
        }
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        rights: Rights<'_>,
        sent: Option<(&str, &[u8])>,
    ) -> Result<Reply, Trouble> {
        let call = Call { sent, ..Call::new(method, path, rights) };
        self.session.ask(self.wire, self.candidate, self.login, &call)
    }

    fn next(&self, reply: &Reply) -> Result<Url, Trouble> {
        let none = || {
            let words = format!("{} does not say where uploads go", self.candidate.place());
            Trouble::new(TroubleKind::Garbage, words)
        };
        self.session.next(reply).ok_or_else(none)?
    }

    fn refusal(&self, reply: &Reply) -> Trouble {
        refusal(Doing::Push, self.candidate, self.login, reply)
    }
}
