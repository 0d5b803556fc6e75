//! Registries: asked whether images can be pulled, many at a time. What answers mean is decided in `images`.

mod halt;
mod intake;
mod layout;
mod mirror;
mod pull;
mod push;
mod refusal;
mod release;
mod resolve;
mod session;
mod source;
mod sources;
mod wire;

pub use mirror::CopySource;
pub use mirror::CopyTarget;
pub use mirror::Copying;
pub use mirror::copy_images;
pub use mirror::images_of_layout;
pub use release::read_release;
pub use resolve::resolve_tags;
pub use sources::ImageFiles;
pub use sources::ImageSources;
pub use sources::read_image_files;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use reqwest::Certificate;

use super::Failure;
use super::inputs::read_bounded;
use crate::document::Origin;
use crate::images::Candidate;
use crate::images::Login;
use crate::images::Logins;
use crate::images::Mirrors;
use crate::images::Platform;
use crate::images::Reference;
use crate::images::SeenImage;
use crate::images::SeenImages;
use crate::images::Source;
use crate::images::Tls;
use crate::images::Tried;
use crate::images::Trouble;
use crate::images::TroubleKind;
use pull::Pull;
use session::Session;
pub(super) use wire::Wire;

/// The largest bundle of authorities.
const MAX_BUNDLE_BYTES: u64 = 16 << 20;

/// How registries are asked.
#[derive(Clone, Debug)]
pub struct Asking<'a> {
    /// For which platform.
    pub platform: &'a Platform,
    /// A file with further authorities.
    pub authorities: Option<&'a Path>,
    /// How many images at a time.
    pub concurrency: usize,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// A server and how it is spoken to: what is one for all images.
type Key = (String, String, crate::images::Scheme, Tls);

/// Everything that is shared by those who ask.
struct Registries<'a> {
    wire: Wire,
    sessions: Mutex<BTreeMap<Key, Arc<Slot>>>,
    mirrors: &'a Mirrors,
    logins: &'a Logins,
    platform: &'a Platform,
}

/// A server that is reached once, and what came of it.
#[derive(Default)]
struct Slot {
    opened: OnceLock<Result<Session, Trouble>>,
    /// What holds for every image of it since.
    over: OnceLock<Trouble>,
}

impl Slot {
    fn session(&self, wire: &Wire, candidate: &Candidate) -> Result<&Session, Trouble> {
        let session = self.opened.get_or_init(|| Session::open(wire, candidate)).as_ref();
        match self.over.get() {
            Some(over) => Err(over.clone()),
            None => session.map_err(Trouble::clone),
        }
    }
}

/// Asks for every image; `seen` is told how many are done.
///
/// # Errors
/// If the file of authorities is of no use.
pub fn look_for_images(
    sources: &ImageSources,
    asking: &Asking<'_>,
    seen: &mut dyn FnMut(usize, usize),
) -> Result<SeenImages, Failure> {
    let registries = Registries::new(sources, asking)?;
    let images: Vec<(&Reference, &Vec<Origin>)> = sources.images.iter().collect();
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::channel();
    let mut reports = BTreeMap::new();
    std::thread::scope(|scope| {
        for _ in 0..asking.concurrency.clamp(1, images.len().max(1)) {
            let (tell, registries, images, next) = (tell.clone(), &registries, &images, &next);
            scope.spawn(move || {
                while let Some((image, origins)) = images.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if tell.send(((*image).clone(), registries.look(image, origins))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        for (image, report) in told {
            reports.insert(image, report);
            seen(reports.len(), images.len());
        }
    });
    Ok(SeenImages { images: reports.into_values().collect(), limits: registries.limits() })
}

/// The certificates of a file with further authorities.
pub(super) fn authorities(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let bundle = Certificate::from_pem_bundle(&read_bounded(path, MAX_BUNDLE_BYTES)?);
    match bundle {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => {
            let message = format!("there is no certificate in `{}`", path.display());
            Err(Failure::input(message, "name a file with certificates as PEM"))
        }
    }
}

impl<'a> Registries<'a> {
    fn new(sources: &'a ImageSources, asking: &Asking<'a>) -> Result<Self, Failure> {
        let authorities = match asking.authorities {
            Some(path) => authorities(path)?,
            None => Vec::new(),
        };
        Ok(Self {
            wire: Wire::new(authorities, asking.timeout),
            sessions: Mutex::default(),
            mirrors: &sources.mirrors,
            logins: &sources.logins,
            platform: asking.platform,
        })
    }

    fn look(&self, image: &Reference, origins: &[Origin]) -> SeenImage {
        let mut tried = Vec::new();
        let mut source = None;
        for candidate in self.mirrors.route(image) {
            match self.at(image, &candidate) {
                Ok(found) => {
                    source = Some(found);
                    break;
                }
                Err(trouble) => {
                    let (place, registry) = (candidate.place(), candidate.host.clone());
                    tried.push(Tried { place, registry, trouble });
                }
            }
        }
        SeenImage { image: image.clone(), origins: origins.to_vec(), source, tried }
    }

    fn at(&self, image: &Reference, candidate: &Candidate) -> Result<Source, Trouble> {
        let slot = self.reach(candidate)?;
        let found = self.pull(&slot, image, candidate)?.look();
        if let Err(trouble) = &found
            && trouble.kind.is_of_server()
        {
            // Two hundred images would wait for the same.
            let _ = slot.over.set(trouble.clone());
        }
        found
    }

    /// Reaches a server, once.
    fn reach(&self, candidate: &Candidate) -> Result<Arc<Slot>, Trouble> {
        if let Some(why) = &candidate.blocked {
            return Err(Trouble::new(TroubleKind::Blocked, why.clone()));
        }
        let slot = self.slot(candidate);
        slot.session(&self.wire, candidate)?;
        Ok(slot)
    }

    fn pull<'b>(
        &'b self,
        slot: &'b Slot,
        image: &'b Reference,
        candidate: &'b Candidate,
    ) -> Result<Pull<'b>, Trouble> {
        let session = slot.session(&self.wire, candidate)?;
        let login = self.login(candidate);
        Ok(Pull { wire: &self.wire, session, candidate, login, image, platform: self.platform })
    }

    fn login<'b>(&'b self, candidate: &'b Candidate) -> Option<&'b Login> {
        let kept = || self.logins.find(&candidate.host, &candidate.repository);
        candidate.login.as_ref().or_else(kept)
    }

    fn slot(&self, candidate: &Candidate) -> Arc<Slot> {
        let key = (candidate.host.clone(), candidate.root.clone(), candidate.scheme, candidate.tls.clone());
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry(key).or_default())
    }

    fn limits(&self) -> BTreeMap<String, u64> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut limits = BTreeMap::new();
        for ((host, ..), slot) in sessions.iter() {
            let Some(Ok(session)) = slot.opened.get() else { continue };
            if let Some(left) = *session.limit.lock().unwrap_or_else(PoisonError::into_inner) {
                limits.insert(host.clone(), left);
            }
        }
        limits
    }
}
