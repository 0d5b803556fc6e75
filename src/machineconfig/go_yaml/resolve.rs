//! Which texts would be read as something else than text if they stood there plain, as the library's reader of
//! YAML 1.1 sees it. The library puts those in double quotes.

use super::timestamp::is_timestamp;

/// Words for truth, nothing and numbers that are none.
const WORDS: [&str; 38] = [
    "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", ".nan", ".NaN", ".NAN",
    ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
];

/// True if the text stays what it is without quotes. `=` and `<<` do, for this library.
pub(super) fn stays_text(text: &str) -> bool {
    if WORDS.contains(&text) || text == "-.INF" {
        return false;
    }
    match text.as_bytes().first() {
        Some(b'.') => !has_float_with_underscores(text),
        Some(b'+' | b'-' | b'0'..=b'9') => !is_timestamp(text) && !is_number(text) && !is_base_60(text),
        _ => true,
    }
}

/// A number of any base. Underscores within do not count.
fn is_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    is_whole(&plain) || is_float(&plain) || is_binary(&plain)
}

/// What Go's `ParseInt` and `ParseUint` take with base 0: prefixes `0x`, `0b`, `0o`, and `0` for octal.
fn is_whole(text: &str) -> bool {
    let (is_negative, is_signed, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some(two) if two.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    let is_made_of_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let most = match (is_negative, is_signed) {
        (true, _) => 1 << 63,
        (false, true) => u64::MAX >> 1,
        (false, false) => u64::MAX,
    };
    is_made_of_digits && u64::from_str_radix(digits, radix).is_ok_and(|number| number <= most)
}

/// `-0b` is looked at once more, and a sign may stand behind the prefix.
fn is_binary(text: &str) -> bool {
    let signed = |digits: &str, most: u64| {
        !digits.is_empty()
            && digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
            && u64::from_str_radix(digits, 2).is_ok_and(|number| number <= most)
    };
    if let Some(digits) = text.strip_prefix("0b") {
        return match digits.as_bytes().first() {
            Some(b'+') => signed(&digits[1..], u64::MAX >> 1),
            Some(b'-') => signed(&digits[1..], 1 << 63),
            _ => signed(digits, u64::MAX),
        };
    }
    text.strip_prefix("-0b").is_some_and(|digits| signed(digits, 1 << 63))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, if a float can be that large.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", behind)) => are_digits(behind),
        Some((before, behind)) => are_digits(before) && (behind.is_empty() || are_digits(behind)),
        None => are_digits(mantissa),
    };
    let is_exponent =
        exponent.is_none_or(|exponent| are_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    is_mantissa && is_exponent && unsigned.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Behind a point, Go reads the float itself, with underscores between digits.
fn has_float_with_underscores(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    let are_between = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(index, _)| index > 0 && is_digit(index - 1) && is_digit(index + 1));
    are_between && is_float(&text.replace('_', ""))
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: hours and minutes, for other readers.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let is_first = first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.last_mut() else { return false };
    if let Some((minutes, behind)) = last.split_once('.') {
        if !behind.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
        *last = minutes;
    }
    is_first
        && parts.iter().all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, digit] => matches!(tens, b'0'..=b'5') && digit.is_ascii_digit(),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::stays_text;

    #[test]
    fn knows_what_would_be_read_as_something_else() {
        for text in [
            "",
            "~",
            "y",
            "On",
            "-.INF",
            "1",
            "-1",
            "+1",
            "0x1F",
            "0b11",
            "-0b11",
            "0o17",
            "017",
            "08",
            "1_000",
            "1e3",
            "1.",
            ".5",
            ".5_0",
            "1:30",
            "1:2:59.5",
            "2001-01-01",
            "18446744073709551615",
            "100000000000000000000",
        ] {
            assert!(!stays_text(text), "{text}");
        }
        for text in [
            "=",
            "<<",
            "a",
            "-",
            "+",
            ".",
            "..",
            "._5",
            "1e",
            "0x",
            "0xg",
            "1e999",
            "1:60",
            "yEs",
            "nULL",
            "1.2.3",
            "0b2",
            "2001-13-01",
            "10.0.0.0/8",
            "--1",
        ] {
            assert!(stays_text(text), "{text}");
        }
    }
}
