//! What a scalar means in YAML 1.1, as Kubernetes reads it.
//!
//! Follows go-yaml v2.4 (resolve.go), which `kubectl` and the operators use through `sigs.k8s.io/yaml`: truth
//! in six words, octal numbers that begin with 0, `_` in numbers. It reads times as text.

use serde_json::Value;

use super::Scalar;

/// The value that a scalar stands for.
pub(super) fn meaning(scalar: &Scalar) -> Value {
    let text = scalar.text.as_str();
    if !scalar.plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    number(text).unwrap_or_else(|| text.into())
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    whole(&digits).or_else(|| fraction(&digits))
}

/// As Go's `strconv.ParseInt` with base 0: the prefix says the base.
fn whole(text: &str) -> Option<Value> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        Some(_) if lower.starts_with('0') => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    // `from_str_radix` would take a second sign.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let number = sign * i128::from_str_radix(digits, base).ok()?;
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

fn fraction(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_right = are_digits(before)
        && are_digits(after)
        && !(before.is_empty() && after.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && are_digits(digits));
    // A number that JSON cannot hold, as 1e999, stays text.
    let number = text.strip_prefix('+').unwrap_or(text).parse::<f64>().ok().filter(|_| is_right)?;
    // Go prints a float without a fraction as a whole number, so 1e3 may stand where a whole number must.
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    if is_whole {
        return Some(Value::from(number as i64));
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::document::View;
    use crate::document::parse;

    #[test]
    fn reads_scalars_as_kubernetes_does() {
        for (text, json) in [
            ("0644", "420"),
            ("'0644'", "\"0644\""),
            ("0o644", "420"),
            ("0x1F", "31"),
            ("0b11", "3"),
            ("-0b11", "-3"),
            ("1_000", "1000"),
            ("0", "0"),
            ("-7", "-7"),
            ("+7", "7"),
            ("0899", "899"),
            ("18446744073709551615", "18446744073709551615"),
            ("1e3", "1000"),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("1.", "1"),
            ("yes", "true"),
            ("y", "true"),
            ("Off", "false"),
            ("yEs", "\"yEs\""),
            ("~", "null"),
            ("1:30", "\"1:30\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("192.168.1.1", "\"192.168.1.1\""),
            ("4.19.0", "\"4.19.0\""),
            ("0x", "\"0x\""),
            ("--1", "\"--1\""),
            ("1e", "\"1e\""),
            (".inf", "\".inf\""),
            ("=", "\"=\""),
        ] {
            let (tree, findings) = parse("x.yaml", &format!("a: {text}\n"));
            assert!(findings.is_empty(), "{text}: {findings:?}");
            let found = View::root("x.yaml", &tree.unwrap()).to_json_1_1();
            assert_eq!(found["a"].to_string(), json, "{text}");
        }
    }
}
