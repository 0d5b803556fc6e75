//! Numbers as Go writes them.

use serde_json::Number;

/// The text of a number that was JSON and then YAML: whole if it can be, else as short as it can be.
pub(super) fn text(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let Some(value) = number.as_f64() else { return number.to_string() };
    // What Go writes of it in JSON has no point, and comes back as a whole number if there is one so large.
    if value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..18_446_744_073_709_551_616.0).contains(&value) {
        return if value == 0.0 { "0".to_owned() } else { format!("{value:.0}") };
    }
    general(value)
}

/// As `%g` does with the shortest digits: with an exponent below -4 and from 6 on.
fn general(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn writes_numbers_as_go_does() {
        for (number, expected) in [
            ("420", "420"),
            ("-1", "-1"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.0", "1"),
            ("0.0", "0"),
            ("0.5", "0.5"),
            ("1234567.5", "1.2345675e+06"),
            ("0.00001", "1e-05"),
            ("1e21", "1e+21"),
        ] {
            assert_eq!(
                serde_json::from_str(number).map(|number| text(&number)).ok().as_deref(),
                Some(expected)
            );
        }
    }
}
