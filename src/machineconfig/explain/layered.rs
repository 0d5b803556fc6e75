//! Images that the cluster builds for pools: what was built, what failed, and which nodes are behind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Gathered;
use super::Options;
use super::Remark;
use super::object::Condition;
use super::object::for_how_long;
use super::object::text;
use super::pool;
use super::reasons;
use crate::document::Origin;
use crate::value::parse_timestamp;

/// What is kept of MachineOSConfigs and MachineOSBuilds.
#[derive(Clone, Debug, Default)]
pub(super) struct Layered {
    configs: BTreeMap<String, OsConfig>,
    builds: BTreeMap<String, OsBuild>,
}

#[derive(Clone, Debug)]
struct OsConfig {
    origin: Origin,
    pool: String,
    image: String,
}

#[derive(Clone, Debug)]
struct OsBuild {
    origin: Origin,
    rendered: String,
    conditions: Vec<Condition>,
}

impl Layered {
    pub(super) fn is_empty(&self) -> bool {
        self.configs.is_empty() && self.builds.is_empty()
    }

    pub(super) fn take(&mut self, kind: &str, name: String, object: &Value, origin: Origin) {
        // The older API has the same things under other names.
        let either = |one: &str, other: &str| match text(object, one) {
            "" => text(object, other).to_owned(),
            text => text.to_owned(),
        };
        if kind == "MachineOSConfig" {
            let pool = text(object, "/spec/machineConfigPool/name").to_owned();
            let image = either("/status/currentImagePullSpec", "/status/currentImagePullspec");
            self.configs.entry(name).or_insert(OsConfig { origin, pool, image });
        } else {
            let rendered = either("/spec/machineConfig/name", "/spec/desiredConfig/name");
            let conditions = Condition::all(object);
            self.builds.entry(name).or_insert(OsBuild { origin, rendered, conditions });
        }
    }
}

/// Pools whose image somebody builds elsewhere: nobody renews that but they.
fn explain_own_images(dump: &Gathered, options: Options, findings: &mut Vec<Remark>) {
    for (name, pool) in &dump.pools {
        let Some(config) = dump.configs.get(&pool.wanted).filter(|config| config.overrides_image) else {
            continue;
        };
        let since = for_how_long(parse_timestamp(&config.created), options.now_seconds);
        let what = format!(
            "`{}` has an image of your own{since}, which no update of the cluster renews",
            pool.wanted
        );
        let next = "build it anew from each release's image, and set `osImageURL` to its digest";
        findings.push(Remark::notice(format!("pool {name}"), what, next, &config.origin));
    }
}

pub(super) fn explain(dump: &Gathered, options: Options, findings: &mut Vec<Remark>) {
    explain_own_images(dump, options, findings);
    for (name, build) in &dump.layered.builds {
        let about = format!("image build {name}");
        let is_wanted =
            dump.pools.is_empty() || dump.pools.values().any(|pool| pool.wanted == build.rendered);
        let state =
            |kind: &str| build.conditions.iter().find(|c| c.kind.eq_ignore_ascii_case(kind) && c.is_true());
        if let Some(failed) = state("Failed").or_else(|| state("BuildFailed")) {
            let reason = reasons::explain(failed.words());
            let what = format!(
                "it failed{}: {}",
                for_how_long(failed.since_seconds, options.now_seconds),
                failed.words()
            );
            let next = "see the log of its pod in `openshift-machine-config-operator`, mend the Containerfile or the secrets, and annotate the MachineOSConfig with `machineconfiguration.openshift.io/rebuild`";
            let next = if reason.next.is_empty() { next } else { &reason.next };
            findings.push(match is_wanted {
                true => Remark::wrong(about, what, next, &build.origin),
                false => {
                    Remark::notice(about, format!("{what}; no pool waits for it any more"), "", &build.origin)
                }
            });
        } else if let Some(stopped) = state("Interrupted") {
            let what = format!("it was interrupted: {}", stopped.words());
            let next = "annotate the MachineOSConfig with `machineconfiguration.openshift.io/rebuild` if no other build goes on";
            findings.push(Remark::notice(about, what, next, &build.origin));
        } else if let Some(going_on) = state("Building").or_else(|| state("Prepared")) {
            let since = for_how_long(going_on.since_seconds, options.now_seconds);
            let what = format!("it is {}{since}", going_on.kind.to_ascii_lowercase());
            findings.push(Remark::notice(about, what, "let it come to its end", &build.origin));
        }
    }
    for (name, config) in &dump.layered.configs {
        let about = || format!("MachineOSConfig {name}");
        if config.image.is_empty() {
            let what = format!("no image of pool `{}` has been built yet", config.pool);
            let next = "see its MachineOSBuilds: `oc get machineosbuilds`";
            findings.push(Remark::wrong(about(), what, next, &config.origin));
            continue;
        }
        let is_behind = |node: &&super::node::Node| {
            let is_of_pool = pool::of_node(dump, node).is_some_and(|(pool, _)| *pool == config.pool);
            is_of_pool && node.current_image != config.image
        };
        let behind: Vec<&str> =
            dump.nodes.iter().filter(|(_, node)| is_behind(node)).map(|(name, _)| name.as_str()).collect();
        if !behind.is_empty() {
            let what = format!("the image that was built last is not on {}", behind.join(", "));
            let next = format!("see whether pool `{}` is paused or degraded", config.pool);
            findings.push(Remark::wrong(about(), what, next, &config.origin));
        }
    }
}
