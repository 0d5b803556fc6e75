//! What is rendered as the object that the operator creates: complete, with its name.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Problem;
use super::Rendered;
use super::config::GENERATED_ANNOTATION;
use super::name::name_of;

const API_VERSION: &str = "machineconfiguration.openshift.io/v1";

/// Says that a MachineConfig names another image than the release's.
const OVERRIDDEN_ANNOTATION: &str = "machineconfiguration.openshift.io/os-image-url-overridden";

/// Says which release the operator was of.
const RELEASE_ANNOTATION: &str = "machineconfiguration.openshift.io/release-image-version";

/// The release's own images, which a cluster's ControllerConfig names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The operating system.
    pub os: Option<String>,
    /// What extensions come from.
    pub extensions: Option<String>,
}

impl Images {
    /// These, and of others what is not known here.
    pub fn or(self, others: Self) -> Self {
        Self { os: self.os.or(others.os), extensions: self.extensions.or(others.extensions) }
    }
}

/// A rendered MachineConfig with everything that decides its name.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedObject {
    /// Its name.
    pub name: String,
    /// The pool that owns it.
    pub pool: String,
    /// Whether a MachineConfig names another operating system than the release's; nothing if the release's is not
    /// known.
    is_image_overridden: Option<bool>,
    /// All that it says.
    pub spec: Value,
}

impl RenderedObject {
    /// Completes what is rendered by the release's images.
    ///
    /// # Errors
    ///
    /// Says which image is not known, or which text cannot be written.
    pub fn new(rendered: &Rendered, images: &Images) -> Result<Self, Vec<Problem>> {
        let (spec, mut problems) = complete(rendered, images);
        if !problems.is_empty() {
            return Err(problems);
        }
        let is_image_overridden = images.os.as_ref().map(|os| spec["osImageURL"] != **os);
        match name_of(&rendered.pool, &spec) {
            Ok(name) => Ok(Self { name, pool: rendered.pool.clone(), is_image_overridden, spec }),
            Err(what) => {
                problems.push(Problem::new(what, "take the character out; the operator fails at it too"));
                Err(problems)
            }
        }
    }

    /// The object as the operator creates it. The owner's `uid`, and which operator and release it was, are in no
    /// input, and do not count for the name: the first is empty, and of the others nothing is said.
    pub fn to_value(&self) -> Value {
        let annotations: Map<String, Value> = [GENERATED_ANNOTATION, RELEASE_ANNOTATION]
            .into_iter()
            .map(|key| (key.to_owned(), json!("")))
            .chain((self.is_image_overridden == Some(true)).then(|| (OVERRIDDEN_ANNOTATION.to_owned(), json!("true"))))
            .collect();
        json!({
            "apiVersion": API_VERSION,
            "kind": "MachineConfig",
            "metadata": {
                "annotations": annotations,
                "name": self.name,
                "ownerReferences": [{
                    "apiVersion": API_VERSION,
                    "blockOwnerDeletion": true,
                    "controller": true,
                    "kind": "MachineConfigPool",
                    "name": self.pool,
                    "uid": "",
                }],
            },
            "spec": self.spec,
        })
    }
}

/// The whole `spec`, and which of the release's images are missing in it.
fn complete(rendered: &Rendered, images: &Images) -> (Value, Vec<Problem>) {
    let mut spec = rendered.spec();
    let mut problems = Vec::new();
    for (key, image, option) in [
        ("osImageURL", &images.os, "--os-image"),
        ("baseOSExtensionsContainerImage", &images.extensions, "--extensions-image"),
    ] {
        match image {
            _ if spec.get(key).is_some() => {}
            Some(image) => spec[key] = json!(image),
            None => {
                let what = format!("the release's own image for `{key}` is not known, so the name is not");
                let next = format!("name it by `{option}`, or render a dump that holds the ControllerConfig");
                problems.push(Problem::new(what, next));
            }
        }
    }
    (spec, problems)
}
