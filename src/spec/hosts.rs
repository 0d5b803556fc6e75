//! A list of machines and where they are: CSV with a header, the columns `spec`, `ssh` and, if wanted, `name`.

use std::collections::BTreeMap;

use csv::ReaderBuilder;
use csv::StringRecord;
use csv::Trim;

use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::nearest;
use crate::value::SshDestination;

const RULE: &str = "hosts-file";
const COLUMNS: [&str; 3] = ["spec", "ssh", "name"];

/// One machine of the list.
#[derive(Clone, Debug)]
pub struct Host {
    /// What it is called; the destination if it has no name.
    pub name: String,
    /// Its machine file or manifest, relative to the list.
    pub spec: Sourced<String>,
    /// Where ssh finds it.
    pub ssh: SshDestination,
}

/// Reads a list of machines; `file` names it in findings. Lines that begin with `#` are comments.
///
/// # Errors
/// Everything that is wrong with it.
pub fn hosts(file: &str, text: &str) -> Result<Vec<Host>, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows =
        ReaderBuilder::new().flexible(true).trim(Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let mut list =
        List { file, text, findings: Diagnostics::new(), hosts: Vec::new(), names: BTreeMap::new() };
    let header = rows.headers().cloned().unwrap_or_default();
    if !list.takes(&header) {
        return Err(list.findings);
    }
    for row in rows.into_records() {
        match row {
            Ok(row) => list.add(&header, &row),
            Err(cause) => {
                let line = list.line(cause.position());
                let place = list.place(line, "");
                list.refuse(&place, format!("it is no row of CSV: {cause}"), "quote fields with `\"`");
            }
        }
    }
    if list.hosts.is_empty() && !list.findings.has_errors() {
        let place = Origin::of_file(file);
        list.refuse(
            &place,
            "it names no machine".into(),
            "write a line for each: `machine.yaml,core@192.168.50.10`",
        );
    }
    if list.findings.has_errors() { Err(list.findings) } else { Ok(list.hosts) }
}

struct List<'a> {
    file: &'a str,
    text: &'a str,
    findings: Diagnostics,
    hosts: Vec<Host>,
    /// Names that are taken, with their lines.
    names: BTreeMap<String, u64>,
}

impl List<'_> {
    /// The line of a row, which the reader places before the empty lines and comments that it skips.
    fn line(&self, position: Option<&csv::Position>) -> u64 {
        let Some(position) = position else { return 1 };
        let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let rest = self.text.get(begin..).unwrap_or_default().lines();
        position.line() + rest.take_while(|line| line.is_empty() || line.starts_with('#')).count() as u64
    }

    fn place(&self, line: u64, column: &str) -> Origin {
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        Origin { line, key: column.to_owned(), length: usize::MAX, ..Origin::of_file(self.file) }
    }

    fn refuse(&mut self, place: &Origin, message: String, help: &str) {
        self.findings.error(RULE, place, message, help);
    }

    /// Looks at the header.
    fn takes(&mut self, header: &StringRecord) -> bool {
        let place = self.place(self.line(header.position()), "");
        for (index, column) in header.iter().enumerate() {
            if !COLUMNS.contains(&column) {
                let near = nearest(column, COLUMNS).map(|near| format!(": did you mean `{near}`?"));
                let message = format!("`{}` is no column{}", column.escape_debug(), near.unwrap_or_default());
                self.refuse(&place, message, "use the columns `spec`, `ssh` and `name`");
            } else if header.iter().take(index).any(|other| other == column) {
                self.refuse(&place, format!("the column `{column}` is there twice"), "leave one out");
            }
        }
        for column in ["spec", "ssh"] {
            if !header.iter().any(|other| other == column) {
                let help = "begin with a header, as in `spec,ssh,name`";
                self.refuse(&place, format!("there is no column `{column}`"), help);
            }
        }
        !self.findings.has_errors()
    }

    fn add(&mut self, header: &StringRecord, row: &StringRecord) {
        let line = self.line(row.position());
        if row.len() != header.len() {
            let place = self.place(line, "");
            let message = format!("the row has {} fields, the header {}", row.len(), header.len());
            return self.refuse(&place, message, "give each column a field; leave an empty one empty");
        }
        let field = |column: &str| {
            let index = header.iter().position(|other| other == column)?;
            row.get(index).filter(|text| !text.is_empty())
        };
        let spec = field("spec");
        if spec.is_none() {
            let place = self.place(line, "spec");
            self.refuse(
                &place,
                "it names no machine file".into(),
                "name one, or a manifest, relative to this list",
            );
        }
        let place = self.place(line, "ssh");
        let ssh = match field("ssh").unwrap_or_default().parse::<SshDestination>() {
            Ok(ssh) => Some(ssh),
            Err(wrong) => {
                self.refuse(&place, wrong.message, &wrong.help);
                None
            }
        };
        let (Some(spec), Some(ssh)) = (spec, ssh) else { return };
        let name = field("name").unwrap_or(ssh.as_str()).to_owned();
        let place = self.place(line, "name");
        if name.chars().any(char::is_control) {
            return self.refuse(&place, "the name has control characters".into(), "use letters and digits");
        }
        if let Some(other) = self.names.insert(name.clone(), line) {
            let message = format!("`{name}` is line {other} already");
            return self.refuse(&place, message, "leave one out, or give each a `name`");
        }
        let origin = self.place(line, "spec");
        self.hosts.push(Host { name, spec: Sourced { value: spec.to_owned(), origin }, ssh });
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::hosts;

    #[test]
    fn reads_machines_in_any_order_of_columns() {
        let text =
            "\u{feff}ssh, name ,spec\n# the first rack\ncore@a,,x.yaml\n\n\"b\",node b, y.manifest.json\n";
        let hosts = hosts("hosts.csv", text).unwrap();
        let seen: Vec<_> = hosts.iter().map(|h| (h.name.as_str(), h.ssh.as_str(), h.spec.as_str())).collect();
        assert_eq!(seen, [("core@a", "core@a", "x.yaml"), ("node b", "b", "y.manifest.json")]);
        assert_eq!(hosts[1].spec.origin.line, 5);
    }

    #[test]
    fn finds_all_that_is_wrong_at_its_line() {
        for (text, expected) in [
            ("", &[(1, "no column `spec`"), (1, "no column `ssh`")][..]),
            ("spec,ssh\n", &[(1, "names no machine")]),
            ("spec,sshh\na,b\n", &[(1, "did you mean `ssh`?"), (1, "no column `ssh`")]),
            ("spec,ssh,ssh\na,b,c\n", &[(1, "twice")]),
            (
                "spec,ssh\na\n,b\na,-oProxyCommand=x\na,b\na,b\nx,\"c\u{1b}\"\n",
                &[
                    (2, "1 fields"),
                    (3, "no machine file"),
                    (4, "not a destination"),
                    (6, "line 5 already"),
                    (7, "not a destination"),
                ],
            ),
            ("spec,ssh,name\na,b,\"x\u{7}\"\n", &[(2, "control")]),
        ] {
            let findings = hosts("hosts.csv", text).unwrap_err().sorted();
            let found: Vec<_> = findings.iter().map(|f| (f.origin.line, f.message.as_str())).collect();
            assert_eq!(found.len(), expected.len(), "{text:?}: {found:?}");
            for (line, words) in expected {
                assert!(
                    found.iter().any(|(at, said)| at == line && said.contains(words)),
                    "{text:?}: {found:?}"
                );
            }
        }
    }
}
