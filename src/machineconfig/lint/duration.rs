//! Lengths of time as Go writes them: `1h30m`, `500ms`.

/// The seconds of a duration as Go writes it: `1h30m`, `10s`, `500ms`, `0`.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" {
        return Some(0.0);
    }
    let mut rest = unsigned;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, after) = rest.split_at(digits_end);
        let number: f64 = digits.parse().ok()?;
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let factor = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number * factor;
        rest = after;
    }
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    (!unsigned.is_empty()).then_some(total * sign)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn reads_durations_as_go_does() {
        for (text, number) in [
            ("10s", Some(10.0)),
            ("1h30m", Some(5400.0)),
            ("500ms", Some(0.5)),
            ("0", Some(0.0)),
            ("-1s", Some(-1.0)),
            ("1.5m", Some(90.0)),
            ("10", None),
            ("", None),
            ("s", None),
            ("1d", None),
        ] {
            assert_eq!(seconds(text), number, "{text}");
        }
    }
}
