//! Where each part of what is rendered is from: which MachineConfig said it, and what it took the place of.

use std::collections::BTreeSet;
use std::collections::HashMap;

use serde_json::Value;

use super::Choice;
use super::MachineConfig;
use super::Problem;
use super::Rules;
use super::render::Examined;
use super::render::examine_all;
use crate::document::Origin;
use crate::document::nearest;
use crate::ignition::decode;
use crate::value::Digest;

/// Where systemd reads the operator's units.
const UNITS: &str = "/etc/systemd/system/";

/// Longer values are cut when they are shown.
const MAX_SHOWN: usize = 100;

/// What somebody wants to know about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A file, directory or link, or the file that a unit or drop-in becomes.
    Path(String),
    /// Anything else by its name: a unit, a user, a kernel argument, an extension, or a key of `spec`.
    Name(String),
}

impl Asked {
    /// A word of somebody's.
    pub fn new(word: &str) -> Self {
        match word.starts_with('/') {
            true => Self::Path(word.to_owned()),
            false => Self::Name(word.to_owned()),
        }
    }
}

/// Where something is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it is, as in ``file `/etc/a` ``.
    pub what: String,
    /// Its parts, each with all who said something about it.
    pub parts: Vec<Supplied>,
}

/// A part, and all who said something about it, in the order in which they are merged: the last one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    /// The part, as in `mode` or `contents.source`.
    pub part: String,
    /// Who said what.
    pub by: Vec<Setting>,
}

/// What one MachineConfig says about a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The MachineConfig; nothing if it is the operator's own doing.
    pub config: Option<String>,
    /// Where that was written.
    pub origin: Option<Origin>,
    /// The value, fit to be shown: never contents or secrets. Nothing if the part goes away.
    pub value: Option<String>,
}

impl Supplied {
    /// Whether the part is there in the end.
    pub fn is_there(&self) -> bool {
        self.by.last().is_some_and(|setting| setting.value.is_some())
    }
}

/// Says where something of what is rendered for a pool is from.
///
/// # Errors
///
/// Everything that the operator would refuse; or that there is nothing of this name, with the nearest that there is.
pub fn provenance(
    configs: &[MachineConfig],
    choice: &Choice<'_>,
    rules: &Rules,
    asked: &Asked,
) -> Result<Vec<Explained>, Vec<Problem>> {
    let examined = examine_all(configs, choice, rules)?;
    let found: Vec<Explained> = match asked {
        Asked::Path(path) => {
            [node(&examined, path, rules), unit_file(&examined, path)].into_iter().flatten().collect()
        }
        Asked::Name(name) => [
            member(&examined, "/systemd/units", "unit", name),
            member(&examined, "/passwd/users", "user", name),
            member(&examined, "/passwd/groups", "group", name),
            words(&examined, "kernel argument", name, |config| &config.spec.kernel_arguments),
            words(&examined, "extension", name, |config| &config.spec.extensions),
            of_spec(&examined, name),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    if found.is_empty() { Err(vec![nothing(&examined, choice.pool(), asked)]) } else { Ok(found) }
}

fn nothing(examined: &[Examined<'_>], pool: &str, asked: &Asked) -> Problem {
    let (Asked::Path(word) | Asked::Name(word)) = asked;
    let names = |pointer: &'static str, key: &'static str| {
        let documents = examined.iter().filter_map(|(_, document)| document.as_ref());
        documents.flat_map(move |document| members(document, pointer)).map(move |member| text(member, key))
    };
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (pointer, key) in [
        ("/storage/files", "path"),
        ("/storage/directories", "path"),
        ("/storage/links", "path"),
        ("/systemd/units", "name"),
        ("/passwd/users", "name"),
    ] {
        known.extend(names(pointer, key));
    }
    for (config, _) in examined {
        known.extend(config.spec.kernel_arguments.iter().chain(&config.spec.extensions).map(String::as_str));
    }
    let next = nearest(word, known).map_or_else(
        || {
            "name a path, a unit, a user, a kernel argument, an extension, or a key of `spec` as `kernelType`"
                .to_owned()
        },
        |near| format!("did you mean `{near}`?"),
    );
    Problem::new(format!("no MachineConfig of the pool `{pool}` says anything about `{word}`"), next)
}

fn members<'a>(document: &'a Value, pointer: &str) -> &'a [Value] {
    document.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What is said of each part so far, in the order in which parts came up.
#[derive(Default)]
struct Parts {
    list: Vec<Supplied>,
    places: HashMap<String, usize>,
}

impl Parts {
    fn say(&mut self, part: &str, config: Option<&MachineConfig>, value: Option<String>) {
        let setting = Setting {
            config: config.map(|config| config.name.clone()),
            origin: config.and_then(|config| config.origin.clone()),
            value,
        };
        match self.places.get(part) {
            Some(place) => self.list[*place].by.push(setting),
            None => {
                self.places.insert(part.to_owned(), self.list.len());
                self.list.push(Supplied { part: part.to_owned(), by: vec![setting] });
            }
        }
    }

    fn is_there(&self, part: &str) -> bool {
        self.places.get(part).is_some_and(|place| self.list[*place].is_there())
    }

    fn take_away(&mut self, config: &MachineConfig) {
        let there: Vec<String> =
            self.list.iter().filter(|part| part.is_there()).map(|part| part.part.clone()).collect();
        for part in there {
            self.say(&part, Some(config), None);
        }
    }

    /// Everything that a member of a list says, part by part.
    fn say_all(&mut self, config: &MachineConfig, at: &str, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let is_own_name = at.is_empty() && matches!(key.as_str(), "path" | "name");
                    let part = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    if !is_own_name {
                        self.say_all(config, &part, value);
                    }
                }
            }
            Value::Array(list) => {
                for value in list {
                    match value {
                        Value::Object(map) if map.contains_key("name") => {
                            let part = format!("{at}[{}]", text(value, "name"));
                            let rest = map.iter().filter(|(key, _)| *key != "name");
                            let before = self.list.len();
                            rest.for_each(|(key, value)| {
                                self.say_all(config, &format!("{part}.{key}"), value)
                            });
                            // A drop-in without contents is one too.
                            if self.list.len() == before && map.len() == 1 {
                                self.say(&part, Some(config), Some("nothing".to_owned()));
                            }
                        }
                        Value::Object(_) => self.say(
                            &format!("{at}[]"),
                            Some(config),
                            Some(shown("source", &value["source"])),
                        ),
                        _ => self.say(
                            &format!("{at}[{}]", cut(value.as_str().unwrap_or_default())),
                            Some(config),
                            Some("there".to_owned()),
                        ),
                    }
                }
            }
            value => {
                let key = at.rsplit('.').next().unwrap_or(at);
                self.say(at, Some(config), Some(shown(key, value)));
            }
        }
    }
}

/// A value as a person may see it.
fn shown(key: &str, value: &Value) -> String {
    match (key, value) {
        ("passwordHash", _) => "<secret>".to_owned(),
        ("mode", Value::Number(mode)) => mode.as_u64().map_or(mode.to_string(), |mode| format!("{mode:04o}")),
        ("contents", Value::String(contents)) => digest(contents.as_bytes()),
        ("source", Value::String(source)) if source.starts_with("data:") => match decode(source, None) {
            Some(bytes) => digest(&bytes),
            None => "a `data:` URL that cannot be read".to_owned(),
        },
        (_, Value::String(text)) => cut(text),
        (_, value) => value.to_string(),
    }
}

fn digest(bytes: &[u8]) -> String {
    let sha256 = Digest::of(bytes).to_string();
    let short = sha256.rsplit(':').next().unwrap_or_default().get(..12).unwrap_or_default().to_owned();
    format!("{} bytes, sha256 {short}…", bytes.len())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A file, directory or link.
fn node(examined: &[Examined<'_>], path: &str, rules: &Rules) -> Option<Explained> {
    const KINDS: [(&str, &str); 3] =
        [("/storage/files", "file"), ("/storage/directories", "directory"), ("/storage/links", "link")];
    let mut parts = Parts::default();
    let mut kind = None;
    for (index, (config, document)) in examined.iter().enumerate() {
        let Some(document) = document else { continue };
        let found = KINDS.iter().find_map(|(pointer, name)| {
            members(document, pointer)
                .iter()
                .find(|node| text(node, "path") == path)
                .map(|node| (*name, node))
        });
        let Some((found, node)) = found else { continue };
        if kind.is_some_and(|kind| kind != found) {
            parts.take_away(config);
        }
        kind = Some(found);
        parts.say_all(config, "", node);
        let compression = "contents.compression";
        if rules.resets_compression
            && index > 0
            && node.pointer("/contents/compression").is_none()
            && parts.is_there(compression)
        {
            parts.say(compression, Some(config), None);
        }
    }
    let kind = kind?;
    if kind == "file" && !parts.is_there("overwrite") {
        parts.say("overwrite", None, Some("true".to_owned()));
    }
    Some(Explained { what: format!("{kind} `{path}`"), parts: parts.list })
}

/// The unit or drop-in that becomes this file.
fn unit_file(examined: &[Examined<'_>], path: &str) -> Option<Explained> {
    let rest = path.strip_prefix(UNITS)?;
    let (unit, part) = match rest.split_once('/') {
        Some((folder, dropin)) => (folder.strip_suffix(".d")?, format!("dropins[{dropin}]")),
        None => (rest, String::new()),
    };
    let explained = member(examined, "/systemd/units", "unit", unit)?;
    let is_asked = |supplied: &Supplied| match part.is_empty() {
        true => !supplied.part.starts_with("dropins"),
        false => supplied.part.starts_with(&part),
    };
    let parts: Vec<Supplied> = explained.parts.into_iter().filter(is_asked).collect();
    (!parts.is_empty()).then(|| Explained { what: format!("`{path}` of {}", explained.what), parts })
}

/// A member of a list that is known by its name.
fn member(examined: &[Examined<'_>], pointer: &str, what: &str, name: &str) -> Option<Explained> {
    let mut parts = Parts::default();
    let mut is_there = false;
    for (config, document) in examined {
        let Some(document) = document else { continue };
        if let Some(member) = members(document, pointer).iter().find(|member| text(member, "name") == name) {
            is_there = true;
            parts.say_all(config, "", member);
        }
    }
    is_there.then(|| Explained { what: format!("{what} `{name}`"), parts: parts.list })
}

/// Words of a list of `spec`, by their place in what is rendered. A kernel argument is also found by its key.
fn words(
    examined: &[Examined<'_>],
    what: &str,
    name: &str,
    list: impl Fn(&MachineConfig) -> &[String],
) -> Option<Explained> {
    let is_meant = |word: &str| {
        word == name
            || word
                .split_whitespace()
                .any(|word| word == name || word.split_once('=').is_some_and(|(key, _)| key == name))
    };
    let mut parts = Parts::default();
    let mut place = 0;
    for (config, _) in examined {
        for word in list(config) {
            if is_meant(word) {
                parts.say(&format!("[{place}]"), Some(config), Some(cut(word)));
            }
            place += 1;
        }
    }
    (!parts.list.is_empty()).then(|| Explained { what: format!("{what} `{name}`"), parts: parts.list })
}

/// A key of `spec` that holds one value.
fn of_spec(examined: &[Examined<'_>], name: &str) -> Option<Explained> {
    let value: fn(&MachineConfig) -> Option<String> = match name {
        "fips" => |config| config.spec.fips.then(|| "true".to_owned()),
        "kernelType" => |config| written(&config.spec.kernel_type),
        "osImageURL" => |config| written(&config.spec.os_image_url),
        "baseOSExtensionsContainerImage" => |config| written(&config.spec.base_os_extensions_container_image),
        _ => return None,
    };
    let mut parts = Parts::default();
    for (config, _) in examined {
        if let Some(value) = value(config) {
            parts.say(name, Some(config), Some(value));
        }
    }
    (!parts.list.is_empty()).then(|| Explained { what: format!("`{name}`"), parts: parts.list })
}

fn written(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
