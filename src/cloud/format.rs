//! Formats of boot data, and the programs in images that read them.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::value::ValueError;

/// What boot data is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// cloud-init's YAML.
    CloudConfig,
    /// One executable text.
    Script,
    /// Several parts in one MIME document.
    Mime,
    /// A JSON document for Ignition.
    Ignition,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::CloudConfig, Self::Script, Self::Mime, Self::Ignition];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::CloudConfig => "cloud-config",
            Self::Script => "script",
            Self::Mime => "mime",
            Self::Ignition => "ignition",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::CloudConfig => "cloud-config",
            Self::Script => "a script",
            Self::Mime => "MIME",
            Self::Ignition => "Ignition",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Format {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let found = Self::ALL.into_iter().find(|format| format.word() == text);
        found.ok_or_else(|| {
            let words: Vec<String> = Self::ALL.iter().map(|format| format!("`{format}`")).collect();
            ValueError::new(
                format!("`{text}` is no format of boot data"),
                format!("write one of {}", words.join(", ")),
            )
        })
    }
}

/// The program in an image that reads boot data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// cloud-init.
    CloudInit,
    /// Flatcar's own reader of a part of cloud-config.
    CoreosCloudinit,
    /// The script runner of Google's guest agent.
    StartupScript,
    /// Ignition, in the initramfs.
    Ignition,
}

impl Reader {
    /// Its word in tables and machine files.
    pub fn word(self) -> &'static str {
        match self {
            Self::CloudInit => "cloud-init",
            Self::CoreosCloudinit => "coreos-cloudinit",
            Self::StartupScript => "startup-script",
            Self::Ignition => "ignition",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::CloudInit => "cloud-init",
            Self::CoreosCloudinit => "coreos-cloudinit",
            Self::StartupScript => "Google's script runner",
            Self::Ignition => "Ignition",
        }
    }

    /// The formats that it understands, whatever the image.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Self::CloudInit => &[Format::CloudConfig, Format::Script, Format::Mime],
            Self::CoreosCloudinit => &[Format::CloudConfig, Format::Script, Format::Mime],
            Self::StartupScript => &[Format::Script],
            Self::Ignition => &[Format::Ignition],
        }
    }

    /// When it lets run what it reads.
    pub fn runs(self) -> Runs {
        match self {
            Self::CloudInit => Runs::OncePerInstance,
            Self::CoreosCloudinit | Self::StartupScript => Runs::EveryBoot,
            Self::Ignition => Runs::FirstBoot,
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// In which boots something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// In the first boot of a disk.
    FirstBoot,
    /// Once for each instance: again in a machine that is made of a copy of the disk.
    OncePerInstance,
    /// Started at every boot, and works once: a stamp on the disk guards it.
    Guarded,
    /// At every boot.
    EveryBoot,
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FirstBoot => "in the first boot of the disk",
            Self::OncePerInstance => "once per instance",
            Self::Guarded => "once, guarded by a stamp on the disk",
            Self::EveryBoot => "at every boot",
        })
    }
}
