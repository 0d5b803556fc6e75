//! The disk to install to.

use std::str::FromStr;

use super::ValueError;

/// A block device below `/dev/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePath(String);

impl DevicePath {
    /// True for names like `/dev/sda`, which go to whichever disk answers first.
    pub fn moves_between_boots(&self) -> bool {
        !self.0.starts_with("/dev/disk/by-") && !self.0.starts_with("/dev/mapper/")
    }
}

impl FromStr for DevicePath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = text.strip_prefix("/dev/").is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|b| b.is_ascii_graphic())
                && rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
        });
        if right {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{text}` is not a device"),
            "write the disk by its identity, as in `/dev/disk/by-id/wwn-0x5000c500a1b2c3d4` (`ls -l /dev/disk/by-id`)",
        ))
    }
}

shown_as_its_text!(DevicePath);
