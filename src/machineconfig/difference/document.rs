//! What differs between two Ignition documents.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use super::Detail;
use super::Found;
use super::contents;
use super::contents::Contents;
use super::flat;
use super::unified::unified;
use crate::machineconfig::change::How;

/// Lists whose members are known by a key: section, list, key, what a member is.
const LISTS: [(&str, &str, &str, &str); 9] = [
    ("storage", "files", "path", "file"),
    ("storage", "directories", "path", "directory"),
    ("storage", "links", "path", "link"),
    ("storage", "disks", "device", "disk"),
    ("storage", "filesystems", "device", "file system"),
    ("storage", "raid", "name", "RAID"),
    ("storage", "luks", "name", "encrypted volume"),
    ("passwd", "groups", "name", "group"),
    ("passwd", "users", "name", "user"),
];

/// Adds everything that differs.
pub(super) fn compare(old: &Value, new: &Value, found: &mut Found<'_>) {
    for (section, list, key, kind) in LISTS {
        members(old, new, (section, list, key), kind, &of_member(kind), found);
    }
    members(old, new, ("systemd", "units", "name"), "unit", &of_unit, found);
    found.changed("Ignition document", "", flat::compare("", Some(&rest(old)), Some(&rest(new))));
}

type Compare = dyn Fn(&str, Option<&Value>, Option<&Value>) -> Vec<Detail>;

fn of_member(kind: &'static str) -> Box<Compare> {
    match kind {
        "file" => Box::new(of_file),
        "user" => Box::new(of_user),
        _ => Box::new(|_, old, new| flat::compare("", old, new)),
    }
}

fn list_of<'a>(document: &'a Value, section: &str, list: &str) -> &'a [Value] {
    let list = document.get(section).and_then(|section| section.get(list)).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn members(
    old: &Value,
    new: &Value,
    (section, list, key): (&str, &str, &str),
    kind: &'static str,
    compare: &Compare,
    found: &mut Found<'_>,
) {
    let (before, after) = (list_of(old, section, list), list_of(new, section, list));
    if before == after {
        return;
    }
    let (old_by_name, new_by_name) = (by_name(before, key), by_name(after, key));
    let mut names: Vec<&str> = old_by_name.keys().chain(new_by_name.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (old, new) = (old_by_name.get(name).copied(), new_by_name.get(name).copied());
        if old == new {
            continue;
        }
        let how = match (old, new) {
            (None, _) => How::Added,
            (_, None) => How::Removed,
            _ => How::Updated,
        };
        let mut details = compare(name, without(old, key).as_ref(), without(new, key).as_ref());
        if details.is_empty() && how == How::Updated {
            details.push(Detail::line("written", None, Some("in another way, and the same".to_owned())));
        }
        found.say(kind, name, how, details);
    }
    if order(before, key, &new_by_name) != order(after, key, &old_by_name) {
        let what = format!("{section}.{list}");
        let detail =
            Detail::line("order", None, Some("another, which alone changes nothing on a node".to_owned()));
        found.changed("list", &what, vec![detail]);
    }
}

fn name_of<'a>(member: &'a Value, key: &str) -> &'a str {
    member.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn by_name<'a>(members: &'a [Value], key: &str) -> BTreeMap<&'a str, &'a Value> {
    members.iter().map(|member| (name_of(member, key), member)).collect()
}

/// The names of members that are there on the other side too, in order.
fn order<'a>(members: &'a [Value], key: &str, others: &BTreeMap<&str, &Value>) -> Vec<&'a str> {
    members.iter().map(|member| name_of(member, key)).filter(|name| others.contains_key(name)).collect()
}

/// A member without one of its keys, which may be large.
fn without(member: Option<&Value>, key: &str) -> Option<Value> {
    let member = member?;
    Some(match member.as_object() {
        Some(map) => {
            let others = map.iter().filter(|(name, _)| *name != key);
            Value::Object(others.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        None => member.clone(),
    })
}

fn of_file(path: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Detail> {
    let resource = |file: Option<&Value>| file.map(|file| Contents::of(file.get("contents")));
    let is_private = contents::is_private(path, old) || contents::is_private(path, new);
    let mut details = flat::compare("", without(old, "contents").as_ref(), without(new, "contents").as_ref());
    let (before, after) =
        (old.and_then(|file| file.get("contents")), new.and_then(|file| file.get("contents")));
    if before != after {
        let shown = contents::compare(path, is_private, resource(old).as_ref(), resource(new).as_ref());
        match shown {
            Some(detail) => details.push(detail),
            // What is not written and what is empty are the same.
            None if old.is_none() || new.is_none() => {}
            None => details.push(Detail::line(
                "contents",
                None,
                Some("the same bytes, written in another way; the operator takes it for a change".to_owned()),
            )),
        }
        let verification =
            |resource: Option<&Value>| resource.and_then(|resource| resource.get("verification")).cloned();
        details.extend(flat::compare(
            "contents.verification",
            verification(before).as_ref(),
            verification(after).as_ref(),
        ));
    }
    details
}

fn of_user(_: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Detail> {
    let keys = |user: Option<&Value>| -> String {
        let keys = user.and_then(|user| user.get("sshAuthorizedKeys")).and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(Value::as_str).map(|key| format!("{key}\n")).collect()
    };
    let mut details = flat::compare(
        "",
        without(old, "sshAuthorizedKeys").as_ref(),
        without(new, "sshAuthorizedKeys").as_ref(),
    );
    let unified = unified(&keys(old), &keys(new));
    if !unified.is_empty() {
        details.push(Detail::Text { unified });
    }
    details
}

fn of_unit(name: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Detail> {
    let plain = |unit: Option<&Value>| without(without(unit, "contents").as_ref(), "dropins");
    let mut details = flat::compare("", plain(old).as_ref(), plain(new).as_ref());
    details.extend(text_of(name, old, new));
    let dropins = |unit: Option<&Value>| -> BTreeMap<String, Value> {
        let dropins =
            unit.and_then(|unit| unit.get("dropins")).and_then(Value::as_array).into_iter().flatten();
        let name = |dropin: &Value| dropin.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        dropins.map(|dropin| (name(dropin), dropin.clone())).collect()
    };
    let (before, after) = (dropins(old), dropins(new));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old != new {
            let word = |dropin: Option<&Value>| dropin.map(|_| "there".to_owned());
            details.push(Detail::line(&format!("drop-in {name}"), word(old), word(new)));
            details.extend(text_of(name, old, new));
        }
    }
    details
}

/// What differs between the contents of units or drop-ins.
fn text_of(name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Detail> {
    let text = |unit: Option<&Value>| {
        let text = unit?.get("contents").and_then(Value::as_str).unwrap_or_default();
        Some(Contents::Bytes(text.as_bytes().to_vec()))
    };
    contents::compare(name, false, text(old).as_ref(), text(new).as_ref())
}

/// What has no words of its own.
fn rest(document: &Value) -> Value {
    let Some(document) = document.as_object() else { return json!({}) };
    let lists: Vec<(&str, &str)> =
        LISTS.iter().map(|(section, list, ..)| (*section, *list)).chain([("systemd", "units")]).collect();
    let sections = document.iter().map(|(name, section)| {
        let Some(map) = section.as_object() else { return (name.clone(), section.clone()) };
        let others = map.iter().filter(|(list, _)| !lists.contains(&(name.as_str(), list.as_str())));
        (name.clone(), Value::Object(others.map(|(key, value)| (key.clone(), value.clone())).collect()))
    });
    Value::Object(sections.collect())
}
