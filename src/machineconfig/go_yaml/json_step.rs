//! What is left of a text when the JSON that Go writes is read as YAML 1.1.
//!
//! Go escapes control characters below a space, quotes, `<`, `>`, `&`, and the line separators U+2028 and U+2029, all of
//! which come back as they were. It does not escape DEL, the C1 controls and U+FFFE, which YAML does not take, nor
//! NEL, which YAML takes as the end of a line.

use std::borrow::Cow;

const NEL: char = '\u{85}';

/// The text as it is read back.
pub(super) fn read_back(text: &str) -> Result<Cow<'_, str>, String> {
    if let Some(wrong) = text.chars().find(|c| is_refused(*c)) {
        return Err(format!("a text holds the character U+{:04X}, which YAML does not take", wrong as u32));
    }
    if !text.contains(NEL) {
        return Ok(Cow::Borrowed(text));
    }
    let lines: Vec<&str> = text.split(NEL).collect();
    let last = lines.len() - 1;
    if lines.iter().skip(1).enumerate().any(|(index, line)| is_document_mark(line, index + 1 < last)) {
        return Err(
            "a text holds `---` or `...` at the beginning of a line, behind a NEL (U+0085)".to_owned()
        );
    }
    Ok(Cow::Owned(fold(&lines)))
}

/// Lines are joined by one space; each empty line between two stays as the end of a line. Blanks around go.
fn fold(lines: &[&str]) -> String {
    let last = lines.len() - 1;
    let mut text = String::new();
    let mut empty = 0;
    for (index, line) in lines.iter().enumerate() {
        let mut line = *line;
        if index > 0 {
            line = line.trim_start_matches(' ');
        }
        if index < last {
            line = line.trim_end_matches(' ');
        }
        if index == 0 {
            text.push_str(line);
            continue;
        }
        if line.is_empty() && index < last {
            empty += 1;
            continue;
        }
        match empty {
            0 => text.push(' '),
            _ => text.extend(std::iter::repeat_n('\n', empty)),
        }
        empty = 0;
        text.push_str(line);
    }
    text
}

/// `---` at the first column ends a document, even within quotes.
fn is_document_mark(line: &str, ends_with_a_break: bool) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.starts_with(' ') || (rest.is_empty() && ends_with_a_break))
}

fn is_refused(c: char) -> bool {
    matches!(c, '\u{7f}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::read_back;

    #[test]
    fn a_nel_ends_a_line() {
        for (written, read) in [
            ("a\u{85}b", Some("a b")),
            ("a \u{85}  b", Some("a b")),
            ("a\u{85}\u{85}b", Some("a\nb")),
            ("\u{85}", Some(" ")),
            ("a\u{85}---b", Some("a ---b")),
            ("a\u{85}--- b", None),
            ("a\u{85}...\u{85}b", None),
            ("a\u{7f}", None),
            ("tab\tand\nline", Some("tab\tand\nline")),
        ] {
            assert_eq!(read_back(written).ok().as_deref(), read, "{written:?}");
        }
    }
}
