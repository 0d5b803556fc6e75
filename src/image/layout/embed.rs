//! The embed area: from the file that describes it, or the whole of the file that has always been it.

use std::io::Read;
use std::io::Seek;

use serde::Deserialize;

use super::Area;
use super::Layouts;
use super::alone;
use super::damaged;
use super::description;
use crate::image::ImageError;
use crate::image::iso9660::Volume;
use crate::image::others::Others;

#[derive(Deserialize)]
struct Description {
    file: String,
    offset: Option<u64>,
    length: Option<u64>,
}

/// The embed area, and which file says where it is.
pub(super) fn area<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<(Area, String), ImageError> {
    let described: Option<Description> = description(image, volume, &layouts.embed_description)?;
    let described_by = if described.is_some() { &layouts.embed_description } else { &layouts.embed_file };
    let Description { file, offset, length } = described.unwrap_or_else(|| Description {
        file: layouts.embed_file.clone(),
        offset: None,
        length: None,
    });
    let shown = file.escape_debug();
    let Some(entry) = volume.find(&file)? else {
        for other in Others::table()? {
            if volume.find(&other.initrd)?.is_some() {
                return Err(ImageError::NoArea { system: other.system.clone() });
            }
        }
        let why = format!("it has no `{shown}`, where the configuration would go");
        return Err(ImageError::NotALiveImage(why));
    };
    let from = offset.unwrap_or(0);
    let rest = entry.length.checked_sub(from).filter(|rest| *rest > 0);
    let length = length.or(rest).unwrap_or(0);
    if length == 0 || rest.is_none_or(|rest| length > rest) {
        let there = entry.length;
        return Err(damaged(format!(
            "`{described_by}`: {length} bytes at {from} are no part of `{shown}`, which has {there}"
        )));
    }
    if length > layouts.embed_most_bytes {
        return Err(damaged(format!("`{described_by}`: an embed area has no {length} bytes")));
    }
    let area = Area { offset: entry.offset + from, length };
    alone(volume, entry, &format!("the embed area in `{shown}`"))?;
    Ok((area, described_by.clone()))
}
