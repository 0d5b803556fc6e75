//! What an API server's answer means. Only the server's own word that an object is not there counts as absence.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::Ask;
use super::ask::Name;
use super::ask::Object;
use crate::value::is_printable;

/// The most of a server's words that is shown, in characters.
const MAX_SHOWN: usize = 400;

/// An object, or why there is none.
pub type Answer = Result<Value, Trouble>;

/// What was asked → what came.
pub type Answers = BTreeMap<Ask, Answer>;

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which kind it is.
    pub kind: TroubleKind,
    /// The words of whoever said so, without control characters.
    pub message: String,
}

/// The kinds of trouble, each with another next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// The server's name leads nowhere.
    Name,
    /// Nobody answers at the address.
    Connect,
    /// Somebody answers, and one side does not trust the other.
    Tls,
    /// No whole answer in time.
    Timeout,
    /// The connection broke off.
    Broken,
    /// The server does not know who asks (401).
    Unauthorized,
    /// The server knows, and does not allow it (403).
    Forbidden,
    /// The API server itself says that there is no such object (404, reason NotFound).
    NotFound,
    /// The API server itself says that there is such an object already (409, reason AlreadyExists).
    AlreadyExists,
    /// The server cannot, now (5xx).
    Server,
    /// Another status.
    Status,
    /// An answer that is not what was asked for, as from something else than an API server.
    Strange,
    /// A larger answer than is read.
    TooLarge,
    /// Nobody was asked: what was kept of the cluster does not say.
    NotKept,
}

impl Trouble {
    /// Keeps what can be shown of `message`.
    pub fn new(kind: TroubleKind, message: impl AsRef<str>) -> Self {
        Self { kind, message: shown(message.as_ref()) }
    }

    /// True if no server was reached, so that no other request will do better.
    pub fn is_unreached(&self) -> bool {
        matches!(self.kind, TroubleKind::Name | TroubleKind::Connect | TroubleKind::Tls)
    }

    /// The next step, where no server was reached.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            TroubleKind::Name => {
                "see whether the name servers here know it; on the node itself use its `localhost.kubeconfig`"
            }
            TroubleKind::Tls => {
                "see whether the kubeconfig is this cluster's, its certificates have not expired, and the clock is right"
            }
            TroubleKind::Timeout => {
                "see whether the API server is up: `crictl ps` on the node; then try again"
            }
            _ => "see whether the machine is up, and a firewall or proxy stands between",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match self.kind {
            TroubleKind::Name => write!(f, "the server's name cannot be resolved: {message}"),
            TroubleKind::Connect => write!(f, "the server cannot be reached: {message}"),
            TroubleKind::Tls => write!(f, "there is no trust between here and the server: {message}"),
            TroubleKind::Timeout => write!(f, "no answer came in time: {message}"),
            TroubleKind::Broken => write!(f, "the connection broke off: {message}"),
            TroubleKind::Unauthorized => write!(f, "the server does not accept the login (401): {message}"),
            TroubleKind::Forbidden => write!(f, "it is forbidden (403): {message}"),
            TroubleKind::NotFound => write!(f, "it is not there (404): {message}"),
            TroubleKind::AlreadyExists => write!(f, "it is there already (409): {message}"),
            TroubleKind::Server => write!(f, "the server cannot answer now: {message}"),
            TroubleKind::Status => write!(f, "the server answers otherwise: {message}"),
            TroubleKind::Strange => write!(f, "that is no API server's answer: {message}"),
            TroubleKind::NotKept => f.write_str(message),
            TroubleKind::TooLarge => write!(f, "the answer is too large: {message}"),
        }
    }
}

/// Says what an HTTP answer to `ask` means.
///
/// A 404 counts as absence only if it is a Status of reason NotFound about the very object: proxies, load balancers
/// and servers that do not know a kind yet answer 404 too.
pub fn understand(ask: Ask, status: u16, body: &[u8]) -> Answer {
    let Some(Object { kind, name }) = ask.object() else {
        return match status {
            200..=299 => Ok(Value::String(shown(&String::from_utf8_lossy(body)))),
            _ => Err(refusal(status, body, None)),
        };
    };
    if !(200..=299).contains(&status) {
        return Err(refusal(status, body, name));
    }
    let object: Value = serde_json::from_slice(body)
        .map_err(|cause| Trouble::new(TroubleKind::Strange, format!("it is not JSON: {cause}")))?;
    let found = object.get("kind").and_then(Value::as_str).unwrap_or("object without a kind");
    let own_name = object.pointer("/metadata/name").and_then(Value::as_str);
    if found != kind || name.is_some_and(|wanted| own_name != Some(wanted.name)) {
        let message = format!("a {found} came instead of a {kind}");
        return Err(Trouble::new(TroubleKind::Strange, message));
    }
    if name.is_none() && !object.get("items").is_some_and(Value::is_array) {
        return Err(Trouble::new(TroubleKind::Strange, format!("the {kind} has no items")));
    }
    Ok(object)
}

/// Says what an HTTP answer means that is to be some JSON, as a kubelet's through the API server.
pub fn understand_json(status: u16, body: &[u8]) -> Answer {
    if !(200..=299).contains(&status) {
        return Err(refusal(status, body, None));
    }
    serde_json::from_slice(body)
        .map_err(|cause| Trouble::new(TroubleKind::Strange, format!("it is not JSON: {cause}")))
}

/// Says what the answer to the creation of the marker means.
pub fn understand_creation(status: u16, body: &[u8]) -> Answer {
    match status {
        200..=299 => understand(Ask::Marker, status, body),
        _ => Err(refusal(status, body, Ask::Marker.object().and_then(|object| object.name))),
    }
}

/// What a status that is no success means.
fn refusal(status: u16, body: &[u8], wanted: Option<Name>) -> Trouble {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let is_status = word("/kind") == "Status";
    let is_about_it = wanted.is_some_and(|wanted| {
        word("/details/name") == wanted.name && word("/details/kind") == wanted.resource
    });
    let kind = match (status, word("/reason")) {
        (401, _) => TroubleKind::Unauthorized,
        (403, _) => TroubleKind::Forbidden,
        (404, "NotFound") if is_status && is_about_it => TroubleKind::NotFound,
        (409, "AlreadyExists") if is_status && is_about_it => TroubleKind::AlreadyExists,
        (500..=599, _) => TroubleKind::Server,
        _ => TroubleKind::Status,
    };
    let text = String::from_utf8_lossy(body);
    let words = if is_status { word("/message") } else { text.trim() };
    let words = if words.is_empty() { "nothing more is said" } else { words };
    match kind {
        TroubleKind::Server | TroubleKind::Status => Trouble::new(kind, format!("HTTP {status}: {words}")),
        _ => Trouble::new(kind, words),
    }
}

/// A text from outside as it may be shown: no control characters, not without end.
pub(super) fn shown(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).take(MAX_SHOWN).collect();
    let is_cut = text.chars().nth(MAX_SHOWN).is_some();
    let words = clean.trim();
    if is_cut { format!("{words}…") } else { words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::TroubleKind;
    use super::understand;
    use crate::cluster::Ask;

    const GONE: &str = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"configmaps \"bootstrap\" not found","reason":"NotFound","details":{"name":"bootstrap","kind":"configmaps"},"code":404}"#;

    #[test]
    fn only_the_servers_own_word_is_absence() {
        let kind =
            |status, body: &str| understand(Ask::Marker, status, body.as_bytes()).err().map(|t| t.kind);
        assert_eq!(kind(404, GONE), Some(TroubleKind::NotFound));
        for (status, body, expected) in [
            (404, "404 page not found", TroubleKind::Status),
            (404, "", TroubleKind::Status),
            (404, "{}", TroubleKind::Status),
            (404, &GONE.replace("NotFound", "Expired"), TroubleKind::Status),
            (404, &GONE.replace("\"bootstrap\"", "\"other\""), TroubleKind::Status),
            (404, &GONE.replace("\"configmaps\"", "\"namespaces\""), TroubleKind::Status),
            (404, &GONE.replace("Status", "Note"), TroubleKind::Status),
            (401, GONE, TroubleKind::Unauthorized),
            (403, GONE, TroubleKind::Forbidden),
            (409, GONE, TroubleKind::Status),
            (500, GONE, TroubleKind::Server),
            (503, "<html>", TroubleKind::Server),
            (302, "", TroubleKind::Status),
            (200, GONE, TroubleKind::Strange),
            (200, "", TroubleKind::Strange),
            (200, "<html>", TroubleKind::Strange),
            (200, "{}", TroubleKind::Strange),
            (200, r#"{"kind":"ConfigMap","metadata":{"name":"other"}}"#, TroubleKind::Strange),
        ] {
            assert_eq!(kind(status, body), Some(expected), "{status} {body}");
        }
        assert_eq!(kind(200, r#"{"kind":"ConfigMap","metadata":{"name":"bootstrap"}}"#), None);
        let items = understand(Ask::Nodes, 200, br#"{"kind":"NodeList"}"#);
        assert_eq!(items.err().map(|trouble| trouble.kind), Some(TroubleKind::Strange));
    }

    #[test]
    fn a_server_cannot_drive_the_terminal() {
        let body = format!("{{\"kind\":\"Status\",\"message\":\"a\\u001b[2J{}\"}}", "b".repeat(1000));
        let trouble = understand(Ask::Marker, 500, body.as_bytes()).err();
        let said = trouble.map(|trouble| trouble.to_string()).unwrap_or_default();
        assert!(
            !said.contains('\u{1b}') && said.contains("HTTP 500: a [2Jbbb") && said.len() < 500,
            "{said}"
        );
    }
}
