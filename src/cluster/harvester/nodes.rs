//! Nodes: ready, with room, and at the right time.

use serde_json::Value;

use super::keyed;
use super::subject;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::answer::shown;
use crate::cluster::marker::has;
use crate::cluster::marker::items;
use crate::cluster::marker::name;
use crate::cluster::odd::Odd;
use crate::cluster::odd::nothing;
use crate::cluster::odd::odd;
use crate::verify::HarvesterProperty;

/// The annotation of the node manager, which had another name at first.
const CLOCK: [&str; 2] = ["node.harvesterhci.io/ntp-service", "harvesterhci.io/ntp-service"];

/// A list of nodes that has none.
fn none(list: &Value) -> Option<Odd> {
    let says = "nobody can have a cluster without: is it the right one?";
    items(list).next().is_none().then(|| nothing("node", says))
}

pub(super) fn ready(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::NodesReady);
    looking.expect(&subject, "all", "nodes ready and schedulable");
    let Some(list) = looking.seen(Ask::Nodes, &subject) else { return };
    let mut found: Vec<Odd> = Vec::new();
    for node in items(list) {
        if !has(node, "Ready", "True") {
            found.push(odd(node, "Ready"));
        } else if node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true) {
            let says = "somebody or something cordoned it: `kubectl uncordon` lets it take pods again";
            found.push(Odd::new(name(node), "unschedulable", says));
        }
    }
    found.extend(none(list));
    looking.all_but(&subject, "all", &found);
}

pub(super) fn pressed(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::NodesPressed);
    looking.expect(&subject, "none", "nodes short of something");
    let Some(list) = looking.seen(Ask::Nodes, &subject) else { return };
    let kinds = ["DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable"];
    let mut found = Vec::new();
    for node in items(list) {
        for kind in kinds.iter().filter(|kind| has(node, kind, "True")) {
            found.push(Odd { reason: (*kind).to_owned(), ..odd(node, kind) });
        }
    }
    looking.all_but(&subject, "none", &found);
}

/// Whether each node's clock is synchronized, as its own annotation says.
pub(super) fn synchronized(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::NodesSynchronized);
    looking.expect(&subject, "all", "nodes whose clock is synchronized");
    let Some(list) = looking.seen(Ask::Nodes, &subject) else { return };
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for node in items(list) {
        let said = CLOCK.iter().find_map(|key| keyed(node, "/metadata/annotations", key));
        let read = said.and_then(|said| serde_json::from_str::<Value>(&said).ok());
        let word = |key: &str| read.as_ref().and_then(|read| read[key].as_str()).map(shown);
        match word("ntpSyncStatus").as_deref() {
            Some("synced") => {}
            None | Some("") => silent.push(name(node)),
            Some(status) => {
                let servers = word("currentNtpServers").filter(|servers| !servers.is_empty());
                let says = match servers {
                    Some(servers) => format!(
                        "its servers are {servers}: see whether it reaches them on UDP port 123, and `timedatectl timesync-status` on it"
                    ),
                    None => "it has no time servers: set them with the setting `ntp-servers`".to_owned(),
                };
                found.push(Odd::new(name(node), status, says));
            }
        }
    }
    if found.is_empty() && !silent.is_empty() {
        let why = format!("no annotation `{}` on {}", CLOCK[0], silent.join(", "));
        looking.look.cannot(&subject, why);
        return;
    }
    found.extend(none(list));
    looking.all_but(&subject, "all", &found);
}
