//! What vendors' documents say: text in, files and digests out.

mod build;
mod digests;
mod stream;
mod version_text;

pub use build::build_metadata;
pub use build::build_url;
pub use digests::Listed;
pub use digests::digest_list;
pub use stream::StreamFile;
pub use stream::stream_metadata;
pub use version_text::version_text;

use std::fmt;

use serde_json::Value;

/// What is wrong with a vendor's document, as in "it has no `architectures`".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMetadata(pub String);

impl fmt::Display for BadMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads JSON whose outermost value is an object.
fn json(text: &str) -> Result<Value, BadMetadata> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(BadMetadata("it is no JSON object".into())),
        Err(cause) => Err(BadMetadata(format!("it is no JSON: {cause}"))),
    }
}

/// Finds a value by its keys.
fn under<'a>(value: &'a Value, keys: &[&str]) -> Result<&'a Value, BadMetadata> {
    let mut found = value;
    for (count, key) in keys.iter().enumerate() {
        found = found.get(key).ok_or_else(|| {
            let way: Vec<&str> = keys.iter().copied().take(count + 1).collect();
            BadMetadata(format!("it has no `{}`", way.join(".")))
        })?;
    }
    Ok(found)
}

/// Finds a text by its key.
fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, BadMetadata> {
    under(value, &[key])?.as_str().ok_or_else(|| BadMetadata(format!("its `{key}` is no text")))
}
