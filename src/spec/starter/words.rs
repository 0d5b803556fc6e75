//! What others wrote, as it may stand in a machine file.

use crate::value::printable;

/// The most of somebody's words in a comment, in characters.
const MAX_SHOWN: usize = 80;

/// A text as a value of YAML: as it is where nothing could be made of it but a text, else in quotes.
///
/// `${` would begin the name of a variable.
pub(super) fn value(text: &str) -> String {
    let is_plain = text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.+:".contains(&byte))
        && !text.ends_with(':');
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.replace("${", "$${").chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// True for a text that can stand in a machine file letter by letter.
pub(super) fn is_writable(text: &str) -> bool {
    !text.is_empty() && printable(text) == text
}

/// Somebody's words in a comment: one line, not too long.
pub(super) fn comment(text: &str) -> String {
    let text = printable(text);
    let mut shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = shown.char_indices().nth(MAX_SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// A speed as people say it.
pub(super) fn speed(mbps: u32) -> String {
    match mbps {
        0..1000 => format!("{mbps} Mb/s"),
        _ if mbps.is_multiple_of(1000) => format!("{} Gb/s", mbps / 1000),
        _ => format!("{}.{} Gb/s", mbps / 1000, mbps % 1000 / 100),
    }
}

/// A disk's size as it is sold.
pub(super) fn size(bytes: u64) -> String {
    const GB: u64 = 1_000_000_000;
    let tenths_of_tb = bytes.saturating_add(50 * GB) / (100 * GB);
    match bytes {
        0..GB => format!("{} MB", bytes / (GB / 1000)),
        _ if tenths_of_tb < 10 => format!("{} GB", bytes.saturating_add(GB / 2) / GB),
        _ if tenths_of_tb.is_multiple_of(10) => format!("{} TB", tenths_of_tb / 10),
        _ => format!("{}.{} TB", tenths_of_tb / 10, tenths_of_tb % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::comment;
    use super::is_writable;
    use super::size;
    use super::speed;
    use super::value;

    #[test]
    fn values_stay_what_they_are() {
        for (text, yaml) in [
            ("/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4"),
            ("/dev/disk/by-id/a,b", "\"/dev/disk/by-id/a,b\""),
            ("0123", "\"0123\""),
            ("yes", "\"yes\""),
            ("a\"b\\c # d: {e}", "\"a\\\"b\\\\c # d: {e}\""),
            ("${HOME}", "\"$${HOME}\""),
        ] {
            assert_eq!(value(text), yaml);
        }
        assert!(is_writable("a b") && !is_writable("") && !is_writable("a\nb") && !is_writable("\u{202e}"));
    }

    #[test]
    fn comments_are_one_line() {
        assert_eq!(comment("a\nb: \u{1b}[2J # \u{2028}c \t d"), "a?b: ?[2J # ?c ? d");
        assert_eq!(comment(&"ä".repeat(200)).chars().count(), 81);
    }

    #[test]
    fn figures_are_as_people_say_them() {
        assert_eq!([100, 1000, 2500, 10_000].map(speed), ["100 Mb/s", "1 Gb/s", "2.5 Gb/s", "10 Gb/s"]);
        assert_eq!(
            [479_559_942_144, 1_600_321_314_816, 2_000_398_934_016, 999_999_999, 0, u64::MAX].map(size),
            ["480 GB", "1.6 TB", "2 TB", "999 MB", "0 MB", "18446744 TB"]
        );
    }
}
