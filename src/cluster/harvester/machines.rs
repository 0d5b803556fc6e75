//! The cluster and its nodes as Cluster API sees them: the upgrade goes through it, so both must agree.

use std::collections::BTreeMap;

use super::keyed;
use super::subject;
use super::text;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::marker::items;
use crate::cluster::marker::name;
use crate::cluster::odd::Odd;
use crate::verify::HarvesterProperty;

pub(super) fn provisioned(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::Provisioned);
    looking.expect(&subject, "Provisioned", "phase of the cluster `fleet-local/local`");
    let Some(cluster) = looking.seen(Ask::LocalCluster, &subject) else { return };
    let next =
        "wait until it is provisioned: `kubectl -n fleet-local get clusters.cluster.x-k8s.io,machines`";
    looking.one(&subject, text(cluster, "/status/phase"), next);
}

/// That every machine runs, and each node and its machine know each other.
pub(super) fn running(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::MachinesRunning);
    looking.expect(&subject, "all", "machines that run and are nodes");
    let Some(nodes) = looking.seen(Ask::Nodes, &subject) else { return };
    let Some(machines) = looking.seen(Ask::Machines, &subject) else { return };
    let next = "see `kubectl -n fleet-local describe machines`, and `journalctl -u rancher-system-agent` on the node";
    let mut found = Vec::new();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for machine in items(machines) {
        let phase = text(machine, "/status/phase");
        let node = text(machine, "/status/nodeRef/name");
        if phase != "Running" {
            let phase = if phase.is_empty() { "no phase".to_owned() } else { phase };
            found.push(Odd::new(name(machine), phase, next));
        } else if node.is_empty() {
            found.push(Odd::new(name(machine), "no node", next));
        }
        of.insert(name(machine), node);
    }
    for node in items(nodes) {
        let own = name(node);
        match keyed(node, "/metadata/annotations", "cluster.x-k8s.io/machine") {
            None => found.push(Odd::new(own, "no machine", next)),
            Some(machine) if of.get(&machine) != Some(&own) => {
                found.push(Odd::new(own, format!("the machine {machine} is not its own"), next));
            }
            Some(_) => {}
        }
    }
    looking.all_but(&subject, "all", &found);
}
