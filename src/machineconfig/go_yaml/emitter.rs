//! Mappings, sequences and where lines break between them.

use serde_json::Value;

use super::json_step::read_back;
use super::key_order::sorted;
use super::number;
use super::scalar::Facts;

/// The most bytes of a key that stands before its `:` on one line.
const MAX_SIMPLE_KEY: usize = 128;

/// The step of indentation.
const STEP: i32 = 2;

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole document.
    Root,
    /// A member of a sequence.
    Member,
    /// A key before its `:`.
    SimpleKey,
    /// A key behind `?`, or a value.
    Value,
}

/// What is written, and how it ends.
pub(super) struct Emitter {
    pub(super) text: String,
    /// Characters on this line.
    pub(super) column: i32,
    /// The indentation of what stands around; -1 around the document.
    pub(super) indent: i32,
    /// Whether the last thing was a blank, so that none is needed.
    pub(super) is_after_blank: bool,
    /// Whether this line has indentation and indicators alone.
    pub(super) is_indentation: bool,
}

impl Default for Emitter {
    fn default() -> Self {
        Self { text: String::new(), column: 0, indent: -1, is_after_blank: true, is_indentation: true }
    }
}

impl Emitter {
    pub(super) fn finish(mut self) -> String {
        self.indent = -1;
        self.begin_line();
        self.text
    }

    /// Writes a node and what is below it.
    pub(super) fn node(&mut self, value: &Value, place: Place) -> Result<(), String> {
        match value {
            Value::Null => self.word("null", place),
            Value::Bool(true) => self.word("true", place),
            Value::Bool(false) => self.word("false", place),
            Value::Number(number) => self.word(&number::text(number), place),
            Value::String(text) => self.string(&read_back(text)?, place),
            Value::Array(list) if list.is_empty() => self.empty('[', ']'),
            Value::Object(map) if map.is_empty() => self.empty('{', '}'),
            Value::Array(list) => {
                let is_without_step = place == Place::Value && !self.is_indentation;
                let outer = self.indent;
                self.step_in(0, is_without_step);
                for member in list {
                    self.begin_line();
                    self.indicator("-", true);
                    self.node(member, Place::Member)?;
                }
                self.indent = outer;
            }
            Value::Object(map) => {
                let outer = self.indent;
                self.step_in(0, false);
                for (key, value) in sorted(map.iter().map(|(key, value)| (key.as_str(), value))) {
                    self.entry(key, value)?;
                }
                self.indent = outer;
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: &str, value: &Value) -> Result<(), String> {
        self.begin_line();
        let key = read_back(key)?;
        if key.len() <= MAX_SIMPLE_KEY && !Facts::of(&key).has_breaks {
            self.string(&key, Place::SimpleKey);
            self.put(':');
            self.is_after_blank = false;
            self.is_indentation = false;
        } else {
            self.indicator("?", true);
            self.string(&key, Place::Value);
            self.begin_line();
            self.indicator(":", true);
        }
        self.node(value, Place::Value)
    }

    fn empty(&mut self, open: char, close: char) {
        self.indicator(open.encode_utf8(&mut [0; 4]), false);
        self.put(close);
    }

    fn step_in(&mut self, first: i32, is_without_step: bool) {
        if self.indent < 0 {
            self.indent = first;
        } else if !is_without_step {
            self.indent += STEP;
        }
    }

    fn string(&mut self, text: &str, place: Place) {
        let outer = self.indent;
        self.step_in(STEP, false);
        self.scalar(text, place);
        self.indent = outer;
    }

    /// A scalar that is no text.
    fn word(&mut self, word: &str, place: Place) {
        let outer = self.indent;
        self.step_in(STEP, false);
        self.plain(word, place);
        self.indent = outer;
    }

    /// Goes to the indentation, on a new line if this one is used.
    pub(super) fn begin_line(&mut self) {
        let indent = self.indent.max(0);
        if !self.is_indentation || self.column > indent || (self.column == indent && !self.is_after_blank) {
            self.end_line();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.is_after_blank = true;
        self.is_indentation = true;
    }

    pub(super) fn end_line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    pub(super) fn put(&mut self, c: char) {
        self.text.push(c);
        self.column = self.column.saturating_add(1);
    }

    /// Writes what gives a node its shape, behind a blank.
    pub(super) fn indicator(&mut self, indicator: &str, is_indentation: bool) {
        if !self.is_after_blank {
            self.put(' ');
        }
        indicator.chars().for_each(|c| self.put(c));
        self.is_after_blank = false;
        self.is_indentation &= is_indentation;
    }
}
