//! What is to change in a live image, as an overlay.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;

use super::Archive;
use super::ImageError;
use super::KernelArgumentAreas;
use super::LiveImage;
use super::Overlay;
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
    /// Arguments that the live kernel must have.
    pub append_kernel_arguments: Vec<String>,
    /// Arguments that it must not have.
    pub delete_kernel_arguments: Vec<String>,
}

impl Edit {
    /// What an embed area holds, as the edit that put it there.
    pub fn of(archive: &Archive) -> Self {
        let keyfile = |(path, bytes): (&str, &[u8])| {
            let name = path.strip_prefix(NETWORK)?.strip_prefix('/')?;
            Some((name.to_owned(), bytes.to_vec()))
        };
        Self {
            config: archive.get(CONFIG).map(<[u8]>::to_vec),
            network: archive.files().filter_map(keyfile).collect(),
            ..Self::default()
        }
    }

    /// True if nothing is to change.
    pub fn is_empty(&self) -> bool {
        !self.embeds() && self.append_kernel_arguments.is_empty() && self.delete_kernel_arguments.is_empty()
    }

    /// True if there is a configuration or a keyfile.
    pub fn embeds(&self) -> bool {
        self.config.is_some() || !self.network.is_empty()
    }
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
/// A configuration or keyfiles replace all that is embedded, if `replace` allows that.
pub fn embed<R: Read + Seek>(
    live: &LiveImage,
    image: &mut R,
    edit: &Edit,
    replace: Replace,
) -> Result<Overlay, ImageError> {
    let mut overlay = Overlay::of(live.length);
    if edit.embeds() {
        if replace == Replace::No && !embedded(live, image)?.is_empty() {
            return Err(ImageError::Occupied);
        }
        overlay.lay(live.embed.offset, filled_area(live, edit)?)?;
    }
    if !edit.append_kernel_arguments.is_empty() || !edit.delete_kernel_arguments.is_empty() {
        let Some(areas) = &live.kernel_arguments else {
            return Err(ImageError::Unsupported(
                "the kernel arguments of this live image cannot be changed".into(),
            ));
        };
        lay_arguments(&mut overlay, areas, &changed(&areas.current, edit)?)?;
    }
    Ok(overlay)
}

/// The embed area with the configuration and the keyfiles of `edit`.
fn filled_area(live: &LiveImage, edit: &Edit) -> Result<Vec<u8>, ImageError> {
    let archive = archive(edit, live.has("live-initrd-network"))?;
    let mut area = archive.to_xz()?;
    if area.len() as u64 > live.embed.length {
        let mut largest: Vec<(String, usize)> =
            archive.files().map(|(path, bytes)| (path.to_owned(), bytes.len())).collect();
        largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        largest.truncate(3);
        let what = "the compressed configuration";
        return Err(ImageError::TooLarge { what, size: area.len(), room: live.embed.length, largest });
    }
    area.resize(live.embed.size(), 0);
    Ok(area)
}

/// The configuration and the keyfiles of `edit` as the live system finds them.
pub(super) fn archive(edit: &Edit, reads_network: bool) -> Result<Archive, ImageError> {
    let mut archive = Archive::default();
    if let Some(config) = &edit.config {
        archive.insert(CONFIG, config.clone());
    }
    if !edit.network.is_empty() && !reads_network {
        return Err(ImageError::Unsupported(
            "this live image does not read embedded network profiles".into(),
        ));
    }
    for (name, keyfile) in &edit.network {
        if name.is_empty() || matches!(name.as_str(), "." | "..") || name.contains(['/', '\0', '\n']) {
            return Err(ImageError::BadName(name.clone()));
        }
        archive.insert(format!("{NETWORK}/{name}"), keyfile.clone());
    }
    Ok(archive)
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

/// The arguments after the edit; one that is there already is not added again.
pub(super) fn changed(current: &str, edit: &Edit) -> Result<String, ImageError> {
    let all = edit.append_kernel_arguments.iter().chain(&edit.delete_kernel_arguments);
    for word in all {
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ImageError::BadArgument(word.clone()));
        }
    }
    let mut words: Vec<&str> = current.split_ascii_whitespace().collect();
    words.retain(|word| !edit.delete_kernel_arguments.iter().any(|gone| gone == word));
    for word in &edit.append_kernel_arguments {
        if !words.contains(&word.as_str()) {
            words.push(word);
        }
    }
    Ok(words.join(" "))
}

pub(super) fn lay_arguments(
    overlay: &mut Overlay,
    areas: &KernelArgumentAreas,
    text: &str,
) -> Result<(), ImageError> {
    for place in &areas.places {
        let mut bytes = format!("{text}{}", place.end).into_bytes();
        let over = (bytes.len() as u64).saturating_sub(areas.length);
        if over > 0 {
            return Err(ImageError::LongArguments { over, left: areas.left() });
        }
        bytes.resize(usize::try_from(areas.length).unwrap_or(bytes.len()), place.pad);
        overlay.lay(place.offset, bytes)?;
    }
    Ok(())
}
