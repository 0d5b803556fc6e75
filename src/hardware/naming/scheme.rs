//! The schemes that systemd-udevd makes names by, from `naming_schemes.toml`.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::document::nearest;
use crate::hardware::Port;
use crate::value::ValueError;

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("naming_schemes.toml")).unwrap_or_default());
static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| schemes(&TABLE));

/// The word for the newest scheme of systemd's own.
pub const LATEST: &str = "latest";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    database: Vec<Known>,
    feature: Vec<Explained>,
    scheme: Vec<Row>,
}

/// A port that the hardware database has a name for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    usb: String,
    name: String,
    #[expect(dead_code, reason = "for who reads the table")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    name: Feature,
    says: String,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    default_of: Option<String>,
    #[serde(default)]
    adds: Vec<Feature>,
    #[serde(default)]
    drops: Vec<Feature>,
}

/// One thing that some schemes do and others do not; the table says what, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the table explains each")]
pub enum Feature {
    VirtualFunction,
    AlternativeRouting,
    Infiniband,
    IndexZero,
    RenameAgain,
    StableVirtualAddresses,
    Netdevsim,
    LabelAlone,
    NspawnHash,
    NoSlotOfABridge,
    SlotByFunction,
    #[serde(rename = "index-16-bit")]
    Index16Bit,
    StrictReplacement,
    Xen,
    SlotOfABridgeToMany,
    DeviceTree,
    UsbHost,
    Representor,
    SlotNumberFirst,
    DeviceTreeOfPort,
    InterfaceProperty,
    DeviceTreeWireless,
    Mctp,
    Subfunction,
}

/// A scheme that names are made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name, as `net.naming-scheme=` takes it.
    pub name: String,
    /// Whose udevd names by it when nothing is said.
    pub default_of: Option<String>,
    /// What it does.
    features: BTreeSet<Feature>,
    /// What it does that the one before it did not, or no longer does: a sentence each.
    pub changes: Vec<String>,
}

impl Scheme {
    /// True if the scheme does this.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Every scheme: systemd's own from the oldest to the newest, then RHEL's.
    pub fn all() -> &'static [Self] {
        &SCHEMES
    }

    /// The scheme of this name; `latest` is the newest of systemd's own.
    pub fn find(name: &str) -> Option<&'static Self> {
        match name {
            LATEST => SCHEMES.iter().rfind(|scheme| scheme.is_upstream()),
            name => SCHEMES.iter().find(|scheme| scheme.name == name),
        }
    }

    /// True for systemd's own schemes.
    pub fn is_upstream(&self) -> bool {
        self.name.starts_with('v')
    }
}

/// The schemes that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schemes(pub Vec<&'static Scheme>);

impl FromStr for Schemes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "all" {
            return Ok(Self(SCHEMES.iter().collect()));
        }
        let one = |name: &str| {
            Scheme::find(name).ok_or_else(|| {
                let help = match nearest(name, SCHEMES.iter().map(|scheme| scheme.name.as_str())) {
                    Some(near) => format!("did you mean `{near}`? `all` is every one that is known"),
                    None => "name one as in `v252`, `rhel-9.4` or `latest`; `all` is every one".to_owned(),
                };
                ValueError::new(format!("`{name}` is not a naming scheme"), help)
            })
        };
        text.split(',').map(str::trim).map(one).collect::<Result<_, _>>().map(Self)
    }
}

/// What udev's hardware database calls a port, if it was seen or is known.
pub(super) fn database_name(port: &Port) -> Option<&str> {
    let ids = port.devices.iter().filter_map(|device| device.usb_id.as_ref());
    let mut known = ids.filter_map(|id| TABLE.database.iter().find(|known| known.usb == *id));
    port.database_name.as_deref().or_else(|| known.next().map(|known| known.name.as_str()))
}

fn schemes(table: &Table) -> Vec<Scheme> {
    let says = |feature: &Feature| {
        let known = table.feature.iter().find(|known| known.name == *feature)?;
        Some(format!("{} ({})", known.says, known.source))
    };
    let mut schemes: Vec<Scheme> = Vec::new();
    for row in &table.scheme {
        let before = schemes.iter().find(|scheme| scheme.name == row.from);
        let mut features = before.map(|scheme| scheme.features.clone()).unwrap_or_default();
        features.extend(&row.adds);
        features.retain(|feature| !row.drops.contains(feature));
        let dropped = row.drops.iter().filter_map(says).map(|what| format!("no longer: {what}"));
        let changes = row.adds.iter().filter_map(says).chain(dropped).collect();
        let (name, default_of) = (row.name.clone(), row.default_of.clone());
        schemes.push(Scheme { name, default_of, features, changes });
    }
    schemes
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Feature;
    use super::SCHEMES;
    use super::Scheme;
    use super::Schemes;
    use super::Table;

    #[test]
    fn every_row_stands_on_one_before_it_and_every_feature_is_explained_and_used() {
        let table: Table = toml::from_str(include_str!("naming_schemes.toml")).unwrap();
        let mut before: Vec<&str> = vec![""];
        for row in &table.scheme {
            assert!(before.contains(&row.from.as_str()), "{}: `{}` is not there yet", row.name, row.from);
            assert!(!before.contains(&row.name.as_str()), "{} is there twice", row.name);
            before.push(&row.name);
        }
        for feature in &table.feature {
            assert!(table.scheme.iter().any(|row| row.adds.contains(&feature.name)), "{:?}", feature.name);
            assert!(!feature.source.is_empty() && !feature.says.is_empty(), "{:?}", feature.name);
        }
        for row in &table.scheme {
            for used in row.adds.iter().chain(&row.drops) {
                assert!(table.feature.iter().any(|feature| feature.name == *used), "{used:?}");
            }
        }
        assert_eq!(SCHEMES.len(), table.scheme.len());
    }

    #[test]
    fn schemes_add_up() {
        let has = |name: &str, feature| Scheme::find(name).unwrap().has(feature);
        assert!(!has("v238", Feature::IndexZero) && has("v240", Feature::IndexZero));
        assert!(has("v254", Feature::SlotOfABridgeToMany) && !has("v255", Feature::SlotOfABridgeToMany));
        assert!(has("rhel-8.4", Feature::NoSlotOfABridge) && !has("rhel-8.4", Feature::IndexZero));
        assert!(has("rhel-9.4", Feature::Representor) && !has("rhel-9.5", Feature::SlotOfABridgeToMany));
        assert!(has("rhel-10.1", Feature::SlotNumberFirst) && !has("rhel-9.7", Feature::SlotNumberFirst));
        assert_eq!(Scheme::find("latest").unwrap().name, "v261");
    }

    #[test]
    fn takes_names_lists_and_all() {
        assert_eq!("v252,rhel-9.4".parse::<Schemes>().unwrap().0.len(), 2);
        assert_eq!("all".parse::<Schemes>().unwrap().0.len(), SCHEMES.len());
        let wrong = "v2522".parse::<Schemes>().unwrap_err();
        assert!(format!("{wrong:?}").contains("v252"), "{wrong:?}");
        assert!("".parse::<Schemes>().is_err());
    }
}
