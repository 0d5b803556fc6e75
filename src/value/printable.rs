//! Which characters may be shown that somebody else wrote.

/// Characters that are not seen, or that change how their neighbours are shown (Unicode 16: the general categories
/// Cf, Zl and Zp, and the property Default_Ignorable_Code_Point), by their first and last code point.
const UNSEEN: [(u32, u32); 28] = [
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
    // Code points that are never characters.
    (0xfdd0, 0xfdef),
    (0xfffe, 0xffff),
    (0x10_fffe, 0x10_ffff),
];

/// True for what can be seen and changes nothing but its own place: no control characters, marks of direction, line
/// separators or invisible characters, with which a text could drive a terminal or pass for another.
pub fn is_printable(letter: char) -> bool {
    let code = u32::from(letter);
    !letter.is_control()
        && (letter.is_ascii() || !UNSEEN.iter().any(|(first, last)| (*first..=*last).contains(&code)))
}

/// A text with what cannot be shown replaced.
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if is_printable(letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn letters_of_any_script_are() {
        for text in ["a b~", "äß", "Ω", "漢字", "עברית", "🙂", "e\u{301}"] {
            assert!(text.chars().all(is_printable), "{text:?}");
        }
    }

    #[test]
    fn what_drives_a_terminal_or_hides_is_not() {
        for letter in [
            '\0',
            '\n',
            '\u{1b}',
            '\u{7f}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(!is_printable(letter), "{letter:?}");
        }
    }
}
