//! Base images beside the machines that go onto them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::Digest as _;
use sha2::Sha256;

use super::Failure;
use crate::document::Diagnostics;
use crate::image;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::LiveImage;
use crate::image::Overlay;
use crate::image::Replace;
use crate::plan::Plan;
use crate::spec::Machine;

/// Reads what a live image offers.
pub fn read_live_image(base: &Path) -> Result<LiveImage, Failure> {
    let mut file = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    LiveImage::read(&mut file).map_err(|cause| Failure::image(base, &cause))
}

/// Lays kernel arguments over an ISO whose GRUB has a variable for them, as Harvester's has.
pub fn lay_grub_arguments(base: &Path, arguments: &str) -> Result<Overlay, Failure> {
    let mut file = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    image::with_grub_arguments(&mut file, arguments).map_err(|cause| Failure::image(base, &cause))
}

/// Adds that the image is another than the machine file says.
pub fn check_base(base: &Path, machine: &Machine) -> Result<Diagnostics, Failure> {
    let mut findings = Diagnostics::new();
    // An image that is named on the command line is another matter.
    let is_named = machine.base_image.as_ref().is_some_and(|image| base.ends_with(&image.value));
    let Some(wanted) = machine.base_sha256.as_ref().filter(|_| is_named) else {
        return Ok(findings);
    };
    let found = sha256(base)?;
    if !found.eq_ignore_ascii_case(&wanted.value) {
        let message = format!("`{}` has the SHA-256 {found}", base.display());
        findings.error(
            "base-digest",
            &wanted.origin,
            message,
            "download the image again, or mend the digest",
        );
    }
    Ok(findings)
}

/// The SHA-256 of a file, however large.
pub(super) fn sha256(path: &Path) -> Result<String, Failure> {
    let mut file = File::open(path).map_err(|cause| Failure::io("open", path, &cause))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(digest.finalize())),
            Ok(count) => digest.update(buffer.get(..count).unwrap_or_default()),
            Err(cause) => return Err(Failure::io("read", path, &cause)),
        }
    }
}

/// What a plan changes in a base image, and the room that it takes.
#[derive(Debug)]
pub struct Fitted {
    /// The changes.
    pub overlay: Overlay,
    /// Bytes of the embed area that are used.
    pub used_bytes: usize,
    /// Bytes that it has.
    pub area_bytes: u64,
}

/// Lays what a plan changes over a base image; nothing if it does not fit, which is added to `findings`.
pub fn fit(
    base: &Path,
    live: &LiveImage,
    plan: &Plan,
    edit: &Edit,
    replace: Replace,
    findings: &mut Diagnostics,
) -> Result<Option<Fitted>, Failure> {
    let mut file = File::open(base).map_err(|cause| Failure::io("open", base, &cause))?;
    let overlay = match image::embed(live, &mut file, edit, replace) {
        Ok(overlay) => overlay,
        Err(cause @ (ImageError::TooLarge { .. } | ImageError::LongArguments { .. })) => {
            let is_archive = matches!(cause, ImageError::TooLarge { .. });
            let largest = plan.artifacts.iter().max_by_key(|artifact| artifact.size_bytes);
            if let Some(largest) = largest {
                let help = match is_archive {
                    true => format!(
                        "the largest thing is {} with {} bytes; {}",
                        largest.what,
                        largest.size_bytes,
                        cause.hint()
                    ),
                    false => cause.hint().to_owned(),
                };
                findings.error("payload-size", &largest.origin, cause.to_string(), help);
            }
            return Ok(None);
        }
        Err(cause) => return Err(Failure::image(base, &cause)),
    };
    let area = overlay.patches().find(|(offset, _)| *offset == live.embed.offset).map(|(_, bytes)| bytes);
    let used = area.and_then(|area| area.iter().rposition(|byte| *byte != 0));
    let used_bytes = used.map_or(0, |last| last + 1);
    Ok(Some(Fitted { overlay, used_bytes, area_bytes: live.embed.length }))
}
