//! Reads a MIME document as Python's `email` does, which cloud-init uses, and says where it had to guess.

use super::transfer::Transfer;

/// How deep documents may lie in documents.
const MAX_DEPTH: usize = 8;
/// How many parts are read.
const MAX_PARTS: usize = 256;

/// A document's parts, in their order; documents within it are taken apart too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The parts.
    pub parts: Vec<Entity>,
    /// What is wrong with the document as a whole: the line, from 1, and what it is.
    pub faults: Vec<(usize, String)>,
    /// There was more than is read.
    pub is_too_much: bool,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// What it is said to be, in lower case; nothing if it is not said.
    pub content_type: Option<String>,
    /// What it is called.
    pub filename: Option<String>,
    /// How it is merged with earlier parts, if that is said.
    pub merge_type: Option<String>,
    /// How it was written.
    pub transfer: Transfer,
    /// Its contents; of what cannot be decoded, the text.
    pub bytes: Vec<u8>,
    /// The line of the document on which the part begins, from 1.
    pub line: usize,
    /// The line of the document on which its contents begin.
    pub body_line: usize,
    /// What is wrong with it: the line of the document, and what it is.
    pub faults: Vec<(usize, String)>,
}

/// Reads a document.
pub fn read(bytes: &[u8]) -> Message {
    let mut message = Message::default();
    let document = Lines { bytes, first_line: 1 };
    entity(document, 0, &mut message);
    message
}

/// Some lines of the document.
#[derive(Clone, Copy)]
struct Lines<'a> {
    bytes: &'a [u8],
    first_line: usize,
}

impl<'a> Lines<'a> {
    /// The first line without its end, and what follows.
    fn split(self) -> Option<(&'a [u8], Self)> {
        if self.bytes.is_empty() {
            return None;
        }
        let end = self.bytes.iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |at| at + 1);
        let (line, rest) = self.bytes.split_at(end);
        let ended = line.strip_suffix(b"\n");
        // After a line without an end there is no other.
        let first_line = self.first_line + usize::from(ended.is_some());
        let line = ended.unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Some((line, Self { bytes: rest, first_line }))
    }
}

/// The headers of a part, unfolded, and what follows them.
struct Headed<'a> {
    headers: Vec<(String, String)>,
    body: Lines<'a>,
    faults: Vec<(usize, String)>,
}

fn headed(mut lines: Lines<'_>) -> Headed<'_> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut faults = Vec::new();
    while let Some((line, rest)) = lines.split() {
        if line.is_empty() {
            return Headed { headers, body: rest, faults };
        }
        let text = String::from_utf8_lossy(line);
        match (text.split_once(':'), headers.last_mut()) {
            (_, Some((_, value))) if text.starts_with([' ', '\t']) => {
                value.push(' ');
                value.push_str(text.trim());
            }
            (Some((name, value)), _) if is_header_name(name) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            _ => {
                faults.push((
                    lines.first_line,
                    "no empty line parts the headers from the contents, which begin here".to_owned(),
                ));
                return Headed { headers, body: lines, faults };
            }
        }
        lines = rest;
    }
    Headed { headers, body: lines, faults }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

impl Headed<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads an entity, and if it is a container, those in it.
fn entity(lines: Lines<'_>, depth: usize, message: &mut Message) {
    if message.parts.len() >= MAX_PARTS || depth > MAX_DEPTH {
        message.is_too_much = true;
        return;
    }
    let headed = headed(lines);
    let content_type = headed.get("content-type").map(kind_of);
    if content_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/")) {
        message.faults.extend(headed.faults.iter().cloned());
        let boundary = headed.get("content-type").and_then(|value| parameter(value, "boundary"));
        match boundary {
            Some(boundary) => container(&boundary, headed.body, depth, message),
            None => message.faults.push((
                lines.first_line,
                "a multipart has no `boundary`, so nothing in it is found".to_owned(),
            )),
        }
        return;
    }
    let transfer = Transfer::of(headed.get("content-transfer-encoding").unwrap_or_default());
    let mut faults = headed.faults.clone();
    let body = headed.body;
    let bytes = transfer.decode(body.bytes).unwrap_or_else(|| {
        let how = if transfer == Transfer::Base64 { "base64" } else { "quoted-printable" };
        faults.push((body.first_line, format!("the contents are said to be {how} and are not")));
        body.bytes.to_vec()
    });
    match &transfer {
        Transfer::Unknown(word) => faults
            .push((lines.first_line, format!("`Content-Transfer-Encoding: {word}` is none that is known"))),
        // Python puts the text into ASCII, with `\u20ac` where that has no letter.
        Transfer::AsItIs if !body.bytes.is_ascii() => {
            let before = body.bytes.iter().take_while(|byte| byte.is_ascii());
            let line = body.first_line + before.filter(|byte| **byte == b'\n').count();
            faults.push((
                line,
                "letters that are not ASCII are mangled by cloud-init in a part that is not base64"
                    .to_owned(),
            ));
        }
        _ => {}
    }
    message.parts.push(Entity {
        content_type,
        filename: filename(&headed),
        merge_type: headed.get("merge-type").or_else(|| headed.get("x-merge-type")).map(ToOwned::to_owned),
        transfer,
        bytes,
        line: lines.first_line,
        body_line: body.first_line,
        faults,
    });
}

/// Reads what lies between the boundaries.
fn container(boundary: &str, body: Lines<'_>, depth: usize, message: &mut Message) {
    let opening = format!("--{boundary}");
    let mut rest = body;
    let mut begun: Option<Lines<'_>> = None;
    let mut has_part = false;
    let mut is_closed = false;
    while let Some((line, after)) = rest.split() {
        let line = line.trim_ascii_end();
        let ending = line.strip_prefix(opening.as_bytes());
        if let Some(ending @ (b"" | b"--")) = ending {
            if let Some(part) = begun.take() {
                entity(upto(part, rest), depth + 1, message);
            }
            has_part = true;
            if ending == b"--" {
                is_closed = true;
                break;
            }
            begun = Some(after);
        }
        rest = after;
    }
    if let Some(part) = begun.filter(|_| !is_closed) {
        entity(part, depth + 1, message);
    }
    if !has_part {
        let what = format!("the boundary `{opening}` is nowhere, so nothing in the multipart is found");
        message.faults.push((body.first_line, what));
    } else if !is_closed {
        let what = format!("`{opening}--` is missing at the end: the document may be cut off");
        message.faults.push((rest.first_line.saturating_sub(1).max(1), what));
    }
}

/// What lies before `rest`; the line end before a boundary belongs to the boundary.
fn upto<'a>(part: Lines<'a>, rest: Lines<'a>) -> Lines<'a> {
    let bytes = part.bytes.get(..part.bytes.len().saturating_sub(rest.bytes.len())).unwrap_or_default();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Lines { bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes), ..part }
}

/// `text/cloud-config` of `Text/cloud-config; charset=…`; Python takes what has no subtype for plain text.
fn kind_of(value: &str) -> String {
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.split('/').count() == 2 { kind } else { "text/plain".to_owned() }
}

fn filename(headed: &Headed<'_>) -> Option<String> {
    let of_disposition = headed.get("content-disposition").and_then(|value| parameter(value, "filename"));
    of_disposition.or_else(|| parameter(headed.get("content-type")?, "name"))
}

/// A parameter of a header: `boundary` of `multipart/mixed; boundary="B"`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (text, more) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (text, more) = after.split_at(end);
                (text.trim_end(), more)
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(text.to_owned());
        }
        rest = more.split_once(';')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Piece;
    use super::super::write;
    use super::read;

    /// As kOps writes it: ends of lines by CRLF outside parts, and by LF in them.
    const KOPS: &str = "Content-Type: multipart/mixed; boundary=\"MIMEBOUNDARY\"\r\nMIME-Version: 1.0\r\n\r\n--MIMEBOUNDARY\r\nContent-Disposition: attachment; filename=\"nodeup.sh\"\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/x-shellscript\r\nMIME-Version: 1.0\r\n\r\n#!/bin/bash\nset -o errexit\n\r\n--MIMEBOUNDARY\r\nContent-Disposition: attachment; filename=\"extra.txt\"\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/cloud-config\r\nMIME-Version: 1.0\r\n\r\n#cloud-config\nruncmd: [ls]\n\r\n--MIMEBOUNDARY--\r\n";

    #[test]
    fn reads_what_kops_writes() {
        let message = read(KOPS.as_bytes());
        assert!(message.faults.is_empty(), "{:?}", message.faults);
        let [script, config] = message.parts.as_slice() else { unreachable!("{message:?}") };
        assert_eq!(script.bytes, b"#!/bin/bash\nset -o errexit\n");
        assert_eq!((script.line, script.body_line), (5, 10));
        assert_eq!(script.filename.as_deref(), Some("nodeup.sh"));
        assert_eq!(script.content_type.as_deref(), Some("text/x-shellscript"));
        assert_eq!(config.bytes, b"#cloud-config\nruncmd: [ls]\n");
        assert_eq!(config.body_line, 19);
    }

    #[test]
    fn reads_back_what_was_written() {
        let piece = |name: &str, bytes: &[u8]| Piece {
            headers: Vec::new(),
            filename: name.to_owned(),
            content_type: "text/cloud-config".to_owned(),
            bytes: bytes.to_vec(),
        };
        let long = "x".repeat(5000);
        let pieces = [
            piece("a", b"#cloud-config\n"),
            piece("b", "é €\n".as_bytes()),
            piece("c", long.as_bytes()),
            piece("d", b"--==cotter==\nnothing\r\n"),
            piece("e", b""),
            piece("f", b"\0\xff"),
        ];
        let written = write(&pieces);
        assert_eq!(written, write(&pieces));
        let message = read(&written);
        assert!(message.faults.is_empty() && message.parts.iter().all(|part| part.faults.is_empty()));
        let back: Vec<&[u8]> = message.parts.iter().map(|part| part.bytes.as_slice()).collect();
        let given: Vec<&[u8]> = pieces.iter().map(|piece| piece.bytes.as_slice()).collect();
        assert_eq!(back, given);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let head = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n";
        for (text, line, words) in [
            ("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--B\n".to_owned(), 1, "no `boundary`"),
            (format!("{head}--C\n\nx\n--C--\n"), 4, "`--B` is nowhere"),
            (format!("{head}--B\nContent-Type: text/plain\n\nx\n"), 7, "`--B--` is missing"),
            (format!("{head}--B\n#!/bin/sh\n--B--\n"), 5, "no empty line"),
            (
                format!("{head}--B\nContent-Transfer-Encoding: base64\n\n!!!\n--B--\n"),
                7,
                "base64 and are not",
            ),
            (format!("{head}--B\nContent-Transfer-Encoding: x-rot\n\n!!!\n--B--\n"), 5, "x-rot"),
            (format!("{head}--B\nContent-Transfer-Encoding: 8bit\n\na\né\n--B--\n"), 8, "not ASCII"),
        ] {
            let message = read(text.as_bytes());
            let all: Vec<&(usize, String)> =
                message.faults.iter().chain(message.parts.iter().flat_map(|part| &part.faults)).collect();
            assert!(all.len() == 1 && all[0].0 == line && all[0].1.contains(words), "{text}: {all:?}");
        }
    }

    #[test]
    fn is_bounded() {
        let mut deep = String::from("MIME-Version: 1.0\n");
        for level in 0..40 {
            deep.push_str(&format!("Content-Type: multipart/mixed; boundary=B{level}\n\n--B{level}\n"));
        }
        assert!(read(deep.as_bytes()).is_too_much);
        let many = format!("Content-Type: multipart/mixed; boundary=B\n\n{}", "--B\n\nx\n".repeat(1000));
        let message = read(many.as_bytes());
        assert!(message.is_too_much && message.parts.len() == 256);
    }
}
