//! The lives of a machine: periods in which a different set of inputs decides what it is.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// A period in which one set of inputs decides what the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Nothing has booted yet: what surrounds the machine, and what it is before it is changed.
    Before,
    /// The medium in RAM decides.
    Live,
    /// Ignition on the installed disk decides.
    FirstBoot,
    /// The disk alone decides.
    LaterBoots,
    /// OpenShift's machine-config-operator has taken over, and renders what it manages.
    AfterMco,
}

impl Life {
    /// The lives of every machine, in order.
    pub const ALL: [Self; 3] = [Self::Live, Self::FirstBoot, Self::LaterBoots];

    /// The lives of a machine whose image is there already.
    pub const OF_IMAGE: [Self; 2] = [Self::FirstBoot, Self::LaterBoots];

    /// The lives of a node that is there, of which the machine-config-operator alone decides what is asked for.
    pub const OF_NODE: [Self; 1] = [Self::AfterMco];

    /// The lives of a machine that the machine-config-operator takes over.
    pub const WITH_OPERATOR: [Self; 4] = [Self::Live, Self::FirstBoot, Self::LaterBoots, Self::AfterMco];

    /// The word for it in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Live => "live",
            Self::FirstBoot => "first-boot",
            Self::LaterBoots => "later-boots",
            Self::AfterMco => "after-mco",
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::Live => "live",
            Self::FirstBoot => "first boot",
            Self::LaterBoots => "later boots",
            Self::AfterMco => "after MCO",
        })
    }
}

/// The lives something serves.
pub type Lives = Vec<Life>;
