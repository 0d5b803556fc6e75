//! Names of ports, and what nodes do after changes.

use clap::Args;

use super::ForPool;
use super::ForVersion;
use super::Outcome;
use super::Output;
use super::object;
use super::pair;
use super::word;
use super::words;
use crate::document::Sourced;
use crate::machineconfig::generate;
use crate::machineconfig::generate::Pool;

/// Names of ports by their permanent addresses
#[derive(Debug, Args)]
pub(super) struct LinkPins {
    /// A name and the permanent MAC address of its port; again for several
    #[arg(long = "nic", value_name = "NAME=MAC", value_parser = pair, required = true)]
    nics: Vec<(String, String)>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl LinkPins {
    pub(super) fn make(&self) -> Outcome {
        let ports: Vec<_> = self.nics.iter().map(|(name, mac)| (word("--nic", name), mac.clone())).collect();
        object(generate::link_pins(&ports, &self.pool.pool()?))
    }
}

/// What nodes do after a change, instead of a reboot
#[derive(Debug, Args)]
pub(super) struct DisruptionPolicy {
    /// What is done after a change of a file or of what is below a folder: none, reboot, drain, daemon-reload,
    /// reload:UNIT, restart:UNIT; several in their order, with commas
    #[arg(long = "file", value_name = "PATH=ACTION,…", value_parser = pair)]
    files: Vec<(String, String)>,
    /// What is done after a change of a unit
    #[arg(long = "unit", value_name = "UNIT=ACTION,…", value_parser = pair)]
    units: Vec<(String, String)>,
    /// What is done after a change of core's keys or password
    #[arg(long, value_name = "ACTION,…")]
    sshkey: Option<String>,
    #[command(flatten)]
    version: ForVersion,
    #[command(flatten)]
    pub(super) output: Output,
}

impl DisruptionPolicy {
    pub(super) fn make(&self) -> Outcome {
        let actions = |flag: &str, text: &str| -> Vec<Sourced<String>> {
            let actions: Vec<String> =
                text.split(',').filter(|action| !action.is_empty()).map(str::to_owned).collect();
            words(flag, &actions)
        };
        let entries = |flag: &str, pairs: &[(String, String)]| -> Vec<_> {
            pairs.iter().map(|(name, text)| (word(flag, name), actions(flag, text))).collect()
        };
        let policy = generate::Policy {
            files: entries("--file", &self.files),
            units: entries("--unit", &self.units),
            ssh_key: self.sshkey.as_deref().map(|text| actions("--sshkey", text)).unwrap_or_default(),
        };
        object(generate::disruption_policy(&policy, &Pool::new("worker", self.version.rules()?)))
    }
}
