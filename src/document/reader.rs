//! Reading a tree: typed values out, findings aside, no key unnoticed.

use std::str::FromStr;

use super::Diagnostics;
use super::Node;
use super::Origin;
use super::Sourced;
use super::Value;
use super::near::nearest;

/// A node seen with its file and the path of keys that leads to it.
#[derive(Clone, Debug)]
pub struct View<'a> {
    node: &'a Node,
    origin: Origin,
}

impl<'a> View<'a> {
    /// Looks at a whole document.
    pub fn root(file: &str, node: &'a Node) -> Self {
        Self { node, origin: node.place.origin(file, "") }
    }

    /// Looks again at a part that was put aside with [`View::aside`].
    pub fn of(part: &'a Sourced<Node>) -> Self {
        Self { node: &part.value, origin: part.origin.clone() }
    }

    /// Puts this part aside, to be read by somebody else.
    pub fn aside(&self) -> Sourced<Node> {
        Sourced { value: self.node.clone(), origin: self.origin.clone() }
    }

    /// Where this is written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// True for `null` and an empty place.
    pub fn is_null(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// True for a sequence.
    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// The text of a scalar, whatever it might mean otherwise.
    pub fn text(&self, diagnostics: &mut Diagnostics) -> Option<Sourced<String>> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => {
                Some(Sourced { value: scalar.text.clone(), origin: self.origin.clone() })
            }
            Value::Scalar(_) => self.wrong("a text", "nothing", diagnostics),
            Value::List(_) => self.wrong("a text", "a list", diagnostics),
            Value::Map(_) => self.wrong("a text", "a mapping", diagnostics),
        }
    }

    /// A value that knows what is right; `rule` names the finding if it is not.
    ///
    /// The value's error comes apart into a message and a next step.
    pub fn parse<T>(&self, rule: &'static str, diagnostics: &mut Diagnostics) -> Option<Sourced<T>>
    where
        T: FromStr,
        T::Err: Into<(String, String)>,
    {
        let text = self.text(diagnostics)?;
        match text.value.parse() {
            Ok(value) => Some(Sourced { value, origin: text.origin }),
            Err(error) => {
                diagnostics.wrong_value(rule, &text.origin, error);
                None
            }
        }
    }

    /// One word of a few, as what it stands for.
    pub fn word<T: Copy>(&self, words: &[(&str, T)], diagnostics: &mut Diagnostics) -> Option<Sourced<T>> {
        let text = self.text(diagnostics)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = match nearest(&text.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let message = format!("`{}` is not one of the words known here", text.value);
            diagnostics.error("known-word", &text.origin, message, help);
        }
        found.map(|(_, value)| Sourced { value: *value, origin: text.origin })
    }

    /// `true` or `false`.
    pub fn boolean(&self, diagnostics: &mut Diagnostics) -> Option<Sourced<bool>> {
        let text = self.text(diagnostics)?;
        let Value::Scalar(scalar) = &self.node.value else {
            return None;
        };
        match scalar.as_bool() {
            Some(value) => Some(Sourced { value, origin: text.origin }),
            None => {
                let message = format!("`{}` is not a truth value", text.value);
                diagnostics.error(
                    "true-or-false",
                    &text.origin,
                    message,
                    "write `true` or `false`, without quotes",
                );
                None
            }
        }
    }

    /// A whole number within `range`.
    pub fn number(
        &self,
        range: std::ops::RangeInclusive<u32>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Sourced<u32>> {
        let text = self.text(diagnostics)?;
        match text.value.parse::<u32>().ok().filter(|number| range.contains(number)) {
            Some(value) => Some(Sourced { value, origin: text.origin }),
            None => {
                let (from, to) = (range.start(), range.end());
                let message = format!("`{}` is not a whole number from {from} to {to}", text.value);
                diagnostics.error(
                    "number",
                    &text.origin,
                    message,
                    format!("write a number from {from} to {to}"),
                );
                None
            }
        }
    }

    /// The members of a list.
    pub fn list(&self, diagnostics: &mut Diagnostics) -> Vec<View<'a>> {
        match &self.node.value {
            Value::List(items) => {
                let member = |(index, node): (usize, &'a Node)| View {
                    node,
                    origin: node.place.origin(&self.origin.file, &format!("{}[{index}]", self.origin.key)),
                };
                items.iter().enumerate().map(member).collect()
            }
            Value::Scalar(scalar) if scalar.is_null() => Vec::new(),
            Value::Scalar(_) => self.wrong("a list", "a text", diagnostics).unwrap_or_default(),
            Value::Map(_) => self.wrong("a list", "a mapping", diagnostics).unwrap_or_default(),
        }
    }

    /// The members of a list, each parsed.
    pub fn parse_list<T>(&self, rule: &'static str, diagnostics: &mut Diagnostics) -> Vec<Sourced<T>>
    where
        T: FromStr,
        T::Err: Into<(String, String)>,
    {
        self.list(diagnostics).iter().filter_map(|member| member.parse(rule, diagnostics)).collect()
    }

    /// The fields of a mapping.
    pub fn fields(&self, diagnostics: &mut Diagnostics) -> Option<Fields<'a>> {
        match &self.node.value {
            Value::Map(_) => Some(Fields { view: self.clone(), asked: Vec::new() }),
            Value::Scalar(scalar) if scalar.is_null() => {
                Some(Fields { view: self.clone(), asked: Vec::new() })
            }
            Value::Scalar(_) => self.wrong("a mapping", "a text", diagnostics),
            Value::List(_) => self.wrong("a mapping", "a list", diagnostics),
        }
    }

    /// The same document as a JSON value, for libraries that read one (YAML 1.2 core schema).
    pub fn to_json(&self) -> serde_json::Value {
        to_json(self.node)
    }

    fn wrong<T>(&self, wanted: &str, found: &str, diagnostics: &mut Diagnostics) -> Option<T> {
        let name = if self.origin.key.is_empty() { "the file" } else { self.origin.key.as_str() };
        let message = format!("`{name}` is {found}, not {wanted}");
        diagnostics.error("kind-of-value", &self.origin, message, format!("write {wanted} here"));
        None
    }
}

/// A mapping being read. What nobody asked for is a finding at [`Fields::finish`].
#[derive(Debug)]
pub struct Fields<'a> {
    view: View<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Where the mapping is written.
    pub fn origin(&self) -> &Origin {
        self.view.origin()
    }

    /// The field, if it is there and not empty.
    pub fn optional(&mut self, key: &'static str) -> Option<View<'a>> {
        self.asked.push(key);
        let Value::Map(entries) = &self.view.node.value else {
            return None;
        };
        let (name, node) = entries.iter().find(|(name, _)| name.text == key)?;
        let parent = &self.view.origin;
        let path = if parent.key.is_empty() { key.to_owned() } else { format!("{}.{key}", parent.key) };
        // A collection in block style begins on a later line; its key is what the user looks for.
        let place = if node.place.line == name.place.line { node.place } else { name.place };
        let view = View { node, origin: place.origin(&parent.file, &path) };
        (!view.is_null()).then_some(view)
    }

    /// The field; that it is missing is a finding with `help`.
    pub fn required(
        &mut self,
        key: &'static str,
        help: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<View<'a>> {
        let found = self.optional(key);
        if found.is_none() {
            let origin = self.origin();
            let message = if origin.key.is_empty() {
                format!("`{key}` is missing")
            } else {
                format!("`{key}` is missing in `{}`", origin.key)
            };
            diagnostics.error("missing-key", origin, message, help);
        }
        found
    }

    /// Reports the keys that nobody asked for, each with the near one.
    pub fn finish(self, diagnostics: &mut Diagnostics) {
        let Value::Map(entries) = &self.view.node.value else {
            return;
        };
        for (name, _) in entries {
            if self.asked.contains(&name.text.as_str()) {
                continue;
            }
            let parent = &self.view.origin;
            let path = if parent.key.is_empty() {
                name.text.clone()
            } else {
                format!("{}.{}", parent.key, name.text)
            };
            let help = match nearest(&name.text, self.asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.asked.join(", ")),
            };
            let origin = name.place.origin(&parent.file, &path);
            diagnostics.error("unknown-key", &origin, format!("`{}` is not a key here", name.text), help);
        }
    }
}

fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Map(entries) => serde_json::Value::Object(
            entries.iter().map(|(key, node)| (key.text.clone(), to_json(node))).collect(),
        ),
        Value::List(items) => serde_json::Value::Array(items.iter().map(to_json).collect()),
        Value::Scalar(scalar) if scalar.is_null() => serde_json::Value::Null,
        Value::Scalar(scalar) => match scalar.as_bool() {
            Some(truth) => serde_json::Value::Bool(truth),
            None if scalar.plain => number(&scalar.text).unwrap_or_else(|| scalar.text.clone().into()),
            None => scalar.text.clone().into(),
        },
    }
}

/// Numbers of the YAML 1.2 core schema.
fn number(text: &str) -> Option<serde_json::Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Into::into);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Into::into);
    }
    let begins_like_one = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !begins_like_one || digits.bytes().any(|b| !(b.is_ascii_digit() || b".eE+-".contains(&b))) {
        return None;
    }
    digits.parse::<i64>().ok().map(Into::into).or_else(|| digits.parse::<f64>().ok().map(Into::into))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::View;
    use crate::document::Diagnostics;
    use crate::document::parse;

    #[test]
    fn names_unknown_keys_and_the_near_one() {
        let (tree, mut findings) = parse("x.yaml", "hostnam: a\n");
        let tree = tree.unwrap();
        let mut fields = View::root("x.yaml", &tree).fields(&mut findings).unwrap();
        fields.optional("hostname");
        fields.finish(&mut findings);
        let found = findings.sorted();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule, found[0].help.as_str()), ("unknown-key", "did you mean `hostname`?"));
    }

    #[test]
    fn reads_json_as_yaml_1_2_means_it() {
        let text =
            "{a: 0644, b: 'yes', c: yes, d: true, e: 1.5, f: ~, g: 0x10, h: 1:2, i: 192.168.50.1, j: 1e2x}";
        let (tree, _) = parse("x.yaml", text);
        let json = View::root("x.yaml", &tree.unwrap()).to_json();
        let expected = serde_json::json!({"a": 644, "b": "yes", "c": "yes", "d": true, "e": 1.5, "f": null,
            "g": 16, "h": "1:2", "i": "192.168.50.1", "j": "1e2x"});
        assert_eq!(json, expected);
    }

    #[test]
    fn says_what_kind_was_wanted() {
        let (tree, _) = parse("x.yaml", "a: [1]\n");
        let tree = tree.unwrap();
        let mut findings = Diagnostics::new();
        let mut fields = View::root("x.yaml", &tree).fields(&mut findings).unwrap();
        assert!(fields.optional("a").unwrap().text(&mut findings).is_none());
        assert_eq!(findings.sorted()[0].message, "`a` is a list, not a text");
    }
}
