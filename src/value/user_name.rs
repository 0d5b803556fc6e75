//! Names of users and groups.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

/// A user's or group's name that `useradd` takes (shadow-utils: 1 to 32 of `a-z 0-9 _ -`, no leading digit).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UserName(String);

impl FromStr for UserName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut letters = text.bytes();
        let first = letters.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let rest = letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if first && rest && text.len() <= 32 {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{text}` is not a user or group name"),
            "use 1 to 32 lowercase letters, digits, `_` and `-`, beginning with a letter",
        ))
    }
}

shown_as_its_text!(UserName);

#[cfg(test)]
mod tests {
    use super::UserName;

    #[test]
    fn knows_right_from_wrong() {
        for right in ["core", "_x", "a-b_1"] {
            assert!(right.parse::<UserName>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "1a", "Core", "a b", "-a", "a:b", "abcdefghijklmnopqrstuvwxyzabcdefg"] {
            assert!(wrong.parse::<UserName>().is_err(), "{wrong:?} was accepted");
        }
    }
}
