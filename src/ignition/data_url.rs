//! Bytes as `data:` URLs (RFC 2397), compressed where that is smaller.

use std::io::Read as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Contents smaller than this stay legible: a medium's own compressor packs them better than gzip would,
/// because it sees what they have in common.
const LEGIBLE_BYTES: usize = 1024;

/// The most that a data URL may come to when it is unpacked.
const MAX_BYTES: u64 = 64 << 20;

/// A data URL, and how its contents are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUrl {
    /// The URL.
    pub source: String,
    /// `gzip`, or nothing.
    pub compression: Option<&'static str>,
}

impl DataUrl {
    /// Encodes `bytes` as they are: text by percent signs, everything else in base64.
    pub fn plain(bytes: &[u8]) -> Self {
        let escaped = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).map(escaped);
        let source = escaped.unwrap_or_else(|| format!("data:;base64,{}", STANDARD.encode(bytes)));
        Self { source, compression: None }
    }

    /// Encodes `bytes`, compressed by gzip if they are larger than 1 KiB and that is smaller.
    pub fn smallest(bytes: &[u8]) -> Self {
        let plain = Self::plain(bytes);
        if bytes.len() <= LEGIBLE_BYTES {
            return plain;
        }
        let packed = Self::packed(bytes);
        if packed.source.len() + "\"compression\":\"gzip\",".len() < plain.source.len() {
            return packed;
        }
        plain
    }

    /// Encodes `bytes` compressed by gzip, in base64.
    pub fn packed(bytes: &[u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail; if it did, the plain URL would be right too.
        let Some(packed) = encoder.write_all(bytes).ok().and_then(|()| encoder.finish().ok()) else {
            return Self::plain(bytes);
        };
        Self { source: format!("data:;base64,{}", STANDARD.encode(packed)), compression: Some("gzip") }
    }
}

fn escaped(text: &str) -> String {
    let mut url = String::with_capacity(text.len() + text.len() / 4 + 8);
    url.push_str("data:,");
    for byte in text.bytes() {
        // Characters that may stand in a URL and mean nothing there; Ignition's reader takes `+` as it is,
        // but other readers do not.
        if byte.is_ascii_alphanumeric() || b"-_.!~*'(),/:;=@$".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

/// The bytes of a data URL, unpacked if `compression` says so; nothing if they cannot be read, or would be
/// more than 64 MiB.
pub fn decode(source: &str, compression: Option<&str>) -> Option<Vec<u8>> {
    let (kind, body) = source.strip_prefix("data:")?.split_once(',')?;
    let bytes = match kind.ends_with(";base64") {
        true => STANDARD.decode(unescaped(body)).ok()?,
        false => unescaped(body),
    };
    match compression {
        None | Some("") => Some(bytes),
        Some("gzip") => {
            let mut unpacked = Vec::new();
            GzDecoder::new(bytes.as_slice()).take(MAX_BYTES + 1).read_to_end(&mut unpacked).ok()?;
            (unpacked.len() as u64 <= MAX_BYTES).then_some(unpacked)
        }
        Some(_) => None,
    }
}

fn unescaped(body: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::DataUrl;
    use super::decode;

    #[test]
    fn keeps_text_legible() {
        for (bytes, url) in [
            (&b""[..], "data:,"),
            (b"a b\n", "data:,a%20b%0A"),
            (b"100%+#", "data:,100%25%2B%23"),
            (&[0xff, 0], "data:;base64,/wA="),
            ("é".as_bytes(), "data:;base64,w6k="),
        ] {
            assert_eq!(DataUrl::smallest(bytes).source, url);
            assert_eq!(decode(url, None).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn compresses_where_that_is_smaller() {
        let text = "the same again and again\n".repeat(200);
        let packed = DataUrl::smallest(text.as_bytes());
        assert_eq!(packed.compression, Some("gzip"));
        assert!(packed.source.len() < text.len() / 4);
        assert_eq!(decode(&packed.source, Some("gzip")), Some(text.clone().into_bytes()));
        assert_eq!(packed, DataUrl::smallest(text.as_bytes()));
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        let noise: Vec<u8> = (0..4000).map(|_| next()).collect();
        assert_eq!(DataUrl::smallest(&noise).compression, None);
    }

    #[test]
    fn refuses_what_it_cannot_unpack() {
        for (url, compression) in [
            ("https://a", None),
            ("data:;base64,%%%", None),
            ("data:,a", Some("gzip")),
            ("data:,a", Some("xz")),
            ("data:", None),
        ] {
            assert_eq!(decode(url, compression), None, "{url}");
        }
    }
}
