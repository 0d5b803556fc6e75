//! A unit file as systemd reads it: sections, settings, continued lines (systemd.syntax(7)).

/// One thing in a unit file, with its line from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `[Name]`
    Section(String, usize),
    /// `Key=Value`, with lines that are continued put together.
    Setting(String, String, usize),
    /// A line that is neither.
    Nonsense(String, usize),
}

/// Reads a unit file.
pub(super) fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut whole = line.trim().to_owned();
        if whole.is_empty() || whole.starts_with(['#', ';']) {
            continue;
        }
        while let Some(shorter) = whole.strip_suffix('\\') {
            let Some((_, more)) = lines.next() else { break };
            // Comments between continued lines are skipped.
            let more = if more.trim_start().starts_with(['#', ';']) { "\\" } else { more.trim() };
            whole = format!("{} {more}", shorter.trim_end());
        }
        let number = index + 1;
        items.push(match whole.strip_prefix('[') {
            Some(rest) => match rest.strip_suffix(']') {
                Some(name) => Item::Section(name.to_owned(), number),
                None => Item::Nonsense(whole, number),
            },
            None => match whole.split_once('=') {
                Some((key, value)) => Item::Setting(key.trim().to_owned(), value.trim().to_owned(), number),
                None => Item::Nonsense(whole, number),
            },
        });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::Item;
    use super::items;

    #[test]
    fn reads_as_systemd_does() {
        let text = "# a\n[Service]\nExecStart=/bin/a \\\n  # between\n  -b\n; c\nnonsense\n[Broken\n";
        let expected = [
            Item::Section("Service".into(), 2),
            Item::Setting("ExecStart".into(), "/bin/a -b".into(), 3),
            Item::Nonsense("nonsense".into(), 7),
            Item::Nonsense("[Broken".into(), 8),
        ];
        assert_eq!(items(text), expected);
    }
}
