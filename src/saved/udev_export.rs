//! What `udevadm info --export-db` says of devices, as the tree of `/sys` and of udev's database that it came from.

use std::collections::BTreeMap;

use crate::tree::MemoryTree;

/// The longest path of a device, and the most devices above one another.
const MAX_PATH: usize = 4096;
const MAX_DEPTH: usize = 64;
/// Where udev keeps what it says of devices.
const RECORDS: &str = "/run/udev/data";

/// What udev says of one device.
#[derive(Default)]
struct Device<'a> {
    properties: BTreeMap<&'a str, &'a str>,
    links: Vec<&'a str>,
}

impl Device<'_> {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).copied()
    }

    /// As udev keeps it.
    fn record(&self) -> String {
        let links = self.links.iter().map(|link| format!("S:{link}\n"));
        let properties = self.properties.iter().map(|(key, value)| format!("E:{key}={value}\n"));
        links.chain(properties).collect()
    }

    fn is(&self, subsystem: &str) -> bool {
        self.property("SUBSYSTEM") == Some(subsystem)
    }
}

/// Puts ports and disks into the tree, and what they hang on.
pub(super) fn put(text: &str, tree: &mut MemoryTree) {
    let devices = parse(text);
    for (path, device) in &devices {
        // What is `..` in such a path was not written by udev.
        if !path.starts_with("/devices/") || path.len() > MAX_PATH || path.split('/').any(|part| part == "..")
        {
            continue;
        }
        let is_port = device.is("net");
        let is_disk = device.is("block") && device.property("DEVTYPE") == Some("disk");
        if (is_port || is_disk) && has_device(path) {
            put_device(path, device, tree);
            put_ancestors(path, device, &devices, tree);
        }
    }
}

/// Whether something is behind it: of what is virtual only the disks of several ways.
fn has_device(path: &str) -> bool {
    !path.starts_with("/devices/virtual/") || path.starts_with("/devices/virtual/nvme-subsystem/")
}

/// Blocks of lines as in `P: /devices/…`, `E: KEY=VALUE` and `S: disk/by-id/…`.
fn parse(text: &str) -> BTreeMap<&str, Device<'_>> {
    let mut found: BTreeMap<&str, Device<'_>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("P", path)) => current = path,
            Some(("E", property)) => {
                if let Some((key, value)) = property.split_once('=') {
                    found.entry(current).or_default().properties.insert(key, value);
                }
            }
            Some(("S", link)) => found.entry(current).or_default().links.push(link),
            _ => {}
        }
    }
    found
}

fn put_device(path: &str, device: &Device<'_>, tree: &mut MemoryTree) {
    let at = format!("/sys{path}");
    let Some((parent, name)) = path.rsplit_once('/') else { return };
    let class = if device.is("net") { "net" } else { "block" };
    tree.link(&format!("/sys/class/{class}/{name}"), &at);
    put_kind(&at, device, tree);
    // A class has a directory of its own below most devices.
    let behind = if parent.ends_with(&format!("/{class}")) { "../.." } else { ".." };
    tree.link(&format!("{at}/device"), behind);
    let record = match (class, device.property("MAJOR"), device.property("MINOR")) {
        ("block", Some(major), Some(minor)) => {
            tree.file(&format!("{at}/dev"), format!("{major}:{minor}"));
            format!("b{major}:{minor}")
        }
        _ => {
            let Some(index) = device.property("IFINDEX") else { return };
            tree.file(&format!("{at}/ifindex"), index);
            tree.file(&format!("{at}/iflink"), index);
            format!("n{index}")
        }
    };
    tree.file(&format!("{RECORDS}/{record}"), device.record());
}

fn put_ancestors(
    path: &str,
    device: &Device<'_>,
    devices: &BTreeMap<&str, Device<'_>>,
    tree: &mut MemoryTree,
) {
    let mut label = device.property("ID_NET_LABEL_ONBOARD");
    let mut path = path;
    for _ in 0..MAX_DEPTH {
        let Some((parent, _)) = path.rsplit_once('/') else { break };
        path = parent;
        let Some(ancestor) = devices.get(parent) else { continue };
        let at = format!("/sys{parent}");
        put_kind(&at, ancestor, tree);
        if let (Some(subsystem), Some((_, name))) = (ancestor.property("SUBSYSTEM"), parent.rsplit_once('/'))
        {
            tree.file(&format!("{RECORDS}/+{subsystem}:{name}"), ancestor.record());
        }
        if let Some(driver) = ancestor.property("DRIVER") {
            tree.link(&format!("{at}/driver"), driver);
        }
        for (key, first, second) in
            [("PCI_ID", "vendor", "device"), ("PCI_SUBSYS_ID", "subsystem_vendor", "subsystem_device")]
        {
            if let Some((vendor, product)) = ancestor.property(key).and_then(|id| id.split_once(':')) {
                tree.file(&format!("{at}/{first}"), format!("0x{}", vendor.to_lowercase()));
                tree.file(&format!("{at}/{second}"), format!("0x{}", product.to_lowercase()));
            }
        }
        if let Some(class) = ancestor.property("PCI_CLASS") {
            tree.file(&format!("{at}/class"), format!("0x{:0>6}", class.to_lowercase()));
        }
        if ancestor.is("pci")
            && let Some(label) = label.take()
        {
            tree.file(&format!("{at}/label"), label);
        }
        let product =
            ancestor.property("PRODUCT").filter(|_| ancestor.property("DEVTYPE") == Some("usb_device"));
        if let Some([vendor, product, ..]) = product.map(|id| id.split('/').collect::<Vec<_>>()).as_deref() {
            tree.file(&format!("{at}/idVendor"), format!("{vendor:0>4}"));
            tree.file(&format!("{at}/idProduct"), format!("{product:0>4}"));
        }
    }
}

fn put_kind(at: &str, device: &Device<'_>, tree: &mut MemoryTree) {
    let kind = device.property("DEVTYPE").map(|kind| format!("DEVTYPE={kind}\n"));
    tree.file(&format!("{at}/uevent"), kind.unwrap_or_default());
    if let Some(subsystem) = device.property("SUBSYSTEM") {
        tree.link(&format!("{at}/subsystem"), subsystem);
    }
}
