//! `cotter fetch`: base images by name or URL, verified and kept; what there is, what is kept, and taking it away.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::ui::counted;
use super::ui::shown;
use crate::catalog::Architecture;
use crate::catalog::Catalog;
use crate::catalog::Checksum;
use crate::catalog::ImageName;
use crate::catalog::Part;
use crate::catalog::Reference;
use crate::value::ValueError;
use crate::value::timestamp;
use crate::world;
use crate::world::CachedImage;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::FetchStep;
use crate::world::Freshness;
use crate::world::Trust;

/// What PXE boots from.
const PXE: [Part; 3] = [Part::Kernel, Part::Initrd, Part::Rootfs];

/// Download a base image, verify it, and keep it in the cache
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// A name, as in `fedora-coreos/stable` or `fedora-coreos/stable@42.20250609.3.0`, or an `https://` URL
    #[arg(required_unless_present_any = ["list", "cached", "prune"])]
    image: Option<String>,
    /// Put a copy into this folder too
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace files in that folder
    #[arg(long, requires = "output")]
    force: bool,
    /// What the machine is: x86_64, aarch64, ppc64le or s390x [default: x86_64]
    #[arg(long, value_name = "ARCH", value_parser = architecture)]
    arch: Option<Architecture>,
    /// Get kernel, initrd and rootfs, for PXE, instead of the ISO
    #[arg(long)]
    pxe: bool,
    /// The SHA-256 or SHA-512 that the file must have
    #[arg(long, value_name = "DIGEST", value_parser = checksum, conflicts_with = "pxe")]
    sha256: Option<Checksum>,
    /// Let a key of this file sign it too: a vendor's new one, or that of whoever signs what is at a URL (as `URL.sig`)
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Ask for the digest alone, and no signature
    #[arg(long, requires = "sha256")]
    no_signature: bool,
    /// Take it from the cache, whatever is newer elsewhere
    #[arg(long)]
    offline: bool,
    /// Download nothing: see whether the cache has the newest version, and has it sound
    #[arg(long, conflicts_with_all = ["offline", "pxe", "output"])]
    check: bool,
    /// Look names up in this catalog instead of cotter's own [default: $COTTER_CATALOG]
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Show the names that there are
    #[arg(long, conflicts_with_all = ["image", "cached", "prune"])]
    list: bool,
    /// Show what is in the cache
    #[arg(long, conflicts_with_all = ["image", "prune"])]
    cached: bool,
    /// Take unfinished downloads and old versions out of the cache
    #[arg(long, conflicts_with = "image")]
    prune: bool,
    /// How many versions of each image stay
    #[arg(long, value_name = "COUNT", requires = "prune", default_value_t = 1)]
    keep: usize,
}

fn architecture(text: &str) -> Result<Architecture, ValueError> {
    text.parse()
}

fn checksum(text: &str) -> Result<Checksum, ValueError> {
    text.parse()
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let catalog = world::catalog(arguments.catalog.as_deref())?;
    if arguments.list {
        list(&catalog, ui);
    } else if arguments.cached {
        cached(ui)?;
    } else if arguments.prune {
        prune(arguments.keep, ui)?;
    } else if let Some(image) = &arguments.image {
        return fetch(image, arguments, &catalog, ui);
    }
    Ok(Exit::Done)
}

fn fetch(text: &str, arguments: &Arguments, catalog: &Catalog, ui: &mut Ui) -> Result<Exit, Failure> {
    let trust = Trust {
        checksum: arguments.sha256.clone(),
        keys: arguments.key.clone(),
        digest_alone: arguments.no_signature,
    };
    let reference = catalog.reference(text).map_err(|error| Failure::input(error.message, error.help))?;
    let images = match reference {
        Reference::Path => {
            let message = format!("`{text}` is neither a name nor a URL");
            return Err(Failure::input(message, "`cotter fetch --list` shows the names"));
        }
        Reference::Url(_) if arguments.pxe || arguments.check || arguments.arch.is_some() => {
            let message = format!("`{text}` is a URL: `--pxe`, `--check` and `--arch` are for names");
            return Err(Failure::input(message, "leave them out, or give a name"));
        }
        Reference::Url(url) => match arguments.offline {
            true => vec![world::cached_url(&url, trust.checksum.as_ref())?.ok_or_else(|| not_cached(text))?],
            false => vec![telling(ui, |tell| world::fetch_url(&url, &trust, tell))?],
        },
        Reference::Name(name) => {
            let name = with_architecture(name, arguments.arch, catalog)?;
            if arguments.check {
                return check(&name, &trust, catalog, ui);
            }
            let parts: &[Part] = if arguments.pxe { &PXE } else { &[Part::Iso] };
            match arguments.offline {
                true => {
                    let images = from_cache(&name, parts, text)?;
                    if let Some(checksum) = &trust.checksum
                        && let Some(other) = images.iter().find(|image| !image.is(checksum))
                    {
                        let message = format!("`{}` has the SHA-256 {}", other.path.display(), other.sha256);
                        let hint = "name the version that has the digest, or leave `--offline` out";
                        return Err(Failure::input(message, hint));
                    }
                    images
                }
                false => telling(ui, |tell| world::fetch_image(catalog, &name, parts, &trust, tell))?,
            }
        }
    };
    let images = match &arguments.output {
        None => images,
        Some(folder) => {
            images.into_iter().map(|image| put(image, folder, arguments.force)).collect::<Result<_, _>>()?
        }
    };
    if ui.wants_json() {
        ui.json(&as_json(&images));
    } else {
        for image in &images {
            let version = image.version.as_deref().map(|version| format!("{version}, ")).unwrap_or_default();
            ui.line(format!("{} ({version}{})", image.path.display(), image.verified));
        }
    }
    Ok(Exit::Done)
}

/// The name with the architecture that is asked for.
fn with_architecture(
    name: ImageName,
    asked: Option<Architecture>,
    catalog: &Catalog,
) -> Result<ImageName, Failure> {
    let name = ImageName { architecture: asked.or(name.architecture), ..name };
    // Once more, for the architecture.
    catalog.reference(&name.to_string()).map_err(|error| Failure::input(error.message, error.help))?;
    Ok(name)
}

/// The files of an image as they are in the cache: what is there of the newest version.
fn from_cache(name: &ImageName, parts: &[Part], text: &str) -> Result<Vec<CachedImage>, Failure> {
    let mut pinned = name.clone();
    let mut images: Vec<CachedImage> = Vec::new();
    for part in parts {
        match world::cached_image(&pinned, *part)? {
            Some(image) => {
                pinned.version.clone_from(&image.version);
                images.push(image);
            }
            // Not every image has a root file system of its own.
            None if *part == Part::Rootfs => {}
            None => return Err(not_cached(text)),
        }
    }
    Ok(images)
}

pub(super) fn not_cached(text: &str) -> Failure {
    let hint = format!("run `cotter fetch {text}` where there is a network, or leave `--offline` out");
    Failure::surroundings(format!("`{text}` is not in the cache"), hint)
}

/// Downloads something, and shows how it goes.
pub(super) fn telling<T>(
    ui: &mut Ui,
    work: impl FnOnce(&mut dyn FnMut(FetchStep<'_>)) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = work(&mut |step| match step {
        FetchStep::Goes(text) => ui.note(shown(text)),
        FetchStep::Begins { file, have_bytes, total_bytes } => ui.measure(file, have_bytes, total_bytes),
        FetchStep::At { have_bytes } => ui.measured(have_bytes),
    });
    ui.end();
    done
}

/// Puts a copy of an image into a folder.
fn put(image: CachedImage, folder: &Path, force: bool) -> Result<CachedImage, Failure> {
    std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
    let out = folder.join(image.path.file_name().unwrap_or_default());
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    world::copy_file(&image.path, &out, existing, 0o644)?;
    Ok(CachedImage { path: out, ..image })
}

fn check(name: &ImageName, trust: &Trust, catalog: &Catalog, ui: &mut Ui) -> Result<Exit, Failure> {
    let freshness = telling(ui, |tell| world::look_at_image(catalog, name, trust, tell))?;
    let (text, image, exit) = match &freshness {
        Freshness::Newest(image) => {
            let version = image.version.as_deref().unwrap_or_default();
            (format!("`{name}` is in the cache, sound: {version}"), Some(image), Exit::Done)
        }
        Freshness::Damaged(image) => {
            let path = image.path.display();
            (format!("`{path}` is damaged: remove it, and fetch it again"), Some(image), Exit::Differs)
        }
        Freshness::Behind { version, cached } => {
            let has = cached.as_ref().and_then(|image| image.version.as_deref());
            let has =
                has.map_or_else(|| "not in the cache".to_owned(), |has| format!("in the cache as {has}"));
            (format!("`{name}` is {has}, and its vendor has {version}"), cached.as_ref(), Exit::Differs)
        }
    };
    match ui.wants_json() {
        true => ui.json(&as_json(image.map(std::slice::from_ref).unwrap_or_default())),
        false => ui.line(text),
    }
    Ok(exit)
}

fn list(catalog: &Catalog, ui: &mut Ui) {
    if ui.wants_json() {
        let family = |family: &crate::catalog::Family| {
            serde_json::json!({
                "name": family.name,
                "title": family.title,
                "streams": family.stream_words(),
                "goes_on": family.goes_on(),
                "architectures": family.architectures,
                "signed_by": family.vendor,
                "pinned": family.can_pin(),
            })
        };
        let families: Vec<serde_json::Value> = catalog.families.iter().map(family).collect();
        ui.json(&serde_json::json!({"schema": "cotter.dev/catalog/1", "families": families}));
        return;
    }
    for family in &catalog.families {
        let architectures: Vec<&str> = family.architectures.iter().map(|known| known.word()).collect();
        let signed = match &family.vendor {
            Some(_) => "signed",
            None => "not signed: its server's digest is believed",
        };
        ui.line(format!("{} ({}; {signed})", family.title, architectures.join(", ")));
        for stream in family.stream_words() {
            let more = if family.goes_on() { " and later" } else { "" };
            ui.line(format!("  {}/{stream}{more}", family.name));
        }
        if family.can_pin() {
            let stream = family.stream_words().into_iter().next().unwrap_or_default();
            ui.line(format!("  {}/{stream}@VERSION", family.name));
        }
    }
}

fn cached(ui: &mut Ui) -> Result<(), Failure> {
    let images = world::cached_images()?;
    if ui.wants_json() {
        ui.json(&as_json(&images));
        return Ok(());
    }
    for image in &images {
        let version = image.version.as_deref().unwrap_or("-");
        let architecture = image.architecture.map_or("-", Architecture::word);
        ui.line(format!(
            "{}  {version}  {architecture}  {}  {:.1} MiB  {}  {}",
            shown(&image.name),
            image.part,
            image.size_bytes as f64 / f64::from(1 << 20),
            timestamp(image.fetched_seconds),
            image.verified,
        ));
        ui.line(format!("  {}", image.path.display()));
    }
    if images.is_empty() {
        ui.note("nothing is in the cache");
    }
    Ok(())
}

fn prune(keep: usize, ui: &mut Ui) -> Result<(), Failure> {
    let (gone, bytes) = world::prune(keep)?;
    if ui.wants_json() {
        ui.json(&serde_json::json!({"schema": "cotter.dev/pruned/1", "files": gone, "bytes": bytes}));
        return Ok(());
    }
    for path in &gone {
        ui.line(path.display().to_string());
    }
    ui.note(format!("{} removed, {:.1} MiB", counted(gone.len(), "file"), bytes as f64 / f64::from(1 << 20)));
    Ok(())
}

fn as_json(images: &[CachedImage]) -> serde_json::Value {
    serde_json::json!({"schema": "cotter.dev/images/1", "images": images})
}
