//! A config as it is written: values by their keys in any spelling that Harvester takes, with their places.

use super::spelling::means;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::value::HarvesterVersion;

/// What a config is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Create,
    Join,
    Install,
    Upgrade,
    Unknown,
}

/// A config.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub root: View<'a>,
    /// The release that will read it, if it is known.
    pub version: Option<&'a HarvesterVersion>,
}

/// The value under a key, if it is there and not empty.
pub(super) fn get<'a>(view: &View<'a>, key: &str) -> Option<View<'a>> {
    let found = view.entries().find(|(name, _, _)| means(name, key));
    found.map(|(_, _, value)| value).filter(|value| !value.is_null())
}

/// The text under a key, if there is one.
pub(super) fn text<'a>(view: &View<'a>, key: &str) -> Option<Sourced<String>> {
    get(view, key)?.text().filter(|text| !text.value.is_empty())
}

impl<'a> Written<'a> {
    /// What is at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<View<'a>> {
        path.iter().try_fold(self.root.clone(), |view, key| get(&view, key))
    }

    /// The text at the end of a path of keys.
    pub fn text(&self, path: &[&str]) -> Option<Sourced<String>> {
        self.at(path)?.text().filter(|text| !text.value.is_empty())
    }

    /// The texts at the end of a path of keys.
    pub fn texts(&self, path: &[&str]) -> Vec<Sourced<String>> {
        self.at(path)
            .map(|view| view.one_or_more().iter().filter_map(View::text).collect())
            .unwrap_or_default()
    }

    /// The members of the list at the end of a path of keys.
    pub fn list(&self, path: &[&str]) -> Vec<View<'a>> {
        self.at(path).map(|view| view.items()).unwrap_or_default()
    }

    /// True if something true is at the end of a path of keys.
    pub fn is_true(&self, path: &[&str]) -> bool {
        let is_true = |text: &str| ["true", "t", "yes", "y"].contains(&text.to_ascii_lowercase().as_str());
        self.text(path).is_some_and(|text| is_true(&text.value))
    }

    /// Where something is missing: at as much of the path as is there.
    pub fn place(&self, path: &[&str]) -> Origin {
        let mut view = self.root.clone();
        for key in path {
            match get(&view, key) {
                Some(next) => view = next,
                None => break,
            }
        }
        view.origin().clone()
    }

    /// What the config is for.
    pub fn mode(&self) -> Mode {
        match self.text(&["install", "mode"]).as_ref().map(|mode| mode.value.as_str()) {
            Some("create") => Mode::Create,
            Some("join") => Mode::Join,
            Some("install") => Mode::Install,
            Some("upgrade") => Mode::Upgrade,
            _ => Mode::Unknown,
        }
    }

    /// True if a node comes of it that has a network and a token.
    pub fn makes_a_node(&self) -> bool {
        matches!(self.mode(), Mode::Create | Mode::Join)
    }
}
