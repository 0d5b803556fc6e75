//! Label selectors, as Kubernetes reads them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selector {
    requirements: Vec<Requirement>,
    /// Whether a part of it cannot be read, so that nothing can be said of what it selects.
    is_unreadable: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads `matchLabels` and `matchExpressions`; what is of the wrong kind says nothing.
    pub fn of(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let labels = value.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
        let mut requirements: Vec<Requirement> = labels
            .filter_map(|(key, value)| {
                let values = vec![text(value)?];
                Some(Requirement { key: key.clone(), operator: Operator::In, values })
            })
            .collect();
        let written = value.get("matchLabels").and_then(Value::as_object).map_or(0, serde_json::Map::len);
        let expressions =
            value.get("matchExpressions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let written = written + expressions.len();
        requirements.extend(expressions.iter().filter_map(|expression| {
            let operator = match expression.get("operator")?.as_str()? {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return None,
            };
            let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
            let key = expression.get("key")?.as_str()?.to_owned();
            Some(Requirement { key, operator, values: values.filter_map(text).collect() })
        }));
        let is_unreadable = requirements.len() < written;
        Self { requirements, is_unreadable }
    }

    /// False if nothing can be said of what it selects.
    pub fn is_readable(&self) -> bool {
        !self.is_unreadable
    }

    /// True if it asks for nothing. For the operator, such a selector selects nothing.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.is_unreadable
    }

    /// Whether it selects what has these labels.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.is_unreadable
            && !self.requirements.is_empty()
            && self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }

    /// Whether it selects a MachineConfig of a role that has no other label.
    pub fn selects_role(&self, role: &str) -> bool {
        self.selects(&BTreeMap::from([(crate::machineconfig::ROLE_LABEL.to_owned(), role.to_owned())]))
    }

    /// The keys that it asks for.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.requirements.iter().map(|requirement| requirement.key.as_str())
    }
}

impl Requirement {
    fn is_met(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let is_among = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_among,
            Operator::NotIn => !is_among,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::Selector;

    #[test]
    fn selects_as_kubernetes_does() {
        let labels = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())]);
        let expression = |key: &str, operator: &str, values: serde_json::Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, selects) in [
            (json!({}), false),
            (json!({"matchLabels": {"a": "1"}}), true),
            (json!({"matchLabels": {"a": "1", "b": ""}}), true),
            (json!({"matchLabels": {"a": "1", "c": ""}}), false),
            (expression("a", "In", json!(["0", "1"])), true),
            (expression("a", "NotIn", json!(["1"])), false),
            (expression("c", "NotIn", json!(["1"])), true),
            (expression("b", "Exists", json!([])), true),
            (expression("b", "DoesNotExist", json!([])), false),
        ] {
            assert_eq!(Selector::of(&selector).selects(&labels), selects, "{selector}");
        }
        assert!(
            Selector::of(&expression(crate::machineconfig::ROLE_LABEL, "In", json!(["worker", "x"])))
                .selects_role("x")
        );
    }
}
