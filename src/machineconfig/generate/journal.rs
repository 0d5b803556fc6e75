//! journald's settings.

use super::Made;
use super::Pool;
use super::Problem;
use super::file;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::document::nearest;
use crate::value::FileMode;

const PATH: &str = "/etc/systemd/journald.conf";

/// What journald.conf(5) of systemd 252 and later has in its only section, and an older name that still counts.
const SETTINGS: [&str; 31] = [
    "Audit",
    "Compress",
    "ForwardToConsole",
    "ForwardToKMsg",
    "ForwardToSyslog",
    "ForwardToWall",
    "LineMax",
    "MaxFileSec",
    "MaxLevelConsole",
    "MaxLevelKMsg",
    "MaxLevelStore",
    "MaxLevelSyslog",
    "MaxLevelWall",
    "MaxRetentionSec",
    "RateLimitBurst",
    "RateLimitInterval",
    "RateLimitIntervalSec",
    "ReadKMsg",
    "RuntimeKeepFree",
    "RuntimeMaxFileSize",
    "RuntimeMaxFiles",
    "RuntimeMaxUse",
    "Seal",
    "SplitMode",
    "Storage",
    "SyncIntervalSec",
    "SystemKeepFree",
    "SystemMaxFileSize",
    "SystemMaxFiles",
    "SystemMaxUse",
    "TTYPath",
];

/// A MachineConfig with journald's settings, under the section's head: without it none of them counts.
///
/// # Errors
///
/// Everything that is wrong with the settings.
pub fn journald(settings: &[(String, Sourced<String>)], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    if settings.is_empty() {
        let next = "name settings, as in `Storage=persistent`";
        problems.push(Problem::new("no setting of journald's is asked for", next));
    }
    let mut text = String::from("[Journal]\n");
    for (index, (name, value)) in settings.iter().enumerate() {
        problems.extend(wrong_setting(name, value));
        if settings.iter().take(index).any(|(other, _)| other == name) {
            let what = format!("`{name}` is set twice");
            problems.push(words::problem(value, what, "keep one: the last would count"));
        }
        text.push_str(&format!("{name}={}\n", value.value));
    }
    let mut document = pool.document();
    document.add("storage", "files", file(PATH, FileMode::PUBLIC, text.as_bytes()));
    finish(Made::of(&pool.config("journald", &document)), problems, pool)
}

fn wrong_setting(name: &str, value: &Sourced<String>) -> Option<Problem> {
    if !SETTINGS.contains(&name) {
        let next = match nearest(name, SETTINGS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "see journald.conf(5) for what there is".to_owned(),
        };
        return Some(words::problem(value, format!("`{name}` is no setting of journald's"), next));
    }
    let known: &[&str] = match name {
        "Storage" => &["volatile", "persistent", "auto", "none"],
        "SplitMode" => &["uid", "none"],
        _ => &[],
    };
    if !known.is_empty() && !known.contains(&value.as_str()) {
        let next = format!("write one of {}", known.join(", "));
        return Some(words::problem(value, format!("`{name}` cannot be `{}`", value.value), next));
    }
    let is_line = !value.is_empty() && !value.contains(['\n', '\r', '\0']);
    (!is_line).then(|| {
        words::problem(value, format!("the value of `{name}` is not one line"), "write one value in one line")
    })
}
