//! Reads `data:` URLs back, independently of what wrote them.

use base64::Engine as _;

/// The bytes of a `data:` URL.
pub fn decode(url: &str) -> Vec<u8> {
    let (head, body) = url.strip_prefix("data:").unwrap().split_once(',').unwrap();
    if head.ends_with(";base64") {
        return base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    }
    let mut bytes = Vec::new();
    let mut letters = body.bytes();
    while let Some(letter) = letters.next() {
        if letter == b'%' {
            let digits = [letters.next().unwrap(), letters.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(letter);
        }
    }
    bytes
}
