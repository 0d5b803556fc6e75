//! One document as MachineConfigs, a theme each: so that one of them can be changed or taken away alone.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::ignition::DataUrl;
use crate::ignition::Document;
use crate::ignition::contents;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::generate::Made;
use crate::machineconfig::generate::Pool;
use crate::network::KEYFILE_FOLDER;
use crate::value::KernelArgument;

/// What decides names and addresses of ports.
const OF_NETWORK: [&str; 4] =
    [KEYFILE_FOLDER, "/etc/NetworkManager/", "/etc/systemd/network/", "/etc/udev/rules.d/"];

/// Splits what the operator can keep into MachineConfigs, and kernel arguments into one of their own.
pub(super) fn split(document: &Document, arguments: &[KernelArgument], pool: &Pool<'_>) -> Vec<Made> {
    let mut themes: BTreeMap<&str, Vec<(&str, &str, Value)>> = BTreeMap::new();
    for user in document.list("passwd", "users") {
        themes.entry("core").or_default().push(("passwd", "users", user.clone()));
    }
    for file in document.list("storage", "files") {
        let theme = theme_of(file["path"].as_str().unwrap_or_default());
        themes.entry(theme).or_default().push(("storage", "files", legible(file, pool)));
    }
    for unit in document.list("systemd", "units") {
        themes.entry("units").or_default().push(("systemd", "units", unit.clone()));
    }
    let mut made: Vec<Made> = Vec::new();
    for (theme, members) in themes {
        let mut config = pool.document();
        for (section, list, member) in members {
            config.add(section, list, member);
        }
        made.push(object(pool, theme, |object| object.spec.config = Some(config.to_value())));
    }
    if !arguments.is_empty() {
        made.push(object(pool, "kernel-arguments", |object| {
            object.spec.kernel_arguments = arguments.iter().map(ToString::to_string).collect();
            object.spec.config = Some(pool.document().to_value());
        }));
    }
    made
}

fn object(pool: &Pool<'_>, theme: &str, fill: impl FnOnce(&mut MachineConfig)) -> Made {
    let mut config = MachineConfig::new(pool.named(theme), pool.role);
    fill(&mut config);
    Made {
        name: config.name.clone(),
        object: config.to_value(),
        notes: Vec::new(),
        is_secret: theme == "core" && config.spec.config.to_owned().is_some_and(|config| has_hash(&config)),
    }
}

fn has_hash(config: &Value) -> bool {
    let users = config["passwd"]["users"].as_array();
    users.into_iter().flatten().any(|user| user.get("passwordHash").is_some())
}

fn theme_of(path: &str) -> &'static str {
    match path {
        "/etc/hostname" => "hostname",
        path if OF_NETWORK.iter().any(|folder| path.starts_with(folder)) => "network",
        _ => "files",
    }
}

/// A file as this version's operator can put another in its place: before OpenShift 4.20 a later plain file of the
/// same path would be taken for a packed one.
fn legible(file: &Value, pool: &Pool<'_>) -> Value {
    let mut file = file.clone();
    if pool.rules.resets_compression {
        return file;
    }
    if let Some(bytes) = contents(&file).filter(|_| file["contents"]["compression"] == "gzip") {
        file["contents"] = json!({"source": DataUrl::plain(&bytes).source});
    }
    file
}
