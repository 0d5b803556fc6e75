//! Jinja templates, as far as they can be judged without what the machine knows.

/// Signs that open something, and the signs that close it.
const PAIRS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
/// Words that open a block, which `end` and the word close.
const BLOCKS: [&str; 6] = ["if", "for", "macro", "filter", "call", "raw"];

/// What is wrong with a template: the line, from 1, and what it is.
pub(super) fn problem(text: &str) -> Option<(usize, String)> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while let Some((start, (opening, closing))) = next(text, at) {
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        let after = start + opening.len();
        let Some(end) = text.get(after..).and_then(|rest| rest.find(closing)) else {
            return Some((line, format!("`{opening}` is never closed by `{closing}`")));
        };
        let inside = text.get(after..after + end).unwrap_or_default().trim_matches(['-', '+']).trim();
        if opening == "{%" {
            let word = inside.split_ascii_whitespace().next().unwrap_or_default();
            if let Some(closed) = word.strip_prefix("end") {
                match open.pop() {
                    Some((block, _)) if block == closed => {}
                    _ if !BLOCKS.contains(&closed) => {}
                    _ => return Some((line, format!("`{word}` closes nothing that is open"))),
                }
            } else if BLOCKS.contains(&word) {
                open.push((word.to_owned(), line));
            }
        }
        at = after + end + closing.len();
    }
    open.pop().map(|(word, line)| (line, format!("`{word}` is never closed by `end{word}`")))
}

fn next(text: &str, from: usize) -> Option<(usize, (&'static str, &'static str))> {
    let rest = text.get(from..)?;
    let first =
        PAIRS.into_iter().filter_map(|pair| Some((rest.find(pair.0)?, pair))).min_by_key(|(at, _)| *at);
    first.map(|(at, pair)| (from + at, pair))
}

/// The line of a text that is no template on which there are words of one.
pub(super) fn words_of_one(text: &str) -> Option<usize> {
    let is_one = |line: &str| {
        let packed: String = line.chars().filter(|letter| !letter.is_whitespace()).collect();
        ["{{v1.", "{{ds.", "{{meta_data.", "{%if", "{%for"].iter().any(|words| packed.contains(words))
    };
    text.lines().position(is_one).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::problem;
    use super::words_of_one;

    #[test]
    fn templates_are_closed() {
        for (text, expected) in [
            ("a: {{ v1.x }}\n{% if a %}\nb\n{% endif %}\n", None),
            ("a: {{ v1.x }\n", Some(1)),
            ("a\n{% if a\n", Some(2)),
            ("a\n{%- if a -%}\nb\n", Some(2)),
            ("{% for a in b %}{% endif %}", Some(1)),
            ("{% set a = 1 %}{# {{ #}", None),
        ] {
            assert_eq!(problem(text).map(|(line, _)| line), expected, "{text}");
        }
        assert_eq!(words_of_one("a: b\nc: {{ v1.local_hostname }}\n"), Some(2));
        assert_eq!(words_of_one("a: '{{ .Name }}'\n"), None);
    }
}
