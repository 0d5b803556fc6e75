//! The number of a release of Harvester, OKD or OpenShift, and which of two is the newer.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::Version;

use crate::value::ValueError;

/// A release, as in `v1.5.0-rc4` or `4.16.0-0.okd-scos-2024-11-16-051944`.
#[derive(Clone, Debug)]
pub struct Release {
    text: String,
    version: Version,
}

impl Release {
    /// The first two numbers.
    pub fn minor(&self) -> (u64, u64) {
        (self.version.major, self.version.minor)
    }

    /// The whole of it, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Release {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number = text.strip_prefix('v').unwrap_or(text);
        let (core, rest) = match number.split_once('-') {
            Some((core, rest)) => (core, Some(rest)),
            None => (number, None),
        };
        // Semantic versions compare `rc10` and `rc4` as words; as `rc.10` and `rc.4` the numbers count.
        let number = match rest {
            Some(rest) => format!("{core}-{}", numbered(rest)),
            None => core.to_owned(),
        };
        let version = Version::parse(&number).map_err(|cause| {
            ValueError::new(
                format!("`{text}` is no number of a release: {cause}"),
                "write all three numbers, as in `v1.5.0` or `4.16.3`",
            )
        })?;
        Ok(Self { text: text.to_owned(), version })
    }
}

/// `rc4` as `rc.4`; everything else as it is.
fn numbered(rest: &str) -> String {
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = rest.get(letters.len()..).unwrap_or_default();
    let is_one_word = !letters.is_empty() && letters.chars().all(|c| c.is_ascii_alphabetic());
    match digits.trim_start_matches('0') {
        number if is_one_word && !number.is_empty() => format!("{letters}.{number}"),
        _ => rest.to_owned(),
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.version.cmp_precedence(&other.version) == Ordering::Equal
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.version.cmp_precedence(&other.version))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Release;

    #[test]
    fn the_newer_one_is_the_greater() {
        for (older, newer) in [
            ("v1.4.2", "v1.5.0"),
            ("v1.5.0-rc4", "v1.5.0"),
            ("v1.5.0-rc4", "v1.5.0-rc10"),
            ("1.9.9", "v1.10.0"),
            ("4.15.0-0.okd-2024-03-10-010116", "4.16.0-0.okd-scos-2024-11-16-051944"),
            ("4.16.0-0.okd-scos-2024-08-21-155613", "4.16.0-0.okd-scos-2024-11-16-051944"),
        ] {
            let [older, newer]: [Release; 2] = [older, newer].map(|text| text.parse().unwrap());
            assert!(older < newer, "{older} {newer}");
        }
    }

    #[test]
    fn refuses_what_is_no_number_of_a_release() {
        for wrong in ["", "v", "1.5", "v1.5.0.1", "latest", "v01.5.0", "1.5.0-", "master-head", "1.5.x"] {
            assert!(wrong.parse::<Release>().is_err(), "{wrong:?} was accepted");
        }
    }
}
