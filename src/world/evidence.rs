//! Everything that is looked at of a cluster, before anything is judged: asked of the cluster, or read from what was kept.

use std::collections::BTreeMap;
use std::path::Path;

use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::ClusterApi;
use super::Failure;
use super::folder::Folder;
use super::plan::now_seconds;
use super::saved::refuse_archive;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::cluster::Evidence;
use crate::cluster::Kubelet;
use crate::cluster::Source;
use crate::document::Origin;
use crate::saved;
use crate::saved::Kind;

/// The most nodes whose kubelets are asked.
const MAX_KUBELETS: usize = 100;

/// Whether kubelets are asked too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The API alone.
    Api,
    /// Each node's kubelet, through the API.
    Kubelets,
}

/// Asks a cluster; what nobody answers is unknown.
pub fn live_evidence(api: &ClusterApi, path: &Path, asks: &[Ask], depth: Depth) -> Evidence {
    let answers = api
        .look(asks)
        .unwrap_or_else(|trouble| asks.iter().map(|ask| (*ask, Err(trouble.clone()))).collect::<Answers>());
    let mut evidence = Evidence {
        source: Source::Live,
        answers,
        kubelets: Err("the kubelets were not asked".to_owned()),
        certificate: certificate(api),
        now_seconds: now_seconds(),
        origin: Origin::of_file(&path.display().to_string()),
    };
    if depth == Depth::Kubelets {
        evidence.kubelets = kubelets(api, &evidence.node_names());
    }
    evidence
}

/// Reads what was kept of a cluster: an unpacked support bundle, or a must-gather.
pub fn kept_evidence(path: &Path, asks: &[Ask], wanted: Kind) -> Result<Evidence, Failure> {
    refuse_archive(path)?;
    let folder = Folder::open(path)?;
    let answers = match (saved::kind(&folder), wanted) {
        (Some(Kind::SupportBundle), Kind::SupportBundle) => saved::support_bundle_answers(&folder, asks),
        (Some(Kind::MustGather), Kind::MustGather) => saved::must_gather_answers(&folder, asks),
        _ => {
            let message = match wanted {
                Kind::SupportBundle => format!("`{}` is no support bundle of Harvester", path.display()),
                _ => format!("`{}` is no must-gather", path.display()),
            };
            let next = "name the unpacked folder: that of a support bundle has `yamls` in it, that of a must-gather `cluster-scoped-resources`";
            return Err(Failure::input(message, next));
        }
    };
    Ok(Evidence {
        source: Source::Kept,
        answers,
        kubelets: Err("what was kept says nothing of the disks: ask the cluster itself".to_owned()),
        certificate: Err(
            "what was kept has no certificate of the API server: ask the cluster itself".to_owned()
        ),
        now_seconds: now_seconds(),
        origin: Origin::of_file(&path.display().to_string()),
    })
}

fn kubelets(api: &ClusterApi, nodes: &[String]) -> Result<BTreeMap<String, Kubelet>, String> {
    if nodes.len() > MAX_KUBELETS {
        return Err(format!("there are more than {MAX_KUBELETS} nodes"));
    }
    let mut found = BTreeMap::new();
    for node in nodes {
        let of_node = |what: &str| api.fetch(&format!("/api/v1/nodes/{node}/proxy/{what}"));
        let summary = of_node("stats/summary");
        // Who may not ask the one may not ask the other.
        let config = match &summary {
            Ok(_) => of_node("configz"),
            Err(trouble) => Err(trouble.clone()),
        };
        if let Err(trouble) = &summary
            && trouble.is_unreached()
        {
            return Err(trouble.to_string());
        }
        found.insert(node.clone(), Kubelet { summary, config });
    }
    Ok(found)
}

/// Until when the certificate holds that the API server showed.
fn certificate(api: &ClusterApi) -> Result<u64, String> {
    // Rancher stands before the API server, with a certificate of its own.
    if api.server().contains("/k8s/clusters/") {
        return Err("the kubeconfig leads to Rancher, which shows another certificate: use the node's `/etc/rancher/rke2/rke2.yaml`".to_owned());
    }
    let shown = api.certificate().ok_or("the server showed no certificate")?;
    let certificate =
        Certificate::from_der(&shown).map_err(|cause| format!("its certificate cannot be read: {cause}"))?;
    Ok(certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs())
}
