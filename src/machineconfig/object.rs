//! What is rendered as the object that the operator creates: complete, with its name.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Problem;
use super::Rendered;
use super::config::GENERATED_ANNOTATION;
use super::config::RELEASE_ANNOTATION;
use super::name::name_of;

const API_VERSION: &str = "machineconfiguration.openshift.io/v1";

/// Says that a MachineConfig names another image than the release's.
const OVERRIDDEN_ANNOTATION: &str = "machineconfiguration.openshift.io/os-image-url-overridden";

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
    /// Its name, if all of its text is known.
    pub name: Option<String>,
    /// The pool that owns it.
    pub pool: String,
    /// The identifier that the cluster gave the pool, which does not count for the name.
    pub pool_uid: String,
    /// Which operator renders it, which does not count for the name.
    pub controller: String,
    /// Which release that is of, which does not count for the name.
    pub release: String,
    /// Whether a MachineConfig names another operating system than the release's.
    is_image_overridden: bool,
    /// All that it says.
    pub spec: Value,
    /// Why the name is not known.
    pub missing: Vec<Problem>,
}

impl RenderedObject {
    /// Completes what is rendered by the release's images.
    ///
    /// # Errors
    ///
    /// Says which text the operator cannot write.
    pub fn new(rendered: &Rendered, images: &Images) -> Result<Self, Box<Problem>> {
        let (spec, missing) = complete(rendered, images);
        let name = name_of(&rendered.pool, &spec)
            .map_err(|what| Box::new(Problem::new(what, "take it out; the operator fails at it too")))?;
        let os = images.os.as_deref();
        Ok(Self {
            name: missing.is_empty().then_some(name),
            pool: rendered.pool.clone(),
            pool_uid: String::new(),
            controller: String::new(),
            release: String::new(),
            is_image_overridden: os.is_some_and(|os| spec["osImageURL"] != *os),
            spec,
            missing,
        })
    }

    /// The object as the operator creates it.
    pub fn to_value(&self) -> Value {
        let mut annotations = Map::from_iter([
            (GENERATED_ANNOTATION.to_owned(), json!(self.controller)),
            (RELEASE_ANNOTATION.to_owned(), json!(self.release)),
        ]);
        if self.is_image_overridden {
            annotations.insert(OVERRIDDEN_ANNOTATION.to_owned(), json!("true"));
        }
        let mut metadata = Map::from_iter([("annotations".to_owned(), Value::Object(annotations))]);
        metadata.extend(self.name.as_ref().map(|name| ("name".to_owned(), json!(name))));
        let owner = json!([{
            "apiVersion": API_VERSION,
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": "MachineConfigPool",
            "name": self.pool,
            "uid": self.pool_uid,
        }]);
        metadata.insert("ownerReferences".to_owned(), owner);
        json!({"apiVersion": API_VERSION, "kind": "MachineConfig", "metadata": metadata, "spec": self.spec})
    }
}

/// The whole `spec`, and which of the release's images are missing in it.
fn complete(rendered: &Rendered, images: &Images) -> (Value, Vec<Problem>) {
    let mut spec = rendered.spec();
    let mut missing = Vec::new();
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
                missing.push(Problem::new(what, next));
            }
        }
    }
    (spec, missing)
}
