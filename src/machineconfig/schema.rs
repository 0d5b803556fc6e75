//! The keys of Ignition's spec 3, and a document as the operator's reader sees it.
//!
//! Follows `config/v3_*/types/schema.go` of Ignition 2.20 and how Go reads JSON into it: keys that are not known
//! are dropped, letters' case does not matter, `null` is not said; and how the operator writes it again:
//! without what is empty.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Map;
use serde_json::Value;

use super::Problem;

/// What may stand under a key.
enum Kind {
    /// A text.
    Text,
    /// A text that is always written, as a path.
    Name,
    /// `true` or `false`.
    Truth,
    /// A whole number.
    Whole,
    /// A whole number that says nothing if it is 0.
    WholeUnlessZero,
    /// A mapping.
    Map(&'static [Key]),
    /// A list.
    List(&'static Kind, Member),
}

/// What makes two members of a list the same.
enum Member {
    /// Nothing: the same may be there twice.
    Any,
    /// The text itself.
    Itself,
    /// What stands under this key.
    Key(&'static str),
    /// The number or else the label.
    Partition,
}

/// A key, and the minor version of spec 3 that brought it.
struct Key(&'static str, Kind, u8);

use Kind::List;
use Kind::Map as Keys;
use Kind::Name;
use Kind::Text;
use Kind::Truth;
use Kind::Whole;

const TEXTS: Kind = List(&Text, Member::Itself);
const ANY_TEXTS: Kind = List(&Text, Member::Any);

const DOCUMENT: &[Key] = &[
    Key(
        "ignition",
        Keys(&[
            Key("version", Name, 0),
            Key(
                "config",
                Keys(&[
                    Key("merge", List(&Keys(RESOURCE), Member::Any), 0),
                    Key("replace", Keys(RESOURCE), 0),
                ]),
                0,
            ),
            Key(
                "proxy",
                Keys(&[Key("httpProxy", Text, 1), Key("httpsProxy", Text, 1), Key("noProxy", TEXTS, 1)]),
                1,
            ),
            Key(
                "security",
                Keys(&[Key(
                    "tls",
                    Keys(&[Key("certificateAuthorities", List(&Keys(RESOURCE), Member::Key("source")), 0)]),
                    0,
                )]),
                0,
            ),
            Key("timeouts", Keys(&[Key("httpResponseHeaders", Whole, 0), Key("httpTotal", Whole, 0)]), 0),
        ]),
        0,
    ),
    Key("kernelArguments", Keys(&[Key("shouldExist", TEXTS, 3), Key("shouldNotExist", TEXTS, 3)]), 3),
    Key(
        "passwd",
        Keys(&[
            Key("groups", List(&Keys(GROUP), Member::Key("name")), 0),
            Key("users", List(&Keys(USER), Member::Key("name")), 0),
        ]),
        0,
    ),
    Key(
        "storage",
        Keys(&[
            Key("disks", List(&Keys(DISK), Member::Key("device")), 0),
            Key("raid", List(&Keys(RAID), Member::Key("name")), 0),
            Key("luks", List(&Keys(LUKS), Member::Key("name")), 2),
            Key("filesystems", List(&Keys(FILE_SYSTEM), Member::Key("device")), 0),
            Key("directories", List(&Keys(DIRECTORY), Member::Key("path")), 0),
            Key("files", List(&Keys(FILE), Member::Key("path")), 0),
            Key("links", List(&Keys(LINK), Member::Key("path")), 0),
        ]),
        0,
    ),
    Key("systemd", Keys(&[Key("units", List(&Keys(UNIT), Member::Key("name")), 0)]), 0),
];

const RESOURCE: &[Key] = &[
    Key("source", Text, 0),
    Key("compression", Text, 0),
    Key("httpHeaders", List(&Keys(&[Key("name", Name, 1), Key("value", Text, 1)]), Member::Key("name")), 1),
    Key("verification", Keys(&[Key("hash", Text, 0)]), 0),
];

const OWNER: &[Key] = &[Key("id", Whole, 0), Key("name", Text, 0)];

const FILE: &[Key] = &[
    Key("path", Name, 0),
    Key("overwrite", Truth, 0),
    Key("mode", Whole, 0),
    Key("user", Keys(OWNER), 0),
    Key("group", Keys(OWNER), 0),
    Key("contents", Keys(RESOURCE), 0),
    Key("append", List(&Keys(RESOURCE), Member::Any), 0),
];

const DIRECTORY: &[Key] = &[
    Key("path", Name, 0),
    Key("overwrite", Truth, 0),
    Key("mode", Whole, 0),
    Key("user", Keys(OWNER), 0),
    Key("group", Keys(OWNER), 0),
];

const LINK: &[Key] = &[
    Key("path", Name, 0),
    Key("overwrite", Truth, 0),
    Key("user", Keys(OWNER), 0),
    Key("group", Keys(OWNER), 0),
    Key("hard", Truth, 0),
    Key("target", Text, 0),
];

const DISK: &[Key] = &[
    Key("device", Name, 0),
    Key("wipeTable", Truth, 0),
    Key(
        "partitions",
        List(
            &Keys(&[
                Key("number", Kind::WholeUnlessZero, 0),
                Key("label", Text, 0),
                Key("startMiB", Whole, 0),
                Key("sizeMiB", Whole, 0),
                Key("typeGuid", Text, 0),
                Key("guid", Text, 0),
                Key("wipePartitionEntry", Truth, 0),
                Key("shouldExist", Truth, 0),
                Key("resize", Truth, 2),
            ]),
            Member::Partition,
        ),
        0,
    ),
];

const RAID: &[Key] = &[
    Key("name", Name, 0),
    Key("level", Text, 0),
    Key("devices", TEXTS, 0),
    Key("spares", Whole, 0),
    Key("options", ANY_TEXTS, 0),
];

const LUKS: &[Key] = &[
    Key("name", Name, 2),
    Key("device", Text, 2),
    Key("label", Text, 2),
    Key("uuid", Text, 2),
    Key("keyFile", Keys(RESOURCE), 2),
    Key("wipeVolume", Truth, 2),
    Key("discard", Truth, 4),
    Key("options", ANY_TEXTS, 2),
    Key("openOptions", ANY_TEXTS, 4),
    Key(
        "clevis",
        Keys(&[
            Key(
                "tang",
                List(
                    &Keys(&[Key("url", Text, 2), Key("thumbprint", Text, 2), Key("advertisement", Text, 4)]),
                    Member::Key("url"),
                ),
                2,
            ),
            Key("tpm2", Truth, 2),
            Key("threshold", Whole, 2),
            Key(
                "custom",
                Keys(&[Key("pin", Text, 2), Key("config", Text, 2), Key("needsNetwork", Truth, 2)]),
                2,
            ),
        ]),
        2,
    ),
    Key("cex", Keys(&[Key("enabled", Truth, 5)]), 5),
];

const FILE_SYSTEM: &[Key] = &[
    Key("device", Name, 0),
    Key("path", Text, 0),
    Key("format", Text, 0),
    Key("wipeFilesystem", Truth, 0),
    Key("label", Text, 0),
    Key("uuid", Text, 0),
    Key("options", ANY_TEXTS, 0),
    Key("mountOptions", ANY_TEXTS, 1),
];

const USER: &[Key] = &[
    Key("name", Name, 0),
    Key("passwordHash", Text, 0),
    Key("sshAuthorizedKeys", TEXTS, 0),
    Key("uid", Whole, 0),
    Key("gecos", Text, 0),
    Key("homeDir", Text, 0),
    Key("noCreateHome", Truth, 0),
    Key("primaryGroup", Text, 0),
    Key("groups", TEXTS, 0),
    Key("noUserGroup", Truth, 0),
    Key("noLogInit", Truth, 0),
    Key("shell", Text, 0),
    Key("shouldExist", Truth, 2),
    Key("system", Truth, 0),
];

const GROUP: &[Key] = &[
    Key("name", Name, 0),
    Key("gid", Whole, 0),
    Key("passwordHash", Text, 0),
    Key("shouldExist", Truth, 2),
    Key("system", Truth, 0),
];

const UNIT: &[Key] = &[
    Key("name", Name, 0),
    Key("enabled", Truth, 0),
    Key("mask", Truth, 0),
    Key("contents", Text, 0),
    Key("dropins", List(&Keys(&[Key("name", Name, 0), Key("contents", Text, 0)]), Member::Key("name")), 0),
];

/// Lists that are one list where it matters what is the same.
const SHARED: [(&str, &str); 5] = [
    ("files", "path"),
    ("directories", "path"),
    ("links", "path"),
    ("shouldExist", "argument"),
    ("shouldNotExist", "argument"),
];

/// A document of spec 3.`minor` as its reader sees it: known keys in a fixed order, nothing empty.
///
/// What is of the wrong kind is left out, and a problem.
pub(super) fn conform(document: &Value, minor: u8, problems: &mut Vec<Problem>) -> Value {
    let mut reader = Reader { minor, problems };
    reader.value(&Keys(DOCUMENT), document, "").unwrap_or_else(|| Value::Object(Map::new()))
}

/// The keys that spec 3.`minor` knows at the place of `path`, as in `storage.files[0]`; the document's own for none.
pub(super) fn keys_at(path: &str, minor: u8) -> Vec<&'static str> {
    let mut keys = DOCUMENT;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let name = part.split('[').next().unwrap_or_default();
        let found = keys.iter().find(|Key(key, _, _)| key.eq_ignore_ascii_case(name));
        keys = match found.map(|Key(_, kind, _)| kind) {
            Some(Keys(keys) | List(Keys(keys), _)) => keys,
            _ => return Vec::new(),
        };
    }
    keys.iter().filter(|Key(_, _, since)| *since <= minor).map(|Key(key, _, _)| *key).collect()
}

struct Reader<'a> {
    minor: u8,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// Nothing if there is nothing to say.
    fn value(&mut self, kind: &Kind, value: &Value, at: &str) -> Option<Value> {
        match (kind, value) {
            (Name, Value::Null) => Some("".into()),
            (_, Value::Null) => None,
            (Text | Name, Value::String(_)) | (Truth, Value::Bool(_)) => Some(value.clone()),
            (Whole | Kind::WholeUnlessZero, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                let says_nothing = matches!(kind, Kind::WholeUnlessZero) && number.as_i64() == Some(0);
                (!says_nothing).then(|| value.clone())
            }
            (Keys(keys), Value::Object(map)) => {
                let map = self.map(keys, map, at);
                (!map.is_empty()).then_some(Value::Object(map))
            }
            (List(member, _), Value::Array(list)) => {
                let list: Vec<Value> = list
                    .iter()
                    .enumerate()
                    .map(|(index, value)| self.member(member, value, &format!("{at}[{index}]")))
                    .collect();
                (!list.is_empty()).then_some(Value::Array(list))
            }
            _ => {
                let wanted = match kind {
                    Text | Name => "text",
                    Truth => "`true` or `false`",
                    Whole | Kind::WholeUnlessZero => "a whole number",
                    Keys(_) => "a mapping",
                    List(..) => "a list",
                };
                let what = format!("`{at}` is {}, not {wanted}", kind_of(value));
                self.problems.push(Problem::new(what, format!("write {wanted} there")));
                None
            }
        }
    }

    /// A member stays even if it is empty.
    fn member(&mut self, kind: &Kind, value: &Value, at: &str) -> Value {
        let empty = || match kind {
            Keys(_) => Value::Object(Map::new()),
            _ => "".into(),
        };
        match value {
            Value::Null => self.value(kind, &empty(), at).unwrap_or_else(empty),
            _ => self.value(kind, value, at).unwrap_or_else(empty),
        }
    }

    fn map(&mut self, keys: &[Key], map: &Map<String, Value>, at: &str) -> Map<String, Value> {
        let mut read = Map::new();
        for Key(name, kind, since) in keys {
            if *since > self.minor {
                continue;
            }
            let alike = || map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            let value = map.get(*name).or_else(alike).unwrap_or(&Value::Null);
            let place = if at.is_empty() { (*name).to_owned() } else { format!("{at}.{name}") };
            if let Some(value) = self.value(kind, value, &place) {
                read.insert((*name).to_owned(), value);
            }
        }
        read
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Says which members of lists are there twice; Ignition refuses that within one document.
pub(super) fn find_duplicates(document: &Value, problems: &mut Vec<Problem>) {
    if let Value::Object(map) = document {
        find_in(DOCUMENT, map, "", problems);
    }
}

fn find_in(keys: &[Key], map: &Map<String, Value>, at: &str, problems: &mut Vec<Problem>) {
    let mut seen: HashMap<(&str, String), String> = HashMap::new();
    for Key(name, kind, _) in keys {
        let Some(value) = map.get(*name) else { continue };
        let place = if at.is_empty() { (*name).to_owned() } else { format!("{at}.{name}") };
        match (kind, value) {
            (Keys(keys), Value::Object(map)) => find_in(keys, map, &place, problems),
            (List(kind, member), Value::Array(list)) => {
                let space = SHARED.iter().find(|(list, _)| list == name).map_or(*name, |(_, space)| *space);
                for (index, value) in list.iter().enumerate() {
                    let place = format!("{place}[{index}]");
                    if let (Keys(keys), Value::Object(map)) = (kind, value) {
                        find_in(keys, map, &place, problems);
                    }
                    let Some(key) = key_of(member, value) else { continue };
                    match seen.entry((space, key)) {
                        Entry::Occupied(first) => problems.push(Problem::new(
                            format!(
                                "`{place}` is a duplicate entry: `{}` is already `{}`",
                                first.key().1,
                                first.get()
                            ),
                            "keep one of them",
                        )),
                        Entry::Vacant(free) => drop(free.insert(place)),
                    }
                }
            }
            _ => {}
        }
    }
}

fn key_of(member: &Member, value: &Value) -> Option<String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match member {
        Member::Any => None,
        Member::Itself => value.as_str().map(str::to_owned),
        Member::Key(key) => Some(text(key)),
        Member::Partition => Some(match value.get("number").and_then(Value::as_i64) {
            Some(number) => format!("number {number}"),
            None => format!("label {}", text("label")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::conform;
    use super::find_duplicates;

    #[test]
    fn reads_as_the_operator_does() {
        let document = json!({
            "ignition": {"version": "3.2.0", "config": {}, "proxy": null},
            "storage": {"files": [
                {"path": "/a", "mode": 0, "Overwrite": false, "colour": "red", "contents": {"verification": {}}},
                null,
            ], "links": [], "disks": [{"device": "/dev/a", "partitions": [{"number": 0, "label": "x"}]}]},
            "kernelArguments": {"shouldExist": ["came with 3.3"]},
            "systemd": {"units": [{"name": "a.service", "contents": ""}]},
        });
        let mut problems = Vec::new();
        let read = conform(&document, 2, &mut problems);
        let expected = json!({
            "ignition": {"version": "3.2.0"},
            "storage": {
                "disks": [{"device": "/dev/a", "partitions": [{"label": "x"}]}],
                "files": [{"path": "/a", "mode": 0, "overwrite": false}, {"path": ""}],
            },
            "systemd": {"units": [{"name": "a.service", "contents": ""}]},
        });
        assert_eq!((read, problems), (expected, vec![]));
    }

    #[test]
    fn says_what_is_of_the_wrong_kind() {
        let document = json!({"storage": {"files": [
            {"path": 1, "mode": "0644", "overwrite": "yes", "contents": "x"}, {"path": "/a", "mode": 1.5},
        ]}, "systemd": []});
        let mut problems = Vec::new();
        conform(&document, 5, &mut problems);
        let found: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(
            found,
            [
                "`storage.files[0].path` is a number, not text",
                "`storage.files[0].overwrite` is text, not `true` or `false`",
                "`storage.files[0].mode` is text, not a whole number",
                "`storage.files[0].contents` is text, not a mapping",
                "`storage.files[1].mode` is a number, not a whole number",
                "`systemd` is a list, not a mapping",
            ]
        );
    }

    #[test]
    fn files_directories_and_links_share_their_paths() {
        for (document, duplicates) in [
            (json!({"storage": {"files": [{"path": "/a"}], "links": [{"path": "/a"}]}}), 1),
            (json!({"storage": {"files": [{"path": "/a"}, {"path": "/a"}, {"path": "/a"}]}}), 2),
            (
                json!({"storage": {"files": [{"path": "/a", "append": [{"source": "x"}, {"source": "x"}]}]}}),
                0,
            ),
            (json!({"passwd": {"users": [{"name": "a", "sshAuthorizedKeys": ["k", "k"]}]}}), 1),
            (json!({"passwd": {"users": [{"name": "a"}], "groups": [{"name": "a"}]}}), 0),
            (json!({"systemd": {"units": [{"name": "a", "dropins": [{"name": "x"}, {"name": "x"}]}]}}), 1),
            (
                json!({"storage": {"disks": [{"device": "/dev/a", "partitions": [{"number": 1}, {"label": "1"}]}]}}),
                0,
            ),
            (json!({"kernelArguments": {"shouldExist": ["a"], "shouldNotExist": ["a"]}}), 1),
        ] {
            let mut problems = Vec::new();
            find_duplicates(&document, &mut problems);
            assert_eq!(problems.len(), duplicates, "{document}: {problems:?}");
        }
    }
}
