//! `storage.trees`: local folders as files, links and directories.

use serde_json::Value;
use serde_json::json;

use super::Files;
use super::translated;
use crate::document::Diagnostics;
use crate::document::View;
use crate::ignition::DataUrl;
use crate::spec;
use crate::spec::Butane;
use crate::spec::Tree;
use crate::target::contents::Entry;
use crate::target::contents::EntryKind;

/// Adds what the folders hold to the document, after what the user wrote.
pub(super) fn add(butane: &Butane, files: &Files, document: &mut Value, findings: &mut Diagnostics) {
    for tree in &butane.trees {
        for entry in files.tree(&tree.local) {
            if let Err(path) = add_entry(tree, entry, document) {
                findings.error(
                    "tree-path-taken",
                    &tree.local.origin,
                    format!("`{path}` of the folder `{}` is written by this file too", tree.local.value),
                    "leave its contents out there, or the file out of the folder",
                );
            }
        }
    }
}

/// Where an entry of a tree lands on the machine.
pub(in crate::target) fn path_of(tree: &Tree, entry: &Entry) -> String {
    let base = tree.path.as_ref().map_or("", |path| path.value.trim_end_matches('/'));
    match entry.path.is_empty() {
        true if base.is_empty() => "/".to_owned(),
        true => base.to_owned(),
        false => format!("{base}/{}", entry.path),
    }
}

fn add_entry(tree: &Tree, entry: &Entry, document: &mut Value) -> Result<(), String> {
    let path = path_of(tree, entry);
    match &entry.kind {
        EntryKind::File { bytes, is_program } => {
            let index = match find(document, "files", &path) {
                Some(index) => index,
                None => push(document, "files", node(tree, &path)).ok_or(path.clone())?,
            };
            let file = &mut document["storage"]["files"][index];
            if file["contents"].get("source").is_some() {
                return Err(path);
            }
            let url = DataUrl::smallest(bytes);
            file["contents"]["source"] = url.source.into();
            if let Some(compression) = url.compression {
                file["contents"]["compression"] = compression.into();
            }
            if file.get("mode").is_none() {
                let own = if *is_program { 0o755 } else { 0o644 };
                file["mode"] = tree.file_mode.as_ref().map_or(own, |mode| mode.bits()).into();
            }
        }
        EntryKind::Link { target } => {
            let index = match find(document, "links", &path) {
                Some(index) => index,
                None => push(document, "links", node(tree, &path)).ok_or(path.clone())?,
            };
            let link = &mut document["storage"]["links"][index];
            if link.get("target").is_some() {
                return Err(path);
            }
            link["target"] = target.as_str().into();
        }
        EntryKind::Directory => {
            if tree.dir_mode.is_none() && tree.user.is_none() && tree.group.is_none() {
                return Ok(());
            }
            let mut directory = node(tree, &path);
            directory["mode"] = tree.dir_mode.as_ref().map_or(0o755, |mode| mode.bits()).into();
            push(document, "directories", directory).ok_or(path)?;
        }
    }
    Ok(())
}

fn node(tree: &Tree, path: &str) -> Value {
    let mut node = json!({"path": path});
    for (key, owner) in [("user", &tree.user), ("group", &tree.group)] {
        let shape = spec::owner_shape();
        if let Some(owner) = owner {
            node[key] = translated(&View::of(owner), shape, &Files::default());
        }
    }
    node
}

fn find(document: &Value, list: &str, path: &str) -> Option<usize> {
    document["storage"].get(list)?.as_array()?.iter().position(|node| node["path"] == path)
}

/// Adds a node, if nothing is at its path yet; says where in its list.
fn push(document: &mut Value, list: &str, node: Value) -> Option<usize> {
    let path = node["path"].as_str().unwrap_or_default();
    if ["files", "directories", "links"].iter().any(|list| find(document, list, path).is_some()) {
        return None;
    }
    let storage = &mut document["storage"];
    if storage.get(list).is_none() {
        storage[list] = json!([]);
    }
    let nodes = storage[list].as_array_mut()?;
    nodes.push(node);
    Some(nodes.len() - 1)
}
