//! The page for people: one file that needs no network, no script and no other file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use sha2::Sha256;

use super::State;
use super::Texts;
use super::console::consoles;
use super::drawing::drawings;
use super::element::Element;
use super::matrix;
use super::matrix::pair;
use super::quote::quote;
use super::text::SENTENCE_CHARACTERS;
use super::text::VALUE_CHARACTERS;
use super::text::counted;
use super::text::cut;
use super::text::short;
use super::text::values;
use super::timeline::timeline;
use crate::verify::BootReport;
use crate::verify::Regression;
use crate::verify::Report;

const SHEET: &str = include_str!("../../templates/report/page.css");

/// The most regressions that are told; the rest is in the table too.
const MAX_REGRESSIONS: usize = 60;

/// The most notes of a boot or look.
const MAX_NOTES: usize = 60;

/// The report as a page of HTML, which is XML too. Lines of `texts` are quoted where expectations come from.
///
/// It is bounded: what does not fit is left out with a note, and that is never what is said first.
pub fn html(report: &Report, texts: &Texts) -> String {
    let (state, words) = verdict(report);
    let machine = short(&report.machine, 80);
    let mark = Element::new("span").class("seal").with("aria-hidden", "true").text(state.mark());
    let title = Element::new("div")
        .child(Element::new("p").class("kind").text("cotter report"))
        .child(Element::new("h1").text(&machine))
        .child(Element::new("p").class("verdict").text(&words));
    let mut main = Element::new("main");
    if !report.regressions.is_empty() {
        main = main.child(lost(&report.regressions, texts));
    }
    if !report.boots.is_empty() {
        main = main.child(section("Boots", [timeline(&report.boots)]));
    }
    let drawings = drawings(&report.boots);
    if !drawings.is_empty() {
        main = main.child(section("Network", drawings));
    }
    let tables = matrix::tables(&report.boots, texts);
    if !tables.is_empty() {
        main = main.child(section(
            "Expectations",
            matrix::note(&report.boots).into_iter().chain([legend()]).chain(tables),
        ));
    }
    let notes = notes(&report.boots);
    if !notes.is_empty() {
        main = main.child(section("Also seen", [Element::new("ul").children(notes)]));
    }
    let consoles = consoles(&report.boots);
    if !consoles.is_empty() {
        main = main.child(section("Last on the console", consoles));
    }
    let header = Element::new("header").class(state.word()).child(mark).child(title);
    document(&format!("{} {machine}: {words}", state.mark()), [header, main])
}

/// What else is good to know, with the boot or look that told it.
fn notes(boots: &[BootReport]) -> Vec<Element> {
    let of_one = |boot: &BootReport| -> Vec<Element> {
        let name = short(&boot.name, 60);
        let item =
            |note: &String| Element::new("li").text(format!("{name}: {}", cut(note, VALUE_CHARACTERS)));
        boot.notes.iter().take(MAX_NOTES).map(item).collect()
    };
    boots.iter().flat_map(of_one).collect()
}

/// A whole page around its parts.
fn document(title: &str, parts: impl IntoIterator<Item = Element>) -> String {
    let digest = STANDARD.encode(Sha256::digest(SHEET));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
    let meta =
        |name: &'static str, value: &str| Element::new("meta").with("name", name).with("content", value);
    let head = Element::new("head")
        .child(Element::new("meta").with("charset", "utf-8"))
        .child(Element::new("meta").with("http-equiv", "Content-Security-Policy").with("content", policy))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(Element::new("title").text(title))
        .child(Element::style(SHEET));
    let footer = Element::new("footer").text(format!(
        "Written by cotter {}. This page loads nothing and runs nothing; report.json beside it has everything.",
        env!("CARGO_PKG_VERSION")
    ));
    let page = Element::new("html")
        .with("lang", "en")
        .child(head)
        .child(Element::new("body").children(parts).child(footer));
    format!("<!DOCTYPE html>\n{page}\n")
}

/// The verdict in a sentence: met exactly where [`Report::all_met`] says so.
fn verdict(report: &Report) -> (State, String) {
    let count = |of: fn((usize, usize, usize)) -> usize| {
        report.boots.iter().filter(|boot| !boot.is_earlier).map(|boot| of(boot.counts())).sum::<usize>()
    };
    let (differs, unknown) = (count(|(_, differs, _)| differs), count(|(_, _, unknown)| unknown));
    let boots = counted(report.boots.len(), "boot");
    let all = match report.boots.len() {
        1 => String::new(),
        all => format!(", in all {all} boots"),
    };
    match (report.regressions.len(), differs, unknown) {
        _ if report.boots.is_empty() => {
            (State::Unknown, "Nothing is known: there is no record of any boot.".to_owned())
        }
        _ if report.all_met() && report.boots.iter().any(|boot| boot.is_earlier) => {
            (State::Met, "It is what its file says now. Earlier boots do not decide.".to_owned())
        }
        _ if report.all_met() => (State::Met, format!("It is what its file says{all}.")),
        (0, 0, 0) => (State::Unknown, "Nothing is shown: of the last boot, nothing was expected.".to_owned()),
        (0, 0, unknown) => (
            State::Unknown,
            format!(
                "Nothing was found wrong in {boots}, but {} could not be looked at.",
                counted(unknown, "thing")
            ),
        ),
        (0, differs, _) => (
            State::Differs,
            format!("It is not what its file says: {} over {boots}.", counted(differs, "difference")),
        ),
        (1, ..) => (State::Differs, "One thing that held is lost after a reboot.".to_owned()),
        (lost, ..) => (State::Differs, format!("{lost} things that held are lost after a reboot.")),
    }
}

fn section(title: &str, parts: impl IntoIterator<Item = Element>) -> Element {
    Element::new("section").child(Element::new("h2").text(title)).children(parts)
}

/// What was lost across reboots, by the boots between which it was.
fn lost(regressions: &[Regression], texts: &Texts) -> Element {
    let mut parts: Vec<Element> = Vec::new();
    let mut between: Option<(&str, &str)> = None;
    for lost in regressions.iter().take(MAX_REGRESSIONS) {
        if between != Some((&lost.met_in, &lost.lost_in)) {
            between = Some((&lost.met_in, &lost.lost_in));
            let heading = Element::new("h3")
                .text("Lost between ")
                .child(Element::new("b").text(short(&lost.met_in, 60)))
                .text(" and ")
                .child(Element::new("b").text(short(&lost.lost_in, 60)));
            parts.push(heading);
        }
        let list = Element::new("dl")
            .class("way")
            .children(pair("found", values(&lost.found)))
            .children(pair("help", cut(&lost.hint, SENTENCE_CHARACTERS)));
        let card = Element::new("article")
            .class("lost")
            .child(Element::new("h4").text(format!(
                "{} {}",
                State::Differs.mark(),
                cut(&lost.says, VALUE_CHARACTERS)
            )))
            .child(quote(&lost.origin, texts))
            .child(list);
        parts.push(card);
    }
    if let Some(more) = regressions.len().checked_sub(MAX_REGRESSIONS).filter(|more| *more > 0) {
        parts.push(Element::new("p").class("note").text(format!("{more} more are in report.json.")));
    }
    section("Lost across a reboot", parts).class("regressions")
}

fn legend() -> Element {
    let states = [State::Met, State::Differs, State::Unknown].into_iter();
    let parts = states.map(|state| {
        Element::new("span").class(state.word()).text(format!("{} {}", state.mark(), state.word()))
    });
    let none = Element::new("span").text("– not expected in that life");
    Element::new("p").class("legend").children(parts).child(none)
}
