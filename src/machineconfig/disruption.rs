//! What node disruption policies are made of: actions, and how many of what a cluster takes.
//!
//! From openshift/api, `operator/v1/types_machineconfiguration.go`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

/// The most entries of files, and of units.
pub(super) const MOST_ENTRIES: usize = 50;

/// The most actions of an entry.
pub(super) const MOST_ACTIONS: usize = 10;

/// The types of actions that a person can write.
pub(super) const TYPES: [&str; 6] = ["Reboot", "Drain", "Reload", "Restart", "DaemonReload", "None"];

/// Sections of storage that may be allowed to differ.
pub(super) const STORAGE: [&str; 3] = ["Disks", "FileSystems", "Raid"];

/// Something that the operator does after a change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Action {
    /// Boots the node anew; nothing else counts then.
    Reboot,
    /// Drains the node before the change.
    Drain,
    /// Reloads a unit.
    Reload(String),
    /// Restarts a unit.
    Restart(String),
    /// Lets systemd read its units again.
    DaemonReload,
    /// Nothing.
    None,
    /// Reloads CRI-O, and drains the node before if the change of registries needs it. The operator's own.
    Special,
}

impl Action {
    /// Its type, as in a policy.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reboot => "Reboot",
            Self::Drain => "Drain",
            Self::Reload(_) => "Reload",
            Self::Restart(_) => "Restart",
            Self::DaemonReload => "DaemonReload",
            Self::None => "None",
            Self::Special => "Special",
        }
    }

    /// Reads an action of a policy, if it is a known one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let service = |key: &str| Some(value.get(key)?.get("serviceName")?.as_str()?.to_owned());
        match value.get("type")?.as_str()? {
            "Reload" => Some(Self::Reload(service("reload")?)),
            "Restart" => Some(Self::Restart(service("restart")?)),
            word => word.parse().ok(),
        }
    }

    /// Whether it stands alone: beside it, others would say nothing.
    pub fn is_alone(&self) -> bool {
        matches!(self, Self::Reboot | Self::None)
    }

    /// The action as in a policy.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Reload(unit) => json!({"type": "Reload", "reload": {"serviceName": unit}}),
            Self::Restart(unit) => json!({"type": "Restart", "restart": {"serviceName": unit}}),
            other => json!({"type": other.kind()}),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reboot => write!(f, "reboot"),
            Self::Drain => write!(f, "drain"),
            Self::Reload(unit) => write!(f, "reload {unit}"),
            Self::Restart(unit) => write!(f, "restart {unit}"),
            Self::DaemonReload => write!(f, "daemon-reload"),
            Self::None => write!(f, "nothing"),
            Self::Special => write!(f, "reload crio.service (`Special`)"),
        }
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(' ') {
            None => match text {
                "Reboot" => Ok(Self::Reboot),
                "Drain" => Ok(Self::Drain),
                "DaemonReload" => Ok(Self::DaemonReload),
                "None" => Ok(Self::None),
                "Special" => Ok(Self::Special),
                other => Err(format!("`{other}` is no action")),
            },
            Some(("Reload", unit)) => Ok(Self::Reload(unit.to_owned())),
            Some(("Restart", unit)) => Ok(Self::Restart(unit.to_owned())),
            Some((other, _)) => Err(format!("`{other}` is no action")),
        }
    }
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
