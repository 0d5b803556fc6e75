//! Harvester clusters and upgrade gates: each fault against a healthy cluster behind a small API server
//! (`tests/apiserver/serve`), and a support bundle that tells the story of harvester/harvester#8057.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::cluster::Cluster;
use crate::cluster::Told;
use crate::cluster::told;
use crate::schemas;

const NODE: &str = "/api/v1/nodes/node2";
const HARVESTER: &str = "/apis/harvesterhci.io/v1beta1";
const VERSION: &str = "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/versions/v1.5.0";
const UPGRADE: &str = "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/upgrades/hvst-upgrade-old01";
const POD: &str = "/api/v1/namespaces/harvester-system/pods/harvester-7d4";
const EVENT: &str = "/api/v1/namespaces/harvester-system/events/harvester-7d4.1";
const CHART: &str = "/apis/management.cattle.io/v3/namespaces/fleet-local/managedcharts/harvester";
const MACHINE: &str = "/apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines/custom-2";
const LOCAL: &str = "/apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/clusters/local";
const VOLUME: &str = "/apis/longhorn.io/v1beta2/namespaces/longhorn-system/volumes/pvc-1";
const VIRTUAL: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/vm1";
const OKD_VERSION: &str = "/apis/config.openshift.io/v1/clusterversions/version";
const OKD_NODE: &str = "/api/v1/nodes/sno1";
const OKD_POOL: &str = "/apis/machineconfiguration.openshift.io/v1/machineconfigpools/worker";
const OKD_OPERATOR: &str = "/apis/config.openshift.io/v1/clusteroperators/etcd";
const MARKER: &str = "/api/v1/namespaces/kube-system/configmaps/bootstrap";
const GATES: &str = "/api/v1/namespaces/openshift-config-managed/configmaps/admin-gates";
const ACKS: &str = "/api/v1/namespaces/openshift-config/configmaps/admin-acks";

/// A fault in a healthy cluster, and what must be said of it.
struct Row {
    name: &'static str,
    scenario: Value,
    user: &'static str,
    /// `subject outcome` of all that is not met.
    not_met: &'static [&'static str],
    /// Words that must be in the report.
    words: &'static [&'static str],
}

fn row(
    name: &'static str,
    scenario: Value,
    not_met: &'static [&'static str],
    words: &'static [&'static str],
) -> Row {
    Row { name, scenario, user: "admin", not_met, words }
}

/// One object that is otherwise.
fn object(path: &str, patch: Value) -> Value {
    json!({"objects": {path: patch}})
}

impl Row {
    fn by(self, user: &'static str) -> Self {
        Self { user, ..self }
    }

    /// What is not as the row says; nothing if all is.
    fn wrong(self, cluster: &mut Cluster, base: &str, arguments: &[&str]) -> Option<String> {
        let mut scenario = self.scenario;
        scenario["cluster"] = base.into();
        cluster.set(&scenario);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).args(["--format", "json", "--kubeconfig"]);
        command.arg(cluster.kubeconfig(self.user)).env("NO_COLOR", "1").stdin(Stdio::null());
        let told = report(&mut command);
        let missing: Vec<_> = self.words.iter().filter(|words| !told.text.contains(**words)).collect();
        let code = i32::from(!self.not_met.is_empty());
        let has_only_read = cluster.requests().iter().all(|request| request["verb"] == "GET");
        let is_right =
            told.not_met() == self.not_met && told.code == Some(code) && missing.is_empty() && has_only_read;
        (!is_right).then(|| {
            let found: Vec<_> = told.outcomes().into_iter().filter(|one| one["outcome"] != "met").collect();
            format!("{}: code {:?}, not said {missing:?}, found {}", self.name, told.code, Value::from(found))
        })
    }
}

/// Checks all rows before it says which are wrong.
fn check(rows: Vec<Row>, cluster: &mut Cluster, base: &str, arguments: &[&str]) {
    let wrong: Vec<String> = rows.into_iter().filter_map(|row| row.wrong(cluster, base, arguments)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn report(command: &mut Command) -> Told {
    let done = command.output().unwrap();
    let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
    let told = Told { report, ..told(&done) };
    if told.code != Some(2) {
        schemas::assert_is("report", &told.report);
    }
    told
}

trait Verdicts {
    fn outcomes(&self) -> Vec<Value>;
    fn not_met(&self) -> Vec<String>;
}

impl Verdicts for Told {
    fn outcomes(&self) -> Vec<Value> {
        let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        list(&self.report, "boots").into_iter().flat_map(|boot| list(&boot, "verdicts")).collect()
    }

    fn not_met(&self) -> Vec<String> {
        let word = |verdict: &Value, key: &str| verdict[key].as_str().unwrap().to_owned();
        let others = self.outcomes().into_iter().filter(|verdict| verdict["outcome"] != "met");
        others.map(|verdict| format!("{} {}", word(&verdict, "subject"), word(&verdict, "outcome"))).collect()
    }
}

/// A pod that waits for its image, and why.
fn waiting(image: &str, reason: &str, message: &str) -> Value {
    let status = json!({"phase": "Pending", "containerStatuses": [
        {"name": "main", "image": image, "state": {"waiting": {"reason": reason, "message": message}}}]});
    json!({"spec": {"nodeName": "node1", "containers": [{"name": "main", "image": image}]}, "status": status})
}

fn upgrade(state: &str, nodes: &Value, conditions: &Value) -> Value {
    object(
        UPGRADE,
        json!({"metadata": {"labels": {"harvesterhci.io/upgradeState": state}},
               "status": {"conditions": conditions, "nodeStatuses": nodes}}),
    )
}

#[test]
fn verify_says_what_is_wrong_with_a_harvester_cluster() {
    let Some(mut cluster) = Cluster::start() else { return };
    let condition = |kind: &str, status: &str| json!([{"type": kind, "status": status, "reason": "Why", "message": "for a reason"}]);
    let clock = |said: &str| {
        object(NODE, json!({"metadata": {"annotations": {"node.harvesterhci.io/ntp-service": said}}}))
    };
    let pulling = |message: &str| object(POD, waiting("ghcr.io/a/b:1", "ErrImagePull", message));
    let rows = vec![
        row("healthy", json!({}), &[], &["\"machine\": \"admin\""]),
        row(
            "a node is not ready",
            object(NODE, json!({"status": {"conditions": condition("Ready", "False")}})),
            &["harvester/nodes/ready differs"],
            &["node2: Why", "for a reason"],
        ),
        row(
            "a node is cordoned",
            object(NODE, json!({"spec": {"unschedulable": true}})),
            &["harvester/nodes/ready differs"],
            &["node2: unschedulable"],
        ),
        row(
            "a disk is full",
            object(
                NODE,
                json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}]}}),
            ),
            &["harvester/nodes/pressed differs"],
            &["node2: DiskPressure"],
        ),
        row(
            "a clock is off",
            clock(r#"{"ntpSyncStatus":"unsynced","currentNtpServers":"10.0.0.1"}"#),
            &["harvester/nodes/synchronized differs"],
            &["node2: unsynced", "10.0.0.1"],
        ),
        row(
            "no time servers",
            clock(r#"{"ntpSyncStatus":"disabled","currentNtpServers":""}"#),
            &["harvester/nodes/synchronized differs"],
            &["`ntp-servers`"],
        ),
        row("a node does not say", clock("?"), &["harvester/nodes/synchronized unknown"], &["node2"]),
        row(
            "a certificate ends",
            json!({"certificate_days": 3}),
            &["harvester/certificate/holds differs"],
            &["days left: "],
        ),
        row(
            "no checksum",
            object(VERSION, json!({"spec": {"isoChecksum": null}})),
            &["harvester/versions/kept differs"],
            &["v1.5.0: no isoChecksum", "within the hour"],
        ),
        row(
            "a short checksum",
            object(VERSION, json!({"spec": {"isoChecksum": "ab12"}})),
            &["harvester/versions/kept differs"],
            &["is no SHA-512"],
        ),
        row(
            "a checksum in capitals",
            object(VERSION, json!({"spec": {"isoChecksum": "A".repeat(128)}})),
            &["harvester/versions/kept differs"],
            &["lower case"],
        ),
        row(
            "no place of the ISO",
            object(VERSION, json!({"spec": {"isoURL": ""}})),
            &["harvester/versions/kept differs"],
            &["no isoURL"],
        ),
        row(
            "what runs is too old for it",
            object(VERSION, json!({"spec": {"minUpgradableVersion": "v1.4.10"}})),
            &["harvester/versions/kept differs"],
            &["wants v1.4.10 first"],
        ),
        row(
            "the same, for developers",
            object(VERSION, json!({"spec": {"minUpgradableVersion": "v1.4.10", "tags": ["dev"]}})),
            &[],
            &[],
        ),
        row(
            "an upgrade waits for its log",
            upgrade("PreparingLoggingInfra", &json!({}), &json!([{"type": "LogReady", "status": "Unknown"}])),
            &["harvester/upgrade/state differs"],
            &["hvst-upgrade-old01: PreparingLoggingInfra", "harvester#8057", "LogReady is Unknown"],
        ),
        row(
            "a node waits for its boot",
            upgrade(
                "UpgradingNodes",
                &json!({"node1": {"state": "Waiting Reboot"}, "node2": {"state": "Succeeded"}}),
                &json!([]),
            ),
            &["harvester/upgrade/state differs"],
            &["node1: Waiting Reboot", "it boots the new system"],
        ),
        row(
            "an upgrade failed",
            upgrade(
                "Failed",
                &json!({"node1": {"state": "Failed", "reason": "BackoffLimitExceeded", "message": "Job has reached it"}}),
                &json!([{"type": "NodesPrepared", "status": "False", "reason": "DeadlineExceeded", "message": "too slow"}]),
            ),
            &["harvester/upgrade/state differs"],
            &["NodesPrepared is False (DeadlineExceeded: too slow)", "BackoffLimitExceeded"],
        ),
        row(
            "a state that nobody knows",
            upgrade("Dancing", &json!({"node1": {"state": "Humming"}}), &json!([])),
            &["harvester/upgrade/state differs"],
            &["Dancing", "Humming"],
        ),
        row(
            "no such tag",
            pulling("failed to resolve reference \"ghcr.io/a/b:1\": ghcr.io/a/b:1: not found"),
            &["harvester/images/pulled differs"],
            &["ghcr.io/a/b:1: no-tag", "from ghcr.io", "node1"],
        ),
        row(
            "too many questions",
            pulling("429 Too Many Requests - toomanyrequests"),
            &["harvester/images/pulled differs"],
            &["ghcr.io/a/b:1: rate-limited"],
        ),
        row(
            "a kubelet that backs off",
            object(POD, waiting("fluent/fluent-bit:2.1.8", "ImagePullBackOff", "Back-off pulling image")),
            &["harvester/images/pulled differs"],
            &[
                "docker.io/fluent/fluent-bit:2.1.8: ImagePullBackOff",
                "registry-1.docker.io",
                "logEnabled: false",
            ],
        ),
        row(
            "an event tells why",
            json!({"objects": {
                POD: waiting("fluent/fluent-bit:2.1.8", "ImagePullBackOff", "Back-off pulling image"),
                EVENT: {"reason": "Failed", "message": "Failed to pull image \"fluent/fluent-bit:2.1.8\": x509: certificate signed by unknown authority", "involvedObject": {"namespace": "harvester-system", "name": "harvester-7d4"}}}}),
            &["harvester/images/pulled differs"],
            &["docker.io/fluent/fluent-bit:2.1.8: unknown-authority"],
        ),
        row(
            "a name that is none",
            object(POD, waiting("Not An Image", "InvalidImageName", "couldn't parse")),
            &["harvester/images/pulled differs"],
            &["Not An Image: InvalidImageName"],
        ),
        row(
            "a pod falls",
            object(
                POD,
                json!({"status": {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}}]}}),
            ),
            &["harvester/pods/failing differs"],
            &["harvester-system/harvester-7d4 main: CrashLoopBackOff"],
        ),
        row(
            "a chart is not ready",
            object(CHART, json!({"status": {"conditions": condition("Ready", "False")}})),
            &["harvester/charts/ready differs"],
            &["harvester: Why"],
        ),
        row(
            "an addon failed",
            object(
                &format!("{HARVESTER}/namespaces/harvester-system/addons/pcidevices-controller"),
                json!({"status": {"conditions": condition("OperationFailed", "True")}}),
            ),
            &["harvester/addons/failing differs"],
            &["pcidevices-controller: Why"],
        ),
        row(
            "who asks may see nothing",
            json!({"rights": {"viewer": []}}),
            &[
                "harvester/nodes/ready unknown",
                "harvester/nodes/pressed unknown",
                "harvester/nodes/synchronized unknown",
                "harvester/upgrade/state unknown",
                "harvester/versions/kept unknown",
                "harvester/images/pulled unknown",
                "harvester/pods/failing unknown",
                "harvester/charts/ready unknown",
                "harvester/addons/failing unknown",
            ],
            &["it is forbidden (403)"],
        )
        .by("viewer"),
    ];
    check(rows, &mut cluster, "harvester", &["verify", "--harvester", "--timeout", "20"]);
}

#[test]
fn each_gate_of_a_harvester_upgrade_has_its_fault() {
    let Some(mut cluster) = Cluster::start() else { return };
    let proxied = |what: &str, patch: Value| json!({"proxied": {format!("{NODE}/proxy/{what}"): patch}});
    let rows = vec![
        row("all is well", json!({}), &[], &["one API server; there are 3"]),
        row(
            "another upgrade runs",
            upgrade("UpgradingNodes", &json!({}), &json!([])),
            &["harvester/upgrades/running differs"],
            &["hvst-upgrade-old01: UpgradingNodes"],
        ),
        row(
            "an upgrade without a state",
            object(UPGRADE, json!({"metadata": {"labels": null}, "status": null})),
            &["harvester/upgrades/running differs"],
            &["not begun"],
        ),
        row(
            "no Version",
            object(VERSION, Value::Null),
            &[
                "harvester/version/present differs",
                "harvester/versions/kept unknown",
                "harvester/version/path unknown",
            ],
            &["version v1.5.0 is not found", "once an hour, and not when it starts"],
        ),
        row(
            "no checksum",
            object(VERSION, json!({"spec": {"isoChecksum": null}})),
            &["harvester/versions/kept differs"],
            &["no isoChecksum"],
        ),
        row(
            "too old",
            object(VERSION, json!({"spec": {"minUpgradableVersion": "v1.4.3"}})),
            &["harvester/versions/kept differs", "harvester/version/path differs"],
            &["upgrade to v1.4.3 or later first"],
        ),
        row(
            "it runs already",
            object(&format!("{HARVESTER}/settings/server-version"), json!({"value": "v1.5.0"})),
            &["harvester/versions/kept differs", "harvester/version/path differs"],
            &["v1.5.0 runs"],
        ),
        row(
            "nobody knows what runs",
            object(&format!("{HARVESTER}/settings/server-version"), json!({"value": "master-head"})),
            &["harvester/version/path unknown"],
            &["`master-head` is no number of a release"],
        ),
        row(
            "not provisioned",
            object(LOCAL, json!({"status": {"phase": "Provisioning"}})),
            &["harvester/provisioned/phase differs"],
            &[],
        ),
        row(
            "a machine does not run",
            object(MACHINE, json!({"status": {"phase": "Deleting"}})),
            &["harvester/machines/running differs"],
            &["custom-2: Deleting"],
        ),
        row(
            "a machine is another's",
            object(MACHINE, json!({"status": {"nodeRef": {"name": "node9"}}})),
            &["harvester/machines/running differs"],
            &["node2: the machine custom-2 is not its own"],
        ),
        row(
            "a node is cordoned",
            object(NODE, json!({"spec": {"unschedulable": true}})),
            &["harvester/nodes/ready differs"],
            &[],
        ),
        row(
            "a clock is off",
            object(
                NODE,
                json!({"metadata": {"annotations": {"node.harvesterhci.io/ntp-service": "{\"ntpSyncStatus\":\"unsynced\"}"}}}),
            ),
            &["harvester/nodes/synchronized differs"],
            &[],
        ),
        row(
            "a chart is not ready",
            object(CHART, json!({"status": {"conditions": []}})),
            &["harvester/charts/ready differs"],
            &[],
        ),
        row(
            "an image is missing",
            object(POD, waiting("a/b:1", "ErrImageNeverPull", "")),
            &["harvester/images/pulled differs"],
            &["docker.io/a/b:1: ErrImageNeverPull"],
        ),
        row(
            "a full disk",
            proxied("stats/summary", json!({"node": {"fs": {"usedBytes": 150_323_855_360_u64}}})),
            &["harvester/disks/roomy differs"],
            &["102 % with the new images, 85 % allowed"],
        ),
        row(
            "a low threshold",
            proxied("configz", json!({"kubeletconfig": {"imageGCHighThresholdPercent": 40}})),
            &["harvester/disks/roomy differs"],
            &["40 % allowed"],
        ),
        row(
            "a kubelet is silent",
            proxied("stats/summary", Value::Null),
            &["harvester/disks/roomy unknown"],
            &["node2: "],
        ),
        row(
            "a certificate ends",
            json!({"certificate_days": 6}),
            &["harvester/certificate/holds differs"],
            &["days left: "],
        ),
        row(
            "the release wants longer",
            object(
                VERSION,
                json!({"metadata": {"annotations": {"harvesterhci.io/minCertsExpirationInDay": "25"}}}),
            ),
            &["harvester/certificate/holds differs"],
            &["days left: "],
        ),
        row(
            "a volume lost a copy",
            object(VOLUME, json!({"status": {"robustness": "degraded"}})),
            &["harvester/volumes/degraded differs"],
            &["default/vm1-disk-0: degraded"],
        ),
        row(
            "one copy alone",
            object(VOLUME, json!({"spec": {"numberOfReplicas": 1}})),
            &["harvester/volumes/single differs"],
            &["default/vm1-disk-0: attached"],
        ),
        row(
            "one copy on one node is as it must be",
            json!({"objects": {VOLUME: {"spec": {"numberOfReplicas": 1}, "status": {"robustness": "degraded"}}, VIRTUAL: {"spec": {"nodeSelector": {"a": "b"}}}, NODE: null, "/api/v1/nodes/node3": null}}),
            &[],
            &[],
        ),
        row(
            "a machine that stays",
            object(VIRTUAL, json!({"spec": {"nodeSelector": {"zone": "a"}}})),
            &["harvester/virtual-machines/pinned differs"],
            &["default/vm1: a node selector"],
        ),
        row(
            "a machine with a device",
            object(VIRTUAL, json!({"spec": {"domain": {"devices": {"hostDevices": [{"name": "gpu"}]}}}})),
            &["harvester/virtual-machines/pinned differs"],
            &["a device of its node"],
        ),
        row(
            "a machine that says so",
            object(
                VIRTUAL,
                json!({"status": {"conditions": [{"type": "LiveMigratable", "status": "False", "reason": "DisksNotLiveMigratable"}]}}),
            ),
            &["harvester/virtual-machines/pinned differs"],
            &["DisksNotLiveMigratable"],
        ),
        row(
            "no second node has the network",
            json!({"objects": {NODE: {"metadata": {"labels": {"network.harvesterhci.io/mgmt": null}}}, "/api/v1/nodes/node3": {"metadata": {"labels": {"network.harvesterhci.io/mgmt": null}}}}}),
            &["harvester/virtual-machines/pinned differs"],
            &["an affinity that one node at most has"],
        ),
        row(
            "machines are shut down and restored",
            json!({"objects": {VIRTUAL: {"spec": {"nodeSelector": {"zone": "a"}}}, format!("{HARVESTER}/settings/upgrade-config"): {"value": "{\"restoreVM\": true}"}}}),
            &[],
            &[],
        ),
        row(
            "a backup is made",
            object(
                &format!("{HARVESTER}/namespaces/default/virtualmachinebackups/vm1-monday"),
                json!({"status": {"readyToUse": false}}),
            ),
            &["harvester/backups/running differs"],
            &["default/vm1-monday: being made"],
        ),
        row(
            "a backup that failed does not matter",
            object(
                &format!("{HARVESTER}/namespaces/default/virtualmachinebackups/vm1-monday"),
                json!({"status": {"readyToUse": false, "error": {"message": "no"}}}),
            ),
            &[],
            &[],
        ),
        row(
            "a schedule is active",
            object(
                &format!("{HARVESTER}/namespaces/default/schedulevmbackups/vm1-nightly"),
                json!({"status": {"suspended": false}}),
            ),
            &["harvester/schedules/active differs"],
            &["default/vm1-nightly: active"],
        ),
        row(
            "volumes are not shown",
            json!({"answers": {"GET /apis/longhorn.io/v1beta2/namespaces/longhorn-system/volumes": {"status": 404, "text": "404 page not found"}}}),
            &["harvester/volumes/degraded unknown", "harvester/volumes/single unknown"],
            &["404"],
        ),
    ];
    check(
        rows,
        &mut cluster,
        "harvester",
        &["preflight", "--harvester-upgrade", "v1.5.0", "--timeout", "20"],
    );
}

#[test]
fn each_gate_of_an_okd_upgrade_has_its_fault() {
    let Some(mut cluster) = Cluster::start() else { return };
    let conditions = |changed: &[(&str, &str)]| {
        let all = [
            ("Available", "True"),
            ("Failing", "False"),
            ("Progressing", "False"),
            ("RetrievedUpdates", "True"),
            ("Upgradeable", "True"),
        ];
        let status = |kind: &str, usual: &str| {
            changed.iter().find(|(own, _)| *own == kind).map_or(usual, |(_, status)| *status).to_owned()
        };
        let list: Vec<Value> = all.iter().map(|(kind, usual)| json!({"type": kind, "status": status(kind, usual), "reason": "Why", "message": "for a reason"})).collect();
        Value::from(list)
    };
    let offered = json!([{"version": "4.16.0"}]);
    let with = |mut more: Value, version: Value| {
        let mut objects = json!({
            OKD_VERSION: {"status": {"availableUpdates": offered, "conditions": conditions(&[])}},
            MARKER: {"data": {"status": "complete"}},
            GATES: {"data": {"ack-4.15-kube-1.29-api-removals-in-4.16": "APIs are gone", "ack-4.14-old": "old"}},
            ACKS: {"data": {"ack-4.15-kube-1.29-api-removals-in-4.16": "true"}},
        });
        for (key, value) in version.as_object().into_iter().flatten() {
            objects[OKD_VERSION]["status"][key] = value.clone();
        }
        for (path, patch) in more.as_object_mut().into_iter().flatten() {
            objects[path] = patch.take();
        }
        json!({"objects": objects})
    };
    let of_version = |status: Value| with(json!({}), status);
    let rows = vec![
        row("all is well", of_version(json!({})), &[], &[]),
        row(
            "no marker",
            with(json!({MARKER: null}), json!({})),
            &["cluster/marker/status differs"],
            &["okd#2036"],
        ),
        row(
            "another marker",
            with(json!({MARKER: {"data": {"status": "begun"}}}), json!({})),
            &["cluster/marker/status differs"],
            &["begun"],
        ),
        row(
            "a minor release is skipped",
            of_version(json!({"history": [{"state": "Completed", "version": "4.14.9"}]})),
            &["cluster/release/path differs", "cluster/acks/missing differs"],
            &["upgrade to 4.15 first", "ack-4.14-old: not acknowledged"],
        ),
        row(
            "it is older",
            of_version(
                json!({"history": [{"state": "Partial", "version": "4.15.0"}, {"state": "Completed", "version": "4.16.2"}]}),
            ),
            &["cluster/release/path differs"],
            &["4.16.2 runs"],
        ),
        row(
            "nothing was installed whole",
            of_version(json!({"history": []})),
            &["cluster/release/path unknown", "cluster/acks/missing unknown"],
            &["installed whole"],
        ),
        row(
            "not offered",
            of_version(json!({"availableUpdates": null})),
            &["cluster/release/offered differs"],
            &["not offered", "spec.channel"],
        ),
        row(
            "a known risk",
            of_version(
                json!({"availableUpdates": [], "conditionalUpdates": [{"release": {"version": "4.16.0"}, "conditions": [{"type": "Recommended", "status": "False", "reason": "SomethingBroken", "message": "it breaks"}]}]}),
            ),
            &["cluster/release/offered differs"],
            &["not recommended: SomethingBroken", "it breaks"],
        ),
        row(
            "no update service",
            of_version(
                json!({"availableUpdates": null, "conditions": conditions(&[("RetrievedUpdates", "False")])}),
            ),
            &["cluster/release/offered unknown"],
            &["does not get updates"],
        ),
        row(
            "an upgrade is under way",
            of_version(json!({"conditions": conditions(&[("Progressing", "True")])})),
            &["cluster/version/progressing differs"],
            &["yes: Why"],
        ),
        row(
            "the cluster says no",
            of_version(json!({"conditions": conditions(&[("Upgradeable", "False")])})),
            &["cluster/version/upgradeable differs"],
            &["version: Why", "for a reason"],
        ),
        row(
            "an operator says no",
            with(
                json!({OKD_OPERATOR: {"status": {"conditions": [{"type": "Available", "status": "True"}, {"type": "Degraded", "status": "False"}, {"type": "Upgradeable", "status": "False", "reason": "OldAPI"}]}}}),
                json!({}),
            ),
            &["cluster/version/upgradeable differs"],
            &["etcd: OldAPI"],
        ),
        row(
            "nobody acknowledged",
            with(json!({ACKS: null}), json!({})),
            &["cluster/acks/missing differs"],
            &["ack-4.15-kube-1.29-api-removals-in-4.16", "APIs are gone", "admin-acks"],
        ),
        row(
            "an operator is degraded",
            with(
                json!({OKD_OPERATOR: {"status": {"conditions": [{"type": "Available", "status": "True"}, {"type": "Degraded", "status": "True", "reason": "Sick"}]}}}),
                json!({}),
            ),
            &["cluster/operators/degraded differs"],
            &["etcd: Sick"],
        ),
        row(
            "a pool is paused",
            with(json!({OKD_POOL: {"spec": {"paused": true}}}), json!({})),
            &["cluster/pools/paused differs"],
            &["worker: paused"],
        ),
        row(
            "a pool is not updated",
            with(
                json!({OKD_POOL: {"status": {"conditions": [{"type": "Updated", "status": "False"}, {"type": "Degraded", "status": "False"}]}}}),
                json!({}),
            ),
            &["cluster/pools/updated differs"],
            &[],
        ),
        row(
            "a node is cordoned",
            with(json!({OKD_NODE: {"spec": {"unschedulable": true}}}), json!({})),
            &["cluster/nodes/schedulable differs"],
            &["sno1: cordoned"],
        ),
        row(
            "a node is not ready",
            with(
                json!({OKD_NODE: {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}}),
                json!({}),
            ),
            &["cluster/nodes/ready differs"],
            &[],
        ),
        row(
            "somebody waits for a certificate",
            with(
                json!({"/apis/certificates.k8s.io/v1/certificatesigningrequests/csr-second": {"spec": {"username": "system:node:x"}}}),
                json!({}),
            ),
            &["cluster/requests/pending differs"],
            &["csr-second: system:node:x"],
        ),
        row(
            "a certificate ends",
            {
                let mut scenario = of_version(json!({}));
                scenario["certificate_days"] = 2.into();
                scenario
            },
            &["cluster/certificate/holds differs"],
            &["days left: "],
        ),
        row(
            "acknowledgements are hidden",
            {
                let mut scenario = of_version(json!({}));
                scenario["answers"] = json!({format!("GET {GATES}"): {"status": 500, "text": "no"}});
                scenario
            },
            &["cluster/acks/missing unknown"],
            &["500"],
        ),
    ];
    check(rows, &mut cluster, "cluster", &["preflight", "--okd-upgrade", "4.16.0", "--timeout", "20"]);
    // Within a minor release neither the marker nor acknowledgements matter.
    let status = json!({"availableUpdates": [{"version": "4.15.9"}], "conditions": conditions(&[("Upgradeable", "False")])});
    let patch = vec![row("a patch", with(json!({MARKER: null, ACKS: null}), status), &[], &[])];
    check(patch, &mut cluster, "cluster", &["preflight", "--okd-upgrade", "4.15.9", "--timeout", "20"]);
}

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/support-bundle")
}

fn cotter(arguments: &[&str], folder: &Path) -> Told {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(arguments).args(["--format", "json", "--facts"]).arg(folder);
    report(command.env("NO_COLOR", "1").stdin(Stdio::null()))
}

#[test]
fn an_upgrade_that_hangs_on_one_image_is_told_by_its_support_bundle() {
    for folder in [bundle(), bundle().join("supportbundle_made")] {
        let told = cotter(&["verify", "--harvester"], &folder);
        assert_eq!(told.code, Some(1), "{}", told.text);
        assert_eq!(
            told.not_met(),
            [
                "harvester/upgrade/state differs",
                "harvester/versions/kept differs",
                "harvester/images/pulled differs"
            ],
            "{}",
            told.text
        );
        for words in [
            "hvst-upgrade-q7x2d: PreparingLoggingInfra",
            "it waits for the image docker.io/fluent/fluent-bit:2.1.8 from registry-1.docker.io (name)",
            "docker.io/fluent/fluent-bit:2.1.8: name",
            "hvst-upgrade-q7x2d-upgradelog-infra-fluentbit-8w2bl on harv1",
            "no such host",
            "v1.5.0-rc4: no isoChecksum",
            "ghcr.io/kube-logging/fluentd:v1.15-ruby3",
        ] {
            assert!(told.text.contains(words), "{words:?} is not in {}", told.text);
        }
    }
}

#[test]
fn a_machine_and_its_cluster_are_in_one_report() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.set(&json!({"cluster": "harvester"}));
    let machine = cluster.path("node1.yaml");
    let spec = "cotter: 1\nname: node1\ntarget: fcos\nbase: {image: fedora-coreos/stable}\nnetwork:\n  nics:\n    - {name: mgmt0, mac: \"52:54:00:00:00:01\"}\ninstall: {device: /dev/sda}\n";
    std::fs::write(&machine, spec).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.arg("verify").arg(&machine).args(["--harvester", "--format", "json", "--kubeconfig"]);
    command.arg(cluster.kubeconfig("admin")).stdin(Stdio::null());
    let told = report(&mut command);
    assert_eq!(told.code, Some(0), "{}", told.text);
    assert_eq!(told.report["machine"], "node1");
    let names: Vec<&str> =
        told.report["boots"].as_array().unwrap().iter().filter_map(|boot| boot["name"].as_str()).collect();
    assert_eq!(names, ["nodes", "upgrade", "pods", "charts"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    let told = told_of(command.args(["verify", "--harvester", "--local", "--kubeconfig", "k"]));
    assert_eq!(told.code, Some(2), "{}", told.text);
    assert!(told.text.contains("nobody says what the machine must be"), "{}", told.text);
}

fn told_of(command: &mut Command) -> Told {
    told(&command.output().unwrap())
}

#[test]
fn what_a_bundle_does_not_have_is_unknown() {
    let told = cotter(&["preflight", "--harvester-upgrade", "v1.5.0-rc4"], &bundle());
    let not_met = told.not_met();
    for unknown in [
        "harvester/provisioned/phase unknown",
        "harvester/machines/running unknown",
        "harvester/disks/roomy unknown",
        "harvester/certificate/holds unknown",
        "harvester/backups/running unknown",
        "harvester/schedules/active unknown",
    ] {
        assert!(not_met.iter().any(|one| one == unknown), "{unknown}: {not_met:?}");
    }
    assert!(not_met.contains(&"harvester/images/pulled differs".to_owned()), "{not_met:?}");
    assert_eq!(told.code, Some(1));
}

#[test]
fn what_is_no_bundle_or_no_release_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let zip = work.path().join("bundle.zip");
    std::fs::write(&zip, b"PK\x03\x04").unwrap();
    let facts = |path: &Path, arguments: &[&str], words: &str| {
        let told = cotter(arguments, path);
        assert_eq!(told.code, Some(2), "{arguments:?}: {}", told.text);
        assert!(told.text.contains(words), "{arguments:?}: {}", told.text);
    };
    facts(&zip, &["verify", "--harvester"], "is an archive");
    facts(work.path(), &["verify", "--harvester"], "is no support bundle");
    facts(work.path(), &["preflight", "--okd-upgrade", "4.16.0"], "is no must-gather");
    facts(&bundle(), &["preflight", "--okd-upgrade", "4.16.0"], "is no must-gather");
    facts(&bundle(), &["preflight", "--harvester-upgrade", "latest"], "is no number of a release");
    facts(
        &bundle(),
        &["preflight", "--harvester-upgrade", "v1.5.0", "--kubeconfig", "k"],
        "cannot be used with",
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    let told = told_of(command.args(["preflight", "--harvester-upgrade", "v1.5.0"]));
    assert_eq!(told.code, Some(2), "{}", told.text);
    assert!(told.text.contains("--kubeconfig"), "{}", told.text);
}
