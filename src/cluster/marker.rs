//! The completion marker: the ConfigMap `bootstrap` in `kube-system` with the status `complete`.
//!
//! The installer creates it at the end of the bootstrap. Where that was missed, operators wait for it for ever, and
//! 4.16 is the first release in which that stops an upgrade (library-go#1694, okd#2036). Created too early, it lets
//! etcd's operator remove the bootstrap member: so each precondition must be seen to hold.

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Answers;
use super::Ask;
use super::TroubleKind;
use super::answer::shown;

/// The version of the report's format.
pub const MARKER_SCHEMA: &str = "cotter.dev/marker/1";

/// The annotation that etcd's operator keeps on its endpoints while the bootstrap machine is a member
/// (cluster-etcd-operator, `BootstrapIPAnnotationKey`).
const BOOTSTRAP_MEMBER: &str = "alpha.installer.openshift.io/etcd-bootstrap";
const CREATED_BY: &str = "cotter.dev/created-by";
const CREATED_AT: &str = "cotter.dev/created-at";
const COMPLETE: &str = "complete";

/// Something that must hold before the marker may be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Precondition {
    /// Its name, which stays.
    pub name: &'static str,
    /// Whether it holds.
    pub state: State,
    /// What was seen, or why it could not be.
    pub why: String,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It does.
    Met,
    /// It does not.
    NotMet,
    /// Nobody could see.
    Unknown,
}

/// On which clusters the marker may be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// On one whose control plane is one node.
    SingleNode,
    /// On any whose control plane is ready.
    Any,
}

/// What is to be done about the marker, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is there: nothing is to be done.
    Present,
    /// It is not there, and every precondition holds: it may be created.
    Absent,
    /// It is there with another status, which stays.
    Wrong,
    /// It is not created: a precondition does not hold or could not be seen, or the server did not take it.
    NotCreated,
    /// It was created, and read again.
    Created,
}

/// What was seen, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// All preconditions, in the order of a person's questions.
    pub preconditions: Vec<Precondition>,
    /// What follows.
    pub decision: Decision,
    /// Why, in words.
    pub why: String,
}

/// Who creates the marker, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The program and the host.
    pub who: String,
    /// The moment, as RFC 3339 writes it.
    pub when: String,
}

/// What `cotter marker` reports to programs; the node's own record has the same form.
#[derive(Clone, Debug, Serialize)]
pub struct MarkerReport {
    /// Always [`MARKER_SCHEMA`].
    pub schema: &'static str,
    /// The server that was asked.
    pub server: String,
    /// What came of it.
    pub decision: Decision,
    /// Why, in words.
    pub why: String,
    /// All preconditions.
    pub preconditions: Vec<Precondition>,
}

/// The marker as it was found.
enum Found {
    Complete(String),
    Other(String),
    Absent(String),
    Unseen(String),
}

/// Judges what was seen of a cluster.
pub fn look(answers: &Answers, topology: Topology) -> Outlook {
    let found = found(answers.get(&Ask::Marker));
    let marker = match &found {
        Found::Absent(why) => (State::Met, why.clone()),
        Found::Complete(why) => (State::NotMet, why.clone()),
        Found::Other(status) => (State::NotMet, other(status)),
        Found::Unseen(why) => (State::Unknown, why.clone()),
    };
    let named = |name, (state, why): (State, String)| Precondition { name, state, why };
    let preconditions = vec![
        named("api-ready", api_ready(answers)),
        named("single-node", single_node(answers, topology)),
        named("no-bootstrap-member", no_bootstrap_member(answers)),
        named("nodes-ready", nodes_ready(answers)),
        named("version-settled", version_settled(answers)),
        named("marker-absent", marker),
    ];
    let missing: Vec<String> = preconditions
        .iter()
        .filter(|precondition| precondition.state != State::Met)
        .map(|precondition| format!("{}: {}", precondition.name, precondition.why))
        .collect();
    let (decision, why) = match found {
        Found::Complete(why) => (Decision::Present, why),
        Found::Other(status) => (Decision::Wrong, other(&status)),
        _ if missing.is_empty() => (Decision::Absent, "every precondition holds".to_owned()),
        _ => (Decision::NotCreated, missing.join("; ")),
    };
    Outlook { preconditions, decision, why }
}

/// The object to POST.
pub fn object(author: &Author) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "bootstrap",
            "namespace": "kube-system",
            "annotations": {CREATED_BY: author.who, CREATED_AT: author.when},
        },
        "data": {"status": COMPLETE},
    })
}

/// Says what came of a creation, from the server's answer to it and from a look afterwards.
pub fn settle(author: &Author, created: &Answer, reread: &Answer) -> (Decision, String) {
    let is_ours = reread.as_ref().is_ok_and(|object| {
        let annotation = |key| object.pointer("/metadata/annotations").and_then(|all| all.get(key));
        annotation(CREATED_BY).and_then(Value::as_str) == Some(&author.who)
            && annotation(CREATED_AT).and_then(Value::as_str) == Some(&author.when)
    });
    match (created, found(Some(reread))) {
        (Ok(_), Found::Complete(_)) => (Decision::Created, "created, and read again".to_owned()),
        // Another program here may have been first within the same second.
        (Err(trouble), Found::Complete(_)) if is_ours && trouble.kind != TroubleKind::AlreadyExists => {
            (Decision::Created, "created; the answer was lost, and it is there".to_owned())
        }
        (Err(_), Found::Complete(why)) => (Decision::Present, format!("somebody else was first: {why}")),
        (_, Found::Other(status)) => (Decision::Wrong, other(&status)),
        (Err(trouble), Found::Absent(_)) => {
            (Decision::NotCreated, format!("the server did not create it: {trouble}"))
        }
        (Err(trouble), Found::Unseen(why)) => {
            (Decision::NotCreated, format!("the server did not create it: {trouble}; a second look: {why}"))
        }
        (Ok(_), Found::Absent(why) | Found::Unseen(why)) => (
            Decision::NotCreated,
            format!("the server said that it created it, and a second look does not show it: {why}"),
        ),
    }
}

/// What an answer says of the marker's status: the value, or why there is none to see; nothing if it is absent.
pub(super) fn status(answer: Option<&Answer>) -> Result<Option<String>, String> {
    match found(answer) {
        Found::Complete(_) => Ok(Some(COMPLETE.to_owned())),
        Found::Other(status) => Ok(Some(status)),
        Found::Absent(_) => Ok(None),
        Found::Unseen(why) => Err(why),
    }
}

fn found(answer: Option<&Answer>) -> Found {
    match answer {
        None => Found::Unseen("nobody asked".to_owned()),
        Some(Err(trouble)) if trouble.kind == TroubleKind::NotFound => Found::Absent(trouble.to_string()),
        Some(Err(trouble)) => Found::Unseen(trouble.to_string()),
        Some(Ok(object)) => match object.pointer("/data/status").and_then(Value::as_str) {
            Some(COMPLETE) => Found::Complete("it is there, and its status is `complete`".to_owned()),
            Some(status) => Found::Other(shown(status)),
            None => Found::Other(String::new()),
        },
    }
}

fn other(status: &str) -> String {
    let status =
        if status.is_empty() { "without a status".to_owned() } else { format!("with the status `{status}`") };
    format!("it is there {status}, not `complete`; cotter does not change it")
}

/// The object that came, or why nothing can be said.
fn seen(answers: &Answers, ask: Ask) -> Result<&Value, (State, String)> {
    match answers.get(&ask) {
        Some(Ok(object)) => Ok(object),
        Some(Err(trouble)) => Err((State::Unknown, trouble.to_string())),
        None => Err((State::Unknown, "nobody asked".to_owned())),
    }
}

fn api_ready(answers: &Answers) -> (State, String) {
    match answers.get(&Ask::Ready) {
        Some(Ok(_)) => (State::Met, "`/readyz` says ok".to_owned()),
        Some(Err(trouble)) if trouble.kind == TroubleKind::Server => {
            (State::NotMet, format!("`/readyz`: {trouble}"))
        }
        Some(Err(trouble)) => (State::Unknown, trouble.to_string()),
        None => (State::Unknown, "nobody asked".to_owned()),
    }
}

fn single_node(answers: &Answers, topology: Topology) -> (State, String) {
    let object = match seen(answers, Ask::Infrastructure) {
        Ok(object) => object,
        Err(why) => return why,
    };
    let word = object.pointer("/status/controlPlaneTopology").and_then(Value::as_str).map(shown);
    match (word.as_deref(), topology) {
        (Some("SingleReplica"), _) => (State::Met, "the control plane is one node".to_owned()),
        (Some(word), Topology::Any) => {
            (State::Met, format!("the control plane is `{word}`, and that is allowed"))
        }
        (Some(word), Topology::SingleNode) => (
            State::NotMet,
            format!(
                "the control plane is `{word}`, not one node; `--force` is for those whose bootstrap machine is gone for good"
            ),
        ),
        (None, _) => (State::Unknown, "the infrastructure says nothing of its control plane".to_owned()),
    }
}

fn no_bootstrap_member(answers: &Answers) -> (State, String) {
    let object = match answers.get(&Ask::EtcdEndpoints) {
        Some(Err(trouble)) if trouble.kind == TroubleKind::NotFound => {
            return (State::NotMet, format!("etcd's operator has not rolled out: {trouble}"));
        }
        _ => match seen(answers, Ask::EtcdEndpoints) {
            Ok(object) => object,
            Err(why) => return why,
        },
    };
    match object.pointer("/metadata/annotations").and_then(|all| all.get(BOOTSTRAP_MEMBER)) {
        Some(address) => {
            let address = shown(address.as_str().unwrap_or_default());
            (State::NotMet, format!("the bootstrap machine `{address}` is still a member of etcd"))
        }
        None => (State::Met, "etcd has no bootstrap member".to_owned()),
    }
}

/// The control plane's nodes: a worker that is away does not matter to the bootstrap.
fn nodes_ready(answers: &Answers) -> (State, String) {
    let list = match seen(answers, Ask::Nodes) {
        Ok(list) => list,
        Err(why) => return why,
    };
    let of_control_plane: Vec<&Value> = items(list).filter(|node| is_control_plane(node)).collect();
    if of_control_plane.is_empty() {
        return (State::NotMet, "there is no node of the control plane".to_owned());
    }
    let waiting: Vec<String> =
        of_control_plane.iter().filter(|node| !has(node, "Ready", "True")).map(|node| name(node)).collect();
    match waiting.as_slice() {
        [] => (State::Met, format!("{} of the control plane ready", of_control_plane.len())),
        waiting => (State::NotMet, format!("not ready: {}", waiting.join(", "))),
    }
}

fn version_settled(answers: &Answers) -> (State, String) {
    let object = match seen(answers, Ask::Version) {
        Ok(object) => object,
        Err(why) => return why,
    };
    let history = object.pointer("/status/history").and_then(Value::as_array).into_iter().flatten();
    let mut complete =
        history.filter(|entry| entry.get("state").and_then(Value::as_str) == Some("Completed"));
    let done = complete.next().and_then(|entry| entry.get("version")).and_then(Value::as_str).map(shown);
    match done {
        _ if has(object, "Available", "True") => (State::Met, "the cluster version is available".to_owned()),
        Some(version) => (State::Met, format!("the version {version} was completed")),
        None => (State::NotMet, "no version was ever available or completed".to_owned()),
    }
}

/// The members of a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.get("items").and_then(Value::as_array).into_iter().flatten()
}

/// An object's name, as it may be shown.
pub(super) fn name(object: &Value) -> String {
    let name = object.pointer("/metadata/name").and_then(Value::as_str);
    shown(name.unwrap_or("(without a name)"))
}

/// The condition of a kind.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
}

/// True if the condition is there and has this status.
pub(super) fn has(object: &Value, kind: &str, status: &str) -> bool {
    condition(object, kind).and_then(|found| found.get("status")).and_then(Value::as_str) == Some(status)
}

/// True for a node of the control plane.
pub(super) fn is_control_plane(node: &Value) -> bool {
    let labels = node.pointer("/metadata/labels");
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
        .iter()
        .any(|role| labels.is_some_and(|labels| labels.get(role).is_some()))
}
