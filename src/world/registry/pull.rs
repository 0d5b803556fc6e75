//! One image at one place: everything that a runtime asks before it fetches layers.

use reqwest::Method;

use super::intake::Intake;
use super::refusal::Doing;
use super::refusal::refusal;
use super::session::Call;
use super::session::Rights;
use super::session::Session;
use super::source::Manifest;
use super::wire::MAX_ANSWER_BYTES;
use super::wire::Opened;
use super::wire::Question;
use super::wire::Reply;
use super::wire::Who;
use super::wire::Wire;
use crate::document::nearest;
use crate::images::Candidate;
use crate::images::Content;
use crate::images::Descriptor;
use crate::images::Login;
use crate::images::Platform;
use crate::images::Reference;
use crate::images::Source;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::media_type;
use crate::images::other_platform;
use crate::images::read_error;
use crate::images::read_layers;
use crate::images::read_manifest;
use crate::images::read_tags;
use crate::value::Digest;
use crate::value::printable;

/// The largest manifest or configuration; runtimes take no more.
pub(super) const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// What is asked, of whom.
pub(super) struct Pull<'a> {
    pub(super) wire: &'a Wire,
    pub(super) session: &'a Session,
    pub(super) candidate: &'a Candidate,
    pub(super) login: Option<&'a Login>,
    pub(super) image: &'a Reference,
    pub(super) platform: &'a Platform,
}

impl Pull<'_> {
    /// Looks whether the image is there, for the platform, and is what its digest says.
    pub(super) fn look(&self) -> Result<Source, Trouble> {
        let wanted = self.image.wanted();
        // A HEAD of a tag does not count against limits.
        let head = self.ask(Method::HEAD, &format!("manifests/{wanted}"))?;
        match head.status {
            200 | 405 | 501 => {}
            404 => return Err(self.missing(wanted)),
            _ => return Err(self.refusal(&head)),
        }
        let told = head.header("docker-content-digest").map(str::to_owned);
        if let (Some(told), Some(digest)) = (&told, &self.image.digest)
            && told != digest
        {
            let words = format!("{} says that {digest} is {}", self.place(), printable(told));
            return Err(Trouble::new(TroubleKind::DigestMismatch, words));
        }
        let is_safe = |told: &String| told.starts_with("sha256:") && !told.contains('/');
        let which = told.clone().filter(is_safe).unwrap_or_else(|| wanted.to_owned());
        let mut sent_on = head.sent_on;
        let body = self.manifest(&which, &mut sent_on)?;
        let digest = told.unwrap_or_else(|| format!("sha256:{}", Digest::of(&body)));
        let child = self.content(&body, &mut sent_on)?;
        let layers = read_layers(child.as_ref().map_or(&body, |(_, manifest)| manifest));
        let digests = [printable(&digest)].into_iter().chain(child.map(|(digest, _)| digest)).collect();
        sent_on.sort();
        sent_on.dedup();
        Ok(Source { place: self.candidate.place(), digests, redirected_to: sent_on, layers })
    }

    /// Looks whether what was given is an image for the platform; of an index also the manifest, with its digest.
    fn content(&self, body: &[u8], sent_on: &mut Vec<String>) -> Result<Option<(String, Vec<u8>)>, Trouble> {
        match read_manifest(body, self.platform) {
            Content::Other => Ok(None),
            Content::Child(digest) => {
                let child = self.manifest(&digest, sent_on).map_err(|trouble| match trouble.kind {
                    TroubleKind::NoTag => Trouble::new(
                        TroubleKind::NoTag,
                        format!("{} has the index, but not its manifest for {}", self.place(), self.platform),
                    ),
                    _ => trouble,
                })?;
                match read_manifest(&child, self.platform) {
                    Content::Garbage(why) => Err(self.garbage(why)),
                    _ => Ok(Some((digest, child))),
                }
            }
            Content::Configuration(digest) => self.configuration(&digest, sent_on).map(|()| None),
            Content::OtherPlatforms(others) => {
                let others = if others.is_empty() { "none that is named".to_owned() } else { others };
                Err(self.other(&others))
            }
            Content::Garbage(why) => Err(self.garbage(why)),
        }
    }

    fn configuration(&self, digest: &str, sent_on: &mut Vec<String>) -> Result<(), Trouble> {
        let reply = self.ask(Method::GET, &format!("blobs/{digest}"))?;
        sent_on.extend(reply.sent_on.iter().cloned());
        match reply.status {
            200 => {}
            404 => {
                let words = format!("{} has the manifest, but not its configuration", self.place());
                return Err(Trouble::new(TroubleKind::NoTag, words));
            }
            _ => return Err(self.refusal(&reply)),
        }
        self.must_be(digest, &reply.body)?;
        match other_platform(&reply.body, self.platform) {
            Ok(None) => Ok(()),
            Ok(Some(other)) => Err(self.other(&other)),
            Err(why) => Err(self.garbage(why)),
        }
    }

    fn manifest(&self, which: &str, sent_on: &mut Vec<String>) -> Result<Vec<u8>, Trouble> {
        let reply = self.reply(which)?;
        sent_on.extend(reply.sent_on);
        Ok(reply.body)
    }

    fn reply(&self, which: &str) -> Result<Reply, Trouble> {
        let reply = self.ask(Method::GET, &format!("manifests/{which}"))?;
        match reply.status {
            200 => {}
            404 => return Err(self.missing(which)),
            _ => return Err(self.refusal(&reply)),
        }
        self.must_be(which, &reply.body)?;
        Ok(reply)
    }

    /// A manifest, byte by byte, with the digest that its bytes have.
    pub(super) fn fetched(&self, which: &str) -> Result<Manifest, Trouble> {
        let reply = self.reply(which)?;
        let digest = format!("sha256:{}", Digest::of(&reply.body));
        let told = reply.header("docker-content-digest").filter(|told| told.starts_with("sha256:"));
        if let Some(told) = told.filter(|told| *told != digest) {
            let words = format!("{} gives {digest} for {}", self.place(), printable(told));
            return Err(Trouble::new(TroubleKind::DigestMismatch, words));
        }
        let media_type = media_type(&reply.body, reply.header("content-type")).to_owned();
        Ok(Manifest { digest, media_type, body: reply.body })
    }

    /// Something below the repository, left to be read.
    pub(super) fn open_body(&self, method: Method, path: &str, first_byte: u64) -> Result<Opened, Trouble> {
        let call = Call { first_byte, ..Call::new(method, path, Rights::Pull) };
        self.session.open_body(self.wire, self.candidate, self.login, &call)
    }

    /// Why something was not given.
    pub(super) fn refused(&self, method: Method, opened: Opened) -> Trouble {
        let question =
            Question { method, ..Question::get(opened.url.clone(), &Who::Nobody, MAX_ANSWER_BYTES) };
        match self.wire.read(&question, opened) {
            Ok(reply) => self.refusal(&reply),
            Err(trouble) => trouble,
        }
    }

    /// What has a digest must have it.
    fn must_be(&self, which: &str, body: &[u8]) -> Result<(), Trouble> {
        if !which.contains(':') {
            return Ok(());
        }
        let size_bytes = body.len() as u64;
        let blob = Descriptor { digest: which.to_owned(), size_bytes, media_type: String::new() };
        let mut intake = Intake::of(&blob);
        intake.take(body);
        intake.finish(&self.place())
    }

    fn ask(&self, method: Method, path: &str) -> Result<Reply, Trouble> {
        let call = Call { most_bytes: MAX_MANIFEST_BYTES, ..Call::new(method, path, Rights::Pull) };
        self.session.ask(self.wire, self.candidate, self.login, &call)
    }

    fn place(&self) -> String {
        self.candidate.place()
    }

    fn garbage(&self, why: &str) -> Trouble {
        Trouble::new(TroubleKind::Garbage, format!("{} gives no image: {why}", self.place()))
    }

    fn other(&self, others: &str) -> Trouble {
        let words = format!("{} is there for {others}, not for {}", self.place(), self.platform);
        Trouble::new(TroubleKind::Platform, words)
    }

    /// It is not there: is it the tag, the repository, or no registry at all?
    fn missing(&self, wanted: &str) -> Trouble {
        if !self.session.is_registry {
            let words = format!("what answers at {} is no registry", self.candidate.host);
            return Trouble::new(TroubleKind::Garbage, words);
        }
        let of = |words: String| Trouble::new(TroubleKind::NoTag, words);
        let what = if wanted.contains(':') { "digest" } else { "tag" };
        let plain = of(format!("{} has no {what} `{wanted}`", self.place()));
        let no_repository =
            || Trouble::new(TroubleKind::NoRepository, format!("{} is no repository there", self.place()));
        let Ok(reply) = self.ask(Method::GET, "tags/list?n=1000") else {
            return plain;
        };
        if reply.status == 404 && read_error(&reply.body).is_some_and(|(code, _)| code == "NAME_UNKNOWN") {
            return no_repository();
        }
        let tags = (reply.status == 200).then(|| read_tags(&reply.body)).flatten().unwrap_or_default();
        match nearest(wanted, tags.iter().map(String::as_str)).filter(|_| what == "tag") {
            Some(near) => of(format!("{}; it has `{near}`", plain.words)),
            None => plain,
        }
    }

    fn refusal(&self, reply: &Reply) -> Trouble {
        refusal(Doing::Pull, self.candidate, self.login, reply)
    }
}
