//! The version of OpenShift, as objects of a cluster name it.

use serde_json::Value;

use super::super::Object;
use super::super::each_object;

/// The annotation of MachineConfigs that the operator wrote itself: its release.
const RELEASE_ANNOTATION: &str =
    "/metadata/annotations/machineconfiguration.openshift.io~1release-image-version";

/// A version, and which object says it.
#[derive(Debug)]
pub(super) struct Said {
    pub version: String,
    pub by: String,
}

/// What the objects in the texts say: ClusterVersion first, then what the operator wrote, then ControllerConfig.
pub(super) fn said_by_objects(texts: &[(String, String)]) -> Option<Said> {
    let mut best: Option<(u8, Said)> = None;
    for (name, text) in texts {
        // Most texts are no dumps, and need not be read for this.
        if !["ClusterVersion", "release-image-version", "ControllerConfig"]
            .iter()
            .any(|word| text.contains(word))
        {
            continue;
        }
        each_object(name, text, &mut |object| {
            let said = of_object(object);
            if let Some((rank, said)) = said
                && best.as_ref().is_none_or(|(known, _)| rank < *known)
            {
                best = Some((rank, said));
            }
        });
    }
    best.map(|(_, said)| said)
}

fn of_object(object: &Object<'_>) -> Option<(u8, Said)> {
    let text = |pointer: &str| object.value.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name").unwrap_or_default();
    let (rank, version) = match object.kind {
        "ClusterVersion" => (0, text("/status/desired/version").or(text("/status/history/0/version"))?),
        "MachineConfig" => (1, text(RELEASE_ANNOTATION)?),
        "ControllerConfig" => {
            let by_annotation = text(RELEASE_ANNOTATION);
            let tag = || text("/spec/releaseImage")?.rsplit_once(':').map(|(_, tag)| tag);
            (2, by_annotation.or_else(tag)?)
        }
        _ => return None,
    };
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    is_version.then(|| (rank, Said { version: version.to_owned(), by: format!("{} `{name}`", object.kind) }))
}

#[cfg(test)]
mod tests {
    use super::said_by_objects;

    fn said(text: &str) -> Option<(String, String)> {
        said_by_objects(&[("a.yaml".into(), text.into())]).map(|said| (said.version, said.by))
    }

    #[test]
    fn believes_the_cluster_version_first() {
        let controller = "apiVersion: machineconfiguration.openshift.io/v1\nkind: ControllerConfig\nmetadata: {name: machine-config-controller}\nspec: {releaseImage: 'release.example/ocp:4.20.1-x86_64'}\n";
        let version = "apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata: {name: version}\nstatus: {desired: {version: 4.18.3}}\n";
        assert_eq!(said(controller).unwrap_or_default().0, "4.20.1-x86_64");
        let both = said(&format!("{controller}---\n{version}")).unwrap_or_default();
        assert_eq!(both, ("4.18.3".into(), "ClusterVersion `version`".into()));
        assert_eq!(said("kind: ConfigMap\nmetadata: {name: ClusterVersion}\n"), None);
        assert_eq!(said(&controller.replace(":4.20.1-x86_64", "@sha256:00")), None);
    }
}
