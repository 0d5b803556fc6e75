//! What lshw prints for JSON, with the faults of its versions.
//!
//! B.02.18 and before print the nodes of a class one after the other, with commas after all or none; B.02.18.85 prints a
//! node's children among its members, without a key and a comma; all print control characters that memory modules have
//! in their serial numbers. Public reports: lyonel/lshw 28, 46 and 48.

use serde_json::Map;
use serde_json::Value;

/// How deep it may be nested.
const MAX_DEPTH: usize = 128;

/// The nodes of a text; nothing if it breaks off, or is something else.
pub fn read(text: &str) -> Option<Vec<Value>> {
    Reader { text, at: 0 }.values(None, 0)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || byte == b',') {
            self.at += 1;
        }
    }

    /// All values up to an end: of the text, or a closing bracket.
    fn values(&mut self, end: Option<u8>, depth: usize) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            self.skip();
            if self.peek() == end {
                self.at += 1;
                return Some(values);
            }
            values.push(self.value(depth)?);
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            _ if depth > MAX_DEPTH => None,
            b'{' => {
                self.at += 1;
                self.object(depth + 1)
            }
            b'[' => {
                self.at += 1;
                self.values(Some(b']'), depth + 1).map(Value::Array)
            }
            b'"' => self.string().map(Value::String),
            _ => {
                let word = self.until(|byte| byte.is_ascii_whitespace() || b",:{}[]\"".contains(&byte));
                serde_json::from_str(word).ok()
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        let mut children = Vec::new();
        loop {
            self.skip();
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b'{' => children.push(self.value(depth)?),
                _ => {
                    let key = self.string()?;
                    self.skip();
                    self.at += usize::from(self.peek() == Some(b':'));
                    self.skip();
                    members.insert(key, self.value(depth)?);
                }
            }
        }
        if !children.is_empty() {
            match members.get_mut("children") {
                Some(Value::Array(others)) => others.append(&mut children),
                _ => drop(members.insert("children".to_owned(), Value::Array(children))),
            }
        }
        Some(Value::Object(members))
    }

    fn string(&mut self) -> Option<String> {
        let begin = self.at;
        self.at += usize::from(self.peek()? == b'"');
        let mut is_escaped = false;
        let inner = self.until(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        self.peek()?;
        self.at += 1;
        if begin + 1 + inner.len() + 1 != self.at {
            return None;
        }
        let inner: String = inner.chars().map(|letter| if letter < ' ' { ' ' } else { letter }).collect();
        // An escape that JSON does not have is kept as it stands.
        serde_json::from_str(&format!("\"{inner}\"")).ok().or(Some(inner))
    }

    fn until(&mut self, mut is_end: impl FnMut(u8) -> bool) -> &'a str {
        let begin = self.at;
        while self.peek().is_some_and(|byte| !is_end(byte)) {
            self.at += 1;
        }
        // All ends are ASCII, so both are between characters.
        self.text.get(begin..self.at).unwrap_or_default()
    }
}
