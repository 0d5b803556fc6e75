//! The state of an upgrade in words, from `upgrade.toml`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::keyed;
use super::pods;
use super::subject;
use super::text;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::answer::shown;
use crate::cluster::marker::condition;
use crate::cluster::marker::has;
use crate::cluster::marker::items;
use crate::cluster::marker::name;
use crate::cluster::odd::Odd;
use crate::verify::HarvesterProperty;

const STATE: &str = "harvesterhci.io/upgradeState";
const LATEST: &str = "harvesterhci.io/latestUpgrade";
/// The state of what is over, well or not.
const SUCCEEDED: &str = "Succeeded";
const FAILED: &str = "Failed";
/// The most nodes whose state is explained.
const MAX_NODES: usize = 16;
const CONDITIONS: [&str; 7] = [
    "Completed",
    "LogReady",
    "ImageReady",
    "RepoReady",
    "NodesPrepared",
    "SystemServicesUpgraded",
    "NodesUpgraded",
];

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    // The table is part of the program; the test below holds that it can be read.
    toml::from_str(include_str!("upgrade.toml")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Words {
    phases: Vec<Row>,
    nodes: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    state: String,
    #[serde(default)]
    condition: String,
    means: String,
    next: String,
}

/// The row of a state; releases differ in spaces and capitals.
fn row<'a>(rows: &'a [Row], state: &str) -> Option<&'a Row> {
    let plain = |word: &str| word.replace(' ', "").to_lowercase();
    rows.iter().find(|row| plain(&row.state) == plain(state))
}

/// That the latest upgrade came to its end, if there was one.
pub(super) fn state(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::Upgrade);
    looking.expect(&subject, "none", "upgrade under way or failed");
    let Some(list) = looking.seen(Ask::HarvesterUpgrades, &subject) else { return };
    let Some(upgrade) = latest(list) else {
        looking.look.found(&subject, ["none"]);
        return;
    };
    let state = state_of(upgrade);
    if state == SUCCEEDED {
        looking.look.found(&subject, ["none"]);
        return;
    }
    let mut values = vec![format!("{}: {state}", name(upgrade))];
    let mut story = vec![story(upgrade, &state)];
    let waiting = pods::waiting(looking.evidence);
    for image in waiting.iter().filter(|image| image.is_of(&name(upgrade))) {
        story.push(format!("it waits for the image {}", image.in_short()));
    }
    for (node, state, why) in nodes(upgrade) {
        values.push(format!("{node}: {state}"));
        let row = row(&WORDS.nodes, &state);
        let means = row.map_or("nobody has explained this state yet", |row| &row.means);
        let next = row.map_or("see the jobs of the upgrade", |row| &row.next);
        story.push(format!("{node} is `{state}`: {means}{why}; {next}"));
    }
    looking.look.found(&subject, values);
    story.into_iter().for_each(|said| looking.look.explain(&subject, said));
}

/// That no upgrade is under way: the webhook lets none begin beside it.
pub(super) fn none_running(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::UpgradesRunning);
    looking.expect(&subject, "none", "upgrades that have not come to an end");
    let Some(list) = looking.seen(Ask::HarvesterUpgrades, &subject) else { return };
    let running = items(list).filter(|upgrade| {
        let label = keyed(upgrade, "/metadata/labels", STATE);
        !matches!(label.as_deref(), Some(SUCCEEDED | FAILED))
    });
    let found: Vec<Odd> = running
        .map(|upgrade| {
            let state = state_of(upgrade);
            Odd::new(name(upgrade), state.clone(), story(upgrade, &state))
        })
        .collect();
    looking.all_but(&subject, "none", &found);
}

/// The one with the label, or else the youngest.
fn latest(list: &Value) -> Option<&Value> {
    let is_latest = |upgrade: &&Value| keyed(upgrade, "/metadata/labels", LATEST).as_deref() == Some("true");
    let youngest = || items(list).max_by_key(|upgrade| text(upgrade, "/metadata/creationTimestamp"));
    items(list).find(is_latest).or_else(youngest)
}

fn state_of(upgrade: &Value) -> String {
    match keyed(upgrade, "/metadata/labels", STATE) {
        Some(state) if !state.is_empty() => state,
        _ if has(upgrade, "Completed", "True") => SUCCEEDED.to_owned(),
        _ if has(upgrade, "Completed", "False") => FAILED.to_owned(),
        _ => "not begun".to_owned(),
    }
}

/// What the state means, what a condition says of it, and the next step.
fn story(upgrade: &Value, state: &str) -> String {
    let row = row(&WORDS.phases, state);
    let means = row.map_or("nobody has explained this state yet", |row| &row.means);
    let mut story = format!("{state}: {means}");
    for kind in CONDITIONS {
        let Some(found) = condition(upgrade, kind) else { continue };
        let is_waited_for = row.is_some_and(|row| row.condition == kind);
        let status = found["status"].as_str().unwrap_or_default();
        if status == "True" || (status != "False" && !is_waited_for) {
            continue;
        }
        let said = ["reason", "message"].iter().filter_map(|key| found[*key].as_str()).map(shown);
        let said: Vec<String> = said.filter(|said| !said.is_empty()).collect();
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) };
        story.push_str(&format!("; {kind} is {}{said}", shown(status)));
    }
    let next = row.map_or("see `kubectl -n harvester-system get upgrades -o yaml`", |row| &row.next);
    format!("{story}; {next}")
}

/// Nodes that are not done: name, state and what is said of it.
fn nodes(upgrade: &Value) -> Vec<(String, String, String)> {
    let statuses = upgrade.pointer("/status/nodeStatuses").and_then(Value::as_object);
    let of = |(node, status): (&String, &Value)| {
        let said = ["/reason", "/message"].map(|key| text(status, key));
        let said: Vec<String> = said.into_iter().filter(|said| !said.is_empty()).collect();
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) };
        (shown(node), text(status, "/state"), said)
    };
    let mut all: Vec<_> = statuses.into_iter().flatten().map(of).collect();
    all.retain(|(_, state, _)| state != SUCCEEDED && !state.is_empty());
    all.sort();
    all.truncate(MAX_NODES);
    all
}

#[cfg(test)]
mod tests {
    use super::CONDITIONS;
    use super::WORDS;

    #[test]
    fn every_state_is_explained_once() {
        assert!(WORDS.phases.len() >= 10 && WORDS.nodes.len() >= 8);
        for rows in [&WORDS.phases, &WORDS.nodes] {
            for row in rows {
                let found = super::row(rows, &row.state);
                assert!(found.is_some_and(|found| std::ptr::eq(found, row)), "{} is hidden", row.state);
                assert!(row.condition.is_empty() || CONDITIONS.contains(&row.condition.as_str()), "{row:?}");
                assert!(!row.means.is_empty() && !row.next.is_empty(), "{row:?}");
            }
        }
        assert!(super::row(&WORDS.nodes, "WaitingReboot").is_some(), "newer releases write it so");
    }
}
