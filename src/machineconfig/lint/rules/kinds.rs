//! What kind of object something is, and whether the version of OpenShift has it.

use super::shapes::NOT_SERVED;
use crate::document::Diagnostics;
use crate::document::Rule;
use crate::document::nearest;
use crate::machineconfig::Object;
use crate::machineconfig::lint::kinds;
use crate::machineconfig::lint::kinds::Served;
use crate::machineconfig::lint::thing::Thing;

static UNKNOWN_KIND: Rule = Rule {
    name: "unknown-kind",
    refuses: "a kind that the groups of machine configuration have not",
    why: "the API server refuses the object",
    example: "kind: MachineConfg",
};

static API_VERSION: Rule = Rule {
    name: "api-version",
    refuses: "an `apiVersion` that is not the kind's",
    why: "the API server refuses the object; another group's kind of the same name is another thing",
    example: "kind: MachineConfiguration of machineconfiguration.openshift.io",
};

pub(in super::super) static RULES: [&Rule; 2] = [&UNKNOWN_KIND, &API_VERSION];

/// Kinds of the group that nobody writes, or that are looked at nowhere yet.
const PASSED_OVER: [&str; 3] = ["MachineConfigList", "OSImageStream", "InternalReleaseImage"];

/// True for objects of machine configuration.
pub(in super::super) fn is_ours(object: &Object<'_>) -> bool {
    let is_of_group = object.group == kinds::GROUP && !PASSED_OVER.contains(&object.kind);
    let is_known = kinds::names().any(|name| name == object.kind);
    // Without a group it may be anything; the names are ours alone.
    is_of_group || (is_known && (object.group.is_empty() || object.group.ends_with("openshift.io")))
}

/// Says what is wrong with kind and version; true if the object can be looked at.
pub(in super::super) fn check(object: &Object<'_>, thing: &Thing<'_>, findings: &mut Diagnostics) -> bool {
    let rows = kinds::kinds_called(object.kind);
    let of_version = rows.iter().find(|kind| kind.group == object.group && kind.version == object.version);
    let kind_origin = thing.at.origin_at("kind");
    let api_origin = thing.at.origin_at("apiVersion");
    if rows.is_empty() {
        let next = match nearest(object.kind, kinds::names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let mut known: Vec<&str> = kinds::names().collect();
                known.dedup();
                format!("known: {}", known.join(", "))
            }
        };
        let message = format!("`{}` is not a kind of `{}`", object.kind, object.group);
        findings.under(&UNKNOWN_KIND).error(&kind_origin, message, next);
        return false;
    }
    let Some(kind) = of_version else {
        let newest = rows.iter().rfind(|kind| kind.served(thing.openshift()) == Served::Yes).or(rows.last());
        let next = newest
            .map(|kind| format!("write `apiVersion: {}/{}`", kind.group, kind.version))
            .unwrap_or_default();
        let written = match (object.group, object.version) {
            ("", "") => "nothing".to_owned(),
            ("", version) => format!("`{version}`"),
            (group, version) => format!("`{group}/{version}`"),
        };
        let message = format!("a {} says {written} as `apiVersion`", object.kind);
        findings.under(&API_VERSION).error(&api_origin, message, next);
        return false;
    };
    let openshift = thing.openshift();
    let what = format!("{} of `{}`", kind.name, kind.version);
    let mut found = findings.under(&NOT_SERVED);
    match kind.served(openshift) {
        Served::Yes => true,
        Served::Preview => {
            let next =
                "it is there only with the feature set TechPreviewNoUpgrade, which cannot be taken back";
            found.warning(&api_origin, format!("{what} is a preview in OpenShift {openshift}"), next);
            kind.version == "v1"
        }
        Served::Since(since) => {
            let message = format!("{what} came with OpenShift {since}, and this is {openshift}");
            found.error(&api_origin, message, "leave it out, or say a later version with `--openshift`");
            false
        }
        Served::Until(until) => {
            let message = format!("{what} was last in OpenShift {until}, and this is {openshift}");
            found.error(&api_origin, message, format!("write `apiVersion: {}/v1`", kind.group));
            false
        }
    }
}
