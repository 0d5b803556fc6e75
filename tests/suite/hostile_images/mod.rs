//! Images that lie: every length and offset in them set to what it cannot be, and archives that are none. Each
//! is one clear error that names what is wrong; nothing is written.

mod archives;
mod command;
mod descriptions;
mod records;

use std::io::Cursor;

use cotter::image;
use cotter::image::Edit;
use cotter::image::ImageError;
use cotter::image::LiveImage;
use cotter::image::Replace;
use serde_json::Value;

use crate::generations;
use crate::generations::Sample;
use crate::iso_builder::SECTOR;
use crate::iso_builder::Spelling;
use crate::iso_builder::both32;

/// Where the primary volume descriptor is.
const VOLUME: usize = 16 * SECTOR;
/// In directory records: where the place and the length are.
const EXTENT: usize = 2;
const LENGTH: usize = 10;
const MAX: usize = u32::MAX as usize;

/// A live image with one thing changed, and what must be said of it: one of what stands between `|`.
struct Case {
    name: String,
    image: Vec<u8>,
    says: String,
}

fn samples() -> Vec<Sample> {
    generations::all(Spelling::Short)
}

fn case(sample: &Sample, what: &str, says: &str, change: impl FnOnce(&mut Vec<u8>)) -> Case {
    let mut image = sample.iso.bytes.clone();
    change(&mut image);
    assert!(image != sample.iso.bytes, "{} {what}: nothing changed", sample.name);
    Case { name: format!("{} {what}", sample.name), image, says: says.to_owned() }
}

/// Writes another text into a file of an image; there is room up to the end of its sector.
fn rewrite(sample: &Sample, image: &mut [u8], path: &str, text: &[u8]) {
    let (offset, length) = sample.iso.files[path];
    assert!(text.len() <= length.next_multiple_of(SECTOR), "{path} has no room for {} bytes", text.len());
    image[offset..offset + length].fill(0);
    image[offset..offset + text.len()].copy_from_slice(text);
    both32(&mut image[sample.iso.records[path] + LENGTH..], text.len());
}

/// The same with a JSON document.
fn with_json(sample: &Sample, what: &str, says: &str, path: &str, change: impl FnOnce(&mut Value)) -> Case {
    let (offset, length) = sample.iso.files[path];
    let mut document: Value = serde_json::from_slice(&sample.iso.bytes[offset..offset + length]).unwrap();
    change(&mut document);
    case(sample, what, says, |image| rewrite(sample, image, path, document.to_string().as_bytes()))
}

/// What is said when somebody wants to embed into the image, by the reader or before anything is laid over it.
fn refusal(image: &[u8]) -> Result<(), ImageError> {
    let live = LiveImage::read(&mut Cursor::new(image))?;
    let edit = Edit { config: Some(b"{}".to_vec()), ..Edit::default() };
    image::embed(&live, &mut Cursor::new(image), &edit, Replace::No)?;
    image::reset(&live).map(|_| ())
}

fn all_are_refused(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    for Case { name, image, says } in cases {
        let Err(error) = refusal(&image) else { panic!("{name}: taken as it is") };
        let said = error.to_string();
        let names = |what: &str| said.to_lowercase().contains(&what.to_lowercase());
        assert!(says.split('|').any(names), "{name}: {said}\nand not: {says}");
        assert!(!said.contains('\n') && !error.hint().is_empty(), "{name}: {said:?}");
        assert!(!matches!(error, ImageError::Io(_)), "{name}: {said}");
    }
}

/// The directories of an image.
fn directories(sample: &Sample) -> Vec<&str> {
    let all = sample.iso.records.keys().map(String::as_str);
    all.filter(|path| !path.is_empty() && !sample.iso.files.contains_key(*path)).collect()
}

/// The files by which an image is understood.
fn descriptions(sample: &Sample) -> Vec<&str> {
    let all = ["coreos/igninfo.json", "coreos/kargs.json", "coreos/features.json"];
    all.into_iter().filter(|path| sample.iso.files.contains_key(*path)).collect()
}

/// Offset and length of what is at a record.
fn place(image: &[u8], record: usize) -> (usize, usize) {
    let number = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize;
    (number(record + EXTENT) * SECTOR, number(record + LENGTH))
}

#[test]
fn parts_of_images() {
    for sample in samples() {
        let whole = sample.iso.bytes.len();
        for part in 0..20 {
            let length = whole * part / 20;
            let error = refusal(&sample.iso.bytes[..length]).unwrap_err();
            match &error {
                ImageError::Truncated { found, expected } => {
                    assert_eq!(*found, length as u64, "{}", sample.name);
                    assert!(expected > found && *expected <= whole as u64, "{}: {error}", sample.name);
                }
                ImageError::NotALiveImage(why) => {
                    assert!(length < 18 * SECTOR && why.contains("too short"), "{}: {error}", sample.name);
                }
                _ => panic!("{}, {length} of {whole} bytes: {error}", sample.name),
            }
        }
    }
}
