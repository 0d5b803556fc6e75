//! A payload as a platform's interface takes it: plain where it fits, packed where only that fits and somebody unpacks it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Encoding;
use super::Key;
use super::Limit;
use super::LimitOf;
use super::Reader;
use super::gzip;

/// How many of the biggest contents are named.
const BIGGEST: usize = 5;

/// Something in a payload that has a size of its own, to be named if it is too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What it is, as in `file /etc/motd`.
    pub name: String,
    /// How large.
    pub bytes: usize,
}

/// A payload, ready for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// What the key gets.
    pub value: Vec<u8>,
    /// How it was written.
    pub encoding: Encoding,
    /// Other keys that must be set with it.
    pub marks: BTreeMap<String, String>,
    /// How large the payload is.
    pub payload_bytes: usize,
    /// How large it is before base64, and after gzip.
    pub raw_bytes: usize,
    /// The most that fits.
    pub limit: Option<Limit>,
}

/// Why a payload does not go under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The key takes text, and this is none.
    NoText {
        /// The key.
        key: String,
    },
    /// It is larger than what fits.
    TooLarge {
        /// The key.
        key: String,
        /// What fits.
        limit: Limit,
        /// How much it is, in what the limit counts.
        bytes: usize,
        /// How it was written: the smallest way there is.
        encoding: Encoding,
        /// The biggest of what it holds, the biggest first.
        biggest: Vec<Content>,
    },
}

impl Encoded {
    /// How many bytes count against the limit.
    pub fn counted_bytes(&self) -> usize {
        counted(self.limit, self.raw_bytes, self.value.len())
    }

    /// How many bytes are left, if there is a limit.
    pub fn left_bytes(&self) -> Option<u64> {
        self.limit.map(|limit| limit.bytes.saturating_sub(self.counted_bytes() as u64))
    }
}

impl Unfit {
    /// What is wrong.
    pub fn message(&self) -> String {
        match self {
            Self::NoText { key } => format!("`{key}` takes text, and the payload is none"),
            Self::TooLarge { key, limit, bytes, encoding, .. } => {
                let (of, how) = match (limit.of, encoding.is_packed()) {
                    (LimitOf::Raw, true) => ("before base64", ", compressed"),
                    (LimitOf::Raw, false) => ("before base64", ""),
                    (LimitOf::Encoded, true) => ("as it is sent", ", compressed"),
                    (LimitOf::Encoded, false) => ("as it is sent", ""),
                };
                format!("the payload has {bytes} bytes {of}{how}; `{key}` takes {} at most", limit.bytes)
            }
        }
    }

    /// The next step: what to take out, and how it gets there all the same.
    pub fn help(&self) -> String {
        match self {
            Self::NoText { .. } => {
                "write it as UTF-8; what is compressed needs a key that somebody unpacks".to_owned()
            }
            Self::TooLarge { biggest, .. } => {
                let split =
                    "keep the payload small: let it fetch the large part from a URL and check its sha256";
                if biggest.is_empty() {
                    return split.to_owned();
                }
                let named: Vec<String> = biggest
                    .iter()
                    .map(|content| format!("{} ({} bytes)", content.name, content.bytes))
                    .collect();
                format!("the biggest in it: {}; {split}", named.join(", "))
            }
        }
    }
}

/// Writes a payload for a key; `reader` is who will read it there, and `contents` what it holds.
///
/// It is written plainly if that fits; else it is packed, if the reader unpacks it from this key.
pub fn encode(key: &Key, reader: Reader, payload: &[u8], contents: &[Content]) -> Result<Encoded, Unfit> {
    let is_text = std::str::from_utf8(payload).is_ok_and(|text| !text.contains('\0'));
    let plain = (key.encoding != Encoding::Text || is_text)
        .then(|| Encoded::of(key, key.encoding, &key.marks, payload, payload.to_vec()));
    if let Some(encoded) = plain.clone().filter(Encoded::fits) {
        return Ok(encoded);
    }
    let unpacks = key.packed.as_ref().filter(|packed| packed.readers.contains(&reader));
    let packed = unpacks.and_then(|packed| {
        Some(Encoded::of(key, packed.encoding, &packed.marks, payload, gzip::pack(payload).ok()?))
    });
    if let Some(encoded) = packed.clone().filter(Encoded::fits) {
        return Ok(encoded);
    }
    let smallest = plain.into_iter().chain(packed).min_by_key(Encoded::counted_bytes);
    let Some((smallest, limit)) = smallest.and_then(|encoded| Some((encoded.clone(), encoded.limit?))) else {
        return Err(Unfit::NoText { key: key.name.clone() });
    };
    let mut biggest = contents.to_vec();
    biggest.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    biggest.truncate(BIGGEST);
    Err(Unfit::TooLarge {
        key: key.name.clone(),
        limit,
        bytes: smallest.counted_bytes(),
        encoding: smallest.encoding,
        biggest,
    })
}

impl Encoded {
    fn of(
        key: &Key,
        encoding: Encoding,
        marks: &BTreeMap<String, String>,
        payload: &[u8],
        raw: Vec<u8>,
    ) -> Self {
        let raw_bytes = raw.len();
        let value = if encoding.is_base64() { STANDARD.encode(&raw).into_bytes() } else { raw };
        Self {
            value,
            encoding,
            marks: marks.clone(),
            payload_bytes: payload.len(),
            raw_bytes,
            limit: key.limit(),
        }
    }

    fn fits(&self) -> bool {
        self.limit.is_none_or(|limit| self.counted_bytes() as u64 <= limit.bytes)
    }
}

fn counted(limit: Option<Limit>, raw_bytes: usize, value_bytes: usize) -> usize {
    match limit {
        Some(Limit { of: LimitOf::Raw, .. }) => raw_bytes,
        _ => value_bytes,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
mod tests {
    use super::Content;
    use super::Unfit;
    use super::encode;
    use crate::cloud::Encoding;
    use crate::cloud::Reader;
    use crate::cloud::Table;

    /// Text that gzip makes no smaller than half.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            b"0123456789abcdef"[(state >> 60) as usize]
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn the_limit_counts_what_the_platform_counts() {
        for (platform, key, reader, size, expected) in [
            ("aws", "user-data", Reader::Ignition, 16384, "base64"),
            (
                "aws",
                "user-data",
                Reader::Ignition,
                16385,
                "16385 bytes before base64; `user-data` takes 16384",
            ),
            ("aws", "user-data", Reader::CloudInit, 16385, "gzip+base64"),
            (
                "aws",
                "user-data",
                Reader::CloudInit,
                40000,
                "bytes before base64, compressed; `user-data` takes 16384",
            ),
            ("openstack", "user_data", Reader::Ignition, 49149, "base64"),
            (
                "openstack",
                "user_data",
                Reader::Ignition,
                49152,
                "65536 bytes as it is sent; `user_data` takes 65535",
            ),
            ("gce", "startup-script", Reader::StartupScript, 262_144, "text"),
            ("gce", "startup-script", Reader::StartupScript, 262_145, "262145 bytes as it is sent"),
            ("gce", "user-data", Reader::CloudInit, 262_145, "gzip+base64"),
            ("gce", "user-data", Reader::Ignition, 262_145, "262145 bytes as it is sent"),
            ("nocloud", "user-data", Reader::CloudInit, 262_145, "bytes"),
        ] {
            let table = Table::own();
            let key = table.platform(platform).unwrap().key(key).unwrap();
            let said = match encode(key, reader, &noise(size), &[]) {
                Ok(encoded) => encoded.encoding.word().to_owned(),
                Err(unfit) => unfit.message(),
            };
            let is_met = if expected.contains(' ') { said.contains(expected) } else { said == expected };
            assert!(is_met, "{platform} {size}: {said}");
        }
    }

    #[test]
    fn the_biggest_contents_are_named_and_marks_go_along() {
        let table = Table::own();
        let key = table.platform("aws").unwrap().key("user-data").unwrap();
        let content = |name: &str, bytes| Content { name: name.to_owned(), bytes };
        let contents = [content("file /small", 10), content("file /large", 20000), content("unit b", 300)];
        let Err(unfit) = encode(key, Reader::Ignition, &noise(20400), &contents) else {
            panic!("it was accepted")
        };
        assert!(
            unfit.help().contains("file /large (20000 bytes), unit b (300 bytes), file /small"),
            "{}",
            unfit.help()
        );
        let key = table.platform("gce").unwrap().key("user-data").unwrap();
        let encoded = encode(key, Reader::CloudInit, &noise(300_000), &[]).unwrap();
        assert_eq!(encoded.marks["user-data-encoding"], "base64");
        assert_eq!(encoded.encoding, Encoding::GzipBase64);
        assert_eq!(
            encode(key, Reader::Ignition, b"\xff", &[]),
            Err(Unfit::NoText { key: "user-data".to_owned() })
        );
        // Somebody who unpacks it takes any bytes.
        assert!(encode(key, Reader::CloudInit, b"\xff", &[]).is_ok());
    }
}
