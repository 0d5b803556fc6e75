//! What will be done, and what must then be true: the value between wishes and media.

mod matrix;

pub use matrix::Row;

use crate::document::Origin;
use crate::ignition::Config;
use crate::image::Edit;
use crate::verify::Life;
use crate::verify::Lives;
use crate::verify::Manifest;

/// Everything about one machine that can be decided before anything is written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The machine's name.
    pub machine: String,
    /// What lands on the machine, with the line that asked for it.
    pub artifacts: Vec<Artifact>,
    /// The Ignition document of the live medium.
    pub live: Config,
    /// The Ignition document of the installed system.
    pub destination: Config,
    /// What changes in the base image.
    pub edit: Edit,
    /// What must be true in each life.
    pub manifest: Manifest,
}

/// One thing that lands on the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The group it is listed under, as in `network`.
    pub section: Section,
    /// What a person calls it, as in `keyfile mgmt0`.
    pub what: String,
    /// Where it lies on the machine, if it is a file.
    pub path: Option<String>,
    /// Its size in bytes.
    pub size_bytes: usize,
    /// The lives it serves.
    pub lives: Lives,
    /// Whether it must not be read by others.
    pub secrecy: Secrecy,
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
            lives: Life::ALL.to_vec(),
            secrecy: Secrecy::Open,
            origin: origin.clone(),
        }
    }

    /// The same, as a file of `size_bytes` at `path`.
    pub fn at(mut self, path: impl Into<String>, size_bytes: usize) -> Self {
        self.path = Some(path.into());
        self.size_bytes = size_bytes;
        self
    }

    /// The same, in these lives only.
    pub fn in_lives(mut self, lives: &[Life]) -> Self {
        self.lives = lives.to_vec();
        self
    }

    /// The same, not to be read by others.
    pub fn secret(mut self) -> Self {
        self.secrecy = Secrecy::Secret;
        self
    }
}

/// What an artifact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Host name.
    Identity,
    /// Users, passwords, keys.
    Users,
    /// Profiles and names of ports.
    Network,
    /// Files.
    Files,
    /// systemd units.
    Units,
    /// Kernel arguments.
    KernelArguments,
    /// How the installation goes.
    Install,
    /// How cotter verifies.
    Verification,
}

/// Whether something may be read by anybody who can read the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// It may.
    Open,
    /// It holds a password's hash or another secret.
    Secret,
}

impl Plan {
    /// True if the medium must not be readable by others.
    pub fn holds_secrets(&self) -> bool {
        self.artifacts.iter().any(|artifact| artifact.secrecy == Secrecy::Secret)
    }
}
