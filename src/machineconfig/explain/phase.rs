//! MachineConfigNodes: in which phase an update is, since when, and what it waits for.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::Gathered;
use super::Options;
use super::Remark;
use super::object::Condition;
use super::object::condition;
use super::object::for_how_long;
use super::object::members;
use super::object::number;
use super::object::text;
use super::reasons;
use crate::document::Origin;
use crate::value::timestamp;

static PHASES: LazyLock<Vec<Phase>> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| {
        toml::from_str::<Table>(include_str!("phases.toml")).map(|t| t.phases).unwrap_or_default()
    });

#[derive(Debug, Deserialize)]
struct Table {
    phases: Vec<Phase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phase {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    part_of: Option<String>,
    does: String,
    waits_for: String,
}

/// A MachineConfigNode, of any version of its API.
#[derive(Clone, Debug)]
pub(super) struct Update {
    origin: Origin,
    pool: String,
    desired: String,
    current: String,
    conditions: Vec<Condition>,
    /// Names of PinnedImageSets that failed, and why.
    failed_images: Vec<(String, String)>,
}

/// An update of a node that has not come to its end.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateState {
    /// The node.
    pub node: String,
    /// Its pool.
    pub pool: String,
    /// The rendered MachineConfig that it is to have.
    pub desired: String,
    /// The phase it is in, by the type of its condition; nothing if none is under way.
    pub phase: Option<String>,
    /// Since when, as RFC 3339 has it, if that is known.
    pub since: Option<String>,
    /// The phases that are done.
    pub done: Vec<String>,
}

impl Update {
    pub(super) fn read(object: &Value, origin: Origin) -> Self {
        let failed = |set: &Value| {
            let errors = members(set, "/lastFailedGenerationErrors").filter_map(Value::as_str);
            let mut words: Vec<&str> =
                [text(set, "/lastFailedGenerationError")].into_iter().chain(errors).collect();
            words.retain(|words| !words.is_empty());
            // One that failed and then succeeded has a current generation that is newer.
            let is_over = number(set, "/currentGeneration") > number(set, "/lastFailedGeneration");
            let says = (!words.is_empty() && !is_over).then(|| words.join("; "));
            says.map(|says| (text(set, "/name").to_owned(), says))
        };
        let version = |of: &str| text(object, of).to_owned();
        Self {
            pool: version("/spec/pool/name"),
            desired: version("/spec/configVersion/desired"),
            current: version("/status/configVersion/current"),
            conditions: Condition::all(object),
            failed_images: members(object, "/status/pinnedImageSets").filter_map(failed).collect(),
            origin,
        }
    }

    fn is_through(&self) -> bool {
        let is_updated = condition(&self.conditions, "Updated").is_some_and(Condition::is_true);
        is_updated && (self.current.is_empty() || self.desired.is_empty() || self.current == self.desired)
    }

    /// The phase that is under way: of a phase and its parts, the part.
    fn running(&self) -> Option<(&'static Phase, &Condition)> {
        let is_running = |phase: &&Phase| {
            condition(&self.conditions, &phase.kind).is_some_and(|condition| condition.status == "Unknown")
        };
        let phases: &'static [Phase] = &PHASES;
        let first = phases.iter().find(is_running)?;
        let part =
            phases.iter().find(|phase| phase.part_of.as_ref() == Some(&first.kind) && is_running(phase));
        let phase = part.unwrap_or(first);
        condition(&self.conditions, &phase.kind).map(|condition| (phase, condition))
    }

    fn done(&self) -> Vec<String> {
        let is_done =
            |phase: &&Phase| condition(&self.conditions, &phase.kind).is_some_and(Condition::is_true);
        PHASES.iter().filter(is_done).map(|phase| phase.kind.clone()).collect()
    }
}

pub(super) fn explain(dump: &Gathered, options: Options, findings: &mut Vec<Remark>) -> Vec<UpdateState> {
    let mut states = Vec::new();
    for (node, update) in &dump.updates {
        let about = || format!("update of node {node}");
        for (kind, words) in [
            ("NodeDegraded", "it is degraded"),
            ("PinnedImageSetsDegraded", "its pinned images failed"),
            ("InternalReleaseImageDegraded", "its release images failed"),
        ] {
            let Some(wrong) = condition(&update.conditions, kind).filter(|condition| condition.is_true())
            else {
                continue;
            };
            let reason = reasons::explain(wrong.words());
            let since = for_how_long(wrong.since_seconds, options.now_seconds);
            let what = format!("{words}{since}: {}{}", wrong.words(), reason.means());
            findings.push(Remark::wrong(about(), what, reason.next, &update.origin));
        }
        let pinning = condition(&update.conditions, "PinnedImageSetsProgressing");
        if let Some(pinning) = pinning.filter(|condition| condition.is_true()) {
            let since = for_how_long(pinning.since_seconds, options.now_seconds);
            let what = format!("its pinned images are fetched{since}: {}", pinning.words());
            findings.push(Remark::notice(about(), what, "let it come to its end", &update.origin));
        }
        for (name, says) in &update.failed_images {
            let what = format!("the images of PinnedImageSet `{name}` were not pinned: {says}");
            let next = "see whether the node reaches the registry, has room, and may pull";
            findings.push(Remark::wrong(about(), what, next, &update.origin));
        }
        if update.is_through() || update.conditions.is_empty() {
            continue;
        }
        let running = update.running();
        let (what, next) = match running {
            Some((phase, condition)) => {
                let since = for_how_long(condition.since_seconds, options.now_seconds);
                let said = match condition.words() {
                    "" => String::new(),
                    words => format!(" ({words})"),
                };
                (
                    format!("in phase {}{since}: {}{said}", phase.kind, phase.does),
                    format!("it waits for {}", phase.waits_for),
                )
            }
            None => (
                format!("it is to have `{}` and has `{}`, and no phase is under way", update.desired, update.current),
                "see whether its pool is paused, or as many others are updated at once as `maxUnavailable` lets"
                    .to_owned(),
            ),
        };
        findings.push(Remark::wrong(about(), what, next, &update.origin));
        states.push(UpdateState {
            node: node.clone(),
            pool: update.pool.clone(),
            desired: update.desired.clone(),
            phase: running.map(|(phase, _)| phase.kind.clone()),
            since: running.and_then(|(_, condition)| condition.since_seconds).map(timestamp),
            done: update.done(),
        });
    }
    states
}

#[cfg(test)]
mod tests {
    use super::PHASES;

    #[test]
    fn the_table_can_be_read() {
        assert!(PHASES.len() > 12);
        for phase in PHASES.iter() {
            let parent = phase.part_of.as_ref();
            assert!(
                parent.is_none_or(|parent| PHASES.iter().any(|phase| phase.kind == *parent)),
                "{phase:?}"
            );
        }
    }
}
