//! Pods that wait for an image, told by the image: which, from which registry, and what preflight would have said.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::full_name;
use super::subject;
use super::text;
use crate::cluster::Ask;
use crate::cluster::Evidence;
use crate::cluster::Looking;
use crate::cluster::answer::shown;
use crate::cluster::evidence::only_of;
use crate::cluster::marker::items;
use crate::cluster::odd::Odd;
use crate::images::Reference;
use crate::images::TroubleKind;
use crate::images::host_of;
use crate::images::pull_trouble;
use crate::verify::HarvesterProperty;

/// The namespaces whose pods Harvester cannot be without.
const OWN: [&str; 2] = ["harvester-system", "cattle-system"];
/// The most pods that are named for one image.
const MAX_PODS: usize = 4;
/// The most of a kubelet's message that is shown, in characters.
const MAX_MESSAGE: usize = 240;
/// A kubelet's words for an image that it does not get (`pkg/kubelet/images/types.go`).
const NO_IMAGE: [&str; 7] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];
/// Its words for a container that does not come to run.
const FALLING: [&str; 4] =
    ["CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    // The table is part of the program; the test below holds that it can be read.
    toml::from_str::<Table>(include_str!("known_images.toml")).map(|table| table.missing).unwrap_or_default()
});

#[derive(Debug, Deserialize)]
struct Table {
    missing: Vec<Known>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    images: Vec<String>,
    of: String,
    next: String,
}

/// An image that pods wait for.
pub(super) struct Waiting {
    /// The whole reference, or the words that are none.
    image: String,
    registry: Option<String>,
    kind: Option<TroubleKind>,
    reason: String,
    message: String,
    /// `namespace/name on node`.
    pods: Vec<String>,
}

impl Waiting {
    /// True if a pod that bears the upgrade's name waits for it.
    pub(super) fn is_of(&self, upgrade: &str) -> bool {
        self.pods.iter().any(|pod| pod.split_once('/').is_some_and(|(_, name)| name.starts_with(upgrade)))
    }

    /// The word for what is wrong.
    fn word(&self) -> String {
        self.kind.map_or_else(|| self.reason.clone(), |kind| kind.word().to_owned())
    }

    /// The image, from where, and the word for what is wrong.
    pub(super) fn in_short(&self) -> String {
        let registry = self.registry.as_ref().map(|host| format!(" from {host}")).unwrap_or_default();
        format!("{}{registry} ({})", self.image, self.word())
    }

    /// Whose it is, who waits, what is wrong and how it is mended.
    fn told(&self) -> String {
        let registry = self.registry.as_ref().map(|host| format!("from {host}, ")).unwrap_or_default();
        let more = self.pods.len().saturating_sub(MAX_PODS);
        let mut pods = self.pods.iter().take(MAX_PODS).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            pods.push_str(&format!(" and {more} more"));
        }
        let said = match self.kind {
            Some(kind) => {
                format!("`cotter preflight --images` calls that `{}`: {}", kind.word(), kind.help())
            }
            None => "the kubelet does not say why; `cotter preflight --images` asks the registry".to_owned(),
        };
        let mend = match KNOWN.iter().find(|known| known.images.contains(&self.image)) {
            Some(known) => format!("it is known to be missing for {}: {}", known.of, known.next),
            None => "put it into the list that is asked for or mirrored before an upgrade; or give it to the node: `ctr -n k8s.io images import`, as an archive in `/var/lib/rancher/rke2/agent/images`".to_owned(),
        };
        let message = if self.message.is_empty() { "nothing" } else { &self.message };
        format!("{registry}for {pods} ({}: {message}); {said}; {mend}", self.reason)
    }
}

/// All images that pods wait for, each once.
pub(super) fn waiting(evidence: &Evidence) -> Vec<Waiting> {
    let mut by_image: BTreeMap<String, Waiting> = BTreeMap::new();
    for pod in evidence.items(Ask::Pods) {
        let node = text(pod, "/spec/nodeName");
        let whose = if node.is_empty() { full_name(pod) } else { format!("{} on {node}", full_name(pod)) };
        for (container, reason) in containers(pod, &NO_IMAGE) {
            let written = image(pod, container);
            let said = container.pointer("/state/waiting/message").and_then(Value::as_str);
            let mut said = said.unwrap_or_default();
            if pull_trouble(said).is_none()
                && let Some(event) = failure(evidence, pod, &written)
            {
                said = event;
            }
            let (kind, message) = (pull_trouble(said), ending(said));
            let reference: Option<Reference> = written.parse().ok();
            let image = reference.as_ref().map_or_else(|| written.clone(), Reference::to_string);
            let registry = reference.map(|reference| host_of(&reference.registry).to_owned());
            let waiting = by_image.entry(image.clone()).or_insert_with(|| Waiting {
                image,
                registry,
                kind,
                reason,
                message: message.clone(),
                pods: Vec::new(),
            });
            if waiting.kind.is_none() && kind.is_some() {
                (waiting.kind, waiting.message) = (kind, message);
            }
            waiting.pods.push(whose.clone());
        }
    }
    by_image.into_values().collect()
}

/// That no pod waits for an image.
pub(super) fn images(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::ImagesPulled);
    looking.expect(&subject, "all", "images of pods pulled");
    let Some(list) = looking.seen(Ask::Pods, &subject) else { return };
    let waiting = waiting(looking.evidence);
    if waiting.is_empty()
        && let Some(why) = own_missing(list)
    {
        looking.look.cannot(&subject, why);
        return;
    }
    let found: Vec<Odd> = waiting.iter().map(|one| Odd::new(&one.image, one.word(), one.told())).collect();
    looking.all_but(&subject, "all", &found);
}

/// That no pod falls over and over again.
pub(super) fn failing(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::PodsFailing);
    looking.expect(&subject, "none", "pods that do not come to run");
    let Some(list) = looking.seen(Ask::Pods, &subject) else { return };
    let mut found = Vec::new();
    for pod in items(list) {
        for (container, reason) in containers(pod, &FALLING) {
            let own = text(container, "/name");
            let says = format!(
                "{}; see `kubectl -n {} logs {} -c {own} --previous`",
                text(container, "/state/waiting/message"),
                text(pod, "/metadata/namespace"),
                text(pod, "/metadata/name")
            );
            found.push(Odd::new(format!("{} {own}", full_name(pod)), reason, says));
        }
    }
    if found.is_empty()
        && let Some(why) = own_missing(list)
    {
        looking.look.cannot(&subject, why);
        return;
    }
    looking.all_but(&subject, "none", &found);
}

/// Why a list of some namespaces alone says nothing of Harvester's own pods.
fn own_missing(list: &Value) -> Option<String> {
    let kept = only_of(list)?;
    let missing: Vec<&str> =
        OWN.into_iter().filter(|namespace| !kept.iter().any(|kept| kept == namespace)).collect();
    (!missing.is_empty()).then(|| format!("the pods of {} were not kept", missing.join(", ")))
}

/// The containers of a pod that wait for one of these reasons.
fn containers<'a>(pod: &'a Value, reasons: &'a [&str]) -> impl Iterator<Item = (&'a Value, String)> {
    let lists =
        ["/status/initContainerStatuses", "/status/containerStatuses", "/status/ephemeralContainerStatuses"];
    let all = lists.into_iter().filter_map(|list| pod.pointer(list)?.as_array()).flatten();
    all.filter_map(move |container| {
        let reason = container.pointer("/state/waiting/reason")?.as_str()?;
        reasons.contains(&reason).then(|| (container, reason.to_owned()))
    })
}

/// The image as the pod asks for it; what the runtime made of it may be another name.
fn image(pod: &Value, container: &Value) -> String {
    let lists = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];
    let mut all = lists.iter().filter_map(|list| pod.pointer(list)?.as_array()).flatten();
    let asked =
        all.find(|asked| asked["name"] == container["name"]).and_then(|asked| asked["image"].as_str());
    shown(asked.or_else(|| container["image"].as_str()).unwrap_or("(without a name)"))
}

/// What an event says of a pod's image: a kubelet that backs off no longer says why.
fn failure<'a>(evidence: &'a Evidence, pod: &Value, image: &str) -> Option<&'a str> {
    let of_pod = |event: &&Value| {
        let same = |key: &str| {
            event.pointer(&format!("/involvedObject/{key}")) == pod.pointer(&format!("/metadata/{key}"))
        };
        let message = event["message"].as_str().unwrap_or_default();
        same("namespace") && same("name") && message.contains(image) && pull_trouble(message).is_some()
    };
    let newest =
        evidence.items(Ask::Failures).filter(of_pod).max_by_key(|event| text(event, "/lastTimestamp"));
    newest.and_then(|event| event["message"].as_str())
}

/// The end of a message as it may be shown: kubelets say the reason last.
fn ending(message: &str) -> String {
    let length = message.chars().count();
    match length.checked_sub(MAX_MESSAGE) {
        None | Some(0) => shown(message),
        Some(before) => format!("…{}", shown(&message.chars().skip(before).collect::<String>())),
    }
}

#[cfg(test)]
mod tests {
    use super::KNOWN;
    use crate::images::Reference;

    #[test]
    fn the_table_has_whole_references() {
        assert!(!KNOWN.is_empty());
        for known in KNOWN.iter() {
            assert!(!known.images.is_empty());
            for image in &known.images {
                let reference: Option<Reference> = image.parse().ok();
                assert_eq!(reference.map(|reference| reference.to_string()), Some(image.clone()));
            }
            assert!(!known.of.is_empty() && !known.next.is_empty());
        }
    }
}
