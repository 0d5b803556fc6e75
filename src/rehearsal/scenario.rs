//! The boots a machine is rehearsed in.

use std::fmt;
use std::str::FromStr;

use crate::value::ValueError;

/// One way a boot can go, after which the machine is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Boots the medium, installs, and boots the disk for the first time.
    Install,
    /// Boots the disk again, with nothing changed.
    Reboot,
    /// Boots the disk with every port at another place, so that udev gives it another name.
    Rename,
    /// Boots the disk with the ports at each other's places, so that each gets a name that another had.
    Swap,
    /// Boots the disk with another scheme of udev's names.
    Scheme,
    /// Boots the disk with one port missing.
    Unplug,
    /// Boots the disk with nothing answering behind any port.
    NoDhcp,
    /// Installs with the power cut while the disk is written, and again during the first boot.
    PowerCut,
}

impl Scenario {
    /// All scenarios, in the order they run.
    pub const ALL: [Self; 8] = [
        Self::Install,
        Self::Reboot,
        Self::Rename,
        Self::Swap,
        Self::Scheme,
        Self::Unplug,
        Self::NoDhcp,
        Self::PowerCut,
    ];
}

impl FromStr for Scenario {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::ALL.into_iter().find(|scenario| scenario.to_string() == text).ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(ToString::to_string).collect();
            ValueError::new(format!("`{text}` is not a scenario"), format!("known: {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Install => "install",
            Self::Reboot => "reboot",
            Self::Rename => "rename",
            Self::Swap => "swap",
            Self::Scheme => "scheme",
            Self::Unplug => "unplug",
            Self::NoDhcp => "no-dhcp",
            Self::PowerCut => "power-cut",
        })
    }
}
