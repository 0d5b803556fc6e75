//! One object that is linted.

use serde_json::Value;

use super::place::Place;
use crate::document::Origin;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Rules;

/// An object, where it stands, and the rules of the version that it is for.
pub(super) struct Thing<'a> {
    /// What it is, as in `MachineConfig`.
    pub kind: &'a str,
    /// Its name; empty for none.
    pub name: &'a str,
    /// The object.
    pub at: Place<'a>,
    /// The operator's rules.
    pub rules: &'static Rules,
    /// The MachineConfig that it is, if it is one and can be read.
    pub config: Option<MachineConfig>,
}

impl<'a> Thing<'a> {
    /// The version of OpenShift, as in `4.19`.
    pub fn openshift(&self) -> &'static str {
        &self.rules.version
    }

    /// What stands at the end of a path of keys of `spec`.
    pub fn spec(&self, keys: &[&str]) -> Option<Place<'a>> {
        self.at.get("spec")?.at(keys)
    }

    /// The members of a list at the end of a path of keys of `spec`.
    pub fn list(&self, keys: &[&str]) -> Vec<Place<'a>> {
        self.spec(keys).map(|place| place.items()).unwrap_or_default()
    }

    /// The place of its name, or of the object.
    pub fn name_origin(&self) -> Origin {
        self.at.at(&["metadata", "name"]).unwrap_or_else(|| self.at.clone()).origin().clone()
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&'a str> {
        self.at.value.get("metadata")?.get("labels")?.get(name)?.as_str()
    }

    /// The role that a MachineConfig's label names.
    pub fn role(&self) -> Option<&'a str> {
        self.label(crate::machineconfig::ROLE_LABEL)
    }

    /// True for what the operator wrote itself: nobody can change it.
    pub fn is_operators(&self) -> bool {
        let annotations = self.at.value.get("metadata").and_then(|metadata| metadata.get("annotations"));
        let has = |name: &str| annotations.and_then(|all| all.get(name)).is_some_and(Value::is_string);
        has("machineconfiguration.openshift.io/generated-by-controller-version")
    }
}
