//! Bytes as `data:` URLs (RFC 2397).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Encodes `bytes`: text by percent signs, everything else in base64.
///
/// Text stays legible in the document, and the medium's compressor finds its repetitions; base64 or
/// gzip would hide them from it.
pub(super) fn encode(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii());
    let Some(text) = text else {
        return format!("data:;base64,{}", STANDARD.encode(bytes));
    };
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

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn keeps_text_legible() {
        for (bytes, url) in [
            (&b""[..], "data:,"),
            (b"a b\n", "data:,a%20b%0A"),
            (b"100%+#", "data:,100%25%2B%23"),
            (&[0xff, 0], "data:;base64,/wA="),
            ("é".as_bytes(), "data:;base64,w6k="),
        ] {
            assert_eq!(encode(bytes), url);
        }
    }
}
