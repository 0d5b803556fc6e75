//! Inventories in the words of others: text in, [`Inventory`] out.
//!
//! What a tool does not tell is absent, and what a name may depend on is said in `unseen`. Nothing is believed beyond
//! its type: a key with another type than its tool gives it is not there.
//!
//! To add a tool:
//! 1. write `src/hardware/import/<tool>.rs` with `is_it` and `read`, on the readers in `words.rs`;
//! 2. add it to [`KINDS`] and to [`recognised`];
//! 3. put an output of it, with what must come of it, into `tests/fixtures/inventory`.

mod ironic;
mod lshw;
mod lshw_json;
mod metal3;
mod redfish;
mod redfish_ports;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::INVENTORY_SCHEMA;
use super::Inventory;
use super::Unseen;
use crate::value::printable;

/// The largest text that is read, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// The most values in it; a large server comes to some ten thousand, and each costs a hundred bytes of memory.
const MAX_VALUES: usize = 400_000;
/// The most of somebody's words in a message, in characters.
const MAX_SHOWN: usize = 300;
/// What is read.
const KINDS: &str = "give it what one of these writes: `cotter inventory`; `lshw -json`; `baremetal node inventory save`; \
    `kubectl get -o json` of one BareMetalHost or HardwareData; Redfish's `EthernetInterfaces`, `NetworkAdapters` and \
    their neighbours, with their members";

/// What a tool does not tell that reads a port's present address alone.
const ADDRESSES: &str = "permanent addresses, and whether the present ones are the ports' own";

/// Why a text is no inventory, and the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryError {
    /// What is wrong.
    pub message: String,
    /// Where, if it is at one place: line and column, from 1; columns are bytes.
    pub place: Option<(usize, usize)>,
    /// What to do.
    pub help: String,
}

impl InventoryError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, help: help.into() }
    }

    fn of_json(cause: &serde_json::Error, help: &str) -> Self {
        let (line, column) = (cause.line(), cause.column());
        // The place is said on its own.
        let said = cause.to_string();
        let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said);
        Self { message: shown(said), place: (line > 0).then_some((line, column)), help: help.to_owned() }
    }
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for InventoryError {}

/// Reads an inventory: cotter's own, or what another tool says of a machine.
///
/// Takes JSON, also several values one after the other, as several calls of `curl` give, and what old versions of lshw
/// print for JSON. At most 16 MiB and 400000 values.
pub fn read_inventory(text: &[u8]) -> Result<Inventory, InventoryError> {
    let size = text.len();
    if size > MAX_BYTES {
        let message = format!("it has {size} bytes, and {MAX_BYTES} are read");
        return Err(InventoryError::new(message, "leave out what tells nothing of ports and disks"));
    }
    // Serial numbers of memory modules can be any bytes, and lshw prints them.
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(InventoryError::new("it is empty", KINDS));
    }
    let marks = text.bytes().filter(|byte| matches!(byte, b'{' | b'[' | b',' | b':')).count();
    if marks > MAX_VALUES {
        let message = format!("it has more than {MAX_VALUES} values");
        return Err(InventoryError::new(message, "leave out what tells nothing of ports and disks"));
    }
    match values(text) {
        Ok(value) => recognised(text, &value),
        Err(cause) => {
            let nodes = lshw_json::read(text).map(Value::Array).filter(lshw::is_it);
            let nodes = nodes.ok_or_else(|| {
                let error = InventoryError::of_json(&cause, KINDS);
                InventoryError { message: format!("it is no JSON: {}", error.message), ..error }
            })?;
            Ok(lshw::read(&nodes))
        }
    }
}

/// The one value of a text, or all of them.
fn values(text: &str) -> Result<Value, serde_json::Error> {
    let mut values: Vec<Value> =
        serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>()?;
    Ok(if values.len() == 1 { values.remove(0) } else { Value::Array(values) })
}

fn recognised(text: &str, value: &Value) -> Result<Inventory, InventoryError> {
    if let Some(schema) = value.get("schema").and_then(Value::as_str) {
        return own(text, value, schema);
    }
    if lshw::is_it(value) {
        return Ok(lshw::read(value));
    }
    if metal3::is_it(value) {
        return metal3::read(value);
    }
    if ironic::is_it(value) {
        return Ok(ironic::read(value));
    }
    if redfish::is_it(value) {
        return redfish::read(value);
    }
    Err(InventoryError::new(format!("{} is no inventory that is known", described(value)), KINDS))
}

fn own(text: &str, value: &Value, schema: &str) -> Result<Inventory, InventoryError> {
    let named = shown(schema);
    if schema != INVENTORY_SCHEMA {
        return Err(if schema.starts_with("cotter.dev/inventory/") {
            InventoryError::new(
                format!("it is in the format `{named}`, and `{INVENTORY_SCHEMA}` is read"),
                "write it again with this version's `cotter inventory`",
            )
        } else {
            InventoryError::new(format!("`{named}` is no inventory"), KINDS)
        });
    }
    let wrong = |cause: &serde_json::Error| {
        InventoryError::of_json(cause, "write it again with `cotter inventory`, or right it by hand")
    };
    // From the text, for the place of what is wrong.
    serde_json::from_str::<Inventory>(text).map_err(|cause| wrong(&cause))?;
    let mut value: Cow<'_, Value> = Cow::Borrowed(value);
    if !is_printable(&value) {
        make_printable(value.to_mut());
    }
    serde_json::from_value(value.into_owned()).map_err(|cause| wrong(&cause))
}

fn is_printable(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().all(crate::value::is_printable),
        Value::Array(items) => items.iter().all(is_printable),
        Value::Object(members) => members
            .iter()
            .all(|(key, member)| key.chars().all(crate::value::is_printable) && is_printable(member)),
        _ => true,
    }
}

fn make_printable(value: &mut Value) {
    match value {
        Value::String(text) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(make_printable),
        Value::Object(members) => {
            let taken = std::mem::take(members);
            for (key, mut member) in taken {
                make_printable(&mut member);
                members.insert(printable(&key), member);
            }
        }
        _ => {}
    }
}

/// A value in a few words, for one that is not known.
fn described(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(members) => {
            let keys: Vec<String> =
                members.keys().take(4).map(|key| format!("`{}`", printable(key))).collect();
            shown(&format!("an object with {}", keys.join(", ")))
        }
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => {
            format!("a list of {}", items.first().map(described).unwrap_or_default())
        }
        Value::String(_) => "a text".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) | Value::Null => "one word".to_owned(),
    }
}

/// The beginning of somebody's words, so that it can be shown.
fn shown(text: &str) -> String {
    let mut shown: String = printable(text).chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() && text.chars().count() > MAX_SHOWN {
        shown.push('…');
    }
    shown
}

/// An inventory of another tool, without anything in it.
fn empty(source: &str) -> Inventory {
    Inventory { schema: INVENTORY_SCHEMA.to_owned(), source: source.to_owned(), ..Inventory::default() }
}

/// Says that something could not be seen.
fn unseen(inventory: &mut Inventory, what: impl Into<String>, why: &str) {
    inventory.unseen.push(Unseen { what: what.into(), why: why.to_owned() });
}

/// Puts all in order, and says of each port's PCI function whether it is one of several, as far as the functions that
/// were told of show it.
fn finished(mut inventory: Inventory, mut functions: BTreeSet<String>) -> Inventory {
    functions.extend(inventory.ports.iter().filter_map(|port| port.pci_address()).map(str::to_owned));
    let mut of_device: BTreeMap<&str, usize> = BTreeMap::new();
    for (device, _) in functions.iter().filter_map(|function| function.rsplit_once('.')) {
        *of_device.entry(device).or_default() += 1;
    }
    let mut alone = BTreeSet::new();
    for port in &mut inventory.ports {
        let function = port.devices.iter_mut().find(|device| device.subsystem.as_deref() == Some("pci"));
        let Some((name, pci)) = function.and_then(|function| Some((&function.name, function.pci.as_mut()?)))
        else {
            continue;
        };
        let Some((device, number)) = name.rsplit_once('.') else { continue };
        if number != "0" || of_device.get(device).is_some_and(|count| *count > 1) {
            pci.is_multifunction = Some(true);
        } else {
            alone.insert(name.clone());
        }
    }
    for function in alone {
        let what = format!("whether `{function}` is one of several functions of its device");
        unseen(&mut inventory, what, "no other is told of, and one may be hidden");
    }
    let mut said = BTreeSet::new();
    inventory.unseen.retain(|unseen| said.insert((unseen.what.clone(), unseen.why.clone())));
    inventory.ports.sort_by(|one, other| one.name.cmp(&other.name));
    inventory.disks.sort_by(|one, other| one.name.cmp(&other.name));
    inventory
}
