//! Amounts as Kubernetes writes them: `500m`, `10Gi`, `1e3`.

/// The factors of suffixes (apimachinery's `resource.Quantity`).
const SUFFIXES: [(&str, f64); 14] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
];

/// The number that an amount stands for, if it is one.
pub(super) fn amount(text: &str) -> Option<f64> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let factor = match suffix {
        "" => 1.0,
        "E" => 1e18,
        _ => match SUFFIXES.iter().find(|(known, _)| *known == suffix) {
            Some((_, factor)) => *factor,
            None => exponent(suffix)?,
        },
    };
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let is_number = unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && unsigned.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if !is_number {
        return None;
    }
    digits.parse::<f64>().ok().map(|number| number * factor)
}

/// `e3` and the like.
fn exponent(suffix: &str) -> Option<f64> {
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = digits.parse().ok()?;
    (-18..=18).contains(&exponent).then(|| 10f64.powi(exponent))
}

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
    use super::amount;
    use super::seconds;

    #[test]
    fn reads_amounts_as_kubernetes_does() {
        for (text, number) in [
            ("8192", Some(8192.0)),
            ("500m", Some(0.5)),
            ("10Gi", Some(10_737_418_240.0)),
            ("8k", Some(8000.0)),
            ("-1", Some(-1.0)),
            ("1.5G", Some(1.5e9)),
            ("1e3", Some(1000.0)),
            ("2E", Some(2e18)),
            ("", None),
            ("Gi", None),
            ("10GB", None),
            ("10 Gi", None),
            ("1.2.3", None),
            ("ten", None),
            ("1e400", None),
        ] {
            assert_eq!(amount(text), number, "{text}");
        }
    }

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
