//! YAML as text, so that a person can read it, and every reader reads the same.
//!
//! Readers differ in what a plain word means (YAML 1.1 takes `no`, `0644` and `1:20` for something else), so nearly
//! everything that is not a plain name is quoted.

use serde_json::Value;

/// Words that YAML 1.1 or 1.2 does not take for text.
const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "none"];

/// Writes a value as YAML in block style, its keys in their order, with a line break at the end.
pub fn yaml_text(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_map(map, 0, &mut text),
        Value::Array(list) if !list.is_empty() => write_list(list, 0, &mut text),
        scalar => {
            text.push_str(&plain(scalar));
            text.push('\n');
        }
    }
    text
}

fn write_map(map: &serde_json::Map<String, Value>, depth: usize, text: &mut String) {
    for (index, (key, value)) in map.iter().enumerate() {
        // The first key of a mapping in a list stands behind its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str(&string(key));
        text.push(':');
        below(value, depth, text);
    }
}

fn write_list(list: &[Value], depth: usize, text: &mut String) {
    for value in list {
        text.push_str(&"  ".repeat(depth));
        text.push('-');
        match value {
            Value::Object(map) if !map.is_empty() => {
                text.push(' ');
                write_map(map, depth + 1, text);
            }
            // A list in a list is short, and stands in one line.
            Value::Array(_) => {
                text.push_str(&format!(" {}\n", plain(value)));
            }
            value => below(value, depth, text),
        }
    }
}

/// What stands behind a key or a dash.
fn below(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            write_map(map, depth + 1, text);
        }
        Value::Array(list) if !list.is_empty() => {
            let is_flat = list.iter().all(|member| matches!(member, Value::String(_) | Value::Number(_)));
            let line = plain(value);
            if is_flat && line.len() <= 80 {
                text.push_str(&format!(" {line}\n"));
            } else {
                text.push('\n');
                write_list(list, depth + 1, text);
            }
        }
        Value::String(lines) if is_block(lines) => {
            text.push_str(if lines.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in lines.strip_suffix('\n').unwrap_or(lines).split('\n') {
                if !line.is_empty() {
                    text.push_str(&"  ".repeat(depth + 1));
                    text.push_str(line);
                }
                text.push('\n');
            }
        }
        scalar => text.push_str(&format!(" {}\n", plain(scalar))),
    }
}

/// True for several lines that come out of a literal block as they are.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with('\n')
        && text.chars().all(|letter| letter == '\n' || letter == '\t' || is_open(letter))
}

/// A value in one line.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(list) => {
            let members: Vec<String> = list.iter().map(plain).collect();
            format!("[{}]", members.join(", "))
        }
        Value::Object(map) => {
            let members: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", string(key), plain(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./@+-".contains(c));
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_name && !is_word {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if is_open(letter) => quoted.push(letter),
            letter if u32::from(letter) <= 0xff => quoted.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter if u32::from(letter) <= 0xffff => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => quoted.push_str(&format!("\\U{:08x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// True for what every reader takes as it is: the printable characters of YAML 1.1 but for its rarer line breaks.
fn is_open(letter: char) -> bool {
    matches!(u32::from(letter),
        0x20..=0x7e | 0xa0..=0x2027 | 0x202a..=0xd7ff | 0xe000..=0xfefe | 0xff00..=0xfffd | 0x10000..=0x10ffff)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::json;

    use super::yaml_text;
    use crate::document::View;
    use crate::document::parse;

    #[test]
    fn looks_as_a_person_would_write_it() {
        let value = json!({
            "hostname": "web1",
            "users": [{"name": "core", "groups": ["wheel", "adm"]}, "default"],
            "permissions": "0644",
            "content": "a\n  b\n\n# c\n",
            "empty": [],
            "command": [["bash", "-c", "a b"]],
            "on": true,
        });
        let expected = "hostname: web1\nusers:\n  - name: core\n    groups: [wheel, adm]\n  - default\npermissions: \"0644\"\ncontent: |\n  a\n    b\n\n  # c\nempty: []\ncommand:\n  - [bash, \"-c\", \"a b\"]\n\"on\": true\n";
        assert_eq!(yaml_text(&value), expected);
    }

    #[test]
    fn every_text_comes_back_as_it_was() {
        for text in [
            "",
            " ",
            "no",
            "NULL",
            "0644",
            "1:20",
            "a: b",
            "a #b",
            "- a",
            "'",
            "\"",
            "\\",
            "a\nb",
            "a\nb\n",
            "a\n\n",
            " a\nb\n",
            "a\r\nb\n",
            "\u{85}",
            "\u{2028}\n",
            "\u{feff}",
            "\u{0}",
            "\u{7f}",
            "é\u{1f600}\n\u{1f600}\n",
            "a\n\tb\n",
            "\ta\nb",
            "a \n b \n",
            "%x",
            "@x",
            "{{ x }}",
            "{x",
            "---\na\n",
            "x\n---\n",
        ] {
            for value in [json!({"key": text}), json!([{"a": {"key": text}}]), json!({text: [[text]]})] {
                let (tree, findings) = parse("x.yaml", &yaml_text(&value));
                assert!(findings.is_empty(), "{text:?}: {}", yaml_text(&value));
                let tree = tree.unwrap();
                let read = View::root("x.yaml", &tree);
                let read = if value.is_array() {
                    json!(read.items().iter().map(View::to_json).collect::<Vec<_>>())
                } else {
                    read.to_json()
                };
                assert_eq!(read, value, "{text:?}: {}", yaml_text(&value));
            }
        }
    }
}
