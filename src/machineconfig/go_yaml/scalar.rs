//! How a text is written: plain, in single or double quotes, or as a literal over several lines.

use super::emitter::Emitter;
use super::emitter::Place;
use super::resolve::stays_text;

/// Lines are folded behind this column where they can be.
const WIDTH: i32 = 80;

/// Marks the byte order; a text that begins with it is escaped as a whole.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How a text can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What in a text decides how it can be written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Whether there are ends of lines in it, of any kind.
    pub(super) has_breaks: bool,
    has_indicators: bool,
    has_special: bool,
    begins_or_ends_blank: bool,
    ends_with_space: bool,
    has_space_behind_break: bool,
    has_break_behind_space: bool,
}

impl Facts {
    pub(super) fn of(text: &str) -> Self {
        let mut facts = Self {
            has_indicators: text.starts_with("---") || text.starts_with("..."),
            ends_with_space: text.ends_with(' '),
            begins_or_ends_blank: text.starts_with(is_blank_end) || text.ends_with(is_blank_end),
            ..Self::default()
        };
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_last_of_word = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            facts.has_indicators |= match (c, before) {
                (
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                    | '`',
                    None,
                ) => true,
                ('?' | '-', None) | (':', _) => is_last_of_word,
                ('#', Some(before)) => is_break(before) || matches!(before, ' ' | '\t' | '\0'),
                _ => false,
            };
            facts.has_special |= !is_printable(c);
            facts.has_breaks |= is_break(c);
            facts.has_space_behind_break |= c == ' ' && before.is_some_and(is_break);
            facts.has_break_behind_space |= is_break(c) && before == Some(' ');
            before = Some(c);
        }
        facts
    }

    fn can_be_plain(self) -> bool {
        !(self.begins_or_ends_blank
            || self.has_space_behind_break
            || self.has_break_behind_space
            || self.has_special
            || self.has_breaks
            || self.has_indicators)
    }

    fn can_be_single_quoted(self) -> bool {
        !(self.has_space_behind_break || self.has_break_behind_space || self.has_special)
    }

    fn can_be_literal(self) -> bool {
        !(self.ends_with_space || self.has_break_behind_space || self.has_special)
    }
}

fn is_blank_end(c: char) -> bool {
    c == ' ' || is_break(c)
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What may stand there as it is. Characters of four bytes may not.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn style_of(text: &str, place: Place) -> Style {
    let facts = Facts::of(text);
    let is_key = place == Place::SimpleKey;
    let wanted = match () {
        () if text.contains('\n') => Style::Literal,
        () if stays_text(text) => Style::Plain,
        () => Style::DoubleQuoted,
    };
    let possible = match wanted {
        Style::Plain if !facts.can_be_plain() => Style::SingleQuoted,
        Style::Literal if is_key || !facts.can_be_literal() => Style::DoubleQuoted,
        style => style,
    };
    match possible {
        Style::SingleQuoted if !facts.can_be_single_quoted() || (is_key && facts.has_breaks) => {
            Style::DoubleQuoted
        }
        style => style,
    }
}

impl Emitter {
    /// Writes a text as it must be.
    pub(super) fn scalar(&mut self, text: &str, place: Place) {
        let folds = place != Place::SimpleKey;
        match style_of(text, place) {
            Style::Plain => self.plain(text, place),
            Style::SingleQuoted => self.single_quoted(text, folds),
            Style::DoubleQuoted => self.double_quoted(text, folds),
            Style::Literal => self.literal(text),
        }
    }

    /// Writes a text as it is, folded at spaces. It has no ends of lines.
    pub(super) fn plain(&mut self, text: &str, place: Place) {
        let folds = place != Place::SimpleKey;
        if !self.is_after_blank {
            self.put(' ');
        }
        let mut is_behind_space = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_space = c == ' ';
            let is_alone = is_space && !is_behind_space && chars.peek() != Some(&' ');
            if folds && is_alone && self.column > WIDTH {
                self.begin_line();
            } else {
                self.put(c);
                self.is_indentation &= is_space;
            }
            is_behind_space = is_space;
        }
        self.is_after_blank = false;
        self.is_indentation = false;
    }

    fn single_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("'", false);
        let (mut is_behind_space, mut is_behind_break) = (false, false);
        for (at, c) in text.char_indices() {
            if c == ' ' {
                let next = text.as_bytes().get(at + 1);
                let is_alone = !is_behind_space && at > 0 && next.is_some_and(|next| *next != b' ');
                if folds && is_alone && self.column > WIDTH {
                    self.begin_line();
                } else {
                    self.put(c);
                }
                is_behind_space = true;
            } else if is_break(c) {
                // An end of a line that is `\n` makes the text a literal; these stand there as they are.
                self.text.push(c);
                self.column = 0;
                self.is_indentation = true;
                is_behind_break = true;
            } else {
                if is_behind_break {
                    self.begin_line();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.is_indentation = false;
                (is_behind_space, is_behind_break) = (false, false);
            }
        }
        self.put('\'');
        self.is_after_blank = false;
        self.is_indentation = false;
    }

    fn double_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("\"", false);
        let escapes_all = text.starts_with(BYTE_ORDER_MARK);
        let mut is_behind_space = false;
        for (at, c) in text.char_indices() {
            if escapes_all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escaped(c);
                is_behind_space = false;
            } else if c == ' ' {
                let next = text.as_bytes().get(at + 1);
                if folds && !is_behind_space && self.column > WIDTH && at > 0 && next.is_some() {
                    self.begin_line();
                    if next == Some(&b' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                is_behind_space = true;
            } else {
                self.put(c);
                is_behind_space = false;
            }
        }
        self.put('"');
        self.is_after_blank = false;
        self.is_indentation = false;
    }

    fn escaped(&mut self, c: char) {
        let code = c as u32;
        let short = match c {
            '\0' => "0",
            '\u{7}' => "a",
            '\u{8}' => "b",
            '\t' => "t",
            '\n' => "n",
            '\u{b}' => "v",
            '\u{c}' => "f",
            '\r' => "r",
            '\u{1b}' => "e",
            '"' => "\"",
            '\\' => "\\",
            '\u{85}' => "N",
            '\u{a0}' => "_",
            '\u{2028}' => "L",
            '\u{2029}' => "P",
            _ => "",
        };
        let long = match code {
            _ if !short.is_empty() => String::new(),
            0..=0xff => format!("x{code:02X}"),
            0x100..=0xffff => format!("u{code:04X}"),
            _ => format!("U{code:08X}"),
        };
        self.put('\\');
        short.chars().chain(long.chars()).for_each(|c| self.put(c));
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", false);
        // The first line's indentation would be taken for the whole's.
        if text.starts_with(is_blank_end) {
            self.indicator_at_once('2');
        }
        let mut behind = text.chars().rev();
        let last_is_break = behind.next().is_some_and(is_break);
        // Nothing before, or one more break: all of them are kept.
        match (last_is_break, behind.next().is_none_or(is_break)) {
            (false, _) => self.indicator_at_once('-'),
            (true, true) => self.indicator_at_once('+'),
            (true, false) => {}
        }
        self.end_line();
        self.is_indentation = true;
        self.is_after_blank = true;
        let mut is_behind_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.text.push(c);
                self.column = 0;
                self.is_indentation = true;
                is_behind_break = true;
            } else {
                if is_behind_break {
                    self.begin_line();
                }
                self.put(c);
                self.is_indentation = false;
                is_behind_break = false;
            }
        }
    }

    fn indicator_at_once(&mut self, indicator: char) {
        self.put(indicator);
        self.is_after_blank = false;
        self.is_indentation = false;
    }
}
