//! The boots in their order, with what came of each.

use super::State;
use super::element::Element;
use super::text::duration;
use super::text::short;
use crate::value::timestamp;
use crate::verify::BootReport;

/// The most boots: the last ones.
const MAX_BOOTS: usize = 60;
/// The width of a bar, in its own units.
const BAR_WIDTH: usize = 100;

/// How a boot as a whole is: one of which nothing is expected has shown nothing.
pub(super) fn state(boot: &BootReport) -> State {
    match boot.counts() {
        (0, 0, 0) => State::Unknown,
        (_, 0, 0) => State::Met,
        (_, 0, _) => State::Unknown,
        _ => State::Differs,
    }
}

/// The boots as a list.
pub(super) fn timeline(boots: &[BootReport]) -> Element {
    let hidden = boots.len().saturating_sub(MAX_BOOTS);
    let shown = boots.iter().enumerate().skip(hidden);
    let items = shown.map(|(index, boot)| item(boot, boots.get(index + 1)));
    let list = Element::new("ol").class("boots").with("start", hidden + 1).children(items);
    match hidden {
        0 => list,
        _ => Element::new("div")
            .child(
                Element::new("p").class("note").text(format!("{hidden} earlier boots are in report.json.")),
            )
            .child(list),
    }
}

fn item(boot: &BootReport, next: Option<&BootReport>) -> Element {
    let (met, differs, unknown) = boot.counts();
    let state = state(boot);
    let mark = Element::new("span").class("bead").with("aria-hidden", "true").text(state.mark());
    let gap = next.and_then(|next| gap(boot, next)).map(|gap| Element::new("p").class("gap").text(gap));
    let mut counts = vec![match boot.verdicts.len() {
        0 => "nothing is expected of it".to_owned(),
        _ => format!("{met} met"),
    }];
    if differs > 0 {
        counts.push(format!("{differs} not met"));
    }
    if unknown > 0 {
        counts.push(format!("{unknown} unknown"));
    }
    Element::new("li")
        .class(state.word())
        .child(mark)
        .child(Element::new("h3").text(short(&boot.name, 60)))
        .child(Element::new("p").class("life").text(boot.life.to_string()))
        .child(Element::new("p").class(format!("counts {}", state.word())).text(counts.join(", ")))
        .child(bar(met, differs, unknown))
        .child(about(boot))
        .children(gap)
}

/// How much later the next boot was, by the machine's clock, which may be wrong.
fn gap(boot: &BootReport, next: &BootReport) -> Option<String> {
    if boot.time_seconds == 0 || next.time_seconds == 0 {
        return None;
    }
    Some(match next.time_seconds.checked_sub(boot.time_seconds) {
        Some(seconds) => format!("+ {}", duration(seconds)),
        None => "clock set back".to_owned(),
    })
}

fn bar(met: usize, differs: usize, unknown: usize) -> Element {
    let all = (met + differs + unknown).max(1);
    let mut x = 0;
    let parts = [(State::Met, met), (State::Unknown, unknown), (State::Differs, differs)];
    let parts = parts.into_iter().filter(|(_, count)| *count > 0).map(|(state, count)| {
        // What is there is seen, however little it is.
        let width = (count * BAR_WIDTH / all).max(3);
        let part = Element::new("rect")
            .class(state.word())
            .with("x", x)
            .with("y", 0)
            .with("width", width)
            .with("height", 6);
        x += width + 1;
        part
    });
    let parts: Vec<Element> = parts.collect();
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .class("bar")
        .with("viewBox", format!("0 0 {x} 6"))
        .with("preserveAspectRatio", "none")
        .with("aria-hidden", "true")
        .children(parts)
}

fn about(boot: &BootReport) -> Element {
    let mut said = Vec::new();
    if boot.uptime_seconds > 0 {
        said.push(format!("judged {} after it began", duration(boot.uptime_seconds)));
    }
    if boot.time_seconds > 0 {
        let moment = timestamp(boot.time_seconds);
        said.push(moment.replace('T', " ").replace('Z', " UTC"));
    }
    if !boot.boot_id.is_empty() {
        said.push(format!("boot {}", short(&boot.boot_id, 36)));
    }
    let lines = said.into_iter().map(|line| Element::new("span").text(line));
    Element::new("p").class("about").children(lines)
}
