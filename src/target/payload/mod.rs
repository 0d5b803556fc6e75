//! Boot data that others made: whether an image reads it, whether each part is right, and what runs when.

mod delivery;
mod parts;
mod report;
mod template;

pub use report::JudgedPart;
pub use report::PAYLOAD_SCHEMA;
pub use report::PayloadReport;
pub use report::ReadBy;
pub use report::Script;
pub use report::Size;

use std::collections::BTreeMap;

use crate::cloud;
use crate::cloud::Table;
use crate::cloud::payload::MAX_PAYLOAD_BYTES;
use crate::document::Diagnostic;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::value::ValueError;
use crate::value::is_printable;
use crate::value::printable;

/// What a payload is held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// What is known of platforms and images.
    pub table: &'a Table,
    /// The platform.
    pub platform: &'a str,
    /// The image, if it is known.
    pub image: Option<&'a str>,
    /// The key, if it is not the best for the payload.
    pub key: Option<&'a str>,
}

/// Checks a payload; `file` names it in findings.
///
/// What its shell scripts say can only be judged by a shell: they are in the report's `scripts`, for
/// [`PayloadReport::shell_says`].
///
/// # Errors
///
/// If the platform or the key is none.
pub fn check_payload(file: &str, bytes: &[u8], against: Against<'_>) -> Result<PayloadReport, ValueError> {
    let platform = against.table.platform(against.platform)?;
    let (payload, mut findings) = match bytes.len() {
        0..=MAX_PAYLOAD_BYTES => cloud::payload::unpack(file, bytes),
        // Not even looked at.
        _ => cloud::payload::unpack(file, b""),
    };
    let reading = cloud::reading(against.table, platform, against.image, against.key, &payload)?;
    if bytes.len() > MAX_PAYLOAD_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_PAYLOAD_BYTES} are read", bytes.len());
        findings.error("boot-data-size", &Origin::of_file(file), message, "no platform takes so much");
    }
    let size = delivery::check(file, bytes.len(), platform, &payload, &reading, &mut findings);
    let mut judged = parts::Parts::new(&reading, &payload);
    let parts = payload.parts.iter().map(|part| judged.judge(part, &mut findings)).collect();
    delivery::check_read(file, against.image, &payload, &reading, &mut findings);
    let mut texts = BTreeMap::new();
    if let Ok(text) = std::str::from_utf8(bytes) {
        texts.insert(file.to_owned(), lines(text));
    }
    for part in &payload.parts {
        if let (false, Some(text)) = (part.place.is_plain, part.text()) {
            texts.insert(part.source_name(), lines(text));
        }
    }
    Ok(PayloadReport {
        schema: PAYLOAD_SCHEMA,
        file: file.to_owned(),
        platform: platform.name.clone(),
        image: against.image.map(ToOwned::to_owned),
        family: reading.family.as_ref().map(|family| family.name.clone()),
        key: reading.key.name.clone(),
        format: payload.format,
        layers: payload.layers.clone(),
        set_beside: delivery::marks(&payload, &reading),
        size,
        read: ReadBy { certainty: reading.certainty, by: reading.readers.clone(), why: reading.why.clone() },
        parts,
        findings: sorted(findings),
        scripts: judged.scripts,
        texts,
    })
}

/// In the order of their places; what others wrote is shown without what could drive a terminal.
fn sorted(findings: Diagnostics) -> Vec<Diagnostic> {
    let plain = |mut finding: Diagnostic| {
        for text in [&mut finding.message, &mut finding.help, &mut finding.origin.key] {
            *text = printable(text);
        }
        finding
    };
    findings.sorted().into_iter().map(plain).collect()
}

/// A text of somebody else's, to be shown line by line: each letter stays in its place.
fn lines(text: &str) -> String {
    let shown =
        |letter: char| if matches!(letter, '\n' | '\t') || is_printable(letter) { letter } else { '?' };
    text.trim_start_matches('\u{feff}').chars().map(shown).collect()
}
