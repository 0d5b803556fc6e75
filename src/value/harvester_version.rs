//! Versions of Harvester.

use std::str::FromStr;

use super::ValueError;

/// A release of Harvester, as in `v1.7.0` or `v1.9.0-rc7`; the `v` may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HarvesterVersion {
    text: String,
    major: u32,
    minor: u32,
}

impl FromStr for HarvesterVersion {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || {
            let message = format!("`{text}` is not a version of Harvester");
            ValueError::new(message, "write it as `v1.7.0`")
        };
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (numbers, rest) = bare.split_once('-').unwrap_or((bare, "x"));
        let mut parts = numbers.split('.').map(|part| {
            let is_number = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u32>().ok()).flatten()
        });
        let (major, minor, patch) = (parts.next(), parts.next(), parts.next());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        match (major.flatten(), minor.flatten(), patch.flatten(), parts.next()) {
            (Some(major), Some(minor), Some(_), None)
                if (1..=32).contains(&rest.len()) && rest.bytes().all(is_plain) =>
            {
                Ok(Self { text: format!("v{bare}"), major, minor })
            }
            _ => Err(wrong()),
        }
    }
}

impl HarvesterVersion {
    /// As Harvester names its files by it: with a `v`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if it is of this minor version or a later one; `since` is written as `1.9`.
    pub fn is_since(&self, since: &str) -> bool {
        let mut numbers = since.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        let since = (numbers.next().unwrap_or(u32::MAX), numbers.next().unwrap_or(u32::MAX));
        (self.major, self.minor) >= since
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::HarvesterVersion;

    #[test]
    fn reads_releases_and_knows_which_is_later() {
        for (text, shown, is_since) in [
            ("v1.9.0", "v1.9.0", true),
            ("1.8.1", "v1.8.1", false),
            ("v1.10.0-rc2", "v1.10.0-rc2", true),
            ("v2.0.0", "v2.0.0", true),
        ] {
            let version: HarvesterVersion = text.parse().unwrap();
            assert_eq!((version.as_str(), version.is_since("1.9")), (shown, is_since));
        }
        for wrong in ["", "v1.9", "1.9.0.1", "v1.x.0", "v1.9.0-", "v1.9.0-a/b", "latest", "v1.99999.0"] {
            assert!(wrong.parse::<HarvesterVersion>().is_err(), "{wrong:?} was accepted");
        }
    }
}
