//! Quantities as Kubernetes reads and writes them (k8s.io/apimachinery, pkg/api/resource): `500m`, `10Gi`, `1e3`.

use std::fmt;
use std::str::FromStr;

/// An exact number, and whether it is counted in powers of 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    /// In billionths; what is less is rounded up, as Kubernetes does.
    billionths: i128,
    is_binary: bool,
}

/// How many of the smallest parts make one.
const ONE: i128 = 1_000_000_000;

/// Suffixes of powers of 10, with the power of the billionths in them.
const DECIMAL: [(&str, u32); 10] =
    [("n", 0), ("u", 3), ("m", 6), ("", 9), ("k", 12), ("M", 15), ("G", 18), ("T", 21), ("P", 24), ("E", 27)];

/// Those from one on, as numbers are written with them.
const WHOLE: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// Suffixes of powers of 2, with their powers.
const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// The digits that are read; more would be no exact number any more.
const MAX_DIGITS: usize = 18;

/// The largest power of 10 that is read, and as a negative one the least.
const MAX_EXPONENT: u32 = 18;

impl Quantity {
    /// The whole number; what was a fraction is rounded up.
    pub(super) fn whole(self) -> i128 {
        round_up(self.billionths, ONE)
    }
}

/// The number that a text stands for, if it is a quantity: near enough to be compared.
pub(super) fn amount(text: &str) -> Option<f64> {
    let quantity: Quantity = text.parse().ok()?;
    Some(quantity.billionths as f64 / ONE as f64)
}

impl FromStr for Quantity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        read(text).ok_or(())
    }
}

fn read(text: &str) -> Option<Quantity> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > MAX_DIGITS {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let (factor, parts, is_binary) = factor(suffix)?;
    let parts = parts.checked_mul(10_i128.pow(u32::try_from(fraction.len()).ok()?))?;
    let billionths = round_up(sign * digits.checked_mul(factor)?, parts);
    let is_held = billionths.abs() <= i128::from(i64::MAX) * ONE;
    is_held.then_some(Quantity { billionths, is_binary })
}

/// The billionths that a suffix stands for, in how many parts, and whether it is a power of 2.
fn factor(suffix: &str) -> Option<(i128, i128, bool)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((10_i128.pow(*power), 1, false));
    }
    if let Some((_, power)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        return Some((ONE << power, 1, true));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_i128.pow(Some(exponent.unsigned_abs()).filter(|power| *power <= MAX_EXPONENT)?);
    Some(if exponent < 0 { (ONE, power, false) } else { (ONE * power, 1, false) })
}

/// Divides, away from zero if something is left over.
fn round_up(number: i128, by: i128) -> i128 {
    number / by + if number % by == 0 { 0 } else { number.signum() }
}

/// The shortest way to write it without a fraction, as Kubernetes gives it back.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut number, mut steps) = (self.whole(), 0);
        let (base, suffixes): (i128, Vec<&str>) = match self.is_binary && number.abs() >= 1024 {
            true => (1024, std::iter::once("").chain(BINARY.map(|(suffix, _)| suffix)).collect()),
            false => (1000, WHOLE.to_vec()),
        };
        while number != 0 && number % base == 0 && steps + 1 < suffixes.len() {
            number /= base;
            steps += 1;
        }
        write!(f, "{number}{}", suffixes.get(steps).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;
    use super::amount;

    #[test]
    fn is_read_and_written_as_kubernetes_does() {
        for (text, whole, written) in [
            ("8G", 8_000_000_000, "8G"),
            ("8192", 8192, "8192"),
            ("-1", -1, "-1"),
            ("1024Mi", 1 << 30, "1Gi"),
            ("1.5Gi", 3 << 29, "1536Mi"),
            ("1000M", 1_000_000_000, "1G"),
            ("1.5G", 1_500_000_000, "1500M"),
            ("1e3", 1000, "1k"),
            ("0", 0, "0"),
            ("0.5", 1, "1"),
            ("50Ki", 51_200, "50Ki"),
            ("1500m", 2, "2"),
            (".5k", 500, "500"),
        ] {
            let quantity: Result<Quantity, ()> = text.parse();
            assert_eq!(
                quantity.map(|q| (q.whole(), q.to_string())),
                Ok((whole, written.to_owned())),
                "{text}"
            );
        }
        for wrong in
            ["", "G", "8g", "8 G", "1.2.3", "8GB", "9999999999E", "٣", "1e99", "10GB", "ten", "1e400"]
        {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn is_compared_as_a_number() {
        for (text, number) in [
            ("8192", 8192.0),
            ("500m", 0.5),
            ("250u", 0.000_25),
            ("10Gi", 10_737_418_240.0),
            ("8k", 8000.0),
            ("-1", -1.0),
            ("1.5G", 1.5e9),
            ("1e3", 1000.0),
            ("1e-3", 0.001),
            ("2E", 2e18),
        ] {
            assert_eq!(amount(text), Some(number), "{text}");
        }
    }
}
