//! Shell patterns, as `.link` files and udev rules match with.

/// True if a text fits one of the patterns (udev(7)).
pub fn any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, text))
}

/// True if a text fits one of the patterns and none of those with `!`; what there is not fits none (systemd.link(5)).
pub fn any_but(patterns: &[String], text: Option<&str>) -> bool {
    let fits = |pattern: &str| text.is_some_and(|text| fits(pattern, text));
    let (not, wanted): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| pattern.starts_with('!'));
    !not.iter().any(|pattern| fits(&pattern[1..]))
        && (wanted.is_empty() || wanted.iter().any(|pattern| fits(pattern)))
}

/// True if a text fits a pattern of `*`, `?` and `[…]` (fnmatch(3)).
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where the last star was, and how much of the text it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match step(&pattern[at.min(pattern.len())..], text[place]) {
            Step::Star => {
                star = Some((at, place));
                at += 1;
            }
            Step::Fits(length) => {
                at += length;
                place += 1;
            }
            Step::No => {
                let Some((back, eaten)) = star else { return false };
                star = Some((back, eaten + 1));
                (at, place) = (back + 1, eaten + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

enum Step {
    /// A star begins here.
    Star,
    /// As many characters of the pattern take one of the text.
    Fits(usize),
    /// It does not fit.
    No,
}

fn step(pattern: &[char], c: char) -> Step {
    match pattern {
        [] => Step::No,
        ['*', ..] => Step::Star,
        ['?', ..] => Step::Fits(1),
        ['[', rest @ ..] => match rest.iter().skip(1).position(|end| *end == ']') {
            Some(end) => {
                let inner = &rest[..=end];
                let (is_not, inner) = match inner {
                    ['!' | '^', inner @ ..] => (true, inner),
                    inner => (false, inner),
                };
                if is_in(inner, c) == is_not { Step::No } else { Step::Fits(end + 3) }
            }
            None => {
                if c == '[' {
                    Step::Fits(1)
                } else {
                    Step::No
                }
            }
        },
        [same, ..] if *same == c => Step::Fits(1),
        _ => Step::No,
    }
}

fn is_in(set: &[char], c: char) -> bool {
    match set {
        [] => false,
        [low, '-', high, rest @ ..] => (*low..=*high).contains(&c) || is_in(rest, c),
        [one, rest @ ..] => *one == c || is_in(rest, c),
    }
}

#[cfg(test)]
mod tests {
    use super::any;
    use super::any_but;

    fn words(patterns: &str) -> Vec<String> {
        patterns.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn fits_as_in_the_shell() {
        for (patterns, text, fits) in [
            ("eth*", "eth0", true),
            ("*", "", true),
            ("", "", true),
            ("e?h[0-3]", "eth2", true),
            ("e?h[!0-3]", "eth2", false),
            ("pci-*:18:00.?", "pci-0000:18:00.1", true),
            ("*a*b", "xaybzb", true),
            ("a[", "a[", true),
            ("[]a]b", "]b", true),
        ] {
            assert_eq!(any(&words(patterns), text), fits, "{patterns:?} {text}");
        }
    }

    #[test]
    fn what_must_not_fit_counts_more() {
        for (patterns, text, fits) in [
            ("!eth* !wl*", Some("eno1"), true),
            ("!eth* !wl*", Some("wlan0"), false),
            ("!eth* en*", Some("eno1"), true),
            ("!eth* en*", Some("wlan0"), false),
            ("e* !eth*", Some("eth0"), false),
            ("*", None, false),
            ("!*", None, true),
        ] {
            assert_eq!(any_but(&words(patterns), text), fits, "{patterns:?} {text:?}");
        }
    }
}
