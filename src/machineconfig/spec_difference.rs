//! In which parts two rendered MachineConfigs differ.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::lists::NAMED_LISTS;
use super::lists::is_named;

/// Says in which parts the `spec` of a rendered MachineConfig differs from another: names, never contents.
/// `theirs` and `ours` name them.
pub fn spec_differences(their_spec: &Value, our_spec: &Value, theirs: &str, ours: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (their_config, our_config) = (&their_spec["config"], &our_spec["config"]);
    for key in keys(their_spec, our_spec).into_iter().filter(|key| *key != "config") {
        if says(&their_spec[key]) != says(&our_spec[key]) {
            found.push(format!("`{key}` differs"));
        }
    }
    for list in NAMED_LISTS {
        let what = list.what;
        let (their_members, our_members) = (list.members(their_config), list.members(our_config));
        let by_name = |members: &[Value]| -> BTreeMap<String, Value> {
            let name = |member| list.name(member).unwrap_or_default().to_owned();
            members.iter().map(|member| (name(member), member.clone())).collect()
        };
        let (their_names, our_names) = (by_name(their_members), by_name(our_members));
        let before = found.len();
        for name in their_names.keys().chain(our_names.keys()).collect::<BTreeSet<_>>() {
            match (their_names.get(name), our_names.get(name)) {
                (Some(_), None) => found.push(format!("{what} `{name}` is only in {theirs}")),
                (None, Some(_)) => found.push(format!("{what} `{name}` is only in {ours}")),
                (Some(theirs), Some(ours)) if theirs != ours => {
                    let parts: Vec<String> = keys(theirs, ours)
                        .into_iter()
                        .filter(|key| theirs[*key] != ours[*key])
                        .map(|key| format!("`{key}`"))
                        .collect();
                    found.push(format!("{what} `{name}` differs in {}", parts.join(", ")));
                }
                _ => {}
            }
        }
        if found.len() == before && their_members != our_members {
            found.push(format!("`{}.{}` has another order", list.section, list.key));
        }
    }
    for section in keys(their_config, our_config) {
        let rest = |config: &Value| {
            let mut rest = config[section].clone();
            if let Value::Object(map) = &mut rest {
                map.retain(|key, value| !is_named(section, key) && says(value).is_some());
            }
            says(&rest).cloned()
        };
        if rest(their_config) != rest(our_config) {
            found.push(format!("`config.{section}` differs"));
        }
    }
    found
}

/// Nothing for what says nothing.
fn says(value: &Value) -> Option<&Value> {
    let is_nothing = match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    (!is_nothing).then_some(value)
}

fn keys<'a>(one: &'a Value, other: &'a Value) -> BTreeSet<&'a str> {
    let of = |value: &'a Value| value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
    of(one).chain(of(other)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::spec_differences;

    #[test]
    fn names_parts_and_never_contents() {
        let theirs = json!({"kernelArguments": ["a"], "extensions": [], "fips": false, "config": {
            "ignition": {"version": "3.4.0"},
            "storage": {"files": [{"path": "/a", "mode": 1, "contents": {"source": "data:,x"}}, {"path": "/b"}], "links": []},
            "systemd": {"units": [{"name": "a.service"}, {"name": "b.service"}]},
        }});
        let ours = json!({"kernelArguments": ["b"], "fips": false, "config": {
            "ignition": {"version": "3.5.0"},
            "storage": {"files": [{"path": "/a", "mode": 2, "contents": {"source": "data:,y"}}, {"path": "/c"}]},
            "systemd": {"units": [{"name": "b.service"}, {"name": "a.service"}]},
        }});
        assert_eq!(
            spec_differences(&theirs, &ours, "theirs", "ours"),
            [
                "`kernelArguments` differs",
                "file `/a` differs in `contents`, `mode`",
                "file `/b` is only in theirs",
                "file `/c` is only in ours",
                "`systemd.units` has another order",
                "`config.ignition` differs",
            ]
        );
        assert_eq!(spec_differences(&ours, &ours, "theirs", "ours"), [""; 0]);
    }
}
