//! The lives of a machine: periods in which a different set of inputs decides what it is.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// A period in which one set of inputs decides what the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// The medium in RAM decides.
    Live,
    /// Ignition on the installed disk decides.
    FirstBoot,
    /// The disk alone decides.
    LaterBoots,
}

impl Life {
    /// All lives, in order.
    pub const ALL: [Self; 3] = [Self::Live, Self::FirstBoot, Self::LaterBoots];
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::FirstBoot => "first boot",
            Self::LaterBoots => "later boots",
        })
    }
}

/// The lives something serves.
pub type Lives = Vec<Life>;
