//! Host names.

use std::str::FromStr;

use super::ValueError;

/// A host name: labels of letters, digits and hyphens (RFC 1123), 64 bytes at most (Linux `HOST_NAME_MAX`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl FromStr for HostName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let label_is_right = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 64 && text.split('.').all(label_is_right) {
            return Ok(Self(text.to_owned()));
        }
        let why = if text.len() > 64 {
            "Linux takes at most 64 bytes"
        } else {
            "each label is 1 to 63 letters, digits and inner hyphens"
        };
        Err(ValueError::new(
            format!("`{text}` is not a host name: {why}"),
            "write a name as in `sno1.lab.example.com`",
        ))
    }
}

shown_as_its_text!(HostName);

#[cfg(test)]
mod tests {
    use super::HostName;

    #[test]
    fn knows_right_from_wrong() {
        for right in ["sno1", "sno1.lab.example.com", "3com", "a-b"] {
            assert!(right.parse::<HostName>().is_ok(), "{right:?} was refused");
        }
        let long = "a".repeat(65);
        for wrong in ["", "bad host_name!!", "-a", "a-", "a..b", "a.", long.as_str()] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong:?} was accepted");
        }
    }
}
