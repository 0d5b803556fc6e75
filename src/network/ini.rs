//! Files of sections and keys: keyfiles and `.link` files as values.

use std::fmt;

/// A file of sections, each with keys in order. A key may stand several times (`Name=` then `Name=x`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ini {
    sections: Vec<(String, Vec<(String, String)>)>,
}

impl Ini {
    /// Reads what another program wrote; comments and blank lines are dropped.
    pub(super) fn parse(text: &str) -> Self {
        let mut ini = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                ini.sections.push((name.to_owned(), Vec::new()));
            } else if let (Some((key, value)), Some((_, keys))) =
                (line.split_once('='), ini.sections.last_mut())
                && !line.starts_with('#')
            {
                keys.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        ini
    }

    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        let (_, keys) = self.sections.iter().find(|(name, _)| name == section)?;
        keys.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Sets the key, or adds it to its section, which is made if need be.
    pub(super) fn set(&mut self, section: &str, key: &str, value: impl Into<String>) {
        let keys = self.section(section);
        match keys.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value.into(),
            None => keys.push((key.to_owned(), value.into())),
        }
    }

    /// Takes the key away.
    pub(super) fn remove(&mut self, section: &str, key: &str) {
        for (_, keys) in self.sections.iter_mut().filter(|(name, _)| name == section) {
            keys.retain(|(name, _)| name != key);
        }
    }

    /// Adds a key after those of its section.
    pub(super) fn with(mut self, section: &str, key: &str, value: impl Into<String>) -> Self {
        self.section(section).push((key.to_owned(), value.into()));
        self
    }

    fn section(&mut self, name: &str) -> &mut Vec<(String, String)> {
        let index = match self.sections.iter().position(|(other, _)| other == name) {
            Some(index) => index,
            None => {
                self.sections.push((name.to_owned(), Vec::new()));
                self.sections.len() - 1
            }
        };
        &mut self.sections[index].1
    }
}

impl fmt::Display for Ini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, keys)) in self.sections.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            writeln!(f, "{gap}[{name}]")?;
            for (key, value) in keys {
                writeln!(f, "{key}={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Ini;

    #[test]
    fn writes_what_it_read() {
        let text = "[connection]\nid=a\ntype=vlan\n\n[vlan]\nid=7\n";
        let mut ini = Ini::parse(text);
        assert_eq!(ini.to_string(), text);
        ini.set("vlan", "parent", "x");
        ini.set("connection", "id", "b");
        assert_eq!(ini.to_string(), "[connection]\nid=b\ntype=vlan\n\n[vlan]\nid=7\nparent=x\n");
        assert_eq!((ini.get("vlan", "id"), ini.get("bond", "id")), (Some("7"), None));
    }
}
