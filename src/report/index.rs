//! The page over the pages of several machines.

use super::element::Element;
use super::page::document;
use super::page::verdict;
use super::text::VALUE_CHARACTERS;
use super::text::counted;
use super::text::cut;
use super::text::short;
use crate::verify::Report;

/// The most machines that are listed; those that are not as they should be come first.
const MAX_MACHINES: usize = 5000;

/// A page that lists reports, each with the place of its own page, relative to this one.
pub fn index(reports: &[(Report, String)]) -> String {
    let mut rows: Vec<_> = reports.iter().map(|(report, page)| (verdict(report), report, page)).collect();
    rows.sort_by_key(|((state, _), report, _)| (std::cmp::Reverse(*state), report.machine.clone()));
    let met = reports.iter().filter(|(report, _)| report.all_met()).count();
    let state = rows.first().map_or(super::State::Unknown, |((state, _), ..)| *state);
    let words = format!("{met} of {} what their files say.", counted(reports.len(), "machine"));
    let lines = rows.iter().take(MAX_MACHINES).map(|((state, words), report, page)| {
        let link = Element::new("a").with("href", page).text(short(&report.machine, 80));
        let marked = format!("{} {}", state.mark(), state.word());
        Element::new("tr")
            .class(state.word())
            .child(Element::new("th").with("scope", "row").child(link))
            .child(Element::new("td").class(state.word()).text(marked))
            .child(Element::new("td").class("words").text(cut(words, VALUE_CHARACTERS)))
    });
    let heading =
        ["machine", "verdict", ""].into_iter().map(|word| Element::new("th").with("scope", "col").text(word));
    let table = Element::new("table")
        .child(Element::new("thead").child(Element::new("tr").children(heading)))
        .child(Element::new("tbody").children(lines));
    let mut main = Element::new("main").child(Element::new("div").class("scroll").child(table));
    if let Some(more) = reports.len().checked_sub(MAX_MACHINES).filter(|more| *more > 0) {
        main =
            main.child(Element::new("p").class("note").text(format!("{more} more machines are not listed.")));
    }
    let mark = Element::new("span").class("seal").with("aria-hidden", "true").text(state.mark());
    let title = Element::new("div")
        .child(Element::new("p").class("kind").text("cotter report"))
        .child(Element::new("h1").text(counted(reports.len(), "machine")))
        .child(Element::new("p").class("verdict").text(&words));
    let header = Element::new("header").class(state.word()).child(mark).child(title);
    document(&words, [header, main])
}
