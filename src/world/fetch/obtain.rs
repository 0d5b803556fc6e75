//! Getting one file into its folder of the cache: download, digest, signature, disk, name.

use std::path::Path;

use reqwest::Url;

use super::super::Failure;
use super::super::plan::now_seconds;
use super::CachedImage;
use super::FetchStep;
use super::Trust;
use super::Verified;
use super::cache::Slot;
use super::client::Http;
use super::client::Trouble;
use super::client::refuse_plain;
use super::download;
use super::download::Job;
use super::part::Sums;
use super::signature::Keyring;
use crate::catalog::Architecture;
use crate::catalog::Artifact;
use crate::catalog::Checksum;

/// Where a file is from.
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) architecture: Option<Architecture>,
    pub(super) vendor: Option<String>,
    pub(super) list_key: Option<String>,
    pub(super) urls: Vec<String>,
    pub(super) signature_urls: Vec<String>,
}

/// Gets one file into its folder: download, digest, signature, disk, name.
pub(super) fn get(
    http: &Http,
    artifact: &Artifact,
    origin: &Origin,
    folder: &Path,
    trust: &Trust,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<CachedImage, Failure> {
    let what = format!("`{}`", artifact.file);
    let slot = Slot::lock(folder, &mut || {
        tell(FetchStep::Goes(&format!("another cotter is at {what}; waiting for it")));
    })?;
    let signature = artifact.signature.as_ref().filter(|_| !trust.digest_alone);
    if let Some(image) =
        slot.image(&artifact.file).filter(|image| serves(image, artifact, signature.is_some(), trust))
    {
        return Ok(image);
    }
    let keyring = match (signature, &origin.vendor) {
        (Some(_), Some(vendor)) => {
            Some(Keyring::new(vendor, origin.version.as_deref().unwrap_or_default(), &trust.keys)?)
        }
        _ => None,
    };
    let signature = match signature {
        Some(url) => {
            tell(FetchStep::Goes(&format!("asking `{url}`")));
            Some(small(http, &origin.signature_urls, tell)?)
        }
        None => None,
    };
    let urls: Result<Vec<Url>, String> = origin.urls.iter().map(|url| parse(url)).collect();
    let urls = urls.map_err(|message| download::refused(message, false))?;
    let path = folder.join(&artifact.file);
    let part_path = folder.join(format!("{}.part", artifact.file));
    let checksums: Vec<Checksum> = artifact.checksum.iter().chain(&trust.checksum).cloned().collect();
    let job = Job { file: &artifact.file, urls: &urls, part: &part_path, checksums: &checksums };
    let mut was_pieced = false;
    loop {
        let part = download::download(http, &job, tell)?;
        let (sums, is_pieced) = (part.sums(), part.is_pieced);
        tell(FetchStep::Goes(&format!("verifying {what}")));
        let verified =
            verify(artifact, origin, &part_path, &sums, keyring.as_ref(), signature.as_deref(), trust);
        let verified = match verified {
            Ok(verified) => verified,
            Err(failure) => {
                part.remove();
                if is_pieced && !was_pieced {
                    was_pieced = true;
                    // A server may say that it is the same file, and lie.
                    tell(FetchStep::Goes(&format!("{failure}; it came in pieces, and is got again in one")));
                    continue;
                }
                return Err(failure);
            }
        };
        let image = CachedImage {
            name: origin.name.clone(),
            version: origin.version.clone(),
            architecture: origin.architecture,
            part: artifact.part,
            path: path.clone(),
            size_bytes: part.have,
            sha256: sums.sha256,
            sha512: sums.sha512,
            verified,
            fetched_seconds: now_seconds(),
            url: part.state.as_ref().map_or_else(|| artifact.url.clone(), |state| state.url.clone()),
        };
        slot.describe(&image)?;
        part.place(&path)?;
        return Ok(image);
    }
}

/// True if what is in the cache is what is asked for, and is trusted for no less.
fn serves(image: &CachedImage, artifact: &Artifact, is_signed: bool, trust: &Trust) -> bool {
    let is = |sum: &Checksum| image.is(sum);
    let trusted = match &image.verified {
        Verified::Signature { .. } | Verified::SignedList { .. } => true,
        Verified::GivenDigest => trust.digest_alone || (!is_signed && trust.checksum.is_some()),
        Verified::ToldDigest => !is_signed && artifact.checksum.is_some(),
    };
    trusted && artifact.checksum.as_ref().is_none_or(is) && trust.checksum.as_ref().is_none_or(is)
}

/// Why a file is believed, or why not.
fn verify(
    artifact: &Artifact,
    origin: &Origin,
    path: &Path,
    sums: &Sums,
    keyring: Option<&Keyring>,
    signature: Option<&[u8]>,
    trust: &Trust,
) -> Result<Verified, Failure> {
    let what = format!("`{}`", artifact.file);
    if let Some(given) = trust.checksum.as_ref().filter(|given| !sums.are(given)) {
        let message = format!("{what} has the SHA-256 {}, and not {}", sums.sha256, given.as_str());
        return Err(Failure::input(message, "see whether the digest is that of this file and version"));
    }
    if let Some(told) = artifact.checksum.as_ref().filter(|told| !sums.are(told)) {
        let message =
            format!("{what} came with the SHA-256 {}, and not with the {told} that is told", sums.sha256);
        return Err(Failure::surroundings(message, "try again; if it stays so, the server has a wrong file"));
    }
    if let (Some(keyring), Some(signature)) = (keyring, signature) {
        return Ok(Verified::Signature { key: keyring.check_file(signature, path, &what)? });
    }
    match (&origin.list_key, &trust.checksum) {
        (Some(key), _) if !trust.digest_alone => Ok(Verified::SignedList { key: key.clone() }),
        (_, Some(_)) => Ok(Verified::GivenDigest),
        (_, None) if artifact.checksum.is_some() => Ok(Verified::ToldDigest),
        (_, None) => Err(Failure::bug(format!("nothing says what {what} must be"))),
    }
}

/// Gets a small document from the first place that gives it.
pub(super) fn small(
    http: &Http,
    places: &[String],
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<Vec<u8>, Failure> {
    let mut first = None;
    for place in places {
        let url = parse(place).map_err(|message| download::refused(message, false))?;
        let mut failed = 0;
        loop {
            let (why, after) = match http.document(&url) {
                Ok(bytes) => return Ok(bytes),
                Err(Trouble::Here(failure)) => return Err(failure),
                Err(Trouble::Refused { why, is_missing }) => {
                    first.get_or_insert(download::refused(why, is_missing));
                    break;
                }
                Err(Trouble::Passing { why, after }) => (why, after),
                Err(Trouble::Slow { why } | Trouble::Changed { why }) => (why, None),
            };
            failed += 1;
            if failed >= http.limits.slow_tries.min(http.limits.tries) {
                let hint = "try again later, and see whether the network is there; with `--offline` the cache alone is asked";
                first.get_or_insert(Failure::surroundings(why, hint));
                break;
            }
            let wait = after.unwrap_or_else(|| http.limits.wait(failed - 1));
            tell(FetchStep::Goes(&format!("{why}; tried again in {:.0} s", wait.as_secs_f32().ceil())));
            std::thread::sleep(wait);
        }
    }
    Err(first.unwrap_or_else(|| Failure::bug("there was no place to ask")))
}

pub(super) fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|cause| format!("`{}` is no URL: {cause}", text.escape_default()))?;
    match refuse_plain(&url) {
        None => Ok(url),
        Some(why) => Err(why),
    }
}
