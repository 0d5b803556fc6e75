//! A cluster's objects in what `oc adm must-gather` made, as answers of its API.
//!
//! A must-gather has a file for each object, or a list of them. Only a list of the server's own says that an object is not
//! there; and only what came to its end has all objects that are files.

use serde_json::Value;
use serde_json::json;

use super::folders_with;
use super::kept_answers;
use crate::cluster;
use crate::cluster::Answer;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::cluster::Trouble;
use crate::cluster::TroubleKind;
use crate::document;
use crate::document::View;
use crate::tree::Tree;
use crate::tree::text;
use crate::verify::BootRecord;

pub(super) const OBJECTS: &str = "cluster-scoped-resources";
/// The most text of objects of one kind.
const MAX_BYTES: usize = 64 << 20;

/// Where its objects are: in the folder itself, or in that of the one image that gathered. Nothing if it is no must-gather.
pub(super) fn folder(tree: &dyn Tree) -> Option<Result<String, String>> {
    match folders_with(tree, &[OBJECTS]).as_mut_slice() {
        [] => None,
        [one] => Some(Ok(std::mem::take(one))),
        _ => Some(Err("several images gathered: name the folder of one".to_owned())),
    }
}

/// The facts of the cluster, as its API would have given them.
pub fn record(tree: &dyn Tree, machine: &str) -> BootRecord {
    cluster::record(machine, &answers(tree, &Ask::FOR_VERDICT))
}

/// What its API would have answered, as far as it was gathered.
pub fn answers(tree: &dyn Tree, asks: &[Ask]) -> Answers {
    let folder = folder(tree).unwrap_or_else(|| Err("it is no must-gather".to_owned()));
    kept_answers(asks, &folder, |folder, ask| Gathered { tree, folder, ask }.answer())
}

/// What was gathered of one question.
struct Gathered<'a> {
    tree: &'a dyn Tree,
    folder: &'a str,
    ask: Ask,
}

impl Gathered<'_> {
    fn answer(&self) -> Result<Answer, String> {
        let (place, name) = place(self.ask).ok_or("it is not gathered")?;
        let place = format!("{}/{place}", self.folder);
        let list = self.object(&format!("{place}.yaml"))?;
        let Some(name) = name else {
            return match list {
                Some(list) => Ok(self.understood(&list)),
                None => Ok(self.understood(&self.list(&place)?)),
            };
        };
        if let Some(object) = self.object(&format!("{place}/{name}.yaml"))? {
            return Ok(self.understood(&object));
        }
        let list = list.ok_or_else(|| format!("the must-gather has no {name}"))?;
        let (Some(items), Some(kind)) = (list["items"].as_array(), list["kind"].as_str()) else {
            return Err("what should be a list is none".to_owned());
        };
        match items.iter().find(|item| item["metadata"]["name"] == name) {
            Some(item) => {
                let mut item = item.clone();
                // In a list the kind is that of the list.
                if let (Value::Object(item), Some(kind)) = (&mut item, kind.strip_suffix("List")) {
                    item.insert("kind".to_owned(), kind.into());
                }
                Ok(self.understood(&item))
            }
            None if kind.ends_with("List") => {
                let message = format!("the must-gather's list has no {name}");
                Ok(Err(Trouble::new(TroubleKind::NotFound, message)))
            }
            None => Err("what should be a list is none".to_owned()),
        }
    }

    fn understood(&self, object: &Value) -> Answer {
        cluster::understand(self.ask, 200, object.to_string().as_bytes())
    }

    /// The objects of a folder as a list.
    fn list(&self, place: &str) -> Result<Value, String> {
        let names = self.tree.names(place)?.ok_or("the must-gather has none of them")?;
        self.ended()?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        for name in names.iter().filter(|name| name.ends_with(".yaml")) {
            let path = format!("{place}/{name}");
            bytes += self.tree.read(&path)?.map_or(0, |text| text.len());
            if bytes > MAX_BYTES {
                return Err(format!("there are more than {MAX_BYTES} bytes of them"));
            }
            items.push(self.object(&path)?.ok_or_else(|| format!("{name} went away"))?);
        }
        let kind = items.first().map_or(Value::Null, |item| item["kind"].clone());
        let kind = kind.as_str().ok_or("the must-gather has none of them")?;
        if items.iter().any(|item| item["kind"] != kind) {
            return Err("objects of several kinds are in one folder".to_owned());
        }
        Ok(json!({"kind": format!("{kind}List"), "items": items}))
    }

    fn object(&self, path: &str) -> Result<Option<Value>, String> {
        let Some(text) = text(self.tree, path)? else { return Ok(None) };
        let (tree, findings) = document::parse(path, &text);
        match tree {
            Some(tree) if findings.is_empty() => Ok(Some(View::root(path, &tree).to_json_1_1())),
            _ => Err(format!("{path} is not whole YAML")),
        }
    }

    /// `oc` writes the time when it begins and when it ends, and says in its log what failed.
    fn ended(&self) -> Result<(), String> {
        let times = text(self.tree, "/timestamp")?.unwrap_or_default();
        if times.lines().filter(|line| !line.trim().is_empty()).count() < 2 {
            return Err("the must-gather does not say that it came to its end, so there may be more: name the folder that `oc` made, which has `timestamp` in it".to_owned());
        }
        let log = text(self.tree, "/must-gather.log")?.unwrap_or_default();
        let failures = ["gather did not start", "gather never finished", "gather output not downloaded"];
        match log.lines().find(|line| failures.iter().any(|words| line.contains(words))) {
            Some(line) => Err(format!("the must-gather failed, so there may be more: {}", line.trim())),
            None => Ok(()),
        }
    }
}

/// Where an object of the API is in a must-gather, without `.yaml`, and its name; a list has none.
fn place(ask: Ask) -> Option<(String, Option<&'static str>)> {
    let parts: Vec<&str> = ask.path().split('/').skip(1).collect();
    Some(match parts.as_slice() {
        ["api", _, "namespaces", namespace, resource, name] => {
            (format!("namespaces/{namespace}/core/{resource}"), Some(*name))
        }
        ["api", _, resource] => (format!("{OBJECTS}/core/{resource}"), None),
        ["apis", group, _, resource] => (format!("{OBJECTS}/{group}/{resource}"), None),
        ["apis", group, _, resource, name] => (format!("{OBJECTS}/{group}/{resource}"), Some(*name)),
        _ => return None,
    })
}
