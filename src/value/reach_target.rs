//! What the machine must be able to reach.

use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::ValueError;

/// A place on the network: `tcp://HOST:PORT`, or an `http://` or `https://` URL.
///
/// A TCP target is reached when a connection opens, a URL when any HTTP answer comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReachTarget(String);

impl ReachTarget {
    /// Host and port of a `tcp://` target; an IPv6 host has no brackets.
    pub fn tcp(&self) -> Option<(&str, u16)> {
        let (host, port) = self.0.strip_prefix("tcp://")?.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        Some((host, port.parse().ok()?))
    }
}

impl FromStr for ReachTarget {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let target = Self(text.to_owned());
        let clean = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'`'));
        let url = |scheme: &str| {
            text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        let tcp = target.tcp().is_some_and(|(host, port)| !host.is_empty() && port > 0);
        if clean && (tcp || url("http://") || url("https://")) {
            return Ok(target);
        }
        Err(ValueError::new(
            format!("`{text}` is not a place on the network"),
            "write `tcp://192.168.50.1:53` or a URL as in `https://registry.example.com/v2/`",
        ))
    }
}

impl TryFrom<String> for ReachTarget {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<ReachTarget> for String {
    fn from(target: ReachTarget) -> Self {
        target.0
    }
}

shown_as_its_text!(ReachTarget);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::ReachTarget;

    #[test]
    fn knows_right_from_wrong() {
        for right in ["tcp://192.168.50.1:53", "tcp://[fe80::1]:22", "https://a.example/v2/", "http://a"] {
            assert!(right.parse::<ReachTarget>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "192.168.50.1", "tcp://a", "tcp://a:0", "ftp://a", "https:///x", "tcp://a b:1"] {
            assert!(wrong.parse::<ReachTarget>().is_err(), "{wrong:?} was accepted");
        }
        assert_eq!("tcp://[fe80::1]:22".parse::<ReachTarget>().unwrap().tcp(), Some(("fe80::1", 22)));
    }
}
