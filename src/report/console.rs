//! The last lines on the consoles.

use super::State;
use super::element::Element;
use super::text::VALUE_CHARACTERS;
use super::text::cut;
use super::text::short;
use super::timeline::state;
use crate::verify::BootReport;

/// The most lines of a boot: the last ones.
const MAX_LINES: usize = 60;
/// The most boots.
const MAX_BOOTS: usize = 20;

/// What the consoles of the boots said last, where that is known.
pub(super) fn consoles(boots: &[BootReport]) -> Vec<Element> {
    boots.iter().filter(|boot| !boot.console.is_empty()).take(MAX_BOOTS).map(console).collect()
}

fn console(boot: &BootReport) -> Element {
    let last = boot.console.iter().skip(boot.console.len().saturating_sub(MAX_LINES));
    let lines: Vec<String> = last.map(|line| cut(line, VALUE_CHARACTERS)).collect();
    let name = short(&boot.name, 60);
    let mut details = Element::new("details").class("console");
    if state(boot) != State::Met {
        details = details.with("open", "open");
    }
    let said = Element::new("pre")
        .with("tabindex", 0)
        .with("role", "region")
        .with("aria-label", format!("console of {name}"))
        .text(lines.join("\n"));
    details.child(Element::new("summary").child(Element::new("h3").text(format!("In {name}")))).child(said)
}
