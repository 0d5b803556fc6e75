//! What a machine answers, told apart from what else its shell may say.

use crate::verify::MAX_RECORD_BYTES;

/// A record, and the words before it.
const MAX_LINE_BYTES: usize = MAX_RECORD_BYTES as usize + 256;

/// One line of an answer: what it is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) word: String,
    pub(super) says: String,
}

/// Takes bytes as they come, and keeps the lines between `TOKEN begin` and `TOKEN end`.
///
/// Banners, messages of the day and broken ends carry no token. It keeps no more than it was told to.
#[derive(Debug)]
pub(super) struct Frame {
    token: String,
    line: Vec<u8>,
    is_overlong: bool,
    has_begun: bool,
    has_ended: bool,
    lines: Vec<Line>,
    bytes_left: usize,
}

impl Frame {
    pub(super) fn new(token: &str, limit_bytes: usize) -> Self {
        Self {
            token: format!("{token} "),
            line: Vec::new(),
            is_overlong: false,
            has_begun: false,
            has_ended: false,
            lines: Vec::new(),
            bytes_left: limit_bytes,
        }
    }

    /// Takes more of the answer; false if it is too large as a whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        let Some(left) = self.bytes_left.checked_sub(bytes.len()) else {
            return false;
        };
        self.bytes_left = left;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + piece.len() <= MAX_LINE_BYTES {
                self.line.extend_from_slice(piece);
            } else {
                self.is_overlong = true;
            }
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
        true
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let is_overlong = std::mem::take(&mut self.is_overlong);
        let Some(said) = line.strip_prefix(self.token.as_bytes()).filter(|_| !self.has_ended) else {
            return;
        };
        let said = String::from_utf8_lossy(said.trim_ascii_end());
        let (word, says) = said.split_once(' ').unwrap_or((&said, ""));
        match word {
            "begin" => self.has_begun = true,
            "end" => self.has_ended = true,
            _ if is_overlong => {
                self.lines.push(Line { word: "dropped".to_owned(), says: word.to_owned() });
            }
            _ => self.lines.push(Line { word: word.to_owned(), says: says.to_owned() }),
        }
    }

    /// True if a shell was there.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// True if the whole answer was taken.
    pub(super) fn is_complete(&self) -> bool {
        self.has_begun && self.has_ended
    }

    /// What was said between begin and end.
    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;
    use super::MAX_LINE_BYTES;

    fn taken(text: &[u8], limit: usize) -> Frame {
        let mut frame = Frame::new("t", limit);
        assert!(frame.take(text));
        frame
    }

    #[test]
    fn an_answer_is_told_apart_from_noise() {
        let text = b"Welcome!\nt\nt-begin\nsome t begin\n\nt begin\n\xff\xfe\nt now {}\r\nnoise\nt end\nt now {late}\nbye";
        let frame = taken(text, 200);
        assert!(frame.is_complete());
        let lines = frame.into_lines();
        assert_eq!(
            lines.iter().map(|l| (l.word.as_str(), l.says.as_str())).collect::<Vec<_>>(),
            [("now", "{}")]
        );
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_come() {
        let text = b"x\nt begin\nt now abc\nt end\n";
        let mut frame = Frame::new("t", 100);
        for byte in text {
            assert!(frame.take(&[*byte]));
        }
        assert!(frame.is_complete());
        assert_eq!(frame.into_lines()[0].says, "abc");
    }

    #[test]
    fn what_breaks_off_is_not_complete() {
        for text in ["", "t begin\nt now {}\nt en", "t begin\nt now {}\nt end", "t end\n", "begin\nend\n"] {
            assert!(!taken(text.as_bytes(), 100).is_complete(), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut frame = Frame::new("t", 10);
        assert!(frame.take(b"12345"));
        assert!(!frame.take(b"678901"));
        let long =
            [b"t begin\nt earlier ".as_slice(), &vec![b'x'; 2 * MAX_LINE_BYTES], b"\nt end\n"].concat();
        let frame = taken(&long, 4 * MAX_LINE_BYTES);
        assert!(frame.is_complete() && frame.line.capacity() == 0);
        let lines = frame.into_lines();
        assert!(lines.len() == 1 && lines[0].word == "dropped" || lines.is_empty(), "{}", lines.len());
    }
}
