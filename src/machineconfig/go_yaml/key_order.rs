//! The order of keys: numbers in them count by their value, letters come behind everything else.

use std::cmp::Ordering;

/// Sorts entries by their keys. By insertion, as Go does for few: this order of Go's is no total one for every set of
/// keys, which `sort` may not take. A mapping here has a dozen keys.
pub(super) fn sorted<'a, V>(entries: impl Iterator<Item = (&'a str, V)>) -> Vec<(&'a str, V)> {
    let mut sorted: Vec<(&str, V)> = Vec::new();
    for entry in entries {
        let later = sorted.iter().rposition(|(key, _)| !is_less(entry.0, key));
        sorted.insert(later.map_or(0, |index| index + 1), entry);
    }
    sorted
}

fn is_less(a: &str, b: &str) -> bool {
    compare(a, b) == Ordering::Less
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => a[at].cmp(&b[at]),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => compare_numbers(&a, &b, at),
    }
}

fn compare_numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    // A zero behind a digit that is none does not lead.
    let is_within = (a[at] == '0' || b[at] == '0')
        && a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let start = i64::from(is_within);
    let number = |text: &[char]| {
        let digits = text[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((start, 0), |(number, count), digit| {
            (number.wrapping_mul(10).wrapping_add(i64::from(digit)), count + 1)
        })
    };
    number(a).cmp(&number(b)).then_with(|| a[at].cmp(&b[at]))
}

#[cfg(test)]
mod tests {
    use super::sorted;

    #[test]
    fn numbers_count_and_letters_come_last() {
        let keys = ["b", "a10", "a2", "a", "", "A", "a-", "a01", "_", "1", "10", "9"];
        let order: Vec<&str> =
            sorted(keys.iter().map(|key| (*key, ()))).into_iter().map(|(key, ())| key).collect();
        assert_eq!(order, ["", "_", "1", "9", "10", "A", "a", "a-", "a01", "a2", "a10", "b"]);
    }
}
