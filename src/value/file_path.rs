//! Absolute paths on the machine.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

/// An absolute, clean path on the machine (not on the computer that runs cotter).
///
/// Ignition refuses relative paths; `..`, `.` and empty parts are refused here because the same file
/// under two spellings would be written twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FilePath(String);

impl FromStr for FilePath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let clean = text.strip_prefix('/').is_some_and(|rest| {
            !rest.is_empty() && rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
        });
        if clean && !text.contains(|c: char| c.is_control()) && text.len() < 4096 {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{}` is not an absolute, clean path", text.escape_debug()),
            "write it from the root, without `.`, `..` and double slashes, as in `/etc/motd`",
        ))
    }
}

shown_as_its_text!(FilePath);

#[cfg(test)]
mod tests {
    use super::FilePath;

    #[test]
    fn is_absolute_and_clean() {
        for right in ["/etc/motd", "/a"] {
            assert!(right.parse::<FilePath>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "/", "etc/motd", "/etc/../x", "/etc//x", "/etc/", "/a\nb"] {
            assert!(wrong.parse::<FilePath>().is_err(), "{wrong:?} was accepted");
        }
    }
}
