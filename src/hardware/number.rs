//! Numbers in sysfs, as systemd reads them.

/// A number: decimal, `0x` hexadecimal, `0b` binary, `0o` or with a leading 0 octal; blanks and a `+` may be before it.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', b'b' | b'B', ..] => (text.get(2..)?, 2),
        [b'0', b'o' | b'O', ..] => (text.get(2..)?, 8),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, base).ok() }
}

/// A word for yes or no (systemd's `parse_boolean`).
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::number;
    use super::truth;

    #[test]
    fn numbers_are_read_as_udev_does() {
        for (text, wanted) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("0x1f", Some(31)),
            ("0X1F", Some(31)),
            ("010", Some(8)),
            ("0b11", Some(3)),
            ("0o17", Some(15)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("+1", Some(1)),
            (" 1", Some(1)),
            ("++1", None),
            ("0x+1", None),
            ("09", None),
            ("1 2", None),
            ("", None),
            ("0x", None),
        ] {
            assert_eq!(number(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn truths_are_read_as_udev_does() {
        for (text, wanted) in
            [("1", Some(true)), ("Yes", Some(true)), ("off", Some(false)), ("2", None), ("", None)]
        {
            assert_eq!(truth(text), wanted, "{text:?}");
        }
    }
}
