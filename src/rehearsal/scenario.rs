//! The boots a machine is rehearsed in.

use std::fmt;
use std::str::FromStr;

use crate::value::ValueError;

/// One boot after which the machine is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Boots the medium, installs, and boots the disk for the first time.
    Install,
    /// Boots the disk again, with nothing changed.
    Reboot,
    /// Boots the disk with every port at another place, so that udev gives it another name.
    Rename,
}

impl Scenario {
    /// All scenarios, in the order they run.
    pub const ALL: [Self; 3] = [Self::Install, Self::Reboot, Self::Rename];
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
        f.write_str(match self {
            Self::Install => "install",
            Self::Reboot => "reboot",
            Self::Rename => "rename",
        })
    }
}
