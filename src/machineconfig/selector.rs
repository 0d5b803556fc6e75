//! Label selectors, as Kubernetes reads them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ROLE_LABEL;
use crate::document::nearest;

/// Chooses by labels, as Kubernetes does. One that asks for nothing chooses nothing, and so does one that cannot be
/// read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
    /// Whether a part of it cannot be read, so that nothing can be said of what it chooses.
    is_unreadable: bool,
}

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

impl Operator {
    fn of(written: &str) -> Option<Self> {
        OPERATORS.into_iter().find(|(name, _)| *name == written).map(|(_, operator)| operator)
    }

    fn takes_values(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }
}

/// What is wrong with a selector, as the end of a sentence, and what to do about it.
pub(super) type Wrong = (String, String);

impl Selector {
    /// Reads what is written.
    pub fn of(written: &Value) -> Self {
        Self::read(written, &mut Vec::new())
    }

    /// Reads `matchLabels` and `matchExpressions`; what Kubernetes would refuse is said, each for itself.
    pub(super) fn read(written: &Value, wrong: &mut Vec<Wrong>) -> Self {
        let before = wrong.len();
        let mut requirements = Vec::new();
        for (label, value) in written.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            match value.as_str() {
                Some(value) => requirements.push(Requirement {
                    label: label.clone(),
                    operator: Operator::In,
                    values: vec![value.to_owned()],
                }),
                None => {
                    let what = format!("gives `{label}` a value that is no text");
                    wrong.push((what, "put it in quotes".to_owned()));
                }
            }
        }
        for expression in written.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            match requirement(expression) {
                Ok(requirement) => requirements.push(requirement),
                Err(what) => wrong.push(what),
            }
        }
        Self { requirements, is_unreadable: wrong.len() > before }
    }

    /// False if nothing can be said of what it chooses.
    pub fn is_readable(&self) -> bool {
        !self.is_unreadable
    }

    /// True if it asks for nothing. For the operator, such a selector chooses nothing.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.is_unreadable
    }

    /// Whether something with these labels is chosen.
    pub fn chooses(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.is_unreadable
            && !self.requirements.is_empty()
            && self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }

    /// Whether a MachineConfig of a role is chosen that has no other label.
    pub fn chooses_role(&self, role: &str) -> bool {
        self.chooses(&BTreeMap::from([(ROLE_LABEL.to_owned(), role.to_owned())]))
    }

    /// The labels that it asks for, as far as it can be read.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.requirements.iter().map(|requirement| requirement.label.as_str())
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

/// One of `matchExpressions`.
fn requirement(expression: &Value) -> Result<Requirement, Wrong> {
    let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
    let written = text("operator");
    let Some(operator) = Operator::of(written) else {
        let near = nearest(written, OPERATORS.iter().map(|(name, _)| *name));
        let next = near.map_or("write In, NotIn, Exists or DoesNotExist".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        return Err((format!("has the operator `{written}`"), next));
    };
    if text("key").is_empty() {
        return Err(("has an expression without a `key`".to_owned(), "name the label".to_owned()));
    }
    if let Some(wrong) = wrong_values(expression) {
        return Err(wrong);
    }
    let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
    let values = values.filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Requirement { label: text("key").to_owned(), operator, values })
}

/// Says whether an expression of a known operator lacks values, or has some that its operator does not take.
pub(super) fn wrong_values(expression: &Value) -> Option<Wrong> {
    let written = expression.get("operator").and_then(Value::as_str)?;
    let operator = Operator::of(written)?;
    let mut values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
    let has_values = values.any(Value::is_string);
    let (what, next) = match (operator.takes_values(), has_values) {
        (true, false) => ("no values", "list them under `values`"),
        (false, true) => ("values", "leave them out"),
        _ => return None,
    };
    Some((format!("has {what} with the operator `{written}`"), next.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use serde_json::json;

    use super::Selector;
    use crate::machineconfig::ROLE_LABEL;

    fn expression(key: &str, operator: &str, values: Value) -> Value {
        json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
    }

    #[test]
    fn chooses_as_kubernetes_does() {
        let labels = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())]);
        for (written, is_chosen) in [
            (json!({}), false),
            (json!({"matchLabels": {"a": "1"}}), true),
            (json!({"matchLabels": {"a": "1", "b": ""}}), true),
            (json!({"matchLabels": {"a": "1", "c": ""}}), false),
            (expression("a", "In", json!(["0", "1"])), true),
            (expression("c", "In", json!(["1"])), false),
            (expression("a", "NotIn", json!(["1"])), false),
            (expression("c", "NotIn", json!(["1"])), true),
            (expression("b", "Exists", json!([])), true),
            (expression("c", "Exists", json!([])), false),
            (expression("b", "DoesNotExist", json!([])), false),
            (expression("c", "DoesNotExist", json!([])), true),
            (
                json!({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}),
                false,
            ),
        ] {
            let mut wrong = Vec::new();
            let selector = Selector::read(&written, &mut wrong);
            assert_eq!((selector.chooses(&labels), wrong), (is_chosen, vec![]), "{written}");
            assert!(selector.is_readable());
        }
        let selector = Selector::of(&expression(ROLE_LABEL, "In", json!(["worker", "x"])));
        assert!(selector.chooses_role("x") && !selector.chooses_role("master"));
        assert_eq!(selector.keys().collect::<Vec<_>>(), [ROLE_LABEL]);
    }

    #[test]
    fn says_what_kubernetes_would_refuse_and_chooses_nothing_then() {
        for (expression, words) in [
            (json!({"key": "r", "operator": "in", "values": ["a"]}), "the operator `in`"),
            (json!({"key": "r", "operator": "In"}), "has no values"),
            (json!({"key": "r", "operator": "Exists", "values": ["a"]}), "has values"),
            (json!({"operator": "Exists"}), "without a `key`"),
        ] {
            let mut wrong = Vec::new();
            let written = json!({"matchLabels": {"r": "a"}, "matchExpressions": [expression]});
            let selector = Selector::read(&written, &mut wrong);
            assert!(wrong.len() == 1 && wrong[0].0.contains(words), "{wrong:?}");
            let labels = BTreeMap::from([("r".to_owned(), "a".to_owned())]);
            assert!(!selector.is_readable() && !selector.is_empty() && !selector.chooses(&labels));
        }
        assert!(Selector::of(&json!({})).is_empty());
    }
}
