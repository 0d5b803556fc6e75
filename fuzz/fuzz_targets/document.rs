//! Any text as YAML: a tree with right places, or findings; never a panic.
#![no_main]

use cotter::document;
use cotter::document::View;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tree, findings) = document::parse("fuzz.yaml", text);
    for finding in findings.sorted() {
        finding.render(Some(text));
    }
    let Some(tree) = tree else { return };
    walk(&View::root("fuzz.yaml", &tree), text);
});

/// Every place lies in the text.
fn walk(view: &View<'_>, text: &str) {
    let (from, to) = view.origin().bytes;
    assert!(from <= to && text.get(from..to).is_some(), "{:?}", view.origin());
    assert!(view.origin().line >= 1 && view.origin().column >= 1);
    let _ = (view.to_json(), view.text(), view.first_line());
    for (_, _, value) in view.entries() {
        walk(&value, text);
    }
    for item in view.items() {
        walk(&item, text);
    }
}
