//! What OpenShift's operator can keep on a node, by MachineConfigs.

use serde_json::Map;
use serde_json::Value;

use super::taken_over::SHARED_WITH_RESOLVER;

/// Folders that the operator writes into.
const KEPT_FOLDERS: [&str; 4] = ["/etc/", "/var/", "/opt/", "/usr/local/"];

/// True for a file that the operator can keep: whole, carried along, with plain permission bits, and nobody else's
/// too; and none that decides who may become root, which a rotation of keys must never touch.
pub(super) fn is_kept_file(file: &Value) -> bool {
    why_not_kept(file).is_none()
}

/// Why a file cannot be given to the operator, if it cannot.
pub(super) fn why_not_kept(file: &Value) -> Option<&'static str> {
    let path = file["path"].as_str().unwrap_or_default();
    let source = file["contents"]["source"].as_str();
    if !KEPT_FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return Some("it is not below /etc, /var, /opt or /usr/local");
    }
    if path.starts_with("/etc/sudoers") {
        return Some("it decides who may become root, and a fault in it locks everybody out");
    }
    if path == SHARED_WITH_RESOLVER {
        return Some("the cluster's own resolver writes into it, and the operator would call that drift");
    }
    if file["append"].as_array().is_some_and(|parts| !parts.is_empty()) {
        return Some("something is added to it, and the operator writes whole files");
    }
    if !source.is_some_and(|source| source.starts_with("data:")) {
        return Some("its contents are not in the document, and the operator fetches nothing");
    }
    if file["mode"].as_u64().is_some_and(|mode| mode > 0o777) {
        return Some("its mode has more than permission bits");
    }
    (file["overwrite"] == false)
        .then_some("it must not replace another, and the operator replaces every file")
}

/// Of core, the operator manages password and keys alone; the rest of what was asked for is another's. What of a user
/// is the operator's comes first.
pub(super) fn core_user(user: &Value) -> (Option<Value>, Option<Value>) {
    let mut kept = Map::new();
    let mut rest = Map::new();
    for (key, value) in user.as_object().into_iter().flatten() {
        let is_kept = ["passwordHash", "sshAuthorizedKeys"].contains(&key.as_str());
        if key == "name" || is_kept {
            kept.insert(key.clone(), value.clone());
        }
        if key == "name" || !is_kept {
            rest.insert(key.clone(), value.clone());
        }
    }
    // A name alone says nothing.
    let unless_empty = |user: Map<String, Value>| (user.len() > 1).then_some(Value::Object(user));
    (unless_empty(kept), unless_empty(rest))
}
