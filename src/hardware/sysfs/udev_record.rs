//! What udev remembers of a device, in its database below `/run/udev/data`.

use std::collections::BTreeMap;

use super::reading::Reading;
use super::reading::shown;
use crate::hardware::decides_about_names;

const FOLDER: &str = "/run/udev/data";
/// The most bytes of a property: links of disks are the longest.
const MAX_BYTES: usize = 4096;
/// The most properties, and the most links, of one device.
const MAX_LINES: usize = 500;

/// What udev remembers of a device; nothing where it was not asked, as in a container.
#[derive(Default)]
pub(super) struct UdevRecord {
    properties: BTreeMap<String, String>,
    /// Links to it, from `/dev`.
    pub(super) links: Vec<String>,
}

impl UdevRecord {
    /// Of the network port with this number.
    pub(super) fn of_port(reading: &Reading<'_>, ifindex: u64) -> Self {
        Self::parse(&reading.text(&format!("{FOLDER}/n{ifindex}")).unwrap_or_default())
    }

    /// Of the disk with these numbers, as in `8:16`.
    pub(super) fn of_disk(reading: &Reading<'_>, numbers: &str) -> Self {
        let are_numbers = numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        if !are_numbers {
            return Self::default();
        }
        Self::parse(&reading.text(&format!("{FOLDER}/b{numbers}")).unwrap_or_default())
    }

    /// Of a device on a bus.
    pub(super) fn of_device(reading: &Reading<'_>, subsystem: &str, name: &str) -> Self {
        Self::parse(&reading.text(&format!("{FOLDER}/+{subsystem}:{name}")).unwrap_or_default())
    }

    /// Lines as in `E:ID_PATH=pci-0000:18:00.0` and `S:disk/by-id/wwn-0x5000c500a1b2c3d4`.
    fn parse(text: &str) -> Self {
        let mut record = Self::default();
        for line in text.lines() {
            if let Some((key, value)) = line.strip_prefix("E:").and_then(|line| line.split_once('=')) {
                if record.properties.len() < MAX_LINES {
                    record.properties.insert(shown(key, MAX_BYTES), shown(value, MAX_BYTES));
                }
            } else if let Some(link) = line.strip_prefix("S:")
                && record.links.len() < MAX_LINES
            {
                record.links.push(shown(link, MAX_BYTES));
            }
        }
        record
    }

    /// The properties that decide which names a port may get (systemd.net-naming-scheme(7)).
    pub(super) fn naming(&self) -> BTreeMap<String, String> {
        let named = self.properties.iter().filter(|(name, _)| decides_about_names(name));
        named.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// A property that has a value.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).filter(|value| !value.is_empty()).cloned()
    }
}
