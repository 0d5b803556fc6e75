//! Boot images: what machines that are made next begin with, held against what the cluster's release has.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Gathered;
use super::Remark;
use super::object::Condition;
use super::object::condition;
use super::object::members;
use super::object::text;
use super::reasons;
use crate::document::Origin;

const MACHINE: &str = "machine.openshift.io";
const OPERATOR: &str = "operator.openshift.io";
/// The ConfigMap with the release's images.
const BOOT_IMAGES: &str = "coreos-bootimages";
/// Kubernetes' names of architectures, and CoreOS' own.
const ARCHITECTURES: [(&str, &str); 4] =
    [("amd64", "x86_64"), ("arm64", "aarch64"), ("ppc64le", "ppc64le"), ("s390x", "s390x")];

/// What is kept of MachineSets, the release's images and what brings machines up.
#[derive(Clone, Debug, Default)]
pub(super) struct BootImages {
    sets: BTreeMap<String, MachineSet>,
    release: Option<Release>,
    /// Secrets with user data, by name: the version of Ignition's spec in them, and nothing else.
    user_data: BTreeMap<String, (String, Origin)>,
    /// Whether the operator renews boot images, and how that goes.
    conditions: Vec<(Condition, Origin)>,
    manages: bool,
}

#[derive(Clone, Debug)]
struct MachineSet {
    origin: Origin,
    architecture: String,
    image: Image,
    user_data: String,
}

/// The image of a MachineSet, as its platform names it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Image {
    Aws {
        region: String,
        image: String,
    },
    Gcp(Vec<String>),
    /// A platform whose images do not say which release they are of.
    Other(String),
}

/// The release's images: a CoreOS stream.
#[derive(Clone, Debug)]
struct Release {
    name: String,
    stream: Value,
}

impl BootImages {
    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty()
            && self.release.is_none()
            && self.user_data.is_empty()
            && self.conditions.is_empty()
    }

    pub(super) fn take(&mut self, group: &str, kind: &str, name: String, object: &Value, origin: Origin) {
        match (group, kind) {
            (MACHINE, "MachineSet" | "ControlPlaneMachineSet") => {
                let set = MachineSet::read(object, origin);
                self.sets.entry(format!("{kind} {name}")).or_insert(set);
            }
            ("", "ConfigMap") if name == BOOT_IMAGES => {
                if let Ok(stream) = serde_json::from_str(text(object, "/data/stream")) {
                    let name = text(object, "/data/releaseVersion").to_owned();
                    self.release = Some(Release { name, stream });
                }
            }
            ("", "Secret") if name.ends_with("-user-data") || name.ends_with("-user-data-managed") => {
                if let Some(version) = ignition_version(text(object, "/data/userData")) {
                    self.user_data.entry(name).or_insert((version, origin));
                }
            }
            (OPERATOR, "MachineConfiguration") => {
                let managers = members(object, "/spec/managedBootImages/machineManagers")
                    .chain(members(object, "/status/managedBootImagesStatus/machineManagers"));
                let manages = |manager: &Value| text(manager, "/selection/mode") != "None";
                self.manages |= managers.into_iter().any(manages);
                self.conditions.extend(Condition::all(object).into_iter().map(|c| (c, origin.clone())));
            }
            _ => {}
        }
    }
}

/// The spec's version in encoded user data. What else is in it may be secret, and is not kept.
fn ignition_version(encoded: &str) -> Option<String> {
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let document: Value = serde_json::from_slice(&bytes).ok()?;
    Some(text(&document, "/ignition/version").to_owned()).filter(|version| !version.is_empty())
}

impl MachineSet {
    fn read(object: &Value, origin: Origin) -> Self {
        const PLACES: [&str; 2] = [
            "/spec/template/spec/providerSpec/value",
            "/spec/template/machines_v1beta1_machine_openshift_io/spec/providerSpec/value",
        ];
        let provider = PLACES.iter().find_map(|place| object.pointer(place)).unwrap_or(&Value::Null);
        let labels = object
            .pointer("/metadata/annotations")
            .and_then(|annotations| annotations.get("capacity.cluster-autoscaler.kubernetes.io/labels"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let said = labels.split(',').find_map(|label| label.trim().strip_prefix("kubernetes.io/arch="));
        let known = ARCHITECTURES.iter().find(|(name, _)| Some(*name) == said);
        Self {
            origin,
            architecture: known.map_or("x86_64", |(_, name)| name).to_owned(),
            image: Image::of(provider),
            user_data: text(provider, "/userDataSecret/name").to_owned(),
        }
    }
}

impl Image {
    fn of(provider: &Value) -> Self {
        let kind = text(provider, "/kind");
        if kind.starts_with("AWS") {
            let region = text(provider, "/placement/region").to_owned();
            Self::Aws { region, image: text(provider, "/ami/id").to_owned() }
        } else if kind.starts_with("GCP") {
            let disks = members(provider, "/disks").map(|disk| text(disk, "/image"));
            Self::Gcp(disks.filter(|image| !image.is_empty()).map(str::to_owned).collect())
        } else {
            Self::Other(
                kind.trim_end_matches("ProviderSpec").trim_end_matches("MachineProviderConfig").to_owned(),
            )
        }
    }

    /// The image it has and the release's own, if they differ; nothing also if the release has none for it.
    fn behind(&self, architecture: &str, stream: &Value) -> Option<(String, String)> {
        let images = stream.get("architectures")?.get(architecture)?.get("images")?;
        match self {
            Self::Aws { region, image } => {
                let wanted = text(images.get("aws")?.get("regions")?.get(region)?, "/image");
                (!image.is_empty() && !wanted.is_empty() && image != wanted)
                    .then(|| (image.clone(), wanted.to_owned()))
            }
            Self::Gcp(found) => {
                let gcp = images.get("gcp")?;
                let wanted =
                    format!("projects/{}/global/images/{}", text(gcp, "/project"), text(gcp, "/name"));
                found.iter().find(|image| !image.ends_with(&wanted)).map(|image| (image.clone(), wanted))
            }
            Self::Other(_) => None,
        }
    }
}

pub(super) fn explain(dump: &Gathered, findings: &mut Vec<Remark>) {
    let images = &dump.boot_images;
    for (name, set) in &images.sets {
        let release = images.release.as_ref();
        let behind = release.and_then(|release| set.image.behind(&set.architecture, &release.stream));
        if let (Some((found, wanted)), Some(release)) = (behind, release) {
            let next = match images.manages {
                true => {
                    "the operator renews boot images here: see its conditions `BootImageUpdate…` and whether the MachineSet is selected"
                }
                false => {
                    "let the operator renew it (`managedBootImages` of the cluster's MachineConfiguration), or write the new one"
                }
            };
            let of = if release.name.is_empty() { String::new() } else { format!(" of {}", release.name) };
            let what = format!(
                "its boot image is `{found}`, and the one{of} is `{wanted}`: machines that it makes begin with an older system"
            );
            findings.push(Remark::wrong(name.clone(), what, next, &set.origin));
        }
        if let (Image::Other(platform), Some(_)) = (&set.image, release) {
            let what = format!("its boot image on {platform} does not say which release it is of");
            let next = "compare it by hand with the ConfigMap `coreos-bootimages`";
            findings.push(Remark::notice(name.clone(), what, next, &set.origin));
        }
        if let Some((version, origin)) =
            images.user_data.get(&set.user_data).filter(|(version, _)| version.starts_with("2."))
        {
            let what = format!(
                "its machines begin with user data of Ignition's spec {version}, from secret `{}`",
                set.user_data
            );
            let next = "boot images of OpenShift 4.6 and newer do not read it: let the operator renew boot images, which renews it too, or write a stub of spec 3";
            findings.push(Remark::wrong(name.clone(), what, next, origin));
        }
    }
    for (degraded, origin) in &images.conditions {
        let about = || "boot images".to_owned();
        if degraded.kind == "BootImageUpdateDegraded" && degraded.is_true() {
            let reason = reasons::explain(degraded.words());
            let what = format!("the operator cannot renew them: {}{}", degraded.words(), reason.means());
            findings.push(Remark::wrong(
                about(),
                what,
                "see the MachineSet that it names, and the log of `machine-config-controller`",
                origin,
            ));
        }
    }
    let conditions: Vec<Condition> =
        images.conditions.iter().map(|(condition, _)| condition.clone()).collect();
    if let Some(going_on) = condition(&conditions, "BootImageUpdateProgressing").filter(|c| c.is_true())
        && let Some((_, origin)) = images.conditions.first()
    {
        let what = format!("the operator renews them: {}", going_on.words());
        findings.push(Remark::notice("boot images".to_owned(), what, "let it come to its end", origin));
    }
}
