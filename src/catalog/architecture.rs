//! The architectures that base images are made for.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::value::ValueError;

/// What kind of machine an image runs on, in the words of RPM and the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit PC.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit POWER, little-endian.
    Ppc64le,
    /// IBM Z.
    S390x,
}

impl Architecture {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::X86_64, Self::Aarch64, Self::Ppc64le, Self::S390x];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
        }
    }
}

impl FromStr for Architecture {
    type Err = ValueError;

    /// Takes Debian's and Go's words too.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let word = match text {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            "ppc64el" => "ppc64le",
            other => other,
        };
        Self::ALL.into_iter().find(|known| known.word() == word).ok_or_else(|| {
            ValueError::new(
                format!("`{text}` is no architecture of base images"),
                "use x86_64, aarch64, ppc64le or s390x",
            )
        })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
