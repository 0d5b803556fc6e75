//! Any bytes as boot data that somebody else made: taken apart within bounds and judged, and never a panic; places lie in
//! the file, nothing drives a terminal, and what is written as MIME comes back.
#![no_main]

use cotter::cloud::Table;
use cotter::cloud::mime;
use cotter::cloud::mime::Piece;
use cotter::cloud::payload::unpack;
use cotter::target::Against;
use cotter::target::check_payload;
use cotter::value::is_printable;

const TARGETS: [(&str, Option<&str>); 4] = [
    ("gce", Some("rocky-linux-cloud/rocky-linux-9")),
    ("gce", None),
    ("aws", Some("ubuntu")),
    ("qemu", Some("fedora-coreos")),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (payload, _) = unpack("a", bytes);
    assert!(payload.parts.len() <= 256);
    let total: usize = payload.parts.iter().map(|part| part.bytes.len()).sum();
    assert!(total <= 16 << 20, "{total}");
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for part in &payload.parts {
        assert!(part.place.line >= 1 && part.place.line <= lines, "{} of {lines}", part.place.line);
        assert!(part.label.chars().all(is_printable));
    }
    let (platform, image) = TARGETS[bytes.first().map_or(0, |byte| usize::from(*byte) % TARGETS.len())];
    let against = Against { table: Table::own(), platform, image, key: None };
    let Ok(report) = check_payload("a", bytes, against) else { return };
    for finding in &report.findings {
        let texts = [&finding.message, &finding.help, &finding.origin.key];
        assert!(texts.into_iter().flat_map(|text| text.chars()).all(is_printable), "{finding:?}");
    }
    let halves = bytes.split_at(bytes.len() / 2);
    let piece = |bytes: &[u8]| Piece {
        headers: vec![("Merge-Type", "list(append)")],
        filename: "a".to_owned(),
        content_type: "text/cloud-config".to_owned(),
        bytes: bytes.to_vec(),
    };
    let pieces = [piece(halves.0), piece(halves.1)];
    let back = mime::read(&mime::write(&pieces));
    assert!(back.faults.is_empty() && !back.is_too_much);
    assert!(back.parts.iter().map(|part| &part.bytes).eq(pieces.iter().map(|piece| &piece.bytes)));
});
