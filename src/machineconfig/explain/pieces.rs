//! A dump of any size in pieces that each hold one object: documents of YAML, and the members of a list as `oc` prints it.
//!
//! Only one piece is ever in memory. Of a MachineConfig nothing below `spec` is read: it may be megabytes, and only its
//! name and owner matter here.

/// The largest object as text; a cluster takes none of more than 1.5 MiB, without indentation.
pub const MAX_OBJECT_BYTES: usize = 8 << 20;

/// Takes lines of YAML, and gives objects as they end.
#[derive(Debug, Default)]
pub struct Pieces {
    text: String,
    /// Line that the piece begins with, from 1.
    first_line: usize,
    line: usize,
    /// Whether this document is a list whose members stand at its left edge.
    is_list: bool,
    /// Nothing is kept until the next key at the left edge of the object.
    is_skipping: bool,
    is_machine_config: bool,
    is_overlong: bool,
}

/// An object on its own, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The YAML of it; nothing if it is too large.
    pub text: Option<String>,
    /// The line it begins with, from 1.
    pub line: usize,
}

impl Pieces {
    /// Takes the next line, without its end; gives an object if one ended before it.
    pub fn line(&mut self, line: &str) -> Option<Piece> {
        self.line += 1;
        let line = line.trim_end_matches('\r');
        if line == "---" || line.starts_with("--- ") || line == "..." {
            let ended = self.end();
            self.is_list = false;
            // What follows the mark on its line belongs to the document.
            if let Some(rest) = line.strip_prefix("--- ") {
                self.push(rest);
            }
            return ended;
        }
        if line == "items:" {
            // What came before is the list's own.
            self.clear();
            self.is_list = true;
            return None;
        }
        if !self.is_list {
            self.push(line);
            return None;
        }
        if let Some(member) = line.strip_prefix("- ") {
            let ended = self.end();
            self.push(member);
            return ended;
        }
        match line.strip_prefix("  ") {
            Some(member) => {
                self.push(member);
                None
            }
            None if line.trim().is_empty() => {
                self.push("");
                None
            }
            // The list is over: what follows is its own again.
            None => {
                let ended = self.end();
                self.is_skipping = true;
                ended
            }
        }
    }

    /// There are no more lines: gives the last object.
    pub fn end(&mut self) -> Option<Piece> {
        let is_overlong = self.is_overlong;
        let line = self.first_line;
        let text = std::mem::take(&mut self.text);
        self.clear();
        let is_empty = text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
        (!is_empty).then_some(Piece { text: (!is_overlong).then_some(text), line })
    }

    fn clear(&mut self) {
        self.text.clear();
        self.is_skipping = false;
        self.is_machine_config = false;
        self.is_overlong = false;
    }

    fn push(&mut self, line: &str) {
        if !line.starts_with([' ', '-', '#']) && !line.is_empty() {
            self.is_machine_config |= line == "kind: MachineConfig";
            self.is_skipping = self.is_machine_config && line.starts_with("spec:");
        }
        if self.is_skipping {
            return;
        }
        if self.text.len() + line.len() > MAX_OBJECT_BYTES {
            self.is_overlong = true;
            return;
        }
        if self.text.is_empty() {
            self.first_line = self.line;
        }
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// True if a file of a must-gather may hold what is explained; others are not even opened.
pub fn matters(path: &str) -> bool {
    const PLACES: [&str; 8] = [
        "/machineconfiguration.openshift.io/",
        "/operator.openshift.io/machineconfigurations",
        "/machine.openshift.io/machinesets",
        "/machine.openshift.io/controlplanemachinesets",
        "/cluster-scoped-resources/core/nodes",
        "/openshift-machine-config-operator/core/configmaps",
        "/openshift-machine-config-operator/configmaps",
        "/openshift-machine-api/core/secrets",
    ];
    let path = format!("/{path}");
    PLACES.iter().any(|place| path.contains(place))
}

#[cfg(test)]
mod tests {
    use super::MAX_OBJECT_BYTES;
    use super::Pieces;
    use super::matters;

    fn pieces(text: &str) -> Vec<(usize, String)> {
        let mut pieces = Pieces::default();
        let mut found: Vec<_> = text.lines().filter_map(|line| pieces.line(line)).collect();
        found.extend(pieces.end());
        found.into_iter().map(|piece| (piece.line, piece.text.unwrap_or_default())).collect()
    }

    #[test]
    fn gives_documents_and_members_of_lists() {
        let text = "# a dump\nkind: A\nspec:\n  a: 1\n---\napiVersion: v1\nitems:\n- kind: B\n  list:\n  - 1\n\n- kind: C\nkind: List\nmetadata: {}\n--- {kind: D}\n";
        let expected = [
            (1, "# a dump\nkind: A\nspec:\n  a: 1\n"),
            (8, "kind: B\nlist:\n- 1\n\n"),
            (12, "kind: C\n"),
            (15, "{kind: D}\n"),
        ];
        assert_eq!(pieces(text), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(pieces("---\n\n# nothing\n---\n"), []);
    }

    #[test]
    fn reads_nothing_of_what_a_machine_config_asks_for() {
        let text = "apiVersion: x/v1\nkind: MachineConfig\nmetadata:\n  name: a\nspec:\n  config:\n    kind: b\n  x: |\n    y\nstatus: {}\n";
        let expected = "apiVersion: x/v1\nkind: MachineConfig\nmetadata:\n  name: a\nstatus: {}\n";
        assert_eq!(pieces(text), [(1, expected.to_owned())]);
        let kept = text.replace("MachineConfig\n", "MachineConfigPool\n");
        assert_eq!(pieces(&kept), [(1, kept.clone())]);
    }

    #[test]
    fn an_object_has_an_end() {
        let long = format!("a: {}\nb: 1\n---\nkind: B\n", "x".repeat(MAX_OBJECT_BYTES));
        assert_eq!(pieces(&long), [(2, String::new()), (4, "kind: B\n".to_owned())]);
    }

    #[test]
    fn knows_which_files_matter() {
        for (path, expected) in [
            (
                "must-gather/image/cluster-scoped-resources/machineconfiguration.openshift.io/machineconfigpools/worker.yaml",
                true,
            ),
            ("cluster-scoped-resources/core/nodes/a.yaml", true),
            ("namespaces/openshift-machine-api/machine.openshift.io/machinesets/a.yaml", true),
            ("cluster-scoped-resources/core/persistentvolumes/a.yaml", false),
            ("namespaces/default/core/pods.yaml", false),
        ] {
            assert_eq!(matters(path), expected, "{path}");
        }
    }
}
