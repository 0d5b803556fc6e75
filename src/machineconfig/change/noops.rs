//! Changes that come to nothing, and that the operator takes for changes all the same: it compares what is written.

use serde_json::Value;

use super::flags::Changed;
use super::kernel_arguments::words_of;
use crate::ignition;
use crate::machineconfig::Rendered;

/// The mode of a file that says none.
const DEFAULT_MODE: i64 = 0o644;
/// What says who owns a file if nothing does.
const ROOT: &str = "root";

/// Why a file comes to the same as before, if it does.
pub(super) fn of_file(changed: &Changed<'_>) -> Option<String> {
    let (old, new) = (changed.old?, changed.new?);
    let mut reasons = Vec::new();
    for key in ["overwrite", "mode", "user", "group", "contents", "append"] {
        let (old, new) = (old.get(key), new.get(key));
        if old != new {
            reasons.push(match key {
                "overwrite" => "`overwrite` makes no difference on a running node",
                "mode" if mode_of(old) == mode_of(new) => {
                    "`mode` 420 (0644) is what is taken if none is said"
                }
                "user" | "group" if owner_of(old) == owner_of(new) => "it is root's if nothing is said",
                "contents" if are_the_same(old, new) => {
                    "the contents are the same bytes, written in another way"
                }
                _ => return None,
            });
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn mode_of(mode: Option<&Value>) -> Option<i64> {
    mode.map_or(Some(DEFAULT_MODE), Value::as_i64)
}

fn owner_of(owner: Option<&Value>) -> String {
    let name = owner.and_then(|owner| owner.get("name")).and_then(Value::as_str);
    let id = owner.and_then(|owner| owner.get("id")).and_then(Value::as_i64);
    match (name, id) {
        (Some(ROOT), None | Some(0)) | (None, None | Some(0)) => ROOT.to_owned(),
        (name, id) => format!("{name:?} {id:?}"),
    }
}

fn are_the_same(old: Option<&Value>, new: Option<&Value>) -> bool {
    match (bytes_of(old), bytes_of(new)) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
}

/// What the operator writes; nothing if it cannot.
fn bytes_of(contents: Option<&Value>) -> Option<Vec<u8>> {
    let text = |key: &str| contents.and_then(|contents| contents.get(key)).and_then(Value::as_str);
    match text("source") {
        None | Some("") => Some(Vec::new()),
        Some(source) => ignition::decode(source, text("compression")),
    }
}

/// Why a unit comes to the same as before, if it does.
pub(super) fn of_unit(changed: &Changed<'_>) -> Option<String> {
    let (old, new) = (changed.old?, changed.new?);
    let mut reasons = Vec::new();
    for key in ["contents", "enabled", "mask", "dropins"] {
        let (old, new) = (old.get(key), new.get(key));
        if old != new {
            let texts = (old.and_then(Value::as_str), new.and_then(Value::as_str));
            reasons.push(match key {
                "contents" if texts.0.unwrap_or_default() == texts.1.unwrap_or_default() => {
                    "empty contents are none"
                }
                "mask" if old.unwrap_or(&Value::Bool(false)) == new.unwrap_or(&Value::Bool(false)) => {
                    "a unit is not masked if nothing is said"
                }
                "dropins" if sorted(old, "name") == sorted(new, "name") => {
                    "the drop-ins are the same, in another order"
                }
                _ => return None,
            });
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn sorted<'a>(list: Option<&'a Value>, key: &str) -> Vec<&'a Value> {
    let mut members: Vec<&Value> = list.and_then(Value::as_array).into_iter().flatten().collect();
    members.sort_by_key(|member| member.get(key).and_then(Value::as_str).map(str::to_owned));
    members
}

/// Why users come to the same as before, if they do.
pub(super) fn of_users(old: &Rendered, new: &Rendered) -> Option<String> {
    let told = |rendered: &Rendered| -> Vec<(Option<Value>, Option<Value>, Vec<String>)> {
        let keys = |user: &Value| {
            let keys = user.get("sshAuthorizedKeys").and_then(Value::as_array).into_iter().flatten();
            let mut keys: Vec<String> = keys.filter_map(Value::as_str).map(str::to_owned).collect();
            keys.sort_unstable();
            keys
        };
        let users = rendered.members("passwd", "users").iter();
        users.map(|user| (user.get("name").cloned(), user.get("passwordHash").cloned(), keys(user))).collect()
    };
    (told(old) == told(new)).then(|| "the same keys and passwords, in another order".to_owned())
}

/// Why kernel arguments come to the same as before, if they do.
pub(super) fn of_kernel_arguments(old: &Rendered, new: &Rendered) -> Option<String> {
    (words_of(&old.kernel_arguments) == words_of(&new.kernel_arguments))
        .then(|| "the same words, divided in another way".to_owned())
}

/// Why extensions come to the same as before, if they do.
pub(super) fn of_extensions(old: &Rendered, new: &Rendered) -> Option<String> {
    let set = |rendered: &Rendered| {
        let mut names = rendered.extensions.clone();
        names.sort_unstable();
        names.dedup();
        names
    };
    (set(old) == set(new)).then(|| "the same extensions, in another order or said twice".to_owned())
}
