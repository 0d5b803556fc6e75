//! A node seen with its place: the readers' way through a tree whose shape was checked.

use std::str::FromStr;

use super::Node;
use super::Origin;
use super::Scalar;
use super::Sourced;
use super::Value;
use super::yaml::join;
use super::yaml_1_1;

/// A node seen with its file and the path of keys that leads to it.
///
/// Its readers are silent: what is not there or not right is `None`. What is wrong has been said by
/// [`super::check_shape`] before.
#[derive(Clone, Debug)]
pub struct View<'a> {
    pub(super) node: &'a Node,
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

    /// True for a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// What is written under `key`, if it is there and not empty.
    pub fn get(&self, key: &str) -> Option<View<'a>> {
        let found = self.entries().find(|(name, _, _)| *name == key);
        found.map(|(_, _, view)| view).filter(|view| !view.is_null())
    }

    /// What is written at the end of a path of keys.
    pub fn at(&self, keys: &[&str]) -> Option<View<'a>> {
        keys.iter().try_fold(self.clone(), |view, key| view.get(key))
    }

    /// The entries of a mapping, in order: key, the key's own place, value.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Origin, View<'a>)> + use<'a> {
        let entries: &'a [_] = match &self.node.value {
            Value::Map(entries) => entries,
            _ => &[],
        };
        let parent = self.origin.clone();
        entries.iter().map(move |(name, node)| {
            let path = join(&parent.key, &name.text);
            // A collection in block style begins on a later line; its key is what the user looks for.
            let place = if node.place.line == name.place.line { node.place } else { name.place };
            let view = View { node, origin: place.origin(&parent.file, &path) };
            (name.text.as_str(), name.place.origin(&parent.file, &path), view)
        })
    }

    /// The members of a list.
    pub fn items(&self) -> Vec<View<'a>> {
        let Value::List(items) = &self.node.value else {
            return Vec::new();
        };
        let member = |(index, node): (usize, &'a Node)| View {
            node,
            origin: node.place.origin(&self.origin.file, &format!("{}[{index}]", self.origin.key)),
        };
        items.iter().enumerate().map(member).collect()
    }

    /// The members of the list under `key`; none if there is no list.
    pub fn list(&self, key: &str) -> Vec<View<'a>> {
        self.get(key).map(|view| view.items()).unwrap_or_default()
    }

    /// The members of a list, or the one value that stands for a list of one.
    pub fn one_or_more(&self) -> Vec<View<'a>> {
        if self.is_list() { self.items() } else { vec![self.clone()] }
    }

    /// The text of a scalar, whatever it might mean otherwise.
    pub fn text(&self) -> Option<Sourced<String>> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => {
                Some(Sourced { value: scalar.text.clone(), origin: self.origin.clone() })
            }
            _ => None,
        }
    }

    /// The line of the file that the first line of the text is on, if its lines are lines of the file.
    pub fn first_line(&self) -> Option<usize> {
        match &self.node.value {
            // The parser's place of a block is its first line that is not empty.
            Value::Scalar(scalar) if scalar.literal => {
                let empty = scalar.text.bytes().take_while(|byte| *byte == b'\n').count();
                Some(self.node.place.line.saturating_sub(empty))
            }
            _ => None,
        }
    }

    /// The text under `key`.
    pub fn text_at(&self, key: &str) -> Option<Sourced<String>> {
        self.get(key)?.text()
    }

    /// A value that knows what is right.
    pub fn parse<T: FromStr>(&self) -> Option<Sourced<T>> {
        let text = self.text()?;
        Some(Sourced { value: text.value.parse().ok()?, origin: text.origin })
    }

    /// The value under `key`.
    pub fn parse_at<T: FromStr>(&self, key: &str) -> Option<Sourced<T>> {
        self.get(key)?.parse()
    }

    /// The members of the list under `key`, each parsed.
    pub fn parse_list<T: FromStr>(&self, key: &str) -> Vec<Sourced<T>> {
        self.list(key).iter().filter_map(View::parse).collect()
    }

    /// `true` or `false` under `key`.
    pub fn truth_at(&self, key: &str) -> Option<Sourced<bool>> {
        let view = self.get(key)?;
        let Value::Scalar(scalar) = &view.node.value else {
            return None;
        };
        Some(Sourced { value: scalar.as_bool()?, origin: view.origin })
    }

    /// True if `true` is written under `key`.
    pub fn is_true_at(&self, key: &str) -> bool {
        self.truth_at(key).is_some_and(|truth| truth.value)
    }

    /// What the word under `key` stands for.
    pub fn word_at<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<Sourced<T>> {
        let text = self.text_at(key)?;
        let (_, value) = words.iter().find(|(word, _)| *word == text.value)?;
        Some(Sourced { value: *value, origin: text.origin })
    }

    /// The same document as a JSON value, for libraries that read one (YAML 1.2 core schema).
    pub fn to_json(&self) -> serde_json::Value {
        to_json(self.node, meaning)
    }

    /// The same document as a JSON value, for a reader that takes scalars to mean something else.
    pub fn to_json_by(&self, meaning: fn(&Scalar) -> serde_json::Value) -> serde_json::Value {
        to_json(self.node, meaning)
    }

    /// The scalar here, as it was written.
    pub fn scalar(&self) -> Option<&'a Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The same document as a JSON value, as Kubernetes reads it: YAML 1.1, where `0644` is octal and `yes` is
    /// true.
    pub fn to_json_1_1(&self) -> serde_json::Value {
        to_json(self.node, yaml_1_1::meaning)
    }
}

fn to_json(node: &Node, meaning: fn(&Scalar) -> serde_json::Value) -> serde_json::Value {
    match &node.value {
        Value::Map(entries) => serde_json::Value::Object(
            entries.iter().map(|(key, node)| (key.text.clone(), to_json(node, meaning))).collect(),
        ),
        Value::List(items) => {
            serde_json::Value::Array(items.iter().map(|item| to_json(item, meaning)).collect())
        }
        Value::Scalar(scalar) => meaning(scalar),
    }
}

fn meaning(scalar: &Scalar) -> serde_json::Value {
    match scalar.as_bool() {
        _ if scalar.is_null() => serde_json::Value::Null,
        Some(truth) => serde_json::Value::Bool(truth),
        None if scalar.plain => number(&scalar.text).unwrap_or_else(|| scalar.text.clone().into()),
        None => scalar.text.clone().into(),
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
    use crate::document::parse;

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
    fn knows_the_place_of_everything() {
        let text = "é: 1\nnetwork:\n  nics:\n    - {name: a, mtu: 9000}\n";
        let (tree, _) = parse("x.yaml", text);
        let tree = tree.unwrap();
        let root = View::root("x.yaml", &tree);
        let nics = root.at(&["network", "nics"]).unwrap();
        assert_eq!((nics.origin().line, nics.origin().key.as_str()), (3, "network.nics"));
        let mtu = nics.items()[0].get("mtu").unwrap();
        let origin = mtu.origin();
        assert_eq!((origin.line, origin.column, origin.key.as_str()), (4, 22, "network.nics[0].mtu"));
        let (from, to) = origin.bytes;
        assert_eq!(&text[from..to], "9000");
        let (tree, _) = parse("x.yaml", "a: |\n  one\n  two\nb: |-\n\n  three\nc: \"x\\ny\"\n");
        let tree = tree.unwrap();
        let root = View::root("x.yaml", &tree);
        let first = |key| root.get(key).unwrap().first_line();
        assert_eq!((first("a"), first("b"), first("c")), (Some(2), Some(5), None));
    }
}
