//! Files of udev rules: their lines, and what they make of a port's name (udev(7)).

use super::name_file::DESCRIBING_RULE;
use super::name_file::OWN_RULE;
use super::name_file::RuleFile;
use super::net_id::Names;
use super::rule_match::Situation;
use crate::hardware::Port;

/// Letters of a name that udev leaves as they are, beside letters and digits.
const TAKEN: &str = "#+-.:=@_";

/// The keys that there are.
const KEYS: [&str; 29] = [
    "ACTION",
    "DEVPATH",
    "KERNEL",
    "KERNELS",
    "NAME",
    "SYMLINK",
    "SUBSYSTEM",
    "SUBSYSTEMS",
    "DRIVER",
    "DRIVERS",
    "ATTR",
    "ATTRS",
    "SYSCTL",
    "ENV",
    "CONST",
    "TAG",
    "TAGS",
    "TEST",
    "PROGRAM",
    "RESULT",
    "IMPORT",
    "OPTIONS",
    "OWNER",
    "GROUP",
    "MODE",
    "SECLABEL",
    "RUN",
    "GOTO",
    "LABEL",
];

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub tokens: Vec<Token>,
}

/// A part of a rule: `ATTR{address}=="…"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Its key, with what stands in braces.
    pub key: String,
    pub operator: String,
    pub value: String,
}

/// A name that a rule gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The name; nothing if it cannot be told.
    pub name: Option<String>,
    /// The file.
    pub path: String,
    /// What could not be told, if something decides that is not in the inventory.
    pub doubt: Option<String>,
}

/// What rules have made of a port so far.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The name that a rule gave.
    pub given: Option<Given>,
    /// The name that the port has by then, by whomever.
    pub name: Option<String>,
    /// Its name by the `.link` file that matches, once udev's own rule has looked.
    pub by_link: Option<String>,
    /// No later rule may give another.
    is_final: bool,
}

/// The rules of a file.
pub(super) fn rules(text: &str) -> Vec<Rule> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with('#')) {
        let (part, goes_on_then) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(part),
            None => lines.push(part.to_owned()),
        }
        goes_on = goes_on_then;
    }
    let rules = lines.iter().map(|line| Rule { tokens: tokens(line) });
    // udev leaves out a rule with a key that it does not know.
    let is_rule = |rule: &Rule| {
        let keys = rule.tokens.iter().map(|token| token.key.split('{').next().unwrap_or_default());
        !rule.tokens.is_empty() && keys.into_iter().all(|key| KEYS.contains(&key))
    };
    rules.filter(is_rule).collect()
}

/// The parts of a rule.
fn tokens(line: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('"') {
        let Some((value, after)) = after.split_once('"') else { break };
        let assignment = before.trim_start_matches([',', ' ', '\t']).trim_end();
        let braces = assignment.find('}').unwrap_or_default();
        let signs = assignment.get(braces..).and_then(|after| after.find(['=', '!', '+', '-', ':']));
        let (key, operator) = assignment.split_at(signs.map_or(assignment.len(), |at| braces + at));
        found.push(Token { key: key.trim().into(), operator: operator.into(), value: value.into() });
        rest = after;
    }
    found
}

impl Rule {
    /// True if it calls one of udev's own programs.
    pub fn calls(&self, builtin: &str) -> bool {
        let is_it = |value: &str| value.split_whitespace().next() == Some(builtin);
        self.tokens.iter().any(|token| token.key == "IMPORT{builtin}" && is_it(&token.value))
    }

    fn is_label(&self, label: &str) -> bool {
        self.value("LABEL").is_some_and(|token| token.value == label)
    }

    fn value(&self, key: &str) -> Option<&Token> {
        self.tokens.iter().find(|token| token.key == key && !matches!(token.operator.as_str(), "==" | "!="))
    }
}

impl RuleFile<'_> {
    /// True if it comes before systemd's own rule.
    pub fn is_early(&self) -> bool {
        self.order() < OWN_RULE
    }

    /// What its rules make of a port.
    pub fn act(&self, port: &Port, names: &Names, state: &mut State) {
        // Where a rule leads that may match or not: what lies between may be passed over.
        let mut maybe_until: Option<(&str, String)> = None;
        let mut label: Option<&str> = None;
        let mut has_path = !self.is_early();
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(here) = rule.value("LABEL") {
                label = label.filter(|label| *label != here.value);
                maybe_until = maybe_until.filter(|(label, _)| *label != here.value);
            }
            if label.is_some() {
                continue;
            }
            let known = self.order() > DESCRIBING_RULE;
            let situation =
                Situation { port, names, are_named: known, has_path, is_late: !self.is_early(), state };
            let (holds, doubt) = situation.look(rule);
            if holds == Some(false) {
                continue;
            }
            // A rule looks before it runs anything.
            let calls_path = rule.calls("path_id");
            let doubt = doubt.or_else(|| maybe_until.as_ref().map(|(_, doubt)| doubt.clone()));
            let given = rule
                .value("NAME")
                .filter(|_| !state.is_final)
                .map(|name| (name, situation.filled(&name.value)));
            if let Some((token, name)) = given
                // udev takes no notice of these.
                && !matches!(token.value.as_str(), "" | "%k" | "$kernel")
            {
                let doubt = doubt
                    .clone()
                    .or_else(|| name.is_none().then(|| format!("the name `{}` that it makes", token.value)));
                let name = name.map(|name| name.chars().map(taken).collect::<String>());
                state.is_final = token.operator == ":=" && doubt.is_none();
                state.name.clone_from(&name);
                state.given = Some(Given { name, path: self.path.to_owned(), doubt });
            }
            has_path |= calls_path;
            let goes = rule
                .value("GOTO")
                .filter(|to| self.rules[index + 1..].iter().any(|rule| rule.is_label(&to.value)));
            if let Some(to) = goes {
                match &doubt {
                    None => label = Some(&to.value),
                    Some(doubt) => maybe_until = Some((&to.value, doubt.clone())),
                }
            }
        }
    }
}

/// What udev makes of a letter of a name.
fn taken(c: char) -> char {
    if c.is_ascii_alphanumeric() || TAKEN.contains(c) || !c.is_ascii() { c } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::RuleFile;
    use super::State;
    use super::rules;
    use crate::hardware::Device;
    use crate::hardware::PciFunction;
    use crate::hardware::Port;
    use crate::hardware::naming::Name;
    use crate::hardware::naming::Names;

    fn port() -> Port {
        let device = |subsystem: &str, name: &str| Device {
            subsystem: Some(subsystem.into()),
            name: name.into(),
            ..Device::default()
        };
        let pci = PciFunction { id: Some("1af4:1000 1af4:0001".into()), ..PciFunction::default() };
        let on_bus = Device { pci: Some(pci), ..device("pci", "0000:18:00.0") };
        Port {
            address: Some("e4:43:4b:0a:00:01".into()),
            has_own_address: Some(true),
            hardware_type: Some(1),
            driver: Some("virtio_net".into()),
            path: Some("/devices/pci0000:18/0000:18:00.0/virtio0/net/eth0".into()),
            devices: vec![device("virtio", "virtio0"), on_bus],
            ..Port::default()
        }
    }

    /// The name that rules give, and whether something is in doubt.
    fn named(path: &str, text: &str) -> (Option<String>, bool) {
        let slot = Name { text: "ens3".into(), why: String::new() };
        let names = Names { slot: Some(slot), ..Names::default() };
        let rules = rules(text);
        let mut state = State::default();
        RuleFile { path, rules: &rules }.act(&port(), &names, &mut state);
        state.given.map_or((None, false), |given| (given.name, given.doubt.is_some()))
    }

    #[test]
    fn rules_name_what_they_match() {
        for (rule, name, doubt) in [
            (
                r#"ACTION=="add", DRIVERS=="?*", ATTR{type}=="1", ATTR{addr_assign_type}=="0", ATTR{address}=="e4:43:4b:0a:00:01", NAME="a0""#,
                Some("a0"),
                false,
            ),
            (r#"SUBSYSTEM=="net",ACTION=="add",KERNELS=="0000:18:00.0",NAME="a0""#, Some("a0"), false),
            (
                r#"SUBSYSTEM=="net|usb", KERNELS=="virtio0", DRIVERS=="virtio_net", NAME="a0""#,
                Some("a0"),
                false,
            ),
            (r#"KERNELS=="0000:18:00.0", DRIVERS=="virtio_net", NAME="a0""#, None, false),
            (
                r#"KERNELS=="0000:18:*", DRIVERS=="virtio-pci", ATTRS{vendor}=="0x1af4", NAME="a0""#,
                Some("a0"),
                false,
            ),
            (r#"DRIVERS=="e1000e", NAME="a0""#, None, false),
            (r#"SUBSYSTEM=="block", NAME="a0""#, None, false),
            (r#"ATTR{address}=="E4:43:4B:0A:00:01", NAME="a0""#, None, false),
            (r#"ATTR{address}=="e4:43:*", NAME="a0""#, Some("a0"), false),
            (r#"ATTR{dev_id}=="0x0", ATTR{dev_port}=="0", NAME="a0""#, Some("a0"), false),
            (r#"ATTR{phys_port_name}!="p1", NAME="a0""#, None, false),
            (r#"ACTION=="change", NAME="a0""#, None, false),
            (r#"KERNEL=="eth*", NAME="a0""#, Some("a0"), false),
            (r#"KERNEL=="eth0", NAME="a0""#, Some("a0"), true),
            (r#"PROGRAM="/bin/false", NAME="a0""#, Some("a0"), true),
            (r#"ENV{ID_PATH}=="?*", NAME="a0""#, None, false),
            (r#"IMPORT{builtin}="path_id", ENV{ID_PATH}=="pci-*", NAME="a0""#, None, false),
            ("IMPORT{builtin}=\"path_id\"\nENV{ID_PATH}==\"pci-*\", NAME=\"a0\"", Some("a0"), false),
            (
                "KERNEL==\"x\", IMPORT{builtin}=\"path_id\"\nENV{ID_PATH}==\"\", NAME=\"a0\"",
                Some("a0"),
                false,
            ),
            (r#"NOSUCHKEY=="1", NAME="a0""#, None, false),
            (r#"NAME="a0", GOTO="nowhere""#, Some("a0"), false),
            (r#"ENV{ID_NET_NAME_SLOT}=="?*", NAME="a0""#, None, false),
            (r#"# NAME="a0""#, None, false),
            ("ATTR{type}==\"1\", \\\n   NAME=\"a0\"", Some("a0"), false),
            (r#"NAME="a b/c""#, Some("a_b_c"), false),
            (r#"NAME="""#, None, false),
            (r#"NAME="x$attr{dev_port}y%%""#, Some("x0y_"), false),
            (r#"NAME="x%n""#, None, true),
        ] {
            let (found, is_doubted) = named("/etc/udev/rules.d/70-a.rules", rule);
            assert_eq!((found.as_deref(), is_doubted), (name, doubt), "{rule}");
        }
    }

    #[test]
    fn names_are_known_once_udev_has_described_the_port() {
        let rule = r#"ENV{ID_NET_NAME_SLOT}=="?*", NAME="my$env{ID_NET_NAME_SLOT}""#;
        assert_eq!(named("/etc/udev/rules.d/76-a.rules", rule).0.as_deref(), Some("myens3"));
        let rule = r#"ENV{ID_PATH}=="pci-0000:18:00.0", NAME="a0""#;
        assert_eq!(named("/etc/udev/rules.d/76-a.rules", rule).0, None);
        assert_eq!(named("/etc/udev/rules.d/81-a.rules", rule).0.as_deref(), Some("a0"));
    }

    #[test]
    fn the_last_name_counts_unless_one_is_final() {
        let rules = |first: &str, second: &str| format!("NAME{first}\"a0\"\nNAME{second}\"b0\"\n");
        assert_eq!(named("70-a.rules", &rules("=", "=")).0.as_deref(), Some("b0"));
        assert_eq!(named("70-a.rules", &rules(":=", "=")).0.as_deref(), Some("a0"));
        assert_eq!(named("70-a.rules", "NAME=\"a0\"\nNAME==\"\", NAME=\"b0\"\n").0.as_deref(), Some("a0"));
    }

    #[test]
    fn rules_are_passed_over() {
        let rules = |condition: &str| format!("{condition}, GOTO=\"end\"\nNAME=\"a0\"\nLABEL=\"end\"\n");
        assert_eq!(named("70-a.rules", &rules(r#"SUBSYSTEM=="net""#)), (None, false));
        assert_eq!(named("70-a.rules", &rules(r#"SUBSYSTEM!="net""#)), (Some("a0".into()), false));
        assert_eq!(named("70-a.rules", &rules(r#"PROGRAM=="/bin/x""#)), (Some("a0".into()), true));
        assert_eq!(named("70-a.rules", "GOTO=\"nowhere\"\nNAME=\"a0\"\n"), (Some("a0".into()), false));
        let after = rules(r#"SUBSYSTEM=="net""#) + "NAME=\"b0\"\n";
        assert_eq!(named("70-a.rules", &after), (Some("b0".into()), false));
    }
}
