//! Which sections and settings systemd knows, from `settings.toml`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::document::nearest;

/// The table, with its groups put in.
#[derive(Debug)]
pub(super) struct Settings {
    sections: BTreeMap<String, BTreeSet<&'static str>>,
    truths: BTreeSet<&'static str>,
    targets: BTreeSet<&'static str>,
}

#[derive(Deserialize)]
struct Table {
    groups: BTreeMap<String, Group>,
    sections: BTreeMap<String, Section>,
    marks: Marks,
    targets: Targets,
}

#[derive(Deserialize)]
struct Group {
    settings: String,
}

#[derive(Deserialize)]
struct Section {
    #[serde(default)]
    groups: Vec<String>,
    settings: String,
}

#[derive(Deserialize)]
struct Marks {
    truths: String,
}

#[derive(Deserialize)]
struct Targets {
    names: String,
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    // The table is part of the program; the test below holds that it can be read.
    let table: Option<Table> = toml::from_str(include_str!("settings.toml")).ok();
    table.map_or_else(
        || Settings { sections: BTreeMap::new(), truths: BTreeSet::new(), targets: BTreeSet::new() },
        Settings::of,
    )
});

impl Settings {
    fn of(table: Table) -> Self {
        // Words live as long as the program: there is one table.
        let words = |text: &str| -> BTreeSet<&'static str> {
            let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
            text.split_whitespace().collect()
        };
        let groups: BTreeMap<&String, BTreeSet<&'static str>> =
            table.groups.iter().map(|(name, group)| (name, words(&group.settings))).collect();
        let section = |section: &Section| {
            let mut all = words(&section.settings);
            for group in section.groups.iter().filter_map(|name| groups.get(name)) {
                all.extend(group);
            }
            all
        };
        Self {
            sections: table.sections.iter().map(|(name, s)| (name.clone(), section(s))).collect(),
            truths: words(&table.marks.truths),
            targets: words(&table.targets.names),
        }
    }

    /// The table.
    pub(super) fn get() -> &'static Self {
        &SETTINGS
    }

    /// The sections.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// True if the section has the setting.
    pub(super) fn knows(&self, section: &str, setting: &str) -> bool {
        self.sections.get(section).is_some_and(|settings| settings.contains(setting))
    }

    /// The setting that was probably meant.
    pub(super) fn near(&self, section: &str, setting: &str) -> Option<&'static str> {
        nearest(setting, self.sections.get(section)?.iter().copied())
    }

    /// Another section that has the setting.
    pub(super) fn elsewhere(&self, setting: &str) -> Option<&str> {
        self.sections.iter().find(|(_, settings)| settings.contains(setting)).map(|(name, _)| name.as_str())
    }

    /// True if the setting is true or false.
    pub(super) fn is_truth(&self, setting: &str) -> bool {
        self.truths.contains(setting)
    }
}

/// True if systemd or Fedora CoreOS bring a target of this name.
pub fn is_known_target(name: &str) -> bool {
    SETTINGS.targets.contains(name)
}

/// The target that was probably meant.
pub fn nearest_target(name: &str) -> Option<&'static str> {
    nearest(name, SETTINGS.targets.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use super::is_known_target;
    use super::nearest_target;

    #[test]
    fn knows_sections_and_settings() {
        let settings = Settings::get();
        for (section, setting, known) in [
            ("Service", "ExecStart", true),
            ("Service", "MemoryMax", true),
            ("Mount", "Where", true),
            ("Service", "Where", false),
            ("Unit", "Description", true),
            ("Unit", "ExecStart", false),
            ("Install", "WantedBy", true),
            ("Slice", "MemoryMax", true),
            ("Timer", "OnCalendar", true),
        ] {
            assert_eq!(settings.knows(section, setting), known, "{section} {setting}");
        }
        assert_eq!(settings.near("Service", "ExecStrt"), Some("ExecStart"));
        assert!(settings.is_truth("RemainAfterExit") && !settings.is_truth("ExecStart"));
        assert!(is_known_target("multi-user.target") && !is_known_target("multiuser.target"));
        assert_eq!(nearest_target("multiuser.target"), Some("multi-user.target"));
    }
}
