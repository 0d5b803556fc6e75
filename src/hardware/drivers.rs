//! Which network drivers report a port name or number, and since which kernel, from `drivers.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::value::KernelVersion;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("drivers.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    driver: Vec<Driver>,
}

/// A network driver, and what it says of its ports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Its name, as in the `driver` link of sysfs.
    pub name: String,
    /// What it drives.
    pub devices: String,
    /// Where it is written that it reports nothing, if it has no changes.
    #[serde(default)]
    pub source: String,
    /// What it began or ceased to report.
    #[serde(default, rename = "change")]
    pub changes: Vec<Change>,
    /// Names that people lost by it.
    #[serde(default, rename = "rename")]
    pub renames: Vec<Rename>,
}

/// Something that a driver reports of its ports, in some kernels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where it is reported.
    pub attribute: Attribute,
    /// What is reported: `p{function}`, `p{port}`, `pf{pf}vf{vf}`, `{port}`, or a plain word.
    pub value: String,
    /// Which ports have it.
    pub when: When,
    /// The first release of the kernel with it, or the first known to have it if that is not verified.
    pub since: KernelVersion,
    /// The newest release that is known to be without it, if the first one with it is not known.
    pub absent: Option<KernelVersion>,
    /// The first release that is without it again.
    pub until: Option<KernelVersion>,
    /// Where that is written.
    pub source: String,
    /// Whether `since` is the very first release.
    #[serde(default = "verified")]
    pub verified: bool,
    /// What was seen on kernels that take drivers of later releases.
    #[serde(default)]
    pub seen: Vec<Seen>,
}

/// The attribute of a port in sysfs that udev puts into its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// `n` and the name of the port on the card.
    PhysPortName,
    /// `d` and the number of the port on its function, if that is above 0.
    DevPort,
}

/// Which of a driver's ports report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// All of them.
    Always,
    /// Those of physical functions.
    PhysicalFunction,
    /// All of them, in the eswitch mode `switchdev`.
    Switchdev,
    /// Those that stand for another function's port, in the eswitch mode `switchdev`.
    Representor,
    /// Those that share a PCI function with others.
    SeveralPorts,
    /// Those that a hypervisor offers as a standby.
    Standby,
}

/// A kernel with drivers of later releases, and whether it has the change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The system, as in `rhel-9.4`.
    pub system: String,
    /// Its kernel.
    pub kernel: KernelVersion,
    /// Whether the change is there.
    pub present: bool,
    /// Where that is written.
    pub source: String,
    /// Whether that is certain.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A name that people lost.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The name before.
    pub from: String,
    /// The name after.
    pub to: String,
    /// On which system, at what step.
    #[serde(rename = "where")]
    pub place: String,
    /// Where that is written.
    pub source: String,
    /// Whether the driver is known to be the reason.
    #[serde(default = "verified")]
    pub verified: bool,
}

fn verified() -> bool {
    true
}

/// All drivers that are known, by name.
pub fn drivers() -> &'static [Driver] {
    &TABLE.driver
}

impl Driver {
    /// The driver of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        drivers().iter().find(|driver| driver.name == name)
    }
}

impl Change {
    /// Whether this kernel has it; nothing if that is not known.
    ///
    /// Of kernels that take drivers of later releases the mainline numbers tell only what is there already; what
    /// came later may have been brought in, so that only what was seen counts.
    pub fn is_in(&self, kernel: &KernelVersion) -> Option<bool> {
        let is_over = self.until.as_ref().is_some_and(|until| kernel >= until);
        if kernel >= &self.since || is_over {
            return Some(!is_over);
        }
        if kernel.takes_drivers_of_later_releases() {
            return self.was_seen_in(kernel);
        }
        let may_be_there = !self.verified && self.absent.as_ref().is_none_or(|absent| kernel > absent);
        (!may_be_there).then_some(false)
    }

    /// What was seen on an older or newer build of the same kernel, as far as it tells of this one.
    fn was_seen_in(&self, kernel: &KernelVersion) -> Option<bool> {
        let tells = |seen: &&Seen| {
            let is_beyond = if seen.present { kernel >= &seen.kernel } else { kernel <= &seen.kernel };
            seen.verified && seen.kernel.has_base_of(kernel) && is_beyond
        };
        self.seen.iter().find(tells).map(|seen| seen.present)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Attribute;
    use super::Driver;
    use super::Table;
    use super::When;
    use super::drivers;

    #[test]
    fn the_table_can_be_read_and_is_in_order() {
        let table: Table = toml::from_str(include_str!("drivers.toml")).unwrap();
        assert_eq!(table.driver.len(), drivers().len());
        for pair in table.driver.windows(2) {
            assert!(pair[0].name.to_lowercase() < pair[1].name.to_lowercase(), "{}", pair[1].name);
        }
    }

    #[test]
    fn every_fact_has_its_source() {
        for driver in drivers() {
            let of_changes = driver.changes.iter().map(|change| &change.source);
            let of_seen = driver.changes.iter().flat_map(|change| &change.seen).map(|seen| &seen.source);
            let of_renames = driver.renames.iter().map(|rename| &rename.source);
            let mut sources = of_changes.chain(of_seen).chain(of_renames);
            assert!(sources.all(|source| source.len() > 10), "{}", driver.name);
            assert_ne!(driver.source.is_empty(), driver.changes.is_empty(), "{}", driver.name);
            assert!(!driver.devices.is_empty(), "{}", driver.name);
        }
    }

    #[test]
    fn every_change_makes_sense() {
        for driver in drivers() {
            for change in &driver.changes {
                let name = &driver.name;
                assert!(change.until.as_ref().is_none_or(|until| until > &change.since), "{name}");
                assert!(change.absent.as_ref().is_none_or(|absent| absent < &change.since), "{name}");
                assert!(change.absent.is_none() || !change.verified, "{name}");
                let plain = ["{function}", "{port}", "{pf}", "{vf}"]
                    .iter()
                    .fold(change.value.clone(), |value, placeholder| value.replace(placeholder, "1"));
                assert!(plain.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}: {plain}");
                assert_eq!(change.value.contains("{vf}"), change.when == When::Representor, "{name}");
                if change.attribute == Attribute::DevPort {
                    assert!(plain.parse::<u32>().is_ok(), "{name}: {plain}");
                }
                let kernels = change.seen.iter().map(|seen| &seen.kernel);
                assert!(kernels.clone().all(|kernel| kernel.takes_drivers_of_later_releases()), "{name}");
                assert!(kernels.clone().all(|kernel| kernel < &change.since), "{name}");
            }
            for rename in &driver.renames {
                assert!(rename.to.starts_with(&rename.from) && rename.to != rename.from, "{}", rename.to);
            }
        }
    }

    #[test]
    fn tells_what_a_kernel_reports() {
        for (driver, kernel, is_there) in [
            ("i40e", "6.5.9-300.fc39.x86_64", Some(false)),
            ("i40e", "6.7.4-200.fc39.x86_64", Some(true)),
            ("i40e", "5.14.0-570.12.1.el9_6.x86_64", None),
            ("i40e", "6.12.0-55.el10.x86_64", Some(true)),
            ("ixgbe", "6.15.9", Some(false)),
            ("ixgbe", "6.16.3", Some(true)),
            ("ixgbe", "6.16.4", Some(false)),
            ("ixgbe", "7.3.4", Some(false)),
            ("mana", "5.10.223", Some(false)),
            ("mana", "5.15.0-100-generic", None),
            ("mana", "6.1.0-25-amd64", Some(true)),
            ("bnxt_en", "5.4.0-97-generic", None),
        ] {
            let change = &Driver::find(driver).unwrap().changes[0];
            assert_eq!(change.is_in(&kernel.parse().unwrap()), is_there, "{driver} in {kernel}");
        }
        let ice = |kernel: &str| {
            let changes = Driver::find("ice").unwrap().changes.iter();
            let there = changes.filter(|change| change.is_in(&kernel.parse().unwrap()) == Some(true));
            there.map(|change| change.when).collect::<Vec<When>>()
        };
        assert_eq!(ice("5.15.0"), []);
        assert_eq!(ice("6.1.192"), [When::Switchdev, When::Representor]);
        assert_eq!(ice("6.2"), [When::Always, When::Representor]);
        assert!(Driver::find("igb").unwrap().changes.is_empty());
        assert!(Driver::find("floppy").is_none());
    }
}
