//! A config held against its shape: keys, kinds of values, words.

use super::shape::Key;
use super::shape::Shape;
use super::spelling::means;
use crate::document::Diagnostics;
use crate::document::Rule;
use crate::document::View;
use crate::document::nearest;

/// Rules that the shape keeps.
pub(super) static UNKNOWN_KEY: Rule = Rule {
    name: "unknown-key",
    refuses: "a key that Harvester does not know",
    why: "its loader drops it without a word",
    example: "hostnam: node1",
};
pub(super) static SAME_KEY: Rule = Rule {
    name: "same-key",
    refuses: "two spellings of one key in a mapping",
    why: "which of them is taken is left to chance",
    example: "{iso_url: a, isoUrl: b}",
};
pub(super) static OLD_KEY: Rule = Rule {
    name: "old-key",
    refuses: "(warns) a key that older releases read",
    why: "it does nothing now",
    example: "management_interface: {default_route: true}",
};
pub(super) static KIND: Rule = Rule {
    name: "kind-of-value",
    refuses: "a list where a text belongs, and the like",
    why: "one value of a wrong kind loses the whole config",
    example: "device: [/dev/disk/by-id/a]",
};
pub(super) static QUOTES: Rule = Rule {
    name: "text-in-quotes",
    refuses: "a number or truth value without quotes where a text belongs",
    why: "one value of a wrong kind loses the whole config",
    example: "token: 12345678",
};
pub(super) static TRUTH: Rule = Rule {
    name: "truth-value",
    refuses: "a truth value that is no `true` and no `false`",
    why: "Harvester takes everything that it does not know for false",
    example: "automatic: on",
};
pub(super) static NUMBER: Rule = Rule {
    name: "number",
    refuses: "a number that is none or out of its range",
    why: "one value of a wrong kind loses the whole config",
    example: "vlan_id: ten",
};
pub(super) static WORD: Rule = Rule {
    name: "known-word",
    refuses: "a word that is not one of those that may stand here",
    why: "the installation stops, or goes another way",
    example: "mode: creat",
};

/// Adds everything that is wrong with `view` as `shape` has it.
pub(super) fn check(view: &View<'_>, shape: &Shape, findings: &mut Diagnostics) {
    if view.is_null() {
        return;
    }
    match shape {
        Shape::Any => {}
        Shape::Old(help) => {
            let key = &view.origin().key;
            findings.under(&OLD_KEY).warning(view.origin(), format!("`{key}` does nothing now"), *help);
        }
        Shape::Map(keys) => {
            if is(view, view.is_map(), "a mapping", findings) {
                map(view, keys, findings);
            }
        }
        Shape::Named(of) => {
            if is(view, view.is_map(), "a mapping", findings) {
                view.entries().for_each(|(_, _, member)| check(&member, of, findings));
            }
        }
        Shape::Table => {
            if is(view, view.is_map(), "a mapping", findings) {
                for (_, _, member) in view.entries() {
                    is(&member, member.scalar().is_some(), "a text", findings);
                }
            }
        }
        Shape::List(of) => {
            if is(view, view.is_list(), "a list", findings) {
                view.items().iter().for_each(|item| check(item, of, findings));
            }
        }
        Shape::Texts => {
            for item in view.one_or_more() {
                is(&item, item.scalar().is_some(), "a text", findings);
            }
        }
        Shape::Text | Shape::Secret => text(view, findings),
        Shape::Word(words) => {
            text(view, findings);
            word(view, words, findings);
        }
        Shape::Truth => truth(view, findings),
        Shape::Number(from, to) => number(view, *from, *to, findings),
    }
}

fn is(view: &View<'_>, is_right: bool, wanted: &str, findings: &mut Diagnostics) -> bool {
    if !is_right {
        let found = match (view.is_map(), view.is_list()) {
            (true, _) => "a mapping",
            (_, true) => "a list",
            _ => "a text",
        };
        let key = &view.origin().key;
        let name = if key.is_empty() { "the file" } else { key };
        let message =
            format!("`{name}` is {found}, not {wanted}: Harvester reads nothing of the whole config");
        findings.under(&KIND).error(view.origin(), message, format!("write {wanted} here"));
    }
    is_right
}

fn map(view: &View<'_>, keys: &[Key], findings: &mut Diagnostics) {
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (name, place, value) in view.entries() {
        let Some(key) = keys.iter().find(|key| means(name, key.name)) else {
            let help = match nearest(&name.to_ascii_lowercase(), keys.iter().map(|key| key.name)) {
                Some(near) => {
                    let shown = keys.iter().find(|key| key.name == near).map_or(near, |key| key.shown);
                    format!("did you mean `{shown}`?")
                }
                None => {
                    let known: Vec<&str> = keys.iter().map(|key| key.shown).collect();
                    format!("known here: {}", known.join(", "))
                }
            };
            let message = format!("`{name}` is not a key here: Harvester drops it without a word");
            findings.under(&UNKNOWN_KEY).error(&place, message, help);
            continue;
        };
        if let Some((_, line)) = seen.iter().find(|(other, _)| *other == key.name) {
            let message = format!("`{name}` is `{}` again, which is on line {line}", key.shown);
            findings.under(&SAME_KEY).error(&place, message, "keep one of them");
        }
        seen.push((key.name, place.line));
        check(&value, &key.shape, findings);
    }
}

fn text(view: &View<'_>, findings: &mut Diagnostics) {
    if !is(view, view.scalar().is_some(), "a text", findings) || view.to_json().is_string() {
        return;
    }
    // The value may be a secret: it is not said.
    let key = &view.origin().key;
    let message =
        format!("`{key}` is a number or truth value to YAML: Harvester reads nothing of the whole config");
    findings.under(&QUOTES).error(view.origin(), message, "put it in quotes");
}

fn word(view: &View<'_>, words: &[&str], findings: &mut Diagnostics) {
    let Some(text) = view.text().filter(|text| !words.contains(&text.value.as_str())) else { return };
    let words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    let help = match nearest(&text.value, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", words.join(", ")),
    };
    let message = format!("`{}` is not one of the words known here", text.value);
    findings.under(&WORD).error(&text.origin, message, help);
}

fn truth(view: &View<'_>, findings: &mut Diagnostics) {
    if !is(view, view.scalar().is_some(), "`true` or `false`", findings) {
        return;
    }
    let known = ["true", "t", "yes", "y", "false", "f", "no", "n", ""];
    let Some(text) = view.text().filter(|text| !known.contains(&text.value.to_ascii_lowercase().as_str()))
    else {
        return;
    };
    let message = format!("`{}` is false to Harvester", text.value);
    findings.under(&TRUTH).error(&text.origin, message, "write `true` or `false`");
}

fn number(view: &View<'_>, from: u64, to: u64, findings: &mut Diagnostics) {
    if !is(view, view.scalar().is_some(), "a number", findings) {
        return;
    }
    let Some(text) = view.text() else { return };
    if !text.value.parse::<u64>().is_ok_and(|number| (from..=to).contains(&number)) {
        let help = match to {
            to if to >= u64::from(u32::MAX) => "write a whole number".to_owned(),
            _ => format!("write a number from {from} to {to}"),
        };
        let message = format!("`{}` is not a whole number that may stand here", text.value);
        findings.under(&NUMBER).error(&text.origin, message, help);
    }
}
