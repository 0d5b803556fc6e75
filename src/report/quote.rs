//! The line of a person's file that asked for something, as far as it may be shown.

use super::Texts;
use super::element::Element;
use super::text::short;
use crate::document::Origin;

/// A longer line is no line of a person.
const MAX_LINE_BYTES: usize = 2000;
/// How much of a line is shown before and after what is marked.
const AROUND_CHARACTERS: usize = 48;
/// How much of a marked value is shown.
const MARKED_CHARACTERS: usize = 64;

/// Below these keys nothing is secret, unless the line itself looks so.
const SHOWN: [&str; 9] = [
    "hostname",
    "network",
    "install",
    "kernel_arguments",
    "verify",
    "boot_device",
    "passwd",
    "storage",
    "systemd",
];
/// In a key: what is below it may be anything, secrets too.
const WITHHELD_KEYS: [&str; 6] = ["contents", "append", "inline", "dropins", "luks", "password"];
/// In a line: it may hold a secret, whatever its key.
const SECRET_WORDS: [&str; 12] = [
    "pass",
    "secret",
    "token",
    "psk",
    "private",
    "hash",
    "contents",
    "inline",
    "credential",
    "auth",
    "key-file",
    "$6$",
];

/// The place, and its line with what asked for it marked.
pub(super) fn quote(origin: &Origin, texts: &Texts) -> Element {
    let place = Element::new("span").class("place").text(short(&origin.to_string(), 160));
    let quoted = Element::new("p").class("quote").child(place);
    match line(origin, texts) {
        None => quoted,
        Some(line) if may_be_secret(&origin.key, line) => {
            quoted.child(Element::new("span").class("withheld").text("not shown: it may hold a secret"))
        }
        Some(line) => quoted.child(marked(line, origin)),
    }
}

fn line<'a>(origin: &Origin, texts: &'a Texts) -> Option<&'a str> {
    let line = texts.get(&origin.file)?.lines().nth(origin.line.checked_sub(1)?)?;
    (line.len() <= MAX_LINE_BYTES && !line.trim().is_empty()).then_some(line)
}

fn may_be_secret(key: &str, line: &str) -> bool {
    let root = key.split(['.', '[']).next().unwrap_or_default();
    let line = line.to_lowercase();
    // A file of keys that may log in says `authorized`; it holds nothing secret.
    let line = line.replace("ssh_authorized_keys", "");
    !SHOWN.contains(&root)
        || WITHHELD_KEYS.iter().any(|word| key.contains(word))
        || SECRET_WORDS.iter().any(|word| line.contains(word))
}

fn marked(line: &str, origin: &Origin) -> Element {
    let characters: Vec<char> = line.chars().collect();
    let begin = origin.column.saturating_sub(1).min(characters.len());
    let rest = characters.get(begin..).unwrap_or_default();
    let length = if origin.length > 0 { origin.length.min(rest.len()) } else { word(rest) };
    let (before, (words, after)) = (characters.get(..begin).unwrap_or_default(), rest.split_at(length));
    let from = before.len().saturating_sub(AROUND_CHARACTERS);
    let lead: String = before.get(from..).unwrap_or_default().iter().collect();
    let lead = if from > 0 { format!("…{lead}") } else { lead.trim_start().to_owned() };
    Element::new("code")
        .text(lead)
        .child(Element::new("mark").text(short(&words.iter().collect::<String>(), MARKED_CHARACTERS)))
        .text(short(after.iter().collect::<String>().trim_end(), AROUND_CHARACTERS))
}

/// How long the value is that begins here: a report that was saved does not say.
fn word(rest: &[char]) -> usize {
    let quote = rest.first().filter(|c| ['"', '\''].contains(c));
    if let Some(quote) = quote
        && let Some(end) = rest.iter().skip(1).position(|c| c == quote)
    {
        return end + 2;
    }
    let ends = |pair: &[char]| matches!(pair, [',' | '}' | ']', ..] | [' ' | '\t', '#']);
    let end = (0..rest.len()).position(|at| rest.get(at..(at + 2).min(rest.len())).is_some_and(ends));
    let text: String = rest.iter().take(end.unwrap_or(rest.len())).collect();
    text.trim_end().chars().count()
}

#[cfg(test)]
mod tests {
    use super::Texts;
    use super::quote;
    use crate::document::Origin;

    fn shown(line: &str, column: usize, key: &str) -> String {
        let origin = Origin { column, key: key.into(), ..Origin::of_file("a.yaml") };
        let origin = Origin { length: 0, ..origin };
        quote(&origin, &Texts::from([("a.yaml".into(), line.into())])).to_string()
    }

    #[test]
    fn marks_what_asked_for_it() {
        for (line, column, words) in [
            ("hostname: r640.lab   # CHANGE", 11, "r640.lab"),
            ("- {mac: \"e4:43:4b:0a:00:01\", mtu: 9000}", 9, "&quot;e4:43:4b:0a:00:01&quot;"),
            ("- {mac: x, mtu: 9000}", 17, "9000"),
            ("- {dns: [10.0.0.1, 10.0.0.2]}", 20, "10.0.0.2"),
            ("- 'never closed", 3, "&#39;never closed"),
        ] {
            let html = shown(line, column, "network.nics[0]");
            assert!(html.contains(&format!("<mark>{words}</mark>")), "{line}: {html}");
        }
        assert!(!shown("a: b", 900, "network").contains("a.yaml:2"));
    }

    #[test]
    fn shows_no_line_that_may_hold_a_secret() {
        for (line, key) in [
            ("password_hash: zebra", "passwd.users[0].password_hash"),
            ("- {name: core, password_hash: zebra}", "passwd.users[0].name"),
            ("zebra", "storage.files[0].contents.inline"),
            ("Environment=zebra", "systemd.units[0].contents"),
            ("{wifi: {psk: zebra}}", "network.nmstate.interfaces[0].name"),
            ("zebra: 1", "somewhere.new"),
            ("should_exist: [rd.iscsi.password=zebra]", "kernel_arguments.should_exist[0]"),
        ] {
            let html = shown(line, 1, key);
            assert!(!html.contains("zebra") && html.contains("may hold a secret"), "{line}: {html}");
        }
        assert!(shown("hostname: zebra", 11, "hostname").contains("zebra"));
        assert!(
            shown("ssh_authorized_keys: [a]", 23, "passwd.users[0].ssh_authorized_keys[0]")
                .contains("<mark>a")
        );
        assert!(!shown(&"x".repeat(5000), 1, "hostname").contains("xxx"), "a line without end");
    }
}
