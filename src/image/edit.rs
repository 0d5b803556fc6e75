//! What is to change in a live image, as an overlay.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;

use super::Archive;
use super::ImageError;
use super::KernelArgumentAreas;
use super::LiveImage;
use super::Overlay;
use super::arguments::ArgumentEdit;
use super::arguments::MissingArguments;
use super::arguments::Replacement;
use super::arguments::lay_arguments;
use super::iso9660::read_at;

/// Where the live system finds its Ignition document.
pub(super) const CONFIG: &str = "config.ign";
/// Where the live system finds keyfiles for its initramfs, which it hands on to its real root.
pub(super) const NETWORK: &str = "etc/coreos-firstboot-network";

/// What is to change. What is not named stays: an edit of kernel arguments leaves what is embedded alone.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The Ignition document of the live system.
    pub config: Option<Vec<u8>>,
    /// Keyfiles by file name.
    pub network: BTreeMap<String, Vec<u8>>,
    /// The part of what is embedded that stays as it is. The other becomes what the edit brings, and goes if
    /// it brings none. If nothing stays, a document or keyfiles take the place of all that is embedded.
    pub keep: Option<EmbeddedPart>,
    /// Arguments that the live kernel must have.
    pub append_kernel_arguments: Vec<String>,
    /// Arguments that it must not have.
    pub delete_kernel_arguments: Vec<String>,
    /// Arguments that take the place of others, when all else is done.
    pub replace_kernel_arguments: Vec<Replacement>,
    /// What becomes of an edit of arguments that are not there.
    pub missing_arguments: MissingArguments,
}

/// A part of what is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddedPart {
    /// The Ignition document.
    Config,
    /// The keyfiles.
    Network,
}

impl EmbeddedPart {
    /// The part that a path in an embed area belongs to, if it belongs to any.
    fn of(path: &str) -> Option<Self> {
        match path {
            CONFIG => Some(Self::Config),
            _ => keyfile_name(path).map(|_| Self::Network),
        }
    }
}

impl Edit {
    /// What an embed area holds, as the edit that put it there.
    pub fn of(archive: &Archive) -> Self {
        let keyfile = |(path, bytes): (&str, &[u8])| Some((keyfile_name(path)?.to_owned(), bytes.to_vec()));
        Self {
            config: archive.get(CONFIG).map(<[u8]>::to_vec),
            network: archive.files().filter_map(keyfile).collect(),
            ..Self::default()
        }
    }

    /// True if nothing is to change.
    pub fn is_empty(&self) -> bool {
        !self.embeds() && self.arguments().is_empty()
    }

    /// True if what is embedded is to change.
    pub fn embeds(&self) -> bool {
        self.config.is_some() || !self.network.is_empty() || self.keep.is_some()
    }

    pub(super) fn arguments(&self) -> ArgumentEdit<'_> {
        ArgumentEdit {
            append: &self.append_kernel_arguments,
            delete: &self.delete_kernel_arguments,
            replace: &self.replace_kernel_arguments,
            missing: self.missing_arguments,
        }
    }

    /// What is embedded after the edit, if `replace` allows that.
    pub(super) fn applied_to(&self, mut archive: Archive, replace: Replace) -> Result<Archive, ImageError> {
        let goes = |path: &str| match self.keep {
            None => true,
            Some(kept) => EmbeddedPart::of(path).is_some_and(|part| part != kept),
        };
        let brings = self.config.is_some() || !self.network.is_empty();
        if replace == Replace::No && brings && archive.files().any(|(path, _)| goes(path)) {
            return Err(ImageError::Occupied);
        }
        archive.retain(|path| !goes(path));
        if let Some(config) = &self.config {
            archive.insert(CONFIG, config.clone());
        }
        for (name, keyfile) in &self.network {
            if name.is_empty() || matches!(name.as_str(), "." | "..") || name.contains(['/', '\0', '\n']) {
                return Err(ImageError::BadName(name.clone()));
            }
            archive.insert(format!("{NETWORK}/{name}"), keyfile.clone());
        }
        Ok(archive)
    }
}

/// The name of the keyfile at a path in an embed area, if it is one.
fn keyfile_name(path: &str) -> Option<&str> {
    path.strip_prefix(NETWORK)?.strip_prefix('/')
}

/// Whether what is embedded already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// It may.
    Yes,
    /// It is an error.
    No,
}

/// What the embed area holds.
pub fn embedded<R: Read + Seek>(live: &LiveImage, image: &mut R) -> Result<Archive, ImageError> {
    Archive::read(&area(live, image)?)
}

/// How many bytes of the embed area are in use, whoever wrote them: all up to the last that is not zero.
pub fn used<R: Read + Seek>(live: &LiveImage, image: &mut R) -> Result<u64, ImageError> {
    Ok(area(live, image)?.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1))
}

fn area<R: Read + Seek>(live: &LiveImage, image: &mut R) -> Result<Vec<u8>, ImageError> {
    let mut area = vec![0; live.embed.size()];
    read_at(image, live.embed.offset, &mut area)?;
    Ok(area)
}

/// Makes the overlay that carries `edit`. Everything is checked before there is one.
///
/// What is embedded is replaced only if `replace` allows that.
pub fn embed<R: Read + Seek>(
    live: &LiveImage,
    image: &mut R,
    edit: &Edit,
    replace: Replace,
) -> Result<Overlay, ImageError> {
    let mut overlay = Overlay::of(live.length);
    // Kernel arguments first: they are looked at in no time, and an archive is not.
    let arguments = edit.arguments();
    if !arguments.is_empty() {
        let areas = argument_areas(live)?;
        lay_arguments(&mut overlay, areas, &arguments.applied_to(&areas.current)?)?;
    }
    if edit.embeds() {
        if !edit.network.is_empty() && !live.has("live-initrd-network") {
            return Err(no_network());
        }
        let before = match (edit.keep, replace) {
            // Whatever is there goes, and need not be legible for that.
            (None, Replace::Yes) => Archive::default(),
            _ => embedded(live, image)?,
        };
        overlay.lay(live.embed.offset, filled_area(live, &edit.applied_to(before, replace)?)?)?;
    }
    Ok(overlay)
}

pub(super) fn no_network() -> ImageError {
    ImageError::Unsupported("this live image does not read embedded network profiles".into())
}

/// The embed area with `archive` in it; without a file, it is pristine.
fn filled_area(live: &LiveImage, archive: &Archive) -> Result<Vec<u8>, ImageError> {
    if archive.is_empty() {
        return Ok(vec![0; live.embed.size()]);
    }
    let mut area = archive.to_xz_within(live.embed.length)?;
    area.resize(live.embed.size(), 0);
    Ok(area)
}

/// Makes the overlay that gives the pristine image again.
pub fn reset(live: &LiveImage) -> Result<Overlay, ImageError> {
    let mut overlay = Overlay::of(live.length);
    overlay.lay(live.embed.offset, vec![0; live.embed.size()])?;
    if let Some(areas) = &live.kernel_arguments {
        lay_arguments(&mut overlay, areas, &areas.default)?;
    }
    Ok(overlay)
}

/// Makes the overlay that gives the pristine kernel arguments again, and leaves what is embedded.
pub fn reset_arguments(live: &LiveImage) -> Result<Overlay, ImageError> {
    let mut overlay = Overlay::of(live.length);
    let areas = argument_areas(live)?;
    lay_arguments(&mut overlay, areas, &areas.default)?;
    Ok(overlay)
}

pub(super) fn argument_areas(live: &LiveImage) -> Result<&KernelArgumentAreas, ImageError> {
    live.kernel_arguments.as_ref().ok_or_else(|| {
        ImageError::Unsupported("the kernel arguments of this live image cannot be changed".into())
    })
}
