//! Longhorn's volumes, and backups, as the upgrade's webhook looks at them.

use serde_json::Value;

use super::full_name;
use super::subject;
use super::text;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::evidence::only_of;
use crate::cluster::marker::items;
use crate::cluster::marker::name;
use crate::cluster::odd::Odd;
use crate::verify::HarvesterProperty;
use crate::verify::Subject;

/// With fewer nodes a volume cannot have the copies it wants.
const NODES_FOR_COPIES: usize = 3;

/// That no volume lost a copy; with fewer than three nodes the webhook does not ask.
pub(super) fn degraded(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::VolumesDegraded);
    looking.expect(&subject, "none", "volumes that lost a copy");
    let Some(nodes) = looking.seen(Ask::Nodes, &subject) else { return };
    if items(nodes).count() < NODES_FOR_COPIES {
        looking.look.found(&subject, ["none"]);
        return;
    }
    let Some(list) = looking.seen(Ask::Volumes, &subject) else { return };
    let found: Vec<Odd> = items(list)
        .filter(|volume| matches!(text(volume, "/status/robustness").as_str(), "degraded" | "faulted"))
        .map(|volume| {
            let says = "let Longhorn rebuild its copies first: see whether a disk or a node is away";
            Odd::new(claim(volume), text(volume, "/status/robustness"), says)
        })
        .collect();
    looking.all_but(&subject, "none", &found);
}

/// That no volume has one copy alone; on one node every volume has.
pub(super) fn single(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::VolumesSingle);
    looking.expect(&subject, "none", "volumes with one copy alone");
    let Some(nodes) = looking.seen(Ask::Nodes, &subject) else { return };
    if items(nodes).count() == 1 {
        looking.look.found(&subject, ["none"]);
        return;
    }
    let Some(list) = looking.seen(Ask::Volumes, &subject) else { return };
    let is_single =
        |volume: &&Value| volume.pointer("/spec/numberOfReplicas").and_then(Value::as_u64) == Some(1);
    let found: Vec<Odd> = items(list)
        .filter(is_single)
        .map(|volume| {
            let says = "give it more copies, or shut down what uses it; if it is detached, the annotation `harvesterhci.io/skipSingleReplicaDetachedVol` of the upgrade lets it be";
            let state = text(volume, "/status/state");
            let state = if state.is_empty() { "one copy".to_owned() } else { state };
            Odd::new(claim(volume), state, says)
        })
        .collect();
    looking.all_but(&subject, "none", &found);
}

/// That no backup is being made: it keeps machines from moving.
pub(super) fn backups(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::BackupsRunning);
    looking.expect(&subject, "none", "backups that are being made");
    let is_running = |backup: &&Value| {
        let is_ready = backup.pointer("/status/readyToUse").and_then(Value::as_bool) == Some(true);
        let has_failed = backup.pointer("/status/error").is_some_and(Value::is_object);
        !is_ready && !has_failed
    };
    everywhere(looking, Ask::Backups, &subject, |backup| {
        is_running(&backup).then(|| Odd::new(full_name(backup), "being made", "wait for it, or delete it"))
    });
}

/// That no schedule may begin a backup in the midst of the upgrade.
pub(super) fn schedules(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::SchedulesActive);
    looking.expect(&subject, "none", "schedules that may begin a backup");
    everywhere(looking, Ask::Schedules, &subject, |schedule| {
        let is_suspended = schedule.pointer("/status/suspended").and_then(Value::as_bool) == Some(true);
        (!is_suspended)
            .then(|| Odd::new(full_name(schedule), "active", "suspend it until the upgrade is over"))
    });
}

/// Those of a list of all namespaces that are odd; one of some namespaces alone cannot say that there are none.
pub(super) fn everywhere(
    looking: &mut Looking,
    ask: Ask,
    subject: &Subject,
    judge: impl Fn(&Value) -> Option<Odd>,
) {
    let Some(list) = looking.seen(ask, subject) else { return };
    let found: Vec<Odd> = items(list).filter_map(judge).collect();
    match only_of(list) {
        Some(kept) if found.is_empty() => {
            let why = format!("only those of {} were kept", kept.join(", "));
            looking.look.cannot(subject, why);
        }
        _ => looking.all_but(subject, "none", &found),
    }
}

/// The claim that a volume stands for, as people know it, or the volume's own name.
fn claim(volume: &Value) -> String {
    let [namespace, claim] =
        ["namespace", "pvcName"].map(|key| text(volume, &format!("/status/kubernetesStatus/{key}")));
    if claim.is_empty() { name(volume) } else { format!("{namespace}/{claim}") }
}
