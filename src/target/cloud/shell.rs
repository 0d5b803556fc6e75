//! Texts within shell scripts.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How long the lines of base64 are.
const LINE: usize = 76;
/// A text up to this stays legible.
const LEGIBLE_BYTES: usize = 1024;

/// A word as the shell takes it for itself, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,@%+=".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Words, each for itself.
pub(super) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Bytes within a script, as `put` takes them: how they are written, and the here-document itself.
pub(super) struct Embedded {
    /// `plain`, `base64` or `gzip`.
    pub(super) how: &'static str,
    /// From `<<` on, to the line break after the delimiter.
    pub(super) document: String,
}

/// Embeds bytes: short texts legibly, everything else in base64, compressed where that is smaller.
pub(super) fn embedded(bytes: &[u8]) -> Embedded {
    let text = std::str::from_utf8(bytes).ok().filter(|text| is_legible(text));
    if let Some(text) = text.filter(|text| text.len() <= LEGIBLE_BYTES) {
        let delimiter = delimiter(text);
        return Embedded { how: "plain", document: format!("<<'{delimiter}'\n{text}{delimiter}\n") };
    }
    let packed = packed(bytes).filter(|packed| packed.len() < bytes.len());
    let (how, bytes) = match &packed {
        Some(packed) => ("gzip", packed.as_slice()),
        None => ("base64", bytes),
    };
    Embedded { how, document: format!("<<'COTTER'\n{}COTTER\n", base64_lines(bytes)) }
}

/// Base64 in lines.
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

/// Gzip with nothing of the moment in it.
pub(super) fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// True for lines that people can read, and that a here-document gives back as they are.
fn is_legible(text: &str) -> bool {
    (text.is_empty() || text.ends_with('\n'))
        && text.chars().all(|letter| letter == '\n' || letter == '\t' || !letter.is_control())
}

/// A line that is in no text.
fn delimiter(text: &str) -> String {
    let mut delimiter = "COTTER".to_owned();
    while text.lines().any(|line| line == delimiter) {
        delimiter.push('_');
    }
    delimiter
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::process::Command;

    use super::embedded;
    use super::quoted;
    use super::words;

    fn bash(script: &str) -> Vec<u8> {
        let output = Command::new("bash").args(["-euc", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    #[test]
    fn every_word_stays_one_word() {
        for text in
            ["", "a", "a b", "it's", "$HOME `id` \\", "a\nb\n", "\"", "*", "~", "é😀", "-n", "#x", "!!"]
        {
            let script = format!("printf '%s' {}", quoted(text));
            assert_eq!(bash(&script), text.as_bytes(), "{script}");
        }
        assert_eq!(bash(&format!("printf '<%s>' {}", words(["a b", "", "c"]))), b"<a b><><c>");
    }

    #[test]
    fn every_contents_comes_out_as_it_was() {
        let long = "x".repeat(200_000) + "\n";
        let long_lines = "$HOME `id`\n".repeat(1000);
        let noise: Vec<u8> =
            (0..5000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let texts: [&[u8]; 12] = [
            b"",
            b"a\n",
            b"no line break",
            b"COTTER\nCOTTER_\n",
            b"$HOME `id` \\ 'x' \"y\"\n",
            b"a\r\nb\r\n",
            b"\0\xff\n",
            "é😀\n".as_bytes(),
            b"\n\n\n",
            long.as_bytes(),
            long_lines.as_bytes(),
            &noise,
        ];
        for bytes in texts {
            let there = embedded(bytes);
            let decode = match there.how {
                "plain" => "cat",
                "base64" => "base64 -d",
                _ => "base64 -d | gzip -dc",
            };
            // `base64 -d` reads the here-document, which begins on its own line.
            let (first, rest) = there.document.split_once('\n').unwrap();
            let decode = match decode.split_once(" | ") {
                Some((one, other)) => format!("{one} {first} | {other}"),
                None => format!("{decode} {first}"),
            };
            let script = format!("{decode}\n{rest}");
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &script).unwrap();
            let output = Command::new("bash").arg(file.path()).output().unwrap();
            assert!(output.stdout == bytes, "{} bytes: {}", bytes.len(), there.how);
        }
    }
}
