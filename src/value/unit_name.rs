//! Names of systemd units.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

const SUFFIXES: [&str; 10] =
    ["service", "socket", "target", "timer", "mount", "automount", "swap", "path", "slice", "device"];

/// The name of a systemd unit with its suffix (systemd.unit(5)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnitName(String);

impl UnitName {
    /// True for a text that ends with the kind of a unit.
    pub fn has_kind(text: &str) -> bool {
        text.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix))
    }
}

impl FromStr for UnitName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b);
        let is_right = !text.starts_with(['.', '@']) && Self::has_kind(text);
        if is_right && text.len() <= 255 && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{text}` is not the name of a systemd unit"),
            format!("end it with its kind ({}), as in `hello.service`", SUFFIXES.join(", ")),
        ))
    }
}

shown_as_its_text!(UnitName);

#[cfg(test)]
mod tests {
    use super::UnitName;

    #[test]
    fn knows_right_from_wrong() {
        for right in ["a.service", "var-lib-x.mount", "getty@tty1.service"] {
            assert!(right.parse::<UnitName>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "a", "a.servce", ".service", "a b.service", "a/b.service"] {
            assert!(wrong.parse::<UnitName>().is_err(), "{wrong:?} was accepted");
        }
    }
}
