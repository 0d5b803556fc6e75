//! Documents of Ignition's spec 2.2 as those of spec 3.0, as the operator translates them.
//!
//! Follows the operator's `removeIgnDuplicateFilesUnitsUsers` and `v23tov30` of github.com/coreos/ign-converter: what
//! is there twice is put together from the last to the first, so files and units come out in reverse. What is written
//! of the wrong kind is passed on as it is: the reader of spec 3 says so.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Problem;
use super::path::clean;

/// The version of such documents.
pub(super) const SPEC_2: &str = "2.2.0";

/// The only user there may be.
const CORE: &str = "core";

/// The file system that is there already.
const ROOT: &str = "root";

/// Translates a document of spec 2.2.
pub(super) fn to_spec_3(document: &Value, problems: &mut Vec<Problem>) -> Value {
    let networkd = document.pointer("/networkd/units").and_then(Value::as_array);
    if networkd.is_some_and(|units| !units.is_empty()) {
        problems.push(Problem::new("`networkd` is of spec 2 alone", "write the files of NetworkManager"));
    }
    let ignition = &document["ignition"];
    let replace = ignition.pointer("/config/replace").filter(|replace| !replace.is_null()).map(reference);
    let append = members(document, "/ignition/config/append").iter().map(reference).collect::<Vec<_>>();
    let authorities =
        members(document, "/ignition/security/tls/certificateAuthorities").iter().map(reference);
    let authorities: Vec<Value> = authorities.collect();
    json!({
        "ignition": {
            "version": "3.0.0",
            "config": {"replace": replace, "merge": append},
            "security": {"tls": {"certificateAuthorities": authorities}},
            "timeouts": ignition.get("timeouts"),
        },
        "passwd": {"users": users(document, problems), "groups": groups(document)},
        "storage": {
            "disks": disks(document, problems),
            "raid": members(document, "/storage/raid"),
            "filesystems": file_systems(document, problems),
            "files": files(document),
            "directories": nodes(document, "/storage/directories"),
            "links": nodes(document, "/storage/links"),
        },
        "systemd": {"units": units(document)},
    })
}

fn members<'a>(document: &'a Value, pointer: &str) -> &'a [Value] {
    document.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn reference(reference: &Value) -> Value {
    json!({"source": reference.get("source"), "verification": reference.get("verification")})
}

/// What says nothing in spec 2 and something in spec 3: empty texts, `false` and 0.
fn without_nothing(mut value: Value, kept: &[&str]) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|key, value| {
            let is_nothing = value == "" || *value == false || *value == 0;
            let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            !is_empty && (!is_nothing || kept.contains(&key.as_str()))
        });
    }
    value
}

fn users(document: &Value, problems: &mut Vec<Problem>) -> Vec<Value> {
    let users = members(document, "/passwd/users");
    for user in users.iter().filter(|user| text(user, "name") != CORE) {
        let what = format!("the user `{}` stands in a document of spec 2.2", text(user, "name"));
        problems.push(Problem::new(what, format!("leave it out; the operator takes `{CORE}` alone there")));
    }
    for user in users.iter().filter(|user| user.get("create").is_some_and(|create| !create.is_null())) {
        let what =
            format!("the user `{}` has `create`, which the operator does not translate", text(user, "name"));
        problems.push(Problem::new(what, "leave it out, or write the document by spec 3"));
    }
    let Some(last) = users.last() else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let keys = users.iter().rev().flat_map(|user| members(user, "/sshAuthorizedKeys"));
    let keys: Vec<&Value> = keys.filter(|key| seen.insert(key.to_string())).collect();
    let mut user = without_nothing(last.clone(), &["name", "passwordHash", "uid"]);
    user["sshAuthorizedKeys"] = json!(keys);
    vec![user]
}

fn groups(document: &Value) -> Vec<Value> {
    members(document, "/passwd/groups")
        .iter()
        .map(|group| without_nothing(group.clone(), &["name", "gid"]))
        .collect()
}

fn disks(document: &Value, problems: &mut Vec<Problem>) -> Vec<Value> {
    let disks = members(document, "/storage/disks");
    for disk in disks {
        let sized = |partition: &&Value| {
            ["size", "start"].iter().any(|key| partition[*key] != Value::Null && partition[*key] != 0)
        };
        if members(disk, "/partitions").iter().any(|partition| sized(&partition)) {
            let what = format!(
                "partitions of `{}` are placed by sectors, which spec 3 does not know",
                text(disk, "device")
            );
            problems.push(Problem::new(what, "write the document by spec 3, with `sizeMiB` and `startMiB`"));
        }
    }
    disks.to_vec()
}

/// File systems that are made; all are mounted nowhere the operator knows of.
fn file_systems(document: &Value, problems: &mut Vec<Problem>) -> Vec<Value> {
    for file_system in members(document, "/storage/filesystems") {
        let name = text(file_system, "name");
        if name != ROOT {
            let what = format!("the file system `{name}` stands in a document of spec 2.2");
            problems.push(Problem::new(
                what,
                "write the document by spec 3; the operator translates `root` alone",
            ));
        }
    }
    Vec::new()
}

/// Files from the last to the first, each path once.
fn files(document: &Value) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let files = members(document, "/storage/files").iter().rev();
    files.filter(|file| seen.insert(text(file, "path"))).map(file).collect()
}

fn file(file: &Value) -> Value {
    let is_appended = file.get("append") == Some(&Value::Bool(true));
    let mut translated = node(file);
    // A file of spec 2 takes another's place unless it says otherwise.
    translated["overwrite"] = match file.get("overwrite") {
        _ if is_appended => false.into(),
        None | Some(Value::Null) => true.into(),
        Some(overwrite) => overwrite.clone(),
    };
    let contents = &file["contents"];
    let contents = without_nothing(
        json!({
            "source": contents.get("source").filter(|source| !source.is_null()).cloned().unwrap_or_else(|| "".into()),
            "compression": contents.get("compression"),
            "verification": contents.get("verification"),
        }),
        &["source"],
    );
    match is_appended {
        true => translated["append"] = json!([contents]),
        false => translated["contents"] = contents,
    }
    translated
}

fn nodes(document: &Value, pointer: &str) -> Vec<Value> {
    members(document, pointer).iter().map(node).collect()
}

/// A file, directory or link, on whatever file system: the operator knows the root alone.
fn node(node: &Value) -> Value {
    let owner = |key: &str| without_nothing(node[key].clone(), &["id"]);
    let mut translated = without_nothing(
        json!({
            "path": node.get("path"),
            "overwrite": node.get("overwrite"),
            "user": owner("user"),
            "group": owner("group"),
            "mode": node.get("mode"),
            "hard": node.get("hard"),
            "target": node.get("target"),
        }),
        &["overwrite", "mode", "target"],
    );
    if let Some(path) = node.get("path").and_then(Value::as_str) {
        translated["path"] = clean(path).into_owned().into();
    }
    translated
}

/// Units from the last to the first, each name once. Of those that are there again, only drop-ins are taken.
fn units(document: &Value) -> Vec<Value> {
    let mut units: Vec<Value> = Vec::new();
    let mut places: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for unit in members(document, "/systemd/units").iter().rev() {
        let dropins = members(unit, "/dropins");
        let name = text(unit, "name");
        let first = |dropin: &Value| without_nothing(dropin.clone(), &["name"]);
        match places.get_mut(name) {
            Some((at, known)) => {
                let more: Vec<Value> =
                    dropins.iter().filter(|dropin| known.insert(text(dropin, "name"))).map(first).collect();
                if let Some(list) = units[*at]["dropins"].as_array_mut() {
                    list.extend(more);
                }
            }
            None => {
                places
                    .insert(name, (units.len(), dropins.iter().map(|dropin| text(dropin, "name")).collect()));
                let mut translated = without_nothing(unit.clone(), &["name", "enabled"]);
                if let Value::Object(map) = &mut translated {
                    enable(map);
                }
                translated["dropins"] = dropins.iter().map(first).collect();
                units.push(translated);
            }
        }
    }
    units
}

/// `enable` is the older word for `enabled`.
fn enable(unit: &mut Map<String, Value>) {
    let is_enabled = unit.remove("enable") == Some(Value::Bool(true));
    if is_enabled && unit.get("enabled").is_none_or(Value::is_null) {
        unit.insert("enabled".to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::to_spec_3;

    #[test]
    fn what_is_there_twice_is_put_together_from_the_last() {
        let document = json!({
            "ignition": {"version": "2.2.0"},
            "storage": {"files": [
                {"filesystem": "root", "path": "/a", "contents": {"source": "data:,1"}, "mode": 0},
                {"filesystem": "other", "path": "etc//b", "contents": {"source": "", "compression": ""}, "user": {"name": ""}},
                {"filesystem": "root", "path": "/a", "append": true, "contents": {"source": "data:,2"}},
            ]},
            "systemd": {"units": [
                {"name": "a.service", "contents": "[Unit]\n", "dropins": [{"name": "1"}, {"name": "2", "contents": "x"}]},
                {"name": "b.service", "enable": true, "mask": false},
                {"name": "a.service", "enabled": false, "dropins": [{"name": "1", "contents": "y"}]},
            ]},
            "passwd": {"users": [
                {"name": "core", "sshAuthorizedKeys": ["1", "2"]}, {"name": "core", "sshAuthorizedKeys": ["2", "3"]},
            ]},
        });
        let mut problems = Vec::new();
        let read = to_spec_3(&document, &mut problems);
        assert_eq!(problems, []);
        assert_eq!(
            read["storage"]["files"],
            json!([
                {"path": "/a", "overwrite": false, "append": [{"source": "data:,2"}]},
                {"path": "/etc/b", "overwrite": true, "contents": {"source": ""}},
            ])
        );
        assert_eq!(
            read["systemd"]["units"],
            json!([
                {"name": "a.service", "enabled": false, "dropins": [{"name": "1", "contents": "y"}, {"name": "2", "contents": "x"}]},
                {"name": "b.service", "enabled": true, "dropins": []},
            ])
        );
        assert_eq!(read["passwd"]["users"], json!([{"name": "core", "sshAuthorizedKeys": ["2", "3", "1"]}]));
    }

    #[test]
    fn says_what_is_not_translated() {
        for (section, words) in [
            (json!({"networkd": {"units": [{"name": "a.network"}]}}), "`networkd`"),
            (json!({"passwd": {"users": [{"name": "a"}]}}), "the user `a`"),
            (json!({"passwd": {"users": [{"name": "core", "create": {}}]}}), "`create`"),
            (json!({"storage": {"filesystems": [{"name": "data"}]}}), "`data`"),
            (
                json!({"storage": {"disks": [{"device": "/dev/a", "partitions": [{"size": 5}]}]}}),
                "by sectors",
            ),
        ] {
            let mut problems = Vec::new();
            to_spec_3(&section, &mut problems);
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{section}: {problems:?}");
        }
    }
}
