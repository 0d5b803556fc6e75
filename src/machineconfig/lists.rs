//! The lists of an Ignition document whose members have names.

use serde_json::Value;

/// A list of an Ignition document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedList {
    /// The section that it is in.
    pub(super) section: &'static str,
    /// Its key there.
    pub(super) key: &'static str,
    /// The key that its members are known by.
    pub(super) known_by: &'static str,
    /// What a member is.
    pub(super) what: &'static str,
}

/// All such lists, in the order in which they are told.
pub(super) const NAMED_LISTS: [NamedList; 10] = [
    list("storage", "files", "path", "file"),
    list("storage", "directories", "path", "directory"),
    list("storage", "links", "path", "link"),
    list("storage", "disks", "device", "disk"),
    list("storage", "filesystems", "device", "file system"),
    list("storage", "raid", "name", "RAID"),
    list("storage", "luks", "name", "encrypted volume"),
    list("passwd", "groups", "name", "group"),
    list("passwd", "users", "name", "user"),
    list("systemd", "units", "name", "unit"),
];

const fn list(
    section: &'static str,
    key: &'static str,
    known_by: &'static str,
    what: &'static str,
) -> NamedList {
    NamedList { section, key, known_by, what }
}

impl NamedList {
    /// Its members in a document.
    pub(super) fn members(self, document: &Value) -> &[Value] {
        let list = document.get(self.section).and_then(|section| section.get(self.key));
        list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The name of a member.
    pub(super) fn name(self, member: &Value) -> Option<&str> {
        member.get(self.known_by).and_then(Value::as_str)
    }
}

/// True for one of these lists.
pub(super) fn is_named(section: &str, key: &str) -> bool {
    NAMED_LISTS.iter().any(|list| list.section == section && list.key == key)
}
