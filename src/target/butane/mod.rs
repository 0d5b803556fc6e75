//! What Butane's words come to: Ignition sections, the same as Butane makes of them.
//!
//! Everything that Ignition knows too is translated by the tables of [`crate::spec`], key by key. What is
//! Butane's own is in the files beside this one; what it makes is merged under what the user wrote.

mod boot_device;
mod machine_config;
mod mount_unit;
mod resource;
mod trees;

pub(super) use trees::path_of;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Files;
use crate::document::Diagnostics;
use crate::document::Key;
use crate::document::Shape;
use crate::document::View;
use crate::ignition::Config;
use crate::ignition::merge;
use crate::spec;
use crate::spec::Butane;
use crate::spec::ButaneFile;
use crate::value::FileMode;

/// Sections that are Ignition's too, with Ignition's name.
const SECTIONS: [(&str, &str); 5] = [
    ("ignition", "ignition"),
    ("kernel_arguments", "kernelArguments"),
    ("passwd", "passwd"),
    ("storage", "storage"),
    ("systemd", "systemd"),
];

/// The document that Butane would write of a file whose sections are these: Ignition, or a MachineConfig for
/// OpenShift.
pub(super) fn document(file: &ButaneFile, sections: Value, findings: &mut Diagnostics) -> Value {
    let mut config = Config::of_minor(file.variant.ignition_minor());
    config.absorb(sections);
    match file.variant.is_openshift() {
        true => machine_config::wrap(file, config.to_value(), findings),
        false => config.to_value(),
    }
}

/// The Ignition document of a Butane file: for OpenShift, the one in its MachineConfig.
pub(super) fn ignition(file: &ButaneFile, files: &Files, findings: &mut Diagnostics) -> Value {
    let mut document = document(file, sections(&file.butane, files, findings), findings);
    match file.variant.is_openshift() {
        true => document["spec"]["config"].take(),
        false => document,
    }
}

/// The sections of the Ignition document, without its version.
pub(super) fn sections(butane: &Butane, files: &Files, findings: &mut Diagnostics) -> Value {
    let view = butane.view();
    let mut document = Map::new();
    for (name, ignition_name) in SECTIONS {
        if let (Some(section), Some(shape)) = (view.get(name), spec::section(name)) {
            document.insert(ignition_name.to_owned(), translated(&section, shape, files));
        }
    }
    users(butane, files, &mut document, findings);
    let mut document = merge(mount_unit::units(&view), Value::Object(document));
    trees::add(butane, files, &mut document, findings);
    let document = merge(boot_device::boot_device(&view), document);
    merge(boot_device::grub(&view), document)
}

/// A section in Ignition's words.
fn translated(view: &View<'_>, shape: &Shape, files: &Files) -> Value {
    match shape {
        Shape::Map(keys) if spec::is_resource(keys) => {
            resource::resource(view, map(view, keys, files), files)
        }
        Shape::Map(keys) | Shape::TextOrMap(_, keys) => Value::Object(map(view, keys, files)),
        Shape::List(member) | Shape::OneOrMore(member) => {
            view.items().iter().map(|item| translated(item, member, files)).collect()
        }
        Shape::Number(..) => view.parse::<u64>().map_or(Value::Null, |number| number.value.into()),
        Shape::Truth => match view.to_json() {
            Value::Bool(truth) => truth.into(),
            _ => Value::Null,
        },
        shape if spec::is_mode(shape) => {
            view.parse::<FileMode>().map_or(Value::Null, |mode| mode.bits().into())
        }
        _ => view.text().map_or(Value::Null, |text| text.value.into()),
    }
}

fn map(view: &View<'_>, keys: &[Key], files: &Files) -> Map<String, Value> {
    let mut map = Map::new();
    for key in keys.iter().filter(|key| !key.sugar) {
        let Some(value) = view.get(key.name) else { continue };
        let value = translated(&value, &key.shape, files);
        let is_empty = value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty);
        // A partition's number 0 is the same as none.
        let is_no_number = key.name == "number" && value == 0;
        if !is_empty && !is_no_number {
            map.insert(camel_case(key.name), value);
        }
    }
    if let Some(local) =
        view.text_at("contents_local").filter(|_| keys.iter().any(|key| key.name == "contents_local"))
    {
        let text = files.text(&local).unwrap_or_default();
        map.insert("contents".to_owned(), text.into());
    }
    map
}

/// `size_mib` as `sizeMiB`, `home_dir` as `homeDir`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        if word == "mib" {
            camel.push_str("MiB");
            continue;
        }
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

/// Keys that lie in local files.
fn users(butane: &Butane, files: &Files, document: &mut Map<String, Value>, findings: &mut Diagnostics) {
    for user in &butane.users {
        let Some(written) = document
            .get_mut("passwd")
            .and_then(|passwd| passwd.get_mut("users"))
            .and_then(|users| users.get_mut(user.entry.value))
        else {
            continue;
        };
        if user.local_keys.is_empty() {
            continue;
        }
        let keys = super::contents::keys(user, files, findings);
        written["sshAuthorizedKeys"] = keys.iter().map(|key| Value::from(key.line())).collect();
    }
}

/// A value as a list's only member, under a section and its list.
fn only(section: &str, list: &str, value: Value) -> Value {
    json!({section: {list: [value]}})
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn writes_ignitions_names() {
        for (ours, theirs) in [
            ("path", "path"),
            ("size_mib", "sizeMiB"),
            ("type_guid", "typeGuid"),
            ("ssh_authorized_keys", "sshAuthorizedKeys"),
            ("no_create_home", "noCreateHome"),
            ("tpm2", "tpm2"),
        ] {
            assert_eq!(camel_case(ours), theirs);
        }
    }
}
