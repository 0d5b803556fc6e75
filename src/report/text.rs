//! Texts from elsewhere, bounded and in words.

/// The most characters of a value that are shown.
pub(super) const VALUE_CHARACTERS: usize = 300;
/// The most characters of a sentence that are shown.
pub(super) const SENTENCE_CHARACTERS: usize = 800;
/// The most values of one fact that are shown.
const VALUES: usize = 8;

/// The beginning of a text, and a word on how much there is if that is not all.
pub(super) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!("{}… ({} bytes in all)", text.get(..end).unwrap_or_default(), text.len())
        }
    }
}

/// The values of a fact.
pub(super) fn values(found: &[String]) -> String {
    if found.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown: Vec<String> =
        found.iter().take(VALUES).map(|value| cut(value, VALUE_CHARACTERS)).collect();
    if found.len() > VALUES {
        shown.push(format!("and {} more", found.len() - VALUES));
    }
    shown.join(", ")
}

/// The beginning of a text, for where there is little room.
pub(super) fn short(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(characters.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// `1 boot`, `2 boots`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`.
pub(super) fn duration(seconds: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;
    use super::duration;
    use super::short;
    use super::values;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("grün", 4), "grün");
        assert_eq!(cut("grün!", 4), "grün… (6 bytes in all)");
        assert_eq!(short("grüner", 4), "grü…");
        let many: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(values(&many), "0, 1, 2, 3, 4, 5, 6, 7, and 2 more");
        assert_eq!(values(&[]), "nothing");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (185, "3 min 5 s"),
            (7800, "2 h 10 min"),
            (356_400, "4 d 3 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }
}
