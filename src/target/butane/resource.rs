//! Contents: inline and local ones become data URLs.

use serde_json::Map;
use serde_json::Value;

use super::Files;
use crate::document::View;
use crate::ignition::DataUrl;

/// Puts the source of a thing with contents into `written`, which has the rest of it.
pub(super) fn resource(view: &View<'_>, mut written: Map<String, Value>, files: &Files) -> Value {
    let inline = view.text_at("inline").map(|text| text.value.into_bytes());
    let local = || view.text_at("local").and_then(|file| files.bytes(&file).map(<[u8]>::to_vec));
    // An empty text is no value in YAML's eyes, but `inline: ""` means an empty file.
    let Some(bytes) = inline.or_else(local) else {
        return Value::Object(written);
    };
    // What the user compressed is not compressed again.
    let is_packed = written.get("compression").is_some_and(|compression| compression != "");
    let url = if is_packed { DataUrl::plain(&bytes) } else { DataUrl::smallest(&bytes) };
    written.insert("source".into(), url.source.into());
    if let Some(compression) = url.compression {
        written.insert("compression".into(), compression.into());
    }
    Value::Object(written)
}
