//! What the schema knows and a validator does not say: what is on its way out.

use serde_json::Value;

use super::problem::Problem;
use super::problem::What;

/// How deep the schema is followed.
const MAX_DEPTH: usize = 64;

/// The part of the schema that a JSON pointer names, with what `$ref` leads to.
pub(super) fn resolve<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    let pointer = pointer.strip_prefix('#').unwrap_or(pointer);
    let found = pointer.split('/').skip(1).try_fold(schema, |at, step| {
        if step == "$ref" {
            return follow(schema, at);
        }
        let step = step.replace("~1", "/").replace("~0", "~");
        match at {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => at.get(&step),
        }
    })?;
    Some(follow(schema, found).filter(|_| found.get("properties").is_none()).unwrap_or(found))
}

fn follow<'a>(schema: &'a Value, at: &Value) -> Option<&'a Value> {
    schema.pointer(at.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// Says what is deprecated in a document.
pub(super) fn old(schema: &Value, document: &Value) -> Vec<Problem> {
    let mut walk = Walk { schema, problems: Vec::new() };
    walk.at(schema, document, "", 0);
    walk.problems
}

struct Walk<'a> {
    schema: &'a Value,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn at(&mut self, schema: &'a Value, value: &Value, pointer: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(target) = follow(self.schema, schema) {
            self.at(target, value, pointer, depth + 1);
        }
        for branch in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.at(branch, value, pointer, depth + 1);
        }
        for list in ["anyOf", "oneOf"] {
            let branches = schema.get(list).and_then(Value::as_array).into_iter().flatten();
            let meant: Vec<&Value> = branches.filter(|branch| self.is_for(branch, value)).collect();
            let is_new = |branch: &&Value| branch.get("deprecated").or(branch.get("changed")).is_none();
            let has_new = meant.iter().any(is_new);
            for branch in meant {
                if !has_new {
                    self.old(branch, pointer, None);
                }
                self.at(branch, value, pointer, depth + 1);
            }
        }
        if let (Some(items), Some(members)) =
            (schema.get("items").filter(|items| items.is_object()), value.as_array())
        {
            for (index, member) in members.iter().enumerate() {
                self.at(items, member, &format!("{pointer}/{index}"), depth + 1);
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let (Some(properties), Some(entries)) = (properties, value.as_object()) else { return };
        for (key, value) in entries {
            let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            if let Some(of_key) = properties.get(key) {
                self.old(of_key, pointer, Some(key));
                self.at(of_key, value, &below, depth + 1);
            }
        }
    }

    /// Notes what is deprecated.
    fn old(&mut self, schema: &Value, pointer: &str, key: Option<&str>) {
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        let note = match (schema.get("deprecated"), schema.get("changed")) {
            (Some(Value::Bool(true)), _) => {
                text("deprecated_description").map(|why| (text("deprecated_version"), why))
            }
            (_, Some(Value::Bool(true))) => {
                text("changed_description").map(|why| (text("changed_version"), why))
            }
            _ => return,
        };
        let why = match note {
            Some((Some(version), why)) => format!("since {version}: {}", why.replace("**", "`")),
            Some((None, why)) => why.replace("**", "`"),
            None => "see cloud-init's module reference for what replaces it".to_owned(),
        };
        self.problems.push(Problem {
            pointer: pointer.to_owned(),
            key: key.map(ToOwned::to_owned),
            what: What::Old(why),
        });
    }

    /// True if a branch is meant for such a value, as far as its type and its words tell.
    fn is_for(&self, branch: &Value, value: &Value) -> bool {
        let whole = follow(self.schema, branch);
        let of = |key: &str| branch.get(key).or_else(|| whole.and_then(|whole| whole.get(key)));
        let is_type = |kind: &Value| match (kind.as_str(), value) {
            (Some("string"), Value::String(_))
            | (Some("array"), Value::Array(_))
            | (Some("object"), Value::Object(_))
            | (Some("boolean"), Value::Bool(_))
            | (Some("null"), Value::Null)
            | (Some("number"), Value::Number(_)) => true,
            (Some("integer"), Value::Number(number)) => !number.is_f64(),
            _ => false,
        };
        let is_kind = match of("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(is_type),
            Some(kind) => is_type(kind),
            None => true,
        };
        is_kind && of("enum").and_then(Value::as_array).is_none_or(|words| words.contains(value))
    }
}
