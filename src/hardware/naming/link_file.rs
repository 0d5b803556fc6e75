//! `.link` files: what they match, and what they say of names (systemd.link(5)).

use super::net_id::Names;
use super::pattern;
use super::property::property;
use crate::hardware::Port;
use crate::value::InterfaceName;
use crate::value::MacAddress;

/// The kernel's numbers of hardware types, and systemd's words for them.
const TYPES: [(u32, &str); 3] = [(1, "ether"), (32, "infiniband"), (772, "loopback")];
/// The ways of naming that systemd knows.
const WAYS: [&str; 7] = ["kernel", "database", "onboard", "slot", "path", "mac", "keep"];

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    section: String,
    key: String,
    value: String,
}

/// A `.link` file with its drop-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub path: String,
    /// The name it gives.
    pub name: Option<String>,
    /// The ways of naming that it tries before.
    pub policy: Vec<String>,
    permanent: Vec<MacAddress>,
    current: Vec<MacAddress>,
    /// Patterns, by the key.
    patterns: Vec<(&'static str, Vec<String>)>,
    /// Properties of udev's, each with `=` and a pattern.
    properties: Vec<String>,
    /// What cannot be told from an inventory.
    others: Vec<String>,
}

/// The settings of a file, in their order.
pub(super) fn settings(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut section = String::new();
    for line in whole_lines(text) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            found.push(Setting { section: section.clone(), key, value });
        }
    }
    found
}

/// Lines without comments; one that ends in `\` goes on in the next (systemd.syntax(7)).
fn whole_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        let (part, goes_on_then) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(&format!(" {part}")),
            None => lines.push(part.to_owned()),
        }
        goes_on = goes_on_then;
    }
    lines
}

impl Link {
    /// A link of all its settings; nothing if it has nothing to match, for then systemd leaves it out.
    pub fn of<'a>(path: &str, settings: impl Iterator<Item = &'a Setting>) -> Option<Self> {
        let mut link = Self { path: path.to_owned(), ..Self::default() };
        for Setting { section, key, value } in settings {
            let words = words(value);
            match (section.as_str(), key.as_str()) {
                ("Match", "PermanentMACAddress") => addresses(&mut link.permanent, &words),
                ("Match", "MACAddress") => addresses(&mut link.current, &words),
                ("Match", "Driver") => link.add("Driver", value, &words),
                ("Match", "OriginalName") => link.add("OriginalName", value, &words),
                ("Match", "Path") => link.add("Path", value, &words),
                ("Match", "Type") => link.add("Type", value, &words),
                ("Match", "Kind") => link.add("Kind", value, &words),
                ("Match", "Property") if value.is_empty() => link.properties.clear(),
                ("Match", "Property") => link.properties.extend(signed(value, &words)),
                ("Match", key) if value.is_empty() => {
                    link.others.retain(|other| !other.starts_with(&format!("`{key}=")));
                }
                ("Match", key) => link.others.push(format!("`{key}={value}`")),
                ("Link", "Name") if value.is_empty() => link.name = None,
                // What the kernel would not take changes nothing.
                ("Link", "Name") if value.parse::<InterfaceName>().is_ok() => link.name = Some(value.clone()),
                ("Link", "NamePolicy") => {
                    link.policy = words.into_iter().filter(|word| WAYS.contains(&word.as_str())).collect();
                }
                _ => {}
            }
        }
        link.patterns.retain(|(_, patterns)| !patterns.is_empty());
        let is_empty = link.permanent.is_empty()
            && link.current.is_empty()
            && link.patterns.is_empty()
            && link.properties.is_empty()
            && link.others.is_empty();
        (!is_empty).then_some(link)
    }

    /// Says that something else decides whether it acts.
    pub fn leave_open(&mut self, what: String) {
        self.others.push(what);
    }

    /// Adds patterns; `!` before the first is meant for all of this line, and an empty line takes back those before.
    fn add(&mut self, key: &'static str, value: &str, words: &[String]) {
        if !self.patterns.iter().any(|(other, _)| *other == key) {
            self.patterns.push((key, Vec::new()));
        }
        for (_, patterns) in self.patterns.iter_mut().filter(|(other, _)| *other == key) {
            if value.is_empty() {
                patterns.clear();
            }
            patterns.extend(signed(value, words));
        }
    }

    /// Whether it matches a port: nothing if that cannot be told, with what decides.
    pub fn matches(&self, port: &Port, names: &Names) -> (Option<bool>, Option<&str>) {
        let has = |addresses: &[MacAddress]| {
            addresses.is_empty() || port.mac().is_some_and(|mac| addresses.contains(&mac))
        };
        if !has(&self.permanent) || !has(&self.current) {
            return (Some(false), None);
        }
        let mut doubt = self.others.first().map(String::as_str);
        for (key, patterns) in &self.patterns {
            match fits(key, patterns, port) {
                Some(false) => return (Some(false), None),
                Some(true) => {}
                None => doubt = doubt.or(Some(asked_for(key))),
            }
        }
        for wanted in &self.properties {
            match is_property(wanted, port, names) {
                Some(false) => return (Some(false), None),
                Some(true) => {}
                None => doubt = doubt.or(Some(wanted)),
            }
        }
        (if doubt.is_some() { None } else { Some(true) }, doubt)
    }
}

fn addresses(found: &mut Vec<MacAddress>, words: &[String]) {
    if words.is_empty() {
        found.clear();
    }
    found.extend(words.iter().filter_map(|word| address(word)));
}

/// An address in any of systemd's spellings: also four digits between dots.
fn address(word: &str) -> Option<MacAddress> {
    let is_dotted = word.len() == 14 && word.split('.').all(|part| part.len() == 4);
    if !is_dotted {
        return word.parse().ok();
    }
    let digits: Vec<char> = word.chars().filter(|c| *c != '.').collect();
    let octets: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    octets.join(":").parse().ok()
}

/// The words of a value, which may stand in quotes.
fn words(value: &str) -> Vec<String> {
    let bare = value.strip_prefix('!').unwrap_or(value);
    bare.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect()
}

/// Words, each with the `!` that is meant for all of their line.
fn signed(value: &str, words: &[String]) -> Vec<String> {
    let sign = if value.starts_with('!') { "!" } else { "" };
    words.iter().map(|word| format!("{sign}{word}")).collect()
}

/// Whether a property is so (`Property=`): all of them must be.
fn is_property(wanted: &str, port: &Port, names: &Names) -> Option<bool> {
    let (key, fits) = wanted.split_once('=')?;
    let (key, is_wanted) = key.strip_prefix('!').map_or((key, true), |key| (key, false));
    Some(pattern::any(&[fits.to_owned()], &property(port, names, key)?) == is_wanted)
}

fn fits(key: &str, patterns: &[String], port: &Port) -> Option<bool> {
    let fits = |text: Option<&str>| Some(pattern::any_but(patterns, text));
    match key {
        "Driver" => fits(Some(port.driver.as_ref()?)),
        "OriginalName" => kernel_name_fits(port, |name| pattern::any_but(patterns, Some(name))),
        "Path" => match port.bus_path() {
            Some(path) => fits(Some(&path)),
            // It is on another bus, if it is known where it is.
            None => port.path.as_ref().and_then(|_| fits(None)),
        },
        "Type" => fits(Some(type_of(port)?)),
        // A port of a card is of no kind: kinds are of bonds, VLANs and their like.
        _ => fits(None),
    }
}

/// What systemd calls its type.
fn type_of(port: &Port) -> Option<&str> {
    let of_kernel =
        TYPES.iter().find(|(number, _)| Some(*number) == port.hardware_type).map(|(_, name)| *name);
    port.kind.as_deref().filter(|kind| matches!(*kind, "wlan" | "wwan")).or(of_kernel)
}

/// Whether the name that the kernel gives fits, whatever its number is: that is chance.
pub(super) fn kernel_name_fits(port: &Port, fits: impl Fn(&str) -> bool) -> Option<bool> {
    let stems: &[&str] = match (type_of(port), port.pci_device()) {
        (Some("wlan"), _) => &["wlan"],
        (Some("wwan"), _) => &["wwan"],
        (Some("infiniband"), _) => &["ib"],
        _ if port.devices.iter().any(|device| device.usb_id.is_some()) => &["eth", "usb"],
        _ => &["eth"],
    };
    let names = stems.iter().flat_map(|stem| [0, 9, 27].map(|number| format!("{stem}{number}")));
    let looks: Vec<bool> = names.map(|name| fits(&name)).collect();
    let first = *looks.first()?;
    looks.iter().all(|look| *look == first).then_some(first)
}

/// What a key looks at.
fn asked_for(key: &str) -> &'static str {
    match key {
        "Driver" => "its driver",
        "OriginalName" => "the kernel's own name",
        "Path" => "its place",
        _ => "its type",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Link;
    use super::settings;
    use crate::hardware::Device;
    use crate::hardware::Port;
    use crate::hardware::naming::Names;

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

    fn link(text: &str) -> Option<Link> {
        Link::of("/etc/systemd/network/10-a.link", settings(text).iter())
    }

    #[test]
    fn links_match_ports() {
        for (matches, holds) in [
            ("PermanentMACAddress=e4:43:4b:0a:00:01", Some(true)),
            ("MACAddress=E4:43:4B:0A:00:01 e4:43:4b:0a:00:02\nType=ether", Some(true)),
            ("PermanentMACAddress=e443.4b0a.0001", Some(true)),
            ("PermanentMACAddress=e4-43-4b-0a-00-09 \\\n  e4:43:4b:0a:00:01", Some(true)),
            ("PermanentMACAddress=e4:43:4b:0a:00:02", Some(false)),
            ("PermanentMACAddress=e4:43:4b:0a:00:01\nPermanentMACAddress=e4:43:4b:0a:00:02", Some(true)),
            ("PermanentMACAddress=e4:43:4b:0a:00:02\nPermanentMACAddress=\nType=ether", Some(true)),
            ("PermanentMACAddress=e4:43:4b:0a:00:01\nMACAddress=e4:43:4b:0a:00:02", Some(false)),
            ("Path=pci-0000:18:00.*", Some(true)),
            ("Driver=i40e ice", Some(true)),
            ("Driver=ice\nDriver=i40e", Some(true)),
            ("Driver=ice\nDriver=\nType=ether", Some(true)),
            ("Driver=!i40e", Some(false)),
            ("Driver=!ice\nDriver=!i40e", Some(false)),
            ("Driver=!ice igb", Some(true)),
            ("Type=wlan", Some(false)),
            ("Type=!ether", Some(false)),
            ("Kind=bond", Some(false)),
            ("Kind=!bond", Some(true)),
            ("OriginalName=*", Some(true)),
            ("OriginalName=eth0", None),
            ("OriginalName=en*", Some(false)),
            ("Property=ID_BUS=pci ID_PATH=pci-*:00.0", Some(true)),
            ("Property=ID_BUS=pci ID_PATH=pci-*:01.0", Some(false)),
            ("Property=!ID_BUS=usb", Some(true)),
            ("Property=ID_X=1", None),
            ("Property=ID_X=1\nType=wlan", Some(false)),
        ] {
            let link = link(&format!("[Match]\n{matches}\n[Link]\nName=mgmt0\n")).unwrap();
            let (found, doubt) = link.matches(&port(), &Names::default());
            assert_eq!(found, holds, "{matches}");
            assert_eq!(doubt.is_some(), holds.is_none(), "{matches}");
        }
    }

    #[test]
    fn one_that_has_nothing_to_match_does_not_act() {
        for text in
            ["", "[Link]\nName=a0\n", "[Match]\n[Link]\nName=a0\n", "[Match]\nPermanentMACAddress=x\n"]
        {
            assert_eq!(link(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_name_that_is_one_counts() {
        for (lines, name, policy) in [
            ("Name=a0\nName=b0", Some("b0"), &[][..]),
            ("Name=a0\nName=not/good", Some("a0"), &[]),
            ("Name=a-name-of-too-many-letters", None, &[]),
            ("Name=a0 # mine", None, &[]),
            ("Name=a0\nName=", None, &[]),
            ("name=a0", None, &[]),
            ("#Name=a0\n;Name=b0\nName = c0 ", Some("c0"), &[]),
            ("NamePolicy=bogus slot path", None, &["slot", "path"]),
            ("NamePolicy=mac\nNamePolicy=", None, &[]),
        ] {
            let link = link(&format!("[Match]\nOriginalName=*\n[Link]\n{lines}\n")).unwrap();
            assert_eq!(link.name.as_deref(), name, "{lines}");
            assert_eq!(link.policy, policy, "{lines}");
        }
    }
}
