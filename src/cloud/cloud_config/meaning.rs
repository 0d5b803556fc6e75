//! What a scalar means to cloud-init, which reads YAML with PyYAML (6.0, `resolver.py`): YAML 1.1, but `y` is a text.

use serde_json::Value;

use crate::document::Scalar;

/// The value that a scalar stands for. A date, which JSON has not, becomes a list of its text.
pub(super) fn meaning(scalar: &Scalar) -> Value {
    let text = scalar.text.as_str();
    if !scalar.plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    if is_date(text) {
        return Value::Array(vec![text.into()]);
    }
    whole(text).map(Value::from).or_else(|| fraction(text)).unwrap_or_else(|| text.into())
}

/// True for `2024-01-31`, alone or with a time after it.
pub(super) fn is_date(text: &str) -> bool {
    let (date, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let is_shape = |(index, byte): (usize, u8)| {
        if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    date.len() == 10
        && date.bytes().enumerate().all(is_shape)
        && (rest.is_empty() || rest.starts_with(['T', 't', ' ', '\t']) && rest.contains(':'))
}

fn whole(text: &str) -> Option<i64> {
    let (sign, digits) = signed(text);
    if digits.contains(':') {
        return sexagesimal(digits).map(|number| sign * number);
    }
    let all = |digits: &str, is_digit: fn(&u8) -> bool| {
        !digits.is_empty() && digits.bytes().all(|byte| byte == b'_' || is_digit(&byte))
    };
    let (base, rest) = match digits.get(..2) {
        Some("0b") => (2, digits.get(2..)?),
        Some("0x") => (16, digits.get(2..)?),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    let is_digit: fn(&u8) -> bool = match base {
        2 => |byte| matches!(byte, b'0' | b'1'),
        8 => |byte| matches!(byte, b'0'..=b'7'),
        16 => u8::is_ascii_hexdigit,
        _ => u8::is_ascii_digit,
    };
    if !all(rest, is_digit) || (base == 10 && rest.starts_with('_')) {
        return None;
    }
    i64::from_str_radix(&rest.replace('_', ""), base).ok().and_then(|number| number.checked_mul(sign))
}

/// `12:30` is 750: minutes and seconds, as they were written once.
fn sexagesimal(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    if !first.starts_with(|c: char| matches!(c, '1'..='9')) {
        return None;
    }
    let mut number: i64 = first.replace('_', "").parse().ok()?;
    for part in parts {
        let is_right = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        let part: i64 = part.parse().ok().filter(|part| is_right && *part < 60)?;
        number = number.checked_mul(60)?.checked_add(part)?;
    }
    Some(number)
}

fn fraction(text: &str) -> Option<Value> {
    let (sign, digits) = signed(text);
    let begins = digits.starts_with(|c: char| c.is_ascii_digit())
        || digits.starts_with('.') && digits.get(1..)?.starts_with(|c: char| c.is_ascii_digit());
    let (number, exponent) = match digits.split_once(['e', 'E']) {
        // Without a sign it is a text: PyYAML's own rule.
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['+', '-'])?)),
        None => (digits, None),
    };
    let is_right = begins
        && number.matches('.').count() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'))
        && exponent
            .is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_right {
        return None;
    }
    let value: f64 = digits.replace('_', "").parse().ok()?;
    serde_json::Number::from_f64(value * sign as f64).map(Value::Number)
}

fn signed(text: &str) -> (i64, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, text.get(1..).unwrap_or_default()),
        Some(b'+') => (1, text.get(1..).unwrap_or_default()),
        _ => (1, text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::meaning;
    use crate::document::Scalar;

    /// What PyYAML 6.0 makes of each.
    #[test]
    fn scalars_mean_what_pyyaml_says() {
        for (text, expected) in [
            ("0644", json!(420)),
            ("0o644", json!("0o644")),
            ("644", json!(644)),
            ("089", json!("089")),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("_1", json!("_1")),
            ("12:30", json!(750)),
            ("12:30:00", json!(45000)),
            ("02:30", json!("02:30")),
            ("12:60", json!("12:60")),
            ("-5", json!(-5)),
            ("1.5", json!(1.5)),
            ("1e3", json!("1e3")),
            ("1.0e+3", json!(1000.0)),
            ("1.0e3", json!("1.0e3")),
            ("1.2.3", json!("1.2.3")),
            ("10.0.0.1/24", json!("10.0.0.1/24")),
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!("y")),
            ("~", json!(null)),
            ("2024-01-31", json!(["2024-01-31"])),
            ("2024-01-31 10:00:00", json!(["2024-01-31 10:00:00"])),
            ("2024-01-31-a", json!("2024-01-31-a")),
            ("é", json!("é")),
            ("+", json!("+")),
        ] {
            let scalar = Scalar { text: text.to_owned(), plain: true, literal: false };
            assert_eq!(meaning(&scalar), expected, "{text}");
            let quoted = Scalar { text: text.to_owned(), plain: false, literal: false };
            assert_eq!(meaning(&quoted), json!(text));
        }
    }
}
