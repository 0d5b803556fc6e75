//! What an upgrade of a cluster depends on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::Exit;
use super::super::Ui;
use super::super::evidence;
use super::super::evidence::Question;
use crate::cluster;
use crate::cluster::Ask;
use crate::cluster::Release;
use crate::saved::Kind;
use crate::verify::Look;
use crate::world::Depth;
use crate::world::Failure;

#[derive(Debug, Args)]
#[command(next_help_heading = "Upgrades")]
pub(super) struct UpgradeArguments {
    /// What must be true before a Harvester cluster is upgraded to this release, as in `v1.5.0`
    #[arg(long, value_name = "VERSION", value_parser = release, requires = "evidence")]
    harvester_upgrade: Option<Release>,
    /// What must be true before an OKD or OpenShift cluster is upgraded to this release, as in `4.16.3`
    #[arg(long, value_name = "VERSION", value_parser = release, requires = "evidence", conflicts_with = "harvester_upgrade")]
    okd_upgrade: Option<Release>,
    /// How to log in to the cluster; it is only read
    #[arg(long, value_name = "FILE", group = "evidence")]
    kubeconfig: Option<PathBuf>,
    /// What was kept of the cluster: an unpacked support bundle of Harvester, or a must-gather
    #[arg(long, value_name = "DIR", group = "evidence")]
    facts: Option<PathBuf>,
}

fn release(text: &str) -> Result<Release, String> {
    text.parse::<Release>().map_err(|error| error.to_string())
}

/// What a cluster is called, and the looks at it.
pub(super) struct Gates {
    pub(super) name: String,
    pub(super) looks: Vec<Look>,
}

/// What the upgrade depends on, if one is asked for; one answer of the cluster may take `timeout`.
pub(super) fn look(
    arguments: &UpgradeArguments,
    timeout: Duration,
    ui: &mut Ui,
) -> Result<Result<Option<Gates>, Exit>, Failure> {
    let question = match (&arguments.harvester_upgrade, &arguments.okd_upgrade) {
        (Some(_), _) => Question {
            asks: &Ask::FOR_HARVESTER_UPGRADE,
            depth: Depth::Kubelets,
            kept: Kind::SupportBundle,
            timeout,
        },
        (None, Some(_)) => {
            Question { asks: &Ask::FOR_OKD_UPGRADE, depth: Depth::Api, kept: Kind::MustGather, timeout }
        }
        (None, None) => return Ok(Ok(None)),
    };
    let (kubeconfig, facts) = (arguments.kubeconfig.as_deref(), arguments.facts.as_deref());
    let seen = match evidence::see(kubeconfig, facts, &question, ui)? {
        Ok(seen) => seen,
        Err(exit) => return Ok(Err(exit)),
    };
    let looks = match (&arguments.harvester_upgrade, &arguments.okd_upgrade) {
        (Some(target), _) => cluster::harvester_gates(&seen.evidence, target),
        (None, Some(target)) => cluster::okd_gates(&seen.evidence, target),
        (None, None) => Vec::new(),
    };
    Ok(Ok(Some(Gates { name: seen.name, looks })))
}
