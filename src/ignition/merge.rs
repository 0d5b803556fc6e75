//! Merging two Ignition documents, as Ignition does it (its config/merge/merge.go and the keys of types).

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Map;
use serde_json::Value;

/// Lists that are joined, without looking for what is there already.
const JOINED: [&str; 5] = ["merge", "append", "options", "openOptions", "mountOptions"];

/// Lists that share their members' keys: what the child has in one of them leaves the parent's others.
const SHARED: [&[&str]; 2] = [&["directories", "files", "links"], &["shouldExist", "shouldNotExist"]];

/// Merges `child` into `parent`: what the child says wins, and what only one of them says stays.
///
/// Members of lists are the same if they have the same key: a path, a name, a device. The parent's come
/// first, in their order.
pub fn merge(parent: Value, child: Value) -> Value {
    merge_at("", parent, child)
}

fn merge_at(name: &str, parent: Value, child: Value) -> Value {
    match (parent, child) {
        (Value::Object(parent), Value::Object(child)) => Value::Object(merge_maps(parent, child)),
        (Value::Array(parent), Value::Array(child)) => Value::Array(merge_lists(name, parent, child)),
        (parent, Value::Null) => parent,
        (_, child) => child,
    }
}

fn merge_maps(mut parent: Map<String, Value>, child: Map<String, Value>) -> Map<String, Value> {
    for list in SHARED.into_iter().flatten() {
        leave_to_child(list, &mut parent, &child);
    }
    for (key, value) in child {
        match parent.get_mut(&key) {
            // In its place: people compare documents by eye.
            Some(old) => *old = merge_at(&key, old.take(), value),
            None => drop(parent.insert(key, value)),
        }
    }
    parent
}

/// Removes from the parent's `list` what the child has in a list that shares its keys: a link takes a file's
/// place.
fn leave_to_child(list: &str, parent: &mut Map<String, Value>, child: &Map<String, Value>) {
    let Some(Value::Array(members)) = parent.get_mut(list) else {
        return;
    };
    let others =
        SHARED.into_iter().filter(|group| group.contains(&list)).flatten().filter(|other| **other != list);
    let taken: HashSet<&Value> =
        others.filter_map(|other| child.get(*other)?.as_array()).flatten().filter_map(key).collect();
    if !taken.is_empty() {
        members.retain(|member| key(member).is_none_or(|key| !taken.contains(key)));
    }
}

fn merge_lists(name: &str, mut parent: Vec<Value>, child: Vec<Value>) -> Vec<Value> {
    if JOINED.contains(&name) {
        parent.extend(child);
        return parent;
    }
    let mut removed = Vec::new();
    let places = places(&parent, &child);
    for (value, place) in child.into_iter().zip(places) {
        match place.filter(|place| *place < parent.len()) {
            // A header without a value takes the parent's away.
            Some(index) if name == "httpHeaders" && value.get("value").is_none_or(Value::is_null) => {
                removed.push(index);
            }
            Some(index) => {
                let old = parent[index].take();
                parent[index] = merge_at("", old, value);
            }
            None => parent.push(value),
        }
    }
    let mut index = 0;
    parent.retain(|_| {
        index += 1;
        !removed.contains(&(index - 1))
    });
    parent
}

/// Where each of the child's members goes: the place of the parent's with the same key, or of an earlier one of the
/// child's own behind the parent's.
fn places(parent: &[Value], child: &[Value]) -> Vec<Option<usize>> {
    let mut known = HashMap::with_capacity(parent.len());
    for (index, key) in parent.iter().enumerate().filter_map(|(index, value)| Some((index, key(value)?))) {
        known.entry(key).or_insert(index);
    }
    let mut end = parent.len();
    let mut places = Vec::with_capacity(child.len());
    for value in child {
        let place = key(value).and_then(|key| known.get(key).copied());
        if place.is_none() {
            known.extend(key(value).map(|key| (key, end)));
            end += 1;
        }
        places.push(place);
    }
    places
}

/// What makes a member of a list the same as another.
fn key(value: &Value) -> Option<&Value> {
    match value {
        Value::String(_) => Some(value),
        Value::Object(map)
            if map.contains_key("sizeMiB") || map.contains_key("startMiB") || is_partition(map) =>
        {
            let number = map.get("number").filter(|number| **number != 0);
            number.or_else(|| map.get("label"))
        }
        Value::Object(map) => ["path", "device", "name", "url", "source"].iter().find_map(|key| {
            // A file system has a path too, but its device is what it is known by; a volume has a device
            // too, but its name is.
            match *key {
                "path" if map.contains_key("device") => None,
                "device" if map.contains_key("name") => None,
                _ => map.get(*key),
            }
        }),
        _ => None,
    }
}

fn is_partition(map: &Map<String, Value>) -> bool {
    (map.contains_key("label") || map.contains_key("number"))
        && !map.contains_key("device")
        && !map.contains_key("name")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn the_child_wins_and_order_stays() {
        let parent = json!({"storage": {
            "files": [{"path": "/a", "mode": 420}, {"path": "/b", "append": [{"source": "data:,1"}]}],
            "disks": [{"device": "/dev/sda", "partitions": [{"label": "root-1"}, {"label": "boot-1", "sizeMiB": 384}]}],
            "filesystems": [{"device": "/dev/mapper/root", "format": "xfs", "label": "root"}],
            "luks": [{"name": "root", "device": "/dev/sda4", "options": ["a"]}],
        }});
        let child = json!({"storage": {
            "files": [{"path": "/c"}, {"path": "/b", "append": [{"source": "data:,1"}], "mode": 384}],
            "disks": [{"device": "/dev/sda", "partitions": [{"label": "root-1", "sizeMiB": 8192}, {"label": "var-1"}]}],
            "filesystems": [{"device": "/dev/mapper/root", "format": "ext4"}],
            "luks": [{"name": "root", "options": ["b"]}],
        }});
        let merged = json!({"storage": {
            "files": [{"path": "/a", "mode": 420}, {"path": "/b", "append": [{"source": "data:,1"}, {"source": "data:,1"}], "mode": 384}, {"path": "/c"}],
            "disks": [{"device": "/dev/sda", "partitions": [{"label": "root-1", "sizeMiB": 8192}, {"label": "boot-1", "sizeMiB": 384}, {"label": "var-1"}]}],
            "filesystems": [{"device": "/dev/mapper/root", "format": "ext4", "label": "root"}],
            "luks": [{"name": "root", "device": "/dev/sda4", "options": ["a", "b"]}],
        }});
        assert_eq!(merge(parent, child), merged);
    }

    #[test]
    fn files_directories_and_links_take_each_others_place() {
        let parent = json!({"storage": {
            "files": [{"path": "/a"}, {"path": "/b", "mode": 420}], "links": [{"path": "/c", "target": "x"}],
        }});
        let child = json!({"storage": {
            "links": [{"path": "/a", "target": "y"}], "directories": [{"path": "/d"}], "files": [{"path": "/c"}],
        }});
        let merged = json!({"storage": {
            "files": [{"path": "/b", "mode": 420}, {"path": "/c"}], "links": [{"path": "/a", "target": "y"}],
            "directories": [{"path": "/d"}],
        }});
        assert_eq!(merge(parent, child), merged);
        let (parent, child) =
            (json!({"shouldExist": ["a", "b"]}), json!({"shouldNotExist": ["b"], "shouldExist": ["a"]}));
        assert_eq!(merge(parent, child), json!({"shouldExist": ["a"], "shouldNotExist": ["b"]}));
    }

    #[test]
    fn a_header_without_a_value_takes_one_away() {
        let parent = json!({"httpHeaders": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]});
        let child = json!({"httpHeaders": [{"name": "a"}, {"name": "b", "value": "3"}]});
        assert_eq!(merge(parent, child), json!({"httpHeaders": [{"name": "b", "value": "3"}]}));
    }

    #[test]
    fn texts_in_lists_are_there_once() {
        let (parent, child) = (json!({"groups": ["a", "b"]}), json!({"groups": ["b", "c"]}));
        assert_eq!(merge(parent, child), json!({"groups": ["a", "b", "c"]}));
    }
}
