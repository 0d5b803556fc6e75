//! Drawings of the network: ports at the left, what is joined of them in the middle, addresses at the right.

use super::State;
use super::element::Element;
use super::network::Edge;
use super::network::Kind;
use super::network::Network;
use super::network::Node;
use super::text::counted;
use super::text::short;
use crate::verify::BootReport;

const BOX_WIDTH: usize = 214;
const COLUMN_GAP: usize = 62;
const ROW_GAP: usize = 16;
const MARGIN: usize = 3;
/// Title and what it is about.
const HEAD_HEIGHT: usize = 46;
const LINE_HEIGHT: usize = 17;
/// Room below the last line.
const FOOT_HEIGHT: usize = 6;
const MAX_LINES: usize = 6;
/// What fits into a box, by the widest fonts that may be there.
const TITLE_CHARACTERS: usize = 22;
const LINE_CHARACTERS: usize = 29;
/// The most drawings: of boots in which the network was not the same.
const MAX_DRAWINGS: usize = 6;

/// A drawing for each state that the network was in, those that are not as they should be first.
pub(super) fn drawings(boots: &[BootReport]) -> Vec<Element> {
    let mut states: Vec<(Network, Vec<&str>)> = Vec::new();
    for boot in boots {
        let network = Network::of(&boot.verdicts);
        if network.nodes.is_empty() {
            continue;
        }
        if let Some((_, names)) = states.iter_mut().find(|(known, _)| *known == network) {
            names.push(&boot.name);
        } else if states.len() < MAX_DRAWINGS {
            states.push((network, vec![&boot.name]));
        }
    }
    states.sort_by_key(|(network, _)| std::cmp::Reverse(network.state()));
    states.iter().map(|(network, names)| figure(network, names)).collect()
}

fn figure(network: &Network, boots: &[&str]) -> Element {
    let state = network.state();
    let names: Vec<String> = boots.iter().map(|name| short(name, 40)).collect();
    let names = names.join(", ");
    let words = match state {
        State::Met => "as it should be".to_owned(),
        _ => format!("{} not as it should be", counted(network.broken(), "thing")),
    };
    let summary = Element::new("summary").child(Element::new("h3").text(format!("In {names}"))).child(
        Element::new("span")
            .class(format!("count {}", state.word()))
            .text(format!("{} {words}", state.mark())),
    );
    let drawn = Element::new("div")
        .class("scroll")
        .with("tabindex", 0)
        .with("role", "region")
        .with("aria-label", format!("drawing of {names}"))
        .child(svg(network, &format!("The network in {names}: {words}")));
    let mut details = Element::new("details").class("drawing");
    if state != State::Met {
        details = details.with("open", "open");
    }
    details = details.child(summary).child(drawn);
    match network.is_cut {
        true => details.child(Element::new("p").class("note").text("There is more than can be drawn.")),
        false => details,
    }
}

/// Where a node is drawn.
#[derive(Clone, Copy)]
struct Place {
    x: usize,
    y: usize,
    height: usize,
}

impl Place {
    fn middle(self) -> usize {
        self.y + self.height / 2
    }
}

fn height(node: &Node) -> usize {
    let lines = node.lines.len().min(MAX_LINES) + usize::from(node.lines.len() > MAX_LINES);
    let head = if node.kind == Kind::Address && node.about.is_empty() {
        HEAD_HEIGHT - LINE_HEIGHT
    } else {
        HEAD_HEIGHT
    };
    head + lines * LINE_HEIGHT + FOOT_HEIGHT
}

/// Columns from the left: each node stands beside the middle of what it rests on, as far as there is room.
fn places(network: &Network) -> Vec<Place> {
    let mut places = vec![Place { x: 0, y: 0, height: 0 }; network.nodes.len()];
    let levels = network.nodes.iter().map(|node| node.level).max().unwrap_or(0);
    for level in 0..=levels {
        let wished = |index: usize| {
            let below: Vec<usize> = network
                .edges
                .iter()
                .filter(|edge| {
                    edge.to == index && network.nodes.get(edge.from).is_some_and(|n| n.level < level)
                })
                .filter_map(|edge| places.get(edge.from).map(|place| place.middle()))
                .collect();
            (!below.is_empty()).then(|| below.iter().sum::<usize>() / below.len())
        };
        let column = network.nodes.iter().enumerate().filter(|(_, node)| node.level == level);
        let mut column: Vec<(Option<usize>, usize, usize)> =
            column.map(|(index, node)| (wished(index), index, height(node))).collect();
        // What rests on nothing comes last.
        column.sort_by_key(|(wished, index, _)| (wished.unwrap_or(usize::MAX), *index));
        let mut free = MARGIN;
        for (wished, index, height) in column {
            let y = wished.map_or(free, |middle| middle.saturating_sub(height / 2)).max(free);
            free = y + height + ROW_GAP;
            if let Some(place) = places.get_mut(index) {
                *place = Place { x: MARGIN + level * (BOX_WIDTH + COLUMN_GAP), y, height };
            }
        }
    }
    places
}

fn svg(network: &Network, title: &str) -> Element {
    let places = places(network);
    let width = places.iter().map(|place| place.x + BOX_WIDTH + MARGIN).max().unwrap_or(0);
    let height = places.iter().map(|place| place.y + place.height + MARGIN).max().unwrap_or(0);
    let joins = network.edges.iter().filter_map(|edge| join(edge, &places));
    let boxes = network.nodes.iter().zip(&places).map(|(node, place)| draw(node, *place));
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("width", width)
        .with("height", height)
        .with("role", "img")
        .child(Element::new("title").text(title))
        .children(joins)
        .children(boxes)
}

fn join(edge: &Edge, places: &[Place]) -> Option<Element> {
    let (from, to) = (places.get(edge.from)?, places.get(edge.to)?);
    let (x1, y1) = (from.x + BOX_WIDTH, from.middle());
    let (x2, y2) = (to.x, to.middle());
    let half = COLUMN_GAP / 2;
    // Across one gap a curve; further, along the row of where it begins.
    let bend = x2.saturating_sub(half);
    let path = Element::new("path").class(format!("join {}", edge.state.word())).with(
        "d",
        format!("M{x1} {y1} H{} C{bend} {y1} {bend} {y2} {x2} {y2}", x2.saturating_sub(COLUMN_GAP).max(x1)),
    );
    let group = Element::new("g").child(path);
    if edge.state == State::Met {
        return Some(group);
    }
    let (x, y) = (bend, usize::midpoint(y1, y2));
    let mark = Element::new("text").class("sign").with("x", x).with("y", y + 5).with("text-anchor", "middle");
    let circle = Element::new("circle")
        .class(format!("knot {}", edge.state.word()))
        .with("cx", x)
        .with("cy", y)
        .with("r", 10);
    Some(group.child(circle).child(mark.text(edge.state.mark())))
}

fn draw(node: &Node, place: Place) -> Element {
    let Place { x, y, height } = place;
    let text = |class: &str, down: usize, words: String| {
        Element::new("text").class(class).with("x", x + 14).with("y", y + down).text(words)
    };
    let frame = Element::new("rect")
        .class("frame")
        .with("x", x)
        .with("y", y)
        .with("width", BOX_WIDTH)
        .with("height", height)
        .with("rx", if node.kind == Kind::Address { height.min(40) / 2 } else { 7 });
    let title = match node.state {
        State::Met => short(&node.title, TITLE_CHARACTERS),
        state => format!("{} {}", state.mark(), short(&node.title, TITLE_CHARACTERS - 2)),
    };
    let mut drawn = Element::new("g")
        .class(format!("node {}", node.state.word()))
        .child(Element::new("title").text(format!("{} ({}): {}", node.title, node.about, node.state.word())))
        .child(frame)
        .child(text("title", 21, title));
    if !node.about.is_empty() {
        drawn = drawn.child(text("about", 38, short(&node.about, LINE_CHARACTERS)));
    }
    let line_at = |index: usize| HEAD_HEIGHT + LINE_HEIGHT * index + 9;
    for (index, (state, words)) in node.lines.iter().take(MAX_LINES).enumerate() {
        let words = format!("{} {}", state.mark(), short(words, LINE_CHARACTERS - 2));
        drawn = drawn.child(text(&format!("line {}", state.word()), line_at(index), words));
    }
    match node.lines.len().checked_sub(MAX_LINES) {
        Some(more) if more > 0 => drawn.child(text("line", line_at(MAX_LINES), format!("and {more} more"))),
        _ => drawn,
    }
}
