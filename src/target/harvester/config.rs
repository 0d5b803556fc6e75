//! The config as it is put together: its values, and the line that asked for each.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Severity;
use crate::document::yaml_text;
use crate::harvester;
use crate::value::HarvesterVersion;

/// The rule of what Harvester's own checks say.
pub(super) const RULE: &str = "harvester-config";

/// Rules of Harvester's whose next step is written in other words in a machine file.
const IN_OTHER_WORDS: [(&str, &str); 2] = [
    ("host-name", "write `hostname`, in lower case"),
    ("static-needs", "give the port a `gateway` and `dns`, or write `dhcp: true`"),
];
/// In which order a reader expects the keys.
const FIRST: [&str; 7] =
    ["scheme_version", "server_url", "token", "sans", "os", "install", "system_settings"];

/// A config under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    values: Map<String, Value>,
    places: BTreeMap<String, Origin>,
}

impl Config {
    /// Sets what is at the end of a path of keys, which the line at `origin` asked for.
    pub(super) fn set(&mut self, path: &str, value: impl Into<Value>, origin: &Origin) {
        let mut keys: Vec<&str> = path.split('.').collect();
        let last = keys.pop().unwrap_or_default();
        let mut map = &mut self.values;
        for key in keys {
            let below = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(below) = below else { return };
            map = below;
        }
        map.insert(last.to_owned(), value.into());
        self.at(path, origin);
    }

    /// Remembers the line that asked for something.
    pub(super) fn at(&mut self, path: &str, origin: &Origin) {
        self.places.insert(path.to_owned(), origin.clone());
    }

    /// Adds what the machine file says in Harvester's own words.
    pub(super) fn absorb(&mut self, values: &Map<String, Value>, places: &BTreeMap<String, Origin>) {
        merge(&mut self.values, values);
        for (path, origin) in places {
            self.places.entry(path.clone()).or_insert_with(|| origin.clone());
        }
    }

    /// The file for the installer.
    pub(super) fn text(&self, machine: &str) -> String {
        let mut sorted = Map::new();
        let known = FIRST.iter().filter_map(|key| self.values.get_key_value(*key));
        let rest = self.values.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()));
        for (key, value) in known.chain(rest) {
            sorted.insert(key.clone(), value.clone());
        }
        let head = format!(
            "# Made by cotter of the machine file {machine}: change that one, and build again. It holds secrets.\n"
        );
        format!("{head}{}", yaml_text(&Value::Object(sorted)))
    }

    /// What Harvester's own rules say of it, at the lines of the machine file.
    pub(super) fn judge(
        &self,
        text: &str,
        version: Option<&HarvesterVersion>,
        whole: &Origin,
        findings: &mut Diagnostics,
    ) {
        for finding in harvester::check_harvester("config.yaml", text, version).sorted() {
            let is_missing_token = finding.rule == "token" && !self.values.contains_key("token");
            let is_moving_device = finding.rule == "device-moves" && finding.origin.key == "install.device";
            let is_ours = ["device-needed", "login-needed"].contains(&finding.rule);
            if is_ours || is_missing_token || is_moving_device {
                // The machine file's own rules have said that.
                continue;
            }
            let words = IN_OTHER_WORDS.iter().find(|(rule, _)| *rule == finding.rule);
            let help = words.map_or(finding.help, |(_, help)| (*help).to_owned());
            let origin = self.origin_of(&finding.origin.key).unwrap_or(whole);
            match finding.severity {
                Severity::Error => findings.error(RULE, origin, finding.message, help),
                Severity::Warning => findings.warning(RULE, origin, finding.message, help),
                Severity::Note => findings.note(RULE, origin, finding.message, help),
            }
        }
    }

    /// The line that asked for what is at a key, or for the nearest thing around it.
    fn origin_of(&self, key: &str) -> Option<&Origin> {
        let mut key = key;
        loop {
            if let Some(origin) = self.places.get(key) {
                return Some(origin);
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }
}

fn merge(own: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match (own.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => merge(own, more),
            (Some(_), _) => {}
            (None, _) => drop(own.insert(key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::Config;
    use crate::document::Diagnostics;
    use crate::document::Origin;

    fn line(line: usize) -> Origin {
        Origin { line, ..Origin::of_file("m.yaml") }
    }

    #[test]
    fn what_the_checks_say_is_at_the_line_that_asked_for_it() {
        let mut config = Config::default();
        config.set("install.management_interface.ip", "192.168.50.300", &line(7));
        config.set("install.management_interface.method", "static", &line(8));
        let more = json!({"install": {"mode": "create"}});
        config.absorb(more.as_object().unwrap(), &BTreeMap::from([("install.mode".to_owned(), line(9))]));
        let mut findings = Diagnostics::new();
        config.judge(&config.text("m"), None, &line(1), &mut findings);
        let found: Vec<(usize, String)> =
            findings.sorted().into_iter().map(|finding| (finding.origin.line, finding.message)).collect();
        for (line, words) in [
            (7, "is not an IPv4 address"),
            (8, "needs `gateway`"),
            (9, "needs `install.vip`"),
            (1, "scheme_version"),
        ] {
            assert!(
                found.iter().any(|(at, message)| *at == line && message.contains(words)),
                "{line} {words}: {found:#?}"
            );
        }
    }
}
