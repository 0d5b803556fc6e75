//! `#cloud-config-archive`: a YAML list of parts.

use crate::document::Diagnostics;
use crate::document::View;
use crate::document::parse;

/// An entry of an archive.
pub(super) struct Entry {
    pub filename: Option<String>,
    pub content_type: Option<String>,
    pub text: String,
    /// The line of the archive that it begins on, and whether its lines are lines of the archive.
    pub line: (usize, bool),
}

/// Reads the entries; what is wrong with the YAML has places in the archive's own text.
pub(super) fn entries(text: &str) -> (Vec<Entry>, Diagnostics) {
    let (tree, mut findings) = parse("", text);
    let Some(tree) = tree else {
        return (Vec::new(), findings);
    };
    let root = View::root("", &tree);
    if !root.is_list() {
        findings.error(
            "boot-data-part",
            root.origin(),
            "an archive is a list, and this is none",
            "write each part as a member: `- |` and its lines",
        );
        return (Vec::new(), findings);
    }
    let mut entries = Vec::new();
    for item in root.items() {
        let content = if item.is_map() { item.get("content") } else { Some(item.clone()) };
        let Some((content, text)) = content.and_then(|content| Some((content.clone(), content.text()?)))
        else {
            let help = "write the text itself, or a mapping with `content`";
            findings.error("boot-data-part", item.origin(), "cloud-init passes over this entry", help);
            continue;
        };
        let line = match content.first_line() {
            Some(line) => (line, true),
            None => (text.origin.line, false),
        };
        let named = |key: &str| item.is_map().then(|| item.text_at(key)).flatten().map(|text| text.value);
        entries.push(Entry {
            filename: named("filename"),
            content_type: named("type"),
            text: text.value,
            line,
        });
    }
    (entries, findings)
}
