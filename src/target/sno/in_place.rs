//! The Butane file that the bootstrap in place turns into the disk's document, and the script that writes the
//! disk: both edited where they must be, and nowhere else.

use super::installer_document::is_step;
use crate::document;
use crate::document::View;

/// Adds a document beside the Butane file to those that it merges: before the first, so that what the
/// operator rendered wins where both say something.
///
/// The rest of the text stays as it is; all of it, if the document is merged already. Says what is not as expected
/// if it cannot be done.
pub(super) fn with_merged(text: &str, file: &str) -> Result<String, String> {
    let (tree, findings) = document::parse("master-update.fcc", text);
    let Some(tree) = tree.filter(|_| !findings.has_errors()) else {
        return Err("it is no YAML".to_owned());
    };
    let root = View::root("master-update.fcc", &tree);
    let merged = root.at(&["ignition", "config", "merge"]).map(|view| view.items()).unwrap_or_default();
    if merged.iter().any(|item| {
        item.at(&["local"]).and_then(|local| local.text()).is_some_and(|local| local.value == file)
    }) {
        return Ok(text.to_owned());
    }
    let Some(first) = merged.first() else {
        return Err("it merges no document (`ignition.config.merge`)".to_owned());
    };
    let (line, column) = (first.origin().line, first.origin().column);
    let Some(written) = text.lines().nth(line - 1) else {
        return Err("its list of merged documents is not where it should be".to_owned());
    };
    let before: String = written.chars().take(column - 1).collect();
    if before.trim() != "-" {
        return Err("its list of merged documents is not written one a line".to_owned());
    }
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    lines.insert(line - 1, format!("{before}local: {file}\n"));
    Ok(lines.concat())
}

/// A call of coreos-installer in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InstallCommand {
    /// The line, from 0.
    line: usize,
    /// Its words.
    pub(super) words: Vec<String>,
}

impl InstallCommand {
    /// Finds the one call of `coreos-installer install`.
    pub(super) fn find(script: &str) -> Result<Self, String> {
        let mut calls = script.lines().enumerate().filter_map(|(line, text)| {
            let text = text.trim();
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            let is_call = is_step(text)
                && words.first().is_some_and(|word| word.rsplit('/').next() == Some("coreos-installer"))
                && words.get(1).is_some_and(|word| word == "install");
            is_call.then_some(Self { line, words })
        });
        match (calls.next(), calls.next()) {
            (None, _) => Err("it does not call `coreos-installer install`".to_owned()),
            (Some(_), Some(_)) => Err("it calls `coreos-installer install` more than once".to_owned()),
            (Some(call), None) if call.words.last().is_some_and(|word| word == "\\") => {
                Err("its call of `coreos-installer install` goes over several lines".to_owned())
            }
            (Some(call), None) => Ok(call),
        }
    }

    /// The disk that it installs to, if it is written out.
    pub(super) fn device(&self) -> Option<&str> {
        let last = self.words.last()?.trim_matches(['"', '\'']);
        last.starts_with('/').then_some(last)
    }

    /// True if it hands the live system's network profiles to the disk.
    pub(super) fn copies_network(&self) -> bool {
        self.words.iter().any(|word| word == "-n" || word == "--copy-network")
    }

    /// The script with more options in this call.
    pub(super) fn with_options(&self, script: &str, options: &[String]) -> String {
        if options.is_empty() {
            return script.to_owned();
        }
        let edit = |(number, text): (usize, &str)| match number == self.line {
            true => after_the_command(text, &options.join(" ")),
            false => text.to_owned(),
        };
        script.split_inclusive('\n').enumerate().map(edit).collect()
    }

    /// The kernel arguments that it adds to the installed system.
    pub(super) fn appended(&self) -> Vec<String> {
        let mut words = self.words.iter();
        let mut arguments = Vec::new();
        while let Some(word) = words.next() {
            let value = match word.split_once('=') {
                Some(("--append-karg" | "--console", value)) => Some(value.to_owned()),
                _ if word == "--append-karg" || word == "--console" => words.next().cloned(),
                _ => None,
            };
            let Some(value) = value else { continue };
            let value = value.trim_matches(['"', '\'']).to_owned();
            arguments.push(if word.starts_with("--console") { format!("console={value}") } else { value });
        }
        arguments
    }
}

/// The line of a call with more words behind `coreos-installer install`, whatever blanks there are.
fn after_the_command(line: &str, words: &str) -> String {
    let end_of = |word: &str, from: usize| Some(from + line.get(from..)?.find(word)? + word.len());
    let end = end_of("coreos-installer", 0).and_then(|end| end_of("install", end)).unwrap_or_default();
    let (command, rest) = line.split_at(end);
    format!("{command} {words}{rest}")
}

/// A word as the shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=,.:/@%+".contains(&b));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::InstallCommand;
    use super::quoted;
    use super::with_merged;

    const BUTANE: &str = "variant: fcos\nversion: 1.1.0\nignition:\n  config:\n    merge:\n      - local: original-master.ign\nstorage: # kept\n  files: []\n";

    #[test]
    fn adds_one_line_and_keeps_the_rest() {
        let expected = BUTANE.replace("      - local: orig", "      - local: ours.ign\n      - local: orig");
        assert_eq!(with_merged(BUTANE, "ours.ign").as_deref(), Ok(expected.as_str()));
        assert_eq!(with_merged(&expected, "ours.ign").as_deref(), Ok(expected.as_str()), "once is enough");
        for (from, to, why) in [
            ("    merge:\n      - local: original-master.ign\n", "    replace: {}\n", "merges no document"),
            (
                "merge:\n      - local: original-master.ign",
                "merge: [{local: original-master.ign}]",
                "one a line",
            ),
            ("variant: fcos", "variant: [", "no YAML"),
        ] {
            let refused = with_merged(&BUTANE.replace(from, to), "ours.ign").unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn finds_the_call_and_not_what_is_said_of_it() {
        let script = "#!/bin/bash\n# coreos-installer install -n x\necho \"Executing coreos-installer install -i\"\n  coreos-installer install -i /opt/openshift/master.ign /dev/disk/by-id/wwn-0x5\ntouch done\n";
        let call = InstallCommand::find(script).unwrap();
        assert_eq!((call.device(), call.copies_network()), (Some("/dev/disk/by-id/wwn-0x5"), false));
        let edited = call.with_options(script, &["-n".into(), "--append-karg".into(), "panic=30".into()]);
        let expected = script.replace(
            "  coreos-installer install -i",
            "  coreos-installer install -n --append-karg panic=30 -i",
        );
        assert_eq!(edited, expected);
        let call = InstallCommand::find(&edited).unwrap();
        assert!(call.copies_network());
        assert_eq!(call.appended(), ["panic=30"]);
        assert!(InstallCommand::find("echo coreos-installer install\n").is_err());
        assert!(InstallCommand::find("coreos-installer install -n \\\n  /dev/sda\n").is_err());
        assert!(InstallCommand::find("coreos-installer install a\ncoreos-installer install b\n").is_err());
    }

    #[test]
    fn reads_and_edits_calls_however_they_are_written() {
        for (call, device, appended) in [
            ("/usr/bin/coreos-installer  install '/dev/sda'", Some("/dev/sda"), vec![]),
            ("\tcoreos-installer\tinstall $DISK", None, vec![]),
            (
                "coreos-installer install --append-karg=\"a=1\" --console ttyS0 --append-karg 'b' \"/dev/sda\"",
                Some("/dev/sda"),
                vec!["a=1", "console=ttyS0", "b"],
            ),
            ("coreos-installer install", None, vec![]),
        ] {
            let script = format!("set -e\n{call}\nreboot\n");
            let found = InstallCommand::find(&script).unwrap();
            assert_eq!(
                (found.device(), found.appended()),
                (device, appended.iter().map(|a| (*a).to_owned()).collect()),
                "{call}"
            );
            let edited = InstallCommand::find(&found.with_options(&script, &["-n".into()])).unwrap();
            assert!(edited.copies_network() && !found.copies_network(), "{call}");
            assert_eq!(edited.words.len(), found.words.len() + 1, "{call}");
        }
    }

    #[test]
    fn quotes_what_the_shell_would_take_apart() {
        for (word, expected) in [
            ("console=ttyS0,115200n8", "console=ttyS0,115200n8"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
