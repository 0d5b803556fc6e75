//! How the bytes of a part were written into the text of the document.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

/// Padding may be missing, as in what some tools write.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A content transfer encoding (RFC 2045, 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// `7bit`, `8bit`, `binary` or nothing: as it is.
    AsItIs,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
    /// Something else, which stays as it is.
    Unknown(String),
}

impl Transfer {
    /// Reads the header's word.
    pub(super) fn of(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Self::AsItIs,
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The bytes, if the text is what the encoding says.
    pub(super) fn decode(&self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::AsItIs | Self::Unknown(_) => Some(body.to_vec()),
            Self::Base64 => base64(body),
            Self::QuotedPrintable => quoted_printable(body),
        }
    }
}

/// Base64 with white space anywhere.
pub(in crate::cloud) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(packed).ok()
}

fn quoted_printable(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    // After a soft break, neither its sign nor the line's end is there.
    let mut goes_on = true;
    for line in text.split(|byte| *byte == b'\n') {
        if !goes_on {
            bytes.push(b'\n');
        }
        let line = line.trim_ascii_end();
        let soft = line.strip_suffix(b"=");
        goes_on = soft.is_some();
        let mut rest = soft.unwrap_or(line);
        while let Some((first, more)) = rest.split_first() {
            rest = more;
            if *first != b'=' {
                bytes.push(*first);
                continue;
            }
            let digits = more.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = more.get(2..)?;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::base64;
    use super::quoted_printable;

    #[test]
    fn decodes_what_is_right_and_nothing_else() {
        for (text, expected) in [
            ("a=3D\n\nb", Some("a=\n\nb")),
            ("#!/bin/sh\r\necho =\r\nlong\n", Some("#!/bin/sh\necho long\n")),
            ("=C3=A9", Some("é")),
            ("end=", Some("end")),
            ("=zz", None),
            ("=+1", None),
            ("=4", None),
        ] {
            assert_eq!(quoted_printable(text.as_bytes()).as_deref(), expected.map(str::as_bytes), "{text}");
        }
        assert_eq!(base64(b"IyEv\r\nYmluL3No\n").as_deref(), Some(&b"#!/bin/sh"[..]));
        assert_eq!(base64(b"IyEvYg").as_deref(), Some(&b"#!/b"[..]));
        assert_eq!(base64(b"!!!"), None);
    }
}
