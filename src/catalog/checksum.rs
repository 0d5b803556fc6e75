//! Digests as vendors and users tell them.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::value::ValueError;

/// How a digest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The digest that a file must have, in lowercase hexadecimal; its length tells the algorithm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checksum(String);

impl Checksum {
    /// How it is made.
    pub fn algorithm(&self) -> Algorithm {
        if self.0.len() == 64 { Algorithm::Sha256 } else { Algorithm::Sha512 }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Checksum {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex && matches!(text.len(), 64 | 128) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        let shown: String = text.chars().take(140).collect();
        Err(ValueError::new(
            format!("`{shown}` is no SHA-256 or SHA-512"),
            "write 64 or 128 hexadecimal digits, as `sha256sum` and `sha512sum` print them",
        ))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm() {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha512 => "SHA-512",
        };
        write!(f, "{algorithm} {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use super::Checksum;

    #[test]
    fn takes_two_lengths_of_hexadecimal_digits() {
        for (count, algorithm) in [(64, Algorithm::Sha256), (128, Algorithm::Sha512)] {
            let read = "Ab".repeat(count / 2).parse::<Checksum>();
            assert!(read.is_ok_and(|sum| sum.algorithm() == algorithm && sum.as_str().starts_with("abab")));
        }
        for wrong in ["", "ab", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"ä".repeat(32)] {
            assert!(wrong.parse::<Checksum>().is_err(), "{wrong:?} was accepted");
        }
    }
}
