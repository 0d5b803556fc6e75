//! What systemd would say of a unit file when it loads it, and what it would not say.

use super::escape::escape_path;
use super::settings::Settings;
use super::unit_file::Item;
use super::unit_file::items;
use crate::document::Complaint;
use crate::document::nearest;

/// Whether a text is a whole unit or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A unit.
    Whole,
    /// A drop-in of a unit.
    DropIn,
}

/// Says what is wrong with the text of the unit `name`.
pub fn check(name: &str, text: &str, part: Part) -> Vec<Complaint> {
    let mut reader = Reader { settings: Settings::get(), section: None, complaints: Vec::new() };
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let items = items(text);
    for item in &items {
        match item {
            Item::Section(section, line) => reader.section(section, kind, *line),
            Item::Setting(setting, value, line) => reader.setting(setting, value, *line),
            Item::Nonsense(words, line) => {
                let message = format!("`{}` is neither a section nor a setting", shown(words));
                reader.complain(*line, message, "write `Key=Value`, or `#` before a comment");
            }
        }
    }
    if part == Part::Whole {
        reader.whole(name, kind, &items);
    }
    reader.complaints
}

/// The units that an enabled unit is started by: its setting, its value's words, the line.
pub fn installs(text: &str) -> Vec<(String, usize)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for item in items(text) {
        match item {
            Item::Section(name, _) => section = name,
            Item::Setting(key, value, line)
                if section == "Install"
                    && ["WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"].contains(&key.as_str()) =>
            {
                found.extend(value.split_whitespace().map(|word| (word.to_owned(), line)));
            }
            _ => {}
        }
    }
    found
}

fn shown(words: &str) -> String {
    words.chars().take(40).collect()
}

struct Reader {
    settings: &'static Settings,
    /// The section that is being read: its name, if it is known.
    section: Option<Option<String>>,
    complaints: Vec<Complaint>,
}

impl Reader {
    fn complain(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.complaints.push(Complaint { line, message: message.into(), help: help.into() });
    }

    fn section(&mut self, name: &str, kind: &str, line: usize) {
        // systemd skips sections that begin so; they are other programs'.
        if name.starts_with("X-") {
            self.section = Some(None);
            return;
        }
        let of_kind = match kind {
            "service" => "Service",
            "socket" => "Socket",
            "mount" => "Mount",
            "automount" => "Automount",
            "swap" => "Swap",
            "timer" => "Timer",
            "path" => "Path",
            "slice" => "Slice",
            "scope" => "Scope",
            _ => "",
        };
        let allowed = ["Unit", "Install", of_kind];
        if allowed.contains(&name) && !name.is_empty() {
            self.section = Some(Some(name.to_owned()));
            return;
        }
        self.section = Some(None);
        let known = self.settings.sections().any(|section| section == name);
        let help = match nearest(name, allowed.into_iter().filter(|section| !section.is_empty())) {
            Some(near) => format!("did you mean `[{near}]`?"),
            None => format!(
                "known here: {}",
                allowed.map(|section| format!("[{section}]")).join(" ").replace(" []", "")
            ),
        };
        let message = match known {
            true => format!("a `.{kind}` unit has no section `[{name}]`, so systemd ignores it"),
            false => format!("`[{}]` is not a section that systemd knows", shown(name)),
        };
        self.complain(line, message, help);
    }

    fn setting(&mut self, setting: &str, value: &str, line: usize) {
        let section = match &self.section {
            None => {
                let message = format!("`{}` stands before any section", shown(setting));
                self.complain(line, message, "begin with a section, as in `[Unit]`");
                return;
            }
            Some(None) => return,
            Some(Some(section)) => section.clone(),
        };
        if !self.settings.knows(&section, setting) && !setting.starts_with("X-") {
            let help = match (self.settings.near(&section, setting), self.settings.elsewhere(setting)) {
                (_, Some(other)) => format!("it belongs into `[{other}]`"),
                (Some(near), None) => format!("did you mean `{near}`?"),
                (None, None) => "see systemd.directives(7) for what there is".to_owned(),
            };
            let message =
                format!("`{}` is not a setting of `[{section}]`, so systemd ignores it", shown(setting));
            self.complain(line, message, help);
        } else if self.settings.is_truth(setting) && !is_truth(value) {
            let message = format!("`{setting}` is true or false, not `{}`", shown(value));
            self.complain(line, message, "write `yes` or `no`");
        } else if setting.starts_with("Exec") && section == "Service" {
            self.program(setting, value, line);
        }
    }

    /// The program of a command line: an absolute path, or a name that systemd looks for.
    fn program(&mut self, setting: &str, value: &str, line: usize) {
        let program = value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
        let program = program.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        if program.contains('/') && !program.starts_with(['/', '%', '$']) {
            let message = format!("`{setting}` runs `{}`, which is not an absolute path", shown(program));
            self.complain(line, message, "write the whole path, as in `/usr/bin/true`");
        }
    }

    /// What a unit cannot do without.
    fn whole(&mut self, name: &str, kind: &str, items: &[Item]) {
        let values = |wanted: &str| -> Vec<(&str, usize)> {
            let value = |item| match item {
                &Item::Setting(ref key, ref value, line) if key == wanted && !value.is_empty() => {
                    Some((value.as_str(), line))
                }
                _ => None,
            };
            items.iter().filter_map(value).collect()
        };
        let has = |wanted: &str| !values(wanted).is_empty();
        match kind {
            "service" => {
                let is_oneshot = values("Type").iter().any(|(value, _)| *value == "oneshot");
                let starts = values("ExecStart");
                let does_something = has("ExecStop") || has("SuccessAction") || has("FailureAction");
                if starts.is_empty() && !does_something {
                    self.complain(0, "the service starts nothing: it has no `ExecStart`", "say what it runs");
                } else if let (true, Some((_, line))) = (starts.len() > 1 && !is_oneshot, starts.get(1)) {
                    let help = "keep one, or make it `Type=oneshot`";
                    self.complain(*line, "a second `ExecStart`, which only oneshot services may have", help);
                }
            }
            "mount" | "automount" => match values("Where").first() {
                None => {
                    self.complain(0, "the unit does not say `Where` it mounts", "add `Where=` with a path")
                }
                Some((path, line)) => {
                    let wanted = format!("{}.{kind}", escape_path(path));
                    if wanted != name {
                        let message =
                            format!("a unit that mounts at `{path}` is called `{wanted}`, not `{name}`");
                        self.complain(*line, message, "rename the unit, or systemd refuses it");
                    }
                }
            },
            "swap" if !has("What") => {
                self.complain(0, "the unit does not say `What` it swaps to", "add `What=`")
            }
            "timer" => {
                let times = [
                    "OnCalendar",
                    "OnBootSec",
                    "OnActiveSec",
                    "OnStartupSec",
                    "OnUnitActiveSec",
                    "OnUnitInactiveSec",
                ];
                if !times.iter().any(|time| has(time)) && !has("OnClockChange") && !has("OnTimezoneChange") {
                    self.complain(0, "the timer has no time", "add `OnCalendar=` or `OnBootSec=`");
                }
            }
            "path" => {
                let watches =
                    ["PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"];
                if !watches.iter().any(|watch| has(watch)) {
                    self.complain(0, "the path unit watches nothing", "add `PathExists=` or `PathChanged=`");
                }
            }
            "socket" => {
                let listens = items
                    .iter()
                    .any(|item| matches!(item, Item::Setting(key, _, _) if key.starts_with("Listen")));
                if !listens {
                    self.complain(0, "the socket listens to nothing", "add `ListenStream=`");
                }
            }
            _ => {}
        }
    }
}

/// systemd's words for true and false (parse_boolean); a specifier or nothing resets it.
fn is_truth(value: &str) -> bool {
    let words = ["1", "yes", "y", "true", "t", "on", "0", "no", "n", "false", "f", "off", ""];
    words.contains(&value.to_ascii_lowercase().as_str()) || value.contains('%')
}

#[cfg(test)]
mod tests {
    use super::Part;
    use super::check;
    use super::installs;

    const GOOD: &str = "[Unit]\nDescription=Hello\n[Service]\nType=oneshot\nExecStart=/usr/bin/echo a\nExecStart=-/usr/bin/echo b\nRemainAfterExit=yes\n[X-Mine]\nAnything=1\n[Install]\nWantedBy=multi-user.target\n";

    #[test]
    fn has_nothing_against_good_units() {
        for (name, text) in [
            ("a.service", GOOD),
            ("var-lib-a.mount", "[Mount]\nWhat=/dev/sdb\nWhere=/var/lib/a\n"),
            ("a.timer", "[Timer]\nOnBootSec=1min\n"),
            ("a.target", "[Unit]\nDescription=a\n"),
            ("a.socket", "[Socket]\nListenStream=80\nAccept=no\n"),
        ] {
            assert_eq!(check(name, text, Part::Whole), [], "{name}");
        }
        assert_eq!(
            check("a.service", "[Service]\nExecStart=\nExecStart=/bin/b %I $TERM\n", Part::DropIn),
            []
        );
    }

    #[test]
    fn says_what_systemd_would_ignore_or_refuse() {
        for (name, text, line, words) in [
            ("a.service", "[Servce]\nExecStart=/bin/a\n", 1, "did you mean `[Service]`"),
            ("a.service", "[Service]\nExecStrt=/bin/a\nExecStart=/bin/a\n", 2, "did you mean `ExecStart`"),
            ("a.service", "[Unit]\nExecStart=/bin/a\n", 2, "belongs into"),
            ("a.service", "ExecStart=/bin/a\n[Service]\nExecStart=/bin/a\n", 1, "before any section"),
            ("a.service", "[Service]\nExecStart=/bin/a\nRemainAfterExit=maybe\n", 3, "true or false"),
            ("a.service", "[Service]\nExecStart=bin/a\n", 2, "absolute"),
            ("a.service", "[Service]\nType=simple\n", 0, "starts nothing"),
            ("a.service", "[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n", 3, "second"),
            ("a.timer", "[Service]\nExecStart=/bin/a\n[Timer]\nOnBootSec=1\n", 1, "has no section"),
            ("a.mount", "[Mount]\nWhat=/dev/sdb\nWhere=/var/b\n", 3, "var-b.mount"),
            ("a.service", "[Service]\nExecStart=/bin/a\nwhat is this\n", 3, "neither"),
        ] {
            let found = check(name, text, Part::Whole);
            let met =
                found.iter().any(|c| c.line == line && (c.message.contains(words) || c.help.contains(words)));
            assert!(met, "{text:?}: {found:?}");
        }
    }

    #[test]
    fn knows_who_starts_a_unit() {
        assert_eq!(installs(GOOD), [("multi-user.target".to_owned(), 11)]);
        assert_eq!(installs("[Unit]\nWantedBy=a.target\n"), []);
    }
}
