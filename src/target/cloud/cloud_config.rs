//! cloud-config: users, files and the host name in cloud-init's own words; the rest by a script that it runs.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::shell::base64_lines;
use super::shell::packed;
use super::wanted::Entry;
use super::wanted::Group;
use super::wanted::Kind;
use super::wanted::Owner;
use super::wanted::Source;
use super::wanted::Unit;
use super::wanted::User;
use super::wanted::Wanted;
use crate::document::yaml_text;

/// Where the script lies that does the rest.
const SCRIPT_PATH: &str = "/var/lib/cotter/apply";
/// A text up to this stays legible.
const LEGIBLE_BYTES: usize = 1024;

/// Takes out of `wanted` what cloud-init does itself.
pub(super) struct Native {
    host_name: Option<String>,
    groups: Vec<String>,
    users: Vec<User>,
    files: Vec<Entry>,
    /// The files of units, if they are taken.
    units: Option<Vec<(String, String)>>,
}

impl Native {
    /// Leaves in `wanted` what the script must do: all of it, if something is to come before.
    pub(super) fn taken_from(wanted: &mut Wanted, is_first: bool) -> Self {
        let mut native = Self {
            host_name: wanted.host_name.clone(),
            groups: Vec::new(),
            users: Vec::new(),
            files: Vec::new(),
            units: None,
        };
        if !is_first {
            return native;
        }
        // cloud-init gives a group no number, and users of the system no home; it makes groups that are missing.
        let (groups, rest): (Vec<Group>, _) = std::mem::take(&mut wanted.groups)
            .into_iter()
            .partition(|group| group.should_exist && group.gid.is_none() && !group.is_system);
        wanted.groups = rest;
        native.groups = groups.into_iter().map(|group| group.name).collect();
        let late_groups: Vec<&str> = wanted.groups.iter().map(|group| group.name.as_str()).collect();
        let is_native = |user: &User| {
            let mut groups = user.groups.iter().chain(&user.primary_group);
            let is_late = groups.any(|group| late_groups.contains(&group.as_str()));
            user.should_exist && (!user.is_system || user.has_no_home) && !is_late
        };
        let (users, late_users) = std::mem::take(&mut wanted.users).into_iter().partition(is_native);
        native.users = users;
        let is_late = |owner: &Owner| {
            let user =
                late_users.iter().any(|user: &User| user.name == owner.user || user.name == owner.group);
            user || late_groups.contains(&owner.group.as_str())
        };
        // Below a link that the script makes, nothing can lie before it.
        let links: Vec<String> = wanted
            .entries
            .iter()
            .filter(|entry| matches!(entry.kind, Kind::Link { .. }))
            .map(|entry| format!("{}/", entry.path))
            .collect();
        let is_native = |entry: &Entry| {
            let is_plain = matches!(
                &entry.kind,
                Kind::File { contents: Some(Source::Bytes(_)), append, .. } if append.is_empty()
            );
            let is_below_link = links.iter().any(|link| entry.path.starts_with(link));
            let is_owned = !entry.owner.has_number() && !is_late(&entry.owner);
            // What the platform says of the host name may come before; the script has the last word.
            is_plain && entry.overwrite && is_owned && !is_below_link && entry.path != "/etc/hostname"
        };
        let (files, rest) = std::mem::take(&mut wanted.entries).into_iter().partition(is_native);
        native.files = files;
        wanted.entries = rest;
        wanted.users = late_users;
        let units = wanted.units.iter().flat_map(Unit::files);
        native.units = Some(units.map(|(path, text)| (path, text.to_owned())).collect());
        native
    }

    /// True if the files of units are there before the script.
    pub(super) fn has_unit_files(&self) -> bool {
        self.units.is_some()
    }

    /// Renders the document; `script` does what is left.
    pub(super) fn render(&self, machine: &str, script: &str) -> String {
        let mut document = Map::new();
        if let Some(name) = &self.host_name {
            let short = name.split('.').next().unwrap_or(name);
            document.insert("hostname".into(), short.into());
            if name.contains('.') {
                document.insert("fqdn".into(), name.as_str().into());
                document.insert("prefer_fqdn_over_hostname".into(), true.into());
            }
            document.insert("preserve_hostname".into(), false.into());
        }
        if !self.groups.is_empty() {
            document.insert("groups".into(), json!(self.groups));
        }
        if !self.users.is_empty() {
            // Without it, the image's own user would not be made, nor get the keys of the platform.
            let users: Vec<Value> =
                std::iter::once("default".into()).chain(self.users.iter().map(user)).collect();
            document.insert("users".into(), users.into());
        }
        let mut files: Vec<Value> = self.files.iter().filter_map(file).collect();
        files.extend(
            self.units
                .iter()
                .flatten()
                .map(|(path, text)| written(path, text.as_bytes(), 0o644, "root:root")),
        );
        files.push(written(SCRIPT_PATH, script.as_bytes(), 0o700, "root:root"));
        document.insert("write_files".into(), files.into());
        document.insert("runcmd".into(), json!([["bash", SCRIPT_PATH]]));
        let text = yaml_text(&Value::Object(document));
        format!("#cloud-config\n# Makes {machine} what its machine file says. Written by cotter.\n{text}")
    }
}

fn user(user: &User) -> Value {
    let mut entry = Map::from_iter([("name".to_owned(), json!(user.name))]);
    let mut add = |key: &str, value: Value| drop(entry.insert(key.to_owned(), value));
    if let Some(uid) = user.uid {
        add("uid", uid.into());
    }
    let shell = user.shell.clone().or_else(|| (!user.is_system).then(|| "/bin/bash".to_owned()));
    for (key, value) in [
        ("gecos", &user.gecos),
        ("homedir", &user.home),
        ("primary_group", &user.primary_group),
        ("shell", &shell),
    ] {
        if let Some(value) = value {
            add(key, value.as_str().into());
        }
    }
    if !user.groups.is_empty() {
        add("groups", json!(user.groups));
    }
    for (key, is_set) in [
        ("no_create_home", user.has_no_home),
        ("no_user_group", user.has_no_group),
        ("no_log_init", user.has_no_log),
        ("system", user.is_system),
    ] {
        if is_set {
            add(key, true.into());
        }
    }
    if let Some(hash) = &user.password_hash {
        // `passwd` would be taken for new users alone; and what is locked cannot log in by it.
        add("hashed_passwd", hash.as_str().into());
        add("lock_passwd", hash.starts_with(['*', '!']).into());
    }
    if !user.keys.is_empty() {
        add("ssh_authorized_keys", json!(user.keys));
    }
    Value::Object(entry)
}

fn file(entry: &Entry) -> Option<Value> {
    let Kind::File { mode, contents: Some(Source::Bytes(bytes)), .. } = &entry.kind else { return None };
    let mut value = written(&entry.path, bytes, mode.unwrap_or(0o644), &entry.owner.as_word());
    if !entry.owner.is_root() {
        // Its owner may be made by this very document.
        value["defer"] = true.into();
    }
    Some(value)
}

fn written(path: &str, bytes: &[u8], mode: u32, owner: &str) -> Value {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LEGIBLE_BYTES);
    let (content, encoding) = match (text, packed(bytes).filter(|packed| packed.len() < bytes.len())) {
        (Some(text), _) if !text.contains('\0') => (text.to_owned(), None),
        (_, Some(packed)) => (base64_lines(&packed), Some("gzip+base64")),
        (_, None) => (base64_lines(bytes), Some("base64")),
    };
    let mut value = json!({"path": path, "owner": owner, "permissions": format!("{mode:04o}")});
    if let Some(encoding) = encoding {
        value["encoding"] = encoding.into();
    }
    value["content"] = content.into();
    value
}
