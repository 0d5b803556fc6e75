//! Versions of the Linux kernel, as `uname -r` says them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::ValueError;

/// A kernel's version: the numbers of the mainline release, then what the distribution wrote after them.
///
/// Reads `6.7`, `6.7.4`, `6.16-rc3`, `6.7.4-200.fc39.x86_64`, `5.14.0-427.el9`, `6.1.0+deb12`. Ordered by the
/// mainline numbers (`6.7` is `6.7.0`), a release candidate before its release, and then by the distribution's
/// numbers: `5.14.0-427.el9` comes before `5.14.0-503.el9`. Between two distributions that last order says nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KernelVersion {
    text: String,
    mainline: [u32; 4],
    is_released: bool,
    build: Vec<u32>,
}

impl KernelVersion {
    /// What the distribution wrote after the mainline numbers: `200.fc39.x86_64` of `6.7.4-200.fc39.x86_64`.
    pub fn distribution(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(['-', '+'])?;
        Some(rest)
    }

    /// True if both come of the same mainline release, whatever was put on top.
    pub fn has_base_of(&self, other: &Self) -> bool {
        self.mainline == other.mainline
    }

    /// True if its makers bring drivers of later releases into it, so that the mainline numbers say little: the
    /// kernels of Enterprise Linux (`….el9…`) and of SUSE's enterprise systems (`6.4.0-150600.…`).
    pub fn takes_drivers_of_later_releases(&self) -> bool {
        let Some(distribution) = self.distribution() else { return false };
        let is_enterprise_linux = distribution.split(['.', '-', '_']).any(|part| {
            part.strip_prefix("el").is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
        });
        let is_suse = self.build.first().is_some_and(|first| (150_000..170_000).contains(first));
        is_enterprise_linux || is_suse
    }

    fn rank(&self) -> (&[u32; 4], bool, &[u32]) {
        (&self.mainline, self.is_released, &self.build)
    }
}

impl FromStr for KernelVersion {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || {
            ValueError::new(
                format!("`{text}` is not a kernel's version"),
                "write it as `uname -r` says it: `6.7.4-200.fc39.x86_64`, or the release alone: `6.7`",
            )
        };
        let (numbers, rest) = text.split_once(['-', '+']).unwrap_or((text, ""));
        let mut mainline = [0; 4];
        let count = numbers.split('.').count();
        if !(2..=mainline.len()).contains(&count) || rest.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(wrong());
        }
        for (place, number) in mainline.iter_mut().zip(numbers.split('.')) {
            *place = number_of(number).ok_or_else(wrong)?;
        }
        let is_candidate =
            |part: &str| part.strip_prefix("rc").is_some_and(|number| number_of(number).is_some());
        let is_released = !rest.split(['.', '-', '+', '_', '~']).any(is_candidate);
        let build = rest.split(['.', '-']).map_while(number_of).collect();
        Ok(Self { text: text.to_owned(), mainline, is_released, build })
    }
}

/// Digits alone; `parse` would take a sign as well.
fn number_of(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl Ord for KernelVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for KernelVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KernelVersion {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for KernelVersion {}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for KernelVersion {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<KernelVersion> for String {
    fn from(version: KernelVersion) -> Self {
        version.text
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::KernelVersion;

    fn version(text: &str) -> KernelVersion {
        text.parse().unwrap()
    }

    #[test]
    fn orders_as_they_came_out() {
        let in_order = [
            "2.6.32-754.el6.x86_64",
            "4.18.0-372.9.1.el8.x86_64",
            "5.4",
            "5.10.223-1",
            "5.14.0-427.el9",
            "5.14.0-427.42.1.el9_4.x86_64",
            "5.14.0-503.11.1.el9_5.x86_64",
            "6.7-rc3",
            "6.7",
            "6.7.4",
            "6.7.4-200.fc39.x86_64",
            "6.16.3",
            "6.16.4",
            "7.0",
        ];
        for pair in in_order.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("6.7"), version("6.7.0"));
        assert!(version("6.7.0-0.rc5.20231208git5e3f5b81de80.43.fc40.x86_64") < version("6.7"));
        assert!(version("6.7.4-200.fc39.x86_64") >= version("6.7"));
    }

    #[test]
    fn knows_what_the_distribution_wrote() {
        for (text, distribution) in [
            ("6.7", None),
            ("6.7.4-200.fc39.x86_64", Some("200.fc39.x86_64")),
            ("5.14.0-427.el9", Some("427.el9")),
            ("6.8.0-45-generic", Some("45-generic")),
            ("6.17.8+deb13-amd64", Some("deb13-amd64")),
        ] {
            assert_eq!(version(text).distribution(), distribution, "{text}");
        }
    }

    #[test]
    fn knows_who_backports_drivers() {
        for (text, does) in [
            ("5.14.0-427.42.1.el9_4.x86_64", true),
            ("4.18.0-553.el8_10.x86_64", true),
            ("6.12.0-55.el10.x86_64", true),
            ("6.4.0-150600.21-default", true),
            ("6.7.4-200.fc39.x86_64", false),
            ("6.8.0-45-generic", false),
            ("6.12.38-amd64", false),
            ("6.1", false),
        ] {
            assert_eq!(version(text).takes_drivers_of_later_releases(), does, "{text}");
        }
    }

    #[test]
    fn reads_no_other_text_and_keeps_its_own() {
        for wrong in
            ["", "6", "6.", ".7", "v6.7", "6.7.", "6.+7", "6.7.4.1.2", "99999999999.1", "6.7 x", "6.7-a b"]
        {
            assert!(wrong.parse::<KernelVersion>().is_err(), "{wrong:?} was accepted");
        }
        let text = "6.7.4-200.fc39.x86_64";
        let json = serde_json::to_string(&version(text)).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<KernelVersion>(&json).unwrap(), version(text));
        assert!(serde_json::from_str::<KernelVersion>("\"six\"").is_err());
    }
}
