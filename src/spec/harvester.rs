//! The section `harvester`: what a node is in its cluster, and how Harvester's installer installs it.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use super::LocalFile;
use super::shape;
use crate::document::Key;
use crate::document::Origin;
use crate::document::Shape;
use crate::document::Sourced;
use crate::document::View;
use crate::value::HarvesterVersion;
use crate::value::Secret;

/// What is special of a node of Harvester.
#[derive(Clone, Debug)]
pub struct Harvester {
    /// The release, if it is named.
    pub version: Option<Sourced<HarvesterVersion>>,
    /// The cluster's token; nothing if that is not said, or said twice.
    pub token: Option<Token>,
    /// The folder on a server with the release's kernel, initrd and root file system.
    pub artifacts_url: Option<Sourced<String>>,
    /// Where the config will be served.
    pub config_url: Option<Sourced<String>>,
    /// Where the ISO is served, or `local`.
    pub iso_url: Option<Sourced<String>>,
    /// What is written in Harvester's own words, with the kinds of values that its loader takes.
    pub config: Map<String, Value>,
    /// Where each value of it is written, by the path of its keys.
    pub places: BTreeMap<String, Origin>,
    /// Where it is written.
    pub origin: Origin,
}

/// The secret that all nodes of a cluster share.
#[derive(Clone, Debug)]
pub enum Token {
    /// Itself.
    Text(Sourced<Secret>),
    /// On the only line of a file.
    File(LocalFile),
}

impl Token {
    /// Where it was asked for.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Text(text) => &text.origin,
            Self::File(file) => &file.origin,
        }
    }
}

impl Harvester {
    /// The local files that are named, to be read by `world`.
    pub fn local_files(&self) -> Vec<LocalFile> {
        match &self.token {
            Some(Token::File(file)) => vec![file.clone()],
            _ => Vec::new(),
        }
    }

    /// The text at a path of Harvester's own keys.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.config.get(*first)?, |value, key| value.get(key))?.as_str()
    }

    /// True if something true stands at a path of Harvester's own keys.
    pub fn is_true(&self, path: &[&str]) -> bool {
        let pointer: String = path.iter().map(|key| format!("/{key}")).collect();
        Value::Object(self.config.clone()).pointer(&pointer) == Some(&Value::Bool(true))
    }
}

/// Reads what is right; the shape has said what is wrong.
pub(super) fn harvester(root: &View<'_>) -> Option<Harvester> {
    let view = root.get("harvester").filter(View::is_map)?;
    let text = view.text_at("token").map(|token| Token::Text(token.map(Secret::new)));
    let token = match (text, view.text_at("token_file").map(Token::File)) {
        (Some(token), None) | (None, Some(token)) => Some(token),
        _ => None,
    };
    let of_install = |key: &str| view.at(&["install", key]).and_then(|view| view.text());
    let mut places = BTreeMap::new();
    let config = match shape::HARVESTER {
        Shape::Map(keys) => config(&view, keys, "", &mut places),
        _ => Map::new(),
    };
    Some(Harvester {
        version: view.parse_at("version"),
        token,
        artifacts_url: view.text_at("artifacts_url"),
        config_url: of_install("config_url"),
        iso_url: of_install("iso_url"),
        config,
        places,
        origin: view.origin().clone(),
    })
}

/// What is Harvester's own in a mapping.
fn config(
    view: &View<'_>,
    keys: &[Key],
    path: &str,
    places: &mut BTreeMap<String, Origin>,
) -> Map<String, Value> {
    let mut config = Map::new();
    for (name, _, member) in view.entries() {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let is_cotters = shape::HARVESTER_OF_COTTER.contains(&path.as_str());
        let is_elsewhere = shape::HARVESTER_SAID_ELSEWHERE.iter().any(|(keys, _)| keys.join(".") == path);
        let key = keys.iter().find(|key| key.name == name);
        if let Some(key) = key.filter(|_| !is_cotters && !is_elsewhere && !member.is_null())
            && let Some(value) = value(&member, &key.shape, &path, places)
        {
            config.insert(name.to_owned(), value);
        }
    }
    config
}

/// A value as Harvester's loader takes it: a number where it wants a text would lose the whole config.
fn value(view: &View<'_>, shape: &Shape, path: &str, places: &mut BTreeMap<String, Origin>) -> Option<Value> {
    places.insert(path.to_owned(), view.origin().clone());
    let mut list = |items: Vec<View<'_>>, of: &Shape| {
        let items = items.iter().enumerate();
        let items = items.filter_map(|(index, item)| value(item, of, &format!("{path}[{index}]"), places));
        Value::Array(items.collect())
    };
    match shape {
        Shape::Text(_) | Shape::Word(_) | Shape::TextOrMap(..) => Some(view.text()?.value.into()),
        Shape::Truth => Some((view.text()?.value == "true").into()),
        Shape::Number(..) => Some(view.parse::<u64>()?.value.into()),
        Shape::List(of) => Some(list(view.items(), of)),
        Shape::OneOrMore(of) => Some(list(view.one_or_more(), of)),
        Shape::Map(keys) => Some(Value::Object(config(view, keys, path, places))),
        Shape::Table(_) => {
            let mut table = Map::new();
            for (name, place, member) in view.entries() {
                places.insert(format!("{path}.{name}"), place);
                table
                    .insert(name.to_owned(), member.text().map(|text| text.value).unwrap_or_default().into());
            }
            Some(Value::Object(table))
        }
        Shape::Free => {
            inside(view, path, places);
            Some(view.to_json())
        }
    }
}

/// The places of what is written freely.
fn inside(view: &View<'_>, path: &str, places: &mut BTreeMap<String, Origin>) {
    places.insert(path.to_owned(), view.origin().clone());
    view.entries().for_each(|(name, _, member)| inside(&member, &format!("{path}.{name}"), places));
    let items = view.items();
    items.iter().enumerate().for_each(|(index, item)| inside(item, &format!("{path}[{index}]"), places));
}
