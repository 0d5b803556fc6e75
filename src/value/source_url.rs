//! Where Ignition fetches things.

use std::str::FromStr;

use super::ValueError;

/// Schemes that Ignition fetches (its config/v3_*/types/url.go).
const SCHEMES: [&str; 7] = ["data:", "http://", "https://", "tftp://", "s3://", "gs://", "arn:"];

/// A URL that Ignition fetches on the first boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUrl(String);

impl SourceUrl {
    /// True if the contents are in the URL itself.
    pub fn is_data(&self) -> bool {
        self.0.starts_with("data:")
    }

    /// True for what HTTP headers can be sent to.
    pub fn is_http(&self) -> bool {
        self.0.starts_with("http://") || self.0.starts_with("https://")
    }

    /// The minor version of Ignition's spec 3 that knows the scheme: `gs:` came with 3.2, `arn:` with 3.4.
    pub fn ignition_minor(&self) -> u8 {
        match self.0.split(':').next() {
            Some("gs") => 2,
            Some("arn") => 4,
            _ => 0,
        }
    }
}

impl FromStr for SourceUrl {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let has_rest = |scheme: &&str| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| if *scheme == "data:" { rest.contains(',') } else { !rest.is_empty() })
        };
        if SCHEMES.iter().any(has_rest)
            && text.bytes().all(|b| b.is_ascii_graphic() || text.starts_with("data:"))
        {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(60).collect();
        Err(ValueError::new(
            format!("`{shown}` is not a URL that Ignition fetches"),
            "use http, https, tftp, s3, gs, arn or data, as in `https://example.com/file`",
        ))
    }
}

shown_as_its_text!(SourceUrl);

#[cfg(test)]
mod tests {
    use super::SourceUrl;

    #[test]
    fn knows_what_ignition_fetches() {
        for right in ["data:,a b", "https://example.com/x", "s3://bucket/key", "arn:aws:s3:::x/y", "gs://b/k"]
        {
            assert!(right.parse::<SourceUrl>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "example.com", "ftp://a/b", "http://", "data:nothing", "https://a b"] {
            assert!(wrong.parse::<SourceUrl>().is_err(), "{wrong:?} was accepted");
        }
    }
}
