//! What differs between MachineConfigs, decoded, so that a person sees text and not data URLs.
//!
//! To show another part in words of its own: take it out of `rest` in `document.rs`, and write how it is compared
//! beside the others there. All that has no words of its own is shown key by key (`flat.rs`).

mod contents;
mod document;
mod flat;
mod unified;

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use super::MachineConfig;
use super::Rendered;
use super::change::How;
use super::config::Spec;

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The MachineConfig it is in.
    pub config: String,
    /// What it is: `file`, `unit`, `kernel arguments`.
    pub kind: &'static str,
    /// Its path or name, if it has one.
    pub name: String,
    /// How it differs.
    pub how: How,
    /// In what.
    pub details: Vec<Detail>,
}

/// In what something differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A key with another value.
    Line {
        /// The key.
        key: String,
        /// What it was, if it was there.
        old: Option<String>,
        /// What it is, if it is there.
        new: Option<String>,
    },
    /// Text, as hunks of a unified diff.
    Text {
        /// The hunks.
        unified: String,
    },
    /// Bytes that are no text.
    Binary {
        /// What it was.
        old: Option<Blob>,
        /// What it is.
        new: Option<Blob>,
    },
    /// Contents that are not shown.
    Secret,
}

/// Bytes, told by size and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// How many.
    pub size: usize,
    /// Their SHA-256.
    pub sha256: String,
}

impl Detail {
    fn line(key: &str, old: Option<String>, new: Option<String>) -> Self {
        Self::Line { key: key.to_owned(), old, new }
    }

    /// For programs.
    pub fn to_value(&self) -> Value {
        let blob =
            |blob: &Option<Blob>| blob.as_ref().map(|blob| json!({"size": blob.size, "sha256": blob.sha256}));
        match self {
            Self::Line { key, old, new } => json!({"kind": "line", "key": key, "old": old, "new": new}),
            Self::Text { unified } => json!({"kind": "text", "unified": unified}),
            Self::Binary { old, new } => json!({"kind": "binary", "old": blob(old), "new": blob(new)}),
            Self::Secret => json!({"kind": "secret"}),
        }
    }
}

impl Difference {
    /// For programs.
    pub fn to_value(&self) -> Value {
        json!({
            "machineconfig": self.config,
            "kind": self.kind,
            "name": self.name,
            "how": self.how.word(),
            "details": self.details.iter().map(Detail::to_value).collect::<Vec<_>>(),
        })
    }
}

/// What differs between MachineConfigs, each against the one of its name. Two single ones are compared whatever
/// their names are.
pub fn compare(old: &[MachineConfig], new: &[MachineConfig]) -> Vec<Difference> {
    if let ([old], [new]) = (old, new) {
        return compare_configs(&new.name, Some(old), Some(new));
    }
    let (old, new) = (by_name(old), by_name(new));
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let one = |name| compare_configs(name, old.get(name).copied(), new.get(name).copied());
    names.into_iter().flat_map(one).collect()
}

fn by_name(configs: &[MachineConfig]) -> BTreeMap<&str, &MachineConfig> {
    configs.iter().map(|config| (config.name.as_str(), config)).collect()
}

/// What a pool's MachineConfigs come to, to be compared as one.
pub fn as_config(rendered: &Rendered) -> MachineConfig {
    let mut config =
        MachineConfig { name: format!("rendered-{}", rendered.pool), ..MachineConfig::default() };
    config.spec = Spec {
        config: Some(rendered.config.clone()),
        kernel_arguments: rendered.kernel_arguments.clone(),
        extensions: rendered.extensions.clone(),
        fips: rendered.fips,
        kernel_type: rendered.kernel_type.clone(),
        os_image_url: rendered.os_image_url.clone().unwrap_or_default(),
        base_os_extensions_container_image: rendered
            .base_os_extensions_container_image
            .clone()
            .unwrap_or_default(),
    };
    config
}

fn compare_configs(name: &str, old: Option<&MachineConfig>, new: Option<&MachineConfig>) -> Vec<Difference> {
    let nothing = MachineConfig::default();
    let (before, after) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let mut found = Found { config: name, differences: Vec::new() };
    if old.is_none() || new.is_none() {
        let how = if old.is_none() { How::Added } else { How::Removed };
        found.say("MachineConfig", "", how, Vec::new());
    }
    let labels = |config: &MachineConfig| json!(config.labels);
    found.changed("labels", "", flat::compare("", Some(&labels(before)), Some(&labels(after))));
    of_spec(&before.spec, &after.spec, &mut found);
    let nothing = Value::Null;
    let document = |spec| -> &Value {
        let spec: &Spec = spec;
        spec.config.as_ref().unwrap_or(&nothing)
    };
    document::compare(document(&before.spec), document(&after.spec), &mut found);
    found.differences
}

/// What was found to differ in one MachineConfig.
struct Found<'a> {
    config: &'a str,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn say(&mut self, kind: &'static str, name: &str, how: How, details: Vec<Detail>) {
        self.differences.push(Difference {
            config: self.config.to_owned(),
            kind,
            name: name.to_owned(),
            how,
            details,
        });
    }

    fn changed(&mut self, kind: &'static str, name: &str, details: Vec<Detail>) {
        if !details.is_empty() {
            self.say(kind, name, How::Updated, details);
        }
    }
}

fn of_spec(old: &Spec, new: &Spec, found: &mut Found<'_>) {
    let arguments = |list: &[String]| -> String {
        list.iter().map(|argument| format!("{}\n", without_password(argument))).collect()
    };
    let names = |list: &[String]| -> String { list.iter().map(|name| format!("{name}\n")).collect() };
    for (kind, before, after, differs) in [
        (
            "kernel arguments",
            arguments(&old.kernel_arguments),
            arguments(&new.kernel_arguments),
            old.kernel_arguments != new.kernel_arguments,
        ),
        ("extensions", names(&old.extensions), names(&new.extensions), old.extensions != new.extensions),
    ] {
        if differs {
            let unified = unified::unified(&before, &after);
            let detail = if unified.is_empty() { Detail::Secret } else { Detail::Text { unified } };
            found.changed(kind, "", vec![detail]);
        }
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut lines = Vec::new();
    for (key, old, new) in [
        ("fips", text(if old.fips { "true" } else { "" }), text(if new.fips { "true" } else { "" })),
        ("kernelType", text(&old.kernel_type), text(&new.kernel_type)),
        ("osImageURL", text(&old.os_image_url), text(&new.os_image_url)),
        (
            "baseOSExtensionsContainerImage",
            text(&old.base_os_extensions_container_image),
            text(&new.base_os_extensions_container_image),
        ),
    ] {
        if old != new {
            lines.push(Detail::line(key, old, new));
        }
    }
    found.changed("spec", "", lines);
}

/// A kernel argument whose value is a password is told by its key.
fn without_password(argument: &str) -> String {
    let word = |word: &str| match word.split_once('=') {
        Some((key, _)) if key.to_ascii_lowercase().contains("password") => format!("{key}=<secret>"),
        _ => word.to_owned(),
    };
    argument.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
