//! From a name to files: which documents tell of them, in which order, and what comes of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::Architecture;
use super::BadMetadata;
use super::Checksum;
use super::Family;
use super::Listed;
use super::Metadata;
use super::StreamFile;
use super::is_plain_word;
use super::metadata::build_metadata;
use super::metadata::build_url;
use super::metadata::digest_list;
use super::metadata::stream_metadata;
use super::metadata::version_text;
use crate::value::is_printable;

/// What a file of a live system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The medium.
    Iso,
    /// The kernel, for PXE.
    Kernel,
    /// The initial RAM disk, for PXE.
    Initrd,
    /// The root file system, for PXE.
    Rootfs,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The version, if not the newest.
    pub version: Option<&'a str>,
    /// The architecture.
    pub architecture: Architecture,
    /// Its files: the ISO alone, or those for PXE.
    pub parts: &'a [Part],
}

/// A document that must be had to go on.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it is.
    pub url: String,
    /// Where its signature is, if it must be signed: detached, or around a copy of the document.
    pub signature: Option<String>,
}

/// A version of a live system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// The files that were looked for.
    pub artifacts: Vec<Artifact>,
}

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub file: String,
    /// Where it is.
    pub url: String,
    /// Its digest, where one is told.
    pub checksum: Option<Checksum>,
    /// Where its detached signature is, if it must be signed.
    pub signature: Option<String>,
}

/// Why a name came to nothing, with the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub help: String,
    /// True if another name would do.
    pub is_input: bool,
}

/// Finds out which files a name means. `ask` gets documents; a signed one it gives only if the signature is good.
pub fn resolve<E: From<Unresolved>>(
    family: &Family,
    wanted: &Wanted<'_>,
    ask: &mut dyn FnMut(&Document) -> Result<String, E>,
) -> Result<Release, E> {
    let fill =
        |pattern: &str, version: &str| family.fill(pattern, wanted.stream, version, wanted.architecture);
    let plain = |url: &str| Document { url: fill(url, ""), signature: None };
    let release = match &family.metadata {
        Metadata::CoreosStream { url, builds } => match (wanted.version, builds) {
            (Some(version), Some(builds)) => {
                let index = plain(builds);
                let found = build_url(&ask(&index)?, version).map_err(|why| garbled(&index.url, &why))?;
                let build = found.ok_or_else(|| unknown(family, wanted, version, &index.url))?;
                let build = Document { url: build, signature: None };
                let text = ask(&build)?;
                let files = build_metadata(&text, version, wanted.architecture);
                of_stream(
                    family,
                    wanted,
                    version,
                    files.map_err(|why| garbled(&build.url, &why))?,
                    &build.url,
                )?
            }
            _ => {
                let stream = plain(url);
                let text = ask(&stream)?;
                let read = stream_metadata(&text, wanted.architecture);
                let (version, files) = read.map_err(|why| garbled(&stream.url, &why))?;
                of_stream(family, wanted, &version, files, &stream.url)?
            }
        },
        Metadata::DigestList { folder, list, signature, newest, also_called, files } => {
            let asked = wanted.version.or(newest.as_deref()).unwrap_or(wanted.stream);
            let folder = fill(folder, asked);
            let in_folder = |pattern: &str| format!("{folder}{}", fill(pattern, asked));
            let document = Document { url: in_folder(list), signature: signature.as_deref().map(in_folder) };
            let listed = digest_list(&ask(&document)?).map_err(|why| garbled(&document.url, &why))?;
            let names =
                |part: Part| files.get(&part).into_iter().flatten().map(|pattern| fill(pattern, asked));
            let mut artifacts = Vec::new();
            for part in wanted.parts {
                match names(*part).find_map(|name| listed.get_key_value(&name)) {
                    Some((name, sum)) => artifacts.push(Artifact {
                        part: *part,
                        file: name.clone(),
                        url: format!("{folder}{name}"),
                        checksum: Some(sum.clone()),
                        signature: None,
                    }),
                    None => return Err(lacking(family, wanted, *part, &document.url).into()),
                }
            }
            let tells = |pattern: &String| told_version(&fill(pattern, "{version}"), &listed, &artifacts);
            let version = match (wanted.version, newest) {
                (Some(version), _) => version.to_owned(),
                (None, None) => wanted.stream.to_owned(),
                (None, Some(newest)) => also_called.iter().find_map(tells).unwrap_or_else(|| newest.clone()),
            };
            Release { version, artifacts }
        }
        Metadata::VersionText { url, key, folder, files, missing } => {
            let version = match wanted.version {
                Some(version) => version.to_owned(),
                None => {
                    let document = plain(url);
                    version_text(&ask(&document)?, key).map_err(|why| garbled(&document.url, &why))?
                }
            };
            let folder = fill(folder, &version);
            let lacks =
                |part: &Part| missing.get(&wanted.architecture).is_some_and(|parts| parts.contains(part));
            let mut artifacts = Vec::new();
            for part in wanted.parts {
                match files.get(part).and_then(|names| names.first()).filter(|_| !lacks(part)) {
                    Some(name) => {
                        let file = fill(name, &version);
                        let url = format!("{folder}{file}");
                        let signature = Some(format!("{url}.sig"));
                        artifacts.push(Artifact { part: *part, file, url, checksum: None, signature });
                    }
                    // Flatcar's initial RAM disk holds its root file system.
                    None if *part == Part::Rootfs && !files.contains_key(part) => {}
                    None => return Err(lacking(family, wanted, *part, &folder).into()),
                }
            }
            Release { version, artifacts }
        }
    };
    if !is_plain_word(&release.version) {
        let message = format!("`{}` of {} is no version", shortened(&release.version), family.title);
        return Err(Unresolved::of_vendor(message).into());
    }
    Ok(release)
}

/// What stream metadata come to.
fn of_stream(
    family: &Family,
    wanted: &Wanted<'_>,
    version: &str,
    mut files: BTreeMap<Part, StreamFile>,
    place: &str,
) -> Result<Release, Unresolved> {
    let mut artifacts = Vec::new();
    for part in wanted.parts {
        let file = files.remove(part).ok_or_else(|| lacking(family, wanted, *part, place))?;
        let name = file_name(&file.url).ok_or_else(|| {
            garbled(place, &BadMetadata(format!("`{}` is no URL of a file", shortened(&file.url))))
        })?;
        // Without a vendor nobody's keys are known, and a signature is of no use.
        let signature = match (&family.vendor, file.signature) {
            (None, _) => None,
            (Some(_), Some(signature)) => Some(signature),
            (Some(vendor), None) => {
                let why = format!("it tells no signature of `{name}`, and `{vendor}` signs everything");
                return Err(garbled(place, &BadMetadata(why)));
            }
        };
        artifacts.push(Artifact {
            part: *part,
            file: name.to_owned(),
            checksum: Some(file.checksum),
            signature,
            url: file.url,
        });
    }
    Ok(Release { version: version.to_owned(), artifacts })
}

/// The name of the file that a URL ends in, if it can be that of one here.
fn file_name(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (_, name) = rest.rsplit_once('/')?;
    is_plain_word(name).then_some(name)
}

/// The version in the other name of a file that was found.
fn told_version(pattern: &str, listed: &Listed, artifacts: &[Artifact]) -> Option<String> {
    let (before, after) = pattern.split_once("{version}")?;
    listed.iter().find_map(|(name, sum)| {
        let version = name.strip_prefix(before)?.strip_suffix(after)?;
        let is_same = artifacts.iter().any(|artifact| artifact.checksum.as_ref() == Some(sum));
        (is_same && is_plain_word(version)).then(|| version.to_owned())
    })
}

fn garbled(url: &str, why: &BadMetadata) -> Unresolved {
    // Its words may be in it.
    let (url, why) = (shortened(url), shortened(&why.to_string()));
    Unresolved::of_vendor(format!("`{url}` is not what it should be: {why}"))
}

fn unknown(family: &Family, wanted: &Wanted<'_>, version: &str, place: &str) -> Unresolved {
    Unresolved {
        message: format!(
            "{} {} has no version `{version}`, says `{}`",
            family.title,
            wanted.stream,
            shortened(place)
        ),
        help: "see whether the version is of this stream, or leave it out for the newest".into(),
        is_input: true,
    }
}

fn lacking(family: &Family, wanted: &Wanted<'_>, part: Part, place: &str) -> Unresolved {
    Unresolved {
        message: format!(
            "there is no {part} of {} for {}, says `{}`",
            family.title,
            wanted.architecture,
            shortened(place)
        ),
        help: "name another architecture with `--arch`, or ask for the ISO or for `--pxe` instead".into(),
        is_input: true,
    }
}

fn shortened(text: &str) -> String {
    let shown = |c: char| if is_printable(c) { c.to_string() } else { c.escape_default().to_string() };
    text.chars().take(160).map(shown).collect()
}

impl Unresolved {
    fn of_vendor(message: String) -> Self {
        let help = "try again later; if it stays so, download the image yourself and name its path".into();
        Self { message, help, is_input: false }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso => "ISO",
            Self::Kernel => "kernel",
            Self::Initrd => "initrd",
            Self::Rootfs => "rootfs",
        })
    }
}
