//! Whether somebody in an image will read a payload, and under which key it has to be.

use serde::Serialize;

use super::ImageFamily;
use super::Key;
use super::Platform;
use super::Reader;
use super::Runs;
use super::Table;
use super::choose::hindrance;
use super::payload::Kind;
use super::payload::Payload;
use crate::document::nearest;
use crate::value::ValueError;

/// How sure it is that a payload is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It is.
    Yes,
    /// The table supposes so.
    Presumed,
    /// It depends on an image that the table does not know.
    Unknown,
    /// It is not.
    No,
}

/// Who reads a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Under this key.
    pub key: Key,
    /// The family of the image, if it is of one.
    pub family: Option<ImageFamily>,
    /// Those that look there and understand it.
    pub readers: Vec<Reader>,
    /// How sure that is.
    pub certainty: Certainty,
    /// How that is known, a sentence each.
    pub why: Vec<String>,
    /// If it is not read: the next step.
    pub help: String,
}

/// Looks who reads `payload` in `image`, under `key` or the key that is best for it.
pub fn reading(
    table: &Table,
    platform: &Platform,
    image: Option<&str>,
    key: Option<&str>,
    payload: &Payload,
) -> Result<Reading, ValueError> {
    let family = image.and_then(|image| table.family(platform, image));
    // Flatcar's own reader is in no image that the table does not know.
    let is_common = |reader: &Reader| *reader != Reader::CoreosCloudinit;
    let in_image: Vec<Reader> = match family {
        Some(family) => family.readers.clone(),
        None => {
            let mut readers: Vec<Reader> = Vec::new();
            for reader in platform.keys.iter().flat_map(|key| key.readers.iter().copied()).filter(is_common) {
                if !readers.contains(&reader) {
                    readers.push(reader);
                }
            }
            readers
        }
    };
    let takes = |reader: &Reader| against(family, *reader, payload).is_none();
    let best = || in_image.iter().filter(|reader| takes(reader)).find_map(|reader| platform.key_of(*reader));
    let first = || in_image.iter().find_map(|reader| platform.key_of(*reader)).or(platform.keys.first());
    let chosen = match key {
        Some(name) => {
            let is_called = |key: &&Key| family.is_some_and(|family| family.key(key).name == name);
            let found = platform.keys.iter().find(is_called).or_else(|| platform.key(name));
            Some(found.ok_or_else(|| no_key(platform, name))?)
        }
        // What nobody knows is said to whom it would be written first.
        None if payload.format.is_none() && kind_of(payload) == Kind::Unknown => first(),
        None => best().or_else(first),
    };
    let named = |key: &Key| family.map_or_else(|| key.clone(), |family| family.key(key));
    let Some(key) = chosen.map(named) else {
        return Err(ValueError::new(format!("{} has no key", platform.title), "name another platform"));
    };
    let looking: Vec<Reader> =
        key.readers.iter().copied().filter(|reader| in_image.contains(reader)).collect();
    let readers: Vec<Reader> = looking.iter().copied().filter(takes).collect();
    let what = title(payload);
    let mut why: Vec<String> = match (image, family) {
        (Some(image), Some(family)) => vec![format!("`{image}` is {}: {}", family.title, family.basis)],
        (Some(image), None) => vec![format!("`{image}` is in no table")],
        (None, _) => vec!["no image is named".to_owned()],
    };
    let has_runner = |key: &&Key| key.readers.contains(&Reader::StartupScript);
    if let (None, Some(other)) = (family, platform.keys.iter().find(has_runner))
        && *other != key
    {
        why.push(format!(
            "an image that has Google's script runner alone runs nothing of it: that looks at `{}`",
            other.name
        ));
    }
    why.extend(readers.iter().map(|reader| format!("{} reads {what} from `{}`", reader.title(), key.name)));
    let mut help = String::new();
    if readers.is_empty() {
        why.extend(looking.iter().filter_map(|reader| against(family, *reader, payload)));
        if looking.is_empty() {
            let image = family.map_or("the image", |family| family.title.as_str());
            why.push(format!("nothing in {image} looks at `{}`", key.name));
        }
        help = match best() {
            Some(other) => format!("put it under `{}`", named(other).name),
            None => advice(family, &in_image),
        };
    }
    let certainty = match (readers.is_empty(), family) {
        (true, _) => Certainty::No,
        (false, None) => Certainty::Unknown,
        (false, Some(family)) if family.presumed => Certainty::Presumed,
        (false, Some(_)) => Certainty::Yes,
    };
    Ok(Reading { family: family.cloned(), key, readers, certainty, why, help })
}

impl Reading {
    /// When a part of this kind runs; nothing if it does not.
    pub fn runs(&self, kind: Kind) -> Option<Runs> {
        let reader = self.readers.first()?;
        let of_cloud_init = match kind {
            Kind::Empty | Kind::Unknown | Kind::UpstartJob => return None,
            Kind::Boothook | Kind::ScriptPerBoot | Kind::PartHandler => Runs::EveryBoot,
            Kind::ScriptPerOnce => Runs::FirstBoot,
            _ => Runs::OncePerInstance,
        };
        let of_family = self.family.as_ref().and_then(|family| family.runs);
        Some(of_family.unwrap_or(if *reader == Reader::CloudInit { of_cloud_init } else { reader.runs() }))
    }

    /// True if a shell runs whatever text it is, with or without `#!`.
    pub fn is_run_by_shell(&self) -> bool {
        self.key.readers == [Reader::StartupScript]
    }
}

/// Why a reader does not take a payload.
fn against(family: Option<&ImageFamily>, reader: Reader, payload: &Payload) -> Option<String> {
    if let Some(format) = payload.format {
        return hindrance(family, reader, format);
    }
    let kind = kind_of(payload);
    match (reader, kind) {
        (_, Kind::Empty) => Some("there is nothing to read".to_owned()),
        (Reader::CloudInit, Kind::Unknown) => Some("cloud-init finds nothing in it that it knows".to_owned()),
        (Reader::CloudInit, _) | (Reader::StartupScript, Kind::Unknown | Kind::Boothook) => None,
        _ => Some(format!("{} does not read {kind}", reader.title())),
    }
}

fn kind_of(payload: &Payload) -> Kind {
    payload.parts.first().map_or(Kind::Empty, |part| part.kind)
}

fn title(payload: &Payload) -> &'static str {
    payload.format.map_or_else(|| kind_of(payload).title(), super::Format::title)
}

fn advice(family: Option<&ImageFamily>, readers: &[Reader]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (reader, format) in
        readers.iter().flat_map(|reader| reader.formats().iter().map(move |format| (*reader, *format)))
    {
        if hindrance(family, reader, format).is_none() && !words.contains(&format.title()) {
            words.push(format.title());
        }
    }
    match words.is_empty() {
        true => "take another image".to_owned(),
        false => format!("this image reads {}", words.join(", ")),
    }
}

fn no_key(platform: &Platform, name: &str) -> ValueError {
    let names: Vec<&str> = platform.keys.iter().map(|key| key.name.as_str()).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it has {}", names.join(", ")),
    };
    ValueError::new(format!("`{name}` is no key of {} that carries boot data", platform.title), help)
}
