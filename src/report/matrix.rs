//! Expectations against boots: a row an expectation, a column a boot.

use std::collections::HashMap;

use super::State;
use super::Texts;
use super::element::Element;
use super::quote::quote;
use super::text::SENTENCE_CHARACTERS;
use super::text::VALUE_CHARACTERS;
use super::text::counted;
use super::text::cut;
use super::text::short;
use super::text::values;
use crate::document::Origin;
use crate::verify::BootReport;
use crate::verify::Outcome;

/// The most columns: the last boots.
const MAX_BOOTS: usize = 12;
/// The most rows; what is not met comes before what is.
const MAX_ROWS: usize = 400;
/// The most ways in which one expectation is not met that are told.
const MAX_WAYS: usize = 4;

/// One expectation over all boots.
struct Row<'a> {
    says: &'a str,
    subject: &'a str,
    expected: &'a str,
    origin: &'a Origin,
    /// What came of it in each boot; nothing where it was not expected.
    outcomes: Vec<Option<&'a Outcome>>,
}

impl Row<'_> {
    fn state(&self) -> State {
        self.outcomes.iter().flatten().map(|outcome| State::of(outcome)).max().unwrap_or(State::Met)
    }
}

/// Which part of a machine a subject is of: the beginnings of its key. The last has the rest.
const TOPICS: [(&str, &[&str]); 5] = [
    ("Network", &["port", "interface", "default-gateway", "name-servers", "route", "name", "reach", "dns"]),
    ("Users", &["user", "group"]),
    ("Files", &["file"]),
    ("Units", &["unit"]),
    ("System", &[]),
];

fn topic(subject: &str) -> usize {
    let first = subject.split('/').next().unwrap_or_default();
    let of = |(_, beginnings): &(&str, &[&str])| beginnings.contains(&first);
    TOPICS.iter().position(of).unwrap_or(TOPICS.len() - 1)
}

/// A table for each part of the machine, folded where all is met.
pub(super) fn tables(boots: &[BootReport], texts: &Texts) -> Vec<Element> {
    let boots = boots.get(boots.len().saturating_sub(MAX_BOOTS)..).unwrap_or_default();
    let mut rows = rows(boots);
    let all = rows.len();
    if all > MAX_ROWS {
        rows.sort_by_key(|row| std::cmp::Reverse(row.state()));
        rows.truncate(MAX_ROWS);
    }
    let mut elements = Vec::new();
    for (index, (name, _)) in TOPICS.iter().enumerate() {
        let of_topic: Vec<&Row<'_>> = rows.iter().filter(|row| topic(row.subject) == index).collect();
        if !of_topic.is_empty() {
            elements.push(table(name, &of_topic, boots, texts));
        }
    }
    if all > MAX_ROWS {
        let note = format!(
            "{} are not shown here; report.json has them all.",
            counted(all - MAX_ROWS, "expectation")
        );
        elements.push(Element::new("p").class("note").text(note));
    }
    elements
}

/// A note where not all boots have a column.
pub(super) fn note(boots: &[BootReport]) -> Option<Element> {
    let hidden = boots.len().checked_sub(MAX_BOOTS).filter(|hidden| *hidden > 0)?;
    let text = format!("The last {MAX_BOOTS} boots are shown; report.json has {hidden} more before them.");
    Some(Element::new("p").class("note").text(text))
}

fn rows(boots: &[BootReport]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for (column, boot) in boots.iter().enumerate() {
        for verdict in &boot.verdicts {
            let at = *known.entry((&verdict.subject, &verdict.expected)).or_insert_with(|| {
                rows.push(Row {
                    says: &verdict.says,
                    subject: &verdict.subject,
                    expected: &verdict.expected,
                    origin: &verdict.origin,
                    outcomes: vec![None; boots.len()],
                });
                rows.len() - 1
            });
            let cell = rows.get_mut(at).and_then(|row| row.outcomes.get_mut(column));
            // Twice in one boot: the worse counts.
            if let Some(cell) = cell
                && cell.is_none_or(|before| State::of(before) < State::of(&verdict.outcome))
            {
                *cell = Some(&verdict.outcome);
            }
        }
    }
    rows
}

fn table(name: &str, rows: &[&Row<'_>], boots: &[BootReport], texts: &Texts) -> Element {
    let count = |state| rows.iter().filter(|row| row.state() == state).count();
    let (differs, unknown) = (count(State::Differs), count(State::Unknown));
    let (state, words) = match (differs, unknown) {
        (0, 0) => (State::Met, format!("{} met in every boot", rows.len())),
        (0, unknown) => (State::Unknown, format!("{unknown} of {} unknown", rows.len())),
        (differs, 0) => (State::Differs, format!("{differs} of {} not met", rows.len())),
        (differs, unknown) => {
            (State::Differs, format!("{differs} of {} not met, {unknown} unknown", rows.len()))
        }
    };
    let summary = Element::new("summary").child(Element::new("h3").text(name)).child(
        Element::new("span")
            .class(format!("count {}", state.word()))
            .text(format!("{} {words}", state.mark())),
    );
    let heading =
        boots.iter().map(|boot| Element::new("th").with("scope", "col").text(short(&boot.name, 24)));
    let head =
        Element::new("tr").child(Element::new("th").with("scope", "col").text("expected")).children(heading);
    let body = rows.iter().map(|row| line(row, boots, texts));
    let table = Element::new("table")
        .child(Element::new("thead").child(head))
        .child(Element::new("tbody").children(body));
    // What scrolls must be reached with the keyboard too.
    let scrolls = Element::new("div")
        .class("scroll")
        .with("tabindex", 0)
        .with("role", "region")
        .with("aria-label", name)
        .child(table);
    let mut details = Element::new("details").class("topic");
    if state != State::Met {
        details = details.with("open", "open");
    }
    details.child(summary).child(scrolls)
}

fn line(row: &Row<'_>, boots: &[BootReport], texts: &Texts) -> Element {
    let mut head = Element::new("th")
        .with("scope", "row")
        .child(Element::new("span").class("says").text(cut(row.says, VALUE_CHARACTERS)))
        .child(quote(row.origin, texts));
    if row.state() != State::Met {
        head = head.child(ways(row, boots));
    }
    let cells = row.outcomes.iter().map(|outcome| match outcome {
        None => Element::new("td").class("none").with("title", "not expected in this life").text("–"),
        Some(outcome) => {
            let state = State::of(outcome);
            let word = Element::new("span").class("word").text(state.word());
            let mark = Element::new("span").class("mark").with("aria-hidden", "true").text(state.mark());
            Element::new("td").class(state.word()).child(mark).child(word)
        }
    });
    Element::new("tr").class(row.state().word()).child(head).children(cells)
}

/// The ways in which an expectation is not met, each with the boots in which it is so.
fn ways(row: &Row<'_>, boots: &[BootReport]) -> Element {
    let mut ways: Vec<(&Outcome, Vec<&str>)> = Vec::new();
    for (outcome, boot) in row.outcomes.iter().zip(boots) {
        let Some(outcome) = outcome.filter(|outcome| **outcome != Outcome::Met) else { continue };
        match ways.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, names)) => names.push(&boot.name),
            None => ways.push((outcome, vec![&boot.name])),
        }
    }
    let more = ways.len().saturating_sub(MAX_WAYS);
    let told = ways.iter().take(MAX_WAYS).map(|(outcome, names)| way(row, outcome, names));
    let mut all = Element::new("details")
        .with("open", "open")
        .child(Element::new("summary").text("why"))
        .children(told);
    if more > 0 {
        all = all.child(Element::new("p").class("note").text(format!("… and {more} other outcomes")));
    }
    all
}

fn way(row: &Row<'_>, outcome: &Outcome, boots: &[&str]) -> Element {
    let names: Vec<String> = boots.iter().map(|name| short(name, 40)).collect();
    let list = Element::new("dl").class("way").children(pair("in", names.join(", ")));
    let list = list.children(pair("expected", cut(row.expected, VALUE_CHARACTERS)));
    match outcome {
        Outcome::Met => list,
        Outcome::Differs { found, hint } => {
            list.children(pair("found", values(found))).children(pair("help", cut(hint, SENTENCE_CHARACTERS)))
        }
        Outcome::Unknown { why } => list.children(pair("unknown", cut(why, SENTENCE_CHARACTERS))),
    }
}

/// A term and what is said of it.
pub(super) fn pair(term: &str, says: String) -> [Element; 2] {
    [Element::new("dt").text(term), Element::new("dd").class(term).text(says)]
}
