//! From the bytes of a file to the parts that a reader would see.

use super::Kind;
use super::Layer;
use super::Part;
use super::Payload;
use super::Place;
use super::archive;
use crate::cloud::Format;
use crate::cloud::gzip;
use crate::cloud::mime;
use crate::cloud::mime::base64;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::value::printable;

/// The largest payload that is looked at; no platform takes so much.
pub const MAX_PAYLOAD_BYTES: usize = 8 << 20;
/// The most that all its parts may have, unpacked.
const MAX_UNPACKED_BYTES: usize = 16 << 20;
/// How often something may be packed in something else.
const MAX_LAYERS: usize = 4;
/// How many parts are looked at.
const MAX_PARTS: usize = 256;
/// cloud-init looks for the header of MIME in so many bytes.
const MIME_HEAD_BYTES: usize = 4096;
/// Content types under which cloud-init unpacks gzip.
const GZIP_TYPES: [&str; 8] = [
    "application/gzip",
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-compress",
    "application/x-compressed",
    "application/x-gunzip",
    "application/x-gzip",
    "application/x-gzip-compressed",
];

/// Takes a payload apart; `file` names it in findings.
pub fn unpack(file: &str, bytes: &[u8]) -> (Payload, Diagnostics) {
    let mut unpacking =
        Unpacking { file, findings: Diagnostics::new(), parts: Vec::new(), unpacked_bytes: 0 };
    let payload = unpacking.whole(bytes);
    (payload, unpacking.findings)
}

struct Unpacking<'a> {
    file: &'a str,
    findings: Diagnostics,
    parts: Vec<Part>,
    unpacked_bytes: usize,
}

/// A part before it is known what it is.
struct Raw {
    label: String,
    filename: Option<String>,
    content_type: Option<String>,
    has_merge_type: bool,
    bytes: Vec<u8>,
    place: Place,
}

impl Unpacking<'_> {
    fn whole(&mut self, bytes: &[u8]) -> Payload {
        let whole = Origin::of_file(self.file);
        let mut layers = Vec::new();
        let mut current = bytes.to_vec();
        let mut machine_bytes = None;
        let mut format = None;
        let is_open = loop {
            if layers.len() >= MAX_LAYERS || current.len() > MAX_UNPACKED_BYTES {
                self.too_much(&whole);
                break false;
            }
            if gzip::is_gzip(&current) {
                match self.gunzip(&current, &whole) {
                    Some(unpacked) => current = unpacked,
                    None => break false,
                }
                layers.push(Layer::Gzip);
            } else if let Some(decoded) = wrapped(&current) {
                current = decoded;
                layers.push(Layer::Base64);
                if layers.len() == 1 {
                    machine_bytes = Some(current.clone());
                }
            } else {
                break true;
            }
        };
        let machine_bytes = machine_bytes.unwrap_or_else(|| bytes.to_vec());
        let is_usual =
            matches!(layers.as_slice(), [] | [Layer::Gzip] | [Layer::Base64] | [Layer::Base64, Layer::Gzip]);
        if is_open && !is_usual {
            let words: Vec<&str> = layers.iter().map(|layer| layer.word()).collect();
            self.findings.error(
                "boot-data-encoding",
                &whole,
                format!("it is packed as {}, and no reader unpacks so much", words.join(" around ")),
                "pack it once: gzip at most, and base64 around it where the platform asks for it",
            );
        }
        let place = Place { file: self.file.to_owned(), line: 1, is_plain: layers.is_empty() };
        if is_open {
            format = self.opened(&current, place, &mut layers);
        }
        Payload {
            layers,
            machine_bytes,
            format,
            parts: std::mem::take(&mut self.parts),
            unpacked_bytes: self.unpacked_bytes,
        }
    }

    /// Looks into what is no longer packed.
    fn opened(&mut self, bytes: &[u8], place: Place, layers: &mut Vec<Layer>) -> Option<Format> {
        match mime_at(bytes) {
            None => {
                let raw = Raw {
                    label: String::new(),
                    filename: None,
                    content_type: None,
                    has_merge_type: false,
                    bytes: bytes.to_vec(),
                    place,
                };
                self.part(raw, 0);
                let kind = self.parts.first().filter(|_| self.parts.len() == 1).map(|part| part.kind)?;
                match kind {
                    Kind::CloudConfig => Some(Format::CloudConfig),
                    Kind::Ignition => Some(Format::Ignition),
                    kind if kind.is_program() => Some(Format::Script),
                    _ => None,
                }
            }
            Some(before) => {
                layers.push(Layer::Mime);
                self.mime(bytes, before, &place);
                Some(Format::Mime)
            }
        }
    }

    fn mime(&mut self, bytes: &[u8], before: usize, place: &Place) {
        let document = Part {
            label: String::new(),
            filename: None,
            content_type: None,
            has_merge_type: false,
            kind: Kind::Unknown,
            bytes: bytes.to_vec(),
            place: place.clone(),
        };
        let help = "let a tool write it: `cloud-init devel make-mime`, Terraform's `cloudinit_config`";
        if before > 0 {
            let message =
                "an empty line before its headers: cloud-init finds no header, and nothing that it knows";
            self.findings.error(
                "boot-data-mime",
                &document.origin(1),
                message,
                "begin with the first header",
            );
        }
        if !has_mime_version(bytes) {
            let message = "`MIME-Version` is not among its headers: cloud-init does not take it for MIME";
            let help = "add `MIME-Version: 1.0` to the first headers";
            self.findings.error("boot-data-mime", &document.origin(1), message, help);
        }
        let body = bytes.get(before..).unwrap_or_default();
        let skipped = bytes.iter().take(before).filter(|byte| **byte == b'\n').count();
        let message = mime::read(body);
        for (line, what) in &message.faults {
            let origin = document.origin(line + skipped);
            // What may be cut off is read all the same.
            match what.contains("cut off") {
                true => self.findings.warning("boot-data-mime", &origin, what.as_str(), help),
                false => self.findings.error("boot-data-mime", &origin, what.as_str(), help),
            }
        }
        if message.parts.is_empty() && message.faults.is_empty() {
            self.findings.error("boot-data-mime", &document.origin(1), "there is no part in it", help);
        }
        if message.is_too_much {
            self.too_much(&document.origin(0));
        }
        let count = message.parts.len();
        for (index, entity) in message.parts.into_iter().enumerate() {
            let number = if count == 1 { "the part".to_owned() } else { format!("part {}", index + 1) };
            let label = match &entity.filename {
                Some(name) => format!("{number} `{}`", shown(name)),
                None => number,
            };
            for (line, what) in &entity.faults {
                let line = line + skipped;
                let key = label.clone();
                let origin = Origin { key, ..document.origin(line) };
                self.findings.error("boot-data-mime", &origin, what.as_str(), help);
            }
            let is_plain = place.is_plain && entity.transfer == mime::Transfer::AsItIs;
            let line = if is_plain { entity.body_line } else { entity.line } + skipped;
            // Lines of what is packed are no lines of the file.
            let line = if place.is_plain { line } else { place.line };
            self.part(
                Raw {
                    label,
                    filename: entity.filename,
                    content_type: entity.content_type,
                    has_merge_type: entity.merge_type.is_some(),
                    bytes: entity.bytes,
                    place: Place { file: self.file.to_owned(), line, is_plain },
                },
                0,
            );
        }
    }

    /// Says what a part is, and takes it apart if it is made of parts.
    fn part(&mut self, mut raw: Raw, depth: usize) {
        if raw.content_type.as_deref().is_some_and(|kind| GZIP_TYPES.contains(&kind)) {
            let origin = Origin { line: raw.place.line, ..Origin::of_file(self.file) };
            let Some(unpacked) = self.gunzip(&raw.bytes, &origin) else { return };
            raw.bytes = unpacked;
            raw.content_type = None;
            raw.place.is_plain = false;
        }
        self.unpacked_bytes += raw.bytes.len();
        if self.parts.len() >= MAX_PARTS || self.unpacked_bytes > MAX_UNPACKED_BYTES || depth > MAX_LAYERS {
            self.unpacked_bytes -= raw.bytes.len();
            self.too_much(&Origin::of_file(self.file));
            return;
        }
        let text = std::str::from_utf8(&raw.bytes).ok();
        // Its reader would not see past the mark; the rest is looked at all the same.
        let begins = text.map(|text| text.trim_start_matches('\u{feff}'));
        let kind = match begins {
            Some(text) if text.trim().is_empty() => Kind::Empty,
            Some(text) if raw.label.is_empty() && is_ignition(text) => Kind::Ignition,
            Some(text) => Kind::of_part(raw.content_type.as_deref(), text),
            None => Kind::Unknown,
        };
        let archive = begins.filter(|_| kind == Kind::Archive).map(archive::entries);
        let Raw { label, filename, content_type, has_merge_type, bytes, place } = raw;
        let part = Part { label, filename, content_type, has_merge_type, kind, bytes, place };
        let Some((entries, findings)) = archive else {
            self.parts.push(part);
            return;
        };
        for finding in findings.sorted() {
            let origin = part.placed(finding.origin);
            self.findings.error(finding.rule, &origin, finding.message, finding.help);
        }
        // Its entries stand for it.
        self.unpacked_bytes = self.unpacked_bytes.saturating_sub(part.bytes.len());
        let prefix = if part.label.is_empty() { String::new() } else { format!("{}, ", part.label) };
        for (index, entry) in entries.into_iter().enumerate() {
            let (line, is_plain) = entry.line;
            let label = format!("{prefix}entry {}", index + 1);
            let at = if part.place.is_plain { part.place.line + line - 1 } else { part.place.line };
            let content_type = entry.content_type.or_else(|| {
                // What says nothing of itself is cloud-config in an archive.
                Kind::of_beginning(&entry.text).is_none().then(|| "text/cloud-config".to_owned())
            });
            self.part(
                Raw {
                    label: match &entry.filename {
                        Some(name) => format!("{label} `{}`", shown(name)),
                        None => label,
                    },
                    filename: entry.filename,
                    content_type,
                    has_merge_type: false,
                    bytes: entry.text.into_bytes(),
                    place: Place {
                        file: self.file.to_owned(),
                        line: at,
                        is_plain: is_plain && part.place.is_plain,
                    },
                },
                depth + 1,
            );
        }
    }

    fn gunzip(&mut self, bytes: &[u8], at: &Origin) -> Option<Vec<u8>> {
        let room = MAX_UNPACKED_BYTES.saturating_sub(self.unpacked_bytes);
        match gzip::unpack(bytes, room) {
            Ok(unpacked) => return Some(unpacked),
            Err(gzip::Packed::TooLarge) => self.too_much(at),
            Err(gzip::Packed::Damaged) => self.findings.error(
                "boot-data-packed",
                at,
                "its gzip is damaged or cut off",
                "pack it again; a console or a variable may have taken the bytes for text: put base64 around them",
            ),
        }
        None
    }

    fn too_much(&mut self, at: &Origin) {
        let message = format!(
            "unpacked it has more than {MAX_UNPACKED_BYTES} bytes or {MAX_PARTS} parts, or is packed in itself too often"
        );
        let help = "no platform's payload needs so much; see where it comes from";
        self.findings.error("boot-data-packed", at, message, help);
    }
}

/// Base64 around something that is a payload: a word alone may look like base64 too.
fn wrapped(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(byte);
    if bytes.len() < 8 || !bytes.iter().all(is_letter) {
        return None;
    }
    let decoded = base64(bytes)?;
    let text = std::str::from_utf8(&decoded).ok();
    let is_payload = gzip::is_gzip(&decoded)
        || mime_at(&decoded).is_some()
        || text.is_some_and(|text| Kind::of_beginning(text).is_some() || is_ignition(text))
        || wrapped(&decoded).is_some();
    is_payload.then_some(decoded)
}

/// How many bytes lie before the headers, if this is a MIME document.
fn mime_at(bytes: &[u8]) -> Option<usize> {
    let before = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let head = bytes.get(before..)?;
    let head = String::from_utf8_lossy(head.get(..head.len().min(MIME_HEAD_BYTES))?).to_ascii_lowercase();
    let begins = ["content-type:", "mime-version:", "from nobody "].iter().any(|word| head.starts_with(word));
    let has_both = has_mime_version(bytes)
        && head.lines().next().is_some_and(|line| {
            let name = line.split(':').next().unwrap_or_default();
            line.contains(':')
                && !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let is_multipart = begins && head.contains("multipart/") && head.contains("boundary");
    (is_multipart || has_both).then_some(before)
}

fn has_mime_version(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(MIME_HEAD_BYTES)).unwrap_or_default();
    String::from_utf8_lossy(head).to_ascii_lowercase().contains("mime-version:")
}

/// True for JSON that speaks of Ignition, also if it is broken somewhere.
fn is_ignition(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"ignition\"")
}

/// A name that others chose, for a line of a terminal.
fn shown(name: &str) -> String {
    printable(&name.chars().take(80).collect::<String>())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::unpack;
    use crate::cloud::Format;
    use crate::cloud::gzip;
    use crate::cloud::mime::Piece;
    use crate::cloud::mime::write;
    use crate::cloud::payload::Kind;
    use crate::cloud::payload::Layer;

    const CONFIG: &[u8] = b"#cloud-config\nruncmd: [ls]\n";

    #[test]
    fn layers_come_off_from_the_outside() {
        let packed = gzip::pack(CONFIG).unwrap();
        let wrapped = STANDARD.encode(&packed);
        let twice = STANDARD.encode(STANDARD.encode(CONFIG));
        for (bytes, layers, rule) in [
            (CONFIG.to_vec(), &[][..], None),
            (packed.clone(), &[Layer::Gzip], None),
            (wrapped.clone().into_bytes(), &[Layer::Base64, Layer::Gzip], None),
            (gzip::pack(&packed).unwrap(), &[Layer::Gzip, Layer::Gzip], Some("boot-data-encoding")),
            (twice.into_bytes(), &[Layer::Base64, Layer::Base64], Some("boot-data-encoding")),
        ] {
            let (payload, findings) = unpack("user-data", &bytes);
            assert_eq!(payload.layers, layers);
            assert_eq!(payload.format, Some(Format::CloudConfig));
            assert_eq!(payload.parts[0].bytes, CONFIG);
            assert_eq!(findings.sorted().first().map(|finding| finding.rule), rule);
        }
        // The platform's interface takes the base64 off.
        assert_eq!(unpack("a", wrapped.as_bytes()).0.machine_bytes, packed);
    }

    #[test]
    fn parts_know_their_place() {
        let pieces = [
            Piece {
                headers: Vec::new(),
                filename: "a.sh".into(),
                content_type: "text/x-shellscript".into(),
                bytes: b"#!/bin/sh\nls\n".to_vec(),
            },
            Piece {
                headers: Vec::new(),
                filename: "b".into(),
                content_type: "text/cloud-config".into(),
                bytes: "#cloud-config\n# é\n".into(),
            },
        ];
        let written = write(&pieces);
        let (payload, findings) = unpack("user-data", &written);
        assert!(findings.is_empty());
        let [script, config] = payload.parts.as_slice() else { unreachable!() };
        let text = String::from_utf8(written.clone()).unwrap();
        let second = script.origin(2);
        assert_eq!(text.lines().nth(second.line - 1), Some("ls"));
        assert_eq!((second.file.as_str(), second.key.as_str()), ("user-data", "part 1 `a.sh`, line 2"));
        let of_config = config.origin(2);
        assert_eq!((of_config.file.as_str(), of_config.line), ("user-data (part 2 `b`)", 2));
        assert!(of_config.key.contains("of `user-data`"));
    }

    #[test]
    fn archives_are_taken_apart() {
        let text = "#cloud-config-archive\n- type: text/cloud-boothook\n  filename: early\n  content: |\n    #!/bin/sh\n    ls\n- |\n  #cloud-config\n  runcmd: [ls]\n- content: 'hostname: a'\n- 1: 2\n";
        let (payload, findings) = unpack("a", text.as_bytes());
        let kinds: Vec<Kind> = payload.parts.iter().map(|part| part.kind).collect();
        assert_eq!(kinds, [Kind::Boothook, Kind::CloudConfig, Kind::CloudConfig]);
        assert_eq!(payload.parts[0].origin(2).line, 6);
        assert_eq!(payload.parts[1].origin(2).line, 9);
        assert_eq!(findings.sorted()[0].origin.line, 11);
    }

    #[test]
    fn what_is_too_much_is_one_error() {
        let bomb = gzip::pack(&vec![b'#'; 40 << 20]).unwrap();
        let mut onion = CONFIG.to_vec();
        for _ in 0..9 {
            onion = gzip::pack(&onion).unwrap();
        }
        let deep = "#cloud-config-archive\n- |\n  #cloud-config-archive\n  - |\n    #cloud-config-archive\n    - |\n      #cloud-config-archive\n      - |\n        #cloud-config-archive\n        - |\n          #cloud-config-archive\n          - a\n";
        let damaged = &bomb[..bomb.len() / 2];
        for bytes in [&bomb[..], &onion, deep.as_bytes(), damaged] {
            let (_, findings) = unpack("a", bytes);
            let rules: Vec<&str> = findings.sorted().iter().map(|finding| finding.rule).collect();
            assert_eq!(rules, ["boot-data-packed"]);
        }
    }
}
