//! On the way to the machine: what the platform takes, how much of it, and who in the image reads it.

use std::collections::BTreeMap;

use super::Size;
use crate::cloud::Certainty;
use crate::cloud::Content;
use crate::cloud::Encoding;
use crate::cloud::Key;
use crate::cloud::LimitOf;
use crate::cloud::Packed;
use crate::cloud::Platform;
use crate::cloud::Reading;
use crate::cloud::Unfit;
use crate::cloud::payload::Kind;
use crate::cloud::payload::Layer;
use crate::cloud::payload::Payload;
use crate::document::Diagnostics;
use crate::document::Origin;

/// Holds a payload against what its key takes.
pub(super) fn check(
    file: &str,
    file_bytes: usize,
    platform: &Platform,
    payload: &Payload,
    reading: &Reading,
    findings: &mut Diagnostics,
) -> Size {
    let key = &reading.key;
    let machine_bytes = payload.machine_bytes.len();
    let base64_bytes = machine_bytes.div_ceil(3) * 4;
    let is_text = std::str::from_utf8(&payload.machine_bytes).is_ok();
    let is_sent_as_base64 =
        key.encoding.is_base64() || is_wrapped(payload) || (key.encoding == Encoding::Text && !is_text);
    let limit = key.limit();
    let counted_bytes = match limit {
        Some(limit) if limit.of == LimitOf::Raw => machine_bytes,
        _ if is_sent_as_base64 => base64_bytes,
        _ => machine_bytes,
    };
    let whole = Origin::of_file(file);
    if let Some(limit) = limit.filter(|limit| counted_bytes as u64 > limit.bytes) {
        let content = |part: &crate::cloud::payload::Part| Content {
            name: if part.label.is_empty() { part.kind.title().to_owned() } else { part.label.clone() },
            bytes: part.bytes.len(),
        };
        let mut biggest: Vec<Content> = payload.parts.iter().map(content).collect();
        biggest.sort_by_key(|content| std::cmp::Reverse(content.bytes));
        biggest.truncate(5);
        let is_packed = payload.layers.contains(&Layer::Gzip);
        let encoding = if is_packed { Encoding::Gzip } else { key.encoding };
        let unfit = Unfit::TooLarge { key: key.name.clone(), limit, bytes: counted_bytes, encoding, biggest };
        let pack = match unpacked_by(key, reading) {
            Some(_) if !is_packed => "; or pack it with gzip, which is unpacked there",
            _ => "",
        };
        let is_roomier = |other: &&Key| {
            let takes = other.readers.iter().any(|reader| reading.readers.contains(reader));
            takes && other.limit().is_none_or(|other| other.bytes > limit.bytes)
        };
        let elsewhere = match platform.keys.iter().find(is_roomier) {
            Some(other) => format!("; `{}` takes more", other.name),
            None => String::new(),
        };
        findings.error(
            "boot-data-size",
            &whole,
            unfit.message(),
            format!("{}{pack}{elsewhere}", unfit.help()),
        );
    }
    encoding(&whole, is_text, payload, reading, findings);
    Size { file_bytes, machine_bytes, counted_bytes, unpacked_bytes: payload.unpacked_bytes, limit }
}

/// Other keys that must be set with a payload as it is.
pub(super) fn marks(payload: &Payload, reading: &Reading) -> BTreeMap<String, String> {
    let is_packed = payload.layers.iter().any(|layer| matches!(layer, Layer::Gzip | Layer::Base64));
    match unpacked_by(&reading.key, reading) {
        Some(packed)
            if is_packed && (payload.layers.contains(&Layer::Gzip) || !reading.key.encoding.is_base64()) =>
        {
            packed.marks.clone()
        }
        _ => reading.key.marks.clone(),
    }
}

/// How the key takes gzip, if somebody who reads this unpacks it.
fn unpacked_by<'a>(key: &'a Key, reading: &Reading) -> Option<&'a Packed> {
    key.packed.as_ref().filter(|packed| packed.readers.iter().any(|reader| reading.readers.contains(reader)))
}

fn is_wrapped(payload: &Payload) -> bool {
    payload.layers.first() == Some(&Layer::Base64)
}

/// gzip and base64 are taken off by somebody, or they are wrong.
fn encoding(whole: &Origin, is_text: bool, payload: &Payload, reading: &Reading, findings: &mut Diagnostics) {
    if reading.readers.is_empty() {
        // Nobody reads it; how it is packed does not matter.
        return;
    }
    let key = &reading.key;
    let packed = unpacked_by(key, reading);
    let name = &key.name;
    let has_gzip = payload.layers.contains(&Layer::Gzip);
    let titles: Vec<&str> = reading.readers.iter().map(|reader| reader.title()).collect();
    let readers = titles.join(" or ");
    if has_gzip && packed.is_none() {
        let message = format!("{readers} does not unpack gzip from `{name}`");
        findings.error("boot-data-encoding", whole, message, "give it as it is");
        return;
    }
    let takes_base64 = key.encoding.is_base64() || packed.is_some_and(|packed| packed.encoding.is_base64());
    if is_wrapped(payload) && !takes_base64 {
        let message = format!("nobody takes the base64 off `{name}`");
        findings.error("boot-data-encoding", whole, message, "give what is in it, without base64");
    } else if !is_text && !is_wrapped(payload) && key.encoding == Encoding::Text && takes_base64 {
        let message = format!("`{name}` takes text, and gzip is none");
        let help = match marks(payload, reading).iter().next() {
            Some((mark, value)) => format!("put base64 around it, and set `{mark}` to `{value}`"),
            None => "put base64 around it".to_owned(),
        };
        findings.error("boot-data-encoding", whole, message, help);
    }
}

/// Says if nobody reads it, or nobody knows.
pub(super) fn check_read(
    file: &str,
    image: Option<&str>,
    payload: &Payload,
    reading: &Reading,
    findings: &mut Diagnostics,
) {
    let whole = Origin::of_file(file);
    let titles: Vec<&str> = reading.readers.iter().map(|reader| reader.title()).collect();
    let readers = titles.join(" or ");
    match (reading.certainty, image) {
        (Certainty::No, _) => {
            let kind = payload.parts.first().map(|part| part.kind);
            // That it is nothing has been said at its place.
            let is_said = payload.format.is_none()
                && matches!(kind, None | Some(Kind::Unknown | Kind::Empty | Kind::CloudConfig));
            let reasons: Vec<&str> = reading.why.iter().skip(1).map(String::as_str).collect();
            if !is_said {
                findings.error("boot-data-unread", &whole, reasons.join("; "), reading.help.as_str());
            }
        }
        (Certainty::Unknown, Some(image)) => {
            let message = format!("`{image}` is in no table: whether it has {readers} is not known");
            let help =
                "name the image as the platform does, or add its family to a table of your own (`--table`)";
            findings.warning("boot-data-image", &whole, message, help);
        }
        (Certainty::Presumed, Some(image)) => {
            let basis = reading.family.as_ref().map_or("", |family| family.basis.as_str());
            let message = format!("that `{image}` has {readers} is presumed: {basis}");
            let help = "try it on one machine, and say it in a table of your own (`--table`)";
            findings.warning("boot-data-image", &whole, message, help);
        }
        _ => {}
    }
}
