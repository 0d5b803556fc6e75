//! The kernel arguments of a minimal image: without the medium, with the address of the root file system.

use std::io::Read;
use std::io::Seek;

use serde::Deserialize;
use serde::Serialize;

use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::image::Overlay;
use crate::image::arguments::lay_arguments;
use crate::image::edit;
use crate::image::iso9660::Volume;
use crate::image::iso9660::read_at;
use crate::image::netboot::MEDIUM;
use crate::image::netboot::ROOTFS_URL;

const DESCRIPTION: &str = "coreos/kargs.json";
/// A description larger than this is none.
const MAX_DESCRIPTION: u64 = 64 << 10;

/// The description as coreos-installer writes it, key by key.
#[derive(Deserialize, Serialize)]
struct Description {
    default: String,
    files: Vec<DescribedFile>,
    size: u64,
}

#[derive(Deserialize, Serialize)]
struct DescribedFile {
    path: String,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pad: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<char>,
}

/// Makes the overlay for a minimal image that was just made: the medium is no longer named, neither now nor after
/// a reset, and the root file system is fetched from `rootfs_url`, if that is given.
pub fn fetching_rootfs<R: Read + Seek>(
    live: &LiveImage,
    image: &mut R,
    rootfs_url: Option<&str>,
) -> Result<Overlay, ImageError> {
    let areas = edit::argument_areas(live)?;
    let (of_medium, others): (Vec<&str>, Vec<&str>) =
        areas.current.split_ascii_whitespace().partition(|word| word.starts_with(MEDIUM));
    if of_medium.is_empty() {
        return Err(ImageError::Damaged(format!("its kernel arguments have no `{MEDIUM}`")));
    }
    let default = others.join(" ");
    let append_kernel_arguments = rootfs_url.map(|url| format!("{ROOTFS_URL}{url}")).into_iter().collect();
    let current = Edit { append_kernel_arguments, ..Edit::default() }.arguments().applied_to(&default)?;
    let mut overlay = Overlay::of(live.length);
    lay_arguments(&mut overlay, areas, &current)?;

    let damaged = |why: String| ImageError::Damaged(format!("`{DESCRIPTION}` {why}"));
    let volume = Volume::read(image)?;
    let entry = volume.find(DESCRIPTION)?.ok_or_else(|| damaged("is missing".into()))?;
    if entry.length > MAX_DESCRIPTION {
        return Err(damaged(format!("has {} bytes", entry.length)));
    }
    let mut json = vec![0; entry.length as usize];
    read_at(image, entry.offset, &mut json)?;
    let cannot_be_read = |cause: serde_json::Error| damaged(format!("cannot be read: {cause}"));
    let mut description: Description = serde_json::from_slice(&json).map_err(cannot_be_read)?;
    description.default = default;
    let mut json = serde_json::to_vec_pretty(&description).map_err(cannot_be_read)?;
    if json.len() > entry.length as usize {
        return Err(damaged("has no room for its new text".into()));
    }
    json.resize(entry.length as usize, b' ');
    overlay.lay(entry.offset, json)?;
    Ok(overlay)
}
