//! Whether the payload fits under its keys, with the script that judges the machine or without it.

use super::choosing::Chosen;
use super::render;
use super::render::Rendered;
use super::render::Rendering;
use crate::cloud::Choice;
use crate::cloud::Encoded;
use crate::cloud::Key;
use crate::cloud::Platform;
use crate::cloud::Reader;
use crate::cloud::encode;
use crate::ignition::Document;

/// A document that fits, and what came of it.
pub(super) struct Fitted {
    pub(super) document: Document,
    pub(super) rendered: Rendered,
    /// What each key gets.
    pub(super) keys: Vec<(Key, Encoded)>,
    /// Why the judge does not ride along, if it does not.
    pub(super) left_out: Option<&'static str>,
}

/// Message and next step.
type Unfit = (String, String);

/// Renders the document with the judge in it, or the one without, if only that fits.
pub(super) fn fit(
    rendering: &Rendering<'_>,
    platform: &Platform,
    chosen: &Chosen,
    (with, without): (Document, Document),
) -> Result<Fitted, Unfit> {
    let tried = |document: Document| {
        let rendered = render::render(rendering, &document);
        let keys = fitting(platform, &chosen.choice, &rendered)?;
        Ok(Fitted { document, rendered, keys, left_out: None })
    };
    let why = match chosen.keeps_judge() {
        true => match tried(with) {
            Ok(fitted) => return Ok(fitted),
            Err(_) => {
                "there is no room for the script that judges the machine: `cotter verify --ssh` brings it"
            }
        },
        false => {
            "the image has no place for the script that judges the machine: `cotter verify --ssh` brings it"
        }
    };
    tried(without).map(|fitted| Fitted { left_out: Some(why), ..fitted })
}

/// Encodes the payload for its keys. Where a key is too small and the platform has a roomier one for the same reader,
/// that is taken.
fn fitting(platform: &Platform, choice: &Choice, rendered: &Rendered) -> Result<Vec<(Key, Encoded)>, Unfit> {
    let mut keys = Vec::new();
    for key in &choice.keys {
        let reader = choice.readers.iter().copied().find(|reader| key.readers.contains(reader));
        let reader = reader.unwrap_or(Reader::CloudInit);
        let others =
            platform.keys.iter().filter(|other| other.name != key.name && other.readers.contains(&reader));
        let mut first = None;
        let found = std::iter::once(key).chain(others).find_map(|key| {
            match encode(key, reader, &rendered.boot_data, &rendered.contents) {
                Ok(encoded) => Some((key.clone(), encoded)),
                Err(unfit) => {
                    first.get_or_insert((unfit.message(), unfit.help()));
                    None
                }
            }
        });
        match (found, first) {
            (Some(found), _) => keys.push(found),
            (None, Some(why)) => return Err(why),
            (None, None) => {}
        }
    }
    let total: usize = keys.iter().map(|(_, encoded)| encoded.value.len()).sum();
    match platform.total_limit_bytes {
        Some(limit) if total as u64 > limit => {
            let message = format!("all keys together have {total} bytes; {} takes {limit}", platform.title);
            Err((message, "name the image as `cloud.image`, so that one key carries it".to_owned()))
        }
        _ => Ok(keys),
    }
}
