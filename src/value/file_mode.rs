//! Permission bits.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::ValueError;

/// Permission bits of a file, written in octal as in Butane: `0644` and `644` both mean `rw-r--r--`.
///
/// Set-id and sticky bits (above `0777`) need Ignition's spec 3.6; before it they are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileMode(u32);

impl FileMode {
    /// `rw-------`: secrets, and keyfiles, which NetworkManager ignores when others can read them.
    pub const PRIVATE: Self = Self(0o600);
    /// `rw-r--r--`: everything else.
    pub const PUBLIC: Self = Self(0o644);
    /// `rwxr-xr-x`: programs.
    pub const PROGRAM: Self = Self(0o755);

    /// True if there are set-id or sticky bits.
    pub fn is_special(self) -> bool {
        self.0 > 0o777
    }

    /// True if users other than the owner and its group can read.
    pub fn is_readable_by_all(self) -> bool {
        self.0 & 0o004 != 0
    }

    /// The bits as Ignition takes them.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl FromStr for FileMode {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let octal = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
        match u32::from_str_radix(digits, 8) {
            Ok(bits) if octal && bits <= 0o7777 => Ok(Self(bits)),
            _ => Err(ValueError::new(
                format!("`{text}` is not an octal file mode"),
                "write three octal digits with a leading zero, as in `0644`",
            )),
        }
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::FileMode;

    #[test]
    fn is_octal_whatever_the_spelling() {
        for (text, bits) in [("0644", 0o644), ("644", 0o644), ("0o600", 0o600), ("0", 0), ("1777", 0o1777)] {
            assert_eq!(text.parse::<FileMode>().unwrap().bits(), bits, "{text}");
        }
        for wrong in ["", "0888", "rw", "+644", "10755", "77777777777"] {
            assert!(wrong.parse::<FileMode>().is_err(), "{wrong:?} was accepted");
        }
    }
}
