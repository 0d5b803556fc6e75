//! The network of a machine as the subjects of its verdicts tell it: what is joined to what, and what holds.

use std::collections::HashMap;

use super::State;
use super::text::VALUE_CHARACTERS;
use super::text::cut;
use super::text::values;
use crate::verify::Outcome;
use crate::verify::Verdict;

/// The most things that are drawn.
const MAX_NODES: usize = 80;
/// The most joins that are drawn.
const MAX_EDGES: usize = 160;
/// The most levels of bonds, VLANs and bridges on each other.
const MAX_LEVELS: usize = 6;

/// Things and how they are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// True if there is more than is drawn.
    pub(super) is_cut: bool,
}

/// A port, an interface on it, an address, or a thing of the machine as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) about: String,
    /// What is expected of it apart from its title, and whether it holds.
    pub(super) lines: Vec<(State, String)>,
    /// The worst of it.
    pub(super) state: State,
    /// From left to right.
    pub(super) level: usize,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Port,
    Interface,
    Address,
}

/// That one thing rests on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) state: State,
}

impl Network {
    /// The network that the verdicts of one boot tell of.
    pub(super) fn of(verdicts: &[Verdict]) -> Self {
        let mut builder = Builder::default();
        for verdict in verdicts {
            builder.add(verdict);
        }
        builder.finish()
    }

    /// How many of its parts are not met.
    pub(super) fn broken(&self) -> usize {
        let lines = self.nodes.iter().flat_map(|node| &node.lines).map(|(state, _)| *state);
        let addresses = self.nodes.iter().filter(|node| node.kind == Kind::Address).map(|node| node.state);
        let joins = self.edges.iter().filter(|edge| !self.leads_to_address(edge)).map(|edge| edge.state);
        lines.chain(addresses).chain(joins).filter(|state| *state != State::Met).count()
    }

    /// The worst of all.
    pub(super) fn state(&self) -> State {
        let of_edges = self.edges.iter().map(|edge| edge.state);
        self.nodes.iter().map(|node| node.state).chain(of_edges).max().unwrap_or(State::Met)
    }

    fn leads_to_address(&self, edge: &Edge) -> bool {
        self.nodes.get(edge.to).is_some_and(|node| node.kind == Kind::Address)
    }
}

#[derive(Default)]
struct Builder {
    network: Network,
    /// Subjects without their property → nodes.
    known: HashMap<String, usize>,
    /// Names of interfaces and of ports → nodes.
    named: HashMap<String, usize>,
    /// Interfaces whose base the verdicts tell: their node, the base's name, and whether it holds.
    parents: Vec<(usize, String, State)>,
}

impl Builder {
    fn add(&mut self, verdict: &Verdict) {
        let parts: Vec<&str> = verdict.subject.split('/').collect();
        match parts.as_slice() {
            ["port", mac, property] => {
                let Some(node) = self.node(Kind::Port, &format!("port/{mac}"), mac) else { return };
                self.property(node, property, verdict, &format!(" on port {mac}"));
            }
            ["interface", name, property] => {
                let Some(node) = self.interface(name) else { return };
                self.property(node, property, verdict, &format!(" on {name}"));
            }
            ["default-gateway" | "name-servers"] => _ = self.address(verdict, &verdict.says),
            [first, ..] if first.starts_with("route") => _ = self.address(verdict, &verdict.says),
            _ => {}
        }
    }

    fn interface(&mut self, name: &str) -> Option<usize> {
        let node = self.node(Kind::Interface, &format!("interface/{name}"), name)?;
        self.named.insert(name.to_owned(), node);
        Some(node)
    }

    fn node(&mut self, kind: Kind, key: &str, title: &str) -> Option<usize> {
        if let Some(node) = self.known.get(key) {
            return Some(*node);
        }
        if self.network.nodes.len() >= MAX_NODES {
            self.network.is_cut = true;
            return None;
        }
        let level = usize::from(kind == Kind::Interface);
        let title = cut(title, VALUE_CHARACTERS);
        self.network.nodes.push(Node {
            kind,
            title,
            about: String::new(),
            lines: Vec::new(),
            state: State::Met,
            level,
        });
        let node = self.network.nodes.len() - 1;
        self.known.insert(key.to_owned(), node);
        Some(node)
    }

    fn address(&mut self, verdict: &Verdict, title: &str) -> Option<usize> {
        let key = format!("{}={}", verdict.subject, verdict.expected);
        let address = self.node(Kind::Address, &key, title)?;
        let node = self.network.nodes.get_mut(address)?;
        node.state = node.state.max(State::of(&verdict.outcome));
        if let Outcome::Differs { found, .. } = &verdict.outcome {
            node.about = format!("found {}", values(found));
        }
        Some(address)
    }

    fn property(&mut self, node: usize, property: &str, verdict: &Verdict, of_it: &str) {
        let state = State::of(&verdict.outcome);
        let expected = verdict.expected.as_str();
        match property {
            "address" => {
                if let Some(address) = self.address(verdict, expected) {
                    self.join(node, address, state);
                }
            }
            "controller" => {
                if let Some(controller) = self.interface(expected) {
                    self.join(node, controller, state);
                }
            }
            "parent" => self.parents.push((node, expected.to_owned(), state)),
            "name" => {
                self.named.insert(expected.to_owned(), node);
                let Some(node) = self.network.nodes.get_mut(node) else { return };
                node.about = std::mem::replace(&mut node.title, cut(expected, VALUE_CHARACTERS));
                node.state = node.state.max(state);
                match &verdict.outcome {
                    Outcome::Met => {}
                    Outcome::Differs { found, .. } if found.is_empty() => {
                        node.lines.push((state, "is not there".to_owned()));
                    }
                    Outcome::Differs { found, .. } => {
                        node.lines.push((state, format!("is called {}", values(found))));
                    }
                    Outcome::Unknown { .. } => node.lines.push((state, "name unknown".to_owned())),
                }
            }
            _ => {
                let says = verdict.says.strip_suffix(of_it).unwrap_or(&verdict.says);
                let Some(node) = self.network.nodes.get_mut(node) else { return };
                node.lines.push((state, cut(says, VALUE_CHARACTERS)));
                node.state = node.state.max(state);
            }
        }
    }

    fn join(&mut self, from: usize, to: usize, state: State) {
        if let Some(known) = self.network.edges.iter_mut().find(|edge| (edge.from, edge.to) == (from, to)) {
            known.state = known.state.max(state);
        } else if self.network.edges.len() < MAX_EDGES {
            self.network.edges.push(Edge { from, to, state });
        } else {
            self.network.is_cut = true;
        }
    }

    fn finish(mut self) -> Network {
        for (node, parent, state) in std::mem::take(&mut self.parents) {
            if let Some(base) = self.named.get(&parent).copied().or_else(|| self.interface(&parent)) {
                self.join(base, node, state);
            }
        }
        self.guess_bases();
        self.level();
        self.describe();
        self.network
    }

    /// A VLAN that does not say what it is on is named after it, if there is such a thing.
    fn guess_bases(&mut self) {
        for (index, node) in self.network.nodes.iter().enumerate() {
            let has_base = self.network.edges.iter().any(|edge| edge.to == index);
            let base = node.title.rsplit_once('.').and_then(|(base, _)| self.named.get(base));
            if let (Kind::Interface, false, Some(base)) = (node.kind, has_base, base) {
                self.network.edges.push(Edge { from: *base, to: index, state: State::Met });
            }
        }
    }

    fn level(&mut self) {
        for _ in 0..MAX_LEVELS {
            for edge in &self.network.edges {
                let below = self.network.nodes.get(edge.from).map_or(0, |node| node.level);
                if let Some(node) = self.network.nodes.get_mut(edge.to)
                    && node.kind == Kind::Interface
                {
                    node.level = node.level.max(below + 1).min(MAX_LEVELS);
                }
            }
        }
        let deepest = |node: &Node| if node.kind == Kind::Address { 0 } else { node.level };
        let last = self.network.nodes.iter().map(deepest).max().unwrap_or(0) + 1;
        for node in self.network.nodes.iter_mut().filter(|node| node.kind == Kind::Address) {
            node.level = last;
        }
    }

    fn describe(&mut self) {
        for index in 0..self.network.nodes.len() {
            let below = self.network.edges.iter().filter(|edge| edge.to == index);
            let below: Vec<&Node> = below.filter_map(|edge| self.network.nodes.get(edge.from)).collect();
            let about = match below.as_slice() {
                [] => "interface".to_owned(),
                [one] => format!("on {}", one.title),
                many => format!("of {} ports", many.len()),
            };
            let Some(node) = self.network.nodes.get_mut(index) else { continue };
            match node.kind {
                Kind::Interface => node.about = about,
                Kind::Port if node.about.is_empty() => node.about = "port".to_owned(),
                Kind::Port | Kind::Address => {}
            }
            // What is wrong is read first.
            node.lines.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use super::Network;
    use super::State;
    use crate::document::Origin;
    use crate::verify::Outcome;
    use crate::verify::Verdict;

    fn verdict(subject: &str, expected: &str, found: Option<&str>) -> Verdict {
        let outcome = match found {
            None => Outcome::Met,
            Some(found) => {
                let found = found.split_whitespace().map(str::to_owned).collect();
                Outcome::Differs { found, hint: String::new() }
            }
        };
        let origin = Origin::of_file("a.yaml");
        let says = format!("{subject} {expected}");
        Verdict { says, subject: subject.into(), expected: expected.into(), outcome, origin }
    }

    fn told(network: &Network) -> Vec<String> {
        let title = |index: usize| network.nodes[index].title.as_str();
        let edges = network.edges.iter();
        edges.map(|edge| format!("{} > {} {}", title(edge.from), title(edge.to), edge.state.word())).collect()
    }

    #[test]
    fn joins_what_the_subjects_say() {
        let network = Network::of(&[
            verdict("port/02:00:00:00:00:02/name", "data0", None),
            verdict("port/02:00:00:00:00:02/controller", "bond0", None),
            verdict("port/02:00:00:00:00:03/controller", "bond0", Some("")),
            verdict("interface/bond0.7/address", "10.0.0.1/24", Some("10.0.0.9/24")),
            verdict("interface/lan/parent", "data0", None),
            verdict("default-gateway", "10.0.0.254", None),
            verdict("hostname", "a", None),
        ]);
        let edges = [
            "data0 > bond0 met",
            "02:00:00:00:00:03 > bond0 differs",
            "bond0.7 > 10.0.0.1/24 differs",
            "data0 > lan met",
            "bond0 > bond0.7 met",
        ];
        assert_eq!(told(&network), edges);
        let levels: Vec<usize> = network.nodes.iter().map(|node| node.level).collect();
        assert_eq!(levels, [0, 1, 0, 2, 3, 1, 3], "{:?}", network.nodes);
        assert_eq!((network.broken(), network.state()), (2, State::Differs));
        assert_eq!(network.nodes[4].about, "found 10.0.0.9/24");
    }

    /// A name with a dot says nothing if there is no interface of that name, or if the base is told.
    #[test]
    fn guesses_no_base() {
        let network = Network::of(&[verdict("interface/bond9.7/mtu", "1500", None)]);
        assert_eq!((told(&network).len(), network.nodes.len()), (0, 1));
        let network = Network::of(&[
            verdict("interface/a/mtu", "1500", None),
            verdict("interface/b/mtu", "1500", None),
            verdict("interface/a.7/parent", "b", Some("a")),
        ]);
        assert_eq!(told(&network), ["b > a.7 differs"]);
    }

    #[test]
    fn a_ring_and_a_crowd_end() {
        let ring = [verdict("interface/a/parent", "b", None), verdict("interface/b/parent", "a", None)];
        assert_eq!(Network::of(&ring).nodes.len(), 2);
        let crowd: Vec<Verdict> = (0..10_000)
            .map(|number| verdict(&format!("interface/i{number}/address"), "10.0.0.1/24", None))
            .collect();
        let network = Network::of(&crowd);
        assert!(network.is_cut && network.nodes.len() == super::MAX_NODES);
        assert!(network.nodes.iter().all(|node| node.kind != Kind::Port));
    }
}
