//! Reads `data:` URLs back, independently of what wrote them.

use std::io::Read as _;

use base64::Engine as _;

/// The bytes of a thing with contents, as Ignition has it: a `data:` URL, compressed or not.
pub fn decode(resource: &serde_json::Value) -> Vec<u8> {
    let Some(source) = resource["source"].as_str() else {
        return Vec::new();
    };
    let bytes = plain(source);
    match resource["compression"].as_str() {
        Some("gzip") => {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
            unpacked
        }
        _ => bytes,
    }
}

fn plain(url: &str) -> Vec<u8> {
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
