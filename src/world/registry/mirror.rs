//! Images copied, many at a time: what is there is not moved again, and what is wrong never gets its name.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use super::super::Failure;
use super::Asking;
use super::ImageSources;
use super::Registries;
use super::halt::Halt;
use super::intake::Watched;
use super::layout::Layout;
use super::push::Begun;
use super::push::Push;
use super::source::Manifest;
use super::source::Source;
use crate::document::Origin;
use crate::images::Candidate;
use crate::images::Content;
use crate::images::CopiedImage;
use crate::images::CopyState;
use crate::images::Descriptor;
use crate::images::Destination;
use crate::images::Hindrance;
use crate::images::MirrorReport;
use crate::images::Moved;
use crate::images::Parts;
use crate::images::Platform;
use crate::images::Reference;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::images::other_platform;
use crate::images::read_manifest;
use crate::images::read_parts;

/// How often a blob is begun.
const ATTEMPTS: usize = 3;
/// An index of indexes of indexes is none of an image.
const MAX_DEPTH: usize = 3;
/// How often somebody who waits is told.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// Where images come from.
#[derive(Clone, Debug)]
pub enum CopySource {
    /// Their registries and mirrors.
    Registries,
    /// An OCI layout.
    Layout(PathBuf),
}

/// Where images go.
#[derive(Clone, Debug)]
pub enum CopyTarget {
    /// A registry.
    Registry(Destination),
    /// An OCI layout.
    Layout(PathBuf),
}

/// What is copied, and how.
#[derive(Clone, Debug)]
pub struct Copying<'a> {
    /// From where.
    pub from: &'a CopySource,
    /// Where to.
    pub to: &'a CopyTarget,
    /// For one platform; none for all.
    pub platform: Option<&'a Platform>,
}

/// The images of a layout that have whole names, and how many have none.
///
/// # Errors
/// If it is no layout.
pub fn images_of_layout(folder: &Path) -> Result<(Vec<Reference>, usize), Failure> {
    Layout::read(folder).map(|layout| layout.images())
}

/// Copies every image; `seen` is told how many are done, of how many, and how many bytes came.
///
/// # Errors
/// If the file of authorities or a layout is of no use, or the disk is full. What could not be copied is in the report.
pub fn copy_images(
    sources: &ImageSources,
    asking: &Asking<'_>,
    copying: &Copying<'_>,
    seen: &mut dyn FnMut(usize, usize, u64),
) -> Result<MirrorReport, Failure> {
    let registries = Registries::new(sources, asking)?;
    let from = match copying.from {
        CopySource::Registries => None,
        CopySource::Layout(folder) => Some(Layout::read(folder)?),
    };
    let (to, layout) = match copying.to {
        CopyTarget::Registry(to) => (format!("{}/{}", to.host, to.prefix), None),
        CopyTarget::Layout(folder) => (format!("oci:{}", folder.display()), Some(Layout::written(folder)?)),
    };
    let target = match (copying.to, &layout) {
        (CopyTarget::Registry(to), _) => Target::Registry(to),
        (CopyTarget::Layout(_), Some(layout)) => Target::Layout(layout),
        (CopyTarget::Layout(_), None) => return Err(Failure::bug("a layout was not opened")),
    };
    let run = Run {
        registries: &registries,
        from: from.as_ref(),
        target,
        to: to.trim_end_matches('/'),
        platform: copying.platform,
        blobs: Mutex::default(),
        bytes: Arc::default(),
        counts: Mutex::default(),
    };
    let images = run.all(&sources.images, asking.concurrency, seen)?;
    let moved = run.moved();
    drop(run);
    if let Some(layout) = layout {
        layout.close();
    }
    let platform = copying.platform.map(Platform::to_string);
    Ok(MirrorReport::of(to.trim_end_matches('/').to_owned(), platform, moved, images))
}

enum Target<'a> {
    Registry(&'a Destination),
    Layout(&'a Layout),
}

/// Where one image goes.
enum Place<'a> {
    Repository(Push<'a>),
    Layout(&'a Layout),
}

/// What is known of a blob: the repositories of the destination that have it. Who holds it moves it.
type Known = Arc<Mutex<BTreeSet<String>>>;

struct Run<'a> {
    registries: &'a Registries<'a>,
    from: Option<&'a Layout>,
    target: Target<'a>,
    /// The destination as people write it.
    to: &'a str,
    platform: Option<&'a Platform>,
    blobs: Mutex<BTreeMap<String, Known>>,
    bytes: Arc<AtomicU64>,
    counts: Mutex<Moved>,
}

/// What became of an image, if it went well.
struct Done {
    state: CopyState,
    digest: String,
    of_index: Option<String>,
}

impl Run<'_> {
    fn all(
        &self,
        images: &BTreeMap<Reference, Vec<Origin>>,
        concurrency: usize,
        seen: &mut dyn FnMut(usize, usize, u64),
    ) -> Result<Vec<CopiedImage>, Failure> {
        let images: Vec<(&Reference, &Vec<Origin>)> = images.iter().collect();
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (tell, told) = mpsc::channel();
        let mut done = BTreeMap::new();
        let mut failure = None;
        std::thread::scope(|scope| {
            for _ in 0..concurrency.clamp(1, images.len().max(1)) {
                let (tell, images, next, is_over) = (tell.clone(), &images, &next, &is_over);
                scope.spawn(move || {
                    while let Some((image, origins)) = images.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let copied = self.one(image, origins);
                        is_over.fetch_or(copied.is_err(), Ordering::Relaxed);
                        if tell.send(((*image).clone(), copied)).is_err() || is_over.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            drop(tell);
            loop {
                match told.recv_timeout(TOLD_EVERY) {
                    Ok((image, Ok(copied))) => drop(done.insert(image, copied)),
                    Ok((_, Err(cause))) => failure = Some(cause),
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
                seen(done.len(), images.len(), self.bytes.load(Ordering::Relaxed));
            }
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(done.into_values().collect()),
        }
    }

    /// Copies one image from the first place that has all of it.
    fn one(&self, image: &Reference, origins: &[Origin]) -> Result<CopiedImage, Failure> {
        let candidate = match &self.target {
            Target::Registry(to) => Some(to.candidate(image)),
            Target::Layout(_) => None,
        };
        let mut copied = CopiedImage {
            image: image.to_string(),
            state: CopyState::Failed,
            to: self.to.to_owned(),
            from: None,
            digest: None,
            of_index: None,
            tried: Vec::new(),
            origins: origins.to_vec(),
        };
        let reached = candidate.as_ref().map(|candidate| (candidate, self.registries.reach(candidate)));
        let refused = |trouble| {
            candidate.as_ref().map(|to| Hindrance::to_push(to.place(), trouble)).into_iter().collect()
        };
        let place = match (&self.target, &reached) {
            (Target::Layout(layout), _) => Place::Layout(layout),
            (Target::Registry(_), Some((candidate, Ok(slot)))) => {
                copied.to = candidate.place();
                match slot.session(&self.registries.wire, candidate) {
                    Ok(session) => {
                        let login = self.registries.login(candidate);
                        Place::Repository(Push { wire: &self.registries.wire, session, candidate, login })
                    }
                    Err(trouble) => return Ok(CopiedImage { tried: refused(trouble), ..copied }),
                }
            }
            (Target::Registry(_), Some((candidate, Err(trouble)))) => {
                copied.to = candidate.place();
                return Ok(CopiedImage { tried: refused(trouble.clone()), ..copied });
            }
            (Target::Registry(_), None) => return Err(Failure::bug("there is nowhere to copy to")),
        };
        let route = match self.from {
            Some(_) => vec![None],
            None => self.registries.mirrors.route(image).into_iter().map(Some).collect(),
        };
        for from in route {
            let name = match (&from, self.from) {
                (Some(from), _) => from.place(),
                (None, Some(layout)) => layout.place(),
                (None, None) => continue,
            };
            match self.from(image, from.as_ref(), &place) {
                Ok(done) => {
                    copied.from = Some(name);
                    copied.state = done.state;
                    copied.digest = Some(done.digest);
                    copied.of_index = done.of_index;
                    return Ok(copied);
                }
                Err(Halt::Source(trouble)) => copied.tried.push(Hindrance::to_pull(name, trouble)),
                Err(Halt::Target(trouble)) => {
                    copied.tried.push(Hindrance::to_push(copied.to.clone(), trouble));
                    return Ok(copied);
                }
                Err(Halt::Own(failure)) => return Err(failure),
            }
        }
        Ok(copied)
    }

    fn from(&self, image: &Reference, from: Option<&Candidate>, place: &Place<'_>) -> Result<Done, Halt> {
        let Some(from) = from else {
            let layout = self.from.ok_or_else(|| Halt::Own(Failure::bug("there is no layout")))?;
            return self.copy(&Source::Layout(layout, image), image, place);
        };
        let slot = self.registries.reach(from).map_err(Halt::Source)?;
        let pull = self.registries.pull(&slot, image, from).map_err(Halt::Source)?;
        let copied = self.copy(&Source::Repository(pull), image, place);
        if let Err(Halt::Source(trouble)) = &copied
            && matches!(trouble.kind, TroubleKind::RateLimited | TroubleKind::Connect)
        {
            // Every other image would wait for the same.
            let _ = slot.over.set(trouble.clone());
        }
        copied
    }

    fn copy(&self, source: &Source<'_>, image: &Reference, place: &Place<'_>) -> Result<Done, Halt> {
        let root = source.root().map_err(Halt::Source)?;
        let (top, of_index) = self.pick(source, root)?;
        let is_changed = image.digest.as_ref().is_some_and(|digest| *digest != top.digest);
        let tag = Destination::tag(image, &top.digest);
        let was_there = match place {
            Place::Repository(push) => {
                push.digest_of(&tag).map_err(Halt::Target)?.as_deref() == Some(top.digest.as_str())
            }
            Place::Layout(layout) => {
                layout.find(image).is_some_and(|found| found.digest == top.digest)
                    && self.is_all_there(layout, &top, 0)
            }
        };
        if !was_there {
            self.below(source, place, &top, 0)?;
            match place {
                Place::Repository(push) => push.put_manifest(&tag, &top).map_err(Halt::Target)?,
                Place::Layout(layout) => {
                    layout.put_manifest(&top).map_err(Halt::Own)?;
                    let platform = self.platform.filter(|_| of_index.is_some());
                    layout.name(image, &top, platform).map_err(Halt::Own)?;
                }
            }
        }
        let state = match (is_changed, was_there) {
            (true, _) => CopyState::Changed,
            (false, true) => CopyState::There,
            (false, false) => CopyState::Copied,
        };
        Ok(Done { state, digest: top.digest, of_index })
    }

    /// The manifest for the platform, and the digest of the index that it is of.
    fn pick(&self, source: &Source<'_>, root: Manifest) -> Result<(Manifest, Option<String>), Halt> {
        let Some(platform) = self.platform else { return Ok((root, None)) };
        let of =
            |kind, words: String| Halt::Source(Trouble::new(kind, format!("{} {words}", source.place())));
        let other =
            |others: &str| of(TroubleKind::Platform, format!("is there for {others}, not for {platform}"));
        match read_manifest(&root.body, platform) {
            Content::Child(digest) => {
                let child = source.manifest(&digest).map_err(Halt::Source)?;
                Ok((child, Some(root.digest)))
            }
            Content::Configuration(_) => {
                let parts = read_parts(&root.body);
                if let Ok(Parts::Image { configuration, .. }) = parts {
                    let body = source.small_blob(&configuration).map_err(Halt::Source)?;
                    if let Some(found) = other_platform(&body, platform)
                        .map_err(|why| of(TroubleKind::Garbage, format!("gives no image: {why}")))?
                    {
                        return Err(other(&found));
                    }
                }
                Ok((root, None))
            }
            Content::Other => Ok((root, None)),
            Content::OtherPlatforms(others) if others.is_empty() => Err(other("none that is named")),
            Content::OtherPlatforms(others) => Err(other(&others)),
            Content::Garbage(why) => Err(of(TroubleKind::Garbage, format!("gives no image: {why}"))),
        }
    }

    /// True if a layout has all that a manifest names.
    fn is_all_there(&self, layout: &Layout, manifest: &Manifest, depth: usize) -> bool {
        if !layout.has(&manifest.descriptor()) || depth > MAX_DEPTH {
            return false;
        }
        match read_parts(&manifest.body) {
            Ok(Parts::Image { configuration, layers }) => {
                layout.has(&configuration) && layers.iter().all(|layer| layout.has(layer))
            }
            Ok(Parts::Index(children)) => children.iter().all(|child| {
                let body = layout.small(&child.digest);
                body.is_ok_and(|(body, _)| {
                    let (digest, media_type) = (child.digest.clone(), String::new());
                    self.is_all_there(layout, &Manifest { digest, media_type, body }, depth + 1)
                })
            }),
            Err(_) => false,
        }
    }

    /// Copies all that a manifest names, before it: a registry takes no manifest of what it has not.
    fn below(
        &self,
        source: &Source<'_>,
        place: &Place<'_>,
        manifest: &Manifest,
        depth: usize,
    ) -> Result<(), Halt> {
        let garbage = |why: &str| {
            Halt::Source(Trouble::new(
                TroubleKind::Garbage,
                format!("{} gives no image: {why}", source.place()),
            ))
        };
        match read_parts(&manifest.body).map_err(garbage)? {
            Parts::Index(_) if depth > MAX_DEPTH => Err(garbage("its indexes name indexes without an end")),
            Parts::Index(children) => {
                for child in children {
                    let child = source.manifest(&child.digest).map_err(Halt::Source)?;
                    self.below(source, place, &child, depth + 1)?;
                    match place {
                        Place::Repository(push) => {
                            push.put_manifest(&child.digest, &child).map_err(Halt::Target)?
                        }
                        Place::Layout(layout) => layout.put_manifest(&child).map_err(Halt::Own)?,
                    }
                }
                Ok(())
            }
            Parts::Image { configuration, layers } => {
                for blob in std::iter::once(&configuration).chain(&layers) {
                    self.blob(source, place, blob)?;
                }
                Ok(())
            }
        }
    }

    fn blob(&self, source: &Source<'_>, place: &Place<'_>, blob: &Descriptor) -> Result<(), Halt> {
        let known = Arc::clone(locked(&self.blobs).entry(blob.digest.clone()).or_default());
        // Whoever wants the same blob meanwhile waits for it.
        let mut known = locked(&known);
        let mut attempt = 1;
        loop {
            let done = match place {
                Place::Repository(push) => self.to_registry(source, push, blob, &mut known),
                Place::Layout(layout) => self.to_layout(source, layout, blob),
            };
            match done {
                Err(halt) if halt.may_pass() && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    fn to_layout(&self, source: &Source<'_>, layout: &Layout, blob: &Descriptor) -> Result<(), Halt> {
        if layout.has(blob) {
            locked(&self.counts).blobs_there += 1;
            return Ok(());
        }
        let had = layout.take(blob, source, &self.bytes)?;
        let mut counts = locked(&self.counts);
        counts.blobs += 1;
        counts.blobs_continued += u64::from(had > 0);
        Ok(())
    }

    fn to_registry(
        &self,
        source: &Source<'_>,
        push: &Push<'_>,
        blob: &Descriptor,
        known: &mut BTreeSet<String>,
    ) -> Result<(), Halt> {
        let repository = push.candidate.repository.clone();
        if known.contains(&repository) || push.has_blob(&blob.digest).map_err(Halt::Target)? {
            known.insert(repository);
            locked(&self.counts).blobs_there += 1;
            return Ok(());
        }
        let other = known.first().cloned();
        let begun = push.begin(&blob.digest, other.as_deref()).map_err(Halt::Target)?;
        match begun {
            Begun::Mounted => locked(&self.counts).blobs_mounted += 1,
            Begun::At(to) => {
                let stream = source.blob(blob, 0).map_err(Halt::Source)?;
                let (watched, watch) = Watched::new(stream.bytes, blob, &self.bytes);
                let sent = push.send(&to, watched, blob.size_bytes, other.as_deref());
                // A source that breaks off breaks the upload off too.
                if watch.is_troubled() || sent.is_ok() {
                    let right = watch.seen().finish(&source.place());
                    if let Err(trouble) = right {
                        push.give_up(sent.as_ref().unwrap_or(&to));
                        return Err(Halt::Source(trouble));
                    }
                }
                let at = sent.map_err(Halt::Target)?;
                push.commit(&at, &blob.digest).map_err(Halt::Target)?;
                locked(&self.counts).blobs += 1;
            }
        }
        known.insert(repository);
        Ok(())
    }

    fn moved(&self) -> Moved {
        Moved { bytes: self.bytes.load(Ordering::Relaxed), ..*locked(&self.counts) }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
