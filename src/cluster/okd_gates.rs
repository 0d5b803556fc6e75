//! What an upgrade of OKD or OpenShift depends on.

use serde_json::Value;

use super::Ask;
use super::Evidence;
use super::Looking;
use super::Release;
use super::TroubleKind;
use super::answer::shown;
use super::evidence::certificate;
use super::facts::OF_EVERY_CLUSTER;
use super::facts::record;
use super::marker::condition;
use super::marker::has;
use super::marker::items;
use super::marker::name;
use super::odd::Odd;
use super::odd::odd;
use crate::verify::BootRecord;
use crate::verify::ClusterProperty;
use crate::verify::Life;
use crate::verify::Look;
use crate::verify::Subject;

/// The first release whose operators wait for the completion marker (okd#2036).
const NEEDS_MARKER: (u64, u64) = (4, 16);
/// How long the API server's certificate must hold, in days: an upgrade may take that long with all that goes wrong.
const LEAST_DAYS: u64 = 7;

/// What must be true before the cluster is upgraded to `target`.
pub fn okd_gates(evidence: &Evidence, target: &Release) -> Vec<Look> {
    let known = record("", &evidence.answers);
    let begin = |name| Looking { look: Look::in_life(name, Life::Before), evidence };
    let mut of_release = begin("release");
    let current = current(evidence);
    path(&mut of_release, current.as_ref(), target);
    offered(&mut of_release, target);
    progressing(&mut of_release);
    if current.as_ref().map_or(true, |current| current.minor() != target.minor()) {
        upgradeable(&mut of_release);
        acks(&mut of_release, current.as_ref());
    }
    if target.minor() >= NEEDS_MARKER {
        take(&mut of_release, &known, ClusterProperty::Marker, "complete", "completion marker");
    }
    let mut of_cluster = begin("cluster");
    for (property, value, says) in OF_EVERY_CLUSTER {
        take(&mut of_cluster, &known, property, value, says);
    }
    schedulable(&mut of_cluster);
    paused(&mut of_cluster);
    certificate(&mut of_cluster, &Subject::Cluster(ClusterProperty::CertificateHolds), LEAST_DAYS);
    [of_release, of_cluster].map(|looking| looking.look).into()
}

/// What is known of a property of every cluster.
fn take(looking: &mut Looking, known: &BootRecord, property: ClusterProperty, value: &str, says: &str) {
    let subject = Subject::Cluster(property);
    looking.expect(&subject, value, says);
    looking.look.found_in(known, &subject);
}

/// The release that was installed whole at last, or why nobody can tell.
fn current(evidence: &Evidence) -> Result<Release, String> {
    let version = evidence.answer(Ask::Version)?;
    let history = version.pointer("/status/history").and_then(Value::as_array).into_iter().flatten();
    let mut complete = history.filter(|entry| entry["state"] == "Completed");
    let written = complete.next().and_then(|entry| entry["version"].as_str());
    let written = written.ok_or("no release was ever installed whole")?;
    written.parse().map_err(|error| format!("the cluster version: {error}"))
}

/// That the release follows the one that runs: minor releases go one by one.
fn path(looking: &mut Looking, current: Result<&Release, &String>, target: &Release) {
    let subject = Subject::Cluster(ClusterProperty::ReleasePath);
    looking.expect(&subject, "yes", &format!("{target} may follow the release that runs"));
    let current = match current {
        Ok(current) => current,
        Err(why) => return looking.look.cannot(&subject, why.clone()),
    };
    let ((major, minor), wanted) = (current.minor(), target.minor());
    if current >= target {
        looking.one(&subject, format!("{current} runs"), "name a release that is newer");
    } else if wanted != (major, minor) && wanted != (major, minor + 1) {
        let next = format!("upgrade to {major}.{} first: minor releases go one by one", minor + 1);
        looking.one(&subject, format!("{current} runs"), next);
    } else {
        looking.look.found(&subject, ["yes"]);
    }
}

/// That the update service offers the release, and knows nothing against it.
fn offered(looking: &mut Looking, target: &Release) {
    let subject = Subject::Cluster(ClusterProperty::ReleaseOffered);
    looking.expect(&subject, "yes", &format!("{target} is offered"));
    let Some(version) = looking.seen(Ask::Version, &subject) else { return };
    if !has(version, "RetrievedUpdates", "True") {
        let why = match condition(version, "RetrievedUpdates") {
            Some(_) => format!("the cluster does not get updates: {}", odd(version, "RetrievedUpdates").says),
            None => "the cluster does not say whether it gets updates".to_owned(),
        };
        return looking.look.cannot(&subject, why);
    }
    let list = |pointer: &str| version.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    if list("/status/availableUpdates").any(|update| update["version"] == target.as_str()) {
        return looking.look.found(&subject, ["yes"]);
    }
    let mut conditional = list("/status/conditionalUpdates");
    match conditional.find(|update| update.pointer("/release/version").is_some_and(|v| v == target.as_str())) {
        Some(update) => {
            // Its conditions do not stand in a status.
            let said = serde_json::json!({"status": {"conditions": update["conditions"]}});
            if has(&said, "Recommended", "True") {
                return looking.look.found(&subject, ["yes"]);
            }
            let said = odd(&said, "Recommended");
            let next = format!("{}; see `oc adm upgrade --include-not-recommended`", said.says);
            looking.one(&subject, format!("not recommended: {}", said.reason), next);
        }
        None => looking.one(
            &subject,
            "not offered",
            "see `oc adm upgrade` and the channel in `spec.channel`; a release named by its image (`--to-image`) needs no offer, and nobody vouches for the way to it",
        ),
    }
}

/// That no upgrade is under way.
fn progressing(looking: &mut Looking) {
    let subject = Subject::Cluster(ClusterProperty::VersionProgressing);
    looking.expect(&subject, "no", "upgrade under way");
    let Some(version) = looking.seen(Ask::Version, &subject) else { return };
    if has(version, "Progressing", "False") {
        return looking.look.found(&subject, ["no"]);
    }
    let said = odd(version, "Progressing");
    looking.one(&subject, format!("yes: {}", said.reason), said.says);
}

/// That the cluster says nothing against another minor release. Without the condition nothing stands in the way.
fn upgradeable(looking: &mut Looking) {
    let subject = Subject::Cluster(ClusterProperty::Upgradeable);
    looking.expect(&subject, "yes", "upgradeable to another minor release");
    let Some(version) = looking.seen(Ask::Version, &subject) else { return };
    let operators = looking.evidence.items(Ask::Operators);
    let mut found: Vec<Odd> = Vec::new();
    for object in std::iter::once(version).chain(operators) {
        if condition(object, "Upgradeable").is_some() && !has(object, "Upgradeable", "True") {
            found.push(odd(object, "Upgradeable"));
        }
    }
    looking.all_but(&subject, "yes", &found);
}

/// That somebody said they know of each thing that a new minor release takes away.
fn acks(looking: &mut Looking, current: Result<&Release, &String>) {
    let subject = Subject::Cluster(ClusterProperty::AcksMissing);
    looking.expect(&subject, "none", "acknowledgements missing");
    let current = match current {
        Ok(current) => current,
        Err(why) => return looking.look.cannot(&subject, why.clone()),
    };
    let nothing = Value::Null;
    let data = |ask: Ask| match looking.evidence.answers.get(&ask) {
        Some(Err(trouble)) if trouble.kind == TroubleKind::NotFound => Ok(&nothing),
        _ => looking.evidence.answer(ask).map(|map| map.get("data").unwrap_or(&nothing)),
    };
    let (gates, acks) = match (data(Ask::AdminGates), data(Ask::AdminAcks)) {
        (Ok(gates), Ok(acks)) => (gates, acks),
        (Err(why), _) | (_, Err(why)) => return looking.look.cannot(&subject, why),
    };
    let (major, minor) = current.minor();
    let beginning = format!("ack-{major}.{minor}-");
    let wanted = gates.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with(&beginning));
    let missing = wanted.filter(|(key, _)| acks.get(key.as_str()) != Some(&Value::from("true")));
    let found: Vec<Odd> = missing
        .map(|(key, about)| {
            let key = shown(key);
            let about = about.as_str().map(shown).unwrap_or_default();
            let next = format!(
                "{about}; once that is done: `oc -n openshift-config patch configmap admin-acks --type=merge -p '{{\"data\":{{\"{key}\":\"true\"}}}}'`"
            );
            Odd::new(key, "not acknowledged", next)
        })
        .collect();
    looking.all_but(&subject, "none", &found);
}

fn schedulable(looking: &mut Looking) {
    let subject = Subject::Cluster(ClusterProperty::NodesSchedulable);
    looking.expect(&subject, "all", "nodes schedulable");
    let Some(list) = looking.seen(Ask::Nodes, &subject) else { return };
    let is_cordoned = |node: &&Value| node.pointer("/spec/unschedulable") == Some(&Value::Bool(true));
    let found: Vec<Odd> = items(list)
        .filter(is_cordoned)
        .map(|node| Odd::new(name(node), "cordoned", "`oc adm uncordon` lets it take pods again"))
        .collect();
    looking.all_but(&subject, "all", &found);
}

fn paused(looking: &mut Looking) {
    let subject = Subject::Cluster(ClusterProperty::PoolsPaused);
    looking.expect(&subject, "none", "machine config pools paused");
    let Some(list) = looking.seen(Ask::Pools, &subject) else { return };
    let is_paused = |pool: &&Value| pool.pointer("/spec/paused") == Some(&Value::Bool(true));
    let next = "its nodes would keep the old system, and their certificates would not be renewed: set `spec.paused` to false";
    let found: Vec<Odd> =
        items(list).filter(is_paused).map(|pool| Odd::new(name(pool), "paused", next)).collect();
    looking.all_but(&subject, "none", &found);
}
