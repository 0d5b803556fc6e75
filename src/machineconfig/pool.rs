//! A MachineConfigPool: which MachineConfigs are its own, and what it has now.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Problem;
use super::read::Object;
use crate::document::Origin;
use crate::document::nearest;

/// A pool of machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The identifier that a cluster gave it; empty if it is in none.
    pub uid: String,
    /// Which MachineConfigs are its own.
    pub selector: Selector,
    /// The rendered MachineConfig that its machines are to have.
    pub wanted: Option<String>,
    /// The rendered MachineConfig that all its machines have.
    pub current: Option<String>,
    /// The stream of images that it takes instead of the release's.
    pub image_stream: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// Chooses by labels, as Kubernetes does. One that asks for nothing chooses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

const OPERATORS: [(&str, Operator); 4] = [
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

impl Selector {
    /// Whether something with these labels is chosen.
    pub fn chooses(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.0.is_empty() && self.0.iter().all(|requirement| requirement.is_met(labels))
    }
}

impl Requirement {
    fn is_met(&self, labels: &BTreeMap<String, String>) -> bool {
        let label = labels.get(&self.label);
        let is_listed = label.is_some_and(|label| self.values.contains(label));
        match self.operator {
            Operator::In => is_listed,
            Operator::NotIn => !is_listed,
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
        }
    }
}

/// Reads a pool; what is wrong with it is a problem.
pub(super) fn read_pool(object: &Object<'_>, problems: &mut Vec<Problem>) -> Pool {
    let text = |pointer: &str| object.value.pointer(pointer).and_then(Value::as_str);
    let named = |pointer: &str| text(pointer).filter(|name| !name.is_empty()).map(str::to_owned);
    let name = text("/metadata/name").unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    if name.is_empty() {
        wrong.push(Problem::new("a MachineConfigPool has no name", "write `metadata.name`"));
    }
    let selector = selector(object.value.pointer("/spec/machineConfigSelector"), &name, &mut wrong);
    problems
        .extend(wrong.into_iter().map(|problem| Problem { origin: Some(object.origin.clone()), ..problem }));
    Pool {
        name,
        uid: text("/metadata/uid").unwrap_or_default().to_owned(),
        selector,
        wanted: named("/spec/configuration/name"),
        current: named("/status/configuration/name"),
        image_stream: named("/spec/osImageStream/name"),
        origin: object.origin.clone(),
    }
}

fn selector(written: Option<&Value>, pool: &str, problems: &mut Vec<Problem>) -> Selector {
    let mut requirements = Vec::new();
    let mut wrong = |what: String, next: &str| {
        let what = format!("the `machineConfigSelector` of the pool `{pool}` {what}");
        problems.push(Problem::new(what, next));
    };
    let Some(written) = written else { return Selector::default() };
    for (label, value) in written.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        match value.as_str() {
            Some(value) => requirements.push(Requirement {
                label: label.clone(),
                operator: Operator::In,
                values: vec![value.to_owned()],
            }),
            None => wrong(format!("gives `{label}` a value that is no text"), "put it in quotes"),
        }
    }
    for expression in written.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
        let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<String> = values.filter_map(Value::as_str).map(str::to_owned).collect();
        let written = text("operator");
        let Some((_, operator)) = OPERATORS.into_iter().find(|(name, _)| *name == written) else {
            let near = nearest(written, OPERATORS.iter().map(|(name, _)| *name));
            let next = near.map_or("write In, NotIn, Exists or DoesNotExist".to_owned(), |near| {
                format!("did you mean `{near}`?")
            });
            wrong(format!("has the operator `{written}`"), &next);
            continue;
        };
        let takes_values = matches!(operator, Operator::In | Operator::NotIn);
        if text("key").is_empty() {
            wrong("has an expression without a `key`".to_owned(), "name the label");
        } else if takes_values == values.is_empty() {
            let (what, next) = match takes_values {
                true => ("no", "list them under `values`"),
                false => ("", "leave them out"),
            };
            wrong(format!("has {what} values with the operator `{written}`").replace("  ", " "), next);
        } else {
            requirements.push(Requirement { label: text("key").to_owned(), operator, values });
        }
    }
    Selector(requirements)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use serde_json::json;

    use super::selector;

    fn chooses(selector_value: &Value, labels: &[(&str, &str)]) -> bool {
        let mut problems = Vec::new();
        let selector = selector(Some(selector_value), "a", &mut problems);
        assert_eq!(problems, []);
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        selector.chooses(&labels)
    }

    #[test]
    fn chooses_as_kubernetes_does() {
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "r", "operator": operator, "values": values}]});
        for (selector, worker, other) in [
            (json!({}), false, false),
            (json!({"matchLabels": {"r": "worker"}}), true, false),
            (expression("In", json!(["worker", "infra"])), true, false),
            (expression("NotIn", json!(["worker"])), false, true),
            (expression("Exists", json!([])), true, false),
            (expression("DoesNotExist", json!([])), false, true),
            (
                json!({"matchLabels": {"r": "worker"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}),
                false,
                false,
            ),
        ] {
            assert_eq!(chooses(&selector, &[("r", "worker")]), worker, "{selector}");
            assert_eq!(chooses(&selector, &[("q", "")]), other, "{selector}");
        }
    }

    #[test]
    fn says_what_kubernetes_would_refuse() {
        for (expression, words) in [
            (json!({"key": "r", "operator": "in", "values": ["a"]}), "the operator `in`"),
            (json!({"key": "r", "operator": "In"}), "has no values"),
            (json!({"key": "r", "operator": "Exists", "values": ["a"]}), "has values"),
            (json!({"operator": "Exists"}), "without a `key`"),
        ] {
            let mut problems = Vec::new();
            selector(Some(&json!({"matchExpressions": [expression]})), "a", &mut problems);
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{problems:?}");
        }
    }
}
