//! One MachineConfig, as somebody wrote it.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::document::Origin;

/// The label that says which pool a MachineConfig is for.
pub const ROLE_LABEL: &str = "machineconfiguration.openshift.io/role";

/// The annotation of MachineConfigs that the operator wrote itself.
pub(super) const GENERATED_ANNOTATION: &str =
    "machineconfiguration.openshift.io/generated-by-controller-version";

/// Says which release the operator was of.
pub(super) const RELEASE_ANNOTATION: &str = "machineconfiguration.openshift.io/release-image-version";

/// A MachineConfig: what is written, nothing worked out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineConfig {
    /// Its name; the order of names decides who wins.
    pub name: String,
    /// Its labels; see [`ROLE_LABEL`].
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it asks for.
    pub spec: Spec,
    /// Where it was written, if it came from a file.
    pub origin: Option<Origin>,
}

/// What a MachineConfig asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// The Ignition document, as it was written.
    pub config: Option<Value>,
    /// Kernel arguments; one member may hold several words.
    pub kernel_arguments: Vec<String>,
    /// Names of extensions of the operating system.
    pub extensions: Vec<String>,
    /// Whether FIPS mode is asked for.
    pub fips: bool,
    /// `default`, `realtime` or `64k-pages`; empty if nothing is said.
    pub kernel_type: String,
    /// The image of the operating system; empty if nothing is said.
    pub os_image_url: String,
    /// The image that extensions come from; empty if nothing is said.
    pub base_os_extensions_container_image: String,
}

impl MachineConfig {
    /// An empty MachineConfig for the pool `role`.
    pub fn new(name: impl Into<String>, role: impl Into<String>) -> Self {
        let labels = BTreeMap::from([(ROLE_LABEL.to_owned(), role.into())]);
        Self { name: name.into(), labels, ..Self::default() }
    }

    /// The role that its label names.
    pub fn role(&self) -> Option<&str> {
        self.labels.get(ROLE_LABEL).map(String::as_str)
    }

    /// True for what the operator wrote itself.
    pub fn is_generated(&self) -> bool {
        self.generated_by().is_some()
    }

    /// Which operator wrote it, if one did.
    pub fn generated_by(&self) -> Option<&str> {
        self.annotations.get(GENERATED_ANNOTATION).map(String::as_str)
    }

    /// The Kubernetes object: sections in a fixed order, and nothing that is not said.
    pub fn to_value(&self) -> Value {
        let mut metadata = Map::from_iter([("name".to_owned(), json!(self.name))]);
        for (key, entries) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !entries.is_empty() {
                metadata.insert(key.to_owned(), json!(entries));
            }
        }
        json!({
            "apiVersion": "machineconfiguration.openshift.io/v1",
            "kind": "MachineConfig",
            "metadata": metadata,
            "spec": self.spec.to_value(),
        })
    }

    /// The object as text: indented JSON, which is YAML too. The same bytes every time.
    pub fn to_yaml_or_json(&self) -> String {
        // A value cannot fail to be written.
        let text = serde_json::to_string_pretty(&self.to_value()).unwrap_or_default();
        text + "\n"
    }
}

impl Spec {
    /// What it says, and nothing else.
    pub fn to_value(&self) -> Value {
        let mut spec = Map::new();
        spec.extend(self.config.clone().map(|config| ("config".to_owned(), config)));
        for (key, list) in [("kernelArguments", &self.kernel_arguments), ("extensions", &self.extensions)] {
            if !list.is_empty() {
                spec.insert(key.to_owned(), json!(list));
            }
        }
        if self.fips {
            spec.insert("fips".to_owned(), json!(true));
        }
        for (key, text) in [
            ("kernelType", &self.kernel_type),
            ("osImageURL", &self.os_image_url),
            ("baseOSExtensionsContainerImage", &self.base_os_extensions_container_image),
        ] {
            if !text.is_empty() {
                spec.insert(key.to_owned(), json!(text));
            }
        }
        Value::Object(spec)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::MachineConfig;
    use crate::machineconfig::parse;

    #[test]
    fn what_is_written_is_read_again() {
        let mut config = MachineConfig::new("99-worker-a", "worker");
        config.annotations.insert("a/b".into(), "yes".into());
        config.spec.config = Some(serde_json::json!({"ignition": {"version": "3.4.0"}}));
        config.spec.kernel_arguments = vec!["a=1 b=2".into(), "no".into()];
        config.spec.extensions = vec!["usbguard".into()];
        config.spec.fips = true;
        config.spec.kernel_type = "realtime".into();
        config.spec.os_image_url = "release.example/a@sha256:1".into();
        let text = config.to_yaml_or_json();
        assert!(text.starts_with("{\n  \"apiVersion\""), "{text}");
        let (mut read, problems) = parse("a.yaml", &text);
        assert_eq!(problems, []);
        let mut read = read.pop().unwrap();
        read.origin = None;
        assert_eq!(read, config);
    }

    #[test]
    fn says_nothing_that_is_not_said() {
        let text = MachineConfig::new("99-a", "master").to_value();
        assert_eq!(text["spec"], serde_json::json!({}));
        assert_eq!(text["metadata"]["labels"]["machineconfiguration.openshift.io/role"], "master");
    }
}
