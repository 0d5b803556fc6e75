//! The completion marker and a cluster's facts, by `cotter` and by the script on the node, against a small API
//! server (`tests/apiserver/serve`); what that server does is checked by kubectl.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::golden;
use crate::schemas;
use crate::tools;

const MARKER: &str = "/api/v1/namespaces/kube-system/configmaps/bootstrap";
const CREATION: &str = "POST /api/v1/namespaces/kube-system/configmaps";
const INFRASTRUCTURE: &str = "/apis/config.openshift.io/v1/infrastructures/cluster";
const VERSION: &str = "/apis/config.openshift.io/v1/clusterversions/version";
const ETCD: &str = "/api/v1/namespaces/openshift-etcd/configmaps/etcd-endpoints";
const NODE: &str = "/api/v1/nodes/sno1";
const OPERATOR: &str = "/apis/config.openshift.io/v1/clusteroperators/openshift-apiserver";
const OPERATORS: &str = "/apis/config.openshift.io/v1/clusteroperators";
const NODE_CONFIG: &str =
    "/apis/machineconfiguration.openshift.io/v1/machineconfigs/99-master-cotter-machine";
const POOL: &str = "/apis/machineconfiguration.openshift.io/v1/machineconfigpools/master";
const REQUEST: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests/csr-second";

/// What the script on the node needs; each may be missing.
const NODE_TOOLS: [&str; 11] =
    ["awk", "base64", "bash", "cat", "curl", "jq", "mkdir", "mktemp", "mv", "rm", "tr"];

/// An API server, and a node that it runs on.
pub(crate) struct Cluster {
    folder: TempDir,
    server: Child,
    said: BufReader<ChildStdout>,
}

/// What a program said, and its exit code.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    /// The report or record.
    pub(crate) report: Value,
}

impl Cluster {
    pub(crate) fn start() -> Option<Self> {
        let python = tools::program("python3")?;
        tools::program("openssl")?;
        for tool in NODE_TOOLS {
            tools::program(tool)?;
        }
        let folder = tempfile::tempdir().unwrap();
        let serve = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apiserver/serve");
        let mut command = Command::new(python);
        command.arg(serve).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let said = BufReader::new(server.stdout.take().unwrap());
        let mut cluster = Self { folder, server, said };
        cluster.make_node();
        cluster.set(&json!({}));
        Some(cluster)
    }

    /// Lets a scenario begin.
    pub(crate) fn set(&mut self, scenario: &Value) {
        let mut scenarios = self.server.stdin.as_ref().unwrap();
        writeln!(scenarios, "{scenario}").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert!(line.starts_with("ready https://127.0.0.1:"), "the server said {line:?} to {scenario}");
        let _ = std::fs::remove_file(self.path("marker.json"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The files and programs of a node whose installation is over.
    fn make_node(&self) {
        std::fs::create_dir(self.path("bin")).unwrap();
        for tool in NODE_TOOLS {
            std::os::unix::fs::symlink(tools::program(tool).unwrap(), self.path("bin").join(tool)).unwrap();
        }
        let log = self.path("systemctl.log");
        let systemctl = format!(
            "#!/bin/bash\necho \"$*\" >>{}\nif [ \"$1\" = is-active ]; then cat {}; fi\n",
            log.display(),
            self.path("bootkube").display()
        );
        tools::put_program(&self.path("bin/systemctl"), systemctl.as_bytes());
        self.write("bootkube", "inactive\n");
        self.write("systemctl.log", "");
        self.write("pod.yaml", "kind: Pod\nmetadata: {name: kube-apiserver}\n");
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.path(&format!("{user}.kubeconfig"))
    }

    pub(crate) fn cotter(&self, arguments: &[&str], user: &str, seconds: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).args(["--timeout", seconds, "--kubeconfig"]).arg(self.kubeconfig(user));
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn node(&self, mode: &str, user: &str, seconds: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/files/cotter-bootstrap-marker");
        let mut command = Command::new("bash");
        command.arg(script).stdin(Stdio::null());
        for (name, value) in [
            ("COTTER_PATH", self.path("bin")),
            ("COTTER_KUBECONFIG", self.kubeconfig(user)),
            ("COTTER_LIVE", self.path("live")),
            ("COTTER_BOOTSTRAP_SECRETS", self.path("bootstrap-secrets")),
            ("COTTER_API_SERVER_POD", self.path("pod.yaml")),
            ("COTTER_STAMP", self.path("marker.json")),
            ("COTTER_RUN", self.path("run")),
        ] {
            command.env(name, value);
        }
        command.env("COTTER_MARKER_MODE", mode).env("COTTER_TIMEOUT", seconds);
        command
    }

    /// `cotter marker check|create`.
    fn marker(&self, word: &str, user: &str, seconds: &str) -> Told {
        let done = self.cotter(&["marker", word, "--format", "json"], user, seconds).output().unwrap();
        let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
        Told { report, ..told(&done) }
    }

    /// The script on the node, which keeps a record.
    fn look(&self, mode: &str, user: &str, seconds: &str) -> Told {
        let told = told(&self.node(mode, user, seconds).output().unwrap());
        let left: Vec<_> = self.path("run").read_dir().unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        Told { report: self.record(), ..told }
    }

    fn record(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("marker.json")).unwrap()).unwrap()
    }

    /// Everything there is.
    fn objects(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("objects.json")).unwrap()).unwrap()
    }

    /// What was asked since the scenario began.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("requests.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn creations(&self) -> usize {
        let requests = self.requests();
        let is_known = |request: &Value| request["verb"] == "GET" || request["verb"] == "POST";
        assert!(requests.iter().all(is_known), "{requests:?}");
        requests.iter().filter(|request| request["verb"] == "POST").count()
    }

    fn kubectl(&self, arguments: &[&str], user: &str) -> Option<Told> {
        let mut command = Command::new(tools::program("kubectl")?);
        command.arg("--kubeconfig").arg(self.kubeconfig(user)).args(arguments);
        // It keeps what it learned of a server at home.
        Some(told(&command.env("HOME", self.folder.path()).stdin(Stdio::null()).output().unwrap()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn told(done: &Output) -> Told {
    let text = [&done.stdout[..], &done.stderr[..]].concat();
    Told { code: done.status.code(), text: String::from_utf8_lossy(&text).into_owned(), report: Value::Null }
}

impl Told {
    fn word(&self, key: &str) -> &str {
        self.report[key].as_str().unwrap_or_default()
    }

    /// The preconditions that are not met, as `name state`.
    fn not_met(&self) -> Vec<String> {
        let preconditions = self.report["preconditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_met = |precondition: &&Value| precondition["state"] == "met";
        let word = |precondition: &Value, key: &str| precondition[key].as_str().unwrap().to_owned();
        let shown =
            |precondition: &Value| format!("{} {}", word(precondition, "name"), word(precondition, "state"));
        preconditions.iter().filter(|one| !is_met(one)).map(shown).collect()
    }
}

/// A cluster, and what must come of a look at it.
struct Row {
    name: &'static str,
    scenario: Value,
    user: &'static str,
    /// How long one answer may take.
    seconds: &'static str,
    /// What somebody decides who may only look, and what somebody who may create.
    decisions: [&'static str; 2],
    not_met: &'static [&'static str],
    /// Words of the reason that the one who may create gives.
    why: &'static str,
}

impl Row {
    /// A cluster in which the marker is not created, as something is not met.
    fn refused(
        name: &'static str,
        scenario: Value,
        not_met: &'static [&'static str],
        why: &'static str,
    ) -> Self {
        let decisions = ["not-created", "not-created"];
        Self { name, scenario, user: "admin", seconds: "20", decisions, not_met, why }
    }

    /// A cluster in which every precondition holds.
    fn ready(name: &'static str, scenario: Value, decision: &'static str, why: &'static str) -> Self {
        let decisions = ["absent", decision];
        Self { name, scenario, user: "admin", seconds: "20", decisions, not_met: &[], why }
    }

    /// A cluster in which the marker is there.
    fn found(name: &'static str, data: Value, decision: &'static str, why: &'static str) -> Self {
        let scenario = json!({"objects": {MARKER: {"data": data}}});
        let decisions = [decision, decision];
        let not_met = &["marker-absent not-met"];
        Self { name, scenario, user: "admin", seconds: "20", decisions, not_met, why }
    }

    fn by(self, user: &'static str) -> Self {
        Self { user, ..self }
    }

    fn in_seconds(self, seconds: &'static str) -> Self {
        Self { seconds, ..self }
    }
}

/// Lets all four look at each cluster: `cotter` and the node, only looking and allowed to create.
fn play(rows: Vec<Row>) {
    let Some(mut cluster) = Cluster::start() else { return };
    for row in rows {
        for [looks, creates] in [["cotter check", "cotter create"], ["node check", "node ensure"]] {
            cluster.set(&row.scenario);
            let before = cluster.objects();
            let both = [(looks, row.decisions[0]), (creates, row.decisions[1])];
            // Who may create and does not has shown enough.
            let is_refused = row.decisions[1] == "not-created" && row.decisions[0] == "not-created";
            for (who, decision) in both.into_iter().skip(usize::from(is_refused)) {
                let told = match who.split_once(' ').unwrap() {
                    ("cotter", word) => cluster.marker(word, row.user, row.seconds),
                    (_, mode) => cluster.look(mode, row.user, row.seconds),
                };
                let at = format!("{}, {who}:\n{}", row.name, told.text);
                schemas::assert_is("marker", &told.report);
                assert_eq!(told.word("decision"), decision, "{at}");
                assert_eq!(told.not_met(), row.not_met, "{at}");
                let is_good = ["present", "created"].contains(&decision);
                let good = i32::from(who.starts_with("cotter") && !is_good);
                assert_eq!(told.code, Some(good), "{at}");
                if who == looks {
                    assert_eq!(cluster.creations(), 0, "{at}");
                    assert_eq!(cluster.objects(), before, "{at}");
                    continue;
                }
                assert!(told.word("why").contains(row.why), "{at}");
                assert_eq!(cluster.creations(), usize::from(row.decisions[0] == "absent"), "{at}");
                let mut after = cluster.objects();
                if decision == "created" {
                    let created = after.as_object_mut().unwrap().remove(MARKER).unwrap();
                    assert_eq!(created["data"], json!({"status": "complete"}), "{at}");
                    let by = created["metadata"]["annotations"]["cotter.dev/created-by"].as_str().unwrap();
                    assert!(by.starts_with("cotter"), "{at}");
                }
                assert_eq!(after, before, "{at}");
            }
        }
    }
}

#[test]
fn what_is_there_is_told_and_never_changed() {
    play(vec![
        Row::ready("absent", json!({}), "created", "created, and read again"),
        Row::found("complete", json!({"status": "complete"}), "present", "its status is `complete`"),
        Row::found("another status", json!({"status": "failed"}), "wrong", "with the status `failed`, not"),
        Row::found("no status", json!({"other": "x"}), "wrong", "without a status, not `complete`"),
        Row::found("nothing in it", Value::Null, "wrong", "without a status, not `complete`"),
        Row::found("many lines", json!({"status": "a\u{1b}[2Jb\nc"}), "wrong", "the status `a [2Jb c`"),
    ]);
}

#[test]
fn nothing_is_created_unless_every_precondition_is_seen_to_hold() {
    let status = |conditions: Value| json!({"status": {"conditions": conditions}});
    play(vec![
        Row::refused(
            "an API server that is not ready",
            json!({"answers": {"GET /readyz": {"status": 500, "text": "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed"}}}),
            &["api-ready not-met"],
            "HTTP 500: [+]ping ok [-]etcd failed",
        ),
        Row::refused(
            "three nodes",
            json!({"objects": {INFRASTRUCTURE: {"status": {"controlPlaneTopology": "HighlyAvailable"}}}}),
            &["single-node not-met"],
            "single-node: the control plane is `HighlyAvailable`, not one node",
        ),
        Row::refused(
            "an infrastructure without a word",
            json!({"objects": {INFRASTRUCTURE: {"status": null}}}),
            &["single-node unknown"],
            "single-node: the infrastructure says nothing",
        ),
        Row::refused(
            "a bootstrap machine in etcd",
            json!({"objects": {ETCD: {"metadata": {"annotations": {"alpha.installer.openshift.io/etcd-bootstrap": "192.168.50.9"}}}}}),
            &["no-bootstrap-member not-met"],
            "no-bootstrap-member: the bootstrap machine `192.168.50.9` is still a member",
        ),
        Row::refused(
            "no endpoints of etcd",
            json!({"objects": {ETCD: null}}),
            &["no-bootstrap-member not-met"],
            "no-bootstrap-member: etcd's operator has not rolled out",
        ),
        Row::refused(
            "a node that is not ready",
            json!({"objects": {NODE: status(json!([{"type": "Ready", "status": "False"}]))}}),
            &["nodes-ready not-met"],
            "nodes-ready: not ready: sno1",
        ),
        Row::refused(
            "a node that says nothing",
            json!({"objects": {NODE: {"status": null}}}),
            &["nodes-ready not-met"],
            "nodes-ready: not ready: sno1",
        ),
        Row::refused(
            "no node of the control plane",
            json!({"objects": {NODE: {"metadata": {"labels": null}}}}),
            &["nodes-ready not-met"],
            "nodes-ready: there is no node of the control plane",
        ),
        Row::refused(
            "a version that was never complete",
            json!({"objects": {VERSION: {"status": {"conditions": [{"type": "Available", "status": "False"}],
                "history": [{"state": "Partial", "version": "4.15.0"}]}}}}),
            &["version-settled not-met"],
            "version-settled: no version was ever available or completed",
        ),
        Row::refused(
            "several things at once",
            json!({"objects": {NODE: {"status": null}, INFRASTRUCTURE: {"status": null}, ETCD: null}}),
            &["single-node unknown", "no-bootstrap-member not-met", "nodes-ready not-met"],
            "nodes-ready: not ready: sno1",
        ),
        Row::ready(
            "an upgrade under way, after a complete version",
            json!({"objects": {VERSION: {"status": {"conditions": [], "history":
                [{"state": "Partial", "version": "4.16.0"}, {"state": "Completed", "version": "4.15.0"}]}}}}),
            "created",
            "created",
        ),
    ]);
}

#[test]
fn only_the_servers_own_word_counts() {
    let answer = |request: &str, how: Value| json!({"answers": {request: how}});
    let marker = |how: Value| answer(&format!("GET {MARKER}"), how);
    let not_found = |name: &str, kind: &str| {
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
        "message": "it is not found", "details": {"name": name, "kind": kind}, "code": 404})
    };
    let unknown = |name, how, why| Row::refused(name, marker(how), &["marker-absent unknown"], why);
    play(vec![
        unknown("a proxy's 404", json!({"status": 404, "text": "<html>not found"}), "HTTP 404: <html>not found"),
        unknown("an unknown resource", json!({"status": 404, "text": "404 page not found\n"}), "404 page not found"),
        unknown(
            "another object's absence",
            json!({"status": 404, "json": not_found("kube-system", "namespaces")}),
            "HTTP 404: it is not found",
        ),
        // Where it leads, the marker is absent indeed.
        unknown(
            "a redirect",
            json!({"status": 302, "text": "", "headers": {"Location": "/api/v1/namespaces/default/configmaps/bootstrap"}}),
            "HTTP 302",
        ),
        unknown("another object", json!({"status": 200, "json": {"kind": "ConfigMap", "metadata": {"name": "other"}}}), "marker-absent: that is no API server's answer"),
        unknown("no JSON", json!({"status": 200, "text": "<html>log in here"}), "marker-absent: that is no API server's answer"),
        unknown("an error", json!({"status": 503, "text": "etcd leader changed"}), "HTTP 503: etcd leader changed"),
        unknown("half an answer", json!({"status": 200, "text": "{\"kind\": \"ConfigMap\"}", "cut": 9}), "the connection broke off"),
        unknown("no answer", json!({"drop": true}), "the connection broke off"),
        unknown("silence", json!({"hang": true}), "no answer came in time: 2 s").in_seconds("2"),
        unknown("an answer without end", json!({"drip": true}), "no answer came in time: 2 s").in_seconds("2"),
        Row::refused(
            "who may not see configmaps",
            json!({"rights": {"viewer": ["list *", "get infrastructures.config.openshift.io", "get clusterversions.config.openshift.io"]}}),
            &["no-bootstrap-member unknown", "marker-absent unknown"],
            "marker-absent: it is forbidden (403): configmaps \"bootstrap\" is forbidden: User",
        )
        .by("viewer"),
        Row::refused(
            "a token that the server does not know",
            json!({}),
            &["api-ready unknown", "single-node unknown", "no-bootstrap-member unknown", "nodes-ready unknown",
                "version-settled unknown", "marker-absent unknown"],
            "marker-absent: the server does not accept the login (401): Unauthorized",
        )
        .by("stranger"),
        Row::refused("a list cut short", answer("GET /api/v1/nodes", json!({"status": 200, "json": {"kind": "NodeList"}})),
            &["nodes-ready unknown"], "nodes-ready"),
    ]);
}

#[test]
fn a_creation_counts_when_it_is_read_again() {
    let creation = |how: Value| json!({"answers": {CREATION: how}});
    play(vec![
        Row::ready("who may only look", json!({}), "not-created", "403").by("viewer"),
        Row::ready(
            "a server in trouble",
            creation(json!({"status": 500, "text": "no"})),
            "not-created",
            "HTTP 500",
        ),
        Row::ready("an answer that is lost", creation(json!({"lost": true})), "created", "created"),
        Row::ready("a server that lies", creation(json!({"pretend": true})), "not-created", "a second look"),
        Row::ready(
            "a server that is silent",
            creation(json!({"status": 201, "hang": true})),
            "not-created",
            "no answer came in time",
        )
        .in_seconds("2"),
    ]);
}

#[test]
fn of_two_writers_one_is_first() {
    let Some(mut cluster) = Cluster::start() else { return };
    for who in [["cotter", "cotter"], ["cotter", "node"], ["node", "node"]] {
        // Both have seen that it is not there before the first creates it.
        cluster.set(&json!({"answers": {CREATION: {"wait_for": 2}}}));
        let children = [0, 1].map(|index| {
            let mut command = match who[index] {
                "cotter" => cluster.cotter(&["marker", "create", "--format", "json"], "admin", "20"),
                _ => cluster.node("ensure", "admin", "20"),
            };
            command.env("COTTER_STAMP", cluster.path(&format!("stamp-{index}")));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let mut decisions = Vec::new();
        for (index, child) in children.into_iter().enumerate() {
            let done = child.wait_with_output().unwrap();
            assert_eq!(done.status.code(), Some(0), "{who:?}: {}", told(&done).text);
            let bytes = match who[index] {
                "cotter" => done.stdout,
                _ => std::fs::read(cluster.path(&format!("stamp-{index}"))).unwrap(),
            };
            let report: Value = serde_json::from_slice(&bytes).unwrap();
            decisions.push(report["decision"].as_str().unwrap().to_owned());
            let _ = std::fs::remove_file(cluster.path(&format!("stamp-{index}")));
        }
        decisions.sort();
        assert_eq!(decisions, ["created", "present"], "{who:?}");
        assert_eq!(cluster.creations(), 2);
        assert_eq!(cluster.objects()[MARKER]["data"], json!({"status": "complete"}));
    }
}

#[test]
fn several_nodes_only_by_force_and_all_ready() {
    let Some(mut cluster) = Cluster::start() else { return };
    let three = json!({"status": {"controlPlaneTopology": "HighlyAvailable"}});
    let worker = json!({"metadata": {"labels": {"node-role.kubernetes.io/worker": ""}}});
    let master = json!({"metadata": {"labels": {"node-role.kubernetes.io/master": ""}}});
    for (other, code, not_met) in [(&master, 1, &["nodes-ready not-met"][..]), (&worker, 0, &[])] {
        cluster.set(&json!({"objects": {INFRASTRUCTURE: three, "/api/v1/nodes/other": other}}));
        let done = cluster
            .cotter(&["marker", "create", "--force", "--format", "json"], "admin", "20")
            .output()
            .unwrap();
        let told = Told { report: serde_json::from_slice(&done.stdout).unwrap(), ..told(&done) };
        assert_eq!(
            (told.code, told.not_met()),
            (Some(code), not_met.iter().map(ToString::to_string).collect())
        );
        assert_eq!(cluster.creations(), usize::from(code == 0));
    }
}

#[test]
fn a_person_reads_what_is_not_met_and_what_is_next() {
    let Some(mut cluster) = Cluster::start() else { return };
    let text = |cluster: &Cluster, word: &str| {
        told(&cluster.cotter(&["marker", word], "admin", "20").output().unwrap())
    };
    let said = text(&cluster, "check");
    assert_eq!(said.code, Some(1));
    assert!(
        said.text.contains("met      single-node          the control plane is one node\n"),
        "{}",
        said.text
    );
    assert!(
        said.text.contains("absent: every precondition holds\n  help: `cotter marker create`"),
        "{}",
        said.text
    );
    cluster.set(&json!({"objects": {NODE: {"status": null}}}));
    let said = text(&cluster, "create");
    assert_eq!(said.code, Some(1));
    assert!(said.text.contains("not met  nodes-ready          not ready: sno1\n"), "{}", said.text);
    assert!(said.text.contains("not created: nodes-ready: not ready: sno1\n"), "{}", said.text);
}

/// Where no server answers, that is the surroundings' fault; the node's script says so in its record.
#[test]
fn a_server_that_is_not_there_is_not_an_absent_marker() {
    let Some(mut cluster) = Cluster::start() else { return };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = std::fs::read_to_string(cluster.kubeconfig("admin")).unwrap();
    let line = config.lines().find(|line| line.trim().starts_with("server:")).unwrap().to_owned();
    for (user, to) in [
        ("nobody", format!("    server: https://127.0.0.1:{free}")),
        ("unnamed", "    server: https://api.sno1.invalid:6443".to_owned()),
    ] {
        std::fs::write(cluster.kubeconfig(user), config.replace(&line, &to)).unwrap();
    }
    for (user, scenario, words) in [
        ("nobody", json!({}), "the server cannot be reached"),
        ("unnamed", json!({}), "the server's name cannot be resolved"),
        ("misled", json!({}), "there is no trust between here and the server"),
        ("admin", json!({"answers": {"*": {"hang": true}}}), "no answer came in time: 0.5 s"),
        ("admin", json!({"answers": {"*": {"drop": true}}}), "the connection broke off"),
    ] {
        let seconds = if words.contains("0.5 s") { "0.5" } else { "20" };
        cluster.set(&scenario);
        let told = cluster.marker("create", user, seconds);
        assert_eq!(told.code, Some(3), "{user}: {}", told.text);
        assert!(told.text.contains(words) && told.text.contains("help: "), "{user}: {}", told.text);
        let told = cluster.look("ensure", user, seconds);
        assert_eq!((told.code, told.word("decision")), (Some(0), "not-created"), "{user}: {}", told.text);
        assert!(told.word("why").contains(words), "{user}: {}", told.text);
        assert_eq!((told.not_met().len(), cluster.creations()), (6, 0), "{user}: {}", told.text);
    }
}

#[test]
fn the_node_looks_at_itself_too() {
    let Some(mut cluster) = Cluster::start() else { return };
    let token_of = |text: &str| text.replace("client-certificate-data", "tokenFile: /a\n    x-data");
    let config = std::fs::read_to_string(cluster.kubeconfig("admin")).unwrap();
    std::fs::write(cluster.kubeconfig("otherwise"), token_of(&config)).unwrap();
    std::fs::write(cluster.kubeconfig("damaged"), config.replace("client-key-data: ", "client-key-data: ?"))
        .unwrap();
    let none: &[&str] = &[];
    type Change = fn(&Cluster);
    let nothing: Change = |_| {};
    let rows: [(&str, &str, Change, &[&str], &str); 9] = [
        ("as it should be", "admin", nothing, none, "created"),
        ("a live system", "admin", |node| node.write("live", ""), &["installed-disk not-met"], "live system"),
        (
            "secrets of the bootstrap",
            "admin",
            |node| node.write("bootstrap-secrets", ""),
            &["bootkube-over not-met"],
            "the installer has not finished",
        ),
        (
            "bootkube runs",
            "admin",
            |node| node.write("bootkube", "activating\n"),
            &["bootkube-over not-met"],
            "bootkube.service is activating",
        ),
        (
            "systemd says nothing",
            "admin",
            |node| node.write("bootkube", ""),
            &["bootkube-over unknown"],
            "systemd does not say",
        ),
        (
            "the bootstrap's own server",
            "admin",
            |node| node.write("pod.yaml", "name: bootstrap-kube-apiserver\n"),
            &["own-api-server not-met"],
            "the bootstrap's own",
        ),
        (
            "no server",
            "admin",
            |node| std::fs::remove_file(node.path("pod.yaml")).unwrap(),
            &["own-api-server not-met"],
            "pod.yaml is not there",
        ),
        ("another way to log in", "otherwise", nothing, &["kubeconfig unknown"], "not supported here"),
        ("no kubeconfig", "missing", nothing, &["kubeconfig not-met"], "has not rolled out"),
    ];
    for (name, user, change, not_met, why) in rows {
        cluster.set(&json!({}));
        change(&cluster);
        let told = cluster.look("ensure", user, "20");
        schemas::assert_is("marker", &told.report);
        let at = format!("{name}: {}", told.text);
        let own: Vec<String> = told.not_met().into_iter().take(not_met.len()).collect();
        assert_eq!(own, not_met, "{at}");
        assert!(told.word("why").contains(why), "{at}");
        assert_eq!(cluster.creations(), usize::from(not_met.is_empty()), "{at}");
        for file in ["live", "bootstrap-secrets"] {
            let _ = std::fs::remove_file(cluster.path(file));
        }
        cluster.write("bootkube", "inactive\n");
        cluster.write("pod.yaml", "kind: Pod\n");
    }
    cluster.set(&json!({}));
    assert_eq!(cluster.look("ensure", "damaged", "20").not_met().len(), 7);
    assert_eq!(cluster.look("sometimes", "admin", "20").code, Some(1));
}

/// Once the marker was seen, the timer is stopped and nobody is asked again.
#[test]
fn the_node_rests_when_it_is_done() {
    let Some(mut cluster) = Cluster::start() else { return };
    let stops = |cluster: &Cluster| {
        let log = std::fs::read_to_string(cluster.path("systemctl.log")).unwrap();
        log.lines().filter(|line| *line == "stop --no-block cotter-bootstrap-marker.timer").count()
    };
    assert_eq!(cluster.look("check", "admin", "20").word("decision"), "absent");
    assert_eq!(stops(&cluster), 0);
    assert_eq!(cluster.look("ensure", "admin", "20").word("decision"), "created");
    assert_eq!(stops(&cluster), 1);
    let asked = cluster.requests().len();
    assert_eq!(cluster.look("ensure", "admin", "20").word("decision"), "created");
    assert_eq!((stops(&cluster), cluster.requests().len()), (2, asked));
    // A marker that somebody else wrote is seen once, too.
    cluster.set(&json!({"objects": {MARKER: {"data": {"status": "complete"}}}}));
    assert_eq!(cluster.look("check", "admin", "20").word("decision"), "present");
    assert_eq!(stops(&cluster), 3);
}

/// Whatever a node does not have, the record says; without a shell's own tools it says so on its console.
#[test]
fn a_tool_that_is_missing_makes_things_unknown() {
    let Some(mut cluster) = Cluster::start() else { return };
    for tool in NODE_TOOLS.into_iter().filter(|tool| *tool != "bash") {
        cluster.set(&json!({}));
        let link = cluster.path("bin").join(tool);
        let program = std::fs::read_link(&link).unwrap();
        std::fs::remove_file(&link).unwrap();
        let told = told(&cluster.node("ensure", "admin", "20").output().unwrap());
        assert!(told.text.contains(&format!("there is no {tool}(1) here")), "{tool}: {}", told.text);
        assert_eq!(cluster.creations(), 0, "{tool}");
        if told.code == Some(0) {
            let record = cluster.record();
            schemas::assert_is("marker", &record);
            assert_eq!(record["decision"], "not-created", "{tool}");
        }
        std::os::unix::fs::symlink(program, link).unwrap();
    }
}

/// An independent client sees the server as it sees a real one, and the marker as cotter sees it.
#[test]
fn kubectl_agrees_with_the_server_and_with_cotter() {
    let Some(mut cluster) = Cluster::start() else { return };
    if tools::program("kubectl").is_none() {
        return;
    }
    let get = ["get", "configmap", "bootstrap", "-n", "kube-system", "-o", "jsonpath={.data.status}"];
    let create =
        ["create", "configmap", "bootstrap", "-n", "kube-system", "--from-literal", "status=complete"];
    let rights = json!({"rights": {"viewer": ["get *"]}});
    for (arguments, user, code, words) in [
        (&get[..], "admin", 1, "Error from server (NotFound): configmaps \"bootstrap\" not found"),
        (
            &create,
            "viewer",
            1,
            "configmaps is forbidden: User \"system:serviceaccount:default:viewer\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"kube-system\"",
        ),
        (&get, "stranger", 1, "You must be logged in to the server"),
        (&get, "misled", 1, "certificate"),
        (&["get", "nodes"], "viewer", 1, "(Forbidden): nodes is forbidden: User"),
        (&["get", "nodes", "-o", "name"], "admin", 0, "node/sno1"),
        (&["get", "clusteroperators", "-o", "name"], "admin", 0, "clusteroperator.config.openshift.io/etcd"),
        (
            &["get", "clusterversion", "version", "-o", "jsonpath={.status.desired.version}"],
            "admin",
            0,
            "4.15.0",
        ),
        (
            &["get", "machineconfigpools,certificatesigningrequests", "-o", "name"],
            "admin",
            0,
            "certificatesigningrequest.certificates.k8s.io/csr-first",
        ),
        (&["get", "--raw", "/readyz"], "admin", 0, "ok"),
        (&["get", "routes"], "admin", 1, "the server doesn't have a resource type \"routes\""),
        (&create, "admin", 0, "configmap/bootstrap created"),
        (&create, "admin", 1, "already exists"),
        (&get, "admin", 0, "complete"),
    ] {
        if user == "viewer" {
            cluster.set(&rights);
        }
        let told = cluster.kubectl(arguments, user).unwrap();
        assert_eq!(told.code, Some(code), "{arguments:?}: {}", told.text);
        assert!(told.text.contains(words), "{arguments:?}: {}", told.text);
    }
    assert_eq!(cluster.marker("create", "admin", "20").word("decision"), "present");
    assert_eq!(cluster.look("ensure", "admin", "20").word("decision"), "present");
    for who in ["cotter", "node"] {
        cluster.set(&json!({}));
        let told = match who {
            "cotter" => cluster.marker("create", "admin", "20"),
            _ => cluster.look("ensure", "admin", "20"),
        };
        assert_eq!(told.word("decision"), "created", "{}", told.text);
        assert_eq!(cluster.kubectl(&get, "viewer").unwrap().text, "complete");
        assert!(cluster.kubectl(&create, "admin").unwrap().text.contains("already exists"));
    }
}

/// A manifest that expects a cluster, beside the server's files.
fn manifest(cluster: &Cluster) -> PathBuf {
    let case = golden::cases().into_iter().find(|case| case.ends_with("dell-r640")).unwrap();
    let mut manifest = golden::plan(&case).unwrap().manifest;
    let origin = cotter::document::Origin::of_file("sno1.yaml");
    manifest.cluster = cotter::cluster::expectations(&origin, Some(&origin), Some(&origin));
    let path = cluster.path("sno1.manifest.json");
    schemas::assert_is("manifest", &serde_json::from_slice(&manifest.to_json()).unwrap());
    std::fs::write(&path, manifest.to_json()).unwrap();
    path
}

/// `cotter verify --kubeconfig`: exit code, and verdicts by subject.
fn verify(cluster: &Cluster, manifest: &Path, user: &str, seconds: &str) -> (Option<i32>, Vec<Value>) {
    let arguments = ["verify", manifest.to_str().unwrap(), "--format", "json"];
    let done = cluster.cotter(&arguments, user, seconds).output().unwrap();
    let report: Value =
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", told(&done).text));
    schemas::assert_is("report", &report);
    (done.status.code(), report["boots"][0]["verdicts"].as_array().unwrap().clone())
}

/// A verdict that differs: subject, words of what was found, words of the hint.
type Difference = (&'static str, &'static str, &'static str);

#[test]
fn a_cluster_is_judged_and_explained() {
    let Some(mut cluster) = Cluster::start() else { return };
    let manifest = manifest(&cluster);
    let complete = json!({"data": {"status": "complete"}});
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message});
    let stuck = json!({"status": {"conditions": [
        condition("Available", "False", "APIServices_PreconditionNotReady", "PreconditionNotReady"),
        condition("Degraded", "False", "AsExpected", ""),
    ]}});
    let degraded = json!({"status": {"conditions": [
        condition("Updated", "False", "", ""),
        condition("Degraded", "True", "RenderDegraded", "machineconfig.machineconfiguration.openshift.io \"99-a\" not found"),
    ]}});
    let version = |conditions: Value| json!({"status": {"conditions": conditions}});
    let available = || condition("Available", "True", "", "");
    // Changes, and what differs then.
    let rows: Vec<(Value, Vec<Difference>)> = vec![
        (json!({MARKER: complete}), vec![]),
        (
            json!({OPERATOR: stuck}),
            vec![
                ("cluster/marker/status", "", "okd#2036"),
                (
                    "cluster/operators/available",
                    "openshift-apiserver: APIServices_PreconditionNotReady",
                    "`bootstrap` in `kube-system`, which is not there: that is okd#2036",
                ),
                ("cluster/upgrade/obstacles", "completion marker: absent", "operators of 4.16"),
            ],
        ),
        (
            json!({OPERATOR: stuck, MARKER: complete}),
            vec![(
                "cluster/operators/available",
                "openshift-apiserver: APIServices_PreconditionNotReady",
                "its service has no ready endpoints",
            )],
        ),
        (
            json!({MARKER: {"data": {"status": "started"}}}),
            vec![
                ("cluster/marker/status", "started", "cotter does not change it"),
                ("cluster/upgrade/obstacles", "completion marker: started", ""),
            ],
        ),
        (
            json!({MARKER: complete, REQUEST: {"spec": {"username": "system:node:sno1", "signerName": "kubernetes.io/kubelet-serving"}}}),
            vec![(
                "cluster/requests/pending",
                "csr-second: system:node:sno1",
                "oc adm certificate approve csr-second",
            )],
        ),
        (
            json!({MARKER: complete, POOL: degraded}),
            vec![
                ("cluster/pools/updated", "master: ", "Updated=False"),
                ("cluster/pools/degraded", "master: RenderDegraded", "\"99-a\" not found"),
            ],
        ),
        (
            json!({MARKER: complete, NODE: version(json!([condition("Ready", "False", "KubeletNotReady", "no CNI configuration file")]))}),
            vec![("cluster/nodes/ready", "sno1: KubeletNotReady", "no CNI configuration file")],
        ),
        (
            json!({MARKER: complete, NODE_CONFIG: null}),
            vec![("cluster/names/pinned", "no", "there is no MachineConfig `99-master-cotter-machine`")],
        ),
        (
            json!({MARKER: complete, NODE_CONFIG: {"spec": {"config": {"storage": {"files": [{"path": "/etc/hostname"}]}}}}}),
            vec![("cluster/names/pinned", "no", "brings no `.link` file and no udev rule")],
        ),
        (
            json!({MARKER: complete, VERSION: version(json!([available(), condition("Upgradeable", "False", "AdminAckRequired", "Kubernetes 1.29 removes APIs")]))}),
            vec![("cluster/upgrade/obstacles", "version: AdminAckRequired", "Kubernetes 1.29 removes APIs")],
        ),
        (
            json!({MARKER: complete, VERSION: version(json!([condition("Available", "False", "", "not yet"), condition("Failing", "True", "UpdatePayloadFailed", "could not apply")]))}),
            vec![
                ("cluster/version/available", "no: ", "not yet"),
                ("cluster/version/failing", "yes: UpdatePayloadFailed", "could not apply"),
            ],
        ),
    ];
    for (objects, differing) in rows {
        cluster.set(&json!({"objects": objects}));
        let (code, verdicts) = verify(&cluster, &manifest, "viewer", "20");
        assert_eq!(code, Some(i32::from(!differing.is_empty())), "{verdicts:#?}");
        assert_eq!(verdicts.len(), 11);
        let found: Vec<&Value> = verdicts.iter().filter(|verdict| verdict["outcome"] != "met").collect();
        assert_eq!(found.len(), differing.len(), "{objects}: {found:#?}");
        for (verdict, (subject, value, hint)) in found.iter().zip(differing) {
            assert_eq!((&verdict["subject"], &verdict["outcome"]), (&json!(subject), &json!("differs")));
            assert!(verdict["found"].to_string().replace("\\\"", "\"").contains(value), "{verdict:#}");
            assert!(verdict["hint"].as_str().unwrap().contains(hint), "{verdict:#}");
        }
        assert_eq!(cluster.creations(), 0);
    }
}

#[test]
fn a_person_reads_what_the_cluster_says_of_itself() {
    let Some(mut cluster) = Cluster::start() else { return };
    let manifest = manifest(&cluster);
    let stuck = json!([{"type": "Available", "status": "False", "reason": "APIServices_PreconditionNotReady", "message": "PreconditionNotReady"},
        {"type": "Degraded", "status": "False"}]);
    cluster.set(&json!({"objects": {OPERATOR: {"status": {"conditions": stuck}}}}));
    let done = cluster.cotter(&["verify", manifest.to_str().unwrap()], "viewer", "20").output().unwrap();
    let said = told(&done);
    assert_eq!(said.code, Some(1));
    for line in [
        "cluster   8 of 11 met, 3 differences  (after MCO)\n  differs  completion marker: expected complete, found none\n           --> sno1.yaml:1\n",
        "operators available: expected all, found openshift-apiserver: APIServices_PreconditionNotReady\n",
        "help: openshift-apiserver: Available=False (APIServices_PreconditionNotReady): PreconditionNotReady: it waits for",
        "obstacles to an upgrade: expected none, found completion marker: absent\n",
    ] {
        assert!(said.text.contains(line), "{line}\n{}", said.text);
    }
    // There is nothing to ask a cluster about a machine that is none.
    let case =
        golden::cases().into_iter().find(|case| case.ends_with("dell-r640")).unwrap().join("machine.yaml");
    let done = cluster.cotter(&["verify", case.to_str().unwrap()], "viewer", "20").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(
        told(&done).text.contains("nothing is expected of a cluster: `r640` is none"),
        "{}",
        told(&done).text
    );
}

#[test]
fn what_cannot_be_seen_of_a_cluster_is_unknown() {
    let Some(mut cluster) = Cluster::start() else { return };
    let manifest = manifest(&cluster);
    let answers = |request: &str, how: Value| json!({"answers": {request: how}, "objects": {MARKER: {"data": {"status": "complete"}}}});
    let operators = format!("GET {OPERATORS}");
    let rows = [
        (
            answers(
                &operators,
                json!({"status": 200, "text": "{\"kind\": \"ClusterOperatorList\", \"items\": []}", "cut": 30}),
            ),
            "admin",
            "20",
            2,
            "the connection broke off",
        ),
        (
            answers(&operators, json!({"status": 200, "json": {"kind": "NodeList", "items": []}})),
            "admin",
            "20",
            2,
            "a NodeList came instead",
        ),
        (
            answers(&operators, json!({"status": 200, "json": {"kind": "ClusterOperatorList"}})),
            "admin",
            "20",
            2,
            "has no items",
        ),
        (
            answers(&operators, json!({"status": 404, "text": "404 page not found"})),
            "admin",
            "20",
            2,
            "HTTP 404",
        ),
        (answers(&operators, json!({"hang": true})), "admin", "1", 2, "no answer came in time"),
        (
            answers("GET /api/v1/nodes", json!({"status": 503, "text": "try again"})),
            "admin",
            "20",
            1,
            "HTTP 503: try again",
        ),
        (
            answers(&format!("GET {MARKER}"), json!({"status": 403, "text": ""})),
            "admin",
            "20",
            2,
            "forbidden (403)",
        ),
        (answers("*", json!({"drop": true})), "admin", "20", 11, "the connection broke off"),
        (answers("*", json!({"hang": true})), "admin", "0.5", 11, "no answer came in time"),
        (json!({}), "stranger", "20", 11, "does not accept the login (401)"),
        (json!({}), "misled", "20", 11, "no trust"),
    ];
    for (scenario, user, seconds, unknown, why) in rows {
        cluster.set(&scenario);
        let (code, verdicts) = verify(&cluster, &manifest, user, seconds);
        let found: Vec<&Value> = verdicts.iter().filter(|verdict| verdict["outcome"] != "met").collect();
        assert_eq!(code, Some(1), "{scenario}: {found:#?}");
        assert_eq!(found.len(), unknown, "{scenario}: {found:#?}");
        for verdict in found {
            assert_eq!(verdict["outcome"], "unknown", "{scenario}: {verdict:#}");
            assert!(verdict["why"].as_str().unwrap().contains(why), "{scenario}: {verdict:#}");
        }
    }
    // An empty list is no proof that all is well.
    cluster.set(&answers(
        &operators,
        json!({"status": 200, "json": {"kind": "ClusterOperatorList", "items": []}}),
    ));
    let (code, verdicts) = verify(&cluster, &manifest, "admin", "20");
    let found: Vec<&Value> = verdicts.iter().filter(|verdict| verdict["outcome"] != "met").collect();
    assert_eq!(
        (code, found.len(), &found[0]["subject"]),
        (Some(1), 1, &json!("cluster/operators/available"))
    );
}

/// No login of a kubeconfig is ever shown, nor a line of the file that is wrong.
#[test]
fn the_login_stays_secret() {
    let Some(cluster) = Cluster::start() else { return };
    let config = std::fs::read_to_string(cluster.kubeconfig("viewer")).unwrap();
    let secret = "viewer-token.1";
    assert!(config.contains(secret));
    std::fs::write(cluster.kubeconfig("wrong"), config.replace("token:", "client-key-data:")).unwrap();
    for user in ["viewer", "wrong"] {
        let done = told(&cluster.cotter(&["marker", "create"], user, "20").output().unwrap());
        assert!(!done.text.contains(secret), "{}", done.text);
        let told = cluster.look("ensure", user, "20");
        assert!(!told.text.contains(secret) && !told.report.to_string().contains(secret), "{}", told.text);
    }
}
