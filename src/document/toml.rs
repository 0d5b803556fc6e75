//! TOML text to the same tree of nodes with places that YAML becomes, for the same readers.

use ::toml::de::DeTable;
use ::toml::de::DeValue;

use super::Diagnostics;
use super::Node;
use super::Scalar;
use super::Value;
use super::yaml::Key;
use super::yaml::Place;

/// A larger file is refused.
const MAX_BYTES: usize = 4 << 20;

/// Parses the TOML in `text`; `file` names it in findings.
///
/// Texts are never null and never truth values; what is wrong with the syntax is one finding.
pub fn parse_toml(file: &str, text: &str) -> (Option<Node>, Diagnostics) {
    let mut findings = Diagnostics::new();
    let lines = Lines { text };
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        findings.error(
            "toml-size",
            &lines.place(0..1).origin(file, ""),
            message,
            "split it into several files",
        );
        return (None, findings);
    }
    match DeTable::parse(text) {
        Ok(table) => {
            let place = lines.place(table.span());
            (Some(lines.table(table.get_ref(), place)), findings)
        }
        Err(cause) => {
            let origin = lines.place(cause.span().unwrap_or(0..1)).origin(file, "");
            let message = format!("the file is no TOML: {}", cause.message().replace('\n', ", "));
            findings.error("toml-syntax", &origin, message, "see the line, and the one before it");
            (None, findings)
        }
    }
}

struct Lines<'a> {
    text: &'a str,
}

impl Lines<'_> {
    fn place(&self, span: std::ops::Range<usize>) -> Place {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let words = self.text.get(span.clone()).unwrap_or_default();
        let length = if words.contains('\n') { 1 } else { words.chars().count().max(1) };
        Place { line, column, length, bytes: (start, span.end.max(start)) }
    }

    fn table(&self, table: &DeTable<'_>, place: Place) -> Node {
        let entry = |(key, value): (&::toml::Spanned<_>, &::toml::Spanned<DeValue<'_>>)| {
            let text: &std::borrow::Cow<'_, str> = key.get_ref();
            let key = Key { text: text.to_string(), place: self.place(key.span()) };
            (key, self.value(value))
        };
        // The parser sorts; what is written first is tried first.
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|(key, _)| key.place.bytes);
        Node::made(Value::Map(entries), place)
    }

    fn value(&self, value: &::toml::Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span());
        let plain = |text: String| Value::Scalar(Scalar { text, plain: true, literal: false });
        let value = match value.get_ref() {
            DeValue::Table(table) => return self.table(table, place),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            DeValue::String(text) => {
                Value::Scalar(Scalar { text: text.to_string(), plain: false, literal: false })
            }
            DeValue::Boolean(truth) => plain(truth.to_string()),
            DeValue::Integer(number) => plain(number.to_string()),
            DeValue::Float(number) => plain(number.to_string()),
            DeValue::Datetime(moment) => plain(moment.to_string()),
        };
        Node::made(value, place)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::parse_toml;
    use crate::document::View;

    #[test]
    fn knows_places_kinds_and_the_order_of_writing() {
        let text = "b = true\na = \"true\"\n\n[[z]]\nc = 'x'\n[[z]]\nc = \"y\"\n";
        let (tree, findings) = parse_toml("r.conf", text);
        assert!(findings.is_empty());
        let tree = tree.unwrap();
        let root = View::root("r.conf", &tree);
        let keys: Vec<&str> = root.entries().map(|(key, _, _)| key).collect();
        assert_eq!(keys, ["b", "a", "z"]);
        assert!(root.is_true_at("b"));
        assert!(root.truth_at("a").is_none());
        let second = root.list("z")[1].text_at("c").unwrap();
        assert_eq!(
            (second.value.as_str(), second.origin.line, second.origin.key.as_str()),
            ("y", 7, "z[1].c")
        );
    }

    #[test]
    fn says_where_it_is_no_toml() {
        let (tree, findings) = parse_toml("r.conf", "a = 1\nb = = 2\n");
        assert!(tree.is_none());
        assert_eq!(findings.sorted()[0].origin.line, 2);
    }
}
