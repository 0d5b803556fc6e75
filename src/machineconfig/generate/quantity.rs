//! Quantities as Kubernetes reads and writes them (k8s.io/apimachinery, pkg/api/resource).

use std::fmt;
use std::str::FromStr;

/// A whole number of bytes, and whether it is counted in powers of 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    /// How many; what was a fraction is rounded up.
    pub(super) bytes: i128,
    is_binary: bool,
}

const DECIMAL: [(&str, u32); 7] = [("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

impl FromStr for Quantity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        // Larger ones are cut off by Kubernetes too.
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 18 {
            return Err(());
        }
        let digits: i128 = format!("{whole}{fraction}").parse().map_err(|_| ())?;
        let (factor, is_binary) = factor(suffix).ok_or(())?;
        let divisor = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| ())?);
        let product = digits.checked_mul(factor).ok_or(())?;
        let bytes = sign * product.div_euclid(divisor)
            + if product % divisor == 0 { 0 } else { i128::from(sign == 1) };
        if bytes.abs() > i128::from(i64::MAX) {
            return Err(());
        }
        Ok(Self { bytes, is_binary })
    }
}

/// What a suffix stands for, and whether that is a power of 2.
fn factor(suffix: &str) -> Option<(i128, bool)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((10_i128.pow(*power), false));
    }
    if let Some((_, power)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        return Some((1_i128 << power, true));
    }
    let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.trim_start_matches('+').parse().ok()?;
    (exponent <= 18).then(|| (10_i128.pow(exponent), false))
}

/// The shortest way to write it without a fraction, as Kubernetes gives it back.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, suffixes): (i128, Vec<&str>) = match self.is_binary && self.bytes.abs() >= 1024 {
            true => (1024, std::iter::once("").chain(BINARY.map(|(suffix, _)| suffix)).collect()),
            false => (1000, DECIMAL.map(|(suffix, _)| suffix).to_vec()),
        };
        let (mut number, mut steps) = (self.bytes, 0);
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

    #[test]
    fn is_read_and_written_as_kubernetes_does() {
        for (text, bytes, written) in [
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
        ] {
            let quantity: Result<Quantity, ()> = text.parse();
            assert_eq!(quantity.map(|q| (q.bytes, q.to_string())), Ok((bytes, written.to_owned())), "{text}");
        }
        for wrong in ["", "G", "8g", "8 G", "1.2.3", "8GB", "9999999999E", "٣", "1e99"] {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
    }
}
