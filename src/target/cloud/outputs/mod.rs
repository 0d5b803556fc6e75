//! What is written for a platform: the boot data as files, and how to hand them over.

mod snippet;
mod terraform;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::render::Rendered;
use super::render::short_name;
use crate::cloud::Choice;
use crate::cloud::Encoded;
use crate::cloud::Encoding;
use crate::cloud::Key;
use crate::cloud::NetworkWay;
use crate::cloud::Platform;
use crate::cloud::Reader;
use crate::document::yaml_text;
use crate::image;
use crate::plan::Output;
use crate::plan::Secrecy;
use crate::spec::Machine;

/// What there is to hand over.
pub(super) struct Delivering<'a> {
    pub(super) machine: &'a Machine,
    pub(super) platform: &'a Platform,
    pub(super) choice: &'a Choice,
    pub(super) keys: &'a [(Key, Encoded)],
    pub(super) rendered: &'a Rendered,
    /// cloud-init's network-config.
    pub(super) network: Option<&'a str>,
    pub(super) is_secret: bool,
}

/// A key with the file that holds what it gets.
struct Handed<'a> {
    key: &'a str,
    /// The file's name.
    file: String,
    /// The file is no text, or its bytes are to go as they are.
    is_packed: bool,
    encoded: &'a Encoded,
}

/// Everything that is written, by file name.
pub(super) fn outputs(delivering: &Delivering<'_>) -> BTreeMap<String, Output> {
    let mut files: BTreeMap<String, Output> = BTreeMap::new();
    let secrecy = if delivering.is_secret { Secrecy::Secret } else { Secrecy::Open };
    let mut add = |name: &str, bytes: Vec<u8>, secrecy: Secrecy, is_program: bool| {
        files.insert(name.to_owned(), Output { bytes, secrecy, is_program });
    };
    let handed = handed(delivering);
    for one in &handed {
        add(&plain_name(one.key, delivering), delivering.rendered.boot_data.clone(), secrecy, false);
        if one.file != plain_name(one.key, delivering) {
            add(&one.file, file_bytes(one), secrecy, false);
        }
    }
    if let Some(payload) = &delivering.rendered.payload {
        add("payload", payload.clone(), secrecy, false);
    }
    if has_meta_data(delivering) {
        add("meta-data", delivering.rendered.meta_data.clone().into_bytes(), Secrecy::Open, false);
    }
    if let Some(network) = delivering.network {
        add("network-config", network.as_bytes().to_vec(), Secrecy::Open, false);
    }
    if delivering.platform.name == "vsphere" {
        let data = guest_meta_data(delivering);
        add("guestinfo.metadata", STANDARD.encode(data).into_bytes(), Secrecy::Open, false);
    }
    if has_seed(delivering)
        && let Some(seed) = seed(delivering)
    {
        add("cidata.iso", seed, secrecy, false);
    }
    if let Some(text) = terraform::render(delivering, &handed) {
        add("terraform.tf", text.into_bytes(), Secrecy::Open, false);
    }
    if let Some(text) = snippet::render(delivering, &handed) {
        add("snippet.sh", text.into_bytes(), Secrecy::Open, true);
    }
    files
}

/// The keys with their files.
fn handed<'a>(delivering: &'a Delivering<'_>) -> Vec<Handed<'a>> {
    let of = |(key, encoded): &'a (Key, Encoded)| {
        let plain = plain_name(&key.name, delivering);
        let is_packed = encoded.encoding.is_packed();
        let file = match (is_packed, key.encoding) {
            // The value itself is what the platform's tools take.
            _ if key.name.starts_with("guestinfo.") => key.name.clone(),
            (true, Encoding::Text) => format!("{plain}.base64"),
            (true, _) => format!("{plain}.gz"),
            (false, _) => plain,
        };
        Handed { key: &key.name, file, is_packed, encoded }
    };
    delivering.keys.iter().map(of).collect()
}

/// The name of the file with the payload as it is.
fn plain_name(key: &str, delivering: &Delivering<'_>) -> String {
    let is_ignition = delivering.choice.readers == [Reader::Ignition];
    match key {
        "startup-script" => "startup-script",
        "opt/com.coreos/config" => "config.ign",
        _ if is_ignition && key.starts_with("guestinfo.") => "config.ign",
        _ => "user-data",
    }
    .to_owned()
}

fn file_bytes(one: &Handed<'_>) -> Vec<u8> {
    let is_value = one.file.ends_with(".base64") || one.file.starts_with("guestinfo.");
    match one.encoded.encoding.is_base64() && !is_value {
        true => STANDARD.decode(&one.encoded.value).unwrap_or_default(),
        false => one.encoded.value.clone(),
    }
}

fn reads_cloud_init(delivering: &Delivering<'_>) -> bool {
    delivering.choice.readers.contains(&Reader::CloudInit)
}

/// True where cloud-init gets its meta data from a file too.
fn has_meta_data(delivering: &Delivering<'_>) -> bool {
    reads_cloud_init(delivering) && matches!(delivering.platform.network(), NetworkWay::File(_))
}

/// True where a second disk can carry it all.
fn has_seed(delivering: &Delivering<'_>) -> bool {
    has_meta_data(delivering)
}

fn seed(delivering: &Delivering<'_>) -> Option<Vec<u8>> {
    let mut files = BTreeMap::from([
        ("user-data".to_owned(), delivering.rendered.boot_data.clone()),
        ("meta-data".to_owned(), delivering.rendered.meta_data.clone().into_bytes()),
    ]);
    if let Some(network) = delivering.network {
        files.insert("network-config".to_owned(), network.as_bytes().to_vec());
    }
    image::seed("cidata", &files).ok()
}

/// The meta data of VMware's data source, which has the network in it.
fn guest_meta_data(delivering: &Delivering<'_>) -> String {
    let mut data = json!({"instance-id": delivering.machine.name.value});
    if let Some(name) = short_name(delivering.machine) {
        data["local-hostname"] = name.into();
    }
    let mut text = yaml_text(&data);
    if let Some(network) = delivering.network {
        text.push_str("network:\n");
        for line in network.lines().filter(|line| !line.starts_with('#')) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
