//! The shape of a kind of file: which keys there are, what may stand under them, and what they mean.
//!
//! One table serves three ends: every finding about keys and values comes from it, the JSON Schema for
//! editors is made of it, and it says which level of a format a file needs.

use serde_json::Value as Json;
use serde_json::json;

use super::Diagnostics;
use super::Rule;
use super::Value;
use super::View;
use super::near::nearest;

/// What may stand at a place.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text that a rule accepts.
    Text(&'static Leaf),
    /// One of some words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
    /// A whole number from one to another.
    Number(u64, u64),
    /// A sequence.
    List(&'static Shape),
    /// A value, or a sequence of them.
    OneOrMore(&'static Shape),
    /// A mapping.
    Map(&'static [Key]),
    /// A text, or a mapping that says more.
    TextOrMap(&'static Leaf, &'static [Key]),
    /// A mapping with keys of the user's own.
    Table(&'static Leaf),
    /// Anything: another program's format, which is read elsewhere.
    Free,
}

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// What it means, for editors.
    pub doc: &'static str,
    /// If it must be there: the next step when it is not.
    pub required: Option<&'static str>,
    /// The level of the format that brought it.
    pub since: u8,
    /// Whether it is written out as it stands, or stands for something else.
    pub sugar: bool,
}

/// A text and the rule that it keeps.
#[derive(Debug)]
pub struct Leaf {
    /// The rule.
    pub rule: Rule,
    /// Message and next step, if the text breaks it.
    pub check: fn(&str) -> Result<(), (String, String)>,
}

/// A key that may be left out.
pub const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: None, since: 0, sugar: false }
}

impl Key {
    /// The same, but it must be there.
    pub const fn required(self, help: &'static str) -> Self {
        Self { required: Some(help), ..self }
    }

    /// The same, from a level of the format on.
    pub const fn since(self, level: u8) -> Self {
        Self { since: level, ..self }
    }

    /// The same, as a shorthand for something else.
    pub const fn sugar(self) -> Self {
        Self { sugar: true, ..self }
    }
}

/// The rules that the shape itself keeps.
pub const SHAPE_RULES: [Rule; 9] = [
    Rule {
        name: "yaml-syntax",
        refuses: "text that is no YAML",
        why: "nothing after it can be trusted",
        example: "a: [1",
    },
    Rule {
        name: "duplicate-key",
        refuses: "a key that is written twice in one mapping",
        why: "most readers take the last and say nothing",
        example: "{name: a, name: b}",
    },
    Rule {
        name: "document-size",
        refuses: "nesting below 64 or more than 100,000 nodes, aliases counted each time",
        why: "a file of a few bytes could fill all memory",
        example: "aliases of aliases of aliases",
    },
    Rule {
        name: "unknown-key",
        refuses: "a key that means nothing here",
        why: "what it was to say would not happen",
        example: "hostnam: sno1",
    },
    Rule {
        name: "missing-key",
        refuses: "a mapping without a key it cannot do without",
        why: "there is nothing to assume in its place",
        example: "nics: [{name: mgmt0}]",
    },
    Rule {
        name: "kind-of-value",
        refuses: "a list where a text belongs, and the like",
        why: "it cannot be read",
        example: "hostname: [a]",
    },
    Rule {
        name: "known-word",
        refuses: "a word that is not one of those that may stand here",
        why: "it cannot be read",
        example: "pin: lnk",
    },
    Rule {
        name: "true-or-false",
        refuses: "a truth value that is neither `true` nor `false`",
        why: "YAML 1.2 reads `yes` and `on` as text",
        example: "enabled: yes",
    },
    Rule {
        name: "number",
        refuses: "a number that is none or out of its range",
        why: "it cannot be read, or what reads it later fails",
        example: "mtu: 12",
    },
];

/// Adds everything that is wrong with `view` as `shape` has it: kinds, keys, values.
pub fn check(view: &View<'_>, shape: &Shape, findings: &mut Diagnostics) {
    if view.is_null() {
        return;
    }
    match shape {
        Shape::Free => {}
        Shape::Map(keys) => {
            if expect(view, view.is_map(), "a mapping", findings) {
                check_map(view, keys, findings);
            }
        }
        Shape::TextOrMap(leaf, keys) => {
            if view.is_map() {
                check_map(view, keys, findings);
            } else {
                check_text(view, leaf, findings);
            }
        }
        Shape::Table(leaf) => {
            if expect(view, view.is_map(), "a mapping", findings) {
                view.entries().for_each(|(_, _, value)| check_text(&value, leaf, findings));
            }
        }
        Shape::List(member) => {
            if expect(view, view.is_list(), "a list", findings) {
                view.items().iter().for_each(|item| check(item, member, findings));
            }
        }
        Shape::OneOrMore(member) => {
            view.one_or_more().iter().for_each(|item| check(item, member, findings));
        }
        Shape::Text(leaf) => check_text(view, leaf, findings),
        Shape::Word(words) => check_word(view, words, findings),
        Shape::Truth => check_truth(view, findings),
        Shape::Number(from, to) => check_number(view, *from, *to, findings),
    }
}

/// Shows every key of the shape that is written in `view`, with what stands under it.
pub fn visit<'a>(view: &View<'a>, shape: &Shape, seen: &mut dyn FnMut(&Key, &View<'a>)) {
    match shape {
        Shape::Map(keys) | Shape::TextOrMap(_, keys) => {
            for key in *keys {
                if let Some(value) = view.get(key.name) {
                    seen(key, &value);
                    visit(&value, &key.shape, seen);
                }
            }
        }
        Shape::List(member) | Shape::OneOrMore(member) => {
            view.items().iter().for_each(|item| visit(item, member, seen));
        }
        _ => {}
    }
}

fn expect(view: &View<'_>, is_right: bool, wanted: &str, findings: &mut Diagnostics) -> bool {
    if is_right {
        return true;
    }
    let found = match &view.node.value {
        Value::Scalar(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    };
    let key = &view.origin().key;
    let name = if key.is_empty() { "the file" } else { key };
    let message = format!("`{name}` is {found}, not {wanted}");
    findings.error("kind-of-value", view.origin(), message, format!("write {wanted} here"));
    false
}

fn check_map(view: &View<'_>, keys: &[Key], findings: &mut Diagnostics) {
    for (name, place, value) in view.entries() {
        match keys.iter().find(|key| key.name == name) {
            Some(key) => check(&value, &key.shape, findings),
            None => {
                let help = match nearest(name, keys.iter().map(|key| key.name)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
                        format!("known here: {}", known.join(", "))
                    }
                };
                findings.error("unknown-key", &place, format!("`{name}` is not a key here"), help);
            }
        }
    }
    for key in keys {
        let Some(help) = key.required.filter(|_| view.get(key.name).is_none()) else {
            continue;
        };
        let parent = &view.origin().key;
        let message = if parent.is_empty() {
            format!("`{}` is missing", key.name)
        } else {
            format!("`{}` is missing in `{parent}`", key.name)
        };
        findings.error("missing-key", view.origin(), message, help);
    }
}

fn check_text(view: &View<'_>, leaf: &Leaf, findings: &mut Diagnostics) {
    if let Some(text) = scalar(view, "a text", findings)
        && let Err(error) = (leaf.check)(text)
    {
        findings.wrong_value(leaf.rule.name, view.origin(), error);
    }
}

fn check_word(view: &View<'_>, words: &[&str], findings: &mut Diagnostics) {
    let Some(text) = scalar(view, "a word", findings).filter(|text| !words.contains(text)) else {
        return;
    };
    let help = match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", words.join(", ")),
    };
    findings.error("known-word", view.origin(), format!("`{text}` is not one of the words known here"), help);
}

fn check_truth(view: &View<'_>, findings: &mut Diagnostics) {
    let Some(text) = scalar(view, "`true` or `false`", findings) else {
        return;
    };
    let is_truth = matches!(&view.node.value, Value::Scalar(scalar) if scalar.as_bool().is_some());
    if !is_truth {
        let help = "write `true` or `false`, without quotes";
        findings.error("true-or-false", view.origin(), format!("`{text}` is not a truth value"), help);
    }
}

fn check_number(view: &View<'_>, from: u64, to: u64, findings: &mut Diagnostics) {
    let Some(text) = scalar(view, "a number", findings) else {
        return;
    };
    let is_right = text.parse::<u64>().is_ok_and(|number| (from..=to).contains(&number));
    if !is_right || text.starts_with('+') {
        let message = format!("`{text}` is not a whole number from {from} to {to}");
        findings.error("number", view.origin(), message, format!("write a number from {from} to {to}"));
    }
}

fn scalar<'a>(view: &View<'a>, wanted: &str, findings: &mut Diagnostics) -> Option<&'a str> {
    match &view.node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => {
            expect(view, false, wanted, findings);
            None
        }
    }
}

/// The JSON Schema (draft 2020-12) of a shape, for completion and hover texts in editors.
pub fn schema(shape: &Shape) -> Json {
    match shape {
        Shape::Text(leaf) => leaf_schema(leaf),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Truth => json!({"type": "boolean"}),
        // Text is allowed for `${NAME}`, which becomes a number later.
        Shape::Number(from, to) => json!({"anyOf": [
            {"type": "integer", "minimum": from, "maximum": to},
            {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"},
        ]}),
        Shape::List(member) => json!({"type": ["array", "null"], "items": schema(member)}),
        Shape::OneOrMore(member) => {
            let member = schema(member);
            json!({"anyOf": [member, {"type": "array", "items": member}]})
        }
        Shape::Map(keys) => map_schema(keys),
        Shape::TextOrMap(leaf, keys) => json!({"anyOf": [leaf_schema(leaf), map_schema(keys)]}),
        Shape::Table(leaf) => json!({"type": "object", "additionalProperties": leaf_schema(leaf)}),
        Shape::Free => json!({"type": "object"}),
    }
}

/// Numbers and truth values are texts too when they stand where a text belongs, as in `mode: 0644`.
fn leaf_schema(leaf: &Leaf) -> Json {
    json!({"type": ["string", "number", "boolean"], "$comment": leaf.rule.name})
}

fn map_schema(keys: &[Key]) -> Json {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for key in keys {
        let mut one = schema(&key.shape);
        one["description"] = key.doc.into();
        properties.insert(key.name.to_owned(), one);
        if key.required.is_some() {
            required.push(key.name);
        }
    }
    let mut schema =
        json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Key;
    use super::Leaf;
    use super::Shape;
    use super::check;
    use super::key;
    use super::schema;
    use super::visit;
    use crate::document::Rule;
    use crate::document::View;
    use crate::document::parse;

    static WORD: Leaf = Leaf {
        rule: Rule { name: "one-word", refuses: "spaces", why: "a test", example: "a b" },
        check: |text| match text.contains(' ') {
            true => Err((format!("`{text}` has spaces"), "write one word".into())),
            false => Ok(()),
        },
    };
    static INNER: [Key; 2] = [
        key("mtu", Shape::Number(68, 9000), "Size.").since(3),
        key("up", Shape::Truth, "Up.").required("say whether"),
    ];
    static FILE: [Key; 3] = [
        key("hostname", Shape::Text(&WORD), "The name."),
        key("pin", Shape::Word(&["link", "rule"]), "How."),
        key("nics", Shape::List(&Shape::Map(&INNER)), "Ports."),
    ];

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        let (tree, mut findings) = parse("x.yaml", text);
        let tree = tree.unwrap();
        check(&View::root("x.yaml", &tree), &Shape::Map(&FILE), &mut findings);
        findings.sorted().iter().map(|finding| (finding.rule, finding.origin.line)).collect()
    }

    #[test]
    fn says_everything_at_its_place() {
        let text = "hostnam: a\nhostname: a b\npin: lnk\nnics:\n  - {mtu: 12, up: yes}\n  - {}\n";
        assert_eq!(
            rules(text),
            [
                ("unknown-key", 1),
                ("one-word", 2),
                ("known-word", 3),
                ("number", 5),
                ("true-or-false", 5),
                ("missing-key", 6)
            ]
        );
        for (text, rule) in
            [("nics: a", "kind-of-value"), ("- a", "kind-of-value"), ("hostname: [a]", "kind-of-value")]
        {
            assert_eq!(rules(text), [(rule, 1)], "{text}");
        }
        assert_eq!(rules("hostname:\nnics: [{up: true, mtu: 1500}]\n"), []);
    }

    #[test]
    fn names_the_near_key() {
        let (tree, mut findings) = parse("x.yaml", "hostnam: a\n");
        check(&View::root("x.yaml", &tree.unwrap()), &Shape::Map(&FILE), &mut findings);
        assert_eq!(findings.sorted()[0].help, "did you mean `hostname`?");
    }

    #[test]
    fn knows_the_level_and_makes_a_schema() {
        let (tree, _) = parse("x.yaml", "nics: [{mtu: 1500}]\n");
        let tree = tree.unwrap();
        let mut level = 0;
        visit(&View::root("x.yaml", &tree), &Shape::Map(&FILE), &mut |key, _| level = level.max(key.since));
        assert_eq!(level, 3);
        let schema = schema(&Shape::Map(&FILE));
        assert_eq!(schema["properties"]["nics"]["items"]["required"], serde_json::json!(["up"]));
    }
}
