//! What must be true of a cluster, and what was found: facts that the judge compares like any other.
//!
//! One fact stands for any number of operators, nodes or pools: `all` or `none`, else the ones that are otherwise,
//! each as `name: reason`, which can be neither word. Beside it, `…/explained` says what they themselves say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Answers;
use super::Ask;
use super::NODE_CONFIG;
use super::TroubleKind;
use super::answer::shown;
use super::marker::condition;
use super::marker::has;
use super::marker::items;
use super::marker::name;
use super::marker::status;
use super::odd::Odd;
use super::odd::nothing;
use super::odd::odd;
use crate::document::Origin;
use crate::verify::BOOT_SCHEMA;
use crate::verify::BootRecord;
use crate::verify::ClusterProperty;
use crate::verify::Expectation;
use crate::verify::Life;
use crate::verify::Subject;

/// What must be true of every cluster, before an upgrade as always: a property, its value, and what a person calls it.
pub(super) const OF_EVERY_CLUSTER: [(ClusterProperty, &str, &str); 6] = [
    (ClusterProperty::OperatorsAvailable, "all", "cluster operators available"),
    (ClusterProperty::OperatorsDegraded, "none", "cluster operators degraded"),
    (ClusterProperty::NodesReady, "all", "nodes ready"),
    (ClusterProperty::PoolsUpdated, "all", "machine config pools updated"),
    (ClusterProperty::PoolsDegraded, "none", "machine config pools degraded"),
    (ClusterProperty::RequestsPending, "none", "certificate requests pending"),
];

/// What must be true of a cluster: `target` is the line that asked for one, `marker` the line that asked for the
/// completion marker, `names` the one that gives ports names, if there are such lines.
pub fn expectations(target: &Origin, marker: Option<&Origin>, names: Option<&Origin>) -> Vec<Expectation> {
    let has = |property, value: &str, says: &str, origin: &Origin| {
        Expectation::has(&Subject::Cluster(property), value, says, origin).in_lives(&[Life::AfterMco])
    };
    let of_marker =
        marker.map(|origin| has(ClusterProperty::Marker, "complete", "completion marker", origin));
    let of_names = names.map(|origin| {
        has(ClusterProperty::NamesPinned, "yes", "port names pinned for an upgrade of the system", origin)
    });
    let of_target = [
        (ClusterProperty::VersionAvailable, "yes", "cluster version available"),
        (ClusterProperty::VersionFailing, "no", "cluster version failing"),
    ];
    let obstacles = (ClusterProperty::UpgradeObstacles, "none", "obstacles to an upgrade");
    let of_target = of_target
        .into_iter()
        .chain(OF_EVERY_CLUSTER)
        .chain([obstacles])
        .map(|(property, value, says)| has(property, value, says, target));
    of_marker.into_iter().chain(of_target).chain(of_names).collect()
}

/// The facts in what a cluster's API answered, as a record that is judged beside those of boots.
pub fn record(machine: &str, answers: &Answers) -> BootRecord {
    let mut facts = Facts { answers, facts: BTreeMap::new(), unknown: BTreeMap::new() };
    facts.marker();
    facts.version();
    facts.operators();
    facts.nodes();
    facts.pools();
    facts.requests();
    facts.upgrade();
    facts.names();
    let record = BootRecord {
        schema: BOOT_SCHEMA.to_owned(),
        machine: machine.to_owned(),
        boot_id: String::new(),
        life: Life::AfterMco,
        uptime_seconds: 0,
        time_seconds: 0,
        facts: facts.facts,
        unknown: facts.unknown,
    };
    record.printable()
}

struct Facts<'a> {
    answers: &'a Answers,
    facts: BTreeMap<String, Vec<String>>,
    unknown: BTreeMap<String, String>,
}

/// A list that no cluster of OpenShift is without.
fn no(what: &str) -> Odd {
    nothing(what, format!("there is no {what}: the cluster is not installed, or this is no OpenShift"))
}

impl<'a> Facts<'a> {
    fn fact(&mut self, property: ClusterProperty, values: Vec<String>, explained: Vec<String>) {
        let subject = Subject::Cluster(property).to_string();
        self.facts.insert(format!("{subject}/explained"), explained);
        self.facts.insert(subject, values);
    }

    fn unknown(&mut self, property: ClusterProperty, why: &str) {
        self.unknown.insert(Subject::Cluster(property).to_string(), why.to_owned());
    }

    /// The object that answers; if there is none, these properties are unknown.
    fn seen(&mut self, ask: Ask, properties: &[ClusterProperty]) -> Option<&'a Value> {
        let why = match self.answers.get(&ask) {
            Some(Ok(object)) => return Some(object),
            Some(Err(trouble)) => trouble.to_string(),
            None => "nobody asked".to_owned(),
        };
        for property in properties {
            self.unknown(*property, &why);
        }
        None
    }

    /// `word`, or those that are otherwise.
    fn all_but(&mut self, property: ClusterProperty, word: &str, odd: Vec<Odd>) {
        if odd.is_empty() {
            self.fact(property, vec![word.to_owned()], Vec::new());
            return;
        }
        let explained = odd.iter().map(|odd| format!("{}: {}", odd.name, odd.says)).collect();
        let values = odd.into_iter().map(|odd| format!("{}: {}", odd.name, odd.reason)).collect();
        self.fact(property, values, explained);
    }

    fn marker(&mut self) {
        match self.marker_status() {
            Ok(Some(status)) => {
                let hint = "compare it with what the installer writes: `data: {status: complete}`; cotter does not change it";
                self.fact(ClusterProperty::Marker, vec![status], vec![hint.to_owned()]);
            }
            Ok(None) => {
                let hint = "the ConfigMap `bootstrap` in `kube-system` is not there, and operators wait for it (okd#2036): see `cotter marker check`, then `cotter marker create`";
                self.fact(ClusterProperty::Marker, Vec::new(), vec![hint.to_owned()]);
            }
            Err(why) => self.unknown(ClusterProperty::Marker, &why),
        }
    }

    fn marker_status(&self) -> Result<Option<String>, String> {
        status(self.answers.get(&Ask::Marker))
    }

    fn version(&mut self) {
        let properties = [ClusterProperty::VersionAvailable, ClusterProperty::VersionFailing];
        let Some(version) = self.seen(Ask::Version, &properties) else { return };
        let (available, says) = if has(version, "Available", "True") {
            ("yes".to_owned(), Vec::new())
        } else {
            let odd = odd(version, "Available");
            (format!("no: {}", odd.reason), vec![odd.says])
        };
        self.fact(ClusterProperty::VersionAvailable, vec![available], says);
        // The condition is there only once something failed.
        let (failing, says) = match condition(version, "Failing") {
            None => ("no".to_owned(), Vec::new()),
            Some(_) if has(version, "Failing", "False") => ("no".to_owned(), Vec::new()),
            Some(_) => {
                let odd = odd(version, "Failing");
                (format!("yes: {}", odd.reason), vec![odd.says])
            }
        };
        self.fact(ClusterProperty::VersionFailing, vec![failing], says);
    }

    fn operators(&mut self) {
        let properties = [ClusterProperty::OperatorsAvailable, ClusterProperty::OperatorsDegraded];
        let Some(list) = self.seen(Ask::Operators, &properties) else { return };
        let story = self.story_of_preconditions();
        let told = |mut odd: Odd| {
            if format!("{} {}", odd.reason, odd.says).contains("PreconditionNotReady") {
                odd.says = format!("{}: {story}", odd.says);
            }
            odd
        };
        let waiting = items(list).filter(|operator| !has(operator, "Available", "True"));
        let mut waiting: Vec<Odd> = waiting.map(|operator| told(odd(operator, "Available"))).collect();
        if items(list).next().is_none() {
            waiting.push(no("operator"));
        }
        self.all_but(ClusterProperty::OperatorsAvailable, "all", waiting);
        let degraded = items(list).filter(|operator| !has(operator, "Degraded", "False"));
        let degraded = degraded.map(|operator| told(odd(operator, "Degraded"))).collect();
        self.all_but(ClusterProperty::OperatorsDegraded, "none", degraded);
    }

    /// Operators that serve an API wait for the marker and for endpoints, and say `PreconditionNotReady` for both
    /// (library-go, `pkg/operator/apiserver/controller/apiservice`).
    fn story_of_preconditions(&self) -> String {
        match self.marker_status() {
            Ok(None) => "it waits for the ConfigMap `bootstrap` in `kube-system`, which is not there: that is okd#2036; see `cotter marker check`, then `cotter marker create`".to_owned(),
            Ok(Some(status)) if status == "complete" => {
                "the completion marker is there, so its service has no ready endpoints: see `oc get pods -A | grep apiserver`".to_owned()
            }
            Ok(Some(status)) => {
                format!("it waits for the ConfigMap `bootstrap` in `kube-system` to say `complete`, and it says `{status}`")
            }
            Err(why) => format!("it waits for the ConfigMap `bootstrap` in `kube-system` or for endpoints; the ConfigMap cannot be seen: {why}"),
        }
    }

    fn nodes(&mut self) {
        let Some(list) = self.seen(Ask::Nodes, &[ClusterProperty::NodesReady]) else { return };
        let mut waiting: Vec<Odd> =
            items(list).filter(|node| !has(node, "Ready", "True")).map(|node| odd(node, "Ready")).collect();
        if items(list).next().is_none() {
            waiting.push(no("node"));
        }
        self.all_but(ClusterProperty::NodesReady, "all", waiting);
    }

    fn pools(&mut self) {
        let properties = [ClusterProperty::PoolsUpdated, ClusterProperty::PoolsDegraded];
        let Some(list) = self.seen(Ask::Pools, &properties) else { return };
        let mut waiting: Vec<Odd> = items(list)
            .filter(|pool| !has(pool, "Updated", "True"))
            .map(|pool| odd(pool, "Updated"))
            .collect();
        if items(list).next().is_none() {
            waiting.push(no("machine config pool"));
        }
        self.all_but(ClusterProperty::PoolsUpdated, "all", waiting);
        let degraded = items(list).filter(|pool| !has(pool, "Degraded", "False"));
        let degraded = degraded.map(|pool| odd(pool, "Degraded")).collect();
        self.all_but(ClusterProperty::PoolsDegraded, "none", degraded);
    }

    fn requests(&mut self) {
        let Some(list) = self.seen(Ask::Requests, &[ClusterProperty::RequestsPending]) else { return };
        let is_settled = |request: &&Value| {
            ["Approved", "Denied", "Failed"].iter().any(|kind| condition(request, kind).is_some())
        };
        let pending = items(list).filter(|request| !is_settled(request)).map(|request| {
            let name = name(request);
            let who = request.pointer("/spec/username").and_then(Value::as_str).map(shown);
            let says = format!("see who asks, then `oc adm certificate approve {name}`");
            Odd { name, reason: who.unwrap_or_else(|| "nobody says who asks".to_owned()), says }
        });
        let pending = pending.collect();
        self.all_but(ClusterProperty::RequestsPending, "none", pending);
    }

    /// An upgrade is stopped by what the cluster says itself, and from 4.15 on by a missing marker, which it does
    /// not say.
    fn upgrade(&mut self) {
        let property = ClusterProperty::UpgradeObstacles;
        let Some(version) = self.seen(Ask::Version, &[property]) else { return };
        let mut obstacles = Vec::new();
        // Without the condition nothing stands in the way.
        if condition(version, "Upgradeable").is_some() && !has(version, "Upgradeable", "True") {
            obstacles.push(odd(version, "Upgradeable"));
        }
        match self.marker_status() {
            Err(why) => return self.unknown(property, &why),
            Ok(Some(status)) if status == "complete" => {}
            Ok(status) => obstacles.push(Odd {
                name: "completion marker".to_owned(),
                reason: status.unwrap_or_else(|| "absent".to_owned()),
                says: "operators of 4.16 and later wait for it: see `cotter marker check`".to_owned(),
            }),
        }
        self.all_but(property, "none", obstacles);
    }

    /// With another system (EL9 to EL10, another kernel) ports get other names, unless a MachineConfig gives them theirs.
    fn names(&mut self) {
        let property = ClusterProperty::NamesPinned;
        let says = match self.answers.get(&Ask::NodeConfig) {
            Some(Ok(config)) => {
                let files = config.pointer("/spec/config/storage/files").and_then(Value::as_array);
                let paths = files.into_iter().flatten().filter_map(|file| file["path"].as_str());
                let names_ports = |path: &str| {
                    path.starts_with("/etc/systemd/network/") && path.ends_with(".link")
                        || path.starts_with("/etc/udev/rules.d/")
                };
                if paths.into_iter().any(names_ports) {
                    return self.fact(property, vec!["yes".to_owned()], Vec::new());
                }
                format!("the MachineConfig `{NODE_CONFIG}` brings no `.link` file and no udev rule")
            }
            Some(Err(trouble)) if trouble.kind == TroubleKind::NotFound => {
                format!("there is no MachineConfig `{NODE_CONFIG}`")
            }
            _ => {
                self.seen(Ask::NodeConfig, &[property]);
                return;
            }
        };
        let help =
            "an upgrade to another system may call the ports otherwise; bring the `.link` files in one";
        self.fact(property, vec!["no".to_owned()], vec![format!("{says}: {help}")]);
    }
}
