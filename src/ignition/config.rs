//! The document as values; serde writes it with Ignition's names.

use serde::Serialize;

use super::data_url;
use crate::value::FileMode;

/// An Ignition document of spec 3.
///
/// Lists are kept sorted by the caller's order; serialization is deterministic.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Config {
    ignition: Version,
    #[serde(skip_serializing_if = "Passwd::is_empty")]
    passwd: Passwd,
    #[serde(skip_serializing_if = "Storage::is_empty")]
    storage: Storage,
    #[serde(skip_serializing_if = "Systemd::is_empty")]
    systemd: Systemd,
}

#[derive(Clone, Debug, Serialize)]
struct Version {
    version: &'static str,
}

impl Default for Version {
    fn default() -> Self {
        Self { version: Config::VERSION }
    }
}

#[derive(Clone, Debug, Default, Serialize)]
struct Passwd {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<User>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Storage {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directories: Vec<Directory>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<File>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Systemd {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    units: Vec<Unit>,
}

impl Passwd {
    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.users.is_empty()
    }
}

impl Storage {
    fn is_empty(&self) -> bool {
        self.directories.is_empty() && self.files.is_empty()
    }
}

impl Systemd {
    fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
}

/// A group to be made.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
}

/// A user to be made, or changed if it is there.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Login name.
    pub name: String,
    /// Supplementary groups, which must exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The hash as `/etc/shadow` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// Lines of `authorized_keys`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_authorized_keys: Vec<String>,
}

/// A user or group that owns a file, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Its name.
    pub name: String,
}

/// A directory to be made.
#[derive(Clone, Debug, Serialize)]
pub struct Directory {
    /// Absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: FileMode,
}

/// A file to be written.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    /// Absolute path.
    pub path: String,
    /// Whether a file that is there may be replaced.
    pub overwrite: bool,
    /// Permission bits, as a decimal number in the document.
    pub mode: FileMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Owner>,
    contents: Resource,
}

#[derive(Clone, Debug, Serialize)]
struct Resource {
    source: String,
}

impl File {
    /// A file of root's that replaces what is there.
    pub fn new(path: impl Into<String>, mode: FileMode, contents: &[u8]) -> Self {
        let contents = Resource { source: data_url::encode(contents) };
        Self { path: path.into(), overwrite: true, mode, user: None, group: None, contents }
    }

    /// The same file, owned by `user` and `group`.
    pub fn owned_by(mut self, user: Option<String>, group: Option<String>) -> Self {
        self.user = user.map(|name| Owner { name });
        self.group = group.map(|name| Owner { name });
        self
    }
}

/// A systemd unit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Unit {
    /// Its name with suffix.
    pub name: String,
    /// Enable or disable it, by a preset that is applied on the first boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Mask it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<bool>,
    /// The unit file's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// Files that change parts of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropins: Vec<DropIn>,
}

/// A drop-in of a unit.
#[derive(Clone, Debug, Serialize)]
pub struct DropIn {
    /// File name, ending in `.conf`.
    pub name: String,
    /// Its text.
    pub contents: String,
}

impl Config {
    /// The spec version: the lowest that carries what cotter writes, so that the oldest Ignition of
    /// its targets reads it (3.3.0 is Ignition 2.11; Debian 12 ships 2.14).
    pub const VERSION: &'static str = "3.3.0";

    /// Adds a user.
    pub fn user(&mut self, user: User) {
        self.passwd.users.push(user);
    }

    /// Adds a group.
    pub fn group(&mut self, group: Group) {
        self.passwd.groups.push(group);
    }

    /// Adds a file.
    pub fn file(&mut self, file: File) {
        self.storage.files.push(file);
    }

    /// Adds a directory.
    pub fn directory(&mut self, directory: Directory) {
        self.storage.directories.push(directory);
    }

    /// Adds a unit.
    pub fn unit(&mut self, unit: Unit) {
        self.systemd.units.push(unit);
    }

    /// The document as JSON, the same bytes every time.
    pub fn to_json(&self) -> Vec<u8> {
        // These types hold only texts, numbers and lists, which serde_json cannot fail to write.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Config;
    use super::File;
    use super::Unit;
    use crate::value::FileMode;

    #[test]
    fn writes_ignitions_names_and_leaves_out_what_is_not_said() {
        let mut config = Config::default();
        config.file(File::new("/etc/motd", FileMode::PUBLIC, b"hi\n").owned_by(Some("core".into()), None));
        config.unit(Unit { name: "a.service".into(), enabled: Some(true), ..Unit::default() });
        let json: serde_json::Value = serde_json::from_slice(&config.to_json()).unwrap();
        let expected = serde_json::json!({
            "ignition": {"version": "3.3.0"},
            "storage": {"files": [{"path": "/etc/motd", "overwrite": true, "mode": 420, "user": {"name": "core"},
                "contents": {"source": "data:,hi%0A"}}]},
            "systemd": {"units": [{"name": "a.service", "enabled": true}]},
        });
        assert_eq!(json, expected);
    }
}
