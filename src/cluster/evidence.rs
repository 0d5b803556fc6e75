//! Everything that was seen of a cluster, live or kept, before anything is judged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Answer;
use super::Answers;
use super::Ask;
use super::Looking;
use super::answer::shown;
use super::marker::is_control_plane;
use super::marker::items;
use crate::document::Origin;
use crate::value::timestamp;
use crate::verify::Subject;

const SECONDS_PER_DAY: u64 = 86_400;

/// The key in a list's metadata that says which namespaces alone it was put together from.
pub const ONLY_OF: &str = "cotter.dev/only-of";

/// Where evidence is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The cluster itself answered.
    Live,
    /// Somebody kept it.
    Kept,
}

/// What was seen of a cluster.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Where it is from.
    pub source: Source,
    /// What was asked of the API, or kept of it.
    pub answers: Answers,
    /// What each node's kubelet says of its disk, or why none was asked.
    pub kubelets: Result<BTreeMap<String, Kubelet>, String>,
    /// Until when the API server's certificate holds, in seconds since 1970, or why nobody saw it.
    pub certificate: Result<u64, String>,
    /// Now, in seconds since 1970.
    pub now_seconds: u64,
    /// What the user named: a kubeconfig, or a folder.
    pub origin: Origin,
}

/// What a kubelet says.
#[derive(Clone, Debug)]
pub struct Kubelet {
    /// Its `/stats/summary`.
    pub summary: Answer,
    /// Its `/configz`.
    pub config: Answer,
}

impl Evidence {
    /// The object that answers, or why there is none.
    pub(super) fn answer(&self, ask: Ask) -> Result<&Value, String> {
        match self.answers.get(&ask) {
            Some(Ok(object)) => Ok(object),
            Some(Err(trouble)) => Err(trouble.to_string()),
            None => Err("nobody asked".to_owned()),
        }
    }

    /// The members of a list; nothing if there is no answer.
    pub(super) fn items(&self, ask: Ask) -> impl Iterator<Item = &Value> {
        self.answer(ask).into_iter().flat_map(items)
    }

    /// The names of the nodes, as the API would take them in a path.
    pub fn node_names(&self) -> Vec<String> {
        let is_plain = |name: &&str| {
            !name.is_empty()
                && !name.starts_with('.')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
        };
        let name = |node| Value::pointer(node, "/metadata/name").and_then(Value::as_str);
        self.items(Ask::Nodes).filter_map(name).filter(is_plain).map(str::to_owned).collect()
    }
}

/// The namespaces that a list was put together from, if not from all.
pub(super) fn only_of(list: &Value) -> Option<Vec<String>> {
    let names = list.get("metadata")?.get(ONLY_OF)?.as_array()?;
    Some(names.iter().filter_map(Value::as_str).map(shown).collect())
}

/// The API server's certificate must hold for this many days.
pub(super) fn certificate(looking: &mut Looking, subject: &Subject, least_days: u64) {
    looking.expect(
        subject,
        "yes",
        &format!("the API server's certificate holds for {least_days} days or more"),
    );
    let servers = looking.evidence.items(Ask::Nodes).filter(|node| is_control_plane(node)).count();
    if servers > 1 && looking.evidence.certificate.is_ok() {
        looking.look.note(&format!("the certificate is that of one API server; there are {servers}"));
    }
    match &looking.evidence.certificate {
        Err(why) => looking.look.cannot(subject, why.clone()),
        Ok(end) => {
            let now = looking.evidence.now_seconds;
            let odd = match end.checked_sub(now).map(|left| left / SECONDS_PER_DAY) {
                Some(days) if days >= least_days => None,
                Some(days) => Some(format!("until {}, days left: {days}", timestamp(*end))),
                None => Some(format!("over since {}", timestamp(*end))),
            };
            match odd {
                None => looking.look.found(subject, ["yes"]),
                Some(said) => {
                    let next = "let the cluster make new ones before anything else: of Harvester with the setting `auto-rotate-rke2-certs` or `rke2 certificate rotate`, of OpenShift by leaving it on until its operators have done it";
                    looking.one(subject, said, next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::Evidence;
    use super::Source;
    use crate::cluster::Ask;
    use crate::cluster::Release;
    use crate::cluster::harvester_gates;
    use crate::cluster::harvester_looks;
    use crate::cluster::okd_gates;
    use crate::document::Origin;

    fn all_asks() -> impl Iterator<Item = Ask> {
        Ask::FOR_HARVESTER_UPGRADE.into_iter().chain(Ask::FOR_OKD_UPGRADE)
    }

    fn evidence(answer: &Value) -> Evidence {
        Evidence {
            source: Source::Live,
            answers: all_asks().map(|ask| (ask, Ok(answer.clone()))).collect(),
            kubelets: Ok(std::collections::BTreeMap::new()),
            certificate: Ok(0),
            now_seconds: 1,
            origin: Origin::of_file("kubeconfig"),
        }
    }

    #[test]
    fn objects_of_strange_shapes_are_no_surprise() {
        let odd = json!([null, 1, "x", [], {}, {"metadata": 1, "spec": [], "status": "x"},
            {"metadata": {"name": "\u{1b}[2J", "labels": [], "annotations": {"a": 1}},
             "status": {"conditions": [1, {}, {"type": "Ready"}], "nodeStatuses": {"a": 1}, "containerStatuses": [{}]}}]);
        let target: Option<Release> = "4.16.0".parse().ok();
        for answer in [
            json!(null),
            json!([]),
            json!("x"),
            json!({}),
            json!({"items": odd}),
            json!({"items": {}, "metadata": 1}),
        ] {
            let evidence = evidence(&answer);
            let mut looks = harvester_looks(&evidence);
            if let Some(target) = &target {
                looks.extend(harvester_gates(&evidence, target));
                looks.extend(okd_gates(&evidence, target));
            }
            for look in looks {
                let report = look.judge("m");
                assert_eq!(report.verdicts.len(), look.expectations.len());
                assert!(!format!("{report:?}").contains('\u{1b}'), "{answer}");
            }
        }
    }
}
