//! What a guest says on its console: made harmless, bounded, and searched for signs that it is lost.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;

use crate::value::is_printable;

/// A guest that writes more than this to its console runs wild.
const MAX_CONSOLE_BYTES: u64 = 64 << 20;
/// The longest line, and how many of the last ones are kept.
const MAX_LINE_CHARS: usize = 300;
const KEPT_LINES: usize = 20;
/// What a line has that tells why, and how many of those are kept though others came after them.
const TELLING: [&str; 2] = ["CRITICAL", "cotter"];
const TELLING_LINES: usize = 5;

/// What has come on the console so far.
#[derive(Debug, Default)]
pub(super) struct Console {
    read: u64,
    unfinished: String,
    /// Earlier lines that tell why.
    telling: VecDeque<String>,
    /// The last lines.
    pub(super) last: VecDeque<String>,
    /// Why the guest is lost, if it is.
    pub(super) fatal: Option<String>,
}

impl Console {
    /// Reads what is new, and gives its lines.
    pub(super) fn news(&mut self, path: &Path) -> Vec<String> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.read))?;
            file.take(1 << 20).read_to_end(&mut bytes)
        });
        self.read += read.unwrap_or(0) as u64;
        if self.read > MAX_CONSOLE_BYTES {
            self.fatal = Some("the guest writes to its console without end".to_owned());
        }
        self.unfinished.push_str(&plain(&bytes));
        let mut lines = Vec::new();
        while let Some((line, rest)) = self.unfinished.split_once('\n') {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            self.take(&line, &mut lines);
            self.unfinished = rest;
        }
        if self.unfinished.chars().count() > MAX_LINE_CHARS {
            let line = std::mem::take(&mut self.unfinished);
            self.take(&line, &mut lines);
        }
        lines
    }

    /// The last lines, with the one that has not ended, after those that tell why.
    pub(super) fn tail(&self) -> Vec<String> {
        let unfinished = Some(self.unfinished.trim()).filter(|line| !line.is_empty());
        let last: Vec<&str> = self.last.iter().map(String::as_str).chain(unfinished).collect();
        let last = last.iter().skip(last.len().saturating_sub(KEPT_LINES));
        self.telling.iter().map(String::as_str).chain(last.copied()).map(str::to_owned).collect()
    }

    fn take(&mut self, line: &str, lines: &mut Vec<String>) {
        let line: String = line.trim().chars().take(MAX_LINE_CHARS).collect();
        if line.is_empty() {
            return;
        }
        for sign in
            ["Kernel panic", "BENCH-EMERGENCY", "Entering emergency mode", "You are in emergency mode"]
        {
            if line.contains(sign) && self.fatal.is_none() {
                self.fatal = Some(format!("the guest failed to boot: {line}"));
            }
        }
        if self.last.len() == KEPT_LINES {
            let earlier = self.last.pop_front().filter(|line| TELLING.iter().any(|sign| line.contains(sign)));
            if let Some(line) = earlier {
                if self.telling.len() == TELLING_LINES {
                    self.telling.pop_front();
                }
                self.telling.push_back(line);
            }
        }
        self.last.push_back(line.clone());
        lines.push(line);
    }
}

/// Printable text only: a guest must not drive the user's terminal.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                // A control sequence ends at its first letter.
                if letters.next_if_eq(&'[').is_some() {
                    while letters.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
                    letters.next();
                }
            }
            '\r' | '\n' => plain.push('\n'),
            letter if !is_printable(letter) => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Console;
    use super::KEPT_LINES;
    use super::MAX_LINE_CHARS;
    use super::TELLING_LINES;
    use super::plain;

    #[test]
    fn a_guest_cannot_drive_the_terminal() {
        assert_eq!(plain(b"\x1b[0;31mred\x1b[0m\r\nplain\x07\x1b]0;title"), "red\n\nplain]0;title");
    }

    #[test]
    fn keeps_the_last_lines_whole_and_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console");
        let mut console = Console::default();
        let mut text = String::from("one\ntw");
        std::fs::write(&path, &text).unwrap();
        assert_eq!(console.news(&path), ["one"]);
        text.push_str("o\n");
        std::fs::write(&path, &text).unwrap();
        assert_eq!(console.news(&path), ["two"], "a line that came in two parts is one");
        text.push_str(&"x".repeat(10 * MAX_LINE_CHARS));
        for number in 0..2 * KEPT_LINES {
            text.push_str(&format!("\nline {number}"));
        }
        text.push_str("\n[ OK ] Kernel panic - not syncing\nend");
        std::fs::write(&path, &text).unwrap();
        let lines = console.news(&path);
        assert!(lines.iter().all(|line| line.chars().count() <= MAX_LINE_CHARS));
        assert_eq!(console.tail().len(), KEPT_LINES);
        assert_eq!(console.tail().last().unwrap(), "end");
        assert!(console.fatal.unwrap().contains("Kernel panic"));
    }

    #[test]
    fn keeps_what_tells_why_though_much_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console");
        let mut console = Console::default();
        let many =
            |what: &str| (0..KEPT_LINES).map(|number| format!("{what} {number}\n")).collect::<String>();
        let text = format!("{}cotter: no disk\n{}", many("before"), many("after"));
        std::fs::write(&path, text).unwrap();
        console.news(&path);
        let tail = console.tail();
        assert_eq!(
            (tail.len(), tail[0].as_str(), tail[1].as_str()),
            (KEPT_LINES + 1, "cotter: no disk", "after 0")
        );
        std::fs::write(&path, format!("{}{}", many("cotter"), many("later"))).unwrap();
        let mut console = Console::default();
        console.news(&path);
        assert_eq!(console.tail().len(), KEPT_LINES + TELLING_LINES);
        assert_eq!(console.tail()[0], format!("cotter {}", KEPT_LINES - TELLING_LINES));
    }
}
