//! Writes several parts as one MIME document.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longer lines may be broken on the way (RFC 5322, 2.1.1).
const MAX_LINE_BYTES: usize = 998;
/// How long lines of base64 are (RFC 2045, 6.8).
const BASE64_LINE_BYTES: usize = 76;

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What cloud-init calls the file that it makes of it.
    pub filename: String,
    /// What it is, as in `text/x-shellscript`.
    pub content_type: String,
    /// What else its head says, as in `Merge-Type`.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// Writes the parts in their order; the same parts give the same bytes.
///
/// A part goes as it is if it is ASCII with lines of a usual length, else in base64: cloud-init would mangle
/// other letters of a `7bit` or `8bit` part.
pub fn write(parts: &[Piece]) -> Vec<u8> {
    let boundary = boundary(parts);
    let mut text = String::new();
    let _ = write!(text, "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n");
    for part in parts {
        let name: String = part.filename.chars().filter(|letter| is_plain(*letter)).collect();
        let kind: String = part.content_type.chars().filter(|letter| is_plain(*letter)).collect();
        let _ = write!(text, "\n--{boundary}\nContent-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\n");
        for (header, value) in &part.headers {
            let _ = writeln!(text, "{header}: {value}");
        }
        let _ =
            write!(text, "Content-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: ");
        match std::str::from_utf8(&part.bytes) {
            Ok(body) if goes_as_it_is(body) => {
                let _ = write!(text, "7bit\n\n{body}");
            }
            _ => {
                text.push_str("base64\n\n");
                let encoded = STANDARD.encode(&part.bytes);
                let mut rest = encoded.as_str();
                while !rest.is_empty() {
                    let (line, more) = rest.split_at(rest.len().min(BASE64_LINE_BYTES));
                    let _ = writeln!(text, "{line}");
                    rest = more;
                }
            }
        }
    }
    let _ = write!(text, "\n--{boundary}--\n");
    text.into_bytes()
}

/// Letters of a name or type that need no quoting.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "/._+-".contains(letter)
}

fn goes_as_it_is(body: &str) -> bool {
    let is_usual = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~');
    body.bytes().all(is_usual) && body.lines().all(|line| line.len() <= MAX_LINE_BYTES)
}

/// A boundary that is in no part.
fn boundary(parts: &[Piece]) -> String {
    let contains = |boundary: &str| {
        let needle = format!("--{boundary}");
        parts.iter().any(|part| part.bytes.windows(needle.len()).any(|window| window == needle.as_bytes()))
    };
    let mut boundary = "==cotter==".to_owned();
    let mut number = 0;
    while contains(&boundary) {
        number += 1;
        boundary = format!("==cotter={number}==");
    }
    boundary
}
