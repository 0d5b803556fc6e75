//! Base images from their vendors: found by name, downloaded, verified, kept in the cache.
//!
//! The order is: what there is, download, digest, signature, disk, name. What goes wrong before the last step leaves
//! nothing under a name.

mod cache;
mod client;
mod download;
mod limits;
mod obtain;
mod part;
mod signature;
mod vendor;

pub use cache::CachedImage;
pub use cache::Verified;

use std::path::Path;
use std::path::PathBuf;

use self::client::Http;
use self::obtain::Origin;
use self::obtain::get;
use self::obtain::parse;
use self::vendor::Vendor;
use super::Failure;
use super::base::sha256;
use super::inputs::read_bounded;
use crate::catalog::Architecture;
use crate::catalog::Artifact;
use crate::catalog::Catalog;
use crate::catalog::Checksum;
use crate::catalog::ImageName;
use crate::catalog::Part;
use crate::catalog::Unresolved;
use crate::catalog::is_plain_word;
use crate::value::Digest;

/// Names another catalog.
const CATALOG_VARIABLE: &str = "COTTER_CATALOG";
/// The largest catalog.
const MAX_CATALOG_BYTES: u64 = 1 << 20;

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum FetchStep<'a> {
    /// Something is done or tried.
    Goes(&'a str),
    /// A file begins to come, or goes on.
    Begins {
        /// Its name.
        file: &'a str,
        /// How much of it is here.
        have_bytes: u64,
        /// How much there is, if that is known.
        total_bytes: Option<u64>,
    },
    /// A file comes.
    At {
        /// How much of it is here.
        have_bytes: u64,
    },
}

/// Why a file is trusted, beyond what its vendor says.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The digest that it must have.
    pub checksum: Option<Checksum>,
    /// Keys that may sign it too.
    pub keys: Vec<PathBuf>,
    /// The digest alone is asked, not the signature.
    pub digest_alone: bool,
}

/// How far the cache is behind the vendor.
#[derive(Clone, Debug)]
pub enum Freshness {
    /// The newest is there, and is sound.
    Newest(CachedImage),
    /// It is there, and is damaged.
    Damaged(CachedImage),
    /// There is another version.
    Behind {
        /// The vendor's version.
        version: String,
        /// What is in the cache.
        cached: Option<CachedImage>,
    },
}

/// Reads the catalog that is named, here or in the environment, or gives the program's own.
pub fn catalog(named: Option<&Path>) -> Result<Catalog, Failure> {
    let named = named.map(Path::to_owned);
    let from_environment =
        || std::env::var_os(CATALOG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = named.or_else(from_environment) else {
        return Ok(Catalog::own().clone());
    };
    let bytes = read_bounded(&path, MAX_CATALOG_BYTES)?;
    let wrong = |message: String, help: String| {
        Failure::input(format!("`{}` is no catalog: {message}", path.display()), help)
    };
    let text =
        std::str::from_utf8(&bytes).map_err(|_| wrong("it is not text".into(), "save it as UTF-8".into()))?;
    Catalog::read(text).map_err(|cause| wrong(cause.message, cause.help))
}

/// Every image in the cache, by name; the newest of each comes first.
pub fn cached_images() -> Result<Vec<CachedImage>, Failure> {
    cache::every_image()
}

/// The newest image of a name in the cache: what `--offline` and builds take.
pub fn cached_image(name: &ImageName, part: Part) -> Result<Option<CachedImage>, Failure> {
    let architecture = Some(name.architecture.unwrap_or(Architecture::X86_64));
    let own = plain_name(name);
    Ok(cache::every_image()?.into_iter().find(|image| {
        image.name == own
            && image.architecture == architecture
            && image.part == part
            && (name.version.is_none() || image.version == name.version)
    }))
}

/// The image of a URL in the cache; only one with this digest, if one is given.
pub fn cached_url(url: &str, checksum: Option<&Checksum>) -> Result<Option<CachedImage>, Failure> {
    let is_it = |image: &CachedImage| image.name == url && checksum.is_none_or(|sum| image.is(sum));
    Ok(cache::every_image()?.into_iter().find(is_it))
}

/// Removes what was begun and what is old, but for the newest `keep` versions; says what is gone, and its bytes.
pub fn prune(keep: usize) -> Result<(Vec<PathBuf>, u64), Failure> {
    cache::prune(keep)
}

/// Gets the files of an image, or takes them from the cache if they are the newest.
pub fn fetch_image(
    catalog: &Catalog,
    name: &ImageName,
    parts: &[Part],
    trust: &Trust,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<Vec<CachedImage>, Failure> {
    let vendor = Vendor::of(catalog, name)?;
    let (release, list_key) = vendor.release(parts, trust, tell)?;
    let folder = vendor.folder(&release.version)?;
    let mut images = Vec::new();
    for artifact in &release.artifacts {
        let origin = Origin {
            name: plain_name(name),
            version: Some(release.version.clone()),
            architecture: Some(vendor.architecture),
            vendor: vendor.family.vendor.clone(),
            list_key: list_key.clone(),
            urls: catalog.places(&artifact.url),
            signature_urls: artifact.signature.iter().flat_map(|url| catalog.places(url)).collect(),
        };
        images.push(get(&vendor.http, artifact, &origin, &folder, trust, tell)?);
    }
    Ok(images)
}

/// Gets what is at a URL: its digest is given, or a key whose signature lies beside it as `URL.sig`.
pub fn fetch_url(
    url: &str,
    trust: &Trust,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<CachedImage, Failure> {
    if trust.checksum.is_none() && trust.keys.is_empty() {
        let message = format!("nothing says what `{url}` must be");
        return Err(Failure::input(
            message,
            "give its digest with `--sha256`, or its signer's key with `--key`",
        ));
    }
    let parsed = parse(url).map_err(|message| Failure::input(message, "use an `https://` URL"))?;
    let last = parsed.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let file = if is_plain_word(last) { last } else { "image" };
    let folder = cache::images_folder()?.join("url").join(short_digest(url)).join("any").join("any");
    let artifact = Artifact {
        part: Part::Iso,
        file: file.to_owned(),
        url: url.to_owned(),
        checksum: None,
        signature: (!trust.keys.is_empty() && !trust.digest_alone).then(|| format!("{url}.sig")),
    };
    let origin = Origin {
        name: url.to_owned(),
        version: None,
        architecture: None,
        // Nobody's keys but those that are given.
        vendor: artifact.signature.as_ref().map(|_| String::new()),
        list_key: None,
        urls: vec![url.to_owned()],
        signature_urls: artifact.signature.iter().cloned().collect(),
    };
    get(&Http::new()?, &artifact, &origin, &folder, trust, tell)
}

/// Sees whether the cache has the newest of an image, and has it sound; downloads no image.
pub fn look_at_image(
    catalog: &Catalog,
    name: &ImageName,
    trust: &Trust,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<Freshness, Failure> {
    let vendor = Vendor::of(catalog, name)?;
    let (release, _) = vendor.release(&[Part::Iso], trust, tell)?;
    let cached = cached_image(name, Part::Iso)?;
    let told = release.artifacts.first().and_then(|artifact| artifact.checksum.as_ref());
    match cached {
        Some(image) if image.version.as_ref() == Some(&release.version) => {
            tell(FetchStep::Goes(&format!("digesting `{}`", image.path.display())));
            let is_told = told.is_none_or(|told| image.is(told));
            Ok(if sha256(&image.path)? == image.sha256 && is_told {
                Freshness::Newest(image)
            } else {
                Freshness::Damaged(image)
            })
        }
        cached => Ok(Freshness::Behind { version: release.version, cached }),
    }
}

fn plain_name(name: &ImageName) -> String {
    format!("{}/{}", name.family, name.stream)
}

fn short_digest(text: &str) -> String {
    Digest::of(text.as_bytes()).as_str().chars().take(16).collect()
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved.is_input {
            true => Self::input(unresolved.message, unresolved.help),
            false => Self::surroundings(unresolved.message, unresolved.help),
        }
    }
}
