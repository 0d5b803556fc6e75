//! `.link` files and udev rules that give ports names: what they match, and which name they give.

use super::pattern;
use crate::document::Origin;
use crate::hardware::Port;
use crate::value::MacAddress;

/// The kernel's number of Ethernet (`ARPHRD_ETHER`).
const ETHERNET: u32 = 1;

/// A file that may name ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFile {
    /// Its path on the machine.
    pub path: String,
    /// Where it was asked for.
    pub origin: Option<Origin>,
    entries: Vec<Entry>,
}

/// What a file makes of what it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    conditions: Vec<Condition>,
    /// The name it gives.
    name: Option<String>,
    /// The ways of naming that it tries before, by the words of `NamePolicy=`; nothing is said by most rules.
    policy: Option<Vec<String>>,
}

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// The permanent or current address is one of these.
    Address(Vec<MacAddress>),
    /// The driver fits one of these patterns.
    Driver(Vec<String>),
    /// The kernel's name fits one of these patterns.
    KernelName(Vec<String>),
    /// The place fits one of these patterns (`ID_PATH`).
    Place(Vec<String>),
    /// It is a wired port, or not.
    Wired(bool),
    /// It is a port of this number on its card.
    DevPort(String),
    /// Always so for a port that comes up.
    Met,
    /// Never so for a port of a card.
    Unmet,
    /// This cannot be told from an inventory.
    Unknown(String),
}

/// What a file says of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Says<'a> {
    /// The name, if one is given.
    pub name: Option<&'a str>,
    /// The policy that comes first, if one is written.
    pub policy: Option<&'a [String]>,
    /// What could not be told, if something decides that is not in the inventory.
    pub doubt: Option<&'a str>,
}

impl NameFile {
    /// Reads a `.link` file or a file of udev rules, by its path; nothing if it is neither.
    pub fn read(path: &str, text: &str, origin: Option<Origin>) -> Option<Self> {
        let entries = if path.ends_with(".link") {
            vec![link_entry(text)]
        } else if path.ends_with(".rules") {
            text.lines().filter_map(rule_entry).collect()
        } else {
            return None;
        };
        Some(Self { path: path.to_owned(), origin, entries })
    }

    /// True for a `.link` file: the first that matches is the only one that acts.
    pub fn is_link(&self) -> bool {
        self.path.ends_with(".link")
    }

    /// The name that orders files of its kind.
    pub(super) fn order(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What it says of a port; nothing if it does not match it.
    pub(super) fn says(&self, port: &Port) -> Option<Says<'_>> {
        let mut said = None;
        for entry in &self.entries {
            let looks: Vec<Option<bool>> =
                entry.conditions.iter().map(|condition| condition.holds(port)).collect();
            if looks.contains(&Some(false)) {
                continue;
            }
            let mut unknown = entry.conditions.iter().zip(&looks).filter(|(_, look)| look.is_none());
            let doubt = unknown.next().map(|(condition, _)| condition.asks_for());
            // Of rules, the last one that gives a name counts.
            said = Some(Says { name: entry.name.as_deref(), policy: entry.policy.as_deref(), doubt });
        }
        said
    }
}

impl Condition {
    /// What it looks at.
    fn asks_for(&self) -> &str {
        match self {
            Self::Address(_) | Self::Met | Self::Unmet => "its address",
            Self::Driver(_) => "its driver",
            Self::KernelName(_) => "the kernel's own name",
            Self::Place(_) => "its place",
            Self::Wired(_) => "its type",
            Self::DevPort(_) => "its number on the card",
            Self::Unknown(what) => what,
        }
    }

    /// Whether it holds; nothing if that cannot be told.
    fn holds(&self, port: &Port) -> Option<bool> {
        let any = |patterns: &[String], text: &str| pattern::any(patterns, text);
        match self {
            Self::Address(addresses) => Some(port.mac().is_some_and(|mac| addresses.contains(&mac))),
            Self::Driver(patterns) => port.driver.as_ref().map(|driver| any(patterns, driver)),
            Self::Place(patterns) => match port.bus_path() {
                Some(path) => Some(any(patterns, &path)),
                // It is on another bus, if it is known where it is.
                None => port.path.as_ref().map(|_| false),
            },
            // Which port gets which number is chance.
            Self::KernelName(patterns) => {
                let of_all = ["eth0", "eth9", "eth27"].map(|name| any(patterns, name));
                if of_all == [true; 3] || of_all == [false; 3] { Some(of_all[0]) } else { None }
            }
            Self::Wired(wanted) => {
                let is_wireless = matches!(port.kind.as_deref(), Some("wlan" | "wwan"));
                Some((port.hardware_type? == ETHERNET && !is_wireless) == *wanted)
            }
            Self::DevPort(number) => Some(port.dev_port.is_some_and(|found| found.to_string() == *number)),
            Self::Met => Some(true),
            Self::Unmet => Some(false),
            Self::Unknown(_) => None,
        }
    }
}

/// What a `.link` file says (systemd.link(5)).
fn link_entry(text: &str) -> Entry {
    let mut entry = Entry::default();
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let words = || value.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match (section, key) {
            ("Match", _) if value.is_empty() => {}
            ("Match", "PermanentMACAddress" | "MACAddress") => {
                let addresses = words().iter().filter_map(|word| word.parse().ok()).collect();
                entry.conditions.push(Condition::Address(addresses));
            }
            ("Match", "Driver") => entry.conditions.push(Condition::Driver(words())),
            ("Match", "OriginalName") => entry.conditions.push(Condition::KernelName(words())),
            ("Match", "Path") => entry.conditions.push(Condition::Place(words())),
            ("Match", "Type") => {
                let wired = pattern::any(&words(), "ether");
                entry.conditions.push(Condition::Wired(wired));
            }
            // A port of a card is of no kind: kinds are of bonds, VLANs and their like.
            ("Match", "Kind") if !value.starts_with('!') => entry.conditions.push(Condition::Unmet),
            ("Match", "Kind") => {}
            ("Match", key) => entry.conditions.push(Condition::Unknown(format!("`{key}={value}`"))),
            ("Link", "Name") => entry.name = Some(value.to_owned()).filter(|name| !name.is_empty()),
            ("Link", "NamePolicy") => entry.policy = Some(words()),
            _ => {}
        }
    }
    entry
}

/// What a udev rule says, if it names ports (udev(7)).
fn rule_entry(line: &str) -> Option<Entry> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let mut entry = Entry::default();
    for token in tokens(line) {
        let (key, operator, value) = token;
        let patterns = || value.split('|').map(str::to_owned).collect::<Vec<_>>();
        let condition = match (key, operator) {
            ("NAME", "=" | ":=") => {
                entry.name = Some(value.to_owned());
                continue;
            }
            ("SUBSYSTEM", "==") => {
                if value == "net" {
                    Condition::Met
                } else {
                    Condition::Unmet
                }
            }
            ("ACTION", "==") => {
                if pattern::any(&patterns(), "add") {
                    Condition::Met
                } else {
                    Condition::Unmet
                }
            }
            ("ACTION", "!=") => {
                if pattern::any(&patterns(), "add") {
                    Condition::Unmet
                } else {
                    Condition::Met
                }
            }
            ("ATTR{address}" | "ENV{ID_NET_NAME_MAC}", "==") => {
                Condition::Address(value.split('|').filter_map(|word| word.parse().ok()).collect())
            }
            ("DRIVERS", "==") if value == "?*" => Condition::Met,
            ("DRIVERS" | "ENV{ID_NET_DRIVER}", "==") => Condition::Driver(patterns()),
            ("KERNELS", "==") => {
                Condition::Place(patterns().iter().map(|place| format!("pci-{place}")).collect())
            }
            ("ENV{ID_PATH}", "==") => Condition::Place(patterns()),
            ("KERNEL", "==") => Condition::KernelName(patterns()),
            ("ATTR{type}", "==") => Condition::Wired(value == "1"),
            ("ATTR{dev_port}", "==") => Condition::DevPort(value.to_owned()),
            ("ATTR{addr_assign_type}", "==") => {
                if value == "0" {
                    Condition::Met
                } else {
                    Condition::Unmet
                }
            }
            ("NAME", "==") if value.is_empty() => Condition::Met,
            (key, "==" | "!=") => Condition::Unknown(format!("`{key}`")),
            _ => continue,
        };
        entry.conditions.push(condition);
    }
    entry.name.is_some().then_some(entry)
}

/// The parts of a rule: key, operator, value.
fn tokens(line: &str) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('"') {
        let Some((value, after)) = after.split_once('"') else { break };
        let assignment = before.trim_start_matches([',', ' ', '\t']).trim_end();
        let at = assignment.find(['=', '!', '+', '-', ':']).unwrap_or(assignment.len());
        let (key, operator) = assignment.split_at(at);
        found.push((key.trim(), operator, value));
        rest = after;
    }
    found
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::NameFile;
    use crate::hardware::Device;
    use crate::hardware::Port;

    fn port() -> Port {
        Port {
            name: "eno1".into(),
            permanent_mac: Some("e4:43:4b:0a:00:01".parse().unwrap()),
            hardware_type: Some(1),
            driver: Some("i40e".into()),
            devices: vec![Device {
                subsystem: Some("pci".into()),
                name: "0000:18:00.0".into(),
                ..Device::default()
            }],
            ..Port::default()
        }
    }

    #[test]
    fn link_files_name_what_they_match() {
        for (matches, name, doubt) in [
            ("PermanentMACAddress=e4:43:4b:0a:00:01", Some("mgmt0"), false),
            ("MACAddress=E4:43:4B:0A:00:01 e4:43:4b:0a:00:02\nType=ether", Some("mgmt0"), false),
            ("PermanentMACAddress=e4:43:4b:0a:00:02", None, false),
            ("Path=pci-0000:18:00.*", Some("mgmt0"), false),
            ("Driver=i40e ice", Some("mgmt0"), false),
            ("Driver=!i40e", None, false),
            ("Type=wlan", None, false),
            ("Kind=bond", None, false),
            ("OriginalName=*", Some("mgmt0"), false),
            ("OriginalName=eth0", Some("mgmt0"), true),
            ("Property=ID_BUS=pci", Some("mgmt0"), true),
        ] {
            let file = NameFile::read(
                "/etc/systemd/network/10-a.link",
                &format!("[Match]\n{matches}\n[Link]\nName=mgmt0\n"),
                None,
            );
            let port = port();
            let file = file.unwrap();
            let said = file.says(&port);
            assert_eq!(said.as_ref().and_then(|said| said.name), name, "{matches}");
            assert_eq!(said.is_some_and(|said| said.doubt.is_some()), doubt, "{matches}");
        }
    }

    #[test]
    fn rules_name_what_they_match() {
        for (rule, name) in [
            (
                r#"SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{type}=="1", ATTR{address}=="e4:43:4b:0a:00:01", NAME="mgmt0""#,
                Some("mgmt0"),
            ),
            (r#"SUBSYSTEM=="net",ACTION=="add",KERNELS=="0000:18:00.0",NAME="mgmt0""#, Some("mgmt0")),
            (r#"SUBSYSTEM=="block", ATTR{address}=="e4:43:4b:0a:00:01", NAME="mgmt0""#, None),
            (r#"SUBSYSTEM=="net", ATTR{address}=="e4:43:4b:0a:00:02", NAME="mgmt0""#, None),
            (r#"# SUBSYSTEM=="net", NAME="mgmt0""#, None),
        ] {
            let file = NameFile::read("/etc/udev/rules.d/70-a.rules", rule, None).unwrap();
            let port = port();
            assert_eq!(file.says(&port).and_then(|said| said.name), name, "{rule}");
        }
        assert_eq!(NameFile::read("/etc/motd", "", None), None);
    }
}
