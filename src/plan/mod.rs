//! What will be done, and what must then be true: the value between wishes and media.

mod change;
mod delivery;
mod handover;
mod matrix;
mod served;

pub use change::Change;
pub use change::Consequence;
pub use change::changes;
pub use delivery::Delivered;
pub use delivery::Delivery;
pub use delivery::Output;
pub use handover::Handover;
pub use matrix::Row;
pub use served::Served;

use serde::Deserialize;
use serde::Serialize;

use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition::Document;
use crate::ignition::Part;
use crate::image::Edit;
use crate::value::Digest;
use crate::verify::Life;
use crate::verify::Lives;
use crate::verify::Manifest;

/// Everything about one machine that can be decided before anything is written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The machine's name.
    pub machine: String,
    /// The lives that it has.
    pub lives: &'static [Life],
    /// What lands on the machine, with the line that asked for it.
    pub artifacts: Vec<Artifact>,
    /// The Ignition document of the installed system's first boot.
    pub destination: Document,
    /// What carries it to the machine.
    pub carrier: Carrier,
    /// What must be true in each life.
    pub manifest: Manifest,
    /// The newest minor version of Ignition's spec 3 that is asked of the system, and what asks for it.
    pub ignition_minor: Sourced<u8>,
}

/// What carries a plan to its machine.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// An installation medium.
    Medium(Medium),
    /// A cloud's boot data.
    Cloud(Box<Delivery>),
    /// Objects of a cluster, for its operator.
    Operator(Box<Handover>),
    /// What another system's own installer reads.
    Installer(Box<Served>),
}

/// What an installation medium brings.
#[derive(Clone, Debug)]
pub struct Medium {
    /// The Ignition document of the live system.
    pub live: Document,
    /// What changes in the base image.
    pub edit: Edit,
}

/// One thing that lands on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The group it is listed under, as in `network`.
    pub section: Section,
    /// What a person calls it, as in `keyfile mgmt0`.
    pub what: String,
    /// Where it lies on the machine, if it is a file.
    pub path: Option<String>,
    /// Its size in bytes.
    pub size_bytes: usize,
    /// What it holds, if it holds anything.
    pub sha256: Option<Digest>,
    /// The lives it serves.
    pub lives: Lives,
    /// Whether it must not be read by others.
    #[serde(default)]
    pub secrecy: Secrecy,
    /// What it is in a document, if it stands in one.
    #[serde(skip)]
    pub part: Option<Part>,
    /// The line that asked for it.
    pub origin: Origin,
}

impl Artifact {
    /// Something that is there in all lives, and that anybody may read.
    pub fn new(section: Section, what: impl Into<String>, origin: &Origin) -> Self {
        Self {
            section,
            what: what.into(),
            path: None,
            size_bytes: 0,
            sha256: None,
            lives: Life::ALL.to_vec(),
            secrecy: Secrecy::Open,
            part: None,
            origin: origin.clone(),
        }
    }

    /// The same, as a file of `contents` at `path`.
    pub fn at(mut self, path: impl Into<String>, contents: &[u8]) -> Self {
        self.path = Some(path.into());
        self.holding(contents)
    }

    /// The same, with `contents`.
    pub fn holding(mut self, contents: &[u8]) -> Self {
        self.size_bytes = contents.len();
        self.sha256 = Some(Digest::of(contents));
        self
    }

    /// The same, as it stands in a document.
    pub fn as_part(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }

    /// The same, in these lives only.
    pub fn in_lives(mut self, lives: &[Life]) -> Self {
        self.lives = lives.to_vec();
        self
    }

    /// The same as others may see it: the digest of a secret would let them try guesses.
    pub fn shown(&self) -> Self {
        let sha256 = self.sha256.clone().filter(|_| self.secrecy == Secrecy::Open);
        Self { sha256, ..self.clone() }
    }

    /// The same, not to be read by others.
    pub fn secret(mut self) -> Self {
        self.secrecy = Secrecy::Secret;
        self
    }
}

/// What an artifact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Host name.
    Identity,
    /// Users, passwords, keys.
    Users,
    /// Profiles and names of ports.
    Network,
    /// Disks, volumes, file systems, and Ignition's own settings.
    Storage,
    /// Files.
    Files,
    /// systemd units.
    Units,
    /// Kernel arguments.
    KernelArguments,
    /// How the installation goes.
    Install,
    /// What else a cluster's operator is told.
    Operator,
    /// How cotter verifies.
    Verification,
}

/// Whether something may be read by anybody who can read the medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrecy {
    /// It may.
    #[default]
    Open,
    /// It holds a password's hash or another secret.
    Secret,
}

impl Plan {
    /// The installation medium, if there is one.
    pub fn medium(&self) -> Option<&Medium> {
        match &self.carrier {
            Carrier::Medium(medium) => Some(medium),
            _ => None,
        }
    }

    /// What a cloud is given, if the machine is in one.
    pub fn delivery(&self) -> Option<&Delivery> {
        match &self.carrier {
            Carrier::Cloud(delivery) => Some(delivery),
            _ => None,
        }
    }

    /// What a cluster's operator is given, if one configures the machine.
    pub fn handover(&self) -> Option<&Handover> {
        match &self.carrier {
            Carrier::Operator(handover) => Some(handover),
            _ => None,
        }
    }

    /// What another system's installer reads, if one installs the machine.
    pub fn served(&self) -> Option<&Served> {
        match &self.carrier {
            Carrier::Installer(served) => Some(served),
            _ => None,
        }
    }

    /// True if the medium must not be readable by others.
    pub fn holds_secrets(&self) -> bool {
        self.artifacts.iter().any(|artifact| artifact.secrecy == Secrecy::Secret)
    }
}
