//! What an upgrade of Harvester depends on: what its webhook refuses, and what it does not look at and hangs on later.

use super::LEAST_DAYS;
use super::charts;
use super::disks;
use super::looking;
use super::machines;
use super::migration;
use super::nodes;
use super::pods;
use super::subject;
use super::upgrade;
use super::versions;
use super::volumes;
use crate::cluster::Evidence;
use crate::cluster::Release;
use crate::cluster::evidence::certificate;
use crate::verify::HarvesterProperty;
use crate::verify::Life;
use crate::verify::Look;

/// What must be true before the cluster is upgraded to `target`.
pub fn harvester_gates(evidence: &Evidence, target: &Release) -> Vec<Look> {
    let begin = |name| looking(name, Life::Before, evidence);
    let mut of_release = begin("release");
    upgrade::none_running(&mut of_release);
    versions::target(&mut of_release, target);
    let mut of_cluster = begin("cluster");
    machines::provisioned(&mut of_cluster);
    machines::running(&mut of_cluster);
    nodes::ready(&mut of_cluster);
    nodes::pressed(&mut of_cluster);
    nodes::synchronized(&mut of_cluster);
    charts::ready(&mut of_cluster);
    charts::addons(&mut of_cluster);
    pods::images(&mut of_cluster);
    disks::roomy(&mut of_cluster);
    let days = versions::least_days(evidence, target).unwrap_or(LEAST_DAYS);
    certificate(&mut of_cluster, &subject(HarvesterProperty::CertificateHolds), days);
    let mut of_machines = begin("machines");
    volumes::degraded(&mut of_machines);
    volumes::single(&mut of_machines);
    migration::pinned(&mut of_machines);
    volumes::backups(&mut of_machines);
    volumes::schedules(&mut of_machines);
    [of_release, of_cluster, of_machines].map(|looking| looking.look).into()
}
