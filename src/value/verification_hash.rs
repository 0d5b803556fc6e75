//! What fetched contents must be.

use std::str::FromStr;

use super::ValueError;

/// `sha256-` or `sha512-` with the digest in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationHash(String);

impl FromStr for VerificationHash {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digits = match text.split_once('-') {
            Some(("sha512", digits)) if digits.len() == 128 => digits,
            Some(("sha256", digits)) if digits.len() == 64 => digits,
            _ => "?",
        };
        if digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{text}` is not a hash that Ignition checks"),
            "write `sha256-` or `sha512-` and what `sha256sum` or `sha512sum` prints",
        ))
    }
}

shown_as_its_text!(VerificationHash);

#[cfg(test)]
mod tests {
    use super::VerificationHash;

    #[test]
    fn knows_lengths() {
        for right in [format!("sha256-{}", "a".repeat(64)), format!("sha512-{}", "0".repeat(128))] {
            assert!(right.parse::<VerificationHash>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "sha256-a", "md5-d41d8cd98f00b204e9800998ecf8427e", &"a".repeat(64)] {
            assert!(wrong.parse::<VerificationHash>().is_err(), "{wrong:?} was accepted");
        }
    }
}
