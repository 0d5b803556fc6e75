//! YAML text to a tree of nodes with places.
//!
//! Scalars stay text until somebody asks: YAML 1.2 would read the mode `0644` as the decimal 644.

use std::collections::HashMap;

use saphyr_parser::Event;
use saphyr_parser::Marker;
use saphyr_parser::Parser;
use saphyr_parser::ScalarStyle;
use saphyr_parser::Span;

use super::Diagnostics;
use super::Origin;

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 64;

/// How much is read; everything below may then trust sizes.
struct Limits {
    /// A larger file is refused.
    bytes: usize,
    /// More nodes are refused, counting those that aliases repeat.
    nodes: usize,
    /// More nodes that aliases repeat are refused: a few lines could stand for millions.
    repeated_nodes: usize,
    /// What to do with a larger file.
    too_large: &'static str,
    /// What to do with more nodes.
    too_many: &'static str,
    /// What to do with a second document, if it is refused.
    second_document: Option<&'static str>,
}

/// A machine file: no machine needs more.
const MACHINE: Limits = Limits {
    bytes: 4 << 20,
    nodes: 100_000,
    repeated_nodes: 100_000,
    too_large: "put large contents into files of their own and name them with `local`",
    too_many: "leave out the repetition; no machine needs so much",
    second_document: Some("give each machine a file of its own"),
};

/// What a cluster prints of itself: a few hundred objects of at most 1.5 MiB each.
const STREAM: Limits = Limits {
    bytes: 256 << 20,
    nodes: 4_000_000,
    repeated_nodes: 200_000,
    too_large: "split it into several files",
    too_many: "split it into several files",
    second_document: None,
};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is written there.
    pub value: Value,
    pub(super) place: Place,
    nodes: usize,
    depth: usize,
}

/// Where a node begins, and how long its words are on that line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
    pub length: usize,
    pub bytes: (usize, usize),
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar, still text.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order it was written.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) text: String,
    pub(super) place: Place,
}

/// A scalar as it was written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text, after quotes and escapes.
    pub text: String,
    /// Not in quotes and not a block: may mean a number, a truth value or nothing.
    pub plain: bool,
    /// A block whose lines are lines of the file: `|`.
    pub literal: bool,
}

impl Node {
    /// One that another reader than YAML's made.
    pub(super) fn made(value: Value, place: Place) -> Self {
        Self { value, place, nodes: 1, depth: 0 }
    }

    /// Changes scalars; `visit` sees the path of each, and adds what is wrong with it.
    pub fn change_scalars(
        &mut self,
        file: &str,
        visit: &mut dyn FnMut(&mut Scalar, &Origin, &mut Diagnostics),
        diagnostics: &mut Diagnostics,
    ) {
        self.change_at(file, "", visit, diagnostics);
    }

    fn change_at(
        &mut self,
        file: &str,
        path: &str,
        visit: &mut dyn FnMut(&mut Scalar, &Origin, &mut Diagnostics),
        diagnostics: &mut Diagnostics,
    ) {
        match &mut self.value {
            Value::Scalar(scalar) => visit(scalar, &self.place.origin(file, path), diagnostics),
            Value::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.change_at(file, &format!("{path}[{index}]"), visit, diagnostics);
                }
            }
            Value::Map(entries) => {
                for (key, item) in entries {
                    item.change_at(file, &join(path, &key.text), visit, diagnostics);
                }
            }
        }
    }
}

/// The path of `key` below `path`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Scalar {
    /// True for `null`, `~` and an empty place.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The truth value, if it is one in YAML 1.2.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }
}

/// Where each character begins in bytes; the parser counts characters.
struct Offsets {
    /// Bytes before the text.
    before: usize,
    /// The bytes of each character, unless every character is one byte.
    table: Option<Vec<usize>>,
}

impl Offsets {
    fn of(text: &str, before: usize) -> Self {
        let table = (!text.is_ascii()).then(|| {
            let characters = text.char_indices().map(|(offset, _)| offset);
            characters.chain([text.len()]).collect()
        });
        Self { before, table }
    }

    fn byte(&self, index: usize) -> usize {
        let offset = match &self.table {
            None => index,
            Some(table) => table.get(index).or(table.last()).copied().unwrap_or(0),
        };
        self.before + offset
    }

    fn place(&self, span: Span) -> Place {
        let Span { start, end } = span;
        let length = if start.line() == end.line() { end.index().saturating_sub(start.index()) } else { 1 };
        let bytes = (self.byte(start.index()), self.byte(end.index().max(start.index())));
        Place { line: start.line(), column: start.col() + 1, length, bytes }
    }
}

impl Place {
    pub(super) fn origin(self, file: &str, key: &str) -> Origin {
        Origin {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
            length: self.length,
            bytes: self.bytes,
            key: key.to_owned(),
        }
    }
}

/// Parses the one document in `text`; `file` names it in findings.
///
/// Returns nothing, with findings, if the text is no YAML or breaks a limit (4 MiB, depth 64,
/// 100,000 nodes). Duplicate keys are findings, and the first of them stands.
pub fn parse(file: &str, text: &str) -> (Option<Node>, Diagnostics) {
    let (mut documents, diagnostics) = read(file, text, &MACHINE);
    (documents.pop(), diagnostics)
}

/// Parses all documents in `text`, which `---` parts; `file` names it in findings.
///
/// Returns those before the first that is no YAML, or that breaks a limit (256 MiB, depth 64, 4,000,000
/// nodes). An empty document is `null`. Duplicate keys are findings, and the first of them stands.
pub fn parse_all(file: &str, text: &str) -> (Vec<Node>, Diagnostics) {
    read(file, text, &STREAM)
}

fn read(file: &str, text: &str, limits: &Limits) -> (Vec<Node>, Diagnostics) {
    // Some editors put a mark there that is no character of the file; the parser would not count it.
    let body = text.trim_start_matches('\u{feff}');
    let offsets = Offsets::of(body, text.len() - body.len());
    let mut builder = Builder {
        file,
        limits,
        diagnostics: Diagnostics::new(),
        anchors: HashMap::new(),
        nodes: 0,
        repeated_nodes: 0,
        offsets,
    };
    let mut documents = Vec::new();
    if text.len() > limits.bytes {
        let origin = Origin::of_file(file);
        let message = format!("the file has {} bytes; at most {} are read", text.len(), limits.bytes);
        builder.diagnostics.error("file-size", &origin, message, limits.too_large);
    } else if builder.documents(body, &mut documents).is_none() && limits.second_document.is_some() {
        // Half of a machine is none.
        documents.clear();
    }
    (documents, builder.diagnostics)
}

struct Builder<'a> {
    file: &'a str,
    limits: &'a Limits,
    diagnostics: Diagnostics,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    repeated_nodes: usize,
    offsets: Offsets,
}

/// A collection that is still being read.
struct Open {
    anchor: usize,
    place: Place,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

impl Builder<'_> {
    /// Reads to the end, or to what is refused: then nothing is returned.
    fn documents(&mut self, text: &str, documents: &mut Vec<Node>) -> Option<()> {
        let mut stack: Vec<Open> = Vec::new();
        let mut root = None;
        let mut begun = false;
        for step in Parser::new_from_str(text) {
            let (event, span) = match step {
                Ok(step) => step,
                Err(error) => {
                    self.refuse(
                        *error.marker(),
                        "yaml-syntax",
                        error.info(),
                        "mend the YAML here; indentation is by spaces",
                    );
                    return None;
                }
            };
            let place = self.offsets.place(span);
            let done = match event {
                Event::DocumentStart(_) => {
                    if let Some(help) = self.limits.second_document.filter(|_| begun) {
                        self.refuse(span.start, "one-document", "a second YAML document begins here", help);
                        return None;
                    }
                    begun = true;
                    None
                }
                Event::DocumentEnd => {
                    documents.extend(root.take());
                    // Anchors are the document's own.
                    self.anchors.clear();
                    None
                }
                Event::Scalar(text, style, anchor, _) => {
                    let scalar = Scalar {
                        text: text.into_owned(),
                        plain: style == ScalarStyle::Plain,
                        literal: style == ScalarStyle::Literal,
                    };
                    self.leaf(&mut stack, place, anchor, scalar)
                }
                Event::Alias(anchor) => Some(self.alias(span.start, anchor)?),
                Event::SequenceStart(anchor, _) => {
                    stack.push(Open { anchor, place, kind: OpenKind::List(Vec::new()) });
                    None
                }
                Event::MappingStart(anchor, _) => {
                    stack.push(Open { anchor, place, kind: OpenKind::Map(Vec::new(), None) });
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|open| self.close(open)),
                Event::Nothing | Event::StreamStart | Event::StreamEnd => None,
            };
            let depth = stack.len() + done.as_ref().map_or(0, |node| node.depth);
            self.nodes += 1;
            let Limits { nodes, too_many, .. } = *self.limits;
            if depth > MAX_DEPTH || self.nodes > nodes {
                let message =
                    format!("the document is nested deeper than {MAX_DEPTH} or has more than {nodes} nodes");
                self.refuse(span.start, "document-size", &message, too_many);
                return None;
            }
            if let Some(node) = done {
                self.place_node(&mut stack, node, &mut root);
            }
        }
        Some(())
    }

    /// A scalar is a key where a mapping waits for one, else a node.
    fn leaf(&mut self, stack: &mut [Open], place: Place, anchor: usize, scalar: Scalar) -> Option<Node> {
        if let Some(Open { kind: OpenKind::Map(_, waiting @ None), .. }) = stack.last_mut() {
            *waiting = Some(Key { text: scalar.text, place });
            return None;
        }
        let node = Node { value: Value::Scalar(scalar), place, nodes: 1, depth: 0 };
        self.remember(anchor, &node);
        Some(node)
    }

    fn alias(&mut self, at: Marker, anchor: usize) -> Option<Node> {
        let Some(node) = self.anchors.get(&anchor) else {
            self.refuse(
                at,
                "yaml-alias",
                "this alias names no finished anchor before it",
                "define the anchor first",
            );
            return None;
        };
        self.nodes += node.nodes;
        self.repeated_nodes += node.nodes;
        let node = (self.repeated_nodes <= self.limits.repeated_nodes).then(|| node.clone());
        if node.is_none() {
            let message = format!("aliases repeat more than {} nodes", self.limits.repeated_nodes);
            self.refuse(at, "document-size", &message, self.limits.too_many);
        }
        node
    }

    fn close(&mut self, open: Open) -> Node {
        let Open { anchor, place, kind } = open;
        let node = match kind {
            OpenKind::List(items) => {
                let nodes = 1 + items.iter().map(|item| item.nodes).sum::<usize>();
                let depth = 1 + items.iter().map(|item| item.depth).max().unwrap_or(0);
                Node { value: Value::List(items), place, nodes, depth }
            }
            OpenKind::Map(entries, _) => {
                let nodes = 1 + entries.iter().map(|(_, node)| node.nodes).sum::<usize>();
                let depth = 1 + entries.iter().map(|(_, node)| node.depth).max().unwrap_or(0);
                Node { value: Value::Map(entries), place, nodes, depth }
            }
        };
        self.remember(anchor, &node);
        node
    }

    fn remember(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn place_node(&mut self, stack: &mut [Open], node: Node, root: &mut Option<Node>) {
        match stack.last_mut() {
            None => *root = Some(node),
            Some(Open { kind: OpenKind::List(items), .. }) => items.push(node),
            Some(Open { kind: OpenKind::Map(entries, waiting), .. }) => match waiting.take() {
                Some(key) if key.text == "<<" => merge(entries, node),
                Some(key) => match entries.iter().find(|(other, _)| other.text == key.text) {
                    Some((first, _)) => {
                        let origin = key.place.origin(self.file, &key.text);
                        self.diagnostics.error(
                            "duplicate-key",
                            &origin,
                            format!(
                                "`{}` is written twice; the first is on line {}",
                                key.text, first.place.line
                            ),
                            "keep one of them",
                        );
                    }
                    None => entries.push((key, node)),
                },
                None => {
                    let origin = node.place.origin(self.file, "");
                    self.diagnostics.error(
                        "key-is-text",
                        &origin,
                        "a key here is a list or a mapping",
                        "write a word as key",
                    );
                    *waiting = Some(Key { text: String::new(), place: node.place });
                }
            },
        }
    }

    fn refuse(&mut self, at: Marker, rule: &'static str, message: &str, help: &str) {
        let place = self.offsets.place(Span { start: at, end: at });
        let place = Place { length: 1, ..place };
        self.diagnostics.error(rule, &place.origin(self.file, ""), message, help);
    }
}

/// `<<: *anchor` brings in the keys that are not there yet.
fn merge(entries: &mut Vec<(Key, Node)>, node: Node) {
    match node.value {
        Value::Map(more) => {
            for (key, value) in more {
                if !entries.iter().any(|(other, _)| other.text == key.text) {
                    entries.push((key, value));
                }
            }
        }
        Value::List(maps) => maps.into_iter().for_each(|map| merge(entries, map)),
        Value::Scalar(_) => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Value;
    use super::parse;
    use super::parse_all;

    #[test]
    fn reads_one_document_after_the_other() {
        let (documents, findings) = parse_all("x.yaml", "a: &a 1\n---\n---\nb: 2\n...\n---\n[c]\n");
        assert!(findings.is_empty(), "{findings:?}");
        let lines: Vec<usize> = documents.iter().map(|node| node.place.line).collect();
        assert_eq!(lines.len(), 4, "{documents:?}");
        assert_eq!((lines[0], lines[2], lines[3]), (1, 4, 7));
        let (documents, findings) = parse_all("x.yaml", "a: &a 1\n---\nb: *a\n---\nc: 1\n");
        assert_eq!((documents.len(), findings.count()), (1, 1), "an anchor of another document");
        let (documents, findings) = parse_all("x.yaml", "a: 1\n---\nb: [\n");
        assert_eq!((documents.len(), findings.count()), (1, 1));
        assert!(parse("x.yaml", "a: 1\n---\nb: 1\n").0.is_none());
    }

    #[test]
    fn knows_places_and_keeps_text() {
        let (tree, findings) = parse("x.yaml", "a: 0644\nb:\n  - {c: 'no'}\n");
        assert!(findings.is_empty());
        let Value::Map(entries) = tree.unwrap().value else { unreachable!("a mapping was written") };
        let places: Vec<_> = entries
            .iter()
            .map(|(key, node)| (key.text.as_str(), node.place.line, node.place.column))
            .collect();
        assert_eq!(places, [("a", 1, 4), ("b", 3, 3)]);
        assert!(matches!(&entries[0].1.value, Value::Scalar(s) if s.text == "0644" && s.plain));
    }

    #[test]
    fn refuses_what_cannot_be_a_machine_file() {
        let deep = "[".repeat(100_000);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n";
        for (text, rule) in [
            ("a: 1\na: 2\n", "duplicate-key"),
            ("a: 1\n---\nb: 2\n", "one-document"),
            ("a: [1\nb: 2\n", "yaml-syntax"),
            ("a: *b\n", "yaml-"),
            (deep.as_str(), ""),
            (bomb, "document-size"),
            ("? [a]\n: b\n", "key-is-text"),
        ] {
            let (_, findings) = parse("x.yaml", text);
            let found = findings.sorted();
            assert!(
                found.iter().any(|finding| finding.rule.starts_with(rule)),
                "{:?}: {found:?}",
                &text[..text.len().min(40)]
            );
        }
    }

    /// Found by fuzzing: marks at the beginning moved every place.
    #[test]
    fn a_byte_order_mark_moves_no_place() {
        for mark in ["", "\u{feff}", "\u{feff}\u{feff}"] {
            let text = format!("{mark}é: abc\n");
            let (tree, _) = parse("x.yaml", &text);
            let Value::Map(entries) = tree.unwrap().value else { unreachable!("a mapping was written") };
            let (from, to) = entries[0].1.place.bytes;
            assert_eq!(&text[from..to], "abc", "{mark:?}");
        }
    }

    #[test]
    fn merges_what_is_not_there_yet() {
        let (tree, findings) = parse("x.yaml", "base: &b {x: 1, y: 2}\nhost:\n  x: 3\n  <<: *b\n");
        assert!(findings.is_empty());
        let Value::Map(entries) = tree.unwrap().value else { unreachable!("a mapping was written") };
        let Value::Map(host) = &entries[1].1.value else { unreachable!("a mapping was written") };
        let keys: Vec<_> = host.iter().map(|(key, _)| key.text.as_str()).collect();
        assert_eq!(keys, ["x", "y"]);
    }
}
