//! Whether the operator can read the text of a unit.
//!
//! Follows go-systemd v22 (unit/deserialize.go), which Ignition's validation uses: it takes less than systemd
//! itself does.

/// Says why the text of a unit cannot be read, if it cannot.
pub(super) fn complaint(text: &str) -> Option<&'static str> {
    // Words before the first section are passed over, but for comments.
    let mut rest = skip_to_section(text);
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            '[' => match after.split_once(']') {
                None => return Some("a section has no `]`"),
                Some((_, after)) => match line(after) {
                    (garbage, _) if !garbage.trim().is_empty() => {
                        return Some("something stands behind a section's `]`");
                    }
                    (_, after) => after,
                },
            },
            '#' | ';' => skip_comment(after),
            space if space.is_whitespace() => after,
            _ => match rest.find(['=', '\n', '\r']) {
                Some(end) if rest.get(end..).is_some_and(|rest| rest.starts_with('=')) => {
                    skip_value(rest.get(end + 1..).unwrap_or_default())
                }
                _ => return Some("a line is neither a section nor a setting with `=`"),
            },
        };
    }
    None
}

/// From the first `[` outside of comments.
fn skip_to_section(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find(['[', '#', ';']) {
        let found = rest.get(at..).unwrap_or_default();
        if found.starts_with('[') {
            return found;
        }
        rest = skip_comment(found);
    }
    ""
}

/// A line without its end, and what follows.
fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// A comment too goes on behind a `\`.
fn skip_comment(text: &str) -> &str {
    let mut rest = text;
    loop {
        let (comment, after) = line(rest);
        rest = after;
        if !comment.strip_suffix(' ').unwrap_or(comment).ends_with('\\') {
            return rest;
        }
    }
}

fn skip_value(text: &str) -> &str {
    let mut rest = text;
    loop {
        let (value, after) = line(rest);
        rest = after;
        if !value.ends_with('\\') {
            return rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn reads_what_go_systemd_reads() {
        for right in [
            "",
            "# only a comment",
            "passed over\n[Unit]\nDescription=a\n",
            "[Unit]\n\n# c [x\nA=\nB = b\n[Service]\nExecStart=/bin/a \\\n  nothing like a setting\n",
            "[Unit]\n; a comment \\\nthat goes on\nA=b",
            "[Unit]\r\nA=b\r\n",
            "[A\nB]\nC=d\n",
        ] {
            assert_eq!(complaint(right), None, "{right:?}");
        }
        for (wrong, words) in [
            ("[Unit\nA=b\n", "no `]`"),
            ("[Unit] a\nA=b\n", "behind"),
            ("[Unit]\nA\n", "neither"),
            ("[Unit]\nA", "neither"),
            ("[Unit]\nA=b\nfoo bar\n", "neither"),
            ("[Unit]\nA=b\n[Service", "no `]`"),
        ] {
            assert!(complaint(wrong).is_some_and(|found| found.contains(words)), "{wrong:?}");
        }
    }
}
